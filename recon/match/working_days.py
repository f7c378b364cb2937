"""Working days between dates: Monday to Friday, corrected by what the company's calendar names. Bucket-local: masters only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.match.given import table

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.workpapers import Accepted

_FRIDAY: Final = 5
_DAY: Final = pl.duration(days=1)


@dataclass(frozen=True)
class WorkingDays:
    """Days of rest from Monday to Friday, and weekend days on which the company works to make up for them, both in order."""

    rest: tuple[date, ...]
    made_up: pl.Series

    def between(self, start: pl.Expr, end: pl.Expr) -> pl.Expr:
        """Working days after `start` up to and including `end`; negative where the end comes first, null where a date is unknown."""
        usual = pl.business_day_count(start + _DAY, end + _DAY, holidays=self.rest).cast(pl.Int64)
        return usual + self._made_up_to(end) - self._made_up_to(start)

    def counted(self, day: pl.Expr) -> pl.Expr:
        """The day as a term counts it: the one after the last working day before it, so that a term that ends on a day of rest lasts to the next working day."""
        usual = (day - _DAY).dt.add_business_days(0, holidays=self.rest, roll="backward")
        if self.made_up.is_empty():
            return usual + _DAY
        place = pl.lit(self.made_up).search_sorted(day, side="left").cast(pl.Int64) - 1
        last = pl.lit(self.made_up).gather(pl.when(place >= 0).then(place).cast(pl.UInt32))
        return pl.max_horizontal(usual, last) + _DAY

    def passed(self, start: pl.Expr, end: pl.Expr) -> pl.Expr:
        """Working days from `start` up to but not including `end`: how many were let pass. Backwards the same number, negative.

        So a term that ends on a day of rest lasts to the next working day: nothing has passed before that day is over.
        """
        first, last = pl.min_horizontal(start, end), pl.max_horizontal(start, end)
        made_up = self._made_up_to(last - _DAY) - self._made_up_to(first - _DAY)
        count = pl.business_day_count(first, last, holidays=self.rest).cast(pl.Int64) + made_up
        return pl.when(start.is_not_null() & end.is_not_null()).then(pl.when(start > end).then(-count).otherwise(count))

    def last_of_term(self, start: pl.Series, days: pl.Series) -> pl.Series:
        """The last day of terms of so many working days (not null) after `start`; one that starts on a day of rest counts from the next working day."""
        known = start.drop_nulls().sort()
        if known.is_empty():
            return start.clone()
        first, most = known.item(0), max(days.to_list())
        last = max([known.item(-1), *self.rest[-1:], *self.made_up.to_list()[-1:]]) + timedelta(days=2 * most + 7)
        axis = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
        works = (pl.col("day").dt.weekday() <= _FRIDAY) & ~pl.col("day").is_in(list(self.rest)) | pl.col("day").is_in(self.made_up.to_list())
        working = axis.filter(works)["day"]
        place = pl.lit(working).search_sorted(pl.lit(start), side="left").cast(pl.UInt32) + pl.lit(days).cast(pl.UInt32)
        return pl.select(pl.when(pl.lit(start).is_not_null()).then(pl.lit(working).gather(place))).to_series().alias(start.name)

    def _made_up_to(self, day: pl.Expr) -> pl.Expr:
        if self.made_up.is_empty():
            return pl.lit(0, dtype=pl.Int64)
        return pl.lit(self.made_up).search_sorted(day, side="right").cast(pl.Int64)


def working_days(accepted: Accepted) -> WorkingDays:
    """The company's working days; without a calendar Monday to Friday."""
    days = table(accepted, "calendar").select("date", "is_working_day").unique("date", keep="any").sort("date").collect()
    usual = pl.col("date").dt.weekday() <= _FRIDAY
    rest = days.filter(usual & ~pl.col("is_working_day"))["date"]
    return WorkingDays(tuple(rest.to_list()), days.filter(~usual & pl.col("is_working_day"))["date"])
