"""Prices that were agreed later, rose too fast or were not used; discounts that nobody gave or nobody agreed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, domestic, goods, on_bill, on_invoice, on_order, order, plants, some_time
from recon.sample.masters import Item, item_row

if TYPE_CHECKING:
    from recon.sample.chain import Document, Line
    from recon.sample.masters import Party

_GROUP = "TOOLING"


def agree(book: Book, party: Party, item: Item, price: str, since: tuple[date, date]) -> None:
    """A contract's price of an item; `since`: the first day it holds, and the day it was entered."""
    first, entered = since
    row: Row = {"contract_id": f"FA-{party.party_id}", "party_id": party.party_id, "item_id": item.item_id, "valid_from": first}
    row |= {"valid_to": date(2027, 6, 30), "uom": item.base_uom, "unit_price_net": Decimal(price), "currency": "CNY", "price_per": 1}
    book.add("price_list_line", row | {"created_by": "MDM01", "created_at": f"{entered}T15:00:00+08:00"})


def lowered_afterwards(book: Book, price: str) -> tuple[Chain, Document]:
    """100 billed at 20.00 six weeks ago; three weeks ago a lower price was entered that holds since before that bill."""
    party, item = domestic(book, PROCURE_TO_PAY), goods(book, PROCURE_TO_PAY)
    agree(book, party, item, "20.00", (date(2025, 7, 1), date(2025, 6, 20)))
    chain = Chain(book, PROCURE_TO_PAY, ago(58), party, promised_date=LATER)
    chain.line(item, 100, Decimal("20.00"))
    approve_order(chain)
    chain.fulfil(ago(50), chain.whole())
    document = chain.invoice(ago(45), chain.whole())
    agree(book, party, item, price, (ago(61), ago(20)))
    return chain, document


def two_orders(book: Book, first: str, second: str) -> tuple[Chain, Line]:
    """The same item twice from one supplier, the second time two months later; returns the second order."""
    party, item = domestic(book, PROCURE_TO_PAY), goods(book, PROCURE_TO_PAY)
    for day, quantity, price in ((ago(90), 50, first), (ago(30), 40, second)):
        chain = Chain(book, PROCURE_TO_PAY, day, party, promised_date=LATER)
        line = chain.line(item, quantity, Decimal(price))
        approve_order(chain)
        chain.fulfil(day + days(6), chain.whole())
        chain.invoice(day + days(9), chain.whole())
    return chain, line


def beside_the_contract(book: Book, price: str) -> tuple[Chain, Line]:
    """Ten tools bought from somebody else than the supplier who has the contract, at 100.00, for them."""
    item = Item(book.number("N"), _GROUP, "PCS", Decimal("100.00"), "刀具 Milling tool")
    book.add("item", item_row(item))
    agree(book, domestic(book, PROCURE_TO_PAY), item, "100.00", (date(2025, 7, 1), date(2025, 6, 20)))
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(item, 10, Decimal(price))
    approve_order(chain)
    chain.fulfil(day + days(6), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    return chain, line


def with_discount(book: Book, share: str, quantity: int) -> tuple[Chain, Line, Document]:
    """Ordered at 100.00 less a share, and billed at 100.00."""
    day = some_time(book)
    after = Decimal(100) * (1 - Decimal(share))
    chain, line = order(book, PROCURE_TO_PAY, day, str(after), quantity, line_discount_share=Decimal(share))
    chain.fulfil(day + days(5), chain.whole())
    return chain, line, chain.invoice(day + days(9), [Part(line, line.quantity, {"unit_price_net": Decimal("100.00")})])


@plants("PRC-06")
def discount_forgotten(book: Book) -> None:
    """Ten pieces at a list price of 100.00; the order agrees one and a half per cent, the bill gives nothing."""
    chain, line, document = with_discount(book, "0.015", 10)
    book.expect("PRC-06", *on_invoice(chain, document, line), "15.00 agreed, nothing given")


@plants("PRC-06")
def discount_that_nobody_agreed(book: Book) -> None:
    """Twelve off a customer's bill of 900; the order says nothing of a discount."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "90.00", 10)
    chain.fulfil(day + days(5), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    document = chain.invoice(day + days(7), [Part(line, line.quantity, {"discount_amount": Decimal("12.00")})])
    book.expect("PRC-06", *on_invoice(chain, document, line), "12.00 given, nothing agreed")


@plants("PRC-08")
def new_price_never_claimed(book: Book) -> None:
    """The price fell to 18.00 for bills that had been paid for at 20.00."""
    chain, document = lowered_afterwards(book, "18.00")
    book.expect("PRC-08", *on_bill(chain, document), "100 pieces, 2.00 each")


@plants("PRC-13")
def fifteen_per_cent_dearer(book: Book) -> None:
    """10.00 two months ago, 11.50 now."""
    chain, line = two_orders(book, "10.00", "11.50")
    book.expect("PRC-13", *on_order(chain, line), "11.50 after 10.00")


@plants("PRC-14")
def tools_from_somebody_else(book: Book) -> None:
    """Tools for 1,100.00 from a supplier without the contract."""
    chain, line = beside_the_contract(book, "110.00")
    book.expect("PRC-14", *on_order(chain, line), "1,100.00 beside the contract")
