"""Quantities, prices and waiting times exactly at their limits."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY, Cycle
from recon.sample.approvals import approve_order
from recon.sample.book import AS_OF, CENT, ZERO, Book, Row, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import domestic, goods, order, some_time
from recon.sample.traps.registry import spares

_EX_WORKS: dict[str, str] = {"incoterm": "EXW", "goods_issue_posted": "true"}


@spares("QTY-05", "MIS-03")
def over_delivery_of_five_per_cent(book: Book) -> None:
    """105 received of 100, thirty days ago to the day: 100 billed, 5 still wait for a bill."""
    chain, line = order(book, PROCURE_TO_PAY, ago(40), "21.00")
    chain.fulfil(ago(30), [Part(line, Decimal(105))])
    chain.invoice(ago(25), chain.whole())


@spares("QTY-05")
def over_delivery_allowed_on_the_line(book: Book) -> None:
    """The line itself allows ten per cent: 110 received, 10 sent back, 100 billed."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "21.00", over_receipt_share=Decimal("0.10"))
    receipt = chain.fulfil(day + days(5), [Part(line, Decimal(110))])
    chain.undo(receipt, day + days(8), "return", [Decimal(10)])
    chain.invoice(day + days(9), chain.whole())


@spares("QTY-14", "QTY-12", "PRC-07")
def over_shipment_of_two_per_cent(book: Book) -> None:
    """102 shipped and billed of 100."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "75.00")
    chain.fulfil(day + days(5), [Part(line, Decimal(102))], **_EX_WORKS)
    chain.invoice(day + days(6), [Part(line, Decimal(102))])


@spares("QTY-04")
def closed_at_98_per_cent(book: Book) -> None:
    """Closed with 98 of 100 received."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "52.00", is_closed="true", closed_at=book.moment(day + days(6), 8))
    chain.fulfil(day + days(5), [Part(line, Decimal(98))])
    chain.invoice(day + days(9), [Part(line, Decimal(98))])


@spares("QTY-01", "QTY-02")
def billed_to_the_last_unit(book: Book) -> None:
    """Three receipts and two bills of a quantity with decimals, equal to the last gram."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(book.rng.choice(book.masters.items["BULK"]), Decimal("1000.001"), Decimal("8.30"))
    approve_order(chain)
    for offset, weight in ((4, "333.333"), (6, "333.334"), (8, "333.334")):
        chain.fulfil(day + days(offset), [Part(line, Decimal(weight))])
    for offset, weight in ((7, "600.0005"), (12, "400.0005")):
        chain.invoice(day + days(offset), [Part(line, Decimal(weight))])


def _billed(book: Book, cycle: Cycle, quantity: int, price: str, billed_price: str) -> None:
    day = some_time(book)
    chain, line = order(book, cycle, day, price, quantity)
    chain.fulfil(day + days(4), chain.whole(), **({} if chain.buys else _EX_WORKS))
    chain.invoice(day + days(5), [Part(line, line.quantity, {"unit_price_net": Decimal(billed_price)})])


@spares("PRC-01", "PRC-07")
def small_line_two_per_cent_above(book: Book) -> None:
    """A line of 1,000 billed exactly two per cent above the order, both ways round the cycle."""
    _billed(book, PROCURE_TO_PAY, 100, "10.00", "10.20")
    _billed(book, ORDER_TO_CASH, 100, "10.00", "10.20")


@spares("PRC-02")
def small_line_two_per_cent_below(book: Book) -> None:
    """A line of 1,000 billed exactly two per cent below the order."""
    _billed(book, PROCURE_TO_PAY, 100, "10.00", "9.80")
    _billed(book, ORDER_TO_CASH, 100, "10.00", "9.80")


@spares("PRC-01", "PRC-02")
def large_line_ten_off(book: Book) -> None:
    """Lines of 5,000 billed 10.00 above and 10.00 below."""
    _billed(book, PROCURE_TO_PAY, 100, "50.00", "50.10")
    _billed(book, ORDER_TO_CASH, 100, "50.00", "49.90")


@spares("PRC-01")
def half_as_dear_again_on_a_trifle(book: Book) -> None:
    """A line of 20 billed at 30: fifty per cent, and just 10.00."""
    _billed(book, PROCURE_TO_PAY, 10, "2.00", "3.00")


@spares("PRC-07")
def order_value_fifty_above(book: Book) -> None:
    """Ten bills of 100 each 5.00 above: five per cent together, and just 50.00."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "10.00")
    for week in range(10):
        chain.fulfil(day + days(3 + 5 * week), [Part(line, Decimal(10))])
        chain.invoice(day + days(4 + 5 * week), [Part(line, Decimal(10), {"unit_price_net": Decimal("10.50")})])


