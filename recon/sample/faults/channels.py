"""One sum through two channels, and one delivery billed under two numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import CENT, days
from recon.sample.chain import Chain, invoice
from recon.sample.claims import claim, claimant
from recon.sample.faults.keepers import paid
from recon.sample.faults.parties import supplier
from recon.sample.faults.registry import on_document, plants, some_time

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.book import Book
    from recon.sample.chain import Document
    from recon.sample.masters import Party

#: suppliers who agreed to send one bill a day
ONE_BILL = "G-ONE-BILL"


def twins(book: Book, party: Party, day: date, price: str) -> tuple[Chain, list[Document]]:
    """A hundred pieces and another hundred of something else on one order, received and billed on one day in two invoices of one amount."""
    chain = Chain(book, PROCURE_TO_PAY, day - days(9), party, company_code="C10")
    for quantity, factor, group in ((100, 1, "MECHANICAL"), (50, 2, "ELECTRONIC")):
        chain.line(book.rng.choice(book.masters.items[group]), quantity, Decimal(price) * factor)
    approve_order(chain)
    chain.fulfil(day - days(2), chain.whole())
    return chain, [invoice(chain, day, [(chain, part)]) for part in chain.whole()]


def own_price(book: Book) -> str:
    """A price near twenty of which no other case makes its sums."""
    return str(Decimal(20) + int(book.number("SUM").rpartition("-")[2]) % 500 * CENT)


def claimed_too(book: Book, price: str, claimed: str) -> str:
    """A payment three days ago, and a claim for the same supplier yesterday; returns the claim's number."""
    party = supplier(book)
    paid(book, party, price)
    return claim(book, claimant(book), [Decimal(claimed)], merchant_name=party.name)[0]


@plants("DUP-08")
def one_amount_two_numbers(book: Book) -> None:
    """Two bills of one day and amount."""
    chain, documents = twins(book, supplier(book, group_id=ONE_BILL), some_time(book), own_price(book))
    later = max(documents, key=lambda bill: str(bill.rows[0]["created_at"]) + str(bill.rows[0]["internal_number"]))
    book.expect("DUP-08", *on_document("supplier_invoice", later.number)[:1], (chain.number, ""), "the same amount on the same day")


@plants("DUP-09")
def paid_and_claimed(book: Book) -> None:
    """680.00 paid to a supplier, and 686.80 claimed by an employee: exactly one in a hundred more."""
    book.expect("DUP-09", *on_document("expense_claim", claimed_too(book, "680.00", "686.80")), "paid to the supplier three days before")
