"""Exact numbers: the types, the products and the roundings of money, quantities, prices and rates.

Polars rounds a Decimal product to the larger of the two scales and rounds half to even. Every product and every
rounding of the house therefore goes through here; floats never touch a figure.
"""

from __future__ import annotations

import polars as pl

MONEY = pl.Decimal(38, 6)
QUANTITY = pl.Decimal(38, 10)
PRICE = pl.Decimal(38, 10)
RATE = pl.Decimal(20, 10)

#: Digits of a currency's smallest unit where it is not two (ISO 4217).
MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def product(left: pl.Expr, right: pl.Expr, scale: int = 10) -> pl.Expr:
    """The exact product of two Decimal expressions at `scale` digits, rounded half away from zero.

    The factors of the house have at most 10 digits behind the point each, so 20 digits hold the product exactly before
    it is rounded once. A product of more than 18 digits before the point raises rather than wraps.
    """
    exact = left.cast(pl.Decimal(38, 20)) * right.cast(pl.Decimal(38, 20))
    return exact.round(scale, mode="half_away_from_zero").cast(pl.Decimal(38, scale))


def amount(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """quantity times price, or money times rate, as money: `Decimal(38, 6)`."""
    return product(left, right, scale=6)


def minor_digits(currency: pl.Expr) -> pl.Expr:
    """Digits behind the point of the currency: 2, but 0 for JPY, 3 for KWD, … as `UInt32`."""
    return currency.replace_strict(MINOR_DIGITS, default=2, return_dtype=pl.UInt32)


def round_to_currency(money: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Money rounded half away from zero to the smallest unit of its currency."""
    rounded = {digits: money.round(digits, mode="half_away_from_zero") for digits in (0, 2, 3, 4)}
    digits = minor_digits(currency)
    chosen = pl.when(digits == 0).then(rounded[0]).when(digits == 3).then(rounded[3]).when(digits == 4).then(rounded[4])
    return chosen.otherwise(rounded[2]).cast(MONEY)
