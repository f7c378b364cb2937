"""Every way to allocate, held against plain Python that takes one unit after another."""

from __future__ import annotations

import os
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.money import QUANTITY
from recon.match.allocate import allocate

Parts = dict[tuple[int | None, int | None], Decimal]
_EXAMPLES = int(os.environ.get("RECON_EXAMPLES", "300"))
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


@settings(max_examples=_EXAMPLES, deadline=None)
@given(world=worlds(), policy=st.sampled_from(["fifo", "lifo", "specified_only"]))
def test_in_turn_from_either_end_or_only_as_named(world: tuple[list[Decimal], list[tuple[Decimal, int | None]]], policy: str) -> None:
    assert by_engine(*world, policy) == by_hand(*world, policy)


@settings(max_examples=_EXAMPLES, deadline=None)
@given(world=worlds())
def test_equal_quantities_first(world: tuple[list[Decimal], list[tuple[Decimal, int | None]]]) -> None:
    assert by_engine(*world, "exact_first") == by_hand(*world, "exact_first")


@settings(max_examples=_EXAMPLES, deadline=None)
@given(world=worlds())
def test_in_proportion_every_layer_gives_its_share_and_nothing_is_lost(world: tuple[list[Decimal], list[tuple[Decimal, int | None]]]) -> None:
    layers, claims = world
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
