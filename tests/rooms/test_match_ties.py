"""Several equal order lines that fit: refused, or taken in a stated order where the policy says so and no sum depends on it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.match import match_bucket
from tests.rooms.test_match_unlinked import bill, order

IN_TURN = {"ambiguity": "deterministic"}


def receipt(line, quantity="10", number="GR1"):
    row = {"receipt_number": number, "receipt_line_no": line or "1", "receipt_date": "2026-10-05", "po_number": "PO1", "supplier_id": "S1"}
    return row | {"item_id": "I1", "quantity": quantity, "uom": "EA"} | ({"po_line_no": line} if line else {})


def named(number="INV1", quantity="10", day="2026-10-12", **other):
    return bill(
        po_number="PO1", invoice_number=number, quantity=quantity, invoice_date=day, unit_price_net="10", net=str(10 * Decimal(quantity)), **other
    )


@pytest.fixture(scope="module")
def linked(accepted_of, engagement_of):
    def run(policy=None, where=None, **tables):
        policies = [{"set": policy, "why": "test", **({"where": where} if where else {})}] if policy else []
        found = match_bucket(accepted_of(tables), engagement_of(policies=policies), {"invoice_line_match"}).tables["invoice_line_match"].collect()
        return [(row["invoice_number"], row["order_line_no"], row["link_certainty"]) for row in found.sort("invoice_number").to_dicts()]

    return run


TWINS = [order(), order(line="2")]


def test_of_equal_order_lines_the_first_is_taken_where_the_policy_says_so(linked):
    tables = {"purchase_order_line": TWINS, "supplier_invoice_line": [named()]}
    assert linked(**tables) == [("INV1", None, "ambiguous")]
    assert linked({"ambiguity": "suggest"}, **tables) == [("INV1", None, "suggested")]
    assert linked(IN_TURN, **tables) == [("INV1", "1", "chosen")]


@pytest.mark.parametrize(("where", "line"), [({"supplier_id": "S1"}, "1"), ({"supplier_id": "S2"}, None)])
def test_the_policy_has_a_scope(linked, where, line):
    assert linked(IN_TURN, where, purchase_order_line=TWINS, supplier_invoice_line=[named()])[0][1] == line


def test_bills_fill_the_order_lines_by_their_days(linked):
    bills = [named("B", day="2026-10-09"), named("A", day="2026-10-10"), named("C", day="2026-10-11")]
    assert linked(IN_TURN, purchase_order_line=TWINS, supplier_invoice_line=bills) == [
        ("A", "2", "chosen"),
        ("B", "1", "chosen"),
        ("C", "2", "chosen"),
    ]
    parts = [named("A", "4"), named("B", "6"), named("C", "7")]
    assert [line for _, line, _ in linked(IN_TURN, purchase_order_line=TWINS, supplier_invoice_line=parts)] == ["1", "1", "2"]


def test_an_order_line_that_a_bill_names_is_not_taken_again(linked):
    bills = [named("A"), named("B", po_line_no="1")]
    assert linked(IN_TURN, purchase_order_line=TWINS, supplier_invoice_line=bills) == [("A", "2", "chosen"), ("B", "1", "certain")]


@pytest.mark.parametrize("other", [{"price": "11"}, {"quantity": "12"}, {"uom": "BOX"}])
def test_order_lines_that_differ_are_no_equals(linked, other):
    """A bill of five at no stated price fits both; which one is taken would change what is due."""
    free = bill("50", "5", po_number="PO1")
    orders = [order(), order(line="2", **other)]
    assert linked(IN_TURN, purchase_order_line=orders, supplier_invoice_line=[free]) == [("INV1", None, "ambiguous")]


def test_nor_are_those_for_which_other_goods_came(linked):
    tables = {"purchase_order_line": TWINS, "supplier_invoice_line": [named()]}
    assert linked(IN_TURN, goods_receipt_line=[receipt("2")], **tables)[0][1] is None
    assert linked(IN_TURN, goods_receipt_line=[receipt("1"), receipt("2")], **tables)[0][1] == "1"


def test_a_credit_is_never_placed_by_turn(linked):
    back = bill("-100", "-10", po_number="PO1", invoice_kind="credit")
    assert linked(IN_TURN, purchase_order_line=TWINS, supplier_invoice_line=[back])[0][1] is None


def test_receipts_are_taken_in_turn_too(accepted_of, engagement_of):
    tables = {"purchase_order_line": TWINS, "goods_receipt_line": [receipt(None), receipt(None, number="GR2")]}
    found = match_bucket(accepted_of(tables), engagement_of(policies=[{"set": IN_TURN, "why": "test"}]), {"fulfilment_line_match"})
    rows = found.tables["fulfilment_line_match"].collect().sort("fulfilment_number").to_dicts()
    assert [(row["order_line_no"], row["link_pass"], row["link_certainty"]) for row in rows] == [
        ("1", "order, in turn", "chosen"),
        ("2", "order, in turn", "chosen"),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 4), st.lists(st.integers(1, 25), min_size=1, max_size=6), st.randoms())
def test_the_turn_is_that_of_a_clerk_and_the_order_of_rows_decides_nothing(linked, lines, quantities, random):
    """A clerk who lays the bills end to end on the order lines puts each where its first piece falls."""
    orders = [order(line=str(place + 1)) for place in range(lines)]
    bills = [named(f"B{place}", str(quantity)) for place, quantity in enumerate(quantities)]
    due, start = defaultdict(str), 0
    for row, quantity in zip(bills, quantities, strict=True):
        due[row["invoice_number"]] = str(min(start // 10, lines - 1) + 1)
        start += quantity
    random.shuffle(orders)
    random.shuffle(bills)
    found = linked(IN_TURN, purchase_order_line=orders, supplier_invoice_line=bills)
    assert {number: line for number, line, _ in found} == dict(due)
