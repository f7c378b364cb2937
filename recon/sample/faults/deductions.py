"""Deductions that were accepted and never credited, and consigned goods billed above what was used."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import AS_OF, Book, Row, ago
from recon.sample.chain import Chain, Document, Line, Part
from recon.sample.faults.cash import sold
from recon.sample.faults.registry import LATER, domestic, goods, on_bill, on_document, plants
from recon.sample.settle import apply, receive
from recon.sample.stock import WAREHOUSE

if TYPE_CHECKING:
    from datetime import date


def kept_back(book: Book, amount: str, accepted: date) -> str:
    """A customer keeps something back of a bill and we accept it that day; returns the receipt's number."""
    chain, document = sold(book, ago(25))
    number = receive(chain, ago(18), document.gross - Decimal(amount))
    told: Row = {"deduction_amount": Decimal(amount), "accepted_at": f"{accepted}T10:00:00+08:00", "accepted_by": "SAM01", "reason_code": "SHORTAGE"}
    apply(chain, number, document.number, document.gross - Decimal(amount), **told)
    return number


def consigned(book: Book, used: int, billed: int) -> tuple[Chain, Line, Document]:
    """A hundred consigned at the start of the month, some of them used, and a bill for some."""
    first = AS_OF.replace(day=1)
    chain = Chain(book, PROCURE_TO_PAY, ago(38), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("30.00"), po_type="consignment")
    approve_order(chain)
    chain.fulfil(ago(12), chain.whole())
    moved: Row = {"company_code": chain.company, "movement_number": book.number("MV"), "movement_date": first.replace(day=26)}
    moved |= {"item_id": line.item.item_id, "warehouse_id": f"{WAREHOUSE}-CS", "quantity": Decimal(-used), "uom": line.uom}
    book.add("inventory_movement", moved | {"movement_kind": "consumption", "supplier_id": chain.party.party_id, "created_by": "STK01"})
    return chain, line, chain.invoice(ago(3), [Part(line, Decimal(billed))])


@plants("CSH-12")
def accepted_and_not_credited(book: Book) -> None:
    """60.00 kept back for a shortage, accepted fifteen days ago, and no credit note."""
    number = kept_back(book, "60.00", ago(15))
    book.expect("CSH-12", *on_document("cash_receipt", number), "accepted 15 days ago, not credited")
    book.expect("CSH-02", *on_document("cash_receipt", number), "60.00 kept back for a shortage")


@plants("QTY-16")
def billed_more_than_used(book: Book) -> None:
    """Sixty used in October, sixty-one billed."""
    chain, _, document = consigned(book, 60, 61)
    book.expect("QTY-16", *on_bill(chain, document), "61 billed, 60 used")
