"""The pre-scan of separated text: every record has as many fields as the header, and every quote closes."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from recon.domain.errors import InputsRefused

if TYPE_CHECKING:
    from pathlib import Path

#: Files up to this size are looked at in one piece.
_ONE_PIECE_BYTES: Final = 8_000_000


@dataclass(frozen=True)
class _FirstRecord:
    """The first offending record: its line number, its text cut to a readable length, its number of fields."""

    no: int
    line: str
    fields: int


@dataclass(frozen=True)
class Layout:
    """A text file (a path, or its bytes as UTF-8), its separator, its number of columns and the lines of its header."""

    name: str
    source: Path | bytes
    separator: str
    columns: int
    header_lines: int

    @property
    def engine(self) -> Literal["in-memory", "streaming"]:
        """How the engine looks at the file: a small one in one piece, since setting up pieces side by side takes ten times as long."""
        size = len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size
        return "in-memory" if size <= _ONE_PIECE_BYTES else "streaming"

    def lines(self) -> pl.LazyFrame:
        """Every physical line after the header as `line`, with its 1-based number `no`. Zero bytes were refused before."""
        return pl.scan_csv(
            io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source,
            has_header=False,
            separator="\0",
            quote_char=None,
            skip_lines=self.header_lines,
            schema={"line": pl.String},
            row_index_name="no",
            row_index_offset=self.header_lines + 1,
        ).with_columns(pl.col("line").fill_null("").str.strip_chars_end("\r"))


def refuse_ragged(layout: Layout) -> tuple[int, int]:
    """Count rows with content and rows without any.

    Raises InputsRefused for a record with too few or too many fields, a file that ends inside a quoted field, a quote in the
    middle of a field, and line ends that the reader does not know.
    """
    look = _first_look(layout)
    if not look["quotes"]:
        if look["wrong"]:
            raise _ragged(layout, _records(layout, quoted=False, spanning=False))
        return look["rows"], look["blanks"]
    records = _records(layout, quoted=True, spanning=look["odd"] > 0)
    counts = records.select(**_counts(layout), stray=pl.col("stray").sum()).collect(engine=layout.engine).row(0, named=True)
    if counts["stray"]:
        first = _first(records.filter(pl.col("stray")))
        raise InputsRefused(
            "a quote stands in the middle of a field, or the text after a closing quote goes on",
            where=f"{layout.name}:{first.no}",
            got=first.line,
            todo='put the whole field in quotes and double the quote inside: "5"" pipe"',
        )
    if counts["wrong"]:
        raise _ragged(layout, records)
    return counts["rows"], counts["blanks"]


def _counts(layout: Layout) -> dict[str, pl.Expr]:
    blank, right = pl.col("blank"), pl.col("fields") == layout.columns
    return {"rows": (~blank).sum(), "blanks": blank.sum(), "wrong": (~blank & ~right).sum()}


def _first_look(layout: Layout) -> dict[str, int]:
    """Quotes in all, lines with an odd number of them, and the counts that hold where there is no quote: one pass over the file.

    Raises InputsRefused where the quotes do not close, or lines end in a bare carriage return.
    """
    quotes = pl.col("line").str.count_matches('"', literal=True)
    returns = pl.col("line").str.contains("\r", literal=True)
    lines = _told(layout.lines().with_columns(quotes=quotes, returns=returns, bare=pl.col("line")), layout.separator, "quotes", "returns")
    facts = lines.select(quotes=pl.col("quotes").sum(), odd=(pl.col("quotes") % 2).sum(), returns=pl.col("returns").sum(), **_counts(layout))
    look: dict[str, int] = facts.collect(engine=layout.engine).row(0, named=True)
    if look["odd"] % 2:
        last = layout.lines().filter(quotes % 2 == 1).select(pl.col("no").max()).collect().item()
        raise InputsRefused(
            "the file ends inside a quoted field",
            where=f"{layout.name}:{last}",
            expected="a closing quote",
            got="the end of the file",
            todo="the file is cut off, or a quote is missing; ask for the file again",
        )
    if look["returns"] and not look["quotes"]:
        raise InputsRefused(
            "the lines end in a bare carriage return",
            where=layout.name,
            expected="line ends LF or CR LF",
            todo="export the file again with usual line ends",
        )
    return look


def _told(lines: pl.LazyFrame, separator: str, *kept: str) -> pl.LazyFrame:
    """Per line or record: its number of fields (separators outside quotes, in `bare`) and whether it is blank."""
    return lines.select(
        "no",
        "line",
        *kept,
        fields=pl.col("bare").str.count_matches(separator, literal=True) + 1,
        blank=pl.col("line").str.strip_chars(separator) == "",
    )


def _records(layout: Layout, *, quoted: bool, spanning: bool) -> pl.LazyFrame:
    """One row per record: `no` of its first line, `line`, `fields`, `blank`, `stray` (a quote that does not belong)."""
    lines = layout.lines()
    separator = layout.separator
    if spanning:
        lines = _joined(lines)
    if not quoted:
        return _told(lines.with_columns(bare=pl.col("line"), stray=pl.lit(value=False)), separator, "stray")
    bare = pl.col("line").str.replace_all(rf'(?s)(^|{re.escape(separator)})"(?:[^"]|"")*"', "${1}")
    stray = pl.col("bare").str.contains('"', literal=True) | _goes_on(separator)
    return _told(lines.with_columns(bare=bare).with_columns(stray=stray), separator, "stray")


def _goes_on(separator: str) -> pl.Expr:
    """Whether text follows a closing quote before the next separator: `"a"b,c`."""
    mark = re.escape(separator)
    return pl.col("line").str.contains(rf'(?s)^(?:(?:"(?:[^"]|"")*"|[^"{mark}]*){mark})*"(?:[^"]|"")*"[^"{mark}]')


def _joined(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Physical lines put together where a quoted field goes over several of them."""
    odd = pl.col("line").str.count_matches('"', literal=True) % 2
    opened = odd.cum_sum().shift(1, fill_value=0) % 2 == 1  # this line begins inside a quoted field
    table = lines.collect().sort("no").with_columns(record=(~opened).cum_sum())
    return table.group_by("record", maintain_order=True).agg(pl.col("no").first(), pl.col("line").str.join("\n")).lazy().drop("record")


def _first(records: pl.LazyFrame) -> _FirstRecord:
    first = records.sort("no").head(1).collect().row(0, named=True)
    line = str(first["line"])
    shown = 120
    return _FirstRecord(first["no"], line if len(line) <= shown else f"{line[:shown]} … ({len(line)} characters)", first["fields"])


def _ragged(layout: Layout, records: pl.LazyFrame) -> InputsRefused:
    wrong = records.filter(~pl.col("blank") & (pl.col("fields") != layout.columns))
    first = _first(wrong)
    last = records.select(pl.col("no").max()).collect().item()
    few = first.fields < layout.columns
    cut = few and first.no == last
    what = "the last record is cut off" if cut else f"a record has too {'few' if few else 'many'} fields"
    todo = (
        "the file is not complete; ask for it again" if cut else f"check the separator ({layout.separator!r}), or put fields that hold it in quotes"
    )
    return InputsRefused(
        what, where=f"{layout.name}:{first.no}", expected=f"{layout.columns} fields", got=f"{first.fields} fields: {first.line}", todo=todo
    )
