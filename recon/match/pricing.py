"""What a price list or contract says of an order line, on the day that its policy prices it by. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import for_everybody, overrides_of, with_limits
from recon.match import packs
from recon.match.dense import IN_ORDER, aligned
from recon.match.given import table
from recon.match.goods import ZERO
from recon.match.match_units import groups_of

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_KEY: Final = ["party_id", "item_id", "currency"]
_POLICY: Final = "pricing_date_policy"
#: pricing_date_policy -> the days it takes, the first that is known
_DAYS: Final = {
    "order_date": ("order_date",),
    "promised_date": ("promised_date", "need_by_date"),
    "delivery_date": ("first_day",),
    "invoice_date": ("first_invoice_date",),
}


def agreed_unit_prices(found: ThreeWay, billed: pl.DataFrame) -> pl.DataFrame:
    """agreed_unit_price and pricing_date per unit, from the price list or contract in force on the day, per base unit.

    has_price_agreement says whether anything was ever agreed with the party about the item in this currency; a line that names no item may be
    about any item agreed with its party. Of several quantity scales
    the highest reached counts; a row of the order's own contract goes before the others. Two prices that differ are none, and a day that
    has not come (goods or bill still due) has none. `billed`: first_invoice_date per unit.
    """
    listed = table(found.ground.accepted, "price_list_line").collect(engine=IN_ORDER)
    if listed.is_empty():
        nothing = {
            "agreed_unit_price": pl.lit(None, dtype=money.PRICE),
            "has_price_agreement": pl.lit(value=False),
            "pricing_date": pl.lit(None, dtype=pl.Date),
        }
        return found.units.with_columns(**nothing).select(nothing.keys())
    listed = listed.rename({"uom": "list_uom", "contract_id": "list_contract", "price_per": "list_per", "unit_price_net": "list_price"})
    asked = _asked(found, listed, billed)
    met = asked.join(
        listed.select(*_KEY, "list_uom", "list_contract", "list_per", "list_price", "valid_from", "valid_to", "min_quantity"), on=_KEY, how="inner"
    )
    day, same_unit = pl.col("pricing_date"), pl.coalesce("list_uom", "uom") == pl.col("uom")
    valid = (pl.col("valid_from") <= day) & (pl.col("valid_to") >= day).fill_null(value=True)
    scale = pl.col("min_quantity").is_null() | (same_unit & (pl.col("min_quantity") <= pl.col("quantity")))
    own = (pl.col("list_contract") == pl.col("contract_id")).fill_null(value=False)
    fitting = met.filter(valid & scale).with_columns(is_own=own, reached=pl.col("min_quantity").fill_null(ZERO))
    best = fitting.filter(pl.col("is_own") == pl.col("is_own").max().over("unit")).filter(pl.col("reached") == pl.col("reached").max().over("unit"))
    named = best.select("unit", "item_id", "base_uom", "list_price", "list_per", uom=pl.coalesce("list_uom", "uom")).with_row_index("row")
    led = packs.factors(named, found.ground.ways).lazy()
    per = money.product(pl.col("list_per").fill_null(1), pl.col("times"))
    prices = led.select("unit", price=money.ratio(pl.col("list_price"), pl.col("by"), per)).collect(engine=IN_ORDER)
    agreed = prices.group_by("unit").agg(agreed_unit_price=pl.col("price").min(), prices=pl.col("price").n_unique())
    size = found.units.height
    price = aligned(agreed.filter(pl.col("prices") == 1).select("unit", "agreed_unit_price"), "unit", size)
    known = met.select("unit", "pricing_date", has_price_agreement=pl.lit(value=True)).unique()
    days = aligned(pl.concat([known, _unnamed(found, listed)]), "unit", size)
    return pl.concat([price, days.with_columns(pl.col("has_price_agreement").fill_null(value=False))], how="horizontal")


def _unnamed(found: ThreeWay, listed: pl.DataFrame) -> pl.DataFrame:
    """Order lines without an item whose party has agreed prices in their currency: whether theirs is one of them nobody can tell."""
    told = found.raw.orders.taken(found.orders["place"], *_KEY)
    whose = pl.concat([told, found.units.head(found.orders.height).select("unit")], how="horizontal").filter(pl.col("item_id").is_null())
    met = whose.join(listed.select("party_id", "currency").unique(), on=["party_id", "currency"], how="semi")
    return met.select("unit", pricing_date=pl.lit(None, dtype=pl.Date), has_price_agreement=pl.lit(value=True))


def _asked(found: ThreeWay, listed: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """Order lines for which something was ever agreed, with their pricing_date by the policy in force for each."""
    size = found.orders.height
    told = found.raw.orders.taken(found.orders["place"], *_KEY, "quantity", "uom", "order_date", "promised_date", "need_by_date", "contract_id")
    sides = [
        told,
        found.units.head(size).select("unit", "base_uom"),
        found.goods.by_unit.head(size).select("first_day"),
        billed.head(size).select("first_invoice_date"),
    ]
    asked = pl.concat(sides, how="horizontal").join(listed.select(_KEY).unique(), on=_KEY, how="semi", maintain_order="left")
    engagement = found.ground.engagement
    if not overrides_of(engagement, _POLICY):
        return asked.with_columns(pricing_date=pl.coalesce(_DAYS[for_everybody(engagement, _POLICY)]))
    scope = found.units.select(pl.col("cycle", "company_code", "item_group").gather(asked["unit"]))
    places = found.orders.select(pl.col("place").gather(asked["unit"]))["place"]
    numbers = found.raw.orders.taken(places, "order_number", "order_line_no")
    groups = groups_of(found.ground.accepted).collect(engine=IN_ORDER)
    scoped = pl.concat([asked, scope, numbers], how="horizontal").join(
        groups, on=["cycle", "party_id"], how="left", validate="m:1", maintain_order="left"
    )  # fmt: skip
    resolved = with_limits(scoped.lazy(), engagement, _POLICY).collect(engine=IN_ORDER)
    day: pl.Expr = pl.lit(None, dtype=pl.Date)
    for word, days in _DAYS.items():
        day = pl.when(pl.col(_POLICY) == word).then(pl.coalesce(days)).otherwise(day)
    return resolved.with_columns(pricing_date=day)
