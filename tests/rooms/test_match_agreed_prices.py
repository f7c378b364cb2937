"""Prices agreed afterwards, last prices, contracts passed by, discounts: figures counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket

D = Decimal


def po(number="PO1", day="2026-09-01", **other):
    row = {"po_number": number, "po_line_no": "1", "po_date": day, "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": "10", "currency": "CNY"} | other


def inv(number="A1", day="2026-09-12", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": "S1", "item_id": "I1", "currency": "CNY"}
    row |= {"po_number": "PO1", "po_line_no": "1", "quantity": "10", "uom": "EA", "unit_price_net": "10", "line_amount_net": "100"}
    return row | {"invoice_kind": "invoice", "line_kind": "item"} | other


def price(net="9", first="2026-08-01", entered="2026-10-01T02:00:00Z", **other):
    row = {"contract_id": "K1", "party_id": "S1", "item_id": "I1", "valid_from": first, "unit_price_net": net, "currency": "CNY", "uom": "EA"}
    return row | {"created_at": entered} | other


@pytest.fixture
def tables(accepted_of, engagement_of):
    def build(name, orders, bills=(), prices=(), **others):
        given = {"purchase_order_line": list(orders), "supplier_invoice_line": list(bills), "price_list_line": list(prices), **others}
        accepted = accepted_of({k: v for k, v in given.items() if v})
        return match_bucket(accepted, engagement_of(time_zone="Asia/Shanghai"), {name}).tables[name].collect()

    return build


def claims(tables, bills, prices):
    return tables("retroactive_price", [po()], bills, prices).select("document_number", "billed_quantity", "claim_amount").rows()


OLD = price("10", "2026-01-01", "2025-12-01T00:00:00Z")


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        ([OLD, price()], [("A1", D(10), D(10))]),
        ([OLD, price("11")], [("A1", D(10), D(-10))]),
        ([OLD, price(first="2026-09-13")], []),
        ([OLD, price(first="2026-09-12")], [("A1", D(10), D(10))]),
        ([OLD, price(entered="2026-09-12T23:00:00Z")], [("A1", D(10), D(10))]),  # the thirteenth in Shanghai
        ([OLD, price(entered="2026-09-11T23:00:00Z")], []),
        ([OLD, price(valid_to="2026-09-11")], []),
        ([OLD, price(min_quantity="11")], []),
        ([OLD, price(min_quantity="10")], [("A1", D(10), D(10))]),
        ([OLD, price("108", uom="DZ")], []),  # nobody says how many pieces a dozen is
        ([OLD, price("90", price_per="10")], [("A1", D(10), D(10))]),
        ([OLD, price(), price("8", entered="2026-10-05T00:00:00Z")], [("A1", D(10), D(20))]),
        ([price(entered=None)], [("A1", D(10), None)]),
        ([price("10", entered=None)], [("A1", D(10), D(0))]),
    ],
)
def test_what_a_later_price_leaves_to_settle(tables, prices, found):
    assert claims(tables, [inv()], prices) == found


def credit(number, kind, amount, quantity=None, **other):
    blank = {"unit_price_net": "10"} if quantity else {"unit_price_net": None}
    return inv(number, "2026-10-10", invoice_kind=kind, line_amount_net=amount, quantity=quantity, origin_invoice_number="A1") | blank | other


@pytest.mark.parametrize(
    ("notes", "left"),
    [
        ([credit("N1", "credit", "-40", "-4")], D(6)),
        ([credit("N1", "value_credit", "-10")], D(0)),
        ([credit("N1", "value_credit", "-7", item_id=None)], D(3)),
        ([credit("N1", "value_credit", "-7", origin_invoice_number=None)], D(3)),
        ([credit("N1", "value_credit", "-7", origin_invoice_number="ZZ")], D(10)),
        ([credit("N1", "value_debit", "5")], D(15)),
    ],
)
def test_what_has_been_settled_since(tables, notes, left):
    assert [row[2] for row in claims(tables, [inv(), *notes], [OLD, price()])] == [left]


def test_bills_of_one_price_add_up_and_the_last_one_is_named(tables):
    bills = [inv(), inv("A2", "2026-09-20", quantity="5", line_amount_net="50"), inv("A3", "2026-10-02")]
    found = tables("retroactive_price", [po(quantity="25")], bills, [OLD, price()])
    assert found.select("document_number", "bill_count", "claim_amount", "bills").rows() == [("A2", 2, D(15), "A1: 10.000; A2: 5.000")]


def test_the_last_price_is_the_highest_of_the_latest_day_before(tables):
    orders = [po("PO0", "2026-05-01", unit_price_net="8"), po("PO1"), po("PO2", unit_price_net="9"), po("PO3", "2026-09-30", unit_price_net="12")]
    orders += [po("PO4", "2026-10-01", currency="USD"), po("PO5", "2026-10-01", supplier_id="S2"), po("PO6", "2026-09-15", is_cancelled=True)]
    found = tables("last_price", orders)
    assert found.select("order_number", "last_order_number", "last_unit_price", "since_days", "rise_amount").rows() == [
        ("PO1", "PO0", D(8), 123, D(20)),
        ("PO2", "PO0", D(8), 123, D(10)),
        ("PO3", "PO1", D(10), 29, D(20)),
    ]


@pytest.mark.parametrize(
    ("order", "contract", "found"),
    [
        (po(), price(party_id="S2"), [(True, False, "S2", D(9), D(10))]),
        (po(), price(), [(True, False, "S1", D(9), D(10))]),
        (po(contract_id="K1"), price(), [(True, True, "S1", D(9), D(10))]),
        (po(contract_line_id="K1/1"), price(contract_line_id="K1/1"), [(True, True, "S1", D(9), D(10))]),
        (po(contract_id="K1"), price(party_id="S2"), [(True, False, "S2", D(9), D(10))]),
        (po(contract_id="K7"), price(party_id="S2"), [(True, True, "S2", D(9), D(10))]),
        (po(), price(first="2026-09-02"), []),
        (po(), price(first="2026-09-01"), [(True, False, "S1", D(9), D(10))]),
        (po(), price(valid_to="2026-08-31"), []),
        (po(), price(is_active=False), []),
        (po(), price(contract_id=None), []),
        (po(), price(currency="USD"), [(True, False, "S1", None, None)]),
        (po(item_id=None), price(), [(None, False, None, None, None)]),
    ],
)
def test_an_order_beside_a_contract(tables, order, contract, found):
    rows = tables("order_off_contract", [order], prices=[contract])
    assert rows.select("has_contract", "is_under_contract", "contract_party_id", "contract_price", "saving_missed_base").rows() == found


def test_a_contract_of_the_group_is_the_suppliers_own(tables):
    suppliers = [{"party_id": p, "party_name": p, "group_id": "G"} for p in ("S1", "S2")]
    found = tables("order_off_contract", [po(contract_id="K1")], prices=[price(party_id="S2")], supplier=suppliers)
    assert found["is_under_contract"].to_list() == [True]


def test_the_own_contract_is_shown_before_a_cheaper_one(tables):
    found = tables(
        "order_off_contract", [po()], prices=[price("9.50"), price("8", party_id="S2", contract_id="K2"), price("7", party_id="S3", contract_id="K3")]
    )
    assert found["contract_number"].to_list() == ["K1"]
    others = tables("order_off_contract", [po()], prices=[price("8", party_id="S2", contract_id="K2"), price("7", party_id="S3", contract_id="K3")])
    assert others["contract_number"].to_list() == ["K3"]


AGREED = {"line_discount_share": "0.2", "unit_price_net": "8"}


@pytest.mark.parametrize(
    ("order", "bill", "found"),
    [
        (po(**AGREED), inv(discount_amount="20", line_amount_net="80"), [(D(100), D(20), D(20), D(0))]),
        (po(**AGREED), inv(), [(D(100), D(0), D(20), D(-20))]),
        (po(**AGREED), inv(unit_price_net="8", line_amount_net="80"), [(D(100), D(20), D(20), D(0))]),  # built into the price
        (po(**AGREED), inv(discount_amount="25", line_amount_net="75"), [(D(100), D(25), D(20), D(5))]),
        (po(line_discount_share=None), inv(discount_amount="5", line_amount_net="95"), [(D(100), D(5), D(0), D(5))]),
        (po(), inv(discount_amount="5", line_amount_net="95"), [(D(100), D(5), None, None)]),
        (po(), inv(), []),
    ],
)
def test_discounts_given_and_due(tables, order, bill, found):
    rows = tables("line_discount", [order], [bill])
    assert rows.select("list_value", "given_amount", "due_amount", "difference_amount").rows() == found


def test_a_discount_of_the_contract(tables):
    found = tables("line_discount", [po(unit_price_net="8")], [inv()], [price("8", line_discount_share="0.2")])
    assert found.select("source_of_agreement", "due_amount", "difference_amount", "direction").rows() == [("contract", D(20), D(-20), "not given")]
