"""Planters by control: one small function each, on documents of its own, so that exactly the labelled exceptions arise."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample import approvals
from recon.sample.book import AS_OF, Book, Value, ago, days
from recon.sample.chain import Chain, Document, Line
from recon.sample.newcomers import newcomer

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.masters import Item, Party

Planter = Callable[[Book], None]

#: control -> its planters, used in turn
PLANTERS: Final[dict[str, list[Planter]]] = {}
#: day by which an order is promised when its delivery is not the point
LATER: Final = AS_OF + days(45)


def plants(control_id: str) -> Callable[[Planter], Planter]:
    """Register a planter of exceptions of that control."""

    def register(planter: Planter) -> Planter:
        PLANTERS.setdefault(control_id, []).append(planter)
        return planter

    return register


def domestic(book: Book, cycle: Cycle) -> Party:
    """A party that trades in company currency without agreed prices, and with whom no other case deals: two cases never meet."""
    return newcomer(book, cycle)


def goods(book: Book, cycle: Cycle) -> Item:
    """Something usual to buy or sell."""
    return book.rng.choice(book.masters.items["MECHANICAL" if cycle is PROCURE_TO_PAY else "FINISHED"])


def order(book: Book, cycle: Cycle, day: date, price: str, quantity: int = 100, **terms: Value) -> tuple[Chain, Line]:
    """An approved order of one line, promised for later; `price` in company currency."""
    chain = Chain(book, cycle, day, domestic(book, cycle), promised_date=LATER)
    line = chain.line(goods(book, cycle), quantity, Decimal(price), **terms)
    approvals.approve_order(chain)
    return chain, line


def some_time(book: Book) -> date:
    """A day on which an old order may have begun: everything about it is long over."""
    return book.day_between(ago(300), ago(60))


def in_full_width(text: str) -> str:
    """Plain letters, digits and signs as a Chinese keyboard types them."""
    return "".join(chr(ord(sign) + 0xFEE0) for sign in text)


def on_order(chain: Chain, line: Line | None = None) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names an order line, or the order."""
    number = line.number if line else ""
    return (chain.cycle.order_type, chain.number, number), (chain.number, number)


def on_fulfilment(chain: Chain, document: Document, line: Line) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names the first line of a receipt or shipment of an order line."""
    named = (chain.number, line.number) if line.number else ("", "")
    return (chain.cycle.fulfilment_type, document.number, "1"), named


def on_invoice(chain: Chain, document: Document, line: Line) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names the first line of an invoice of an order line."""
    named = (chain.number, line.number) if line.number else ("", "")
    return (chain.cycle.invoice_type, document.number, "1"), named


def on_bill(chain: Chain, document: Document) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names a whole invoice that answers one order."""
    return (chain.cycle.invoice_type, document.number, ""), (chain.number, "")


def on_row(document_type: str, number: str) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names the first line of a document without saying which order it is about."""
    return (document_type, number, "1"), ("", "")


def on_document(document_type: str, number: str) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names a whole document; an order is its own order."""
    is_order = document_type in {PROCURE_TO_PAY.order_type, ORDER_TO_CASH.order_type}
    return (document_type, number, ""), (number if is_order else "", "")
