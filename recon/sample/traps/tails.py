"""Tails that add up to no more than is let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.tails import billed_with_cents
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("CUR-04")
def two_cents(book: Book) -> None:
    """A cent of tax too much and one too little on a bill of the month: exactly the sum that is let pass."""
    billed_with_cents(book, 2)
