"""What a budget bears with each order, in the order of approvals; whose bids count for an order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company

D = Decimal


def order(number="PO1", amount="100", day="2026-06-10", **other):
    row = {"po_number": number, "po_line_no": "1", "po_date": day, "supplier_id": "S1", "quantity": "1", "uom": "EA", "unit_price_net": amount}
    return row | {"line_amount_net": amount, "currency": "CNY", "budget_code": "B1"} | other


def budget(**other):
    row = {"budget_id": "B1", "fiscal_year": "2026", "as_of_date": "2026-06-01", "budget_amount": "1000", "committed_amount": "300"}
    return row | {"actual_amount": "550"} | other


def approval(number="PO1", at="2026-06-10T09:00:00Z", step="1", **other):
    row = {"document_type": "purchase_order", "document_number": number, "action": "approve", "actor_id": "U1", "action_at": at, "step": step}
    return row | other


@pytest.fixture(scope="module")
def borne(accepted_of, engagement_of):
    def told(orders, budgets=None, events=()):
        given = {"purchase_order_line": orders, "budget_line": [budget()] if budgets is None else budgets, "approval_event": list(events)}
        engagement = engagement_of().model_copy(update={"allowances": {"override_step_set": "BUDGET, BOARD"}})
        rows = match_company(accepted_of(given), engagement, {"budgeted_order"}).tables["budgeted_order"].collect()
        return rows.select("order_number", "used_amount", "over_budget_amount", "has_override").rows()

    return told


def test_what_was_used_and_the_orders_since_add_up(borne):
    assert borne([order(amount="150")]) == [("PO1", D(1000), D(0), False)]
    assert borne([order(amount="100"), order("PO2", "50.01", "2026-06-11")]) == [
        ("PO1", D(950), D(-50), False),
        ("PO2", D("1000.01"), D("0.01"), False),
    ]


def test_lines_of_one_budget_are_one_and_other_budgets_are_others(borne):
    lines = [
        order(amount="70"),
        order(amount="80", po_line_no="2"),
        order(amount="500", po_line_no="3", budget_code="B2"),
        order("PO9", budget_code=None),
    ]
    two = [budget(), budget(budget_id="B2", committed_amount="0", actual_amount="0")]
    assert borne(lines, two) == [("PO1", D(1000), D(0), False), ("PO1", D(500), D(-500), False)]


def test_the_last_approval_says_when_an_order_takes_its_share(borne):
    pair = [order("PO1", "100"), order("PO2", "60", "2026-06-12")]
    events = [approval("PO1", "2026-06-20T09:00:00Z"), approval("PO2", "2026-06-13T09:00:00Z")]
    assert borne(pair, events=events) == [("PO1", D(1010), D(10), False), ("PO2", D(910), D(-90), False)]


def test_before_the_position_nothing_is_known_unless_it_is_within_the_budget(borne):
    early = [order(day="2026-06-01"), order("PO2", "100", "2026-06-02")]
    assert borne(early) == [("PO1", None, D(-150), False), ("PO2", D(950), D(-50), False)]
    assert borne([early[0]], [budget(actual_amount="700.01")]) == [("PO1", None, None, False)]
    assert borne([order()], [budget(as_of_date=None)]) == [("PO1", None, None, False)]
    assert borne([order()], [budget(committed_amount=None)]) == [("PO1", None, None, False)]


def test_a_budget_of_another_year_is_none_and_one_without_a_year_is_for_all(borne):
    assert borne([order()], [budget(fiscal_year="2025")]) == [("PO1", None, None, False)]
    assert borne([order()], [budget(fiscal_year=None)]) == [("PO1", D(950), D(-50), False)]
    assert borne([order()], [budget(fiscal_year=None), budget(budget_amount="900")]) == [("PO1", D(950), D(50), False)]


def test_after_an_order_that_nobody_can_convert_nothing_is_known(borne):
    orders = [order(), order("PO2", currency="USD", day="2026-06-11"), order("PO3", day="2026-06-12")]
    assert borne(orders) == [("PO1", D(950), D(-50), False), ("PO2", None, None, False), ("PO3", None, None, False)]


def test_leave_to_pass_is_a_step_of_those_named(borne):
    assert borne([order()], events=[approval(step="BOARD")])[0][3]
    assert not borne([order()], events=[approval(step="BOARD", action="reject"), approval(step="9"), approval("PO2", step="BUDGET")])[0][3]


@pytest.fixture(scope="module")
def bids(accepted_of, engagement_of):
    def told(*rows, events=(), **other):
        given = {"purchase_order_line": [order(**other)], "quotation": [{"tender_id": "T1", "supplier_id": "S1"} | row for row in rows]}
        given |= {"approval_event": list(events)}
        made = match_company(accepted_of(given), engagement_of(), {"order_competition"}).tables["order_competition"].collect()
        return made.select("bid_count", "lowest_bid_amount", "own_bid_amount", "has_approved_waiver").row(0)

    return told


def test_suppliers_of_the_tender_count_each_once(bids):
    won = {"po_number": "PO1", "bid_amount": "100", "currency": "CNY"}
    others = [
        {"supplier_id": "S2", "bid_amount": "90"},
        {"supplier_id": "S2", "bid_amount": "95"},
        {"supplier_id": "S3", "bid_amount": "9", "currency": "USD"},
    ]
    assert bids(won, *others) == (3, D(90), D(100), False)
    assert bids(won, {"supplier_id": "S2", "tender_id": "T2"}) == (1, D(100), D(100), False)
    assert bids({"po_number": "PO7"}, *others) == (0, None, None, False)
    assert bids(won, {"supplier_id": "S2", "company_code": "C9"}) == (1, D(100), D(100), False)


def test_a_waiver_is_worth_its_approval(bids):
    waiver = {"po_number": "PO1", "waiver_id": "W1"}
    given = approval("W1", document_type="tender_waiver")
    assert bids(waiver, events=[given]) == (0, None, None, True)
    assert bids(waiver, events=[given | {"action": "reject"}]) == (0, None, None, False)
    assert bids(waiver, events=[given | {"document_number": "W2"}]) == (0, None, None, False)
    assert bids(waiver) == (0, None, None, None)  # nobody records what becomes of waivers
