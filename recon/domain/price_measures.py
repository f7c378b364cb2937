"""Measured tables about agreed prices, discounts, deductions and consigned goods: part of `measures`, where their contract is described."""

from __future__ import annotations

from typing import Final

_PARTY: Final = "party_id:id party_name:text group_id:id"
_ON_ORDER: Final = "order_number:id order_line_no:id item_id:id item_group:id contract_id:id"
_SOURCE: Final = "source_file:text source_row:row"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "order_off_contract": (
        "one row per live purchase order line whose item a contract in force covers, or whose item nobody knows",
        f"cycle:id company_code:id {_PARTY} {_ON_ORDER} order_date:date has_contract:flag is_under_contract:flag contract_number:id"
        " contract_party_id:id contract_price:price order_unit_price:price ordered_quantity:quantity base_uom:id currency:id ordered_amount:money"
        f" ordered_amount_base:money saving_missed_base:money {_SOURCE}",
    ),
    "last_price": (
        "one row per live purchase order line with an earlier order of the item from the supplier",
        f"cycle:id company_code:id {_PARTY} {_ON_ORDER} order_date:date order_unit_price:price last_unit_price:price last_order_number:id"
        " last_order_date:date since_days:count ordered_quantity:quantity base_uom:id currency:id rise_amount:money rise_amount_base:money"
        f" ordered_amount_base:money {_SOURCE}",
    ),
    "retroactive_price": (
        "one row per company and agreed price that was entered after bills of its validity, with what it leaves to settle",
        f"cycle:id company_code:id document_type:text document_number:id document_date:date internal_number:id {_PARTY} {_ON_ORDER}"
        " contract_number:id valid_from:date price_entered_at:timestamp old_unit_price:price new_unit_price:price billed_quantity:quantity base_uom:id"
        f" bill_count:count bills:text currency:id claim_amount:money claim_amount_base:money {_SOURCE}",
    ),
    "line_discount": (
        "one row per live bill line that gives a discount, or on whose order or contract one was agreed",
        f"cycle:id company_code:id invoice_number:id invoice_line_no:id internal_number:id invoice_date:date {_PARTY} {_ON_ORDER} currency:id"
        " list_value:money given_amount:money due_share:rate due_amount:money difference_amount:money difference_amount_base:money direction:text"
        f" source_of_agreement:text invoiced_amount_base:money {_SOURCE}",
    ),
    "sale_cost": (
        "one row per live line of a sales bill for goods: its net amount against the item's standard cost",
        f"cycle:id company_code:id invoice_number:id invoice_line_no:id internal_number:id invoice_date:date {_PARTY} {_ON_ORDER} base_uom:id"
        " currency:id invoiced_quantity:quantity invoice_unit_price:price standard_cost:price invoiced_amount_base:money cost_amount_base:money"
        f" is_order_approved:flag {_SOURCE}",
    ),
    "free_supply": (
        "one row per sales order line at a price of nothing of which something was shipped",
        f"cycle:id company_code:id {_PARTY} {_ON_ORDER} order_date:date salesperson_id:id created_by:id base_uom:id currency:id"
        " shipped_quantity:quantity standard_cost:price cost_amount_base:money is_order_approved:flag"
        # at cost all that the salesperson gave away; the net value of all their orders; null where a part of it is not known
        f" person_free_amount_base:money person_sales_amount_base:money {_SOURCE}",
    ),
    "accepted_deduction": (
        "one row per deduction of a customer that was accepted",
        f"cycle:id company_code:id document_type:text document_number:id document_date:date invoice_number:id {_PARTY} reason_code:id"
        " accepted_at:timestamp accepted_by:id age_days:count has_credit_note:flag credit_number:id currency:id amount:money amount_base:money"
        f" {_SOURCE}",
    ),
    "consignment_billing": (
        "one row per company, supplier, item and month with bills on consignment orders",
        f"cycle:id company_code:id document_type:text document_number:id document_date:date internal_number:id {_PARTY} {_ON_ORDER}"
        " period_start:date base_uom:id billed_quantity:quantity consumed_quantity:quantity excess_quantity:quantity order_unit_price_base:price"
        f" currency:id excess_amount_base:money {_SOURCE}",
    ),
}

#: Of these, the tables that are made once for all parties.
WHOLE: Final = ("accepted_deduction", "free_supply")
#: And those whose rows are only the suspicious ones.
COVERED_ELSEWHERE: Final[tuple[str, ...]] = ()
