"""Payments to suppliers: without an invoice, before it, too much, too early, too late, discounts lost, terms mistaken."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import CENT, Book, Value, ago, days, rounded
from recon.sample.chain import Chain, Document
from recon.sample.faults.registry import goods, on_bill, on_document, on_invoice, plants
from recon.sample.newcomers import newcomer
from recon.sample.settle import apply, due_date, pay, receive, settle

#: a working day with nothing but working days around it
MONDAY = date(2026, 9, 14)


def bought(
    book: Book, billed: date, term_days: int = 30, receipt_after_days: int = -3, price: str = "50.00", **terms: Value
) -> tuple[Chain, Document]:
    """A hundred pieces of a supplier of its own, received so many days after the bill's date; 5,650.00 unless the price says otherwise."""
    company = {"company_code": terms.pop("company_code")} if "company_code" in terms else {}
    chain = Chain(book, PROCURE_TO_PAY, billed - days(10), newcomer(book, PROCURE_TO_PAY, term_days), **company)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal(price))
    approve_order(chain)
    chain.fulfil(billed + days(receipt_after_days), chain.whole())
    return chain, chain.invoice(billed, chain.whole(), "invoice", **terms)


@plants("MIS-08")
def money_without_a_bill(book: Book) -> None:
    """5,000.00 to a supplier of whom there is no invoice."""
    keys: dict[str, Value] = {"company_code": "C10", "supplier_id": newcomer(book, PROCURE_TO_PAY).party_id, "currency": "CNY"}
    number = pay(book, PROCURE_TO_PAY, keys, ago(20), Decimal("5000.00"))
    book.expect("MIS-08", *on_document("supplier_payment", number), "no invoice behind it")


@plants("PAY-01")
def paid_three_days_before_the_bill(book: Book) -> None:
    """The goods are there, the bill comes three days after its payment."""
    chain, document = bought(book, ago(60), 0, -8)
    number = settle(chain, document.day - days(3), [document])
    book.expect("PAY-01", *on_document("supplier_payment", number), f"three days before {document.number}")


@plants("PAY-02")
def paid_before_the_goods(book: Book) -> None:
    """Paid on the day of the bill; the goods came four days later."""
    chain, document = bought(book, ago(60), 0, 4)
    settle(chain, document.day, [document])
    book.expect("PAY-02", *on_bill(chain, document), "goods came four days after the payment")
    book.expect("TIM-01", *on_invoice(chain, document, chain.lines[0]), "billed before the goods came")


@plants("PAY-03")
def paid_too_much(book: Book) -> None:
    """Sixty per cent and then half of the bill."""
    chain, document = bought(book, ago(33))
    settle(chain, ago(6), [document], share=Decimal("0.6"))
    number = receive(chain, ago(3), rounded(document.gross / 2, "CNY"))
    apply(chain, number, document.number, rounded(document.gross / 2, "CNY"))
    book.expect("PAY-03", *on_bill(chain, document), "paid 10 % above the bill")


@plants("PAY-09")
def left_unpaid(book: Book) -> None:
    """Billed fifty days ago with thirty days to pay."""
    chain, document = bought(book, ago(50), is_disputed="false")
    book.expect("PAY-09", *on_bill(chain, document), "twenty days overdue")


@plants("PAY-10")
def paid_a_week_late(book: Book) -> None:
    """Due on a Monday, paid on the Thursday."""
    chain, document = bought(book, MONDAY - days(30))
    settle(chain, MONDAY + days(3), [document])
    book.expect("PAY-10", *on_bill(chain, document), "three working days late")


@plants("PAY-11")
def paid_a_week_early(book: Book) -> None:
    """Paid six days before it was due."""
    chain, document = bought(book, ago(60))
    settle(chain, due_date(document) - days(6), [document])
    book.expect("PAY-11", *on_bill(chain, document), "six days early")


@plants("PAY-12")
def discount_forgotten(book: Book) -> None:
    """Two per cent offered for ten days, paid in full when due."""
    chain, document = bought(book, ago(60), discount_date=ago(50), discount_share=Decimal("0.02"))
    settle(chain, due_date(document), [document])
    book.expect("PAY-12", *on_bill(chain, document), "two per cent not taken")


@plants("PAY-13")
def due_five_days_too_soon(book: Book) -> None:
    """Thirty days are agreed, the bill was entered with twenty-five."""
    chain, document = bought(book, ago(60), due_date=ago(35))
    settle(chain, ago(35), [document])
    book.expect("PAY-13", *on_bill(chain, document), "due five days too soon")


@plants("PAY-07")
def never_left_the_bank(book: Book) -> None:
    """Paid when due, says the book; the statement has no such line."""
    chain, document = bought(book, ago(60))
    number = settle(chain, due_date(document), [document])
    book.rows["bank_transaction"].pop()
    book.expect("PAY-07", *on_document("supplier_payment", number), "not on the statement")


@plants("PAY-07")
def left_the_bank_unseen(book: Book) -> None:
    """The bank paid out 4,321.00 of which the books know nothing."""
    number = book.number("ST")
    row: dict[str, Value] = {"company_code": "C10", "bank_account": "BANK-C10-CNY", "statement_line": number, "booking_date": ago(20)}
    book.add("bank_transaction", row | {"amount": Decimal(-4321), "currency": "CNY", "reference": f"CHQ {number}"})
    book.expect("PAY-07", *on_document("bank_transaction", number), "not in the books")


@plants("PAY-07")
def bank_paid_a_cent_more(book: Book) -> None:
    """The statement shows a cent more than the payment."""
    chain, document = bought(book, ago(60))
    number = settle(chain, due_date(document), [document])
    line = book.rows["bank_transaction"][-1]
    line["amount"] = -document.gross - CENT
    book.expect("PAY-07", *on_document("supplier_payment", number), "a cent more on the statement")


def blocked_over_the_discount(book: Book, price: str = "50.00", share: str = "0.02") -> tuple[Chain, Document]:
    """A discount that ran out five days before the block was taken off, with a word and with nothing corrected; paid in full when due."""
    chain, document = bought(book, ago(60), price=price, discount_date=ago(50), discount_share=Decimal(share))
    for row in document.rows:
        row.update(
            {"payment_block": "R", "block_released_by": "APC02", "block_released_at": f"{ago(45)}T10:00:00+08:00", "block_release_reason": "checked"}
        )
    settle(chain, due_date(document), [document])
    return chain, document


@plants("TIM-07")
def discount_lost_to_a_block(book: Book) -> None:
    """Two per cent offered for ten days, blocked for fifteen."""
    chain, document = blocked_over_the_discount(book)
    for control_id in ("PAY-12", "TIM-07"):
        book.expect(control_id, *on_bill(chain, document), "the discount ran out while the bill was blocked")
