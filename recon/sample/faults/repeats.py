"""Things done twice: ordered, received, billed, paid, recorded."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Value, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.cash import sold
from recon.sample.faults.duplicates import digits_of, two_of_one_amount
from recon.sample.faults.payments import bought
from recon.sample.faults.registry import goods, on_bill, on_document, on_fulfilment, on_invoice, on_order, plants
from recon.sample.newcomers import newcomer
from recon.sample.settle import allocate, apply, due_date, pay, receive, settle


@plants("DUP-02")
def entered_again_with_another_date(book: Book) -> None:
    """The same number and amount with a date a week later."""
    digits = digits_of(book)
    later = two_of_one_amount(book, (f"FR-{digits}", f"FR {digits}"), 7)
    book.expect("DUP-02", *on_document("supplier_invoice", later), f"entered before as FR-{digits}")


@plants("DUP-04")
def entered_under_two_suppliers(book: Book) -> None:
    """One bill under two entries of the master."""
    number = f"RX-{digits_of(book)}"
    for hour in (10, 15):
        chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY), company_code="C10")
        chain.line(goods(book, PROCURE_TO_PAY), 10, Decimal("41.50"))
        approve_order(chain)
        chain.fulfil(ago(50), chain.whole())
        chain.invoice(ago(45), chain.whole(), invoice_number=number, created_at=book.moment(ago(45), hour))
    book.expect("DUP-04", *on_document("supplier_invoice", number), "under another supplier too")


@plants("DUP-10")
def entered_in_two_companies(book: Book) -> None:
    """One bill in both companies."""
    number, party = f"RY-{digits_of(book)}", newcomer(book, PROCURE_TO_PAY)
    for company, hour in (("C10", 10), ("C20", 15)):
        chain = Chain(book, PROCURE_TO_PAY, ago(60), party, company_code=company)
        chain.line(book.masters.items["MECHANICAL"][0], 10, Decimal("42.50"))
        approve_order(chain)
        chain.fulfil(ago(50), chain.whole())
        chain.invoice(ago(45), chain.whole(), invoice_number=number, created_at=book.moment(ago(45), hour))
    book.expect("DUP-10", *on_document("supplier_invoice", number), "in the other company too")


@plants("DUP-05")
def first_delivery_billed_twice(book: Book) -> None:
    """Two deliveries of a hundred; both bills name the first one."""
    chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 200, Decimal("12.40"))
    approve_order(chain)
    first = chain.fulfil(ago(52), [Part(line, Decimal(100))])
    chain.fulfil(ago(50), [Part(line, Decimal(100))])
    for day in (ago(48), ago(40)):
        document = chain.invoice(day, [Part(line, Decimal(100), chain.fulfilled_by(first))])
    book.expect("DUP-05", *on_invoice(chain, document, line), f"names receipt {first.number}, which was billed before")


@plants("DUP-06")
def same_bill_paid_twice(book: Book) -> None:
    """Paid when due, and again the next day."""
    chain, document = bought(book, ago(33))
    settle(chain, ago(3), [document])
    number = receive(chain, ago(2), document.gross)
    apply(chain, number, document.number, document.gross)
    book.expect("DUP-06", *on_document("supplier_payment", number), f"{document.number} was paid the day before")
    book.expect("PAY-03", *on_bill(chain, document), "paid twice")


@plants("DUP-07")
def note_posted_twice(book: Book) -> None:
    """One delivery note on two receipts of one size, two days apart."""
    chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 200, Decimal("13.20"))
    approve_order(chain)
    note = book.number("DN")
    chain.fulfil(ago(52), [Part(line, Decimal(100))], supplier_delivery_note=note)
    second = chain.fulfil(ago(50), [Part(line, Decimal(100))], supplier_delivery_note=note)
    chain.invoice(ago(48), chain.whole())
    book.expect("DUP-07", *on_fulfilment(chain, second, line), f"delivery note {note} was posted before")


@plants("DUP-11")
def ordered_again_the_next_day(book: Book) -> None:
    """The same goods from the same supplier by the same buyer, a day later."""
    party, item = newcomer(book, PROCURE_TO_PAY), goods(book, PROCURE_TO_PAY)
    for day in (ago(40), ago(39)):
        chain = Chain(book, PROCURE_TO_PAY, day, party, company_code="C10")
        line = chain.line(item, 100, Decimal("14.30"))
        line.row.update({"created_by": "BUY01", "buyer_id": "BUY01", "requester_id": "REQ01"})
        approve_order(chain)
        chain.fulfil(day + days(4), chain.whole())
        chain.invoice(day + days(12), chain.whole())
    book.expect("DUP-11", *on_order(chain, line), "ordered the day before")


@plants("DUP-13")
def one_transfer_recorded_twice(book: Book) -> None:
    """One reference of the bank on two receipts."""
    chain, document = sold(book, ago(20))
    first = settle(chain, ago(4), [document])
    reference = str(book.rows[ORDER_TO_CASH.payment_table][-1]["bank_reference"])
    number = receive(chain, ago(3), document.gross, bank_reference=reference)
    book.rows["bank_transaction"].pop()
    book.expect("DUP-13", *on_document("cash_receipt", number), f"recorded before as {first}")


@plants("SEQ-01")
def payment_number_used_again(book: Book) -> None:
    """The number of one payment, without its hyphen, on a payment to somebody else."""
    one, first = bought(book, ago(60))
    number = settle(one, due_date(first), [first])
    other, second = bought(book, ago(58), price="51.00", company_code=one.company)
    keys: dict[str, Value] = {"company_code": one.company, "supplier_id": other.party.party_id, "currency": "CNY"}
    again = number.replace("-", " ")
    pay(book, PROCURE_TO_PAY, keys, due_date(second), second.gross, payment_number=again)
    allocate(book, PROCURE_TO_PAY, keys, (again, second.number), second.gross)
    book.expect("SEQ-01", *on_document("supplier_payment", again), f"bears the number of {number}")


@plants("DAT-15")
def receipt_torn_out(book: Book) -> None:
    """A number of the cash receipts was drawn, and no document bears it."""
    chain, document = sold(book, ago(25))
    settle(chain, ago(15), [document])
    missing = book.number("CR")
    chain, document = sold(book, ago(25), "230.00")
    settle(chain, ago(15), [document])
    book.expect("DAT-15", *on_document("cash_receipt", missing), "no receipt bears the number")


def numbered_behind(book: Book, apart: int) -> str:
    """Two receipts of which the second was entered so many days before the first and bears a later number; returns the second."""
    chain, document = sold(book, ago(25))
    settle(chain, ago(13), [document])
    chain, document = sold(book, ago(25), "240.00")
    number = settle(chain, ago(13 + apart), [document])
    book.numbered_as_if[number] = ago(13)
    return number


@plants("SEQ-02")
def entered_two_days_before_its_number(book: Book) -> None:
    """A receipt entered two days before the one that has the number before it."""
    number = numbered_behind(book, 2)
    book.expect("SEQ-02", *on_document("cash_receipt", number), "entered two days before a lower number")
