"""Receipts and shipments as layers of their match unit: what came, what was accepted, what went back, what may be billed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from recon.domain.money import QUANTITY
from recon.match.number_line import carry, remaining, running

ZERO: Final = pl.lit(0, dtype=QUANTITY)


@dataclass(frozen=True)
class Goods:
    """`lines`: figures per fulfilment line, aligned with the stack. `layers`: what is left of each to be billed, in turn.

    `overdrawn`: returns for which nothing was left to take back (unit, row, quantity). `by_unit`: sums per unit.
    """

    lines: pl.DataFrame
    layers: pl.DataFrame
    overdrawn: pl.DataFrame
    by_unit: pl.DataFrame


def turns(lines: pl.DataFrame, day: str) -> pl.Series:
    """The place of each line in the order of consumption: posting date, document date, time of entry, then document key."""
    keys = [pl.coalesce("posting_date", day), pl.col(day), pl.col("created_at"), pl.col("row")]
    order = lines.select(pl.arg_sort_by(keys, nulls_last=True)).to_series()
    return order.arg_sort().cast(pl.UInt32)


def measure(lines: pl.DataFrame, units: pl.DataFrame, credited: pl.DataFrame) -> Goods:
    """Layers net of returns and reversals.

    `lines`: the fulfilment stack with unit, delivered, accepted, rejected, lost (base units; delivered includes transit loss
    that was declared), uom_convertible. `credited` (unit, credited): what credit notes took back. Where goods are inspected (4way) the
    accepted quantity is what may be billed, else what was delivered.
    """
    counts = pl.col("unit").is_not_null() & pl.col("exclusion_reason").is_null() & pl.col("delivered").is_not_null()
    policies = units.select(pl.col("match_level", "bill_rejected", "returns").gather(lines["unit"]))
    known = pl.concat(
        [lines.select("row", "unit", "delivered", "accepted", "rejected", "lost", "fulfilment_kind", "origin_row"), policies], how="horizontal"
    )
    known = known.with_columns(
        counts=lines.select(counts).to_series(),
        turn=turns(lines, "fulfilment_date"),
        inspected=(pl.col("match_level") == "4way") & ~pl.col("bill_rejected"),
    )
    counting = known.filter("counts")
    returns = counting.filter(pl.col("delivered") < 0)
    layers = counting.filter(pl.col("delivered") > 0).with_columns(
        quantity=pl.when("inspected").then(pl.col("accepted").fill_null(ZERO)).otherwise("delivered")
    )
    back = _taken_back(returns, _allowances(counting, credited)) if returns.height else returns.with_columns(quantity=ZERO)
    newest_first = layers.with_columns(turn=lines.height - pl.col("turn"))
    claims = back.select("unit", "row", "quantity", "turn", named="origin_row")
    pairs = carry(newest_first.select("unit", "row", "quantity", "turn"), claims)
    open_layers = remaining(layers.select("unit", "row", "quantity", "turn"), pairs, "layer").filter(pl.col("quantity") > 0)
    overdrawn = remaining(claims.filter(pl.col("quantity") > 0), pairs, "claim").select("unit", "row", "quantity")
    return Goods(known.select("counts", "turn"), open_layers, overdrawn, _by_unit(counting, open_layers, credited, lines))


def _allowances(counting: pl.DataFrame, credited: pl.DataFrame) -> pl.DataFrame:
    """How much of a unit's returned quantity reduces what may be billed.

    All of it; under `gross_until_credit` only what was credited; of inspected goods the rejected ones go back first, and
    those could not be billed anyway.
    """
    sums = counting.group_by("unit").agg(
        returned=-pl.col("delivered").filter(pl.col("delivered") < 0).sum(),
        rejected=pl.col("rejected").filter(pl.col("delivered") > 0).fill_null(ZERO).sum(),
        inspected=pl.col("inspected").first(),
        waits=(pl.col("returns") == "gross_until_credit").first(),
    )
    joined = sums.join(credited, on="unit", how="left", validate="1:1").with_columns(pl.col("credited").fill_null(ZERO))
    allowed = (
        pl.when("waits")
        .then(pl.min_horizontal("returned", "credited"))
        .when("inspected")
        .then(pl.max_horizontal(pl.col("returned") - pl.col("rejected"), ZERO))
        .otherwise("returned")
    )
    return joined.select("unit", allowed=allowed)


def _taken_back(returns: pl.DataFrame, allowances: pl.DataFrame) -> pl.DataFrame:
    """Returns with the quantity by which each reduces layers; a reversal corrects a posting and always reduces in full."""
    asked = returns.with_columns(quantity=-pl.col("delivered"))
    placed = running(asked).join(allowances, on="unit", how="left", validate="m:1")
    room = (pl.col("allowed") - pl.col("before")).clip(lower_bound=0)
    full = (pl.col("fulfilment_kind") == "reversal").fill_null(value=False)
    return placed.with_columns(quantity=pl.when(full).then("quantity").otherwise(pl.min_horizontal(room, "quantity"))).filter(pl.col("quantity") > 0)


def _by_unit(counting: pl.DataFrame, layers: pl.DataFrame, credited: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Sums per unit. `for_billing` is what an invoice may be held against: net of returns, under `gross_until_credit` only of credited ones.

    Returned goods come out of the rejected ones first. Accepted is unknown where goods have to be inspected and one
    receipt says nothing about it.
    """
    days = lines.select("row", day="fulfilment_date")
    arrived = counting.join(days, on="row", how="left", validate="1:1").group_by("unit")
    into, delivered = pl.col("delivered") > 0, pl.col("delivered")
    is_return = ~into & (pl.col("fulfilment_kind") != "reversal").fill_null(value=True)
    inspected = pl.col("inspected").first() & ~pl.col("accepted").filter(into).is_not_null().all()
    sums = arrived.agg(
        fulfilled=delivered.sum(),
        accepted=pl.when(~inspected).then(pl.col("accepted").filter(into).sum()),
        back=-delivered.filter(~into).sum(),
        rejected=pl.col("rejected").filter(into).fill_null(ZERO).sum(),
        lost=pl.col("lost").fill_null(ZERO).sum(),
        returned=-delivered.filter(is_return).sum(),
        first_day=pl.col("day").filter(into).min(),
        last_day=pl.col("day").filter(into).max(),
        waits=(pl.col("returns") == "gross_until_credit").first(),
    )
    billable = layers.group_by("unit").agg(may_be_billed=pl.col("quantity").sum())
    joined = sums.join(billable, on="unit", how="left", validate="1:1").join(credited, on="unit", how="left", validate="1:1")
    kept = pl.max_horizontal(pl.col("returned") - pl.col("credited").fill_null(ZERO), ZERO)
    return joined.with_columns(
        pl.col("may_be_billed").fill_null(ZERO),
        accepted=pl.col("accepted") - pl.max_horizontal(pl.col("back") - pl.col("rejected"), ZERO),
        for_billing=pl.when("waits").then(pl.col("fulfilled") + kept).otherwise("fulfilled"),
    ).drop("back", "waits", "credited")
