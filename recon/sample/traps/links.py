"""Documents that hang together in an unusual way that is right: exempt, a day inside the grace, billed by the group."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import AS_OF, Book, Row, ago, days
from recon.sample.chain import Chain, Part, invoice
from recon.sample.faults.registry import LATER, domestic, goods, order, some_time
from recon.sample.newcomers import newcomer
from recon.sample.traps.registry import spares


@spares("MIS-06")
def waiting_for_inspection(book: Book) -> None:
    """Came three days ago to the day and waits for inspection."""
    chain = Chain(book, PROCURE_TO_PAY, ago(12), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    chain.line(book.masters.items["INSPECTED"][0], 25, match_level="4way")
    approve_order(chain)
    chain.fulfil(ago(3), chain.whole())


@spares("MIS-05")
def samples_from_a_supplier(book: Book) -> None:
    """Samples came without an order."""
    chain = Chain(book, PROCURE_TO_PAY, ago(9), domestic(book, PROCURE_TO_PAY))
    chain.fulfil(ago(9), [chain.without_order(goods(book, PROCURE_TO_PAY), 2, Decimal("5.00"))], movement_reason="samples")


@spares("MIS-12", "MIS-18")
def repaired_goods_billed_by_shipment(book: Book) -> None:
    """Repaired goods went back without an order and are billed by their shipment."""
    day = some_time(book)
    chain = Chain(book, ORDER_TO_CASH, day, domestic(book, ORDER_TO_CASH))
    part = chain.without_order(goods(book, ORDER_TO_CASH), 2, Decimal("80.00"))
    shipment = chain.fulfil(day, [part], incoterm="EXW", goods_issue_posted="true", movement_reason="repairs")
    part.columns.update(chain.fulfilled_by(shipment))
    chain.invoice(day + days(1), [part])


@spares("MIS-17")
def ordered_on_the_day_of_approval(book: Book) -> None:
    """The requisition was approved on the day of the order; another order came from the planning run without one."""
    day = some_time(book)
    for origin in (None, "planning run"):
        chain, line = order(book, PROCURE_TO_PAY, day, "23.00", order_origin=origin)
        if origin:
            book.rows["purchase_requisition_line"].pop()
            line.row["requisition_id"] = None
        else:
            chain.requisitions[0]["approved_at"] = f"{day}T17:00:00+08:00"
        chain.fulfil(day + days(6), chain.whole())
        chain.invoice(day + days(9), chain.whole())


@spares("MIS-18")
def shipped_within_the_day(book: Book) -> None:
    """Left the house this afternoon; the order is keyed tomorrow."""
    chain = Chain(book, ORDER_TO_CASH, AS_OF, domestic(book, ORDER_TO_CASH))
    part = chain.without_order(goods(book, ORDER_TO_CASH), 3, Decimal("95.00"))
    chain.fulfil(AS_OF, [part], incoterm="EXW", goods_issue_posted="true")


@spares("MIS-19")
def promised_for_today(book: Book) -> None:
    """Promised for the as-of day and not shipped; two per cent short of a promise of ten days ago."""
    for promised, shipped in ((AS_OF, 0), (ago(10), 98)):
        chain = Chain(book, ORDER_TO_CASH, ago(20), domestic(book, ORDER_TO_CASH), promised_date=promised)
        line = chain.line(goods(book, ORDER_TO_CASH), 100, Decimal("31.00"))
        approve_order(chain)
        if shipped:
            chain.fulfil(ago(15), [Part(line, Decimal(shipped))], incoterm="EXW", goods_issue_posted="true")
            chain.invoice(ago(14), [Part(line, Decimal(shipped))])


@spares("MIS-07")
def second_line_by_its_receipt(book: Book) -> None:
    """The first line of a bill names its order, the second one only the receipt, which leads to the order."""
    day = some_time(book)
    chain, first = order(book, PROCURE_TO_PAY, day, "26.00")
    second = chain.line(goods(book, PROCURE_TO_PAY), 30, Decimal("8.40"))
    receipt = chain.fulfil(day + days(6), chain.whole())
    by_receipt: Row = {**chain.fulfilled_by(receipt, 1), "po_number": None, "po_line_no": None}
    chain.invoice(day + days(9), [Part(first, first.quantity), Part(second, second.quantity, by_receipt)])


@spares("DAT-11")
def billed_by_the_sister(book: Book) -> None:
    """Ordered from one firm of a group, billed by another one of it: by the master they are one party."""
    day, group = some_time(book), book.number("GROUP")
    maker, seller = (newcomer(book, PROCURE_TO_PAY, group_id=group) for _ in range(2))
    chain = Chain(book, PROCURE_TO_PAY, day, maker, promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("28.40"))
    approve_order(chain)
    chain.fulfil(day + days(6), chain.whole())
    sister = Chain(book, PROCURE_TO_PAY, day, seller, company_code=chain.company)
    invoice(sister, day + days(9), [(chain, Part(line, line.quantity))])


@spares("DAT-12")
def two_orders_in_two_currencies(book: Book) -> None:
    """One supplier has an order in yuan and one in dollars for the same goods; each is billed in its own currency."""
    day, party, item = some_time(book), domestic(book, PROCURE_TO_PAY), goods(book, PROCURE_TO_PAY)
    for later, currency, price in ((0, "CNY", "71.00"), (9, "USD", "10.00")):
        begun = day + days(later)
        terms = {"currency": currency, "fx_rate": str(book.masters.rate(currency, begun))}
        chain = Chain(book, PROCURE_TO_PAY, begun, party, company_code="C10", promised_date=LATER, **terms)
        chain.line(item, 50, Decimal(price))
        approve_order(chain)
        chain.fulfil(begun + days(2), chain.whole())
        chain.invoice(begun + days(5), chain.whole())


@spares("DAT-17")
def billed_after_the_close(book: Book) -> None:
    """The last piece came five days after the close, in the grace; the bill came a month later, for goods that are in."""
    day = some_time(book)
    closed = day + days(9)
    chain, line = order(book, PROCURE_TO_PAY, day, "28.00", is_closed="true", closed_at=book.moment(closed, 8))
    chain.fulfil(day + days(6), [Part(line, Decimal(99))])
    chain.fulfil(closed + days(5), [Part(line, Decimal(1))])
    chain.invoice(closed + days(40), chain.whole())


@spares("MIS-16", "MIS-01")
def both_of_two_equal_lines(book: Book) -> None:
    """A bill for both equal lines of an order names the order only: whichever is which, no figure depends on it."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "16.00", 45)
    chain.line(line.item, 45, Decimal("16.00"))
    chain.fulfil(day + days(5), chain.whole())
    named = {"po_number": chain.number, "po_line_no": None}
    chain.invoice(day + days(8), [Part(each, each.quantity, dict(named)) for each in chain.lines])
