"""The second opinion: Great Expectations re-checks a run's own results in SQLite, by another engine and other arithmetic.

It is reported as one more control of the population, POP-10. It never decides a figure; where it disagrees the results are
not reliable, and where it could not speak that is said, never passed over.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.validate.checker import Checker, CheckerFailedError, started
from recon.validate.opinion_inputs import tables_of
from recon.validate.opinion_suite import DERIVED, SUITE, Asked
from recon.validate.opinion_tables import examples, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from recon.domain.workpapers import Accepted, Workpapers

CONTROL_ID: Final = "POP-10"
_EXAMPLES: Final = 3
_TITLE: Final = {"title": "A second, independent computation agrees with the results", "title_zh": "第二套独立计算与结果一致"}
_OFF: Final = ("the engagement switches the second opinion off", "业务约定关闭了第二意见")


@dataclass(frozen=True)
class Opinion:
    """A second opinion in the making; `judge` asks for it once, at the end of the run."""

    checker: Checker | None
    scratch: Path | None

    def judge(self, workpapers: Workpapers, accepted: Accepted) -> pl.DataFrame:
        """One row in the columns and types of the run's `controls`: population = questions asked, exceptions = answers that disagree."""
        schema = workpapers.outcomes.controls.schema
        if self.checker is None or self.scratch is None:
            return _row(schema, status="not_performed", reasons=_OFF)
        tables, doubtful = tables_of(workpapers, accepted)
        asked = [one for one in SUITE if not (doubtful and one.needs_numbers)]
        database = self.scratch / "results.sqlite"
        write(tables, DERIVED, database)
        try:
            results = self.checker.ask({"suites": suites(asked, database)})
        except CheckerFailedError as failed:
            return _row(schema, status="error", reasons=(f"the second opinion broke off: {failed}", f"第二意见中断：{failed}"))
        return _judged(schema, _by_table(asked), results, database, doubtful)


@contextmanager
def start(*, wanted: bool) -> Iterator[Opinion]:
    """Begin the second opinion beside the run; it is ended with the block, asked or not."""
    if not wanted:
        yield Opinion(None, None)
        return
    with tempfile.TemporaryDirectory(prefix="recon-") as scratch, started() as checker:
        yield Opinion(checker, Path(scratch))


def _by_table(asked: Sequence[Asked]) -> list[Asked]:
    return [one for table in dict.fromkeys(one.table for one in asked) for one in asked if one.table == table]


def suites(asked: Sequence[Asked], database: Path) -> list[dict[str, Any]]:
    """The expectations as suites for the checker, one per table, of the SQLite file `database`."""
    url = f"sqlite:///file:{database}?mode=ro&uri=true"
    return [
        {"url": url, "table": table, "expectations": [{"type": one.type, "kwargs": one.kwargs} for one in asked if one.table == table]}
        for table in dict.fromkeys(one.table for one in asked)
    ]


def _judged(schema: pl.Schema, asked: Sequence[Asked], results: list[dict[str, Any]], database: Path, doubtful: str) -> pl.DataFrame:
    disagreed = [(one, result) for one, result in zip(asked, results, strict=True) if not result["success"]]
    english = [f"{one.en}: {_found(one, result, database)}" for one, result in disagreed]
    chinese = [f"{one.zh}：{_found(one, result, database)}" for one, result in disagreed]
    unasked = len(SUITE) - len(asked)
    if unasked:
        english.append(f"{unasked} questions about sums were not asked: {doubtful}")
        chinese.append(f"{unasked} 个关于合计的问题未提出：{doubtful}")
    status = "exceptions" if disagreed else "clean"
    reasons = ("; ".join(f"not so: {text}" if i < len(disagreed) else text for i, text in enumerate(english)), "；".join(chinese))
    return _row(schema, status=status, reasons=reasons, population=len(SUITE), exceptions=len(disagreed), not_testable=unasked)


def _found(one: Asked, result: Mapping[str, Any], database: Path) -> str:
    if one.query is None or not result["performed"]:
        return str(result["detail"])
    return f"{result['detail']}, such as {'; '.join(examples(database, one.query, _EXAMPLES))}"


def _row(schema: pl.Schema, *, status: str, reasons: tuple[str, str], **figures: int) -> pl.DataFrame:
    row: dict[str, Any] = dict.fromkeys(("population", "exceptions", "not_testable", "amount_at_risk_base"), 0) | figures
    row |= _TITLE | {"control_id": CONTROL_ID, "severity": "critical", "status": status, "reason": reasons[0], "reason_zh": reasons[1]}
    return pl.DataFrame({name: [row.get(name)] for name in schema}, schema=schema)
