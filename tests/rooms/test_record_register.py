"""The memory: first seen, new, still open, closed and by what; a memory that cannot be trusted is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from recon.deliver import deliver
from recon.domain import measures
from recon.domain.engagement import Engagement
from recon.domain.errors import InputsRefused, TermsRefused
from recon.domain.workpapers import CHANGES
from recon.record import record
from recon.record.closing import REASONS
from recon.report import report

LATER = date(2026, 11, 30)


FILES = ("results/exceptions.parquet", "results/controls.csv", "results/summary.json")


@pytest.fixture(scope="module")
def earlier_about(tmp_path_factory, make_workpapers):
    """A run as of 2026-10-31 with ten exceptions, about documents of a given type, published once."""
    folder, workpapers = tmp_path_factory.mktemp("earlier"), make_workpapers(10)

    def publish(document_type):
        run = folder / document_type
        if not run.exists():
            exceptions = workpapers.register.exceptions.with_columns(document_type=pl.lit(document_type))
            about = replace(workpapers, register=replace(workpapers.register, exceptions=exceptions))
            publication = report(about, "en")
            deliver({name: publication[name] for name in FILES}, about, run)
        return run

    return publish


@pytest.fixture
def earlier(earlier_about):
    """The run whose exceptions are about what their documents say."""
    return earlier_about("supplier_invoice")


@pytest.fixture
def later(make_workpapers):
    """The same engagement a month later."""
    engagement = make_workpapers(0).engagement
    return engagement.model_copy(update={"as_of": LATER})


def table(name, *rows):
    """A measured table with these rows; what is not given is null."""
    schema = measures.schema(name)
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema).lazy()


def outcomes_without(make_workpapers, *gone, rows=10):
    """The outcomes of a run that no longer finds the exceptions at these places."""
    outcomes = make_workpapers(rows).outcomes
    kept = pl.Series([i not in gone for i in range(rows)])
    return replace(outcomes, exceptions=outcomes.exceptions.filter(kept))


def with_tables(matches, **tables):
    return replace(matches, tables={**matches.tables, **tables})


#: The order line and document of the exception at place 2: MIS-03, order_to_cash, company C01.
SUBJECT = {"cycle": "order_to_cash", "company_code": "C01", "order_number": "PO-000000", "order_line_no": "3"}
#: That its invoice is still among the inputs.
PRESENT = {"cycle": "order_to_cash", "company_code": "C01", "invoice_number": "INV-000002", "invoice_line_no": "3", "invoice_date": date(2026, 10, 1)}


def closing(register):
    rows = register.changes.filter(pl.col("change").is_in(["closed", "not_retested"]))
    return list(zip(rows["change"].to_list(), rows["closed_by"].to_list(), strict=True))


def test_without_history_everything_is_first_seen_now(make_workpapers, no_matches, later):
    register = record(make_workpapers(5).outcomes, no_matches, later, None)
    assert register.exceptions["first_seen"].unique().to_list() == [LATER]
    assert (register.changes.height, register.changes.columns, register.previous_summary) == (0, list(CHANGES), None)


def test_first_seen_is_carried_and_changes_are_told(make_workpapers, no_matches, later, earlier):
    outcomes = make_workpapers(12).outcomes
    register = record(replace(outcomes, exceptions=outcomes.exceptions.filter(pl.int_range(pl.len()) >= 1)), no_matches, later, earlier)
    seen = dict(zip(register.exceptions["document_number"].to_list(), register.exceptions["first_seen"].to_list(), strict=True))
    assert {seen[f"INV-{i:06}"] for i in range(1, 10)} == {date(2026, 10, 31)}
    assert {seen["INV-000010"], seen["INV-000011"]} == {LATER}
    assert dict(register.changes.group_by("change").len().iter_rows()) == {"new": 2, "still_open": 9, "closed": 1}
    assert register.exceptions.columns == [*outcomes.exceptions.columns, "base_severity", "severity_reason"]
    assert register.previous_summary["exceptions"]["count"] == 10


def test_the_order_of_exceptions_is_kept(make_workpapers, no_matches, later, earlier):
    outcomes = make_workpapers(10).outcomes
    assert record(outcomes, no_matches, later, earlier).exceptions["exception_id"].to_list() == outcomes.exceptions["exception_id"].to_list()


def needing(make_workpapers, *tables):
    """The controls, each needing these tables."""
    return [control.model_copy(update={"needs": list(tables)}) for control in make_workpapers(0).controls]


INVOICE = {**SUBJECT, "invoice_number": "V7", "invoice_line_no": "2", "invoice_date": date(2026, 11, 1)}
GOODS = {**SUBJECT, "fulfilment_number": "D1", "fulfilment_line_no": "1", "fulfilment_date": date(2026, 11, 3)}
PAYMENT = {"cycle": "order_to_cash", "company_code": "C01", "invoice_number": "INV-000002", "payment_number": "R5", "payment_date": date(2026, 11, 9)}
APPROVAL = {"cycle": "order_to_cash", "company_code": "C01", "document_number": "INV-000002", "action_at": datetime(2026, 11, 1, 8, tzinfo=UTC)}
CONFIRMED = {"cycle": "order_to_cash", "company_code": "C01", "fulfilment_number": "INV-000002", "confirmed_date": date(2026, 11, 5)}


@pytest.mark.parametrize(
    ("about", "needs", "name", "row", "says"),
    [
        ("shipment", [], "invoice_line_match", INVOICE, "customer_invoice V7/2"),
        ("sales_order", [], "invoice_line_match", INVOICE, "customer_invoice V7/2"),
        ("shipment", [], "invoice_line_match", {**INVOICE, "invoice_date": date(2026, 10, 1), "received_date": date(2026, 11, 2)}, "customer_invoice V7/2"),
        ("customer_invoice", [], "invoice_line_match", {**INVOICE, "invoiced_quantity": Decimal(-1)}, "customer_invoice V7/2"),
        ("customer_invoice", [], "invoice_line_match", {**INVOICE, "invoiced_amount": Decimal(-1)}, "customer_invoice V7/2"),
        ("customer_invoice", [], "invoice_line_match", {**INVOICE, "invoiced_quantity": Decimal(1)}, None),
        ("customer_invoice", [], "fulfilment_line_match", GOODS, "shipment D1/1"),
        ("shipment", [], "fulfilment_line_match", GOODS, None),
        ("shipment", [], "fulfilment_line_match", {**GOODS, "quantity": Decimal(-2)}, "shipment D1/1"),
        ("sales_order", [], "fulfilment_line_match", {**GOODS, "fulfilment_date": date(2026, 9, 3), "created_at": datetime(2026, 11, 1, tzinfo=UTC)}, "shipment D1/1"),
        ("shipment", ["delivery_confirmation_line"], "fulfilment_line_match", CONFIRMED, "delivery_confirmation INV-000002"),
        ("shipment", ["delivery_confirmation_line"], "invoice_line_match", INVOICE, None),
        ("shipment", [], "fulfilment_line_match", CONFIRMED, None),
        ("customer_invoice", ["supplier_payment or cash_receipt"], "settlement_match", PAYMENT, "cash_receipt R5"),
        ("customer_invoice", [], "settlement_match", PAYMENT, None),
        ("customer_invoice", ["approval_event"], "approval_decision", APPROVAL, "approval_event INV-000002"),
        ("customer_invoice", [], "approval_decision", APPROVAL, None),
    ],
)  # fmt: skip
def test_the_document_that_could_close_it_is_named(make_workpapers, no_matches, later, earlier_about, about, needs, name, row, says):
    matches = with_tables(no_matches, **{name: table(name, row)})
    register = record(outcomes_without(make_workpapers, 2), matches, later, earlier_about(about), needing(make_workpapers, *needs))
    [(change, closer)] = closing(register)
    assert change == "closed"
    assert closer == says if says else closer in REASONS


def test_the_first_of_several_is_named(make_workpapers, no_matches, later, earlier_about):
    rows = [{**SUBJECT, "invoice_number": f"V{day}", "invoice_date": date(2026, 11, day)} for day in (9, 3, 12)]
    register = record(
        outcomes_without(make_workpapers, 2),
        with_tables(no_matches, invoice_line_match=table("invoice_line_match", *rows)),
        later,
        earlier_about("shipment"),
    )
    assert closing(register) == [("closed", "customer_invoice V3")]


def test_what_was_there_before_or_stands_elsewhere_closes_nothing(make_workpapers, no_matches, later, earlier_about):
    rows = [
        {**SUBJECT, "invoice_number": "OLD", "invoice_date": date(2026, 10, 31)},  # the earlier as-of date itself
        {**SUBJECT, "invoice_number": "OTHER", "invoice_date": date(2026, 11, 3), "order_line_no": "1"},
        {**SUBJECT, "invoice_number": "FAR", "invoice_date": date(2026, 11, 3), "company_code": "C02"},
        {**SUBJECT, "invoice_number": "BLANK", "invoice_date": date(2026, 11, 3), "order_number": None, "order_line_no": None},
        PRESENT,
    ]
    register = record(
        outcomes_without(make_workpapers, 2),
        with_tables(no_matches, invoice_line_match=table("invoice_line_match", *rows)),
        later,
        earlier_about("shipment"),
    )
    assert closing(register) == [("closed", "document_or_rule_changed")]


def test_reasons_where_no_document_came(make_workpapers, no_matches, later, earlier):
    present = with_tables(no_matches, invoice_line_match=table("invoice_line_match", PRESENT))
    outcomes = outcomes_without(make_workpapers, 2)
    assert closing(record(outcomes, no_matches, later, earlier)) == [("closed", "no_longer_among_inputs")]
    assert closing(record(outcomes, present, later, earlier)) == [("closed", "document_or_rule_changed")]
    rule = {"control": "MIS-03", "set": {"invoice_wait_days": "60"}, "why": "agreed"}
    wider = Engagement.model_validate(later.model_dump(by_alias=True) | {"parameters": [*later.model_dump()["parameters"], rule]})
    assert closing(record(outcomes, present, wider, earlier)) == [("closed", "limit_changed")]


def test_what_nobody_tested_is_not_closed(make_workpapers, no_matches, later, earlier):
    outcomes = outcomes_without(make_workpapers, 2)
    controls = outcomes.controls.with_columns(status=pl.when(pl.col("control_id") == "MIS-03").then(pl.lit("not_performed")).otherwise("status"))
    invoice = {**SUBJECT, "invoice_number": "V7", "invoice_date": date(2026, 11, 1)}
    matches = with_tables(no_matches, invoice_line_match=table("invoice_line_match", invoice))
    assert closing(record(replace(outcomes, controls=controls), matches, later, earlier)) == [("not_retested", "control_not_performed")]
    row = {"control_id": "MIS-03", "company_code": "C01", "document_type": "supplier_invoice", "document_number": "INV-000002", "document_line_no": "3", "order_number": "PO-000000",
           "order_line_no": "3", "reason": "no rate"}  # fmt: skip
    untested = pl.DataFrame([row], schema=outcomes.not_testable.schema)
    assert closing(record(replace(outcomes, not_testable=untested), matches, later, earlier)) == [("not_retested", "not_testable_now")]


def test_a_stranger_or_a_damaged_run_is_no_memory(make_workpapers, no_matches, later, earlier, tmp_path):
    outcomes = make_workpapers(1).outcomes
    for change, says in (
        ({"entity": "other"}, "another entity"),
        ({"currency": "USD"}, "another currency"),
        ({"as_of": date(2026, 9, 30)}, "later than this one"),
    ):
        with pytest.raises(InputsRefused, match=says):
            record(outcomes, no_matches, later.model_copy(update=change), earlier)
    with pytest.raises(TermsRefused, match="not a published run"):
        record(outcomes, no_matches, later, tmp_path / "nowhere")
    damaged = shutil.copytree(earlier, tmp_path / "damaged")
    (damaged / "results" / "summary.json").write_text("{}")
    with pytest.raises(InputsRefused, match="not as it was published"):
        record(outcomes, no_matches, later, damaged)


def test_amounts_keep_their_digits(make_workpapers, no_matches, later, earlier):
    changes = record(outcomes_without(make_workpapers, 2), no_matches, later, earlier).changes
    gone = changes.filter(pl.col("change") == "closed")
    assert gone["amount_at_risk_base"].to_list() == [Decimal("15838.02")]
