"""Money: payments to suppliers, receipts from customers, and which invoices they settle."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample import approvals
from recon.sample.book import AS_OF, ZERO, Book, Row, Value, days, rounded

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.sample.chain import Chain, Document


def settle(chain: Chain, day: date, documents: list[Document], share: Decimal = Decimal(1), discount_share: Decimal = ZERO) -> str:
    """Pay a share of each document (credits reduce the sum), less an early-payment discount; returns the payment's number."""
    parts = []
    for document in documents:
        discount = rounded(document.gross * discount_share, chain.currency)
        parts.append((document.number, rounded(document.gross * share, chain.currency) - discount, discount))
    return pay_out(chain.book, chain.cycle, _keys(chain), day, parts)


def pay_out(book: Book, cycle: Cycle, keys: Row, day: date, parts: list[tuple[str, Decimal, Decimal]], **columns: Value) -> str:
    """One payment over (invoice number, amount, discount); `keys`: company_code, the party and currency. Returns the payment's number."""
    number = pay(book, cycle, keys, day, sum((amount for _, amount, _ in parts), ZERO), **columns)
    for invoice_number, amount, discount in parts:
        allocate(book, cycle, keys, (number, invoice_number), amount, **({"discount_taken": discount} if discount else {}))
    return number


def allocate(book: Book, cycle: Cycle, keys: Row, pair: tuple[str, str], amount: Decimal, **columns: Value) -> Row:
    """The clerk's row that says which invoice a payment pays; `pair`: payment and invoice number."""
    said: Row = {f"{cycle.payment}_number": pair[0], "invoice_number": pair[1], "amount_applied": amount}
    if cycle is ORDER_TO_CASH:
        said["applied_by"] = "CSH01"
    return book.add(cycle.allocation_table, {"company_code": keys["company_code"], cycle.party: keys[cycle.party], **said, **columns})


def _keys(chain: Chain) -> Row:
    return {"company_code": chain.company, chain.cycle.party: chain.party.party_id, "currency": chain.currency}


def pay_when_due(chain: Chain, documents: list[Document]) -> None:
    """Pay each invoice on its due date, credits taken off the largest of them; what is not due yet stays open."""
    bills = sorted((d for d in documents if d.gross > 0), key=lambda d: d.gross)
    credit_notes = [d for d in documents if d.gross <= 0]
    for document in bills:
        together = [document, *credit_notes] if document is bills[-1] else [document]
        due = max(due_date(d) for d in together)
        if due <= AS_OF:
            settle(chain, due, together)


def due_date(document: Document) -> date:
    """The day on which a document is due; a credit is due at once."""
    due = document.rows[0]["due_date"]
    return due if isinstance(due, date) and document.gross > 0 else document.day


def receive(chain: Chain, day: date, amount: Decimal, **columns: Value) -> str:
    """Money in or out without a clerk's row that says what it pays; returns the payment's number."""
    return pay(chain.book, chain.cycle, _keys(chain), day, amount, **columns)


def apply(chain: Chain, number: str, invoice_number: str, amount: Decimal, **columns: Value) -> Row:
    """Say that a payment pays so much of an invoice."""
    return allocate(chain.book, chain.cycle, _keys(chain), (number, invoice_number), amount, **columns)


def pay(book: Book, cycle: Cycle, keys: Row, day: date, amount: Decimal, **columns: Value) -> str:
    """Write a payment, with the approval it needs; returns its number."""
    buys, currency = cycle is PROCURE_TO_PAY, str(keys["currency"])
    number = book.number("PAY" if buys else "CR")
    rate = book.masters.rate(currency, day)
    row: Row = {**keys, f"{cycle.payment}_number": number, cycle.payment_date: day, "value_date": day, "amount": amount, "fx_rate": rate}
    if buys:
        row |= {"payment_kind": "payment", "created_by": "CAS01", "released_by": "CAS02", "created_at": book.moment(day, 11)}
        row["payee_account"] = book.account_of(str(keys[cycle.party]))
        row["run_id"] = f"L{day:%m%d}"
    else:
        row |= {"receipt_kind": "receipt", "created_by": "CSH01", "posted_at": book.moment(day, 11), "bank_reference": book.number("BK")}
    written = book.add(cycle.payment_table, row | columns)
    on_statement(book, cycle, written)
    if buys and amount * rate >= approvals.LOWEST["supplier_payment"]:
        subject: Row = {"company_code": keys["company_code"], "document_type": cycle.payment_type, "document_number": number}
        subject |= {"party_id": keys[cycle.party], "amount_at_action": amount, "currency": currency}
        approvals.event(book, subject, "TRE01", book.moment(day - days(1), 15))
    return number


def on_statement(book: Book, cycle: Cycle, payment: Row) -> Row:
    """The line of the bank's statement that a payment or receipt makes: money that leaves is negative."""
    sign = -1 if cycle is PROCURE_TO_PAY else 1
    number = str(payment[f"{cycle.payment}_number"])
    line: Row = {
        "company_code": payment["company_code"],
        "bank_account": f"BANK-{payment['company_code']}-{payment['currency']}",
        "statement_line": book.number("ST"),
        "booking_date": payment["value_date"],
        "amount": sign * Decimal(str(payment["amount"])),
        "currency": payment["currency"],
        "counterparty": payment.get(cycle.party),
        "reference": payment.get("bank_reference") or number,
    }
    return book.add("bank_transaction", line)
