"""Each control over its population: outside, no exception, exception, not testable. One pass for all controls of a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from recon.domain import measures, scopes
from recon.evaluate import texts
from recon.evaluate.translate import Clock, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, Matches
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
        return self.rows.filter(self.verdicts[control_id] == code)


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


def size_of(table: str) -> str | None:
    """The column that says what a row of the measured table is worth in company currency, where it has one."""
    return next((name for name in _SIZES if name in measures.schema(table)), None)


def clock_of(engagement: Engagement) -> Clock:
    """The run's clock: the as-of day, and the instant it ends in the engagement's time zone."""
    end = datetime.combine(engagement.as_of + timedelta(days=1), time.min, tzinfo=ZoneInfo(engagement.time_zone))
    return Clock(engagement.as_of, end.astimezone(UTC), engagement.period.from_, engagement.period.to)


def frames_of(accepted: Accepted, matches: Matches) -> dict[str, pl.LazyFrame]:
    """Measured tables by name, those found while validating included."""
    return {**accepted.facts, **matches.tables}


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
        wanted = {*ABOUT, size_of(table) or "cycle"} | set(always.get(table, ()))
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
    verdicts = rows.lazy().with_columns(_verdict(c, readers[c.id]).alias(c.id) for c in controls).select(ids).collect()
    return Judged(table, rows, verdicts, readers)


def _verdict(control: Control, reader: Reader) -> pl.Expr:
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
    """How a population fell under a control. A row that stands for several documents counts as so many."""
    verdict = judged.verdicts[control.id]
    weight = judged.rows["document_count"] if "document_count" in judged.rows.columns else pl.repeat(1, verdict.len(), eager=True)
    population = int(weight.filter(verdict != OUTSIDE).sum())
    untested = int(weight.filter(verdict == NOT_TESTABLE).sum())
    unknown = _unknown_columns(control, judged) if population and untested == population else ()
    noted = int(weight.filter(verdict == EXCEPTION).sum()) if control.severity == NOTE else 0
    return Tally(population, untested, unknown, _worth(judged, verdict != OUTSIDE), _worth(judged, verdict == NOT_TESTABLE), noted)


def _worth(judged: Judged, rows: pl.Series) -> Decimal | None:
    """What these rows are worth, credits with their size; null where no row's worth is known."""
    size = size_of(judged.table)
    if size is None:
        return None
    worth = judged.rows.lazy().filter(rows).select(pl.col(size).drop_nulls().abs())
    found: Decimal | None = worth.select(pl.when(pl.len() > 0).then(pl.col(size).sum())).collect().item()
    return found


def _unknown_columns(control: Control, judged: Judged) -> tuple[str, ...]:
    """Columns on which the verdict hangs and that no row of the population knows."""
    names = [c for c in texts.judging_columns(control) if c in judged.rows.columns]
    rows = judged.rows.filter(judged.verdicts[control.id] != OUTSIDE)
    nulls = rows.select(pl.col(names).null_count()).row(0) if names else ()
    return tuple(name for name, count in zip(names, nulls, strict=True) if count == rows.height)
