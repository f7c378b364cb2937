"""CSV and other separated text -> rows of text, after a pre-scan that refuses damaged files.

The CSV reader of the engine pads short records with nulls and reads a file cut in half without a word. So every file is first
looked at as bytes and lines: encoding, zero bytes, quotes, and the number of fields of every record.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from recon.domain.documents import SOURCE_ROW
from recon.domain.errors import InputsRefused
from recon.load.prescan import Layout, refuse_ragged

if TYPE_CHECKING:
    from pathlib import Path

    from recon.domain.source import Input
    from recon.load.paths import FileName

_BLOCK_BYTES = 16_000_000
_HEAD_BYTES = 100_000
_GZIP_LIMIT_BYTES = 20_000_000_000
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class ReadFile:
    """A file as read: `frame` holds its columns and `source_row`; `rows` counts rows with content."""

    frame: pl.LazyFrame
    columns: tuple[str, ...]
    rows: int
    encoding: str


def sha256(path: Path) -> str:
    """Fingerprint of the file as it lies on disk."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_text(file: FileName, terms: Input, encodings: list[str]) -> ReadFile:
    """Read one separated text file; raises InputsRefused naming the file and the line where it is damaged."""
    source, encoding = _as_utf8(file, encodings)
    header, header_lines = _header(file, source, terms)
    layout = Layout(file.name, source, terms.separator, len(header), header_lines)
    rows, blanks = refuse_ragged(layout)
    frame = pl.scan_csv(
        source if not isinstance(source, bytes) else io.BytesIO(source),
        has_header=False,
        skip_lines=header_lines,
        separator=terms.separator,
        schema=dict.fromkeys(header, pl.String),
        row_index_name=SOURCE_ROW,
        row_index_offset=header_lines + 1,
    )
    if blanks:
        frame = frame.filter(~pl.all_horizontal(pl.col(header).is_null()))
    return ReadFile(frame, tuple(header), rows, encoding)


# ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────
def _as_utf8(file: FileName, encodings: list[str]) -> tuple[Path | bytes, str]:
    """The file itself where it is UTF-8, else its content as UTF-8 bytes; and the encoding it was read with."""
    raw = _gunzipped(file) if file.path.suffix == ".gz" else None
    head = raw[:4] if raw is not None else _head(file.path)
    if not head:
        raise InputsRefused(
            "the file is empty", where=file.name, expected="a header row", got="0 bytes", todo="ask the source system for the file again"
        )
    if head.startswith(_UTF16):
        content = raw if raw is not None else file.path.read_bytes()
        return _decoded(file, content, "utf-16").encode(), "utf-16"
    failures = []
    for encoding in encodings:
        name = _codec(encoding, file)
        failure = _why_not(raw, file, name)
        if failure is None:
            _refuse_nul(raw, file)
            if name == "utf-8":
                return (file.path if raw is None else raw), "utf-8"
            content = raw if raw is not None else file.path.read_bytes()
            return _decoded(file, content, name).encode(), name
        failures.append(f"{name}: {failure}")
    raise InputsRefused(
        "the file cannot be read in any declared encoding",
        where=file.name,
        expected=" or ".join(encodings),
        got="; ".join(failures),
        todo="name the right encoding in the engagement (`encoding: ...`) or export the file as UTF-8",
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(4)


def _codec(encoding: str, file: FileName) -> str:
    try:
        return codecs.lookup(encoding).name.removesuffix("-sig")
    except LookupError:
        raise InputsRefused("this encoding does not exist", where=file.name, got=encoding, expected="utf-8, gb18030, big5, cp1252, …") from None


def _blocks(raw: bytes | None, file: FileName) -> io.BufferedIOBase:
    return io.BytesIO(raw) if raw is not None else file.path.open("rb")


def _why_not(raw: bytes | None, file: FileName, encoding: str) -> str | None:
    """Why the bytes are not strict `encoding`, or None where they are."""
    if encoding.startswith("utf-16"):
        return "read only where the file begins with a byte order mark"
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    position = 0
    plain = True
    with _blocks(raw, file) as handle:
        while block := handle.read(_BLOCK_BYTES):
            if not (plain and block.isascii()):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as error:
                    return f"not valid near byte {position + error.start}"
                plain = False
            position += len(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "the file ends in the middle of a character"
    return None


def _refuse_nul(raw: bytes | None, file: FileName) -> None:
    position = 0
    with _blocks(raw, file) as handle:
        while block := handle.read(_BLOCK_BYTES):
            found = block.find(b"\0")
            if found >= 0:
                raise InputsRefused(
                    "the file holds a zero byte",
                    where=f"{file.name}: byte {position + found}",
                    expected="text",
                    todo="the file is damaged or not text; ask for it again",
                )
            position += len(block)


def _decoded(file: FileName, content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputsRefused(f"the file is not valid {encoding}", where=f"{file.name}: byte {error.start}", todo="export it again as UTF-8") from None
    if "\0" in text:
        raise InputsRefused("the file holds a zero byte", where=file.name, expected="text", todo="the file is damaged or not text; ask for it again")
    return text


def _gunzipped(file: FileName) -> bytes:
    parts, size = [], 0
    try:
        with gzip.open(file.path, "rb") as handle:
            while block := handle.read(_BLOCK_BYTES):
                size += len(block)
                if size > _GZIP_LIMIT_BYTES:
                    raise InputsRefused("the file unpacks to more than can be read", where=file.name, expected=f"at most {_GZIP_LIMIT_BYTES:,} bytes")
                parts.append(block)
    except (EOFError, OSError) as error:
        raise InputsRefused("the packed file is damaged", where=file.name, got=str(error), todo="ask for the file again") from None
    return b"".join(parts)


# ── the header ───────────────────────────────────────────────────────────────────────────────────────────
def _header(file: FileName, source: Path | bytes, terms: Input) -> tuple[list[str], int]:
    """Column names and the number of lines they and the titles above take."""
    if terms.columns is not None:
        return list(terms.columns), terms.header_row - 1
    binary: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    _refuse_bare_returns(file, binary)
    with io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as handle:
        for _ in range(terms.header_row - 1):
            handle.readline()
        reader = csv.reader(handle, delimiter=terms.separator, strict=True)
        try:
            names = next(reader, [])
        except csv.Error as error:
            raise InputsRefused("the header row cannot be read", where=f"{file.name}:{terms.header_row}", got=str(error)) from None
        lines = terms.header_row - 1 + reader.line_num
    return checked_header(names, f"{file.name}:{terms.header_row}"), lines


def _refuse_bare_returns(file: FileName, handle: BinaryIO) -> None:
    head = handle.read(_HEAD_BYTES)
    handle.seek(0)
    if b"\r" in head and b"\n" not in head:
        raise InputsRefused(
            "the lines end in a bare carriage return",
            where=file.name,
            expected="line ends LF or CR LF",
            todo="export the file again with usual line ends",
        )


def checked_header(names: list[str], where: str) -> list[str]:
    """The column names, stripped of surrounding blanks. Raises InputsRefused for none, empty ones or one that stands twice."""
    stripped = [re.sub(r"\s+", " ", name).strip() for name in names]
    if not any(stripped):
        raise InputsRefused("the header row is empty", where=where, expected="column names", todo="export the file with its header row")
    for position, name in enumerate(stripped):
        if not name:
            raise InputsRefused(
                "a column has no name", where=f"{where}: column {position + 1}", expected="a name for every column", got=", ".join(stripped)
            )
        if name in stripped[:position]:
            raise InputsRefused(
                "two columns have the same name", where=f"{where}: column {position + 1}", got=name, todo="rename or remove one of them"
            )
    return stripped
