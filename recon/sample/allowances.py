"""What the ledger has set aside for bad debts: half of all that customers owe past the day, which is never too little."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.book import AS_OF, CENT, ZERO

if TYPE_CHECKING:
    from recon.sample.book import Book, Row, Value

_ACCOUNT: Final = "123101"
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def set_aside(book: Book) -> None:
    """Write the balance of the allowance of every company that bills customers, in company currency."""
    owed: dict[tuple[str, str], Decimal] = {}
    for row in book.rows[ORDER_TO_CASH.invoice_table]:
        due = str(row.get("due_date") or row["invoice_date"])
        late = _DAY.fullmatch(due) is not None and date.fromisoformat(due) < AS_OF
        amount = _figure(row.get("line_amount_gross")) * (_figure(row.get("fx_rate")) or Decimal(1))
        key = (str(row["company_code"]), str(row["invoice_number"]))
        owed[key] = owed.get(key, ZERO) + (amount if late else ZERO)
    for row in book.rows[ORDER_TO_CASH.allocation_table]:
        key = (str(row["company_code"]), str(row["invoice_number"]))
        owed[key] = owed.get(key, ZERO) - _figure(row.get("amount_applied"))
    for company in sorted({company for company, _ in owed}):
        late_amount = sum((max(amount, ZERO) for (code, _), amount in owed.items() if code == company), ZERO)
        balance: Row = {"company_code": company, "account": _ACCOUNT, "account_role": "allowance", "as_of_date": AS_OF, "currency": "CNY"}
        book.add("gl_balance", balance | {"balance": -(late_amount / 2).quantize(CENT, "ROUND_UP")})


def _figure(value: Value) -> Decimal:
    """The amount, nothing where a planted one cannot be read."""
    return Decimal(str(value)) if _NUMBER.fullmatch(str(value)) else ZERO
