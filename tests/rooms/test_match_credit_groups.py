"""What a customer's group owes beside what it owes itself, on the day of each release and shipment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket

D = Decimal


def order(number, customer, day, price, **other):
    row = {"so_number": number, "so_line_no": "1", "so_date": day, "customer_id": customer, "item_id": "I1", "quantity": "1", "uom": "EA"}
    return row | {"unit_price_net": price, "currency": "CNY"} | other


def customer(party, group=None, limit="100"):
    return {"party_id": party, "party_name": f"{party} Ltd", "credit_limit": limit, "credit_currency": "CNY"} | ({"group_id": group} if group else {})


@pytest.fixture(scope="module")
def positions(accepted_of, engagement_of):
    def run(masters, orders, **tables):
        accepted = accepted_of({"customer": masters, "sales_order_line": orders} | tables)
        rows = match_bucket(accepted, engagement_of(), {"credit_position"}).tables["credit_position"].collect()
        return {row["document_number"]: (row["exposure_amount"], row["group_exposure_amount"], row["party_name"]) for row in rows.to_dicts()}

    return run


ORDERS = [order("SO1", "C1", "2026-10-01", "60"), order("SO2", "C2", "2026-10-02", "50"), order("SO3", "C1", "2026-10-03", "5")]


def test_members_add_up_day_by_day(positions):
    assert positions([customer("C1", "G"), customer("C2", "G")], ORDERS) == {
        "SO1": (D(60), D(60), "C1 Ltd"), "SO2": (D(50), D(110), "C2 Ltd"), "SO3": (D(65), D(115), "C1 Ltd"),
    }  # fmt: skip


def test_a_member_without_a_limit_of_its_own_owes_all_the_same(positions):
    found = positions([customer("C1", "G"), customer("C2", "G", limit=None)], ORDERS)
    assert found == {"SO1": (D(60), D(60), "C1 Ltd"), "SO3": (D(65), D(115), "C1 Ltd")}


def test_without_a_group_a_customer_is_its_own_group(positions):
    assert positions([customer("C1"), customer("C2")], ORDERS)["SO3"] == (D(65), D(65), "C1 Ltd")


def test_what_one_member_paid_relieves_the_group(positions):
    cash = [{"cash_receipt_number": "CR1", "receipt_date": "2026-10-02", "customer_id": "C2", "amount": "50", "currency": "CNY"}]
    assert positions([customer("C1", "G"), customer("C2", "G")], ORDERS, cash_receipt=cash)["SO3"] == (D(65), D(65), "C1 Ltd")
