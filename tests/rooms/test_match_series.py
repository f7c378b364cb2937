"""Our own numbers: gaps only where a series is declared without them, and one number on two documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from recon.domain.known_lines import SCHEMA
from recon.domain.workpapers import EarlierRun
from recon.match.series import number_tables


def receipts(*numbers, **other):
    return [
        {"cash_receipt_number": n, "receipt_date": f"2026-10-{i + 1:02}", "customer_id": "K1", "amount": "10", "currency": "CNY", **other}
        for i, n in enumerate(numbers)
    ]


def declared(word="gap_free"):
    return [{"set": {"number_series": word}, "where": {"document_type": "cash_receipt"}, "why": "none may be missing"}]


@pytest.fixture
def gaps(accepted_of, engagement_of):
    def run(rows, policies):
        tables, covers = number_tables(accepted_of({"cash_receipt": rows}), engagement_of(policies=policies))
        if "number_gap" not in tables:
            return None
        assert covers["number_gap"] == len(
            {(row.get("company_code", "C1"), n) for row in rows if (n := row["cash_receipt_number"])[-1].isdigit() or "-" in n}
        )
        return tables["number_gap"].collect().select("number_from", "number_to", "missing_count").rows()

    return run


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        (("CR-001", "CR-002", "CR-003"), []),
        (("CR-003", "CR-001"), [("CR-002", "CR-002", 1)]),
        (("CR-008", "CR-012", "CR-013", "CR-015"), [("CR-009", "CR-011", 3), ("CR-014", "CR-014", 1)]),
        (("CR-2025-9", "CR-2026-1"), []),
        (("CR-9", "CR-10"), []),
        (("CR-1-A", "CR-3-A", "CR-2-B"), [("CR-2-A", "CR-2-A", 1)]),
        (("none",), []),
    ],
)
def test_gaps_are_ranges_between_numbers_of_one_series(gaps, numbers, found):
    assert gaps(receipts(*numbers), declared()) == found


def test_nothing_is_measured_where_nothing_is_declared(gaps):
    assert gaps(receipts("CR-1", "CR-5"), []) is None


@pytest.mark.parametrize(("word", "found"), [("gap_free", [("CR-2", "CR-2", 1)]), ("gap_free_shared", [])])
def test_a_series_may_be_shared_by_two_companies(gaps, word, found):
    assert gaps([*receipts("CR-1", "CR-3"), *receipts("CR-2", company_code="C2")], declared(word)) == found


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (receipts("CR-1", "CR-2"), []),
        (receipts("CR-1", "CR 1"), [("CR 1", "CR-1")]),
        ([*receipts("CR-1"), *receipts("CR-1", customer_id="K2")], [("CR-1", "CR-1")]),
        ([*receipts("CR-1"), *receipts("CR-1", company_code="C2")], []),
    ],
)
def test_a_number_on_two_documents(accepted_of, engagement_of, rows, found):
    tables, covers = number_tables(accepted_of({"cash_receipt": rows}), engagement_of())
    assert tables["number_repeat"].collect().select("document_number", "other_number").rows() == found
    assert covers["number_repeat"] == len(rows)


def test_versions_of_an_order_are_one_document(accepted_of, engagement_of):
    line = {
        "po_number": "PO1",
        "po_line_no": "1",
        "po_date": "2026-10-01",
        "supplier_id": "S1",
        "quantity": "1",
        "uom": "EA",
        "unit_price_net": "1",
        "currency": "CNY",
    }
    rows = [line | {"po_version": "1"}, line | {"po_version": "2", "po_date": "2026-10-05"}]
    assert number_tables(accepted_of({"purchase_order_line": rows}), engagement_of())[0]["number_repeat"].collect().is_empty()


def earlier_run(accepted_of, engagement_of, rows, lines=()):
    """What a run over these receipts leaves to the next: how far the series had come, and its lines."""
    tables, _ = number_tables(accepted_of({"cash_receipt": rows}), engagement_of(policies=declared()))
    known = pl.DataFrame(lines, schema=SCHEMA, orient="row").lazy()
    return EarlierRun(date(2026, 9, 30), date(2026, 9, 1), known, None, None, tables["number_series"].collect())


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        (("CR-1", "CR-2"), ("CR-3", "CR-4"), []),
        (("CR-1", "CR-2"), ("CR-4", "CR-5"), [("CR-3", "CR-3", 1, True)]),
        (("CR-1", "CR-2"), ("CR-9", "CR-11"), [("CR-10", "CR-10", 1, False), ("CR-3", "CR-8", 6, True)]),
        (("CR-1", "CR-2"), ("CR-2", "CR-4"), [("CR-3", "CR-3", 1, False)]),
        (("CR-1", "CR-9"), ("CR-3", "CR-4"), []),
        (("CR-1", "CR-2"), ("DR-7",), []),
    ],
)
def test_a_gap_between_two_runs_is_seen(accepted_of, engagement_of, before, now, found):
    earlier = earlier_run(accepted_of, engagement_of, receipts(*before))
    accepted = replace(accepted_of({"cash_receipt": receipts(*now)}), earlier=earlier)
    gaps = number_tables(accepted, engagement_of(policies=declared()))[0]["number_gap"].collect()
    assert gaps.select("number_from", "number_to", "missing_count", "is_across_runs").sort("number_from").rows() == found


def test_how_far_a_series_has_come_is_not_forgotten(accepted_of, engagement_of):
    earlier = earlier_run(accepted_of, engagement_of, receipts("CR-1", "CR-9", "DR-3"))
    accepted = replace(accepted_of({"cash_receipt": receipts("CR-4")}), earlier=earlier)
    series = number_tables(accepted, engagement_of(policies=declared()))[0]["number_series"].collect()
    assert series.select("prefix", "last_number").rows() == [("CR-", "CR-9"), ("DR-", "DR-3")]


def known(number="CR-1", day=date(2026, 9, 10), party="K2", **other):
    row = {"cycle": "order_to_cash", "document_type": "cash_receipt", "company_code": "C1", "issuer_id": "", "document_number": number}
    return row | {"document_line_no": "", "party_id": party, "document_date": day, "amount_base": Decimal(4), "is_excluded": False} | other


@pytest.mark.parametrize(
    ("before", "day", "found"),
    [
        (known(), "2026-10-01", [("CR-1", "CR-1", Decimal(4))]),
        (known("CR 1"), "2026-10-01", [("CR-1", "CR 1", Decimal(4))]),
        (known(party="K1"), "2026-10-01", [("CR-1", "CR-1", Decimal(4))]),
        (known(amount_base=None), "2026-10-01", [("CR-1", "CR-1", Decimal(10))]),
        (known(), "2026-09-30", []),  # it may be the one that was known, restated
        (known(is_excluded=True), "2026-10-01", []),
        (known(company_code="C2"), "2026-10-01", []),
        (known(document_type="supplier_payment"), "2026-10-01", []),
    ],
)
def test_a_number_that_an_earlier_run_knew_of_another_document(accepted_of, engagement_of, before, day, found):
    earlier = earlier_run(accepted_of, engagement_of, receipts("CR-9"), [before])
    accepted = replace(accepted_of({"cash_receipt": [row | {"receipt_date": day} for row in receipts("CR-1")]}), earlier=earlier)
    repeats = number_tables(accepted, engagement_of())[0]["number_repeat"].collect()
    assert repeats.select("document_number", "other_number", "smaller_amount_base").rows() == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ((1, 2, 3), []),
        ((3, 2, 4), [("CR-2", "CR-1", 1)]),
        ((5, 2, 3), [("CR-2", "CR-1", 3), ("CR-3", "CR-1", 2)]),
        ((2, 2, 2), []),
        ((1, None, 3), [("CR-2", "CR-1", None)]),
        ((4, None, 2), [("CR-2", "CR-1", None), ("CR-3", "CR-1", 2)]),
    ],
)
def test_numbers_that_run_against_the_day_of_entry(accepted_of, engagement_of, days, found):
    rows = [
        row | {"posted_at": f"2026-10-0{day}T09:00:00+08:00" if day else None}
        for row, day in zip(receipts("CR-1", "CR-2", "CR-3"), days, strict=True)
    ]
    tables, covers = number_tables(accepted_of({"cash_receipt": rows}), engagement_of(policies=declared()))
    assert tables["number_order"].collect().select("document_number", "before_number", "days_behind").rows() == found
    assert covers["number_order"] == 3
