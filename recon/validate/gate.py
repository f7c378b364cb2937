"""The gate: a team's own Great Expectations suite over the extracts, or inside a source database, before anything is audited.

The suite is the JSON that Great Expectations writes. Extracts are given to it as text; a column that the suite treats as
numbers is given as numbers where every cell of it is one. In a database the suite's own SQL may only select.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.errors import InputsRefused, TermsRefused, did_you_mean
from recon.validate.checker import CheckerFailedError, started
from recon.validate.opinion_tables import write

if TYPE_CHECKING:
    from recon.domain.workpapers import Extracts

#: What Great Expectations writes beside `type`, `kwargs` and `meta`, and what older versions wrote; none of it changes the outcome.
_DECORATION: Final = frozenset(
    {"id", "ge_cloud_id", "notes", "description", "severity", "rendered_content", "success_on_last_run", "expectation_context"}
)
_ABOUT_NUMBERS: Final = (
    "_mean_",
    "_median_",
    "_stdev_",
    "_sum_",
    "_max_",
    "_min_",
    "_quantile_",
    "_values_to_be_between",
    "_increasing",
    "_decreasing",
    "_z_scores_",
)
_NUMBER: Final = r"^-?\d+(\.\d+)?$"


@dataclass(frozen=True)
class Suite:
    """A suite as its file says it."""

    name: str
    expectations: tuple[dict[str, Any], ...]


def gate(suite_file: Path, *, extracts: Extracts | None = None, database: str | None = None, table: str | None = None) -> list[dict[str, Any]]:
    """Every expectation of the suite with `success`, `expectation` and `detail`, in the order of the file.

    It speaks about `table` (default: the suite's name): an input of `extracts`, or a table of `database`, an SQLAlchemy URL.
    Raises TermsRefused where suite or table are wrong, InputsRefused where the check breaks off, TryLater where the database
    does not answer.
    """
    suite = read_suite(suite_file)
    about = table or suite.name
    with tempfile.TemporaryDirectory(prefix="recon-") as scratch, started() as checker:
        url = _extract_url(suite, about, extracts, Path(scratch) / "extract.sqlite") if database is None else _read_only(database)
        try:
            results = checker.ask({"suites": [{"url": url, "table": about, "expectations": list(suite.expectations)}]})
        except CheckerFailedError as failed:
            raise InputsRefused("the gate broke off before it could judge", where=str(suite_file), got=str(failed)) from None
    asked = zip(suite.expectations, results, strict=True)
    return [{"success": result["success"], "expectation": _sentence(one), "detail": result["detail"]} for one, result in asked]


def read_suite(path: Path) -> Suite:
    """Read a suite's JSON. Raises TermsRefused with the place of what is wrong in it."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TermsRefused("the suite does not exist", where=str(path), todo="check the path") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TermsRefused("the suite is not JSON", where=str(path), got=str(error)) from None
    if not isinstance(held, dict) or not isinstance(held.get("expectations"), list) or not held["expectations"]:
        got = ", ".join(held) if isinstance(held, dict) else type(held).__name__
        raise TermsRefused("the suite holds no expectations", where=str(path), expected='a key "expectations" with a list of them', got=got)
    name = held.get("name") or held.get("expectation_suite_name") or path.stem
    return Suite(str(name), tuple(_expectation(path, position, one) for position, one in enumerate(held["expectations"])))


def _expectation(path: Path, position: int, held: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can say
    where = f"{path}:expectations[{position}]"
    kind = held.get("type", held.get("expectation_type")) if isinstance(held, dict) else None
    if not isinstance(kind, str):
        raise TermsRefused("an expectation has no type", where=where, expected='{"type": ..., "kwargs": {...}}', got=json.dumps(held)[:200])
    known = {"type", "expectation_type", "kwargs", "meta"}
    for key in sorted(set(held) - known - _DECORATION):
        raise TermsRefused(f'unknown key "{key}"', where=where, expected=", ".join(sorted(known)), todo=did_you_mean(key, known) or "remove it")
    kwargs = held.get("kwargs") or {}
    query = kwargs.get("unexpected_rows_query")
    if query is not None:
        _refuse_anything_but_select(str(query), where)
    return {"type": kind, "kwargs": kwargs, "meta": held.get("meta") or {}}


def _refuse_anything_but_select(query: str, where: str) -> None:
    """Refuse a query that is not one SELECT, before it reaches a database: recon only reads."""
    from sqlglot import errors, exp, parse

    try:
        statements = parse(query.replace("{batch}", "batch"))
    except errors.SqlglotError as error:
        raise TermsRefused("the query cannot be read", where=where, got=str(error).splitlines()[0]) from None
    writes = (exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop, exp.Alter, exp.Merge, exp.Command, exp.Into)
    one = statements[0] if len(statements) == 1 else None
    if not isinstance(one, exp.Query) or one.find(*writes) is not None:
        raise TermsRefused("the query does more than select", where=where, expected="one SELECT", got=query[:200], todo="recon only reads")


def _extract_url(suite: Suite, about: str, extracts: Extracts | None, path: Path) -> str:
    inputs = {} if extracts is None else extracts.inputs
    if about not in inputs:
        todo = did_you_mean(about, set(inputs)) or "name it with --table"
        raise TermsRefused(f'no input is called "{about}"', where="--table", expected=", ".join(sorted(inputs)), got=about, todo=todo)
    extract = inputs[about]
    text = extract.frame.select(pl.col(name).cast(pl.String) for name in extract.columns).collect()
    blank = text.select(pl.when(pl.col(pl.String).str.strip_chars() != "").then(pl.col(pl.String)))
    write({about: _with_numbers(suite, blank)}, (), path)
    return f"sqlite:///file:{path}?mode=ro&uri=true"


def _with_numbers(suite: Suite, text: pl.DataFrame) -> pl.DataFrame:
    """Columns that the suite compares as numbers, as numbers where each cell is one; binary fractions, which is what its limits are too."""
    numeric = {one["kwargs"].get("column") for one in suite.expectations if any(word in one["type"] for word in _ABOUT_NUMBERS)}
    able = [
        name for name in text.columns if name in numeric and bool(text[name].str.contains(_NUMBER).all()) and text[name].null_count() < text.height
    ]
    return text.with_columns(pl.col(name).cast(pl.Float64) for name in able)


def _read_only(url: str) -> str:
    """A SQLite file is opened for reading and must exist; other databases guard themselves by the account that is given."""
    if not url.startswith("sqlite:///") or "?" in url:
        return url
    return f"sqlite:///file:{Path(url.removeprefix('sqlite:///')).resolve()}?mode=ro&uri=true"


def _sentence(expectation: dict[str, Any]) -> str:
    said = ", ".join(f"{name}={value!r}" for name, value in expectation["kwargs"].items())
    return f"{expectation['type']}({said})"
