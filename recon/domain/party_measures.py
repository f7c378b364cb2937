"""Measured tables about suppliers and customers as the masters have them: part of `measures`, where their contract is described.

All look across parties: masters are the same in every bucket.
"""

from __future__ import annotations

from typing import Final

_SOURCE: Final = "source_file:text source_row:row"
_PARTY: Final = "cycle:id company_code:id party_id:id party_name:text group_id:id document_type:text document_number:id currency:id"

#: table -> (one row per what, columns)
DECLARED: Final[dict[str, tuple[str, str]]] = {
    "party_account": (
        "one row per bank account of a supplier, and per supplier without one: who else has it, and what was paid to it in the period",
        f"{_PARTY} party_type:id is_active:flag account_tail:text valid_from:date valid_to:date country:id bank_country:id country_pair:id"
        # account_tail: its last four characters. other_count: accounts of other suppliers, not of its group, that are this one on a common day
        # (null without an account); employee_count: employees whose account it is (null without an account, or where no employee's is known)
        f" account_age_days:count other_count:count holders:text employee_count:count employee_id:id paid_amount_base:money {_SOURCE}",
    ),
    "party_master": (
        "one row per supplier and customer: which fields of its master are missing, and which numbers fail their own check",
        # states: held, missing, not required, check fails; null: the source does not give the field, or no check is known for the country
        f"{_PARTY} party_type:id country:id tax_id_state:text country_state:text terms_state:text account_state:text problems:text"
        f" spend_amount_base:money {_SOURCE}",
    ),
    "party_staff": (
        "one row per supplier and customer: what it shares with an employee",
        # match_count: of telephone, e-mail and tax number (null: nothing can be compared); strong_count: of telephone and tax number
        f"{_PARTY} party_type:id shared_attributes:text match_count:count strong_count:count address_similarity:rate employee_id:id"
        f" employee_count:count spend_amount_base:money {_SOURCE}",
    ),
    "payee_payment": (
        "one row per live payment to a supplier whose account or payee is not the supplier's on that day, or is not told",
        f"{_PARTY} payment_date:date payee_name:text payee_tail:text known_tails:text is_known_account:flag is_valid_account:flag"
        # trouble: account not in the master, account of another time, payee of another name
        f" name_similarity:rate trouble:text amount:money amount_base:money {_SOURCE}",
    ),
    "master_duty": (
        "one row per supplier with bills or payments, and person who kept its master and processed its money afterwards",
        # upkeep: what that person had done to the master last: created, or the field changed
        f"{_PARTY} made_by:id is_same_person:flag persons_known:flag upkeep:text upkeep_date:date is_sensitive:flag processed_type:text"
        f" processed_number:id processed_date:date processed_count:count nearest_days:count account_nearest_days:count amount_base:money {_SOURCE}",
    ),
    "master_change": (
        "one row per recorded change of a supplier's or customer's master",
        # approval: by another person, by the same person, none; null where it cannot be told
        f"{_PARTY} field:id watched_field:text old_value:text new_value:text is_format_only:flag changed_by:id changed_at:timestamp"
        f" changed_at_is_date_only:flag approval:text approver_id:id amount_base:money {_SOURCE}",
    ),
    "supplier_return": (
        "one row per supplier with a document or a change of its master in the reported period: the event after its longest rest",
        # event: the document, or change of the master; gap_days: since its last document (null: none in the extract); history_days: of the extract
        f"{_PARTY} event:text event_date:date previous_date:date gap_days:count created_date:date created_days:count history_days:count"
        f" is_account_changed:flag amount_base:money {_SOURCE}",
    ),
    "one_time_payee": (
        "one row per one-time supplier and payee paid in the reported period",
        # payment_count: null where payments tell neither name nor account
        f"{_PARTY} payee_name:text payee_tail:text first_payment_date:date payment_numbers:text payment_count:count largest_amount_base:money"
        f" amount_base:money {_SOURCE}",
    ),
    "first_payment": (
        "one row per supplier that was paid: its first payment against the day it was created and the payments of its category",
        # rank_share: the share of payments of the category that are not larger
        f"{_PARTY} payment_date:date created_date:date created_by:id days_since_created:count category:id category_count:count rank_share:rate"
        f" first_amount_base:money amount_base:money {_SOURCE}",
    ),
    "party_twin": (
        "one row per active supplier and customer, with the records that it repeats",
        # match_count: of tax number and bank account (null: nothing can be compared); name_similarity: in one city, 0 below 0.90
        f"{_PARTY} party_type:id other_party_id:id shared_attributes:text match_count:count name_similarity:rate spend_amount_base:money {_SOURCE}",
    ),
    "party_address": (
        "one row per supplier: whether its address is a post box or a virtual office",
        # address_word: the word of the list that the address holds; is_box: whether it holds one, null without an address
        f"{_PARTY} party_type:id country:id address_word:text is_box:flag spend_amount_base:money {_SOURCE}",
    ),
    "look_alike": (
        "one row per active supplier, beside the one whose name is most like its own among those that are far larger",
        # name_similarity: 0 below 0.80; volumes: bills of the window; paid: to the supplier in all that was extracted
        f"{_PARTY} party_type:id other_party_id:id other_name:text name_similarity:rate volume_amount_base:money other_volume_amount_base:money"
        f" paid_amount_base:money spend_amount_base:money {_SOURCE}",
    ),
    "consecutive_bills": (
        "one row per supplier and row of its bills with consecutive numbers; one of a single bill where it has none",
        # run_*: of that row; step_share: of the steps between all bills of the supplier those that are consecutive
        f"{_PARTY} bill_count:count run_count:count run_days:count first_number:id last_number:id first_date:date last_date:date step_share:rate"
        f" spend_amount_base:money {_SOURCE}",
    ),
    "screened_document": (
        "one row per live order, shipment or payment of a party that the screening list names; the others are counted (document_count)",
        # match_type: tax id, name, country, bank country, similar name; is_covered: the list is not older than the document
        f"{_PARTY} document_date:date match_type:text entry_id:id list_version:id list_date:date is_listed:flag is_covered:flag name_similarity:rate"
        f" certainty:text document_count:count amount:money amount_base:money {_SOURCE}",
    ),
}

#: Tables that look across parties.
WHOLE: Final = tuple(DECLARED)
#: Tables that hold only part of what was looked at.
COVERED_ELSEWHERE: Final = ("payee_payment",)
