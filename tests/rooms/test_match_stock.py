"""Stock positions and forecasts: which level is the latest, which limit goes first, what a period's demand is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from recon.domain import documents
from recon.domain.workpapers import Accepted, Documents
from recon.match.damaged import damaged_values
from recon.match.stock import item_forecasts, stock_positions
from recon.match.stock_movements import stock_adjustments, stock_rolls


def accepted(**tables):
    frames, supplied = {}, {}
    for name, rows in tables.items():
        frames[name] = pl.DataFrame(rows, schema=documents.schema(name)).lazy()
        supplied[name] = frozenset().union(*(row.keys() for row in rows))
    nothing = pl.DataFrame()
    return Accepted(Documents(frames, supplied, nothing, nothing), {}, {}, nothing, nothing, nothing)


@pytest.fixture
def engagement(make_workpapers):
    return make_workpapers(0).engagement.model_copy(update={"as_of": date(2026, 10, 31)})


def level(day, quantity, **more):
    return {"as_of_date": day, "item_id": "M1", "warehouse_id": "W1", "quantity_on_hand": Decimal(quantity), "uom": "PCS"} | more


def test_the_latest_level_known_by_the_date_counts_and_a_later_one_does_not_exist(engagement):
    levels = [level(date(2026, 10, 30), 7), level(date(2026, 10, 1), 9), level(date(2026, 11, 1), 1)]
    found = stock_positions(accepted(inventory_level=levels), engagement).collect()
    assert found.select("quantity_on_hand", "safety_stock").rows() == [(Decimal(7), None)]


@pytest.mark.parametrize(
    ("policies", "safety"),
    [
        ([], Decimal(5)),
        ([{"item_id": "M1", "safety_stock": Decimal(6)}], Decimal(6)),
        ([{"item_id": "M1", "safety_stock": Decimal(6)}, {"item_id": "M1", "warehouse_id": "W1", "safety_stock": Decimal(8)}], Decimal(8)),
        ([{"item_id": "M1", "warehouse_id": "W2", "safety_stock": Decimal(8)}], Decimal(5)),
        ([{"item_id": "M1", "safety_stock": Decimal(6), "uom": "BOX"}], Decimal(5)),
    ],
)
def test_the_nearest_limit_goes_first_and_one_in_another_unit_is_none(engagement, policies, safety):
    tables = {"inventory_level": [level(date(2026, 10, 1), 9, safety_stock=Decimal(5))]}
    tables |= {"item_stock_policy": policies} if policies else {}
    assert stock_positions(accepted(**tables), engagement).collect()["safety_stock"].to_list() == [safety]


def shipment(day, quantity, uom="PCS"):
    return {"company_code": "C", "shipment_number": "S", "shipment_line_no": "1", "shipment_date": day, "item_id": "M1"} | {
        "quantity": Decimal(quantity),
        "uom": uom,
    }


def forecast(*months):
    return [{"item_id": "M1", "period_start": date(2026, m, 1), "quantity": Decimal(10)} for m in months]


def figures(engagement, **tables):
    items = [{"item_id": "M1", "base_uom": "PCS"}]
    found = item_forecasts(accepted(item=items, **tables), engagement).collect()
    return found.select("period_count", "forecast_quantity", "demand_quantity", "error_quantity", "excess_quantity").rows()


def test_errors_of_periods_add_up_without_netting_and_returns_lower_demand(engagement):
    ships = [shipment(date(2026, 8, 31), 14), shipment(date(2026, 9, 1), 8), shipment(date(2026, 9, 30), -2)]
    told = figures(engagement, demand_forecast=forecast(8, 9), shipment_line=ships)
    assert told == [(2, Decimal(20), Decimal(20), Decimal(8), Decimal(4))]


def test_a_period_counts_when_its_last_day_has_come(engagement):
    ships = [shipment(date(2026, 10, 31), 10)]
    assert figures(engagement, demand_forecast=forecast(10, 11), shipment_line=ships)[0][:3] == (1, Decimal(10), Decimal(10))
    early = engagement.model_copy(update={"as_of": date(2026, 10, 30)})
    assert figures(early, demand_forecast=forecast(10, 11), shipment_line=ships) == []


def test_demand_is_converted_and_what_cannot_be_is_not_known(engagement):
    boxes = [shipment(date(2026, 10, 2), 2, "BOX")]
    ways = [{"item_id": "M1", "from_uom": "BOX", "to_uom": "PCS", "factor": Decimal(6)}]
    assert figures(engagement, demand_forecast=forecast(10), shipment_line=boxes, uom_conversion=ways)[0][2:4] == (Decimal(12), Decimal(2))
    assert figures(engagement, demand_forecast=forecast(10), shipment_line=boxes)[0][2:] == (None, None, None)


def move(day, quantity, **more):
    return (
        {"movement_number": f"MV{day}", "movement_date": day, "item_id": "M1", "warehouse_id": "W1", "quantity": Decimal(quantity)}
        | {
            "uom": "PCS",
            "movement_kind": "issue",
        }
        | more
    )


def rolled(engagement, levels, moves):
    found = stock_rolls(accepted(inventory_level=levels, inventory_movement=moves), engagement).collect()
    return found.select("opening_quantity", "moved_quantity", "closing_quantity", "difference_quantity").rows()


def test_movements_after_the_first_level_and_up_to_the_last_explain_the_difference(engagement):
    levels = [level(date(2026, 9, 30), 10), level(date(2026, 10, 31), 6)]
    moves = [move(date(2026, 9, 30), 99), move(date(2026, 10, 1), -1), move(date(2026, 10, 31), -3), move(date(2026, 11, 1), 50)]
    assert rolled(engagement, levels, moves) == [(Decimal(10), Decimal(-4), Decimal(6), Decimal(0))]
    assert rolled(engagement, levels, moves[:2])[0][3] == Decimal(3)


def test_one_level_rolls_nowhere_and_other_units_are_not_compared(engagement):
    assert rolled(engagement, [level(date(2026, 10, 31), 6)], [move(date(2026, 10, 1), 1)]) == []
    levels = [level(date(2026, 9, 30), 10), level(date(2026, 10, 31), 6)]
    assert rolled(engagement, levels, [move(date(2026, 10, 1), -4, uom="BOX")])[0][3] is None


def approval(actor):
    told = {"company_code": "C", "document_type": "inventory_adjustment", "document_number": f"MV{date(2026, 10, 1)}", "action": "approve"}
    return told | {"actor_id": actor, "action_at": datetime(2026, 10, 2, tzinfo=UTC)}


def test_each_maker_of_one_movement_needs_somebody_else_and_an_unknown_one_is_not_known(engagement):
    moves = [move(date(2026, 10, 1), -3, movement_kind="adjustment", created_by=maker, item_id=f"M{maker}") for maker in ("A", "B", None)]
    found = stock_adjustments(accepted(inventory_movement=moves, approval_event=[approval("B")]), engagement).collect()
    assert dict(found.select("created_by", "is_approved").rows()) == {"A": True, "B": False, None: None}


@pytest.mark.parametrize(("events", "approved"), [([approval("B")], True), ([approval("A")], False)])
def test_an_adjustment_is_approved_by_somebody_else(engagement, events, approved):
    moves = [move(date(2026, 10, 1), -3, movement_kind="adjustment", created_by="A"), move(date(2026, 10, 2), -3, created_by="A")]
    found = stock_adjustments(accepted(inventory_movement=moves, approval_event=events), engagement).collect()
    assert found.select("is_approved", "person_adjustment_count").rows() == [(approved, 1)]


def test_without_approvals_given_nobody_knows_whether_it_was_approved(engagement):
    moves = [move(date(2026, 10, 1), -3, movement_kind="adjustment")]
    found = stock_adjustments(accepted(inventory_movement=moves), engagement).collect()
    assert found.select("is_approved", "person_adjustment_count").rows() == [(None, None)]


@pytest.mark.parametrize(
    ("number", "damage"), [("1.2E+15", "exponent"), ("IN\ufffd1", "broken_character"), ("E+1", None), ("1E15", None), ("1E+5X", None)]
)
def test_damaged_numbers_are_told_and_odd_ones_are_not(engagement, number, damage):
    line = {"company_code": "C", "invoice_number": number, "invoice_line_no": "1", "invoice_date": date(2026, 10, 1), "supplier_id": "S"}
    found = damaged_values(accepted(supplier_invoice_line=[line]), engagement).values.collect()
    assert found.select("field", "damage").rows() == ([("invoice_number", damage)] if damage else [])


def awaited(number="PO1", day=date(2026, 11, 5), quantity=60, **more):
    row = {
        "company_code": "C",
        "po_number": number,
        "po_line_no": "1",
        "po_date": date(2026, 10, 1),
        "supplier_id": "S1",
        "item_id": "M1",
        "uom": "PCS",
    }
    return row | {"promised_date": day, "quantity": Decimal(quantity), "unit_price_net": Decimal(1), "currency": "CNY"} | more


def came(quantity, po="PO1", day=date(2026, 10, 20), **more):
    row = {"company_code": "C", "receipt_number": "GR", "receipt_line_no": "1", "receipt_date": day, "po_number": po, "po_line_no": po and "1"}
    return row | {"item_id": "M1", "quantity": Decimal(quantity), "uom": "PCS"} | more


LEAD = [{"item_id": "M1", "lead_time_days": 10}]


@pytest.mark.parametrize(
    ("tables", "inbound"),
    [
        ({}, 0),
        ({"purchase_order_line": [awaited()]}, 60),
        ({"purchase_order_line": [awaited(), awaited("PO2", quantity=5)]}, 65),
        ({"purchase_order_line": [awaited(day=date(2026, 11, 10))]}, 60),  # the last day of the lead time
        ({"purchase_order_line": [awaited(day=date(2026, 11, 11))]}, 0),
        ({"purchase_order_line": [awaited(day=date(2026, 10, 31))]}, 60),
        ({"purchase_order_line": [awaited(day=date(2026, 10, 30))]}, 0),  # nobody relies on a day that has gone by
        ({"purchase_order_line": [awaited(is_closed=True)]}, 0),
        ({"purchase_order_line": [awaited(doc_status="closed")]}, 0),
        ({"purchase_order_line": [awaited(doc_status="cancelled")]}, 0),
        ({"purchase_order_line": [awaited(doc_status="approved")]}, 60),
        ({"purchase_order_line": [awaited()], "goods_receipt_line": [came(25)]}, 35),
        ({"purchase_order_line": [awaited()], "goods_receipt_line": [came(70)]}, 0),
        ({"purchase_order_line": [awaited()], "goods_receipt_line": [came(25, is_cancelled=True)]}, 60),
        ({"purchase_order_line": [awaited()], "goods_receipt_line": [came(25, po=None)]}, 35),
        ({"purchase_order_line": [awaited()], "goods_receipt_line": [came(25, po=None, day=date(2026, 9, 30))]}, 60),
        ({"purchase_order_line": [awaited(uom="BOX")]}, None),
        ({"purchase_order_line": [awaited(uom="BOX")], "uom_conversion": [{"from_uom": "BOX", "to_uom": "PCS", "factor": Decimal(12)}]}, 720),
        ({"purchase_order_line": [awaited()], "goods_receipt_line": [came(2, uom="BOX")]}, None),
        ({"purchase_order_line": [awaited()], "item_stock_policy": []}, None),
    ],
)
def test_what_is_still_to_come_within_the_lead_time(engagement, tables, inbound):
    given = {"inventory_level": [level(date(2026, 10, 1), 9)], "item": [{"item_id": "M1", "base_uom": "PCS"}], "item_stock_policy": LEAD} | tables
    (row,) = stock_positions(accepted(**given), engagement).collect().to_dicts()
    assert row["inbound_quantity"] == (None if inbound is None else Decimal(inbound))


def test_nobody_knows_which_of_two_warehouses_it_comes_to(engagement):
    levels = [level(date(2026, 10, 1), 9), level(date(2026, 10, 1), 9, warehouse_id="W2")]
    given = {"inventory_level": levels, "item": [{"item_id": "M1", "base_uom": "PCS"}], "item_stock_policy": LEAD}
    found = stock_positions(accepted(**given, purchase_order_line=[awaited()]), engagement).collect()
    assert found["inbound_quantity"].to_list() == [None, None]
    assert stock_positions(accepted(**given), engagement).collect()["inbound_quantity"].to_list() == [Decimal(0)] * 2


def adjusted(day, quantity=-3, **more):
    row = {"company_code": "C", "movement_number": "A1", "movement_date": day, "item_id": "M1", "warehouse_id": "W1", "quantity": Decimal(quantity)}
    return row | {"uom": "PCS", "movement_kind": "adjustment", "created_by": "U1"} | more


def counted(day, book=10, found=7, **more):
    row = {"company_code": "C", "count_number": "SC1", "count_line_no": "1", "count_date": day, "item_id": "M1", "warehouse_id": "W1"}
    return row | {"counted_quantity": Decimal(found), "book_quantity": Decimal(book), "uom": "PCS"} | more


@pytest.mark.parametrize(
    ("counts", "days"),
    [
        ([], None),
        ([counted(date(2026, 10, 22), found=9)], 2),
        ([counted(date(2026, 10, 22))], 2),  # its difference, but booked before it was counted
        ([counted(date(2026, 10, 20))], None),  # the booking of what was found, on its day
        ([counted(date(2026, 10, 10))], None),
        ([counted(date(2026, 10, 18), found=9)], 2),
        ([counted(date(2026, 10, 20)), counted(date(2026, 10, 21), found=9, count_line_no="2")], None),
        ([counted(date(2026, 10, 18), found=9), counted(date(2026, 10, 21), found=9, count_line_no="2")], 1),
        ([counted(date(2026, 10, 22), warehouse_id="W2")], None),
        ([counted(date(2026, 11, 1), found=9)], None),
    ],
)
def test_an_adjustment_beside_a_count_unless_it_books_what_was_found(engagement, counts, days):
    given = {"inventory_movement": [adjusted(date(2026, 10, 20))]} | ({"stock_count_line": counts} if counts else {})
    assert stock_adjustments(accepted(**given), engagement).collect()["count_distance_days"].to_list() == [days]
