"""Does stock roll forward from one level to the next, and who adjusted it by hand. Whole: warehouses know no party."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match.given import is_given, shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_PLACE = ["item_id", "warehouse_id"]
#: Document type of approval events of adjustments.
ADJUSTMENT = "inventory_adjustment"


def stock_rolls(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`stock_roll`: for each item and warehouse the two latest levels by the as-of date and the movements after the first of them.

    Quantities are known where level and movements are in one unit; the value of a difference where the item has a standard cost.
    """
    if not is_given(accepted, "inventory_movement"):
        return pl.LazyFrame(schema=schema("stock_roll"))
    levels = table(accepted, "inventory_level").filter(pl.col("as_of_date") <= engagement.as_of)
    days = levels.sort("as_of_date", "source_file", "source_row").unique([*_PLACE, "as_of_date"], keep="last", maintain_order=True).collect()
    pairs = (
        days.with_columns(
            opening_date=pl.col("as_of_date").shift(1).over(_PLACE, order_by="as_of_date"),
            opening_quantity=pl.col("quantity_on_hand").shift(1).over(_PLACE, order_by="as_of_date"),
            opening_uom=pl.col("uom").shift(1).over(_PLACE, order_by="as_of_date"),
        )
        .filter(pl.col("opening_date").is_not_null())
        .sort("as_of_date")
        .unique(_PLACE, keep="last", maintain_order=True)
    )
    moves = table(accepted, "inventory_movement").filter(pl.col("movement_date") <= engagement.as_of)
    spans = pairs.lazy().select(*_PLACE, "opening_date", "as_of_date", level_uom="uom")
    inside = moves.join(spans, on=_PLACE, how="inner", validate="m:1").filter(
        (pl.col("movement_date") > pl.col("opening_date")) & (pl.col("movement_date") <= pl.col("as_of_date"))
    )
    same = pl.coalesce("uom", "level_uom").eq_missing(pl.col("level_uom"))
    moved = inside.group_by(_PLACE).agg(moved=pl.col("quantity").sum(), movement_count=pl.len(), one_unit=same.all()).collect()
    costs = table(accepted, "item").select("item_id", "item_group", "standard_cost", "base_uom").unique("item_id", keep="any").collect()
    met = pairs.join(moved, on=_PLACE, how="left", validate="1:1").join(costs, on="item_id", how="left", validate="m:1")
    comparable = pl.col("one_unit").fill_null(value=True) & pl.col("uom").eq_missing(pl.col("opening_uom"))
    difference = pl.when(comparable).then(pl.col("opening_quantity") + pl.col("moved").fill_null(0) - pl.col("quantity_on_hand"))
    rolled = met.with_columns(difference_quantity=difference).with_columns(
        document_type=pl.lit("inventory_level"),
        document_number=pl.col("item_id"),
        document_line_no=pl.col("warehouse_id"),
        document_date=pl.col("as_of_date"),
        moved_quantity=pl.when(comparable).then(pl.col("moved").fill_null(0)),
        closing_quantity=pl.col("quantity_on_hand"),
        movement_count=pl.col("movement_count").fill_null(0),
        difference_amount_base=pl.when(pl.coalesce("uom", "base_uom") == pl.col("base_uom")).then(
            money.amount(pl.col("difference_quantity").abs(), pl.col("standard_cost"))
        ),
    )
    return _complete(rolled, "stock_roll").sort(_PLACE).lazy()


def stock_adjustments(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`stock_adjustment`: movements of kind adjustment by the as-of date, whether an approval stands behind each, and how many its maker made.

    An approval is an `approve` or `release` event of document type inventory_adjustment by somebody else than the maker, not after
    the as-of date. Whether one is there is not known where no approvals were given, or where nobody says who made the movement.
    """
    if not is_given(accepted, "inventory_movement", "movement_kind"):
        return pl.LazyFrame(schema=schema("stock_adjustment"))
    own = table(accepted, "inventory_movement").filter((pl.col("movement_kind") == "adjustment") & (pl.col("movement_date") <= engagement.as_of))
    approvals = table(accepted, "approval_event").filter(
        (pl.col("document_type") == ADJUSTMENT) & pl.col("action").is_in(["approve", "release"]) & (pl.col("action_at").dt.date() <= engagement.as_of)
    )
    makers = own.filter(pl.col("created_by").is_not_null()).select("movement_number", "created_by").unique()
    seconded = (
        approvals.select("actor_id", movement_number="document_number")
        .join(makers, on="movement_number", how="inner")
        .filter(pl.col("actor_id") != pl.col("created_by"))
        .select("movement_number", "created_by")
        .unique()
        .with_columns(approved=pl.lit(value=True))
    )
    costs = table(accepted, "item").select("item_id", "item_group", "standard_cost", "base_uom").unique("item_id", keep="any")
    joined = (
        own.join(seconded, on=["movement_number", "created_by"], how="left", validate="m:1")
        .join(costs, on="item_id", how="left", validate="m:1")
        .collect()
    )
    cost = pl.when(pl.coalesce("uom", "base_uom") == pl.col("base_uom")).then(money.amount(pl.col("quantity").abs(), pl.col("standard_cost")))
    known = pl.col("created_by").is_not_null() & is_given(accepted, "approval_event")
    adjusted = joined.with_columns(
        document_type=pl.lit("inventory_movement"),
        document_number=pl.col("movement_number"),
        document_line_no=pl.lit(None, dtype=pl.String),
        document_date=pl.col("movement_date"),
        amount_base=pl.coalesce(pl.col("movement_amount").abs(), cost),
        is_approved=pl.when(known).then(pl.col("approved").fill_null(value=False)),
        count_distance_days=_nearest_count(joined, accepted, engagement),
        person_adjustment_count=pl.when(pl.col("created_by").is_not_null()).then(pl.len().over("created_by")),
    )
    return _complete(adjusted, "stock_adjustment").sort("document_number", *_PLACE).lazy()


def _nearest_count(adjustments: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.Series:
    """count_distance_days of each adjustment: days to the nearest stock count of its item and warehouse, before or after it.

    The booking of what that count found (on its day or later, of exactly its difference) is no adjustment beside a count: null, as it is
    where the place was never counted.
    """
    counts = table(accepted, "stock_count_line").filter(pl.col("count_date") <= engagement.as_of)
    found = pl.col("counted_quantity") - pl.col("book_quantity")
    told = counts.select(*_PLACE, "count_date", found=found).unique().collect()
    rows = adjustments.select(*_PLACE, "movement_date", "quantity").with_row_index("row")
    met = rows.join(told, on=_PLACE, how="inner", nulls_equal=True)
    is_booking = (pl.col("quantity") == pl.col("found")) & (pl.col("movement_date") >= pl.col("count_date"))
    booked = met.filter(is_booking).select("row").unique()
    days = (pl.col("movement_date") - pl.col("count_date")).dt.total_days().abs()
    near = met.join(booked, on="row", how="anti").group_by("row").agg(count_distance_days=days.min())
    return rows.join(near, on="row", how="left", validate="1:1", maintain_order="left")["count_distance_days"]


def _complete(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    absent = [pl.lit(None, dtype=kind).alias(column) for column, kind in schema(name).items() if column not in frame.columns]
    return shaped(frame.with_columns(absent), schema(name))
