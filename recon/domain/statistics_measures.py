"""Measured tables of statistical indicators: part of `measures`, where their contract is described. None of them is a breach.

Who a document is of is its party, or where it has none the person who made it. Amounts are what is due (tax included), without credits
and reversals. Statistics are rounded to fixed digits; amounts are exact.
"""

from __future__ import annotations

from typing import Final

_SOURCE: Final = "source_file:text source_row:row"
#: what an exception speaks about may be a party, a person or a company; the documents are of `document_type`
_GROUP: Final = (
    "cycle:id company_code:id document_type:text subject_type:text subject_number:id party_id:id party_name:text group_id:id made_by:id currency:id"
)
_DOCUMENT: Final = (
    "cycle:id company_code:id document_type:text document_number:id document_date:date party_id:id party_name:text group_id:id made_by:id currency:id"
)

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "amount_leader": (
        "one row per company, type of document and party or person: its largest document beside the second largest",
        f"{_DOCUMENT} group_count:count largest_amount_base:money second_number:id second_amount_base:money amount_base:money size_ratio:rate {_SOURCE}",
    ),
    "amount_outlier": (
        "one row per document whose amount lies off the middle of its party or person, and one per party or person for all others",
        # robust_z: 0.6745 x (ln amount - median) / median absolute deviation; null where all amounts are alike
        f"{_DOCUMENT} group_count:count amount_base:money median_amount_base:money distance_amount_base:money median_deviation:rate robust_z:rate"
        f" document_count:count {_SOURCE}",
    ),
    "round_share": (
        "one row per company, type of document and party or person: how many of its documents are of a round amount, beside others",
        f"{_GROUP} group_count:count round_count:count round_amount_base:money round_share:rate peer_count:count peer_share_p95:rate {_SOURCE}",
    ),
    "digit_law": (
        "one row per company and type of document, and per party or person with many, for the first digit and for the first two",
        # deviation: mean over the digits of |share - expected share|; chance_p95: what chance exceeds once in twenty for so many documents
        f"{_GROUP} digit_count:count is_company:flag group_count:count is_wide:flag deviation:rate chance_p95:rate digits_over:text {_SOURCE}",
    ),
    "role_pair": (
        "one row per person and pair of roles that their logins in use give them, and per login of which person or roles are not known",
        "cycle:id company_code:id party_id:id currency:id document_type:text subject_number:id made_by:id role_pair:text turned_role_pair:text"
        " first_login:id second_login:id login_count:count source_file:text source_row:row",
    ),
    "amount_frequency": (
        "one row per company, type of document and party or person: how often its amounts return, beside others",
        f"{_GROUP} group_count:count repeat_count:count repeated_amount:money repeated_currency:id frequency_factor:rate factor_rank:count"
        f" peer_count:count peer_repeat_p95:count {_SOURCE}",
    ),
    "amount_ending": (
        "one row per company and type of document, and per party or person with many: how evenly the last two digits are spread",
        f"{_GROUP} is_company:flag group_count:count chi_square:quantity chance_p95:rate endings_over:text {_SOURCE}",
    ),
    "emergency_share": (
        "one row per company and supplier, and per company and buyer, with orders: how many of them were emergencies",
        # emergency_order_share: the least, emergency_order_share_most: the most it can be, where not all orders say it
        f"{_GROUP} order_count:count emergency_count:count emergency_order_share:rate emergency_order_share_most:rate emergency_amount_base:money {_SOURCE}",
    ),
    "limit_bunch": (
        "one row per limit of approval and person, party or category with documents around it: how many lie just below, and how many beside",
        f"{_GROUP} item_group:id grouped_by:text limit_amount:money band_count:count lower_count:count upper_count:count around_count:count"
        f" bunching_ratio:rate band_amount_base:money first_number:id {_SOURCE}",
    ),
    "approval_burst": (
        "one row per person who approves: the approvals that followed one another fastest, and the quickest decision",
        "cycle:id company_code:id document_type:text subject_number:id party_id:id made_by:id currency:id approval_count:count timed_count:count"
        # of as many approvals in a row as are asked about, within the window: the least median of their gaps; null where there are no so many
        " burst_gap_seconds:rate burst_from:timestamp burst_count:count burst_amount_base:money"
        f" least_wait_seconds:rate first_number:id {_SOURCE}",
    ),
}

#: Of these, the tables that look across parties: all, for persons and companies are no parties.
WHOLE: Final = (
    "amount_leader",
    "amount_outlier",
    "round_share",
    "digit_law",
    "approval_burst",
    "role_pair",
    "limit_bunch",
    "amount_frequency",
    "amount_ending",
    "emergency_share",
)
COVERED_ELSEWHERE: Final = ()
#: Those whose rows may speak of persons whom no master lists.
ABSENT: Final = ("round_share", "digit_law", "approval_burst", "role_pair", "limit_bunch", "amount_frequency", "amount_ending", "emergency_share")
