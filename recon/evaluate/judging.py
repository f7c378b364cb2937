"""Each control over its population: outside, no exception, exception, not testable. One pass for all controls of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from recon.domain import measures, scopes
from recon.evaluate import texts
from recon.evaluate.translate import Clock, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.evaluate.settings import Settings

#: Severity of controls that take notes and raise no exceptions.
NOTE: Final = "note"
#: Verdicts on one row, as small integers.
OUTSIDE, PASSED, EXCEPTION, NOT_TESTABLE = 0, 1, 2, 3
#: Columns of a population that describe a document, carried along wherever the population has them.
ABOUT: Final = (
    "cycle", "company_code", "party_id", "party_name", "order_number", "order_line_no", "item_id", "currency", "age_days", "internal_number",
    "document_count", "source_file", "source_row",
)  # fmt: skip
#: What a row is worth in company currency: the first of these that its measured table has.
_SIZES: Final = ("ordered_amount_base", "invoiced_amount_base", "amount_gross_base", "amount_net_base", "amount_base", "amount_spread_base")


@dataclass(frozen=True)
class Judged:
    """One population, in memory, with a column of verdicts for each of its controls."""

    table: str
    rows: pl.DataFrame
    verdicts: pl.DataFrame  # one UInt8 column per control id, aligned with rows
    readers: Mapping[str, Reader]

    def where(self, control_id: str, code: int) -> pl.DataFrame:
        """The rows on which a control came to this verdict."""
        # places are taken many times faster than a mask is laid over every column
        return self.rows[(self.verdicts[control_id] == code).arg_true()]

    def raised_by(self, control: Control) -> Raised:
        """What a control found in this population."""
        return Raised(control, self.table, self.where(control.id, EXCEPTION), self.readers[control.id])


@dataclass(frozen=True)
class Raised:
    """The rows on which a control found an exception, of one population or of several parts of one, and how its texts read them."""

    control: Control
    table: str
    rows: pl.DataFrame
    reader: Reader

    def with_those_of(self, more: Raised) -> Raised:
        """These and what the same control found in another part of its population."""
        return replace(self, rows=pl.concat([self.rows, more.rows], rechunk=False))


@dataclass(frozen=True)
class Tally:
    """How a population fell.

    Rows of it, rows that could not be tested, where that is all of them the columns nobody knows, and what both are worth in company
    currency (null: not known).
    """

    population: int
    untested: int
    unknown_columns: tuple[str, ...]
    amount_base: Decimal | None = None
    untested_amount_base: Decimal | None = None
    noted: int = 0  # rows of which a note is taken, where the control takes notes
    exceptions: int = 0


def size_of(table: str) -> str | None:
    """The column that says what a row of the measured table is worth in company currency, where it has one."""
    return next((name for name in _SIZES if name in measures.schema(table)), None)


def clock_of(engagement: Engagement) -> Clock:
    """The run's clock: the as-of day, and the instant it ends in the engagement's time zone."""
    end = datetime.combine(engagement.as_of + timedelta(days=1), time.min, tzinfo=ZoneInfo(engagement.time_zone))
    return Clock(engagement.as_of, end.astimezone(UTC), engagement.period.from_, engagement.period.to)


def population_plans(
    frames: Mapping[str, pl.LazyFrame], controls: Sequence[Control], settings: Settings, always: Mapping[str, Iterable[str]]
) -> dict[str, pl.LazyFrame]:
    """The populations of the controls, cut to the columns in use. `always` names tables and columns needed beyond them.

    A column that a measured table should have and this one lacks is unknown in every row.
    """
    by_table: dict[str, list[Control]] = {table: [] for table in always}
    for control in controls:
        by_table.setdefault(control.population.table, []).append(control)
    plans = {}
    for table, its_controls in by_table.items():
        declared = measures.schema(table)
        wanted = {*ABOUT, measures.DOCUMENT_COUNT, size_of(table) or "cycle"} | set(always.get(table, ()))
        wanted = wanted.union(*(texts.columns(c) for c in its_controls)) & declared.keys()
        overrides = settings.columns(its_controls)
        if overrides:
            wanted |= set(scopes.SCOPE_COLUMNS) & declared.keys()
        frame = frames[table] if table in frames else pl.LazyFrame(schema=declared)
        present = set(frame.collect_schema().names())
        lacking = [pl.lit(None, dtype=declared[c]).alias(c) for c in sorted(wanted - present)]
        plan = frame.select(*sorted(wanted & present), *lacking)
        plans[table] = scopes.resolve(plan, settings.rules, overrides) if overrides else plan
    return plans


def judge(table: str, rows: pl.DataFrame, controls: Sequence[Control], settings: Settings, clock: Clock) -> Judged:
    """Verdicts of all controls over one population."""
    readers = {c.id: Reader(measures.schema(table), settings.of(c), clock) for c in controls}
    ids = [c.id for c in controls]
    verdicts = rows.lazy().with_columns(verdict_of(c, readers[c.id]).alias(c.id) for c in controls).select(ids).collect()
    return Judged(table, rows, verdicts, readers)


def verdict_of(control: Control, reader: Reader) -> pl.Expr:
    """Unknown membership and unknown conditions are not testable: null is never a pass."""
    found = texts.rules(control)
    inside = reader.condition(found["population.where"])
    breach = reader.condition(found["exception_when"])
    untestable = reader.condition(found["not_testable_when"])
    return (
        pl.when(~inside)
        .then(OUTSIDE)
        .when(inside.is_null() | untestable.fill_null(value=False) | breach.is_null())
        .then(NOT_TESTABLE)
        .when(breach)
        .then(EXCEPTION)
        .otherwise(PASSED)
        .cast(pl.UInt8)
    )


def tally(control: Control, judged: Judged) -> Tally:
    """How a population fell under a control."""
    verdict = judged.verdicts[control.id]
    is_inside, is_untested = verdict != OUTSIDE, verdict == NOT_TESTABLE
    inside, untested_rows = int(is_inside.sum()), int(is_untested.sum())
    unknown = _unknown_columns(control, judged) if inside and untested_rows == inside else ()
    population, untested = _size(judged, is_inside), _size(judged, is_untested)
    worth = _worth(judged, is_inside if inside < verdict.len() else None), _worth(judged, is_untested) if untested_rows else None
    found = verdict == EXCEPTION
    noted = _size(judged, found) if control.severity == NOTE else 0
    return Tally(population, untested, unknown, *worth, noted=noted, exceptions=int(found.sum()))


def _size(judged: Judged, rows: pl.Series) -> int:
    """How many documents these rows stand for."""
    if measures.DOCUMENT_COUNT in judged.rows.columns:
        return int(judged.rows[measures.DOCUMENT_COUNT].filter(rows).sum())
    return int(rows.sum())


def together(before: Tally | None, more: Tally) -> Tally:
    """How two parts of one population fell. Nobody knows a column when nobody knows it in either part."""
    if before is None or not before.population:
        return more
    if not more.population:
        return before
    return Tally(
        before.population + more.population,
        before.untested + more.untested,
        tuple(name for name in before.unknown_columns if name in more.unknown_columns),
        _added(before.amount_base, more.amount_base),
        _added(before.untested_amount_base, more.untested_amount_base),
        noted=before.noted + more.noted,
        exceptions=before.exceptions + more.exceptions,
    )


def _added(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


def _worth(judged: Judged, rows: pl.Series | None) -> Decimal | None:
    """What these rows (None: all) are worth, credits with their size; null where no row's worth is known."""
    size = size_of(judged.table)
    if size is None:
        return None
    figures = judged.rows[size]
    known = (figures if rows is None else figures.filter(rows)).drop_nulls()
    return Decimal(known.abs().sum()) if known.len() else None


def _unknown_columns(control: Control, judged: Judged) -> tuple[str, ...]:
    """Columns on which the verdict hangs and that no row of the population knows."""
    names = [c for c in texts.judging_columns(control) if c in judged.rows.columns]
    rows = judged.rows.filter(judged.verdicts[control.id] != OUTSIDE)
    nulls = rows.select(pl.col(names).null_count()).row(0) if names else ()
    return tuple(name for name, count in zip(names, nulls, strict=True) if count == rows.height)
