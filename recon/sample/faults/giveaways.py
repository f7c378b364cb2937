"""Goods sold for less than they cost, and goods that nobody paid for and nobody approved."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.approvals import event, order_keys
from recon.sample.book import Book, days
from recon.sample.chain import Chain
from recon.sample.faults.registry import LATER, domestic, on_invoice, on_order, plants, some_time
from recon.sample.masters import Item, item_row

if TYPE_CHECKING:
    from recon.sample.chain import Document, Line

_GROUP = "MERCHANDISE"


def sold(book: Book, price: str, group: str = _GROUP) -> tuple[Chain, Line, Document]:
    """Ten pieces of a thing that costs 40.00, sold and billed at a price."""
    item = Item(book.number("N"), group, "PCS", Decimal("40.00"), "配件 Accessory")
    book.add("item", item_row(item))
    day = some_time(book)
    chain = Chain(book, ORDER_TO_CASH, day, domestic(book, ORDER_TO_CASH), promised_date=LATER)
    line = chain.line(item, 10, Decimal(price))
    chain.fulfil(day + days(4), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    return chain, line, chain.invoice(day + days(6), chain.whole())


def approve_gift(chain: Chain) -> None:
    """The sales manager approves the order, though its amount would not ask for it."""
    event(chain.book, order_keys(chain), "SAM01", chain.book.moment(chain.day, 14))


@plants("PRC-18")
def below_cost(book: Book) -> None:
    """Ten pieces at 39.99 that cost 40.00 each."""
    chain, line, document = sold(book, "39.99")
    book.expect("PRC-18", *on_invoice(chain, document, line), "399.90 for what costs 400.00")


@plants("PRC-17")
def nobody_approved_the_gift(book: Book) -> None:
    """Ten pieces for nothing, and no approval."""
    chain, line, document = sold(book, "0.00")
    book.expect("PRC-17", *on_order(chain, line), "ten pieces that cost 400.00 for nothing")
    book.expect("PRC-18", *on_invoice(chain, document, line), "nothing for what costs 400.00")
