"""Prices that an order line had on earlier days: from the versions of it that a source delivers, else from the log of changes.

A history is used only where it leads without a gap to the price that stands today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.money import PRICE
from recon.match import live
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER, chosen
from recon.match.given import is_given, local_day, table

if TYPE_CHECKING:
    from recon.match.match_units import Ground

_LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]
#: The net price of an order line under the names that logs of changes give it.
_PRICE_FIELDS: Final = ("unit_price_net", "unit_price", "net_price", "price")
_NUMBER: Final = r"^\d{1,18}(\.\d{1,10})?$"
HISTORY: Final = {"order_row": pl.UInt32(), "from_day": pl.Date(), "price": PRICE}
#: Per invoice line of an order with a history: the price it is held to and the other one it could have been held to (as agreed), and the
#: one it is held to as matching multiplies it and as it is shown.
DATED: Final = {"row": pl.UInt32(), "price_taken": PRICE, "price_other": PRICE, "price_times": PRICE, "order_unit_price": PRICE}
#: What tells versions of a line apart and whether their prices can be compared.
_TERMS: Final = ("unit_price_net", "uom", "price_per", "currency", "po_version", "created_at")
#: The first price of an order line holds from here.
_BEGINNING: Final = pl.date(1900, 1, 1)


def price_history(orders: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """HISTORY, sorted: of order lines whose net price was another one on some day, every price with the first day it held.

    `orders`: the order stack with its exclusion_reason. Prices agreed with tax have no history here.
    """
    nothing = not is_given(ground.accepted, "document_change") and not orders["exclusion_reason"].eq(live.SUPERSEDED).any()
    if nothing:
        return pl.DataFrame(schema=HISTORY)
    counts = pl.col("exclusion_reason").is_null() & pl.col("price_tax_basis").ne_missing("gross") & (pl.col("unit_price_net") > 0)
    in_force = chosen(orders, counts, *_LINE, "row", *_TERMS)
    versions = _versions(in_force, orders, ground)
    changes = _changes(in_force.join(versions, left_on="row", right_on="order_row", how="anti"), ground)
    return pl.concat([versions, changes]).sort("order_row", "from_day")


def _versions(in_force: pl.DataFrame, orders: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Earlier versions by the day they were entered; every version of the line must say it, and be in the same unit."""
    superseded = orders.filter(pl.col("exclusion_reason") == live.SUPERSEDED)
    if superseded.is_empty() or superseded["created_at"].null_count() == superseded.height:
        return pl.DataFrame(schema=HISTORY)
    zone = ground.engagement.time_zone
    earlier = superseded.select(*_LINE, *_TERMS).join(in_force.select(*_LINE, "row"), on=_LINE, how="inner", validate="m:1")
    current = in_force.join(earlier.select("row").unique(), on="row", how="semi").select(earlier.columns)
    day = pl.col("created_at").dt.convert_time_zone(zone).dt.date()
    told = pl.concat([earlier, current]).with_columns(day=day).sort("row", "po_version", "created_at", nulls_last=False)
    same = pl.all_horizontal(pl.col(name).fill_null("?").n_unique() == 1 for name in ("uom", "currency"))
    fits = (pl.col("price_per").fill_null(1).n_unique() == 1) & same & (pl.col("day").null_count() == 0) & (pl.col("unit_price_net") > 0).all()
    usable = told.group_by("row").agg(fits=fits & (pl.col("unit_price_net").n_unique() > 1)).filter("fits")
    kept = told.join(usable, on="row", how="semi")
    first = pl.int_range(pl.len()).over("row") == 0
    begun = kept.select(order_row="row", from_day=pl.when(first).then(_BEGINNING).otherwise("day"), price="unit_price_net")
    # of several versions of one day the last holds
    return begun.unique(["order_row", "from_day"], keep="last", maintain_order=True).select(pl.col(n).cast(t) for n, t in HISTORY.items())


