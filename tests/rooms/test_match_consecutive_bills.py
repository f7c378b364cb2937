"""Rows of consecutive numbers, worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company

D = Decimal


def bill(number, day, party="S1", line="1", **other):
    row = {"invoice_number": number, "invoice_line_no": line, "invoice_date": day, "supplier_id": party, "line_amount_net": "10", "currency": "CNY"}
    return row | other


@pytest.fixture(scope="module")
def rows(accepted_of, engagement_of):
    def told(*bills):
        made = match_company(accepted_of({"supplier_invoice_line": list(bills)}), engagement_of(), {"consecutive_bills"}).tables["consecutive_bills"]
        columns = ("party_id", "bill_count", "run_count", "run_days", "first_number", "last_number", "step_share", "spend_amount_base")
        return made.collect().select(columns).rows()

    return told


def test_rows_of_numbers(rows):
    one = [bill("A-099", "2026-08-01"), bill("A-100", "2026-08-31"), bill("A-100", "2026-08-31", line="2"), bill("A-101", "2026-10-01")]
    assert rows(*one) == [("S1", 3, 3, 61, "A-099", "A-101", D(1), D(10))]
    broken = [*one, bill("A-105", "2026-10-02"), bill("A-106", "2026-10-03")]  # three of four steps
    assert rows(*broken) == [("S1", 5, 3, 61, "A-099", "A-101", D("0.75"), D(30)), ("S1", 5, 2, 1, "A-105", "A-106", D("0.75"), D(30))]


def test_what_follows_nothing(rows):
    assert rows(bill("7", "2026-08-01")) == [("S1", 1, 1, 0, "7", "7", None, D(0))]
    other = [
        bill("A7", "2026-08-01"),
        bill("B8", "2026-08-02"),
        bill("none", "2026-08-03"),
        bill("8/2026", "2026-08-04"),
        bill("9/2027", "2026-08-05"),
    ]
    assert rows(*other) == [("S1", 5, 1, 0, "A7", "A7", D(0), D(0))]
    assert rows(bill("8", "2026-08-01"), bill("7", "2026-08-02"))[0][2] == 1  # against their dates
    assert rows(bill("8", "2026-08-01"), bill("7", "2026-08-01"))[0][2] == 2  # of one day the numbers decide


def test_whose_bills_they_are(rows):
    both = [bill("7", "2026-08-01", company_code="C1"), bill("8", "2026-08-02", company_code="C2"), bill("9", "2026-08-03", party="S2")]
    assert [row[:3] for row in rows(*both)] == [("S1", 2, 2), ("S2", 1, 1)]
    used = [
        bill("7", "2026-08-01", is_cancelled="true"),
        bill("8", "2026-08-02"),
        bill("9", "2026-11-01"),
        bill("9", "2026-08-03", invoice_kind="credit"),
    ]
    assert rows(*used)[0][1:3] == (2, 2)  # numbers of cancelled bills are used; credits are none, and what is not dated yet is not there
