"""Limits of controls that matching works by or measures for: each stands exactly at its line, on both sides."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.engagement import ParameterOverride
from recon.match import match_bucket
from recon.match.working_days import WorkingDays, working_days
from tests.rooms.test_match_unlinked import bill, order

D = Decimal


@pytest.fixture(scope="module")
def tables(accepted_of, engagement_of):
    """Name of a bucket-local table -> its rows, made when it is asked for."""

    class Rows:
        def __init__(self, accepted, engagement):
            self.said = accepted, engagement

        def __getitem__(self, name):
            return match_bucket(*self.said, {name}).tables[name].collect().to_dicts()

    def run(allowances=None, overrides=(), **given):
        parameters = [ParameterOverride.model_validate(o | {"why": "test"}) for o in overrides]
        engagement = engagement_of().model_copy(update={"allowances": allowances or {}, "parameters": parameters})
        return Rows(accepted_of(given), engagement)

    return run


# Working days -----------------------------------------------------------------------------------------------------------------
DAYS = st.dates(date(2026, 9, 20), date(2026, 11, 10))


def works(day, named):
    return named.get(day, day.weekday() < 5)


@settings(max_examples=40, deadline=None)
@given(named=st.dictionaries(DAYS, st.booleans(), max_size=12), pairs=st.lists(st.tuples(DAYS, DAYS, st.integers(0, 12)), min_size=1, max_size=8))
def test_working_days_are_those_of_a_plain_count(accepted_of, named, pairs):
    days = working_days(accepted_of({"calendar": [{"date": d, "is_working_day": str(w).lower()} for d, w in named.items()]}))
    frame = pl.DataFrame(pairs, schema={"a": pl.Date, "b": pl.Date, "n": pl.Int64}, orient="row")
    found = frame.with_columns(passed=days.passed(pl.col("a"), pl.col("b")), last=days.last_of_term(frame["a"], frame["n"]))
    for start, end, count, passed, last in found.rows():
        low, high = min(start, end), max(start, end)
        size = sum(works(low + timedelta(i), named) for i in range((high - low).days))
        assert passed == (size if start <= end else -size)
        day, left = start, count
        while left or not works(day, named):
            left -= works(day, named)
            day += timedelta(1)
        assert last == day


def test_days_that_are_not_known_have_no_count():
    days = WorkingDays((), pl.Series([], dtype=pl.Date))
    frame = pl.DataFrame({"a": [None, date(2026, 10, 9)], "n": [1, 1]}, schema={"a": pl.Date, "n": pl.Int64})
    assert days.last_of_term(frame["a"], frame["n"]).to_list() == [None, date(2026, 10, 12)]
    assert days.last_of_term(frame["a"].head(1), frame["n"].head(1)).to_list() == [None]
    assert frame.select(days.passed(pl.col("a"), pl.lit(date(2026, 10, 12)))).to_series().to_list() == [None, 1]


@pytest.mark.parametrize(
    ("policy", "value_date", "granted"),
    [  # the discount ends on Thursday the 15th; two days of grace end on Saturday, in working days on Monday
        ("calendar", "2026-10-19", True),  # Saturday is no working day, so its term lasts to Monday
        ("calendar", "2026-10-20", False),
        ("business", "2026-10-19", True),
        ("business", "2026-10-20", False),
    ],
)
@pytest.mark.parametrize("grace", ["2"])
def test_grace_ends_on_the_same_monday_either_way(tables, policy, value_date, granted, grace):
    assert discounts(tables, policy, grace, value_date) == ([D(20)] if granted else [])


@pytest.mark.parametrize(("policy", "value_date", "granted"), [("calendar", "2026-10-19", False), ("business", "2026-10-20", True)])
def test_working_days_of_grace_last_over_the_weekend(tables, policy, value_date, granted):
    """Three days from Thursday: Sunday, which lasts to Monday; three working days end on Tuesday, four calendar days on Monday."""
    assert discounts(tables, policy, "3", value_date) == [D(20)] or not granted
    assert discounts(tables, policy, "3", "2026-10-20") == ([D(20)] if policy == "business" else [])
    assert discounts(tables, policy, "3", "2026-10-21") == []


def discounts(tables, policy, grace, value_date):
    line = {"invoice_number": "AR1001", "invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": "C1", "line_amount_net": "1000"}
    line |= {"currency": "CNY", "discount_date": "2026-10-15", "discount_share": "0.02"}
    receipt = {
        "cash_receipt_number": "CR1",
        "receipt_date": value_date,
        "value_date": value_date,
        "customer_id": "C1",
        "amount": "980",
        "currency": "CNY",
    }
    allowed = {"discount_grace_days": grace, "day_policy": policy}
    found = tables(allowed, customer_invoice_line=[line], cash_receipt=[receipt | {"remittance_text": "AR1001"}])["application_match"]
    return [row["discount"] for row in found if row["discount"]]


def test_working_days_late_of_a_delivery_and_of_a_discount(tables):
    goods = [receipt("GR1", "2026-10-12"), receipt("GR2", "2026-10-07")]
    found = tables(purchase_order_line=[order(promised_date="2026-10-09")], goods_receipt_line=goods)["fulfilment_line_match"]
    assert [row["late_working_days"] for row in found] == [1, -2]


def receipt(number, day, quantity="5", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "PO1", "po_line_no": "1", "supplier_id": "S1"}
    return row | {"item_id": "I1", "quantity": quantity, "uom": "EA"} | other


# On time and in full ----------------------------------------------------------------------------------------------------------
WINDOW = {"early_days": "2", "late_days": "1", "short_share": "0.1"}


@pytest.mark.parametrize(
    ("deliveries", "counts"),  # promised for the 10th, ten pieces; on time, too early, late, not complete
    [
        ([("2026-10-08", "10")], (1, 0, 0, 0)),
        ([("2026-10-07", "10")], (0, 1, 0, 0)),
        ([("2026-10-11", "10")], (1, 0, 0, 0)),
        ([("2026-10-12", "10")], (0, 0, 1, 0)),
        ([("2026-10-10", "9")], (1, 0, 0, 0)),
        ([("2026-10-10", "8.9")], (0, 0, 1, 1)),
        ([("2026-10-07", "1"), ("2026-10-11", "9")], (1, 0, 0, 0)),
        ([("2026-10-07", "1.1"), ("2026-10-11", "8.9")], (0, 1, 0, 0)),
        ([("2026-10-09", "9"), ("2026-10-12", "1")], (1, 0, 0, 0)),
        ([("2026-10-09", "8.9"), ("2026-10-12", "1.1")], (0, 0, 1, 0)),
        ([], (0, 0, 1, 1)),
    ],
)
def test_what_came_within_the_window_is_on_time(tables, deliveries, counts):
    goods = [receipt(f"GR{i}", day, quantity) for i, (day, quantity) in enumerate(deliveries)]
    given = {
        "purchase_order_line": [order(promised_date="2026-10-10")],
        "goods_receipt_line": goods or [receipt("GR9", "2026-10-01", po_number="PO9")],
    }
    rows = [row for row in tables(WINDOW, **given)["party_record"] if row["due_line_count"]]
    names = ("on_time_in_full_line_count", "early_line_count", "late_line_count", "undelivered_line_count")
    assert [tuple(row[name] for name in names) for row in rows] == [counts]


def test_the_window_of_one_supplier_and_one_without_an_end(tables):
    orders = [order(promised_date="2026-10-10"), order("PO2", promised_date="2026-10-10", supplier_id="S2")]
    goods = [receipt("GR1", "2026-10-13", "10"), receipt("GR2", "2026-10-13", "10", po_number="PO2", supplier_id="S2")]
    overrides = [{"control": "SUP-01", "set": {"late_days": "3"}, "where": {"supplier_id": "S2"}}]
    given = {"purchase_order_line": orders, "goods_receipt_line": goods}
    kept = {row["party_id"]: row["on_time_in_full_line_count"] for row in tables(WINDOW, overrides, **given)["party_record"]}
    assert kept == {"S1": 0, "S2": 1}
    endless = tables({"early_days": "0", "late_days": "unlimited", "short_share": "0"}, **given)["party_record"]
    assert [row["on_time_in_full_line_count"] for row in endless] == [1, 1]


def test_the_window_of_one_group_of_items(tables):
    orders = [order(promised_date="2026-10-10"), order("PO2", promised_date="2026-10-10", item_id="I2")]
    goods = [receipt("GR1", "2026-10-13", "10"), receipt("GR2", "2026-10-13", "10", po_number="PO2", item_id="I2")]
    items = [{"item_id": "I1", "base_uom": "EA", "item_group": "STEEL"}, {"item_id": "I2", "base_uom": "EA", "item_group": "SCREWS"}]
    given = {"purchase_order_line": orders, "goods_receipt_line": goods, "item": items}
    for group, kept in (("STEEL", 1), ("GLASS", 0)):
        overrides = [{"control": "SUP-01", "set": {"late_days": "3"}, "where": {"item_group": group}}]
        (row,) = tables(WINDOW, overrides, **given)["party_record"]
        assert (row["due_line_count"], row["on_time_in_full_line_count"]) == (2, kept)


# The promise that stands and the one that was given first ---------------------------------------------------------------------
def moved(old, new, at="2026-10-11T08:00:00Z", line="1", number="PO1", field="promised_date"):
    row = {"document_type": "purchase_order", "document_number": number, "line_no": line, "field": field, "old_value": old, "new_value": new}
    return row | {"changed_by": "U1", "changed_at": at}


@pytest.mark.parametrize(
    ("changes", "counts"),  # promised for the 20th, came on the 20th: due and kept by the last promise, due and kept by the first
    [
        ([moved("2026-10-10", "2026-10-20")], (1, 1, 1, 0)),
        ([moved("2026-10-19", "2026-10-20")], (1, 1, 1, 1)),  # a day late is inside the window
        ([moved("2026-10-18", "2026-10-20")], (1, 1, 1, 0)),  # two are not
        ([moved("2026-10-10", "2026-10-15"), moved("2026-10-15", "2026-10-20", "2026-10-12T08:00:00Z")], (1, 1, 1, 0)),
        ([moved(None, "2026-10-20")], (1, 1, 1, 1)),  # promised for the first time
        ([moved("2026-10-10", "2026-10-20", line=None)], (1, 1, 1, 0)),  # of the whole order
        ([moved("2026-10-10", "2026-10-20", line="2")], (1, 1, 1, 1)),
        ([moved("2026-10-10", "2026-10-20", field="quantity")], (1, 1, 1, 1)),
        ([moved("2026-10-10", "2026-10-20", "2026-11-01T08:00:00Z")], (1, 1, 1, 1)),  # after the run's day
        ([moved("2026-11-20", "2026-10-20")], (1, 1, 0, 0)),  # by the first promise it is not due yet
    ],
)
def test_the_first_promise_stands_beside_the_last(tables, changes, counts):
    given = {"purchase_order_line": [order(promised_date="2026-10-20")], "goods_receipt_line": [receipt("GR1", "2026-10-20", "10")]}
    (row,) = tables(WINDOW, document_change=changes, **given)["party_record"]
    names = ("due_line_count", "on_time_in_full_line_count", "first_due_line_count", "first_on_time_in_full_line_count")
    assert tuple(row[name] for name in names) == counts


@pytest.mark.parametrize(
    ("changes", "counts"),  # due and kept by the first promise, and lines of which it cannot be read; the 20th was kept, the 10th was not
    [
        ([moved("31/12/2026", "2026-10-20")], (0, 0, 1)),
        ([moved("2026-10-10", "31/12/2026")], (1, 0, 0)),
        ([moved("31/12/2026", "2026-10-20"), moved("2026-10-10", "2026-10-15", "2026-10-10T08:00:00Z")], (1, 0, 0)),  # only the first tells
        ([moved("2026-02-30", "2026-10-20")], (0, 0, 1)),
        ([moved("2026-10-100", "2026-10-20")], (0, 0, 1)),
        ([moved("2026-10-10T00:00:00Z", "2026-10-20")], (1, 0, 0)),
        ([moved(" ", "2026-10-20")], (1, 1, 0)),  # promised for the first time
        ([moved(None, "20/10/2026")], (0, 0, 1)),
        ([moved(None, None)], (1, 1, 0)),  # tells nothing
        ([moved("31/12/2026", "2026-10-20", line=None)], (0, 0, 1)),
        ([moved("31/12/2026", "2026-10-20", line=None), moved("2026-10-10", "2026-10-20")], (1, 0, 0)),  # the line's own change goes first
    ],
)
def test_a_first_promise_that_cannot_be_read_is_unknown_and_no_later_one_stands_for_it(tables, changes, counts):
    given = {"purchase_order_line": [order(promised_date="2026-10-20")], "goods_receipt_line": [receipt("GR1", "2026-10-20", "10")]}
    (row,) = tables(WINDOW, document_change=changes, **given)["party_record"]
    assert (row["due_line_count"], row["on_time_in_full_line_count"]) == (1, 1)
    assert tuple(row[name] for name in ("first_due_line_count", "first_on_time_in_full_line_count", "first_unknown_line_count")) == counts


def test_the_first_promise_of_an_order_with_versions_and_of_one_whose_history_nobody_keeps(tables):
    goods = [receipt("GR1", "2026-10-20", "10")]
    versions = [order(promised_date="2026-10-10", po_version="1"), order(promised_date="2026-10-20", po_version="2", is_current_version="true")]
    (row,) = tables(WINDOW, purchase_order_line=versions, goods_receipt_line=goods)["party_record"]
    assert (row["on_time_in_full_line_count"], row["first_due_line_count"], row["first_on_time_in_full_line_count"]) == (1, 1, 0)
    (row,) = tables(WINDOW, purchase_order_line=[order(promised_date="2026-10-20")], goods_receipt_line=goods)["party_record"]
    assert (row["on_time_in_full_line_count"], row["first_due_line_count"], row["first_on_time_in_full_line_count"]) == (1, None, None)


# Candidates shown -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("shown", "count"), [(None, 5), ("1", 1), ("6", 6), ("unlimited", 7)])
def test_so_many_candidates_are_shown_and_all_are_counted(tables, shown, count):
    orders = [order(f"PO{i}") for i in range(7)]
    (row,) = tables({"shown_candidate_count": shown} if shown else {}, purchase_order_line=orders, supplier_invoice_line=[bill()])["unlinked_line"]
    assert (row["state"], row["candidate_count"], len(row["candidates"].split("; "))) == ("ambiguous", 7, count)


def test_so_many_slips_are_shown_to_one_supplier(tables):
    orders = [order(f"PO1000{i}") for i in range(1, 8)]
    given = {"purchase_order_line": orders, "supplier_invoice_line": [bill("123", po_number="PO10009")]}
    overrides = [{"control": "MIS-16", "set": {"shown_candidate_count": "2"}, "where": {"supplier_id": "S1"}}]
    few, plain = (tables({}, o, **given)["unlinked_line"][0]["candidates"] for o in (overrides, ()))
    assert (len(few.split("; ")), len(plain.split("; "))) == (2, 5)


# Bills matched by hand --------------------------------------------------------------------------------------------------------
def test_a_bill_with_a_line_that_no_order_was_found_for_is_matched_by_hand(tables):
    bills = [bill("100", po_number="PO1", po_line_no="1"), bill("7", line="2", line_kind="charge", quantity=None, item_id=None)]
    bills += [bill("333", invoice_number="INV2")]
    said = {"document_type": "supplier_invoice", "action": "approve", "actor_id": "U1", "step": "1"}
    events = [said | {"document_number": n, "assigned_at": "2026-10-09T08:00:00Z", "action_at": "2026-10-16T08:00:00Z"} for n in ("INV1", "INV2")]
    rows = tables(purchase_order_line=[order()], supplier_invoice_line=bills, approval_event=events)["approval_wait"]
    told = {row["document_number"]: (row["is_matched_by_hand"], row["wait_working_days"]) for row in rows}
    assert told == {"INV1": (False, 5), "INV2": (True, 5)}


# Tax stated for several lines -------------------------------------------------------------------------------------------------
def taxed(net, rate="0.13", line="1", **other):
    return bill(net, None, line, tax_rate=rate, **other)


def tax_lines(tables, *rows):
    found = tables(supplier_invoice_line=list(rows))["invoice_line_match"]
    names = ("computed_tax_amount", "tax_tail_amount", "taxed_line_count", "is_taxed_by_group", "tax_convention")
    return {row["invoice_line_no"]: tuple(row[name] for name in names) for row in found}


def test_a_tax_line_is_held_to_the_lines_of_its_rate(tables):
    rows = [taxed("10.05"), taxed("10.05", line="2"), taxed("100", "0.06", "3", line_tax_amount="6"), taxed("7", "0.06", "4")]
    rows += [taxed("2.60", line="5", line_kind="tax"), taxed("0.42", "0.06", "6", line_kind="tax")]
    found = tax_lines(tables, *rows)
    assert found["5"] == (D("2.61"), D("-0.01"), 2, None, "net × rate, by line, down")
    assert found["6"] == (D("0.42"), D(0), 1, None, None)
    assert [found[n][3] for n in ("1", "2", "3", "4")] == [True, True, None, True]
    assert found["3"][:2] == (D(6), D(0))


def test_one_tax_line_without_a_rate_states_the_tax_of_the_whole_bill(tables):
    rows = [taxed("10.05"), taxed("9.10", "0.06", "2"), taxed("1.86", None, "3", line_kind="tax")]
    assert tax_lines(tables, *rows)["3"] == (D("1.86"), D(0), 2, None, None)  # 1.3065 + 0.546: 1.31 and 0.55
    other = tax_lines(tables, *rows[:2], taxed("1.85", None, "3", line_kind="tax"))["3"]
    assert other == (D("1.86"), D("-0.01"), 2, None, "net × rate, by document, half up")


def test_what_tax_lines_share_or_no_rate_tells_is_not_known(tables):
    shared = tax_lines(tables, taxed("10"), taxed("1", line="2", line_kind="tax"), taxed("0.3", line="3", line_kind="tax"))
    assert [shared[n][:3] for n in ("2", "3")] == [(D("0.13"), None, None), (D("0.04"), None, None)]
    unrated = tax_lines(tables, taxed("10", None), taxed("1.3", None, "2", line_kind="tax"))
    assert unrated["2"][:3] == (None, None, 1)
