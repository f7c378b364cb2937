"""Emergency orders approved at the last moment, and those that still have time."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import AS_OF, Book, days, stamp
from recon.sample.chain import Chain
from recon.sample.faults.emergencies import approved_on_the_third_day, standing_by
from recon.sample.faults.registry import LATER, domestic, goods
from recon.sample.traps.registry import spares


@spares("APR-19")
def emergency_within_three_days(book: Book) -> None:
    """Approved exactly three days after the entry; one that was entered exactly three days before the as-of day ends still waits."""
    approved_on_the_third_day(book, "09:00:00")
    entered = stamp(AS_OF - days(2), "00:00:00")
    chain = Chain(
        book, PROCURE_TO_PAY, AS_OF - days(2), domestic(book, PROCURE_TO_PAY), promised_date=LATER, created_at=entered, emergency="true", sent_at=None
    )
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("34.70"))


@spares("STA-11")
def every_second_an_emergency(book: Book) -> None:
    """One of two orders from a supplier that stands by is an emergency: exactly half."""
    standing_by(book, "false")
