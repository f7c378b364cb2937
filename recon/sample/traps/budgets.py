"""Orders that take the last cent of their budget or were allowed more, and orders with the bids they needed, or none needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample import approvals
from recon.sample.book import ago
from recon.sample.faults.budgets import budgeted, tendered
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("APR-17")
def the_last_cent_and_more_by_leave(book: Book) -> None:
    """10,000.00 where exactly as much was left, and where 5,000.00 was, with the finance director's leave to pass the budget."""
    budgeted(book, "10000.00")
    chain = budgeted(book, "5000.00")
    approvals.event(book, approvals.order_keys(chain), "CFO01", book.moment(ago(20), 15), step="BUDGET")


@spares("APR-18")
def three_bids_or_none_needed(book: Book) -> None:
    """25,000.00 after three bids, exactly 20,000.00 after none, and 25,000.00 with a waiver that the director approved."""
    tendered(book, "250.00", 3)
    tendered(book, "200.00", 0)
    tendered(book, "250.30", 0, "approve")
