"""The bridge from what was due to what was billed: quantity, price, currency and rounding, adding up line by line.

Five values of one line in company currency, each rounded once to a millionth, lie on the way from what was due to what
was billed. A variance is the step from one to the next, so the steps add up whatever the roundings were.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain import money
from recon.match.bills import NONE
from recon.match.goods import ZERO

STEPS: Final = ("quantity_variance", "price_variance", "fx_variance", "rounding_variance")
_BILLED: Final = ("billing", "credit", "adjustment")


def at_order_price(quantity: pl.Expr, *, plain: bool) -> pl.Expr:
    """A quantity in base units at the price of its order, document currency, in ten digits; needs price_times and price_by."""
    if plain:
        return money.product(quantity, pl.col("price_times"))
    return money.ratio(quantity, pl.col("price_times"), pl.col("price_by"))


def cross(claims: pl.DataFrame, *, plain: bool) -> pl.DataFrame:
    """Variances of claims (and of credits and adjustments put among them).

    Needs role, quantity, billable, net, amount, value, net_value, rate, order_rate, price_times, price_by, tax_rate of the
    order, tax stated and currency. Without an order price, or a rate, what needs it is null; a quantity that is fully billable has no
    quantity variance whatever its price. An adjustment changes no quantity: all it bills is price.
    """
    quantity, billable = pl.col("quantity"), pl.col("billable")
    base, order_rate = pl.col("rate"), pl.col("order_rate")
    priced = claims.lazy().with_columns(
        expected=at_order_price(billable, plain=plain),
        ordered=at_order_price(quantity, plain=plain),
        net_ordered=at_order_price(pl.col("net"), plain=plain),
    )
    legs = priced.with_columns(
        billed_leg=money.amount(pl.col("amount"), base),
        value_leg=money.amount(pl.col("value"), base),
        fixed_leg=money.amount(pl.col("value"), order_rate),
        ordered_leg=money.amount(pl.col("ordered"), order_rate),
        due_leg=money.amount(pl.col("expected"), order_rate),
        net_leg=money.amount(pl.col("net_value"), order_rate),
        invoiced_at_order_price=money.amount(pl.col("net_ordered"), order_rate),
        due_tax=money.round_to_currency(money.amount(pl.col("expected"), pl.col("tax_rate")), pl.col("currency")),
    )
    nothing_over = pl.when(quantity == billable).then(NONE)
    steps = legs.with_columns(
        expected_amount=pl.col("expected").round(6, mode="half_away_from_zero").cast(money.MONEY),
        quantity_variance=nothing_over.otherwise(pl.col("ordered_leg") - pl.col("due_leg")).cast(money.MONEY),
        price_variance=pl.col("fixed_leg") - pl.col("ordered_leg"),
        fx_variance=pl.col("value_leg") - pl.col("fixed_leg"),
        rounding_variance=pl.col("billed_leg") - pl.col("value_leg"),
        tax_variance=money.amount(pl.col("tax") - pl.col("due_tax"), base),
        cumulative_price_variance=pl.when(pl.col("role") == "billing").then(pl.col("net_leg") - pl.col("invoiced_at_order_price")),
    )
    done = steps.collect()
    _assert_adds_up(done)
    return done.drop("expected", "ordered", "net_ordered", "value_leg", "fixed_leg", "ordered_leg", "net_leg", "due_tax")


def _assert_adds_up(lines: pl.DataFrame) -> None:
    """The identity holds to the last digit on every line of which all steps are known. Raises ArithmeticError."""
    total = pl.sum_horizontal(STEPS, ignore_nulls=False)
    broken = lines.filter((total != pl.col("billed_leg") - pl.col("due_leg")).fill_null(value=False))
    if broken.height:
        message = f"variances of {broken.height} invoice lines do not add up, the first is line {broken.row(0, named=True)}"
        raise ArithmeticError(message)


def unmeasured() -> dict[str, pl.Expr]:
    """The figures of a line that bills no quantity before it is crossed: nothing asked, nothing billable."""
    return {"quantity": ZERO, "billable": ZERO, "net": ZERO}
