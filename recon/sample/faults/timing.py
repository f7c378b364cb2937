"""Documents entered late, dated ahead or back, posted into closed periods; goods late or early, bills ahead of goods."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days, stamp
from recon.sample.calendars import working_days_after
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import domestic, goods, on_document, on_fulfilment, on_invoice, order, plants, some_time
from recon.sample.settle import due_date, settle


@plants("TIM-06")
def order_dated_back(book: Book) -> None:
    """Entered, approved and sent six days after the day it is dated."""
    day = some_time(book)
    late = day + days(6)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), created_at=stamp(late, "09:20:00"), sent_at=stamp(late, "16:20:00"))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("43.00"))
    approve_order(chain, day=late)
    chain.fulfil(day + days(9), chain.whole())
    chain.invoice(day + days(12), chain.whole())
    book.expect("TIM-06", *on_document("purchase_order", chain.number), "entered six days after its date")


@plants("TIM-09")
def receipt_dated_ahead(book: Book) -> None:
    """A receipt dated two days after it was entered."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "39.50")
    receipt = chain.fulfil(day + days(6), chain.whole(), created_at=stamp(day + days(4), "15:00:00"))
    chain.invoice(day + days(9), chain.whole())
    book.expect("TIM-09", ("goods_receipt", receipt.number, ""), (chain.number, ""), "dated two days after its entry")


@plants("TIM-10")
def bill_of_last_quarter(book: Book) -> None:
    """A bill that came and was entered ninety-one days after its date."""
    day = book.day_between(ago(300), ago(180))
    chain, _ = order(book, PROCURE_TO_PAY, day, "51.00")
    chain.fulfil(day + days(80), chain.whole())
    columns: Row = {
        "invoice_date": day + days(2),
        "received_date": day + days(93),
        "posting_date": day + days(93),
        "created_at": stamp(day + days(93), "17:30:00"),
    }
    number = chain.invoice(day + days(93), chain.whole(), "invoice", **columns).number
    book.expect("TIM-10", ("supplier_invoice", number, ""), (chain.number, ""), "entered after 91 days")


@plants("SLA-03")
def recorded_two_days_later(book: Book) -> None:
    """Received on one day, entered in the afternoon two days later."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "57.00")
    receipt = chain.fulfil(day + days(5), chain.whole(), created_at=stamp(day + days(7), "14:10:00"))
    chain.invoice(day + days(9), chain.whole())
    book.expect("SLA-03", ("goods_receipt", receipt.number, ""), (chain.number, ""), "recorded two days later")


@plants("SLA-03")
def recorded_in_the_next_month(book: Book) -> None:
    """Shipped on the last day of a month, entered in the morning of the first day of the next."""
    last = some_time(book).replace(day=1) - timedelta(days=1)
    chain, _ = order(book, ORDER_TO_CASH, last - days(4), "66.00")
    shipment = chain.fulfil(last, chain.whole(), incoterm="EXW", goods_issue_posted="true", created_at=stamp(last + days(1), "09:00:00"))
    chain.invoice(last, chain.whole())
    book.expect("SLA-03", ("shipment", shipment.number, ""), (chain.number, ""), "recorded across the end of the month")


@plants("SLA-04")
def bill_in_the_drawer(book: Book) -> None:
    """A bill entered four working days after it came."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "36.00")
    chain.fulfil(day + days(4), chain.whole())
    came = day + days(6)
    columns: Row = {
        "invoice_date": came,
        "received_date": came,
        "posting_date": working_days_after(came, 4),
        "created_at": stamp(working_days_after(came, 4), "17:30:00"),
    }
    number = chain.invoice(working_days_after(came, 4), chain.whole(), "invoice", **columns).number
    book.expect("SLA-04", ("supplier_invoice", number, ""), (chain.number, ""), "entered after four working days")


