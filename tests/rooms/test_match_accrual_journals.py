"""Estimates in the ledger: what of their goods was billed since, and what of them was reversed, in the next period and at all."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.match import reversals
from recon.match.measured import measured_of_bucket

D = Decimal
SHARED = {"item_id": "I1", "uom": "EA", "supplier_id": "S1", "currency": "CNY"}
ORDER = SHARED | {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-08-01", "quantity": "100", "unit_price_net": "10"}


def came(number, day, quantity="10"):
    return SHARED | {
        "receipt_number": number,
        "receipt_line_no": "1",
        "receipt_date": day,
        "po_number": "PO1",
        "po_line_no": "1",
        "quantity": quantity,
    }


def billed(number, day, quantity, receipt="GR1"):
    row = SHARED | {
        "invoice_number": number,
        "invoice_line_no": "1",
        "invoice_date": day,
        "po_number": "PO1",
        "po_line_no": "1",
        "receipt_number": receipt,
    }
    net = str(int(quantity) * 10)
    return row | {"receipt_line_no": "1", "quantity": quantity, "unit_price_net": "10", "line_amount_net": net, "invoice_kind": "invoice"}


def posted(journal, day, amount, reference="GR1", line="1", **other):
    row = {"journal": journal, "line_no": line, "posting_date": day, "account": "140201", "amount": amount, "reference": reference}
    return row | {"auto_reverse": None, "is_accrual": None, "reversal_of": None} | other


CAME = (came("GR1", "2026-09-10"),)
ESTIMATE = posted("A1", "2026-09-30", "100", is_accrual="true")


@pytest.fixture
def told(accepted_of, engagement_of):
    """Journals, bills and goods -> per estimate the columns asked for."""

    def run(columns, journals, bills=(), goods=CAME, **others):
        engagement = engagement_of()
        tables = {
            "purchase_order_line": [ORDER],
            "goods_receipt_line": list(goods),
            "supplier_invoice_line": list(bills),
            "gl_journal_line": list(journals),
        }
        accepted = accepted_of({name: rows for name, rows in (tables | others).items() if rows})
        found = measured_of_bucket(accepted, engagement, ()).tables
        published = {
            "allocation": found["allocation"],
            "fulfilment_line": found["fulfilment_line_match"],
            "invoice_lines": found["invoice_line_match"],
        }
        return reversals(accepted, published, engagement).select(columns).rows()

    return run


@pytest.mark.parametrize(
    ("bills", "share"),
    [
        ([], D(0)),
        ([billed("INV1", "2026-10-05", "4")], D(40)),
        ([billed("INV1", "2026-10-05", "4"), billed("INV2", "2026-10-06", "6")], D(100)),
        # what was billed by the day of the estimate was no part of it: of the other six, three
        ([billed("INV1", "2026-09-30", "4"), billed("INV2", "2026-10-06", "3")], D(50)),
        # all of it was: nothing was to be estimated
        ([billed("INV1", "2026-09-29", "10")], D(100)),
    ],
)
def test_how_much_of_the_estimated_goods_was_billed_since(told, bills, share):
    assert told(["accrued_amount", "billed_amount", "reversed_amount", "is_auto_reversed"], [ESTIMATE], bills) == [(D(100), share, D(0), False)]


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        ([], (D(0), D(0), 0)),
        ([posted("R1", "2026-10-01", "-100", reversal_of="A1")], (D(100), D(100), 1)),
        ([posted("R1", "2026-10-31", "-60", reversal_of="A1"), posted("R2", "2026-10-02", "-40", reversal_of="A1")], (D(100), D(100), 2)),
        # in the month of the estimate itself, and after the run's day
        ([posted("R1", "2026-09-30", "-100", reversal_of="A1")], (D(100), D(0), 1)),
        ([posted("R1", "2026-11-01", "-100", reversal_of="A1")], (D(0), D(0), 0)),
        # the other side of the same journal, another receipt, another journal
        ([posted("R1", "2026-10-01", "100", reversal_of="A1", account="220202")], (D(0), D(0), 0)),
        ([posted("R1", "2026-10-01", "-100", "GR2", reversal_of="A1")], (D(0), D(0), 0)),
        ([posted("R1", "2026-10-01", "-100", reversal_of="A2")], (D(0), D(0), 0)),
        # without a reference it takes back the journal, which has but one estimate
        ([posted("R1", "2026-10-01", "-100", None, reversal_of="A1")], (D(100), D(100), 1)),
    ],
)
def test_what_was_reversed(told, back, expected):
    rows = told(["reversed_amount", "next_reversed_amount", "reversal_count", "is_next_period_over"], [ESTIMATE, *back])
    assert rows == [(*expected, True)]


def test_a_reversal_in_a_sum_says_nothing_of_one_estimate_of_several(told):
    journals = [ESTIMATE, posted("A1", "2026-09-30", "50", "GR2", "2", is_accrual="true"), posted("R1", "2026-10-01", "-150", None, reversal_of="A1")]
    goods = [came("GR1", "2026-09-10"), came("GR2", "2026-09-10", "5")]
    assert told(["reference", "reversed_amount"], journals, goods=goods) == [("GR1", None), ("GR2", None)]


def test_periods_are_the_companys(told):
    periods = [
        {"period": "9", "from_date": "2026-09-01", "to_date": "2026-10-03"},
        {"period": "10", "from_date": "2026-10-04", "to_date": "2026-11-03"},
    ]
    back = posted("R1", "2026-10-03", "-100", reversal_of="A1")
    assert told(["next_reversed_amount", "is_next_period_over"], [ESTIMATE, back], fiscal_period=periods) == [(D(0), False)]
    assert told(["next_reversed_amount"], [ESTIMATE, back | {"posting_date": "2026-10-04"}], fiscal_period=periods) == [(D(100),)]


def test_an_estimate_may_name_the_order_and_then_means_what_had_come(told):
    goods = [came("GR1", "2026-09-10"), came("GR2", "2026-10-02", "30")]
    bills = [billed("INV1", "2026-10-05", "5"), billed("INV2", "2026-10-06", "30", "GR2")]
    assert told(["billed_amount", "party_id"], [ESTIMATE | {"reference": "PO1"}], bills, goods) == [(D(50), "S1")]


def test_what_names_no_goods_is_unknown_and_shipments_are_left_out(told):
    assert told(["billed_amount"], [ESTIMATE | {"reference": "rent"}]) == [(None,)]
    sold = {
        "shipment_number": "SH1",
        "shipment_line_no": "1",
        "shipment_date": "2026-09-12",
        "customer_id": "C1",
        "quantity": "1",
        "uom": "EA",
        "item_id": "I1",
    }
    assert told(["billed_amount"], [ESTIMATE | {"reference": "SH1"}], shipment_line=[sold]) == []


def test_a_ledger_that_names_no_reversals_is_not_tested(accepted_of, engagement_of):
    row = {name: value for name, value in ESTIMATE.items() if name != "reversal_of"}
    nothing = dict.fromkeys(("allocation", "fulfilment_line", "invoice_lines"), pl.LazyFrame())
    assert reversals(accepted_of({"gl_journal_line": [row]}), nothing, engagement_of()).is_empty()
