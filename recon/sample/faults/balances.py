"""Balances that point at one another, stand on the wrong side, or come from a pack counted as a piece."""

from __future__ import annotations

from decimal import Decimal

from recon.domain.cycles import PROCURE_TO_PAY
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, goods, on_fulfilment, on_invoice, on_order, order, plants, some_time
from recon.sample.newcomers import newcomer
from recon.sample.settle import settle


@plants("BAL-03")
def booked_on_the_other_line(book: Book) -> None:
    """70 received on one line and 70 billed on another line of the same item, both within days."""
    chain = Chain(book, PROCURE_TO_PAY, ago(12), newcomer(book, PROCURE_TO_PAY), promised_date=ago(-3))
    item = goods(book, PROCURE_TO_PAY)
    first, second = chain.line(item, 70, Decimal("3.00")), chain.line(item, 70, Decimal("3.00"))
    approve_order(chain)
    chain.fulfil(ago(6), [Part(first, first.quantity)])
    chain.invoice(ago(4), [Part(second, second.quantity)])
    book.expect("BAL-03", *on_order(chain, first), "received here, billed on the next line")


@plants("BAL-09")
def owed_by_the_supplier(book: Book) -> None:
    """All went back and was credited after the bill had been paid: the supplier owes us."""
    chain = Chain(book, PROCURE_TO_PAY, ago(140), newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("12.00"))
    approve_order(chain)
    receipt = chain.fulfil(ago(134), chain.whole())
    document = chain.invoice(ago(130), chain.whole())
    settle(chain, ago(100), [document])
    chain.undo(receipt, ago(90), "return", [Decimal(50)])
    named: Row = {"origin_invoice_number": document.number, "origin_invoice_line_no": "1"}
    credit = chain.invoice(ago(80), [Part(line, Decimal(-50), named)], "credit")
    book.expect("BAL-09", ("supplier", chain.party.party_id, ""), ("", ""), "half came back and was credited after it was paid")
    book.expect("RET-05", (chain.cycle.invoice_type, credit.number, ""), (chain.number, ""), "open for 80 days")
    book.expect("PAY-03", (chain.cycle.invoice_type, document.number, ""), (chain.number, ""), "paid in full, half credited later")


@plants("QTY-11")
def boxes_booked_as_pieces(book: Book) -> None:
    """Five boxes of twelve were booked in as five pieces; sixty pieces are billed as ordered."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "7.00", 60)
    chain.fulfil(day + days(5), [Part(line, Decimal(5))])
    document = chain.invoice(day + days(9), chain.whole())
    book.expect("QTY-11", *on_invoice(chain, document, line), "60 billed, 5 received: a dozen")
    book.expect("QTY-01", *on_invoice(chain, document, line), "60 billed, 5 received")


@plants("BAL-05")
def posted_past_the_sub_ledger(book: Book) -> None:
    """A receivables account of a dormant company, with no invoice open, still shows a manual posting of 1.01."""
    number = book.number("1122").replace("-", ".")
    row: Row = {"company_code": f"D{number[-3:]}", "account": number, "account_role": "receivables", "as_of_date": ago(0)}
    book.add("gl_balance", row | {"balance": Decimal("1.01"), "currency": "CNY"})
    book.expect("BAL-05", ("gl_balance", number, ""), ("", ""), "1.01 in the ledger, no open item")


@plants("BAL-10")
def allowance_with_a_debit(book: Book) -> None:
    """The allowance of a dormant company, whose customers owe nothing, stands 10,000.01 in debit: less than nothing is set aside."""
    number = book.number("1231").replace("-", ".")
    row: Row = {"company_code": f"E{number[-3:]}", "account": number, "account_role": "allowance", "as_of_date": ago(0)}
    book.add("gl_balance", row | {"balance": Decimal("10000.01"), "currency": "CNY"})
    book.expect("BAL-10", ("gl_balance", number, ""), ("", ""), "10,000.01 in debit, nothing owed")


@plants("DAT-09")
def boxes_of_ten(book: Book) -> None:
    """Five boxes received, which the receipt counts as fifty pieces; the master has twelve in a box."""
    day = some_time(book)
    chain = Chain(book, PROCURE_TO_PAY, day, newcomer(book, PROCURE_TO_PAY), promised_date=LATER)
    line = chain.line(book.masters.items["PACKAGING"][0], 5, Decimal("84.00"), uom="BOX")
    approve_order(chain)
    receipt = chain.fulfil(day + days(5), [Part(line, line.quantity, {"quantity_base": Decimal(50)})])
    chain.invoice(day + days(9), chain.whole())
    book.expect("DAT-09", *on_fulfilment(chain, receipt, line), "five boxes of twelve called fifty pieces")
