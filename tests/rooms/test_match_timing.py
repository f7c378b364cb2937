"""Orders against the first thing they should have come before; deliveries and their confirmations."""

from __future__ import annotations

from datetime import date

import pytest

from recon.match import match_bucket


def order(created="2026-10-09T09:00:00+00:00", stem="po", party="supplier_id", **other):
    row = {f"{stem}_number": "O1", f"{stem}_line_no": "1", f"{stem}_date": "2026-09-01", party: "P1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": "100", "currency": "CNY", "created_at": created} | other


def receipt(day, number="GR1", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "O1", "po_line_no": "1", "supplier_id": "P1"}
    return row | {"item_id": "I1", "quantity": "5", "uom": "EA", "receipt_kind": "receipt"} | other


def bill(day, number="INV1", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": "P1", "invoice_kind": "invoice", "line_kind": "item"}
    row |= {"po_number": "O1", "po_line_no": "1", "item_id": "I1", "quantity": "5", "uom": "EA", "unit_price_net": "100", "line_amount_net": "500"}
    return row | {"line_amount_gross": "500", "currency": "CNY"} | other


@pytest.fixture(scope="module")
def tables(accepted_of, engagement_of):
    return lambda terms=None, **given: match_bucket(accepted_of(given), engagement_of(**(terms or {})), {"order_timing"}).tables


@pytest.fixture(scope="module")
def timing(tables):
    return lambda **given: tables(**given)["order_timing"].collect().to_dicts()


@pytest.mark.parametrize(("day", "gap", "number"), [("2026-10-08", 1, "GR1"), ("2026-10-09", 0, None), ("2026-10-10", -1, None)])
def test_days_from_the_first_receipt_to_the_order(timing, day, gap, number):
    (row,) = timing(purchase_order_line=[order()], goods_receipt_line=[receipt(day), receipt("2026-10-20", "GR0")])
    assert (row["gap_days"], row["first_event"], row["first_event_date"]) == (gap, "goods_receipt", date.fromisoformat(day))
    assert row["first_event_number"] == number


def test_an_invoice_that_came_first_is_the_first_event(timing):
    (row,) = timing(
        purchase_order_line=[order()], goods_receipt_line=[receipt("2026-10-08")], supplier_invoice_line=[bill("2026-10-03"), bill("2026-10-07", "A")]
    )
    assert (row["gap_days"], row["first_event"], row["first_event_number"]) == (6, "supplier_invoice", "INV1")
    assert row["amount_net"] == 1000


def test_nothing_has_happened_yet(timing):
    (row,) = timing(purchase_order_line=[order()])
    assert (row["gap_days"], row["first_event"], row["creation_is_known"]) == (None, None, True)


def test_the_order_date_is_no_proof_of_creation(timing):
    (row,) = timing(purchase_order_line=[order(None)], goods_receipt_line=[receipt("2026-10-08")])
    assert (row["gap_days"], row["creation_is_known"]) == (None, False)


def test_the_first_approval_stands_in_for_an_unknown_creation(timing):
    event = {"document_type": "purchase_order", "document_number": "O1", "action": "approve", "actor_id": "M"}
    events = [event | {"action_at": "2026-10-10T09:00:00+00:00"}, event | {"action_at": "2026-10-11T09:00:00+00:00"}]
    (row,) = timing(purchase_order_line=[order(None)], goods_receipt_line=[receipt("2026-10-08")], approval_event=events)
    assert row["gap_days"] == 2


def test_of_several_lines_the_first_counts_on_both_sides(timing):
    lines = [order(), order("2026-10-06T09:00:00+00:00", po_line_no="2", item_id="I2")]
    (row,) = timing(purchase_order_line=lines, goods_receipt_line=[receipt("2026-10-05", po_line_no="2", item_id="I2"), receipt("2026-10-08", "GR2")])
    assert row["gap_days"] == 1


def test_reversed_and_cancelled_receipts_are_no_events(timing):
    back = receipt("2026-10-02", "GR2", quantity="-5", receipt_kind="reversal", origin_receipt_number="GR1", origin_receipt_line_no="1")
    rows = [receipt("2026-10-01"), back, receipt("2026-10-03", "GR3", is_cancelled="true")]
    assert timing(purchase_order_line=[order()], goods_receipt_line=rows)[0]["first_event"] is None


def test_the_day_of_creation_is_the_companys(tables):
    given = {"purchase_order_line": [order("2026-10-08T17:00:00+00:00")], "goods_receipt_line": [receipt("2026-10-08")]}
    days = [tables(terms, **given)["order_timing"].collect()["gap_days"].item() for terms in ({}, {"time_zone": "Asia/Shanghai"})]
    assert days == [0, 1]


def test_a_sales_order_should_come_before_its_shipment(timing):
    shipped = {
        "shipment_number": "SH1",
        "shipment_line_no": "1",
        "shipment_date": "2026-10-07",
        "so_number": "O1",
        "so_line_no": "1",
        "customer_id": "P1",
    }
    shipped |= {"item_id": "I1", "quantity": "5", "uom": "EA", "shipment_kind": "shipment"}
    (row,) = timing(sales_order_line=[order(stem="so", party="customer_id")], shipment_line=[shipped])
    assert (row["cycle"], row["gap_days"], row["first_event"], row["first_event_number"]) == ("order_to_cash", 2, "shipment", "SH1")


def shipment(number, day, **other):
    row = {
        "shipment_number": number,
        "shipment_line_no": "1",
        "shipment_date": day,
        "customer_id": "P1",
        "item_id": "I1",
        "quantity": "5",
        "uom": "EA",
    }
    return row | {"shipment_kind": "shipment"} | other


def signed(number, day="2026-10-20", quantity="5", **other):
    row = {"confirmation_number": f"POD-{number}-{day}", "confirmed_date": day, "shipment_number": number, "shipment_line_no": "1"}
    return row | {"quantity_confirmed": quantity} | other


def confirmed(tables, **given):
    columns = ["fulfilment_number", "is_confirmed", "confirmed_date", "confirmed_quantity"]
    return tables(**given)["fulfilment_line_match"].collect().select(columns).sort("fulfilment_number").rows()


def test_unknown_is_not_missing(tables):
    lines = [
        shipment("A", "2026-10-01"),
        shipment("B", "2026-10-02"),
        shipment("C", "2026-10-02"),
        shipment("D", "2026-10-09"),
        shipment("E", "2026-10-09", company_code="C2"),
    ]
    found = confirmed(tables, shipment_line=lines, delivery_confirmation_line=[signed("B")])
    assert [(number, known) for number, known, *_ in found] == [("A", None), ("B", True), ("C", False), ("D", False), ("E", None)]


def test_without_the_feed_nothing_is_known(tables):
    assert confirmed(tables, shipment_line=[shipment("A", "2026-10-01")])[0][1:] == (None, None, None)


def test_parts_are_added_and_what_comes_after_the_as_of_date_is_not_there(tables):
    feed = [signed("A", "2026-10-05", "2"), signed("A", "2026-10-06", "3"), signed("A", "2026-11-01", "9")]
    assert confirmed(tables, shipment_line=[shipment("A", "2026-10-01")], delivery_confirmation_line=feed) == [("A", True, date(2026, 10, 6), 5)]


def test_a_quantity_confirmed_in_another_unit_is_unknown(tables):
    found = confirmed(tables, shipment_line=[shipment("A", "2026-10-01")], delivery_confirmation_line=[signed("A", uom="BOX")])
    assert found == [("A", True, date(2026, 10, 20), None)]
