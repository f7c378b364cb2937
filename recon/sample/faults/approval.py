"""Approvals that are missing, late, above the limit or one's own; orders written after the fact."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample.approvals import approve_invoice, approve_order, event, order_keys
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain
from recon.sample.faults.registry import LATER, domestic, goods, on_document, plants, some_time
from recon.sample.masters import LEAVER, LEFT_ON

if TYPE_CHECKING:
    from datetime import date


def _order(book: Book, cycle: Cycle, day: date, price: str, **header: str) -> Chain:
    """An order of 100, not approved yet, delivered and billed in full."""
    chain = Chain(book, cycle, day, domestic(book, cycle), **header)
    chain.line(goods(book, cycle), 100, Decimal(price))
    terms = {} if chain.buys else {"incoterm": "EXW", "goods_issue_posted": "true"}
    chain.fulfil(day + days(6), chain.whole(), **terms)
    approve_invoice(chain, chain.invoice(day + days(9), chain.whole()))
    return chain


@plants("APR-01")
def nobody_approved(book: Book) -> None:
    """Ordered, received and billed without any approval."""
    chain = _order(book, PROCURE_TO_PAY, some_time(book), "120.00")
    book.expect("APR-01", *on_document("purchase_order", chain.number), "no approval")


@plants("APR-01")
def approval_withdrawn(book: Book) -> None:
    """Approved at two, taken back at three, sent at four all the same."""
    chain = _order(book, PROCURE_TO_PAY, some_time(book), "85.00")
    approve_order(chain)
    event(book, order_keys(chain), "BUYL1", book.moment(chain.day, 15), action="unapprove")
    book.expect("APR-01", *on_document("purchase_order", chain.number), "approval taken back before the order was sent")


@plants("APR-01")
def sale_not_approved(book: Book) -> None:
    """A sale above 100,000 that no sales manager saw."""
    chain = _order(book, ORDER_TO_CASH, some_time(book), "1400.00")
    book.expect("APR-01", *on_document("sales_order", chain.number), "no approval of a sale above 100,000")


@plants("APR-02")
def approved_after_sending(book: Book) -> None:
    """Sent on the day of the order, approved two days later."""
    chain = _order(book, PROCURE_TO_PAY, some_time(book), "96.00")
    approve_order(chain, day=chain.day + days(2))
    book.expect("APR-02", *on_document("purchase_order", chain.number), "approved two days after it was sent")


@plants("APR-02")
def approved_after_shipping(book: Book) -> None:
    """A sale above 100,000 approved after the goods had left."""
    chain = _order(book, ORDER_TO_CASH, some_time(book), "1250.00")
    approve_order(chain, day=chain.day + days(8))
    book.expect("APR-02", *on_document("sales_order", chain.number), "approved two days after it was shipped")


@plants("APR-03")
def above_the_limit(book: Book) -> None:
    """61,000 approved by a lead whose limit is 50,000."""
    chain = _order(book, PROCURE_TO_PAY, some_time(book), "610.00")
    approve_order(chain, "BUYL1")
    book.expect("APR-03", *on_document("purchase_order", chain.number), "approved 61,000 with a limit of 50,000")


@plants("APR-03")
def above_the_loan(book: Book) -> None:
    """A deputy, lent 200,000 for August, approved 260,000."""
    chain = _order(book, PROCURE_TO_PAY, book.day_between(ago(85), ago(65)), "2600.00")
    approve_order(chain, "BUYD1", on_behalf_of="BUYM1")
    book.expect("APR-03", *on_document("purchase_order", chain.number), "a deputy lent 200,000 approved 260,000")
    book.expect("APR-06", *on_document("purchase_order", chain.number), "the loan of 200,000 does not cover 260,000")


@plants("APR-04")
def own_receipt_approved(book: Book) -> None:
    """The approver of the order also posted its receipt."""
    chain = _order(book, PROCURE_TO_PAY, some_time(book), "71.00")
    approve_order(chain)
    for row in book.rows["goods_receipt_line"][-1:]:
        row["created_by"] = "BUYL1"
    book.expect("APR-04", *on_document("purchase_order", chain.number), "the approver posted the receipt")


@plants("APR-04")
def own_order_under_another_login(book: Book) -> None:
    """BUY04 and BUYL2 are two logins of one person: ordered and approved by him."""
    day = some_time(book)
    chain = _order(book, PROCURE_TO_PAY, day, "66.00", created_by="BUY04", buyer_id="BUY04")
    approve_order(chain, "BUYL2")
    book.expect("APR-04", *on_document("purchase_order", chain.number), "the buyer approved under his second login")


@plants("APR-06")
def loan_run_out(book: Book) -> None:
    """The deputy of August still approves for the manager in the last days of the month before, and after it."""
    for day in (book.day_between(ago(120), ago(95)), book.day_between(ago(58), ago(50))):
        chain = _order(book, PROCURE_TO_PAY, day, "310.00")
        approve_order(chain, "BUYD1", on_behalf_of="BUYM1")
        book.expect("APR-06", *on_document("purchase_order", chain.number), "nothing was lent to the deputy that day")
        book.expect("APR-14", *on_document("purchase_order", chain.number), "the deputy has no say of his own")


@plants("APR-14")
def approved_by_a_colleague(book: Book) -> None:
    """Approved by somebody who may ask for goods and nothing else."""
    chain = _order(book, PROCURE_TO_PAY, some_time(book), "63.00", requester_id="REQ02")
    approve_order(chain, "REQ01")
    book.expect("APR-14", *on_document("purchase_order", chain.number), "approved by a requester")


@plants("APR-15")
def approved_by_a_leaver(book: Book) -> None:
    """Approved with the login of a lead who had left."""
    chain = _order(book, PROCURE_TO_PAY, book.day_between(LEFT_ON + days(1), ago(60)), "59.00")
    approve_order(chain, LEAVER)
    book.expect("APR-15", *on_document("purchase_order", chain.number), "approved with the login of somebody who had left")


@plants("TIM-05")
def ordered_after_the_bill(book: Book) -> None:
    """The supplier's invoice is dated four days before the order was written; goods came later."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("54.00"))
    approve_order(chain)
    chain.fulfil(day + days(3), chain.whole())
    chain.invoice(day + days(4), chain.whole(), invoice_date=day - days(4), received_date=day + days(4))
    book.expect("TIM-05", *on_document("purchase_order", chain.number), "ordered four days after the invoice")


@plants("TIM-05")
def ordered_after_shipping(book: Book) -> None:
    """Goods left two days before the sales order was written."""
    day = some_time(book)
    chain = Chain(book, ORDER_TO_CASH, day, domestic(book, ORDER_TO_CASH), promised_date=LATER)
    chain.line(goods(book, ORDER_TO_CASH), 100, Decimal("74.00"))
    chain.fulfil(day - days(2), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    chain.invoice(day + days(1), chain.whole())
    book.expect("TIM-05", *on_document("sales_order", chain.number), "ordered two days after the shipment")
