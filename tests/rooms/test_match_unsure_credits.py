"""Credits of no stated kind: sure where their quantity went back, suggested where nothing says whether goods or price are meant."""

from __future__ import annotations

import pytest

from tests.rooms.test_match_core import gr, inv, matched, one, po  # noqa: F401 - matched is a fixture


def credit(quantity, **other):
    return inv("CN1", quantity=quantity, line_amount_net=str(10 * int(quantity)), **other)


def back(number, quantity):
    return gr(number, receipt_date="2026-10-08", quantity=quantity, receipt_kind="return")


@pytest.mark.parametrize(
    ("returns", "kind", "certainty"),
    [
        (["-3"], None, "certain"),  # one return of the quantity
        (["-1", "-2"], None, "certain"),  # several together
        (["-2"], None, "suggested"),
        ([], None, "suggested"),
        (["-4"], None, "suggested"),
        ([], "credit", "certain"),  # the document says what it is
        (["-2"], "credit", "certain"),
    ],
)
def test_a_quantity_that_went_back_says_what_the_credit_is(matched, returns, kind, certainty):  # noqa: F811
    goods = [gr(), *(back(f"RT{place}", quantity) for place, quantity in enumerate(returns))]
    bills = [inv(invoice_kind="invoice"), credit("-3", **({"invoice_kind": kind} if kind else {}))]
    found = matched([po()], goods, bills)
    assert one(found, "invoice_line_match", invoice_number="CN1")["link_certainty"] == certainty
    assert one(found, "order_line_match", order_number="PO1")["invoiced_quantity"] == 7  # counted by its quantity all the same


def test_a_credit_without_a_quantity_lowers_the_price_and_is_sure(matched):  # noqa: F811
    bills = [inv(invoice_kind="invoice"), inv("CN1", quantity=None, unit_price_net=None, line_amount_net="-30")]
    found = matched([po()], [gr()], bills)
    assert one(found, "invoice_line_match", invoice_number="CN1")["link_certainty"] == "certain"
    assert one(found, "order_line_match", order_number="PO1")["invoiced_quantity"] == 10
