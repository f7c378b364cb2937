"""Emergency orders that nobody approved in time."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order, approver, event, order_keys
from recon.sample.book import AS_OF, Book, days, stamp
from recon.sample.chain import Chain
from recon.sample.faults.registry import LATER, domestic, goods, on_document, plants, some_time
from recon.sample.newcomers import newcomer

if TYPE_CHECKING:
    from recon.sample.masters import Party


def approved_on_the_third_day(book: Book, clock: str) -> Chain:
    """An emergency order entered at nine and approved three days later at that time, before it is sent."""
    day = some_time(book)
    sent = stamp(day + days(3), "16:00:00")
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), created_at=stamp(day, "09:00:00"), sent_at=sent, emergency="true")
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("36.10"))
    at, asked = stamp(day + days(3), clock), stamp(day + days(3), "08:00:00")
    event(book, order_keys(chain), approver("purchase_order", chain.net_base), at, assigned_at=asked)
    chain.fulfil(day + days(8), chain.whole())
    chain.invoice(day + days(11), chain.whole())
    return chain


@plants("APR-19")
def a_minute_late(book: Book) -> None:
    """Approved three days and a minute after its entry."""
    book.expect("APR-19", *on_document("purchase_order", approved_on_the_third_day(book, "09:01:00").number), "approved a minute too late")


@plants("APR-19")
def still_waiting(book: Book) -> None:
    """Entered four days ago, not approved, not sent yet."""
    day = AS_OF - days(4)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=LATER, emergency="true", sent_at=None)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("34.70"))
    book.expect("APR-19", *on_document("purchase_order", chain.number), "waits for its approval since four days")


def standing_by(book: Book, second: str) -> Party:
    """Two orders of last week from a supplier that stands by, approved on their days: an emergency, and another one or none. Returns the supplier."""
    party = newcomer(book, PROCURE_TO_PAY, group_id="G-URGENT")
    for place, urgent in enumerate(("true", second)):
        chain = Chain(book, PROCURE_TO_PAY, AS_OF - days(9 - place), party, company_code="C10", promised_date=LATER, emergency=urgent)
        chain.line(goods(book, PROCURE_TO_PAY), 40, Decimal("33.40"))
        approve_order(chain)
    return party


@plants("STA-11")
def nothing_but_emergencies(book: Book) -> None:
    """Both orders are emergencies."""
    book.expect("STA-11", *on_document("supplier", standing_by(book, "true").party_id), "two of two orders are emergencies")
