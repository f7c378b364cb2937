"""One order and what follows from it, in either cycle: fulfilments, invoices, credits.

A chain writes rows into the book. It knows nothing of right or wrong: clean scenarios and planted faults use it alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import PROCURE_TO_PAY, Cycle
from recon.sample.book import OWN_INVOICES, ZERO, Book, Row, Value, days, rounded

if TYPE_CHECKING:
    from collections.abc import Collection

    from recon.sample.masters import Item, Party

_SERIES: Final = {"po": "PO", "so": "SO", "receipt": "GR", "shipment": "SH"}
_BUYERS: Final = ("BUY01", "BUY02", "BUY03", "BUY04")
_REQUESTERS: Final = ("REQ01", "REQ02", "REQ03")
_SELLERS: Final = ("SAL01", "SAL02", "SAL03")
#: base units in a unit that orders may be in
_BASE_UNITS: Final = {"BOX": 12, "TON": 1000}
GOODS_TAX: Final = Decimal("0.13")
SERVICE_TAX: Final = Decimal("0.06")


@dataclass(frozen=True)
class Line:
    """A line of an order; `unit_price` is per `price_per` units of `uom`, without tax."""

    number: str
    item: Item
    quantity: Decimal
    uom: str
    unit_price: Decimal
    price_per: Decimal
    row: Row


@dataclass(frozen=True)
class Part:
    """What one fulfilment or invoice line says about an order line; `columns` overrides or adds to what follows from the order."""

    line: Line
    quantity: Decimal
    columns: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A written fulfilment or invoice."""

    number: str
    day: date
    rows: list[Row]
    kind: str = ""
    net: Decimal = ZERO
    gross: Decimal = ZERO


