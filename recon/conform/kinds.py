"""Typing, in one place: canonical text -> canonical types, with the reason where it cannot be done.

Every column comes back as two expressions: the value (null where it cannot be read) and the fault (null where all is well).
A row with a fault is set aside; a blank cell is a null and no fault. Exact Parquet types take a shorter way to the same types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.conform.cells import normalised_id, stripped
from recon.domain.documents import dtypes
from recon.domain.source import DATE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

#: Digits behind the point per kind; before the point 18 fit, so that products of two figures stay exact (domain/money.py).
_SCALE: Final = {"money": 6, "quantity": 10, "price": 10, "rate": 10}
_WHOLE_DIGITS: Final = {"money": 18, "quantity": 18, "price": 18, "rate": 10}
_TRUE: Final = ["true", "yes", "y", "t", "1", "是", "√"]
_FALSE: Final = ["false", "no", "n", "f", "0", "否"]
_ISO_ZONED: Final = "%Y-%m-%dT%H:%M:%S%.f%#z"
_ISO_DAY_LENGTH: Final = 10
_EXCEL_DAY_ZERO: Final = pl.date(1899, 12, 30)
_EXCEL_DAYS: Final = (20_000, 80_000)  # 1954 to 2119: beyond, a bare number is hardly a date

#: Rules under which a cell is set aside, and what the reader of rejected_rows.csv is told.
RULES: Final = {
    "not_a_number": "the cell is not a plain decimal number",
    "too_many_digits": "the number has more digits than can be kept exactly",
    "not_a_whole_number": "the cell is not a whole number",
    "not_a_date": "the cell is not a date in a declared format",
    "not_a_timestamp": "the cell is not a timestamp in ISO form or a declared format",
    "no_such_local_time": "the clock was put forward over this local time",
    "not_a_flag": "the cell is neither yes nor no",
    "unknown_word": "the profile's map does not know this word",
    "no_partner_row": "the row refers to a header or master row that is not there",
    "same_file_again": "the file says again, byte for byte, what another file of this input said",
}


@dataclass(frozen=True)
class Typed:
    """A canonical column as expressions: its value, why it cannot be read (null: it can), and its companion for timestamps."""

    value: pl.Expr
    fault: pl.Expr | None
    is_date_only: pl.Expr | None = None
    text: pl.Expr | None = None  # what stood in the cell, where the cleaned cell is not that


@dataclass(frozen=True)
class Clock:
    """How dates of a column are written, and the zone of timestamps that name none."""

    formats: tuple[str, ...]
    time_zone: str


def typed(cell: pl.Expr, kind: str, source: pl.DataType, clock: Clock) -> Typed:
    """The typed column of a `cleaned` cell whose source type is `source` (String from text files, an exact type from Parquet)."""
    exact = None if source == pl.String else _exact(cell, kind, source, clock)
    return exact or _FROM_TEXT[kind](cell, kind, clock)


def cleaned(cell: pl.Expr, kind: str, source: pl.DataType, clock: Clock) -> pl.Expr:
    """The cell as `typed` wants it: exact values as they are, text without blanks around it, ids normalised.

    To be a column of its own before it is typed: the block-wise clean-up is opaque to the engine, which would repeat it for
    every expression built on it.
    """
    if source != pl.String and _exact(cell, kind, source, clock) is not None:
        return cell
    if kind == "id":
        return normalised_id(cell.cast(pl.String))
    text = stripped(cell.cast(pl.String))
    if kind == "timestamp":
        return _stamps(text, clock)
    return _without_midnight(text) if kind == "date" else text


def _exact(cell: pl.Expr, kind: str, source: pl.DataType, clock: Clock) -> Typed | None:
    """The short way for an exact source type, or None where there is none and its text is read."""
    if kind in _SCALE and source.is_numeric():
        return _exact_number(cell, kind, source)
    if kind == "flag" and source == pl.Boolean:
        return Typed(cell, None)
    if kind == "date" and source.is_temporal():
        zoned = getattr(source, "time_zone", None) is not None
        return Typed((cell.dt.convert_time_zone(clock.time_zone) if zoned else cell).cast(pl.Date), None)
    if kind == "timestamp" and source.is_temporal():
        return _exact_timestamp(cell, source, clock)
    return None


def literal_formats(names: list[str] | None, kind: str) -> tuple[str, ...]:
    """Patterns of the named date formats; the default is ISO."""
    default = ["iso"] if kind == "date" else []
    return tuple(DATE_FORMATS.get(name, name) for name in (names or default))


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────
def _number(text: pl.Expr, kind: str, _: Clock) -> Typed:
    scale, digits = _SCALE[kind], _WHOLE_DIGITS[kind]
    fits = text.str.contains(rf"^[+-]?(?:0*[0-9]{{1,{digits}}}(?:\.[0-9]{{0,{scale}}}0*)?|\.[0-9]{{1,{scale}}}0*)$")
    # of the few that do not fit it is asked why
    is_number = pl.when(~fits).then(text).str.contains(r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$")
    value = pl.when(fits).then(text).cast(dtypes()[kind])
    fault = pl.when(~fits).then(pl.when(is_number).then(pl.lit("too_many_digits")).otherwise(pl.lit("not_a_number")))
    return Typed(value, fault)


def _exact_number(cell: pl.Expr, kind: str, source: pl.DataType) -> Typed:
    target = dtypes()[kind]
    wide = cell if isinstance(source, pl.Decimal) else cell.cast(pl.Decimal(38, 0))
    limit = pl.lit("1" + "0" * _WHOLE_DIGITS[kind]).cast(pl.Decimal(38, 0))
    fits = (wide < limit) & (wide > -limit)
    if isinstance(source, pl.Decimal) and source.scale > _SCALE[kind]:
        kept = pl.when(fits).then(wide).cast(target)
        fits &= kept.cast(pl.Decimal(38, source.scale)) == wide
    return Typed(pl.when(fits).then(wide).cast(target), pl.when(~fits).then(pl.lit("too_many_digits")))


def _count(text: pl.Expr, _: str, __: Clock) -> Typed:
    fits = text.str.contains(r"^[+-]?[0-9]{1,18}(?:\.0*)?$")
    value = pl.when(fits).then(text).str.replace(r"\.0*$", "").str.strip_prefix("+").cast(pl.Int64)
    return Typed(value, pl.when(~fits).then(pl.lit("not_a_whole_number")))


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────
def _text(text: pl.Expr, _: str, __: Clock) -> Typed:
    return Typed(text, None)


def _flag(text: pl.Expr, _: str, __: Clock) -> Typed:
    word = text.str.to_lowercase()
    value = pl.when(word.is_in(_TRUE)).then(pl.lit(value=True)).when(word.is_in(_FALSE)).then(pl.lit(value=False))
    return Typed(value, pl.when(word.is_not_null() & ~word.is_in([*_TRUE, *_FALSE])).then(pl.lit("not_a_flag")))


# ── dates and timestamps ─────────────────────────────────────────────────────────────────────────────────
def _date(text: pl.Expr, _: str, clock: Clock) -> Typed:
    value = pl.coalesce([_as_date(text, pattern, clock.time_zone) for pattern in clock.formats])
    return Typed(value, pl.when(text.is_not_null() & value.is_null()).then(pl.lit("not_a_date")))


def _without_midnight(text: pl.Expr) -> pl.Expr:
    """Workbooks and databases write a date as `2026-10-31 00:00:00`: the midnight says nothing."""

    def in_block(block: pl.Series) -> pl.Series:
        return (
            block.str.replace(r"[T ]00:00:00(?:\.0+)?$", "")
            if block.str.ends_with("0").any() and block.str.contains(":", literal=True).any()
            else block
        )

    return text.map_batches(in_block, return_dtype=pl.String, is_elementwise=True)


def _as_date(text: pl.Expr, pattern: str, zone: str) -> pl.Expr:
    if pattern == "excel_serial":
        days = _excel_serial(text).str.extract(r"^([0-9]+)").cast(pl.Int32)
        return _EXCEL_DAY_ZERO + pl.duration(days=days)
    if pattern == "epoch_ms":
        return _epoch(text).dt.convert_time_zone(zone).dt.date()
    if any(mark in pattern for mark in ("%H", "%I", "%T", "%z", "%+")):
        return _whole_stamp(text, pattern).dt.date()
    if pattern == "%Y%m%d":
        text = pl.when(text.str.contains(r"^[0-9]{8}$")).then(text)
    return text.str.to_date(pattern, strict=False)


def _whole_stamp(text: pl.Expr, pattern: str) -> pl.Expr:
    if pattern == DATE_FORMATS["iso_timestamp"]:
        text = text.str.replace(r"^([0-9-]{10}) +", "${1}T")
    return text.str.to_datetime(pattern, time_unit="us", strict=False)


def _excel_serial(text: pl.Expr) -> pl.Expr:
    serial = pl.when(text.str.contains(r"^[0-9]{5}(?:\.[0-9]+)?$")).then(text)
    days = serial.str.extract(r"^([0-9]{5})").cast(pl.Int32)
    return pl.when(days.is_between(*_EXCEL_DAYS)).then(serial)


def _epoch(text: pl.Expr) -> pl.Expr:
    return (
        pl.when(text.str.contains(r"^[0-9]{12,14}$"))
        .then(text)
        .cast(pl.Int64)
        .cast(pl.Datetime("ms"))
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("UTC")
    )


def _timestamp(cell: pl.Expr, _: str, __: Clock) -> Typed:
    read = cell.struct
    return Typed(read.field("value"), read.field("fault"), read.field("is_date_only"), read.field("text"))


def _stamps(text: pl.Expr, clock: Clock) -> pl.Expr:
    """Timestamps read block by block: a struct of value, fault, is_date_only and text. Most blocks are in ISO form with a zone."""
    kinds = pl.Struct({"value": pl.Datetime("us", "UTC"), "fault": pl.String, "is_date_only": pl.Boolean, "text": pl.String})

    def in_block(block: pl.Series) -> pl.Series:
        cells = block.alias("text").to_frame()
        zoned = cells.select(pl.col("text").str.to_datetime(_ISO_ZONED, time_unit="us", strict=False, time_zone="UTC").alias("value"))
        if zoned["value"].null_count() == block.null_count():
            known = pl.when(pl.col("value").is_not_null()).then(pl.lit(value=False))
            ready = zoned.with_columns(fault=pl.lit(None, dtype=pl.String), is_date_only=known, text=block)
        else:
            ready = _any_stamps(cells, clock)
        return ready.select("value", "fault", "is_date_only", "text").to_struct(block.name)

    return text.map_batches(in_block, return_dtype=kinds, is_elementwise=True)


def _any_stamps(cells: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    text, iso = pl.col("text"), pl.col("iso")
    cells = cells.with_columns(
        iso=text.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) +", "${1}T").str.replace(r"^(.{10}T[0-9]{2}:[0-9]{2})(Z|[+-].*)?$", "${1}:00${2}")
    )
    names_zone = iso.str.contains(r"T.*(?:Z|z|[+-][0-9]{2}:?[0-9]{0,2})$")
    zoned = [pl.when(names_zone).then(iso.str.replace("z$", "Z")).str.to_datetime(_ISO_ZONED, time_unit="us", strict=False, time_zone="UTC")]
    zoned += [_epoch(text)] if "epoch_ms" in clock.formats else []
    bare = [pl.when(~names_zone).then(iso).str.to_datetime(DATE_FORMATS["iso_timestamp"], time_unit="us", strict=False)]
    bare += [_stamp(text, p) for p in clock.formats if _has_time(p) and p != "epoch_ms"]
    days = [pl.when(iso.str.len_chars() == _ISO_DAY_LENGTH).then(iso).str.to_date("%Y-%m-%d", strict=False)]
    # a column declared to hold days keeps its days where the export wrote midnight beside them
    days += [_as_date(_without_midnight(text), p, clock.time_zone) for p in clock.formats if not _has_time(p)]
    cells = cells.with_columns(zoned=pl.coalesce(zoned), bare=pl.coalesce(bare), day=pl.coalesce(days))
    date_only = pl.col("day").is_not_null()
    cells = cells.with_columns(bare=pl.when(~date_only).then(pl.col("bare")))
    midnight = pl.when(date_only).then(pl.col("day")).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    cells = cells.with_columns(value=pl.coalesce(pl.col("zoned"), _in_zone(pl.col("bare"), clock.time_zone), midnight), date_only=date_only)
    lost = text.is_not_null() & pl.col("value").is_null()
    return cells.with_columns(
        fault=pl.when(lost & pl.col("bare").is_not_null()).then(pl.lit("no_such_local_time")).when(lost).then(pl.lit("not_a_timestamp")),
        is_date_only=pl.when(pl.col("value").is_not_null()).then(pl.col("date_only")),
    )


def _has_time(pattern: str) -> bool:
    return pattern in {"excel_serial", "epoch_ms"} or any(mark in pattern for mark in ("%H", "%I", "%T", "%+"))


def _stamp(text: pl.Expr, pattern: str) -> pl.Expr:
    if pattern == "excel_serial":
        serial = _excel_serial(text)
        days = serial.str.extract(r"^([0-9]+)").cast(pl.Int32)
        part = pl.concat_str(pl.lit("0."), serial.str.extract(r"\.([0-9]+)$").fill_null("0")).cast(pl.Decimal(38, 12))
        seconds = (part * pl.lit(86_400)).round(0).cast(pl.Int64)
        return _EXCEL_DAY_ZERO.cast(pl.Datetime("us")) + pl.duration(days=days, seconds=seconds)
    return _whole_stamp(text, pattern)


def _in_zone(stamp: pl.Expr, zone: str) -> pl.Expr:
    """A local time as UTC. Of the hour that comes twice in autumn the first is taken; one that never was is null."""
    return stamp.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _exact_timestamp(cell: pl.Expr, source: pl.DataType, clock: Clock) -> Typed:
    if source == pl.Date:
        return Typed(cell.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), None, cell.is_not_null())
    stamp = cell.cast(pl.Datetime("us", getattr(source, "time_zone", None)))
    if getattr(source, "time_zone", None) is not None:
        return Typed(stamp.dt.convert_time_zone("UTC"), None, pl.when(cell.is_not_null()).then(pl.lit(value=False)))
    value = _in_zone(stamp, clock.time_zone)
    fault = pl.when(cell.is_not_null() & value.is_null()).then(pl.lit("no_such_local_time"))
    return Typed(value, fault, pl.when(cell.is_not_null()).then(pl.lit(value=False)))


_FROM_TEXT: Final[dict[str, Callable[[pl.Expr, str, Clock], Typed]]] = {
    "id": _text,
    "text": _text,
    "flag": _flag,
    "count": _count,
    "date": _date,
    "timestamp": _timestamp,
    "money": _number,
    "quantity": _number,
    "price": _number,
    "rate": _number,
}
