"""Charges nobody planned, above plan, or never billed; freight that leads nowhere or is paid twice; credits and advances gone astray."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Document, Line, Part
from recon.sample.faults.agreed import stranger
from recon.sample.faults.registry import LATER, goods, on_document, on_order, on_row, order, plants, some_time
from recon.sample.newcomers import newcomer
from recon.sample.settle import apply, receive, settle

if TYPE_CHECKING:
    from datetime import date


def with_charge(book: Book, amount: str, planned: str | None = None) -> tuple[Chain, Line, Document]:
    """An order of 3,000 in full, billed with a freight charge on its own order line as line 2."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "30.00")
    if planned:
        line.row.update({"planned_charge_amount": Decimal(planned), "charge_code": "FREIGHT"})
    chain.fulfil(day + days(5), chain.whole())
    freight = chain.charge(Decimal(amount), "FREIGHT")
    freight.columns.update({"po_line_no": line.number})
    return chain, line, chain.invoice(day + days(9), [*chain.whole(), freight])


def on_second(chain: Chain, document: Document, line: Line) -> tuple[tuple[str, str, str], tuple[str, str]]:
    """How an exception names the second line of an invoice."""
    return (chain.cycle.invoice_type, document.number, "2"), (chain.number, line.number)


def carried(book: Book, day: date, waybill: str) -> Chain:
    """An order of 2,000 received in full under a waybill."""
    chain, _ = order(book, PROCURE_TO_PAY, day - days(9), "20.00")
    chain.fulfil(day, chain.whole(), supplier_delivery_note=waybill)
    return chain


def freight_bill(goods_of: Chain, day: date, waybill: str, amount: str = "300.00") -> Document:
    """A carrier's bill to the company that received those goods."""
    book = goods_of.book
    chain = Chain(book, PROCURE_TO_PAY, day, newcomer(book, PROCURE_TO_PAY), company_code=goods_of.company)
    bare = chain.without_order(goods(book, PROCURE_TO_PAY), 1, Decimal(amount))
    blank: Row = dict.fromkeys(("item_id", "quantity", "uom", "unit_price_net", "price_per"))
    said: Row = {"line_kind": "charge", "charge_code": "FREIGHT", "line_amount_net": Decimal(amount), "supplier_delivery_note": waybill}
    return chain.invoice(day, [Part(bare.line, Decimal(0), blank | said)])


@plants("CHG-01")
def freight_nobody_planned(book: Book) -> None:
    """180 of freight on an order that plans none."""
    chain, line, document = with_charge(book, "180.00")
    book.expect("CHG-01", *on_second(chain, document, line), "180 of freight, nothing planned")


@plants("CHG-02")
def freight_above_plan(book: Book) -> None:
    """120 of freight planned, 140 billed."""
    chain, line, document = with_charge(book, "140.00", planned="120.00")
    book.expect("CHG-02", *on_second(chain, document, line), "140 of freight, 120 planned")


