"""Clean scenarios that only selling knows: confirmed part deliveries, bill and hold, small deductions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.sample.book import AS_OF, days
from recon.sample.chain import Part
from recon.sample.scenarios import BOTH, Start, any_party, bill, confirm, deliver, fill
from recon.sample.settle import pay_when_due, settle

if TYPE_CHECKING:
    from collections.abc import Callable


def bill_each_delivery(start: Start) -> None:
    """Three deliveries to the door, each confirmed and billed by itself."""
    chain = fill(start, start.chain())
    documents = []
    for offset in (4, 12, 20):
        thirds = [Part(line, line.quantity / 3) for line in chain.lines]
        delivery = chain.fulfil(start.day + days(offset), thirds, incoterm="DDP", goods_issue_posted="true")
        confirm(chain, delivery, start.day + days(offset + 2))
        named = [Part(line, line.quantity / 3, chain.fulfilled_by(delivery, i)) for i, line in enumerate(chain.lines)]
        documents.append(bill(chain, start.day + days(offset + 2), named))
    pay_when_due(chain, documents)


def deducted(start: Start) -> None:
    """The customer's bank kept some of the money; the rest was written off with a reason."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=True)))
    deliver(chain, start.day + days(5), chain.whole())
    document = bill(chain, start.day + days(6), chain.whole())
    settle(chain, start.day + days(50), [document])
    fee = Decimal(start.book.rng.randint(5, 30))
    payment, allocation = start.book.rows["cash_receipt"][-1], start.book.rows["cash_receipt_allocation"][-1]
    payment["amount"] = start.book.rows["bank_transaction"][-1]["amount"] = document.gross - fee
    allocation |= {"amount_applied": document.gross - fee, "write_off_amount": fee, "reason_code": "BANK_FEE"}


def bill_and_hold(start: Start) -> None:
    """Billed in the last month by written agreement, to be shipped when the customer's hall is ready."""
    late = Start(start.book, start.cycle, AS_OF - days(start.book.rng.randint(10, 30)), start.size)
    chain = fill(late, late.chain(is_bill_and_hold="true", promised_date="2026-12-10"))
    bill(chain, late.day + days(5), chain.whole())


SCENARIOS: Final[tuple[tuple[int, Callable[[Start], None]], ...]] = (*BOTH, (10, bill_each_delivery), (4, deducted), (1, bill_and_hold))
