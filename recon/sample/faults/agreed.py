"""What was agreed about an order: its last bill, its limit, its period, the customer's signature, what may be lost on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, Value, ago, days
from recon.sample.chain import Chain, Document, Line, Part
from recon.sample.faults.registry import LATER, domestic, goods, on_fulfilment, on_invoice, on_order, order, plants, some_time
from recon.sample.newcomers import newcomer

if TYPE_CHECKING:
    from datetime import date

_EX_WORKS: dict[str, str] = {"incoterm": "EXW", "goods_issue_posted": "true"}


def limit_order(book: Book, price: str, **terms: Value) -> tuple[Chain, Line]:
    """An approved order of services up to a value, billed by amounts."""
    chain = Chain(book, PROCURE_TO_PAY, book.day_between(ago(250), ago(120)), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    item = book.rng.choice(book.masters.items["SERVICES"])
    line = chain.line(item, 1, Decimal(price), po_type="blanket", limit_amount=Decimal(price), **terms)
    approve_order(chain)
    return chain, line


def stranger(book: Book, day: date, price: str) -> tuple[Chain, Line]:
    """An approved order of 100 from a supplier of its own, whose credits no other payment meets."""
    chain = Chain(book, PROCURE_TO_PAY, day, newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal(price))
    approve_order(chain)
    return chain, line


def by_amount(chain: Chain, line: Line, after: int, amount: str) -> Document:
    """A bill over an amount without a quantity, so many days after the order."""
    blank: Row = dict.fromkeys(("quantity", "uom", "unit_price_net", "price_per"))
    return chain.invoice(chain.day + days(after), [Part(line, Decimal(0), blank | {"line_amount_net": Decimal(amount)})])


def signed_for(chain: Chain, shipment: Document, confirmed: str, **columns: Value) -> None:
    """The customer's signature for the first line of a shipment, two days later."""
    row: Row = {"company_code": chain.company, "confirmation_number": chain.book.number("POD"), "confirmed_date": shipment.day + days(2)}
    row |= {"shipment_number": shipment.number, "shipment_line_no": "1", "quantity_confirmed": Decimal(confirmed)}
    chain.book.add("delivery_confirmation_line", row | {"uom": shipment.rows[0]["uom"], "confirmed_by": chain.party.name} | columns)


@plants("QTY-06")
def last_bill_short(book: Book) -> None:
    """Received 100, and the bill that is said to be the last covers 60."""
    chain, line = order(book, PROCURE_TO_PAY, ago(27), "23.00", is_final_invoice="true")
    chain.fulfil(ago(22), chain.whole())
    chain.invoice(ago(18), [Part(line, Decimal(60))])
    book.expect("QTY-06", *on_order(chain, line), "last bill over 60 of 100 received")


@plants("QTY-07")
def lost_on_the_way(book: Book) -> None:
    """Three of a hundred were declared lost; all are billed."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "45.00")
    chain.fulfil(day + days(6), [Part(line, Decimal(97), {"quantity_declared_loss": Decimal(3)})])
    chain.invoice(day + days(9), chain.whole())
    book.expect("QTY-07", *on_order(chain, line), "3 of 100 lost, half a piece is reasonable")


@plants("QTY-09")
def limit_passed(book: Book) -> None:
    """6,000 and 4,600 billed under a limit of 10,000."""
    chain, line = limit_order(book, "10000.00")
    by_amount(chain, line, 20, "6000.00")
    document = by_amount(chain, line, 50, "4600.00")
    book.expect("PRC-01", *on_invoice(chain, document, line), "600 above the order's value")
    book.expect("QTY-09", *on_order(chain, line), "10,600 billed of 10,000")


@plants("QTY-10")
def billed_after_the_period(book: Book) -> None:
    """The agreement ended on the sixtieth day; the bill is of the sixty-first."""
    chain, line = limit_order(book, "8000.00")
    line.row.update({"valid_from": chain.day, "valid_to": chain.day + days(60)})
    document = by_amount(chain, line, 61, "2000.00")
    book.expect("QTY-10", *on_invoice(chain, document, line), "billed a day after the end")


@plants("QTY-10")
def ordered_before_the_period(book: Book) -> None:
    """Goods ordered a day before the agreement began."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "31.00", valid_from=day + days(1), valid_to=day + days(90))
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    book.expect("QTY-10", *on_order(chain, line), "ordered a day early")


@plants("QTY-13")
def billed_beyond_the_signature(book: Book) -> None:
    """100 shipped and billed, 97 signed for, nothing credited."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "72.00")
    shipment = chain.fulfil(day + days(4), chain.whole(), incoterm="DAP", goods_issue_posted="true")
    signed_for(chain, shipment, "97", quantity_damaged=Decimal(3))
    document = chain.invoice(day + days(7), chain.whole())
    book.expect("QTY-13", *on_invoice(chain, document, line), "billed 100, signed for 97")


@plants("QTY-15")
def closed_by_the_system(book: Book) -> None:
    """90 of 100 shipped and billed; the line is closed and nobody decided it."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "54.00", is_closed="true")
    chain.fulfil(day + days(6), [Part(line, Decimal(90))], **_EX_WORKS)
    chain.invoice(day + days(8), [Part(line, Decimal(90))])
    book.expect("QTY-15", *on_order(chain, line), "closed with 90 of 100 shipped")


