"""Document lines of two runs side by side: what reads otherwise, what is gone, what came late, and what nobody can compare."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from recon.domain.known_lines import SCHEMA, known_lines
from recon.match.against_earlier import since_earlier

THEN = date(2026, 9, 30)
PERIODS = [
    {"period": "2026-08", "from_date": "2026-08-01", "to_date": "2026-08-31", "closed_at": "2026-09-08T18:00:00+08:00"},
    {"period": "2026-09", "from_date": "2026-09-01", "to_date": "2026-09-30", "closed_at": "2026-10-08T18:00:00+08:00"},
]


def line(number="INV1", day=date(2026, 8, 10), document_type="supplier_invoice", **other):
    row = {"cycle": "procure_to_pay", "document_type": document_type, "company_code": "C1", "issuer_id": "S1", "document_number": number}
    row |= {"document_line_no": "1", "party_id": "S1", "document_date": day, "posting_date": day, "currency": "CNY", "quantity": Decimal(10)}
    return row | {"amount": Decimal(100), "amount_base": Decimal(100), "is_excluded": False} | other


FIRST = line("INV0", date(2026, 1, 5))


@pytest.fixture(scope="module")
def beside(accepted_of, engagement_of):
    def told(then, now, periods=PERIODS):
        frames = [pl.DataFrame(rows, schema=SCHEMA, orient="row").lazy() for rows in (now, then)]
        accepted = accepted_of({"fiscal_period": periods} if periods else {})
        return since_earlier(*frames, THEN, accepted, engagement_of())

    return told


def restated(found, *columns):
    return found["restated_line"].filter(pl.col("document_number").is_not_null()).select(columns or ("state", "changed_fields", "is_closed")).rows()


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"amount": Decimal("99.999999"), "amount_base": Decimal("99.999999")}, "amount"),
        ({"quantity": Decimal(9)}, "quantity"),
        ({"posting_date": date(2026, 8, 11)}, "posting_date"),
        ({"document_date": date(2026, 8, 9)}, "document_date"),
        ({"currency": "USD"}, "currency"),
        ({"currency": None}, "currency"),
        ({"amount": Decimal(1), "quantity": Decimal(1)}, "quantity, amount"),
    ],
)
def test_every_field_that_a_line_says_for_itself_is_compared(beside, change, fields):
    assert restated(beside([FIRST, line()], [FIRST, line(**change)])) == [("changed", fields, True)]


def test_what_reads_the_same_needs_no_row(beside):
    found = beside([FIRST, line()], [FIRST, line(source_row=7, amount_base=Decimal(1))])["restated_line"]
    assert found.select("state", "document_number", "document_count").rows() == [("same", None, 2)]


def test_goods_are_compared_by_what_came_not_by_what_they_are_worth(beside):
    goods = {"document_type": "goods_receipt", "issuer_id": "", "currency": None}
    first = FIRST | goods
    assert restated(beside([first, line(**goods)], [first, line(**goods, amount=Decimal(7), party_id="S9")])) == []
    assert restated(beside([first, line(**goods)], [first, line(**goods, quantity=Decimal(7))])) == [("changed", "quantity", True)]


@pytest.mark.parametrize(
    ("then", "now", "state", "moved"),
    [
        ({}, {"is_excluded": True}, "cancelled", 100),
        ({"is_excluded": True}, {}, "counted again", 100),
        ({"is_excluded": True}, {"is_excluded": True, "amount": Decimal(7)}, None, None),
        ({}, None, "gone", 100),
        ({}, {"amount": Decimal(90), "amount_base": Decimal(90)}, "changed", 10),
        ({"is_excluded": True}, None, None, None),
        ({"is_excluded": True, "document_date": date(2026, 10, 2)}, {"document_date": date(2026, 10, 2)}, None, None),  # it lay ahead then
        ({"is_excluded": True, "posting_date": date(2026, 10, 1)}, {"posting_date": date(2026, 10, 1)}, None, None),
    ],
)
def test_what_became_of_a_line(beside, then, now, state, moved):
    found = beside([FIRST, line(**then)], [FIRST] if now is None else [FIRST, line(**now)])
    assert {row[0] for row in restated(found, "changed_fields")} <= {"amount" if state == "changed" else "is_counted"}
    assert restated(found, "state", "moved_amount_base") == ([] if state is None else [(state, moved)])


@pytest.mark.parametrize(
    ("day", "periods", "is_closed"),
    [(date(2026, 8, 31), PERIODS, True), (date(2026, 9, 1), PERIODS, False), (date(2026, 7, 31), PERIODS, None), (date(2026, 8, 31), None, None)],
)
def test_a_period_is_closed_as_it_was_on_the_day_of_the_earlier_run(beside, day, periods, is_closed):
    found = beside([FIRST, line(day=day)], [FIRST, line(day=day, quantity=Decimal(1))], periods)
    assert restated(found, "is_closed") == [(is_closed,)]


def test_what_this_run_does_not_reach_back_to_cannot_be_compared(beside):
    found = beside([FIRST, line()], [line(), line("INV2")])["restated_line"]
    assert found.select("state", "document_count").rows() == [("same", 1), (None, 1)]


def late(found):
    frame = found["late_document"].filter(pl.col("document_number").is_not_null())
    return frame.select("document_number", "days_before_cut_off", "new_line_count", "is_new_document", "amount_base").rows()


@pytest.mark.parametrize(("day", "days"), [(date(2026, 9, 29), 1), (THEN, None), (date(2026, 10, 1), None), (date(2026, 1, 5), 268)])
def test_late_is_what_is_dated_before_the_day_of_the_earlier_run(beside, day, days):
    assert late(beside([FIRST], [FIRST, line(day=day)])) == ([("INV1", days, 1, True, 100)] if days else [])


def test_a_new_line_of_a_known_document_is_late_and_the_document_is_not_new(beside):
    assert late(beside([FIRST, line()], [FIRST, line(), line(document_line_no="2")])) == [("INV1", 51, 1, False, 100)]


def test_lines_of_one_document_are_told_together_and_what_does_not_count_is_not_told(beside):
    new = [line(), line(document_line_no="2"), line("INV2", is_excluded=True)]
    assert late(beside([FIRST], [FIRST, *new])) == [("INV1", 51, 2, True, 200)]


def test_what_the_earlier_run_did_not_reach_back_to_is_not_called_late(beside):
    found = beside([line()], [FIRST, line()])["late_document"]
    assert found.select("days_before_cut_off", "document_count").rows() == [(None, 1)]


def test_the_order_of_rows_changes_nothing(beside):
    then = [FIRST, line(), line("INV2"), line("INV3", quantity=None)]
    now = [FIRST, line(quantity=Decimal(1)), line("INV4"), line("INV3"), line("INV5", date(2026, 9, 1))]
    one, other = beside(then, now), beside(then[::-1], now[::-1])
    assert all(one[name].equals(other[name]) for name in one)


def test_rows_of_one_key_are_one_line_and_a_payment_is_the_sum_of_its_parts():
    empty = {"match_status": pl.String, "exclusion_reason": pl.String, **SCHEMA}
    names = ("order", "fulfilment", "invoice", "payment")
    for name in names:
        empty |= {f"{name}_number": pl.String, f"{name}_line_no": pl.String, f"{name}_date": pl.Date}
    empty |= {f"{of}_{what}": pl.Decimal(38, 6) for of in ("ordered", "invoiced") for what in ("quantity", "amount", "amount_base")}
    nothing = pl.DataFrame(schema=empty).lazy()
    part = dict.fromkeys(empty) | {"cycle": "procure_to_pay", "company_code": "C1", "payment_number": "P1", "payment_date": THEN, "currency": "CNY"}
    parts = pl.DataFrame([part | {"amount": Decimal(3)}, part | {"amount": Decimal(4)}, part | {"payment_number": None}], schema=empty).lazy()
    found = known_lines(nothing, nothing, nothing, parts).collect()
    assert found.select("document_type", "document_number", "document_line_no", "amount").rows() == [("supplier_payment", "P1", "", Decimal(7))]
