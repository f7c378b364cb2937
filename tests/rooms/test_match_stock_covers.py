"""What leaves the store in a day, and since when nothing moved."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_company

D = Decimal
ITEM = {"item_id": "I1", "item_name": "Bolt", "base_uom": "EA", "standard_cost": "20"}


def level(quantity="100", day="2026-10-31", house="W1", **other):
    return {"item_id": "I1", "warehouse_id": house, "as_of_date": day, "quantity_on_hand": quantity, "uom": "EA"} | other


def move(day, quantity="-50", kind="issue", number="M1", **other):
    row = {
        "movement_number": number,
        "movement_date": day,
        "item_id": "I1",
        "warehouse_id": "W1",
        "quantity": quantity,
        "uom": "EA",
        "movement_kind": kind,
    }
    return row | other


def goods(day, quantity="10", **other):
    row = {
        "shipment_number": "SH1",
        "shipment_line_no": "1",
        "shipment_date": day,
        "customer_id": "K",
        "item_id": "I1",
        "quantity": quantity,
        "uom": "EA",
    }
    return row | other


@pytest.fixture(scope="module")
def covers(accepted_of, engagement_of):
    def told(levels, **tables):
        made = match_company(accepted_of({"item": [ITEM], "inventory_level": levels, **tables}), engagement_of(), {"stock_cover"}).tables[
            "stock_cover"
        ]
        columns = ("quantity_on_hand", "issue_days", "issued_quantity", "daily_issue_quantity", "days_since_movement", "amount_base")
        return made.collect().select(columns).row(0)

    return told


def test_issues_of_the_days_since_the_first(covers):
    assert covers([level()], inventory_movement=[move("2026-04-14")]) == (D(100), 200, D(50), D("0.25"), 200, D(2000))
    two = [move("2026-04-14"), move("2026-10-30", "-150", "consumption", "M2")]
    assert covers([level()], inventory_movement=two) == (D(100), 200, D(200), D(1), 1, D(2000))


def test_a_year_at_most_and_ninety_days_at_least(covers):
    old = [move("2025-10-31", "-999"), move("2025-11-01", "-365", number="M2")]
    assert covers([level()], inventory_movement=old)[1:5] == (365, D(365), D(1), 364)
    assert covers([level()], inventory_movement=[move("2026-08-03")])[1:4] == (89, D(50), None)
    assert covers([level()], inventory_movement=[move("2026-08-02", "-45")])[1:4] == (90, D(45), D("0.5"))


def test_warehouses_are_one_and_the_latest_level_counts(covers):
    assert covers([level("70"), level("30", house="W2"), level("999", "2026-09-30")])[0] == D(100)
    assert covers([level("70"), level("30", house="W2", uom="BOX")])[0] is None


def test_shipments_stand_in_where_the_store_issues_nothing(covers):
    shipped = [goods("2026-04-14", "60"), goods("2026-05-14", "-10", shipment_line_no="2", shipment_kind="return")]
    assert covers([level()], shipment_line=shipped)[1:4] == (200, D(50), D("0.25"))
    assert covers([level()], shipment_line=shipped, inventory_movement=[move("2026-04-14", "-200")])[1:4] == (200, D(200), D(1))
    assert covers([level()], shipment_line=[goods("2026-04-14", is_cancelled="true")])[1:5] == (None, None, None, None)


def test_another_unit_is_not_guessed(covers):
    assert covers([level()], inventory_movement=[move("2026-04-14", uom="BOX")])[1:4] == (200, None, None)


def test_an_item_that_never_moved_rests_since_the_first_movement_of_any(covers):
    assert covers([level()], inventory_movement=[move("2025-09-26", item_id="I2")])[4] == 400
    assert covers([level()], inventory_movement=[move("2025-09-26", "5", "receipt")])[4] == 400
    assert covers([level()])[4] is None
