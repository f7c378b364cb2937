"""One invoice line of a published run, explained from its results."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pytest

from recon.domain import places
from recon.domain.errors import InputsRefused, TermsRefused
from recon.load import rulebook
from recon.report import explain_line

MONEY = pl.Decimal(38, 6)
KEYS = {"cycle": "procure_to_pay", "company_code": "C1", "party_id": "S1"}
ORDER = {"order_number": "PO1", "order_line_no": "1"}
LINE = KEYS | ORDER | {"invoice_number": "A/7", "invoice_line_no": "1", "link_pass": "order, line, respelled", "link_certainty": "certain"}
LINE |= {"link_reason": "number: case", "match_status": "exception", "invoiced_quantity": Decimal(100), "billable_quantity": Decimal(90)}
LINE |= {
    "expected_amount": Decimal(900),
    "invoiced_amount": Decimal(1050),
    "quantity_variance": Decimal(700),
    "price_variance": Decimal(350),
    "fx_variance": Decimal(210),
}
LINE |= {"rounding_variance": Decimal(0), "tax_variance": None, "charge_variance": None}


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    made = pl.DataFrame(rows)
    return made.with_columns(pl.col(name).cast(MONEY if kind.is_decimal() else pl.String) for name, kind in made.schema.items())


@pytest.fixture
def published(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    order = KEYS | ORDER | dict.fromkeys(("ordered_quantity", "fulfilled_quantity", "accepted_quantity", "invoiced_quantity"), Decimal(90))
    carried = KEYS | ORDER | {"fulfilment_number": "GR1", "fulfilment_line_no": "1", "invoice_number": "A/7", "invoice_line_no": "1"}
    paid = KEYS | {
        "payment_number": "P1",
        "invoice_number": "A/7",
        "amount": Decimal(5),
        "discount": Decimal(0),
        "write_off": Decimal(0),
        "pass": "one",
        "certainty": "unique",
    }
    raised = KEYS | {
        "control_id": "QTY-01",
        "severity": "high",
        "document_number": "A/7",
        "document_line_no": "1",
        "observed": "100",
        "expected": "90",
    }
    raised |= {"variance": "10", "limit": "0", "message": "ten too many"}
    tables = {
        "invoice_lines": [LINE, LINE | {"invoice_line_no": "2", "order_number": None, "order_line_no": None, "link_certainty": "none"}],
        "order_lines": [order | {"currency": "CNY"}],
        "allocations": [carried | {"quantity": Decimal(90), "amount": Decimal(945)}],
        "settlements": [paid],
        "exceptions": [raised],
        "not_testable": [{"control_id": "QTY-03", "document_number": "A/7", "document_line_no": "1"}],
    }
    for name, rows in tables.items():
        frame(rows).write_parquet(results / f"{name}.parquet")
    pl.DataFrame({"control_id": ["PRC-01"], "status": ["not_performed"]}).write_csv(results / "controls.csv")
    rule = {"control": "QTY-01", "set": {"over_billing_tolerance_share": "0.05"}, "where": {"supplier_id": "S9"}, "why": "agreed"}
    (tmp_path / "manifest.json").write_text(json.dumps({"engagement": {"parameters": [rule]}}), encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def controls():
    return rulebook.read_controls(places.rules() / "controls")


def test_a_line_with_everything_that_is_known_of_it(published, controls):
    (facts,), text = explain_line(published, "A/7/1", controls)
    assert facts["carried_by"] == [
        {"order_line_no": "1", "fulfilment_number": "GR1", "fulfilment_line_no": "1", "quantity": Decimal(90), "amount": Decimal(945)}
    ]
    says = {judge["control_id"]: judge["says"] for judge in facts["judged_by"]}
    assert {name: says[name] for name in ("QTY-01", "QTY-02", "QTY-03", "PRC-01")} == {
        "QTY-01": "raised",
        "QTY-02": "silent",
        "QTY-03": "not testable",
        "PRC-01": "not performed",
    }
    for sentence in (
        "found by order, line, respelled, certain",
        "held equal: number: case",
        "expected: 90 billable of 100 billed × 10 each = 900",
        "difference in company currency: 700 + 350 + 210 + 0 = 1260",
        "carried by: GR1 line 1, 90 for 945",
        "settled by: P1, 5 (one, unique)",
        "QTY-01 high: ten too many Limit: 0",
        "engagement: over_billing_tolerance_share 0.05, supplier_id S9: agreed",
    ):
        assert sentence in text, sentence


def test_a_number_with_a_slash_names_the_whole_invoice(published, controls):
    facts, text = explain_line(published, "A/7", controls)
    assert [fact["line"]["invoice_line_no"] for fact in facts] == ["1", "2"]
    assert "order: none (order, line, respelled, none)" in text


def test_what_is_not_there_is_refused(published, controls, tmp_path):
    with pytest.raises(TermsRefused, match="no such invoice"):
        explain_line(published, "A/8/1/1", controls)
    with pytest.raises(InputsRefused, match="no published run"):
        explain_line(tmp_path / "elsewhere", "A/7", controls)


def test_the_price_difference_is_shown_in_parts_that_add_up(published, controls):
    parts = {"price_factor_variance": Decimal(300), "price_unit_variance": Decimal(0), "price_retroactive_variance": Decimal(80)}
    parts |= {"price_discount_variance": Decimal(0), "price_remainder_variance": Decimal(-30)}
    frame([LINE | parts]).write_parquet(published / "results" / "invoice_lines.parquet")
    _, text = explain_line(published, "A/7", controls)
    assert "of it factor: 300 (the order's price times a conversion factor" in text
    assert "of it retroactive: 80 (" in text
    assert "price in parts: 300 + 80 + -30 = 350" in text
    alone = dict.fromkeys(parts, Decimal(0)) | {"price_remainder_variance": Decimal(350)}
    frame([LINE | alone]).write_parquet(published / "results" / "invoice_lines.parquet")
    assert "in parts" not in explain_line(published, "A/7", controls)[1]  # that all of it is unexplained says nothing new
