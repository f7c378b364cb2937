"""Documents entered, delivered and billed on the last day that is still in time."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days, stamp
from recon.sample.calendars import working_days_after
from recon.sample.chain import Chain
from recon.sample.faults.registry import domestic, goods, order, some_time
from recon.sample.faults.timing import approve_order_at, paid_at_eleven
from recon.sample.settle import pay_when_due
from recon.sample.traps.registry import spares


@spares("TIM-06")
def order_keyed_within_five_days(book: Book) -> None:
    """An order by telephone, entered exactly five days after its date."""
    day = some_time(book)
    late = day + days(5)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), created_at=stamp(late, "09:20:00"), sent_at=stamp(late, "16:20:00"))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("43.00"))
    approve_order(chain, day=late)
    chain.fulfil(day + days(9), chain.whole())
    chain.invoice(day + days(12), chain.whole())


@spares("TIM-09", "SLA-03")
def receipt_dated_tomorrow(book: Book) -> None:
    """Entered in the evening for goods that are dated the next day."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "39.50")
    chain.fulfil(day + days(6), chain.whole(), created_at=stamp(day + days(5), "22:00:00"))
    chain.invoice(day + days(9), chain.whole())


@spares("TIM-10")
def bill_of_ninety_days(book: Book) -> None:
    """A bill that came and was entered exactly ninety days after its date."""
    day = book.day_between(ago(300), ago(180))
    chain, _ = order(book, PROCURE_TO_PAY, day, "51.00")
    chain.fulfil(day + days(80), chain.whole())
    columns: Row = {
        "invoice_date": day + days(2),
        "received_date": day + days(92),
        "posting_date": day + days(92),
        "created_at": stamp(day + days(92), "17:30:00"),
    }
    chain.invoice(day + days(92), chain.whole(), "invoice", **columns)


@spares("SLA-04")
def bill_entered_on_the_third_working_day(book: Book) -> None:
    """Entered exactly three working days after it came, whatever weekends and holidays lie between."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "36.00")
    chain.fulfil(day + days(4), chain.whole())
    came = day + days(6)
    columns: Row = {
        "invoice_date": came,
        "received_date": came,
        "posting_date": working_days_after(came, 3),
        "created_at": stamp(working_days_after(came, 3), "17:30:00"),
    }
    chain.invoice(working_days_after(came, 3), chain.whole(), "invoice", **columns)


@spares("CUT-02")
def posted_as_the_month_closes(book: Book) -> None:
    """A bill of last month entered on the eighth at six, the moment at which its month is closed."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day.replace(day=5), "61.00")
    chain.fulfil(day.replace(day=9), chain.whole())
    dated = day.replace(day=20)
    entered = (dated + days(31)).replace(day=8)
    columns: Row = {"invoice_date": dated, "received_date": entered, "posting_date": dated, "created_at": stamp(entered, "18:00:00")}
    chain.invoice(entered, chain.whole(), "invoice", **columns)


@spares("TIM-01")
def a_thousand_ten_days_ahead(book: Book) -> None:
    """1,000 billed three days ago for goods promised in a week: exactly ten days ahead."""
    chain = Chain(book, PROCURE_TO_PAY, ago(9), domestic(book, PROCURE_TO_PAY), promised_date=ago(-7))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("10.00"))
    approve_order(chain)
    chain.invoice(ago(3), chain.whole())


@spares("TIM-02")
def spare_part_two_days_early(book: Book) -> None:
    """One spare part comes two days before its day, another one on it."""
    for early in (2, 0):
        day = some_time(book)
        chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=day + days(1 + early))
        chain.line(book.masters.items["SPARES"][0], 20, Decimal("29.00"))
        approve_order(chain)
        chain.fulfil(day + days(1), chain.whole())
        chain.invoice(day + days(4), chain.whole())


@spares("SOD-01", "SOD-03", "SOD-04", "SOD-05")
def four_persons(book: Book) -> None:
    """BUY01 orders, who asked for it receives, the clerk who enters the bill prepares its payment, and the cashier releases it."""
    day = some_time(book)
    header = {"created_by": "BUY01", "buyer_id": "BUY01", "requester_id": "REQ01"}
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), **header)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("31.70"))
    approve_order(chain)
    chain.fulfil(day + days(5), chain.whole(), created_by="REQ01")
    document = chain.invoice(day + days(8), chain.whole(), created_by="APC01")
    pay_when_due(chain, [document])
    book.rows["supplier_payment"][-1]["created_by"] = "APC01"


@spares("TIM-08")
def steps_of_one_minute(book: Book) -> None:
    """Entered and approved in one minute; inspected and paid in one minute."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), created_at=stamp(day, "14:30:00"))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("37.30"))
    approve_order_at(chain, "14:30:00")
    chain.fulfil(day + days(6), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    paid_at_eleven(book, inspected="11:00:00")
