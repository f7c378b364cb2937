"""Limits raised before a delivery: by how many hours, from what, and whether they were lowered again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket

D = Decimal


def change(at="2026-06-09T10:00:00Z", old="50", new="500", **other):
    row = {"document_type": "customer", "document_number": "K1", "field": "credit_limit", "old_value": old, "new_value": new, "changed_by": "U1"}
    return row | {"changed_at": at} | other


@pytest.fixture(scope="module")
def rows(accepted_of, engagement_of):
    def told(changes, entered="2026-06-10T10:00:00Z", limit="500"):
        order = {"so_number": "SO1", "so_line_no": "1", "so_date": "2026-06-01", "customer_id": "K1", "item_id": "I1", "quantity": "10", "uom": "EA"}
        order |= {"unit_price_net": "10", "line_amount_net": "100", "currency": "CNY", "created_at": "2026-06-01T08:00:00Z"}
        goods = {"shipment_number": "SH1", "shipment_line_no": "1", "shipment_date": "2026-06-10", "so_number": "SO1", "so_line_no": "1"}
        goods |= {"customer_id": "K1", "item_id": "I1", "quantity": "10", "uom": "EA", "created_at": entered}
        given = {"sales_order_line": [order], "shipment_line": [goods], "document_change": changes}
        given |= {"customer": [{"party_id": "K1", "party_name": "K", "credit_limit": limit, "credit_currency": "CNY"}]}
        made = match_bucket(accepted_of(given), engagement_of(), {"credit_raise"}).tables["credit_raise"].collect()
        return made.select("document_number", "exposure_amount", "raised_from_amount", "raise_hours", "lowered_after_days").rows()

    return told


def test_hours_from_the_raise_to_the_shipment(rows):
    assert rows([change()]) == [("SH1", D(100), D(50), D(24), None)]
    assert rows([change("2026-06-10T09:30:00Z")]) == [("SH1", D(100), D(50), D("0.5"), None)]


def test_a_raise_is_before_the_order_as_well_as_before_its_shipment(rows):
    assert sorted((row[0], row[3]) for row in rows([change("2026-05-31T10:00:00Z")])) == [("SH1", D(240)), ("SO1", D(22))]


def test_a_raise_after_the_shipment_or_a_lowering_before_it_says_nothing(rows):
    assert rows([change("2026-06-10T10:00:01Z")]) == []
    assert rows([change("2026-06-09T10:00:00Z", "900", "500"), change("2026-07-01T10:00:00Z", "500", "900")], limit="900") == []


def test_lowered_again_and_how_many_days_later(rows):
    assert rows([change(), change("2026-06-17T18:00:00Z", "500", "50")], limit="50") == [("SH1", D(100), D(50), D(24), 7)]
    assert rows([change(), change("2026-06-17T18:00:00Z", "500", "900")], limit="900") == [("SH1", D(100), D(50), D(24), None)]


@pytest.mark.parametrize(("at", "entered"), [("2026-06-09", "2026-06-10T10:00:00Z"), ("2026-06-09T10:00:00Z", "2026-06-10")])
def test_hours_are_not_known_where_a_day_is_all_that_is_told(rows, at, entered):
    assert rows([change(at)], entered) == [("SH1", D(100), D(50), None, None)]


def test_only_the_limit_of_this_customer_and_only_figures_count(rows):
    others = [change(field="payment_term_days"), change(document_number="K2"), change(document_type="supplier"), change(new="unlimited")]
    assert rows(others) == []
