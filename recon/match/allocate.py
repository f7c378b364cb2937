"""Which goods carry which bill, by the policy of the match unit, and how much of each bill may be billed."""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.money import QUANTITY
from recon.match.goods import ZERO
from recon.match.number_line import carry_equal, carry_in_proportion, carry_named, overlap, remaining, running

_SIDE: Final = ["unit", "row", "quantity", "turn"]


def allocate(layers: pl.DataFrame, claims: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """unit, layer (fulfilment row), claim, quantity. Named goods are cut out first; the rest follows `consumption` of the unit.

    `layers`: unit, row, quantity, turn. `claims`: claim, unit, net, named, turn; claims that ask for nothing are left out.
    """
    asks = claims.filter(pl.col("net") > 0).select("unit", "named", "turn", row="claim", quantity="net")
    named = carry_named(layers, asks)
    left, asked = remaining(layers, named, "layer").select(_SIDE), remaining(asks, named, "claim").select(_SIDE)
    policies = units["consumption"]
    used = policies.unique().sort().to_list()
    if used == ["fifo"]:
        return pl.concat([named, overlap(left, asked)])
    parts = [named]
    for policy in used:
        if policy == "specified_only":
            continue
        mine = units.filter(pl.col("consumption") == policy)["unit"].implode()
        parts.append(_by_policy(policy, left.filter(pl.col("unit").is_in(mine)), asked.filter(pl.col("unit").is_in(mine))))
    return pl.concat(parts)


def _by_policy(policy: str, layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    if policy == "pro_rata":
        return carry_in_proportion(layers, claims)
    if policy == "lifo":
        newest = layers["turn"].max() if layers.height else 0
        return overlap(layers.with_columns(turn=pl.lit(newest, dtype=pl.UInt32) - pl.col("turn")), claims)
    if policy == "exact_first":
        equal = carry_equal(layers, claims)
        return pl.concat([equal, overlap(remaining(layers, equal, "layer"), remaining(claims, equal, "claim"))])
    return overlap(layers, claims)


def bill(claims: pl.DataFrame, pairs: pl.DataFrame, units: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    """Claims with before, to_date, billable and excess: how far the unit's cap reaches, in allocation order.

    Claims whose named goods cover them come first, then those covered in part, then the rest in turn. The cap is what was
    ordered (2way), delivered (3way) or accepted (4way); three- and four-way lines are also capped by the order unless
    over-deliveries may be billed. Without an order only the goods cap; without a cap everything is billable.
    """
    took = pairs.join(claims.select("claim", "named"), on="claim", how="left", validate="m:1").filter(pl.col("layer") == pl.col("named"))
    own = took.group_by("claim").agg(by_name=pl.col("quantity").sum())
    frame = claims.join(own, on="claim", how="left", validate="1:1", maintain_order="left")
    standing = pl.when(pl.col("by_name") >= pl.col("net")).then(0).when(pl.col("by_name").is_not_null()).then(1).otherwise(2)
    frame = frame.with_columns(quantity=pl.max_horizontal("net", ZERO), stated_quantity="quantity")
    order = frame.select(pl.arg_sort_by(pl.col("unit"), standing, pl.col("turn"))).to_series()
    placed = running(frame.with_columns(fifo="turn", turn=order.arg_sort().cast(pl.UInt32)))
    caps = _caps(units, goods)
    capped = placed.join(caps, on="unit", how="left", validate="m:1", maintain_order="left")
    room = (pl.col("cap") - pl.col("before")).clip(lower_bound=0)
    reached = pl.when(room < pl.col("quantity")).then(room).when(pl.col("cap").is_not_null()).then("quantity")
    net_billable = pl.when("is_capped").then(reached).otherwise("quantity").cast(QUANTITY)
    return (
        capped.with_columns(to_date=pl.col("before") + pl.col("quantity"), net_billable=net_billable)
        .with_columns(
            billable=pl.col("stated_quantity") - (pl.col("quantity") - pl.col("net_billable")),
            excess=pl.col("quantity") - pl.col("net_billable"),
            turn="fifo",
        )
        .drop("fifo", "net_billable", "cap", "is_capped", "by_name", "quantity")
        .rename({"stated_quantity": "quantity"})
    )


def _caps(units: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    sums = goods.select("unit", "may_be_billed", "accepted")
    frame = units.select("unit", "match_level", "ordered_quantity", "bill_over_receipt", "bill_rejected").join(
        sums, on="unit", how="left", validate="1:1", maintain_order="left"
    )
    inspected = (pl.col("match_level") == "4way") & ~pl.col("bill_rejected")
    arrived = pl.col("may_be_billed").fill_null(ZERO)
    unknown = inspected & pl.col("may_be_billed").is_not_null() & pl.col("accepted").is_null()
    goods_cap = pl.when(~unknown).then(arrived)
    both = pl.when(pl.col("bill_over_receipt") | pl.col("ordered_quantity").is_null()).then(goods_cap)
    three = both.otherwise(pl.when(goods_cap.is_not_null()).then(pl.min_horizontal(goods_cap, "ordered_quantity")))
    level = pl.col("match_level")
    cap = pl.when(level.is_in(["3way", "4way"])).then(three).otherwise("ordered_quantity")
    is_capped = (level != "none") & ~((level == "2way") & pl.col("ordered_quantity").is_null())
    return frame.select("unit", cap=cap, is_capped=is_capped)
