"""Masters of suppliers and customers that should make somebody ask: whose account, whose telephone, in which country."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.faults.registry import on_document, plants
from recon.sample.newcomers import newcomer

if TYPE_CHECKING:
    from recon.sample.book import Book, Value
    from recon.sample.masters import Party


def supplier(book: Book, **columns: Value) -> Party:
    """A supplier of its own, nothing bought from it yet; `columns` overrides what the master says."""
    return newcomer(book, PROCURE_TO_PAY, 30, "CNY", **columns)


def own_account(book: Book) -> str:
    """An account number that nobody else has."""
    return f"62284800{book.number('ACC').rpartition('-')[2]}00017"


def expect(book: Book, control_id: str, party: Party, note: str) -> None:
    """Write a supplier into the answer key."""
    book.expect(control_id, *on_document("supplier", party.party_id), note)


@plants("PTY-04")
def two_suppliers_one_account(book: Book) -> None:
    """Two suppliers that have nothing to do with each other, paid to one account, written with and without spaces."""
    account = own_account(book)
    spaced = f"{account[:4]} {account[4:8]} {account[8:]}"
    for party in (supplier(book, bank_account=account), supplier(book, bank_account=spaced)):
        expect(book, "PTY-04", party, "two suppliers have one account")


@plants("PTY-01")
def account_of_a_buyer(book: Book) -> None:
    """A supplier whose account is that of somebody on the pay-roll."""
    person = book.rows["user"][0]
    party = supplier(book, bank_account=f"{str(person['bank_account'])[:10]}-{str(person['bank_account'])[10:]}", is_active="false")
    expect(book, "PTY-01", party, f"the account of {person['person_id']}")


@plants("PTY-12")
def bank_on_an_island(book: Book) -> None:
    """A supplier at home whose bank is on an island."""
    expect(book, "PTY-12", supplier(book, bank_country="VG"), "a bank in VG, the supplier in CN")
