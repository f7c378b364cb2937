"""Which receipts a return without a reference takes back: the newest, or by policy the oldest; one that names its receipt that one."""

from __future__ import annotations

import pytest

from tests.rooms.test_match_core import gr, matched, po, rows  # noqa: F401 - matched is a fixture


def received(number, day, quantity):
    return gr(number, receipt_date=f"2026-10-{day:02}", quantity=quantity)


def sent_back(quantity, **other):
    return gr("RT1", receipt_kind="return", receipt_date="2026-10-20", quantity=f"-{quantity}", **other)


@pytest.mark.parametrize(
    ("policy", "named", "back", "left"),  # received 4, 6 and 5; what stays open of each, not billed
    [
        ("false", None, "3", {"GR1": 4, "GR2": 6, "GR3": 2}),
        ("false", None, "7", {"GR1": 4, "GR2": 4}),
        ("true", None, "3", {"GR1": 1, "GR2": 6, "GR3": 5}),
        ("true", None, "7", {"GR2": 3, "GR3": 5}),
        ("true", "GR3", "3", {"GR1": 4, "GR2": 6, "GR3": 2}),
        ("false", "GR1", "3", {"GR1": 1, "GR2": 6, "GR3": 5}),
    ],
)
def test_a_return_takes_its_receipt_else_the_one_that_the_policy_says(matched, policy, named, back, left):  # noqa: F811
    origin = {"origin_receipt_number": named, "origin_receipt_line_no": "1"} if named else {}
    goods = [received("GR1", 2, "4"), received("GR2", 5, "6"), received("GR3", 8, "5"), sent_back(back, **origin)]
    found = matched([po(quantity="20")], goods, [], [{"returns_oldest_first": policy}])
    layers = rows(found, "open_layer", "document_number", "quantity", kind="fulfilled_not_invoiced")
    assert {number: int(quantity) for number, quantity in layers} == left


def test_each_supplier_has_its_own_order(matched):  # noqa: F811
    orders = [po(quantity="20"), po(quantity="20", po_number="PO2", supplier_id="S2")]
    goods = [received("GR1", 2, "4"), received("GR2", 5, "6"), sent_back("3")]
    goods += [row | {"receipt_number": row["receipt_number"] + "B", "po_number": "PO2", "supplier_id": "S2"} for row in goods]
    found = matched(orders, goods, [], [{"set": {"returns_oldest_first": "true"}, "where": {"supplier_id": "S2"}}])
    layers = rows(found, "open_layer", "document_number", "quantity", kind="fulfilled_not_invoiced")
    assert {number: int(quantity) for number, quantity in layers} == {"GR1": 4, "GR2": 3, "GR1B": 1, "GR2B": 6}
