"""Bank statement against the books: what only one of them knows, and what they see with two amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match.bank import bank_difference

D = Decimal


def paid(number, amount, day="2026-10-12", **other):
    return {"payment_number": number, "payment_date": day, "supplier_id": "S1", "amount": amount, "currency": "CNY", **other}


def line(number, amount, day="2026-10-12", **other):
    return {"bank_account": "B1", "statement_line": number, "booking_date": day, "amount": amount, "currency": "CNY", **other}


@pytest.fixture
def differences(accepted_of, engagement_of):
    def run(payments, lines, **tables):
        around = [line("first", "1", "2026-10-01", reference="opening"), line("last", "1", "2026-10-30", reference="closing")]
        given = {"supplier_payment": payments, "bank_transaction": [*around, *lines], **tables}
        found, covers = bank_difference(accepted_of(given), engagement_of())
        rows = found["bank_difference"].collect()
        assert covers["bank_difference"] == len(payments) + len(lines) + 2 + len(tables.get("cash_receipt", []))
        kept = rows.select("document_number", "kind", "difference_amount").rows()
        return [(number, kind, amount.normalize()) for number, kind, amount in kept if number not in {"first", "last"}]

    return run


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([line("L1", "-100", reference="PAY 1")], []),
        ([line("L1", "-100")], []),
        ([line("L1", "-100", "2026-10-22")], []),
        ([line("L1", "-100", "2026-10-23")], [("L1", "not in the books", D(-100)), ("PAY-1", "not on the statement", D(-100))]),
        ([line("L1", "-100.01", reference="PAY-1")], [("PAY-1", "amounts differ", D("-0.01"))]),
        ([line("L1", "100", reference="PAY-1")], [("PAY-1", "amounts differ", D(200))]),
        ([], [("PAY-1", "not on the statement", D(-100))]),
        ([line("L1", "-100"), line("L2", "-100")], [("L2", "not in the books", D(-100))]),
        ([line("L1", "-100", currency="USD")], [("L1", "not in the books", D(-100)), ("PAY-1", "not on the statement", D(-100))]),
    ],
)
def test_a_payment_and_the_lines_of_the_statement(differences, lines, found):
    assert sorted(differences([paid("PAY-1", "100")], lines)) == sorted(found)


def test_a_receipt_is_found_by_the_reference_of_the_bank(differences):
    receipt = {
        "cash_receipt_number": "CR1",
        "receipt_date": "2026-10-12",
        "customer_id": "K1",
        "amount": "50",
        "currency": "CNY",
        "bank_reference": "T-77",
    }
    assert differences([], [line("L1", "50", "2026-10-29", reference="T77")], cash_receipt=[receipt]) == []


def test_days_outside_the_statement_and_voided_payments_are_not_judged(accepted_of, engagement_of):
    payments = [paid("PAY-1", "100", "2026-09-30"), paid("PAY-2", "100", "2026-10-12", is_voided=True)]
    lines = [line("L1", "-5", "2026-10-01"), line("L2", "-5", "2026-10-30")]
    found, _ = bank_difference(accepted_of({"supplier_payment": payments, "bank_transaction": lines}), engagement_of())
    assert found["bank_difference"].collect()["document_number"].to_list() == ["L1", "L2"]


def test_without_a_statement_nothing_is_measured(accepted_of, engagement_of):
    assert bank_difference(accepted_of({"supplier_payment": [paid("PAY-1", "100")]}), engagement_of()) == ({}, {})
