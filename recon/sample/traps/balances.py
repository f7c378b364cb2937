"""Balances that nearly mirror one another, and credits that have waited just long enough."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, goods
from recon.sample.newcomers import newcomer
from recon.sample.traps.registry import spares


@spares("BAL-03")
def other_quantities_side_by_side(book: Book) -> None:
    """70 received on one line and 69 billed on the next: two deliveries under way."""
    chain = Chain(book, PROCURE_TO_PAY, ago(12), newcomer(book, PROCURE_TO_PAY), promised_date=ago(-3))
    item = goods(book, PROCURE_TO_PAY)
    first, second = chain.line(item, 70, Decimal("3.00")), chain.line(item, 70, Decimal("3.00"))
    approve_order(chain)
    chain.fulfil(ago(6), [Part(first, first.quantity)])
    chain.invoice(ago(4), [Part(second, Decimal(69))])


@spares("BAL-09", "RET-05")
def credited_fifty_days_ago(book: Book) -> None:
    """Billed 100 where 50 came; the supplier's credit is fifty days old and the bill not due: the balance is on the right side."""
    chain = Chain(book, PROCURE_TO_PAY, ago(70), newcomer(book, PROCURE_TO_PAY, term_days=90), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("12.00"))
    approve_order(chain)
    chain.fulfil(ago(64), [Part(line, Decimal(50))])
    document = chain.invoice(ago(60), chain.whole())
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    chain.invoice(ago(50), [Part(line, Decimal(-50), named)], "credit")


@spares("BAL-05")
def one_unit_in_the_ledger(book: Book) -> None:
    """A receivables account of a dormant company, with no invoice open, shows 1.00: the limit itself."""
    number = book.number("1122").replace("-", ".")
    row: Row = {"company_code": f"D{number[-3:]}", "account": number, "account_role": "receivables", "as_of_date": ago(0)}
    book.add("gl_balance", row | {"balance": Decimal("1.00"), "currency": "CNY"})
