"""The workbook: every figure is that of results/, no cell is a formula or a link, nothing is cut in silence."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import openpyxl
import polars as pl
import pytest
from hostile import HOSTILE

from recon.domain.money import MONEY
from recon.report import report
from recon.report.sheet_rows import CELL_CHARACTERS, Marks, letters
from recon.report.vocabulary import KINDS
from recon.report.workbook_file import Column, Sheet, workbook_bytes


def opened(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def rows(sheet):
    head, *rest = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rest]


def xml(data):
    packed = zipfile.ZipFile(io.BytesIO(data))
    return {name: packed.read(name).decode() for name in packed.namelist()}


def written(published, name):
    """A table of results/ as it is delivered, by its columns."""
    table = published[name]
    return table.frame.select(table.order).collect().sort(table.order).select(table.columns)


def one_column(values, kind=pl.String):
    frame = pl.DataFrame({"x": values}, schema={"x": kind})
    marks = Marks()
    data = workbook_bytes([Sheet("s", frame, (Column("x", "X", "text"),))], marks, "t")
    return data, marks


def test_every_exception_is_in_the_sheet_of_its_control_with_its_figures(make_workpapers):
    published = report(make_workpapers(200), "en")
    book = opened(published["report/report.xlsx"])
    shown = {
        row["Exception"]: (sheet.title, row) for sheet in book.worksheets for row in rows(sheet) if "What is wrong" in row and "Exception" in row
    }
    table = written(published, "results/exceptions.csv")
    assert len(shown) == table.height
    for row in table.to_dicts():
        control, cells = shown[row["exception_id"]]
        assert control == row["control_id"]
        assert Decimal(str(cells["At risk"])) == row["amount_at_risk_base"]
        assert Decimal(str(cells["Amount at risk"])) == row["amount_at_risk"]
        assert (cells["Party name"], cells["Document"], cells["Row"], cells["What is wrong"], cells["Days old"]) == (
            row["party_name"], row["document_number"], row["source_row"], row["message"], row["age_days"]
        )  # fmt: skip
        assert cells["Date"] == datetime.combine(row["document_date"], datetime.min.time())


def test_the_other_sheets_say_what_results_say(make_workpapers):
    published = report(make_workpapers(), "en")
    book = opened(published["report/report.xlsx"])
    controls = {row["Control"]: row for row in rows(book["Controls"])}
    for row in written(published, "results/controls.csv").to_dicts():
        cells = controls.pop(row["control_id"])
        assert (cells["Population"], cells["Exceptions"], cells["Not testable"]) == (row["population"], row["exceptions"], row["not_testable"])
        assert Decimal(str(cells["At risk"])) == row["amount_at_risk_base"]
    assert not controls
    layers = written(published, "results/balances.csv")
    assert sum(Decimal(str(row["Base amount"] or 0)) for row in rows(book["Open items"])) == layers["amount_base"].sum()
    assert sum(row["Count"] for row in rows(book["Balances"])) == layers.height == len(rows(book["Open items"]))
    rolled = written(published, "results/roll_forward.csv")
    told = rows(book["Roll-forward"])
    assert len(told) == rolled.height
    for title, name in (("Opening", "opening"), ("Added", "added"), ("Cleared", "cleared"), ("Closing", "closing"), ("Difference", "difference")):
        assert sum(Decimal(str(row[title] or 0)) for row in told) == rolled[f"{name}_amount_base"].sum()
    accruals, told = written(published, "results/accruals.csv"), rows(book["Expected accruals"])
    assert len(told) == accruals.height
    assert sum(Decimal(str(row["Change of the cost of goods"] or 0)) for row in told) == accruals["cost_amount_base"].sum()
    tie_out = written(published, "results/tie_out.csv")
    assert sum(row["Rows in"] for row in rows(book["Tie-out"])) == tie_out["rows_in"].sum()
    assert len(rows(book["Rejected rows"])) == written(published, "results/rejected_rows.csv").height


def test_the_summary_sheet_says_what_the_summary_says(make_workpapers):
    import json

    published = report(make_workpapers(), "en")
    facts = json.loads(published["results/summary.json"])
    told = {(row["Subject"], row["What"]): row for row in rows(opened(published["report/report.xlsx"])["Summary"])}
    assert told["Exceptions", "all"]["Count"] == facts["exceptions"]["count"]
    for severity, figures in facts["by_severity"].items():
        row = told["Exceptions by severity", severity.capitalize()]
        assert (row["Count"], Decimal(str(row["Base amount"]))) == (figures["count"], Decimal(figures["amount_at_risk_base"]))
    for kind, figures in facts["balances"].items():
        row = told["Open balances", KINDS[kind]]
        assert (row["Count"], Decimal(str(row["Base amount"])), row["Without a known amount"]) == (
            figures["count"], Decimal(figures["amount_base"]), figures["amount_unknown"]
        )  # fmt: skip
    assert told["Rows", "read"]["Count"] == facts["rows"]["read"]


def test_headers_are_frozen_filtered_and_repeated(workpapers):
    book = opened(report(workpapers, "en")["report/report.xlsx"])
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == f"A1:{letters(sheet.max_column - 1)}{sheet.max_row}"
        assert sheet.print_title_rows == "$1:$1"


def test_chinese_is_whole(workpapers):
    book = opened(report(workpapers, "zh")["report/report.xlsx"])
    assert {"摘要", "控制", "勾稽", "QTY-01"} <= set(book.sheetnames)
    assert all(re.search(r"[\u4e00-\u9fff]", cell.value) for sheet in book.worksheets for cell in sheet[1])
    assert all(row["问题"].startswith("开票数量大于收货数量") for row in rows(book["QTY-01"]))


def test_the_same_run_gives_the_same_bytes(workpapers, make_workpapers):
    assert report(workpapers, "en")["report/report.xlsx"] == report(make_workpapers(), "en")["report/report.xlsx"]


@pytest.mark.parametrize("field", ["party_name", "item_id", "source_file", "message", "document_number"])
def test_hostile_strings_stay_texts(make_workpapers, field):
    made = make_workpapers(len(HOSTILE))
    attacked = made.register.exceptions.with_columns(pl.Series(field, HOSTILE))
    published = report(replace(made, register=replace(made.register, exceptions=attacked)), "en")
    parts = xml(published["report/report.xlsx"])
    for name, text in parts.items():
        assert not re.search(r"<f[ >]|<hyperlink|ddeLink|oleLink", text), name
        assert "externalLink" not in name
        assert not re.search(r'TargetMode="External"', text), name
    title = {"party_name": "Party name", "item_id": "Item", "source_file": "File", "message": "What is wrong", "document_number": "Document"}[field]
    shown = [row[title] for sheet in opened(published["report/report.xlsx"]).worksheets for row in rows(sheet) if "Exception" in row and title in row]
    assert len(shown) == len(HOSTILE)
    assert set(written(published, "results/exceptions.csv")[field]) == set(HOSTILE)


@pytest.mark.parametrize("text", [t for t in HOSTILE if len(t) < CELL_CHARACTERS], ids=lambda t: ascii(t)[:30])
def test_a_text_comes_back_as_it_was(text):
    from openpyxl.utils.escape import unescape

    data, marks = one_column([text])
    cell = opened(data)["s"]["A2"]
    assert (unescape(cell.value), cell.data_type, marks) == (text, "s", Marks())


def test_a_cut_cell_is_marked_and_counted():
    data, marks = one_column(["x" * CELL_CHARACTERS, "y" * (CELL_CHARACTERS + 1), None])
    sheet = opened(data)["s"]
    assert sheet["A2"].value == "x" * CELL_CHARACTERS
    assert len(sheet["A3"].value) == CELL_CHARACTERS
    assert sheet["A3"].value.endswith("…✂")
    assert sheet["A4"].value is None
    assert marks.cut_cells == 1


def test_the_summary_says_what_was_cut(make_workpapers):
    made = make_workpapers(3)
    long = made.register.exceptions.with_columns(message=pl.lit("m" * 40_000))
    told = rows(opened(report(replace(made, register=replace(made.register, exceptions=long)), "en")["report/report.xlsx"])["Summary"])
    note = next(row for row in told if "longer than a cell" in (row["In words"] or ""))
    assert note["Count"] == 3


def test_of_very_many_rows_the_heaviest_are_shown_and_all_are_counted(make_workpapers, monkeypatch):
    monkeypatch.setattr("recon.report.workbook.ROWS_MOST", 25)
    published = report(make_workpapers(60), "en")
    book = opened(published["report/report.xlsx"])
    shown = [row for sheet in book.worksheets if re.fullmatch(r"[A-Z]{3}-\d\d", sheet.title) for row in rows(sheet)]
    table = written(published, "results/exceptions.csv")
    gravest = table.filter(pl.col("severity") == "critical").height
    assert len(shown) == 25
    assert sum(row["Severity"] == "Critical" for row in shown) == gravest
    assert len(rows(book["Open items"])) == 25
    told = {row["What"]: row for row in rows(book["Summary"]) if "heaviest of" in (row["In words"] or "")}
    assert (told["Exceptions"]["Count"], told["Open items"]["Count"]) == (60, 120)


@pytest.mark.parametrize(
    ("amount", "as_text"),
    [
        ("0", False),
        ("-0.000001", False),
        ("123456789012345", False),
        ("1234567890123456", True),
        ("999999999.123456", False),
        ("-9999999999.123456", True),
    ],
)
def test_no_digit_of_an_amount_is_lost(amount, as_text):
    data, marks = one_column([Decimal(amount)], MONEY)
    value = opened(data)["s"]["A2"].value
    assert isinstance(value, str) == as_text
    assert Decimal(str(value)) == Decimal(amount)
    assert marks.numbers_as_text == int(as_text)


def test_rows_beyond_the_limit_go_on_in_the_next_sheet():
    frame = pl.DataFrame({"x": range(25)})
    book = opened(workbook_bytes([Sheet("s", frame, (Column("x", "X", "count"),))], Marks(), "t", rows_per_sheet=10))
    assert book.sheetnames == ["s", "s (2)", "s (3)"]
    assert [row["X"] for sheet in book.worksheets for row in rows(sheet)] == list(range(25))


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_have_their_letters(place, name):
    assert letters(place) == name
