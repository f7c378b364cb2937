"""Payments that go where the master says in other words, and masters that are kept by two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.book import days, stamp
from recon.sample.faults.control import approve_master
from recon.sample.faults.keepers import LATELY, changed, paid
from recon.sample.faults.parties import customer, own_account, supplier
from recon.sample.faults.payments import bought
from recon.sample.settle import due_date, settle
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book, Row


@spares("PAY-04")
def paid_in_other_words(book: Book) -> None:
    """Spaces in the account, a bank that leaves out the form of the firm, the last day of an old account, and a factor's account in its own name."""
    party = supplier(book)
    account = str(book.account_of(party.party_id))
    paid(book, party, payee_account=f"{account[:4]}-{account[4:]}", payee_name=party.name.replace("有限公司", " "))
    party, account = supplier(book, bank_account=None), own_account(book)
    book.add("supplier_bank_account", {"supplier_id": party.party_id, "bank_account": account, "bank_country": "CN", "valid_to": LATELY})
    paid(book, party, payee_account=account)
    party, account = supplier(book), own_account(book)
    terms: Row = {"bank_country": "CN", "account_name": "远信商业保理有限公司", "valid_from": LATELY}
    book.add("supplier_bank_account", {"supplier_id": party.party_id, "bank_account": account, **terms})
    paid(book, party, payee_account=account, payee_name="远信商业保理有限公司")


@spares("SOD-02")
def cashier_made_the_supplier_long_ago(book: Book) -> None:
    """The cashier created the supplier 366 days before the payment, and somebody else released one in between; another one he created after it was paid."""
    chain, document = bought(book, LATELY - days(100))
    settle(chain, due_date(document), [document])
    book.rows["supplier_payment"][-1]["released_by"] = "TRE01"
    master = next(row for row in reversed(book.rows["supplier"]) if row["party_id"] == chain.party.party_id)
    master |= {"created_by": "CAS02", "created_at": stamp(LATELY - days(366), "09:00:00")}
    paid(book, chain.party)
    paid(book, supplier(book, created_by="CAS02", created_at=stamp(LATELY + days(1), "09:00:00")))


@spares("PTY-09")
def kept_by_two(book: Book) -> None:
    """One change approved before it was keyed, two with one approval after them, one in the spelling alone, one of an address."""
    party = supplier(book)
    approve_master(book, party, stamp(LATELY - days(2), "17:00:00"))
    changed(book, party, "payment_term_days", ("60", "30"))
    party = customer(book)
    for field, values in (("credit_limit", ("1000000", "5000000")), ("tax_id", ("91310000MA1F00000X", "91310000MA1F00001X"))):
        changed(book, party, field, values)
    approve_master(book, party, stamp(LATELY + days(1), "09:00:00"))
    party = supplier(book)
    account = str(book.account_of(party.party_id))
    changed(book, party, "bank_account", (f"{account[:4]} {account[4:]}", account))
    changed(book, party, "address", ("旧址", "新址"))
