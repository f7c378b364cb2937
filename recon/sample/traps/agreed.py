"""Last bills, limits, periods, signatures, losses, returns, credits, charges and advances exactly at what is allowed."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample import approvals
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.agreed import by_amount, electronics, limit_order, signed_for, stranger
from recon.sample.faults.charges import carried, freight_bill, with_charge
from recon.sample.faults.registry import LATER, goods, order, some_time
from recon.sample.newcomers import newcomer
from recon.sample.settle import receive, settle
from recon.sample.traps.registry import spares

_EX_WORKS: dict[str, str] = {"incoterm": "EXW", "goods_issue_posted": "true"}


def _named(number: str, **columns: Decimal) -> Row:
    return {"origin_invoice_number": number, "origin_invoice_line_no": "1", **columns}


@spares("QTY-06", "CHG-03", "BAL-04")
def last_bill_in_full(book: Book) -> None:
    """The last bill covers all 100 received, and nine tenths of the freight that was planned; cost and bill are 10.00 apart."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "30.00", planned_charge_amount=Decimal("120.00"), charge_code="FREIGHT", is_final_invoice="true")
    chain.fulfil(day + days(5), [Part(line, line.quantity, {"unit_cost_net": Decimal("29.90"), "currency": chain.currency})])
    freight = chain.charge(Decimal("108.00"), "FREIGHT")
    freight.columns.update({"po_line_no": line.number})
    chain.invoice(day + days(9), [*chain.whole(), freight])


@spares("QTY-07")
def half_a_per_cent_lost(book: Book) -> None:
    """Five of a thousand were declared lost: half a per cent to the gram."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "9.00", 1000)
    chain.fulfil(day + days(6), [Part(line, Decimal(995), {"quantity_declared_loss": Decimal(5)})])
    chain.invoice(day + days(9), chain.whole())


@spares("QTY-09", "QTY-10")
def limit_used_up_on_the_last_day(book: Book) -> None:
    """Billed up to the limit to the cent, the last bill on the last day of the agreement."""
    chain, line = limit_order(book, "9000.00")
    line.row.update({"valid_from": chain.day, "valid_to": chain.day + days(60)})
    by_amount(chain, line, 20, "4000.00")
    by_amount(chain, line, 60, "5000.00")


@spares("QTY-13")
def signature_nine_days_ago(book: Book) -> None:
    """97 of 100 signed for; the credit for three may still come tomorrow."""
    chain, _ = order(book, ORDER_TO_CASH, ago(20), "72.00")
    shipment = chain.fulfil(ago(12), chain.whole(), incoterm="DAP", goods_issue_posted="true")
    signed_for(chain, shipment, "97", quantity_damaged=Decimal(3))
    chain.invoice(ago(11), chain.whole())


@spares("QTY-15")
def closed_within_two_per_cent(book: Book) -> None:
    """One line closed with 98 of 100 shipped; of another the sales manager decided to drop forty."""
    day = some_time(book)
    for shipped in (98, 60):
        chain, line = order(book, ORDER_TO_CASH, day, "54.00", is_closed="true")
        chain.fulfil(day + days(6), [Part(line, Decimal(shipped))], **_EX_WORKS)
        chain.invoice(day + days(8), [Part(line, Decimal(shipped))])
    keys: Row = {"company_code": chain.company, "document_type": "sales_order", "document_number": chain.number}
    approvals.event(book, keys, "SALL1", book.moment(day + days(20), 15), action="close")


@spares("RET-01", "RET-02")
def sent_back_yesterday_and_long_ago(book: Book) -> None:
    """Sent back 45 days ago and not yet credited; and a whole receipt sent back that was never billed."""
    chain, _ = electronics(book, 70, "26.00")
    receipt = chain.fulfil(ago(64), chain.whole())
    chain.invoice(ago(60), chain.whole())
    chain.undo(receipt, ago(45), "return", [Decimal(20)])
    other, line = order(book, PROCURE_TO_PAY, ago(80), "17.00")
    wrong = other.fulfil(ago(76), [Part(line, Decimal(40))])
    other.undo(wrong, ago(70), "return", [Decimal(40)])


@spares("RET-03", "RET-04", "RET-08")
def credited_to_the_cent(book: Book) -> None:
    """99 of 100 came back and are credited at the price of the bill."""
    day = some_time(book)
    chain, line = order(book, ORDER_TO_CASH, day, "40.00")
    shipment = chain.fulfil(day + days(3), chain.whole(), **_EX_WORKS)
    document = chain.invoice(day + days(4), chain.whole())
    chain.undo(shipment, day + days(8), "return", [Decimal(99)])
    chain.invoice(day + days(12), [Part(line, Decimal(-99), _named(document.number))], "credit")


@spares("RET-05", "RET-06", "RET-07")
def advance_used_up(book: Book) -> None:
    """1,000 billed ahead and taken off the bill; 2,000 paid ahead ninety days ago, for which nothing has come yet."""
    chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY), promised_date=ago(20))
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("40.00"))
    approve_order(chain)
    blank: Row = dict.fromkeys(("item_id", "quantity", "uom", "unit_price_net", "price_per"))
    advance = chain.invoice(ago(58), [Part(line, Decimal(0), blank | {"line_amount_net": Decimal("1000.00")})], "prepayment")
    chain.fulfil(ago(45), chain.whole())
    used: Row = {"line_kind": "prepayment_application", "line_amount_net": Decimal("-1000.00"), "origin_invoice_number": advance.number}
    document = chain.invoice(ago(40), [*chain.whole(), Part(line, Decimal(0), blank | used)])
    settle(chain, ago(10), [advance, document])
    waiting = Chain(book, PROCURE_TO_PAY, ago(95), newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    waiting.line(goods(book, PROCURE_TO_PAY), 10, Decimal("400.00"))
    approve_order(waiting)
    receive(waiting, ago(90), Decimal("2000.00"), payment_kind="prepayment")


@spares("CHG-01", "CHG-02")
def freight_to_the_limit(book: Book) -> None:
    """50 of freight that nobody planned, and ten above the 120 that were."""
    with_charge(book, "50.00")
    with_charge(book, "130.00", planned="120.00")


@spares("CHG-04", "CHG-05")
def freight_of_sixty_days_ago(book: Book) -> None:
    """A waybill billed sixty days after the receipt, and once more, by another carrier, eight days later for the onward leg."""
    day = book.day_between(ago(200), ago(90))
    waybill = f"WB-{book.rng.randint(100_000, 899_999)}"
    chain = carried(book, day, waybill)
    chain.invoice(day + days(6), chain.whole())
    freight_bill(chain, day + days(60), waybill)
    freight_bill(chain, day + days(52), waybill, "120.00")


@spares("BAL-02", "MIS-02")
def goods_of_sixty_days_ago(book: Book) -> None:
    """Of 100 billed sixty days ago ninety have come; the supplier credits the ten that did not."""
    chain, line = stranger(book, ago(70), "38.00")
    document = chain.invoice(ago(60), chain.whole())
    chain.fulfil(ago(58), [Part(line, Decimal(90))])
    chain.invoice(ago(50), [Part(line, Decimal(-10), _named(document.number))], "credit")
