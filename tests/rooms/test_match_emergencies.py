"""Emergency orders: the wait for an approval to the second, days that hold no time, what is counted and what nobody says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company


def order(number="PO1", created="2026-05-04T09:00:00Z", emergency="true", **other):
    row = {"po_number": number, "po_line_no": "1", "po_date": "2026-05-04", "supplier_id": "S1", "quantity": "10", "unit_price_net": "7.5"}
    return row | {"uom": "EA", "currency": "CNY", "created_at": created, "emergency": emergency} | other


def approval(at, number="PO1", action="approve"):
    return {"document_type": "purchase_order", "document_number": number, "action": action, "actor_id": "U", "action_at": at}


@pytest.fixture(scope="module")
def rows(accepted_of, engagement_of):
    def told(*orders, approvals=()):
        given = {"purchase_order_line": list(orders), "approval_event": list(approvals) or [approval("2026-05-04T09:00:00Z", "ELSE")]}
        return match_company(accepted_of(given), engagement_of(), {"emergency_order"}).tables["emergency_order"].collect().to_dicts()

    return told


@pytest.mark.parametrize(("at", "hours"), [("2026-05-07T09:00:00Z", "72"), ("2026-05-07T09:00:36Z", "72.01"), ("2026-05-03T09:00:00Z", "0")])
def test_the_wait_ends_with_the_first_approval(rows, at, hours):
    row = rows(order(), approvals=[approval(at), approval("2026-05-09T09:00:00Z"), approval("2026-05-01T09:00:00Z", action="reject")])[0]
    assert (row["hours"], row["hours_most"], row["is_approved"], row["amount_net_base"]) == (Decimal(hours), Decimal(hours), True, 75)


def test_a_day_may_be_any_of_its_moments(rows):
    row = rows(order(created="2026-05-04"), approvals=[approval("2026-05-07")])[0]
    assert (int(row["hours"]), int(row["hours_most"])) == (48, 95)


def test_without_an_approval_the_wait_lasts_to_the_end_of_the_as_of_day(rows, engagement_of):
    row = rows(order(created=f"{engagement_of().as_of}T00:00:00Z"))[0]
    assert (row["hours"], row["is_approved"], row["approved_at"]) == (24, False, None)


def test_when_it_was_entered_is_not_known(rows):
    assert rows(order(created=None), order("PO2"))[0]["hours"] is None


def test_other_orders_are_counted_and_so_are_those_of_which_nobody_says_it(rows):
    told = rows(
        order(), order("PO2", emergency="false"), order("PO3", emergency="false"), order("PO4", emergency=None), order("PO5", is_cancelled="true")
    )
    assert [(row["order_number"], row["is_emergency"], row["document_count"]) for row in told] == [
        ("PO1", True, 1),
        (None, False, 2),
        (None, None, 1),
    ]


def test_where_no_order_says_it_nothing_is_known(rows):
    without = {name: value for name, value in order().items() if name != "emergency"}
    assert [(row["is_emergency"], row["document_count"]) for row in rows(without)] == [(None, 1)]
