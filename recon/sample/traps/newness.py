"""Suppliers that rested for a year to the day, collective records used as they should be, and new suppliers that waited or got little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import days, stamp
from recon.sample.faults.keepers import LATELY, paid
from recon.sample.faults.newness import collective, last_paid
from recon.sample.faults.parties import own_account, supplier
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("PTY-05")
def paid_after_exactly_a_year(book: Book) -> None:
    """Paid 365 days after the last time."""
    paid(book, last_paid(book, LATELY - days(365)))


@spares("PTY-06")
def used_as_it_should_be(book: Book) -> None:
    """Two payees of one collective record, exactly 5,000 each."""
    party = collective(book)
    for name in ("城北搬运队", "城西园艺社"):
        paid(book, party, "5000.00", payee_name=name, payee_account=own_account(book), reference=name)


@spares("PTY-08")
def new_and_small_or_large_and_older(book: Book) -> None:
    """Fifteen days after it was created a large payment; fourteen days after, one of 420."""
    paid(book, supplier(book, created_at=stamp(LATELY - days(15), "09:00:00")), "960000.00")
    paid(book, supplier(book, created_at=stamp(LATELY - days(14), "09:00:00")), "420.00")
