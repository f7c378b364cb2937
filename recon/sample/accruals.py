"""The ledger's accruals at the end of September: goods that had moved and were not billed by then, to be reversed."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import CYCLES, Cycle
from recon.sample.book import AS_OF, CENT, ZERO, Book, Row, days

if TYPE_CHECKING:
    from recon.sample.book import Value

PERIOD_END: Final = AS_OF.replace(day=1) - days(1)
#: goods older than this were billed long ago
_REACH: Final = 90
_ACCOUNTS: Final = {"procure_to_pay": ("140201", "220202"), "order_to_cash": ("112202", "600102")}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_PACKED: Final = {("PCS", "BOX"): Decimal(12), ("KG", "TON"): Decimal(1000)}


def accrue(book: Book) -> None:
    """Write two ledger lines for every receipt or shipment of the last months of an order that was billed after September.

    `book.unaccrued` says by how much the accrual for a document is too small.
    """
    for cycle in CYCLES:
        late = _billed_later(book, cycle)
        lines = {(row[f"{cycle.order}_number"], row[f"{cycle.order}_line_no"]): row for row in book.rows[cycle.order_table]}
        worth: dict[tuple[str, str], Decimal] = {}
        for row in book.rows[cycle.fulfilment_table]:
            line = lines.get((row.get(f"{cycle.order}_number"), row.get(f"{cycle.order}_line_no")))
            if (
                line is not None
                and _moved(row, cycle)
                and late & {row[f"{cycle.fulfilment}_number"], line[f"{cycle.order}_number"], row[cycle.party]}
            ):
                number = str(row[f"{cycle.fulfilment}_number"])
                key = (str(row["company_code"]), number)
                worth[key] = worth.get(key, ZERO) + _worth(row, line)
        for (company, number), value in sorted(worth.items()):
            _post(book, cycle, company, number, (value - book.unaccrued.get(number, ZERO)).quantize(CENT, "ROUND_UP"))


def _billed_later(book: Book, cycle: Cycle) -> set[Value]:
    """Orders and deliveries that bills after September name; of bills that name neither, the party."""
    late: set[Value] = set()
    for row in book.rows[cycle.invoice_table]:
        if _day(row.get("posting_date") or row["invoice_date"]) > PERIOD_END:
            named = {row.get(f"{cycle.order}_number"), row.get(f"{cycle.fulfilment}_number")} - {None, ""}
            late |= named or {row[cycle.party]}
    return late


def _moved(row: Row, cycle: Cycle) -> bool:
    day = _day(row[f"{cycle.fulfilment}_date"])
    return PERIOD_END - days(_REACH) <= day <= PERIOD_END and Decimal(str(row["quantity"])) > 0


def _day(value: Value) -> date:
    """The date of a row; a planted one that cannot be read lies before all others."""
    text = str(value)
    return date.fromisoformat(text) if _DATE.fullmatch(text) else date.min


def _worth(row: Row, line: Row) -> Decimal:
    times = _PACKED.get((str(row["uom"]), str(line["uom"])), Decimal(1))
    quantity = (Decimal(str(row["quantity"])) + Decimal(str(row.get("quantity_declared_loss") or 0))) / times
    return quantity * Decimal(str(line["unit_price_net"])) / Decimal(str(line["price_per"])) * Decimal(str(line["fx_rate"]))


def _post(book: Book, cycle: Cycle, company: str, number: str, value: Decimal) -> None:
    if value <= 0:
        return
    journal = book.number("ACC")
    debit, credit = _ACCOUNTS[cycle.name]
    shared: Row = {"company_code": company, "journal": journal, "posting_date": PERIOD_END, "currency": "CNY", "reference": number}
    for index, (account, amount) in enumerate(((debit, value), (credit, -value)), start=1):
        book.add(
            "gl_journal_line", shared | {"line_no": str(index), "account": account, "amount": amount, "auto_reverse": "true", "created_by": "GLA01"}
        )
