"""Approval chains that are complete, and an order a step below a second approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.chains import large_order
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("APR-13")
def both_steps_in_order(book: Book) -> None:
    """Exactly five million with both steps; a cent a piece less with one."""
    large_order(book, "50000.00")
    large_order(book, "49999.99", None)