class Chain:
    """An order of one party and the documents that follow it."""

    def __init__(self, book: Book, cycle: Cycle, day: date, party: Party, **header: Value) -> None:
        self.book, self.cycle, self.day, self.party = book, cycle, day, party
        self.buys = cycle is PROCURE_TO_PAY
        self._number = ""
        self.lines: list[Line] = []
        self.requisitions: list[Row] = []
        clerk = self._another(book.rng.choice(_BUYERS), _BUYERS) if self.buys else book.rng.choice(_SELLERS)
        self.header: Row = {
            "company_code": "C10" if book.rng.randrange(4) else "C20",
            f"{cycle.order}_date": day,
            cycle.party: party.party_id,
            "currency": party.currency,
            "fx_rate": book.masters.rate(party.currency, day),
            "promised_date": day + days(30),
            "created_by": clerk,
            "created_at": book.moment(day, 9),
            "sent_at": book.moment(day, 16),
        }
        if self.buys:
            self.header |= {"buyer_id": clerk, "requester_id": self._another(book.rng.choice(_REQUESTERS), _REQUESTERS), "supplier_name": party.name}
            self.header |= {"is_price_estimated": "false", "emergency": "false"}
        else:
            self.header |= {"salesperson_id": clerk}
        self._named = frozenset(header)
        self.header |= header
        book.note_makers((party.party_id, day), {str(self.header[name]) for name in ("buyer_id", "requester_id") if self.header.get(name)})

    def _another(self, drawn: str, pool: tuple[str, ...]) -> str:
        """Who was drawn, or somebody else where that person ordered from the party on this day: chance must not split a purchase."""
        free = [who for who in pool if who not in self.book.makers_of((self.party.party_id, self.day))]
        return drawn if drawn in free or not free else free[0]

    @property
    def number(self) -> str:
        """The order's number, drawn when it is first needed: goods and bills may come without an order."""
        self._number = self._number or self.book.number(_SERIES[self.cycle.order])
        return self._number

    @property
    def company(self) -> str:
        """The company's code."""
        return str(self.header["company_code"])

    @property
    def currency(self) -> str:
        """The order's currency."""
        return str(self.header["currency"])

    @property
    def net(self) -> Decimal:
        """Net total of the order in its currency."""
        return sum((Decimal(str(line.row["line_amount_net"])) for line in self.lines), ZERO)

    @property
    def net_base(self) -> Decimal:
        """Net total of the order in company currency."""
        return self.net * Decimal(str(self.header["fx_rate"]))

    def line(self, item: Item, quantity: Decimal | int, unit_price: Decimal | None = None, **terms: Value) -> Line:
        """Add an order line; the price is the agreed one unless given."""
        count = self._unrepeated(item, Decimal(quantity), _BASE_UNITS.get(str(terms.get("uom")), 1))
        price = self.book.masters.price(self.party, item) if unit_price is None else unit_price
        per = Decimal(str(terms.get("price_per", 1)))
        service = item.group == "SERVICES"
        number = str(10 * (len(self.lines) + 1))
        row = self.header | {
            f"{self.cycle.order}_number": self.number,
            f"{self.cycle.order}_line_no": number,
            "item_id": item.item_id,
            "item_group": item.group,
            "quantity": count,
            "uom": item.base_uom,
            "unit_price_net": price,
            "price_per": per,
            "tax_rate": self._tax(item),
            "line_amount_net": rounded(count * price / per, self.currency),
            "po_type": "service" if service else "standard",
        }
        if service:
            row["match_level"] = "2way"
        row |= terms
        if self.buys:
            row |= (
                self._requisition(item, row) | ({"supplier_name": None} if self.lines or self.company == "C10" else {}) | terms
            )  # C20 alone says it, once for each order
        self.book.add(self.cycle.order_table, row)
        self.book.order_line_count += 1
        self.lines.append(Line(number, item, count, str(row["uom"]), price, per, row))
        return self.lines[-1]

    def _requisition(self, item: Item, order_line: Row) -> Row:
        """The order answers one requisition, approved the day before; returns what the order line says of it."""
        first = not self.lines
        if first:
            self.header["requisition_id"] = order_line.get("requisition_id") or self.book.number("RQ")
        named: Row = {
            "company_code": self.company,
            "requisition_id": self.header["requisition_id"],
            "requisition_line_no": order_line[f"{self.cycle.order}_line_no"],
            "requisition_date": self.day - days(2),
            "item_id": item.item_id,
            "quantity": order_line["quantity"],
            "uom": order_line["uom"],
            "requester_id": self.header["requester_id"],
            "doc_status": "approved",
            "approved_at": f"{self.day - days(1)}T10:00:00+08:00",
        }
        self.requisitions.append(self.book.add("purchase_requisition_line", named))
        return {"requisition_id": named["requisition_id"]}

    def _unrepeated(self, item: Item, count: Decimal, size: int) -> Decimal:
        """The quantity in units of `size` base units, by somebody else or a dozen larger where the same person has just ordered as much of this from this party.

        Chance must not plant a double. Who ordered is the same for all lines, so only the first line may still choose another.
        """
        makers = [name for name in ("created_by", "buyer_id", "requester_id", "salesperson_id") if name in self.header]
        order = (self.number, self.day)
        pools = {"requester_id": _REQUESTERS} if self.buys else {}
        while clashing := [name for name in makers if name not in self._named and str(self.header[name]) in self._taken(item, count * size)]:
            taken = self._taken(item, count * size)
            free = {name: [who for who in pools.get(name, _BUYERS if self.buys else _SELLERS) if who not in taken] for name in clashing}
            if self.lines or not all(free.values()):
                count += 12
            else:
                self.header.update({name: names[0] for name, names in free.items()})
        self.book.note_order((self.party.party_id, item.item_id, count * size), order, tuple(str(self.header[name]) for name in makers))
        return count

    def _taken(self, item: Item, count: Decimal) -> Collection[str]:
        """Who has just ordered this quantity of the item from the party."""
        return self.book.ordered_before((self.party.party_id, item.item_id, count), (self.number, self.day))

    def without_order(self, item: Item, quantity: int, unit_price: Decimal) -> Part:
        """A part of a fulfilment or invoice that answers no order."""
        row: Row = {"tax_rate": self._tax(item)}
        line = Line("", item, Decimal(quantity), item.base_uom, unit_price, Decimal(1), row)
        return Part(line, line.quantity)

    def _tax(self, item: Item) -> Decimal:
        if self.party.country != "CN":
            return ZERO
        return SERVICE_TAX if item.group == "SERVICES" else GOODS_TAX

    def named(self, line: Line) -> Row:
        """Columns with which a document names an order line; nothing for goods or bills without an order."""
        return {f"{self.cycle.order}_number": self.number, f"{self.cycle.order}_line_no": line.number} if line.number else {}

    def whole(self) -> list[Part]:
        """Every line in full."""
        return [Part(line, line.quantity) for line in self.lines]

    def fulfil(self, day: date, parts: list[Part], kind: str = "", **columns: Value) -> Document:
        """Receive or ship; returns and reversals are given with negative quantities and their kind."""
        stem = self.cycle.fulfilment
        number = self.book.number(_SERIES[stem])
        clerk = self.book.rng.choice(("STO01", "STO02", "STO03") if self.buys else ("SHP01", "SHP02"))
        created_at = self.book.moment(day, 14)
        rows = [
            self.book.add(
                self.cycle.fulfilment_table,
                {
                    "company_code": self.company,
                    f"{stem}_number": number,
                    f"{stem}_line_no": str(index),
                    f"{stem}_date": day,
                    "posting_date": day,
                    **self.named(part.line),
                    self.cycle.party: self.party.party_id,
                    "item_id": part.line.item.item_id,
                    "quantity": part.quantity,
                    "uom": part.line.uom,
                    f"{stem}_kind": kind or stem,
                    "warehouse_id": "W1",
                    "created_by": clerk,
                    "created_at": created_at,
                    **columns,
                    **part.columns,
                },
            )
            for index, part in enumerate(parts, start=1)
        ]
        return Document(number, day, rows, kind or stem)

    def undo(self, original: Document, day: date, kind: str, quantities: list[Decimal] | None = None) -> Document:
        """Send back or reverse a fulfilment, in whole or by the quantities of its lines; each line names its origin."""
        stem = self.cycle.fulfilment
        by_number = {line.number: line for line in self.lines}
        parts = []
        for index, row in enumerate(original.rows):
            quantity = Decimal(str(row["quantity"])) if quantities is None else quantities[index]
            if quantity:
                origin: Row = {"uom": row["uom"], f"origin_{stem}_number": original.number, f"origin_{stem}_line_no": row[f"{stem}_line_no"]}
                parts.append(Part(by_number[str(row[f"{self.cycle.order}_line_no"])], -quantity, origin))
        return self.fulfil(day, parts, kind)

    def invoice(self, day: date, parts: list[Part], kind: str = "invoice", **columns: Value) -> Document:
        """Bill; credits are given with negative quantities and their kind. A given `invoice_number` is kept."""
        return invoice(self, day, [(self, part) for part in parts], kind, **columns)

    def charge(self, amount: Decimal, code: str) -> Part:
        """An invoice line for freight or the like: no quantity, no item."""
        blank: Row = dict.fromkeys(("item_id", "quantity", "uom", "unit_price_net", "price_per", f"{self.cycle.order}_line_no"))
        return Part(self.lines[0], ZERO, blank | {"line_kind": "charge", "charge_code": code, "line_amount_net": amount})

    def fulfilled_by(self, document: Document, index: int = 0) -> Row:
        """Columns with which an invoice line names a fulfilment line instead of guessing it."""
        stem = self.cycle.fulfilment
        return {f"{stem}_number": document.number, f"{stem}_line_no": document.rows[index][f"{stem}_line_no"]}


