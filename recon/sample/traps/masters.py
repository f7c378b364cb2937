"""Business with a party up to the day on which its master was closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import days, stamp
from recon.sample.faults.control import approve_master
from recon.sample.faults.keepers import changed
from recon.sample.faults.payments import MONDAY, bought
from recon.sample.settle import settle
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("DAT-05")
def paid_on_the_day_of_closing(book: Book) -> None:
    """The last bill of a supplier is paid on the day on which his master is closed, and the master is blocked the day after."""
    chain, document = bought(book, MONDAY - days(30))
    settle(chain, MONDAY, [document])
    master = next(row for row in reversed(book.rows["supplier"]) if row["party_id"] == chain.party.party_id)
    master |= {"is_active": "false", "is_blocked": "true"}
    approve_master(book, chain.party, stamp(MONDAY - days(1), "16:00:00"))
    changed(book, chain.party, "is_active", ("true", "false"), changed_at=stamp(MONDAY, "17:00:00"))
    changed(book, chain.party, "is_blocked", ("false", "true"), changed_at=stamp(MONDAY + days(1), "09:00:00"))
