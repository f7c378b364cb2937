"""Documents beside what they name: other parties and companies, orders that ended, requisitions, inspections, fiscal periods."""

from __future__ import annotations

from datetime import date

import pytest

from recon.domain.measures import WHOLE
from recon.match import match_bucket, match_company


def order(**other):
    row = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-09-10", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": "10", "currency": "CNY"} | other


def receipt(day="2026-10-05", number="GR1", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "PO1", "po_line_no": "1", "supplier_id": "S1"}
    return row | {"item_id": "I1", "quantity": "10", "uom": "EA"} | other


def bill(day="2026-10-12", number="INV1", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": "S1", "po_number": "PO1", "po_line_no": "1"}
    return row | {"item_id": "I1", "quantity": "10", "uom": "EA", "line_amount_net": "100", "line_amount_gross": "113", "currency": "CNY"} | other


@pytest.fixture(scope="module")
def rows(accepted_of, engagement_of):
    def run(name, **given):
        measure = match_company if name in WHOLE else match_bucket
        return measure(accepted_of(given), engagement_of(), {name}).tables[name].collect().to_dicts()

    return run


def test_an_order_of_another_party(rows):
    given = {"purchase_order_line": [order()], "supplier_invoice_line": [bill(), bill(number="INV2", supplier_id="S2")]}
    (found,) = rows("counterparty_reference", **given)
    assert (found["document_number"], found["party_id"], found["other_party_id"], found["amount_gross_base"]) == ("INV2", "S2", "S1", 113)


def test_parties_of_one_group_are_one_party(rows):
    group = [{"party_id": "S1", "party_name": "one", "group_id": "G"}, {"party_id": "S2", "party_name": "two", "group_id": "G"}]
    given = {"purchase_order_line": [order()], "supplier_invoice_line": [bill(supplier_id="S2")], "supplier": group}
    assert rows("counterparty_reference", **given) == []


@pytest.mark.parametrize(("companies", "expected"), [(["C2"], ["C2"]), (["C2", "C3"], []), (["C1", "C2"], [])])
def test_an_order_that_only_one_other_company_has(rows, companies, expected):
    orders = [order(company_code=code) for code in companies] + [order(po_number="OTHER", company_code="C1")]
    found = rows("counterparty_reference", purchase_order_line=orders, supplier_invoice_line=[bill(company_code="C1")])
    assert [row["other_company_code"] for row in found] == expected


@pytest.mark.parametrize(
    ("goods", "billed", "days"), [("2026-10-05", "2026-10-20", 4), ("2026-09-29", "2026-10-20", -2), ("2026-10-08", "2026-10-02", 1)]
)
def test_a_bill_is_as_late_as_its_goods(rows, goods, billed, days):
    closed = order(is_closed=True, closed_at="2026-10-01T08:00:00+00:00")
    found = rows("closed_order_reference", purchase_order_line=[closed], goods_receipt_line=[receipt(goods)], supplier_invoice_line=[bill(billed)])
    assert {row["document_type"]: row["days_after_end"] for row in found}["supplier_invoice"] == days


def test_the_end_of_an_order_is_read_from_its_changes(rows):
    change = {"document_type": "purchase_order", "document_number": "PO1", "field": "doc_status", "new_value": "Cancelled"}
    given = {"purchase_order_line": [order(is_cancelled=True)], "goods_receipt_line": [receipt("2026-10-05")]}
    (unknown,) = rows("closed_order_reference", **given)
    (known,) = rows("closed_order_reference", **given, document_change=[change | {"changed_at": "2026-10-02T08:00:00+00:00"}])
    assert (unknown["order_ended_date"], unknown["days_after_end"]) == (None, None)
    assert (known["order_state"], known["order_ended_date"], known["days_after_end"]) == ("cancelled", date(2026, 10, 2), 3)
    assert known["amount_gross_base"] == 100  # ten at the order's price, since nothing else says a value


def test_a_bill_for_the_whole_order_is_met_by_its_only_line(rows):
    closed = order(is_closed=True, closed_at="2026-10-01T08:00:00+00:00")
    bare = bill(po_line_no=None)
    assert len(rows("closed_order_reference", purchase_order_line=[closed], supplier_invoice_line=[bare])) == 1
    two = [closed, order(po_line_no="2")]
    assert rows("closed_order_reference", purchase_order_line=two, supplier_invoice_line=[bare]) == []


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({}, "unproven"),
        ({"approved_at": "2026-09-10T20:00:00+00:00"}, "approved"),
        ({"approved_at": "2026-09-11T08:00:00+00:00"}, "not_approved"),
        ({"doc_status": "approved"}, "approved"),
        ({"doc_status": "rejected", "approved_at": "2026-09-01T08:00:00+00:00"}, "not_approved"),
        ({"is_cancelled": True}, "cancelled"),
        ({"requisition_id": "OTHER"}, "missing"),
    ],
)
def test_the_state_of_a_requisition(rows, told, state):
    given = {"purchase_order_line": [order(requisition_id="R1")], "purchase_requisition_line": [{"requisition_id": "R1"} | told]}
    (found,) = rows("order_requisition", **given)
    assert (found["requisition_state"], found["document_amount_base"]) == (state, 100)


