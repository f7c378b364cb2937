"""Stock counts that are two in a hundred off, or right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.stock import counted
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("STK-06")
def two_in_a_hundred_missing(book: Book) -> None:
    """A hundred in the books, 98 on the shelf, of something worth little."""
    counted(book, "100", "98")
