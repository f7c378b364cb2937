"""The last month is never empty: each company buys, sells, pays and is paid in it."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain
from recon.sample.faults.registry import goods
from recon.sample.newcomers import newcomer
from recon.sample.settle import settle
from recon.sample.traps.registry import spares


@spares("POP-02")
def every_company_in_the_last_month(book: Book) -> None:
    """Ordered, delivered, billed and paid within October by both companies, both ways round the cycle."""
    for company in ("C10", "C20"):
        for cycle, terms in ((PROCURE_TO_PAY, {}), (ORDER_TO_CASH, {"incoterm": "EXW", "goods_issue_posted": "true"})):
            chain = Chain(book, cycle, ago(27), newcomer(book, cycle, term_days=19), company_code=company)
            chain.line(goods(book, cycle), 100, Decimal("24.50"))
            approve_order(chain)
            chain.fulfil(chain.day + days(4), chain.whole(), **terms)
            settle(chain, chain.day + days(24), [chain.invoice(chain.day + days(5), chain.whole())])
