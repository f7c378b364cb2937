"""Excel workbooks and Parquet files -> rows. Excel cells become text; Parquet keeps its exact types."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import polars as pl

from recon.domain.documents import SOURCE_ROW
from recon.domain.errors import InputsRefused, did_you_mean
from recon.load.text_files import ReadFile, checked_header

if TYPE_CHECKING:
    from fastexcel import ExcelReader

    from recon.domain.source import Input
    from recon.load.paths import FileName

_UNPACKED_LIMIT_BYTES = 4_000_000_000
_RATIO_LIMIT = 200  # ordinary sheets pack 5 to 30 times; a bomb thousands of times
_SMALL_BYTES = 50_000_000  # below this the ratio says nothing
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ERROR_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]*\bt="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>')

_LARGEST_FLOAT = 1e18  # beyond, the text keeps its exponent and is set aside where it is typed

#: Types of Parquet columns that pass as they are: nothing is gained by turning exact values into text and back.
_EXACT = (pl.Decimal, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Date, pl.Datetime, pl.Boolean, pl.String)


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────────────
def read_excel(file: FileName, terms: Input) -> ReadFile:
    """Read one sheet, every cell as text; `source_row` is the row of the sheet as a person counts it.

    Raises InputsRefused for a damaged, encrypted or unreasonably packed workbook, an unnamed sheet among several, and cells
    that hold an error such as #N/A.
    """
    import fastexcel

    _refuse_dangerous(file)
    try:
        book = fastexcel.read_excel(str(file.path))
        name = _sheet(file, terms, book)
        cells = book.load_sheet(name, header_row=None, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise InputsRefused(
            "the workbook cannot be read", where=file.name, got=str(error).splitlines()[0], todo="open it and save it again as .xlsx, or export CSV"
        ) from None
    _refuse_error_cells(file, name, list(book.sheet_names).index(name))
    first = terms.header_row if terms.columns is None else terms.header_row - 1
    if cells.height < first or cells.width == 0:
        raise InputsRefused(
            "the sheet holds no header row", where=f"{file.name}#{name}", expected=f"column names in row {terms.header_row}", got="nothing"
        )
    header = terms.columns or checked_header(_names(cells, terms), f"{file.name}#{name}:{terms.header_row}")
    rows = _rows(file, cells, list(header), first)
    return ReadFile(rows.lazy(), tuple(header), rows.height, "excel")


def _names(cells: pl.DataFrame, terms: Input) -> list[str]:
    names = [name or "" for name in cells.row(terms.header_row - 1)]
    while names and not names[-1].strip():
        names.pop()  # columns right of the table that once held something
    return names


def _rows(file: FileName, cells: pl.DataFrame, header: list[str], first: int) -> pl.DataFrame:
    body = cells.slice(first)
    beyond = body.columns[len(header) :]
    if len(header) > body.width or body.select(pl.any_horizontal(pl.col(beyond).is_not_null().any()) if beyond else pl.lit(value=False)).item():
        raise InputsRefused(
            "cells stand outside the columns of the header", where=file.name, expected=f"{len(header)} columns", got=f"{body.width} columns"
        )
    body = body.select(body.columns[: len(header)])
    body.columns = header
    numbered = body.with_row_index(SOURCE_ROW, offset=first + 1)
    return numbered.filter(~pl.all_horizontal(pl.col(header).is_null()))


def _sheet(file: FileName, terms: Input, book: ExcelReader) -> str:
    names = list(book.sheet_names)
    wanted = file.sheet or terms.sheet
    if wanted is None:
        filled = [name for name in names if book.load_sheet(name, header_row=None, n_rows=1).total_height > 0]
        if len(filled) == 1:
            return filled[0]
        raise InputsRefused(
            "which sheet is meant?" if filled else "every sheet is empty",
            where=file.name,
            expected="one sheet with content",
            got=", ".join(filled) or "none",
            todo=f'name it: "{file.name}#{filled[0]}"' if filled else "ask for the file again",
        )
    if wanted not in names:
        raise InputsRefused(
            "the workbook has no such sheet", where=file.name, expected=", ".join(names), got=wanted, todo=did_you_mean(wanted, names)
        )
    return wanted


def _refuse_dangerous(file: FileName) -> None:
    with file.path.open("rb") as handle:
        head = handle.read(1_000_000)
    if not head:
        raise InputsRefused(
            "the file is empty", where=file.name, expected="a workbook", got="0 bytes", todo="ask the source system for the file again"
        )
    if head.startswith(_OLE):
        if _ENCRYPTED in file.path.read_bytes():
            raise InputsRefused(
                "the workbook is encrypted", where=file.name, expected="a workbook without a password", todo="save it without a password"
            )
        return
    if not head.startswith(b"PK"):
        what = "a web page" if head.lstrip()[:1] == b"<" else "something else"
        raise InputsRefused("this is not a workbook", where=file.name, expected="an .xlsx or .xls file", got=what, todo="export it as .xlsx or CSV")
    try:
        with zipfile.ZipFile(file.path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise InputsRefused("the workbook is damaged", where=file.name, got=str(error), todo="ask for the file again") from None
    size = file.path.stat().st_size
    if unpacked > _UNPACKED_LIMIT_BYTES or (unpacked > _SMALL_BYTES and unpacked > _RATIO_LIMIT * size):
        raise InputsRefused(
            "the workbook unpacks to an unreasonable size",
            where=file.name,
            expected=f"at most {_RATIO_LIMIT} times its {size:,} bytes",
            got=f"{unpacked:,} bytes",
            todo="if the file is honest, export it as CSV",
        )


def _refuse_error_cells(file: FileName, sheet: str, position: int) -> None:
    """Cells such as #N/A would come back as empty; the reader does not say so, the sheet's XML does."""
    if not zipfile.is_zipfile(file.path):
        return
    with zipfile.ZipFile(file.path) as archive:
        part = _sheet_part(archive, position)
        content = archive.read(part) if part else b""
    found = _ERROR_CELL.search(content) if b't="e"' in content else None
    if found:
        cell, error = found.group(1).decode(), found.group(2).decode(errors="replace")
        raise InputsRefused(
            "a cell holds an error instead of a value",
            where=f"{file.name}#{sheet}!{cell}",
            got=error,
            todo="repair the formula and save the workbook",
        )


