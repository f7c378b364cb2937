"""The room as a whole: what becomes of measured tables under a small rule book."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from recon.domain import measures, places
from recon.domain.control import Control
from recon.domain.engagement import Engagement
from recon.domain.errors import TermsRefused
from recon.domain.workpapers import CONTROLS, EXCEPTIONS, INVOICE_LINES, ORDER_LINES, Accepted, Documents, Matches, Outcomes
from recon.evaluate import check, evaluate, texts
from recon.load.rulebook import read_controls, read_planned

BOOK = {c.id: c for c in read_controls(places.rules() / "controls")}
PLANNED = read_planned(places.rules() / "planned.yaml")
SUPPLIED = ["purchase_order_line", "goods_receipt_line", "supplier_invoice_line", "sales_order_line", "shipment_line", "customer_invoice_line", "approval_event", "price_list_line", "delivery_confirmation_line"]  # fmt: skip


def engagement(**terms: Any) -> Engagement:
    period = {"from": date(2026, 10, 1), "to": date(2026, 10, 31)}
    return Engagement.model_validate({"entity": "T", "as_of": date(2026, 10, 31), "period": period, "currency": "CNY", "extracts": {}, **terms})


def measured(table: str, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    schema = measures.schema(table)
    assert not {name for row in rows for name in row} - schema.keys()
    texts = {k: [row.get(k) for row in rows] for k in schema}
    frame = pl.DataFrame(texts, schema={k: pl.String if v.is_numeric() else v for k, v in schema.items()})
    return frame.select(pl.col(k).cast(v) for k, v in schema.items()).lazy()


def perform(
    tables: dict[str, list[dict[str, Any]]],
    only: list[str] | None = None,
    *,
    supplied: list[str] = SUPPLIED,
    covers: dict[str, int] | None = None,
    book: list[Control] | None = None,
    **terms: Any,
) -> Outcomes:
    every = {name: measured(name, tables.get(name, [])) for name in measures.MEASURES if name not in {"repeated_row", "conflicting_key"}}
    facts = {name: measured(name, tables.get(name, [])) for name in ("repeated_row", "conflicting_key")}
    documents = Documents({}, {name: frozenset() for name in supplied}, pl.DataFrame(), pl.DataFrame())
    accepted = Accepted(documents, facts, {}, pl.DataFrame(), pl.DataFrame(), pl.DataFrame())
    controls = [c for c in book or BOOK.values() if only is None or c.id in only]
    return evaluate(controls, accepted, Matches(every, covers or {}, pl.DataFrame()), engagement(**terms), PLANNED)


def line(outcomes: Outcomes, control_id: str) -> dict[str, Any]:
    return outcomes.controls.row(by_predicate=pl.col("control_id") == control_id, named=True)


ORDER = {
    "cycle": "procure_to_pay", "company_code": "A", "party_id": "S1", "order_number": "PO1", "order_line_no": "1", "is_live": True,
    "needs_fulfilment": True, "match_level": "3way", "currency": "CNY", "order_date": date(2026, 10, 1), "ordered_quantity": "100",
    "fulfilled_quantity": "100", "invoiced_quantity": "100", "ordered_amount": "1000", "invoiced_amount": "1000", "ordered_amount_base": "1000",
    "invoiced_amount_base": "1000", "order_unit_price": "10", "order_unit_price_base": "10", "paid_amount": "0", "fx_rate": "1",
}  # fmt: skip
BILL = {
    "cycle": "procure_to_pay", "company_code": "A", "party_id": "S1", "invoice_number": "INV1", "invoice_line_no": "1", "invoice_kind": "invoice",
    "line_kind": "item", "invoice_date": date(2026, 10, 12), "order_number": "PO1", "order_line_no": "1", "has_order_link": True, "is_live": True,
    "match_level": "3way", "needs_fulfilment": True, "is_comparable": True, "uom_convertible": True, "currency": "CNY", "link_certainty": "certain",
    "order_unit_price": "10", "order_unit_price_base": "10", "invoice_unit_price": "10", "fx_rate": "1", "invoiced_quantity": "100",
    "invoiced_to_date_quantity": "100", "billable_quantity": "100", "billable_limit_quantity": "100", "excess_quantity": "0", "ordered_quantity": "100", "fulfilled_quantity": "100",
    "invoiced_at_order_price": "1000", "cumulative_price_variance": "0", "quantity_variance": "0", "price_variance": "0", "fx_variance": "0",
    "rounding_variance": "0", "tax_variance": "0", "charge_variance": "0", "source_file": "inv.csv", "source_row": "2",
}  # fmt: skip
LAYER = {
    "cycle": "procure_to_pay", "company_code": "A", "party_id": "S1", "order_number": "PO1", "order_line_no": "1", "kind": "fulfilled_not_invoiced",
    "document_number": "GR1", "document_line_no": "1", "document_date": date(2026, 9, 1), "quantity": "10", "amount": "100", "amount_base": "100",
    "currency": "CNY", "age_days": "60",
}  # fmt: skip
OVERBILLED = BILL | {
    "fulfilled_quantity": "50",
    "billable_quantity": "50",
    "billable_limit_quantity": "50",
    "excess_quantity": "50",
    "quantity_variance": "500",
}


def test_an_exception_says_what_where_and_how_much() -> None:
    found = perform({"invoice_line_match": [OVERBILLED, BILL | {"invoice_number": "INV2"}]}, ["QTY-01"])
    row = found.exceptions.row(0, named=True)
    assert found.exceptions.columns == list(EXCEPTIONS)
    assert found.exceptions.height == 1
    assert (row["document_type"], row["document_number"], row["document_line_no"], row["order_number"]) == ("supplier_invoice", "INV1", "1", "PO1")
    assert (row["observed"], row["expected"], row["variance"], row["limit"]) == ("100", "50", "50", "0")
    assert (row["amount_at_risk"], row["amount_at_risk_base"], row["currency"]) == (Decimal(500), Decimal(500), "CNY")
    assert (row["age_days"], row["source_file"], row["source_row"], row["certainty"]) == (19, "inv.csv", 2, "certain")
    assert row["message"].startswith("Invoice INV1 line 1: 100 billed up to here, 50 received on order PO1 line 1;")
    assert "累计开票 100" in row["message_zh"]
    control = line(found, "QTY-01")
    assert (control["status"], control["population"], control["exceptions"], control["not_testable"]) == ("exceptions", 2, 1, 0)
    assert control["amount_at_risk_base"] == Decimal(500)
    assert found.controls.columns == list(CONTROLS)


def test_foreign_documents_show_both_currencies() -> None:
    dollars = OVERBILLED | {"currency": "USD", "order_unit_price_base": "70", "order_unit_price": "10"}
    row = perform({"invoice_line_match": [dollars]}, ["QTY-01"]).exceptions.row(0, named=True)
    assert (row["amount_at_risk"], row["currency"], row["amount_at_risk_base"]) == (Decimal(500), "USD", Decimal(3500))


def test_an_unknown_value_is_not_testable_and_says_which() -> None:
    unknown = {"invoice_number": "INV2", "fulfilled_quantity": None, "invoiced_amount_base": "-700"}
    found = perform({"invoice_line_match": [BILL | {"invoiced_amount_base": "300"}, BILL | unknown]}, ["QTY-01"])
    control = line(found, "QTY-01")
    assert (control["status"], control["population"], control["not_testable"]) == ("clean", 2, 1)
    row = found.not_testable.row(0, named=True)
    assert (row["control_id"], row["document_number"]) == ("QTY-01", "INV2")
    assert (row["amount_base"], control["not_testable_amount_base"], control["population_amount_base"]) == (Decimal(700), Decimal(700), Decimal(1000))
    assert "fulfilled_quantity" in row["reason"]


def test_a_column_that_no_row_knows_makes_it_not_performed() -> None:
    late = {"needs_fulfilment": True, "fulfilled_quantity": "10"}
    found = perform({"order_line_match": [ORDER | late, ORDER | late | {"order_number": "PO2"}]}, ["MIS-04"])
    control = line(found, "MIS-04")
    assert control["status"] == "not_performed"
    assert "promised_date" in control["reason"]
    assert control["reason_zh"]
    assert found.not_testable.is_empty()


def test_absent_tables_nothing_to_test_and_planned() -> None:
    no_prices = [t for t in SUPPLIED if t not in {"price_list_line", "shipment_line"}]
    ahead = PLANNED[-1].id
    override = {"control": ahead, "set": {"confirmation_tolerance_quantity": "0"}, "why": "x"}
    found = perform({}, ["PRC-03", "MIS-09", "QTY-01"], supplied=no_prices, parameters=[override])
    assert (line(found, "PRC-03")["status"], line(found, "PRC-03")["reason"]) == ("not_performed", "the run was given no price_list_line")
    assert line(found, "MIS-09")["status"] == "not_performed"
    assert line(found, "QTY-01")["status"] == "nothing_to_test"
    assert (line(found, ahead)["status"], line(found, ahead)["reason"]) == ("not_performed", "not part of this version")
    assert found.controls.height == 4


def test_the_population_of_suspicious_rows_is_what_was_looked_at() -> None:
    row = {
        "table": "supplier_invoice_line",
        "document_type": "supplier_invoice",
        "document_number": "INV1",
        "natural_key": "INV1",
        "repeat_count": "1",
        "earlier_age_days": "0",
    }
    found = perform({"repeated_row": [row]}, ["DAT-13"], covers={"repeated_row": 1000})
    assert (line(found, "DAT-13")["population"], line(found, "DAT-13")["exceptions"]) == (1000, 1)
    clean = perform({}, ["DAT-13"], covers={"repeated_row": 1000})
    assert (line(clean, "DAT-13")["status"], line(clean, "DAT-13")["population"]) == ("clean", 1000)


def test_ids_last_and_never_collide() -> None:
    rows = [
        OVERBILLED,
        OVERBILLED | {"party_id": "S2"},
        OVERBILLED | {"invoice_date": date(2025, 10, 12)},
        OVERBILLED | {"internal_number": "5100001"},
        OVERBILLED | {"source_row": "9"},
    ]
    found = perform({"invoice_line_match": rows}, ["QTY-01"]).exceptions
    again = perform({"invoice_line_match": list(reversed(rows))}, ["QTY-01"]).exceptions
    assert found["exception_id"].n_unique() == 5
    assert found.equals(again)
    alone = perform({"invoice_line_match": [OVERBILLED | {"source_file": "other.csv", "source_row": "77"}]}, ["QTY-01"]).exceptions
    assert alone["exception_id"][0] in found["exception_id"].to_list()
    assert all(len(word) >= 16 for word in found["exception_id"])


def test_order_of_rows_changes_nothing() -> None:
    bills = [OVERBILLED | {"invoice_number": f"INV{n}", "order_number": f"PO{n % 7}"} for n in range(40)]
    layers = [LAYER | {"document_number": f"GR{n}", "order_number": f"PO{n % 5}", "age_days": str(n * 5)} for n in range(40)]
    orders = [ORDER | {"order_number": f"PO{n}"} for n in range(7)]
    one = perform({"invoice_line_match": bills, "open_layer": layers, "order_line_match": orders})
    other = perform({"invoice_line_match": bills[::-1], "open_layer": layers[::-1], "order_line_match": orders[::-1]})
    assert one.exceptions.equals(other.exceptions)
    assert one.controls.equals(other.controls)
    assert one.order_lines.collect().sort("order_number").equals(other.order_lines.collect().sort("order_number"))


def test_a_symptom_names_its_cause() -> None:
    found = perform({"open_layer": [LAYER | {"age_days": "120"}, LAYER | {"document_number": "GR2"}]}, ["MIS-03", "BAL-01"]).exceptions
    cause = found.filter(control_id="BAL-01")["exception_id"].item()
    assert found.filter(control_id="MIS-03", document_number="GR1")["cause_exception_id"].item() == cause
    assert found.filter(control_id="MIS-03", document_number="GR2")["cause_exception_id"].item() is None
    assert found.filter(control_id="BAL-01")["cause_exception_id"].item() is None


VALUE = ORDER | {"invoiced_amount": "1200", "invoiced_amount_base": "1200", "invoiced_quantity": "120", "billable_limit_quantity": "100"}


def test_value_above_the_order_is_shown_under_the_quantity() -> None:
    above = OVERBILLED | {"invoiced_quantity": "120", "invoiced_to_date_quantity": "120", "fulfilled_quantity": "120"}
    found = perform({"order_line_match": [VALUE], "invoice_line_match": [above]}, ["PRC-07", "QTY-02"]).exceptions
    assert found.filter(control_id="PRC-07")["cause_exception_id"].item() == found.filter(control_id="QTY-02")["exception_id"].item()
    dearer = VALUE | {"invoiced_amount": "1300", "invoiced_amount_base": "1300"}  # without the twenty too many it would still be above
    found = perform({"order_line_match": [dearer], "invoice_line_match": [above]}, ["PRC-07", "QTY-02"]).exceptions
    assert found.filter(control_id="PRC-07")["cause_exception_id"].item() is None


def test_value_above_the_order_is_silent_where_a_price_is_the_reason() -> None:
    dear = BILL | {"cumulative_price_variance": "200", "price_variance": "200"}
    found = perform({"order_line_match": [VALUE, VALUE | {"order_number": "PO2"}], "invoice_line_match": [dear]}, ["PRC-07", "PRC-01"])
    assert found.exceptions.filter(control_id="PRC-07")["order_number"].to_list() == ["PO2"]
    assert line(found, "PRC-07")["exceptions"] == 1


def test_severity_follows_the_first_rule_that_holds() -> None:
    rows = [LAYER | {"age_days": "91"}, LAYER | {"age_days": "90", "document_number": "GR2"}]
    found = perform({"open_layer": rows}, ["MIS-03"]).exceptions
    assert found.sort("document_number")["severity"].to_list() == ["high", "medium"]


STATUS = {
    "exact": {},
    "exception": {"fulfilled_quantity": "50", "billable_quantity": "50", "excess_quantity": "50", "quantity_variance": "500"},
    "within_tolerance": {"price_variance": "5", "cumulative_price_variance": "5"},
    "in_flight": {"fulfilled_quantity": "0", "billable_quantity": "0", "excess_quantity": "100"},
    "excluded": {"is_live": False, "exclusion_reason": "cancelled"},
    "netted": {"is_live": False, "exclusion_reason": "netted with its reversal"},
    "not_required": {"match_level": "none", "price_variance": "500", "cumulative_price_variance": "500"},
    "suggested": {"has_order_link": False, "order_number": None, "link_certainty": "suggested"},
    "ambiguous": {"has_order_link": False, "order_number": None, "link_certainty": "ambiguous"},
    "not_decided": {"is_comparable": False, "price_variance": None},
}


@pytest.mark.parametrize(("status", "change"), STATUS.items())
def test_status_of_an_invoice_line(status: str, change: dict[str, Any]) -> None:
    found = perform({"invoice_line_match": [BILL | change]}, ["QTY-01", "PRC-01"])
    lines = found.invoice_lines.collect()
    assert lines.columns == list(INVOICE_LINES)
    assert lines["match_status"].to_list() == [status]


def test_a_bill_whose_goods_are_overdue_is_overdue_with_its_order() -> None:
    order = ORDER | {"fulfilled_quantity": "0", "first_invoice_date": date(2026, 10, 12)}
    bill = BILL | STATUS["in_flight"]
    found = perform({"order_line_match": [order], "invoice_line_match": [bill, bill | {"invoice_number": "INV2", "order_number": "PO2"}]}, ["MIS-02"])
    assert found.invoice_lines.collect().sort("invoice_number")["match_status"].to_list() == ["overdue", "in_flight"]
    assert found.order_lines.collect()["match_status"].to_list() == ["overdue"]


@pytest.mark.parametrize(
    ("bill", "layer", "order", "expected"),
    [
        ({}, None, {}, "exact"),
        (None, None, {}, "exact"),
        ({"price_variance": "5", "cumulative_price_variance": "5"}, None, {}, "within_tolerance"),
        (STATUS["in_flight"], None, {}, "in_flight"),
        ({}, {"age_days": "5"}, {}, "in_flight"),
        ({}, {"age_days": "31"}, {}, "overdue"),
        (STATUS["exception"], {"age_days": "31"}, {}, "exception"),
        ({}, {"kind": "invoiced_not_fulfilled"}, {}, "exact"),
        ({}, {"kind": "open_payable"}, {}, "exact"),
        ({}, {"order_number": "PO2", "age_days": "31"}, {}, "exact"),
        ({}, None, {"fulfilled_quantity": "110"}, "exception"),
        ({"is_live": False, "exclusion_reason": "cancelled"}, None, {}, "exact"),
        ({}, None, {"match_level": "none"}, "not_required"),
        ({}, None, {"is_live": False, "exclusion_reason": "cancelled"}, "excluded"),
    ],
)
def test_status_of_an_order_line_is_the_worst_that_hangs_on_it(
    bill: dict[str, Any] | None, layer: dict[str, Any] | None, order: dict[str, Any], expected: str
) -> None:
    tables = {
        "order_line_match": [ORDER | order],
        "invoice_line_match": [] if bill is None else [BILL | bill],
        "open_layer": [] if layer is None else [LAYER | layer],
    }
    lines = perform(tables, ["QTY-01", "QTY-05", "PRC-01", "MIS-03"]).order_lines.collect()
    assert lines.columns == list(ORDER_LINES)
    assert lines["match_status"].to_list() == [expected]


# Causes and symptoms: what vanishes with its cause is shown beneath it, and what does not is not.

DEAR = BILL | {"cumulative_price_variance": "9000", "price_variance": "9000", "price_ratio": "10", "invoice_unit_price": "100"}
TENFOLD = DEAR | {"price_unit_variance": "9000", "price_factor_variance": "0"}
TAXED = BILL | {"cumulative_price_variance": "130", "price_variance": "130", "price_ratio": "1.13", "tax_rate": "0.13", "order_tax_rate": "0.13"}
UNTAXED = TAXED | {"cumulative_price_variance": "-115.044248", "price_variance": "-115.044248", "price_ratio": "0.884955752"}
SIXTY = BILL | {
    "invoiced_quantity": "60",
    "invoiced_to_date_quantity": "60",
    "ordered_quantity": "5",
    "fulfilled_quantity": "5",
    "billable_quantity": "5",
    "billable_limit_quantity": "5",
}
SIXTY |= {
    "excess_quantity": "55",
    "quantity_variance": "6600",
    "cumulative_price_variance": "-6600",
    "price_variance": "-6600",
    "order_unit_price": "120",
}
SIXTY |= {"order_unit_price_base": "120", "invoiced_at_order_price": "7200", "invoice_unit_price": "10", "price_ratio": "0.0833333333"}
PACK = {
    "cycle": "procure_to_pay", "company_code": "A", "document_type": "supplier_invoice", "document_number": "INV1", "document_line_no": "1", "party_id": "S1",
    "document_date": date(2026, 10, 12), "order_number": "PO1", "order_line_no": "1", "invoiced_quantity": "60", "reference_quantity": "5", "pack_size": "12",
    "pack_size_word": "12", "is_master_pack": False, "ratio_difference": "0", "larger_quantity": "60", "value_difference": "0", "ordered_amount": "600",
}  # fmt: skip
TWIN = {
    "cycle": "procure_to_pay", "company_code": "A", "document_type": "supplier_invoice", "document_number": "INV1", "document_date": date(2026, 10, 12),
    "party_id": "S1", "other_number": "INV-1", "number_score": "1", "same_amount": True, "same_party": True, "days_apart": "0",
    "amount_gross": "500", "amount_gross_base": "500",
}  # fmt: skip
UNRESOLVED = {
    "cycle": "procure_to_pay", "company_code": "A", "party_id": "S1", "document_type": "supplier_invoice", "document_number": "INV1", "document_line_no": "1",
    "document_date": date(2026, 10, 12), "reference_kind": "purchase_order", "reference_number": "PO9", "resolves": False, "in_window": True,
    "amount_gross_base": "500",
}  # fmt: skip
ALONE = BILL | {
    "has_order_link": False,
    "order_number": None,
    "order_line_no": None,
    "item_group": "RAW",
    "amount_gross": "500",
    "amount_gross_base": "500",
}


def folded(tables: dict[str, list[dict[str, Any]]], *ids: str) -> dict[str, str | None]:
    """Control -> the control whose exception its own is shown beneath, one exception each."""
    found = perform(tables, list(ids)).exceptions
    owner = dict(found.select("exception_id", "control_id").rows())
    told = {control: owner.get(cause) for control, cause in found.select("control_id", "cause_exception_id").rows()}
    assert found.height == len(told)
    return told


def test_a_price_per_ten_explains_the_price_and_the_price_stays_raised() -> None:
    assert folded({"invoice_line_match": [TENFOLD]}, "PRC-01", "PRC-04") == {"PRC-01": "PRC-04", "PRC-04": None}


def test_a_cause_that_was_not_raised_explains_nothing() -> None:
    assert folded({"invoice_line_match": [TENFOLD]}, "PRC-01") == {"PRC-01": None}


def test_what_stays_above_the_limit_without_the_cause_is_no_symptom() -> None:
    both = TENFOLD | {"cumulative_price_variance": "9400", "price_variance": "9400"}  # four per cent dearer as well
    assert folded({"invoice_line_match": [both]}, "PRC-01", "PRC-04") == {"PRC-01": None, "PRC-04": None}


def test_what_is_unknown_without_the_cause_has_not_vanished() -> None:
    assert folded({"invoice_line_match": [DEAR]}, "PRC-01", "PRC-04") == {"PRC-01": None, "PRC-04": None}


@pytest.mark.parametrize(("bill", "symptom"), [(TAXED, "PRC-01"), (UNTAXED, "PRC-02")])
def test_tax_inside_a_price_explains_it_both_ways(bill: dict[str, Any], symptom: str) -> None:
    assert folded({"invoice_line_match": [bill]}, symptom, "PRC-05") == {symptom: "PRC-05", "PRC-05": None}


def test_pack_sizes_explain_quantity_and_price() -> None:
    tables = {"invoice_line_match": [SIXTY], "pack_ratio": [PACK]}
    assert folded(tables, "QTY-01", "QTY-02", "PRC-02", "QTY-11") == {"QTY-01": "QTY-11", "QTY-02": "QTY-11", "PRC-02": "QTY-11", "QTY-11": None}


def test_pack_sizes_do_not_explain_a_price_that_differs_beside_them() -> None:
    cheap = SIXTY | {"cumulative_price_variance": "-6700", "price_variance": "-6700"}
    told = folded({"invoice_line_match": [cheap], "pack_ratio": [PACK]}, "QTY-01", "PRC-02", "QTY-11")
    assert told == {"QTY-01": "QTY-11", "PRC-02": None, "QTY-11": None}


def test_a_document_entered_twice_explains_what_its_lines_bill_too_much() -> None:
    second = BILL | {"invoiced_to_date_quantity": "200", "invoiced_before_quantity": "100"}
    tables = {"invoice_line_match": [second], "duplicate_pair": [TWIN]}
    assert folded(tables, "QTY-01", "QTY-02", "DUP-01") == {"QTY-01": "DUP-01", "QTY-02": "DUP-01", "DUP-01": None}
    tables["duplicate_pair"] = [TWIN | {"document_number": "INV7"}]
    assert folded(tables, "QTY-01", "DUP-01") == {"QTY-01": None, "DUP-01": None}


def test_a_reference_that_leads_nowhere_explains_a_bill_without_an_order() -> None:
    tables = {"invoice_line_match": [ALONE], "document_reference": [UNRESOLVED]}
    assert folded(tables, "MIS-01", "DAT-10") == {"MIS-01": "DAT-10", "DAT-10": None}


def test_goods_that_did_not_come_explain_what_hangs_open() -> None:
    waiting = ORDER | {"fulfilled_quantity": "0", "first_invoice_date": date(2026, 7, 1), "first_invoice_posting_date": date(2026, 7, 1)}
    layer = LAYER | {"kind": "invoiced_not_fulfilled", "document_number": "INV1", "age_days": "122"}
    tables = {"order_line_match": [waiting], "open_layer": [layer]}
    assert folded(tables, "MIS-02", "BAL-02") == {"BAL-02": "MIS-02", "MIS-02": None}
    tables["open_layer"] = [layer | {"order_number": "PO2"}]
    assert folded(tables, "MIS-02", "BAL-02") == {"BAL-02": None, "MIS-02": None}


def test_of_two_that_explain_one_another_the_first_is_the_cause() -> None:
    told = [{"table": "invoice_line_match", "set": {"cumulative_price_variance": "0", "price_ratio": "1"}}]
    book = [BOOK["PRC-01"].model_copy(update={"explains": Control.model_validate(_text("PRC-01") | {"explains": told}).explains}), BOOK["PRC-04"]]
    found = perform({"invoice_line_match": [TENFOLD]}, book=book).exceptions
    causes = dict(found.select("control_id", "cause_exception_id").rows())
    assert causes["PRC-01"] is None
    assert causes["PRC-04"] == found.filter(control_id="PRC-01")["exception_id"].item()


def test_a_condition_without_columns_keeps_all_its_rows() -> None:
    """Judged again, such a condition says one thing for all rows; none of them may get lost, and what holds always has no cause."""
    prices = BOOK["PRC-01"]
    wide = prices.population.model_copy(update={"where": "TRUE"})
    always = prices.model_copy(update={"exception_when": "TRUE", "not_testable_when": "FALSE", "population": wide})
    rows = [TENFOLD, TENFOLD | {"invoice_line_no": "2"}, TENFOLD | {"invoice_line_no": "3"}]
    found = perform({"invoice_line_match": rows}, book=[always, BOOK["PRC-04"]]).exceptions
    told = found.filter(control_id="PRC-01").select("document_line_no", "cause_exception_id").rows()
    assert sorted(told) == [("1", None), ("2", None), ("3", None)]
    assert found.filter(control_id="PRC-04").height == 3


def _text(control_id: str) -> dict[str, Any]:
    return BOOK[control_id].model_dump(mode="json", by_alias=True)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"table": "invoice_lines", "set": {"is_live": "FALSE"}}, "no such measured table"),
        ({"table": "open_layer", "set": {"quantty": "0"}}, 'no column "quantty"'),
        ({"table": "open_layer", "set": {"quantity": "quantty"}}, 'no column "quantty"'),
        ({"table": "open_layer", "set": {"quantity": ":grni_age_days"}}, "no parameters"),
        ({"table": "open_layer", "set": {"quantity": "kind"}}, "quantity"),
    ],
)
def test_corrections_that_cannot_be_made_are_refused(told: dict[str, Any], said: str) -> None:
    control = Control.model_validate(_text("BAL-01") | {"explains": [told]})
    with pytest.raises(TermsRefused) as refused:
        check([control], engagement(), PLANNED)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("costs {chance_p96}", 'no column "chance_p96"'),
        ("costs {Amount}", 'no column "Amount"'),
        ("costs {amount", "brace"),
        ("costs amount}", "brace"),
    ],
)
def test_a_sentence_with_a_place_that_nothing_fills_is_refused(sentence: str, said: str) -> None:
    control = Control.model_validate(_text("BAL-01") | {"message": {"en": sentence, "zh": sentence}})
    with pytest.raises(TermsRefused) as refused:
        check([control], engagement(), PLANNED)
    assert said in str(refused.value)


def test_every_correction_is_of_a_column_that_some_control_of_its_table_reads() -> None:
    for control in BOOK.values():
        for one in control.explains:
            readers = [c for c in BOOK.values() if c.population.table == one.table and c.id != control.id]
            for name in one.set:
                assert name in measures.schema(one.table)
                assert any(name in texts.judging_columns(c) for c in readers), f"{control.id}: nothing judges {one.table} by {name}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ("full", "full", None, "full", "none")),
        ({"fulfilled_quantity": "99", "invoiced_quantity": "101"}, ("part", "over", None, "full", "none")),
        ({"fulfilled_quantity": "0", "invoiced_quantity": "0", "invoiced_amount": "0"}, ("none", "none", None, "none", "none")),
        ({"fulfilled_quantity": None, "invoiced_quantity": "99.999"}, (None, "part", None, "full", "none")),
        ({"fulfilled_amount": "1000.01", "invoiced_amount": "999.99"}, ("full", "full", "over", "part", "none")),
        ({"paid_amount": "1130", "billed_gross_amount": "1130"}, ("full", "full", None, "full", "full")),
        ({"paid_amount": "1129.99", "billed_gross_amount": "1130"}, ("full", "full", None, "full", "part")),
        ({"paid_amount": "1130.01", "billed_gross_amount": "1130"}, ("full", "full", None, "full", "over")),
        ({"paid_amount": "1", "billed_gross_amount": None}, ("full", "full", None, "full", None)),
        ({"ordered_quantity": "-100", "fulfilled_quantity": "-99", "invoiced_quantity": "-101"}, ("part", "over", None, "full", "none")),
    ],
)
def test_how_far_an_order_line_is_served_billed_and_paid(change: dict[str, Any], told: tuple[str | None, ...]) -> None:
    lines = perform({"order_line_match": [ORDER | change]}, ["QTY-05"]).order_lines.collect()
    assert lines.select("^(fulfilled|invoiced|paid)_.*_status$").row(0) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ("full", None)),
        ({"billable_quantity": "50"}, ("part", None)),
        ({"billable_quantity": "0", "expected_amount": "0"}, ("none", "none")),
        ({"billable_quantity": "-100", "invoiced_quantity": "-100", "expected_amount": "-900", "invoiced_amount": "-1000"}, ("full", "part")),
        ({"billable_quantity": None, "invoiced_quantity": None, "expected_amount": "1000", "invoiced_amount": "1000"}, (None, "full")),
        ({"expected_amount": "1000.01", "invoiced_amount": "1000"}, ("full", "over")),
    ],
)
def test_how_much_of_an_invoice_line_may_be_billed(change: dict[str, Any], told: tuple[str | None, ...]) -> None:
    lines = perform({"invoice_line_match": [BILL | change]}, ["QTY-01"]).invoice_lines.collect()
    assert lines.select("billable_quantity_status", "expected_amount_status").row(0) == told
