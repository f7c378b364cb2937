"""Which goods carry which bill, by the policy of the match unit, and how much of each bill may be billed."""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.money import QUANTITY, product
from recon.match.dense import IN_ORDER, aligned, sums
from recon.match.goods import ZERO
from recon.match.number_line import CARRIED, carry_equal, carry_in_proportion, carry_named, overlap, pairs, remaining, running

_SIDE: Final = ["unit", "row", "quantity", "turn"]


def allocate(layers: pl.DataFrame, claims: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """unit, layer (fulfilment row), claim, quantity: all parts, open ends included. Goods named are cut out first.

    The rest follows `consumption` of the unit. `layers`: unit, row, quantity, turn. `claims`: claim, unit, net, named, turn; those that
    ask for nothing are left out.
    """
    asks = claims.filter(pl.col("net") > 0).select("unit", "named", "turn", row="claim", quantity="net")
    named = carry_named(layers, asks)
    left, asked = remaining(layers, named, "layer").select(_SIDE), remaining(asks, named, "claim").select(_SIDE)
    used = units["consumption"].unique().sort().to_list()
    parts = [named]
    for policy in used:
        if len(used) == 1:
            parts.append(_by_policy(policy, left, asked))
            break
        mine = units.filter(pl.col("consumption") == policy)["unit"].implode()
        parts.append(_by_policy(policy, left.filter(pl.col("unit").is_in(mine)), asked.filter(pl.col("unit").is_in(mine))))
    return pl.concat([part.select(CARRIED.keys()) for part in parts], rechunk=True)


def _by_policy(policy: str, layers: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    if policy == "lifo":
        return overlap(layers.with_columns(turn=pl.lit(2**32 - 1, dtype=pl.UInt32) - pl.col("turn")), claims)
    if policy == "fifo":
        return overlap(layers, claims)
    first = pl.DataFrame(schema=CARRIED)
    if policy == "pro_rata":
        first = carry_in_proportion(layers, claims)
    if policy == "exact_first":
        first = carry_equal(layers, claims)
    left, asked = remaining(layers, first, "layer"), remaining(claims, first, "claim")
    if policy == "exact_first":
        return pl.concat([first, overlap(left, asked)])
    none = pl.lit(None, dtype=pl.UInt32)
    open_layers = left.select("unit", "quantity", layer="row", claim=none).select(CARRIED.keys())
    return pl.concat([first, open_layers, asked.select("unit", "quantity", layer=none, claim="row").select(CARRIED.keys())])


def bill(claims: pl.DataFrame, parts: pl.DataFrame, units: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    """Claims with before, to_date, billable and excess: how far the unit's cap reaches, in allocation order.

    Claims whose named goods cover them come first, then those covered in part, then the rest in turn. The cap is what was
    ordered (2way), delivered (3way) or accepted (4way); three- and four-way lines are also capped by the order unless
    over-deliveries may be billed, and then by the share that the order line allows, where it states one. Without an order only the goods cap; without a cap everything is billable.
    """
    asked = claims.with_columns(asked=pl.max_horizontal("net", ZERO))
    placed = _in_allocation_order(asked, parts)
    caps = _caps(units, goods).select(pl.all().gather(placed["unit"]))
    capped = pl.concat([placed, caps], how="horizontal")
    room = (pl.col("cap") - pl.col("before")).clip(lower_bound=0)
    reached = pl.when(room < pl.col("asked")).then(room).when(pl.col("cap").is_not_null()).then("asked")
    may = pl.when("is_capped").then(reached).otherwise("asked").cast(QUANTITY)
    return (
        capped.with_columns(to_date=pl.col("before") + pl.col("asked"), excess=pl.col("asked") - may)
        .with_columns(billable=pl.col("quantity") - pl.col("excess"))
        .drop("cap", "is_capped", "asked")
    )


def _in_allocation_order(claims: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Claims with `before`, what their unit asked for earlier; rows stay by claim."""
    if claims["named"].null_count() == claims.height:
        return running(claims, "asked")
    took = pairs(parts)
    by_name = took.filter(claims.select(pl.col("named").gather(took["claim"])).to_series() == took["layer"])
    own = sums(by_name, "claim", claims.height, by_name=pl.col("quantity").sum())
    frame = pl.concat([claims.select("claim", "unit", "net", "turn", "asked"), own], how="horizontal")
    standing = pl.when(pl.col("by_name") >= pl.col("net")).then(0).when(pl.col("by_name").is_not_null()).then(1).otherwise(2)
    place = (pl.col("unit").cast(pl.Int128) * 4 + standing) * 2**33 + pl.col("turn").cast(pl.Int128)
    order = frame.select("claim", "unit", "asked", place=place).sort("place").with_columns(turn=pl.int_range(pl.len(), dtype=pl.UInt32))
    return pl.concat([claims, aligned(running(order, "asked").select("claim", "before"), "claim", claims.height)], how="horizontal")


def _caps(units: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    frame = pl.concat(
        [
            units.select("match_level", "ordered_quantity", "bill_over_receipt", "bill_rejected", "over_receipt_share"),
            goods.select("may_be_billed", "accepted"),
        ],
        how="horizontal",
    )
    level, ordered = pl.col("match_level"), pl.col("ordered_quantity")
    inspected = (level == "4way") & ~pl.col("bill_rejected")
    untold = inspected & pl.col("may_be_billed").is_not_null() & pl.col("accepted").is_null()
    goods_cap = pl.when(~untold).then(pl.col("may_be_billed").fill_null(ZERO))
    lower = pl.when(goods_cap > ordered).then(ordered).otherwise(goods_cap)
    over = pl.min_horizontal(goods_cap, _allowed()) if frame["bill_over_receipt"].any() else goods_cap  # a minimum of known figures
    alone = ordered.is_null() | (pl.col("bill_over_receipt") & goods_cap.is_null())
    three = pl.when(alone).then(goods_cap).when(pl.col("bill_over_receipt")).then(over).otherwise(lower)
    return (
        frame.lazy()
        .select(
            cap=pl.when(level.is_in(["3way", "4way"])).then(three).otherwise(ordered),
            is_capped=(level != "none") & ~((level == "2way") & ordered.is_null()),
        )
        .collect(engine=IN_ORDER)
    )


def billable_limits(units: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    """Per unit the most that its order lets be billed, as `billable_limit_quantity`: what was ordered.

    Where over-deliveries may be billed: what came (four-way: what was accepted) if that is more, up to the share that the order line
    allows where it states one; unknown where what was accepted is. `goods`: sums per unit.
    """
    ordered = units.select(billable_limit_quantity="ordered_quantity")
    if not units["bill_over_receipt"].any():
        return ordered
    frame = pl.concat([units.select("match_level", "ordered_quantity", "bill_over_receipt", "over_receipt_share"), goods], how="horizontal")
    accepted = pl.when(pl.col("for_billing").is_null()).then(ZERO).otherwise("accepted")
    came = pl.when(pl.col("match_level") == "4way").then(accepted).otherwise(pl.col("for_billing").fill_null(ZERO))
    most = pl.when(came.is_not_null()).then(pl.max_horizontal("ordered_quantity", pl.min_horizontal(came, _allowed())))
    return frame.select(billable_limit_quantity=pl.when("bill_over_receipt").then(most).otherwise("ordered_quantity").cast(QUANTITY))


def _allowed() -> pl.Expr:
    """What was ordered and the share of it that may come beyond; null where the order line states none."""
    return product(pl.col("ordered_quantity"), pl.col("over_receipt_share") + 1)
