"""Measured tables about tails, credits at a period's end, and how people act: part of `measures`, where their contract is described.

Every table is bucket-local, except those that the tuple `WHOLE` names: these look across parties.
"""

from __future__ import annotations

from typing import Final

_SOURCE: Final = "source_file:text source_row:row"
_PARTY: Final = "party_id:id party_name:text group_id:id"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "spend_cluster": (
        "one row per purchase order that passes a limit together with the orders before it; the others are counted (document_count)",
        "cycle:id company_code:id document_type:text document_number:id order_number:id party_id:id party_name:text group_id:id item_group:id"
        " order_date:date created_day:date actor_id:id limit_amount:money member_count:count total_amount:money excess_amount:money span_days:count"
        " previous_span_days:count first_number:id is_one_item:flag is_near_limit:flag is_consecutive:flag is_one_day:flag is_under_contract:flag"
        f" score:rate is_known:flag document_count:count {_SOURCE}",
    ),
    "approval_wait": (
        "one row per decision on an approval, and per request that nobody has decided",
        "cycle:id company_code:id document_type:text document_number:id document_version:count step:id party_id:id party_name:text group_id:id"
        " document_date:date actor_id:id action:text assigned_at:timestamp decided_at:timestamp is_decided:flag hours:rate hours_most:rate"
        " business_hours:rate business_hours_most:rate wait_working_days:count is_matched_by_hand:flag max_hours:count"
        f" amount_net_base:money {_SOURCE}",
    ),
    "approval_hour": (
        "one row per approving event of a person: on what kind of day and at what time of it",
        f"cycle:id company_code:id document_type:text document_number:id document_version:count {_PARTY} item_group:id document_date:date actor_id:id"
        " step:id action_at:timestamp decided_date:date local_time:text local_hours:rate is_working_day:flag currency:id amount_at_decision:money"
        f" amount_base:money {_SOURCE}",
    ),
    "party_tail": (
        "one row per company and party with a line or header of the reported period that could have a tail: tails without one explanation, summed",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id currency:id"
        # tails inside the allowances of DAT-03, DAT-04, TAX-02 and TAX-03 that no convention, or more than one, gives: how many, and the sum of
        # their sizes; what the tails that nobody can compute may add at most (null: without end); company currency
        " tail_count:count untested_count:count tail_amount_base:money untested_amount_base:money largest_tail_amount:money"
        # bills of the period that only another way of rounding fits than the party's usual one, and half a sentence about them
        " deviating_count:count usual_convention:text deviation_note:text deviation_note_zh:text"
        f" {_SOURCE}",
    ),
    "late_credit": (
        "one row per live customer credit note after an end of the reported period, or in its last days",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id document_date:date posting_date:date currency:id reason_code:id"
        # window: after the end (of an invoice of the period), origin unknown (after the end, of nobody knows which), last days
        " window:text period_end:date days_from_end:count origin_number:id origin_date:date amount:money amount_base:money"
        # all credits of the window; what the same windows of earlier periods held; what was billed in the last week up to the end
        " window_amount_base:money is_largest:flag baseline_count:count baseline_mean_base:money baseline_deviation_base:money"
        f" last_week_sales_base:money {_SOURCE}",
    ),
    "rule_version": (
        "one row per control of the run, and per control of the approved baseline that the run leaves out",
        "cycle:id company_code:id party_id:id currency:id document_type:text document_number:id"
        # state: same, rule changed, parameters changed, rule and parameters changed, not approved (not in the baseline), left out
        f" state:text rule_hash:id parameter_hash:id parameters:text approved_parameters:text change_reference:id {_SOURCE}",
    ),
    "approval_chain": (
        "one row per approved document with several steps, or with a required step missing; the others are counted (document_count)",
        f"cycle:id company_code:id document_type:text document_number:id document_version:count {_PARTY} item_group:id document_date:date"
        " required_steps:text approved_steps:text required_count:count step_count:count missing_step_count:count out_of_order_count:count"
        f" unnamed_approval_count:count is_effective:flag currency:id amount_net:money amount_net_base:money document_count:count {_SOURCE}",
    ),
    "payment_manner": (
        "one row per live payment to a supplier: by whom, in which payment run and on what day it was made",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id payment_date:date"
        # is_outside_runs: in no payment run; null where the source gives none. is_working_day: null where the calendar does not reach
        " payment_kind:text is_manual:flag run_id:id is_outside_runs:flag is_working_day:flag created_by:id released_by:id approval_count:count"
        f" currency:id amount:money amount_base:money {_SOURCE}",
    ),
    "payment_cluster": (
        "one row per payment that passes a limit of release together with the payments before it to the same payee, or whose worth nobody knows",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id payment_date:date currency:id"
        # shared: what the payments have in common, party or account
        " shared:text limit_amount:money member_count:count total_amount:money excess_amount:money span_days:count previous_span_days:count"
        f" first_number:id created_by:id amount_base:money is_known:flag {_SOURCE}",
    ),
    "equal_amount": (
        "one row per later live supplier invoice of the same day, amount and party as an earlier one under a number that is not alike",
        # regular_count: days at one regular gap from each other on which the party billed this amount
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id internal_number:id document_date:date order_number:id other_number:id"
        f" other_internal_number:id other_order_number:id regular_count:count currency:id amount_gross:money amount_gross_base:money {_SOURCE}",
    ),
    "channel_pair": (
        "one row per later payment that another payment through another channel to the same payee is like in amount and time",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id payment_date:date channel:text other_type:text other_number:id"
        " other_company_code:id other_channel:text other_date:date other_amount_base:money days_apart:count difference_base:money"
        f" smaller_amount_base:money currency:id amount:money amount_base:money {_SOURCE}",
    ),
    "blocked_discount": (
        "one row per settled supplier bill with a discount, whose payment block was taken off",
        f"cycle:id company_code:id {_PARTY} document_type:text invoice_number:id internal_number:id invoice_date:date order_number:id currency:id"
        " entered_date:date discount_date:date discount_amount:money discount_offered:money discount_missed_base:money block_released_by:id"
        " block_released_at:timestamp released_date:date block_release_reason:text stood_on_last_day:flag is_corrected:flag settled_date:date"
        f" amount_gross_base:money {_SOURCE}",
    ),
    "budgeted_order": (
        "one row per purchase order and budget that its lines name: what the budget bears with it",
        f"cycle:id company_code:id {_PARTY} item_group:id document_type:text order_number:id order_date:date currency:id budget_id:id"
        # used_date: the day it takes from the budget; used_amount: with this order (company currency); over: used less the budget
        " budget_category:text cost_center:id used_date:date position_date:date is_after_position:flag budget_amount:money position_amount:money"
        f" used_amount:money over_budget_amount:money has_override:flag amount_net:money amount_net_base:money {_SOURCE}",
    ),
    "order_competition": (
        "one row per purchase order: the suppliers who bid for it, and the decision that none need to",
        f"cycle:id company_code:id {_PARTY} item_group:id contract_id:id document_type:text order_number:id order_date:date currency:id tender_id:text"
        " bid_count:count lowest_bid_amount:money own_bid_amount:money waiver_id:text has_approved_waiver:flag amount_net:money amount_net_base:money"
        f" {_SOURCE}",
    ),
    "cash_duty": (
        "one row per write-off and per live credit note of a customer, with the nearest cash that the same person applied for that customer",
        f"cycle:id company_code:id {_PARTY} document_type:text document_number:id document_date:date invoice_number:id deed:text made_by:id"
        " is_same_person:flag persons_known:flag is_tolerated:flag reason_code:id applied_number:id applied_date:date nearest_days:count currency:id amount:money"
        f" amount_base:money {_SOURCE}",
    ),
}

#: Of these, the tables that look across parties.
WHOLE: Final[tuple[str, ...]] = ("late_credit", "payment_manner", "payment_cluster", "budgeted_order", "order_competition", "channel_pair")
#: And those whose rows are only the suspicious ones.
COVERED_ELSEWHERE: Final[tuple[str, ...]] = ("late_credit", "payment_cluster", "equal_amount", "channel_pair")
