"""Invoices entered twice, in the same words or in nearly the same."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import Book, days
from recon.sample.chain import Part
from recon.sample.faults.registry import in_full_width, on_document, order, plants, some_time


def two_of_one_amount(book: Book, numbers: tuple[str, str], apart: int) -> str:
    """Two invoices over 50 each of one order of 100, all received; returns the later number."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, f"{book.rng.randint(1100, 4900) / Decimal(100)}")
    chain.fulfil(day + days(5), chain.whole())
    for number, later, hour in zip(numbers, (0, apart), (10, 17), strict=True):
        entered = book.moment(day + days(8 + later), hour)
        chain.invoice(day + days(8 + later), [Part(line, Decimal(50))], invoice_number=number, created_at=entered)
    return numbers[1]


def digits_of(book: Book) -> str:
    """Eight digits for an invoice number."""
    return str(book.rng.randint(20_000_000, 89_999_999))


@plants("DUP-01")
def keyed_with_another_separator(book: Book) -> None:
    """The same number once with a hyphen and once with a blank."""
    digits = digits_of(book)
    later = two_of_one_amount(book, (f"FP-{digits}", f"FP {digits}"), 0)
    book.expect("DUP-01", *on_document("supplier_invoice", later), f"entered before as FP-{digits}")


@plants("DUP-01")
def keyed_in_full_width(book: Book) -> None:
    """The same number once in plain and once in full-width characters."""
    digits = digits_of(book)
    later = two_of_one_amount(book, (f"FQ{digits}", in_full_width(f"FQ-{digits}")), 0)
    book.expect("DUP-01", *on_document("supplier_invoice", later), f"entered before as FQ{digits}")


@plants("DUP-03")
def keyed_with_a_suffix(book: Book) -> None:
    """The number again with an R behind it, eighteen days later."""
    digits = digits_of(book)
    later = two_of_one_amount(book, (digits, f"{digits}-R"), 18)
    book.expect("DUP-03", *on_document("supplier_invoice", later), f"entered before as {digits}")


@plants("DUP-03")
def misread_letter(book: Book) -> None:
    """The letter O read as a nought, three days later."""
    digits = digits_of(book)
    later = two_of_one_amount(book, (f"O{digits}", f"0{digits}"), 3)
    book.expect("DUP-03", *on_document("supplier_invoice", later), f"entered before as O{digits}")
