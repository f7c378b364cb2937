"""Measured tables about tax invoices: part of `measures`, where their contract is described. Amounts of the register are in company currency."""

from __future__ import annotations

from typing import Final

_DOCUMENT: Final = (
    "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text group_id:id"
)
_SOURCE: Final = "source_file:text source_row:row"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "tax_invoice_link": (
        "one row per live supplier bill and tax invoice it names (one where it names none), and per payment that pays no bill",
        f"{_DOCUMENT} internal_number:id order_number:id country:id booked_date:date paid_date:date since_date:date age_days:count is_past_year:flag"
        # of the document as a whole: told on its first row
        " is_first:flag has_valid_link:flag booked_tax_base:money"
        # of the tax invoice named; is_claimed: its tax was claimed in some period
        " official_invoice_number:id is_registered:flag official_invoice_type:text status:text verification_result:text verified_at:timestamp"
        " is_stale:flag is_claimed:flag is_paid:flag buyer_tax_id:id company_tax_id:id seller_tax_id:id supplier_tax_id:id buyer_differs:flag"
        f" seller_differs:flag check_characters_hold:flag currency:id amount_net_base:money tax_amount_base:money {_SOURCE}",
    ),
    "tax_invoice_claim": (
        "one row per tax invoice that a live supplier bill names, or whose tax was claimed",
        f"{_DOCUMENT} booked_number:id booked_date:date booked_age_days:count official_invoice_type:text status:text is_deductible:flag"
        f" checkoff_period_count:count checkoff_periods:text currency:id amount_net_base:money tax_amount_base:money {_SOURCE}",
    ),
    "red_tax_invoice": (
        "one row per red tax invoice and blue line that it takes back",
        f"{_DOCUMENT} blue_number:id blue_is_registered:flag blue_in_window:flag blue_amount:money red_amount:money red_tax_amount:money"
        " red_quantity:quantity blue_quantity:quantity excess_amount:money excess_quantity:quantity red_confirmation_status:text red_reason:text"
        f" is_credit_booked:flag credit_number:id currency:id red_amount_base:money {_SOURCE}",
    ),
    "tax_class_line": (
        "one row per blue line of the register of tax invoices behind a live supplier bill, beside the item of the bill nearest to it by tax class",
        # common_prefix_count: digits in which the two classes begin alike; unclassed_item_count: lines of the bills of whose item no class is known
        f"{_DOCUMENT} booked_number:id tax_class:id item_id:id item_name:text item_tax_class:id common_prefix_count:count is_prefix:flag"
        f" unclassed_item_count:count currency:id amount_net_base:money tax_amount_base:money {_SOURCE}",
    ),
    "tax_number_booking": (
        "one row per later booking of a tax invoice, with the booking before it",
        f"{_DOCUMENT} internal_number:id order_number:id official_invoice_number:id booked_date:date other_document_type:text other_document_number:id"
        " other_party_id:id other_booked_date:date other_age_days:count sums_to_total:flag both_paid:flag checkoff_period_count:count currency:id"
        f" amount_gross:money amount_gross_base:money {_SOURCE}",
    ),
}

#: Of these, the tables that look across parties.
WHOLE: Final = ("tax_invoice_claim", "red_tax_invoice", "tax_number_booking", "tax_class_line")
#: And those whose rows are only the suspicious ones.
COVERED_ELSEWHERE: Final = ("tax_number_booking",)
