"""Measured tables about balances over time: part of `measures`, where their contract is described."""

from __future__ import annotations

from typing import Final

_SOURCE: Final = "source_file:text source_row:row"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "roll_forward": (
        "one row per kind of balance, company, party and currency: what was open, came, went and is open, from the first day of the period to the as-of date",
        # opening + added - cleared = closing. returned, discount and write_off are part of cleared. balance: the sum of the open layers,
        # which closing equals; unknown_count: open layers without an amount in company currency, which the sums leave out
        "cycle:id kind:text company_code:id party_id:id party_name:text currency:id opening_amount:money added_amount:money cleared_amount:money"
        " closing_amount:money returned_amount:money discount_amount:money write_off_amount:money balance_amount:money difference_amount:money"
        " opening_amount_base:money added_amount_base:money cleared_amount_base:money closing_amount_base:money balance_amount_base:money"
        " difference_amount_base:money item_count:count unknown_count:count",
    ),
    "accrual_entry": (
        "one row per entry that the agreed way of estimating goods received and not invoiced asks for in the period",
        # entry_kind: estimate, reversal (red), invoice (blue), adjustment. estimate_*: what it does to the estimated payables; cost_*: to
        # the cost of the goods, both positive where they grow
        "cycle:id company_code:id party_id:id party_name:text entry_date:date entry_kind:text accrual_method:text order_number:id order_line_no:id"
        " fulfilment_number:id fulfilment_line_no:id fulfilment_date:date invoice_number:id invoice_line_no:id internal_number:id item_id:id"
        f" quantity:quantity currency:id estimate_amount:money estimate_amount_base:money cost_amount_base:money {_SOURCE}",
    ),
    "accrual_reversal": (
        "one row per estimate in the ledger for a receipt or an order: what was reversed of it, and how much of its goods was billed since",
        # amounts in the journal's currency; next_*: in the fiscal period after the one of the estimate, else the calendar month
        "cycle:id company_code:id party_id:id party_name:text group_id:id document_type:text document_number:id document_date:date reference:text currency:id"
        " is_auto_reversed:flag accrued_amount:money accrued_amount_base:money billed_amount:money reversed_amount:money reversal_count:count"
        f" next_reversed_amount:money next_end:date is_next_period_over:flag {_SOURCE}",
    ),
    "receivable_due": (
        "one row per invoice to a customer of which something is open: how many days it is overdue",
        "cycle:id company_code:id party_id:id invoice_number:id internal_number:id invoice_date:date due_date:date overdue_days:count open_amount_base:money"
        f" {_SOURCE}",
    ),
    "allowance_balance": (
        "one row per company: overdue receivables by how long, and what the ledger has set aside for them",
        # company currency; overdue_30: overdue by 1 to 30 days, _60: 31 to 60, _90: 61 to 90, _older: more
        "cycle:id company_code:id party_id:id document_type:text document_number:id document_date:date currency:id overdue_30_amount_base:money"
        " overdue_60_amount_base:money overdue_90_amount_base:money overdue_older_amount_base:money unknown_count:count allowance_amount_base:money"
        f" {_SOURCE}",
    ),
}

#: Measured tables that lay what is open beside the ledger, once all buckets are matched.
OF_THE_LEDGER: Final = ("ledger_balance", "accrual_reversal", "allowance_balance")
