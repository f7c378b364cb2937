"""Rows that look incomplete, unreadable, repeated or damaged, and say all that is needed."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, domestic, goods, in_full_width, order, some_time
from recon.sample.traps.registry import spares


@spares("DAT-01")
def receipt_without_what_may_be_empty(book: Book) -> None:
    """A receipt TBD-… without posting date and warehouse, and a dash where the delivery note would stand: nothing mandatory is empty."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "18.20")
    chain.fulfil(day + days(5), chain.whole(), receipt_number=book.number("TBD"), posting_date=None, warehouse_id=None, supplier_delivery_note="-")
    chain.invoice(day + days(9), chain.whole())


@spares("DAT-02")
def receipt_in_another_writing(book: Book) -> None:
    """A date with blanks and midnight behind it, ten noughts behind the point, and an order that is valid for as long as a date can say."""
    day = some_time(book).replace(day=4)
    chain, line = order(book, PROCURE_TO_PAY, day, "18.40", valid_from="1900-01-01", valid_to="9999-12-31")
    written = {"receipt_date": f" {day + days(5)} 00:00:00 ", "posting_date": f"{day + days(5)}T00:00:00"}
    chain.fulfil(day + days(5), [Part(line, line.quantity, {"quantity": "100.0000000000"})], **written)
    chain.invoice(day + days(9), chain.whole())


@spares("DAT-13")
def two_pallets_in_two_lines(book: Book) -> None:
    """Two pallets of one size on one shipment: the rows are equal word for word but for the number of the line."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "98.60")
    chain.fulfil(day + days(5), [Part(line, Decimal(50)), Part(line, Decimal(50))], incoterm="EXW", goods_issue_posted="true")
    chain.invoice(day + days(6), chain.whole())


@spares("DAT-14")
def one_receipt_number_in_two_companies(book: Book) -> None:
    """Either company has a receipt of this number, one of 40 and one of 50: the company is part of the key."""
    day, number = some_time(book), book.number("GR")
    for company, quantity in (("C10", 40), ("C20", 50)):
        chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), company_code=company, promised_date=LATER)
        chain.line(goods(book, PROCURE_TO_PAY), quantity, Decimal("18.80"))
        approve_order(chain)
        chain.fulfil(day + days(5), chain.whole(), receipt_number=number)
        chain.invoice(day + days(9), chain.whole())


@spares("POP-05")
def number_with_e_and_plus(book: Book) -> None:
    """A bill numbered 26E+ and six digits: two digits stand before the letter, and no spreadsheet writes so."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "19.20")
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(9), chain.whole(), invoice_number=f"26E+{book.number('EXP').rpartition('-')[2]}")


@spares("DAT-06")
def item_in_full_width(book: Book) -> None:
    """The supplier's bill and our receipt write the item's number in full-width characters: it is on file."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "19.40")
    wide = {"item_id": in_full_width(line.item.item_id)}
    chain.fulfil(day + days(5), [Part(line, line.quantity, dict(wide))])
    chain.invoice(day + days(9), [Part(line, line.quantity, dict(wide))])
