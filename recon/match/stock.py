"""Stock against its levels, and forecast against demand. Whole: both look across parties, from a few columns of their own.

Quantities are in the unit of the stock level, forecasts in the item's base unit. Where a unit cannot be converted exactly the
figure is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match import packs
from recon.match import whole_numbers as whole
from recon.match.given import is_given, shaped, table
from recon.match.inbound import inbound

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_LIMITS = ("safety_stock", "reorder_point", "max_stock")


def stock_positions(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`stock_position`: the latest level of each item and warehouse known by the as-of date, beside its limits.

    `inbound_quantity` is that of `inbound`, which knows no warehouse. A limit of the stock policy for the item and warehouse goes before one for the item anywhere, that before the one stated with
    the level itself.
    """
    levels = table(accepted, "inventory_level").filter(pl.col("as_of_date") <= engagement.as_of)
    latest = levels.sort("as_of_date", "source_file", "source_row").unique(["item_id", "warehouse_id"], keep="last", maintain_order=True)
    policies = table(accepted, "item_stock_policy").select("item_id", "warehouse_id", *_LIMITS, policy_uom="uom")
    here = policies.filter(pl.col("warehouse_id").is_not_null()).unique(["item_id", "warehouse_id"], keep="any")
    anywhere = policies.filter(pl.col("warehouse_id").is_null()).drop("warehouse_id").unique("item_id", keep="any")
    costs = table(accepted, "item").select("item_id", "item_group", "item_name", "standard_cost", "base_uom").unique("item_id", keep="any")
    joined = (
        latest.join(here, on=["item_id", "warehouse_id"], how="left", validate="m:1", suffix="_here")
        .join(anywhere, on="item_id", how="left", validate="m:1", suffix="_anywhere")
        .join(costs, on="item_id", how="left", validate="m:1")
        .join(inbound(accepted, engagement).with_columns(has_inbound=pl.lit(value=True)).lazy(), on="item_id", how="left", validate="m:1")
        .collect()
    )
    unit = pl.coalesce("uom", "base_uom")
    limits = []
    for name in _LIMITS:
        stated = [
            pl.when(pl.col(f"policy_uom{where}").is_null() | (pl.col(f"policy_uom{where}") == unit)).then(f"{name}{end}")
            for where, end in (("", "_here"), ("_anywhere", "_anywhere"))
        ]
        limits.append(pl.coalesce(*stated, name).alias(name))
    valued = joined.with_columns(
        *limits,
        uom=unit,
        inbound_quantity=_inbound(unit),
        document_type=pl.lit("inventory_level"),
        document_number=pl.col("item_id"),
        document_line_no=pl.col("warehouse_id"),
        document_date=pl.col("as_of_date"),
        amount_base=pl.when(unit == pl.col("base_uom")).then(money.amount(pl.col("quantity_on_hand").abs(), pl.col("standard_cost"))),
    )
    absent = [pl.lit(None, dtype=kind).alias(n) for n, kind in schema("stock_position").items() if n not in valued.columns]
    return shaped(valued.with_columns(absent), schema("stock_position")).sort("item_id", "warehouse_id").lazy()


def _inbound(unit: pl.Expr) -> pl.Expr:
    """What comes to this warehouse: all that comes of the item where it lies in one, nothing where nothing comes; else not known."""
    is_alone = pl.len().over("item_id") == 1
    coming = pl.col("inbound_quantity")
    none = pl.lit(0, dtype=money.QUANTITY)
    return (
        pl.when(~pl.col("has_inbound").fill_null(value=False))
        .then(none)
        .when(is_alone & (unit == pl.col("base_uom")).fill_null(value=False))
        .then(coming)
        .when(coming == 0)
        .then(none)
    )


def item_forecasts(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`item_forecast`: per item with a forecast, the periods that have ended by the as-of date: forecast, demand, and how far apart.

    A period runs to the day before the item's next one, the last to the end of its month. Demand is what was shipped, net of what
    came back.
    """
    forecasts = table(accepted, "demand_forecast").select("item_id", "period_start", "quantity").sort("item_id", "period_start").collect()
    following = pl.col("period_start").shift(-1).over("item_id")
    ends = pl.coalesce(following.dt.offset_by("-1d"), pl.col("period_start").dt.month_end())
    periods = forecasts.with_columns(period_end=ends).filter(pl.col("period_end") <= engagement.as_of)
    demand = _demand(accepted, periods)
    met = periods.join(demand, on=["item_id", "period_start"], how="left", validate="m:1")
    actual = pl.when(pl.col("is_known").fill_null(value=True)).then(pl.col("demand").fill_null(0))
    gap = pl.col("quantity") - actual
    known = pl.col("_actual").is_not_null().all()
    names = table(accepted, "item").select("item_id", "item_name", "item_group").unique("item_id", keep="any").collect()
    summed = (
        met.with_columns(_actual=actual, _gap=gap)
        .group_by("item_id")
        .agg(
            period_count=pl.len(),
            document_date=pl.col("period_end").max(),
            forecast_quantity=pl.col("quantity").sum(),
            demand_quantity=pl.when(known).then(pl.col("_actual").sum()),
            error_quantity=pl.when(known).then(pl.col("_gap").abs().sum()),
            excess_quantity=pl.when(known).then(pl.col("_gap").clip(lower_bound=0).sum()),
        )
        .join(names, on="item_id", how="left", validate="m:1")
        .with_columns(document_type=pl.lit("demand_forecast"), document_number=pl.col("item_id"))
    )
    absent = [pl.lit(None, dtype=kind).alias(n) for n, kind in schema("item_forecast").items() if n not in summed.columns]
    return shaped(summed.with_columns(absent), schema("item_forecast")).sort("item_id").lazy()


def _demand(accepted: Accepted, periods: pl.DataFrame) -> pl.DataFrame:
    """item_id, period_start -> what was shipped in it, in base units; is_known is false where some of it has no exact figure."""
    shipped = table(accepted, "shipment_line")
    if is_given(accepted, "shipment_line", "is_cancelled"):
        shipped = shipped.filter(~pl.col("is_cancelled").fill_null(value=False))
    base = table(accepted, "item").select("item_id", "base_uom").unique("item_id", keep="any")
    days = (
        shipped.filter(pl.col("item_id").is_in(periods["item_id"].unique().implode()))
        .group_by("item_id", "uom", day="shipment_date")
        .agg(pl.col("quantity").sum())
        .join(base, on="item_id", how="left", validate="m:1")
        .with_columns(pl.coalesce("base_uom", "uom").alias("base_uom"))
        .sort("day")
        .collect()
    )
    starts = periods.select("item_id", "period_start", "period_end").sort("period_start")
    placed = days.join_asof(starts, left_on="day", right_on="period_start", by="item_id", strategy="backward", check_sortedness=False)
    inside = placed.filter(pl.col("day") <= pl.col("period_end")).with_row_index("row")
    led = packs.factors(inside, packs.conversions(accepted))
    exact = led["times"].is_not_null() & led.select(packs.is_exact("quantity").fill_null(value=False)).to_series()
    in_base = money.from_units(whole.over(whole.units("quantity") * whole.units("times"), whole.units("by")), 10)
    same = pl.col("uom") == pl.col("base_uom")
    return (
        led.with_columns(_exact=exact | led.select(same).to_series())
        .with_columns(_base=pl.when(same).then("quantity").when(pl.col("_exact")).then(in_base))
        .group_by("item_id", "period_start")
        .agg(demand=pl.col("_base").sum(), is_known=pl.col("_exact").all())
    )
