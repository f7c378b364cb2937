"""Masters that come near a suspicion: accounts that may be shared, the employee's record for expenses, a bank next door."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from recon.sample.faults.parties import own_account, supplier
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("PTY-04")
def accounts_shared_with_reason(book: Book) -> None:
    """Two suppliers of one group, one that a factor collects for, and an account that came to another supplier a day after the first gave it up."""
    account, group = own_account(book), book.number("GRP")
    for _ in range(2):
        supplier(book, bank_account=account, group_id=group)
    collected = own_account(book)
    supplier(book, bank_account=collected, group_id="FACTORS", party_type="factor")
    supplier(book, bank_account=collected)
    passed_on = own_account(book)
    for term in ({"valid_to": date(2026, 3, 31)}, {"valid_from": date(2026, 4, 1)}):
        party = supplier(book, bank_account=None)
        book.add("supplier_bank_account", {"supplier_id": party.party_id, "bank_account": passed_on, "bank_country": "CN", **term})


@spares("PTY-01")
def record_for_expenses(book: Book) -> None:
    """An employee's own record, to which expenses are refunded; an account that differs from an employee's by its last digit."""
    person = book.rows["user"][0]
    supplier(book, bank_account=f"{person['bank_account']}{book.number('NEAR')[-6:]}", party_type="individual")
    # one such record per person: two of them would be one account for two suppliers
    number = book.number("EXP").rpartition("-")[2]
    row = book.add(
        "user", {**person, "user_id": f"CLM{number}", "person_id": f"P{number}", "bank_account": f"6217990000{number:0>9}", "roles": "CLAIMANT"}
    )
    supplier(book, bank_account=row["bank_account"], party_type="employee")


@spares("PTY-12")
def bank_next_door(book: Book) -> None:
    """A supplier of Macao that banks in Hong Kong, which the company accepts."""
    supplier(book, country="MO", bank_country="HK")
