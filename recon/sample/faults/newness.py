"""Suppliers that come back after a year, that stand for anybody, or that are paid much when they are new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import Book, days, stamp
from recon.sample.faults.control import approve_master
from recon.sample.faults.keepers import LATELY, changed, paid
from recon.sample.faults.parties import expect, own_account, supplier
from recon.sample.faults.payments import bought
from recon.sample.faults.registry import on_document, plants
from recon.sample.newcomers import newcomer
from recon.sample.settle import due_date, settle

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.masters import Party


def last_paid(book: Book, day: date) -> Party:
    """A supplier that delivered, billed and was paid on that day, and nothing since."""
    chain, document = bought(book, day - days(10), 10)
    settle(chain, due_date(document), [document])
    return chain.party


def collective(book: Book, **columns: str) -> Party:
    """A record that stands for anybody."""
    return newcomer(book, PROCURE_TO_PAY, 30, "CNY", is_one_time="true", tax_id=None, bank_account=None, bank_country=None, phone=None, **columns)


@plants("PTY-05")
def paid_after_a_year(book: Book) -> None:
    """Paid 366 days after the last time."""
    party = last_paid(book, LATELY - days(366))
    paid(book, party)
    expect(book, "PTY-05", party, "paid 366 days after its last document")


@plants("PTY-05")
def account_changed_after_a_year(book: Book) -> None:
    """The account was changed, as two persons saw, after more than a year of rest."""
    party = last_paid(book, LATELY - days(370))
    master = next(row for row in reversed(book.rows["supplier"]) if row["party_id"] == party.party_id)
    before, master["bank_account"] = str(master["bank_account"]), own_account(book)
    changed(book, party, "bank_account", (before, str(master["bank_account"])))
    approve_master(book, party, stamp(LATELY, "15:00:00"))
    expect(book, "PTY-05", party, "account changed 370 days after its last document")


@plants("PTY-06")
def paid_twice_through_the_collective_record(book: Book) -> None:
    """One payee, paid twice through the record for anybody, once by name and once by account."""
    party, account = collective(book), own_account(book)
    paid(book, party, "1200.00", payee_name="城南修缮队", payee_account=account)
    paid(book, party, "1300.00", payee_account=f"{account[:6]} {account[6:]}")
    expect(book, "PTY-06", party, "one payee, two payments")


@plants("PTY-06")
def much_through_the_collective_record(book: Book) -> None:
    """5,000.01 through the record for anybody."""
    party = collective(book)
    paid(book, party, "5000.01", payee_name="海角咨询工作室", payee_account=own_account(book))
    expect(book, "PTY-06", party, "a cent above 5,000")


@plants("PTY-08")
def paid_two_weeks_after_it_was_made(book: Book) -> None:
    """Created fourteen days before, and paid more than nearly anybody."""
    party = supplier(book, created_at=stamp(LATELY - days(14), "09:00:00"))
    number = paid(book, party, "980000.00")
    book.expect("PTY-08", *on_document("supplier_payment", number), "980,000 fourteen days after the supplier was created")