@plants("BAL-02")
def billed_long_ago(book: Book) -> None:
    """Billed more than two months ago, nothing came."""
    day = book.day_between(ago(240), ago(75))
    chain, line = order(book, PROCURE_TO_PAY, day, "38.00")
    document = chain.invoice(day + days(9), chain.whole())
    book.expect("TIM-01", *on_invoice(chain, document, line), "billed long before the goods are promised")
    book.expect("BAL-02", *on_invoice(chain, document, line), "billed over 60 days ago, not received")
    book.expect("MIS-02", *on_order(chain, line), "billed 100, received nothing")


@plants("BAL-04")
def old_standard_cost(book: Book) -> None:
    """Received at last year's cost of 20.00, billed at the order's 22.00: 200.00 stay behind."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "22.00")
    chain.fulfil(day + days(5), [Part(line, line.quantity, {"unit_cost_net": Decimal("20.00"), "currency": chain.currency})])
    chain.invoice(day + days(9), chain.whole())
    book.expect("BAL-04", *on_order(chain, line), "received at 2,000, billed at 2,200")


@plants("RET-02")
def sent_back_more_than_came(book: Book) -> None:
    """Two loads of 60 and 40; 45 go back and name the second load."""
    day = book.day_between(ago(28), ago(18))
    chain, line = order(book, PROCURE_TO_PAY, day, "17.00")
    chain.fulfil(day + days(3), [Part(line, Decimal(60))])
    second = chain.fulfil(day + days(5), [Part(line, Decimal(40))])
    back = chain.undo(second, day + days(7), "return", [Decimal(45)])
    chain.invoice(day + days(9), [Part(line, Decimal(55))])
    book.expect("RET-02", *on_fulfilment(chain, back, line), "45 sent back of a receipt of 40")


def electronics(book: Book, day_before: int, price: str) -> tuple[Chain, Line]:
    """An order with a supplier that bills in full and credits what comes back (see the policies of the engagement)."""
    chain = Chain(book, PROCURE_TO_PAY, ago(day_before), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(book.rng.choice(book.masters.items["ELECTRONIC"]), 100, Decimal(price))
    approve_order(chain)
    return chain, line


@plants("RET-01")
def sent_back_and_not_credited(book: Book) -> None:
    """20 of 100 went back two months ago; the supplier bills in full and owes a credit."""
    chain, line = electronics(book, 80, "26.00")
    receipt = chain.fulfil(chain.day + days(6), chain.whole())
    back = chain.undo(receipt, chain.day + days(20), "return", [Decimal(20)])
    chain.invoice(chain.day + days(12), chain.whole())
    book.expect("RET-01", *on_fulfilment(chain, back, line), "20 sent back 60 days ago, not credited")


@plants("RET-03")
def forgiven(book: Book) -> None:
    """Ten of a hundred credited to a customer; nothing came back and nobody says why."""
    chain, line = order(book, ORDER_TO_CASH, ago(9), "39.00")
    chain.fulfil(ago(3), chain.whole(), **_EX_WORKS)
    document = chain.invoice(ago(2), chain.whole())
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    credit = chain.invoice(ago(1), [Part(line, Decimal(-10), named)], "credit")
    book.expect("RET-03", *on_invoice(chain, credit, line), "10 credited without a return")


@plants("RET-03")
def credit_for_no_invoice(book: Book) -> None:
    """90 received, 100 billed, 10 credited by a note that names no invoice."""
    day = book.day_between(ago(50), ago(40))
    chain, line = stranger(book, day, "44.00")
    chain.fulfil(day + days(5), [Part(line, Decimal(90))])
    chain.invoice(day + days(9), chain.whole())
    credit = chain.invoice(day + days(14), [Part(line, Decimal(-10))], "credit")
    book.expect("RET-03", *on_invoice(chain, credit, line), "no invoice named")


@plants("RET-04")
def credited_below_the_bill(book: Book) -> None:
    """Billed at 50.00, one piece that went back credited at 49.00."""
    day = book.day_between(ago(55), ago(45))
    chain, line = stranger(book, day, "50.00")
    receipt = chain.fulfil(day + days(5), chain.whole())
    document = chain.invoice(day + days(8), chain.whole())
    chain.undo(receipt, day + days(12), "return", [Decimal(1)])
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1", "unit_price_net": Decimal("49.00")}
    credit = chain.invoice(day + days(16), [Part(line, Decimal(-1), named)], "credit")
    book.expect("RET-04", *on_invoice(chain, credit, line), "credited at 49.00, billed at 50.00")
