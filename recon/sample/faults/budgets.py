"""Orders beyond their budget, and orders without the bids they needed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample import approvals
from recon.sample.book import ago
from recon.sample.faults.registry import on_document, order, plants

if TYPE_CHECKING:
    from recon.sample.book import Book, Value
    from recon.sample.chain import Chain

#: group of what is put out to tender
WORKS = "WORKS"


def budgeted(book: Book, left: str, price: str = "100.00", day: int = 20) -> Chain:
    """An order of a hundred pieces, charged to a budget of its own of which so much was left thirty days ago."""
    name = book.number("BG")
    chain, _ = order(book, PROCURE_TO_PAY, ago(day), price, budget_code=name)
    budget = Decimal(80_000)
    used: dict[str, Value] = {"committed_amount": Decimal(30_000), "actual_amount": budget - Decimal(30_000) - Decimal(left)}
    row: dict[str, Value] = {"company_code": chain.company, "budget_id": name, "fiscal_year": "2026", "as_of_date": ago(30), "budget_amount": budget}
    book.add("budget_line", row | used | {"cost_center": "K100", "budget_category": "OPERATING"})
    return chain


def tendered(book: Book, price: str, bidders: int, waiver: str = "") -> Chain:
    """An order of a hundred pieces of contracted works with so many bids, or a waiver."""
    chain, _ = order(book, PROCURE_TO_PAY, ago(20), price, item_group=WORKS)
    tender = book.number("TD")
    row: dict[str, Value] = {"company_code": chain.company, "tender_id": tender}
    others = [party.party_id for party in book.masters.suppliers if party.currency == "CNY"][: max(bidders - 1, 0)]
    for place, bidder in enumerate([chain.party.party_id, *others][:bidders]):
        won: dict[str, Value] = {} if place else {"po_number": chain.number}
        book.add(
            "quotation", {**row, "supplier_id": bidder, "bid_amount": chain.net + 100 * place, "currency": "CNY", "quotation_date": ago(25), **won}
        )
    if waiver:
        name = book.number("WV")
        book.add("quotation", {**row, "supplier_id": chain.party.party_id, "po_number": chain.number, "waiver_id": name})
        keys: dict[str, Value] = {"company_code": chain.company, "document_type": "tender_waiver", "document_number": name}
        approvals.event(book, keys, "CPO01", f"{ago(26)}T10:00:00+08:00", action=waiver)
    return chain


@plants("APR-17")
def a_cent_beyond_the_budget(book: Book) -> None:
    """10,000.00 where 9,999.99 were left."""
    book.expect("APR-17", *on_document("purchase_order", budgeted(book, "9999.99").number), "a cent beyond its budget")


@plants("APR-18")
def two_bids(book: Book) -> None:
    """20,001.00 of contracted works after two bids."""
    book.expect("APR-18", *on_document("purchase_order", tendered(book, "200.01", 2).number), "two bids")


@plants("APR-18")
def a_waiver_that_was_refused(book: Book) -> None:
    """25,000.00 of contracted works with a waiver that the director refused."""
    book.expect("APR-18", *on_document("purchase_order", tendered(book, "250.00", 0, "reject").number), "the waiver was refused")
