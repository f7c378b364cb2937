"""Every way to allocate, and amounts cut by quantity, held against plain Python that takes one after another."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.money import MONEY, QUANTITY
from recon.match.allocate import allocate
from recon.match.shares import cut

if TYPE_CHECKING:
    import random

Parts = dict[tuple[int | None, int | None], Decimal]
_IN_CI = settings(max_examples=300, deadline=None)
_NIGHTLY = settings(max_examples=10_000, deadline=None)
_UNIT = 3

sizes = st.integers(1, 9).map(Decimal)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Decimal], list[tuple[Decimal, int | None]]]:
    """Layers by size, and claims with the layer they name, if any; both in the order in which they are consumed."""
    layers = draw(st.lists(sizes, max_size=5))
    names = st.none() | st.integers(0, len(layers) - 1) if layers else st.none()
    return layers, draw(st.lists(st.tuples(sizes, names), max_size=5))


def by_hand(layers: list[Decimal], claims: list[tuple[Decimal, int | None]], policy: str) -> Parts:  # noqa: C901 - told in one piece, as by hand
    """What carries what, one pair after another; open ends with None."""
    left, asked, parts = dict(enumerate(layers)), {i: size for i, (size, _) in enumerate(claims)}, dict[tuple[int | None, int | None], Decimal]()

    def take(layer: int, claim: int, quantity: Decimal) -> None:
        if quantity > 0:
            parts[layer, claim] = parts.get((layer, claim), Decimal(0)) + quantity
            left[layer] -= quantity
            asked[claim] -= quantity

    for claim, (_, named) in enumerate(claims):
        if named is not None:
            take(named, claim, min(left[named], asked[claim]))
    if policy == "exact_first":
        for claim in range(len(claims)):
            equal = next((layer for layer in left if left[layer] == asked[claim] > 0), None)
            if equal is not None:
                take(equal, claim, asked[claim])
    if policy in ("fifo", "lifo", "exact_first"):
        order = sorted(left, reverse=policy == "lifo")
        for claim in range(len(claims)):
            for layer in order:
                take(layer, claim, min(left[layer], asked[claim]))
    parts |= {(layer, None): size for layer, size in left.items() if size > 0}
    return parts | {(None, claim): size for claim, size in asked.items() if size > 0}


def by_engine(layers: list[Decimal], claims: list[tuple[Decimal, int | None]], policy: str) -> Parts:
    """The same by the engine. Rows of layers and claims are numbered across units; the one unit of interest lies between two others."""
    unit = {"unit": pl.UInt32, "row": pl.UInt32, "quantity": QUANTITY, "turn": pl.UInt32}
    held = pl.DataFrame([(_UNIT, i, size, i) for i, size in enumerate(layers)], schema=unit, orient="row")
    kinds = {"claim": pl.UInt32, "unit": pl.UInt32, "net": QUANTITY, "named": pl.UInt32, "turn": pl.UInt32}
    asks = pl.DataFrame([(i, _UNIT, size, named, i) for i, (size, named) in enumerate(claims)], schema=kinds, orient="row")
    units = pl.DataFrame({"unit": range(5), "consumption": [policy] * 5}, schema={"unit": pl.UInt32, "consumption": pl.String})
    found: Parts = {}
    for layer, claim, quantity in allocate(held, asks, units).select("layer", "claim", "quantity").iter_rows():
        found[layer, claim] = found.get((layer, claim), Decimal(0)) + quantity
    return found


def check_in_proportion(layers: list[Decimal], claims: list[tuple[Decimal, int | None]]) -> None:
    parts = by_engine(layers, claims, "pro_rata")
    for layer, size in enumerate(layers):
        assert sum(q for (one, _), q in parts.items() if one == layer) == size
    for claim, (size, _) in enumerate(claims):
        assert sum(q for (_, one), q in parts.items() if one == claim) == size
    carried = sum(q for (layer, claim), q in parts.items() if layer is not None and claim is not None)
    assert carried == min(sum(layers), sum(size for size, _ in claims))
    if any(named is not None for _, named in claims):
        return
    total, gone = sum(layers), Decimal(0)
    for claim, (size, _) in enumerate(claims):  # claims in turn, each from every layer by its size
        taken = min(size, total - gone)
        gone += taken
        for layer, held in enumerate(layers):
            assert abs(parts.get((layer, claim), Decimal(0)) - taken * held / total) <= Decimal("0.00000001")


World = tuple[list[Decimal], list[tuple[Decimal, int | None]]]
BY_HAND = st.sampled_from(["fifo", "lifo", "specified_only", "exact_first"])


@_IN_CI
@given(world=worlds(), policy=BY_HAND)
def test_the_engine_takes_what_is_taken_by_hand(world: World, policy: str) -> None:
    assert by_engine(*world, policy) == by_hand(*world, policy)


@_IN_CI
@given(world=worlds())
def test_in_proportion_every_layer_gives_its_share_and_nothing_is_lost(world: World) -> None:
    check_in_proportion(*world)


@pytest.mark.slow
@_NIGHTLY
@given(world=worlds(), policy=BY_HAND)
def test_the_engine_takes_what_is_taken_by_hand_ten_thousand_times(world: World, policy: str) -> None:
    assert by_engine(*world, policy) == by_hand(*world, policy)


@pytest.mark.slow
@_NIGHTLY
@given(world=worlds())
def test_in_proportion_every_layer_gives_its_share_ten_thousand_times(world: World) -> None:
    check_in_proportion(*world)


@st.composite
def amounts_to_cut(draw: st.DrawFn) -> list[tuple[str, Decimal, list[Decimal]]]:
    """Amounts with their currency and the weights of their parts."""
    wholes = []
    for _ in range(draw(st.integers(1, 3))):
        currency = draw(st.sampled_from(["CNY", "JPY", "KWD"]))
        amount = Decimal(draw(st.integers(-5000, 5000))).scaleb(-draw(st.sampled_from([0, 2, 3, 6])))
        weights = draw(st.lists(st.integers(0, 300).map(lambda n: Decimal(n).scaleb(-2)), min_size=1, max_size=6).filter(any))
        wholes.append((currency, amount, weights))
    return wholes


def cut_by_hand(currency: str, amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Whole smallest units first, then one more each to the largest remainders, the earlier part first."""
    digits = {"CNY": 2, "JPY": 0, "KWD": 3}[currency]
    fine = amount != amount.quantize(Decimal(1).scaleb(-digits))
    step = Fraction(1, 10 ** (6 if fine else digits))
    units = Fraction(abs(amount)) / step
    exact = [units * Fraction(weight) / Fraction(sum(weights)) for weight in weights]
    floors = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i], i))
    for place in order[: int(units) - sum(floors)]:
        floors[place] += 1
    sign = -1 if amount < 0 else 1
    return [sign * Decimal(int(floor * step * 10**6)).scaleb(-6) for floor in floors]


