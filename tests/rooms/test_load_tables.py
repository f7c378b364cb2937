"""Excel workbooks and Parquet files: exact content, or a refusal."""

from __future__ import annotations

import datetime as dt
import zipfile
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

from recon.domain.errors import InputsRefused
from recon.domain.source import Input
from recon.load.paths import FileName
from recon.load.table_files import read_excel, read_parquet


def book(path, sheets: dict[str, list[list]]):
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return FileName(path, path.name)


def cells(file: FileName, terms: Input | None = None) -> list[tuple]:
    return read_excel(file, terms or Input()).frame.collect().rows()


def test_every_cell_becomes_text_and_no_row_is_lost(tmp_path):
    numbers = [[f"{i:03d}", i, dt.date(2026, 10, 1)] for i in range(1, 1500)]
    file = book(tmp_path / "a.xlsx", {"Data": [["id", "amount", "day"], *numbers, ["X-1", "1,234.56", None]]})
    rows = cells(file)
    assert len(rows) == 1500
    assert rows[0] == (2, "001", "1", "2026-10-01 00:00:00")
    assert rows[-1] == (1501, "X-1", "1,234.56", None)


def test_titles_above_and_empty_rows_between_keep_the_row_numbers(tmp_path):
    file = book(tmp_path / "a.xlsx", {"Data": [["Report"], ["id", "n"], ["1", 1.5], [None, None], ["2", True]]})
    assert cells(file, Input(header_row=2)) == [(3, "1", "1.5"), (5, "2", "true")]


def test_the_sheet_is_named_or_the_only_one_with_content(tmp_path):
    two = book(tmp_path / "two.xlsx", {"Orders": [["a"], ["1"]], "Notes": [["b"], ["2"]]})
    with pytest.raises(InputsRefused, match="which sheet") as refused:
        cells(two)
    assert refused.value.got == "Orders, Notes"
    assert cells(FileName(two.path, two.name, "Notes")) == [(2, "2")]
    assert cells(two, Input(sheet="Orders")) == [(2, "1")]
    assert cells(book(tmp_path / "one.xlsx", {"Orders": [["a"], ["1"]], "Empty": []})) == [(2, "1")]
    with pytest.raises(InputsRefused, match="no such sheet") as refused:
        cells(FileName(two.path, two.name, "Order"))
    assert refused.value.todo == 'Did you mean "Orders"?'


def test_a_header_without_rows_is_zero_rows(tmp_path):
    assert cells(book(tmp_path / "a.xlsx", {"Data": [["id", "n"]]})) == []


def test_an_error_cell_is_refused_not_emptied(tmp_path):
    file = book(tmp_path / "a.xlsx", {"Data": [["id", "n"], ["1", 5], ["2", "#N/A"]]})
    with pytest.raises(InputsRefused, match="error instead of a value") as refused:
        cells(file)
    assert (refused.value.where, refused.value.got) == ("a.xlsx#Data!B3", "#N/A")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"a,b\n1,2\n", "this is not a workbook"),
        (b"<html><table></table></html>", "this is not a workbook"),
        (b"PK\x03\x04 and then nothing", "the workbook is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "the workbook is encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "the workbook cannot be read"),
    ],
)
def test_what_is_no_readable_workbook_is_refused(tmp_path, content, says):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputsRefused) as refused:
        cells(FileName(path, "a.xlsx"))
    assert refused.value.what == says


def test_a_workbook_cut_in_half_is_refused(tmp_path):
    file = book(tmp_path / "a.xlsx", {"Data": [["id", "n"], *([str(i), i] for i in range(500))]})
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputsRefused, match="damaged"):
        cells(file)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    with pytest.raises(InputsRefused, match="unreasonable size"):
        cells(FileName(path, "bomb.xlsx"))


def test_cells_right_of_the_header_are_refused(tmp_path):
    with pytest.raises(InputsRefused, match="outside the columns"):
        cells(book(tmp_path / "a.xlsx", {"Data": [["id"], ["1", "stray"]]}))


def test_parquet_keeps_exact_types_and_floats_become_their_shortest_text(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame(
        {
            "id": [1, 2],
            "price": pl.Series(["1.10", "2.05"]).cast(pl.Decimal(18, 2)),
            "day": [dt.date(2026, 1, 1), None],
            "rate": [0.1, 1e16],
            "tiny": [1e-7, None],
            "kind": pl.Series(["x", "y"], dtype=pl.Categorical),
        }
    ).write_parquet(path)
    frame = read_parquet(FileName(path, "a.parquet")).frame.collect()
    assert frame.schema["price"] == pl.Decimal(18, 2)
    assert frame.schema["day"] == pl.Date()
    assert frame["source_row"].to_list() == [1, 2]
    assert frame["price"].to_list() == [Decimal("1.10"), Decimal("2.05")]
    assert frame["rate"].to_list() == ["0.1", "10000000000000000.000000000000000000"]
    assert Decimal(frame["tiny"][0]) == Decimal("0.0000001")
    assert frame["kind"].to_list() == ["x", "y"]


def test_nested_columns_and_cut_parquet_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": [[1, 2]]}).write_parquet(path)
    with pytest.raises(InputsRefused, match="type of column"):
        read_parquet(FileName(path, "a.parquet"))
    pl.DataFrame({"a": list(range(5000))}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputsRefused, match="cannot be read"):
        read_parquet(FileName(path, "a.parquet"))
