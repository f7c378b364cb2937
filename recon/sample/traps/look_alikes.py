"""Invoices that look like duplicates and are none; references that need a second look."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, days
from recon.sample.chain import Chain, Document, Part
from recon.sample.faults.registry import domestic, goods, in_full_width, some_time
from recon.sample.settle import settle
from recon.sample.traps.registry import spares


def _digits(book: Book) -> int:
    return book.rng.randint(200_000, 800_000) * 10


def _halves(book: Book, one: str, other: str, apart: int) -> None:
    """Two invoices of one supplier over 50 each of one order of 100."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, book.rng.randint(300, 4500) / Decimal(100))
    approve_order(chain)
    chain.fulfil(day + days(5), chain.whole())
    for number, later in ((one, 0), (other, apart)):
        chain.invoice(day + days(6 + later), [Part(line, Decimal(50))], invoice_number=number)


@spares("DUP-03")
def consecutive_numbers_of_equal_amount(book: Book) -> None:
    """Two part bills of equal size under consecutive numbers, on one day and a week apart."""
    first = _digits(book)
    _halves(book, f"BILL-{first}", f"BILL-{first + 1}", 0)
    _halves(book, f"INV-2026-{first + 4}", f"INV-2026-{first + 5}", 7)


@spares("DUP-03")
def alike_at_a_glance(book: Book) -> None:
    """Numbers ending in 40 and 45 for equal amounts are two documents, whatever their likeness."""
    first = _digits(book)
    _halves(book, f"BILL-{first}40", f"BILL-{first}45", 7)


@spares("DUP-01", "DUP-03", "DUP-04")
def same_number_at_another_supplier(book: Book) -> None:
    """Two suppliers happen to use one number for one amount, a day apart."""
    day, number = some_time(book), f"{_digits(book)}"
    one = domestic(book, PROCURE_TO_PAY)
    other = domestic(book, PROCURE_TO_PAY)
    while other == one:
        other = domestic(book, PROCURE_TO_PAY)
    for offset, party in enumerate((one, other)):
        chain = Chain(book, PROCURE_TO_PAY, day, party)
        chain.line(book.masters.items["MECHANICAL"][0], 40, Decimal("25.00"))
        approve_order(chain)
        chain.fulfil(day + days(5), chain.whole())
        chain.invoice(day + days(6 + offset), chain.whole(), invoice_number=number)


@spares("DUP-01", "QTY-01")
def entered_again_after_a_reversal(book: Book) -> None:
    """The first entry was reversed before the invoice was entered again under its own number."""
    day, digits = some_time(book), _digits(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 30, Decimal("48.00"))
    approve_order(chain)
    chain.fulfil(day + days(3), chain.whole())
    first = chain.invoice(day + days(6), chain.whole(), invoice_number=f"ZX-{digits}")
    named: Row = {"origin_invoice_number": first.number, "origin_invoice_line_no": "1"}
    chain.invoice(day + days(7), [Part(line, -line.quantity, named)], "reversal", invoice_number=f"REV-{digits}")
    chain.invoice(day + days(6), chain.whole(), invoice_number=f"ZX {digits}")


@spares("DUP-01", "DUP-03")
def two_credits_of_one_amount(book: Book) -> None:
    """Two value credits of one amount on one day under one invoice, whose sum stays within it."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 20, Decimal("20.00"))
    approve_order(chain)
    chain.fulfil(day + days(3), chain.whole())
    document = chain.invoice(day + days(6), [Part(line, line.quantity, {"unit_price_net": Decimal("20.40")})])
    first = _digits(book)
    credits_given = [_value_credit(chain, document, number) for number in (f"CN-{first}", f"CN-{first + 9}")]
    settle(chain, document.day + days(chain.party.term_days), [document, *credits_given])


def _value_credit(chain: Chain, document: Document, number: str) -> Document:
    columns: Row = dict.fromkeys(("quantity", "uom", "unit_price_net", "price_per"))
    columns |= {"line_amount_net": Decimal("-4.00"), "origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    return chain.invoice(document.day + days(8), [Part(chain.lines[0], Decimal(0), columns)], "value_credit", invoice_number=number)


@spares("DAT-10", "MIS-01")
def order_number_in_full_width(book: Book) -> None:
    """The clerk typed the order's number in full-width characters: it resolves."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 60, Decimal("17.00"))
    approve_order(chain)
    chain.fulfil(day + days(3), chain.whole())
    chain.invoice(day + days(6), [Part(line, line.quantity, {"po_number": in_full_width(chain.number)})])
