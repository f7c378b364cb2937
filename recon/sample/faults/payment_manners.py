"""Payments made by hand, on a day of rest, or cut in pieces."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.book import AS_OF, days
from recon.sample.faults.keepers import LATELY, paid
from recon.sample.faults.parties import supplier
from recon.sample.faults.registry import on_document, plants
from recon.sample.settle import pay

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.book import Book, Value
    from recon.sample.masters import Party

#: a Saturday on which nobody works
SATURDAY: Final = AS_OF
#: suppliers who are paid by hand
BY_HAND: Final = "G-HAND"


def paid_on(book: Book, party: Party, day: date, price: str, **columns: Value) -> str:
    """A payment of a day whose invoice has not come yet; returns its number."""
    keys: dict[str, Value] = {"company_code": "C10", "supplier_id": party.party_id, "currency": "CNY"}
    return pay(book, PROCURE_TO_PAY, keys, day, Decimal(price), **columns)


@plants("PAY-05")
def marked_as_made_by_hand(book: Book) -> None:
    """5,000.01, in the run of the day and marked as made by hand."""
    number = paid(book, supplier(book), "5000.01", is_manual="true")
    book.expect("PAY-05", *on_document("supplier_payment", number), "a cent above 5,000, by hand")


@plants("PAY-05")
def in_no_payment_run(book: Book) -> None:
    """6,000.00 in no payment run."""
    number = paid(book, supplier(book), "6000.00", run_id=None)
    book.expect("PAY-05", *on_document("supplier_payment", number), "6,000 in no payment run")


@plants("PAY-06")
def paid_on_a_saturday(book: Book) -> None:
    """10,000.01 on a Saturday on which nobody works."""
    number = paid_on(book, supplier(book, group_id=BY_HAND), SATURDAY, "10000.01", reference=book.number("SLIP"))
    book.expect("PAY-06", *on_document("supplier_payment", number), "a cent above 10,000 on a Saturday")


@plants("PAY-08")
def two_of_twelve_millions(book: Book) -> None:
    """Twelve millions, and three days later nine more: the treasurer may release twenty."""
    party = supplier(book)
    paid_on(book, party, LATELY - days(1), "12000000.00")
    number = paid_on(book, party, LATELY + days(2), "9000000.00")
    book.expect("PAY-08", *on_document("supplier_payment", number), "21 millions in two payments three days apart")
