"""Tables of documents that name a party: how a document of each is called, dated and valued, and what says that it does not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import PROCURE_TO_PAY

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle

_LINES: Final = ("line_amount_gross", "line_amount_net")


@dataclass(frozen=True)
class DocumentKind:
    """A table of documents: `worth` are the columns that may say what one is worth, the first that is known; `dead` is the flag of what does not count."""

    cycle: Cycle
    table: str
    document_type: str
    number: str
    date: str
    worth: tuple[str, ...] = ()
    line: str | None = None
    dead: str | None = "is_cancelled"


def orders(cycle: Cycle) -> DocumentKind:
    """Purchase or sales orders."""
    stem = cycle.order
    return DocumentKind(cycle, cycle.order_table, cycle.order_type, f"{stem}_number", f"{stem}_date", _LINES, f"{stem}_line_no")


def fulfilments(cycle: Cycle) -> DocumentKind:
    """Receipts or shipments, which say nothing of their worth."""
    stem = cycle.fulfilment
    return DocumentKind(cycle, cycle.fulfilment_table, cycle.fulfilment_type, f"{stem}_number", f"{stem}_date", line=f"{stem}_line_no")


def invoices(cycle: Cycle) -> DocumentKind:
    """Bills of suppliers or to customers."""
    return DocumentKind(cycle, cycle.invoice_table, cycle.invoice_type, "invoice_number", "invoice_date", _LINES, "invoice_line_no")


def payments(cycle: Cycle) -> DocumentKind:
    """Payments to suppliers, receipts from customers."""
    dead = "is_voided" if cycle is PROCURE_TO_PAY else None
    return DocumentKind(cycle, cycle.payment_table, cycle.payment_type, f"{cycle.payment}_number", cycle.payment_date, ("amount",), dead=dead)
