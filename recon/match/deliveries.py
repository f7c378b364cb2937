"""Delivery confirmations beside the shipment lines they confirm: unknown is not missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH
from recon.match import packs
from recon.match.company import company_facts
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


_KEY: Final = ["cycle", "company_code", "fulfilment_number", "fulfilment_line_no"]


def confirmed_days(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """By shipment line (cycle, company_code, document_number, document_line_no): confirmed_date, the last day a customer signed for it."""
    days = _confirmations(accepted, engagement).group_by(_KEY).agg(pl.col("confirmed_date").max())
    return days.rename({"fulfilment_number": "document_number", "fulfilment_line_no": "document_line_no"})


def _confirmations(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Confirmations up to the as-of date, under the names of the shipment lines that they confirm."""
    known = table(accepted, "delivery_confirmation_line").filter(pl.col("confirmed_date") <= engagement.as_of)
    named = {"shipment_number": "fulfilment_number", "shipment_line_no": "fulfilment_line_no"}
    return known.rename(named).with_columns(cycle=pl.lit(ORDER_TO_CASH.name))


def confirm_deliveries(fulfilment_lines: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Add `confirmed_date`, `confirmed_quantity` (base unit) and `is_confirmed` to fulfilment lines.

    Needs cycle, company_code, fulfilment_number, fulfilment_line_no, fulfilment_date, item_id, uom and base_uom; rows are kept one to one.
    A company's confirmations begin with its first shipment that was confirmed: a shipment from that day on without one
    is not confirmed (false), an earlier one is unknown (null), and so are receipts and companies without the feed.
    A confirmation that names no unit is in the shipment's. Quantities of one line confirmed in several units, or in one that no
    conversion leads to the base unit, are unknown.
    """
    confirmed = (
        _confirmations(accepted, engagement)
        .group_by(_KEY)
        .agg(
            confirmed_date=pl.col("confirmed_date").max(),
            confirmed_quantity=pl.col("quantity_confirmed").sum(),
            confirmed_uom=pl.col("uom").max(),
            has_other_unit=pl.col("uom").n_unique() > 1,
        )
    )
    begins = company_facts(accepted, engagement).confirmed_since.lazy()
    joined = fulfilment_lines.join(confirmed, on=_KEY, how="left", validate="m:1").join(begins, on=_KEY[:2], how="left", validate="m:1")
    is_given = pl.col("confirmed_date").is_not_null()
    told = joined.with_columns(
        is_confirmed=pl.when(is_given).then(statement=True).when(pl.col("fulfilment_date") >= pl.col("feed_begins")).then(statement=False),
        confirmed_uom=pl.coalesce("confirmed_uom", "uom"),
    )
    return _in_base(told, packs.conversions(accepted)).drop("confirmed_uom", "has_other_unit", "feed_begins")


def _in_base(told: pl.LazyFrame, ways: pl.DataFrame) -> pl.LazyFrame:
    """`confirmed_quantity` from `confirmed_uom` into `base_uom`: by the item's own conversion, else the one for any item."""
    steps = ways.rename({"from_uom": "confirmed_uom", "to_uom": "base_uom"})
    common = steps.filter(pl.col("item_id") == "").drop("item_id").rename({"times": "any_times", "by": "any_by"})
    led = told.join(steps.lazy(), on=["item_id", "confirmed_uom", "base_uom"], how="left", validate="m:1")
    led = led.join(common.lazy(), on=["confirmed_uom", "base_uom"], how="left", validate="m:1")
    is_plain = pl.col("confirmed_uom").eq_missing(pl.col("base_uom")) | pl.col("base_uom").is_null()
    converted = money.ratio(pl.col("confirmed_quantity"), pl.coalesce("times", "any_times"), pl.coalesce("by", "any_by"))
    known = pl.when("has_other_unit").then(None).when(is_plain).then("confirmed_quantity").otherwise(converted)
    return led.with_columns(confirmed_quantity=known).drop("times", "by", "any_times", "any_by")
