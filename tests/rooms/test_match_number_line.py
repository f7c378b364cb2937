"""The number line, whole-number arithmetic and the cutting of amounts, by themselves."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain import money
from recon.match import whole_numbers as whole
from recon.match.dense import aligned, positions
from recon.match.number_line import carry, carry_equal, carry_in_proportion, overlap, pairs
from recon.match.shares import cut

D = Decimal
_SIDE = {"unit": pl.UInt32, "row": pl.UInt32, "quantity": money.QUANTITY, "turn": pl.UInt32}


def side(*quantities: tuple[int, Any], named: list[int | None] | None = None) -> pl.DataFrame:
    rows = [(unit, i, D(str(quantity)), i) for i, (unit, quantity) in enumerate(quantities)]
    frame = pl.DataFrame(rows, schema=_SIDE, orient="row")
    return frame if named is None else frame.with_columns(named=pl.Series(named, dtype=pl.UInt32))


def test_what_sticks_out_stays_on_its_own_side() -> None:
    parts = overlap(side((1, 4), (1, 6), (2, 3)), side((1, 5), (1, 8), (3, 7)))
    assert sorted(parts.rows(), key=str) == sorted(
        [(1, 0, 0, D(4)), (1, 1, 0, D(1)), (1, 1, 1, D(5)), (1, None, 1, D(3)), (2, 2, None, D(3)), (3, None, 2, D(7))], key=str
    )


def test_named_layers_are_cut_out_first() -> None:
    parts = pairs(carry(side((1, 4), (1, 6)), side((1, 6), (1, 4), named=[1, None])))
    assert sorted(parts.select("layer", "claim", "quantity").rows()) == [(0, 1, D(4)), (1, 0, D(6))]


def test_a_layer_that_two_claims_name_serves_the_first() -> None:
    parts = carry(side((1, 10)), side((1, 10), (1, 10), named=[0, 0]))
    assert sorted(parts.select("layer", "claim", "quantity").rows(), key=str) == [(0, 0, D(10)), (None, 1, D(10))]


def test_claims_of_the_size_of_a_layer_take_it_whole() -> None:
    assert carry_equal(side((1, 4), (1, 6)), side((1, 6), (1, 5))).rows() == [(1, 1, 0, D(6))]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=4), st.lists(st.integers(1, 10**6), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_proportions_add_up_exactly(layers: list[int], claims: list[int]) -> None:
    parts = carry_in_proportion(side(*((1, D(q) / 1000) for q in layers)), side(*((1, D(q) / 1000) for q in claims)))
    covered = min(sum(layers), sum(claims))
    assert parts["quantity"].sum() == D(covered) / 1000
    by_layer = dict(parts.group_by("layer").agg(pl.col("quantity").sum()).iter_rows())
    assert all(by_layer.get(i, 0) <= D(q) / 1000 for i, q in enumerate(layers))


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    st.integers(-(10**9), 10**9),
    st.sampled_from(["CNY", "JPY", "KWD"]),
)
@settings(max_examples=40, deadline=None)
def test_parts_of_an_amount_add_up_and_none_is_a_cent_off(weights: list[int], units: int, currency: str) -> None:
    digits = {"CNY": 2, "JPY": 0, "KWD": 3}[currency]
    amount = D(units).scaleb(-digits)
    parts = pl.DataFrame(
        {"whole": [0] * len(weights), "amount": [amount] * len(weights), "weight": weights, "weights": [sum(weights)] * len(weights)},
        schema_overrides={"amount": money.MONEY},
    ).with_columns(pl.col("weight", "weights").cast(money.QUANTITY), currency=pl.lit(currency), turn=pl.int_range(pl.len()))
    found = cut(parts).to_list()
    assert sum(found) == amount
    cent = Fraction(1, 10**digits)
    for part, weight in zip(found, weights, strict=True):
        assert abs(Fraction(part) - Fraction(amount) * weight / sum(weights)) < cent


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**12))
@settings(max_examples=60, deadline=None)
def test_division_rounds_half_away_from_zero(number: int, divisor: int) -> None:
    frame = pl.DataFrame({"n": [number], "d": [divisor]}).cast(pl.Int128)
    exact = abs(Fraction(number, divisor))
    expected = int(exact + Fraction(1, 2)) * (-1 if number < 0 else 1)
    assert frame.select(whole.over(pl.col("n"), pl.col("d"))).item() == expected


def test_division_by_nothing_is_unknown() -> None:
    frame = pl.DataFrame({"n": [5], "d": [0]}).cast(pl.Int128)
    assert frame.select(whole.over(pl.col("n"), pl.col("d"))).item() is None


def test_figures_that_would_wrap_are_refused() -> None:
    frame = pl.DataFrame({"a": [D(10) ** 14], "b": [D(10) ** 13]}, schema={"a": money.QUANTITY, "b": money.PRICE})
    with pytest.raises(OverflowError, match="a x b"):
        whole.guard(frame, [("a", "b")])
    whole.guard(frame.with_columns(b=pl.lit(D(10), dtype=money.PRICE)), [("a", "b")])


def test_large_figures_of_different_rows_are_no_overflow():
    money_and_many = {"a": [D("98765432109.43"), D("0.0000063"), None], "b": [D(1), D(30_000_000), D(30_000_000)]}
    frame = pl.DataFrame(money_and_many, schema={"a": money.PRICE, "b": money.QUANTITY})
    whole.guard(frame, [("a", "b")])
    with pytest.raises(OverflowError, match="a x b"):
        whole.guard(frame.reverse().with_columns(a=pl.lit(D("98765432109.43"), dtype=money.PRICE)), [("a", "b")])


def test_a_position_that_occurs_twice_is_refused() -> None:
    assert positions(pl.Series("k", [2, 0]), 3).to_list() == [1, None, 0]
    with pytest.raises(ValueError, match="more than once"):
        aligned(pl.DataFrame({"k": [1, 1], "v": [1, 2]}), "k", 3)
