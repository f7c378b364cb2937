"""What usually happens, with nothing wrong: the clean scenarios of both cycles.

A scenario gets a first day and a number of order lines, writes exactly so many, and is over within `SPAN` days.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample import approvals
from recon.sample.book import AS_OF, CENT, Book, Row, Value, days, rounded
from recon.sample.chain import Chain, Document, Part
from recon.sample.chain import invoice as joint_invoice
from recon.sample.masters import price_of
from recon.sample.settle import due_date, pay_when_due, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from recon.sample.masters import Item, Party

#: days after which every scenario has received, billed, credited and paid what it will
SPAN: Final = 75
_GOODS: Final = ("MECHANICAL", "ELECTRONIC", "FASTENER", "PACKAGING", "BULK")


@dataclass(frozen=True)
class Start:
    """Where a scenario begins."""

    book: Book
    cycle: Cycle
    day: date
    size: int

    def chain(self, party: Party | None = None, **header: str) -> Chain:
        """A new order on the first day with any party of the cycle."""
        return Chain(self.book, self.cycle, self.day, party or any_party(self.book, self.cycle), **header)


def any_party(book: Book, cycle: Cycle, domestic: bool | None = None) -> Party:  # noqa: FBT001 - a plain question with three answers
    """A supplier or customer; of this country, of another, or either."""
    parties = book.masters.suppliers if cycle is PROCURE_TO_PAY else book.masters.customers
    while True:  # far quicker than listing those that fit, and nearly always done at once
        party = book.rng.choice(parties)
        if domestic is None or (party.country == "CN") is domestic:
            return party


def any_item(book: Book, cycle: Cycle, *groups: str) -> Item:
    """Something that is bought, or sold, as goods unless a group is named."""
    group = book.rng.choice(groups or (_GOODS if cycle is PROCURE_TO_PAY else ("FINISHED",)))
    return book.rng.choice(book.masters.items[group])


def usual_quantity(book: Book, item: Item) -> int:
    """A quantity worth some thousands: few machines, many screws; even, and divisible by twelve."""
    return 12 * book.rng.randint(1, max(1, min(400, int(2_000 / item.price))))


def fill(start: Start, chain: Chain, *groups: str) -> Chain:
    """Give the order as many lines as were asked for, small parts priced per hundred, and have it approved."""
    for _ in range(start.size):
        item = any_item(start.book, start.cycle, *groups)
        if item.group == "FASTENER":
            chain.line(item, usual_quantity(start.book, item), price_of(chain.party, item) * 100, price_per=100)
        else:
            chain.line(item, usual_quantity(start.book, item))
    approvals.approve_order(chain)
    return chain


def confirm(chain: Chain, document: Document, day: date) -> None:
    """The customer signs for a shipment delivered on our terms (D group)."""
    if chain.buys:
        return
    number = chain.book.number("POD")
    for row in document.rows:
        if str(row.get("incoterm", "")).startswith("D"):
            confirmed: Row = {"company_code": chain.company, "confirmation_number": number, "confirmed_date": day}
            confirmed |= {"shipment_number": document.number, "shipment_line_no": row["shipment_line_no"]}
            confirmed |= {"quantity_confirmed": row["quantity"], "uom": row["uom"], "confirmed_by": chain.party.name}
            chain.book.add("delivery_confirmation_line", confirmed)


def deliver(chain: Chain, day: date, parts: list[Part]) -> Document:
    """Receive, or ship with delivery terms and have the arrival confirmed three days later."""
    if chain.buys:
        return chain.fulfil(day, parts)
    incoterm = chain.book.rng.choice(("DAP", "DDP", "FCA", "EXW"))
    document = chain.fulfil(day, parts, incoterm=incoterm, goods_issue_posted="true")
    confirm(chain, document, day + days(3))
    return document


def bill(chain: Chain, day: date, parts: list[Part]) -> Document:
    """An invoice with the approval it needs."""
    document = chain.invoice(day, parts)
    approvals.approve_invoice(chain, document)
    return document


def plain(start: Start) -> None:
    """Delivered and billed in full, each invoice line naming its order line."""
    chain = fill(start, start.chain())
    deliver(chain, start.day + days(start.book.rng.randint(3, 16)), chain.whole())
    pay_when_due(chain, [bill(chain, start.day + days(20), chain.whole())])


def part_deliveries(start: Start) -> None:
    """Two or three deliveries, one invoice at the end."""
    chain = fill(start, start.chain())
    first = [Part(line, line.quantity / 2) for line in chain.lines]
    deliver(chain, start.day + days(4), first)
    second = [Part(line, line.quantity / 3) for line in chain.lines]
    deliver(chain, start.day + days(9), second)
    deliver(chain, start.day + days(15), [Part(line, line.quantity / 6) for line in chain.lines])
    pay_when_due(chain, [bill(chain, start.day + days(22), chain.whole())])


def part_invoices(start: Start) -> None:
    """One delivery billed in two equal invoices that name it; both paid at once."""
    chain = fill(start, start.chain())
    delivery = deliver(chain, start.day + days(6), chain.whole())
    halves = [Part(line, line.quantity / 2, chain.fulfilled_by(delivery, i)) for i, line in enumerate(chain.lines)]
    documents = [bill(chain, start.day + days(9), halves), bill(chain, start.day + days(21), halves)]
    pay_when_due(chain, documents)


def crossing(start: Start) -> None:
    """Deliveries of a half, a third and a sixth against invoices of a quarter and three quarters."""
    chain = fill(start, start.chain())
    documents = []
    for offset, share in ((4, 2), (10, 3), (14, 6)):
        deliver(chain, start.day + days(offset), [Part(line, line.quantity / share) for line in chain.lines])
    documents.append(bill(chain, start.day + days(15), [Part(line, line.quantity / 4) for line in chain.lines]))
    documents.append(bill(chain, start.day + days(25), [Part(line, line.quantity * 3 / 4) for line in chain.lines]))
    pay_when_due(chain, documents)


def returned(start: Start) -> None:
    """A third comes back and is credited; what we had bought is replaced and billed again."""
    chain = fill(start, start.chain())
    delivery = deliver(chain, start.day + days(5), chain.whole())
    document = bill(chain, start.day + days(9), chain.whole())
    thirds = [line.quantity / 3 for line in chain.lines]
    chain.undo(delivery, start.day + days(18), "return", thirds)
    parts = [Part(line, -line.quantity / 3, {"origin_invoice_line_no": str(i)}) for i, line in enumerate(chain.lines, start=1)]
    documents = [document, chain.invoice(start.day + days(24), parts, "credit", origin_invoice_number=document.number)]
    if chain.buys:
        documents.append(replace(chain, start.day + days(27), 3))
    pay_when_due(chain, documents)


def replace(chain: Chain, day: date, share: int, **checked: Value) -> Document:
    """Goods for what went back, one of so many parts, and their bill three days later."""
    parts = [Part(line, line.quantity / share) for line in chain.lines]
    chain.fulfil(day, [Part(p.line, p.quantity, {**checked, **({"quantity_accepted": p.quantity} if checked else {})}) for p in parts])
    return bill(chain, day + days(3), parts)


def price_credit(start: Start) -> None:
    """The first line was billed ten per cent above the order; a value credit takes exactly that back."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=True)))
    deliver(chain, start.day + days(5), chain.whole())
    line = chain.lines[0]
    dear = line.unit_price + max(rounded(line.unit_price / 10, chain.currency), CENT)
    document = bill(chain, start.day + days(11), [Part(line, line.quantity, {"unit_price_net": dear}), *chain.whole()[1:]])
    excess = rounded((dear - line.unit_price) * line.quantity / line.price_per, chain.currency)
    blank: Row = {"quantity": None, "uom": None, "unit_price_net": None, "price_per": None, "line_amount_net": -excess}
    part = Part(line, Decimal(0), blank | {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"})
    credit = chain.invoice(start.day + days(19), [part], "value_credit")
    pay_when_due(chain, [document, credit])


def reversed_delivery(start: Start) -> None:
    """A delivery keyed wrongly is reversed and keyed again."""
    chain = fill(start, start.chain())
    terms: dict[str, str] = {} if chain.buys else {"incoterm": "DAP", "goods_issue_posted": "true"}
    wrong = chain.fulfil(start.day + days(5), chain.whole(), **terms)
    chain.undo(wrong, start.day + days(6), "reversal")
    deliver(chain, start.day + days(6), chain.whole())
    pay_when_due(chain, [bill(chain, start.day + days(18), chain.whole())])


def reversed_invoice(start: Start) -> None:
    """An invoice posted to the wrong account is reversed and posted again under another number of the same amount."""
    chain = fill(start, start.chain())
    deliver(chain, start.day + days(5), chain.whole())
    wrong = bill(chain, start.day + days(10), chain.whole())
    parts = [Part(line, -line.quantity, {"origin_invoice_line_no": str(i)}) for i, line in enumerate(chain.lines, start=1)]
    chain.invoice(start.day + days(12), parts, "reversal", origin_invoice_number=wrong.number)
    pay_when_due(chain, [bill(chain, start.day + days(13), chain.whole())])


def foreign(start: Start) -> None:
    """A party abroad in its own currency, at another rate on each date, with freight on the invoice."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=False)))
    deliver(chain, start.day + days(12), chain.whole())
    freight = chain.charge(Decimal(start.book.rng.randint(20, 90)), "FREIGHT")
    chain.lines[0].row.update({"planned_charge_amount": freight.columns["line_amount_net"], "charge_code": "FREIGHT"})
    pay_when_due(chain, [bill(chain, start.day + days(20), [*chain.whole(), freight])])


def cancelled(start: Start) -> None:
    """An order cancelled before anything was delivered."""
    fill(start, start.chain(is_cancelled="true", doc_status="cancelled"))


def amended(start: Start) -> None:
    """The order was raised by half in a second version, approved again, delivered and billed as amended."""
    chain = fill(start, start.chain(po_version="2", is_current_version="true"))
    keys = approvals.order_keys(chain)
    if start.book.rows["approval_event"] and start.book.rows["approval_event"][-1]["document_number"] == chain.number:
        start.book.rows["approval_event"][-1]["document_version"] = "2"
        first_amount = rounded(chain.net * 2 / 3, chain.currency)
        earlier: Row = {"document_version": "1", "amount_at_action": first_amount}
        approvals.event(start.book, keys, approvals.approver(start.cycle.order_type, chain.net_base), start.book.moment(start.day, 11), **earlier)
    for line in chain.lines:
        quantity = line.quantity * 2 / 3
        first: Row = {"po_version": "1", "is_current_version": "false", "quantity": quantity}
        first["line_amount_net"] = rounded(quantity * line.unit_price / line.price_per, chain.currency)
        start.book.add(start.cycle.order_table, line.row | first)
    deliver(chain, start.day + days(8), chain.whole())
    pay_when_due(chain, [bill(chain, start.day + days(20), chain.whole())])


def discounted(start: Start) -> None:
    """Billed at the list price less the fifth that the order agrees; two per cent taken for early payment."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=True)))
    deliver(chain, start.day + days(7), chain.whole())
    parts = []
    for line in chain.lines:
        line.row["line_discount_share"] = Decimal("0.20")
        off = rounded(line.quantity * line.unit_price / line.price_per / 4, chain.currency)
        parts.append(Part(line, line.quantity, {"unit_price_net": line.unit_price * 5 / 4, "discount_amount": off}))
    day = start.day + days(10)
    document = chain.invoice(day, parts, discount_date=day + days(10), discount_share=Decimal("0.02"))
    approvals.approve_invoice(chain, document)
    settle(chain, day + days(9), [document], discount_share=Decimal("0.02"))


def instalments(start: Start) -> None:
    """Paid in two halves."""
    chain = fill(start, start.chain(any_party(start.book, start.cycle, domestic=True)))
    deliver(chain, start.day + days(7), chain.whole())
    document = bill(chain, start.day + days(12), chain.whole())
    first = rounded(document.gross / 2, chain.currency) / document.gross
    due = due_date(document)
    settle(chain, due - days(4), [document], share=first)
    settle(chain, due, [document], share=1 - first)


def collective(start: Start) -> None:
    """Two orders of one party on one invoice."""
    if start.size < 2:
        plain(start)
        return
    party = any_party(start.book, start.cycle)
    # two people ordered, each for another department: nobody cut one purchase in two
    one, other = (
        {"requester_id": f"REQ0{i}", "buyer_id": f"BUY0{i}", "created_by": f"BUY0{i}"} if start.cycle is PROCURE_TO_PAY else {} for i in (1, 2)
    )
    # who they are may change where one of them has just ordered the same; what a header names may not
    first, second = start.chain(party, company_code="C10"), start.chain(party, company_code="C10")
    first.header |= one
    second.header |= {**other, "fx_rate": str(first.header["fx_rate"])}
    fill(Start(start.book, start.cycle, start.day, 1), first)
    fill(Start(start.book, start.cycle, start.day, start.size - 1), second)
    deliver(first, start.day + days(5), first.whole())
    deliver(second, start.day + days(8), second.whole())
    parts = [*((first, p) for p in first.whole()), *((second, p) for p in second.whole())]
    document = joint_invoice(first, start.day + days(15), parts)
    approvals.approve_invoice(first, document)
    pay_when_due(first, [document])


def in_flight(start: Start) -> None:
    """Ordered in the last days: sent, promised for later; of a half of them a part has come and is billed."""
    recent = AS_OF - days(start.book.rng.randint(4, 10))
    begun = Start(start.book, start.cycle, recent, start.size)
    chain = fill(begun, begun.chain(promised_date=str(AS_OF + days(start.book.rng.randint(3, 30)))))
    if start.book.rng.randrange(2):
        half = [Part(line, line.quantity / 2) for line in chain.lines]
        deliver(chain, recent + days(1), half)
        bill(chain, recent + days(3), half)


BOTH: Final[tuple[tuple[int, Callable[[Start], None]], ...]] = (
    (30, plain), (16, part_deliveries), (8, part_invoices), (8, crossing), (6, returned), (4, price_credit), (3, reversed_delivery),
    (3, reversed_invoice), (6, foreign), (2, cancelled), (3, amended), (5, discounted), (4, instalments), (5, collective), (6, in_flight),
)  # fmt: skip
CYCLES: Final = (PROCURE_TO_PAY, ORDER_TO_CASH)
