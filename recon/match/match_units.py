"""The unit of matching: an order line, or, where no order is known, a receipt or shipment line by itself.

Everything that matching compares shares a unit: policies, base unit of measure, price, currency and rate of the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.cycles import CYCLES
from recon.domain.engagement import POLICIES
from recon.match import packs
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER, chosen
from recon.match.given import table
from recon.match.rates import company_rates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: policies that a unit carries; a flag is a policy that says true or false
_WORDS: Final = ("match_level", "consumption", "returns", "order_version")
_FLAGS: Final = ("bill_rejected", "bill_over_receipt", "returns_oldest_first")
_ONE: Final = pl.lit(1, dtype=money.QUANTITY)


@dataclass(frozen=True)
class Ground:
    """What measuring stands on: the documents, the terms, the item master (one row per item) and the ways between units."""

    accepted: Accepted
    engagement: Engagement
    items: pl.DataFrame
    ways: pl.DataFrame


def ground(accepted: Accepted, engagement: Engagement) -> Ground:
    """The ground of one run."""
    return Ground(accepted, engagement, items(accepted), packs.conversions(accepted))


def items(accepted: Accepted) -> pl.DataFrame:
    """item_id, master_group, master_uom, is_service of the item master, one row per item."""
    columns = {"master_group": "item_group", "master_uom": "base_uom", "is_service": "is_service", "standard_cost": "standard_cost"}
    master = table(accepted, "item").select("item_id", **columns)
    return master.filter(pl.col("item_id").is_not_null()).unique("item_id", keep="any").collect(engine=IN_ORDER)


def order_units(orders: pl.DataFrame, lines: Iterable[pl.DataFrame], ground: Ground) -> pl.DataFrame:
    """One unit per order line, unit = the order's row. `lines` (order_row, uom, quantity) are the lines that will be compared with it."""
    frame = orders.select(
        "row", "cycle", "company_code", "party_id", "item_id", "item_group", "contract_id", "order_number", "order_line_no", "order_type",
        "quantity", "uom", "unit_price_net", "unit_price_gross", "price_tax_basis", "tax_rate", "price_per", "currency", "fx_rate",
        "over_receipt_share", line_level="match_level", rate_day="order_date",
    )  # fmt: skip
    frame = frame.join(ground.items, on="item_id", how="left", validate="m:1", maintain_order="left")
    frame = frame.with_columns(
        pl.coalesce("item_group", "master_group").alias("item_group"),
        is_service=pl.col("is_service").fill_null(value=False) | (pl.col("order_type") == "service").fill_null(value=False),
        order_rate=company_rates(frame, ground.accepted, ground.engagement.currency),
        is_limit=(pl.col("order_type") == "blanket").fill_null(value=False),
    )
    based = _based(_governed(frame, ground), ground.ways)
    return _priced(_rebased(based, lines, ground.ways)).rename({"row": "unit"})


def _governed(frame: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Add the policies. The order line's own match level wins; a service or value-limit line needs no receipt unless somebody says so."""
    types = {cycle.name: cycle.order_type for cycle in CYCLES}
    scoped = frame.lazy().with_columns(document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String))
    rules = ground.engagement.policy_rules()
    if any("group_id" in rule.scope for rule in rules):
        scoped = scoped.join(groups_of(ground.accepted), on=["cycle", "party_id"], how="left", validate="m:1", maintain_order="left")
    defaults: dict[str, str | None] = {name: POLICIES[name][0] for name in (*_WORDS, *_FLAGS)}
    resolved = scopes.resolve(scoped, rules, defaults | {"match_level": None}).drop("group_id", strict=False).collect(engine=IN_ORDER)
    usual = pl.when(pl.col("is_service") | pl.col("is_limit")).then(pl.lit("2way")).otherwise(pl.lit(POLICIES["match_level"][0]))
    level = pl.coalesce("line_level", "match_level", usual)
    return resolved.sort("row").with_columns(
        match_level=level, needs_fulfilment=level.is_in(["3way", "4way"]), **{name: pl.col(name) == "true" for name in _FLAGS}
    )


def groups_of(accepted: Accepted) -> pl.LazyFrame:
    """cycle, party_id, group_id of the masters, one row per party."""
    frames = [table(accepted, cycle.party_table).select("party_id", "group_id", cycle=pl.lit(cycle.name)) for cycle in CYCLES]
    return pl.concat(frames).unique(["cycle", "party_id"], keep="any")


