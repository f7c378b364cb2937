"""The kinds of documents that a company numbers itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.domain.cycles import CYCLES, ORDER_TO_CASH

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle


@dataclass(frozen=True)
class Numbered:
    """One kind of document that the company numbers itself."""

    cycle: Cycle
    document_type: str
    table: str
    number: str
    day: str
    dead: str | None  # flag of rows that do not count as live
    amount: tuple[str, ...]

    @property
    def entered_at(self) -> str:
        """The stamp of its entry; of cash only the posting is on record."""
        return "posted_at" if self.cycle is ORDER_TO_CASH and self.table == self.cycle.payment_table else "created_at"


def numbered_by_us() -> list[Numbered]:
    """Orders, fulfilments and payments of both cycles, and our own invoices: a supplier's invoice bears the supplier's number."""
    kinds = []
    for c in CYCLES:
        sells = c is ORDER_TO_CASH
        kinds += [
            Numbered(c, c.order_type, c.order_table, f"{c.order}_number", f"{c.order}_date", "is_cancelled", ()),
            Numbered(c, c.fulfilment_type, c.fulfilment_table, f"{c.fulfilment}_number", f"{c.fulfilment}_date", "is_cancelled", ()),
            Numbered(c, c.payment_type, c.payment_table, f"{c.payment}_number", c.payment_date, None if sells else "is_voided", ("amount",)),
        ]
        if sells:
            kinds.append(
                Numbered(
                    c, c.invoice_type, c.invoice_table, "invoice_number", "invoice_date", "is_cancelled", ("line_amount_gross", "line_amount_net")
                )
            )
    return kinds
