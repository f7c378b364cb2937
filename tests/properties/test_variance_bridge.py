"""The variance bridge against fractions: every step, and that they add up to the last digit whatever is rounded."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain import money
from recon.match.bridge import MEASURED, STEPS, TAX_STEPS, cross

TYPES = {
    "role": pl.String(), "currency": pl.String(), "quantity": money.QUANTITY, "billable": money.QUANTITY, "net": money.QUANTITY, "amount": money.MONEY,
    "value": money.MONEY, "net_value": money.MONEY, "rate": money.RATE, "order_rate": money.RATE, "price_times": money.PRICE,
    "price_by": money.QUANTITY, "tax_rate": money.RATE, "own_tax_rate": money.RATE, "tax": money.MONEY,
}  # fmt: skip


def decimals(digits: int, most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**digits).map(lambda n: Decimal(n).scaleb(-digits))


@st.composite
def claims(draw: st.DrawFn) -> dict[str, Any]:
    quantity = draw(decimals(3, 900))
    billable = draw(st.sampled_from([quantity, Decimal(0), quantity / 2]))
    value = draw(decimals(6, 90_000))
    tail = draw(st.sampled_from(["0", "0.01", "-0.004", "7"]))
    unknown = st.none()
    return {
        "role": "billing", "currency": draw(st.sampled_from(["CNY", "JPY", "KWD"])), "quantity": quantity, "billable": billable, "net": quantity,
        "amount": value + Decimal(tail), "value": value, "net_value": value, "rate": draw(decimals(10, 9) | unknown),
        "order_rate": draw(st.just(Decimal(1)) | decimals(10, 9)), "price_times": draw(decimals(10, 900) | unknown),
        "price_by": draw(st.sampled_from([Decimal(1), Decimal(100), Decimal(12)])), "tax_rate": draw(st.sampled_from([Decimal("0.13"), None])),
        "own_tax_rate": draw(st.sampled_from([Decimal("0.13"), Decimal("0.09"), None])), "tax": draw(decimals(2, 900)),
    }  # fmt: skip


def rounded(value: Fraction, digits: int) -> Decimal:
    return (Decimal(value.numerator * 10**digits) / Decimal(value.denominator)).quantize(Decimal(1), ROUND_HALF_UP).scaleb(-digits)


def close(measured: Decimal, exact: Fraction, digits: int = 6, steps: int = 2) -> bool:
    return abs(Fraction(measured) - exact) <= Fraction(steps, 10**digits)


def check(table: list[dict[str, Any]]) -> None:
    found = cross(pl.DataFrame(table, schema=TYPES)).to_dicts()
    assert [set(row) for row in found] == [set(MEASURED)] * len(table)
    for row, given_ in zip(found, table, strict=True):
        assert (row["rounding_variance"] is None) == (given_["rate"] is None)
        if all(row[name] is not None for name in STEPS):
            fraction = {k: Fraction(v) for k, v in given_.items() if isinstance(v, Decimal)}
            price = fraction["price_times"] / fraction["price_by"]
            due = fraction["billable"] * price * fraction["order_rate"]
            total = sum((row[name] for name in STEPS), Decimal(0))
            assert close(total, fraction["amount"] * fraction["rate"] - due)
            assert close(row["fx_variance"], fraction["value"] * (fraction["rate"] - fraction["order_rate"]))
            assert close(row["price_variance"], (fraction["value"] - fraction["quantity"] * price) * fraction["order_rate"])
        parts = [row[name] for name in TAX_STEPS]
        if None not in parts:
            assert sum(parts) == row["tax_variance"]
            digits = {"CNY": 2, "JPY": 0, "KWD": 3}[given_["currency"]]
            own = rounded(Fraction(given_["amount"]) * Fraction(given_["own_tax_rate"]), digits)
            assert close(row["tax_tail_variance"], (Fraction(given_["tax"]) - Fraction(own)) * Fraction(given_["rate"]))


@settings(max_examples=300, deadline=None)
@given(st.lists(claims(), min_size=1, max_size=6))
def test_the_steps_add_up(table: list[dict[str, Any]]) -> None:
    check(table)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(st.lists(claims(), min_size=1, max_size=6))
def test_the_steps_add_up_ten_thousand_times(table: list[dict[str, Any]]) -> None:
    check(table)
