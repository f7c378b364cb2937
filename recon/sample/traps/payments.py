"""Payments to suppliers on the last day that is still right."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import CENT, Book, Value, ago, days
from recon.sample.faults.payments import MONDAY, blocked_over_the_discount, bought
from recon.sample.newcomers import newcomer
from recon.sample.settle import apply, due_date, pay, receive, settle
from recon.sample.traps.registry import spares


@spares("MIS-08")
def paid_five_days_ago(book: Book) -> None:
    """A payment whose invoice is still looked for."""
    keys: dict[str, Value] = {"company_code": "C10", "supplier_id": newcomer(book, PROCURE_TO_PAY).party_id, "currency": "CNY"}
    pay(book, PROCURE_TO_PAY, keys, ago(5), Decimal("5000.00"))


@spares("PAY-01", "PAY-02")
def paid_on_the_day(book: Book) -> None:
    """Goods, bill and payment on one day."""
    chain, document = bought(book, ago(60), 0, 0)
    settle(chain, document.day, [document])


@spares("PAY-03")
def a_cent_too_much(book: Book) -> None:
    """The last cent was rounded the wrong way."""
    chain, document = bought(book, ago(33))
    number = receive(chain, ago(3), document.gross + CENT)
    apply(chain, number, document.number, document.gross + CENT)


@spares("PAY-09")
def payable_due_today(book: Book) -> None:
    """Thirty days to pay, thirty days ago."""
    bought(book, ago(30))


@spares("PAY-10")
def two_working_days_late(book: Book) -> None:
    """Due on a Monday, paid on the Wednesday."""
    chain, document = bought(book, MONDAY - days(30))
    settle(chain, MONDAY + days(2), [document])


@spares("PAY-11")
def five_days_early(book: Book) -> None:
    """Paid five days before it was due."""
    chain, document = bought(book, ago(60))
    settle(chain, due_date(document) - days(5), [document])


@spares("PAY-12")
def discount_of_twenty_five(book: Book) -> None:
    """25.00 offered and not taken."""
    chain, document = bought(book, ago(60), price="10.00", discount_date=ago(50), discount_share=Decimal("0.0221238938"))
    settle(chain, due_date(document), [document])


@spares("PAY-13")
def due_a_day_too_soon(book: Book) -> None:
    """Thirty days are agreed, the bill was entered with twenty-nine."""
    chain, document = bought(book, ago(60), due_date=ago(31))
    settle(chain, ago(31), [document])


@spares("PAY-07")
def on_its_way_to_the_bank(book: Book) -> None:
    """Paid three working days ago and not on the statement yet; another one booked by the bank two days later without our number."""
    chain, document = bought(book, ago(33))
    settle(chain, ago(3), [document])
    book.rows["bank_transaction"].pop()
    chain, document = bought(book, ago(60), price="50.30")
    settle(chain, due_date(document), [document])
    book.rows["bank_transaction"][-1].update({"reference": None, "booking_date": due_date(document) + days(2)})


@spares("TIM-07")
def twenty_five_lost_to_a_block(book: Book) -> None:
    """25.00 offered, not taken, and blocked for five days longer than it was to be had."""
    blocked_over_the_discount(book, "10.00", "0.0221238938")
