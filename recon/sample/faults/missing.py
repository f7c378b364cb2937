"""A counterpart is missing: no order, no delivery, no bill, no confirmation; and layers that stay open."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import domestic, goods, on_fulfilment, on_invoice, on_order, order, plants, some_time


@plants("MIS-01")
def invoice_without_order(book: Book) -> None:
    """Goods billed that nobody ordered."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    part = chain.without_order(goods(book, PROCURE_TO_PAY), 12, Decimal("64.00"))
    document = chain.invoice(day, [part])
    book.expect("MIS-01", *on_invoice(chain, document, part.line), "no order named")


@plants("MIS-02")
def invoiced_and_nothing_received(book: Book) -> None:
    """Billed twelve days or longer ago, nothing came."""
    day = book.day_between(ago(66), ago(20))
    chain, line = order(book, PROCURE_TO_PAY, day, "27.00")
    document = chain.invoice(day + days(8), chain.whole())
    book.expect("MIS-02", *on_order(chain, line), "billed 100, received nothing")
    book.expect("TIM-01", *on_invoice(chain, document, line), "2,700 billed days ahead of the promised goods")


@plants("MIS-03")
def received_and_not_invoiced(book: Book) -> None:
    """Received between 31 and 80 days ago, no bill yet. 97 pieces, so that no open bill of a round hundred mirrors them."""
    day = book.day_between(ago(80), ago(31))
    chain, line = order(book, PROCURE_TO_PAY, day - days(9), "33.00", 97)
    receipt = chain.fulfil(day, chain.whole())
    book.expect("MIS-03", *on_fulfilment(chain, receipt, line), "received over 30 days ago, not billed")


@plants("MIS-03")
def received_ninety_days_ago(book: Book) -> None:
    """Received exactly 90 days ago: not billed, and not yet an aged balance."""
    chain, line = order(book, PROCURE_TO_PAY, ago(99), "26.00")
    receipt = chain.fulfil(ago(90), chain.whole())
    book.expect("MIS-03", *on_fulfilment(chain, receipt, line), "received 90 days ago, not billed")


@plants("MIS-04")
def overdue_delivery(book: Book) -> None:
    """Promised for ten days ago or earlier; of 100 came 40, which are billed."""
    day = book.day_between(ago(120), ago(40))
    chain, line = order(book, PROCURE_TO_PAY, day, "41.00")
    line.row["promised_date"] = day + days(30)
    chain.fulfil(day + days(10), [Part(line, Decimal(40))])
    chain.invoice(day + days(14), [Part(line, Decimal(40))])
    book.expect("MIS-04", *on_order(chain, line), "60 of 100 overdue")


@plants("MIS-05")
def received_without_order(book: Book) -> None:
    """Goods came in that nobody ordered."""
    day = book.day_between(ago(25), ago(4))
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    part = chain.without_order(goods(book, PROCURE_TO_PAY), 24, Decimal("31.00"))
    receipt = chain.fulfil(day, [part])
    book.expect("MIS-05", *on_fulfilment(chain, receipt, part.line), "no order named")


@plants("MIS-09")
def shipped_and_not_billed(book: Book) -> None:
    """Shipped four days or longer ago and not billed."""
    day = book.day_between(ago(40), ago(4))
    chain, line = order(book, ORDER_TO_CASH, day - days(5), "57.00")
    shipment = chain.fulfil(day, chain.whole(), incoterm="FCA", goods_issue_posted="true")
    book.expect("MIS-09", *on_fulfilment(chain, shipment, line), "shipped and not billed")


@plants("MIS-10")
def billed_and_nothing_shipped(book: Book) -> None:
    """Billed to the customer before the as-of date, nothing shipped."""
    day = book.day_between(ago(60), ago(3))
    chain, line = order(book, ORDER_TO_CASH, day, "62.00")
    chain.invoice(day + days(2), chain.whole())
    book.expect("MIS-10", *on_order(chain, line), "billed 100, shipped nothing")


@plants("MIS-11")
def delivery_not_confirmed(book: Book) -> None:
    """Delivered to the door over a week ago, nobody signed."""
    day = book.day_between(ago(90), ago(8))
    chain, line = order(book, ORDER_TO_CASH, day - days(4), "88.00")
    shipment = chain.fulfil(day, chain.whole(), incoterm="DAP", goods_issue_posted="true")
    chain.invoice(day + days(1), chain.whole())
    book.expect("MIS-11", *on_fulfilment(chain, shipment, line), "no delivery confirmation")


@plants("BAL-01")
def aged_receipt(book: Book) -> None:
    """Received between 91 and 250 days ago, never billed: the wait is over as well. 91 pieces, see above."""
    day = book.day_between(ago(250), ago(91))
    chain, line = order(book, PROCURE_TO_PAY, day - days(7), "29.00", 91)
    receipt = chain.fulfil(day, chain.whole())
    book.expect("BAL-01", *on_fulfilment(chain, receipt, line), "open for over 90 days")
    book.expect("MIS-03", *on_fulfilment(chain, receipt, line), "received over 30 days ago, not billed")
