"""Goods sold at exactly what they cost, and a gift that was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.giveaways import approve_gift, sold
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("PRC-18")
def at_cost(book: Book) -> None:
    """Ten pieces at 40.00 that cost 40.00 each."""
    sold(book, "40.00")


@spares("PRC-17")
def an_approved_gift(book: Book) -> None:
    """Finished goods for nothing, which the sales manager approved."""
    chain, _, _ = sold(book, "0.00", "FINISHED")
    approve_gift(chain)
