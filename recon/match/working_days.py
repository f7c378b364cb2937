"""Working days between dates: Monday to Friday, corrected by what the company's calendar names. Bucket-local: masters only."""

from __future__ import annotations

from dataclasses import dataclass
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
