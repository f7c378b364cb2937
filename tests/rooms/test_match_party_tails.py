"""Tails of a party: which are counted, which are explained or somebody else's exception, and what cannot be computed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket


def bill(number="B1", line="1", net="210.00", tax="23.10", day="2026-10-12", **other):
    row = {
        "invoice_number": number,
        "invoice_line_no": line,
        "invoice_date": day,
        "supplier_id": "P1",
        "invoice_kind": "invoice",
        "line_kind": "item",
    }
    gross = None if tax is None else str(Decimal(net) + Decimal(tax))
    figures = {
        "quantity": "21",
        "unit_price_net": "10",
        "line_amount_net": net,
        "tax_rate": "0.11",
        "line_tax_amount": tax,
        "line_amount_gross": gross,
    }
    return row | figures | {"currency": "CNY"} | other


ALLOWED = dict.fromkeys(("line_tail_amount", "document_tail_amount", "tax_tail_over_amount", "tax_tail_under_amount"), "0.01")
WIDE = ALLOWED | {"tax_tail_over_amount": "0.02"}


@pytest.fixture(scope="module")
def tails(accepted_of, engagement_of):
    def told(*bills, allowed=ALLOWED, **given):
        terms = engagement_of().model_copy(update={"allowances": {**allowed, "per_line_tail_amount": "0.005"}})
        accepted = accepted_of({"supplier_invoice_line": list(bills), **given})
        rows = match_bucket(accepted, terms, {"party_tail"}).tables["party_tail"].collect().to_dicts()
        return [tuple(row[name] for name in ("tail_count", "tail_amount_base", "untested_count", "untested_amount_base")) for row in rows]

    return told


def test_a_cent_that_nothing_gives_is_counted_and_two_cents_are_another_controls(tails):
    both_ways = [bill(line="1", tax="23.11"), bill(line="2", tax="23.09"), bill(line="3", tax="23.12")]
    assert tails(*both_ways) == [(2, Decimal("0.02"), 0, 0)]


def test_a_cent_one_way_only_is_how_somebody_rounds(tails):
    assert tails(bill(tax="23.11")) == [(0, Decimal(0), 0, 0)]  # out of the gross amount, cut off


def test_a_wider_allowance_takes_more_in_and_no_end_takes_all(tails):
    assert tails(bill(tax="23.12"), allowed=ALLOWED) == [(0, Decimal(0), 0, 0)]
    assert tails(bill(tax="23.12"), allowed=WIDE) == [(1, Decimal("0.02"), 0, 0)]
    assert tails(bill("B1", tax="25.00"), allowed=ALLOWED | {"tax_tail_over_amount": "unlimited"}) == [(1, Decimal("1.90"), 0, 0)]
    assert tails(bill("B1", tax="25.00"), allowed=ALLOWED | {"tax_tail_under_amount": "unlimited"}) == [(0, Decimal(0), 0, 0)]


def test_what_a_convention_gives_is_no_tail_without_explanation(tails):
    by_piece = bill("B1", net="603.00", tax="78.60", quantity="60", unit_price_net="10.05", tax_rate="0.13")
    assert tails(by_piece, allowed=ALLOWED | {"tax_tail_over_amount": "1"}) == [(0, Decimal(0), 0, 0)]


def test_only_the_reported_period_counts(tails):
    bills = [bill(number, tax="23.12", day=day) for number, day in (("B1", "2026-09-30"), ("B2", "2026-10-01"), ("B3", "2026-10-31"))]
    assert tails(*bills, allowed=WIDE) == [(2, Decimal("0.04"), 0, 0)]


def test_a_header_off_its_lines_is_a_tail_within_its_own_allowance(tails):
    def header(gross):
        return [{"invoice_number": "B1", "supplier_id": "P1", "invoice_date": "2026-10-12", "amount_gross": gross, "currency": "CNY"}]

    assert tails(bill(), supplier_invoice=header("233.115")) == [(1, Decimal("0.015"), 0, 0)]
    assert tails(bill(), supplier_invoice=header("233.12")) == [(0, Decimal(0), 0, 0)]


def test_a_gross_amount_that_alone_differs_is_one_tail(tails):
    assert tails(bill(line_amount_gross="233.11")) == [(1, Decimal("0.01"), 0, 0)]


def test_what_cannot_be_computed_is_counted_with_what_it_may_be(tails):
    assert tails(bill(tax=None)) == [(0, Decimal(0), 1, Decimal("0.01"))]
    assert tails(bill(tax=None), allowed=ALLOWED | {"tax_tail_over_amount": "unlimited"}) == [(0, Decimal(0), 1, None)]
    assert tails(bill(tax=None, unit_price_net=None)) == [(0, None, 2, Decimal("0.02"))]
    assert tails(bill(tax="23.12", currency="USD"), allowed=WIDE) == [(0, Decimal(0), 1, None)]
