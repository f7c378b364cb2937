"""Measured tables about a few rows each: returns, credits, charges, advances, periods, balances. Same conventions as `measures`.

Every table is bucket-local, except those that the tuple `WHOLE` names: these look across parties.
"""

from __future__ import annotations

from typing import Final

_DOCUMENT: Final = (
    "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text group_id:id"
)
_ON_ORDER: Final = "order_number:id order_line_no:id item_id:id item_group:id contract_id:id"
_SOURCE: Final = "source_file:text source_row:row"

DECLARED: Final[dict[str, tuple[str, str]]] = {
    "document_factor": (
        "one row per document line that converts its unit itself: the factor it uses, and the master's",
        # quantities without a sign; stated_quantity: in the base unit by the document, master_quantity: by the master's factor; factor_basis: stated
        # where the document states both, goods where its value is that of goods in the base unit
        "cycle:id company_code:id party_id:id party_name:text group_id:id document_type:text document_number:id document_line_no:id document_date:date"
        " order_number:id order_line_no:id item_id:id uom:id base_uom:id quantity:quantity stated_quantity:quantity master_quantity:quantity"
        " deviation_quantity:quantity implied_factor:quantity master_factor:quantity factor_basis:text deviation_amount_base:money source_file:text source_row:row",
    ),
    "rebill_loop": (
        "one row per sales order line that was billed, credited in full and billed again without new goods: its last new bill",
        "cycle:id company_code:id document_type:text order_number:id order_line_no:id party_id:id party_name:text group_id:id item_id:id"
        " invoice_number:id internal_number:id invoice_line_no:id invoice_date:date loop_count:count days_reset:count loops:text currency:id"
        f" amount_gross:money amount_gross_base:money {_SOURCE}",
    ),
    "unlinked_line": (
        "one row per document line or cash receipt that no pass linked, or bill for an order of whose lines nobody knows which it bills: what was found out",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text"
        " group_id:id item_id:id quantity:quantity uom:id currency:id amount:money amount_base:money referenced_number:id"
        # state: ambiguous (several answers), not_decided (the search was given up), suggested (one answer, not booked), none
        " link_pass:text state:text candidate_count:count searched_count:count candidates:text"
        # the order line that differs least, the first condition that it fails, and the value that would clear it
        f" nearest_number:id nearest_line_no:id nearest_condition:text nearest_value:text {_SOURCE}",
    ),
    "return_match": (
        "one row per return line that counts",
        f"{_DOCUMENT} {_ON_ORDER} posting_date:date age_days:count base_uom:id currency:id match_level:text quantity:quantity"
        # still billed though it went back, and the mean price billed on the order line
        " uncredited_quantity:quantity billed_unit_price:price billed_unit_price_base:price order_unit_price:price order_unit_price_base:price"
        # what there was to send back: the receipt line that is named, else what the order line received
        f" basis_quantity:quantity returned_to_date_quantity:quantity excess_quantity:quantity {_SOURCE}",
    ),
    "credit_match": (
        "one row per live credit line that takes a quantity back",
        f"{_DOCUMENT} {_ON_ORDER} posting_date:date base_uom:id currency:id quantity:quantity reason_code:id origin_number:id"
        " justified_to_date_quantity:quantity unjustified_quantity:quantity names_origin:flag has_goods_feed:flag has_reason_feed:flag"
        " credited_unit_price:price origin_unit_price:price price_difference:money price_difference_base:money credited_amount:money"
        f" credited_amount_base:money amount_gross:money amount_gross_base:money {_SOURCE}",
    ),
    "credited_invoice": (
        "one row per invoice that live credits name",
        f"{_DOCUMENT} order_number:id currency:id amount_gross:money credited_amount:money credit_count:count last_credit_number:id"
        f" last_credit_date:date excess_amount:money excess_amount_base:money {_SOURCE}",
    ),
    "open_credit": (
        "one row per live credit note, with what of it is open",
        f"{_DOCUMENT} order_number:id posting_date:date age_days:count currency:id open_amount:money open_amount_base:money is_paid_known:flag"
        f" last_paid_off_date:date {_SOURCE}",
    ),
    "advance_match": (
        "one row per live advance: a payment ahead, or a prepayment invoice",
        f"{_DOCUMENT} order_number:id currency:id age_days:count amount:money applied_amount:money open_amount:money open_amount_base:money"
        " over_applied_amount:money over_applied_amount_base:money is_application_known:flag order_is_complete:flag has_arrived:flag"
        f" promised_date:date {_SOURCE}",
    ),
    "charge_match": (
        "one row per live charge line of an invoice",
        f"{_DOCUMENT} {_ON_ORDER} posting_date:date currency:id charge_code:id has_order_link:flag is_plan_known:flag amount_net:money"
        " amount_net_base:money amount_gross:money amount_gross_base:money order_amount_base:money planned_amount:money"
        " expected_to_date_amount:money expected_to_date_amount_base:money charged_to_date_amount:money kept_amount:money"
        " kept_amount_base:money kept_gross_amount:money kept_gross_amount_base:money over_plan_amount:money over_plan_amount_base:money over_plan_before_amount:money"
        f" over_plan_before_amount_base:money charge_variance:money {_SOURCE}",
    ),
    "planned_charge": (
        "one row per planned charge of an order, by code",
        "cycle:id company_code:id document_type:text order_number:id order_line_no:id order_date:date party_id:id party_name:text group_id:id"
        " currency:id charge_code:id planned_amount:money planned_amount_base:money charged_amount:money missing_amount:money"
        f" missing_amount_base:money is_final_invoice:flag {_SOURCE}",
    ),
    "freight_line": (
        "one row per live charge line on a supplier's bill without goods and without an order",
        f"{_DOCUMENT} currency:id charge_code:id waybill_number:id has_waybill_feed:flag nearest_days:count other_party_id:id other_number:id"
        f" other_days_apart:count other_amount_base:money smaller_amount_base:money amount_gross:money amount_gross_base:money {_SOURCE}",
    ),
    "landed_cost": (
        "one row per carrier's charge and receipt line that bears a part of it, by the agreed way; and one per charge that is not spread, with the reason",
        # goods_…: of the receipt line, quantity in base units; amount: the part in the currency of the bill, without tax; planned: charges that the
        # order planned for these goods
        f"{_DOCUMENT} currency:id charge_code:id waybill_number:id freight_spread:text reason:text fulfilment_number:id fulfilment_line_no:id"
        " fulfilment_date:date goods_party_id:id order_number:id order_line_no:id item_id:id base_uom:id base_quantity:quantity"
        f" goods_amount_base:money goods_weight:quantity goods_volume:quantity planned_amount_base:money amount:money amount_base:money {_SOURCE}",
    ),
    "confirmed_bill": (
        "one row per invoice line on a sales order line of which the customer signed for less than was shipped",
        f"{_DOCUMENT} {_ON_ORDER} base_uom:id currency:id confirmed_date:date confirmation_age_days:count billed_to_date_quantity:quantity"
        f" confirmed_quantity:quantity unconfirmed_quantity:quantity invoice_unit_price:price invoice_unit_price_base:price {_SOURCE}",
    ),
    "validity_test": (
        "one row per purchase document line bought under a period of validity",
        f"{_DOCUMENT} {_ON_ORDER} currency:id valid_from:date valid_to:date has_period:flag tested_date:date tested_date_basis:text"
        f" amount_net:money amount_net_base:money {_SOURCE}",
    ),
    "mirror_layer": (
        "one row per order line with goods not invoiced and a line with the opposite open end beside it",
        f"{_DOCUMENT} {_ON_ORDER} currency:id quantity:quantity amount:money amount_base:money other_order_number:id other_order_line_no:id"
        " other_quantity:quantity other_amount:money same_quantity:flag value_difference:money next_difference:money days_apart:count"
        f" {_SOURCE}",
    ),
    "party_balance": (
        "one row per company, party and currency with open invoices or credits",
        f"{_DOCUMENT} currency:id balance:money balance_base:money item_count:count credit_count:count youngest_age_days:count {_SOURCE}",
    ),
    "pack_ratio": (
        "one row per invoice line that bills more than came or was ordered, against what it was held to",
        f"{_DOCUMENT} {_ON_ORDER} base_uom:id currency:id invoiced_quantity:quantity reference_quantity:quantity pack_size:quantity pack_size_word:text"
        f" is_master_pack:flag ratio_difference:quantity larger_quantity:quantity value_difference:money ordered_amount:money {_SOURCE}",
    ),
    "order_sequence": (
        "one row per order one of whose steps came before another that is to be awaited, or of which a step's time is not known",
        "cycle:id company_code:id document_type:text order_number:id order_date:date party_id:id party_name:text group_id:id currency:id"
        # steps of `domain.sequences`; moments to the minute or the day; seconds from the early step to the awaited one, days from their midnight
        " is_out_of_order:flag early_step:text early_at:text early_number:id awaited_step:text awaited_at:text seconds_ahead:count"
        f" allowed_sequence_set:text amount_net:money amount_net_base:money {_SOURCE}",
    ),
    "emergency_order": (
        "one row per emergency order; one per company for the others, and for those of which nobody says it",
        "cycle:id company_code:id document_type:text order_number:id order_date:date party_id:id party_name:text group_id:id currency:id is_emergency:flag"
        " created_at:timestamp approved_at:timestamp is_approved:flag hours:rate hours_most:rate document_count:count amount_net:money"
        f" amount_net_base:money {_SOURCE}",
    ),
    "credit_release": (
        "one row per sales order and login that released its credit, beside the last change of the customer's limit by the same person",
        "cycle:id company_code:id document_type:text order_number:id order_date:date party_id:id party_name:text group_id:id currency:id made_by:id"
        " released_date:date changed_date:date old_value:text new_value:text is_same_person:flag persons_known:flag nearest_days:count"
        f" amount_net:money amount_net_base:money {_SOURCE}",
    ),
    "ledger_balance": (
        "one row per company, account role and currency of the ledger's balances",
        f"{_DOCUMENT} order_number:id order_line_no:id item_id:id account_role:text account:text currency:id as_of_date:date balance:money sub_ledger:money difference:money"
        f" difference_base:money {_SOURCE}",
    ),
}

#: Tables that look across parties.
WHOLE: Final = ("freight_line", "landed_cost", "order_sequence", "emergency_order", "credit_release")
#: Tables that hold only part of what was looked at.
COVERED_ELSEWHERE: Final = ("confirmed_bill", "rebill_loop", "mirror_layer", "pack_ratio", "order_sequence")
