"""Working days and open hours of the company's calendar, and spans of time by the wall clock and by the business clock.

Bucket-local: masters only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.errors import InputsRefused
from recon.domain.money import RATE
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_DAY_SECONDS: Final = 86_400
_LAST_WORKDAY: Final = 5
_TIME: Final = r"^([01]?\d|2[0-4]):([0-5]\d)$"


@dataclass(frozen=True)
class Calendar:
    """Days from the first to the last that the calendar names; a day between them that it does not name works from Monday to Friday.

    `working`: working days up to and including each day. `open_before`: open seconds before each day begins. `opens`, `closes`:
    seconds of the day; both 0 on days that do not work. All lie in the order of the days. Without a calendar there are no days.
    """

    first: date
    working: pl.Series
    open_before: pl.Series
    opens: pl.Series
    closes: pl.Series
    time_zone: str

    def works(self, day: pl.Expr) -> pl.Expr:
        """Whether a day (date) is a working day; null where the calendar does not reach."""
        return self._at(self.working - self.working.shift(1, fill_value=0), day) > 0

    def open_hours(self, start: pl.Expr, end: pl.Expr) -> pl.Expr:
        """Hours between two instants in which the company was open; null where the calendar does not reach."""
        return in_hours((self._open_until(end) - self._open_until(start)) * 1_000_000)

    def is_open(self, moment: pl.Expr) -> pl.Expr:
        """Whether the company was open at an instant; null where the calendar does not reach."""
        day, second = self._place(moment)
        return (second >= self._at(self.opens, day)) & (second < self._at(self.closes, day))

    def _open_until(self, moment: pl.Expr) -> pl.Expr:
        day, second = self._place(moment)
        opens, closes = self._at(self.opens, day), self._at(self.closes, day)
        today = (pl.min_horizontal(second, closes) - opens).clip(lower_bound=0)
        return self._at(self.open_before, day) + pl.when(opens.is_not_null()).then(today)

    def _place(self, moment: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        local = moment.dt.convert_time_zone(self.time_zone)
        second = local.dt.hour().cast(pl.Int64) * 3600 + local.dt.minute().cast(pl.Int64) * 60 + local.dt.second().cast(pl.Int64)
        return local.dt.date(), second

    def _at(self, values: pl.Series, day: pl.Expr) -> pl.Expr:
        if values.is_empty():
            return pl.lit(None, dtype=pl.Int64)
        place = (day - pl.lit(self.first)).dt.total_days()
        return pl.lit(values).gather(pl.when((place >= 0) & (place < values.len())).then(place).cast(pl.UInt32))


def in_hours(microseconds: pl.Expr) -> pl.Expr:
    """Microseconds as hours: 25 / 9 ten-thousand-millionths of an hour each, rounded down once."""
    units = (microseconds * 25) // 9
    return (units.cast(pl.Decimal(38, 10)) * pl.lit("0.0000000001").cast(RATE)).cast(RATE)


def hours_of(span: pl.Expr) -> pl.Expr:
    """A duration in hours by the wall clock, as a rate."""
    return in_hours(span.dt.total_microseconds())


def calendar(accepted: Accepted, engagement: Engagement) -> Calendar:
    """The company's calendar. Open hours are those of the row, else the whole working day. Raises InputsRefused for a time that is none."""
    none = pl.Series([], dtype=pl.Int64)
    rows = table(accepted, "calendar").select("date", "is_working_day", "opens_at", "closes_at", "source_file", "source_row").collect()
    if not is_given(accepted, "calendar") or rows.is_empty():
        return Calendar(engagement.as_of, none, none, none, none, engagement.time_zone)
    named = rows.unique("date", keep="any").with_columns(opens=_seconds(rows, "opens_at", 0), closes=_seconds(rows, "closes_at", _DAY_SECONDS))
    first, last = named.select(pl.col("date").min().alias("first"), pl.col("date").max().alias("last")).row(0)
    days = pl.DataFrame({"date": pl.date_range(first, last, eager=True)}).join(named, on="date", how="left", validate="1:1", maintain_order="left")
    works = pl.coalesce("is_working_day", pl.col("date").dt.weekday() <= _LAST_WORKDAY)
    opens = pl.when(works).then(pl.col("opens").fill_null(0)).otherwise(0)
    closes = pl.when(works).then(pl.col("closes").fill_null(_DAY_SECONDS)).otherwise(0)
    days = days.select(works=works.cast(pl.Int64), opens=opens.cast(pl.Int64), closes=closes.cast(pl.Int64))
    worked = days.select(working=pl.col("works").cum_sum(), before=(pl.col("closes") - pl.col("opens")).cum_sum().shift(1, fill_value=0))
    return Calendar(first, worked["working"], worked["before"], days["opens"], days["closes"], engagement.time_zone)


def _seconds(rows: pl.DataFrame, column: str, default: int) -> pl.Expr:
    wrong = rows.filter(pl.col(column).is_not_null() & ~pl.col(column).str.contains(_TIME))
    if wrong.height:
        file, row, said = wrong.select("source_file", "source_row", column).row(0)
        raise InputsRefused(
            "a time of the calendar cannot be read", where=f"{file}:{row}:{column}", expected="hours and minutes such as 09:00", got=str(said),
            todo="write the time of day with a colon, or leave it empty",
        )  # fmt: skip
    hour = pl.col(column).str.extract(_TIME, 1).cast(pl.Int64)
    minute = pl.col(column).str.extract(_TIME, 2).cast(pl.Int64)
    return (hour * 3600 + minute * 60).fill_null(default)
