"""Bills that name an order, or an order line, and an amount but no quantity: what goods their amount covers.

The amount runs along the value of what was delivered and not billed yet, then of what is still to come, at order prices.
The stretch it covers is the quantity billed; what lies beyond is price. An amount that equals the value up to the
rounding of its lines covers it exactly; one that only one set of the lines adds up to covers that set (`whole_sets`).
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain import money
from recon.match.bills import NONE
from recon.match.goods import ZERO
from recon.match.shares import cut
from recon.match.whole_sets import apart

_PIECE: Final = ["row", "unit", "turn", "currency", "amount", "value", "quantity", "net", "net_amount", "net_value", "named"]


def pieces(whole: pl.DataFrame, units: pl.DataFrame, goods: pl.DataFrame, claims: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Claims made of whole bills: one per bill and order line it reaches, in the columns of `Bills.claims` without `claim`; and whole_sets.SETS.

    `whole`: row, bundle (what the bill names: UInt32), turn, currency, amount. `units` carries bundle for every order line
    that a bundle holds. Amounts of the pieces add up to the bill.
    """
    billed = claims.group_by("unit").agg(billed=pl.max_horizontal(pl.col("net").sum(), ZERO))
    held = units.join(whole.select("bundle").unique(), on="bundle", how="semi")
    arrived = goods.select(pl.col("may_be_billed").gather(held["unit"]))
    held = pl.concat([held, arrived], how="horizontal").join(billed, on="unit", how="left", validate="m:1")
    whole, stretches, sets = apart(whole, _stretches(held))
    totals = stretches.group_by("bundle").agg(
        here=pl.col("here_value").sum(), coming=pl.col("coming_value").sum(), ordered=pl.col("ordered_value").sum(), lines=pl.len()
    )
    spans = _spans(whole.join(totals, on="bundle", how="inner", validate="m:1"))
    met = spans.join(stretches, on="bundle", how="inner")
    share = met.with_columns(
        quantity=_part("here_quantity", "on_here", "here") + _part("coming_quantity", "on_coming", "coming"),
        weight=_part("here_value", "on_here", "here") + _part("coming_value", "on_coming", "coming"),
    )
    bare = pl.col("weight").sum().over("row") == 0
    share = share.with_columns(weight=pl.when(bare).then(pl.col("ordered_value").cast(money.QUANTITY)).otherwise("weight"))
    share = share.with_columns(weights=pl.col("weight").sum().over("row")).filter(pl.col("weights") > 0).sort("row", "unit")
    amounts = cut(share.with_columns(whole="row", turn="unit"))
    done = share.with_columns(
        amount=amounts, value=amounts, net="quantity", net_amount=amounts, net_value=amounts, named=pl.lit(None, dtype=pl.UInt32)
    )
    return done.filter((pl.col("quantity") != 0) | (pl.col("amount") != 0)).select(_PIECE), sets


def _stretches(held: pl.DataFrame) -> pl.DataFrame:
    """Per order line: the quantity and value that is here to be billed, and that is still to come."""
    goods_first = pl.col("needs_fulfilment")
    ordered, billed = pl.col("ordered_quantity").fill_null(ZERO), pl.col("billed").fill_null(ZERO)
    arrived = pl.col("may_be_billed").fill_null(ZERO)
    base = pl.when(goods_first).then(arrived).otherwise(ordered)
    quantities = held.select(
        "bundle", "unit", "price_times", "price_by",
        here_quantity=(base - billed).clip(lower_bound=0),
        coming_quantity=(ordered - pl.max_horizontal(base, billed)).clip(lower_bound=0),
        ordered_quantity=ordered,
    )  # fmt: skip
    worth = {
        name.replace("quantity", "value"): money.ratio(pl.col(name), pl.col("price_times"), pl.col("price_by"), 6).fill_null(NONE)
        for name in ("here_quantity", "coming_quantity", "ordered_quantity")
    }
    return quantities.with_columns(**worth)


def _spans(bills: pl.DataFrame) -> pl.DataFrame:
    """How far each bill reaches on the value here and on the value to come: bills of one bundle follow one another in turn."""
    total = pl.col("amount").sum().over("bundle")
    rounding = pl.col("lines").cast(money.MONEY) * pl.lit("0.005").cast(money.MONEY)
    same = (total - pl.col("here")).abs() <= rounding
    placed = bills.sort("bundle", "turn").with_columns(
        end=pl.col("amount").cum_sum().over("bundle"), here=pl.when(same).then(total).otherwise("here")
    )
    start = pl.col("end") - pl.col("amount")

    def covered(low: pl.Expr, size: str) -> pl.Expr:
        upto = (pl.col("end") - low).clip(lower_bound=0)
        since = (start - low).clip(lower_bound=0)
        return pl.min_horizontal(upto, size) - pl.min_horizontal(since, size)

    return placed.with_columns(on_here=covered(NONE, "here"), on_coming=covered(pl.col("here"), "coming"))


def _part(name: str, covered: str, size: str) -> pl.Expr:
    return money.ratio(pl.col(name), pl.col(covered), pl.col(size)).fill_null(ZERO)
