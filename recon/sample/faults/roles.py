"""People with roles that belong in two hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.registry import on_document, plants

if TYPE_CHECKING:
    from recon.sample.book import Book, Row


def hired(book: Book, *logins: Row) -> str:
    """Somebody with these logins; returns the person."""
    person = book.number("P")
    for place, told in enumerate(logins, start=1):
        book.add(
            "user", {"user_id": f"{person}-{place}", "person_id": person, "user_name": "新员工", "is_active": "true", "manager_id": "CFO01", **told}
        )
    return person


@plants("SOD-08")
def clerk_and_cashier_in_one_login(book: Book) -> None:
    """One login enters bills and pays them."""
    book.expect("SOD-08", *on_document("user", hired(book, {"roles": "CASHIER; AP_CLERK"})), "enters bills and pays them")


@plants("SOD-08")
def biller_with_a_second_login(book: Book) -> None:
    """Two logins of one person: one bills, the other one applies the cash."""
    book.expect("SOD-08", *on_document("user", hired(book, {"roles": "BILLING"}, {"roles": "CASH_DESK"})), "bills and applies cash")
