"""Business with a firm that was taken off the list, and with one whose name is like another's in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import days
from recon.sample.faults.keepers import LATELY, paid
from recon.sample.faults.parties import serial, supplier
from recon.sample.faults.screening import listed
from recon.sample.masters import tax_id
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("PTY-15")
def no_longer_listed(book: Book) -> None:
    """Paid the day after a firm was taken off the list; a name that differs in two characters of fourteen."""
    code = tax_id(serial(book))
    listed(book, name="海湾通达航运", tax_id=code, valid_to=LATELY - days(1))
    paid(book, supplier(book, tax_id=code))
    word = f"{serial(book)}"
    listed(book, name=f"环球顺达国际航运{word}有限公司")
    paid(book, supplier(book, party_name=f"寰球顺达国际船运{word}有限公司"))
