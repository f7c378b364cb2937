"""Exact searches against trying everything, in plain Python on tiny worlds."""

from __future__ import annotations

from itertools import combinations, permutations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.match.assignment import PAIRS, assigned
from recon.match.subset_sums import MOST_AMOUNTS, _by_halves, _by_reach, sets_adding_up

_SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
_IN_CI = settings(max_examples=300, deadline=None, suppress_health_check=_SUPPRESSED)
_NIGHTLY = settings(max_examples=10_000, deadline=None, suppress_health_check=_SUPPRESSED)
AMOUNTS = st.lists(st.integers(-3, 12), max_size=9)
TARGETS = st.integers(-2, 40)
#: which of up to four order lines fits each of up to four lines of a document
FITS = st.lists(st.lists(st.integers(0, 3), unique=True, max_size=4), min_size=1, max_size=4)


def check_sets(amounts: list[int], target: int) -> None:
    places = [place for place, amount in enumerate(amounts) if amount > 0]
    tried = [c for size in range(1, len(places) + 1) for c in combinations(places, size) if sum(amounts[i] for i in c) == target]
    found = sets_adding_up(target, amounts)
    assert found.verdict == ("none" if not tried else "unique" if len(tried) == 1 else "ambiguous")
    assert found.count == len(tried)
    assert found.members in tried if tried else found.members == ()


def check_halves(amounts: list[int], target: int) -> None:
    positive = [amount for amount in amounts if amount > 0]
    reached, halved = _by_reach(target, positive), _by_halves(target, positive)
    assert reached is not None
    assert halved is not None
    assert halved[0] == reached[0]
    for count, members in (reached, halved):
        assert not count or sum(amount for place, amount in enumerate(positive) if members >> place & 1) == target


def check_assignment(fits: list[list[int]]) -> None:
    rows = [(0, row, target) for row, targets in enumerate(fits) for target in targets]
    found = dict(assigned(pl.DataFrame(rows, schema=PAIRS, orient="row"), pl.DataFrame(schema=PAIRS)).rows())
    ways = [way for way in permutations(range(4), len(fits)) if all(target in fits[row] for row, target in enumerate(way))]
    assert all(way[row] == target for way in ways for row, target in found.items())  # nothing is taken that some way does otherwise
    assert len(set(found.values())) == len(found)
    if len(ways) == 1:
        assert found == dict(enumerate(ways[0]))


@_IN_CI
@given(AMOUNTS, TARGETS)
def test_sets_agree_with_trying_all(amounts, target):
    check_sets(amounts, target)


@_IN_CI
@given(AMOUNTS, TARGETS.filter(lambda target: target > 0))
def test_halves_agree_with_reachable_sums(amounts, target):
    check_halves(amounts, target)


@_IN_CI
@given(FITS)
def test_the_only_way_to_serve_all_lines_is_found(fits):
    check_assignment(fits)


@pytest.mark.slow
@_NIGHTLY
@given(AMOUNTS, TARGETS)
def test_sets_agree_with_trying_all_at_length(amounts, target):
    check_sets(amounts, target)


@pytest.mark.slow
@_NIGHTLY
@given(AMOUNTS, TARGETS.filter(lambda target: target > 0))
def test_halves_agree_with_reachable_sums_at_length(amounts, target):
    check_halves(amounts, target)


@pytest.mark.slow
@_NIGHTLY
@given(FITS)
def test_the_only_way_to_serve_all_lines_is_found_at_length(fits):
    check_assignment(fits)


def test_forty_amounts_are_decided_and_forty_one_are_not():
    amounts = [3**i for i in range(20)] + [5 * 3**i + 7 for i in range(20)]
    target = amounts[0] + amounts[25] + amounts[39]
    assert sets_adding_up(target, amounts).verdict in {"unique", "ambiguous"}
    spread = [2**i * 10**6 + i for i in range(MOST_AMOUNTS)]  # every set has a sum of its own
    assert sets_adding_up(sum(spread[::3]), spread) == sets_adding_up(sum(spread[::3]), spread, most_amounts=MOST_AMOUNTS)
    assert sets_adding_up(sum(spread[::3]), spread).members == tuple(range(0, MOST_AMOUNTS, 3))
    one_more = [*spread, 17]
    assert sets_adding_up(sum(spread), one_more).verdict == "not_decided"
    assert sets_adding_up(5, [*spread, 5]).verdict == "unique"  # amounts above the target need no search
