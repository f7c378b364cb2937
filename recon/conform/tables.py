"""One part of a profile -> typed rows of a canonical table, with the rows set aside and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon.conform.cells import canonical_text, holds, stripped, unknown_to_map
from recon.conform.inputs import Prepared, joined, split_reference
from recon.conform.kinds import RULES, Clock, Typed, cleaned, literal_formats, typed
from recon.domain import money
from recon.domain.documents import DATE_ONLY, SOURCE_FILE, SOURCE_ROW, TABLES, schema
from recon.domain.source import Numbers, Value
from recon.domain.subjects import subject
from recon.domain.workpapers import REJECTED, REJECTED_ABOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.source import Amounts, Part, SourceProfile

_FAULT = "__fault."
_CELL = "__cell."
_READ = "__read."
_PARTNER = "__partner"
_ASIDE = "__aside"


@dataclass(frozen=True)
class Cell:
    """Where a canonical column's text comes from: the expression, its source type, how its dates are written, its faults by then."""

    text: pl.Expr
    source: pl.DataType
    clock: Clock
    unknown_word: pl.Expr | None = None


@dataclass(frozen=True)
class Rows:
    """Typed rows of one canonical table from one part, what was set aside, and the sums of the table's control total."""

    frame: pl.LazyFrame
    supplied: frozenset[str]
    rejected: pl.DataFrame
    tie_out: pl.DataFrame  # one row of domain/tie_out


def canonical_rows(table: str, source: Prepared, profile: SourceProfile, time_zone: str) -> Rows:
    """Rows of an input that is canonical already: columns keep their names and are typed."""
    types = source.frame.collect_schema()
    zone = profile.time_zone or time_zone
    cells = {}
    for column in TABLES[table].columns:
        if column.name in source.columns:
            cells[column.name] = Cell(pl.col(column.name), types[column.name], Clock(literal_formats(None, column.kind), zone))
    return _typed_rows(table, source.frame, cells, None, None)


def part_rows(table: str, part: Part, inputs: Mapping[str, Prepared], profile: SourceProfile, time_zone: str) -> Rows:
    """Rows that a part of a profile contributes to a table: filtered, joined, mapped, signed, typed and derived."""
    source = inputs[part.from_]
    aliases = {join.alias for join in part.join}
    own = [c for c in part.where if split_reference(c.column, aliases)[0] is None]
    frame = source.frame
    for condition in own:
        frame = frame.filter(holds(condition, condition.column))
    partner = []
    for join in part.join:
        frame = joined(frame, join, inputs[join.with_], f"{profile.origin}:tables.{table}")
        if join.missing == "set_aside":
            partner.append(pl.when(~pl.col(f"{join.alias}.")).then(pl.lit("no_partner_row")))
    for condition in part.where:
        if condition not in own:
            frame = frame.filter(holds(condition, condition.column))
    absent = source.absent | {f"{j.alias}.{c}" for j in part.join for c in inputs[j.with_].absent}
    types = frame.collect_schema()
    cells = {
        name: _cell(value, TABLES[table].column(name).kind, types, profile, time_zone)
        for name, value in part.columns.items()
        if value.constant is not None or not value.mentions() <= absent
    }
    return _typed_rows(table, frame, cells, pl.coalesce(partner) if partner else None, _Finish(part, profile))


def _cell(value: Value, kind: str, types: Mapping[str, pl.DataType], profile: SourceProfile, time_zone: str) -> Cell:
    clock = Clock(literal_formats(value.dates, kind), value.time_zone or profile.time_zone or time_zone)
    raw, source = _origin(value, types)
    touched = value.model_dump(
        exclude={"column", "constant", "columns", "first_of", "joined_by", "dates", "time_zone", "sign", "times", "times_by", "grain"}
    )
    untouched = touched == Value(constant="").model_dump(include=set(touched)) and profile.numbers == Numbers() and not profile.empty
    if untouched:
        return Cell(raw, source, clock)
    raw = raw if source == pl.String else raw.cast(pl.String)
    text = canonical_text(value, raw, kind, profile.numbers, profile.empty)
    return Cell(text, pl.String(), clock, unknown_to_map(value, raw, profile.empty))


