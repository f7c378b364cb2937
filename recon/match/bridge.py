"""The bridge from what was due to what was billed: quantity, price, currency and rounding, adding up line by line.

Five values of one line in company currency, each rounded once to a millionth, lie on the way from what was due to what
was billed. A variance is the step from one to the next, so the steps add up whatever the roundings were.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers as whole
from recon.match.conventions import ONE, is_plain, step
from recon.match.dense import IN_ORDER, aligned

STEPS: Final = ("quantity_variance", "price_variance", "fx_variance", "rounding_variance")
TAX_STEPS: Final = ("tax_base_variance", "tax_rate_variance", "tax_tail_variance")
MEASURED: Final = ("expected_amount", "invoiced_at_order_price", "cumulative_price_variance", *STEPS, "tax_variance", *TAX_STEPS)


def at_order_price(quantity: pl.Expr, *, plain: bool) -> pl.Expr:
    """A quantity (whole number of ten digits) at price_times / price_by, document currency, as a whole number of ten digits."""
    price = whole.units("price_times")
    return whole.times(quantity, price, 10) if plain else whole.over(quantity * price, whole.units("price_by"))


def cross(claims: pl.DataFrame) -> pl.DataFrame:
    """MEASURED for claims and for the credits and adjustments put among them, row for row.

    Needs role, quantity, billable, net, amount, value, net_value, rate, order_rate, price_times, price_by, tax_rate of the order, own_tax_rate
    and tax stated, and currency. Without an order price, or a rate, what needs it is null; a quantity that is fully billable has no quantity
    variance whatever its price. An adjustment changes no quantity: all it bills is price.
    """
    whole.guard(
        claims,
        [
            ("quantity", "price_times"),
            ("amount", "tax_rate"),
            ("amount", "own_tax_rate"),
            ("tax", "rate"),
            ("net", "price_times"),
            ("amount", "rate"),
            ("value", "order_rate"),
            ("value", "rate"),
        ],
    )
    numbered = claims.with_row_index("spot").with_columns(
        is_even=(pl.col("quantity") == pl.col("billable")) & (pl.col("quantity") == pl.col("net")) & (pl.col("value") == pl.col("net_value")),
        is_home=(pl.col("rate") == 1) & (pl.col("order_rate") == 1),
    )
    done = []
    for even in (True, False):
        for home in (True, False):
            kind = pl.col("is_even").eq_missing(other=True) == even, pl.col("is_home").eq_missing(other=True) == home
            mine = numbered.filter(*kind)
            if mine.height:
                done.append(_crossed(mine, even=even, home=home))
    return aligned(pl.concat(done), "spot", claims.height) if done else pl.DataFrame(schema=dict.fromkeys(MEASURED, money.MONEY))


def _crossed(claims: pl.DataFrame, *, even: bool, home: bool) -> pl.DataFrame:
    """MEASURED by spot. Even lines bill what is due and were not credited; home lines know no other currency: both save products."""
    plain, digits = bool(claims["price_by"].eq(1).all()), is_plain(claims)
    unit = pl.lit(1, dtype=pl.Int128)
    rate, order_rate = (unit, unit) if home else (whole.units("rate"), whole.units("order_rate"))
    at_money, at_ten = (0, 4) if home else (10, 14)

    def leg(figure: pl.Expr, by: pl.Expr, drop: int) -> pl.Expr:
        return figure if drop == 0 else whole.times(figure, by, drop)

    valued = claims.lazy().with_columns(at_quantity=at_order_price(whole.units("quantity"), plain=plain))
    others = {name: pl.col("at_quantity") if even else at_order_price(whole.units(name), plain=plain) for name in ("billable", "net")}
    valued = valued.with_columns(**{f"at_{name}": figure for name, figure in others.items()})
    fixed, ordered = leg(whole.units("value"), order_rate, at_money), leg(pl.col("at_quantity"), order_rate, at_ten)
    legs = valued.with_columns(
        billed=leg(whole.units("amount"), rate, at_money),
        stated=leg(whole.units("value"), rate, at_money),
        fixed=fixed,
        ordered=ordered,
        due=ordered if even else leg(pl.col("at_billable"), order_rate, at_ten),
        net_fixed=fixed if even else leg(whole.units("net_value"), order_rate, at_money),
        net_ordered=ordered if even else leg(pl.col("at_net"), order_rate, at_ten),
    )
    nothing = pl.when(pl.col("quantity") == pl.col("billable")).then(pl.lit(0, dtype=pl.Int128))
    steps = legs.select(
        "spot", "billed", "due",
        expected_amount=whole.times(pl.col("at_billable"), unit, 4),
        invoiced_at_order_price=pl.col("net_ordered"),
        cumulative_price_variance=pl.when(pl.col("role") == "billing").then(pl.col("net_fixed") - pl.col("net_ordered")),
        quantity_variance=nothing.otherwise(pl.col("ordered") - pl.col("due")),
        price_variance=pl.col("fixed") - pl.col("ordered"),
        fx_variance=pl.col("stated") - pl.col("fixed"),
        rounding_variance=pl.col("billed") - pl.col("stated"),
        **_tax(plain=digits),
    )  # fmt: skip
    done = steps.collect(engine=IN_ORDER)
    _assert_adds_up(done)
    shown = (money.from_units(pl.col(name), 6).alias(name) for name in MEASURED)
    return done.lazy().select("spot", *shown).collect(engine=IN_ORDER)


def _tax(*, plain: bool) -> dict[str, pl.Expr]:
    """Stated tax less the tax on what was due, in company currency, and its parts: another base, another rate, the rest.

    The tax on what was due, on what was billed and on that at the line's own rate is each rounded to the currency; the rest makes the parts
    add up. Without a rate on the line only the base is known.
    """
    unit = step(plain=plain)
    ordered, own, amount = whole.units("tax_rate"), whole.units("own_tax_rate"), whole.units("amount")
    on_due = whole.half_up(pl.col("at_billable") * ordered, unit * 10**14) * unit
    on_base, on_own = (whole.half_up(amount * rate, unit * ONE) * unit for rate in (ordered, own))
    rate = whole.units("rate")
    total, base, other = (whole.times(level, rate, 10) for level in (whole.units("tax") - on_due, on_base - on_due, on_own - on_base))
    return {"tax_variance": total, "tax_base_variance": base, "tax_rate_variance": other, "tax_tail_variance": total - base - other}


def _assert_adds_up(lines: pl.DataFrame) -> None:
    """The identity holds to the last digit on every line of which all steps are known. Raises ArithmeticError."""
    total = pl.sum_horizontal(STEPS, ignore_nulls=False)
    broken = lines.filter((total != pl.col("billed") - pl.col("due")).fill_null(value=False))
    if broken.height:
        message = f"variances of {broken.height} invoice lines do not add up, the first is {broken.row(0, named=True)}"
        raise ArithmeticError(message)
