"""Overdue receivables by how long, and what the ledger has set aside for them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket, set_aside

D = Decimal


def bill(number, due, gross="100", **other):
    row = {
        "invoice_number": number,
        "invoice_line_no": "1",
        "invoice_date": "2026-06-01",
        "customer_id": "K1",
        "line_amount_net": gross,
        "currency": "CNY",
    }
    return row | {"line_amount_gross": gross, "invoice_kind": "invoice", "due_date": due, **other}


def balance(amount, **other):
    row = {"account": "1231", "account_role": "allowance", "as_of_date": "2026-10-31", "balance": amount, "currency": "CNY"}
    return row | other


@pytest.fixture
def told(accepted_of, engagement_of):
    """Bills and balances -> the only company's overdue amounts by bucket, unknown invoices and allowance."""

    def run(bills, balances, **others):
        accepted = accepted_of({"customer_invoice_line": bills, "gl_balance": balances} | others)
        due = match_bucket(accepted, engagement_of(), {"receivable_due"}).tables["receivable_due"]
        (row,) = set_aside(accepted, due, engagement_of()).to_dicts()
        buckets = [row[f"overdue_{name}_amount_base"] for name in ("30", "60", "90", "older")]
        return [int(amount) for amount in buckets], row["unknown_count"], row["allowance_amount_base"]

    return run


@pytest.mark.parametrize(
    ("due", "bucket"),
    [
        ("2026-10-31", None),
        ("2026-10-30", 0),
        ("2026-10-01", 0),
        ("2026-09-30", 1),
        ("2026-09-01", 1),
        ("2026-08-31", 2),
        ("2026-08-02", 2),
        ("2026-08-01", 3),
        ("2026-01-01", 3),
    ],
)
def test_how_long_is_overdue(told, due, bucket):
    expected = [0, 0, 0, 0]
    if bucket is not None:
        expected[bucket] = 100
    assert told([bill("A", due)], [balance("-30")]) == (expected, 0, D(30))


def test_what_was_paid_and_credits_are_no_part_of_it(told):
    cash = {"cash_receipt_number": "R1", "receipt_date": "2026-10-01", "customer_id": "K1", "amount": "60", "currency": "CNY"}
    applied = {"cash_receipt_number": "R1", "invoice_number": "A", "customer_id": "K1", "amount_applied": "60"}
    credit = bill("C", "2026-08-01", "-500", invoice_kind="credit", origin_invoice_number="Z")
    rows = told([bill("A", "2026-09-20"), credit], [balance("-30")], cash_receipt=[cash], cash_receipt_allocation=[applied])
    assert rows == ([0, 40, 0, 0], 0, D(30))


def test_without_a_due_date_or_a_rate_nobody_knows(told):
    assert told([bill("A", None)], [balance("-30")])[:2] == ([0, 0, 0, 0], 1)
    assert told([bill("A", "2026-09-20", currency="USD")], [balance("-30")])[:2] == ([0, 0, 0, 0], 1)
    # what is not due yet needs no rate
    assert told([bill("A", "2026-12-20", currency="USD")], [balance("-30")])[:2] == ([0, 0, 0, 0], 0)


@pytest.mark.parametrize(
    ("balances", "allowance"),
    [
        ([balance("-30"), balance("-5", account="1232")], D(35)),
        ([balance("30")], D(-30)),
        ([balance("-30", as_of_date="2026-09-30")], None),
        ([balance("-30", currency="USD")], None),
        ([balance("-30", account_role="receivables")], None),
    ],
)
def test_what_is_set_aside(told, balances, allowance):
    assert told([bill("A", "2026-09-20")], balances)[2] == allowance