@plants("CHG-03")
def freight_never_billed(book: Book) -> None:
    """120 of freight planned; the last bill is in and does not mention it."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "30.00", planned_charge_amount=Decimal("120.00"), charge_code="FREIGHT", is_final_invoice="true")
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(9), chain.whole())
    book.expect("CHG-03", *on_order(chain, line), "freight of 120 never billed")


@plants("CHG-04")
def transport_of_nothing(book: Book) -> None:
    """A carrier bills a waybill that no receipt bears."""
    day = some_time(book)
    chain = carried(book, day, f"WB-{book.rng.randint(100_000, 899_999)}")
    chain.invoice(day + days(6), chain.whole())
    document = freight_bill(chain, day + days(8), f"WB-{book.rng.randint(900_000, 999_999)}")
    book.expect("CHG-04", *on_row("supplier_invoice", document.number), "waybill on no receipt")


@plants("CHG-05")
def transport_paid_twice(book: Book) -> None:
    """Two carriers bill the same waybill within four days."""
    day = some_time(book)
    waybill = f"WB-{book.rng.randint(100_000, 899_999)}"
    chain = carried(book, day, waybill)
    chain.invoice(day + days(6), chain.whole())
    for after, amount in ((5, "300.00"), (9, "280.00")):
        document = freight_bill(chain, day + days(after), waybill, amount)
        book.expect("CHG-05", *on_row("supplier_invoice", document.number), "the same waybill is billed twice")


@plants("RET-05")
def credit_left_lying(book: Book) -> None:
    """Ten of a hundred went back and were credited; the bill was then paid in full."""
    chain = Chain(book, PROCURE_TO_PAY, ago(70), newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("15.00"))
    approve_order(chain)
    receipt = chain.fulfil(ago(64), chain.whole())
    document = chain.invoice(ago(60), chain.whole())
    chain.undo(receipt, ago(56), "return", [Decimal(10)])
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    credit = chain.invoice(ago(52), [Part(line, Decimal(-10), named)], "credit")
    due = document.rows[0]["due_date"]
    settle(chain, due if isinstance(due, type(ago(0))) and due < ago(0) else ago(1), [document])
    book.expect("PAY-03", (chain.cycle.invoice_type, document.number, ""), (chain.number, ""), "paid in full in spite of the credit")
    book.expect("RET-05", (chain.cycle.invoice_type, credit.number, ""), (chain.number, ""), "open although the bill was paid in full")


@plants("RET-06")
def paid_ahead_and_forgotten(book: Book) -> None:
    """1,000 billed and paid ahead; the order is complete and nothing was taken off its bill."""
    chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY), promised_date=ago(20))
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("40.00"))
    approve_order(chain)
    ahead: Row = dict.fromkeys(("item_id", "quantity", "uom", "unit_price_net", "price_per"))
    advance = chain.invoice(ago(58), [Part(line, Decimal(0), ahead | {"line_amount_net": Decimal("1000.00")})], "prepayment")
    chain.fulfil(ago(45), chain.whole())
    chain.invoice(ago(40), chain.whole())
    book.expect("RET-06", (chain.cycle.invoice_type, advance.number, ""), (chain.number, ""), "1,000 paid ahead and never taken off")


@plants("RET-07")
def applied_twice_over(book: Book) -> None:
    """An advance of 2,000 is said to pay 1,200 of one bill and 900 of another."""
    chain = Chain(book, PROCURE_TO_PAY, ago(60), newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("40.00"))
    approve_order(chain)
    number = receive(chain, ago(55), Decimal("2000.00"), payment_kind="prepayment")
    chain.fulfil(ago(45), chain.whole())
    for part, amount in (("60", "1200.00"), ("40", "900.00")):
        document = chain.invoice(ago(20), [Part(line, Decimal(part))])
        apply(chain, number, document.number, Decimal(amount))
    book.expect("RET-07", *on_document("supplier_payment", number), "2,100 applied of 2,000")


@plants("RET-08")
def credited_on_the_wrong_bill(book: Book) -> None:
    """Bills over 40 and 60; 50 went back and are credited on the smaller one."""
    day = book.day_between(ago(55), ago(45))
    chain, line = stranger(book, day, "33.00")
    receipt = chain.fulfil(day + days(5), chain.whole())
    small = chain.invoice(day + days(7), [Part(line, Decimal(40))])
    chain.invoice(day + days(8), [Part(line, Decimal(60))])
    chain.undo(receipt, day + days(12), "return", [Decimal(50)])
    named: Row = {"origin_invoice_number": small.number, "origin_invoice_line_no": "1"}
    chain.invoice(day + days(16), [Part(line, Decimal(-50), named)], "credit")
    book.expect("RET-08", (chain.cycle.invoice_type, small.number, ""), (chain.number, ""), "50 credited on a bill over 40")
