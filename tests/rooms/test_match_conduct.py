"""Split purchases against a plain count, waits, changes, blocks, accounts and cut-off: the facts behind their controls."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon.match import match_bucket

LIMIT = 50_000
POLICY = [{"document_type": "purchase_order", "min_amount": "0", "max_amount": str(LIMIT), "currency": "CNY", "required_role": "LEAD"}]


def order(number, day, price, **other):
    row = {"po_number": number, "po_line_no": "1", "po_date": str(day), "supplier_id": "P1", "item_id": "I1", "item_group": "TOOLS", "quantity": "1"}
    row |= {"uom": "EA", "unit_price_net": str(price), "currency": "CNY", "created_at": f"{day}T09:00:00+00:00", "requester_id": "R1"}
    return row | other


@pytest.fixture(scope="module")
def tables(accepted_of, engagement_of):
    return lambda **given: (
        match_bucket(accepted_of(given), engagement_of(), {"spend_cluster", "approval_wait", "approved_change", "blocked_payment"}).tables
    )


def shortest(orders):
    """order -> (days, members, total) of the shortest run of orders that ends with it and passes the limit, counted one by one."""
    found = {}
    for last in range(len(orders)):
        total = 0
        for first in range(last, -1, -1):
            total += orders[first][2]
            if total > LIMIT:
                found[orders[last][0]] = ((orders[last][1] - orders[first][1]).days, last - first + 1, total)
                break
    return found


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 55_000)), min_size=1, max_size=12))
@example([(0, 10_000), (1, LIMIT - 20_000), (1, 20_000)])  # exactly the limit is within it
@example([(0, LIMIT - 20_000), (1, 20_001)])
def test_the_shortest_run_that_passes_the_limit_is_that_of_a_plain_count(tables, steps):
    day, orders = date(2026, 9, 1), []
    for index, (later, price) in enumerate(steps):
        day += timedelta(days=later)
        orders.append((f"PO{index:03d}", day, price))
    rows = tables(purchase_order_line=[order(*o) for o in orders], approval_policy=POLICY)["spend_cluster"].collect().to_dicts()
    expected = shortest([o for o in orders if o[2] <= LIMIT])
    named = {row["order_number"]: (row["span_days"], row["member_count"], int(row["total_amount"])) for row in rows if row["order_number"]}
    assert named == expected


def test_orders_of_several_categories_are_of_none(tables):
    lines = [order(f"PO{i}", date(2026, 9, 1), 40_000) for i in (1, 2)]
    lines += [order(f"PO{i}", date(2026, 9, 1), 1, po_line_no="2", item_group="OTHER") for i in (1, 2)]
    rows = tables(purchase_order_line=lines, approval_policy=POLICY)["spend_cluster"].collect().to_dicts()
    assert [(row["order_number"], row["document_count"]) for row in rows] == [(None, 2)]


def event(action, at, **other):
    row = {"document_type": "purchase_order", "document_number": "PO1", "action": action, "actor_id": "U1", "action_at": at}
    return row | {"step": "1"} | other


@pytest.mark.parametrize(
    ("events", "hours"),
    [
        ([event("approve", "2026-10-05T11:00:01Z", assigned_at="2026-10-05T09:00:00Z")], [(True, Decimal("2.0002777777"))]),
        ([event("submit", "2026-10-05T09:00:00Z"), event("approve", "2026-10-05T10:30:00Z")], [(True, Decimal("1.5"))]),
        ([event("submit", "2026-10-30T00:00:00Z")], [(False, Decimal(48))]),
        ([event("approve", "2026-10-05T11:00:00Z")], [(True, None)]),
        ([event("approve", "2026-10-05T11:00:00Z"), event("delegate", "2026-10-31T00:00:00Z")], [(True, None), (False, Decimal(24))]),
    ],
)
def test_an_approval_waits_from_its_assignment_or_request_to_its_decision(tables, events, hours):
    rows = tables(purchase_order_line=[order("PO1", date(2026, 10, 1), 100)], approval_event=events)["approval_wait"].collect().to_dicts()
    assert sorted((row["is_decided"], row["hours"]) for row in rows if row["hours"] is not None) == sorted(h for h in hours if h[1] is not None)
    assert len(rows) == len(hours)


@pytest.mark.parametrize(("at", "after"), [("2026-10-01T08:00:00Z", False), ("2026-10-03T08:00:00Z", True), ("2026-10-02", None)])
def test_a_change_is_before_or_after_the_last_approval_or_nobody_can_tell(tables, at, after):
    changed = {"document_type": "purchase_order", "document_number": "PO1", "line_no": "1", "field": "Unit Price", "changed_at": at}
    changed |= {"old_value": "80", "new_value": "100", "changed_by": "U2"}
    found = tables(
        purchase_order_line=[order("PO1", date(2026, 10, 1), 100)],
        document_change=[changed],
        approval_event=[event("approve", "2026-10-02T09:00:00Z")],
    )
    (row,) = found["approved_change"].collect().to_dicts()
    assert (row["is_after_approval"], row["change_share"], row["value_change_base"]) == (after, Decimal("0.25"), Decimal(20))


@pytest.mark.parametrize(
    ("released", "in_hold"), [(None, True), ("2026-10-11T09:00:00Z", False), ("2026-10-13T09:00:00Z", True), ("2026-10-12", None)]
)
def test_money_paid_while_a_block_stood(tables, released, in_hold):
    bill = {"invoice_number": "INV1", "invoice_line_no": "1", "invoice_date": "2026-10-08", "supplier_id": "P1", "line_amount_net": "120"}
    bill |= {"currency": "CNY", "payment_block": "R", "block_released_at": released}
    paid = {"payment_number": "PAY1", "payment_date": "2026-10-12", "supplier_id": "P1", "amount": "120", "currency": "CNY"}
    applied = {"payment_number": "PAY1", "invoice_number": "INV1", "supplier_id": "P1", "amount_applied": "120"}
    found = tables(supplier_invoice_line=[bill], supplier_payment=[paid], supplier_payment_allocation=[applied])
    (row,) = found["blocked_payment"].collect().to_dicts()
    assert (row["is_paid_in_hold"], row["document_number"]) == (in_hold, "PAY1")
