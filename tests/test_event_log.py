"""The OCEL procure-to-payment log through its profile: its published figures, each from the control or the documents that give it."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from recon.conform import conform
from recon.domain import places
from recon.load import load, read_engagement, rulebook

NAME = "ocel2_procure_to_payment"
DATA = Path(os.environ.get("RECON_DATA") or places.rules().parent.parent / "shared" / "data")


def expected(name: str) -> pl.DataFrame:
    return pl.read_csv(DATA / NAME / "expected" / f"ocel2_{name}.csv", infer_schema=False)


@pytest.fixture(scope="module")
def engagement():
    if not (DATA / NAME).is_dir():
        pytest.skip(f"the third-party data is not here: set RECON_DATA (looked in {DATA})")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECON_DATA", str(DATA))
        terms = read_engagement(places.sample_data() / "engagements" / f"{NAME}.yaml")
        yield terms.model_copy(update={"second_opinion": False})


@pytest.fixture(scope="module")
def documents(engagement):
    profile = rulebook.read_profile(engagement.source, engagement.folder)
    found = conform(load(engagement, profile), profile, engagement)
    assert found.rejected.height == 0
    assert found.tie_out["holds"].all()
    return {name: frame.collect() for name, frame in found.tables.items()}


@pytest.fixture(scope="module")
def outcomes(engagement):
    from recon.pipeline import run

    return run(engagement).outcomes


def exceptions(outcomes, control: str) -> pl.DataFrame:
    return outcomes.exceptions.filter(pl.col("control_id") == control)


def test_the_log_gives_as_many_documents_as_it_has(documents):
    counts = {
        "purchase_order_line": 2_296, "purchase_requisition_line": 729, "goods_receipt_line": 4_042, "supplier_invoice_line": 927,
        "supplier_payment": 1_166, "supplier_payment_allocation": 1_166, "approval_event": 729 + 122 + 607 + 1_598 + 1_598,
    }  # fmt: skip
    assert {name: documents[name].height for name in counts} == counts


def test_requests_for_quotation_without_requisition(outcomes):
    """Each request names one requisition, and the orders that follow it carry its number."""
    missing = exceptions(outcomes, "MIS-17").filter(pl.col("observed") == "missing")["expected"].unique()
    assert len(missing) == 198
    assert set(missing) == set(expected("A1_rfq_without_requisition")["ocel_id"])


def test_approvals_delegated_and_never_given(outcomes):
    unapproved = exceptions(outcomes, "MIS-17").filter(pl.col("observed") == "not_approved")["expected"].unique()
    undecided = exceptions(outcomes, "SLA-01").filter(pl.col("message").str.contains("decided unknown"))["document_number"]
    assert len(undecided) == 122
    assert set(undecided) == set(unapproved) == set(expected("A2_delegated_never_approved")["ocel_id"])


def test_payments_executed_more_than_once(outcomes, documents):
    again = exceptions(outcomes, "DUP-06").join(documents["supplier_payment"], left_on="document_number", right_on="payment_number", validate="1:1")
    assert again.height == 239
    executions = again.group_by("reference").agg(executions=(pl.len() + 1).cast(pl.String))
    wanted = expected("D1_payment_executed_more_than_once").select(reference="ocel_object_id", executions="executions")
    assert executions.sort("reference").equals(wanted.sort("reference"))
    assert exceptions(outcomes, "PAY-03")["document_number"].n_unique() == 188


def test_invoices_named_by_receipts_that_do_not_exist(outcomes):
    unresolved = exceptions(outcomes, "DAT-10")
    assert unresolved["expected"].unique().to_list() == ["invoice_number"]
    assert unresolved.height == unresolved["observed"].n_unique() == 1_014
    assert set(unresolved["observed"]) == set(expected("dangling_invoice_references")["ocel_target_id"])


def test_orders_paid_before_their_last_goods_receipt(documents, outcomes):
    """By TIM-08 with the order of steps that the engagement writes, and anew from the documents: a payment pays all orders of a requisition."""
    early = exceptions(outcomes, "TIM-08")
    assert early.height == 234
    assert set(early["document_number"]) == set(expected("C5_paid_before_last_goods_receipt")["ocel_object_id"])
    assert early.filter(pl.col("message").str.contains("first payment at .*, last delivery not before")).height == 234
    order = documents["purchase_order_line"].select("po_number", "requisition_id").unique()
    paid = documents["supplier_payment"].group_by("requisition_id").agg(pl.col("created_at", "payment_date").min())
    came = documents["goods_receipt_line"].group_by("po_number").agg(last=pl.col("created_at").max(), last_day=pl.col("receipt_date").max())
    both = order.join(came, on="po_number", validate="1:1").join(paid, on="requisition_id", validate="m:1")
    recounted = both.filter(pl.col("created_at") < pl.col("last"))
    assert (both.height, recounted.height) == (1_598, 234)
    assert set(recounted["po_number"]) == set(early["document_number"])
    assert both.filter(pl.col("payment_date") < pl.col("last_day")).height == 209  # the others were paid in the hours before, on the same day
    tested = outcomes.controls.filter(pl.col("control_id") == "TIM-08").select("population", "not_testable").row(0)
    assert tested == (1_598, 0)


def test_nothing_is_approved_before_creation_or_received_before_approval(documents, outcomes):
    created = documents["purchase_order_line"].group_by(document_number="po_number").agg(pl.col("created_at").min())
    approved = documents["approval_event"].filter((pl.col("document_type") == "purchase_order") & (pl.col("action") == "approve"))
    both = approved.join(created, on="document_number", validate="1:1")
    came = documents["goods_receipt_line"].group_by(document_number="po_number").agg(came=pl.col("created_at").min())
    both = both.join(came, on="document_number", validate="1:1")
    assert both.height == 1_598
    assert both.filter((pl.col("action_at") < pl.col("created_at")) | (pl.col("came") < pl.col("action_at"))).height == 0
    assert {exceptions(outcomes, control).height for control in ("APR-01", "TIM-05", "PAY-01")} == {0}
    # TIM-08 names the first step that came too early: none of approval, creation and first receipt is among them
    assert exceptions(outcomes, "TIM-08").filter(~pl.col("message").str.contains("first payment at")).height == 0


def test_each_invoice_is_the_value_of_its_order(documents, outcomes):
    value = documents["purchase_order_line"].group_by("po_number").agg(value=(pl.col("quantity") * pl.col("unit_price_net")).sum())
    both = documents["supplier_invoice_line"].join(value, on="po_number", validate="1:1")
    assert both.filter(pl.col("line_amount_net") == pl.col("value")).height == 927
    assert exceptions(outcomes, "PRC-07").height == exceptions(outcomes, "MIS-01").height == 0
