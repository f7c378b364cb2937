"""Credit limits and releases in one hand: whose, when, how many days before, and what is not known."""

from __future__ import annotations

import pytest

from recon.match import match_company


def order(number="SO1", by="U1", at="2026-06-10T15:00:00Z", **other):
    row = {
        "so_number": number,
        "so_line_no": "1",
        "so_date": "2026-06-01",
        "customer_id": "C1",
        "quantity": "10",
        "unit_price_net": "7.5",
        "uom": "EA",
    }
    return row | {"currency": "CNY", "credit_released_by": by, "credit_released_at": at} | other


def change(by="U1", at="2026-06-01T10:00:00Z", field="credit_limit", **other):
    row = {"document_type": "customer", "document_number": "C1", "field": field, "old_value": "1", "new_value": "2"}
    return row | {"changed_by": by, "changed_at": at} | other


USERS = [{"user_id": "U1", "person_id": "P1"}, {"user_id": "U1B", "person_id": "P1"}, {"user_id": "U2", "person_id": "P2"}]


@pytest.fixture(scope="module")
def rows(accepted_of, engagement_of):
    def told(orders, changes, users=USERS, approvals=()):
        given = {"sales_order_line": orders, "document_change": changes, "user": users}
        if approvals:
            given["approval_event"] = list(approvals)
        made = match_company(accepted_of(given), engagement_of(), {"credit_release"}).tables["credit_release"].collect()
        return made.select("order_number", "made_by", "is_same_person", "persons_known", "nearest_days").rows()

    return told


@pytest.mark.parametrize(
    ("by", "at", "expected"),
    [
        ("U1", "2026-06-01T10:00:00Z", (True, True, 9)),
        ("U1B", "2026-06-01T10:00:00Z", (True, True, 9)),  # another login of the same person
        ("U2", "2026-06-01T10:00:00Z", (False, True, None)),
        ("U1", "2026-06-10T15:00:00Z", (True, True, 0)),
        ("U1", "2026-06-10T15:00:01Z", (False, True, None)),  # after the release
        ("U9", "2026-06-01T10:00:00Z", (False, False, None)),
    ],
)
def test_the_last_change_of_the_limit_before_the_release(rows, by, at, expected):
    assert rows([order()], [change(by, at)]) == [("SO1", "U1", *expected)]


def test_the_nearest_change_counts_and_only_of_the_limit_of_this_customer(rows):
    changes = [change(at="2026-01-01T10:00:00Z"), change(at="2026-05-31T10:00:00Z"), change(at="2026-06-09T10:00:00Z", field="payment_term_days"),
               change(at="2026-06-09T10:00:00Z", document_number="C2"), change(at="2026-06-09T10:00:00Z", document_type="supplier")]  # fmt: skip
    assert rows([order()], changes)[0][4] == 10


def test_releases_are_on_the_order_or_among_its_approvals(rows):
    event = {"document_type": "sales_order", "document_number": "SO2", "actor_id": "U1", "action_at": "2026-06-03T10:00:00Z"}
    steps = [
        event | {"action": "release"},
        event | {"action": "approve", "document_number": "SO3"},
        event | {"action": "approve", "step": "Credit", "document_number": "SO4"},
    ]
    told = rows([order(), *(order(number, by=None, at=None) for number in ("SO2", "SO3", "SO4"))], [change()], approvals=steps)
    assert [row[0] for row in told] == ["SO1", "SO2", "SO4"]
    assert [row[4] for row in told] == [9, 2, 2]


def test_a_release_without_a_day_says_only_that_the_person_kept_the_limit(rows):
    assert rows([order(at=None), order("SO2", by="U2", at=None)], [change()]) == [("SO1", "U1", True, True, None), ("SO2", "U2", False, True, None)]


def test_orders_that_do_not_count_and_those_nobody_released_have_no_row(rows):
    assert rows([order(is_cancelled="true"), order("SO2", by=None, at=None), order("SO3", so_date="2027-06-01")], [change()]) == []
