"""Approvals against the policy, the guarded event, the limits of authority and the duties of persons."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket

D = Decimal
MANAGER = {"user_id": "MGR", "person_id": "P1", "roles": "MANAGER", "approval_limit": "5000", "limit_currency": "CNY"}
CLERK = {"user_id": "CLK", "person_id": "P2", "roles": "CLERK"}
STORE = {"user_id": "STO", "person_id": "P3", "roles": "CLERK"}


def order(number="PO1", price="100", **other):
    row = {"po_number": number, "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": price, "currency": "CNY", "created_by": "CLK", "sent_at": "2026-10-03T09:00:00+00:00"} | other


def event(number="PO1", at="2026-10-02T09:00:00+00:00", action="approve", kind="purchase_order", **other):
    return {"document_type": kind, "document_number": number, "action": action, "actor_id": "MGR", "action_at": at} | other


def band(lowest="0", step="1", **other):
    return {"document_type": "purchase_order", "min_amount": lowest, "currency": "CNY", "required_step": step, "required_role": "MANAGER"} | other


def receipt(day="2026-10-05", number="PO1", **other):
    row = {"receipt_number": f"GR-{number}", "receipt_line_no": "1", "receipt_date": day, "po_number": number, "po_line_no": "1", "supplier_id": "S1"}
    return row | {"item_id": "I1", "quantity": "10", "uom": "EA", "receipt_kind": "receipt"} | other


def bill(number="INV1", **other):
    row = {
        "invoice_number": number,
        "invoice_line_no": "1",
        "invoice_date": "2026-10-01",
        "supplier_id": "S1",
        "invoice_kind": "invoice",
        "line_kind": "item",
    }
    return (
        row | {"quantity": "1", "uom": "EA", "unit_price_net": "500", "line_amount_net": "500", "line_amount_gross": "500", "currency": "CNY"} | other
    )


@pytest.fixture(scope="module")
def measured(accepted_of, engagement_of):
    def run(table="approval_state", terms=None, **given):
        given.setdefault("user", [MANAGER, CLERK, STORE])
        accepted = accepted_of({name: rows for name, rows in given.items() if rows})
        return match_bucket(accepted, engagement_of(**(terms or {})), {table}).tables[table].collect().to_dicts()

    return run


@pytest.fixture(scope="module")
def state(measured):
    return lambda **given: measured("approval_state", **given)[0]


@pytest.fixture(scope="module")
def decision(measured):
    return lambda **given: measured("approval_decision", **given)[0]


@pytest.mark.parametrize(("price", "required"), [("100", True), ("99.99", False)])
def test_a_band_reaches_from_its_lowest_amount_on(state, price, required):
    row = state(purchase_order_line=[order(price=price)], approval_policy=[band("1000")], approval_event=[event("OTHER")])
    assert row["approval_required"] is required
    assert row["is_approved"] is False


@pytest.mark.parametrize(
    ("change", "required"),
    [
        ({"company_code": "C1"}, True),
        ({"company_code": "C2"}, False),
        ({"item_group": "TOOLS"}, True),
        ({"item_group": "PAPER"}, False),
        ({"valid_from": "2026-10-01", "valid_to": "2026-10-01"}, True),
        ({"valid_from": "2026-10-02"}, False),
        ({"valid_to": "2026-09-30"}, False),
        ({"currency": "USD"}, None),
        ({"currency": None}, True),
    ],
)
def test_a_band_holds_for_its_company_group_days_and_currency(state, change, required):
    policy = band() | {"company_code": None} | change
    row = state(purchase_order_line=[order(item_group="TOOLS")], approval_policy=[policy], approval_event=[event()])
    assert row["approval_required"] is required


def test_without_a_policy_whoever_records_approvals_needs_them(measured):
    orders = [order("PO1"), order("PO2"), order("PO1", company_code="C2")]
    rows = measured(purchase_order_line=orders, approval_event=[event("PO1")])
    assert [(r["company_code"], r["document_number"], r["approval_required"], r["is_approved"]) for r in rows] == [
        ("C1", "PO1", True, True),
        ("C1", "PO2", True, False),
        ("C2", "PO1", None, False),
    ]


def test_a_type_whose_approvals_nobody_extracted_is_unknown_not_missing(state):
    row = state(purchase_order_line=[order()], approval_policy=[band()], approval_event=[event("X", kind="sales_order")])
    assert (row["approval_required"], row["is_approved"]) == (True, None)


def test_types_without_policy_and_events_are_left_out(measured):
    assert measured(purchase_order_line=[order()]) == []


def test_an_order_that_took_no_effect_and_was_not_approved_has_no_row(measured):
    waiting = order("PO2", sent_at=None)
    given = {"purchase_order_line": [order(), waiting], "approval_policy": [band()], "approval_event": [event()]}
    assert [row["document_number"] for row in measured(**given)] == ["PO1"]
    approved = given | {"approval_event": [event(), event("PO2")]}
    assert [(r["document_number"], r["is_effective"]) for r in measured(**approved)] == [("PO1", True), ("PO2", False)]


@pytest.mark.parametrize(
    ("events", "approved"),
    [
        ([event()], True),
        ([event(action="auto_approve")], True),
        ([event(action="submit")], False),
        ([event(), event(at="2026-10-02T10:00:00+00:00", action="unapprove")], False),
        ([event(), event(at="2026-10-02T10:00:00+00:00", action="withdraw")], False),
        ([event(), event(at="2026-10-02T10:00:00+00:00", action="reject", step="2")], False),
        ([event(), event(at="2026-10-02T08:00:00+00:00", action="reject")], True),
        ([event(step="1"), event(at="2026-10-02T10:00:00+00:00", action="unapprove", step="2")], True),
        ([event(step="1"), event(at="2026-10-02T10:00:00+00:00", action="unapprove", step="1")], False),
        ([event(party_id="S1")], True),
        ([event(party_id="S2"), event("X")], False),
        ([event(at="2026-11-01T00:00:00+00:00"), event("X")], False),
    ],
)
def test_an_approval_stands_until_it_is_taken_back(state, events, approved):
    assert state(purchase_order_line=[order()], approval_policy=[band()], approval_event=events)["is_approved"] is approved


@pytest.mark.parametrize(
    ("events", "approved"),
    [
        ([event(step="1")], False),
        ([event(step="1"), event(step="2")], True),
        ([event(step="1"), event(step="1", actor_id="OTHER")], False),
        ([event(step="1"), event()], True),
        ([event()], False),
        ([event(), event(actor_id="OTHER")], True),
    ],
)
def test_every_required_step_is_given_an_approval_without_step_stands_in_for_one(state, events, approved):
    policy = [band(step="1"), band(step="2")]
    assert state(purchase_order_line=[order()], approval_policy=policy, approval_event=events)["is_approved"] is approved


@pytest.mark.parametrize(("amount", "step_two"), [("50000", False), ("50000.01", True)])
def test_an_amount_at_the_top_of_a_band_is_inside_it(state, amount, step_two):
    bands = [band(max_amount="50000"), band("50000.01", step="2")]
    lines = [order(quantity="1", price=amount)]
    row = state(purchase_order_line=lines, approval_policy=bands, approval_event=[event(step="1")])
    assert row["is_approved"] is not step_two


def test_above_the_highest_band_approval_is_still_required(state):
    row = state(purchase_order_line=[order(price="100000")], approval_policy=[band(max_amount="50000")], approval_event=[event("X")])
    assert row["approval_required"] is True


@pytest.mark.parametrize(
    ("version", "amount", "approved"), [("2", None, True), ("1", "1000", True), ("1", "900", False), ("1", None, None), (None, None, True)]
)
def test_an_earlier_version_covers_only_at_equal_value(state, version, amount, approved):
    lines = [order(po_version="2", is_current_version="true")]
    events = [event(document_version=version, amount_at_action=amount, currency="CNY")]
    assert state(purchase_order_line=lines, approval_policy=[band()], approval_event=events)["is_approved"] is approved


@pytest.mark.parametrize(
    ("sent", "arrived", "guarded", "hours", "most"),
    [
        ("2026-10-02T09:00:00+00:00", None, "sent", "0", "0"),
        ("2026-10-02T08:59:59+00:00", None, "sent", "0.0002777777", "0.0002777777"),
        ("2026-10-03T09:00:00+00:00", "2026-10-01", "goods_receipt", "9.0000000002", "33"),
        ("2026-10-02T12:00:00+00:00", "2026-10-02", "sent", "-3", "-3"),
        (None, "2026-10-02", "goods_receipt", "-14.9999999998", "9"),
    ],
)
def test_lateness_is_measured_against_the_first_guarded_event(state, sent, arrived, guarded, hours, most):
    given = {"purchase_order_line": [order(sent_at=sent)], "goods_receipt_line": [receipt(arrived)] if arrived else []}
    row = state(**given, approval_policy=[band()], approval_event=[event()])
    assert (row["guarded_event"], row["hours_late"], row["hours_late_most"]) == (guarded, D(hours), D(most))
    assert row["late_is_known"] is (D(hours) > 0 or D(most) <= 0)


@pytest.mark.parametrize(("approved", "late", "known"), [("2026-10-02", False, True), ("2026-10-03", False, False), ("2026-10-04", True, True)])
def test_of_stamps_that_are_days_only_a_later_day_is_late(state, approved, late, known):
    row = state(purchase_order_line=[order(sent_at="2026-10-03")], approval_policy=[band()], approval_event=[event(at=approved)])
    assert (row["hours_late"] > 0, row["late_is_known"]) == (late, known)


def test_a_day_begins_where_the_company_is(measured):
    given = {
        "purchase_order_line": [order(sent_at="2026-10-03")],
        "approval_policy": [band()],
        "approval_event": [event(at="2026-10-02T17:00:00+00:00")],
    }
    assert measured(**given)[0]["late_is_known"] is True
    assert measured(**given, terms={"time_zone": "Asia/Shanghai"})[0]["late_is_known"] is False


def test_approving_again_later_does_not_make_it_late(state):
    events = [event(), event(at="2026-10-09T09:00:00+00:00")]
    row = state(purchase_order_line=[order()], approval_policy=[band()], approval_event=events)
    assert (row["hours_late"], row["approval_count"]) == (D(-24), 2)


def test_the_last_required_step_completes_the_approval(state):
    events = [event(step="1"), event(step="2", at="2026-10-03T10:00:00+00:00")]
    row = state(purchase_order_line=[order()], approval_policy=[band(step="1"), band(step="2")], approval_event=events)
    assert row["hours_late"] == D(1)


def test_an_invoice_is_guarded_by_its_first_payment_and_named_by_either_number(measured):
    pays = {"payment_date": "2026-10-05", "supplier_id": "S1", "amount": "500", "currency": "CNY", "created_at": "2026-10-05T11:00:00+00:00"}
    rows = measured(
        supplier_invoice_line=[bill(internal_number="7001"), bill("INV2")],
        supplier_payment=[{"payment_number": "PAY1"} | pays],
        supplier_payment_allocation=[{"payment_number": "PAY1", "invoice_number": "INV1", "amount_applied": "500"}],
        approval_event=[event("7001", "2026-10-05T12:00:00+00:00", kind="supplier_invoice")],
    )
    by_number = {r["document_number"]: (r["guarded_event"], r["hours_late"], r["is_approved"], r["is_paid"]) for r in rows}
    assert by_number == {"INV1": ("supplier_payment", D(1), True, True), "INV2": (None, None, False, False)}


def test_payments_are_guarded_by_themselves_and_refunds_need_none(measured):
    one = {"payment_number": "PAY1", "payment_date": "2026-10-05", "supplier_id": "S1", "amount": "500", "currency": "CNY"}
    back = one | {"payment_number": "PAY2", "amount": "-20", "payment_kind": "refund"}
    rows = measured(supplier_payment=[one, back], approval_event=[event("PAY1", "2026-10-06", kind="supplier_payment")])
    assert [(r["document_number"], r["guarded_event"], r["is_approved"], r["late_is_known"]) for r in rows] == [
        ("PAY1", "supplier_payment", True, True)
    ]


def test_a_customers_credit_note_counts_with_its_size(measured):
    line = {"invoice_number": "CN1", "invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": "K1", "invoice_kind": "value_credit"}
    line |= {"line_amount_net": "-800", "line_amount_gross": "-800", "currency": "CNY"}
    policy = band("500") | {"document_type": "credit_note"}
    rows = measured(customer_invoice_line=[line], approval_policy=[policy], approval_event=[event("X", kind="credit_note")])
    assert [(r["document_type"], r["amount_net"], r["approval_required"]) for r in rows] == [("credit_note", D(800), True)]


@pytest.mark.parametrize(("amount", "excess"), [("5000", D(0)), ("5000.01", D("0.01")), ("4000", D(-1000))])
def test_the_amount_at_the_decision_is_held_against_the_limit(decision, amount, excess):
    row = decision(purchase_order_line=[order()], approval_event=[event(amount_at_action=amount, currency="CNY")])
    assert (row["effective_limit_amount"], row["excess_amount"], row["excess_amount_base"], row["amount_basis"]) == (
        D(5000),
        excess,
        excess,
        "recorded",
    )


def test_without_a_recorded_amount_the_current_one_is_taken_and_said(decision):
    row = decision(purchase_order_line=[order()], approval_event=[event()])
    assert (row["amount_at_decision"], row["amount_basis"]) == (D(1000), "current")


@pytest.mark.parametrize(
    ("user", "policy", "expected"),
    [
        ({"approval_limit": None}, [], (False, False, None)),
        ({"approval_limit": None}, [band(max_amount="7000")], (True, False, D(7000))),
        ({"approval_limit": None}, [band(max_amount="7000"), band("1", max_amount="9000")], (True, False, D(9000))),
        ({"approval_limit": None}, [band(max_amount="7000"), band("7000", max_amount=None)], (True, True, None)),
        ({"approval_limit": None}, [band()], (False, False, None)),
        ({"approval_limit": None, "roles": "CLERK; manager"}, [band(max_amount="7000")], (True, False, D(7000))),
        ({"approval_limit": None, "roles": "CLERK"}, [band(max_amount="7000")], (False, False, None)),
        ({"approval_limit": None}, [band(max_amount="7000", valid_to="2026-10-01")], (False, False, None)),
        ({"approval_limit": "9000"}, [band(max_amount="7000")], (True, False, D(7000))),
        ({"approval_limit": "5000"}, [band(max_amount="7000")], (True, False, D(5000))),
    ],
)
def test_the_limit_is_the_lower_of_ones_own_and_ones_roles(decision, user, policy, expected):
    row = decision(purchase_order_line=[order()], approval_event=[event()], approval_policy=policy, user=[MANAGER | user, CLERK])
    assert (row["limit_is_known"], row["limit_is_unlimited"], row["effective_limit_amount"]) == expected


@pytest.mark.parametrize(
    ("lent", "behalf", "limit"),
    [
        ({}, None, D(900)),
        ({"valid_to": "2026-10-02"}, "MGR", D(900)),
        ({"valid_to": "2026-10-01"}, "MGR", D(10)),
        ({"limit_amount": None}, "MGR", D(5000)),
        ({}, "CLK", D(10)),
    ],
)
def test_a_deputy_has_the_smaller_of_the_lenders_limit_and_the_cap(decision, lent, behalf, limit):
    users = [MANAGER, CLERK, {"user_id": "DEP", "person_id": "P9", "approval_limit": "10", "limit_currency": "CNY"}]
    delegation = {"from_user": "MGR", "to_user": "DEP", "valid_from": "2026-10-01", "limit_amount": "900"} | lent
    row = decision(purchase_order_line=[order()], approval_event=[event(actor_id="DEP", on_behalf_of=behalf)], user=users, delegation=[delegation])
    assert row["effective_limit_amount"] == limit


def test_amounts_are_compared_in_the_limits_currency_or_not_at_all(decision):
    given = {"purchase_order_line": [order(currency="USD", fx_rate="7")], "approval_event": [event(amount_at_action="1000", currency="USD")]}
    row = decision(**given)
    assert (row["currency"], row["amount_at_decision"], row["excess_amount"]) == ("CNY", D(7000), D(2000))
    unknown = decision(**given, user=[MANAGER | {"limit_currency": "EUR"}])
    assert (unknown["currency"], unknown["amount_at_decision"], unknown["excess_amount"]) == ("USD", D(1000), None)
    rates = [{"rate_date": "2026-09-30", "from_currency": "EUR", "to_currency": "CNY", "rate": "8"}]
    crossed = decision(**given, user=[MANAGER | {"limit_currency": "EUR", "approval_limit": "874.99"}], fx_rate=rates)
    assert [crossed[n] for n in ("currency", "amount_at_decision", "excess_amount", "excess_amount_base")] == ["EUR", D(875), D("0.01"), D("0.08")]


@pytest.mark.parametrize(
    ("given", "duty"),
    [
        ({}, None),
        ({"purchase_order_line": [order(created_by="MGR")]}, "creator"),
        ({"purchase_order_line": [order(requester_id="MGR", buyer_id="MGR")]}, "buyer, requester"),
        ({"goods_receipt_line": [receipt(created_by="MGR")]}, "receiver"),
        ({"supplier_invoice_line": [bill(po_number="PO1", po_line_no="1", item_id="I1", posted_by="MGR")]}, "invoice clerk"),
        ({"supplier": [{"party_id": "S1", "party_name": "S", "created_by": "MGR"}]}, "master data"),
        (
            {
                "document_change": [
                    {"document_type": "supplier", "document_number": "S1", "field": "bank_account", "changed_by": "MGR", "changed_at": "2026-01-01"}
                ]
            },
            "master data",
        ),
        ({"approval_event": [event(on_behalf_of="CLK")]}, "creator"),
        ({"user": [MANAGER, CLERK | {"person_id": "P1"}, STORE]}, "creator"),
    ],
)
def test_who_approves_and_also_acted_is_named_with_the_duty(decision, given, duty):
    plain = {"purchase_order_line": [order()], "goods_receipt_line": [receipt(created_by="STO")], "approval_event": [event()]}
    row = decision(**(plain | given))
    assert (row["same_person_duty"], row["persons_known"]) == (duty, True)


@pytest.mark.parametrize(
    "given",
    [
        {"user": [MANAGER]},
        {"user": [CLERK, STORE]},
        {"user": [MANAGER, CLERK | {"person_id": None}]},
        {"purchase_order_line": [order(created_by=None)]},
        {"goods_receipt_line": [receipt(created_by="NOBODY")]},
        {"approval_event": [event("NOT-IN-THE-EXTRACT")]},
    ],
)
def test_an_unknown_person_in_the_chain_proves_nothing(decision, given):
    plain = {"purchase_order_line": [order()], "approval_event": [event()]}
    row = decision(**(plain | given))
    assert (row["same_person_duty"], row["persons_known"]) == (None, False)


def test_one_login_twice_is_one_person_whoever_it_is(decision):
    row = decision(purchase_order_line=[order(created_by="MGR")], approval_event=[event()], user=[])
    assert row["same_person_duty"] == "creator"


def test_the_chain_of_a_payment_reaches_back_to_the_order(decision):
    row = decision(
        purchase_order_line=[order(requester_id="MGR")],
        goods_receipt_line=[receipt(created_by="STO")],
        supplier_invoice_line=[bill(po_number="PO1", po_line_no="1", item_id="I1", quantity="5", unit_price_net="100", created_by="STO")],
        supplier_payment=[
            {
                "payment_number": "PAY1",
                "payment_date": "2026-10-05",
                "supplier_id": "S1",
                "amount": "500",
                "currency": "CNY",
                "created_by": "MGR",
                "reference": "INV1",
            }
        ],
        approval_event=[event("PAY1", kind="supplier_payment")],
    )
    assert row["same_person_duty"] == "payment clerk, requester"


def test_approvals_of_documents_that_count_for_nothing_are_left_out(measured):
    cancelled = [order("PO1", is_cancelled="true"), order("PO2")]
    events = [event("PO1"), event("PO2"), event("PO3")]
    rows = measured("approval_decision", purchase_order_line=cancelled, approval_event=events)
    assert [row["document_number"] for row in rows] == ["PO2", "PO3"]


def test_two_bands_of_one_step_ask_for_it_once(state):
    bands = [band(), band(currency="USD"), band("1"), band("2", step="2")]
    row = state(purchase_order_line=[order()], approval_policy=bands, approval_event=[event(step="1"), event(step="2")])
    assert (row["approval_required"], row["is_approved"]) == (True, True)


@pytest.mark.parametrize(
    ("days", "at", "late", "early"),
    [
        ({"active_to": "2026-10-01"}, "2026-10-02T00:30:00+08:00", D("0.5"), None),
        ({"active_from": "2026-10-03"}, "2026-10-02T23:00:00+08:00", None, D(1)),
        ({"active_from": "2026-10-03"}, "2026-10-03T00:00:00+08:00", None, D(0)),
    ],
)
def test_logins_have_a_first_and_a_last_day(measured, days, at, late, early):
    people = [MANAGER | {"is_active": "true"} | days, CLERK, STORE]
    given = {"purchase_order_line": [order()], "approval_event": [event(at=at)], "user": people}
    (row,) = measured("approval_decision", {"time_zone": "Asia/Shanghai"}, **given)
    assert (row["hours_after_leaving"], row["hours_before_beginning"], row["leaving_is_known"]) == (late, early, True)
