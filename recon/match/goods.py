"""Receipts and shipments as layers of their match unit: what came, what was accepted, what went back, what may be billed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from recon.domain.money import QUANTITY
from recon.match.dense import chosen, sums
from recon.match.number_line import CARRIED, carry, pairs, remaining, running

ZERO: Final = pl.lit(0, dtype=QUANTITY)
#: A day as a number of two bytes: 1970 to 2149.
_LAST_DAY: Final = 2**16 - 1


@dataclass(frozen=True)
class Goods:
    """`layers`: what is left of each fulfilment line to be billed (unit, row, quantity, turn), in turn.

    `overdrawn`: returns for which nothing was left to take back (unit, row, quantity). `taken_back`: what returns and reversals took of
    which line (unit, layer, claim, quantity). `by_unit`: sums, one row per unit.
    """

    layers: pl.DataFrame
    overdrawn: pl.DataFrame
    taken_back: pl.DataFrame
    by_unit: pl.DataFrame


def in_order_of_consumption(lines: pl.DataFrame) -> pl.DataFrame:
    """Sorted by unit, posting date, document date, time of entry and document key; `turn` counts the lines.

    `lines`: row, unit, posted, day, created_at, in the order of `row`.
    """
    days = [pl.col(name).cast(pl.Int32) for name in ("posted", "day")]
    usual = lines.select(pl.all_horizontal(day.min() >= 0 for day in days) & pl.all_horizontal(day.max() <= _LAST_DAY for day in days)).item()
    if usual and lines["created_at"].null_count() == lines.height:
        place = (pl.col("unit").cast(pl.UInt64) * 2**16 + days[0].cast(pl.UInt64)) * 2**16 + days[1].cast(pl.UInt64)
        placed = lines.sort(place, maintain_order=True)
    else:
        placed = lines.sort("unit", "posted", "day", "created_at", "row", nulls_last=True)
    return placed.drop("created_at", "posted").with_columns(turn=pl.int_range(pl.len(), dtype=pl.UInt32))


def measure(lines: pl.DataFrame, units: pl.DataFrame, credited: pl.DataFrame) -> Goods:
    """Layers net of returns and reversals.

    `lines`: the fulfilment stack with unit, delivered, accepted, rejected, lost (base units; delivered includes transit loss
    that was declared). `credited`: per unit what credit notes took back. Where goods are inspected (4way) the accepted
    quantity is what may be billed, else what was delivered.
    """
    counts = pl.col("unit").is_not_null() & pl.col("exclusion_reason").is_null() & pl.col("delivered").is_not_null()
    counting = in_order_of_consumption(
        chosen(
            lines,
            counts,
            "row",
            "unit",
            "created_at",
            "delivered",
            "accepted",
            "rejected",
            "lost",
            "origin_row",
            posted=pl.coalesce("posting_date", "fulfilment_date"),
            day="fulfilment_date",
            is_reversal=(pl.col("fulfilment_kind") == "reversal").fill_null(value=False),
        )
    )
    terms = units.select(
        inspected=(pl.col("match_level") == "4way") & ~pl.col("bill_rejected"), waits=pl.col("returns") == "gross_until_credit"
    ).select(pl.all().gather(counting["unit"]))
    counting = pl.concat([counting, terms], how="horizontal")
    by_unit = _by_unit(counting, credited, units.height)
    billable = pl.when("inspected").then(pl.col("accepted").fill_null(ZERO)).otherwise("delivered")
    layers = counting.filter(pl.col("delivered") > 0).select("unit", "row", "turn", quantity=billable)
    layers = layers.filter(pl.col("quantity") > 0) if terms["inspected"].any() else layers
    back = counting.filter(pl.col("delivered") < 0)
    nothing = pl.DataFrame(schema={"unit": pl.UInt32(), "row": pl.UInt32(), "quantity": QUANTITY})
    overdrawn, taken_back = nothing, pl.DataFrame(schema=CARRIED)
    if back.height:
        layers, overdrawn, taken_back = _net_of_returns(layers, back, by_unit, units["returns_oldest_first"])
    left = sums(layers, "unit", units.height, may_be_billed=pl.col("quantity").sum())
    known = pl.when(pl.col("fulfilled").is_not_null()).then(pl.col("may_be_billed").fill_null(ZERO))
    return Goods(layers, overdrawn, taken_back, pl.concat([by_unit, left], how="horizontal").with_columns(may_be_billed=known))


def _net_of_returns(
    layers: pl.DataFrame, back: pl.DataFrame, by_unit: pl.DataFrame, oldest_first: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Layers less what went back: from the line that a return names, else from the newest, so that old layers keep their age.

    By policy from the oldest, where goods leave the store in the order in which they came. `oldest_first`: by unit.

    Beside them what found nothing to take back, and what was taken from which line.
    """
    claims = _taken_back(back, by_unit)
    touched = layers.filter(pl.col("unit").is_in(claims["unit"].unique().implode()))
    backwards = pl.lit(2**32 - 1, dtype=pl.UInt32) - pl.col("turn")
    by_policy = touched.with_columns(_oldest=oldest_first.gather(touched["unit"]))
    parts = carry(by_policy.with_columns(turn=pl.when("_oldest").then("turn").otherwise(backwards)).drop("_oldest"), claims)
    overdrawn = parts.filter(pl.col("layer").is_null()).group_by("unit", row="claim").agg(pl.col("quantity").sum()).sort("row")
    met = pairs(parts)
    return remaining(layers, met, "layer"), overdrawn, met


