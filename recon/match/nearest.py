"""For a line that no pass linked: the order line that differs least from it, the first condition that it fails, and the value that would clear it.

One order line per unlinked line, found by nearness of amount (goods: of quantity) within ever wider circles, so that the work grows
with the number of lines and not with the number of pairs. Nothing is booked on the strength of nearness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.match import whole_numbers as whole

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE: Final = ["cycle", "company_code"]
_LARGEST: Final = 2**62
#: What both sides tell of a line: `figure` is the measure of nearness, whole units of money or quantity.
TOLD: Final = ["row", *_PLACE, "party_key", "item_id", "currency", "day", "figure", "quantity", "amount"]
NEAREST: Final = {"row": pl.UInt32(), "order_row": pl.UInt32(), "nearest_condition": pl.String(), "nearest_value": pl.String()}


def figure(column: str) -> pl.Expr:
    """Money or quantity as a 64-bit whole number for comparing distances; what is larger than that stands at its end."""
    return whole.units(column).clip(-_LARGEST, _LARGEST).cast(pl.Int64).alias("figure")


def within_party(lines: pl.DataFrame, orders: pl.DataFrame, *, by_currency: bool) -> pl.DataFrame:
    """NEAREST for the lines that an order of their party comes near: `lines` and `orders` in the columns of TOLD, orders with `is_open`.

    Circles: open order lines of the item; other lines of the item; open lines of any item; open lines in any currency.
    """
    money = ["currency"] if by_currency else []
    is_open = pl.col("is_open")
    circles: list[tuple[Sequence[str], pl.Expr]] = [
        ([*_PLACE, "party_key", "item_id", *money], is_open),
        ([*_PLACE, "party_key", "item_id", *money], ~is_open),
        ([*_PLACE, "party_key", *money], is_open),
        ([*_PLACE, "party_key"], is_open),
    ]
    return _searched(lines, orders, circles)


def of_others(lines: pl.DataFrame, orders: pl.DataFrame, *, by_currency: bool) -> pl.DataFrame:
    """NEAREST for the lines to whose item another party's open order line comes near."""
    money = ["currency"] if by_currency else []
    return _searched(lines, orders, [([*_PLACE, "item_id", *money], pl.col("is_open"))])


def _searched(lines: pl.DataFrame, orders: pl.DataFrame, circles: Sequence[tuple[Sequence[str], pl.Expr]]) -> pl.DataFrame:
    found, left = [], lines.select(TOLD)
    for circle, where in circles:
        if left.is_empty():
            break
        met = _met(left, orders.filter(where), circle)
        found.append(met)
        left = left.join(met, on="row", how="anti")
    every = pl.concat(found) if found else lines.clear().select("row").with_columns(order_row="row")
    return _compared(every, lines, orders)


def _met(lines: pl.DataFrame, orders: pl.DataFrame, circle: Sequence[str]) -> pl.DataFrame:
    """The order line of the circle whose figure is nearest; of equal ones the first by key."""
    known = lines.drop_nulls([*circle, "figure"]).sort("figure", "row")
    wanted = known.select(circle).unique()
    held = (
        orders.drop_nulls([*circle, "figure"])
        .join(wanted, on=list(circle), how="semi")
        .sort("figure", "row")
        .unique([*circle, "figure"], keep="first", maintain_order=True)
    )
    if known.is_empty() or held.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32(), "order_row": pl.UInt32()})
    right = held.select(*circle, "figure", order_row="row")
    met = known.join_asof(right, on="figure", by=list(circle), strategy="nearest", check_sortedness=False)
    return met.filter(pl.col("order_row").is_not_null()).select("row", "order_row")


def _compared(pairs: pl.DataFrame, lines: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """The first condition that the pair fails, in the order of the passes, and the order's value of it."""
    own = pairs.join(lines.select(TOLD), on="row", how="left", validate="1:1")
    of = orders.select(pl.col(*TOLD, "is_open").name.suffix("_of")).rename({"row_of": "order_row"})
    both = own.join(of, on="order_row", how="left", validate="m:1")
    differs = {name: pl.col(name).ne_missing(pl.col(f"{name}_of")) for name in ("party_key", "currency", "item_id", "quantity", "amount")}
    conditions: list[tuple[str, pl.Expr, pl.Expr]] = [
        ("party", differs["party_key"], pl.col("party_key_of")),
        ("currency", differs["currency"] & pl.col("currency").is_not_null() & pl.col("currency_of").is_not_null(), pl.col("currency_of")),
        ("item", differs["item_id"], pl.col("item_id_of")),
        ("order date", (pl.col("day_of") > pl.col("day")).fill_null(value=False), pl.col("day_of").cast(pl.String)),
        ("already billed", ~pl.col("is_open_of"), pl.lit(None, dtype=pl.String)),
        ("quantity", differs["quantity"] & pl.col("quantity").is_not_null(), _plain("quantity_of")),
        ("amount", differs["amount"] & pl.col("amount").is_not_null() & pl.col("amount_of").is_not_null(), _plain("amount_of")),
    ]
    condition, value = pl.lit("reference"), pl.lit(None, dtype=pl.String)
    for name, fails, of_order in reversed(conditions):
        condition = pl.when(fails).then(pl.lit(name)).otherwise(condition)
        value = pl.when(fails).then(of_order).otherwise(value)
    return both.select("row", "order_row", nearest_condition=condition, nearest_value=value)


def _plain(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