def test_a_requisition_approved_by_an_event(rows):
    event = {"document_type": "requisition", "document_number": "R1", "action": "approve", "actor_id": "A"}
    given = {"purchase_order_line": [order(requisition_id="R1")], "purchase_requisition_line": [{"requisition_id": "R1"}]}
    states = [
        rows("order_requisition", **given, approval_event=[event | {"action_at": f"2026-09-{day}T08:00:00+00:00"}])[0]["requisition_state"]
        for day in ("10", "11")
    ]
    assert states == ["approved", "not_approved"]


def test_only_goods_that_must_be_inspected_are_looked_at(rows):
    items = [{"item_id": "I1", "base_uom": "EA", "inspection_required": True}, {"item_id": "I2", "base_uom": "EA", "inspection_required": False}]
    receipts = [receipt(inspected_at=None), receipt(number="GR2", item_id="I2", po_number=None), receipt(number="GR3", match_level=None)]
    receipts[2]["inspected_at"] = "2026-10-06T08:00:00+00:00"
    del receipts[2]["match_level"]
    given = {"purchase_order_line": [order()], "goods_receipt_line": receipts, "item": items, "supplier_invoice_line": [bill(due_date="2026-10-31")]}
    found = rows("receipt_inspection", **given)
    assert [(row["fulfilment_number"], row["inspected_at"] is None, row["is_bill_due_or_paid"], row["age_days"]) for row in found] == [
        ("GR1", True, True, 26),
        ("GR3", False, True, 26),
    ]


def test_a_bill_that_is_not_due_does_not_press(rows):
    items = [{"item_id": "I1", "base_uom": "EA", "inspection_required": True}]
    given = {
        "purchase_order_line": [order()],
        "goods_receipt_line": [receipt()],
        "item": items,
        "supplier_invoice_line": [bill(due_date="2026-11-01")],
    }
    (found,) = rows("receipt_inspection", **given)
    assert (found["is_bill_due_or_paid"], found["inspection_is_recorded"]) == (False, False)


@pytest.mark.parametrize(("periods", "left"), [([], 19), ([("C1", "2026-10-01", "2026-10-15")], 3), ([("C9", "2026-10-01", "2026-10-15")], 19)])
def test_days_to_the_end_of_the_period(rows, periods, left):
    given = {"supplier_invoice_line": [bill(company_code="C1", posting_date="2026-10-12")]}
    if periods:
        given["fiscal_period"] = [{"company_code": c, "period": "P", "from_date": start, "to_date": end} for c, start, end in periods]
    (found,) = rows("invoice_line_match", **given)
    assert found["period_days_left"] == left


def test_counts_of_the_whole_invoice_and_the_currency_of_the_order(rows):
    given = {
        "purchase_order_line": [order(currency="USD", fx_rate="7")],
        "supplier_invoice_line": [bill(), bill(invoice_line_no="2", po_number=None)],
    }
    given["supplier_invoice_line"][1]["po_line_no"] = None
    found = rows("invoice_line_match", **given)
    assert [(row["document_line_count"], row["document_linked_line_count"], row["order_currency"]) for row in found] == [(2, 1, "USD"), (2, 1, None)]
