"""Where money went against what the master says, who kept masters, and who approved it."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.match.master_changes import master_change
from recon.match.master_duties import master_duty
from recon.match.party_names import bare_name, with_likeness
from recon.match.payees import payee_payment


def supplier(party_id, **other):
    return {"party_id": party_id, "party_name": "上海东方精密机械有限公司", **other}


def payment(number, party="S1", day="2026-10-05", **other):
    return {"payment_number": number, "payment_date": day, "supplier_id": party, "amount": "100", "currency": "CNY", **other}


def change(field="bank_account", old="1", new="2", at="2026-10-05T10:00:00+08:00", by="U1", kind="supplier", party="S1"):
    row = {"document_type": kind, "document_number": party, "field": field, "old_value": old, "new_value": new}
    return row | {"changed_by": by, "changed_at": at}


def approval(by, at, kind="supplier", party="S1", action="approve"):
    return {"document_type": kind, "document_number": party, "action": action, "actor_id": by, "action_at": at}


USERS = [{"user_id": f"U{i}", "person_id": f"P{i}"} for i in (1, 2, 3)] + [{"user_id": "U9", "person_id": "P1"}, {"user_id": "U0"}]


@pytest.fixture(scope="module")
def payees(accepted_of, engagement_of):
    def told(**tables):
        tables_made, covers = payee_payment(accepted_of(tables), engagement_of())
        rows = tables_made["payee_payment"].collect().to_dicts() if tables_made else None
        return rows, covers.get("payee_payment")

    return told


@pytest.fixture(scope="module")
def duties(accepted_of, engagement_of):
    def told(window="365", **tables):
        terms = engagement_of().model_copy(update={"allowances": {"maintenance_window_days": window}})
        return master_duty(accepted_of({"user": USERS, **tables}), terms).collect().to_dicts()

    return told


@pytest.fixture(scope="module")
def changes(accepted_of, engagement_of):
    return lambda **tables: master_change(accepted_of({"user": USERS, **tables}), engagement_of()).collect().to_dicts()


def troubles(rows):
    return {row["document_number"]: (row["trouble"], row["is_valid_account"]) for row in rows}


def test_accounts_are_those_of_the_day(payees):
    terms = [
        {"supplier_id": "S1", "bank_account": "11", "valid_to": "2026-10-04"},
        {"supplier_id": "S1", "bank_account": "22", "valid_from": "2026-10-05", "valid_to": "2026-10-05"},
        {"supplier_id": "S1", "bank_account": "33", "valid_from": "2026-10-06"},
    ]
    paid = [payment(f"P{account}", payee_account=account) for account in ("11", "2 2", "33", "44", "55", None)]
    rows, looked_at = payees(supplier=[supplier("S1", bank_account="44")], supplier_bank_account=terms, supplier_payment=paid)
    assert looked_at == 6
    assert troubles(rows) == {
        "P11": ("account of another time", False),
        "P33": ("account of another time", False),
        "P55": ("account not in the master", False),
        "PNone": ("payee of another name", None),
    }
    assert {row["known_tails"] for row in rows} == {"…22, …44"}


def test_the_masters_account_was_another_one_before_it_changed(payees):
    changed = [change(old="1", new="2", at="2026-03-01T10:00:00+08:00"), change(old="2", new="3", at="2026-06-01T10:00:00+08:00")]
    days = ["2026-02-28", "2026-03-01", "2026-03-02", "2026-06-01", "2026-06-02"]
    paid = [payment(f"{day}/{account}", day=day, payee_account=account) for day in days for account in "123"]
    rows, _ = payees(supplier=[supplier("S1", bank_account="3")], document_change=changed, supplier_payment=paid)
    wrong = {row["document_number"] for row in rows}
    right = {row["payment_number"] for row in paid} - wrong
    assert right == {"2026-02-28/1", "2026-03-01/1", "2026-03-01/2", "2026-03-02/2", "2026-06-01/2", "2026-06-01/3", "2026-06-02/3"}


def test_what_is_no_payment_out_or_has_no_account_on_either_side(payees):
    master = [supplier("S1", bank_account="1"), supplier("S2", is_one_time="true")]
    paid = [
        payment("A", payee_account="9", is_voided="true"),
        payment("B", "S2", payee_account="9"),
        payment("C", payee_account="9", day="2026-11-01"),
    ]
    assert payees(supplier=master, supplier_payment=paid) == ([], 0)
    assert payees(supplier=[supplier("S1")], supplier_payment=paid) == (None, None)
    assert payees(supplier=master, supplier_payment=[payment("A")]) == (None, None)


@pytest.mark.parametrize(
    ("payee", "likeness"),
    [
        ("上海东方精密机械有限公司", None),
        ("上海东方精密机械 有限责任公司", None),
        ("上海东方精工机械公司", "0.875"),
        ("上海西方精工器械厂", "0.5555555556"),
        ("远信商业保理有限公司", None),
    ],
)
def test_the_payee_is_the_supplier_or_holds_its_account(payees, payee, likeness):
    accounts = [{"supplier_id": "S1", "bank_account": "1", "account_name": "远信商业保理"}]
    rows, _ = payees(supplier=[supplier("S1")], supplier_bank_account=accounts, supplier_payment=[payment("A", payee_account="1", payee_name=payee)])
    assert [row["name_similarity"] for row in rows] == ([Decimal(likeness)] if likeness else [])


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("Cedar Plastics Inc.", "PLASTICS, CEDAR", "1"),
        ("Cedar Plastics G.m.b.H.", "Cedar Plastic", "0.9230769231"),
        ("Company Ltd", "Company Limited", "0.7142857143"),
        (None, "Cedar", None),
    ],
)
def test_likeness_of_names(one, other, likeness):
    frame = pl.DataFrame({"one": [one], "other": [other]}, schema={"one": pl.String, "other": pl.String})
    bare = frame.with_columns(bare_name(pl.col("one")), bare_name(pl.col("other")))
    assert with_likeness(bare, "one", "other", "likeness")["likeness"].to_list() == [None if likeness is None else Decimal(likeness)]


def duty(row):
    return row["made_by"], row["upkeep"], row["nearest_days"], row["processed_count"], row["amount_base"]


def test_who_made_a_supplier_and_paid_it(duties):
    master = [supplier("S1", created_by="U1", created_at="2026-01-01"), supplier("S2", created_by="U1", created_at="2026-10-06")]
    paid = [payment("A", released_by="U9"), payment("B", released_by="U2"), payment("C", "S2", released_by="U1")]
    rows = duties(supplier=master, supplier_payment=paid)
    assert [duty(row) for row in rows] == [("U9", "created", 277, 1, Decimal(100)), (None, None, None, None, None)]
    assert [row["persons_known"] for row in rows] == [True, True]


@pytest.mark.parametrize(("window", "count"), [("277", 1), ("276", 0), ("not_checked", 1), ("unlimited", 1)])
def test_amounts_are_those_of_the_window(duties, window, count):
    rows = duties(window, supplier=[supplier("S1", created_by="U1", created_at="2026-01-01")], supplier_payment=[payment("A", released_by="U1")])
    assert (rows[0]["processed_count"], rows[0]["amount_base"]) == (count, Decimal(100 * count))


def test_bills_count_by_the_day_they_were_entered_and_once_per_document(duties):
    line = {"invoice_number": "I1", "invoice_date": "2026-09-01", "supplier_id": "S1", "currency": "CNY", "line_amount_net": "50"}
    lines = [line | {"invoice_line_no": str(i), "created_by": "U1", "created_at": "2026-10-05T03:00:00+00:00"} for i in (1, 2)]
    changed = [change("payment_term_days", at="2026-10-01T10:00:00+08:00"), change(at="2026-10-03T10:00:00+08:00")]
    rows = duties(supplier=[supplier("S1", created_by="U2", created_at="2024-01-01")], document_change=changed, supplier_invoice_line=lines)
    assert [duty(row) for row in rows] == [("U1", "bank account", 2, 1, Decimal(100))]
    assert (rows[0]["account_nearest_days"], rows[0]["is_sensitive"]) == (2, True)
    address = duties(supplier=[supplier("S1", created_by="U2")], document_change=[change("address")], supplier_invoice_line=lines)
    assert (address[0]["upkeep"], address[0]["account_nearest_days"], address[0]["is_sensitive"]) == ("other", None, False)


@pytest.mark.parametrize(
    ("maker", "payer", "known"), [("U1", "U2", True), (None, "U2", False), ("U1", "U0", False), ("U0", "U2", False), ("U1", None, False)]
)
def test_other_persons_are_known_to_be_others(duties, maker, payer, known):
    rows = duties(supplier=[supplier("S1", created_by=maker, created_at="2026-01-01")], supplier_payment=[payment("A", released_by=payer)])
    assert [(row["is_same_person"], row["persons_known"]) for row in rows] == [(False, known)]


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        ([approval("U2", "2026-10-05T11:00:00+08:00")], "by another person"),
        ([approval("U2", "2026-10-04T11:00:00+08:00")], "by another person"),
        ([approval("U2", "2026-10-02T11:00:00+08:00")], "none"),
        ([approval("U9", "2026-10-05T11:00:00+08:00")], "by the same person"),
        ([approval("U9", "2026-10-05T11:00:00+08:00"), approval("U3", "2026-10-20")], "by another person"),
        ([approval("U0", "2026-10-05T11:00:00+08:00")], None),
        ([approval("U2", "2026-10-05T11:00:00+08:00", action="reject"), approval("U2", "2026-10-06", party="S2")], "none"),
        ([approval("U2", "2026-10-05T11:00:00+08:00", kind="purchase_order")], None),
    ],
)
def test_who_approved_a_change(changes, events, verdict):
    told = [change("terms", "30", "60", "2026-10-03T10:00:00+08:00", by="U3"), change()]
    rows = changes(supplier=[supplier("S1")], document_change=told, approval_event=events)
    assert [row["approval"] for row in rows if row["field"] == "bank_account"] == [verdict]


def test_what_a_change_says_and_what_followed_it(changes):
    told = [
        change(old="6222 01", new="622201"),
        change("Credit Limit", "1", "2", kind="customer", party="K1"),
        change("tax_id", "AB1234567", "AB7654321"),
        change("colour", "red", "blue"),
    ]
    paid = [payment("A", day="2026-10-04"), payment("B", day="2026-10-05"), payment("C", day="2026-10-06")]
    rows = changes(supplier=[supplier("S1")], customer=[supplier("K1")], document_change=told, supplier_payment=paid)
    assert [(r["watched_field"], r["old_value"], r["new_value"], r["is_format_only"], r["amount_base"]) for r in rows] == [
        ("credit limit", "1", "2", False, Decimal(0)),
        ("bank account", "…2 01", "…2201", True, Decimal(200)),
        ("other", "red", "blue", False, Decimal(200)),
        ("tax id", "…4567", "…4321", False, Decimal(200)),
    ]
