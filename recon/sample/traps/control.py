"""Approval, blocks, accounts, waits and cut-off one unit inside what is allowed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_invoice, approve_order, event, order_keys
from recon.sample.book import AS_OF, Book, ago, days
from recon.sample.chain import Chain
from recon.sample.faults.control import assigned_before, block, change, new_account, own_supplier, paid_supplier, request
from recon.sample.faults.cut_off import bought_across, sold_across
from recon.sample.faults.registry import LATER, domestic, goods, order, some_time
from recon.sample.settle import due_date, settle
from recon.sample.traps.registry import spares


@spares("APR-05")
def changed_before_approval_and_lowered_after(book: Book) -> None:
    """Raised in the morning, approved at two, lowered two days later; a text is changed as well."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "41.00")
    change(chain, line, f"{day}T11:00:00+08:00", "unit_price_net", ("40.00", "42.00"))
    change(chain, line, f"{day + days(2)}T11:00:00+08:00", "unit_price_net", ("42.00", "41.00"))
    change(chain, line, f"{day + days(2)}T11:05:00+08:00", "item_description", ("shaft", "shaft, polished"))
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(8), chain.whole())


@spares("APR-05")
def raised_and_approved_again(book: Book) -> None:
    """Raised after the first approval and approved once more, before anything was sent."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("46.00"))
    event(book, order_keys(chain), "BUYL1", f"{day}T10:00:00+08:00")
    change(chain, line, f"{day}T11:00:00+08:00", "quantity", ("80", "100"))
    event(book, order_keys(chain), "BUYL1", f"{day}T14:00:00+08:00")
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(8), chain.whole())


@spares("APR-07")
def eight_days_apart(book: Book) -> None:
    """Two orders of 48,000 for one item, eight days apart."""
    party, item, start = own_supplier(book), goods(book, PROCURE_TO_PAY), some_time(book)
    for offset in (0, 8):
        header = {"company_code": "C10", "created_by": "BUY02", "buyer_id": "BUY02", "requester_id": "REQ02"}
        chain = Chain(book, PROCURE_TO_PAY, start + days(offset), party, promised_date=LATER, **header)
        chain.line(item, 100, Decimal("480.00"))
        approve_order(chain)
        chain.fulfil(chain.day + days(5), chain.whole())
        approve_invoice(chain, chain.invoice(chain.day + days(8), chain.whole()))


@spares("APR-08", "APR-09")
def released_with_a_reason_and_paid(book: Book) -> None:
    """Blocked until the rest of the goods came; released by hand with that reason, and paid the day after."""
    day = book.day_between(ago(300), ago(90))
    chain, _ = order(book, PROCURE_TO_PAY, day, "38.00")
    chain.fulfil(day + days(5), chain.whole())
    document = chain.invoice(day + days(8), chain.whole())
    paid = due_date(document)
    block(document, block_released_by="APC02", block_released_at=f"{paid - days(1)}T10:00:00+08:00", block_release_reason="goods arrived")
    settle(chain, paid, [document])


@spares("APR-10")
def account_changed_long_before_or_confirmed(book: Book) -> None:
    """One account was changed thirty-one days before its payment, another one two days before with a call on record."""
    paid_supplier(book, 31)
    paid_supplier(book, 2, callback_reference="CALL-2026-07")
    new_account(book, own_supplier(book), AS_OF - days(3))


@spares("SLA-01")
def exactly_two_hours(book: Book) -> None:
    """Approved exactly two hours after it was assigned."""
    chain = Chain(book, PROCURE_TO_PAY, some_time(book), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("23.00"))
    assigned_before(approve_order(chain), timedelta(hours=2))
    chain.fulfil(chain.day + days(5), chain.whole())
    chain.invoice(chain.day + days(8), chain.whole())


@spares("SLA-02")
def spare_part_within_two_days(book: Book) -> None:
    """Sent at midnight, received on the day after: 48 hours at the most."""
    day = some_time(book)
    header = {"promised_date": str(day + days(1)), "created_at": f"{day - days(1)}T09:00:00+08:00", "sent_at": f"{day}T00:00:00+08:00"}
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), **header)
    chain.line(book.masters.items["SPARES"][0], 20, Decimal("29.00"))
    approve_order(chain, day=day - days(1))
    chain.fulfil(day + days(1), chain.whole())
    chain.invoice(day + days(3), chain.whole())


@spares("SLA-05")
def answered_within_the_day(book: Book) -> None:
    """A customer answered exactly a day later."""
    day = some_time(book)
    request(book, f"{day}T10:00:00+08:00", f"{day + days(1)}T10:00:00+08:00")


@spares("TIM-03", "CUT-01")
def accrued_to_a_trifle(book: Book) -> None:
    """Goods of September booked in October, early and late, accrued short by exactly 1,000."""
    bought_across(book, date(2026, 9, 28), date(2026, 10, 5), "1000")
    bought_across(book, date(2026, 9, 2), date(2026, 10, 20), "1000")


@spares("TIM-04")
def sold_in_september(book: Book) -> None:
    """Sold from our gate at the end of September, and exactly 1,000 delivered in October."""
    sold_across(book, date(2026, 9, 28), "74.00", "EXW")
    sold_across(book, date(2026, 9, 28), "10.00", "DAP", date(2026, 10, 2))
