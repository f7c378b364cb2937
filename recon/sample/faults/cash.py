"""Customers' money: too little, too much, too late, on the wrong invoice, or with no invoice at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from recon.domain.cycles import ORDER_TO_CASH
from recon.sample.approvals import approve_order
from recon.sample.book import Book, Value, ago, days, rounded
from recon.sample.chain import Chain, Document, Part
from recon.sample.faults.registry import goods, on_bill, on_document, on_invoice, plants
from recon.sample.newcomers import newcomer
from recon.sample.settle import apply, pay, receive, settle

#: a working day with working days around it
TUESDAY = date(2026, 10, 13)


def sold(book: Book, billed: date, price: str = "200.00", **terms: Value) -> tuple[Chain, Document]:
    """Ten pieces sold to a customer of its own, delivered ex works and billed; 2,260.00 unless the price says otherwise."""
    company = {"company_code": terms.pop("company_code")} if "company_code" in terms else {}
    chain = Chain(book, ORDER_TO_CASH, billed - days(10), newcomer(book, ORDER_TO_CASH), **company)
    chain.line(goods(book, ORDER_TO_CASH), 10, Decimal(price))
    approve_order(chain)
    chain.fulfil(billed - days(2), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    return chain, chain.invoice(billed, chain.whole(), "invoice", **terms)


def tolerated(book: Book, count: int) -> str:
    """So many bills of one customer, each paid 5.00 short; returns the last receipt."""
    chain = Chain(book, ORDER_TO_CASH, ago(40), newcomer(book, ORDER_TO_CASH))
    line = chain.line(goods(book, ORDER_TO_CASH), count, Decimal("1500.00"))
    approve_order(chain)
    chain.fulfil(ago(36), chain.whole(), incoterm="EXW", goods_issue_posted="true")
    number = ""
    for _ in range(count):
        document = chain.invoice(ago(26), [Part(line, Decimal(1))])
        number = receive(chain, ago(5), document.gross - 5, remittance_text=document.number)
    return number


@plants("CSH-01")
def five_short_twenty_one_times(book: Book) -> None:
    """Each difference is tolerated; together they are 105.00."""
    book.expect("CSH-01", *on_document("cash_receipt", tolerated(book, 21)), "105.00 written off in sum")


@plants("CSH-02")
def freight_claim(book: Book) -> None:
    """60.00 kept back with the reason freight claim."""
    chain, document = sold(book, ago(20))
    number = receive(chain, ago(8), document.gross - 60)
    apply(chain, number, document.number, document.gross - 60, reason_code="FREIGHT_CLAIM")
    book.expect("CSH-02", *on_document("cash_receipt", number), "60.00 kept back for freight")


@plants("CSH-03")
def forty_short(book: Book) -> None:
    """40.00 kept back without a word."""
    chain, document = sold(book, ago(20))
    number = receive(chain, ago(8), document.gross - 40, remittance_text=document.number)
    book.expect("CSH-03", *on_document("cash_receipt", number), "40.00 short, no reason")


@plants("CSH-08")
def fee_of_the_bank(book: Book) -> None:
    """12.00 less, the fee that the engagement names."""
    chain, document = sold(book, ago(20))
    number = receive(chain, ago(8), document.gross - 12, remittance_text=document.number)
    book.expect("CSH-08", *on_document("cash_receipt", number), "a fee of 12.00 kept by the bank")
    book.expect("CSH-03", *on_document("cash_receipt", number), "12.00 short, no reason")


@plants("CSH-09")
def tax_kept_back(book: Book) -> None:
    """A tenth of the amount without tax withheld."""
    chain, document = sold(book, ago(20))
    number = receive(chain, ago(8), document.gross - 200, remittance_text=document.number)
    book.expect("CSH-09", *on_document("cash_receipt", number), "200.00 withheld, a tenth of 2,000.00")
    book.expect("CSH-03", *on_document("cash_receipt", number), "200.00 short, no reason")


def rebilled(book: Book, later: int) -> tuple[Chain, Document]:
    """Billed, credited in full ten days later and billed again so many days after the first bill, due as much later; paid. Gives the new bill."""
    chain, document = sold(book, ago(60))
    back = Part(chain.lines[0], Decimal(-10), {"origin_invoice_line_no": "1"})
    credit = chain.invoice(ago(50), [back], "credit", origin_invoice_number=document.number)
    new = chain.invoice(ago(60 - later), chain.whole())
    settle(chain, ago(22), [document, credit, new])
    return chain, new


@plants("RET-09")
def bill_made_young_again(book: Book) -> None:
    """The new bill is due twenty days later than the one it stands for."""
    chain, new = rebilled(book, 20)
    book.expect("RET-09", *on_invoice(chain, new, chain.lines[0]), "credited and billed anew, due 20 days later")


@plants("CSH-04")
def fifty_too_much(book: Book) -> None:
    """50.00 more than the invoice, three days ago."""
    chain, document = sold(book, ago(20))
    number = receive(chain, ago(3), document.gross + 50, remittance_text=document.number)
    book.expect("CSH-04", *on_document("cash_receipt", number), "50.00 too much")


@plants("CSH-05")
def discount_kept_too_late(book: Book) -> None:
    """Two per cent offered until ten days after the bill and kept back after eighteen."""
    chain, document = sold(book, ago(28), discount_date=ago(18), discount_share=Decimal("0.02"))
    number = receive(chain, ago(10), document.gross - rounded(document.gross * Decimal("0.02"), "CNY"), remittance_text=document.number)
    book.expect("CSH-05", *on_document("cash_receipt", number), "discount kept eight days too late")


@plants("CSH-07")
def on_the_invoice_of_another(book: Book) -> None:
    """Cash of one customer applied to the invoice of another."""
    chain, document = sold(book, ago(20))
    payer = newcomer(book, ORDER_TO_CASH)
    keys: dict[str, Value] = {"company_code": chain.company, "customer_id": payer.party_id, "currency": "CNY"}
    number = pay(book, ORDER_TO_CASH, keys, ago(8), document.gross)
    apply(chain, number, document.number, document.gross, customer_id=payer.party_id)
    book.expect("CSH-07", *on_document("cash_receipt", number), f"applied to {document.number} of another customer")


@plants("CSH-15")
def recorded_days_later(book: Book) -> None:
    """In the bank on a Tuesday, in the books on Thursday."""
    chain, document = sold(book, ago(25))
    number = settle(chain, TUESDAY, [document])
    book.rows["cash_receipt"][-1]["posted_at"] = book.moment(TUESDAY + days(2), 11)
    book.expect("CSH-15", *on_document("cash_receipt", number), "recorded two working days later")


@plants("CSH-16")
def paid_after_it_was_written_off(book: Book) -> None:
    """All but 1,000.00 written off as lost; then the rest was paid after all."""
    chain, document = sold(book, ago(25))
    first = receive(chain, ago(15), Decimal(1000))
    apply(chain, first, document.number, Decimal(1000), write_off_amount=document.gross - 1000, reason_code="BAD_DEBT")
    number = receive(chain, ago(3), document.gross - 1000, remittance_text=document.number)
    book.expect("CSH-16", *on_document("cash_receipt", number), f"{document.gross - 1000} had been written off")
    book.expect("CSH-04", *on_document("cash_receipt", number), "the invoice was closed already")
    book.expect("SOD-07", *on_document("cash_receipt", first), "who applied the first part wrote the rest off")


def refunded(book: Book, account: str) -> str:
    """Paid in full, one piece sent back and credited, and that refunded to an account (none: the master's); returns the refund."""
    chain, document = sold(book, ago(25))
    settle(chain, ago(15), [document])
    line = chain.lines[0]
    chain.fulfil(
        ago(13),
        [Part(line, Decimal(-1))],
        "return",
        origin_shipment_number=str(book.rows["shipment_line"][-1]["shipment_number"]),
        origin_shipment_line_no="1",
    )
    credit = chain.invoice(ago(12), [Part(line, Decimal(-1), {"origin_invoice_line_no": "1"})], "credit", origin_invoice_number=document.number)
    number = receive(chain, ago(6), credit.gross, receipt_kind="refund", payee_account=account or f"62220212{int(chain.party.party_id[1:]):011d}")
    apply(chain, number, credit.number, credit.gross)
    return number


@plants("CSH-17")
def refunded_to_a_strange_account(book: Book) -> None:
    """A rightful credit refunded to an account that the master does not know."""
    number = refunded(book, "6217000000001")
    book.expect("CSH-17", *on_document("cash_receipt", number), "to an account that is not the customer's")


@plants("MIS-13")
def nobody_knows_from_whom(book: Book) -> None:
    """777.00 from an unknown payer, three weeks ago."""
    keys: dict[str, Value] = {"company_code": "C10", "customer_id": None, "currency": "CNY"}
    number = pay(book, ORDER_TO_CASH, keys, ago(20), Decimal("777.00"), payer_name="transfer")
    book.expect("MIS-13", *on_document("cash_receipt", number), "no customer is named")


@plants("MIS-14")
def lies_on_account(book: Book) -> None:
    """1,500.00 from a customer who owes nothing, three weeks ago."""
    keys: dict[str, Value] = {"company_code": "C10", "customer_id": newcomer(book, ORDER_TO_CASH).party_id, "currency": "CNY"}
    number = pay(book, ORDER_TO_CASH, keys, ago(20), Decimal("1500.00"))
    book.expect("MIS-14", *on_document("cash_receipt", number), "1,500.00 on account")


@plants("MIS-15")
def not_paid_when_due(book: Book) -> None:
    """Billed fifty days ago with thirty days to pay."""
    chain, document = sold(book, ago(50), is_disputed="false")
    book.expect("MIS-15", *on_bill(chain, document), "twenty days overdue")


@plants("CSH-10")
def shipped_beyond_the_limit(book: Book) -> None:
    """A customer with a limit of 2,000.00 gets an order over 2,260.00 with tax, to be paid next month."""
    chain, document = sold(book, ago(20))
    book.rows["customer"][-1]["credit_limit"] = Decimal(1999)
    shipment = str(book.rows["shipment_line"][-1]["shipment_number"])
    for kind, number in (("sales_order", chain.number), ("shipment", shipment)):
        book.expect("CSH-10", (kind, number, ""), (chain.number, ""), f"beyond the limit, before {document.number}")


@plants("CSH-11")
def shipped_to_a_late_payer(book: Book) -> None:
    """An invoice is forty days overdue when the next goods leave."""
    chain, document = sold(book, ago(80), is_disputed="false")
    book.expect("MIS-15", *on_bill(chain, document), "fifty days overdue")
    again = Chain(book, ORDER_TO_CASH, ago(14), chain.party, company_code=chain.company)
    again.line(goods(book, ORDER_TO_CASH), 10, Decimal("210.00"))
    approve_order(again)
    shipment = again.fulfil(ago(10), again.whole(), incoterm="EXW", goods_issue_posted="true")
    again.invoice(ago(8), again.whole())
    book.expect("CSH-11", ("shipment", shipment.number, ""), (again.number, ""), f"{document.number} was forty days overdue")
