"""Orders by the emergency route, counted by supplier and by buyer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company

D = Decimal


def line(number, urgent, line_no="1", **other):
    row = {"po_number": number, "po_line_no": line_no, "po_date": "2026-10-01", "supplier_id": "S1", "item_id": "I", "quantity": "1", "uom": "EA"}
    return row | {"unit_price_net": "10", "currency": "CNY", "buyer_id": "B1", "emergency": urgent} | other


@pytest.fixture(scope="module")
def shares(accepted_of, engagement_of):
    def told(*lines):
        made = match_company(accepted_of({"purchase_order_line": list(lines)}), engagement_of(), {"emergency_share"}).tables["emergency_share"]
        columns = ("subject_type", "subject_number", "order_count", "emergency_count", "emergency_order_share", "emergency_order_share_most")
        return made.collect().select(*columns, "emergency_amount_base").rows()

    return told


def test_orders_count_not_lines(shares):
    rows = shares(line("P1", "false"), line("P1", "true", "2"), line("P2", "false"), line("P3", "", supplier_id="S2"))
    assert rows == [
        ("supplier", "S1", 2, 1, D("0.5"), D("0.5"), D(20)),
        ("supplier", "S2", 1, 0, D(0), D(1), D(0)),
        ("user", "B1", 3, 1, D("0.333333"), D("0.666667"), D(20)),
    ]


def test_what_is_not_in_force_does_not_count(shares):
    dead = [line("P2", "true", is_cancelled="true"), line("P3", "true", po_date="2026-11-01")]
    assert [row[2:4] for row in shares(line("P1", "false"), *dead)] == [(1, 0), (1, 0)]


def test_whoever_entered_stands_for_a_buyer_and_nobody_for_nobody(shares):
    assert shares(line("P1", "true", buyer_id="", created_by="U7"))[1][:2] == ("user", "U7")
    assert [row[0] for row in shares(line("P1", "true", buyer_id=""))] == ["supplier"]


def test_a_worth_that_nobody_knows(shares):
    assert shares(line("P1", "true", currency="USD"))[0][-1] is None
    assert shares(line("P1", "true"), line("P2", "false", currency="USD"))[0][-1] == D(10)
