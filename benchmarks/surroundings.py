"""What stands around the order chains of the measured company: masters, approvals, payments, signatures."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.drawing import (
    AS_OF,
    BOX,
    BUYING,
    ITEM_FAMILIES,
    LINES_PER_ORDER,
    PARTIES,
    SELLING,
    day,
    delivered_duty,
    draw,
    exact,
    half_up,
    moment,
    text,
)

if TYPE_CHECKING:
    from benchmarks.drawing import Side


def approvals(plan: pl.DataFrame, side: Side) -> pl.DataFrame:
    """One approval per order document, by somebody whose limit suffices."""
    net = half_up(pl.col("quantity") * pl.col("price"), 100_000 * pl.col("price_per"))
    orders = plan.group_by("doc", maintain_order=True).agg(net.sum().alias("cents"), pl.col("order_day", "minute", "currency", "order_fault").first())
    base = pl.col("cents") * pl.when(pl.col("currency") == "CNY").then(1).otherwise(8)
    enough = pl.when(base < 2_000_000).then(pl.lit("A1")).when(base < 20_000_000).then(pl.lit("A2")).otherwise(pl.lit("A3"))
    actor = (
        pl.when((pl.col("order_fault") == "approved_above_limit") & (base > 4_000_000)).then(pl.lit("A1"))
        .when(pl.col("order_fault") == "approved_by_creator").then(text("B", draw(pl.col("doc"), side.salt + 21, 40), 3)).otherwise(enough)
    )  # fmt: skip
    late = pl.when(pl.col("order_fault") == "approved_late").then(8).when(pl.col("order_fault") == "created_late").then(30).otherwise(0)
    return orders.filter(pl.col("order_fault").ne_missing("unapproved")).select(
        pl.lit("C1").alias("company_code"),
        pl.lit(side.order_type).alias("document_type"),
        text(side.letter + "O", pl.col("doc"), 8).alias("document_number"),
        pl.lit("1").alias("step"),
        pl.lit("approve").alias("action"),
        actor.alias("actor_id"),
        moment(pl.col("order_day") + late, pl.col("minute") + 60).alias("action_at"),
        exact(pl.col("cents"), 2).alias("amount_at_action"),
        pl.col("currency"),
    )


def payments(invoices: pl.DataFrame, side: Side) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every invoice that falls due by the closing day is paid in full five days before, one payment each; the others are not yet due."""
    bills = invoices.filter(pl.col("invoice_kind") == "invoice", pl.col("internal_number").str.slice(1, 1) == "X").group_by("invoice_number", side.party, "currency").agg(
        pl.col("line_amount_gross").sum().alias("gross"), pl.col("invoice_date", "fx_rate").first()
    ).sort("invoice_number")  # fmt: skip
    serial = pl.col("invoice_number").str.slice(2).cast(pl.Int64)
    paid = bills.filter(pl.col("invoice_date") + pl.duration(days=45) <= AS_OF).with_columns(
        number=text("PAY" if side is BUYING else "CR", serial, 9), on=pl.col("invoice_date") + pl.duration(days=40)
    )
    company = pl.lit("C1").alias("company_code")
    if side is BUYING:
        payment = paid.select(
            company,
            pl.col("number").alias("payment_number"),
            pl.col("on").alias("payment_date"),
            side.party,
            pl.col("gross").alias("amount"),
            "currency",
            "fx_rate",
        )
        return payment, paid.select(
            company, pl.col("number").alias("payment_number"), "invoice_number", side.party, pl.col("gross").alias("amount_applied")
        )
    receipt = paid.select(
        company,
        pl.col("number").alias("cash_receipt_number"),
        pl.col("on").alias("receipt_date"),
        side.party,
        pl.col("gross").alias("amount"),
        "currency",
        "fx_rate",
    )
    return receipt, paid.select(
        company, pl.col("number").alias("cash_receipt_number"), "invoice_number", side.party, pl.col("gross").alias("amount_applied")
    )


def confirmations(parts: pl.DataFrame) -> pl.DataFrame:
    """The customer's signature for what was delivered duty paid; one in a thousand is missing."""
    signed = parts.filter(delivered_duty(SELLING), draw(pl.col("i") * 4 + pl.col("part"), 901, 1_000) > 0)
    number = text("SH", pl.col("doc") * 10 + pl.col("part"), 9)
    return signed.select(
        pl.lit("C1").alias("company_code"),
        ("D" + number).alias("confirmation_number"),
        day(pl.col("part_day") + 3).alias("confirmed_date"),
        number.alias("shipment_number"),
        ((pl.col("place") + 1) * 10).cast(pl.String).alias("shipment_line_no"),
        exact(pl.col("part_quantity"), 3).alias("quantity_confirmed"),
    )


def masters() -> dict[str, pl.DataFrame]:
    """Parties, items, units, users."""
    n, item = pl.int_range(PARTIES, eager=False).alias("n"), pl.col("n")
    party = pl.select(n).select(n=pl.col("n"))
    kind = item % 40
    items = pl.select(pl.int_range(ITEM_FAMILIES * LINES_PER_ORDER).alias("n")).select(
        item_id=text("I", item, 6),
        item_name=pl.concat_str(pl.lit("Item "), item),
        item_group=pl.when(kind == 7).then(pl.lit("SERVICE")).otherwise(text("G", item % 30, 2)),
        base_uom=pl.when((kind == 3) | (kind == 13)).then(pl.lit("KG")).otherwise(pl.lit("EA")),
        is_service=kind == 7,
    )
    boxed = items.filter(pl.int_range(pl.len()) % 40 % 20 == 1)
    people = [*(f"B{k:03d}" for k in range(40)), *(f"K{k:03d}" for k in range(30)), *(f"L{k:03d}" for k in range(30)), "A1", "A2", "A3"]
    limits = {"A1": Decimal(20_000), "A2": Decimal(200_000), "A3": Decimal(1_000_000_000)}
    return {
        "supplier": party.select(party_id=text("P", pl.col("n"), 5), party_name=text("Supplier ", pl.col("n"), 5)),
        "customer": party.select(party_id=text("S", pl.col("n"), 5), party_name=text("Customer ", pl.col("n"), 5)),
        "item": items,
        "uom_conversion": boxed.select("item_id", from_uom=pl.lit("BOX"), to_uom=pl.lit("EA"), factor=pl.lit(Decimal(BOX), pl.Decimal(10, 0))),
        "user": pl.DataFrame(
            {
                "user_id": people,
                "person_id": [f"N{name}" for name in people],
                "approval_limit": [limits.get(name, Decimal(5_000_000)) for name in people],
                "limit_currency": ["CNY"] * len(people),
            },
            schema_overrides={"approval_limit": pl.Decimal(20, 2)},
        ),
    }
