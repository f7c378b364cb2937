"""Goods and bills on two sides of the end of September."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.book import Book, Row, days
from recon.sample.faults.registry import on_invoice, order, plants

if TYPE_CHECKING:
    from recon.sample.chain import Chain, Document, Line


def bought_across(book: Book, received: date, booked: date, missing: str) -> tuple[Chain, Document, Line]:
    """An order of 3,400 received on one day and booked on another; so much of it was not accrued."""
    chain, line = order(book, PROCURE_TO_PAY, received - days(6), "34.00")
    receipt = chain.fulfil(received, chain.whole())
    book.unaccrued[receipt.number] = Decimal(missing)
    return chain, chain.invoice(booked, chain.whole()), line


def sold_across(book: Book, shipped: date, price: str, incoterm: str, confirmed: date | None = None) -> tuple[Chain, Document, Line]:
    """A sale of 100 shipped and billed in September, which the customer confirms when it comes."""
    chain, line = order(book, ORDER_TO_CASH, shipped - days(5), price)
    shipment = chain.fulfil(shipped, chain.whole(), incoterm=incoterm, goods_issue_posted="true")
    if confirmed:
        row: Row = {"company_code": chain.company, "confirmation_number": book.number("POD"), "confirmed_date": confirmed}
        row |= {"shipment_number": shipment.number, "shipment_line_no": "1", "quantity_confirmed": Decimal(100), "uom": "PCS"}
        book.add("delivery_confirmation_line", row)
    return chain, chain.invoice(shipped + days(1), chain.whole()), line


@plants("TIM-03")
def received_in_september_booked_in_october(book: Book) -> None:
    """Received on the 28th of September, booked on the fifth of October, nothing accrued."""
    chain, document, line = bought_across(book, date(2026, 9, 28), date(2026, 10, 5), "3400")
    book.expect("TIM-03", *on_invoice(chain, document, line), "goods of September booked in October, nothing accrued")


@plants("TIM-04")
def billed_before_it_arrived(book: Book) -> None:
    """Delivered to the door on the second of October, billed on the 29th of September."""
    chain, document, line = sold_across(book, date(2026, 9, 28), "74.00", "DAP", date(2026, 10, 2))
    book.expect("TIM-04", *on_invoice(chain, document, line), "revenue of September for goods that arrived in October")


@plants("CUT-01")
def booked_three_weeks_later(book: Book) -> None:
    """Received on the second of September, booked on the twentieth of October, nothing accrued."""
    chain, document, line = bought_across(book, date(2026, 9, 2), date(2026, 10, 20), "3400")
    book.expect("CUT-01", *on_invoice(chain, document, line), "goods of September found with a bill of late October")


@plants("BAL-07")
def never_reversed(book: Book) -> None:
    """A receipt estimated at the end of September whose estimate nobody reversed."""
    book.reversals.append("never")


@plants("BAL-07")
def reversed_twice(book: Book) -> None:
    """A receipt estimated at the end of September whose estimate was reversed on two days."""
    book.reversals.append("twice")
