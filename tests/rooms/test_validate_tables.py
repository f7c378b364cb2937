"""Statements about whole tables: control totals, volume, dates, months, share of values; and the files that ask for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from recon.domain import places, tie_out
from recon.domain.documents import TABLES
from recon.domain.engagement import Engagement
from recon.domain.errors import InputsRefused
from recon.domain.expectation import TableExpectations
from recon.domain.money import MONEY, QUANTITY
from recon.domain.workpapers import REJECTED, Extract, Extracts, InputFile
from recon.load.rulebook import read_expectations
from recon.validate.control_totals import compare
from recon.validate.statements import Statement, state

TABLE = "goods_receipt_line"
ENGAGEMENT = Engagement.model_validate(
    {
        "entity": "ACME", "as_of": "2026-10-31", "period": {"from": "2026-09-01", "to": "2026-10-31"}, "currency": "CNY", "extracts": {"any": "x.csv"},
    }
)  # fmt: skip


def expected(**rules: Any) -> TableExpectations:
    return TableExpectations.model_validate({"table": TABLE} | rules)


def receipts(*rows: tuple[str, str, date | None, str | None]) -> pl.DataFrame:
    """company, quantity, date, order of receipt lines, all of one file."""
    frame = pl.DataFrame(
        rows, schema={"company_code": pl.String, "quantity": pl.String, "receipt_date": pl.Date, "po_number": pl.String}, orient="row"
    )
    place = {"source_file": pl.lit("in/receipts.csv"), "source_row": pl.int_range(2, pl.len() + 2, dtype=pl.UInt32)}
    return frame.with_columns(pl.col("quantity").cast(QUANTITY), **place)


def said(frame: pl.DataFrame, **rules: Any) -> Statement:
    columns = [c for c in frame.columns if not c.startswith("source_")]
    (statement,) = state({TABLE: frame}, {TABLE: columns}, {TABLE: expected(**rules)}, ENGAGEMENT)
    return statement


SEPTEMBER, OCTOBER = date(2026, 9, 3), date(2026, 10, 31)


def test_volume_on_both_sides():
    frame = receipts(("C1", "1", OCTOBER, None), ("C1", "1", OCTOBER, None))
    assert said(frame, volume={"at_least_rows": "2", "severity": "high", "why": "w"}).holds is True
    short = said(frame, volume={"at_least_rows": "3", "severity": "high", "why": "w"})
    assert (short.holds, short.observed, short.severity) == (False, "2", "high")


@pytest.mark.parametrize(
    ("day", "holds", "observed"),
    [
        (date(2026, 10, 31), True, "0 after, 0 before"),
        (date(2026, 11, 1), False, "1 after, 0 before"),
        (date(2026, 10, 21), True, "0 after, 0 before"),
        (date(2026, 10, 20), False, "0 after, 1 before"),
        (None, True, "0 after, 0 before"),
    ],
)
def test_dates_lie_between_the_look_back_and_the_as_of_date(day, holds, observed):
    found = said(receipts(("C1", "1", day, None)), dates=[{"column": "receipt_date", "look_back_days": "10", "severity": "low", "why": "w"}])
    assert (found.holds, found.observed) == (holds, observed)


def test_every_company_has_every_month():
    rule = [{"column": "receipt_date", "severity": "medium", "why": "w"}]
    whole = receipts(("C1", "1", SEPTEMBER, None), ("C1", "1", OCTOBER, None))
    assert said(whole, coverage=rule).holds is True
    gap = said(pl.concat([whole, receipts(("C2", "1", OCTOBER, None))]), coverage=rule)
    assert (gap.holds, gap.observed) == (False, "1 of 4 months empty, first: C2 2026-09")


def by(grain, *days, period=("2026-10-05", "2026-10-09"), as_of="2026-10-31", calendar=None):
    """The statement about a company with a receipt on each of these days of October."""
    terms = {"as_of": as_of, "period": {"from": period[0], "to": period[1]}, "entity": "ACME", "currency": "CNY", "extracts": {"any": "x.csv"}}
    frame = receipts(*(("C1", "1", date(2026, 10, day), None) for day in days))
    rule = expected(coverage=[{"column": "receipt_date", "severity": "medium", "why": "w", "grain": grain}])
    named = None if calendar is None else pl.DataFrame({"date": list(calendar), "is_working_day": list(calendar.values())})
    (statement,) = state({TABLE: frame}, {TABLE: ["company_code", "receipt_date"]}, {TABLE: rule}, Engagement.model_validate(terms), named)
    return statement.holds, statement.observed


def test_every_working_day_or_week_where_that_is_asked_for():
    """The fifth of October 2026 is a Monday."""
    assert by("working_day", 5, 6, 7, 8, 9) == (True, "0 of 5 working days empty")
    assert by("working_day", 5, 6, 8, 9) == (False, "1 of 5 working days empty, first: C1 2026-10-07")
    assert by("working_day", 5, 6, 8, 9, calendar={date(2026, 10, 7): False}) == (True, "0 of 4 working days empty")
    assert by("working_day", 5, 6, 7, 8, 9, period=("2026-10-05", "2026-10-10"))[0] is True  # Saturday
    assert by("working_day", 5, 6, 7, 8, 9, period=("2026-10-05", "2026-10-10"), calendar={date(2026, 10, 10): True})[0] is False
    assert by("working_day", 5, 6, as_of="2026-10-06") == (True, "0 of 2 working days empty")  # the rest has not come yet
    assert by("week", 7, 15, period=("2026-10-05", "2026-10-16")) == (True, "0 of 2 weeks empty")
    assert by("week", 7, period=("2026-10-05", "2026-10-16")) == (False, "1 of 2 weeks empty, first: C1 2026-10-12")


def test_an_unknown_grain_is_refused():
    with pytest.raises(ValidationError):
        expected(coverage=[{"column": "receipt_date", "severity": "medium", "why": "w", "grain": "hour"}])


def test_the_share_of_values_on_both_sides():
    frame = receipts(("C1", "1", OCTOBER, "PO1"), ("C1", "1", OCTOBER, None))
    assert said(frame, filled=[{"column": "po_number", "at_least_share": "0.5", "severity": "medium", "why": "w"}]).holds is True
    assert said(frame, filled=[{"column": "po_number", "at_least_share": "0.51", "severity": "medium", "why": "w"}]).holds is False


def test_what_no_source_gave_is_not_spoken_of():
    rules = expected(filled=[{"column": "po_number", "at_least_share": "1", "severity": "low", "why": "w"}])
    frame = receipts(("C1", "1", OCTOBER, None)).drop("po_number")
    assert state({TABLE: frame}, {TABLE: frame.columns}, {TABLE: rules}, ENGAGEMENT) == []
    assert state({}, {}, {TABLE: rules}, ENGAGEMENT) == []


# ── control totals ───────────────────────────────────────────────────────────────────────────────────────
FRAME = receipts(("C1", "10.5", OCTOBER, None), ("C1", "2", OCTOBER, None))
NOTHING_REJECTED = pl.DataFrame(schema=dict.fromkeys(REJECTED, pl.String()) | {"source_row": pl.UInt32()})


def totals(
    table: str | None = TABLE, file: str | None = None, rows: int | None = None, column: str | None = None, amount: str | None = None
) -> pl.DataFrame:
    types = {"table": pl.String, "source_file": pl.String, "row_count": pl.Int64, "amount_column": pl.String, "amount_total": MONEY}
    return pl.DataFrame([(table, file, rows, column, None if amount is None else Decimal(amount))], schema=types, orient="row")


def compared(total: pl.DataFrame, *, rejected: pl.DataFrame = NOTHING_REJECTED, extracts: Extracts | None = None, **rules: Any) -> list[Statement]:
    found = compare(
        {TABLE: FRAME, "control_total": total}, rejected, extracts or Extracts({}, (), tie_out.empty()), {TABLE: expected(**rules)} if rules else {}
    )
    return [one for one in found if one.rule == "control_total"]


def test_a_table_that_is_what_was_sent():
    (found,) = compared(totals(file="receipts.csv", rows=2, column="quantity", amount="12.5"))
    assert (found.holds, found.expected, found.observed) == (True, "2 rows and quantity 12.5", "2 rows and quantity 12.5")


@pytest.mark.parametrize("total", [totals(rows=3), totals(rows=1), totals(column="quantity", amount="12.500001"), totals(file="other.csv", rows=2)])
def test_a_table_that_is_not_what_was_sent_stops_the_run(total):
    with pytest.raises(InputsRefused, match="not what the source system says") as refused:
        compared(total)
    assert refused.value.exit_code == 3
    assert TABLE in refused.value.where
    assert refused.value.expected
    assert refused.value.got


def test_a_milder_severity_states_and_goes_on():
    (found,) = compared(totals(rows=3), control_total={"severity": "high", "why": "w"})
    assert (found.holds, found.severity) == (False, "high")


def test_a_tolerance_is_broken_only_beyond_it():
    (found,) = compared(
        totals(rows=3, column="quantity", amount="13"), control_total={"row_count_tolerance": "1", "amount_tolerance": "0.5", "why": "w"}
    )
    assert found.holds is True
    with pytest.raises(InputsRefused):
        compared(totals(column="quantity", amount="13.000001"), control_total={"amount_tolerance": "0.5", "why": "w"})


def test_without_a_control_total_completeness_is_not_proven():
    found = compare({TABLE: FRAME}, NOTHING_REJECTED, Extracts({}, (), tie_out.empty()), {})
    assert [(one.table, one.holds) for one in found] == [(TABLE, None)]


def test_a_control_total_without_figures_proves_nothing():
    assert compared(totals())[0].holds is None


def test_a_table_that_was_sent_and_not_taken_is_said():
    found = [one for one in compared(totals(table="shipment_lines", rows=5)) if one.table == "shipment_lines"]
    assert [one.holds for one in found] == [False]
    assert 'Did you mean "shipment_line"?' in found[0].message


def test_a_control_total_must_name_an_amount_of_the_table():
    with pytest.raises(InputsRefused, match="quantiti") as refused:
        compared(totals(column="quantiti", amount="1"))
    assert refused.value.todo == 'Did you mean "quantity"?'


def rejected_row(row: int | None) -> pl.DataFrame:
    cell = (TABLE, "in/receipts.csv", row, "uom", "missing_value", None, "")
    return pl.DataFrame([cell], schema=NOTHING_REJECTED.schema, orient="row")


def extract(cell: str) -> Extracts:
    frame = pl.LazyFrame({"quantity": [cell], "source_file": ["in/receipts.csv"], "source_row": [9]})
    return Extracts({TABLE: Extract(TABLE, frame, ("quantity",))}, (), tie_out.empty())


def test_rows_set_aside_before_count_as_loaded():
    (found,) = compared(totals(rows=3, column="quantity", amount="13"), rejected=rejected_row(9), extracts=extract("0.5"))
    assert found.holds is True


def test_an_unreadable_amount_explains_a_difference_and_does_not_stop():
    (found,) = compared(totals(rows=3, column="quantity", amount="13"), rejected=rejected_row(9), extracts=extract("O.5"))
    assert found.holds is False
    assert "1 rows whose quantity cannot be read" in found.observed
    with pytest.raises(InputsRefused):
        compared(totals(rows=4, column="quantity", amount="13"), rejected=rejected_row(9), extracts=extract("O.5"))


def test_a_file_that_came_again_is_answered_for_by_the_one_that_was_read():
    facts = {"input": TABLE, "sha256": "0" * 64, "size_bytes": 1, "rows": 2, "encoding": "utf-8"}
    files = (InputFile(name="in/receipts.csv", **facts), InputFile(name="in/again.csv", repeats="in/receipts.csv", **facts))
    (found,) = compared(totals(file="again.csv", rows=2), rejected=rejected_row(None), extracts=Extracts({}, files, tie_out.empty()))
    assert found.holds is True


# ── the files ────────────────────────────────────────────────────────────────────────────────────────────
def test_the_shipped_expectations_stop_on_control_totals():
    shipped = read_expectations(places.rules() / "expectations")
    assert {
        "purchase_order_line",
        "goods_receipt_line",
        "supplier_invoice_line",
        "sales_order_line",
        "shipment_line",
        "customer_invoice_line",
    } <= set(shipped)
    assert all(name in TABLES and rules.control_total is not None and rules.control_total.severity == "stop" for name, rules in shipped.items())


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"volum": {}}, "Extra inputs"),
        ({"volume": {"severity": "high"}}, "why"),
        ({"volume": {"at_least_rows": 1, "severity": "high", "why": "w"}}, "in quotes"),
        ({"volume": {"at_least_rows": "1.5", "severity": "high", "why": "w"}}, "not a whole number"),
        ({"volume": {"at_least_rows": "-1", "severity": "high", "why": "w"}}, "zero or more"),
        ({"filled": [{"column": "po_nummer", "at_least_share": "1", "severity": "low", "why": "w"}]}, 'Did you mean "po_number"'),
        ({"filled": [{"column": "po_number", "at_least_share": "1.1", "severity": "low", "why": "w"}]}, "between 0 and 1"),
        ({"dates": [{"column": "po_number", "look_back_days": "1", "severity": "low", "why": "w"}]}, "no date column"),
        ({"control_total": {"severity": "stop", "amount_tolerance": "a cent", "why": "w"}}, "not a decimal"),
        ({"table": "goods_receipts"}, "no canonical table"),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(rules, words):
    with pytest.raises(ValidationError, match=words):
        expected(**rules)
