"""How long what lies in stock will last, and how long nothing has moved. Whole: items know no party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.given import shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ISSUES: Final = ("issue", "consumption")
#: Issues are looked at over so many days at most; of fewer than the least nobody can tell how much leaves in a day.
_MOST_DAYS: Final = 365
_LEAST_DAYS: Final = 90
_NONE: Final = pl.lit(0, dtype=money.QUANTITY)


def stock_cover(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`stock_cover`, sorted: one row per item with a stock level by the as-of date, all warehouses together, in the unit of the levels.

    Issues are movements of the kinds issue and consumption; of an item without any, what was shipped net of what came back. `daily_issue_quantity`: over the days from
    the first issue, at most a year back; null under ninety days, or where an issue is in another unit. `days_since_movement`: since goods came, went or were
    moved last; of an item that never moved, at least since the first movement of any item.
    """
    as_of = engagement.as_of
    levels = table(accepted, "inventory_level").filter(pl.col("as_of_date") <= as_of)
    latest = levels.sort("as_of_date", "source_file", "source_row").unique(["item_id", "warehouse_id"], keep="last", maintain_order=True)
    items = table(accepted, "item").select("item_id", "item_group", "item_name", "standard_cost", "base_uom").unique("item_id", keep="any")
    unit = pl.coalesce("uom", "base_uom")
    stock = latest.join(items, on="item_id", how="left", validate="m:1").with_columns(unit=unit).group_by("item_id").agg(
        pl.col("item_group", "item_name", "standard_cost", "base_uom", "unit", "source_file", "source_row").min(), document_date=pl.col("as_of_date").max(),
        quantity_on_hand=pl.when((pl.col("unit").n_unique() == 1) & (pl.col("unit").null_count() == 0)).then(pl.col("quantity_on_hand").sum()),
    ).collect()  # fmt: skip
    moves = _moves(accepted).filter(pl.col("day") <= as_of).collect()
    last = moves.group_by("item_id").agg(last_movement_date=pl.col("day").max())
    begun = moves.select(pl.col("day").min()).item()
    told = stock.join(_issued(moves, stock, engagement), on="item_id", how="left", validate="1:1").join(
        last, on="item_id", how="left", validate="1:1"
    )
    since = pl.coalesce("last_movement_date", pl.lit(begun, dtype=pl.Date))
    rows = told.with_columns(
        uom="unit", document_type=pl.lit("inventory_level"), document_number="item_id", days_since_movement=(pl.lit(as_of) - since).dt.total_days(),
        unit_cost=pl.when(pl.col("unit") == pl.col("base_uom")).then("standard_cost"),
    ).with_columns(amount_base=money.amount(pl.col("quantity_on_hand"), pl.col("unit_cost")))  # fmt: skip
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema("stock_cover").items() if name not in rows.columns]
    return shaped(rows.with_columns(absent), schema("stock_cover")).sort("item_id").lazy()


def _moves(accepted: Accepted) -> pl.LazyFrame:
    """item_id, day, uom, issued (what left, positive; null: no issue), is_shipped of everything that moved an item."""
    goods = []
    for cycle in (PROCURE_TO_PAY, ORDER_TO_CASH):
        live = table(accepted, cycle.fulfilment_table).filter(~pl.col("is_cancelled").fill_null(value=False) & pl.col("item_id").is_not_null())
        ships = cycle is ORDER_TO_CASH
        issued = pl.col("quantity") if ships else pl.lit(None, dtype=money.QUANTITY)
        goods.append(live.select("item_id", "uom", day=f"{cycle.fulfilment}_date", issued=issued, is_shipped=pl.lit(ships)))
    leaves = pl.when(pl.col("movement_kind").is_in(_ISSUES)).then(_NONE - pl.col("quantity"))
    moved = table(accepted, "inventory_movement").select("item_id", "uom", day="movement_date", issued=leaves, is_shipped=pl.lit(value=False))
    return pl.concat([*goods, moved])


def _issued(moves: pl.DataFrame, stock: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """item_id, issue_days, issued_quantity, daily_issue_quantity."""
    issues = moves.filter(pl.col("issued").is_not_null())
    own = issues.with_columns(of_store=(~pl.col("is_shipped")).any().over("item_id")).filter(pl.col("is_shipped") != pl.col("of_store"))
    met = own.join(stock.select("item_id", "unit"), on="item_id", how="inner", validate="m:1")
    age = (pl.lit(engagement.as_of) - pl.col("day")).dt.total_days()
    inside = age < _MOST_DAYS
    same = (pl.coalesce("uom", "unit") == pl.col("unit")).fill_null(value=False)
    summed = met.group_by("item_id").agg(
        issue_days=pl.min_horizontal(age.max(), pl.lit(_MOST_DAYS, dtype=pl.Int64)),
        issued_quantity=pl.when((same | ~inside).all()).then(pl.col("issued").filter(inside).sum()),
    )
    enough = pl.col("issue_days") >= _LEAST_DAYS
    daily = money.ratio(pl.col("issued_quantity"), pl.lit(1, dtype=money.QUANTITY), pl.col("issue_days").cast(money.QUANTITY), 10)
    return summed.with_columns(daily_issue_quantity=pl.when(enough).then(daily))
