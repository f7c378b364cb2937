"""Small payments by hand, payments on days of rest that are small or no days of rest, and payments that are one run or within the limit together."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from recon.sample.book import days
from recon.sample.faults.keepers import LATELY, paid
from recon.sample.faults.parties import supplier
from recon.sample.faults.payment_manners import BY_HAND, SATURDAY, paid_on
from recon.sample.faults.payments import bought
from recon.sample.settle import settle
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book

#: a Saturday on which work of the holidays of October is made up
MADE_UP = date(2026, 10, 10)


@spares("PAY-05")
def five_thousand_by_hand(book: Book) -> None:
    """Exactly 5,000.00 made by hand, and as much in no payment run."""
    paid(book, supplier(book), "5000.00", is_manual="true")
    paid(book, supplier(book), "5000.00", run_id=None)


@spares("PAY-06")
def a_saturday_that_is_none(book: Book) -> None:
    """Exactly 10,000.00 on a Saturday, and 11,600.00 or more on one on which work was made up: no two the same sum, for the suppliers are of one group."""
    paid_on(book, supplier(book, group_id=BY_HAND), SATURDAY, "10000.00", reference=book.number("SLIP"))
    copy = int(book.number("REST").rpartition("-")[2]) - 100_000
    chain, document = bought(book, MADE_UP, 0, -8, f"{100 + 3 * copy}.00")
    next(row for row in reversed(book.rows["supplier"]) if row["party_id"] == chain.party.party_id)["group_id"] = BY_HAND
    settle(chain, MADE_UP, [document])


@spares("PAY-08")
def one_run_and_within_the_limit(book: Book) -> None:
    """Two of twelve millions in one payment run, two four days apart, and eight and twelve that are exactly the limit."""
    for first, second, gap in (("12000000.00", "12000000.40", 0), ("12100000.00", "9000000.00", 4), ("8000000.00", "12000000.00", 1)):
        party = supplier(book)
        paid_on(book, party, LATELY - days(2), first)
        paid_on(book, party, LATELY - days(2 - gap), second)
