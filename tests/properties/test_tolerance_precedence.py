"""Scoped values against a brute-force oracle: for each row, of all rules that reach it the most specific, row by row in plain Python."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.errors import TermsRefused
from recon.domain.scopes import ScopedRule, refuse_conflicts, resolve

DAY = date(2026, 10, 1)
#: The precedence of the interface, most specific first: columns a rule names at least.
PRECEDENCE = (
    {"order_number", "order_line_no"}, {"order_number"}, {"contract_id"}, {"item_id", "party_id"}, {"item_group", "party_id"}, {"item_id"},
    {"item_group"}, {"party_id"}, {"group_id"}, {"document_type"}, {"company_code"}, {"cycle"}, set(),
)  # fmt: skip
COLUMNS = ("company_code", "party_id", "group_id", "item_id", "item_group", "contract_id")


def level(rule: ScopedRule) -> tuple[int, int]:
    named = set(rule.scope)
    return next(-i for i, columns in enumerate(PRECEDENCE) if columns <= named), len(named)


def reaches(rule: ScopedRule, row: dict[str, Any]) -> bool:
    day = row["day"]
    in_time = not (rule.valid_from or rule.valid_to) or (
        day is not None and (rule.valid_from or date.min) <= day <= (rule.valid_to or date.max)
    )  # fmt: skip
    return in_time and all(row[column] == value for column, value in rule.scope.items())


def expected(rules: list[ScopedRule], row: dict[str, Any], default: str) -> str:
    found = [rule for rule in rules if reaches(rule, row)]
    return max(found, key=level).settings["limit"] if found else default


def collide(rules: list[ScopedRule]) -> bool:
    """Whether two rules of one level can reach one row and disagree: tried on every day and every pair of scopes."""
    for i, one in enumerate(rules):
        for other in rules[i + 1 :]:
            if level(one) != level(other) or one.settings == other.settings:
                continue
            row: dict[str, Any] = dict.fromkeys(COLUMNS) | one.scope | other.scope
            fits = all(row[c] == v for rule in (one, other) for c, v in rule.scope.items())
            days = [None, *(DAY + timedelta(days=n) for n in range(-400, 400))]
            if fits and any(reaches(one, row | {"day": day}) and reaches(other, row | {"day": day}) for day in days):
                return True
    return False


words = st.sampled_from(["A", "B"])
dates = st.none() | st.integers(-3, 3).map(lambda n: DAY + timedelta(days=n))


@st.composite
def scoped_rules(draw: st.DrawFn) -> ScopedRule:
    where = {column: draw(words) for column in draw(st.sets(st.sampled_from(COLUMNS), max_size=3))}
    first, last = draw(dates), draw(dates)
    if first and last and first > last:
        first, last = last, first
    return ScopedRule({"limit": draw(st.sampled_from(["1", "2", "unlimited"]))}, where, "test", "test", first, last, day="day")


rows = st.fixed_dictionaries({column: st.none() | words for column in COLUMNS} | {"day": dates})


def check(rules: list[ScopedRule], table: list[dict[str, Any]]) -> None:
    if collide(rules):
        with pytest.raises(TermsRefused):
            refuse_conflicts(rules)
        return
    refuse_conflicts(rules)
    schema = dict.fromkeys(COLUMNS, pl.String) | {"day": pl.Date}
    found = resolve(pl.LazyFrame(table, schema=schema), rules, {"limit": "0"}).collect()["limit"].to_list()
    assert found == [expected(rules, row, "0") for row in table]


@settings(max_examples=300, deadline=None)
@given(st.lists(scoped_rules(), max_size=5), st.lists(rows, min_size=1, max_size=4))
def test_the_most_specific_rule_in_force_wins(rules: list[ScopedRule], table: list[dict[str, Any]]) -> None:
    check(rules, table)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(st.lists(scoped_rules(), max_size=6), st.lists(rows, min_size=1, max_size=4))
def test_the_most_specific_rule_in_force_wins_ten_thousand_times(rules: list[ScopedRule], table: list[dict[str, Any]]) -> None:
    check(rules, table)
