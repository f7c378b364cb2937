"""Credit notes after a period's end that are no larger than usual."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from recon.sample.faults.late_credits import taken_back
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("CUT-03")
def bonus_after_the_quarter(book: Book) -> None:
    """Exactly 20,000.00 of September credited in October, as in June and in August for the months before."""
    for month in (5, 7, 9):
        taken_back(book, date(2026, month, 12), date(2026, month + 1, 8), "4000.00")


@spares("CUT-03")
def credits_of_every_other_month_end(book: Book) -> None:
    """Five pieces credited in the last days of a month, as is usual here: earlier months end with such a credit note too, in either company."""
    for month, day in ((4, 29), (6, 29), (8, 30)):
        taken_back(book, date(2026, month, 12), date(2026, month, day), "160.00")
    for month, day in ((6, 29), (8, 30)):
        taken_back(book, date(2026, month, 12), date(2026, month, day), "160.00", "C20")
