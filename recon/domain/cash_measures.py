"""Measured tables about payments, cash, credit, and documents recorded twice: part of `measures`, where their contract is described."""

from __future__ import annotations

from typing import Final

_ORDER_KEY: Final = "cycle:id company_code:id order_number:id order_line_no:id"
_PARTY: Final = "party_id:id party_name:text group_id:id"
_SOURCE: Final = "source_file:text source_row:row"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "credit_position": (
        "one row per release of a sales order and per shipment of a customer with a credit limit: the exposure of that day, and of its group (else its own)",
        # exposure_policy: what CSH-10 was told to count
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id document_date:date order_number:id currency:id amount_base:money"
        f" exposure_amount:money group_exposure_amount:money exposure_policy:text limit_amount:money credit_currency:id is_released:flag certainty:text {_SOURCE}",
    ),
    "credit_raise": (
        "one row per release of a sales order and per shipment of a customer whose credit limit was raised before it",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id document_date:date order_number:id currency:id amount_base:money"
        " exposure_amount:money limit_amount:money raised_from_amount:money raised_at:timestamp changed_by:id raise_hours:rate lowered_after_days:count"
        f" certainty:text {_SOURCE}",
    ),
    "shipment_standing": (
        "one row per shipment: how late the customer's oldest open invoice was on that day, and whether the order was on hold",
        f"cycle:id company_code:id {_PARTY} document_type:text fulfilment_number:id fulfilment_date:date order_number:id currency:id amount_base:money"
        f" overdue_days:count overdue_invoice_number:id is_on_hold:flag is_released:flag {_SOURCE}",
    ),
    "receipt_pair": (
        "one row per receipt line that may be posted twice, with the one before it",
        f"{_ORDER_KEY} {_PARTY} document_type:text fulfilment_number:id fulfilment_line_no:id fulfilment_date:date other_number:id other_line_no:id"
        f" other_date:date days_apart:count item_id:id quantity:quantity currency:id amount:money amount_base:money has_note:flag"
        f" supplier_delivery_note:id {_SOURCE}",
    ),
    "order_pair": (
        "one row per order line that may be placed twice, with the one before it on another order",
        f"{_ORDER_KEY} {_PARTY} document_type:text order_date:date other_number:id other_line_no:id other_date:date days_apart:count unsaid_days_apart:count item_id:id"
        f" quantity:quantity unit_price:price currency:id amount:money amount_base:money same_by:text created_by:id requester_id:id {_SOURCE}",
    ),
    "fulfilment_billing": (
        "one row per receipt or shipment line that two or more invoices name, beside the last of these",
        f"cycle:id company_code:id fulfilment_number:id fulfilment_line_no:id {_PARTY} invoice_number:id invoice_line_no:id internal_number:id"
        " invoice_date:date order_number:id order_line_no:id item_id:id currency:id quantity:quantity billed_quantity:quantity excess_quantity:quantity"
        f" invoice_count:count invoice_unit_price:price unit_price_base:price {_SOURCE}",
    ),
    "payment_pair": (
        "one row per payment or receipt that nothing tells apart from the one before it of the same amount",
        f"cycle:id company_code:id {_PARTY} document_type:text payment_number:id payment_date:date value_date:date other_number:id other_date:date"
        " days_apart:count currency:id amount:money amount_base:money same_party:flag same_account:flag same_reference:flag shares_invoice:flag"
        f" is_told_apart:flag {_SOURCE}",
    ),
    "crossing_pair": (
        "one row per invoice whose number, amount, currency and date stand in the books under another supplier or in another company",
        f"cycle:id company_code:id {_PARTY} document_type:text invoice_number:id internal_number:id invoice_date:date pair_kind:text"
        " other_company_code:id other_party_id:id other_party_name:text other_invoice_number:id currency:id amount_gross:money amount_gross_base:money"
        f" number_length:count round_unit_amount:money same_tax_id:flag same_bank_account:flag name_score:rate {_SOURCE}",
    ),
    "number_gap": (
        "one row per range of numbers that no document of a gap-free series bears",
        "cycle:id company_code:id document_type:text series_key:id number_from:id number_to:id missing_count:count before_number:id before_date:date"
        # the document before the gap is the last that an earlier run knew of the series
        f" is_across_runs:flag before_created_by:id after_number:id after_date:date after_created_by:id party_id:id party_name:text currency:id {_SOURCE}",
    ),
    "number_repeat": (
        "one row per live document of our own whose number another one bears",
        "cycle:id company_code:id party_id:id party_name:text document_type:text document_number:id document_date:date other_number:id other_date:date"
        # known_since: the day of the earlier run that alone knows the other document
        f" other_party_id:id known_since:date currency:id created_by:id amount_base:money smaller_amount_base:money {_SOURCE}",
    ),
    "bank_difference": (
        "one row per payment, receipt or statement line that bank and books do not share, or see with two amounts",
        "cycle:id company_code:id party_id:id party_name:text document_type:text document_number:id document_date:date kind:text statement_line:id"
        " bank_account:id counterparty:text currency:id amount:money statement_amount:money difference_amount:money difference_amount_base:money"
        f" waiting_days:count waiting_working_days:count {_SOURCE}",
    ),
}

#: Of these, the tables that look across parties.
WHOLE: Final = ("payment_pair", "crossing_pair", "number_gap", "number_repeat", "bank_difference")
#: And those whose rows are only the suspicious ones.
COVERED_ELSEWHERE: Final = (*WHOLE, "receipt_pair", "order_pair", "fulfilment_billing")
