"""Every cell of the workbook read back and compared with `results/`: a view that rounds, drops or swaps a figure is found."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from recon.pipeline import publish
from recon.report import ages, phrases, workbook
from recon.report.words import speak
from recon.report.workbook_file import workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.domain.workpapers import Workpapers

#: Sheet -> the file under results/ that holds the same rows.
SHEETS = {
    "Tie-out": "tie_out.csv",
    "Statements": "statements.csv",
    "Controls": "controls.csv",
    "Suppressed": "suppressed.parquet",
    "Roll-forward": "roll_forward.csv",
    "Expected accruals": "accruals.csv",
    "Open items": "balances.parquet",
    "Not testable": "not_testable.parquet",
    "Rejected rows": "rejected_rows.csv",
    "Changes": "changes.csv",
}
#: Sheets that are put together or added up, each compared by a test of its own.
MADE = {"Summary", "Files", "Balances"}


@pytest.fixture(scope="module")
def columns() -> dict[str, list[str]]:
    """Sheet -> the columns of results that its titles stand for: two columns may have one title. Filled while the run is published."""
    return {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, planted: Workpapers, columns: dict[str, list[str]]) -> Path:
    target = tmp_path_factory.mktemp("run") / "out"

    def noting(sheets: Sequence[Any], *rest: Any, **named: Any) -> bytes:
        columns.update({sheet.name: [column.name for column in sheet.columns] for sheet in sheets})
        return workbook_bytes(sheets, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook, "workbook_bytes", noting)
        publish(planted, target, language="en")
    return target


@pytest.fixture(scope="module")
def sheets(folder: Path, columns: dict[str, list[str]]) -> dict[str, list[dict[str, Any]]]:
    """Sheet -> its rows: column of results -> cell."""
    book = openpyxl.load_workbook(folder / "report" / "report.xlsx", read_only=True)
    return {
        sheet.title: [
            dict(zip(columns[sheet.title], (*row, *[None] * (len(columns[sheet.title]) - len(row))), strict=True))
            for row in sheet.iter_rows(values_only=True, min_row=2)
        ]
        for sheet in book.worksheets
    }


def stated(folder: Path, file: str) -> pl.DataFrame:
    path = folder / "results" / file
    return pl.read_parquet(path) if file.endswith("parquet") else pl.read_csv(path, infer_schema=False)


def plain(value: object) -> str | None:
    """A cell or a value as the one text that stands for it; empty and unknown are told apart only where the file does so."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return number(repr(value) if isinstance(value, float) else str(value))
    return str(value)


def number(text: str) -> str:
    exact = Decimal(text)
    return f"{exact.normalize():f}" if exact else "0"


def as_told(name: str, value: object) -> str | None:
    """A value of results as the sheet writes it: codes in words, numbers without the zeros of their type."""
    words = workbook._CODES.get(name, {})
    if name == "age_bucket" and isinstance(value, str):
        words = ages.spoken([value], speak("en"))
    if isinstance(value, str):
        value = words.get(value, value)
    return plain(value)


def numeric(rows: list[dict[str, Any]]) -> set[str]:
    return {name for row in rows for name, cell in row.items() if isinstance(cell, int | float) and not isinstance(cell, bool)}


def assert_same(rows: list[dict[str, Any]], frame: pl.DataFrame, sheet: str) -> None:
    """The sheet has these rows, whatever their order, in every column that both have."""
    columns = [name for name in rows[0] if name in frame.columns]
    assert columns == list(rows[0]), (sheet, set(rows[0]) - set(columns))
    figures = numeric(rows)
    shown = Counter(tuple(number(row[c]) if c in figures and isinstance(row[c], str) else plain(row[c]) for c in columns) for row in rows)
    known = Counter(
        tuple(number(row[c]) if c in figures and isinstance(row[c], str) and row[c] else as_told(c, row[c]) for c in columns)
        for row in frame.select(columns).iter_rows(named=True)
    )
    assert shown == known, (sheet, list((shown - known).items())[:2], list((known - shown).items())[:2])


def test_every_sheet_is_compared(sheets):
    controls = {name for name in sheets if name[:3].isupper() and name[3] == "-"}
    assert set(sheets) - controls - MADE <= set(SHEETS)
    assert len(controls) > 150


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_cell_is_what_results_say(folder, sheets, sheet):
    if sheet not in sheets:
        path = folder / "results" / SHEETS[sheet]
        assert not path.exists() or stated(folder, SHEETS[sheet]).is_empty(), f"{sheet} is missing"
        pytest.skip(f"{SHEETS[sheet]} has no rows")
    assert_same(sheets[sheet], stated(folder, SHEETS[sheet]), sheet)


def test_every_exception_stands_on_the_sheet_of_its_control(folder, sheets):
    found = stated(folder, "exceptions.parquet")
    for (control,), rows in found.partition_by("control_id", as_dict=True).items():
        assert_same(sheets[control], phrases.figures(rows, speak("en")), control)


def test_balances_add_up_the_open_items(folder, sheets):
    layers = stated(folder, "balances.parquet")
    for row in sheets["Balances"]:
        kind = next(code for code, word in workbook._CODES["kind"].items() if word == row["kind"])
        buckets = ages.spoken(ages.present(layers["age_bucket"]), speak("en"))
        bucket = next(code for code, word in buckets.items() if word == row["age_bucket"])
        own = layers.filter(pl.col("kind") == kind, pl.col("age_bucket") == bucket)
        assert (row["count"], plain(row["amount_base"]), row["amount_unknown"]) == (
            own.height, plain(own["amount_base"].sum()), own["amount_base"].null_count()
        ), (kind, bucket)  # fmt: skip
    assert sum(row["count"] for row in sheets["Balances"]) == layers.height


def test_the_files_are_those_of_the_manifest(folder, sheets):
    inputs = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    shown = {(row["input"], row["source_file"], row["rows"], row["size_bytes"], row["sha256"]) for row in sheets["Files"]}
    assert shown == {(f["input"], f["name"], f["rows"], f["size_bytes"], f["sha256"]) for f in inputs}
