"""Stock positions and forecasts: which level is the latest, which limit goes first, what a period's demand is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from recon.domain import documents
from recon.domain.workpapers import Accepted, Documents
from recon.match.stock import item_forecasts, stock_positions


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
