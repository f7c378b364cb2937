"""References between documents: which resolve, which name nothing, which lie before the window."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from recon.domain import measures
from recon.match.references import document_references


def order(number="PO-0007", day="2026-10-01", **other):
    row = {
        "po_number": number,
        "po_line_no": "1",
        "po_date": day,
        "supplier_id": "S1",
        "quantity": "10",
        "uom": "EA",
        "unit_price_net": "10",
        "currency": "CNY",
    }
    return row | other


def bill(po="PO-0007", day="2026-10-12", number="INV1", **other):
    row = {
        "invoice_number": number,
        "invoice_line_no": "1",
        "invoice_date": day,
        "supplier_id": "S1",
        "po_number": po,
        "line_amount_net": "100",
        "currency": "CNY",
    }
    return row | other


def receipt(number="GR1", day="2026-10-05", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "supplier_id": "S1", "quantity": "10", "uom": "EA"}
    return row | other


@pytest.fixture
def found(accepted_of, engagement_of):
    def run(**given):
        found = document_references(accepted_of(given), engagement_of())
        rows, covers = found.doubtful, found.looked_at
        return rows.collect(), covers

    return run


def named(result):
    rows, _ = result
    return rows.select("document_number", "reference_kind", "reference_number", "resolves", "in_window").rows()


@pytest.mark.parametrize("spelling", ["PO-0007", "po/0007", "PO7", "ＰＯ０００７"])
def test_a_number_is_found_in_any_spelling(found, spelling):
    result = found(purchase_order_line=[order()], supplier_invoice_line=[bill(spelling)])
    assert named(result) == []
    assert result[1] == 1


@pytest.mark.parametrize("other", ["PO-0008", "PO-00070", "7"])
def test_a_like_number_is_not_the_number(found, other):
    rows, _ = found(purchase_order_line=[order()], supplier_invoice_line=[bill(other)])
    assert rows.select("reference_number", "resolves", "in_window", "amount_gross_base").rows() == [(other, False, True, 100)]


def test_a_blank_reference_is_outside(found):
    assert found(purchase_order_line=[order()], supplier_invoice_line=[bill(None)])[1] == 0


@pytest.mark.parametrize("change", [{"is_cancelled": "true"}, {"doc_status": "draft"}, {"po_date": "2026-11-01"}, {"company_code": "C2"}])
def test_a_document_that_does_not_count_is_not_there(found, change):
    assert len(named(found(purchase_order_line=[order(**change)], supplier_invoice_line=[bill()]))) == 1


@pytest.mark.parametrize("change", [{"is_cancelled": "true"}, {"invoice_date": "2026-11-01"}])
def test_a_line_that_does_not_count_refers_to_nothing(found, change):
    rows, covers = found(purchase_order_line=[order()], supplier_invoice_line=[bill("NONE", **change), bill("PO7", number="INV2")])
    assert (rows.height, covers) == (0, 1)


def test_what_was_taken_back_need_only_exist(found):
    back = receipt("GR2", origin_receipt_number="GR1", quantity="-10", receipt_kind="reversal")
    assert named(found(goods_receipt_line=[receipt(is_cancelled="true"), back])) == []
    assert named(found(goods_receipt_line=[receipt("GR9"), back])) == [("GR2", "origin_receipt_number", "GR1", False, True)]


@pytest.mark.parametrize(("day", "in_window"), [("2026-09-30", False), ("2026-10-01", True)])
def test_a_line_older_than_the_window_cannot_be_judged(found, day, in_window):
    assert named(found(purchase_order_line=[order()], supplier_invoice_line=[bill("OLD", day)])) == [("INV1", "po_number", "OLD", False, in_window)]


@pytest.mark.parametrize(("day", "rows"), [("2026-04-15", 0), ("2026-04-14", 1)])
def test_an_old_document_is_told_with_its_date_for_the_control_to_judge(found, day, rows):
    table, _ = found(purchase_order_line=[order(day=day)], supplier_invoice_line=[bill()])
    assert [(str(d), r) for d, r in table.select("referenced_date", "resolves").rows()] == [(day, True)] * rows


def test_a_kind_of_document_that_was_not_extracted_is_not_looked_at(found):
    rows, covers = found(supplier_invoice_line=[bill()])
    assert (rows.height, covers) == (0, 0)


def test_every_kind_of_reference_of_both_cycles(found):
    shipped = {"shipment_line_no": "1", "shipment_date": "2026-10-05", "customer_id": "K1", "quantity": "1", "uom": "EA"}
    sold = {
        "invoice_line_no": "1",
        "invoice_date": "2026-10-06",
        "customer_id": "K1",
        "line_amount_net": "100",
        "line_tax_amount": "13",
        "currency": "CNY",
    }
    result = found(
        purchase_order_line=[order()],
        goods_receipt_line=[receipt(po_number="NO", origin_receipt_number="NO")],
        supplier_invoice_line=[bill("NO", receipt_number="NO", origin_invoice_number="NO")],
        supplier_payment=[
            {"payment_number": "PAY1", "payment_date": "2026-10-20", "supplier_id": "S1", "amount": "50", "currency": "USD", "fx_rate": "7"}
        ],
        supplier_payment_allocation=[
            {"payment_number": "PAY1", "invoice_number": "NO", "amount_applied": "50"},
            {"payment_number": "NO", "invoice_number": "INV1", "amount_applied": "50"},
        ],
        sales_order_line=[
            {
                "so_number": "SO1",
                "so_line_no": "1",
                "so_date": "2026-10-01",
                "customer_id": "K1",
                "quantity": "1",
                "uom": "EA",
                "unit_price_net": "1",
                "currency": "CNY",
            }
        ],
        shipment_line=[{"shipment_number": "SH1", "so_number": "NO", **shipped}],
        customer_invoice_line=[{"invoice_number": "CI1", "so_number": "NO", "shipment_number": "NO", **sold}],
        cash_receipt=[{"cash_receipt_number": "CR1", "receipt_date": "2026-10-20", "customer_id": "K1", "amount": "50", "currency": "CNY"}],
        cash_receipt_allocation=[{"cash_receipt_number": "CR1", "invoice_number": "NO", "amount_applied": "50"}],
        delivery_confirmation_line=[
            {
                "confirmation_number": "POD1",
                "confirmed_date": "2026-10-09",
                "shipment_number": "NO",
                "shipment_line_no": "1",
                "quantity_confirmed": "1",
            }
        ],
    )
    assert sorted((number, kind) for number, kind, *_ in named(result)) == [
        ("CI1", "shipment_number"), ("CI1", "so_number"), ("CR1", "invoice_number"),
        ("GR1", "origin_receipt_number"), ("GR1", "po_number"),
        ("INV1", "origin_invoice_number"), ("INV1", "po_number"), ("INV1", "receipt_number"),
        ("NO", "payment_number"), ("PAY1", "invoice_number"), ("POD1", "shipment_number"), ("SH1", "so_number"),
    ]  # fmt: skip
    rows, covers = result
    assert covers == 15
    worth = {(r["document_number"], r["reference_kind"]): r["amount_gross_base"] for r in rows.to_dicts()}
    assert worth["CI1", "so_number"] == 113
    assert worth["PAY1", "invoice_number"] == 350
    assert worth["GR1", "po_number"] is None


def test_allocations_of_a_voided_payment_are_outside(found):
    pays = {"payment_number": "PAY1", "payment_date": "2026-10-20", "supplier_id": "S1", "amount": "50", "currency": "CNY", "is_voided": "true"}
    given = {"supplier_payment": [pays], "supplier_payment_allocation": [{"payment_number": "PAY1", "invoice_number": "NO", "amount_applied": "50"}]}
    rows, _ = found(supplier_invoice_line=[bill(None)], **given)
    assert rows.is_empty()


def test_an_invoice_known_by_its_header_is_there(found):
    header = {"invoice_number": "INV1", "supplier_id": "S1", "invoice_date": "2026-10-01", "amount_gross": "50", "currency": "CNY"}
    pays = {"payment_number": "PAY1", "payment_date": "2026-10-20", "supplier_id": "S1", "amount": "50", "currency": "CNY"}
    row = {"payment_number": "PAY1", "invoice_number": "INV1", "amount_applied": "50"}
    assert named(found(supplier_invoice=[header], supplier_payment=[pays], supplier_payment_allocation=[row])) == []


@pytest.mark.parametrize(("invoice", "told"), [("INV1", []), ("inv 1", []), ("INV9", [("GR1", "invoice_number", "INV9", False, True)]), (None, [])])
def test_a_receipt_may_name_its_invoice(found, invoice, told):
    assert named(found(goods_receipt_line=[receipt(invoice_number=invoice)], supplier_invoice_line=[bill()])) == told


@pytest.mark.parametrize(("day", "in_window"), [("2026-09-30", False), ("2026-10-01", True), ("2026-10-12", True)])
def test_the_invoice_of_a_receipt_comes_later_so_the_period_opens_its_window(found, day, in_window):
    result = found(goods_receipt_line=[receipt(day=day, invoice_number="INV9")], supplier_invoice_line=[bill()])
    assert named(result) == [("GR1", "invoice_number", "INV9", False, in_window)]


# ── where the document that is named is ──────────────────────────────────────────────────────────────────────
def lost(number, table="purchase_order_line", company="C1"):
    schema = measures.schema("rejected_cell")
    row = {"table": table, "document_number": number, "company_code": company, "field": "quantity", "rule": "missing_value"}
    return pl.LazyFrame([row | dict.fromkeys(schema.keys() - row.keys())], schema=schema)


@pytest.mark.parametrize("fact", ["rejected_cell", "conflicting_key"])
@pytest.mark.parametrize(
    ("cell", "was_set_aside", "says"),
    [
        ({"number": "po/8"}, True, "whose row was set aside (see the rejected rows)"),  # in any spelling
        ({"number": "PO-0009"}, False, "which is not on file"),
        ({"number": "PO-0008", "table": "goods_receipt_line"}, False, "which is not on file"),
        ({"number": "PO-0008", "company": "C2"}, False, "which is not on file"),
        ({"number": None}, False, "which is not on file"),
    ],
)
def test_what_was_set_aside_is_not_called_missing(accepted_of, engagement_of, fact, cell, was_set_aside, says):
    given = accepted_of({"purchase_order_line": [order()], "supplier_invoice_line": [bill("PO-0008")]})
    told = lost(**cell).select(*(c for c in measures.schema(fact) if c in measures.schema("rejected_cell")))
    rows = document_references(replace(given, facts={fact: told}), engagement_of()).doubtful.collect()
    assert rows.select("was_set_aside", "whereabouts").rows() == [(was_set_aside, says)]
    assert ("剔除" in rows["whereabouts_zh"][0]) == was_set_aside


def test_what_is_found_and_old_is_not_called_missing(accepted_of, engagement_of):
    given = accepted_of({"purchase_order_line": [order(day="2026-01-02")], "supplier_invoice_line": [bill()]})
    facts = {"rejected_cell": lost("PO-0007")}  # another row of it was set aside, and it is there all the same
    rows = document_references(replace(given, facts=facts), engagement_of()).doubtful.collect()
    assert rows.select("resolves", "was_set_aside", "whereabouts").rows() == [(True, False, "which is older than such a reference should be")]
