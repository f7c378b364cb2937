"""Cents that no rounding gives, on several lines of one bill."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import CENT, Book, ago
from recon.sample.chain import Chain
from recon.sample.faults.registry import LATER, domestic, goods, plants


def billed_with_cents(book: Book, count: int) -> Chain:
    """A bill of this month, a cent of tax too much or too little on each of so many lines."""
    chain = Chain(book, PROCURE_TO_PAY, ago(24), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    for index in range(count):
        chain.line(goods(book, PROCURE_TO_PAY), 60 + index, Decimal("21.00"))
    approve_order(chain)
    chain.fulfil(ago(20), chain.whole())
    document = chain.invoice(ago(18), chain.whole())
    header = book.rows[chain.cycle.invoice_header_table][-1]
    for index, row in enumerate(document.rows):
        by = -CENT if index % 2 else CENT  # one way only would be how somebody rounds
        row |= {name: Decimal(str(row[name])) + by for name in ("line_tax_amount", "line_amount_gross")}
        header |= {name: Decimal(str(header[name])) + by for name in ("tax_amount", "amount_gross")}
    return chain


@plants("CUR-04")
def three_cents(book: Book) -> None:
    """Three cents in all, where the sample company asks about more than two."""
    chain = billed_with_cents(book, 3)
    book.expect("CUR-04", ("supplier", chain.party.party_id, ""), ("", ""), "0.03 of tax that no rounding gives")
