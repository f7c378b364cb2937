"""Documents around a limit of approval, to the last digit; approvals by the hour of the company's zone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket, match_company

D = Decimal


def claim(amount, number=None, person="E1", **other):
    row = {"claim_number": number or f"EX{amount}", "claim_line_no": "1", "claim_date": "2026-10-01", "claimant_id": person}
    return row | {"amount": amount, "currency": "CNY"} | other


@pytest.fixture(scope="module")
def bunches(accepted_of, engagement_of):
    def told(*claims, share="0.05", limit="2000", **tables):
        policy = [{"document_type": "expense_claim", "min_amount": "0", "max_amount": limit, "required_step": "1"}]
        engagement = engagement_of().model_copy(update={"allowances": {"bunching_band_share": share}})
        given = {"approval_policy": policy, **({"expense_claim_line": list(claims)} if claims else {}), **tables}
        rows = match_company(accepted_of(given), engagement, {"limit_bunch"}).tables["limit_bunch"].collect()
        return rows.select("grouped_by", "subject_number", "band_count", "lower_count", "upper_count", "bunching_ratio").rows()

    return told


@pytest.mark.parametrize(
    ("amount", "counts"),
    [
        ("1800", None),
        ("1800.000001", (0, 1, 0)),
        ("1900", (0, 1, 0)),
        ("1900.000001", (1, 0, 0)),
        ("2000", (1, 0, 0)),
        ("2000.000001", (0, 0, 1)),
        ("2100", (0, 0, 1)),
        ("2100.000001", None),
    ],
)
def test_bands_to_the_last_digit(bunches, amount, counts):
    rows = bunches(claim(amount))
    assert [row[2:5] for row in rows] == ([] if counts is None else [counts])


def test_the_share_is_a_limit_that_matching_counts_by(bunches):
    assert [row[2:5] for row in bunches(claim("1900"), share="0.050001")] == [(1, 0, 0)]
    assert bunches(claim("2000"), share="not_checked") == []


def test_ratio_against_the_mean_of_both_sides(bunches):
    rows = bunches(claim("1950"), claim("1960"), claim("1970"), claim("1850"), claim("2050"), claim("2060"), claim("1999", person="E2"))
    assert rows == [("person", "E1", 3, 1, 2, D(2)), ("person", "E2", 1, 0, 0, None)]


def test_lines_are_added_up_and_only_what_counts_does(bunches):
    lines = [claim("1000", "EX1"), claim("950", "EX1", claim_line_no="2")]
    assert [row[2] for row in bunches(*lines)] == [1]
    assert bunches(claim("1950", is_cancelled="true"), claim("1950", "X", claim_date="2026-11-01"), claim("1950", "Y", currency="USD")) == []


def test_orders_by_who_asked_by_party_and_by_category(bunches):
    order = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "S1", "quantity": "195", "uom": "EA", "item_group": "G"}
    order |= {"unit_price_net": "10", "currency": "CNY", "created_by": "B1", "requester_id": "R1"}
    policy = [{"document_type": "purchase_order", "min_amount": "0", "max_amount": "2000", "required_step": "1"}]
    rows = bunches(purchase_order_line=[order], approval_policy=policy)
    assert [row[:3] for row in rows] == [("category", "G", 1), ("party", "S1", 1), ("person", "R1", 1)]
    assert bunches(purchase_order_line=[order], approval_policy=[policy[0] | {"company_code": "C9"}]) == []


@pytest.fixture(scope="module")
def hours(accepted_of, engagement_of):
    def told(at, zone="Asia/Shanghai", **other):
        event = {
            "document_type": "expense_claim",
            "document_number": "EX1",
            "action": "approve",
            "actor_id": "U1",
            "action_at": at,
            "currency": "CNY",
        }
        days = [{"date": "2026-10-10", "is_working_day": "true"}, {"date": "2026-10-11", "is_working_day": "false"}]
        given = {"approval_event": [event | {"amount_at_action": "500"} | other], "calendar": days}
        made = match_bucket(accepted_of(given), engagement_of(time_zone=zone), {"approval_hour"}).tables["approval_hour"].collect()
        return made.select("decided_date", "local_time", "local_hours", "is_working_day", "amount_base").rows()

    return told


def test_the_hour_and_the_day_are_those_of_the_company(hours):
    assert [(str(day), *rest) for day, *rest in hours("2026-10-10T12:30:00Z")] == [("2026-10-10", "20:30:00", D("20.5"), True, D(500))]
    assert [(str(day), *rest) for day, *rest in hours("2026-10-10T16:00:01Z")] == [("2026-10-11", "00:00:01", D("0.0002777777"), False, D(500))]
    assert [(str(day), *rest) for day, *rest in hours("2026-10-10T16:00:01Z", "UTC")] == [
        ("2026-10-10", "16:00:01", D("16.0002777777"), True, D(500))
    ]


def test_a_day_is_no_hour_and_what_the_calendar_does_not_reach_is_not_known(hours):
    assert [(str(day), *rest) for day, *rest in hours("2026-10-10")] == [("2026-10-10", None, None, True, D(500))]
    assert [(str(day), *rest) for day, *rest in hours("2026-10-12T02:00:00Z")] == [("2026-10-12", "10:00:00", D(10), None, D(500))]


def test_amounts_in_another_currency_are_not_known_and_rejections_are_no_approvals(hours):
    assert [row[4] for row in hours("2026-10-10T02:00:00Z", currency="USD")] == [None]
    assert hours("2026-10-10T02:00:00Z", action="reject") == []
