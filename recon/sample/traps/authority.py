"""Approvals exactly at the limit, in time to the minute, by the right person under another name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample.approvals import approve_invoice, approve_order, event, order_keys
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain
from recon.sample.faults.registry import domestic, goods, some_time
from recon.sample.masters import LEAVER, LEFT_ON
from recon.sample.traps.registry import spares


def _order(book: Book, cycle: Cycle, price: str, **header: str) -> Chain:
    """An order of 100, not approved yet, delivered and billed in full."""
    day = some_time(book)
    chain = Chain(book, cycle, day, domestic(book, cycle), **header)
    chain.line(goods(book, cycle), 100, Decimal(price))
    chain.fulfil(day + days(4), chain.whole(), **({} if chain.buys else {"incoterm": "EXW", "goods_issue_posted": "true"}))
    approve_invoice(chain, chain.invoice(day + days(6), chain.whole()))
    return chain


@spares("APR-03")
def exactly_at_the_limit(book: Book) -> None:
    """50,000.00 approved with a limit of 50,000."""
    approve_order(_order(book, PROCURE_TO_PAY, "500.00"), "BUYL1")


@spares("APR-01")
def small_sale(book: Book) -> None:
    """A sale of 99,999.00 needs nobody's approval."""
    _order(book, ORDER_TO_CASH, "999.99")


@spares("APR-02", "APR-01")
def approved_again_after_withdrawal(book: Book) -> None:
    """Approved, taken back, approved again, and only then sent."""
    chain = _order(book, PROCURE_TO_PAY, "45.00")
    keys = order_keys(chain)
    for hour, action in ((11, "approve"), (12, "unapprove"), (15, "approve")):
        event(book, keys, "BUYL1", book.moment(chain.day, hour), action=action)


@spares("APR-02")
def approved_a_minute_before_sending(book: Book) -> None:
    """Approved at 15:59, sent at 16:00."""
    chain = _order(book, PROCURE_TO_PAY, "84.00")
    chain.lines[0].row["sent_at"] = f"{chain.day}T16:00:00+08:00"
    event(book, order_keys(chain), "BUYL1", f"{chain.day}T15:59:00+08:00")


@spares("APR-03")
def deputy_within_the_loan(book: Book) -> None:
    """A deputy, lent 200,000 for August, approves 200,000.00 for the manager."""
    chain = Chain(book, PROCURE_TO_PAY, book.day_between(ago(88), ago(65)), domestic(book, PROCURE_TO_PAY))
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("2000.00"))
    approve_order(chain, "BUYD1", on_behalf_of="BUYM1")
    chain.fulfil(chain.day + days(4), chain.whole())
    approve_invoice(chain, chain.invoice(chain.day + days(6), chain.whole()))


@spares("APR-04")
def second_login_of_another_buyer(book: Book) -> None:
    """BUYL2 is a second login of BUY04, and approves what BUY01 ordered."""
    approve_order(_order(book, PROCURE_TO_PAY, "37.00", created_by="BUY01", buyer_id="BUY01"), "BUYL2")


@spares("TIM-05")
def received_on_the_day_of_the_order(book: Book) -> None:
    """Ordered in the morning, fetched in the afternoon, billed the same day."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), sent_at=f"{day}T11:00:00+08:00")
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("29.00"))
    event(book, order_keys(chain), "BUYL1", f"{day}T10:30:00+08:00")
    chain.fulfil(day, chain.whole())
    chain.invoice(day, chain.whole())


@spares("APR-15", "APR-14")
def approved_on_the_last_day(book: Book) -> None:
    """A lead approves in the evening of his last day with the company."""
    header = {"created_at": f"{LEFT_ON}T09:00:00+08:00", "sent_at": f"{LEFT_ON}T23:59:00+08:00"}
    chain = Chain(book, PROCURE_TO_PAY, LEFT_ON, domestic(book, PROCURE_TO_PAY), **header)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("34.00"))
    event(book, order_keys(chain), LEAVER, f"{LEFT_ON}T23:58:00+08:00")
    chain.fulfil(LEFT_ON + days(4), chain.whole())
    approve_invoice(chain, chain.invoice(LEFT_ON + days(6), chain.whole()))


@spares("APR-06")
def first_and_last_day_of_the_loan(book: Book) -> None:
    """The deputy approves on the first and on the last day of August, up to what he was lent."""
    for day in (date(2026, 8, 1), date(2026, 8, 31)):
        chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
        chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("2000.00"))
        approve_order(chain, "BUYD1", on_behalf_of="BUYM1")
        chain.fulfil(day + days(4), chain.whole())
        approve_invoice(chain, chain.invoice(day + days(6), chain.whole()))
