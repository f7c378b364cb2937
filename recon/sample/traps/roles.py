"""People with two roles that one hand may hold, or of which one was taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import ago
from recon.sample.faults.roles import hired
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("SOD-08")
def moved_to_another_desk_yesterday(book: Book) -> None:
    """A clerk became a cashier: the old login ended yesterday; and a storekeeper who ships, which nobody forbids."""
    hired(book, {"roles": "AP_CLERK", "active_to": ago(1)}, {"roles": "CASHIER", "active_from": ago(0)})
    hired(book, {"roles": "STOREKEEPER,SHIPPING"})
