"""Credit limits raised long ago, or by another person than who released the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.credit_releases import released_after
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("SOD-06")
def a_day_too_long_ago_or_another_person(book: Book) -> None:
    """Released ninety-one days after; released on the day after by another person."""
    released_after(book, 91)
    released_after(book, 1, by="SAD01")
