"""Credit limits and the orders that they would have stopped, in one hand."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.approvals import approve_order
from recon.sample.book import ago, days, stamp
from recon.sample.chain import Chain
from recon.sample.faults.control import approve_master
from recon.sample.faults.parties import customer
from recon.sample.faults.registry import goods, on_document, plants

if TYPE_CHECKING:
    from recon.sample.book import Book, Row


def released_after(book: Book, window: int, by: str = "SAM01") -> Chain:
    """A customer's limit raised by SAM01 and approved by another; so many days later somebody releases an order of it."""
    day, party = book.day_between(ago(100), ago(40)), customer(book)
    raised = day - days(window)
    change: Row = {"company_code": "C10", "document_type": "customer", "document_number": party.party_id, "field": "credit_limit"}
    change |= {"old_value": "2000000", "new_value": "5000000", "changed_by": "SAM01", "changed_at": stamp(raised, "10:00:00")}
    book.add("document_change", change)
    approve_master(book, party, stamp(raised + days(1), "11:00:00"))
    released: Row = {"credit_released_by": by, "credit_released_at": stamp(day, "15:00:00")}
    chain = Chain(book, ORDER_TO_CASH, day, party, **released)
    chain.line(goods(book, ORDER_TO_CASH), 100, Decimal("64.00"))
    approve_order(chain)
    chain.fulfil(day + days(4), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    chain.invoice(day + days(5), chain.whole())
    return chain


@plants("SOD-06")
def ninety_days_after(book: Book) -> None:
    """Released exactly ninety days after the same person had raised the limit."""
    book.expect("SOD-06", *on_document("sales_order", released_after(book, 90).number), "raised the limit ninety days before")