@spares("PRC-03")
def half_a_per_cent_above_the_agreement(book: Book) -> None:
    """Ordered as near to half a per cent above the framework agreement as the cent allows."""
    day = some_time(book)
    supplier = book.rng.choice([p for p in book.masters.suppliers if p.framework])
    item = book.masters.items["MECHANICAL"][3]
    agreed = book.masters.price(supplier, item)
    chain = Chain(book, PROCURE_TO_PAY, day, supplier, contract_id=f"FA-{supplier.party_id}")
    chain.line(item, 4, agreed + (agreed * Decimal("0.005")).quantize(CENT, "ROUND_DOWN"))
    approve_order(chain)
    chain.fulfil(day + days(8), chain.whole())
    chain.invoice(day + days(12), chain.whole())


@spares("MIS-02")
def billed_five_days_ago(book: Book) -> None:
    """Billed five days ago, nothing received: in flight."""
    chain, line = order(book, PROCURE_TO_PAY, ago(9), "47.00")
    line.row["promised_date"] = ago(3)
    chain.invoice(ago(5), chain.whole())


@spares("MIS-03")
def received_thirty_days_ago(book: Book) -> None:
    """Received thirty days ago, not billed."""
    chain, _ = order(book, PROCURE_TO_PAY, ago(37), "39.00")
    chain.fulfil(ago(30), chain.whole())


@spares("MIS-04")
def due_three_days_ago(book: Book) -> None:
    """Promised for three days ago, nothing received: within the grace."""
    _, line = order(book, PROCURE_TO_PAY, ago(33), "28.00")
    line.row["promised_date"] = ago(3)


@spares("MIS-05")
def received_today_without_order(book: Book) -> None:
    """Goods entered exactly 24 hours before the as-of day ends: their order may still be written."""
    chain = Chain(book, PROCURE_TO_PAY, AS_OF, domestic(book, PROCURE_TO_PAY))
    part = chain.without_order(goods(book, PROCURE_TO_PAY), 10, Decimal("33.00"))
    chain.fulfil(AS_OF, [part], created_at=f"{AS_OF}T00:00:00+08:00")


@spares("MIS-09")
def shipped_three_days_ago(book: Book) -> None:
    """Shipped three days ago, not billed."""
    chain, _ = order(book, ORDER_TO_CASH, ago(8), "81.00")
    chain.fulfil(ago(3), chain.whole(), **_EX_WORKS)


@spares("MIS-10")
def billed_today(book: Book) -> None:
    """Billed on the as-of date, goods to leave in the evening."""
    chain, _ = order(book, ORDER_TO_CASH, ago(2), "69.00")
    chain.invoice(AS_OF, chain.whole())


@spares("MIS-11")
def unconfirmed_for_seven_days(book: Book) -> None:
    """Delivered to the door seven days ago, signature to come."""
    chain, _ = order(book, ORDER_TO_CASH, ago(12), "58.00")
    chain.fulfil(ago(7), chain.whole(), incoterm="DAP", goods_issue_posted="true")
    chain.invoice(ago(6), chain.whole())


@spares("QTY-08", "PRC-07")
def service_billed_up_to_its_value(book: Book) -> None:
    """A service of 10,000 billed in halves, and a correction of nothing afterwards."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY))
    line = chain.line(book.masters.items["SERVICES"][0], 10, Decimal("1000.00"))
    approve_order(chain)
    for offset in (10, 30):
        chain.invoice(day + days(offset), [Part(line, line.quantity / 2)])


@spares("QTY-03")
def rejected_goods_not_billed(book: Book) -> None:
    """100 received, 10 rejected, 90 billed; the rejects wait for the supplier's van."""
    chain = Chain(book, PROCURE_TO_PAY, ago(30), domestic(book, PROCURE_TO_PAY), promised_date=ago(15))
    line = chain.line(book.masters.items["INSPECTED"][0], 100, match_level="4way")
    approve_order(chain)
    checked: Row = {"quantity_accepted": Decimal(90), "quantity_rejected": Decimal(10), "inspected_at": book.moment(ago(19), 16)}
    chain.fulfil(ago(20), [Part(line, line.quantity, checked)])
    chain.invoice(ago(15), [Part(line, Decimal(90))])


@spares("QTY-01", "DAT-08")
def freight_is_no_quantity(book: Book) -> None:
    """Freight and a rounding line on an invoice carry no quantity and no unit."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "63.00", planned_charge_amount=Decimal("180.00"), charge_code="FREIGHT")
    chain.fulfil(day + days(5), chain.whole())
    rounding = chain.charge(CENT, "")
    rounding.columns.update({"line_kind": "rounding", "charge_code": None, "tax_rate": ZERO})
    chain.invoice(day + days(7), [*chain.whole(), chain.charge(Decimal("180.00"), "FREIGHT"), rounding])
