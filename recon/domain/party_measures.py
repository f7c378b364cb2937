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
}

#: Tables that look across parties.
WHOLE: Final = tuple(DECLARED)
#: Tables that hold only part of what was looked at.
COVERED_ELSEWHERE: Final[tuple[str, ...]] = ()
