"""Masters that come near a suspicion: accounts that may be shared, the employee's record for expenses, a bank next door."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from recon.sample.faults.parties import customer, numbered_in_a_row, own_account, reads_like, serial, supplier
from recon.sample.masters import STAFF_ADDRESS, german_vat, iban, tax_id
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


@spares("PTY-02")
def lives_in_the_same_street(book: Book) -> None:
    """Three of twenty-five characters of an address, and one digit of a telephone, are others than an employee's."""
    supplier(book, address=STAFF_ADDRESS.replace("12号1503", "13号2508"), phone="13900000998", email="req01@staff.example.com")
    supplier(book, address=STAFF_ADDRESS, party_type="employee")


@spares("PTY-07")
def complete_enough(book: Book) -> None:
    """An old tax number of fifteen digits, a person and a foreigner without one, a German with the right check digits, a customer without an account."""
    supplier(book, tax_id=f"310115{serial(book):09d}")
    supplier(book, tax_id=None, party_type="individual")
    supplier(book, tax_id=None, country="US", bank_country="US")
    ordinal = serial(book)
    number = german_vat(ordinal)
    supplier(book, country="DE", bank_country="DE", tax_id=f"{number[:2]} {number[2:]}", bank_account=f"{iban(ordinal)[:4]} {iban(ordinal)[4:]}")
    customer(book, bank_account=None, bank_country=None)


@spares("PTY-03")
def alike_but_not_one(book: Book) -> None:
    """Branches of one group with one tax number; one name in two cities; names that differ in two characters of ten; a record that is closed."""
    code, group = tax_id(serial(book)), book.number("GRP")
    for _ in range(2):
        supplier(book, tax_id=code, group_id=group)
    city = f"{book.number('CITY')}市"
    for place, name in ((city, "鼎峰聚合高分子新材料"), (f"{city}北", "鼎峰聚合高分子新材料"), (city, "鼎丰聚和高分子新材料")):
        customer(book, party_name=f"{name}有限公司", city=place)
    code = tax_id(serial(book))
    for active in ("true", "false"):
        supplier(book, tax_id=code, is_active=active)


@spares("PTY-10")
def two_characters_of_the_name(book: Book) -> None:
    """A supplier that reads nearly like another one: two characters of fourteen are others."""
    reads_like(book, 2)


@spares("PTY-11")
def a_street_of_boxes(book: Book) -> None:
    """A supplier whose street and town only begin like a box."""
    supplier(book, address="Boxer Strasse 7, Postfachern")


@spares("SEQ-03")
def five_in_a_row_for_eight_weeks(book: Book) -> None:
    """Five bills numbered one after the other within fifty-nine days."""
    numbered_in_a_row(book, 59)
