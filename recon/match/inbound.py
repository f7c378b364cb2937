"""Goods that are on their way: what open purchase orders still have to bring, by item. Whole: items know no party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.match import packs
from recon.match import whole_numbers as whole
from recon.match.given import table
from recon.match.orders_in_force import orders_in_force

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_LINE: Final = ["company_code", "po_number", "po_line_no"]


def inbound(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """item_id, inbound_quantity (base unit of the item; null: not known): still to come on orders promised from the as-of day to the end of the lead time.

    An order whose day has gone by is not relied upon. Receipts that name no order are taken off, since they may be what is waited for.
    Not known where a unit does not convert, or the lead time of an item with open orders is not stated.
    """
    ended = [pl.col(flag).fill_null(value=False) for flag in ("is_closed", "is_final_delivery")]
    is_open = ~pl.any_horizontal(*ended, (pl.col("doc_status") == "closed").fill_null(value=False))
    orders = orders_in_force(accepted, PROCURE_TO_PAY, as_of=engagement.as_of).filter(
        is_open & (pl.col("promised_date") >= engagement.as_of) & pl.col("item_id").is_not_null()
    )
    open_lines = orders.select(*_LINE, "item_id", "uom", "quantity", "promised_date", "po_date").collect()
    if open_lines.is_empty():
        return pl.DataFrame(schema={"item_id": pl.String(), "inbound_quantity": money.QUANTITY})
    came = table(accepted, PROCURE_TO_PAY.fulfilment_table).filter(
        (pl.col("receipt_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False)
    )
    named = came.filter(pl.col("po_number").is_not_null()).group_by([*_LINE, "uom"]).agg(came=pl.col("quantity").sum()).collect()
    other_unit = named.join(open_lines.select(*_LINE, own="uom"), on=_LINE, how="inner").filter(pl.col("uom") != pl.col("own")).select(_LINE).unique()
    met = open_lines.join(named, on=[*_LINE, "uom"], how="left", validate="1:1").join(
        other_unit.with_columns(is_unknown=pl.lit(value=True)), on=_LINE, how="left", validate="1:1"
    )
    rest = (pl.col("quantity") - pl.col("came").fill_null(0)).clip(lower_bound=0)
    agreed = table(accepted, "item_stock_policy").group_by("item_id").agg(lead_time_days=pl.col("lead_time_days").max()).collect()
    timed = met.with_columns(quantity=rest).filter(pl.col("quantity") > 0).join(agreed, on="item_id", how="left", validate="m:1")
    within = pl.col("promised_date") <= engagement.as_of + pl.duration(days=pl.col("lead_time_days"))
    awaited = timed.filter(within.fill_null(value=True)).with_columns(
        is_unknown=pl.col("is_unknown").fill_null(value=False) | pl.col("lead_time_days").is_null()
    )
    first = awaited.group_by("item_id").agg(since=pl.col("po_date").min())
    stray = came.filter(pl.col("po_number").is_null()).select("item_id", "uom", "quantity", "receipt_date").collect()
    stray = stray.join(first, on="item_id", how="inner", validate="m:1").filter(pl.col("receipt_date") >= pl.col("since"))
    both = pl.concat(
        [
            in_base_units(awaited.select("item_id", "uom", "quantity", "is_unknown"), accepted),
            in_base_units(stray.select("item_id", "uom", -pl.col("quantity"), is_unknown=pl.lit(value=False)), accepted),
        ]
    )
    summed = both.group_by("item_id").agg(pl.col("base").sum(), known=(pl.col("base").is_not_null() & ~pl.col("is_unknown")).all())
    return summed.select("item_id", inbound_quantity=pl.when("known").then(pl.col("base").clip(lower_bound=0)).cast(money.QUANTITY))


def in_base_units(lines: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Lines with an item_id, uom and quantity; `base_uom` and `base`, the quantity in the item's base unit, null where it has no exact figure."""
    bases = table(accepted, "item").select("item_id", "base_uom").unique("item_id", keep="any").collect()
    told = (
        lines.join(bases, on="item_id", how="left", validate="m:1")
        .with_columns(pl.coalesce("base_uom", "uom").alias("base_uom"))
        .with_row_index("row")
    )
    led = packs.factors(told, packs.conversions(accepted))
    same = pl.col("uom") == pl.col("base_uom")
    exact = packs.is_exact("quantity").fill_null(value=False)
    in_base = money.from_units(whole.over(whole.units("quantity") * whole.units("times"), whole.units("by")), 10)
    base = pl.when(same).then("quantity").when(exact).then(in_base).cast(money.QUANTITY)
    return led.with_columns(base=base).select(*lines.columns, "base_uom", "base")
