"""Things that look done twice and are not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import CENT, Book, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.cash import sold
from recon.sample.faults.duplicates import digits_of
from recon.sample.faults.payments import bought
from recon.sample.faults.registry import LATER, goods, some_time
from recon.sample.faults.repeats import numbered_behind
from recon.sample.newcomers import carrier, newcomer
from recon.sample.settle import allocate, due_date, pay, settle
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.book import Value


@spares("DUP-04")
def short_number_at_two_strangers(book: Book) -> None:
    """Number 017 of one day and amount from two suppliers who have nothing in common."""
    day, case = some_time(book), int(book.number("NAME").removeprefix("NAME-"))
    # a price of its own, or the cases of a large company would be strangers with one amount
    price = Decimal("43.50") + Decimal(case - 100_000) / 100
    for name in ("Northern Bearings", "Harbour Catering"):
        party = newcomer(book, PROCURE_TO_PAY, party_name=f"{name} {book.number('NAME')}")
        chain = Chain(book, PROCURE_TO_PAY, day, party, company_code="C10")
        chain.line(goods(book, PROCURE_TO_PAY), 10, price)
        approve_order(chain)
        chain.fulfil(day + days(10), chain.whole())
        chain.invoice(day + days(15), chain.whole(), invoice_number="017")


@spares("DUP-05", "DUP-06")
def two_halves_of_one_delivery(book: Book) -> None:
    """One delivery billed in two equal halves that both name it, paid on one day."""
    chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY))
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("15.40"))
    approve_order(chain)
    receipt = chain.fulfil(ago(52), chain.whole())
    for _ in range(2):
        chain.invoice(ago(48), [Part(line, Decimal(50), chain.fulfilled_by(receipt))])


@spares("DUP-07")
def pallets_of_one_size(book: Book) -> None:
    """Two pallets of one size: with notes of their own on one day, and with one note eight days apart."""
    for apart, one, other in ((0, book.number("DN"), book.number("DN")), (8, note := book.number("DN"), note)):
        chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY))
        line = chain.line(goods(book, PROCURE_TO_PAY), 200, Decimal("16.20"))
        approve_order(chain)
        chain.fulfil(ago(52), [Part(line, Decimal(100))], supplier_delivery_note=one)
        chain.fulfil(ago(52) + days(apart), [Part(line, Decimal(100))], supplier_delivery_note=other)
        chain.invoice(ago(40), chain.whole())


@spares("DUP-11")
def ordered_again_after_four_days(book: Book) -> None:
    """The same goods from the same supplier by the same buyer, four days later."""
    party, item = newcomer(book, PROCURE_TO_PAY), goods(book, PROCURE_TO_PAY)
    for day in (ago(40), ago(36)):
        chain = Chain(book, PROCURE_TO_PAY, day, party, company_code="C10")
        line = chain.line(item, 100, Decimal("17.30"))
        line.row.update({"created_by": "BUY01", "buyer_id": "BUY01", "requester_id": "REQ01"})
        approve_order(chain)
        chain.fulfil(day + days(4), chain.whole())
        chain.invoice(day + days(12), chain.whole())


def _called(book: Book, company: str, first: date, bill: tuple[str, Decimal], later: tuple[int, ...] = (0,)) -> None:
    """Ten pieces at a time called from the carrier who numbers his bills anew every half-year, each time billed under that number; `bill`: number, price."""
    chain = Chain(book, PROCURE_TO_PAY, first - days(12), carrier(book), company_code=company, promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 10 * len(later), bill[1])
    approve_order(chain)
    for apart in later:
        part = [Part(line, line.quantity / len(later))]
        chain.fulfil(first + days(apart - 4), part)
        chain.invoice(first + days(apart), part, invoice_number=bill[0])


@spares("DUP-02")
def number_of_half_a_year_ago(book: Book) -> None:
    """A carrier who numbers his bills anew every half-year bills the same amount under the same number 181 days later."""
    _called(book, "C10", book.day_between(ago(290), ago(260)), (f"TB-{digits_of(book)}", Decimal("33.30")), (0, 181))


@spares("DUP-10")
def settled_between_the_companies(book: Book) -> None:
    """A bill in both companies, 181 days old: what the carrier billed twice more than half a year ago has been settled between them."""
    number = f"TC-{digits_of(book)}"
    price = Decimal(32) + int(book.number("CALL").rpartition("-")[2]) % 300 * CENT  # no two cases of one sum
    for company in ("C10", "C20"):
        _called(book, company, ago(181), (number, price))


@spares("DUP-13")
def two_equal_transfers(book: Book) -> None:
    """A customer pays two bills of one amount two days apart, and no reference of the bank tells the receipts apart."""
    chain, first = sold(book, ago(20))
    other = Chain(book, ORDER_TO_CASH, ago(28), chain.party, company_code=chain.company)
    line = other.line(goods(book, ORDER_TO_CASH), 20, Decimal("100.00"))
    approve_order(other)
    other.fulfil(ago(21), other.whole(), incoterm="EXW", goods_issue_posted="true")
    second = other.invoice(ago(19), [Part(line, line.quantity)])
    for day, document in ((6, first), (4, second)):
        number = settle(chain, ago(day), [document])
        book.rows["cash_receipt"][-1]["bank_reference"] = None
        book.rows["bank_transaction"][-1]["reference"] = number


@spares("SEQ-01")
def one_payment_number_in_two_companies(book: Book) -> None:
    """Either company has a payment of this number, to another supplier each: their series are their own."""
    one, first = bought(book, ago(60), company_code="C10")
    number = settle(one, due_date(first), [first])
    other, second = bought(book, ago(58), price="51.00", company_code="C20")
    keys: dict[str, Value] = {"company_code": "C20", "supplier_id": other.party.party_id, "currency": "CNY"}
    pay(book, PROCURE_TO_PAY, keys, due_date(second), second.gross, payment_number=number)
    allocate(book, PROCURE_TO_PAY, keys, (number, second.number), second.gross)


@spares("DAT-15")
def three_receipts_in_two_companies(book: Book) -> None:
    """Three receipts of one day, the second one of the other company: of its own series either company has but a part."""
    for company in ("C10", "C20", "C10"):
        chain, document = sold(book, ago(25), company_code=company)
        settle(chain, ago(15), [document])


@spares("SEQ-02")
def entered_the_day_before_its_number(book: Book) -> None:
    """A receipt entered the day before the one that has the number before it."""
    numbered_behind(book, 1)
