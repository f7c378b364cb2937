"""A company written down in a few rows: canonical tables typed as they travel between rooms, without any file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from recon.domain import documents, places, tie_out
from recon.domain.engagement import Engagement
from recon.domain.workpapers import REJECTED, STATEMENTS, Accepted, Documents, Workpapers
from recon.load import read_engagement
from recon.pipeline import publish, run

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

#: What takes longest is started first, so that no worker is left alone with it at the end.
LONGEST = (
    "properties/test_order_independence.py", "properties/test_buckets.py", "rooms/test_report_browser.py", "test_bad_inputs.py", "test_history.py",
    "test_sources.py", "test_event_log.py", "rooms/test_deliver_redaction.py", "conformance/test_conformance.py", "test_answer_key.py",
)  # fmt: skip
#: Files of many tests that share nothing: their tests go to the workers in bunches, those of one parameter's first letters together.
MANY = ("test_controls.py",)


def _bunch(item: pytest.Item) -> str:
    """The tests that one worker of pytest-xdist does in a row: those of a file, which share what the file prepares once."""
    name = item.path.name
    return f"{name} {item.name.partition('[')[2][:3]}" if name in MANY else str(item.path)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bunches for `--dist loadgroup`, the longest first; within a bunch the order stays."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_bunch(item)))
    ahead = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ahead.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session")
def planted() -> Workpapers:
    """The run of the sample company with its faults, without the second opinion: performed once, only looked at."""
    return run(read_engagement(places.sample_data() / "planted" / "engagement.yaml").model_copy(update={"second_opinion": False}))


@pytest.fixture(scope="session")
def planted_folder(planted: Workpapers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That run as it was published. Who changes a file of it takes a copy."""
    folder = tmp_path_factory.mktemp("planted") / "run"
    publish(planted, folder)
    return folder


def _value(kind: str, value: object) -> object:
    if value is None or value == "":
        return None
    if kind in ("money", "quantity", "price", "rate"):
        return Decimal(str(value))
    if kind == "date" and not isinstance(value, date):
        return date.fromisoformat(str(value))
    if kind == "timestamp":
        stamp = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (stamp if stamp.tzinfo else datetime.combine(stamp, time(), UTC)).astimezone(UTC)
    if kind == "flag":
        return str(value).lower() == "true"
    return int(str(value)) if kind == "count" else str(value)


def _frame(name: str, rows: Sequence[Mapping[str, Any]]) -> pl.LazyFrame:
    table, schema = documents.TABLES[name], documents.schema(name)
    data: dict[str, list[object]] = {column.name: [_value(column.kind, row.get(column.name)) for row in rows] for column in table.columns}
    for column in table.columns:
        if column.kind == "timestamp":
            data[column.name + documents.DATE_ONLY] = [None if row.get(column.name) is None else len(str(row[column.name])) == 10 for row in rows]
    data |= {"source_file": [f"{name}.csv"] * len(rows), "source_row": list(range(2, len(rows) + 2))}
    return pl.DataFrame(data, schema=schema).lazy()


@pytest.fixture(scope="session")
def accepted_of() -> Callable[[Rows], Accepted]:
    """Canonical rows (text, numbers or dates) -> what validation would have accepted. `company_code` is C1 unless a row says otherwise."""

    def build(given: Rows) -> Accepted:
        tables, supplied, counts = {}, {}, {}
        for name, rows in given.items():
            filled = [{"company_code": "C1", **row} if documents.TABLES[name].has("company_code") else dict(row) for row in rows]
            tables[name] = _frame(name, filled)
            supplied[name] = frozenset(key for row in filled for key in row) or frozenset(documents.TABLES[name].required)
            counts[name] = len(filled)
        made = Documents(tables, supplied, pl.DataFrame(schema=dict.fromkeys(REJECTED, pl.String())), tie_out.empty())
        return Accepted(made, {}, counts, pl.DataFrame(schema=dict.fromkeys(STATEMENTS, pl.String())), made.rejected, tie_out.empty())

    return build


@pytest.fixture(scope="session")
def engagement_of() -> Callable[..., Engagement]:
    """The terms of a run on 2026-10-31 in CNY; keywords override."""

    def build(**terms: Any) -> Engagement:
        plain = {
            "entity": "ACME",
            "as_of": "2026-10-31",
            "period": {"from": "2026-10-01", "to": "2026-10-31"},
            "currency": "CNY",
            "time_zone": "UTC",
            "extracts": {"x": "x.csv"},
        }
        return Engagement.model_validate(plain | terms)

    return build


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not tried is said at the end, where it is read."""
    reasons = {report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)}
    for reason in sorted(reason for reason in reasons if "in a browser" in reason or "accessibility" in reason):
        terminalreporter.write_sep("!", reason.removeprefix("Skipped: "))