def _origin(value: Value, types: Mapping[str, pl.DataType]) -> tuple[pl.Expr, pl.DataType]:
    if value.constant is not None:
        return pl.lit(value.constant, dtype=pl.String), pl.String()
    if value.columns is not None:
        return pl.concat_str([stripped(pl.col(c).cast(pl.String)) for c in value.columns], separator=value.joined_by), pl.String()
    if value.first_of is not None:
        return pl.coalesce([stripped(pl.col(c).cast(pl.String)) for c in value.first_of]), pl.String()
    name = str(value.column)
    return pl.col(name), types[name]


# ── typing ───────────────────────────────────────────────────────────────────────────────────────────────
def _typed_rows(table: str, frame: pl.LazyFrame, cells: Mapping[str, Cell], partner: pl.Expr | None, finish: _Finish | None) -> Rows:
    """Clean and type all cells in one pass; only if a row has a fault are its cells read again for the list of rejected rows."""
    kinds = {c.name: c.kind for c in TABLES[table].columns}
    ready = _ready(frame, cells, partner, kinds, finish)
    columns: dict[str, Typed] = {n: typed(pl.col(_CELL + n), kinds[n], cell.source, cell.clock) for n, cell in cells.items()}
    faults = {name: fault for name in cells if (fault := _first_fault(name, columns[name], cells[name])) is not None}
    if partner is not None:
        faults[_PARTNER] = pl.col(_FAULT + _PARTNER)
    wrong = pl.any_horizontal([fault.is_not_null() for fault in faults.values()]) if faults else pl.lit(value=False)
    present = ready.collect_schema().names()
    values = [column.value.alias(name) for name, column in columns.items()]
    values += [c.is_date_only.alias(name + DATE_ONLY) for name, c in columns.items() if c.is_date_only is not None]
    carried = [c for c in present if c in {SOURCE_FILE, SOURCE_ROW} or c.startswith(_READ)]
    done = ready.select(*values, *carried, wrong.alias(_ASIDE)).collect()
    rejected = _rejected(table, ready.filter(wrong), faults, columns) if done[_ASIDE].any() else empty_rejected()
    if finish is not None:
        done = finish.finished(table, done)
    supplied = frozenset(name for name in done.columns if name in kinds and name not in carried)
    kept = done.filter(~pl.col(_ASIDE)) if done[_ASIDE].any() else done  # filtering copies: not for nothing
    return Rows(kept.drop(_ASIDE).lazy(), supplied, rejected, _tie_out_row(table, done))


def _writing(column: str, kind: str) -> str:
    """Document numbers stay as they were written: whether two spellings are one number is for matching and DUP-01 to say."""
    return "text" if kind == "id" and column.endswith("_number") else kind


def _ready(frame: pl.LazyFrame, cells: Mapping[str, Cell], partner: pl.Expr | None, kinds: Mapping[str, str], finish: _Finish | None) -> pl.LazyFrame:
    """What typing looks at, each a column of its own: cleaned cells, words unknown to a map, missing partners, signs, provenance."""
    present = frame.collect_schema().names()
    texts = [cleaned(cell.text, _writing(name, kinds[name]), cell.source, cell.clock).alias(_CELL + name) for name, cell in cells.items()]
    words = [cell.unknown_word.alias(_FAULT + name) for name, cell in cells.items() if cell.unknown_word is not None]
    partners = [partner.alias(_FAULT + _PARTNER)] if partner is not None else []
    reads = [pl.col(c).alias(_READ + c) for c in finish.reads()] if finish is not None else []
    return frame.select(*(c for c in (SOURCE_FILE, SOURCE_ROW) if c in present and c not in cells), *texts, *words, *partners, *reads)


