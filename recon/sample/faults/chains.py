"""Approvals of several steps of which one is missing or comes too soon."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_invoice, approve_order, event, order_keys
from recon.sample.book import Book, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, domestic, goods, plants, some_time


def large_order(book: Book, price: str, second_at: str | None = "15:00:00") -> Chain:
    """An order of 100 pieces for several years, approved at two by the director and at `second_at` by the finance director; few of it come."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal(price))
    approve_order(chain, day=day)
    if second_at is not None:
        event(book, order_keys(chain), "CFO01", f"{day}T{second_at}+08:00", step="2")
    chain.fulfil(day + days(5), [Part(line, Decimal(10))])
    approve_invoice(chain, chain.invoice(day + days(8), [Part(line, Decimal(10))]))
    return chain


@plants("APR-13")
def second_step_missing(book: Book) -> None:
    """Six million with the director's approval alone."""
    chain = large_order(book, "60000.00", None)
    for control_id in ("APR-13", "APR-01"):
        book.expect(control_id, ("purchase_order", chain.number, ""), (chain.number, ""), "the finance director did not approve")


@plants("APR-13")
def second_step_first(book: Book) -> None:
    """The finance director approved in the morning, the director in the afternoon."""
    chain = large_order(book, "60000.00", "10:00:00")
    book.expect("APR-13", ("purchase_order", chain.number, ""), (chain.number, ""), "the second step was given before the first")
