"""Pairs of roles of one person over all logins in use; what nobody tells is a row without a pair."""

from __future__ import annotations

import pytest

from recon.match import match_company


@pytest.fixture(scope="module")
def pairs(accepted_of, engagement_of):
    def told(*users):
        made = match_company(accepted_of({"user": list(users)}), engagement_of(), {"role_pair"}).tables["role_pair"].collect()
        return made.select("subject_number", "role_pair", "first_login", "second_login", "login_count").rows()

    return told


def user(login="U1", roles="BUYER", person="P1", **other):
    return {"user_id": login, "person_id": person, "roles": roles} | other


def test_roles_of_one_login_and_of_two(pairs):
    assert pairs(user(roles="CASHIER, ap_clerk")) == [("P1", "AP_CLERK+CASHIER", "U1", "U1", 1)]
    assert pairs(user(), user("U2", "CASHIER")) == [("P1", "BUYER+CASHIER", "U1", "U2", 2)]
    assert [row[1] for row in pairs(user(roles="C；A，B"))] == ["A+B", "A+C", "B+C"]


def test_one_role_is_no_pair_and_two_persons_are_two(pairs):
    assert pairs(user(), user("U2")) == []
    assert pairs(user(), user("U2", "CASHIER", "P2")) == []


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ({"is_active": "false"}, 0),
        ({"active_to": "2026-10-30"}, 0),
        ({"active_to": "2026-10-31"}, 1),
        ({"active_from": "2026-10-31"}, 1),
        ({"active_from": "2026-11-01"}, 0),
    ],
)
def test_only_logins_in_use_on_the_day_count(pairs, other, count):
    assert len(pairs(user(is_active="true"), user("U2", "CASHIER", is_active="true") | other)) == count


def test_a_login_of_nobody_known_or_without_roles_is_a_row_without_a_pair(pairs):
    assert pairs(user(person=None)) == [("U1", None, None, None, 1)]
    assert pairs(user(roles=None)) == [("P1", None, None, None, 1)]
    assert pairs(user(person=None, roles="A,B")) == [("U1", "A+B", "U1", "U1", 1)]
