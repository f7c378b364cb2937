"""Tax, arithmetic, prices and exchange rates exactly at their limits, or off by no more than a rounding convention."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import event, order_keys
from recon.sample.book import AS_OF, CENT, Book, days
from recon.sample.chain import Part
from recon.sample.faults.figures import at_another_rate, billed, on_the, restate_tax, totalling
from recon.sample.faults.price import sold_below_list
from recon.sample.faults.registry import order, some_time
from recon.sample.settle import settle
from recon.sample.traps.registry import spares


@spares("TAX-02", "TAX-03", "DAT-04")
def one_cent_of_tax(book: Book) -> None:
    """A cent of tax too much on one bill, too little on another."""
    for by in ("0.01", "-0.01"):
        chain, _, document = billed(book, PROCURE_TO_PAY, "21.00")
        restate_tax(book, chain, document, by)


@spares("TAX-02", "TAX-07")
def tax_of_each_piece_rounded(book: Book) -> None:
    """10.05 at 13 per cent is 1.31 a piece: 78.60 on sixty, where the line alone gives 78.39."""
    chain, _, document = billed(book, ORDER_TO_CASH, "10.05")
    restate_tax(book, chain, document, "0.21")


@spares("TAX-01")
def rate_by_the_amounts(book: Book) -> None:
    """No rate on the invoice; the tax is exactly a tenth of a per cent of the amount off."""
    chain, _, document = billed(book, PROCURE_TO_PAY, "50.00")
    restate_tax(book, chain, document, "3.00")
    document.rows[0]["tax_rate"] = None


@spares("DAT-03")
def one_cent_of_arithmetic(book: Book) -> None:
    """60 at 12.00 stated as 720.01."""
    billed(book, PROCURE_TO_PAY, "12.00", line_amount_net=Decimal("720.01"))


@spares("DAT-03", "CUR-05")
def price_rounded_first(book: Book) -> None:
    """60 at 12.345, multiplied as 12.35."""
    billed(book, PROCURE_TO_PAY, "12.345", line_amount_net=Decimal("741.00"))


@spares("CUR-03")
def dollar_rose_by_a_thousand(book: Book) -> None:
    """5,000 dollars at a rate 0.20 above the order's: 1,000.00 and no more."""
    at_another_rate(book, "0.2000", 10, "500.00")


@spares("PRC-04", "PRC-05")
def near_ten_times(book: Book) -> None:
    """A trifle billed a little more than ten times, another a little more than its tax, above the order."""
    for price in ("0.1006", "0.0114"):
        day = some_time(book)
        chain, line = order(book, PROCURE_TO_PAY, day, "0.01")
        chain.fulfil(day + days(4), chain.whole())
        chain.invoice(day + days(6), [Part(line, line.quantity, {"unit_price_net": Decimal(price)})])


@spares("PRC-09")
def estimate_five_per_cent_off(book: Book) -> None:
    """An estimate billed exactly five per cent above, for ten in all; another, confirmed, far above for as little."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "50.00", 4, is_price_estimated="true")
    chain.fulfil(day + days(4), chain.whole())
    chain.invoice(day + days(6), [Part(line, line.quantity, {"unit_price_net": Decimal("52.50")})])


@spares("PRC-10")
def sample_billed_at_nothing(book: Book) -> None:
    """A free sample on a bill of nothing."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "0.00", 10)
    chain.fulfil(day + days(4), chain.whole())
    chain.invoice(day + days(6), chain.whole())


@spares("DAT-04")
def header_within_its_tail(book: Book) -> None:
    """One line: the header may be off by a cent and a half, so a cent is nothing."""
    chain, document = totalling(book, "0.01")
    due = document.rows[0]["due_date"]
    if isinstance(due, date) and due < AS_OF:
        settle(chain, due, [replace(document, gross=document.gross + CENT)])


@spares("DAT-07")
def discount_inside_an_invoice(book: Book) -> None:
    """A negative line inside an invoice whose total is positive."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "31.00")
    chain.fulfil(day + days(4), chain.whole())
    rebate = chain.charge(Decimal("-5.00"), "")
    rebate.columns.update({"line_kind": "discount", "charge_code": None})
    chain.invoice(day + days(6), [Part(line, line.quantity), rebate])


@spares("CUR-01")
def rate_five_days_old(book: Book) -> None:
    """Billed on the sixth without a rate: that of the first is five days old."""
    on_the(book, 6, fx_rate=None)


@spares("CUR-02", "CUR-03")
def one_per_cent_off(book: Book) -> None:
    """Booked exactly one per cent above the rate of the month."""
    _, _, document = on_the(book, 1)
    for row in document.rows:
        row["fx_rate"] = book.masters.rate("USD", document.day) * Decimal("1.01")


@spares("PRC-16")
def one_per_cent_below_the_list(book: Book) -> None:
    """Sold as near to one per cent below the list as the cent allows; and once far below, with the director's approval."""
    sold_below_list(book, "0.99")
    chain, _ = sold_below_list(book, "0.90")
    event(book, order_keys(chain), "SAD01", book.moment(chain.day, 14))
