"""Tax invoices that are missing, void, of somebody else, never claimed, taken back too far, or behind two bookings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Document, Part
from recon.sample.claims import claimant
from recon.sample.faults.registry import on_bill, order, plants

if TYPE_CHECKING:
    from datetime import date

_AUTHORITY = "official_invoice"


def bought(book: Book, billed: date, price: str = "36.00") -> tuple[Chain, Document]:
    """100 pieces from a supplier of its own, received in full and billed on that day."""
    chain, _ = order(book, PROCURE_TO_PAY, billed - days(12), price)
    chain.fulfil(billed - days(4), chain.whole())
    return chain, chain.invoice(billed, chain.whole())


def paper(chain: Chain, document: Document, said: Row | None) -> None:
    """What the register says differently about the tax invoice of a document; None: there is none."""
    chain.book.tax_papers[chain.party.party_id, document.number] = said


def digital(book: Book) -> str:
    """A 20-digit number of a tax invoice that the register's own series does not reach."""
    return f"26319{book.number('FPX').rpartition('-')[2]:0>15}"


def taken_back(book: Book) -> tuple[Chain, Document]:
    """Ten of a hundred went back, and the supplier's credit for them came five days later."""
    day = ago(45)
    chain, line = order(book, PROCURE_TO_PAY, day - days(12), "36.00")
    receipt = chain.fulfil(day - days(4), chain.whole())
    document = chain.invoice(day, chain.whole())
    chain.undo(receipt, ago(25), "return", [Decimal(10)])
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    return chain, chain.invoice(ago(20), [Part(line, Decimal(-10), named)], "credit")


@plants("TAX-04")
def waited_for_since_a_month(book: Book) -> None:
    """Booked thirty-one days ago, and no tax invoice came."""
    chain, document = bought(book, ago(31))
    paper(chain, document, None)
    book.expect("TAX-04", *on_bill(chain, document), "31 days without a tax invoice")


@plants("TAX-05")
def void_at_the_authority(book: Book) -> None:
    """Booked three weeks ago; the supplier has made the tax invoice void since, and our verification is newer."""
    chain, document = bought(book, ago(21))
    paper(chain, document, {"status": "void", "status_changed_at": f"{ago(9)}T10:00:00+08:00", "verified_at": f"{ago(3)}T10:00:00+08:00"})
    book.expect("TAX-05", *on_bill(chain, document), "the tax invoice is void, its tax was claimed")


@plants("TAX-05")
def unknown_to_the_authority(book: Book) -> None:
    """The authority does not find the tax invoice."""
    chain, document = bought(book, ago(15))
    paper(chain, document, {"verification_result": "not_found", "checkoff_period": None})
    book.expect("TAX-05", *on_bill(chain, document), "the authority does not know it")


@plants("TAX-06")
def paper_of_another_firm(book: Book) -> None:
    """The tax invoice names another seller than the supplier who delivered."""
    chain, document = bought(book, ago(25))
    paper(chain, document, {"seller_tax_id": "91310115MA1K3X7Q4U"})
    book.expect("TAX-06", *on_bill(chain, document), "another seller's tax number")


@plants("TAX-11")
def paper_of_other_goods(book: Book) -> None:
    """Parts of machines came, and the tax invoice is about electronics."""
    chain, document = bought(book, ago(26))
    number = digital(book)
    paper(chain, document, {"official_invoice_number": number, "tax_class": "1079900000000000000"})
    book.expect("TAX-11", (_AUTHORITY, number, ""), ("", ""), "tax class 107 where the item's is 109")


@plants("TAX-08")
def never_claimed(book: Book) -> None:
    """Booked sixty-one days ago and not claimed since."""
    chain, document = bought(book, ago(61))
    number = digital(book)
    paper(chain, document, {"official_invoice_number": number, "checkoff_period": None})
    book.expect("TAX-08", (_AUTHORITY, number, ""), ("", ""), "61 days, not claimed")


@plants("TAX-08")
def claimed_in_two_months(book: Book) -> None:
    """Claimed in August, and in September again."""
    chain, document = bought(book, ago(70))
    number = digital(book)
    said: Row = {"official_invoice_number": number, "checkoff_period": "202608"}
    paper(chain, document, said | {"claimed_again": "202609"})
    book.expect("TAX-08", (_AUTHORITY, number, ""), ("", ""), "claimed in two periods")


@plants("TAX-09")
def red_without_blue(book: Book) -> None:
    """A credit's red tax invoice names a blue one that nobody has."""
    chain, credit = taken_back(book)
    number = digital(book)
    paper(chain, credit, {"official_invoice_number": number, "red_of_number": digital(book)})
    book.expect("TAX-09", (_AUTHORITY, number, ""), ("", ""), "the blue one is not in the register")


@plants("TAX-09")
def refused_and_booked(book: Book) -> None:
    """We refused the confirmation of the red tax invoice, and booked the credit all the same."""
    chain, credit = taken_back(book)
    number = digital(book)
    paper(chain, credit, {"official_invoice_number": number, "red_confirmation_status": "refused"})
    book.expect("TAX-09", (_AUTHORITY, number, ""), ("", ""), "refused, the credit is booked")


@plants("DUP-12")
def claimed_by_an_employee_too(book: Book) -> None:
    """The tax invoice of a bill comes again with an expense claim."""
    chain, document = bought(book, ago(50), "4.00")
    number, claim = digital(book), book.number("EX")
    paper(chain, document, {"official_invoice_number": number})
    row: Row = {"company_code": chain.company, "claim_number": claim, "claim_line_no": "1", "claim_date": ago(30), "claimant_id": claimant(book)}
    book.add("expense_claim_line", row | {"amount": document.gross, "currency": "CNY", "official_invoice_number": number})
    book.expect("DUP-12", ("expense_claim", claim, ""), ("", ""), f"booked as {document.number} before")


@plants("DUP-12")
def one_paper_behind_two_bills(book: Book) -> None:
    """A delivery is billed in two parts; the second bill comes with the tax invoice of the first."""
    chain, line = order(book, PROCURE_TO_PAY, ago(34), "31.00")
    chain.fulfil(ago(30), chain.whole())
    earlier, later = (chain.invoice(ago(day), [Part(line, Decimal(quantity))]) for day, quantity in ((26, 60), (20, 40)))
    number = digital(book)
    paper(chain, earlier, {"official_invoice_number": number})
    paper(chain, later, {"official_invoice_number": number, "is_shared": "true"})
    book.expect("DUP-12", *on_bill(chain, later), f"the tax invoice of {earlier.number}")
