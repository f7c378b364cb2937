"""How the measured company is drawn: constants, numbers that depend on an index alone, exact text and dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

import polars as pl

FIRST_DAY: Final = date(2025, 11, 1)
AS_OF: Final = date(2026, 10, 31)
LINES_PER_ORDER: Final = 4
YOUNG_FROM_DAY: Final = 342  # ordered later than this: nothing has happened yet, and nothing is late
UNBILLED_FROM_DAY: Final = 333  # bought later than this: received, invoice still to come in time
PARTIES: Final = 5_000
ITEM_FAMILIES: Final = 5_000  # times LINES_PER_ORDER items
BOX: Final = 12

#: Faults of an order line, each 1 in 10,000: drawn number // 10 -> position in this list.
LINE_FAULTS: Final = (
    "price_up", "price_down", "billed_over_fulfilled", "fulfilled_over_ordered", "not_fulfilled_but_billed", "not_billed", "nothing_came",
    "order_unknown", "order_unnamed_invoice", "order_unnamed_fulfilment", "unit_unknown", "repeated", "conflicting", "rejected",
)  # fmt: skip
#: Faults of an order document, each 1 in 2,000.
ORDER_FAULTS: Final = (
    "unapproved",
    "approved_late",
    "approved_above_limit",
    "approved_by_creator",
    "created_late",
    "invoice_twice",
    "invoice_near_twice",
)


@dataclass(frozen=True)
class Side:
    """The names of one side of the business."""

    order: str
    fulfilment: str
    invoice: str
    party: str
    stem: str
    order_type: str
    fulfilment_stem: str
    letter: str
    salt: int


BUYING: Final = Side("purchase_order_line", "goods_receipt_line", "supplier_invoice_line", "supplier_id", "po", "purchase_order", "receipt", "P", 100)
SELLING: Final = Side("sales_order_line", "shipment_line", "customer_invoice_line", "customer_id", "so", "sales_order", "shipment", "S", 200)


def draw(index: pl.Expr, salt: int, below: int) -> pl.Expr:
    """A number from 0 to below - 1 that depends on index and salt only (the mix of splitmix64; integers wrap on purpose)."""

    def word(value: int) -> pl.Expr:
        return pl.lit(value % 2**64, dtype=pl.UInt64)

    mixed = index.cast(pl.UInt64) * word(0x9E3779B97F4A7C15) + word(salt * 0xD1B54A32D192ED03)
    mixed = (mixed ^ (mixed // word(2**30))) * word(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed // word(2**27))) * word(0x94D049BB133111EB)
    return ((mixed ^ (mixed // word(2**31))) % word(below)).cast(pl.Int64)


def exact(whole: pl.Expr, scale: int) -> pl.Expr:
    """An integer in units of 10^-scale as a Decimal."""
    return whole.cast(pl.Decimal(20, scale)) * pl.lit(Decimal(1).scaleb(-scale), dtype=pl.Decimal(20, scale))


def half_up(number: pl.Expr, divisor: int | pl.Expr) -> pl.Expr:
    """Integer division rounded half away from zero."""
    return number.sign() * ((number.abs() + divisor // 2) // divisor)


def text(prefix: str, number: pl.Expr, width: int) -> pl.Expr:
    """A document number."""
    return pl.concat_str(pl.lit(prefix), number.cast(pl.String).str.zfill(width))


def day(number: pl.Expr) -> pl.Expr:
    """The date that many days after the first."""
    return (pl.lit(FIRST_DAY) + pl.duration(days=number)).cast(pl.Date)


def moment(day_number: pl.Expr, minutes: pl.Expr) -> pl.Expr:
    """A time of that day."""
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    return (pl.lit(start) + pl.duration(days=day_number, minutes=minutes)).cast(pl.Datetime("us", "UTC"))


def delivered_duty(side: Side) -> pl.Expr:
    """Whether the customer signs for the goods: one order in five."""
    return draw(pl.col("doc"), side.salt + 24, 5) == 0