def _tie_out_row(table: str, done: pl.DataFrame) -> pl.DataFrame:
    """Rows and sums of the control total, before and after; each amount is brought to money's scale before it is summed."""
    aside = pl.col(_ASIDE)
    total = TABLES[table].total
    figure = pl.col(total).cast(money.MONEY) if total in done.columns else None
    nothing = pl.lit(None, dtype=money.MONEY)
    return done.select(
        table=pl.lit(table),
        doorway=pl.lit("conform"),
        rows_in=pl.len().cast(pl.Int64),
        rows_out=(~aside).sum().cast(pl.Int64),
        rows_set_aside=aside.sum().cast(pl.Int64),
        amount_in=nothing if figure is None else figure.sum(),
        amount_out=nothing if figure is None else figure.filter(~aside).sum(),
        amount_set_aside=nothing if figure is None else figure.filter(aside).sum(),
    )


def _first_fault(name: str, column: Typed, cell: Cell) -> pl.Expr | None:
    if cell.unknown_word is None:
        return column.fault
    word = pl.when(pl.col(_FAULT + name)).then(pl.lit("unknown_word"))
    return word if column.fault is None else pl.coalesce(word, column.fault)


def _rejected(table: str, wrong: pl.LazyFrame, faults: Mapping[str, pl.Expr], columns: Mapping[str, Typed]) -> pl.DataFrame:
    """One row per cell that could not be read, with the text that stands there."""
    present = wrong.collect_schema().names()
    names = [c for c in present if c in {SOURCE_FILE, SOURCE_ROW}]
    texts = [(columns[n].text if n in columns else None) for n in faults]
    cells = [(pl.col(_CELL + n) if t is None else t).cast(pl.String).alias(_CELL + n) for n, t in zip(faults, texts, strict=True) if n in columns]
    about = _about(table, columns)
    found = wrong.select(*names, *about, *cells, *(fault.alias(_FAULT + n) for n, fault in faults.items())).collect()
    absent = [c for c in (SOURCE_FILE, SOURCE_ROW, _CELL + _PARTNER) if c not in found.columns]
    found = found.with_columns(pl.lit(None, dtype=pl.String).alias(c) for c in absent)
    listed = [
        found.filter(pl.col(_FAULT + n).is_not_null()).select(
            pl.lit(table).alias("table"),
            SOURCE_FILE,
            pl.col(SOURCE_ROW).cast(pl.UInt32),
            pl.lit("" if n == _PARTNER else n).alias("column"),
            pl.col(_FAULT + n).alias("rule"),
            pl.col(_CELL + n).alias("value"),
            pl.col(_FAULT + n).replace_strict(RULES, return_dtype=pl.String).alias("message"),
            *REJECTED_ABOUT,
        )
        for n in faults
    ]
    return pl.concat([empty_rejected(), *listed])


def _about(table: str, columns: Mapping[str, Typed]) -> list[pl.Expr]:
    """The document a row speaks about, as its cells write it."""
    words = subject(table)

    def cell(name: str | None) -> pl.Expr:
        return pl.col(_CELL + name).cast(pl.String) if name in columns and name is not None else pl.lit(None, dtype=pl.String)

    line = [cell(name) for name in words.line if name in columns]
    line_no = pl.concat_str(line, separator="/", ignore_nulls=True) if line else cell(None)
    told = (cell("company_code"), cell(words.number), line_no, cell(words.party))
    return [expression.alias(name) for name, expression in zip(REJECTED_ABOUT, told, strict=True)]


def empty_rejected() -> pl.DataFrame:
    """Rejected rows, none of them."""
    return pl.DataFrame(schema={c: pl.UInt32() if c == SOURCE_ROW else pl.String() for c in (*REJECTED, *REJECTED_ABOUT)})


