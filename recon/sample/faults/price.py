"""Prices off the order or the agreement, values above the order."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample.approvals import approve_order
from recon.sample.book import CENT, Book, days
from recon.sample.chain import Chain, Line, Part
from recon.sample.faults.registry import LATER, on_invoice, on_order, order, plants, some_time


def _billed_at(book: Book, cycle: Cycle, control_id: str, price: str) -> None:
    """60 of 100 ordered at 12.00 are delivered and billed at another price: the order's value is not exceeded."""
    day = some_time(book)
    chain, line = order(book, cycle, day, "12.00")
    terms = {} if chain.buys else {"incoterm": "EXW", "goods_issue_posted": "true"}
    chain.fulfil(day + days(4), [Part(line, Decimal(60))], **terms)
    document = chain.invoice(day + days(6), [Part(line, Decimal(60), {"unit_price_net": Decimal(price)})])
    book.expect(control_id, *on_invoice(chain, document, line), f"billed at {price}, ordered at 12.00")


@plants("PRC-01")
def dearer_than_ordered(book: Book) -> None:
    """A small line five per cent above the order."""
    _billed_at(book, PROCURE_TO_PAY, "PRC-01", "12.60")


@plants("PRC-01")
def creeping_price(book: Book) -> None:
    """A large line 1.9 per cent above the order: within the share, beyond the amount."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "100.00")
    chain.fulfil(day + days(4), chain.whole())
    document = chain.invoice(day + days(6), [Part(line, line.quantity, {"unit_price_net": Decimal("101.90")})])
    book.expect("PRC-01", *on_invoice(chain, document, line), "billed at 101.90, ordered at 100.00")


@plants("PRC-01")
def customer_overcharged(book: Book) -> None:
    """The same on the sales side."""
    _billed_at(book, ORDER_TO_CASH, "PRC-01", "12.60")


@plants("PRC-02")
def cheaper_than_ordered(book: Book) -> None:
    """A supplier bills five per cent below the order: will a second bill follow."""
    _billed_at(book, PROCURE_TO_PAY, "PRC-02", "11.40")


@plants("PRC-02")
def revenue_given_away(book: Book) -> None:
    """A customer pays five per cent less than ordered."""
    _billed_at(book, ORDER_TO_CASH, "PRC-02", "11.40")


@plants("PRC-03")
def dearer_than_agreed(book: Book) -> None:
    """Ordered three per cent above the framework agreement, and billed as ordered."""
    day = some_time(book)
    supplier = book.rng.choice([p for p in book.masters.suppliers if p.framework])
    item = book.rng.choice(book.masters.items["MECHANICAL"][3:5])
    chain = Chain(book, PROCURE_TO_PAY, day, supplier, contract_id=f"FA-{supplier.party_id}")
    agreed = book.masters.price(supplier, item)
    line = chain.line(item, 10, (agreed * Decimal("1.03")).quantize(CENT))
    approve_order(chain)
    chain.fulfil(day + days(8), chain.whole())
    chain.invoice(day + days(12), chain.whole())
    book.expect("PRC-03", *on_order(chain, line), "ordered three per cent above the agreement")


@plants("PRC-07")
def many_small_excesses(book: Book) -> None:
    """Ten bills of 200, each 8 above the order and so within the limits of a line; together four per cent above."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "20.00")
    for week in range(10):
        chain.fulfil(day + days(3 + 5 * week), [Part(line, Decimal(10))])
        chain.invoice(day + days(4 + 5 * week), [Part(line, Decimal(10), {"unit_price_net": Decimal("20.80")})])
    book.expect("PRC-07", *on_order(chain, line), "billed 2,080 on an order of 2,000")


@plants("PRC-04")
def price_unit_lost(book: Book) -> None:
    """Ordered at 5.00 per ten, billed at 5.00 each: also far above the order's price."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "5.00", 1000, price_per=Decimal(10))
    chain.fulfil(day + days(4), [Part(line, Decimal(60))])
    document = chain.invoice(day + days(6), [Part(line, Decimal(60), {"price_per": Decimal(1)})])
    for control_id in ("PRC-01", "PRC-04"):
        book.expect(control_id, *on_invoice(chain, document, line), "5.00 each instead of per ten")


@plants("PRC-05")
def tax_charged_on_tax(book: Book) -> None:
    """A price with 13 per cent tax stands where one without is meant."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "10.00")
    chain.fulfil(day + days(4), [Part(line, Decimal(60))])
    document = chain.invoice(day + days(6), [Part(line, Decimal(60), {"unit_price_net": Decimal("11.30")})])
    for control_id in ("PRC-01", "PRC-05"):
        book.expect(control_id, *on_invoice(chain, document, line), "11.30 with tax, ordered at 10.00 without")


@plants("PRC-09")
def estimate_never_confirmed(book: Book) -> None:
    """Ordered at an estimate of 50.00, billed six per cent above, and nobody agreed a final price."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "50.00", is_price_estimated="true")
    chain.fulfil(day + days(4), [Part(line, Decimal(60))])
    document = chain.invoice(day + days(6), [Part(line, Decimal(60), {"unit_price_net": Decimal("53.00")})])
    for control_id in ("PRC-01", "PRC-09"):
        book.expect(control_id, *on_invoice(chain, document, line), "estimated at 50.00, billed at 53.00")


@plants("PRC-10")
def sample_billed(book: Book) -> None:
    """A free sample, ordered without a price, is billed."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "0.00", 10)
    chain.fulfil(day + days(4), chain.whole())
    document = chain.invoice(day + days(6), [Part(line, line.quantity, {"unit_price_net": Decimal("4.50")})])
    book.expect("PRC-10", *on_invoice(chain, document, line), "ordered without a price, billed at 4.50")


def sold_below_list(book: Book, share: str) -> tuple[Chain, Line]:
    """One spare parts kit for a customer with a price list, at a share of the list price; too little to need an approval by its value."""
    day = some_time(book)
    customer = book.rng.choice([p for p in book.masters.customers if p.framework])
    item = min(book.masters.items["FINISHED"], key=lambda i: i.price)
    chain = Chain(book, ORDER_TO_CASH, day, customer, promised_date=LATER)
    price = (book.masters.price(customer, item) * Decimal(share)).quantize(CENT, "ROUND_UP")
    line = chain.line(item, 1, price)
    chain.fulfil(day + days(4), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    chain.invoice(day + days(5), chain.whole())
    return chain, line


@plants("PRC-16")
def nobody_allowed_the_price(book: Book) -> None:
    """Sold five per cent below the list, and nobody approved the order."""
    chain, line = sold_below_list(book, "0.95")
    book.expect("PRC-16", *on_order(chain, line), "five per cent below the price list, not approved")