@plants("CUT-02")
def posted_after_the_closing(book: Book) -> None:
    """A bill of last month that came and was entered on the ninth, posted into the month that was closed on the eighth."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day.replace(day=5), "61.00")
    chain.fulfil(day.replace(day=9), chain.whole())
    dated = day.replace(day=20)
    entered = (dated + days(31)).replace(day=9)
    columns: Row = {"invoice_date": dated, "received_date": entered, "posting_date": dated, "created_at": stamp(entered, "17:30:00")}
    number = chain.invoice(entered, chain.whole(), "invoice", **columns).number
    book.expect("CUT-02", ("supplier_invoice", number, ""), (chain.number, ""), "posted into a month closed the evening before")


@plants("TIM-01")
def billed_long_before_delivery(book: Book) -> None:
    """4,700 billed five days ago, promised for next month."""
    chain, line = order(book, PROCURE_TO_PAY, ago(9), "47.00")
    document = chain.invoice(ago(4), chain.whole())
    book.expect("TIM-01", *on_invoice(chain, document, line), "4,700 billed seven weeks ahead of the goods")


@plants("TIM-02")
def a_day_late(book: Book) -> None:
    """Received, and shipped, the day after the promised one."""
    for cycle, terms in ((PROCURE_TO_PAY, {}), (ORDER_TO_CASH, {"incoterm": "EXW", "goods_issue_posted": "true"})):
        day = some_time(book)
        chain = Chain(book, cycle, day, domestic(book, cycle), promised_date=day + days(12))
        line = chain.line(goods(book, cycle), 100, Decimal("33.00"))
        approve_order(chain)
        document = chain.fulfil(day + days(13), chain.whole(), **terms)
        chain.invoice(day + days(14), chain.whole())
        book.expect("TIM-02", *on_fulfilment(chain, document, line), "a day late")


@plants("TIM-02")
def spare_part_early(book: Book) -> None:
    """A spare part delivered three days before the day it was called for."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=day + days(4))
    line = chain.line(book.masters.items["SPARES"][0], 20, Decimal("29.00"))
    approve_order(chain)
    document = chain.fulfil(day + days(1), chain.whole())
    chain.invoice(day + days(3), [Part(line, line.quantity)])
    book.expect("TIM-02", *on_fulfilment(chain, document, line), "three days early")


@plants("TIM-08")
def approved_before_it_was_entered(book: Book) -> None:
    """Approved a minute before somebody entered it."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), created_at=stamp(day, "14:31:00"))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("37.30"))
    approve_order_at(chain, "14:30:00")
    chain.fulfil(day + days(6), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    book.expect("TIM-08", *on_document("purchase_order", chain.number), "approved a minute before it was entered")


@plants("TIM-08")
def paid_before_the_goods_were_looked_at(book: Book) -> None:
    """Paid when due at eleven, inspected a minute later."""
    chain = paid_at_eleven(book, inspected="11:01:00")
    book.expect("TIM-08", *on_document("purchase_order", chain.number), "paid a minute before the goods were inspected")


def approve_order_at(chain: Chain, clock: str) -> None:
    """Approve an order on its day at that time."""
    event = approve_order(chain)
    if event is not None:
        event |= {"action_at": stamp(chain.day, clock), "assigned_at": stamp(chain.day, "13:30:00")}


def paid_at_eleven(book: Book, inspected: str) -> Chain:
    """An order that is paid at eleven of the day its bill is due; its goods are inspected at that time of the same day."""
    day = book.day_between(ago(300), ago(120))
    chain, _ = order(book, PROCURE_TO_PAY, day, "41.20")
    receipt = chain.fulfil(day + days(5), chain.whole())
    document = chain.invoice(day + days(8), chain.whole())
    due = due_date(document)
    receipt.rows[0].update({"quantity_accepted": Decimal(100), "quantity_rejected": Decimal(0), "inspected_at": stamp(due, inspected)})
    settle(chain, due, [document])
    book.rows["supplier_payment"][-1]["created_at"] = stamp(due, "11:00:00")
    return chain
