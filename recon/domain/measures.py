"""Measured tables: what matching and validation state as fact, and every control judges. No limit, no verdict.

Neutral names serve both cycles. Quantities are in the item's base unit (else the order line's unit) and net of returns and
reversals unless a name says otherwise. `*_amount` is in document currency, `*_amount_base` and the variances in company
currency. Columns may be added; the ones here are what other rooms rely on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from recon.domain import (
    balance_measures,
    cash_measures,
    conduct_measures,
    history_measures,
    measures_beside,
    party_measures,
    price_measures,
    statistics_measures,
    stock_measures,
    tax_measures,
)

if TYPE_CHECKING:
    import polars as pl

_ORDER_KEY = "cycle:id company_code:id order_number:id order_line_no:id"
_PARTY = "party_id:id party_name:text group_id:id"
_ITEM = "item_id:id item_group:id contract_id:id"
_SOURCE = "source_file:text source_row:row"
#: What the register asks of every population; a run's statements about itself have none of it.
_RUN = f"cycle:id company_code:id party_id:id currency:id {_SOURCE}"

#: Modules that declare more tables, each a subject of its own.
_PARTS: Final = (
    measures_beside, cash_measures, conduct_measures, history_measures, party_measures, price_measures, statistics_measures,
    stock_measures, tax_measures,
)  # fmt: skip

_DECLARED: Final[dict[str, tuple[str, str]]] = {
    "order_line_match": (
        "one row per order line in force",
        f"{_ORDER_KEY} {_PARTY} {_ITEM} order_date:date order_type:text currency:id fx_rate:rate base_uom:id"
        # policies and flags
        " match_level:text consumption:text returns:text bill_rejected:flag bill_over_receipt:flag needs_fulfilment:flag is_live:flag"
        " exclusion_reason:text is_final:flag is_service:flag uom_convertible:flag"
        # the order's own terms
        " promised_date:date need_by_date:date requested_date:date is_on_hold:flag requisition_id:id order_origin:text over_receipt_share:rate limit_amount:money created_at:timestamp created_at_is_date_only:flag"
        " created_by:id requester_id:id buyer_id:id sent_at:timestamp sent_at_is_date_only:flag is_bill_and_hold:flag"
        # unit price without tax per base unit, in document and in company currency
        " order_unit_price:price order_unit_price_base:price"
        # the one price list or contract price valid on the day that prices the line, document currency per base unit; null: none, or two that differ
        " agreed_unit_price:price has_price_agreement:flag pricing_date:date order_is_approved:flag"
        # what happened
        " ordered_quantity:quantity billable_limit_quantity:quantity fulfilled_quantity:quantity accepted_quantity:quantity rejected_quantity:quantity"
        " declared_loss_quantity:quantity returned_quantity:quantity invoiced_quantity:quantity credited_quantity:quantity"
        " ordered_amount:money fulfilled_amount:money invoiced_amount:money paid_amount:money billed_gross_amount:money ordered_amount_base:money invoiced_amount_base:money"
        " fulfilled_not_invoiced_quantity:quantity fulfilled_not_invoiced_amount:money invoiced_not_fulfilled_quantity:quantity"
        " invoiced_not_fulfilled_amount:money first_fulfilled_date:date last_fulfilled_date:date first_invoice_date:date"
        " first_invoice_posting_date:date last_invoice_date:date unconverted_line_count:count"
        # flags and periods of the order; what receipts say they cost (null where one of them says nothing)
        " is_final_invoice:flag closing_is_decided:flag has_stated_cost:flag received_cost_amount:money"
        f" received_cost_amount_base:money {_SOURCE}",
    ),
    "fulfilment_line_match": (
        "one row per receipt or shipment line",
        "cycle:id company_code:id fulfilment_number:id fulfilment_line_no:id fulfilment_kind:text fulfilment_date:date posting_date:date"
        f" {_PARTY} {_ITEM} order_number:id order_line_no:id referenced_order_number:id referenced_order_line_no:id has_order_link:flag"
        " link_pass:text link_certainty:text link_reason:text is_live:flag exclusion_reason:text match_level:text uom:id base_uom:id uom_convertible:flag"
        " quantity:quantity accepted_quantity:quantity rejected_quantity:quantity open_quantity:quantity currency:id amount:money amount_base:money"
        " created_at:timestamp created_at_is_date_only:flag created_by:id warehouse_id:id supplier_delivery_note:id incoterm:id"
        f" goods_issue_posted:flag movement_reason:text inspected_at:timestamp confirmed_date:date confirmed_quantity:quantity is_confirmed:flag"
        # working days let pass between the promise and the delivery, negative where it came before
        f" promised_date:date late_working_days:count ordered_by:id bought_by:id posted_by:id {_SOURCE}",
    ),
    "invoice_line_match": (
        "one row per invoice line",
        "cycle:id company_code:id invoice_number:id invoice_line_no:id internal_number:id invoice_kind:text line_kind:text invoice_date:date"
        f" posting_date:date received_date:date {_PARTY} {_ITEM} order_number:id order_line_no:id referenced_order_number:id"
        " referenced_order_line_no:id fulfilment_number:id fulfilment_line_no:id has_order_link:flag link_pass:text link_certainty:text link_reason:text"
        " order_line_set:text is_live:flag exclusion_reason:text match_level:text needs_fulfilment:flag bill_rejected:flag bill_over_receipt:flag is_service:flag"
        " uom:id base_uom:id uom_convertible:flag is_comparable:flag currency:id fx_rate:rate order_fx_rate:rate"
        " receipt_fx_rate:rate receipt_fx_variance:money"  # by the days on which the goods came, company currency; where CUR-03 asks
        # per base unit without tax, for display: conditions use the exact products below
        " order_unit_price:price order_unit_price_base:price invoice_unit_price:price"
        # of the order line; limit_amount set: the order is a budget, not a quantity
        " limit_amount:money ordered_amount:money invoiced_before_amount:money"
        # this line and, in allocation order on its order line, what came before it; to date: net of quantity credits wherever they
        # stand; fulfilled_quantity: under the returns policy, declared loss included; unconverted_*: of the order line
        " invoiced_quantity:quantity invoiced_before_quantity:quantity invoiced_to_date_quantity:quantity billable_quantity:quantity"
        " excess_quantity:quantity ordered_quantity:quantity billable_limit_quantity:quantity fulfilled_quantity:quantity accepted_quantity:quantity unconverted_line_count:count unconverted_bill_count:count unconverted_credit_count:count"
        " invoiced_amount:money invoiced_amount_base:money amount_gross:money amount_gross_base:money expected_amount:money"
        # of the whole invoice: gross amount, live lines, those of them that an order answers
        " document_amount_gross_base:money document_line_count:count document_linked_line_count:count"
        # how far the whole invoice is paid (completeness.COMPLETENESS); null where the source gives no payments
        " paid_amount_status:text"
        # currency of the order line linked; days from the posting date to the end of its fiscal period, else of its month
        " order_currency:id period_days_left:count"
        # invoiced quantity at the order's price, company currency: the base of price limits
        " invoiced_at_order_price:money"
        # q x (p_i - p_o) after value credits and debits, company currency: what price limits test
        " cumulative_price_variance:money"
        # the bridge, company currency: adds up to invoiced_amount_base - billable at order price; price and tax in parts (price_parts, bridge)
        " quantity_variance:money price_variance:money fx_variance:money rounding_variance:money tax_variance:money charge_variance:money"
        " price_factor_variance:money price_unit_variance:money price_retroactive_variance:money price_discount_variance:money price_remainder_variance:money"
        " tax_base_variance:money tax_rate_variance:money tax_tail_variance:money"
        # invoice price as a multiple of the order price
        " price_ratio:price is_price_estimated:flag price_is_confirmed:flag tax_rate:rate order_tax_rate:rate unit_price_net:price"
        # stated less computed, document currency, computed figures rounded half up to the currency; see match/tails.py
        " line_tax_amount:money line_amount_gross:money recomputed_amount:money computed_tax_amount:money arithmetic_tail_amount:money"
        # the one rounding convention that gives the net amounts, the tax, and all tails of the line
        " tax_tail_amount:money gross_tail_amount:money net_convention:text tax_convention:text tail_convention:text"
        # how the party usually rounds its tax, and whether only the other way fits this bill; null unless CUR-04 asks
        " usual_convention:text deviates_from_usual:flag"
        # of a line of kind tax: how many lines' tax it states; of the others: whether such a line states theirs
        " taxed_line_count:count is_taxed_by_group:flag"
        f" posted_by:id created_by:id ordered_by:id promised_date:date first_fulfilled_date:date {_SOURCE}",
    ),
    "invoice_match": (
        "one row per invoice document (lines summed; header totals where given)",
        f"cycle:id company_code:id {_PARTY} invoice_number:id internal_number:id invoice_kind:text invoice_date:date posting_date:date"
        " received_date:date due_date:date currency:id fx_rate:rate amount_net:money amount_gross:money amount_gross_base:money paid_amount:money"
        f" open_amount:money line_count:count linked_line_count:count is_live:flag exclusion_reason:text created_at:timestamp"
        f" created_at_is_date_only:flag created_by:id payment_block:id order_number:id"
        # the header against its lines, document currency; tail_convention: how the header's tax was rounded where only that differs
        " lines_amount_gross:money header_tail_amount:money tail_convention:text is_incomplete:flag"
        " block_released_by:id block_released_at:timestamp block_released_at_is_date_only:flag block_release_reason:text"
        f" {_SOURCE}",
    ),
    "open_layer": (
        "one row per unallocated remainder of a receipt, shipment or invoice line, unpaid invoice, unapplied cash",
        f"{_ORDER_KEY} kind:text {_PARTY} {_ITEM} document_type:text document_number:id document_line_no:id document_date:date posting_date:date"
        " quantity:quantity amount:money currency:id amount_base:money age_days:count age_bucket:text match_level:text needs_fulfilment:flag"
        f" order_type:text is_final:flag confirmed_date:date confirmed_age_days:count {_SOURCE}",
    ),
    "allocation": (
        "part of a fulfilment line carrying part of an invoice line; either side may be null",
        f"{_ORDER_KEY} fulfilment_number:id fulfilment_line_no:id invoice_number:id invoice_line_no:id party_id:id quantity:quantity amount:money",
    ),
    "settlement_match": (
        "part of a payment applied to an invoice; either side may be null",
        "cycle:id company_code:id party_id:id payment_number:id invoice_number:id amount:money discount:money write_off:money currency:id"
        " payment_date:date pass:text certainty:text",
    ),
    "payment_match": (
        "one row per payment: what it was said to pay, what it did pay, what lies on account",
        f"cycle:id company_code:id {_PARTY} document_type:text payment_number:id payment_kind:text payment_date:date value_date:date currency:id"
        " fx_rate:rate amount:money amount_base:money is_live:flag exclusion_reason:text is_identified:flag named_count:count named_open_amount:money"
        " surplus_amount:money surplus_amount_base:money unapplied_amount:money unapplied_amount_base:money certainty:text is_returned:flag"
        " waiting_days:count waiting_working_days:count recorded_days:count recorded_working_days:count credit_before_amount:money payer_name:text"
        # open invoices that what lies on account may have been meant for, and what keeps the two apart; null where nothing is looked for
        " nearest_invoices:text nearest_invoices_zh:text"
        f" payee_name:text payee_account:id is_master_account:flag account_changed_days:count created_by:id {_SOURCE}",
    ),
    "application_match": (
        "one row per payment and invoice that it settles or says it settles",
        f"cycle:id company_code:id {_PARTY} document_type:text payment_number:id payment_kind:text payment_date:date value_date:date counted_date:date"
        # late: working days let pass between the last day of the discount and the value date
        " late_working_days:count invoice_number:id internal_number:id invoice_kind:text invoice_date:date due_date:date invoice_party_id:id currency:id fx_rate:rate"
        " amount_gross:money amount_net:money said_amount:money amount:money discount:money write_off:money amount_base:money discount_base:money write_off_base:money"
        " open_before_amount:money difference_amount:money difference_amount_base:money written_off_before_base:money written_off_total_base:money is_last_written_off:flag discount_date:date"
        " discount_offered:money is_last:flag is_named:flag is_other_party:flag days_early:count reason_code:id applied_by:id applied_at:timestamp"
        f" applied_at_is_date_only:flag pass:text certainty:text created_by:id {_SOURCE}",
    ),
    "invoice_payment": (
        "one row per live invoice document: its terms, and how and when it was paid",
        f"cycle:id company_code:id {_PARTY} invoice_number:id internal_number:id invoice_kind:text invoice_date:date posting_date:date due_date:date"
        " stated_due_date:date expected_due_date:date due_date_difference_days:count payment_term_days:count master_term_days:count payment_term:text currency:id"
        " fx_rate:rate amount_gross:money amount_gross_base:money amount_per_day_base:money paid_amount:money paid_amount_base:money"
        " paid_ahead_amount:money discount_amount:money write_off_amount:money open_amount:money open_amount_base:money overdue_days:count"
        " first_payment_date:date settled_date:date late_days:count late_working_days:count early_days:count discount_date:date"
        " discount_offered:money discount_offered_base:money discount_missed_base:money excess_amount:money excess_amount_base:money"
        " credited_amount:money first_fulfilled_date:date goods_line_count:count payment_block:id is_disputed:flag promised_payment_date:date"
        f" order_number:id {_SOURCE}",
    ),
    "duplicate_pair": (
        "one row per later document of a candidate pair",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id internal_number:id document_date:date other_number:id"
        " other_internal_number:id other_date:date invoice_kind:text currency:id amount_gross:money amount_gross_base:money pair_kind:text"
        f" number_relation:text number_score:rate date_score:rate same_amount:flag same_party:flag is_recurring:flag days_apart:count score_beside_date:rate score:rate"
        f" other_currency:id other_amount_gross:money other_amount_gross_base:money base_difference:money amount_relation:text both_paid:flag"
        f" smaller_amount_base:money {_SOURCE}",
    ),
    "approval_state": (
        "one row per document (version) that became effective or was approved",
        "cycle:id company_code:id document_type:text document_number:id document_version:count party_id:id party_name:text group_id:id item_group:id"
        " document_date:date currency:id amount_net:money amount_net_base:money is_effective:flag effective_event:text guarded_event:text"
        " guarded_event_at:timestamp guarded_event_at_is_date_only:flag approval_required:flag is_approved:flag approval_count:count"
        " first_approval_at:timestamp first_approval_at_is_date_only:flag last_approval_at:timestamp last_approval_at_is_date_only:flag"
        f" hours_late:rate hours_late_most:rate late_is_known:flag is_paid:flag {_SOURCE}",
    ),
    "approval_decision": (
        "one row per approving event",
        "cycle:id company_code:id document_type:text document_number:id document_version:count party_id:id party_name:text group_id:id item_group:id"
        " document_date:date actor_id:id person_id:id on_behalf_of:id action_at:timestamp step:id currency:id amount_at_decision:money"
        " amount_basis:text effective_limit_amount:money limit_currency:id limit_is_known:flag limit_is_unlimited:flag excess_amount:money"
        " excess_amount_base:money amount_net_base:money same_person_duty:text persons_known:flag superior_id:id superior_depth:count line_is_known:flag"
        " has_authority:flag delegation_is_valid:flag delegation_cap_amount:money delegation_is_circular:flag left_on:date hours_after_leaving:rate"
        f" leaving_is_known:flag begins_on:date hours_before_beginning:rate {_SOURCE}",
    ),
    "order_timing": (
        "one row per order document: its creation against the first thing it should have come before",
        "cycle:id company_code:id order_number:id party_id:id party_name:text group_id:id order_date:date currency:id amount_net:money"
        " amount_net_base:money created_at:timestamp created_date:date first_event:text first_event_date:date first_event_number:id"
        f" gap_days:count creation_is_known:flag {_SOURCE}",
    ),
    "party_record": (
        "one row per supplier and customer with an order, an invoice or a payment: how it delivers, bills and pays",
        "cycle:id company_code:id party_id:id party_name:text group_id:id currency:id document_type:text order_line_count:count ordered_amount_base:money"
        # lines due by the as-of date; on time and in full: what was accepted within the window of SUP-01 around the promised (else needed) day
        # makes up what was ordered; early: complete, but not within the window
        # first_…: by the day that was promised first; null where the source tells nothing of promises that were moved; unknown: it cannot be read
        " first_due_line_count:count first_on_time_in_full_line_count:count first_unknown_line_count:count"
        " due_line_count:count on_time_in_full_line_count:count early_line_count:count late_line_count:count late_day_count:count undelivered_line_count:count"
        " fulfilled_line_count:count rejected_line_count:count returned_line_count:count"
        # of lines fulfilled with a promised date: days from the promise to the last fulfilment, the value nine in ten do not exceed
        " dated_line_count:count lateness_p90_days:count"
        " invoice_line_count:count invoiced_amount_base:money quantity_variance:money price_variance:money"
        # in base units, over all items: what came, what of it was rejected and what went back; null where nobody records either
        " delivered_quantity:quantity refused_quantity:quantity"
        # paid invoices with a due date; weight: amount times days after the due date, for a mean weighted by amount; where the rate is known
        " settled_invoice_count:count settled_late_invoice_count:count settled_amount_base:money settled_day_amount_base:money"
        f" {_SOURCE}",
    ),
    "order_event": (
        "one row per thing that happened to an order with an exception, document by document",
        "cycle:id company_code:id order_number:id party_id:id event:text event_date:date event_at:timestamp document_type:text document_number:id"
        " document_line_no:id line_count:count quantity:quantity uom:id amount:money currency:id actor_id:id on_behalf_of:id detail:text"
        f" {_SOURCE}",
    ),
    "document_entry": (
        "one row per document that was not entered on the day it is dated; of the others one row per kind counts them (document_count)",
        "cycle:id company_code:id document_type:text document_number:id internal_number:id party_id:id party_name:text group_id:id order_number:id"
        " document_date:date received_date:date posting_date:date created_at:timestamp created_at_is_date_only:flag created_date:date"
        # days and hours from the document's date to its entry; working days from the day it came
        " entry_days:count entry_hours:rate entry_hours_most:rate entry_working_days:count crosses_period_end:flag swapped_date_valid:flag"
        " period_is_on_file:flag closed_at:timestamp hours_after_close:rate currency:id amount_net:money amount_net_base:money amount_gross_base:money"
        f" document_count:count {_SOURCE}",
    ),
    "duty_pair": (
        "one row per pair of documents whose duties one person had or may have had; of the others one row per kind counts them (document_count)",
        "duties:text cycle:id company_code:id document_type:text document_number:id internal_number:id document_date:date party_id:id party_name:text"
        " group_id:id order_number:id other_type:text other_number:id first_login:id second_login:id is_same_person:flag persons_known:flag"
        f" currency:id amount_base:money document_count:count {_SOURCE}",
    ),
    "approved_change": (
        "one row per change of a telling field of a document that was approved",
        "cycle:id company_code:id document_type:text document_number:id line_no:id party_id:id party_name:text group_id:id document_date:date field:text"
        " watched_field:text old_value:text new_value:text changed_by:id changed_at:timestamp changed_at_is_date_only:flag last_approval_at:timestamp"
        " hours_after_approval:rate is_after_approval:flag change_share:quantity value_change_base:money currency:id amount_net_base:money"
        f" {_SOURCE}",
    ),
    "account_change": (
        "one row per change of a supplier's bank account, with the first payment to the new one (accounts masked)",
        "cycle:id company_code:id party_id:id party_name:text group_id:id document_type:text document_number:id payment_date:date changed_at:timestamp"
        " changed_by:id callback_reference:id old_account:text new_account:text is_format_only:flag days_between:count changed_by_payer:flag"
        f" currency:id amount:money amount_base:money {_SOURCE}",
    ),
    "hold_release": (
        "one row per supplier invoice whose payment block was taken off",
        "cycle:id company_code:id party_id:id party_name:text group_id:id invoice_number:id internal_number:id invoice_date:date order_number:id"
        " payment_block:id block_released_by:id block_released_at:timestamp block_release_reason:text release_limit_amount:money"
        f" variance_base:money currency:id amount_gross_base:money {_SOURCE}",
    ),
    "blocked_payment": (
        "one row per payment of a supplier invoice that was blocked at some time; the others are counted (document_count)",
        "cycle:id company_code:id party_id:id party_name:text group_id:id document_type:text document_number:id payment_date:date executed_at:timestamp"
        " invoice_number:id internal_number:id invoice_date:date order_number:id payment_block:id block_released_at:timestamp was_blocked:flag"
        f" is_paid_in_hold:flag currency:id amount:money amount_base:money document_count:count {_SOURCE}",
    ),
    "order_wait": (
        "one row per order line that goods are due on: how long they were waited for",
        f"{_ORDER_KEY} {_PARTY} {_ITEM} order_date:date started_at:timestamp started_date:date start_source:text promised_date:date lead_time_days:count"
        " is_fulfilled:flag arrived_date:date completed_date:date hours:rate hours_most:rate business_hours:rate business_hours_most:rate"
        " full_hours:rate full_hours_most:rate full_business_hours:rate full_business_hours_most:rate ordered_quantity:quantity"
        f" fulfilled_quantity:quantity currency:id ordered_amount_base:money missing_amount_base:money {_SOURCE}",
    ),
    "service_wait": (
        "one row per request for service: how long the customer waited for the first answer",
        "cycle:id company_code:id document_type:text document_number:id document_date:date party_id:id party_name:text group_id:id order_number:id"
        " order_line_no:id received_at:timestamp first_response_at:timestamp is_answered:flag is_closed:flag hours:rate hours_most:rate"
        f" business_hours:rate business_hours_most:rate {_SOURCE}",
    ),
    "cut_off": (
        "one row per piece of a bill and its goods with an end of the reported period between them; the others are counted (document_count)",
        "cycle:id company_code:id party_id:id party_name:text group_id:id document_type:text document_number:id document_line_no:id internal_number:id"
        " order_number:id order_line_no:id fulfilment_number:id fulfilment_line_no:id fulfilment_date:date incoterm:id transfer_date:date"
        " transfer_basis:text booking_date:date period_end:date days_from_end:count booking_days_after_end:count crossing:text is_bill_and_hold:flag"
        " quantity:quantity currency:id amount:money amount_base:money accrued_amount_base:money accrual_is_known:flag document_count:count"
        f" {_SOURCE}",
    ),
    "document_reference": (
        "one row per reference of a document line that does not resolve, or resolves to a document more than 180 days older",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text"
        " reference_kind:text reference_number:id reference_normalised:id resolves:flag in_window:flag referenced_date:date currency:id"
        f" was_set_aside:flag whereabouts:text whereabouts_zh:text amount_gross_base:money {_SOURCE}",
    ),
    "counterparty_reference": (
        "one row per reference of a document line to a document of another party, or of another company of the same party",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text"
        " group_id:id reference_kind:text reference_number:id other_party_id:id other_group_id:id other_company_code:id currency:id"
        f" amount_gross_base:money {_SOURCE}",
    ),
    "closed_order_reference": (
        "one row per receipt, shipment or invoice line that names an order line which is closed or cancelled",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text"
        # goods_date: of an invoice, the last day on which goods of the order line came or went; counts where it is known
        " goods_date:date order_number:id order_line_no:id item_id:id order_state:text order_ended_date:date days_after_end:count currency:id"
        f" amount_gross_base:money {_SOURCE}",
    ),
    "receipt_inspection": (
        "one row per receipt line of goods that have to be inspected",
        "cycle:id company_code:id fulfilment_number:id fulfilment_line_no:id fulfilment_date:date party_id:id party_name:text group_id:id"
        " item_id:id item_group:id contract_id:id order_number:id order_line_no:id quantity:quantity uom:id currency:id amount:money"
        # recorded: the source gives the time of inspection at all
        f" amount_base:money inspection_is_recorded:flag inspected_at:timestamp age_days:count is_bill_due_or_paid:flag {_SOURCE}",
    ),
    "order_requisition": (
        "one row per purchase order line in force, with the requisition that it answers",
        "cycle:id company_code:id order_number:id order_line_no:id party_id:id party_name:text group_id:id item_id:id item_group:id contract_id:id"
        " order_date:date order_type:text order_origin:text requisition_id:id"
        # none: names none; missing, cancelled, not_approved (on the order date); unproven: nobody recorded approvals; approved
        " requisition_state:text currency:id ordered_amount:money ordered_amount_base:money document_amount_base:money"
        f" created_by:id {_SOURCE}",
    ),
    "document_line_unit": (
        "one row per fulfilment or invoice line with a quantity that cannot be compared in its base unit",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id party_name:text"
        f" order_number:id order_line_no:id item_id:id uom:id base_uom:id uom_convertible:flag currency:id amount_base:money {_SOURCE}",
    ),
    "document_line_sign": (
        "one row per line, or invoice, whose sign contradicts the kind of its document, or whose kind nobody states",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id"
        f" party_name:text group_id:id said:text currency:id amount_base:money contradicts_kind:flag {_SOURCE}",
    ),
    "document_rate": (
        "one row per live order or invoice in foreign currency: its own exchange rate, and the rate on file on its dates",
        "cycle:id company_code:id document_type:text document_number:id internal_number:id document_date:date posting_date:date order_number:id"
        " party_id:id party_name:text group_id:id currency:id document_rate:rate reference_rate:rate reference_date:date reference_age_days:count"
        " posting_reference_rate:rate posting_reference_date:date posting_reference_age_days:count amount_net:money amount_base:money"
        f" {_SOURCE}",
    ),
    "repeated_row": (
        "one row per natural key whose rows say the same word for word: kept once, repeat_count set aside, amounts are theirs",
        "cycle:id company_code:id table:id document_type:text document_number:id document_line_no:id document_date:date party_id:id"
        # how many days before this run the same content was read, under another name; 0: within this run
        f" natural_key:text repeat_count:count earlier_age_days:count amount_gross_base:money currency:id {_SOURCE}",
    ),
    "party_document": (
        "one row per live order, invoice or payment whose party the master does not know, or knows as inactive or blocked",
        "cycle:id company_code:id document_type:text document_number:id document_date:date party_id:id party_name:text group_id:id"
        f" is_payment:flag is_known:flag is_active:flag is_blocked:flag inactive_days:count currency:id amount_gross_base:money {_SOURCE}",
    ),
    "unknown_item_line": (
        "one row per live order, fulfilment or invoice line whose item the master does not know",
        "cycle:id company_code:id document_type:text document_number:id document_line_no:id document_date:date party_id:id"
        f" order_number:id order_line_no:id item_id:id item_description:text line_kind:text is_known:flag currency:id amount_net_base:money {_SOURCE}"
        " nearest_item_id:id nearest_note:text nearest_note_zh:text",  # the item whose name is most like the description, where DAT-06 asks
    ),
    "doorway_total": (
        "one row per table and doorway of the tie-out",
        f"{_RUN} table:id doorway:id document_type:text document_number:id rows_in:count rows_out:count rows_set_aside:count amount_in:money"
        " amount_out:money amount_set_aside:money amount_missing:money holds:flag",
    ),
    "statement_made": (
        "one row per statement about a whole table (rules/expectations), control totals among them",
        f"{_RUN} document_type:text table:id rule:id holds:flag observed:text expected:text words:text words_zh:text",
    ),
    "input_structure": (
        "one row per input that was read",
        f"{_RUN} table:id document_type:text document_number:id unknown_column_count:count missing_column_count:count ignored_column_count:count",
    ),
    "control_performed": (
        "one row per control of the plan",
        f"{_RUN} document_type:text document_number:id status:text population_count:count tested_count:count untested_amount_base:money reason:text"
        " reason_zh:text is_performed:flag",
    ),
    "damaged_value": (
        "one row per document number or id that reads as if it had been through a spreadsheet or a wrong encoding",
        "cycle:id company_code:id table:id document_type:text document_number:id document_line_no:id document_date:date party_id:id field:id"
        f" value:text damage:text currency:id amount_gross_base:money {_SOURCE}",
    ),
    "rejected_cell": (
        "one row per cell for which a row was set aside, when it was read or when it was validated",
        "cycle:id company_code:id table:id document_type:text document_number:id document_line_no:id document_date:date party_id:id"
        f" field:id rule:id value:text amount_gross_base:money currency:id {_SOURCE}",
    ),
    "conflicting_key": (
        "one row per natural key under which rows disagree (all set aside)",
        "cycle:id company_code:id table:id document_type:text document_number:id document_line_no:id document_date:date party_id:id"
        f" natural_key:text row_count:count differing_columns:text amount_spread_base:money currency:id {_SOURCE}",
    ),
}

#: Measured tables whose rows are only the suspicious ones: the size of what was looked at travels beside them.
COVERED_ELSEWHERE: Final = (
    "damaged_value",
    "party_document",
    "unknown_item_line",
    "rejected_cell",
    "repeated_row",
    "conflicting_key",
    "duplicate_pair",
    "document_reference",
    "document_line_unit",
    "document_line_sign",
    "counterparty_reference",
    "unlinked_line",
    "closed_order_reference",
    *(name for part in _PARTS for name in part.COVERED_ELSEWHERE),
)

#: Where a measured table has this column its quiet rows stand for so many documents each; elsewhere a row is one.
DOCUMENT_COUNT: Final = "document_count"

#: Measured tables that look across parties: made once of all accepted documents (`match/whole.py`), their controls judged once. Every other
#: one is bucket-local: its rows depend only on masters, documents of one party group and what they name (`match/measured.py`).
WHOLE: Final = (
    "document_line_sign", "damaged_value", "document_reference", "counterparty_reference", "service_wait", "rejected_cell", "repeated_row",
    "conflicting_key", *(name for part in _PARTS for name in part.WHOLE),
)  # fmt: skip

#: Measured tables that a run makes of what it states about itself, after everything else was judged.
OF_THE_RUN: Final = (
    "doorway_total", "statement_made", "input_structure", "control_performed", "rule_version", *balance_measures.OF_THE_LEDGER, *history_measures.BESIDE_HISTORY
)  # fmt: skip

#: What exceptions about the run itself speak about: no document of the company.
RUN_DOCUMENT_TYPES: Final = ("tie_out", "statement", "extract", "control", "gl_balance", "balance")

_DECLARED.update(balance_measures.DECLARED)
for _part in _PARTS:
    _DECLARED.update(_part.DECLARED)
#: Measured tables whose rows may name what is not there: numbers that a series lacks, lines that are gone, persons whom no master lists.
ABSENT_SUBJECTS: Final = ("number_gap", "restated_line", *statistics_measures.ABSENT)

MEASURES: Final[dict[str, str]] = {name: title for name, (title, _) in _DECLARED.items()}


@cache
def schema(name: str) -> dict[str, pl.DataType]:
    """Column -> Polars type of a measured table."""
    import polars as pl

    from recon.domain.documents import dtypes

    types = dtypes() | {"row": pl.UInt32()}
    return {column: types[kind] for column, kind in (word.split(":") for word in _DECLARED[name][1].split())}
