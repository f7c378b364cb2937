"""Credit notes around the end of the period: in which window each lies, and what is usual there."""

from __future__ import annotations

from decimal import Decimal
from math import isqrt

import polars as pl
import pytest

from recon.match.late_credits import late_credit
from recon.match.whole_numbers import square_root


def invoice(number, day, net="1000", kind="invoice", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "customer_id": "K1", "invoice_kind": kind, "line_kind": "item"}
    return row | {"line_amount_net": net, "currency": "CNY"} | other


def credit(number, day, origin, net, **other):
    return invoice(number, day, f"-{net}", "credit", origin_invoice_number=origin, **other)


LIMITS = {"credit_search_days": "30", "cluster_days": "5", "baseline_days": "365"}


@pytest.fixture(scope="module")
def found(accepted_of, engagement_of):
    def told(*rows, limits=LIMITS, **terms):
        engagement = engagement_of(**terms).model_copy(update={"allowances": limits})
        frame, looked_at = late_credit(accepted_of({"customer_invoice_line": list(rows)}), engagement)
        return frame.collect().to_dicts(), looked_at

    return told


SOLD = [invoice("A08", "2026-08-31"), invoice("A09", "2026-09-01"), invoice("B09", "2026-09-30"), invoice("A10", "2026-10-01")]


@pytest.mark.parametrize(
    ("origin", "day", "window"),
    [
        ("B09", "2026-10-01", "after the end"),
        ("A09", "2026-10-26", "after the end"),
        ("A09", "2026-10-30", "after the end, last days"),
        ("A08", "2026-10-01", None),
        ("A10", "2026-10-02", None),
        ("B09", "2026-09-30", None),
        (None, "2026-10-02", "origin unknown"),
        ("A10", "2026-10-26", None),
        ("A10", "2026-10-27", "last days"),
        ("A10", "2026-10-31", "last days"),
        ("A10", "2026-11-01", None),
    ],
)
def test_each_lies_in_its_window(found, origin, day, window):
    rows, looked_at = found(*SOLD, credit("C1", day, origin, "50"))
    assert ", ".join(row["window"] for row in rows) == (window or "")
    assert looked_at == (0 if day == "2026-11-01" else 1)


def test_the_search_ends_with_its_last_day(found):
    late = credit("C1", "2026-10-30", "B09", "50")
    assert [row["window"] for row in found(*SOLD, late, limits=LIMITS | {"credit_search_days": "30"})[0]] == ["after the end", "last days"]
    assert [row["window"] for row in found(*SOLD, late, limits=LIMITS | {"credit_search_days": "29"})[0]] == ["last days"]
    assert [row["window"] for row in found(*SOLD, late, limits=LIMITS | {"credit_search_days": "not_checked"})[0]] == ["last days"]
    assert len(found(*SOLD, late, limits=LIMITS | {"credit_search_days": "unlimited"})[0]) == 2
    last = credit("C1", "2026-10-27", "A10", "50")
    assert len(found(*SOLD, last, limits=LIMITS | {"cluster_days": "5"})[0]) == 1
    assert found(*SOLD, last, limits=LIMITS | {"cluster_days": "4"})[0] == []


def test_what_is_usual_is_what_earlier_ends_had(found):
    """Sales since 1 April: the ends of April to August are covered; credits of 300 after May and 500 after July, so 160 on average."""
    sold = [invoice("S0", "2026-04-01"), invoice("S5", "2026-05-10"), invoice("S7", "2026-07-10"), invoice("S9", "2026-09-10", "4000")]
    notes = [credit("C5", "2026-06-05", "S5", "300"), credit("C7", "2026-08-30", "S7", "500"), credit("C9", "2026-10-05", "S9", "900")]
    rows, _ = found(*sold, *notes, credit("D9", "2026-10-06", "S9", "100"))
    first, second = rows
    assert (first["document_number"], first["is_largest"], second["is_largest"]) == ("C9", True, False)
    assert (first["window_amount_base"], first["baseline_count"], first["baseline_mean_base"]) == (1000, 5, 160)
    spread = 5 * (300**2 + 500**2) - 800**2
    assert first["baseline_deviation_base"] == Decimal(isqrt(spread * 10**12) // 5) / 10**6
    more = credit("D9", "2026-10-06", "S9", "100")
    nearer, wider = (found(*sold, *notes, more, limits=LIMITS | {"baseline_days": days})[0][0] for days in ("60", "61"))
    assert (nearer["baseline_count"], nearer["baseline_mean_base"]) == (1, None)
    assert (wider["baseline_count"], wider["baseline_mean_base"]) == (2, 250)


def test_a_credit_without_a_rate_makes_the_sum_unknown(found):
    rows, _ = found(*SOLD, credit("C1", "2026-10-05", "B09", "50"), credit("C2", "2026-10-05", "B09", "50", currency="USD"))
    assert [row["window_amount_base"] for row in rows] == [None, None]


def test_what_was_reversed_or_cancelled_is_no_credit(found):
    undone = invoice("R1", "2026-10-06", "50", "reversal", origin_invoice_number="C1")
    assert found(*SOLD, credit("C1", "2026-10-05", "B09", "50"), undone) == ([], 0)
    assert found(*SOLD, credit("C1", "2026-10-05", "B09", "50", is_cancelled="true")) == ([], 0)


def test_the_last_week_of_sales_stands_beside(found):
    (row,), _ = found(*SOLD, invoice("W1", "2026-09-24", "700"), invoice("W2", "2026-09-23", "9"), credit("C1", "2026-10-05", "B09", "50"))
    assert row["last_week_sales_base"] == 1700


def test_roots_are_exact():
    numbers = [0, 1, 2, 3, 4, 10**36 - 1, 10**36, 10**36 + 1, 17**2 - 1]
    series = pl.Series("n", numbers, dtype=pl.Int128)
    assert square_root(series).to_list() == [isqrt(n) for n in numbers]
    assert square_root(series.clear()).to_list() == []
