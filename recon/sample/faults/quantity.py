"""Quantities: billed, received and shipped more, or less, than there should be."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import domestic, on_invoice, on_order, order, plants, some_time


@plants("QTY-01")
def billed_more_than_received(book: Book) -> None:
    """80 billed where 50 arrived."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "10.00")
    chain.fulfil(day + days(6), [Part(line, Decimal(50))])
    document = chain.invoice(day + days(10), [Part(line, Decimal(80))])
    book.expect("QTY-01", *on_invoice(chain, document, line), "billed 80, received 50")


@plants("QTY-01")
def billed_what_went_back(book: Book) -> None:
    """100 received, 20 sent back, 100 billed and nothing credited."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "36.00")
    receipt = chain.fulfil(day + days(6), chain.whole())
    chain.undo(receipt, day + days(9), "return", [Decimal(20)])
    document = chain.invoice(day + days(12), chain.whole())
    book.expect("QTY-01", *on_invoice(chain, document, line), "20 of 100 sent back and not credited")


@plants("QTY-02")
def billed_more_than_ordered(book: Book) -> None:
    """102 received of 100 ordered, which is tolerated, and 102 billed, which is not agreed."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "15.00")
    chain.fulfil(day + days(5), [Part(line, Decimal(102))])
    document = chain.invoice(day + days(9), [Part(line, Decimal(102))])
    book.expect("QTY-02", *on_invoice(chain, document, line), "billed 102, ordered 100")


@plants("QTY-03")
def billed_rejected_goods(book: Book) -> None:
    """100 received, 10 failed inspection, 100 billed."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(book.rng.choice(book.masters.items["INSPECTED"]), 100, match_level="4way")
    approve_order(chain)
    checked: Row = {"quantity_accepted": Decimal(90), "quantity_rejected": Decimal(10), "inspected_at": book.moment(day + days(7), 16)}
    chain.fulfil(day + days(7), [Part(line, line.quantity, checked)])
    document = chain.invoice(day + days(12), chain.whole())
    book.expect("QTY-03", *on_invoice(chain, document, line), "billed 100, accepted 90")


@plants("QTY-04")
def closed_short(book: Book) -> None:
    """Closed with 90 of 100 received."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "22.00", is_closed="true", closed_at=book.moment(day + days(30), 8))
    chain.fulfil(day + days(5), [Part(line, Decimal(90))])
    chain.invoice(day + days(9), [Part(line, Decimal(90))])
    book.expect("QTY-04", *on_order(chain, line), "closed with 90 of 100 received")


@plants("QTY-05")
def received_more_than_ordered(book: Book) -> None:
    """Two loads together bring 106 of 100, the second one lately; 100 are billed."""
    day = book.day_between(ago(40), ago(28))
    chain, line = order(book, PROCURE_TO_PAY, day, "19.00")
    chain.fulfil(day + days(5), [Part(line, Decimal(60))])
    chain.fulfil(day + days(20), [Part(line, Decimal(46))])
    chain.invoice(day + days(22), chain.whole())
    book.expect("QTY-05", *on_order(chain, line), "received 106, ordered 100")


@plants("QTY-08")
def service_billed_again(book: Book) -> None:
    """A service of one day, billed in full in one month and again in the next."""
    day = book.day_between(ago(300), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(book.rng.choice(book.masters.items["SERVICES"]), 1)
    approve_order(chain)
    chain.invoice(day + days(10), chain.whole())
    again = chain.invoice(day + days(50), chain.whole())
    book.expect("QTY-08", *on_invoice(chain, again, line), "the whole service was billed before")
    book.expect("QTY-02", *on_invoice(chain, again, line), "billed 2, ordered 1")
    book.expect("PRC-07", *on_order(chain, line), "twice the value of the order is billed")


@plants("QTY-12")
def billed_more_than_shipped(book: Book) -> None:
    """80 billed to the customer, 50 shipped."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "48.00")
    chain.fulfil(day + days(6), [Part(line, Decimal(50))], incoterm="EXW", goods_issue_posted="true")
    document = chain.invoice(day + days(8), [Part(line, Decimal(80))])
    book.expect("QTY-12", *on_invoice(chain, document, line), "billed 80, shipped 50")


@plants("QTY-14")
def shipped_more_than_ordered(book: Book) -> None:
    """103 shipped and billed of 100 ordered."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "9.50")
    chain.fulfil(day + days(6), [Part(line, Decimal(103))], incoterm="EXW", goods_issue_posted="true")
    chain.invoice(day + days(8), [Part(line, Decimal(103))])
    book.expect("QTY-14", *on_order(chain, line), "shipped 103, ordered 100")
