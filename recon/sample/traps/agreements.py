"""Later prices worth exactly the limit, prices that rose by a tenth, small purchases beside a contract, discounts a rounding apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.sample.faults.agreements import beside_the_contract, lowered_afterwards, two_orders, with_discount
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("PRC-06")
def discount_worth_the_limit(book: Book) -> None:
    """Half a per cent of 2,000.00 is not given: 10.00, both limits at once."""
    with_discount(book, "0.005", 20)


@spares("PRC-08")
def claim_of_a_hundred(book: Book) -> None:
    """A hundred pieces, 1.00 each: what is worth writing begins above."""
    lowered_afterwards(book, "19.00")


@spares("PRC-13")
def a_tenth_dearer(book: Book) -> None:
    """10.00 two months ago, 11.00 now."""
    two_orders(book, "10.00", "11.00")


@spares("PRC-14")
def tools_for_a_thousand(book: Book) -> None:
    """Tools for 1,000.00 beside the contract: a purchase on the spot."""
    beside_the_contract(book, "100.00")
