"""Returns, credits, advances, charges, signatures and balances: figures counted by hand, on both sides of each line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from recon.domain.workpapers import Matches
from recon.match import ledger, match_bucket

Match = Callable[..., Matches]
D = Decimal
#: The measured tables of these tests that are made only where they are asked for.
WANTED = (
    "return_match", "credit_match", "credited_invoice", "open_credit", "advance_match", "charge_match", "planned_charge", "mirror_layer",
    "party_balance", "pack_ratio", "confirmed_bill", "validity_test",
)  # fmt: skip


def po(line: str = "1", **over: Any) -> dict[str, Any]:
    plain = {"po_number": "PO1", "po_line_no": line, "po_date": "2026-09-01", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return plain | {"unit_price_net": "10", "currency": "CNY"} | over


def gr(number: str = "GR1", day: str = "2026-09-05", **over: Any) -> dict[str, Any]:
    plain = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "PO1", "po_line_no": "1"}
    return plain | {"supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA", "receipt_kind": "receipt"} | over


def back(number: str, quantity: str, day: str = "2026-09-20", **over: Any) -> dict[str, Any]:
    return gr(number, day, quantity=quantity, receipt_kind="return", **over)


def inv(number: str = "INV1", **over: Any) -> dict[str, Any]:
    plain = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-09-12", "supplier_id": "S1", "item_id": "I1", "currency": "CNY"}
    plain |= {"po_number": "PO1", "po_line_no": "1", "quantity": "10", "uom": "EA", "unit_price_net": "10", "line_amount_net": "100"}
    return plain | {"invoice_kind": "invoice", "line_kind": "item"} | over


def credit(quantity: str, amount: str, **over: Any) -> dict[str, Any]:
    named = {
        "invoice_kind": "credit",
        "quantity": quantity,
        "line_amount_net": amount,
        "origin_invoice_number": "INV1",
        "origin_invoice_line_no": "1",
    }
    return inv("CN1", invoice_date="2026-09-25", **(named | over))


def charge(amount: str, line: str = "2", **over: Any) -> dict[str, Any]:
    blank = {"item_id": None, "quantity": None, "uom": None, "unit_price_net": None, "line_kind": "charge", "charge_code": "FREIGHT"}
    return inv(invoice_line_no=line, line_amount_net=amount, **(blank | over))


@pytest.fixture
def matched(accepted_of: Callable[..., Any], engagement_of: Callable[..., Any]) -> Match:
    def run(orders: list[Any], goods: list[Any], bills: list[Any], policies: list[Any] | None = None, **others: list[Any]) -> Matches:
        given = {"purchase_order_line": orders, "goods_receipt_line": goods, "supplier_invoice_line": bills} | others
        terms = engagement_of(policies=[{"set": p, "why": "test"} for p in policies or []])
        return match_bucket(accepted_of({k: v for k, v in given.items() if v}), terms, WANTED)

    return run


def said(matches: Matches, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return matches.tables[table].select(columns).collect().rows()


def test_a_return_of_what_was_billed_waits_for_its_credit(matched: Match) -> None:
    full = matched([po()], [gr(), back("RT1", "-3")], [inv()])
    assert said(full, "return_match", "uncredited_quantity", "billed_unit_price", "age_days") == [(D(3), D(10), 41)]


@pytest.mark.parametrize(
    ("goods", "bills"),
    [
        ([gr(), back("RT1", "-3")], [inv(quantity="7", line_amount_net="70")]),  # never billed
        ([gr(), back("RT1", "-3"), gr("GR2", "2026-09-22", quantity="3")], [inv()]),  # replaced
        ([gr(), back("RT1", "-3")], [inv(), credit("-3", "-30")]),  # credited
    ],
)
def test_no_credit_is_owed_for_what_was_not_billed_or_is_settled(matched: Match, goods: list[Any], bills: list[Any]) -> None:
    assert said(matched([po()], goods, bills), "return_match", "uncredited_quantity") == [(D(0),)]


def test_credits_clear_the_oldest_return_first(matched: Match) -> None:
    goods = [gr(), back("RT1", "-3"), back("RT2", "-2", "2026-09-22")]
    matches = matched([po()], goods, [inv(), credit("-3", "-30")])
    assert said(matches, "return_match", "document_number", "uncredited_quantity") == [("RT1", D(0)), ("RT2", D(2))]


def test_a_return_that_names_a_receipt_is_held_to_it(matched: Match) -> None:
    named = {"origin_receipt_number": "GR2", "origin_receipt_line_no": "1"}
    goods = [gr(quantity="6"), gr("GR2", quantity="4"), back("RT1", "-3", **named), back("RT2", "-2", "2026-09-22", **named)]
    matches = matched([po()], goods, [])
    columns = ("document_number", "basis_quantity", "returned_to_date_quantity", "excess_quantity")
    assert said(matches, "return_match", *columns) == [("RT1", D(4), D(3), D(0)), ("RT2", D(4), D(5), D(1))]
    loose = matched([po()], [gr(quantity="6"), gr("GR2", quantity="4"), back("RT1", "-11")], [])
    assert said(loose, "return_match", *columns) == [("RT1", D(10), D(11), D(1))]


def test_a_credit_is_justified_by_what_was_billed_above_what_stayed(matched: Match) -> None:
    matches = matched([po()], [gr(), back("RT1", "-2")], [inv(), credit("-3", "-30")])
    assert said(matches, "credit_match", "unjustified_quantity", "names_origin", "price_difference") == [(D(1), True, D(0))]
    short = matched([po()], [gr(quantity="8")], [inv(), credit("-2", "-18", unit_price_net="9")])
    assert said(short, "credit_match", "unjustified_quantity", "price_difference") == [(D(0), D(-2))]


def test_credits_are_added_up_against_the_invoice_they_name(matched: Match) -> None:
    matches = matched([po()], [gr()], [inv(), credit("-12", "-120")])
    assert said(matches, "credited_invoice", "document_number", "amount_gross", "excess_amount") == [("INV1", D(100), D(20))]
    unknown = matched([po()], [gr()], [credit("-1", "-10", origin_invoice_number="OLD")])
    assert said(unknown, "credited_invoice", "document_number", "excess_amount") == [("OLD", None)]


def test_an_advance_is_used_by_lines_that_name_it(matched: Match) -> None:
    ahead = inv("PP1", quantity=None, unit_price_net=None, line_amount_net="50", invoice_kind="prepayment")
    used = {"quantity": None, "unit_price_net": None, "line_kind": "prepayment_application", "origin_invoice_number": "PP1"}
    part = inv(invoice_line_no="2", line_amount_net="-20", **used)
    matches = matched([po()], [gr()], [ahead, inv(), part])
    columns = ("document_number", "applied_amount", "open_amount", "order_is_complete")
    assert said(matches, "advance_match", *columns) == [("PP1", D(20), D(30), True)]


def test_more_than_an_advance_is_said_to_be_applied(matched: Match) -> None:
    paid = {
        "payment_number": "A1",
        "payment_date": "2026-09-02",
        "supplier_id": "S1",
        "amount": "50",
        "currency": "CNY",
        "payment_kind": "prepayment",
    }
    rows = [{"payment_number": "A1", "invoice_number": "INV1", "supplier_id": "S1", "amount_applied": "60"}]
    matches = matched([po()], [gr()], [inv()], supplier_payment=[paid], supplier_payment_allocation=rows)
    assert said(matches, "advance_match", "over_applied_amount", "open_amount") == [(D(10), D(0))]


def test_charges_grow_with_what_is_billed(matched: Match) -> None:
    order = po(planned_charge_amount="10", charge_code="FREIGHT")
    half = matched([order], [gr()], [inv(quantity="5", line_amount_net="50"), charge("7")])
    assert said(half, "charge_match", "planned_amount", "expected_to_date_amount", "over_plan_amount") == [(D(10), D(5), D(2))]
    twice = matched([order], [gr()], [inv(), charge("7"), charge("7", "3")])
    assert said(twice, "charge_match", "document_line_no", "charge_variance") == [("2", D(0)), ("3", D(4))]
    less = matched([order], [gr()], [inv(), charge("4")])
    assert said(less, "charge_match", "charge_variance") == [(D(-6),)]
    assert said(less, "planned_charge", "missing_amount", "order_line_no") == [(D(6), "1")]
    unplanned = matched([order], [gr()], [inv(), charge("7", charge_code="TOLL")])
    assert said(unplanned, "charge_match", "planned_amount", "charge_variance") == [(None, D(7))]


def test_credits_take_charges_back(matched: Match) -> None:
    order = po(planned_charge_amount="10", charge_code="FREIGHT")
    back = {"invoice_kind": "credit", "origin_invoice_number": "INV1", "origin_invoice_line_no": "2"}
    figures = ("document_number", "kept_amount", "charged_to_date_amount", "over_plan_amount")
    named = matched(
        [order], [gr()], [inv(), charge("15"), charge("4", "3"), charge("-5", "1", invoice_number="CN1", invoice_date="2026-09-25", **back)]
    )
    assert said(named, "charge_match", *figures) == [("CN1", D(0), D(14), D(0)), ("INV1", D(10), D(10), D(0)), ("INV1", D(4), D(14), D(4))]
    assert sum(v for (v,) in said(named, "charge_match", "charge_variance")) == 4
    newest = {"invoice_kind": "credit", "invoice_number": "CN1", "invoice_date": "2026-09-25"}
    plain = matched([order], [gr()], [inv(), charge("15"), charge("4", "3"), charge("-5", "1", **newest)])
    assert said(plain, "charge_match", *figures) == [("CN1", D(0), D(14), D(0)), ("INV1", D(14), D(14), D(4)), ("INV1", D(0), D(14), D(4))]


def test_each_charge_beyond_the_plan_has_its_own_part(matched: Match) -> None:
    order = po(planned_charge_amount="10", charge_code="FREIGHT")
    matches = matched([order], [gr()], [inv(), charge("15"), charge("4", "3")])
    assert said(matches, "charge_match", "over_plan_before_amount", "over_plan_amount") == [(D(-10), D(5)), (D(5), D(9))]


def test_two_lines_mirror_each_other_only_if_nobody_else_does(matched: Match) -> None:
    orders = [po("1"), po("2"), po("3")]
    goods, bill = [gr()], [inv(po_line_no="2")]
    matches = matched(orders, goods, bill)
    assert said(matches, "mirror_layer", "order_line_no", "other_order_line_no", "same_quantity", "days_apart") == [("1", "2", True, 7)]
    doubtful = matched(orders, goods, [*bill, inv("INV2", po_line_no="3")])
    assert said(doubtful, "mirror_layer", "same_quantity", "value_difference", "next_difference") == [(False, D(0), D(0))]


def test_open_items_stand_against_the_ledger_with_its_sign(
    accepted_of: Callable[..., Any], engagement_of: Callable[..., Any], matched: Match
) -> None:
    row = {"account": "2202", "account_role": "payables", "as_of_date": "2026-10-31", "balance": "-90", "currency": "CNY"}
    books = {"gl_balance": [row, row | {"account": "1401", "account_role": "gr_ir", "balance": "0", "as_of_date": "2026-09-30"}]}
    layers = matched([po()], [gr()], [inv()]).tables["open_layer"]
    found = ledger(accepted_of(books), layers, engagement_of())
    told = found.select("account_role", "sub_ledger", "difference").rows()
    assert told == [("gr_ir", None, None), ("payables", D(-100), D(-10))]


def test_a_bill_above_the_signature_keeps_only_what_was_signed_for(matched: Match) -> None:
    order = {"so_number": "SO1", "so_line_no": "1", "so_date": "2026-09-01", "customer_id": "C1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    order |= {"unit_price_net": "10", "currency": "CNY"}
    shipped = {"shipment_number": "SH1", "shipment_line_no": "1", "shipment_date": "2026-09-05", "so_number": "SO1", "so_line_no": "1"}
    shipped |= {"customer_id": "C1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    signed = {
        "confirmation_number": "P1",
        "confirmed_date": "2026-09-07",
        "shipment_number": "SH1",
        "shipment_line_no": "1",
        "quantity_confirmed": "7",
    }
    bill = {k: v for k, v in inv().items() if not k.startswith(("po_", "supplier"))} | {"so_number": "SO1", "so_line_no": "1", "customer_id": "C1"}
    first, second = bill | {"quantity": "6", "line_amount_net": "60"}, bill | {"invoice_number": "INV2", "quantity": "4", "line_amount_net": "40"}
    others = {
        "sales_order_line": [order],
        "shipment_line": [shipped],
        "customer_invoice_line": [first, second],
        "delivery_confirmation_line": [signed],
    }
    matches = matched([], [], [], **others)
    assert said(matches, "confirmed_bill", "document_number", "unconfirmed_quantity") == [("INV1", D(0)), ("INV2", D(3))]


def test_goods_are_tested_by_their_order_and_limits_by_their_bill(matched: Match) -> None:
    period = {"valid_from": "2026-09-02", "valid_to": "2026-09-10"}
    matches = matched([po(**period), po("2", po_type="blanket", limit_amount="100", **period)], [], [inv(po_line_no="2")])
    assert said(matches, "validity_test", "document_type", "tested_date") == [
        ("purchase_order", date(2026, 9, 1)),
        ("supplier_invoice", date(2026, 9, 12)),
    ]


def test_a_dozen_is_told_from_thirteen(matched: Match) -> None:
    order = po(quantity="60", unit_price_net="1")
    bill = inv(quantity="60", unit_price_net="1", line_amount_net="60")
    for received, size in (("5", "12"), ("4.6153846154", "13")):
        matches = matched([order], [gr(quantity=received)], [bill])
        assert said(matches, "pack_ratio", "pack_size_word", "value_difference") == [(size, Decimal(0))]


def test_nothing_is_made_of_nothing(matched: Match) -> None:
    matches = matched([po()], [gr()], [inv()])
    for name in (
        "return_match",
        "credit_match",
        "credited_invoice",
        "open_credit",
        "advance_match",
        "charge_match",
        "planned_charge",
        "mirror_layer",
    ):
        assert matches.tables[name].select(pl.len()).collect().item() == 0, name
