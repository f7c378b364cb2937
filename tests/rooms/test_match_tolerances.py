"""What is written off and until when a discount is granted: matching stands exactly at the limits of the rule book and its overrides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.domain.engagement import ParameterOverride
from recon.match.settlement import settle
from tests.rooms.test_match_settlement import cash, documents, invoice

D = Decimal
TERMS = {"discount_date": "2026-10-15", "discount_share": "0.02"}


@pytest.fixture
def parts(accepted_of, engagement_of):
    def run(receipts, allowances, *, gross="1000", terms=None, overrides=()):
        line = {"invoice_number": "AR1001", "invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": "C1"}
        tables = {"cash_receipt": receipts}
        if terms:
            tables["customer_invoice_line"] = [line | {"line_amount_net": gross, "currency": "CNY"} | terms]
        engagement = engagement_of(as_of="2026-10-31", policies=[]).model_copy(
            update={"allowances": allowances, "parameters": [ParameterOverride.model_validate(o) for o in overrides]}
        )
        found = settle(accepted_of(tables), documents([invoice("AR1001", gross)]), engagement).settlement_match.collect()
        rows = found.filter(found["invoice_number"].is_not_null()).select("amount", "discount", "write_off").rows()
        return [tuple(figure.normalize() for figure in row) for row in rows]

    return run


def paid(amount, day="2026-10-20"):
    return [cash("CR1", amount, day, value_date=day, remittance_text="AR1001")]


@pytest.mark.parametrize(("amount", "written_off"), [("995", D(5)), ("994.99", D(0)), ("995.01", D("4.99")), ("1000", D(0))])
def test_the_amount_is_a_limit(parts, amount, written_off):
    found = parts(paid(amount), {"payment_tolerance_amount": "5", "payment_tolerance_share": "not_checked"})
    assert found == [(D(amount).normalize(), D(0), written_off)]


@pytest.mark.parametrize(("gross", "amount", "written_off"), [("1000", "996", D(4)), ("500", "497.50", D("2.5")), ("500", "497.49", D(0))])
def test_both_limits_must_hold(parts, gross, amount, written_off):
    found = parts(paid(amount), {"payment_tolerance_amount": "5", "payment_tolerance_share": "0.005"}, gross=gross)
    assert found == [(D(amount).normalize(), D(0), written_off)]


def test_where_no_limit_is_checked_nothing_is_written_off(parts):
    found = parts(paid("999.99"), {"payment_tolerance_amount": "not_checked", "payment_tolerance_share": "not_checked"})
    assert found == [(D("999.99"), D(0), D(0))]


def test_without_a_rule_book_nothing_is_let_pass(parts):
    assert parts(paid("999.99"), {}) == [(D("999.99"), D(0), D(0))]


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        ("2026-10-15", "980", (D(980), D(20), D(0))),
        ("2026-10-15", "975", (D(975), D(20), D(5))),
        ("2026-10-15", "974.99", (D("974.99"), D(0), D(0))),
        ("2026-10-20", "980", (D(980), D(20), D(0))),
        ("2026-10-21", "980", (D(980), D(0), D(0))),
        ("2026-10-15", "990", (D(990), D(10), D(0))),
        ("2026-10-15", "1000", (D(1000), D(0), D(0))),
    ],
)
def test_the_discount_and_its_days_of_grace(parts, day, amount, expected):
    allowed = {"payment_tolerance_amount": "5", "payment_tolerance_share": "not_checked", "discount_grace_days": "5"}
    found = parts(paid(amount, day), allowed, terms=TERMS)
    assert found == [tuple(figure.normalize() for figure in expected)]


@pytest.mark.parametrize(("day", "discount"), [("2026-10-19", D(20)), ("2026-10-20", D(0))])
def test_a_last_day_at_the_weekend_lasts_to_monday(parts, day, discount):
    """Grace of two days ends on Saturday the 17th."""
    allowed = {"payment_tolerance_amount": "0", "discount_grace_days": "2"}
    assert parts(paid("980", day), allowed, terms=TERMS)[0][1] == discount.normalize()


@pytest.mark.parametrize(("party", "written_off"), [("C1", D(20)), ("C2", D(0))])
def test_an_override_reaches_its_customer_only(parts, party, written_off):
    override = {"control": "CSH-01", "set": {"payment_tolerance_amount": "20"}, "where": {"customer_id": party}, "why": "agreed"}
    assert parts(paid("980"), {"payment_tolerance_amount": "5"}, overrides=[override])[0][2] == written_off.normalize()
