"""Steps of one order against an allowed order: minutes and days, several documents, payments of a requisition, what is not known."""

from __future__ import annotations

import pytest

from recon.domain.errors import TermsRefused
from recon.domain.sequences import STEPS, chains, refuse_unreadable
from recon.match import match_company

CHAIN = "created > first_approved > first_fulfilled > last_fulfilled > first_paid"


def order(number="PO1", created="2026-05-04T09:00:00Z", **other):
    row = {"po_number": number, "po_line_no": "1", "po_date": "2026-05-04", "supplier_id": "S1", "quantity": "10", "unit_price_net": "7.5"}
    return row | {"uom": "EA", "currency": "CNY", "created_at": created} | other


def receipt(number="GR1", day="2026-05-08", at="2026-05-08T15:00:00Z", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "PO1", "po_line_no": "1", "supplier_id": "S1"}
    return row | {"quantity": "5", "uom": "EA", "created_at": at} | other


def bill(number="B1", order_number="PO1", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-05-09", "supplier_id": "S1", "po_number": order_number}
    return row | {"line_amount_net": "75", "currency": "CNY", "invoice_kind": "invoice"} | other


def payment(day="2026-06-01", at="2026-06-01T11:00:00Z", number="P1", **other):
    row = {"payment_number": number, "payment_date": day, "supplier_id": "S1", "amount": "75", "currency": "CNY", "payment_kind": "payment"}
    return row | {"created_at": at} | other


def applied(number="P1", invoice="B1"):
    return {"payment_number": number, "invoice_number": invoice, "supplier_id": "S1", "amount_applied": "75"}


def approval(at="2026-05-04T10:00:00Z", number="PO1"):
    return {"document_type": "purchase_order", "document_number": number, "action": "approve", "actor_id": "U", "action_at": at}


@pytest.fixture(scope="module")
def found(accepted_of, engagement_of):
    def told(sequence=CHAIN, skew="0", **given):
        terms = engagement_of().model_copy(update={"allowances": {"allowed_sequence_set": sequence, "clock_skew_seconds": skew}})
        names = {"orders": "purchase_order_line", "goods": "goods_receipt_line", "bills": "supplier_invoice_line", "paid": "supplier_payment",
                 "applied": "supplier_payment_allocation", "approvals": "approval_event"}  # fmt: skip
        tables = {names.get(name, name): rows for name, rows in given.items()}
        made = match_company(accepted_of({"purchase_order_line": [order()], **tables}), terms, {"order_sequence"})
        rows = made.tables["order_sequence"].collect()
        shown = rows.select("order_number", "is_out_of_order", "early_step", "awaited_step", "seconds_ahead").rows()
        return shown, made.covers["order_sequence"], rows

    return told


def outcome(found, **given):
    return found(**given)[0]


@pytest.mark.parametrize(("at", "early"), [("2026-05-08T14:59:00Z", 60), ("2026-05-08T15:00:00Z", None), ("2026-05-08T15:01:00Z", None)])
def test_a_payment_a_minute_before_the_last_goods_is_early(found, at, early):
    goods = [receipt("GR1", day="2026-05-06", at="2026-05-06T08:00:00Z"), receipt("GR2")]
    rows = outcome(found, goods=goods, bills=[bill()], paid=[payment("2026-05-08", at)], applied=[applied()])
    assert rows == ([("PO1", True, "first_paid", "last_fulfilled", early)] if early else [])


@pytest.mark.parametrize(("day", "early"), [("2026-05-07", True), ("2026-05-08", False)])
def test_a_day_may_be_any_of_its_moments(found, day, early):
    """A payment known by its day, goods known to the minute: the day of the goods passes, the day before does not."""
    rows = outcome(found, goods=[receipt()], bills=[bill()], paid=[payment(day, None)], applied=[applied()])
    assert [row[1:4] for row in rows] == ([(True, "first_paid", "last_fulfilled")] if early else [])


def test_what_was_entered_on_another_day_has_its_day_only(found):
    late = receipt(at="2026-05-09T09:00:00Z")  # goods of the 8th, entered on the 9th: paid on the 8th may be right
    assert outcome(found, goods=[late], bills=[bill()], paid=[payment("2026-05-08", "2026-05-08T08:00:00Z")], applied=[applied()]) == []


def test_a_payment_of_the_requisition_is_about_all_its_orders_whoever_supplies_them(found):
    orders = [order(requisition_id="R1"), order("PO2", requisition_id="R1", supplier_id="S2"), order("PO3", requisition_id="R2")]
    goods = [receipt(), receipt("GR2", day="2026-06-03", at="2026-06-03T08:00:00Z", po_number="PO2", supplier_id="S2"),
             receipt("GR3", day="2026-06-03", at="2026-06-03T08:00:00Z", po_number="PO3")]  # fmt: skip
    rows = outcome(found, orders=orders, goods=goods, bills=[bill()], paid=[payment(requisition_id="R1")], applied=[applied()])
    assert [row[:2] for row in rows] == [("PO2", True)]


def test_a_number_that_returns_on_another_day_does_not_say_which_bill_was_paid(found):
    """A supplier who numbers anew: the payment of the first bill is no early payment of the second order; nothing can be said of it."""
    orders = [order(), order("PO2", "2026-07-01T09:00:00Z")]
    again = bill("B1", "PO2", invoice_date="2026-07-09")
    money = {"paid": [payment("2026-06-01")], "applied": [applied()], "approvals": [approval(), approval("2026-07-01T10:00:00Z", "PO2")]}
    told = outcome(found, orders=orders, bills=[bill(), again], **money)
    assert [(row[0], row[1]) for row in told] == [("PO1", None), ("PO2", None)]
    # on one day it is one bill over two orders, and what is paid before the second order came is early
    told = outcome(found, orders=orders, bills=[bill(), bill("B1", "PO2")], **money)
    assert [(row[0], row[1]) for row in told] == [("PO2", True)]
    # one order that both bills are about was paid, whichever was meant
    told = outcome(
        found, bills=[bill(), bill("B1", invoice_date="2026-07-09")], paid=[payment("2026-05-03", "2026-05-03T08:00:00Z")], applied=[applied()]
    )
    assert [(row[0], row[1]) for row in told] == [("PO1", True)]


def test_the_first_step_that_came_too_early_is_named(found):
    rows, _, told = found(
        goods=[receipt(day="2026-05-03", at="2026-05-03T15:00:00Z")], approvals=[approval("2026-05-04T08:59:00Z")], bills=[bill()], paid=[payment("2026-05-02", None)],
        applied=[applied()],
    )  # fmt: skip
    assert rows == [("PO1", True, "first_approved", "created", 60)]
    assert told.select("early_at", "awaited_at", "early_number", "amount_net").row(0)[:3] == ("2026-05-04 08:59", "2026-05-04 09:00", "PO1")
    assert told["amount_net"].item() == 75


def test_a_skew_of_the_clocks_is_let_pass_to_the_second(found):
    given = {"approvals": [approval("2026-05-04T08:59:00Z")]}
    assert outcome(found, **given, skew="60") == []
    assert outcome(found, **given, skew="59") == [("PO1", True, "first_approved", "created", 60)]
    assert outcome(found, **given, skew="unlimited") == []


def test_a_step_whose_time_is_missing_is_not_testable_unless_another_one_is_early(found):
    unstamped = [order("PO1", created=None), order("PO2")]
    rows, looked_at, _ = found(orders=unstamped, approvals=[approval(), approval(number="PO2")])
    assert (rows, looked_at) == ([("PO1", None, None, None, None)], 2)
    seen = [
        receipt(quantity_accepted="5", quantity_rejected="0", inspected_at=None),
        receipt("GR2", po_number="PO2", inspected_at="2026-05-09T08:00:00Z"),
    ]
    chain = "first_fulfilled > first_inspected > first_paid"
    assert outcome(found, sequence=chain, orders=[order(), order("PO2")], goods=seen) == [("PO1", None, None, None, None)]


def test_what_the_extracts_do_not_tell_is_left_out_and_one_step_alone_is_no_sequence(found):
    without = {name: value for name, value in order().items() if name != "created_at"}
    assert found(orders=[without], approvals=[approval()])[:2] == ([], 0)
    assert found(orders=[order()])[:2] == ([], 0)
    assert found(sequence="none", approvals=[approval("2026-05-04T08:59:00Z")])[:2] == ([], 0)


def test_what_does_not_count_is_no_step(found):
    cases = {
        "cancelled": {"goods": [receipt(day="2026-05-01", at=None, is_cancelled="true")]},
        "returned": {"goods": [receipt(day="2026-05-01", at=None, receipt_kind="return", quantity="-5")]},
        "reversed": {"goods": [receipt(day="2026-05-01", at=None), receipt("GR9", receipt_kind="reversal", quantity="-5", origin_receipt_number="GR1", origin_receipt_line_no="1")]},
        "paid ahead": {"bills": [bill()], "paid": [payment("2026-05-01", None, payment_kind="prepayment")], "applied": [applied()]},
        "voided": {"bills": [bill()], "paid": [payment("2026-05-01", None, is_voided="true")], "applied": [applied()]},
        "bill reversed": {"bills": [bill(), bill("B2", invoice_kind="reversal", origin_invoice_number="B1")], "paid": [payment("2026-05-01", None)], "applied": [applied()]},
    }  # fmt: skip
    for name, given in cases.items():
        assert outcome(found, approvals=[approval()], **given) == [], name


def test_other_rules_for_one_party(found, accepted_of, engagement_of):
    from recon.domain.engagement import ParameterOverride

    given = {
        "purchase_order_line": [order(), order("PO2", supplier_id="S2")],
        "approval_event": [approval("2026-05-04T08:59:00Z", n) for n in ("PO1", "PO2")],
    }
    loose = ParameterOverride(control="TIM-08", set={"allowed_sequence_set": "none"}, where={"supplier_id": "S2"}, why="x")
    terms = engagement_of().model_copy(update={"allowances": {"allowed_sequence_set": CHAIN}, "parameters": [loose]})
    found = match_company(accepted_of(given), terms, {"order_sequence"}).tables["order_sequence"].collect()
    assert found["order_number"].to_list() == ["PO1"]


@pytest.mark.parametrize("text", ["created > firstapproved", "created", "created > created", "created >", "", "created, first_approved"])
def test_an_allowed_order_that_cannot_be_read_is_refused(text):
    with pytest.raises(TermsRefused):
        refuse_unreadable("allowed_sequence_set", text, "here")


def test_an_allowed_order_is_chains_of_steps():
    refuse_unreadable("allowed_sequence_set", " > ".join(STEPS), "here")
    assert chains("created > sent, first_paid>last_paid") == (("created", "sent"), ("first_paid", "last_paid"))
    assert chains("none") == ()
