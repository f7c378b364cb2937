"""Credit limits that were raised in time, and those that stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.credit_raises import shipped_after_a_raise
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("CSH-13")
def raised_a_minute_earlier_or_lowered_a_day_later(book: Book) -> None:
    """Raised twenty-four hours and a minute before the goods left; raised ten days before and lowered eight days after."""
    shipped_after_a_raise(book, 1, minute=1)
    shipped_after_a_raise(book, 10, lowered_after=8)
