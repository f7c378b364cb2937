"""Credit limits that were raised for one delivery."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.approvals import approve_order
from recon.sample.book import ago, days, stamp
from recon.sample.chain import Chain
from recon.sample.faults.control import approve_master
from recon.sample.faults.keepers import changed
from recon.sample.faults.parties import customer
from recon.sample.faults.registry import goods, plants

if TYPE_CHECKING:
    from recon.sample.book import Book


def shipped_after_a_raise(
    book: Book, days_before: int, minute: int = 0, lowered_after: int | None = None
) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """A limit of 5,000 raised so many days before goods of 6,400 leave at ten, a minute or so later; lowered again so many days after. Returns how it is named.

    The order itself was released on record by somebody else, and every change of the limit is approved.
    """
    day, party = book.day_between(ago(100), ago(40)), customer(book, credit_limit=5_000 if lowered_after else 5_000_000)
    raised = day - days(days_before)
    moves = [(raised, ("5000", "5000000"))] + ([(day + days(lowered_after), ("5000000", "5000"))] if lowered_after else [])
    for when, values in moves:
        changed(book, party, "credit_limit", values, changed_at=stamp(when, "10:00:00"))
        approve_master(book, party, stamp(when + days(1), "11:00:00"))
    released = {"credit_released_by": "SAD01", "credit_released_at": stamp(day - days(20), "15:00:00")}
    chain = Chain(book, ORDER_TO_CASH, day - days(20), party, **released)
    chain.line(goods(book, ORDER_TO_CASH), 100, Decimal("64.00"))
    approve_order(chain)
    shipment = chain.fulfil(day, chain.whole(), incoterm="EXW", goods_issue_posted="true", created_at=stamp(day, f"10:{minute:02d}:00"))
    chain.invoice(day + days(1), chain.whole())
    return ("shipment", shipment.number, ""), (chain.number, "")


@plants("CSH-13")
def raised_the_day_before(book: Book) -> None:
    """Raised exactly twenty-four hours before the goods left."""
    book.expect("CSH-13", *shipped_after_a_raise(book, 1), "5,000 until the day before, 6,400 shipped")


@plants("CSH-13")
def lowered_a_week_later(book: Book) -> None:
    """Raised ten days before the goods left and lowered again seven days after."""
    book.expect("CSH-13", *shipped_after_a_raise(book, 10, lowered_after=7), "5,000 again a week later, 6,400 shipped")
