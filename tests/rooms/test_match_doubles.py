"""Payments that nothing tells apart, and invoices that stand under two suppliers or in two companies."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match.billed_across import crossing_pair
from recon.match.paid_twice import payment_pair

D = Decimal


def paid(number, amount="100", day="2026-10-12", party="S1", **other):
    return {"payment_number": number, "payment_date": day, "supplier_id": party, "amount": amount, "currency": "CNY", **other}


def applies(number, invoice, amount="100"):
    return {"payment_number": number, "invoice_number": invoice, "supplier_id": "S1", "amount_applied": amount}


def bill(number, amount="100", party="S1", day="2026-10-05", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": party, "line_amount_net": amount, "currency": "CNY"}
    return row | {"line_amount_gross": amount, "invoice_kind": "invoice", **other}


@pytest.mark.parametrize(
    ("second", "rows", "found"),
    [
        (paid("PAY2"), [], ["PAY2"]),
        (paid("PAY2"), [applies("PAY1", "A"), applies("PAY2", "A")], ["PAY2"]),
        (paid("PAY2"), [applies("PAY1", "A"), applies("PAY2", "B")], []),
        (paid("PAY2"), [applies("PAY1", "A")], ["PAY2"]),
        (paid("PAY2", reference="rent October"), [], ["PAY2"]),
        (paid("PAY2", "100.01"), [], []),
        (paid("PAY2", party="S2"), [], []),
        (paid("PAY2", party="S2", payee_account="62 22"), [], ["PAY2"]),
        (paid("PAY2", is_voided=True), [], []),
        (paid("PAY2", payment_kind="prepayment"), [], []),
    ],
)
def test_payments_of_one_amount(accepted_of, engagement_of, second, rows, found):
    tables = {
        "supplier_payment": [paid("PAY1", payee_account="6222"), second],
        "supplier_payment_allocation": rows,
        "supplier_invoice_line": [bill("A"), bill("B")],
    }
    pairs, _ = payment_pair(accepted_of(tables), engagement_of())
    assert pairs.collect()["payment_number"].to_list() == found


def test_instalments_of_one_invoice_are_told_apart(accepted_of, engagement_of):
    tables = {
        "supplier_payment": [paid("PAY1", "50"), paid("PAY2", "50", "2026-10-20")],
        "supplier_payment_allocation": [applies("PAY1", "A", "50"), applies("PAY2", "A", "50")],
        "supplier_invoice_line": [bill("A")],
    }
    assert payment_pair(accepted_of(tables), engagement_of())[0].collect().is_empty()


@pytest.mark.parametrize(("one", "other", "found"), [("T1", "T1", ["CR2"]), ("T1", "T2", []), (None, None, ["CR2"]), ("T1", None, ["CR2"])])
def test_receipts_are_told_apart_by_the_bank(accepted_of, engagement_of, one, other, found):
    rows = [
        {"cash_receipt_number": n, "receipt_date": "2026-10-12", "customer_id": "K1", "amount": "10", "currency": "CNY", "bank_reference": reference}
        for n, reference in (("CR1", one), ("CR2", other))
    ]
    assert payment_pair(accepted_of({"cash_receipt": rows}), engagement_of())[0].collect()["payment_number"].to_list() == found


SUPPLIERS = [
    {"party_id": "S1", "party_name": "Northern Bearings", "tax_id": "9131-1"},
    {"party_id": "S2", "party_name": "Northern Bearings Ltd", "tax_id": "91311"},
    {"party_id": "S3", "party_name": "Harbour Catering", "tax_id": "777"},
]


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (bill("RX 55", party="S2"), "suppliers"),
        (bill("RX-55", party="S3"), "suppliers"),
        (bill("RX-55", party="S3", day="2026-10-06"), None),
        (bill("RX-55", "101", party="S3"), None),
        (bill("RX-55", party="S3", currency="USD"), None),
        (bill("RX-55", company_code="C2"), "companies"),
        (bill("RX-55", party="S3", is_cancelled=True), None),
    ],
)
def test_one_number_amount_and_day(accepted_of, engagement_of, other, kind):
    tables = {"supplier_invoice_line": [bill("RX-55"), other], "supplier": SUPPLIERS}
    pairs = crossing_pair(accepted_of(tables), engagement_of())[0].collect()
    assert pairs["pair_kind"].to_list() == ([kind] if kind else [])


def test_what_two_suppliers_share(accepted_of, engagement_of):
    tables = {
        "supplier_invoice_line": [bill("RX-55"), bill("RX-55", party="S2"), bill("017", "2000", "S1"), bill("017", "2000", "S3")],
        "supplier": SUPPLIERS,
    }
    pairs = crossing_pair(accepted_of(tables), engagement_of())[0].collect()
    told = pairs.select("invoice_number", "same_tax_id", "name_score", "round_unit_amount", "number_length").rows()
    assert told[0] == ("RX-55", True, D("1.00"), D(100), 4)
    assert told[1][1] is False
    assert told[1][3] == D(1000)
    assert told[1][2] < D("0.5")
