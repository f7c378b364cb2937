"""Cash that fits nothing: which open invoices are named beside it, and with which reason."""

from __future__ import annotations

import pytest

from recon.match.cash_suggestions import nearest_invoices
from recon.match.settlement import settle
from tests.rooms.test_match_settlement import cash, documents, invoice


@pytest.fixture
def near(accepted_of, engagement_of):
    def run(invoices, receipts, **tables):
        found = settle(accepted_of({"cash_receipt": receipts} | tables), documents(invoices), engagement_of(as_of="2026-10-31", policies=[]))
        told = nearest_invoices(found.cash).join(found.payments.select("payment_id", "payment_number"), on="payment_id")
        return {row["payment_number"]: (row["nearest_invoices"], row["nearest_invoices_zh"]) for row in told.to_dicts()}

    return run


def test_the_invoices_next_to_the_amount_are_named_the_nearer_first(near):
    rows = [invoice("AR1", "80"), invoice("AR2", "95"), invoice("AR3", "130"), invoice("AR4", "900")]
    assert near(rows, [cash("CR1", "100")])["CR1"] == (
        "AR2 (95 open, 5 less than is left); AR3 (130 open, 30 more than is left)",
        "AR2 (未清 95，比余款少 5); AR3 (未清 130，比余款多 30)",
    )


def test_a_word_that_misses_a_number_by_a_slip_comes_first(near):
    rows = [invoice("AR10023", "300"), invoice("AR20000", "99")]
    said = near(rows, [cash("CR1", "100", remittance_text="payment AR10032, thanks")])["CR1"]
    assert said[0].startswith("AR10023 (AR10032 names it but for two characters swapped); AR20000 (99 open")
    assert "两个字符颠倒" in said[1]


def test_a_word_that_names_an_invoice_is_no_slip_of_another(near):
    rows = [invoice("AR10023", "50"), invoice("AR10024", "80")]
    said = near(rows, [cash("CR1", "100", remittance_text="AR10023")])["CR1"][0]
    assert said == "AR10024 (80 open, 30 more than is left)"  # fifty paid what was named


def test_another_currency_and_a_later_day(near):
    rows = [invoice("AR1", "100", currency="USD"), invoice("AR2", "100", party="C2"), invoice("AR3", "100", day="2026-10-25")]
    said = near(rows, [cash("CR1", "100", day="2026-10-20")])["CR1"][0]
    assert said == "AR1 (the same figure in USD); AR3 (exactly this amount, but dated 2026-10-25)"


def test_what_others_owe_is_not_named_for_it_may_lie_in_another_bucket(near):
    assert near([invoice("AR1", "100", party="C2")], [cash("CR1", "100")])["CR1"] == ("none", "无")
    assert near([invoice("AR1", "100")], [cash("CR1", "100", party=None)])["CR1"] == ("none", "无")


def test_nothing_is_looked_for_where_money_was_paid_ahead_or_several_answers_are_known(near):
    rows = [invoice("AR1", "60"), invoice("AR2", "40"), invoice("AR3", "70"), invoice("AR4", "30")]
    found = near(rows, [cash("CR1", "100"), cash("CR2", "5", party="C2", receipt_kind="advance"), cash("CR3", "6", party="C2")])
    assert set(found) == {"CR3"}


def test_nothing_that_was_suggested_is_booked(accepted_of, engagement_of):
    found = settle(
        accepted_of({"cash_receipt": [cash("CR1", "100")]}), documents([invoice("AR1", "95")]), engagement_of(as_of="2026-10-31", policies=[])
    )
    nearest_invoices(found.cash)
    assert found.settlement_match.collect().select("invoice_number", "pass").rows() == [(None, "on_account")]
