"""Clean scenarios that only buying knows: services, inspection, units, transit loss, loose references."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.sample import approvals
from recon.sample.book import Row, days
from recon.sample.chain import Part
from recon.sample.scenarios import BOTH, Start, any_item, any_party, bill, deliver, fill, replace, usual_quantity
from recon.sample.settle import pay_when_due

if TYPE_CHECKING:
    from collections.abc import Callable


def services(start: Start) -> None:
    """Days of service, confirmed by the bill itself: two-way, billed in full."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=True)), "SERVICES")
    pay_when_due(chain, [bill(chain, start.day + days(25), chain.whole())])


def milestones(start: Start) -> None:
    """A service billed in three equal parts, up to the order and no further."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=True)), "SERVICES")
    thirds = [Part(line, line.quantity / 3) for line in chain.lines]
    documents = [bill(chain, start.day + days(offset), thirds) for offset in (10, 30, 50)]
    pay_when_due(chain, documents)


def inspected(start: Start) -> None:
    """Four-way: a twelfth fails inspection, goes back to the supplier, is credited, replaced and billed again."""
    chain = start.chain()
    for _ in range(start.size):
        item = any_item(start.book, start.cycle, "INSPECTED")
        chain.line(item, usual_quantity(start.book, item), match_level="4way")
    approvals.approve_order(chain)
    day = start.day + days(6)
    checked = {"inspected_at": start.book.moment(day, 16)}
    parts = [Part(line, line.quantity, {**checked, **_verdict(line.quantity * 11 / 12, line.quantity / 12)}) for line in chain.lines]
    receipt = chain.fulfil(day, parts)
    document = bill(chain, start.day + days(9), chain.whole())
    back = [line.quantity / 12 for line in chain.lines]
    for row, quantity in zip(chain.undo(receipt, start.day + days(12), "return", back).rows, back, strict=True):
        row.update(_verdict(Decimal(0), -quantity))
    credited = [Part(line, -line.quantity / 12, {"origin_invoice_line_no": str(i)}) for i, line in enumerate(chain.lines, start=1)]
    credit = chain.invoice(start.day + days(16), credited, "credit", origin_invoice_number=document.number)
    again = start.day + days(20)
    replaced = replace(chain, again, 12, inspected_at=start.book.moment(again, 16), quantity_rejected=Decimal(0))
    pay_when_due(chain, [document, credit, replaced])


def _verdict(accepted: Decimal, rejected: Decimal) -> Row:
    return {"quantity_accepted": accepted, "quantity_rejected": rejected}


def boxes(start: Start) -> None:
    """Ordered in boxes of twelve, received in pieces, billed in boxes first and in pieces later."""
    chain = start.chain(any_party(start.book, start.cycle, domestic=True))
    for _ in range(start.size):
        item = any_item(start.book, start.cycle, "PACKAGING")
        per_piece = start.book.masters.price(chain.party, item)
        chain.line(item, 2 * start.book.rng.randint(1, 30), per_piece * 12, uom="BOX")
    approvals.approve_order(chain)
    deliver(chain, start.day + days(7), [Part(line, line.quantity * 12, {"uom": "PCS"}) for line in chain.lines])
    first = [Part(line, line.quantity / 2) for line in chain.lines]
    second = [Part(line, line.quantity * 6, {"uom": "PCS", "unit_price_net": line.unit_price / 12}) for line in chain.lines]
    documents = [bill(chain, start.day + days(10), first), bill(chain, start.day + days(24), second)]
    pay_when_due(chain, documents)


def tons(start: Start) -> None:
    """Ordered by the ton, weighed in kilograms, billed by the ton with three digits."""
    chain = start.chain(any_party(start.book, start.cycle, domestic=True))
    for _ in range(start.size):
        item = any_item(start.book, start.cycle, "BULK")
        chain.line(item, start.book.rng.randint(1, 8), start.book.masters.price(chain.party, item) * 1000, uom="TON")
    approvals.approve_order(chain)
    weighed = [Decimal(1000 * int(line.quantity) - start.book.rng.randint(1, 9)) for line in chain.lines]
    kilograms = [Part(line, weight, {"uom": "KG"}) for line, weight in zip(chain.lines, weighed, strict=True)]
    deliver(chain, start.day + days(5), kilograms)
    billed = [Part(line, weight / 1000) for line, weight in zip(chain.lines, weighed, strict=True)]
    for line in chain.lines:
        line.row["is_final_delivery"] = "true"
    pay_when_due(chain, [bill(chain, start.day + days(9), billed)])


def transit_loss(start: Start) -> None:
    """Four in a thousand trickled away on the road and the carrier says so: billed in full."""
    chain = fill(start, start.chain(), "BULK")
    parts = [Part(line, line.quantity * 249 / 250, {"quantity_declared_loss": line.quantity / 250}) for line in chain.lines]
    chain.fulfil(start.day + days(8), parts)
    for line in chain.lines:
        line.row["promised_date"] = "2026-12-15"
    pay_when_due(chain, [bill(chain, start.day + days(12), chain.whole())])


def loose_reference(start: Start) -> None:
    """The invoice names the order and the item, not the line."""
    chain = start.chain()
    group = start.book.masters.items[start.book.rng.choice(("MECHANICAL", "ELECTRONIC"))]
    for item in start.book.rng.sample(group, start.size):
        chain.line(item, usual_quantity(start.book, item))
    approvals.approve_order(chain)
    deliver(chain, start.day + days(6), chain.whole())
    parts = [Part(line, line.quantity, {"po_line_no": None}) for line in chain.lines]
    pay_when_due(chain, [bill(chain, start.day + days(14), parts)])


def delivery_reference(start: Start) -> None:
    """The invoice names the receipts only."""
    chain = fill(start, start.chain())
    receipt = deliver(chain, start.day + days(6), chain.whole())
    parts = [
        Part(line, line.quantity, {**chain.fulfilled_by(receipt, i), "po_number": None, "po_line_no": None}) for i, line in enumerate(chain.lines)
    ]
    pay_when_due(chain, [bill(chain, start.day + days(14), parts)])


SCENARIOS: Final[tuple[tuple[int, Callable[[Start], None]], ...]] = (
    *BOTH, (5, services), (3, milestones), (6, inspected), (5, boxes), (4, tons), (2, transit_loss), (5, loose_reference), (4, delivery_reference),
)  # fmt: skip
