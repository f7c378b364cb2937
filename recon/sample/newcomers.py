"""Parties of their own for cases whose sums or accounts must not meet those of anybody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.masters import CARRIER, party_row

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.sample.book import Book, Value
    from recon.sample.masters import Party


def newcomer(book: Book, cycle: Cycle, term_days: int = 30, currency: str = "CNY", **columns: Value) -> Party:
    """A party of that currency that no other case deals with, written into its master; `columns` overrides what the master says."""
    parties = book.masters.suppliers if cycle is PROCURE_TO_PAY else book.masters.customers
    ordinal = int(book.number("NEW").rpartition("-")[2]) - 50_000
    models = [party for party in parties if party.currency == currency and not party.framework]
    model = models[ordinal % len(models)]
    party = replace(model, party_id=f"{model.party_id[0]}{ordinal}", name=f"{model.name}{ordinal}部", term_days=term_days)
    limit: dict[str, Value] = {} if cycle is PROCURE_TO_PAY else {"credit_limit": 5_000_000, "credit_currency": "CNY"}
    book.add(cycle.party_table, party_row(party) | limit | columns)
    return party


def carrier(book: Book) -> Party:
    """The carrier who numbers his bills anew every half-year: one party for all its cases, written into the master with the first of them."""
    model = next(party for party in book.masters.suppliers if party.currency == "CNY" and not party.framework)
    party = replace(model, party_id=CARRIER, name="捷达联合运输有限公司", term_days=30)
    if all(row["party_id"] != CARRIER for row in book.rows["supplier"]):
        book.add(PROCURE_TO_PAY.party_table, party_row(party))
    return party