def _sheet_part(archive: zipfile.ZipFile, position: int) -> str | None:
    """The archive member of the sheet at that position, by the workbook's own relations."""
    members = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= members:
        return None
    sheets = re.findall(r"<(?:\w+:)?sheet\b[^>]*?\br:id=\"([^\"]+)\"", archive.read("xl/workbook.xml").decode("utf-8", errors="replace"))
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", errors="replace")
    targets = {}
    for relation in re.findall(r"<Relationship\b[^>]*>", relations):
        id_, target = re.search(r'\bId="([^"]+)"', relation), re.search(r'\bTarget="([^"]+)"', relation)
        if id_ and target:
            targets[id_.group(1)] = target.group(1)
    named = targets.get(sheets[position], "") if position < len(sheets) else ""
    part = named.lstrip("/") if named.startswith("/") else f"xl/{named}"
    return part if part in members else None


# ── Parquet ──────────────────────────────────────────────────────────────────────────────────────────────
def read_parquet(file: FileName) -> ReadFile:
    """Read one Parquet file. Exact types stay; floats become the shortest text that means them; nested types are refused."""
    try:
        frame = pl.scan_parquet(file.path)
        schema = frame.collect_schema()
        rows = frame.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputsRefused(
            "the Parquet file cannot be read", where=file.name, got=str(error).splitlines()[0], todo="ask for the file again"
        ) from None
    names = checked_header(list(schema), file.name)
    columns = [_exact(file, column, kind).alias(name) for (column, kind), name in zip(schema.items(), names, strict=True)]
    numbered = frame.select(columns).with_row_index(SOURCE_ROW, offset=1)
    return ReadFile(numbered, tuple(names), rows, "parquet")


def _exact(file: FileName, column: str, kind: pl.DataType) -> pl.Expr:
    cell = pl.col(column)
    if isinstance(kind, _EXACT):
        return cell
    if isinstance(kind, pl.Float32 | pl.Float64):
        text = cell.cast(pl.String)
        small_enough = text.str.contains("e", literal=True) & (cell.abs() < _LARGEST_FLOAT)
        return pl.coalesce(pl.when(small_enough).then(text).cast(pl.Decimal(38, 18)).cast(pl.String), text)
    if isinstance(kind, pl.Categorical | pl.Enum | pl.Null):
        return cell.cast(pl.String)
    raise InputsRefused(
        "this type of column cannot be read",
        where=f"{file.name}:{column}",
        expected="text, number, date, timestamp or boolean",
        got=str(kind),
        todo="flatten it",
    )
