"""This run beside an earlier one: what is usual on a day of the week, what was open when the period began, and why they cannot be compared."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from recon.domain import measures
from recon.domain import volumes as domain_volumes
from recon.domain.workpapers import EarlierRun
from recon.evaluate.beside_history import ALONE, NO_HISTORY, beside_history, opening_balance, table_volume

SATURDAY = date(2026, 10, 31)
KEY = {"cycle": "procure_to_pay", "kind": "open_payable", "company_code": "C1", "party_id": "S1", "currency": "CNY"}


def engagement(engagement_of, **allowed):
    return engagement_of().model_copy(update={"allowances": {"volume_window_count": "8", **allowed}})


def came_in(*runs):
    """Runs as (weeks ago, rows, amount) of one table, this run among them."""
    rows = [
        {"as_of": SATURDAY - timedelta(weeks=weeks), "table": "goods_receipt_line", "row_count": n, "amount": amount} for weeks, n, amount in runs
    ]
    return pl.DataFrame(rows, schema=domain_volumes.SCHEMA, orient="row")


def usual(frame):
    return frame.select("run_count", "usual_row_count", "usual_amount").row(0)


def test_the_middle_of_odd_and_even_counts_is_exact(engagement_of):
    odd = came_in((0, 7, None), (1, 10, Decimal(1)), (2, 30, Decimal(9)), (3, 11, Decimal(2)))
    assert usual(table_volume(odd, engagement(engagement_of))) == (3, Decimal(11), Decimal(2))
    even = came_in((0, 7, None), (1, 10, Decimal("1.000001")), (2, 11, Decimal(2)))
    assert usual(table_volume(even, engagement(engagement_of))) == (2, Decimal("10.5"), Decimal("1.500001"))  # half a millionth away from zero


@pytest.mark.parametrize(("weeks", "counted"), [("7", 0), ("8", 1), ("9", 1), ("unlimited", 1)])
def test_the_window_is_counted_in_weeks(engagement_of, weeks, counted):
    found = table_volume(came_in((0, 7, None), (8, 10, None)), engagement(engagement_of, volume_window_count=weeks))
    assert found["run_count"].to_list() == [counted]


def test_another_day_of_the_week_tells_nothing(engagement_of):
    runs = came_in((0, 7, None), (1, 10, None)).with_columns(as_of=pl.col("as_of") - pl.duration(days=pl.int_range(pl.len())))
    assert usual(table_volume(runs, engagement(engagement_of))) == (0, None, None)


def test_volumes_are_carried_from_run_to_run_and_a_day_counts_once():
    through = {"table": "goods_receipt_line", "doorway": "validate", "rows_in": 5, "amount_in": Decimal(3)}
    tie_out = pl.DataFrame([through, through | {"doorway": "match", "rows_in": 9}], schema_overrides={"amount_in": pl.Decimal(38, 6)})
    before = came_in((0, 99, None), (1, 10, None), (53, 8, None), (54, 7, None))
    told = domain_volumes.volumes(tie_out, SATURDAY, before)
    assert told.select("as_of", "row_count").rows() == [(SATURDAY - timedelta(weeks=w), n) for w, n in ((53, 8), (1, 10), (0, 5))]
    assert domain_volumes.volumes(tie_out, SATURDAY, None).height == 1


def rolled(**figures):
    row = dict.fromkeys(measures.schema("roll_forward")) | KEY | {"difference_amount": Decimal(0), "returned_amount": Decimal(0)}
    for name, value in ((name, value) for name, value in figures.items() if name not in KEY):
        row |= (
            {f"{name}_amount": Decimal(value), f"{name}_amount_base": Decimal(value)} if name != "returned" else {"returned_amount": Decimal(value)}
        )
    return pl.DataFrame([row | {k: v for k, v in figures.items() if k in KEY}], schema=measures.schema("roll_forward"))


def earlier(as_of=date(2026, 9, 30), period_from=date(2026, 9, 1), roll_forward=None, volumes=None):
    return EarlierRun(as_of, period_from, None, roll_forward, volumes, None)


def breaks(before, now, engagement_of, **of):
    frame = opening_balance(earlier(roll_forward=before, **of), now, engagement_of())
    return frame.select("told_as", "break_amount", "explained_amount", "unexplained_amount_base").rows()


def test_the_closing_of_the_eve_is_the_opening(engagement_of):
    assert breaks(rolled(closing="100"), rolled(opening="100"), engagement_of) == [("closing", 0, 0, 0)]
    assert breaks(rolled(closing="100"), rolled(opening="99.99"), engagement_of) == [("closing", Decimal("-0.01"), 0, Decimal("-0.01"))]


def test_a_run_about_the_same_period_told_the_same_opening(engagement_of):
    same = {"as_of": date(2026, 10, 30), "period_from": date(2026, 10, 1)}
    assert breaks(rolled(opening="100", closing="7"), rolled(opening="101"), engagement_of, **same) == [("opening", 1, 0, 1)]


def test_what_one_run_does_not_list_was_nothing(engagement_of):
    nothing = rolled().clear()
    assert breaks(nothing, rolled(opening="5"), engagement_of) == [("closing", 5, 0, 5)]
    assert breaks(rolled(closing="5"), nothing, engagement_of) == [("closing", -5, 0, -5)]


def test_an_amount_that_is_not_known_stays_unknown(engagement_of):
    unknown = rolled(opening="5").with_columns(opening_amount_base=pl.lit(None, dtype=pl.Decimal(38, 6)))
    assert breaks(rolled(closing="4"), unknown, engagement_of) == [("closing", 1, 0, None)]


@pytest.mark.parametrize(
    ("kind", "opening", "returned", "explained", "left"),
    [
        ("fulfilled_not_invoiced", "20", "20", 20, 0),
        ("fulfilled_not_invoiced", "21", "20", 20, 21),
        ("fulfilled_not_invoiced", "19", "20", 19, 0),
        ("fulfilled_not_invoiced", "-1", "20", 0, -1),
        ("open_payable", "20", "20", 0, 20),
    ],
)
def test_billed_goods_that_went_back_since_explain_no_more_than_they_are(engagement_of, kind, opening, returned, explained, left):
    found = breaks(rolled(closing="0", kind=kind), rolled(opening=opening, returned=returned, kind=kind), engagement_of)
    assert found == [("closing", Decimal(opening), explained, left)]


@pytest.mark.parametrize(("as_of", "period_from"), [(date(2026, 9, 29), date(2026, 9, 1)), (date(2026, 10, 1), date(2026, 9, 1))])
def test_runs_that_do_not_meet_are_not_compared(engagement_of, as_of, period_from):
    reason = opening_balance(earlier(as_of, period_from, rolled(closing="1")), rolled(opening="2"), engagement_of())
    assert isinstance(reason, tuple)
    assert str(as_of) in reason[0]
    assert str(as_of) in reason[1]


def test_what_the_earlier_run_did_not_keep_is_said(engagement_of):
    told = beside_history(earlier(), {}, came_in((0, 7, None)), rolled(opening="1"), engagement(engagement_of))
    assert told.tables == {}
    assert set(told.absent) == {"restated_line", "late_document", "table_volume", "opening_balance"}
    assert set(ALONE.absent.values()) == {NO_HISTORY}


def test_a_first_run_on_a_day_of_the_week_says_so(engagement_of):
    runs = came_in((0, 7, None))
    told = beside_history(earlier(volumes=runs.clear()), {}, runs, rolled(opening="1"), engagement(engagement_of))
    assert told.absent["table_volume"][0] == "no earlier run on this day of the week is known"
