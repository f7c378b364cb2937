"""What an ordinary company does with the invoices of a special case: pays what is due, holds back what is in doubt.

Near-misses are paid on their due date. Invoices of planted faults are blocked or disputed, as they would be; a fault that pays
its invoice itself, early or late, is labelled as such. So nothing is overdue, early or late that nobody planted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY, Cycle
from recon.sample.book import AS_OF, ZERO, Book, Row
from recon.sample.calendars import is_working_day
from recon.sample.settle import pay_out

if TYPE_CHECKING:
    from collections.abc import Callable

#: the parameters of PAY-11 and PAY-10
_EARLY_DAYS: Final = 5
_LATE_DAYS: Final = 2


@dataclass(frozen=True)
class _Invoice:
    rows: list[Row]

    def says(self, column: str) -> str:
        return str(self.rows[0].get(column) or "")

    @property
    def gross(self) -> Decimal:
        return sum((Decimal(str(row.get("line_amount_gross") or 0)) for row in self.rows), ZERO)

    @property
    def due(self) -> date | None:
        due = self.rows[0].get("due_date")
        return due if isinstance(due, date) else None


def closed(act: Callable[[Book], None], *, faulty: bool) -> Callable[[Book], None]:
    """The act, and what the company then does with its invoices."""

    def acted(book: Book) -> None:
        marks = {name: len(rows) for name, rows in book.rows.items()}
        act(book)
        for cycle in CYCLES:
            _close(book, cycle, marks, faulty=faulty)

    return acted


def _close(book: Book, cycle: Cycle, marks: dict[str, int], *, faulty: bool) -> None:
    written = [_Invoice(rows) for rows in _by_document(book.rows[cycle.invoice_table][marks[cycle.invoice_table] :], cycle)]
    applied = book.rows[cycle.allocation_table][marks[cycle.allocation_table] :]
    paid = {str(row["invoice_number"]) for row in applied}
    told = {str(row.get("remittance_text") or row.get("reference") or "") for row in book.rows[cycle.payment_table][marks[cycle.payment_table] :]}
    undone = {i.says("origin_invoice_number") for i in written if i.says("invoice_kind") == "reversal"}
    for invoice in written:
        number = invoice.says("invoice_number")
        is_bill = invoice.says("invoice_kind") == "invoice" and invoice.says("is_cancelled") != "true" and number not in undone
        if not is_bill or invoice.due is None or invoice.says("is_disputed"):
            continue
        if number in paid:
            if faulty and cycle is PROCURE_TO_PAY:
                _label(book, invoice, applied)
        elif invoice.due < AS_OF and number not in told:
            entered = invoice.says("created_at")[:10]
            if faulty or entered > invoice.due.isoformat():
                _hold(invoice, cycle)
            else:
                _pay(book, cycle, invoice, [i for i in written if i.gross < 0 and i.says("origin_invoice_number") == number])


def _by_document(rows: list[Row], cycle: Cycle) -> list[list[Row]]:
    documents: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = (row["company_code"], row[cycle.party], row["invoice_number"], row["invoice_date"], row.get("internal_number"))
        documents.setdefault(key, []).append(row)
    return list(documents.values())


def _hold(invoice: _Invoice, cycle: Cycle) -> None:
    for row in invoice.rows:
        row.update({"payment_block": "MATCH"} if cycle is PROCURE_TO_PAY else {"is_disputed": "true"})


def _pay(book: Book, cycle: Cycle, invoice: _Invoice, credit_notes: list[_Invoice]) -> None:
    parts = [(i.says("invoice_number"), i.gross, ZERO) for i in (invoice, *credit_notes)]
    if invoice.due and sum((gross for _, gross, _ in parts), ZERO) > 0:
        keys: Row = {"company_code": invoice.says("company_code"), cycle.party: invoice.says(cycle.party), "currency": invoice.says("currency")}
        pay_out(book, cycle, keys, invoice.due, parts)


def _label(book: Book, invoice: _Invoice, applied: list[Row]) -> None:
    """Write into the answer key that the fault's own payment settled its invoice too early or too late."""
    number, due = invoice.says("invoice_number"), invoice.due
    mine = [row for row in applied if row["invoice_number"] == number]
    settled = sum((Decimal(str(row.get(c) or 0)) for row in mine for c in ("amount_applied", "discount_taken")), ZERO)
    days = {row["payment_number"]: row["payment_date"] for row in book.rows["supplier_payment"]}
    last = max(day for row in mine if isinstance(day := days[row["payment_number"]], date))
    labelled = {(a.control_id, a.document_number) for a in book.answers}
    if due is None or settled < invoice.gross or any(row.get("discount_taken") for row in mine) or invoice.says("discount_share"):
        return
    early, late = (due - last).days, sum(is_working_day(due + timedelta(days=n + 1)) for n in range((last - due).days))
    for control_id, is_so, words in (
        ("PAY-11", early > _EARLY_DAYS, f"{early} days early"),
        ("PAY-10", late > _LATE_DAYS, f"{late} working days late"),
    ):
        if is_so and (control_id, number) not in labelled:
            orders = {str(row.get("po_number") or "") for row in invoice.rows}
            book.expect(control_id, ("supplier_invoice", number, ""), (orders.pop() if len(orders) == 1 else "", ""), f"paid {words}")
