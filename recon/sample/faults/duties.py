"""One person with two duties that two should have."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain, Document
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