def _changes(in_force: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """The log of changes read backwards from the price that stands: each change must begin where the one before it ended."""
    if not is_given(ground.accepted, "document_change"):
        return pl.DataFrame(schema=HISTORY)
    types = {cycle.order_type: cycle.name for cycle in CYCLES}
    field = pl.col("field").str.strip_chars().str.to_lowercase().str.replace_all(" ", "_", literal=True)
    numbers = {name: pl.when(pl.col(name).str.contains(_NUMBER)).then(name).cast(PRICE) for name in ("old_value", "new_value")}
    logged = (
        table(ground.accepted, "document_change")
        .filter(pl.col("document_type").is_in(list(types)) & field.is_in(_PRICE_FIELDS) & pl.col("line_no").is_not_null())
        .with_columns(day=local_day("changed_at", ground.engagement))
        .filter(pl.col("day") <= ground.engagement.as_of)
        .select(
            "company_code", "day", "changed_at", cycle=pl.col("document_type").replace_strict(types, return_dtype=pl.String),
            order_number="document_number", order_line_no="line_no", **numbers,
        )
        .collect(engine=IN_ORDER)
    )  # fmt: skip
    if logged.is_empty():
        return pl.DataFrame(schema=HISTORY)
    met = logged.join(in_force.select(*_LINE, "row", "unit_price_net"), on=_LINE, how="inner", validate="m:1")
    told = met.sort("row", "changed_at", "old_value", "new_value")
    leads_on = pl.col("new_value") == pl.col("old_value").shift(-1).over("row").fill_null(pl.col("unit_price_net"))
    kept = told.filter((leads_on & (pl.col("old_value") > 0)).fill_null(value=False).all().over("row"))
    first = kept.unique("row", keep="first", maintain_order=True).select(order_row="row", from_day=_BEGINNING, price="old_value")
    after = kept.select(order_row="row", from_day="day", price="new_value").unique(["order_row", "from_day"], keep="last", maintain_order=True)
    return pl.concat([frame.select(pl.col(n).cast(t) for n, t in HISTORY.items()) for frame in (first, after)])


def prices_on(history: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """`row` and `price`: what the order line (`order_row`) of each row of `asked` cost on `day`; rows without a history or a day are left out."""
    days = asked.filter(pl.col("day").is_not_null()).join(history.select("order_row").unique(), on="order_row", how="semi").sort("order_row", "day")
    met = days.join_asof(history, left_on="day", right_on="from_day", by="order_row", strategy="backward", check_sortedness=False)
    return met.select("row", "price")


def dated_prices(
    history: pl.DataFrame, claims: pl.DataFrame, parts: pl.DataFrame, lines: tuple[pl.DataFrame, pl.DataFrame], units: pl.DataFrame
) -> pl.DataFrame:
    """DATED: the order's price that each bill is held to, by the policy order_version of its unit.

    latest: the price that stands. at_invoice: the price on the day of the invoice. at_fulfilment: the price when the first of the goods that
    carry the bill came, else the one that stands. A credit is held to the price of the bill that it names. `lines`: fulfilments, invoices.
    """
    if history.is_empty():
        return pl.DataFrame(schema=DATED)
    fulfilments, invoices = lines
    touched = history["order_row"].unique()
    near = claims.filter(pl.col("unit").is_in(touched.implode()) & ~pl.col("row").is_duplicated()).select("row", "claim", order_row="unit")
    if near.is_empty():
        return pl.DataFrame(schema=DATED)
    carried = parts.filter(pl.col("claim").is_in(near["claim"].implode()) & pl.col("layer").is_not_null())
    came = fulfilments.select(pl.col("fulfilment_date").gather(carried["layer"]).alias("day"))
    first = pl.concat([carried.select("claim"), came], how="horizontal").group_by("claim").agg(pl.col("day").min())
    billed = near.select("row", "order_row").with_columns(invoices.select(pl.col("invoice_date").gather(near["row"]).alias("day")))
    then = prices_on(history, near.join(first, on="claim", how="inner", validate="1:1")).rename({"price": "price_then"})
    on_bill = prices_on(history, billed).rename({"price": "price_billed"})
    stands = history.group_by("order_row").agg(price_stands=pl.col("price").last())
    told = near.join(then, on="row", how="left", validate="1:1").join(on_bill, on="row", how="left", validate="1:1")
    told = told.join(stands, on="order_row", how="left", validate="m:1").sort("row")
    terms = units.select(pl.col("order_version", "order_by", "price_by").gather(told["order_row"]))
    came_price = pl.coalesce("price_then", "price_stands")
    policy = pl.col("order_version")
    taken = pl.when(policy == "at_fulfilment").then(came_price).when(policy == "at_invoice").then("price_billed").otherwise("price_stands")
    other = pl.when(policy == "at_fulfilment").then("price_billed").otherwise(came_price)
    held = pl.concat([told, terms], how="horizontal").with_columns(price_taken=taken, price_other=other)
    held = held.with_columns(price_times=money.product(pl.col("price_taken"), pl.col("order_by")))
    shown = money.from_units(whole.over(whole.units("price_times") * 10**10, whole.units("price_by")), 10)
    bills = held.with_columns(order_unit_price=shown).select(pl.col(n).cast(t) for n, t in DATED.items())
    credits_ = invoices.filter((pl.col("role") == "credit") & pl.col("origin_row").is_in(bills["row"].implode())).select("row", "origin_row")
    named = credits_.join(bills, left_on="origin_row", right_on="row", how="inner", validate="m:1").select(DATED.keys())
    return pl.concat([bills, named]).sort("row")
