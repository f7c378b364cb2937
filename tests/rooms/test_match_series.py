"""Our own numbers: gaps only where a series is declared without them, and one number on two documents."""

from __future__ import annotations

import pytest

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
