"""Tax invoices that come, are claimed and are taken back just in time and to the cent, and one that stands behind two bills on purpose."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import CENT, ago
from recon.sample.chain import Part
from recon.sample.faults.registry import order
from recon.sample.faults.tax_papers import bought, digital, paper
from recon.sample.masters import company_tax_id
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book, Row


@spares("TAX-04")
def thirty_days_without(book: Book) -> None:
    """Booked thirty days ago: the tax invoice may come with the month's closing."""
    chain, document = bought(book, ago(30))
    paper(chain, document, None)


@spares("TAX-05")
def written_anew_before_it_was_booked(book: Book) -> None:
    """The supplier made a tax invoice void and wrote a new one before we booked the bill: both are in the register, the valid one stands behind it."""
    chain, document = bought(book, ago(21))
    seller = next(row["tax_id"] for row in reversed(book.rows["supplier"]) if row["party_id"] == chain.party.party_id)
    void: Row = {"company_code": chain.company, "official_invoice_number": digital(book), "official_invoice_type": "special", "invoice_date": ago(22)}
    void |= {
        "status": "void",
        "status_changed_at": f"{ago(21)}T10:00:00+08:00",
        "verification_result": "verified",
        "verified_at": f"{ago(20)}T09:30:00+08:00",
    }
    void |= {"buyer_tax_id": company_tax_id(chain.company), "seller_tax_id": seller}
    book.add("official_invoice", void | {"amount_net": document.net, "tax_amount": document.gross - document.net, "quantity": Decimal(100)})


@spares("TAX-06")
def tax_number_in_another_spelling(book: Book) -> None:
    """The register writes our tax number in small letters and groups."""
    chain, document = bought(book, ago(18))
    number = next(str(row["tax_id"]) for row in book.rows["company"] if row["company_code"] == chain.company)
    paper(chain, document, {"buyer_tax_id": f"{number[:2]} {number[2:8]} {number[8:].lower()}"})


@spares("TAX-11")
def paper_of_a_narrower_class(book: Book) -> None:
    """The tax invoice gives all nineteen digits, of which the first three are the item's."""
    chain, document = bought(book, ago(27))
    paper(chain, document, {"tax_class": "1095500000000000000"})


@spares("TAX-08")
def claimed_with_the_next_return(book: Book) -> None:
    """Booked sixty days ago and not claimed yet."""
    chain, document = bought(book, ago(60))
    paper(chain, document, {"checkoff_period": None})


@spares("TAX-09")
def taken_back_to_the_cent(book: Book) -> None:
    """All went back; the red tax invoice is a cent above the blue one, rounded line by line."""
    chain, line = order(book, PROCURE_TO_PAY, ago(30), "36.00")
    receipt = chain.fulfil(ago(24), chain.whole())
    document = chain.invoice(ago(20), chain.whole())
    chain.undo(receipt, ago(15), "return", [Decimal(100)])
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    credit = chain.invoice(ago(12), [Part(line, Decimal(-100), named)], "credit")
    paper(chain, credit, {"tax_amount": credit.gross - credit.net - CENT})


@spares("DUP-12")
def one_paper_for_two_bills(book: Book) -> None:
    """A delivery billed in two parts, with one tax invoice for both: together they are what it says."""
    chain, line = order(book, PROCURE_TO_PAY, ago(34), "31.00")
    chain.fulfil(ago(30), chain.whole())
    first, second = (chain.invoice(ago(day), [Part(line, Decimal(quantity))]) for day, quantity in ((26, 60), (20, 40)))
    number = digital(book)
    whole: Row = {"amount_net": first.net + second.net, "tax_amount": first.gross - first.net + second.gross - second.net}
    paper(chain, first, whole | {"official_invoice_number": number})
    paper(chain, second, {"official_invoice_number": number, "is_shared": "true"})
