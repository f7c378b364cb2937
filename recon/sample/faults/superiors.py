"""Orders that a subordinate approved for the superior who asked for them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import days
from recon.sample.chain import Chain
from recon.sample.faults.registry import domestic, goods, on_document, plants, some_time

if TYPE_CHECKING:
    from recon.sample.book import Book


def asked_for_by(book: Book, requester: str) -> Chain:
    """An order that somebody asked for and BUYL1 approved, received and billed in full."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), requester_id=requester)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("21.80"))
    approve_order(chain, "BUYL1")
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    return chain


@plants("APR-20")
def approved_for_the_managers_manager(book: Book) -> None:
    """The purchasing director asked; the buying lead, two steps below, approved."""
    book.expect("APR-20", *on_document("purchase_order", asked_for_by(book, "CPO01").number), "the purchasing director asked, two steps above")
