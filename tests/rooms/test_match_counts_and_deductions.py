"""Stock counts, accepted deductions, consigned goods and refused quantities: figures counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket
from recon.match.deductions import accepted_deductions
from recon.match.stock_counts import stock_counts

D = Decimal


def count(**other):
    row = {"count_number": "C1", "count_line_no": "1", "count_date": "2026-10-20", "item_id": "I1", "warehouse_id": "W1"}
    return row | {"counted_quantity": "97", "book_quantity": "100", "uom": "EA"} | other


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (count(), [(D(-3), D(-6), D(4))]),
        (count(counted_quantity="101"), [(D(1), D(2), D(4))]),
        (count(book_quantity=None), [(None, None, D(4))]),
        (count(uom="BOX"), [(D(-3), None, D(4))]),
        (count(count_date="2026-10-21"), [(D(-3), D(-6), None)]),
        (count(count_date="2026-11-01"), []),
    ],
)
def test_a_count_against_the_books(accepted_of, engagement_of, line, found):
    moves = [
        {"movement_number": f"M{i}", "movement_date": "2026-10-20", "item_id": "I1", "warehouse_id": "W1", "quantity": quantity}
        for i, quantity in enumerate(("3", "-1"))
    ]
    items = [{"item_id": "I1", "base_uom": "EA", "standard_cost": "2"}]
    rows = stock_counts(accepted_of({"stock_count_line": [line], "inventory_movement": moves, "item": items}), engagement_of()).collect()
    assert rows.select("difference_quantity", "difference_amount_base", "moved_on_day_quantity").rows() == found


CASH = {"cash_receipt_number": "CR1", "receipt_date": "2026-10-05", "customer_id": "K1", "amount": "53", "currency": "CNY"}


def applied(**other):
    row = {"cash_receipt_number": "CR1", "invoice_number": "A-1", "customer_id": "K1", "amount_applied": "53", "deduction_amount": "60"}
    return row | {"accepted_at": "2026-10-10T00:00:00Z", "accepted_by": "U1"} | other


def note(day="2026-10-06", **other):
    row = {"invoice_number": "N1", "invoice_line_no": "1", "invoice_date": day, "customer_id": "K1", "line_amount_net": "-60", "currency": "CNY"}
    return row | {"invoice_kind": "credit", "origin_invoice_number": "a1"} | other


@pytest.mark.parametrize(
    ("row", "notes", "found"),
    [
        (applied(), [], [(21, False, D(60))]),
        (applied(), [note()], [(21, True, D(60))]),
        (applied(), [note("2026-10-04")], [(21, False, D(60))]),  # before the cash: it was for something else
        (applied(), [note(is_cancelled=True)], [(21, False, D(60))]),
        (applied(), [note(origin_invoice_number="A-2")], [(21, False, D(60))]),
        (applied(accepted_at=None), [], []),
        (applied(accepted_at="2026-10-31T17:00:00Z"), [], []),  # the first of November in Shanghai
    ],
)
def test_an_accepted_deduction_and_its_credit_note(accepted_of, engagement_of, row, notes, found):
    given = {"cash_receipt": [CASH], "cash_receipt_allocation": [row], "customer_invoice_line": notes or [note(customer_id="K9")]}
    tables, _ = accepted_deductions(accepted_of(given), engagement_of(time_zone="Asia/Shanghai"))
    assert tables["accepted_deduction"].collect().select("age_days", "has_credit_note", "amount_base").rows() == found


def test_nobody_says_what_was_accepted(accepted_of, engagement_of):
    rows = [{k: v for k, v in applied().items() if not k.startswith("accepted")}]
    assert accepted_deductions(accepted_of({"cash_receipt_allocation": rows}), engagement_of()) == ({}, {})


def po(**other):
    row = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-09-01", "supplier_id": "S1", "item_id": "I1", "quantity": "100", "uom": "EA"}
    return row | {"unit_price_net": "3", "currency": "CNY", "po_type": "consignment"} | other


def bill(number, quantity, day="2026-10-20"):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": "S1", "item_id": "I1", "currency": "CNY"}
    row |= {"po_number": "PO1", "po_line_no": "1", "quantity": quantity, "uom": "EA", "unit_price_net": "3"}
    return row | {"line_amount_net": str(3 * D(quantity)), "invoice_kind": "invoice"}


def used(quantity="-60", day="2026-10-19", **other):
    row = {"movement_number": f"M{quantity}", "movement_date": day, "item_id": "I1", "warehouse_id": "W1", "quantity": quantity}
    return row | {"movement_kind": "consumption", "supplier_id": "S1"} | other


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        ([used()], [(D(70), D(60), D(10), D(30))]),
        ([used(), used("5")], [(D(70), D(55), D(15), D(45))]),  # five were put back
        ([used(), used("-9", "2026-09-30")], [(D(70), D(60), D(10), D(30))]),
        ([used(supplier_id="S2")], [(D(70), D(0), D(70), D(210))]),
        ([used(movement_kind="issue")], [(D(70), None, None, None)]),
        ([used(uom="BOX")], [(D(70), None, None, None)]),
    ],
)
def test_consigned_goods_by_month(accepted_of, engagement_of, moves, found):
    given = {"purchase_order_line": [po()], "supplier_invoice_line": [bill("A1", "30"), bill("A2", "40", "2026-10-25")], "inventory_movement": moves}
    rows = match_bucket(accepted_of(given), engagement_of(), {"consignment_billing"}).tables["consignment_billing"].collect()
    assert rows.select("billed_quantity", "consumed_quantity", "excess_quantity", "excess_amount_base").rows() == found
    assert rows["document_number"].to_list() == ["A2"]


def receipt(number, quantity, kind="receipt", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": "2026-09-05", "po_number": "PO1", "po_line_no": "1", "supplier_id": "S1"}
    return row | {"item_id": "I1", "quantity": quantity, "uom": "EA", "receipt_kind": kind} | other


@pytest.mark.parametrize(
    ("goods", "found"),
    [
        ([receipt("G1", "50"), receipt("G2", "-10", "return")], (D(50), D(10))),
        ([receipt("G1", "50", quantity_rejected="4")], (D(50), D(4))),
        ([receipt("G1", "50", quantity_rejected="4"), receipt("G2", "-4", "return", quantity_rejected="-4")], (D(50), D(4))),
        ([receipt("G1", "50"), receipt("G2", "-50", "reversal", origin_receipt_number="G1", origin_receipt_line_no="1")], None),
        ([receipt("G1", "50", kind=None)], (D(50), None)),
    ],
)
def test_what_a_supplier_delivered_and_what_was_refused(accepted_of, engagement_of, goods, found):
    accepted = accepted_of({"purchase_order_line": [po(po_type="standard")], "goods_receipt_line": goods})
    rows = match_bucket(accepted, engagement_of(), {"party_record"}).tables["party_record"]
    told = rows.collect().select("delivered_quantity", "refused_quantity").row(0)
    assert told == (found or (None, None))
