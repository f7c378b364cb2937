"""Sales of September that October takes back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.approvals import approve_order
from recon.sample.book import Book, days
from recon.sample.chain import Chain, Document, Part
from recon.sample.faults.registry import domestic, goods, plants


def taken_back(book: Book, billed: date, credited: date, price: str, company_code: str = "C10") -> Document:
    """Half of ten pieces comes back and is credited after the end of the month in which all were billed; returns the credit note."""
    chain = Chain(book, ORDER_TO_CASH, billed - days(10), domestic(book, ORDER_TO_CASH), company_code=company_code)
    line = chain.line(goods(book, ORDER_TO_CASH), 10, Decimal(price))
    approve_order(chain)
    shipment = chain.fulfil(billed - days(2), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    document = chain.invoice(billed, chain.whole())
    chain.undo(shipment, credited - days(2), "return", [Decimal(5)])
    return chain.invoice(credited, [Part(line, Decimal(-5), {"origin_invoice_line_no": "1"})], "credit", origin_invoice_number=document.number)


@plants("CUT-03")
def revenue_taken_back(book: Book) -> None:
    """20,500.00 of September credited on 8 October, where the sample company asks about more than 20,000.00."""
    credit = taken_back(book, date(2026, 9, 12), date(2026, 10, 8), "4100.00")
    book.expect("CUT-03", ("customer_invoice", credit.number, ""), ("", ""), "20,500.00 of September's revenue")
