"""Measured tables about this run beside an earlier one, and about series of numbers: part of `measures`, where their contract is described."""

from __future__ import annotations

from typing import Final

_DOCUMENT: Final = "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text"
_SOURCE: Final = "source_file:text source_row:row"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "restated_line": (
        "one row per document line of the earlier run that reads otherwise today, or is gone",
        f"{_DOCUMENT} posting_date:date currency:id"
        # state: changed, cancelled, counted again, gone; is_closed: its period was closed on the day the earlier run speaks about
        " state:text changed_fields:text is_closed:flag earlier_as_of:date was_quantity:quantity quantity:quantity was_amount:money amount:money"
        f" was_amount_base:money amount_base:money moved_amount_base:money document_count:count {_SOURCE}",
    ),
    "late_document": (
        "one row per document, dated up to the day of the earlier run, with lines that run did not see",
        f"{_DOCUMENT} currency:id earlier_as_of:date days_before_cut_off:count new_line_count:count is_new_document:flag amount_base:money"
        f" document_count:count {_SOURCE}",
    ),
    "table_volume": (
        "one row per input table: its rows and its control total, beside those of earlier runs on the same day of the week",
        f"cycle:id company_code:id party_id:id document_type:text document_number:id currency:id weekday:count run_count:count row_count:count"
        # medians over the window; amounts are checksums in mixed currencies; none where the table has no control total
        f" usual_row_count:rate has_amount:flag amount:money usual_amount:money {_SOURCE}",
    ),
    "opening_balance": (
        "one row per kind of balance, company, party and currency: what was open when the period began, as told now and as told by the earlier run",
        "cycle:id kind:text company_code:id party_id:id party_name:text document_type:text document_number:id currency:id earlier_as_of:date"
        # told_as: closing (the earlier run ended on the eve of the period) or opening (it speaks about the same period)
        " told_as:text opening_amount:money expected_amount:money break_amount:money opening_amount_base:money expected_amount_base:money"
        # explained: goods that were billed and went back since; matching nets bill and credit, so it says they waited for a bill till then
        f" break_amount_base:money explained_amount:money unexplained_amount_base:money difference_amount:money {_SOURCE}",
    ),
    "number_series": (
        "one row per series that is declared gap-free: the last number known of it, of this run or an earlier one",
        "document_type:text series_company:id prefix:id suffix:id last_count:count last_digits:count last_number:id last_date:date",
    ),
    "number_order": (
        "one row per document of a gap-free series that was entered before one with a lower number, or nobody knows when",
        "cycle:id company_code:id party_id:id party_name:text document_type:text document_number:id document_date:date series_key:id created_date:date"
        f" created_by:id before_number:id before_created_date:date days_behind:count currency:id amount_base:money {_SOURCE}",
    ),
}

#: Of these, the tables that look across parties.
WHOLE: Final = ("number_series", "number_order")
#: And those whose rows are only the suspicious ones.
COVERED_ELSEWHERE: Final = ("number_order",)
#: And those that are made by laying this run beside an earlier one.
BESIDE_HISTORY: Final = ("restated_line", "late_document", "table_volume", "opening_balance")
