"""Money that went where the master does not say, and masters that one person kept alone."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import AS_OF, ago, days, stamp
from recon.sample.faults.control import approve_master
from recon.sample.faults.parties import customer, expect, own_account, supplier
from recon.sample.faults.registry import on_document, plants
from recon.sample.settle import pay

if TYPE_CHECKING:
    from recon.sample.book import Book, Value
    from recon.sample.masters import Party

#: The day of a payment whose invoice is still waited for.
LATELY = ago(3)


def paid(book: Book, party: Party, price: str = "4200.00", **columns: Value) -> str:
    """A payment whose invoice has not come yet; returns its number."""
    keys: dict[str, Value] = {"company_code": "C10", "supplier_id": party.party_id, "currency": "CNY"}
    return pay(book, PROCURE_TO_PAY, keys, LATELY, Decimal(price), **columns)


def changed(book: Book, party: Party, field: str, values: tuple[str, str], **said: Value) -> None:
    """Record that somebody changed a field of a party's master; `said`: when and by whom, where it was not lately and by the clerk who keeps it."""
    kind = "customer" if party.party_id.startswith("K") else "supplier"
    row: dict[str, Value] = {"company_code": "C10", "document_type": kind, "document_number": party.party_id, "field": field}
    row |= {"old_value": values[0], "new_value": values[1], "changed_by": "MDM01", "changed_at": stamp(LATELY, "10:00:00")}
    book.add("document_change", row | said)


@plants("PAY-04")
def account_nobody_knows(book: Book) -> None:
    """Paid to an account that the master does not have."""
    number = paid(book, supplier(book), payee_account=own_account(book))
    book.expect("PAY-04", *on_document("supplier_payment", number), "an account that is not on file")


@plants("PAY-04")
def another_payee(book: Book) -> None:
    """Paid to the supplier's account, but in the name of somebody else."""
    number = paid(book, supplier(book), payee_name="海角咨询工作室")
    book.expect("PAY-04", *on_document("supplier_payment", number), "the payee has another name")


@plants("PAY-04")
def account_no_longer_valid(book: Book) -> None:
    """Paid to an account the day after its term."""
    party = supplier(book, bank_account=None)
    account = own_account(book)
    for number, term in ((account, {"valid_to": LATELY - days(1)}), (own_account(book), {"valid_from": LATELY})):
        book.add("supplier_bank_account", {"supplier_id": party.party_id, "bank_account": number, "bank_country": "CN", **term})
    paying = paid(book, party, payee_account=account)
    book.expect("PAY-04", *on_document("supplier_payment", paying), "the account had been given up the day before")


@plants("SOD-02")
def cashier_made_the_supplier(book: Book) -> None:
    """The cashier who released the payment had created the supplier 365 days before."""
    party = supplier(book, created_by="CAS02", created_at=stamp(LATELY - days(365), "09:00:00"))
    paid(book, party)
    expect(book, "SOD-02", party, "created by the cashier who released its payment")


@plants("SOD-02")
def cashier_changed_the_terms(book: Book) -> None:
    """The cashier changed the terms of a supplier in the morning and paid it."""
    party = supplier(book)
    changed(book, party, "payment_term_days", ("60", "30"), changed_by="CAS02")
    approve_master(book, party, stamp(LATELY, "11:00:00"))
    paid(book, party)
    expect(book, "SOD-02", party, "terms changed by the cashier who released its payment")


@plants("PTY-09")
def renamed_alone(book: Book) -> None:
    """A supplier renamed, and nobody approved it."""
    party = supplier(book)
    changed(book, party, "party_name", ("旧名商行", party.name))
    expect(book, "PTY-09", party, "renamed without approval")


@plants("PTY-09")
def raised_by_and_approved_by_one(book: Book) -> None:
    """A customer's credit limit raised and approved by one person."""
    party = customer(book)
    changed(book, party, "credit_limit", ("100000", "5000000"), changed_by="SAM01")
    approve_master(book, party, stamp(AS_OF - days(2), "11:00:00"), by="SAM01")
    expect(book, "PTY-09", party, "approved by who raised it")
