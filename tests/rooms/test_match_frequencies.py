"""How often amounts return, and how they end: figures made by hand, and what chance gives simulated anew."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest

from recon.match import match_company
from recon.match.frequencies import CHANCE

D = Decimal


def claims(*figures, person="U1", currency="CNY"):
    told = {"claim_line_no": "1", "claim_date": "2026-10-01", "claimant_id": person, "currency": currency}
    return [told | {"claim_number": f"{person}-{place:04}", "amount": str(amount)} for place, amount in enumerate(figures)]


@pytest.fixture(scope="module")
def measured(accepted_of, engagement_of):
    def told(name, rows, *columns):
        made = match_company(accepted_of({"expense_claim_line": rows}), engagement_of(), {name}).tables[name].collect()
        return made.select("subject_number", *columns).rows()

    return told


def test_the_factor_is_the_sum_of_squares_over_the_square(measured):
    rows = measured("amount_frequency", claims(5, 5, 5, 7), "group_count", "repeat_count", "repeated_amount", "frequency_factor", "factor_rank")
    assert rows == [("U1", 4, 3, D(5), D("0.625"), None)]  # (9 + 1) / 16; too few to have a rank
    rows = measured("amount_frequency", claims(*[5] * 10), "frequency_factor", "factor_rank", "peer_count", "peer_repeat_p95")
    assert rows == [("U1", D(1), 1, 0, None)]


def test_amounts_of_two_currencies_are_two(measured):
    rows = claims(5, 5) + [row | {"claim_number": f"X{place}"} for place, row in enumerate(claims(5, currency="USD"))]
    assert measured("amount_frequency", rows, "repeat_count", "repeated_currency") == [("U1", 2, "CNY")]


def test_ranks_and_peers(measured):
    plain = [str(100 + place) for place in range(10)]
    rows = (
        claims(*plain, person="U1")
        + claims(*["3"] * 3, *plain[3:], person="U2")
        + claims(*["4"] * 2, *plain[2:], person="U3")
        + claims(*["9"] * 9, person="U4")
    )
    told = measured("amount_frequency", rows, "factor_rank", "peer_count", "peer_repeat_p95")
    assert told == [("U1", 3, 2, 3), ("U2", 1, 2, 2), ("U3", 2, 2, 3), ("U4", None, 3, 3)]


def by_hand(figures):
    counts = Counter(int(D(str(amount)) * 100) % 100 for amount in figures)
    mean = D(len(figures)) / 100
    return sum((D(counts.get(ending, 0)) - mean) ** 2 / mean for ending in range(100))


@pytest.mark.parametrize(
    "figures", [tuple(D(3) + D(place) / 100 for place in range(50)), tuple(D("7.90") + place for place in range(50)), tuple(range(1, 61))]
)
def test_the_statistic_is_the_one_made_by_hand(measured, figures):
    ((_, count, statistic, chance),) = measured("amount_ending", claims(*figures), "group_count", "chi_square", "chance_p95")
    assert (count, statistic, chance) == (len(figures), by_hand(figures), D(CHANCE))


def test_endings_are_those_of_the_smallest_unit(measured):
    yen = claims(*[100 * place + 50 for place in range(1, 51)], currency="JPY")
    assert measured("amount_ending", yen, "endings_over") == [("U1", "50")]
    assert measured("amount_ending", claims(*["8.00"] * 26, *["3.07"] * 24), "endings_over") == [("U1", "00, 07")]
    assert measured("amount_ending", claims(*["8.00"] * 49), "endings_over") == []  # one too few to be looked at alone


@pytest.mark.parametrize("count", [1000, 4000])
def test_chance_exceeds_its_limit_once_in_twenty(count):
    chance, beyond = random.Random(count), 0
    for _ in range(600):
        counts = Counter(chance.choices(range(100), k=count))
        beyond += sum(n * n for n in counts.values()) * 100 / count - count > float(CHANCE)
    assert 0.03 <= beyond / 600 <= 0.075