# ── after typing: signs, factors, grain, derived amounts ─────────────────────────────────────────────────
@dataclass(frozen=True)
class _Finish:
    """What a part of a profile does to typed rows."""

    part: Part
    profile: SourceProfile

    def reads(self) -> list[str]:
        """Source columns that signs and factors look at."""
        values = self.part.columns.values()
        named = {v.sign.column for v in values if v.sign is not None} | {v.times_by.column for v in values if v.times_by is not None}
        return sorted(name for name in named if name is not None)

    def finished(self, table: str, done: pl.DataFrame) -> pl.DataFrame:
        """The rows with factors, signs, derived amounts and header grain applied; rows that repeat a document are set aside."""
        kinds = {c.name: c.kind for c in TABLES[table].columns}
        scaled = {n: v for n, v in self.part.columns.items() if n in done.columns and (v.sign or v.times or v.times_by)}
        done = done.with_columns(_scaled(n, v, kinds[n], self.profile).cast(schema(table)[n]).alias(n) for n, v in scaled.items())
        done = done.drop(c for c in done.columns if c.startswith(_READ))
        for amounts in self.part.derive:
            done = _derived(done, amounts)
        header = [name for name, value in self.part.columns.items() if value.grain == "header" and name in done.columns]
        if header:
            first = pl.int_range(pl.len()).over(self.part.document, order_by=[SOURCE_FILE, SOURCE_ROW]) == 0
            done = done.with_columns(pl.when(first).then(pl.col(name)).alias(name) for name in header)
        return _folded(done) if self.part.one_row_per_document else done


def _scaled(name: str, value: Value, kind: str, profile: SourceProfile) -> pl.Expr:
    figure = pl.col(name)
    scale = {"money": 6, "rate": 10, "quantity": 10, "price": 10}.get(kind, 0)
    if value.times is not None:
        figure = money.product(figure, pl.lit(value.times).cast(pl.Decimal(38, 10)), scale)
    if value.times_by is not None:
        known = stripped(pl.col(_READ + value.times_by.column).cast(pl.String))
        factor = known.replace_strict(value.times_by.values, default=value.times_by.otherwise, return_dtype=pl.String)
        figure = money.product(figure, factor.cast(pl.Decimal(38, 10)), scale)
    if value.sign is None or value.sign.rule == "already_signed":
        return figure
    if value.sign.rule == "negate":
        return -figure
    other = stripped(pl.col(_READ + str(value.sign.column)).cast(pl.String))
    if value.sign.rule == "column":
        numbers = value.numbers or profile.numbers
        text = canonical_text(Value(column=value.sign.column), other, "money", numbers, profile.empty)
        return pl.when(text.str.starts_with("-")).then(-figure.abs()).when(text.is_not_null()).then(figure.abs())
    turned = other.is_in(value.sign.negative).fill_null(value=False)
    base = figure.abs() if value.sign.rule == "abs_then_flag" else figure
    return pl.when(turned).then(-base).otherwise(base)


def _derived(done: pl.DataFrame, amounts: Amounts) -> pl.DataFrame:
    """The missing of net, tax and gross: from the other two exactly, else from one and the rate, rounded to the currency."""
    for name in (amounts.net, amounts.tax, amounts.gross):
        if name not in done.columns:
            done = done.with_columns(pl.lit(None, dtype=money.MONEY).alias(name))
    net, tax, gross = (pl.col(name) for name in (amounts.net, amounts.tax, amounts.gross))
    done = done.with_columns(pl.coalesce(net, gross - tax), pl.coalesce(tax, gross - net), pl.coalesce(gross, net + tax))
    if amounts.rate is None or amounts.rate not in done.columns:
        return done
    rate = pl.col(amounts.rate)
    currency = pl.col(amounts.currency)
    # net = gross / (1 + rate): the one division, rounded to the smallest unit of the currency right away
    quotient = (gross.cast(pl.Decimal(38, 10)) / (rate + 1).cast(pl.Decimal(38, 10))).cast(pl.Decimal(38, 10))
    done = done.with_columns(pl.coalesce(net, money.round_to_currency(quotient, currency)))
    done = done.with_columns(pl.coalesce(tax, gross - net, money.round_to_currency(money.amount(net, rate), currency)))
    return done.with_columns(pl.coalesce(gross, net + tax))


def _folded(done: pl.DataFrame) -> pl.DataFrame:
    """Of rows that say the same of one document the first in the file stays; rows that disagree all stay, for validation to see."""
    said = [c for c in done.columns if c not in {SOURCE_FILE, SOURCE_ROW, _ASIDE}]
    again = pl.int_range(pl.len()).over(said, order_by=[SOURCE_FILE, SOURCE_ROW]) > 0
    return done.with_columns((pl.col(_ASIDE) | again).alias(_ASIDE))
