"""Expected entries for goods received and not invoiced: the three ways differ in the entries and agree at every month end."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recon.match import match_bucket

_SETTINGS = settings(
    max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
D = Decimal
METHODS = ("reverse_on_arrival", "month_start_reversal", "adjust_on_arrival")
WANTED = ("accrual_entry", "roll_forward")
FIRST = date(2026, 8, 1)
World = dict[str, list[dict[str, Any]]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Order lines whose receipts and bills meet in their order: piece i is received on one day and billed on another, or not at all."""
    orders, goods, bills = [], [], []
    for line in range(1, draw(st.integers(1, 3)) + 1):
        shared = {"po_number": "PO1", "po_line_no": str(line), "item_id": "I1", "supplier_id": "S1", "uom": "EA", "currency": "CNY"}
        orders.append(shared | {"po_date": "2026-07-01", "quantity": "99", "unit_price_net": "10"})
        for i in range(draw(st.integers(1, 4))):
            size, came = draw(st.integers(1, 9)), FIRST + timedelta(draw(st.integers(0, 91)))
            receipt = {"receipt_number": f"GR{line}-{i}", "receipt_line_no": "1"}
            goods.append(shared | receipt | {"receipt_date": came.isoformat(), "quantity": str(size)})
            if draw(st.booleans()):
                day = FIRST + timedelta(draw(st.integers(0, 91)))
                bill = {
                    "invoice_number": f"INV{line}-{i}",
                    "invoice_line_no": "1",
                    "invoice_date": day.isoformat(),
                    "quantity": str(size),
                    "unit_price_net": "11",
                }
                bills.append(shared | bill | receipt | {"invoice_kind": "invoice", "line_amount_net": str(11 * size)})
    return {"purchase_order_line": orders, "goods_receipt_line": goods, "supplier_invoice_line": bills}


def month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def by_hand(world: World, method: str, since: date, upto: date) -> dict[tuple[date, str], tuple[Decimal, Decimal]]:
    """Sums by day and kind of entry: estimate, cost."""
    billed = {row["receipt_number"]: date.fromisoformat(row["invoice_date"]) for row in world["supplier_invoice_line"]}
    sums: dict[tuple[date, str], list[Decimal]] = defaultdict(lambda: [D(0), D(0)])

    def post(day: date, kind: str, estimate: int, cost: int) -> None:
        if since <= day <= upto:
            sums[day, kind][0] += estimate
            sums[day, kind][1] += cost

    for row in world["goods_receipt_line"]:
        came, size = date.fromisoformat(row["receipt_date"]), int(row["quantity"])
        went = billed.get(row["receipt_number"])
        end, was_estimated = month_end(came), False
        while end <= upto and (went is None or went > end):
            post(end, "estimate", 10 * size, 10 * size)
            was_estimated = True
            if method != "month_start_reversal":
                break
            post(end + timedelta(1), "reversal", -10 * size, -10 * size)
            end = month_end(end + timedelta(1))
        if was_estimated and went is not None:
            if method == "reverse_on_arrival":
                post(went, "reversal", -10 * size, -10 * size)
            if method == "adjust_on_arrival":
                post(went, "adjustment", -10 * size, size)
            else:
                post(went, "invoice", 0, 11 * size)
    return {key: (estimate, cost) for key, (estimate, cost) in sums.items()}


def entries(world, method, since, accepted_of, engagement_of):
    terms = engagement_of(period={"from": since.isoformat(), "to": "2026-10-31"}, policies=[{"set": {"accrual_method": method}, "why": "agreed"}])
    return match_bucket(accepted_of(world), terms, WANTED).tables


@pytest.mark.parametrize("method", METHODS)
@_SETTINGS
@given(world=worlds(), since=st.sampled_from([date(2026, 7, 1), date(2026, 9, 1), date(2026, 10, 1)]))
def test_entries_are_those_made_by_hand(method, world, since, accepted_of, engagement_of):
    found = entries(world, method, since, accepted_of, engagement_of)["accrual_entry"].collect()
    sums = found.group_by("entry_date", "entry_kind").agg(pl.col("estimate_amount_base", "cost_amount_base").sum())
    assert {(day, kind): (estimate, cost) for day, kind, estimate, cost in sums.rows()} == by_hand(world, method, since, date(2026, 10, 31))
    assert set(found["accrual_method"]) <= {method}


