"""Figures of invoices that do not agree among themselves or with the order: tax, arithmetic, exchange rates."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample.approvals import approve_invoice, approve_order
from recon.sample.book import Book, days
from recon.sample.chain import Chain, Document, Line, Part
from recon.sample.faults.registry import LATER, goods, on_document, on_invoice, on_row, order, plants, some_time
from recon.sample.newcomers import newcomer

_EX_WORKS: dict[str, str] = {"incoterm": "EXW", "goods_issue_posted": "true"}


def billed(book: Book, cycle: Cycle, price: str, quantity: int = 60, **columns: Decimal) -> tuple[Chain, Line, Document]:
    """So many of 100 ordered are delivered and billed as ordered; `columns` say otherwise."""
    day = some_time(book)
    chain, line = order(book, cycle, day, price)
    chain.fulfil(day + days(4), [Part(line, Decimal(quantity))], **({} if chain.buys else _EX_WORKS))
    return chain, line, chain.invoice(day + days(6), [Part(line, Decimal(quantity), dict(columns))])


def restate_tax(book: Book, chain: Chain, document: Document, by: str) -> None:
    """Move the tax of the first line, and with it the totals with tax, by an amount."""
    header = book.rows[chain.cycle.invoice_header_table][-1]
    for row, names in ((document.rows[0], ("line_tax_amount", "line_amount_gross")), (header, ("tax_amount", "amount_gross"))):
        row |= {name: Decimal(str(row[name])) + Decimal(by) for name in names}


@plants("TAX-01")
def another_rate(book: Book) -> None:
    """Nine per cent on the invoice, thirteen on the order."""
    chain, line, document = billed(book, PROCURE_TO_PAY, "21.00", tax_rate=Decimal("0.09"))
    book.expect("TAX-01", *on_invoice(chain, document, line), "9 per cent instead of 13")


@plants("TAX-01")
def another_rate_sold(book: Book) -> None:
    """The same on the sales side."""
    chain, line, document = billed(book, ORDER_TO_CASH, "37.00", tax_rate=Decimal("0.09"))
    book.expect("TAX-01", *on_invoice(chain, document, line), "9 per cent instead of 13")


@plants("TAX-02")
def tax_above(book: Book) -> None:
    """Fifteen cents of tax that no rounding gives."""
    chain, line, document = billed(book, PROCURE_TO_PAY, "21.00")
    restate_tax(book, chain, document, "0.15")
    book.expect("TAX-02", *on_invoice(chain, document, line), "0.15 more tax than 13 per cent of the amount")


@plants("TAX-03")
def tax_below(book: Book) -> None:
    """Fifteen cents of tax too few."""
    chain, line, document = billed(book, PROCURE_TO_PAY, "21.00")
    restate_tax(book, chain, document, "-0.15")
    book.expect("TAX-03", *on_invoice(chain, document, line), "0.15 less tax than 13 per cent of the amount")


@plants("TAX-03")
def tax_owed(book: Book) -> None:
    """The same on the sales side, where the shortfall is owed."""
    chain, line, document = billed(book, ORDER_TO_CASH, "43.00")
    restate_tax(book, chain, document, "-0.15")
    book.expect("TAX-03", *on_invoice(chain, document, line), "0.15 less tax than 13 per cent of the amount")


@plants("DAT-03")
def multiplied_wrongly(book: Book) -> None:
    """60 at 12.00 stated as 720.90."""
    chain, line, document = billed(book, PROCURE_TO_PAY, "12.00", line_amount_net=Decimal("720.90"))
    book.expect("DAT-03", *on_invoice(chain, document, line), "60 at 12.00 make 720.00")


def at_another_rate(book: Book, lower_by: str, quantity: int, price: str) -> tuple[Chain, Line, Document]:
    """Bought in dollars; the order's rate is that much below the invoice's."""
    day = some_time(book)
    abroad = newcomer(book, PROCURE_TO_PAY, currency="USD")
    rate = book.masters.rate("USD", day + days(6)) - Decimal(lower_by)
    chain = Chain(book, PROCURE_TO_PAY, day, abroad, promised_date=LATER, fx_rate=rate)
    line = chain.line(goods(book, PROCURE_TO_PAY), quantity, Decimal(price))
    approve_order(chain)
    chain.fulfil(day + days(4), chain.whole())
    document = chain.invoice(day + days(6), chain.whole())
    approve_invoice(chain, document)
    return chain, line, document


@plants("CUR-03")
def dollar_rose(book: Book) -> None:
    """10,000 dollars at a rate 0.20 above the order's."""
    chain, line, document = at_another_rate(book, "0.2000", 100, "100.00")
    book.expect("CUR-03", *on_invoice(chain, document, line), "2,000.00 of exchange difference")


def totalling(book: Book, by: str) -> tuple[Chain, Document]:
    """An invoice whose header is off the sum of its lines by an amount."""
    chain, _, document = billed(book, PROCURE_TO_PAY, "26.00")
    header = book.rows[chain.cycle.invoice_header_table][-1]
    header["amount_gross"] = Decimal(str(header["amount_gross"])) + Decimal(by)
    return chain, document


@plants("DAT-04")
def header_above_lines(book: Book) -> None:
    """The header says 1.00 more than the lines."""
    chain, document = totalling(book, "1.00")
    book.expect("DAT-04", (chain.cycle.invoice_type, document.number, ""), (chain.number, ""), "the header is 1.00 above its lines")


@plants("DAT-07")
def credit_called_positive(book: Book) -> None:
    """A credit note for three returned pieces carries positive figures."""
    chain, line, document = billed(book, PROCURE_TO_PAY, "29.00")
    part = Part(line, Decimal(3), {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"})
    credit = chain.invoice(document.day + days(4), [part], "credit")
    book.expect("DAT-07", *on_row(chain.cycle.invoice_type, credit.number), "a credit note with a positive quantity")


def on_the(book: Book, day_of_month: int, **columns: Decimal | None) -> tuple[Chain, Line, Document]:
    """Bought in dollars and billed on that day of a month; rates are on file for the first of each month only."""
    billed_on = some_time(book).replace(day=day_of_month)
    abroad = newcomer(book, PROCURE_TO_PAY, currency="USD")
    chain = Chain(book, PROCURE_TO_PAY, billed_on - days(12), abroad, promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 5, Decimal("100.00"))
    approve_order(chain)
    chain.fulfil(billed_on - days(2), chain.whole())
    return chain, line, chain.invoice(billed_on, [Part(line, line.quantity, dict(columns))])


@plants("CUR-01")
def no_rate(book: Book) -> None:
    """Billed on the 20th without a rate; the latest on file is of the first."""
    chain, _, document = on_the(book, 20, fx_rate=None)
    book.expect("CUR-01", *on_document(chain.cycle.invoice_type, document.number), "the latest rate on file is 19 days old")


@plants("CUR-02")
def wrong_rate(book: Book) -> None:
    """Booked three per cent above the rate of the month."""
    chain, _, document = on_the(book, 1)
    rate = book.masters.rate("USD", document.day) * Decimal("1.03")
    for row in document.rows:
        row["fx_rate"] = rate
    book.expect("CUR-02", *on_document(chain.cycle.invoice_type, document.number), "three per cent above the rate on file")
