"""The company's calendar: Chinese public holidays, the Saturdays and Sundays worked to make up for them, open hours, fiscal periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from recon.sample.book import AS_OF, FIRST_DAY, days

if TYPE_CHECKING:
    from recon.sample.book import Row

#: first and last day of each holiday of the year
_HOLIDAYS: Final = (
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
)
#: weekend days on which work is made up
_MADE_UP: Final = frozenset({
    date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
})  # fmt: skip
_SATURDAY: Final = 5


def is_working_day(day: date) -> bool:
    """Whether the company works on that day."""
    is_holiday = any(first <= day <= last for first, last in _HOLIDAYS)
    return day in _MADE_UP or (day.weekday() < _SATURDAY and not is_holiday)


def working_days_after(day: date, count: int) -> date:
    """The day on which so many working days have passed."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def calendar_rows() -> list[Row]:
    """Every day from the first of the books to the as-of date, open from eight to six."""
    return [_day(FIRST_DAY + timedelta(days=i)) for i in range((AS_OF - FIRST_DAY).days + 1)]


def _day(day: date) -> Row:
    works = is_working_day(day)
    return {"date": day, "is_working_day": str(works).lower(), **({"opens_at": "08:00", "closes_at": "18:00"} if works else {})}


def fiscal_period_rows() -> list[Row]:
    """Calendar months, each closed on the evening of the eighth of the next; the last one is open."""
    rows: list[Row] = []
    first = FIRST_DAY
    while first <= AS_OF:
        following = (first + days(31)).replace(day=1)
        row: Row = {"company_code": None, "period": f"{first:%Y-%m}", "from_date": first, "to_date": following - days(1)}
        if following <= AS_OF:
            row["closed_at"] = f"{following.replace(day=8)}T18:00:00+08:00"
        rows.append(row)
        first = following
    return rows
