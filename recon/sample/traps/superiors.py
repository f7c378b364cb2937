"""Approvals for somebody of the same level, and for somebody further above than is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.superiors import asked_for_by
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("APR-20")
def asked_for_by_a_peer_and_by_the_chief(book: Book) -> None:
    """The deputy, who has the same manager as the buying lead, asked; and the chief executive did, three steps above, where two are looked at."""
    asked_for_by(book, "BUYD1")
    asked_for_by(book, "CEO01")
