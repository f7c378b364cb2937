"""How payments were made, and payments that pass a limit of release together."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company

D = Decimal
DAYS = [{"date": "2026-10-09", "is_working_day": "true"}, {"date": "2026-10-10", "is_working_day": "true"}, {"date": "2026-10-12"}]


def payment(number="PAY1", day="2026-10-08", amount="60000", party="S1", **other):
    row = {"payment_number": number, "payment_date": day, "supplier_id": party, "amount": amount, "currency": "CNY"}
    return row | other


@pytest.fixture(scope="module")
def manners(accepted_of, engagement_of):
    def told(*payments, **tables):
        made = match_company(accepted_of({"supplier_payment": list(payments), **tables}), engagement_of(), {"payment_manner"})
        rows = made.tables["payment_manner"].collect()
        return rows.select("document_number", "is_manual", "is_outside_runs", "is_working_day", "approval_count", "amount_base").rows()

    return told


def test_runs_are_known_only_where_the_source_gives_them(manners):
    assert manners(payment()) == [("PAY1", None, None, None, 0, D(60000))]
    told = manners(payment(run_id="L1"), payment("PAY2", is_manual="true"))
    assert told == [("PAY1", None, False, None, 0, D(60000)), ("PAY2", True, True, None, 0, D(60000))]


@pytest.mark.parametrize(
    ("day", "works"),
    [("2026-10-08", None), ("2026-10-09", True), ("2026-10-10", True), ("2026-10-11", False), ("2026-10-12", True), ("2026-10-13", None)],
)
def test_days_of_the_calendar_and_those_between_that_it_does_not_name(manners, day, works):
    days = [{**row, "is_working_day": row.get("is_working_day", "true")} for row in DAYS]
    assert [row[3] for row in manners(payment(day=day), calendar=days)] == [works]


def test_voids_refunds_and_what_nobody_can_convert(manners):
    dead = [payment("PAY2", is_voided="true"), payment("PAY3", payment_kind="refund", amount="-5"), payment("PAY4", day="2026-11-01")]
    assert manners(*dead, payment("PAY5", currency="USD")) == [("PAY5", None, None, None, 0, None)]


def test_only_approvals_of_the_payment_count(manners):
    event = {
        "document_type": "supplier_payment",
        "document_number": "PAY1",
        "action": "approve",
        "actor_id": "U1",
        "action_at": "2026-10-07T09:00:00Z",
    }
    others = [event | {"action": "reject"}, event | {"document_number": "PAY2"}, event | {"document_type": "purchase_order"}]
    assert [row[4] for row in manners(payment(), approval_event=[event, event | {"actor_id": "U2"}, *others])] == [2]


@pytest.fixture(scope="module")
def clusters(accepted_of, engagement_of):
    def told(*payments, limit="100000", **tables):
        policy = [{"document_type": "supplier_payment", "min_amount": "0", "max_amount": limit, "required_step": "1"}]
        given = {"supplier_payment": list(payments), "approval_policy": policy, **tables}
        made = match_company(accepted_of(given), engagement_of(), {"payment_cluster"})
        rows = made.tables["payment_cluster"].collect()
        return rows.select("document_number", "shared", "member_count", "total_amount", "excess_amount", "span_days", "previous_span_days").rows()

    return told


def test_two_within_the_limit_pass_it_together(clusters):
    pair = payment(), payment("PAY2", "2026-10-11", "40000.01")
    assert clusters(*pair) == [("PAY2", "party", 2, D("100000.01"), D("0.01"), 3, None)]
    assert clusters(*pair, limit="100000.01") == []
    assert clusters(payment(amount="100000.01"), payment("PAY2")) == []  # one passes it alone and was released as it should be
    assert clusters(payment(amount="100000"), payment("PAY2", amount="0.01")) == [("PAY2", "party", 2, D("100000.01"), D("0.01"), 0, None)]


def test_one_group_or_one_account_is_one_payee(clusters):
    other = payment("PAY2", "2026-10-09", party="S2")
    assert clusters(payment(), other) == []
    masters = [{"party_id": p, "party_name": p, "group_id": "G"} for p in ("S1", "S2")]
    assert [row[:2] for row in clusters(payment(), other, supplier=masters)] == [("PAY2", "party")]
    accounts = payment(payee_account="62 22-1"), {**other, "payee_account": "62221"}
    assert [row[:2] for row in clusters(*accounts)] == [("PAY2", "account")]
    assert clusters(payment(company_code="C10"), {**other, "supplier_id": "S1", "company_code": "C20"}) == []


def test_a_run_cuts_nothing_unless_somebody_had_a_hand_in_it(clusters):
    run = payment(run_id="L1"), payment("PAY2", run_id="L1")
    assert clusters(*run) == []
    assert [row[0] for row in clusters(run[0], {**run[1], "run_id": "L2"})] == ["PAY2"]
    assert [row[0] for row in clusters(run[0], {**run[1], "is_manual": "true"})] == ["PAY2"]


def test_the_next_one_only_makes_the_cluster_longer(clusters):
    rows = clusters(payment(), payment("PAY2", "2026-10-09"), payment("PAY3", "2026-10-11"))
    assert [(row[0], row[2], row[5], row[6]) for row in rows] == [("PAY2", 2, 1, None), ("PAY3", 2, 2, 2)]


def test_what_cannot_be_converted_is_not_laid_together(clusters):
    assert clusters(payment(), payment("PAY2", currency="USD")) == [("PAY2", None, None, None, None, None, None)]


def test_without_amounts_in_the_policy_nothing_is_made(accepted_of, engagement_of):
    assert "payment_cluster" not in match_company(accepted_of({"supplier_payment": [payment()]}), engagement_of(), {"payment_cluster"}).tables