def _based(frame: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """Add base_uom and order_times / order_by: base units per unit ordered. The item's base unit, where the order's leads to it exactly."""
    wanted = frame.select("row", "item_id", "uom", "quantity", base_uom=pl.coalesce("master_uom", "uom"))
    if (wanted["base_uom"] == wanted["uom"]).all():
        return frame.with_columns(base_uom="uom", order_times=_ONE, order_by=_ONE)
    led = packs.factors(wanted, ways)
    whole.guard(led, [("quantity", "times")])
    leads = pl.col("times").is_not_null() & packs.is_exact("quantity").fill_null(value=True)
    chosen = led.select(
        base_uom=pl.when(leads).then("base_uom").otherwise("uom"),
        order_times=pl.when(leads).then("times").otherwise(_ONE),
        order_by=pl.when(leads).then("by").otherwise(_ONE),
    )
    return pl.concat([frame, chosen], how="horizontal")


def _rebased(frame: pl.DataFrame, lines: Iterable[pl.DataFrame], ways: pl.DataFrame) -> pl.DataFrame:
    """Units in which a line has no exact figure in the base unit (seven pieces in dozens) are compared in that line's unit."""
    sides = []
    for side in lines:
        bases = frame.select(pl.col("item_id", "base_uom").gather(side["order_row"]))
        told = pl.concat([side.select("uom", "quantity", unit="order_row"), bases], how="horizontal")
        sides.append(chosen(told, pl.col("uom") != pl.col("base_uom"), "unit", "uom", "quantity", "item_id", "base_uom"))
    apart = pl.concat(sides)
    if apart.is_empty():
        return frame
    inexact = packs.factors(apart, ways).filter(pl.col("times").is_not_null() & ~packs.is_exact("quantity"))
    if inexact.is_empty():
        return frame
    smaller = inexact.group_by(row="unit").agg(base_uom=pl.col("uom").min())
    wanted = frame.select("row", "item_id", "uom", "quantity").join(smaller, on="row", how="inner", validate="1:1")
    led = packs.factors(wanted, ways).filter(pl.col("times").is_not_null() & packs.is_exact("quantity"))
    changed = led.select("row", base_uom="base_uom", order_times="times", order_by="by")
    return frame.update(changed, on="row", how="left", maintain_order="left")


def _priced(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ordered_quantity, the price per base unit without tax as price_times / price_by (never rounded), and order_unit_price to be shown.

    A price agreed with tax is taken without it where the tax rate is known.
    """
    whole.guard(frame, [("quantity", "order_times"), ("unit_price_net", "order_by"), ("price_per", "order_times")])
    basis, per = frame["price_tax_basis"], pl.col("price_per").fill_null(1)
    price, divisor = pl.col("unit_price_net"), pl.lit(1, dtype=money.QUANTITY)
    if frame["price_per"].null_count() < frame.height:
        divisor = per.cast(money.QUANTITY)
    if (basis == "gross").any():
        gross = (pl.col("price_tax_basis") == "gross") & pl.col("unit_price_gross").is_not_null() & pl.col("tax_rate").is_not_null()
        gross = gross.fill_null(value=False)
        price = pl.when(gross).then("unit_price_gross").otherwise("unit_price_net")
        with_tax = pl.when(gross).then(pl.col("tax_rate").cast(money.QUANTITY) + 1).otherwise(_ONE)
        divisor = money.product(divisor, with_tax)
    if frame["order_times"].eq(1).all() and frame["order_by"].eq(1).all():
        figures = {"ordered_quantity": pl.col("quantity"), "price_times": price, "price_by": divisor}
    else:
        quantity = whole.over(whole.units("quantity") * whole.units("order_times"), whole.units("order_by"))
        figures = {
            "ordered_quantity": money.from_units(quantity, 10),
            "price_times": money.from_units(whole.times(whole.units(price), whole.units("order_by"), 10), 10),
            "price_by": money.from_units(whole.times(whole.units(divisor), whole.units("order_times"), 10), 10),
        }
    priced = frame.lazy().with_columns(**figures).collect(engine=IN_ORDER)
    if priced["price_by"].eq(1).all():
        return priced.with_columns(order_unit_price="price_times")
    shown = whole.over(whole.units("price_times") * 10**10, whole.units("price_by"))
    return priced.lazy().with_columns(order_unit_price=money.from_units(shown, 10)).collect(engine=IN_ORDER)


def lone_units(fulfilments: pl.DataFrame, first: int, ground: Ground) -> pl.DataFrame:
    """One unit per live fulfilment line without an order, numbered from `first`; `fulfilment_row` says whose it is.

    There is no order price. What was received stands at its own cost, else at the item's standard cost.
    """
    frame = chosen(
        fulfilments, pl.col("order_row").is_null() & pl.col("exclusion_reason").is_null(),
        "row", "cycle", "company_code", "party_id", "item_id", "uom", "currency", "quantity", "fulfilment_date",
        contract_id=pl.lit(None, dtype=pl.String), order_number="referenced_order_number", order_line_no="referenced_order_line_no",
        order_type=pl.lit(None, dtype=pl.String), line_level=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    frame = frame.join(ground.items, on="item_id", how="left", validate="m:1", maintain_order="left").with_columns(
        item_group="master_group",
        is_service=pl.col("is_service").fill_null(value=False),
        is_limit=pl.lit(value=False),
        currency=pl.col("currency").fill_null(ground.engagement.currency),
        fx_rate=pl.lit(None, dtype=money.RATE),
        rate_day="fulfilment_date",
    )
    frame = frame.with_columns(order_rate=company_rates(frame, ground.accepted, ground.engagement.currency))
    based = _based(_governed(frame, ground), ground.ways)
    return based.with_columns(
        unit=pl.int_range(pl.len(), dtype=pl.UInt32) + first,
        fulfilment_row="row",
        ordered_quantity=pl.lit(None, dtype=money.QUANTITY),
        price_times=pl.lit(None, dtype=money.PRICE),
        price_by=_ONE,
        order_unit_price=pl.lit(None, dtype=money.PRICE),
        over_receipt_share=pl.lit(None, dtype=money.RATE),
    )


#: What the rest of matching reads of a unit.
UNIT: Final = [
    "unit", "cycle", "company_code", "party_id", "item_id", "item_group", "currency", "base_uom", "order_rate", "price_times", "price_by", "tax_rate",
    "ordered_quantity", "match_level", "consumption", "returns", "order_version", "bill_rejected", "bill_over_receipt", "returns_oldest_first",
    "needs_fulfilment", "is_service", "is_limit",
    "standard_cost", "uom", "order_times", "order_by", "order_unit_price", "over_receipt_share",
]  # fmt: skip


def all_units(orders: pl.DataFrame, lone: pl.DataFrame) -> pl.DataFrame:
    """Order units and lone units under one another, in the columns of UNIT; row position = unit."""
    with_tax = lone.with_columns(tax_rate=pl.lit(None, dtype=money.RATE))
    return pl.concat([orders.select(UNIT), with_tax.select(UNIT)], rechunk=True) if lone.height else orders.select(UNIT)
