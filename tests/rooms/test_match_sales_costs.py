"""Sales against cost: what a bill's goods cost, and what was given away by whom; what is not known stays so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket, match_company

D = Decimal
ITEMS = [{"item_id": "I1", "base_uom": "EA", "standard_cost": "4"}, {"item_id": "I2", "base_uom": "EA"}]
BOX = [{"item_id": "I1", "from_uom": "BOX", "to_uom": "EA", "factor": "12"}]


def order(number="SO1", line="1", quantity="10", price="5", item="I1", **other):
    row = {"so_number": number, "so_line_no": line, "so_date": "2026-10-01", "customer_id": "C1", "item_id": item, "quantity": quantity, "uom": "EA"}
    return row | {"unit_price_net": price, "currency": "CNY", "salesperson_id": "U1"} | other


def bill(net="50", quantity="10", number="AR1", item="I1", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-10-12", "customer_id": "C1", "item_id": item, "uom": "EA"}
    return row | {"quantity": quantity, "line_amount_net": net, "currency": "CNY", "so_number": "SO1", "so_line_no": "1"} | other


def shipped(quantity="10", number="SH1", so="SO1", **other):
    row = {"shipment_number": number, "shipment_line_no": "1", "shipment_date": "2026-10-05", "so_number": so, "so_line_no": "1", "item_id": "I1"}
    return row | {"customer_id": "C1", "quantity": quantity, "uom": "EA"} | other


def event(action="approve", at="2026-10-02T09:00:00Z", number="SO1"):
    return {"document_type": "sales_order", "document_number": number, "action": action, "actor_id": "M1", "action_at": at, "step": "1"}


@pytest.fixture(scope="module")
def sale(accepted_of, engagement_of):
    def run(**given):
        given = {"item": ITEMS, "sales_order_line": [order()]} | given
        rows = match_bucket(accepted_of(given), engagement_of(), {"sale_cost"}).tables["sale_cost"].collect().to_dicts()
        return [(row["invoice_number"], row["invoiced_amount_base"], row["cost_amount_base"], row["is_order_approved"]) for row in rows]

    return run


@pytest.fixture(scope="module")
def free(accepted_of, engagement_of):
    def run(**given):
        given = {"item": ITEMS} | given
        return match_company(accepted_of(given), engagement_of(), {"free_supply"}).tables["free_supply"].collect().to_dicts()

    return run


def test_a_bill_beside_what_its_goods_cost(sale):
    bills = [bill(), bill("9", "2", "AR2"), bill("-5", "-1", "AR3", invoice_kind="credit")]
    assert sale(customer_invoice_line=bills) == [("AR1", D(50), D(40), None), ("AR2", D(9), D(8), None)]


def test_foreign_currency_counts_at_its_rate_and_boxes_in_pieces(sale):
    bills = [bill("10", "10", currency="USD", fx_rate="7"), bill("90", "2", "AR2", uom="BOX")]
    assert sale(customer_invoice_line=bills, uom_conversion=BOX) == [("AR1", D(70), D(40), None), ("AR2", D(90), D(96), None)]


@pytest.mark.parametrize(
    "item", [{"item_id": "I1", "base_uom": "EA"}, {"item_id": "I1", "base_uom": "EA", "standard_cost": "0"}, {"item_id": "I9", "base_uom": "EA"}]
)
def test_a_cost_that_nobody_states_is_not_known(sale, item):
    assert sale(customer_invoice_line=[bill()], item=[item]) == [("AR1", D(50), None, None)]


@pytest.mark.parametrize(
    ("events", "approved"),
    [
        ([event()], True),
        ([event(number="SO9")], False),
        ([event(), event("withdraw", "2026-10-03T09:00:00Z")], False),
        ([event("withdraw", "2026-10-01T09:00:00Z"), event()], True),
        ([event(at="2026-11-02T09:00:00Z"), event(number="SO9")], False),  # after the as-of day
        ([event() | {"document_type": "purchase_order"}], None),
    ],
)
def test_an_approval_that_stands(sale, free, events, approved):
    assert sale(customer_invoice_line=[bill()], approval_event=events)[0][3] is approved
    (row,) = free(sales_order_line=[order(price="0")], shipment_line=[shipped()], approval_event=events)
    assert row["is_order_approved"] is approved


def test_what_was_given_away_at_cost_and_by_whom(free):
    orders = [
        order(price="0"),
        order("SO2", price="0", salesperson_id="U2"),
        order("SO3", quantity="100"),
        order("SO4", price="0"),
        order("SO5", price="0"),
    ]
    goods = [shipped("7"), shipped("-2", "SH2", shipment_kind="return"), shipped("1", "SH3", "SO2"), shipped("100", "SH4", "SO3")]
    goods += [shipped("3", "SH5", "SO5"), shipped("1", "SH6", "SO4", is_cancelled="true")]
    rows = free(sales_order_line=orders, shipment_line=goods)
    told = {row["order_number"]: (row["shipped_quantity"], row["cost_amount_base"], row["person_free_amount_base"]) for row in rows}
    assert told == {"SO1": (D(5), D(20), D(32)), "SO2": (D(1), D(4), D(4)), "SO5": (D(3), D(12), D(32))}
    assert {row["person_sales_amount_base"] for row in rows if row["salesperson_id"] == "U1"} == {D(500)}


def test_boxes_given_away_and_what_is_not_known(free):
    (box,) = free(sales_order_line=[order(price="0", uom="BOX")], shipment_line=[shipped("2", uom="BOX")], uom_conversion=BOX)
    assert (box["shipped_quantity"], box["cost_amount_base"], box["base_uom"]) == (D(24), D(96), "EA")
    (odd,) = free(sales_order_line=[order(price="0")], shipment_line=[shipped("2", uom="DRUM")])
    assert (odd["shipped_quantity"], odd["cost_amount_base"]) == (None, None)
    (bare,) = free(sales_order_line=[order(price="0", item="I2")], shipment_line=[shipped(item_id="I2")])
    assert (bare["shipped_quantity"], bare["cost_amount_base"]) == (D(10), None)
