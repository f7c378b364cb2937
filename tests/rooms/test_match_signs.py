"""Documents whose sign contradicts their kind, and those whose kind nobody states."""

from __future__ import annotations

import pytest

from recon.match.signs import document_line_signs


def billed(amount, kind, line="1", **other):
    row = {
        "invoice_number": "INV1",
        "invoice_line_no": line,
        "invoice_date": "2026-10-12",
        "supplier_id": "S1",
        "line_amount_net": amount,
        "currency": "CNY",
    }
    return row | {"invoice_kind": kind, **other}


def received(quantity, kind, **other):
    row = {"receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": "2026-10-12", "quantity": quantity, "uom": "PCS", "receipt_kind": kind}
    return row | other


@pytest.mark.parametrize(
    ("rows", "found", "looked_at"),
    [
        ([billed("-0.01", "invoice")], [True], 1),
        ([billed("0", "invoice")], [], 1),
        ([billed("0.01", "invoice")], [], 1),
        ([billed("-5", "credit")], [], 1),
        # a discount inside a bill
        ([billed("-5", "invoice"), billed("6", "invoice", "2")], [], 2),
        # bill or credit, nobody says: neither sign is right; one document, however many lines
        ([billed("5", None)], [None], 1),
        ([billed("-5", None)], [None], 1),
        ([billed("5", None), billed("6", None, "2")], [None], 1),
        # a line without a word is of the kind of the other lines
        ([billed("5", None), billed("6", "invoice", "2")], [], 2),
        ([billed("-7", None), billed("6", "invoice", "2")], [True], 2),
        ([billed("-7", "invoice", is_cancelled=True)], [], 1),
        ([billed("-7", "invoice", invoice_date="2026-11-01")], [], 1),
    ],
)
def test_bills(accepted_of, engagement_of, rows, found, looked_at):
    for turned in (rows, rows[::-1]):
        signs, size = document_line_signs(accepted_of({"supplier_invoice_line": turned}), engagement_of())
        assert (signs.collect()["contradicts_kind"].to_list(), size) == (found, looked_at)


@pytest.mark.parametrize(
    ("row", "found"),
    [(received("3", "receipt"), []), (received("3", None), ["quantity 3"]), (received("-3", None), ["quantity -3"]), (received("0", None), [])],
)
def test_deliveries_without_a_kind(accepted_of, engagement_of, row, found):
    signs, size = document_line_signs(accepted_of({"goods_receipt_line": [row]}), engagement_of())
    told = signs.collect()
    assert [said[: said.index(" ") + 3].rstrip(".") for said in told["said"]] == found
    assert (told["contradicts_kind"].null_count(), size) == (len(found), 1)
