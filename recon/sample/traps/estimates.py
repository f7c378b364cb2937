"""Estimates of the ledger that are reversed in an unusual way that is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("BAL-07")
def reversed_in_halves(book: Book) -> None:
    """An estimate of September reversed by two postings, the second on the last day of October."""
    book.reversals.append("in halves")
