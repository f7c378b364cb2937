"""A deduction accepted a fortnight ago, and consigned goods billed as they were used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import ago
from recon.sample.faults.deductions import consigned, kept_back
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("CSH-12")
def accepted_a_fortnight_ago(book: Book) -> None:
    """5.00 kept back and accepted fourteen days ago: the credit note may still come."""
    kept_back(book, "5.00", ago(14))


@spares("QTY-16")
def billed_as_used(book: Book) -> None:
    """Sixty used in October, sixty billed."""
    consigned(book, 60, 60)
