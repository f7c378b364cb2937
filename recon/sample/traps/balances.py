"""Balances that nearly mirror one another, and credits that have waited just long enough."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, goods, some_time
from recon.sample.faults.stock import new_item
from recon.sample.masters import GASES
from recon.sample.newcomers import newcomer
from recon.sample.traps.registry import spares


@spares("BAL-03")
def other_quantities_side_by_side(book: Book) -> None:
    """70 received on one line and 69 billed on the next: two deliveries under way."""
    chain = Chain(book, PROCURE_TO_PAY, ago(12), newcomer(book, PROCURE_TO_PAY), promised_date=ago(-3))
    item = goods(book, PROCURE_TO_PAY)
    first, second = chain.line(item, 70, Decimal("3.00")), chain.line(item, 70, Decimal("3.00"))
    approve_order(chain)
    chain.fulfil(ago(6), [Part(first, first.quantity)])
    chain.invoice(ago(4), [Part(second, Decimal(69))])


@spares("BAL-09", "RET-05")
def credited_fifty_days_ago(book: Book) -> None:
    """Billed 100 where 50 came; the supplier's credit is fifty days old and the bill not due: the balance is on the right side."""
    chain = Chain(book, PROCURE_TO_PAY, ago(70), newcomer(book, PROCURE_TO_PAY, term_days=90), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("12.00"))
    approve_order(chain)
    chain.fulfil(ago(64), [Part(line, Decimal(50))])
    document = chain.invoice(ago(60), chain.whole())
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    chain.invoice(ago(50), [Part(line, Decimal(-50), named)], "credit")


@spares("BAL-05")
def one_unit_in_the_ledger(book: Book) -> None:
    """A receivables account of a dormant company, with no invoice open, shows 1.00: the limit itself."""
    number = book.number("1122").replace("-", ".")
    row: Row = {"company_code": f"D{number[-3:]}", "account": number, "account_role": "receivables", "as_of_date": ago(0)}
    book.add("gl_balance", row | {"balance": Decimal("1.00"), "currency": "CNY"})


@spares("BAL-01")
def received_ninety_days_ago(book: Book) -> None:
    """Gas received exactly ninety days ago, which its supplier bills once a quarter."""
    chain = Chain(book, PROCURE_TO_PAY, ago(97), newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    chain.line(new_item(book, "MECHANICAL", group=GASES), 100, Decimal("14.60"))
    approve_order(chain)
    chain.fulfil(ago(90), chain.whole())


@spares("QTY-11")
def boxes_billed_in_pieces(book: Book) -> None:
    """Five boxes of twelve ordered and received, sixty pieces billed: the master knows the box, and nothing is out by a dozen."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(book.masters.items["PACKAGING"][0], 5, Decimal("84.00"), uom="BOX")
    approve_order(chain)
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(9), [Part(line, Decimal(60), {"uom": "PCS", "unit_price_net": Decimal("7.00")})])


@spares("BAL-10")
def allowance_at_the_limit(book: Book) -> None:
    """The allowance of a dormant company, whose customers owe nothing, stands 10,000.00 in debit: the limit itself."""
    number = book.number("1231").replace("-", ".")
    row: Row = {"company_code": f"E{number[-3:]}", "account": number, "account_role": "allowance", "as_of_date": ago(0)}
    book.add("gl_balance", row | {"balance": Decimal("10000.00"), "currency": "CNY"})


@spares("DAT-09")
def boxes_of_a_little_more(book: Book) -> None:
    """Two hundred boxes of twelve, which the receipt counts as 2,412 pieces: half a per cent more, the limit itself."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(book.masters.items["PACKAGING"][0], 200, Decimal("8.40"), uom="BOX")
    approve_order(chain)
    chain.fulfil(day + days(5), [Part(line, line.quantity, {"quantity_base": Decimal(2412)})])
    chain.invoice(day + days(9), chain.whole())
