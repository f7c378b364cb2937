"""The company's warehouse: what lies there at the end of the year, its safety levels, and what sales had forecast."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.sample.book import AS_OF, FIRST_DAY, Book, Row, days

if TYPE_CHECKING:
    from recon.sample.masters import Item

WAREHOUSE: Final = "WH1"
_SAFETY: Final = Decimal(100)
_STEPS: Final = 7


def count_stock(book: Book) -> None:
    """Write level, safety level and forecasts of every item of the catalogue. Levels lie on the safety level or above it.

    Forecasts are what was shipped in the month, a little more or less: good ones, made for the months that have ended.
    """
    stocked = sorted((i for items in book.masters.items.values() for i in items if i.group != "SERVICES"), key=lambda item: item.item_id)
    for place, item in enumerate(stocked):
        add_level(book, item.item_id, _SAFETY + 40 * (place % _STEPS), item.base_uom)
        book.add("item_stock_policy", {"item_id": item.item_id, "warehouse_id": WAREHOUSE, "safety_stock": _SAFETY, "uom": item.base_uom})
        _forecast(book, item)
    _roll(book, stocked[0], _SAFETY)


def _roll(book: Book, item: Item, today: Decimal) -> None:
    """An item that was counted a month ago: eight came, three were written off, and a second person agreed."""
    month_ago = AS_OF - days(31)
    earlier: Row = {"as_of_date": month_ago, "item_id": item.item_id, "warehouse_id": WAREHOUSE, "uom": item.base_uom}
    book.add("inventory_level", earlier | {"quantity_on_hand": today - 5})
    for day, quantity, kind in ((20, 8, "receipt"), (10, -3, "adjustment")):
        number = book.number("MV")
        moved: Row = {"company_code": "C10", "movement_number": number, "movement_date": AS_OF - days(day), "item_id": item.item_id}
        moved |= {"warehouse_id": WAREHOUSE, "quantity": Decimal(quantity), "uom": item.base_uom, "movement_kind": kind, "created_by": "STK01"}
        book.add("inventory_movement", moved)
    event: Row = {"company_code": "C10", "document_type": "inventory_adjustment", "document_number": number, "action": "approve"}
    book.add("approval_event", event | {"actor_id": "CTRL1", "action_at": f"{AS_OF - days(10)}T15:00:00+08:00"})


def add_level(book: Book, item_id: str, quantity: Decimal, uom: str, day: date = AS_OF) -> None:
    """What lies in the warehouse on the as-of date, or lay there earlier."""
    book.add("inventory_level", {"as_of_date": day, "item_id": item_id, "warehouse_id": WAREHOUSE, "quantity_on_hand": quantity, "uom": uom})


def months() -> list[date]:
    """The first days of the months that have ended by the as-of date."""
    count = (AS_OF.year - FIRST_DAY.year) * 12 + AS_OF.month - FIRST_DAY.month + 1
    return [date(FIRST_DAY.year + (FIRST_DAY.month - 1 + i) // 12, (FIRST_DAY.month - 1 + i) % 12 + 1, 1) for i in range(count)]


def _forecast(book: Book, item: Item) -> None:
    shipped = [row for row in book.rows["shipment_line"] if row["item_id"] == item.item_id]
    if not shipped or any(row["uom"] != item.base_uom for row in shipped):
        return  # sales forecasts in base units, and only what it sells
    by_month: dict[date, Decimal] = defaultdict(Decimal)
    for row in shipped:
        by_month[date.fromisoformat(str(row["shipment_date"])).replace(day=1)] += Decimal(str(row["quantity"]))
    for place, month in enumerate(months()):
        quantity = max(Decimal(0), by_month[month])
        off = (quantity / 10).to_integral_value() * (1 if place % 2 else -1)
        book.add("demand_forecast", {"item_id": item.item_id, "period_start": month, "quantity": quantity + off})
