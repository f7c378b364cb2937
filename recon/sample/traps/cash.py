"""Money at the limits: a cent inside the tolerance, the last day of grace, the first day that is not late."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.approvals import approve_order
from recon.sample.book import CENT, Book, Value, ago, days, rounded
from recon.sample.chain import Chain
from recon.sample.faults.cash import TUESDAY, rebilled, refunded, sold, tolerated
from recon.sample.faults.duties import credited_by
from recon.sample.faults.registry import goods
from recon.sample.newcomers import newcomer
from recon.sample.settle import apply, pay, receive, settle
from recon.sample.traps.registry import spares


@spares("CSH-01", "CSH-03")
def a_hundred_in_twenty_parts(book: Book) -> None:
    """Twenty bills paid 5.00 short: written off, 100.00 in sum."""
    tolerated(book, 20)


@spares("CSH-02", "CSH-03")
def small_deduction(book: Book) -> None:
    """5.00 kept back with a reason."""
    chain, document = sold(book, ago(20))
    number = receive(chain, ago(8), document.gross - 5)
    apply(chain, number, document.number, document.gross - 5, reason_code="SHORTAGE")


@spares("CSH-08", "CSH-09")
def fee_and_tax_paid_afterwards(book: Book) -> None:
    """The fee of one bill and the tax of another were kept back, and came a few days later."""
    for kept in (12, 200):
        chain, document = sold(book, ago(20))
        receive(chain, ago(9), document.gross - kept, remittance_text=document.number)
        receive(chain, ago(4), Decimal(kept), remittance_text=document.number)


@spares("RET-09")
def bill_corrected(book: Book) -> None:
    """Credited and written anew, due fifteen days later."""
    rebilled(book, 15)


@spares("CSH-04", "MIS-14")
def five_too_much(book: Book) -> None:
    """5.00 more than the invoice, some days ago."""
    chain, document = sold(book, ago(20))
    receive(chain, ago(3), document.gross + 5, remittance_text=document.number)


@spares("CSH-05")
def discount_on_the_last_day_of_grace(book: Book) -> None:
    """Two per cent offered until a Thursday, kept back on the fifth day after it."""
    chain, document = sold(book, TUESDAY - days(8), discount_date=TUESDAY + days(2), discount_share=Decimal("0.02"))
    receive(chain, TUESDAY + days(7), document.gross - rounded(document.gross * Decimal("0.02"), "CNY"), remittance_text=document.number)


@spares("CSH-07")
def the_parent_pays(book: Book) -> None:
    """One company of a group pays for another."""
    group = book.number("GROUP")
    chain, document = sold(book, ago(20))
    book.rows["customer"][-1]["group_id"] = group
    parent = newcomer(book, ORDER_TO_CASH, group_id=group)
    keys: dict[str, Value] = {"company_code": chain.company, "customer_id": parent.party_id, "currency": "CNY"}
    number = pay(book, ORDER_TO_CASH, keys, ago(8), document.gross)
    apply(chain, number, document.number, document.gross, customer_id=parent.party_id)


@spares("CSH-15")
def recorded_the_next_day(book: Book) -> None:
    """In the bank on a Tuesday, in the books on Wednesday."""
    chain, document = sold(book, ago(25))
    settle(chain, TUESDAY, [document])
    book.rows["cash_receipt"][-1]["posted_at"] = book.moment(TUESDAY + days(1), 11)


@spares("CSH-16")
def rest_of_an_instalment(book: Book) -> None:
    """A first part with 5.00 written off, then the rest."""
    chain, document = sold(book, ago(25))
    first = receive(chain, ago(15), Decimal(1000))
    apply(chain, first, document.number, Decimal(1000), write_off_amount=Decimal(5))
    second = receive(chain, ago(8), document.gross - 1005)
    apply(chain, second, document.number, document.gross - 1005)


@spares("CSH-17")
def credit_refunded(book: Book) -> None:
    """A credit of 100.00 refunded to the customer's own account."""
    refunded(book, "")


@spares("MIS-13", "MIS-14")
def came_the_other_day(book: Book) -> None:
    """Money of an unknown payer, and of a customer without an open invoice, five working days old."""
    for customer_id in (None, newcomer(book, ORDER_TO_CASH).party_id):
        keys: dict[str, Value] = {"company_code": "C10", "customer_id": customer_id, "currency": "CNY"}
        pay(book, ORDER_TO_CASH, keys, ago(7), Decimal("640.00") + CENT)


@spares("MIS-15")
def due_today(book: Book) -> None:
    """Thirty days to pay, thirty days ago."""
    sold(book, ago(30))


@spares("CSH-10")
def up_to_the_limit(book: Book) -> None:
    """An order over exactly the customer's limit; the tax comes with the bill, after the goods have left."""
    sold(book, ago(20))
    book.rows["customer"][-1]["credit_limit"] = Decimal(2000)


@spares("CSH-11")
def thirty_days_late(book: Book) -> None:
    """An invoice is thirty days overdue when the next goods leave, and paid the day after."""
    chain, document = sold(book, ago(80))
    again = Chain(book, ORDER_TO_CASH, ago(24), chain.party, company_code=chain.company)
    again.line(goods(book, ORDER_TO_CASH), 10, Decimal("210.00"))
    approve_order(again)
    again.fulfil(ago(20), again.whole(), incoterm="EXW", goods_issue_posted="true")
    settle(chain, ago(19), [document])
    again.invoice(ago(18), again.whole())


@spares("SOD-07")
def credited_by_the_billing_desk(book: Book) -> None:
    """A credit note by somebody who never applies cash."""
    credited_by(book, "BIL01")
