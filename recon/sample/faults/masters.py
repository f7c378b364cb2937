"""Masters that are not in order: business with a blocked party, a line of an item nobody has on file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample import approvals
from recon.sample.book import Book, Value, ago
from recon.sample.chain import Chain
from recon.sample.faults.registry import LATER, domestic, goods, on_document, on_order, plants
from recon.sample.masters import party_row


@plants("DAT-05")
def ordered_from_a_blocked_supplier(book: Book) -> None:
    """An order, not yet delivered, to a supplier whom the master blocks."""
    _order_with(book, PROCURE_TO_PAY, "SB", "an order to a blocked supplier", is_active="true", is_blocked="true")


@plants("DAT-05")
def sold_to_an_inactive_customer(book: Book) -> None:
    """An order, not yet shipped, of a customer whom the master no longer has as active."""
    _order_with(book, ORDER_TO_CASH, "KB", "an order of an inactive customer", is_active="false", is_blocked="false")


def _order_with(book: Book, cycle: Cycle, series: str, note: str, **standing: Value) -> None:
    party = replace(domestic(book, cycle), party_id=book.number(series))
    book.add(cycle.party_table, party_row(party) | standing)
    chain = Chain(book, cycle, book.day_between(ago(25), ago(3)), party, promised_date=LATER)
    chain.line(goods(book, cycle), 10, Decimal("88.00"))
    approvals.approve_order(chain)
    book.expect("DAT-05", *on_document(cycle.order_type, chain.number), note)


@plants("DAT-06")
def ordered_an_unknown_item(book: Book) -> None:
    """An order line, not yet delivered, of an item that is not in the item master."""
    chain = Chain(book, PROCURE_TO_PAY, book.day_between(ago(25), ago(3)), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(replace(goods(book, PROCURE_TO_PAY), item_id=book.number("X")), 10, Decimal("19.00"))
    approvals.approve_order(chain)
    book.expect("DAT-06", *on_order(chain, line), "the item is not on file")