def invoice(lead: Chain, day: date, parts: list[tuple[Chain, Part]], kind: str = "invoice", **columns: Value) -> Document:
    """One invoice over parts of one or more orders of the same party, company and currency."""
    book, cycle, party = lead.book, lead.cycle, lead.party
    rows = [_billed(chain, part, columns) for chain, part in parts]
    net = sum((Decimal(str(row["line_amount_net"])) for row in rows), ZERO)
    gross = sum((Decimal(str(row["line_amount_gross"])) for row in rows), ZERO)
    given = columns.get("invoice_number")
    number = str(given) if given else book.invoice_number(party.series if lead.buys else OWN_INVOICES, party.party_id, gross)
    clerk = book.rng.choice(("APC01", "APC02") if lead.buys else ("BIL01", "BIL02"))
    head: Row = {
        "company_code": lead.company,
        "invoice_number": number,
        "invoice_date": day,
        "posting_date": day,
        "due_date": (billed if isinstance(billed := columns.get("invoice_date"), date) else day) + days(party.term_days),
        cycle.party: party.party_id,
        "invoice_kind": kind,
        "currency": lead.currency,
        "fx_rate": book.masters.rate(lead.currency, day),
        "created_by": clerk,
        "created_at": book.moment(day, 17),
    }
    if lead.buys:
        head |= {"internal_number": book.number("AP"), "received_date": day}
    for index, row in enumerate(rows, start=1):
        book.add(cycle.invoice_table, head | {"invoice_line_no": str(index)} | row)
    tied: Row = {"amount_net": net, "tax_amount": gross - net, "amount_gross": gross, "currency": columns.get("currency", lead.currency)}
    keys: Row = {
        "company_code": lead.company,
        "invoice_number": number,
        cycle.party: party.party_id,
        "invoice_date": columns.get("invoice_date", day),
    }
    book.add(cycle.invoice_header_table, keys | tied)
    return Document(number, day, book.rows[cycle.invoice_table][-len(rows) :], kind, net, gross)


def _billed(chain: Chain, part: Part, columns: Row) -> Row:
    line = part.line
    row: Row = {
        "line_kind": "service" if line.item.group == "SERVICES" else "item",
        **chain.named(line),
        "item_id": line.item.item_id,
        "quantity": part.quantity,
        "uom": line.uom,
        "unit_price_net": line.unit_price,
        "price_per": line.price_per,
        "tax_rate": line.row["tax_rate"],
        **columns,
        **part.columns,
    }
    if "line_amount_net" not in row:
        value = Decimal(str(row["quantity"])) * Decimal(str(row["unit_price_net"])) / Decimal(str(row["price_per"]))
        row["line_amount_net"] = rounded(value - Decimal(str(row.get("discount_amount") or 0)), chain.currency)
    net = Decimal(str(row["line_amount_net"]))
    tax = rounded(net * Decimal(str(row["tax_rate"])), chain.currency)
    row |= {"line_tax_amount": tax, "line_amount_gross": net + tax}
    return row
