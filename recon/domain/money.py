"""Exact numbers: the types, the products and the roundings of money, quantities, prices and rates.

Polars rounds a Decimal product to the larger of the two scales and rounds half to even. Every product and every
rounding of the house therefore goes through here; floats never touch a figure.
"""

from __future__ import annotations

from decimal import Decimal

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
    """Quantity times price, or money times rate, as money: `Decimal(38, 6)`."""
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


def ratio(left: pl.Expr, right: pl.Expr, divisor: pl.Expr, scale: int = 10) -> pl.Expr:
    """Left times right divided by a positive divisor, at `scale` digits, rounded once half away from zero; null for a divisor of 0.

    The product is exact (20 digits) and the division is one of whole numbers, so nothing is rounded before the end.
    """
    exact = (left.cast(pl.Decimal(38, 20)) * right.cast(pl.Decimal(38, 20))).to_physical()
    units = divisor.cast(pl.Decimal(38, 10)).to_physical() * 10 ** (10 - scale)
    units = pl.when(units != 0).then(units)
    whole, rest = exact.abs() // units, exact.abs() % units
    rounded = whole + (rest >= units - rest).cast(pl.Int128)
    signed = pl.when(exact < 0).then(pl.lit(0, dtype=pl.Int128) - rounded).otherwise(rounded)
    return from_units(signed, scale)


def from_units(units: pl.Expr, scale: int) -> pl.Expr:
    """The Decimal of `scale` digits that counts so many of its smallest units: the reverse of `to_physical`."""
    return units.cast(pl.Decimal(38, 0)) * pl.lit(Decimal(1).scaleb(-scale), dtype=pl.Decimal(38, scale))
