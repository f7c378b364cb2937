"""One person with two duties that two should have."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain, Document, Part
from recon.sample.faults.registry import domestic, goods, plants
from recon.sample.settle import due_date, settle


def _bought(book: Book, price: str, **header: str) -> tuple[Chain, Document, Document]:
    """An order of 100 by BUY01 with its receipt and its bill."""
    day = book.day_between(ago(300), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), created_by="BUY01", buyer_id="BUY01", **header)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal(price))
    approve_order(chain)
    receipt = chain.fulfil(day + days(5), chain.whole())
    return chain, receipt, chain.invoice(day + days(8), chain.whole())


@plants("SOD-01")
def buyer_received(book: Book) -> None:
    """The buyer entered the receipt of his own order."""
    chain, receipt, _ = _bought(book, "47.30")
    receipt.rows[0]["created_by"] = "BUY01"
    book.expect("SOD-01", ("goods_receipt", receipt.number, ""), (chain.number, ""), "the buyer entered the receipt")


@plants("SOD-05")
def buyer_entered_the_bill(book: Book) -> None:
    """The buyer entered the bill over his own order."""
    chain, _, document = _bought(book, "35.80")
    document.rows[0]["created_by"] = "BUY01"
    book.expect("SOD-05", ("supplier_invoice", document.number, ""), (chain.number, ""), "the buyer entered the bill")


@plants("SOD-03")
def clerk_released_the_payment(book: Book) -> None:
    """Who entered the bill released its payment."""
    chain, _, document = _bought(book, "28.60")
    document.rows[0]["created_by"] = "APC01"
    number = settle(chain, due_date(document), [document])
    book.rows["supplier_payment"][-1]["released_by"] = "APC01"
    book.expect("SOD-03", ("supplier_payment", number, ""), (chain.number, ""), "the clerk who entered the bill released the payment")


@plants("SOD-04")
def cashier_alone(book: Book) -> None:
    """One cashier prepared and released a payment."""
    chain, _, document = _bought(book, "22.40")
    number = settle(chain, due_date(document), [document])
    book.rows["supplier_payment"][-1]["released_by"] = "CAS01"
    book.expect("SOD-04", ("supplier_payment", number, ""), ("", ""), "one cashier prepared and released it")


def credited_by(book: Book, clerk: str) -> Document:
    """Sold and paid in full; a piece came back and that clerk made the credit note, refunded a week later. Returns the credit note."""
    day = book.day_between(ago(300), ago(90))
    chain = Chain(book, ORDER_TO_CASH, day, domestic(book, ORDER_TO_CASH))
    line = chain.line(goods(book, ORDER_TO_CASH), 10, Decimal("310.00"))
    approve_order(chain)
    shipment = chain.fulfil(day + days(4), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    document = chain.invoice(day + days(5), chain.whole())
    chain.undo(shipment, day + days(12), "return", [Decimal(1)])
    columns = {"origin_invoice_number": document.number, "created_by": clerk}
    credit = chain.invoice(day + days(14), [Part(line, Decimal(-1), {"origin_invoice_line_no": "1"})], "credit", **columns)
    settle(chain, due_date(document), [document, credit])
    return credit


@plants("SOD-07")
def cashier_credited(book: Book) -> None:
    """The cash desk that applied the customer's money also made the credit note."""
    credit = credited_by(book, "CSH01")
    book.expect("SOD-07", ("customer_invoice", credit.number, ""), ("", ""), "the cash desk made the credit note")
