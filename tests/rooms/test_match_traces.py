"""Order traces: every paper of an order in the order in which it happened, and which order an exception leads to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon.domain import places
from recon.load import read_engagement
from recon.match import traces as matching
from recon.pipeline import run

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers


@pytest.fixture(scope="module")
def workpapers(planted: Workpapers) -> Workpapers:
    return planted


def test_every_exception_with_an_order_leads_to_its_events(workpapers):
    exceptions, traces = workpapers.register.exceptions, workpapers.traces
    about_orders = exceptions.filter(pl.col("order_number").is_not_null())
    assert set(about_orders["exception_id"]) <= set(traces.links["exception_id"])
    assert traces.links["exception_id"].is_unique().all()
    orders = traces.links.select("cycle", "company_code", "order_number").unique()
    ordered = traces.events.filter(pl.col("event") == "ordered").select("cycle", "company_code", "order_number")
    assert ordered.is_unique().all()
    # an order that the papers only name has no events of its own; all others have exactly one order event
    assert orders.join(ordered, on=orders.columns, how="semi").height >= orders.height * 9 // 10
    every = workpapers.outcomes.order_lines.select(orders.columns).unique().collect()
    assert traces.events.join(pl.concat([orders, every]).unique(), on=orders.columns, how="anti").is_empty()
    assert every.join(ordered, on=orders.columns, how="anti").is_empty(), "every order of a small company is followed"


def test_of_a_large_company_only_orders_of_exceptions_are_followed(workpapers, monkeypatch):
    monkeypatch.setattr(matching, "ORDER_LINES_MOST", 100)
    engagement = read_engagement(places.sample_data() / "planted" / "engagement.yaml", as_of=None)
    narrowed = run(engagement.model_copy(update={"second_opinion": False})).traces
    orders = narrowed.links.select("cycle", "company_code", "order_number").unique()
    assert narrowed.events.join(orders, on=orders.columns, how="anti").is_empty()
    assert narrowed.links.equals(workpapers.traces.links)
    assert narrowed.events.equals(workpapers.traces.events.join(orders, on=orders.columns, how="semi", maintain_order="left"))


def test_an_invoice_without_order_number_leads_to_the_order_it_bills(workpapers):
    exceptions = workpapers.register.exceptions
    about_invoices = exceptions.filter((pl.col("control_id") == "DUP-01") & pl.col("order_number").is_null())
    linked = workpapers.traces.links.join(about_invoices, on="exception_id", how="semi")
    assert linked.height > 0
    assert linked["order_number"].null_count() == 0


def test_events_tell_the_documents(workpapers):
    """Deliveries and bills of the traced orders add up to what the order lines of the results say."""
    events = workpapers.traces.events
    key = ["cycle", "company_code", "order_number"]
    lines = workpapers.outcomes.order_lines.collect().join(events.select(key).unique(), on=key, how="semi")
    told = events.filter(pl.col("event") == "ordered")["amount"].sum()
    assert told == lines["ordered_amount"].sum() != Decimal(0)
    bills = workpapers.outcomes.invoice_lines.collect().join(events.select(key).unique(), on=key, how="semi")
    assert (
        events.filter(pl.col("event").is_in(["invoiced", "credited", "prepaid", "bill_reversed"]))["amount"].sum() == bills["invoiced_amount"].sum()
    )


def test_events_stand_in_the_order_of_their_days(workpapers):
    events = workpapers.traces.events
    steps = events.with_columns(step=pl.col("event_date").diff().over("cycle", "company_code", "order_number", mapping_strategy="group_to_rows"))
    assert (steps["step"].drop_nulls().dt.total_days() >= 0).all()
    assert events["event_date"].max() <= workpapers.engagement.as_of
    assert events["source_row"].null_count() <= events.filter(pl.col("event") == "paid").height


def test_who_approved_and_when_is_told(workpapers):
    approvals = workpapers.traces.events.filter(pl.col("event") == "approval")
    assert approvals.height > 0
    assert approvals["actor_id"].null_count() == 0
    assert set(approvals["detail"]) <= {"submit", "approve", "reject", "withdraw", "delegate", "auto_approve", "release", "unapprove", "close"}
