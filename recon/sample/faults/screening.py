"""Business with parties and countries that the screening list names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import AS_OF
from recon.sample.faults.keepers import paid
from recon.sample.faults.parties import serial, supplier
from recon.sample.faults.registry import on_document, plants
from recon.sample.masters import tax_id

if TYPE_CHECKING:
    from recon.sample.book import Book, Value


def listed(book: Book, **columns: Value) -> None:
    """One more entry of the list that was issued on the last day of the books."""
    book.add("party_screening_list", {"list_version": "2026-10", "list_date": AS_OF, "entry_id": book.number("E"), "entry_kind": "party", **columns})


@plants("PTY-15")
def paid_to_a_listed_firm(book: Book) -> None:
    """Paid to a firm whose tax number is on the list under another name."""
    code = tax_id(serial(book))
    listed(book, name="海湾通达航运", tax_id=code)
    number = paid(book, supplier(book, tax_id=code))
    book.expect("PTY-15", *on_document("supplier_payment", number), "the tax number is on the list")


@plants("PTY-15")
def paid_into_a_listed_country(book: Book) -> None:
    """Paid to a firm in a country of the list."""
    number = paid(book, supplier(book, country="SY", bank_country="SY", tax_id=None))
    book.expect("PTY-15", *on_document("supplier_payment", number), "a country of the list")


@plants("PTY-15")
def paid_to_a_name_alike(book: Book) -> None:
    """Paid to a firm whose name differs in one of fourteen characters from one on the list."""
    word = f"{serial(book)}"
    listed(book, name=f"环球顺达国际航运{word}有限公司")
    number = paid(book, supplier(book, party_name=f"环球顺达国际船运{word}有限公司"))
    book.expect("PTY-15", *on_document("supplier_payment", number), "a name like one of the list")
