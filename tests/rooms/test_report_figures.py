"""Numbers as the report writes them: exact, grouped, the same by both ways of writing."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.money import MONEY, QUANTITY
from recon.report.figures import money, number, number_column, plain, rounded


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 0, "0"), (1234, 0, "1,234"), (-1234567, 0, "-1,234,567"), (Decimal("1234.500000"), 0, "1,234.5"), (Decimal("1234.500000"), 2, "1,234.50"),
        (Decimal("-0.000001"), 2, "-0.000001"), (Decimal("-0.00"), 2, "0.00"), (Decimal("1E+3"), 0, "1,000"), (Decimal("0.125"), 2, "0.125"), (None, 2, "–"),
    ],
)  # fmt: skip
def test_a_figure_keeps_its_digits_and_loses_its_zeros(value, digits, text):
    assert number(value, digits) == text


def test_machines_get_no_separator_and_no_exponent():
    assert plain(Decimal("-1234567.500000")) == "-1234567.5"
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(None) is None


@settings(deadline=None)
@given(st.lists(st.decimals(min_value=-(10**31), max_value=10**31, places=6), min_size=1, max_size=20), st.integers(0, 2))
def test_columns_and_single_figures_are_written_alike(values, digits):
    frame = pl.DataFrame({"x": values}, schema={"x": MONEY})
    assert frame.select(number_column(pl.col("x"), digits)).to_series().to_list() == [number(v, digits) for v in values]


def test_columns_of_counts_and_quantities_and_nulls():
    frame = pl.DataFrame(
        {"count": [1234567, None, -5], "quantity": [Decimal("0.0000000001"), None, Decimal(-1000)]}, schema={"count": pl.Int64, "quantity": QUANTITY}
    )
    assert frame.select(number_column(pl.col("count")))["count"].to_list() == ["1,234,567", None, "-5"]
    assert frame.select(number_column(pl.col("quantity"), 2))["quantity"].to_list() == ["0.0000000001", None, "-1,000.00"]


def test_money_has_two_digits_at_least():
    assert (money(5), money(Decimal("5.005"))) == ("5.00", "5.005")


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (Decimal("5.005"), "CNY", "5.01"), (Decimal("-5.005"), "CNY", "-5.01"), (Decimal("5.0049"), "CNY", "5.00"), (Decimal("1234.5"), "JPY", "1,235"),
        (Decimal("0.0005"), "KWD", "0.001"), (0, "CNY", "0.00"), (None, "CNY", "–"),
        (Decimal("12345678901234567890123456789.995"), "CNY", "12,345,678,901,234,567,890,123,456,790.00"),
    ],
)  # fmt: skip
def test_sums_are_rounded_to_the_currency(value, currency, text):
    assert rounded(value, currency) == text
