"""Money: payments to suppliers, receipts from customers, and which invoices they settle."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.sample import approvals
from recon.sample.book import ZERO, Row, Value, days, rounded

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.chain import Chain, Document


def settle(chain: Chain, day: date, documents: list[Document], share: Decimal = Decimal(1), discount_share: Decimal = ZERO) -> str:
    """Pay a share of each document (credits reduce the sum), less an early-payment discount; returns the payment's number."""
    applied = []
    for document in documents:
        discount = rounded(document.gross * discount_share, chain.currency)
        applied.append((document, rounded(document.gross * share, chain.currency) - discount, discount))
    total = sum((amount for _, amount, _ in applied), ZERO)
    number = _payment(chain, day, total)
    for document, amount, discount in applied:
        stem = chain.cycle.payment
        row: Row = {
            "company_code": chain.company,
            f"{stem}_number": number,
            "invoice_number": document.number,
            chain.cycle.party: chain.party.party_id,
            "amount_applied": amount,
        }
        if discount:
            row["discount_taken"] = discount
        chain.book.add(chain.cycle.allocation_table, row)
    return number


def _payment(chain: Chain, day: date, amount: Decimal, **columns: Value) -> str:
    book, cycle = chain.book, chain.cycle
    number = book.number("PAY" if chain.buys else "CR")
    rate = book.masters.rate(chain.currency, day)
    row: Row = {
        "company_code": chain.company,
        f"{cycle.payment}_number": number,
        cycle.payment_date: day,
        "value_date": day,
        cycle.party: chain.party.party_id,
        "amount": amount,
        "currency": chain.currency,
        "fx_rate": rate,
    }
    if chain.buys:
        row |= {"payment_kind": "payment", "created_by": "CAS01", "released_by": "CAS02", "created_at": book.moment(day, 11)}
    else:
        row |= {"receipt_kind": "receipt", "payer_name": chain.party.name, "created_by": "CSH01", "posted_at": book.moment(day, 11)}
    book.add(cycle.payment_table, row | columns)
    if chain.buys and amount * rate >= approvals.LOWEST["supplier_payment"]:
        keys: Row = {"company_code": chain.company, "document_type": cycle.payment_type, "document_number": number}
        keys |= {"party_id": chain.party.party_id, "amount_at_action": amount, "currency": chain.currency}
        approvals.event(book, keys, "TRE01", book.moment(day - days(1), 15))
    return number