@_SETTINGS
@given(world=worlds(), since=st.sampled_from([date(2026, 9, 1), date(2026, 10, 1)]))
def test_at_a_month_end_the_estimates_are_the_open_goods_and_every_way_gives_one_cost(world, since, accepted_of, engagement_of):
    costs = set()
    for method in METHODS:
        tables = entries(world, method, since, accepted_of, engagement_of)
        found, rolled = tables["accrual_entry"].collect(), tables["roll_forward"].collect()
        goods = rolled.filter(pl.col("kind") == "fulfilled_not_invoiced")
        assert goods["opening_amount_base"].sum() + found["estimate_amount_base"].sum() == goods["closing_amount_base"].sum()
        costs.add(found["cost_amount_base"].sum())
    assert len(costs) == 1


def test_nothing_is_expected_where_no_way_was_agreed_and_scopes_reach_it(accepted_of, engagement_of):
    line = {"po_number": "PO1", "po_line_no": "1", "item_id": "I1", "uom": "EA", "currency": "CNY"}
    world = {
        "purchase_order_line": [
            line | {"po_number": f"PO{s}", "supplier_id": s, "po_date": "2026-09-01", "quantity": "9", "unit_price_net": "10"} for s in ("S1", "S2")
        ],
        "goods_receipt_line": [
            line
            | {
                "po_number": f"PO{s}",
                "supplier_id": s,
                "receipt_number": f"GR{s}",
                "receipt_line_no": "1",
                "receipt_date": "2026-10-05",
                "quantity": "9",
            }
            for s in ("S1", "S2")
        ],
    }
    assert match_bucket(accepted_of(world), engagement_of(), WANTED).tables["accrual_entry"].collect().is_empty()
    terms = engagement_of(policies=[{"set": {"accrual_method": METHODS[0]}, "where": {"supplier_id": "S2"}, "why": "agreed"}])
    found = match_bucket(accepted_of(world), terms, WANTED).tables["accrual_entry"].collect()
    assert found.select("party_id", "entry_kind", "entry_date", "quantity", "estimate_amount_base").rows() == [
        ("S2", "estimate", date(2026, 10, 31), D(9), D(90))
    ]


def test_a_return_takes_its_estimate_along(accepted_of, engagement_of):
    line = {"po_number": "PO1", "po_line_no": "1", "item_id": "I1", "uom": "EA", "currency": "CNY", "supplier_id": "S1"}
    back = {
        "receipt_number": "RT1",
        "receipt_date": "2026-10-20",
        "quantity": "-4",
        "receipt_kind": "return",
        "origin_receipt_number": "GR1",
        "origin_receipt_line_no": "1",
    }
    receipt = line | {"receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": "2026-09-05", "quantity": "9"}
    world = {
        "purchase_order_line": [line | {"po_date": "2026-09-01", "quantity": "9", "unit_price_net": "10"}],
        "goods_receipt_line": [receipt, receipt | back],
    }
    for method, expected in (
        ("reverse_on_arrival", [(date(2026, 10, 20), "reversal", D(-40))]),
        ("adjust_on_arrival", [(date(2026, 10, 20), "reversal", D(-40))]),
        ("month_start_reversal", [(date(2026, 10, 1), "reversal", D(-90)), (date(2026, 10, 31), "estimate", D(50))]),
    ):
        terms = engagement_of(policies=[{"set": {"accrual_method": method}, "why": "agreed"}])
        found = match_bucket(accepted_of(world), terms, WANTED).tables["accrual_entry"].collect()
        sums = found.group_by("entry_date", "entry_kind").agg(pl.col("estimate_amount_base").sum()).sort("entry_date")
        assert sums.rows() == expected
