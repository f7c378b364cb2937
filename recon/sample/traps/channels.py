"""Sums that are not quite one, and amounts that a party bills every month."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import ago, days
from recon.sample.chain import Chain
from recon.sample.faults.channels import ONE_BILL, claimed_too, own_price, twins
from recon.sample.faults.parties import supplier
from recon.sample.faults.registry import goods
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("DUP-08")
def billed_every_month(book: Book) -> None:
    """One sum billed twice on a day, as it was once on the same day of two months before; and twice 99.44."""
    price, party = own_price(book), supplier(book, group_id=ONE_BILL)
    for back in (160, 130):
        chain = Chain(book, PROCURE_TO_PAY, ago(back) - days(9), party, company_code="C10")
        chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal(price))
        approve_order(chain)
        chain.fulfil(ago(back) - days(2), chain.whole())
        chain.invoice(ago(back), chain.whole())
    twins(book, party, ago(100), price)
    twins(book, supplier(book, group_id=ONE_BILL), ago(100) - days(1), "0.88")


@spares("DUP-09")
def a_cent_too_different(book: Book) -> None:
    """680.00 paid to a supplier, and 686.81 claimed by an employee."""
    claimed_too(book, "680.00", "686.81")
