"""Things that look done twice and are not."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import goods, some_time
from recon.sample.faults.repeats import numbered_behind
from recon.sample.newcomers import newcomer
from recon.sample.traps.registry import spares


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


@spares("SEQ-02")
def entered_the_day_before_its_number(book: Book) -> None:
    """A receipt entered the day before the one that has the number before it."""
    numbered_behind(book, 1)