def check_cut(wholes: list[tuple[str, Decimal, list[Decimal]]], order: random.Random) -> None:
    schema = {"whole": pl.UInt32, "currency": pl.String, "amount": MONEY, "weight": QUANTITY, "weights": QUANTITY, "turn": pl.UInt32}
    rows = [
        (i, currency, amount, weight, sum(weights), turn)
        for i, (currency, amount, weights) in enumerate(wholes)
        for turn, weight in enumerate(weights)
    ]
    wanted = {(i, turn): part for i, whole in enumerate(wholes) for turn, part in enumerate(cut_by_hand(*whole))}
    order.shuffle(rows)
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    found = dict(zip(frame.select("whole", "turn").rows(), cut(frame).to_list(), strict=True))
    assert found == wanted
    assert all(sum(part for (one, _), part in found.items() if one == i) == amount for i, (_, amount, _) in enumerate(wholes))


@_IN_CI
@given(wholes=amounts_to_cut(), order=st.randoms(use_true_random=False))
def test_amounts_are_cut_as_by_hand_in_any_order(wholes: list[tuple[str, Decimal, list[Decimal]]], order: random.Random) -> None:
    check_cut(wholes, order)


@pytest.mark.slow
@_NIGHTLY
@given(wholes=amounts_to_cut(), order=st.randoms(use_true_random=False))
def test_amounts_are_cut_as_by_hand_ten_thousand_times(wholes: list[tuple[str, Decimal, list[Decimal]]], order: random.Random) -> None:
    check_cut(wholes, order)