def _taken_back(back: pl.DataFrame, by_unit: pl.DataFrame) -> pl.DataFrame:
    """Returns with the quantity by which each reduces layers; a reversal corrects a posting and always reduces in full."""
    placed = running(back.with_columns(quantity=-pl.col("delivered")))
    allowed = by_unit.select(pl.col("allowed").gather(placed["unit"]))
    room = (pl.col("allowed") - pl.col("before")).clip(lower_bound=0)
    taken = pl.when("is_reversal").then("quantity").otherwise(pl.min_horizontal(room, "quantity"))
    claims = pl.concat([placed, allowed], how="horizontal").with_columns(quantity=taken).filter(pl.col("quantity") > 0)
    return claims.select("unit", "row", "quantity", "turn", named="origin_row")


def _by_unit(counting: pl.DataFrame, credited: pl.DataFrame, size: int) -> pl.DataFrame:
    """Sums per unit, null where nothing came.

    `for_billing` is what an invoice may be held against: net of returns, under `gross_until_credit` only of credited ones.
    `allowed`: how much of the returned quantity reduces what may be billed: all of it; under `gross_until_credit` what was
    credited; of inspected goods the rejected ones go back first, and those could not be billed anyway. Accepted is unknown
    where goods have to be inspected and one receipt says nothing about it.
    """
    into, delivered = pl.col("delivered") > 0, pl.col("delivered")
    plain = counting.select(into.all()).item() and not counting["inspected"].any()
    figures = {
        "fulfilled": delivered.sum(),
        "accepted": pl.col("accepted").sum() if plain else pl.col("accepted").filter(into).sum(),
        "first_day": pl.col("day").min() if plain else pl.col("day").filter(into).min(),
        "last_day": pl.col("day").max() if plain else pl.col("day").filter(into).max(),
    }
    sparse = {"rejected": pl.col("rejected").filter(into).sum(), "lost": pl.col("lost").sum()}
    figures |= {name: figure for name, figure in sparse.items() if counting[name].null_count() < counting.height}
    if not plain:
        figures |= {
            "back": -delivered.filter(~into).sum(),
            "returned": -delivered.filter(~into & ~pl.col("is_reversal")).sum(),
            "inspected": pl.col("inspected").first(),
            "waits": pl.col("waits").first(),
            "untold": pl.col("accepted").filter(into).null_count() > 0,
        }
    found = pl.concat([sums(counting, "unit", size, **figures), credited], how="horizontal")
    lacking = [ZERO.alias(name) for name in ("rejected", "lost", "back", "returned") if name not in found.columns]
    found = found.with_columns(lacking)
    if plain:
        return found.with_columns(for_billing="fulfilled", allowed=ZERO).drop("back", "credited")
    rejected, credit = pl.col("rejected").fill_null(ZERO), pl.col("credited").fill_null(ZERO)
    allowed = (
        pl.when("waits")
        .then(pl.min_horizontal("returned", credit))
        .when("inspected")
        .then(pl.max_horizontal(pl.col("returned") - rejected, ZERO))
        .otherwise("returned")
    )
    kept = pl.max_horizontal(pl.col("returned") - credit, ZERO)
    return found.with_columns(
        accepted=pl.when(~(pl.col("inspected") & pl.col("untold"))).then(pl.col("accepted") - pl.max_horizontal(pl.col("back") - rejected, ZERO)),
        for_billing=pl.when("waits").then(pl.col("fulfilled") + kept).otherwise("fulfilled"),
        allowed=allowed,
    ).drop("back", "credited", "inspected", "waits", "untold")
