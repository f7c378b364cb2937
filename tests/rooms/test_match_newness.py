"""Suppliers that come back, that stand for anybody, or that are new: what is measured of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from recon.match.awakenings import first_payment, supplier_return
from recon.match.one_time import one_time_payee


def supplier(party_id, **other):
    return {"party_id": party_id, "party_name": party_id, **other}


def payment(number, party="S1", day="2026-10-05", amount="100", **other):
    return {"payment_number": number, "payment_date": day, "supplier_id": party, "amount": amount, "currency": "CNY", **other}


def order(party, day, **other):
    row = {"po_number": f"{party}{day}", "po_line_no": "1", "po_date": day, "supplier_id": party, "quantity": "1", "uom": "PCS"}
    return row | {"unit_price_net": "1", "currency": "CNY"} | other


@pytest.fixture(scope="module")
def returns(accepted_of, engagement_of):
    return lambda **tables: supplier_return(accepted_of(tables), engagement_of()).collect().to_dicts()


@pytest.fixture(scope="module")
def payees(accepted_of, engagement_of):
    def told(payments):
        master = [supplier("CPD", is_one_time="true"), supplier("S1", is_one_time="false")]
        return one_time_payee(accepted_of({"supplier": master, "supplier_payment": payments}), engagement_of()).collect().to_dicts()

    return told


@pytest.fixture(scope="module")
def firsts(accepted_of, engagement_of):
    def told(days="14", **tables):
        terms = engagement_of().model_copy(update={"allowances": {"new_supplier_days": days}})
        return first_payment(accepted_of(tables), terms).collect().to_dicts()

    return told


def told(row):
    return row["party_id"], row["event"], row["event_date"].isoformat(), row["gap_days"], row["created_days"], row["history_days"]


def test_the_longest_rest_before_an_event_of_the_period(returns):
    master = [supplier("S1", created_at="2025-01-01"), supplier("S2", created_at="2026-10-01"), supplier("S3")]
    paid = [
        payment("A", day="2025-10-01"),
        payment("B", day="2026-10-10"),
        payment("C", day="2026-10-20"),
        payment("D", "S2", day="2026-10-11"),
        payment("E", "S3", day="2026-09-30"),
        payment("F", "S3", day="2026-11-01"),
        payment("G", "S3", day="2026-10-05", is_voided="true"),
    ]
    assert [told(row) for row in returns(supplier=master, supplier_payment=paid)] == [
        ("S1", "supplier_payment", "2026-10-10", 374, 647, 374),
        ("S2", "supplier_payment", "2026-10-11", None, 10, 375),
    ]


def test_every_document_wakes_and_a_change_of_the_master_does(returns):
    changed = [
        {"document_type": "supplier", "document_number": "S1", "field": "bank_account", "changed_at": "2026-10-03T10:00:00+08:00", "changed_by": "U"}
    ]
    orders = [order("S1", "2025-09-01"), order("S1", "2026-10-03"), order("S2", "2026-03-01"), order("S2", "2026-10-04", is_cancelled="true")]
    master = [supplier("S1"), supplier("S2")]
    rows = returns(supplier=master, purchase_order_line=orders, document_change=changed)
    assert [(told(row)[:4], row["is_account_changed"]) for row in rows] == [(("S1", "purchase_order", "2026-10-03", 397), True)]
    alone = returns(supplier=master, purchase_order_line=orders[:1], document_change=changed)
    assert told(alone[0])[:4] == ("S1", "change of the master", "2026-10-03", 397)
    before = [changed[0] | {"changed_at": "2025-08-01T10:00:00+08:00"}]
    assert [row["is_account_changed"] for row in returns(supplier=master, purchase_order_line=orders, document_change=before)] == [False]


def test_business_since_then_is_the_larger_of_bills_and_payments(returns):
    line = {"invoice_number": "I", "invoice_line_no": "1", "supplier_id": "S1", "currency": "CNY", "line_amount_net": "300"}
    bills = [line | {"invoice_date": "2026-10-04"}, line | {"invoice_number": "J", "invoice_date": "2026-10-06"}]
    paid = [payment("A", day="2025-01-01"), payment("B", day="2026-10-05"), payment("C", day="2026-10-06", amount="450")]
    rows = returns(supplier=[supplier("S1")], supplier_invoice_line=bills, supplier_payment=paid)
    assert rows[0]["amount_base"] == Decimal(600)
    rows = returns(supplier=[supplier("S1")], supplier_invoice_line=bills[1:], supplier_payment=paid)
    assert rows[0]["amount_base"] == Decimal(550)
    rows = returns(supplier=[supplier("S1")], supplier_payment=[*paid, payment("D", currency="USD")])
    assert rows[0]["amount_base"] is None


def counts(rows):
    return [(row["payment_count"], row["largest_amount_base"], row["amount_base"]) for row in rows]


def test_one_payee_by_name_or_by_account(payees):
    paid = [
        payment("A", "CPD", payee_name="张三 有限公司", payee_account="11"),
        payment("B", "CPD", payee_name="张三", payee_account="22", amount="30"),
        payment("C", "CPD", payee_account="2-2", amount="40"),
        payment("D", "CPD", payee_name="李四", payee_account="33"),
        payment("E", "CPD", payee_name="张三", day="2026-09-30"),
        payment("F", "CPD", payee_name="张三", payment_kind="refund"),
        payment("G", "S1", payee_name="张三"),
    ]
    rows = payees(paid)
    assert sorted(counts(rows)) == [(1, Decimal(100), Decimal(100)), (3, Decimal(100), Decimal(170))]
    assert {row["payment_numbers"] for row in rows} == {"A, B, C", "D"}


def test_who_was_paid_may_be_unknown(payees):
    assert counts(payees([payment("A", "CPD"), payment("B", "CPD", amount="200")])) == [(None, Decimal(200), Decimal(300))]
    assert counts(payees([payment("A", "CPD", payee_name="X", currency="USD")])) == [(1, None, None)]


def test_the_first_payment_among_those_of_its_category(firsts):
    master = [supplier("S1", created_at="2026-09-21T10:00:00+08:00"), supplier("S2", created_at="2025-01-01"), supplier("S3")]
    orders = [order(party, "2026-01-01", item_group="STEEL") for party in ("S1", "S2")]
    paid = [payment(f"P{i}", "S2", amount=str(10 * i)) for i in range(1, 10)]
    paid += [payment("A", amount="85"), payment("B", day="2026-10-06", amount="1"), payment("C", "S3", amount="5")]
    rows = firsts(supplier=master, purchase_order_line=orders, supplier_payment=paid)
    seen = {row["party_id"]: (row["document_number"], row["days_since_created"], row["category"], row["category_count"]) for row in rows}
    assert seen == {"S1": ("A", 14, "STEEL", 11), "S2": ("P1", 642, "STEEL", 11), "S3": ("C", None, None, 12)}
    shares = {row["party_id"]: row["rank_share"] for row in rows}
    assert shares == {"S1": Decimal("0.9090909091"), "S2": Decimal("0.1818181818"), "S3": Decimal("0.1666666667")}
    assert rows[0]["created_date"] == date(2026, 9, 21)


@pytest.mark.parametrize(("days", "amount"), [("14", "85"), ("15", "86"), ("13", None), ("not_checked", "86")])
def test_what_was_paid_at_once(firsts, days, amount):
    master = [supplier("S1", created_at="2026-09-21T10:00:00+08:00")]
    paid = [payment("A", amount="85"), payment("B", day="2026-10-06", amount="1")]
    assert firsts(days, supplier=master, supplier_payment=paid)[0]["amount_base"] == (None if amount is None else Decimal(amount))


def test_an_amount_without_a_rate_has_no_place_among_the_others(firsts):
    rows = firsts(supplier=[supplier("S1"), supplier("S2")], supplier_payment=[payment("A"), payment("B", "S2", currency="USD")])
    assert [row["rank_share"] for row in rows] == [None, None]
