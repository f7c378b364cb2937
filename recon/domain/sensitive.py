"""Fields that not every reader may see: persons and bank accounts. A column belongs to one class, wherever it stands."""

from __future__ import annotations

from typing import Final

PERSONS: Final = frozenset(
    [
        "actor_id",
        "made_by",
        "on_behalf_of",
        "person_id",
        "user_id",
        "user_name",
        "manager_id",
        "superior_id",
        "created_by",
        "posted_by",
        "released_by",
        "applied_by",
        "confirmed_by",
        "changed_by",
        "buyer_id",
        "requester_id",
        "salesperson_id",
        "credit_released_by",
        "block_released_by",
        "from_user",
        "to_user",
        "same_person_duty",
        "approver_id",
        "claimant_id",
        "counted_by",
        "accepted_by",
        "inspected_by",
        "first_login",
        "second_login",
        "employee_id",
        "phone",
        "email",
        "address",
    ]
)
BANK_ACCOUNTS: Final = frozenset(
    ["bank_account", "account_name", "payee_account", "payee_name", "payer_name", "counterparty", "bank_reference", "remittance_text"]
)
CLASSES: Final = {"person": PERSONS, "bank_account": BANK_ACCOUNTS}
#: What stands in the place of a field the reader may not see.
MASK: Final = "•••"


def columns_of(classes: frozenset[str]) -> frozenset[str]:
    """Every column of these classes."""
    return frozenset().union(*(CLASSES[name] for name in classes))
