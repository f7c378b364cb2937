"""Documents that hang together wrongly: extra lines, other parties, other currencies, dead orders, orders nobody asked for."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, ago, days
from recon.sample.chain import Chain, Document, Line, Part
from recon.sample.faults.registry import LATER, domestic, goods, on_fulfilment, on_invoice, on_order, order, plants, some_time

_NOWHERE = ("", "")


@plants("MIS-06")
def not_inspected(book: Book) -> None:
    """Goods under four-way matching came four days ago or earlier and nobody looked at them; nothing is billed."""
    day = book.day_between(ago(25), ago(4))
    chain = Chain(book, PROCURE_TO_PAY, day - days(9), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(book.masters.items["INSPECTED"][0], 40, match_level="4way")
    approve_order(chain)
    receipt = chain.fulfil(day, chain.whole())
    book.expect("MIS-06", *on_fulfilment(chain, receipt, line), "not inspected")


@plants("MIS-07")
def line_that_is_on_no_order(book: Book) -> None:
    """The second line of a bill was never ordered."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "38.00")
    chain.fulfil(day + days(6), chain.whole())
    extra = chain.without_order(goods(book, PROCURE_TO_PAY), 3, Decimal("22.00"))
    document = chain.invoice(day + days(9), [Part(line, line.quantity), extra])
    for control in ("MIS-01", "MIS-07"):
        book.expect(control, (chain.cycle.invoice_type, document.number, "2"), _NOWHERE, "second line was not ordered")


@plants("MIS-12")
def sales_invoice_alone(book: Book) -> None:
    """A bill to a customer stands on no order and no shipment."""
    day = some_time(book)
    chain = Chain(book, ORDER_TO_CASH, day, domestic(book, ORDER_TO_CASH))
    part = chain.without_order(goods(book, ORDER_TO_CASH), 6, Decimal("120.00"))
    document = chain.invoice(day, [part])
    book.expect("MIS-12", *on_invoice(chain, document, part.line), "neither order nor shipment")


@plants("MIS-17")
def ordered_without_requisition(book: Book) -> None:
    """Nobody asked for what was ordered, received and billed."""
    chain, line = _requested(book)
    chain.requisitions.clear()
    book.rows["purchase_requisition_line"].pop()
    line.row["requisition_id"] = None
    book.expect("MIS-17", *on_order(chain, line), "no requisition named")


@plants("MIS-17")
def ordered_before_approval(book: Book) -> None:
    """The requisition was approved the day after the order."""
    chain, line = _requested(book)
    chain.requisitions[0]["approved_at"] = f"{chain.day + days(1)}T00:00:00+08:00"
    book.expect("MIS-17", *on_order(chain, line), "requisition approved a day late")


