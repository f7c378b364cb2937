"""Facts of an order line that few lines have: what its receipts say they cost, and whether somebody decided to close it. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.match.dense import chosen, sums
from recon.match.given import local_day, table

if TYPE_CHECKING:
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay


def received_cost(found: ThreeWay, parts: Parts) -> pl.DataFrame:
    """has_stated_cost and received_cost_amount per unit, document currency: the cost that its receipts state.

    The amount is null where one of them states none, or another currency; the flag too where the source states no cost at all.
    """
    nothing = {"has_stated_cost": pl.lit(None, dtype=pl.Boolean), "received_cost_amount": pl.lit(None, dtype=money.MONEY)}
    if not found.raw.fulfilments.says("unit_cost_net"):
        return found.units.with_columns(**nothing).select(nothing.keys())
    counts = pl.col("exclusion_reason").is_null() & pl.col("unit").is_not_null()
    lines = chosen(pl.concat([found.fulfilments, parts.worth.to_frame()], how="horizontal"), counts, "unit", "place", "worth")
    said = found.raw.fulfilments.taken(lines["place"], "cycle", "unit_cost_net", own_currency="currency")
    unit = found.units.select(pl.col("currency").gather(lines["unit"]))
    told = pl.concat([lines, said, unit], how="horizontal")
    stated = (pl.col("unit_cost_net").is_not_null() & (pl.col("own_currency") == pl.col("currency")).fill_null(value=True)).alias("stated")
    told = told.filter(pl.col("cycle") == CYCLES[0].name).with_columns(stated)
    cost = pl.when(pl.col("stated").all()).then(pl.col("worth").sum())
    found_cost = sums(told, "unit", found.units.height, has_stated_cost=pl.col("stated").any(), received_cost_amount=cost)
    return found_cost.with_columns(pl.col("has_stated_cost").fill_null(value=False))


def closing_decisions(found: ThreeWay) -> pl.DataFrame:
    """cycle, company_code, order_number of orders that somebody closed by decision, by the as-of date."""
    events = table(found.ground.accepted, "approval_event").filter(
        (pl.col("action") == "close") & (local_day("action_at", found.ground.engagement) <= found.ground.engagement.as_of)
    )
    types = {cycle.order_type: cycle.name for cycle in CYCLES}
    named = events.with_columns(cycle=pl.col("document_type").replace_strict(types, default=None, return_dtype=pl.String))
    return named.filter(pl.col("cycle").is_not_null()).select("cycle", "company_code", order_number="document_number").unique().collect()
