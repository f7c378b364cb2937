"""Data that cannot be trusted: units without conversion, references into the void, rows said twice or in two ways."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Part
from recon.sample.faults.registry import on_invoice, on_row, order, plants, some_time
from recon.sample.settle import settle


@plants("DAT-01")
def receipt_without_quantity(book: Book) -> None:
    """A receipt line of which nobody wrote down how much came: it is set aside."""
    day = book.day_between(ago(20), ago(3))
    chain, line = order(book, PROCURE_TO_PAY, day, "12.00")
    receipt = chain.fulfil(day + days(2), [Part(line, Decimal(40))])
    receipt.rows[0]["quantity"] = None
    book.expect("DAT-01", *on_row("goods_receipt", receipt.number), "no quantity; the row is set aside")


@plants("DAT-01")
def receipt_of_no_number(book: Book) -> None:
    """A receipt of which somebody wrote N/A where its number should stand: it is set aside."""
    day = book.day_between(ago(20), ago(3))
    chain, line = order(book, PROCURE_TO_PAY, day, "12.00")
    chain.fulfil(day + days(2), [Part(line, Decimal(40))], receipt_number="n/a")
    book.expect("DAT-01", *on_row("goods_receipt", "n/a"), "a placeholder instead of a number; the row is set aside")


@plants("DAT-02")
def receipt_with_a_letter_in_its_date(book: Book) -> None:
    """A receipt line whose date is written with the letter O: it is set aside."""
    day = book.day_between(ago(20), ago(3))
    chain, line = order(book, PROCURE_TO_PAY, day, "12.00")
    receipt = chain.fulfil(day + days(2), [Part(line, Decimal(40))])
    receipt.rows[0]["receipt_date"] = "2O26-10-01"
    book.expect("DAT-02", *on_row("goods_receipt", receipt.number), "a letter in the date; the row is set aside")


@plants("DAT-08")
def billed_in_pallets(book: Book) -> None:
    """Ordered and received in pieces, billed in pallets nobody has counted."""
    day = book.day_between(ago(28), ago(15))
    chain, line = order(book, PROCURE_TO_PAY, day, "13.00")
    chain.fulfil(day + days(5), chain.whole())
    terms: Row = {"uom": "PALLET", "unit_price_net": Decimal("650.00")}
    document = chain.invoice(day + days(8), [Part(line, Decimal(2), terms)])
    book.expect("DAT-08", *on_invoice(chain, document, line), "no conversion from PALLET to PCS")


@plants("DAT-10")
def receipt_unknown(book: Book) -> None:
    """The invoice names its order line rightly and a receipt that does not exist."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "17.00")
    chain.fulfil(day + days(5), chain.whole())
    unknown: Row = {"receipt_number": f"GR-9{book.rng.randint(10000, 99999)}", "receipt_line_no": "1"}
    document = chain.invoice(day + days(8), [Part(line, line.quantity, unknown)])
    book.expect("DAT-10", *on_row("supplier_invoice", document.number), "names a receipt that does not exist")


@plants("DAT-10")
def invoice_of_receipt_unknown(book: Book) -> None:
    """The receipt names an invoice that nobody has entered; the invoice of the goods is another one."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "23.00")
    receipt = chain.fulfil(day + days(5), chain.whole(), invoice_number=f"X-9{book.rng.randint(10000, 99999)}")
    chain.invoice(day + days(8), chain.whole())
    book.expect("DAT-10", *on_row("goods_receipt", receipt.number), "names an invoice that does not exist")


@plants("DAT-10")
def order_unknown(book: Book) -> None:
    """The invoice names an order that does not exist, and so has none."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "11.00")
    part = chain.without_order(chain.lines[0].item, 8, Decimal("240.00"))
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(8), chain.whole())
    unknown: Row = {"po_number": f"PO-9{book.rng.randint(10000, 99999)}", "po_line_no": "10"}
    document = chain.invoice(day + days(20), [Part(part.line, part.quantity, unknown)])
    for control_id in ("DAT-10", "MIS-01"):
        book.expect(control_id, *on_invoice(chain, document, part.line), "names an order that does not exist")


@plants("DAT-13")
def receipt_sent_twice(book: Book) -> None:
    """One row of a receipt stands twice in the extract."""
    day = some_time(book)
    chain, _ = order(book, PROCURE_TO_PAY, day, "23.00")
    receipt = chain.fulfil(day + days(5), chain.whole())
    document = chain.invoice(day + days(8), chain.whole())
    settle(chain, day + days(40), [document])
    book.add("goods_receipt_line", dict(receipt.rows[0]))
    book.expect("DAT-13", *on_row("goods_receipt", receipt.number), "the row stands twice in the extract")


@plants("DAT-13")
def sale_sent_twice(book: Book) -> None:
    """One row of a customer invoice stands twice in the extract."""
    day = some_time(book)
    chain, _ = order(book, ORDER_TO_CASH, day, "35.00")
    chain.fulfil(day + days(5), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    document = chain.invoice(day + days(6), chain.whole())
    book.add("customer_invoice_line", dict(document.rows[0]))
    book.expect("DAT-13", *on_row("customer_invoice", document.number), "the row stands twice in the extract")


@plants("DAT-14")
def receipt_in_two_versions(book: Book) -> None:
    """One receipt line with two quantities: neither is used."""
    day = book.day_between(ago(90), ago(10))
    chain, line = order(book, PROCURE_TO_PAY, day, "44.00")
    receipt = chain.fulfil(day + days(4), [Part(line, Decimal(40))])
    book.add("goods_receipt_line", receipt.rows[0] | {"quantity": Decimal(50)})
    book.expect("DAT-14", *on_row("goods_receipt", receipt.number), "40 in one row, 50 in another")
