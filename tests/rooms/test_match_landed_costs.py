"""Freight of carriers spread over the goods they brought: to the cent, by the agreed way, and not at all where the way is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company

D = Decimal
ITEMS = [
    {"item_id": "I1", "base_uom": "EA", "unit_weight": "2", "unit_volume": "0.03"},
    {"item_id": "I2", "base_uom": "EA", "unit_weight": "0.5", "unit_volume": "0.005"},
]


def order(line, item="I1", price="10", **other):
    row = {"po_number": "PO1", "po_line_no": line, "po_date": "2026-10-01", "supplier_id": "S1", "item_id": item, "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": price, "currency": "CNY"} | other


def receipt(line, item="I1", quantity="10", note="WB 77", **other):
    row = {"receipt_number": "GR1", "receipt_line_no": line, "receipt_date": "2026-10-05", "po_number": "PO1", "po_line_no": line, "item_id": item}
    return row | {"supplier_id": "S1", "quantity": quantity, "uom": "EA", "supplier_delivery_note": note} | other


def freight(net="100", note="WB-77", number="F1", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-10-12", "supplier_id": "CARRIER", "line_kind": "charge"}
    return row | {"line_amount_net": net, "currency": "CNY", "supplier_delivery_note": note, "charge_code": "FREIGHT"} | other


@pytest.fixture(scope="module")
def landed(accepted_of, engagement_of):
    def run(way, bills=None, orders=None, goods=None, where=None, items=ITEMS):
        policies = [{"set": {"freight_spread": way}, "why": "test", **({"where": where} if where else {})}] if way else []
        tables = {
            "purchase_order_line": orders or [order("1"), order("2", "I2", "5")],
            "goods_receipt_line": goods or [receipt("1"), receipt("2", "I2", "20")],
            "supplier_invoice_line": bills or [freight()],
            "item": items,
        }
        found = match_company(accepted_of(tables), engagement_of(policies=policies), {"landed_cost"}).tables["landed_cost"].collect().to_dicts()
        return [(row["fulfilment_line_no"], row["amount"], row["reason"]) for row in found]

    return run


@pytest.mark.parametrize(
    ("way", "parts"),  # 10 pieces at 10 of 2 kg and 30 litres, 20 pieces at 5 of half a kilogram and 5 litres
    [("volume", [D(75), D(25)]), ("value", [D(50), D(50)]), ("quantity", [D("33.33"), D("66.67")]), ("weight", [D("66.67"), D("33.33")])],
)
def test_a_charge_is_spread_the_agreed_way_and_to_the_cent(landed, way, parts):
    assert landed(way) == [("1", parts[0], None), ("2", parts[1], None)]


def test_nothing_is_spread_where_nobody_agreed_on_a_way(landed):
    assert landed(None) == []
    assert landed("value", where={"supplier_id": "OTHER"}) == []
    assert len(landed("value", where={"supplier_id": "CARRIER"})) == 2


def test_a_refund_of_freight_takes_the_same_parts_back(landed):
    assert landed("quantity", [freight("-100")]) == [("1", D("-33.33"), None), ("2", D("-66.67"), None)]


@pytest.mark.parametrize(("day", "is_met"), [("2026-12-04", True), ("2026-12-05", False)])
def test_waybills_are_used_again(landed, accepted_of, engagement_of, day, is_met):
    """Sixty days from the receipt of the fifth of October belong to one transport."""
    tables = {"goods_receipt_line": [receipt("1")], "purchase_order_line": [order("1")], "supplier_invoice_line": [freight(invoice_date=day)]}
    engagement = engagement_of(as_of="2026-12-31", policies=[{"set": {"freight_spread": "value"}, "why": "test"}])
    (row,) = match_company(accepted_of(tables), engagement, {"landed_cost"}).tables["landed_cost"].collect().to_dicts()
    assert (row["fulfilment_line_no"], row["reason"]) == (("1", None) if is_met else (None, "no receipt bears the waybill"))


@pytest.mark.parametrize(
    ("way", "given", "reason"),
    [
        ("value", {"orders": [order("1"), order("2", "I2", None)]}, "the value of some goods is not known"),
        ("value", {"orders": [order("1"), order("2", "I2", currency="USD")]}, "the value of some goods is not known"),
        ("quantity", {"items": [ITEMS[0], {"item_id": "I2", "base_uom": "KG"}]}, "goods of several units"),
        ("weight", {"items": [ITEMS[0], {"item_id": "I2", "base_uom": "EA"}]}, "the weight of some goods is not known"),
        ("weight", {"items": [{"item_id": item, "base_uom": "EA"} for item in ("I1", "I2")]}, "the weight of some goods is not known"),
        ("volume", {"items": [ITEMS[0], {"item_id": "I2", "base_uom": "EA", "unit_weight": "1"}]}, "the volume of some goods is not known"),
        ("volume", {"items": [item | {"unit_volume": "0"} for item in ITEMS]}, "the goods are worth, weigh or measure nothing"),
        ("value", {"bills": [freight(note="WB-78")]}, "no receipt bears the waybill"),
        ("value", {"bills": [freight(note=None)]}, "no receipt bears the waybill"),
        ("value", {"orders": [order("1", price="0"), order("2", "I2", "0")]}, "the goods are worth, weigh or measure nothing"),
    ],
)
def test_what_cannot_be_spread_the_agreed_way_says_why(landed, way, given, reason):
    assert landed(way, **given) == [(None, D(100), reason)]


def test_goods_that_went_back_and_bills_with_goods_bear_nothing(landed):
    back = receipt("2", "I2", "-20", receipt_kind="return")
    assert landed("value", goods=[receipt("1"), back]) == [("1", D(100), None)]
    own = [freight(), freight(invoice_line_no="2", line_kind="item", quantity="1")]
    assert landed("value", own) == []


def test_what_the_order_planned_stands_beside_it(accepted_of, engagement_of):
    tables = {
        "purchase_order_line": [order("1", planned_charge_amount="60", currency="USD", fx_rate="7"), order("2", "I2", "5")],
        "goods_receipt_line": [receipt("1", quantity="5"), receipt("2", "I2", "20")],
        "supplier_invoice_line": [freight()],
    }
    engagement = engagement_of(policies=[{"set": {"freight_spread": "value"}, "why": "test"}])
    rows = match_company(accepted_of(tables), engagement, {"landed_cost"}).tables["landed_cost"].collect().to_dicts()
    assert [(row["goods_amount_base"], row["planned_amount_base"], row["amount"]) for row in rows] == [
        (D(350), D(210), D("77.78")),
        (D(100), None, D("22.22")),
    ]
