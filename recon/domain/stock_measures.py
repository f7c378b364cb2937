"""Measured tables about stock and forecasts: part of `measures`, where their contract is described. All look across parties."""

from __future__ import annotations

from typing import Final

_ITEM: Final = "item_id:id item_group:id contract_id:id"
_SOURCE: Final = "source_file:text source_row:row"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "stock_position": (
        "one row per item and warehouse: the latest stock level known by the as-of date",
        f"cycle:id company_code:id party_id:id currency:id document_type:text document_number:id document_line_no:id document_date:date {_ITEM}"
        " item_name:text warehouse_id:id uom:id quantity_on_hand:quantity safety_stock:quantity reorder_point:quantity max_stock:quantity"
        # still to come on orders with a promised day within the lead time; null: not known
        " inbound_quantity:quantity"
        f" amount_base:money {_SOURCE}",
    ),
    "stock_cover": (
        "one row per item with a stock level: what leaves in a day, and how long nothing has moved",
        f"cycle:id company_code:id party_id:id currency:id document_type:text document_number:id document_date:date {_ITEM} item_name:text uom:id"
        # daily: null under ninety days of issues; days_since: of an item that never moved at least so many
        " quantity_on_hand:quantity issued_quantity:quantity issue_days:count daily_issue_quantity:quantity last_movement_date:date"
        f" days_since_movement:count unit_cost:price amount_base:money {_SOURCE}",
    ),
    "stock_roll": (
        "one row per item and warehouse with two stock levels: the earlier one, what moved since, the latest one",
        f"cycle:id company_code:id party_id:id currency:id document_type:text document_number:id document_line_no:id document_date:date {_ITEM}"
        " warehouse_id:id uom:id opening_date:date opening_quantity:quantity moved_quantity:quantity closing_quantity:quantity"
        f" difference_quantity:quantity difference_amount_base:money movement_count:count {_SOURCE}",
    ),
    "stock_adjustment": (
        "one row per adjustment of stock by hand",
        f"cycle:id company_code:id party_id:id currency:id document_type:text document_number:id document_line_no:id document_date:date {_ITEM}"
        " warehouse_id:id uom:id quantity:quantity amount_base:money created_by:id reason_code:id is_approved:flag person_adjustment_count:count"
        # to the nearest stock count of the place; null: never counted, or it books what a count found
        " count_distance_days:count"
        f" {_SOURCE}",
    ),
    "stock_count": (
        "one row per line of a stock count, in the unit of the count",
        f"cycle:id company_code:id party_id:id currency:id document_type:text document_number:id document_line_no:id document_date:date {_ITEM}"
        " warehouse_id:id uom:id book_quantity:quantity counted_quantity:quantity difference_quantity:quantity difference_amount_base:money"
        f" moved_on_day_quantity:quantity counted_by:id {_SOURCE}",
    ),
    "item_forecast": (
        "one row per item with a forecast: the periods that have ended, forecast against what was shipped",
        f"cycle:id company_code:id party_id:id currency:id document_type:text document_number:id document_date:date {_ITEM} item_name:text"
        " period_count:count forecast_quantity:quantity demand_quantity:quantity error_quantity:quantity excess_quantity:quantity"
        f" {_SOURCE}",
    ),
}

#: Of these, the tables that look across parties.
WHOLE: Final = ("stock_position", "stock_cover", "item_forecast", "stock_roll", "stock_adjustment", "stock_count")
#: And those whose rows are only the suspicious ones.
COVERED_ELSEWHERE: Final[tuple[str, ...]] = ()