def _requested(book: Book) -> tuple[Chain, Line]:
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "19.00")
    chain.fulfil(day + days(6), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    return chain, line


@plants("MIS-18")
def shipped_without_order(book: Book) -> None:
    """Goods left the house two or three days ago, for no order."""
    day = book.day_between(ago(3), ago(2))
    chain = Chain(book, ORDER_TO_CASH, day, domestic(book, ORDER_TO_CASH))
    part = chain.without_order(goods(book, ORDER_TO_CASH), 7, Decimal("95.00"))
    shipment = chain.fulfil(day, [part], incoterm="EXW", goods_issue_posted="true")
    book.expect("MIS-18", *on_fulfilment(chain, shipment, part.line), "no order named")


@plants("MIS-19")
def promised_and_not_shipped(book: Book) -> None:
    """Promised for yesterday or earlier; of 100 went 97, which are billed."""
    promised = book.day_between(ago(30), ago(1))
    chain = Chain(book, ORDER_TO_CASH, ago(45), domestic(book, ORDER_TO_CASH), promised_date=promised)
    line = chain.line(goods(book, ORDER_TO_CASH), 100, Decimal("66.00"))
    approve_order(chain)
    chain.fulfil(ago(40), [Part(line, Decimal(97))], incoterm="EXW", goods_issue_posted="true")
    chain.invoice(ago(39), [Part(line, Decimal(97))])
    book.expect("MIS-19", *on_order(chain, line), "3 of 100 overdue")


@plants("DAT-11")
def order_of_another_supplier(book: Book) -> None:
    """A supplier bills an order that another one delivered and billed."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "44.00")
    chain.fulfil(day + days(6), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    party = domestic(book, PROCURE_TO_PAY)
    while party == chain.party:
        party = domestic(book, PROCURE_TO_PAY)
    stranger = Chain(book, PROCURE_TO_PAY, day, party, company_code=chain.company)
    part = stranger.without_order(goods(book, PROCURE_TO_PAY), 9, Decimal("71.00"))
    part.columns.update(chain.named(chain.lines[0]))
    document = stranger.invoice(day + days(12), [part])
    for control in ("DAT-11", "MIS-01"):
        book.expect(control, *on_invoice(stranger, document, part.line), "names the order of another supplier")


@plants("DAT-12")
def billed_in_dollars(book: Book) -> None:
    """Ordered and received in yuan, billed in dollars."""
    day = book.day_between(ago(28), ago(20))
    chain, line = order(book, PROCURE_TO_PAY, day, "35.00")
    chain.fulfil(day + days(2), chain.whole())
    document = chain.invoice(day + days(5), chain.whole(), currency="USD", fx_rate=book.masters.rate("USD", day + days(5)))
    book.expect("DAT-12", *on_invoice(chain, document, line), "order in CNY, bill in USD")


@plants("DAT-17")
def received_after_the_close(book: Book) -> None:
    """The last two of 100 came and were billed more than five days after the line was closed at 98."""
    day = some_time(book)
    closed = day + days(10)
    chain, line = order(book, PROCURE_TO_PAY, day, "47.00", is_closed="true", closed_at=book.moment(closed, 8))
    chain.fulfil(day + days(5), [Part(line, Decimal(98))])
    chain.invoice(day + days(8), [Part(line, Decimal(98))])
    late = closed + days(book.rng.randint(6, 20))
    receipt = chain.fulfil(late, [Part(line, Decimal(2))])
    document = chain.invoice(late + days(3), [Part(line, Decimal(2))])
    book.expect("DAT-17", *on_fulfilment(chain, receipt, line), "received after the line was closed")
    book.expect("DAT-17", *on_invoice(chain, document, line), "billed for goods after the close")


@plants("DAT-17")
def received_after_cancellation(book: Book) -> None:
    """Goods came for an order the day after it was cancelled."""
    day = book.day_between(ago(24), ago(5))
    stamp = book.moment(day - days(1), 15)
    chain, line = order(book, PROCURE_TO_PAY, day - days(12), "53.00", is_cancelled="true", doc_status="cancelled", closed_at=stamp)
    receipt = chain.fulfil(day, chain.whole())
    document, named = _receipt(chain, receipt)
    book.expect("DAT-17", document, on_order(chain, line)[1], "received after the order was cancelled")
    for control in ("DAT-10", "MIS-05"):
        book.expect(control, document, named, "the order named is cancelled")


def _receipt(chain: Chain, receipt: Document) -> tuple[tuple[str, str, str], tuple[str, str]]:
    return (chain.cycle.fulfilment_type, receipt.number, "1"), _NOWHERE


@plants("MIS-16")
def two_orders_fit(book: Book) -> None:
    """A bill names nothing, and two open orders of the supplier fit it equally."""
    day = book.day_between(ago(40), ago(20))
    chain, line = order(book, PROCURE_TO_PAY, day, "27.50")
    twin = Chain(book, PROCURE_TO_PAY, day, chain.party, company_code=chain.company, promised_date=LATER)
    twin.line(line.item, 100, Decimal("27.50"))
    approve_order(twin)
    part = chain.without_order(line.item, 100, Decimal("27.50"))
    document = chain.invoice(day + days(10), [part])
    for control in ("MIS-01", "MIS-16"):
        book.expect(control, *on_invoice(chain, document, part.line), "names nothing, two orders fit")


@plants("MIS-16")
def bill_for_one_of_two_equal_lines(book: Book) -> None:
    """An order has two equal lines; a bill for one of them does not say which."""
    day = book.day_between(ago(28), ago(20))
    chain, line = order(book, PROCURE_TO_PAY, day, "34.00", 30)
    chain.line(line.item, 30, Decimal("34.00"))
    part = chain.without_order(line.item, 30, Decimal("34.00"))
    part.columns["po_number"] = chain.number
    document = chain.invoice(day + days(8), [part])
    for control in ("MIS-01", "MIS-16"):
        book.expect(control, *on_invoice(chain, document, part.line), "does not say which of two equal lines")
