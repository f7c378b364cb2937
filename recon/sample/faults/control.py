"""Approval that is evaded: changes after it, orders cut in pieces, blocks taken off or ignored, accounts changed before payment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.approvals import approve_invoice, approve_order, event, order_keys
from recon.sample.book import AS_OF, Book, Row, Value, ago, days
from recon.sample.chain import Chain, Document, Line, Part
from recon.sample.faults.registry import LATER, domestic, goods, on_document, on_invoice, order, plants, some_time
from recon.sample.masters import party_row, tax_id
from recon.sample.settle import due_date, settle

if TYPE_CHECKING:
    from datetime import date

    from recon.sample.masters import Party


def change(chain: Chain, line: Line, at: str, field: str, values: tuple[str, str]) -> None:
    """Record that a field of an order line was changed from one value to another."""
    keys: Row = {"company_code": chain.company, "document_type": chain.cycle.order_type, "document_number": chain.number, "line_no": line.number}
    changed: Row = {"field": field, "old_value": values[0], "new_value": values[1], "changed_by": "BUY01", "changed_at": at}
    chain.book.add("document_change", keys | changed)


def own_supplier(book: Book) -> Party:
    """A supplier of whom nobody else has documents."""
    party = replace(domestic(book, PROCURE_TO_PAY), party_id=book.number("SN"))
    serial = party.party_id.removeprefix("SN-")
    book.add("supplier", party_row(party) | {"tax_id": tax_id(300_000 + int(serial)), "bank_account": f"62220899{serial}"})
    return party


@plants("APR-05")
def price_raised_after_approval(book: Book) -> None:
    """Approved at 40.00, raised to 44.00 two days later and billed at that."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "44.00")
    change(chain, line, f"{day + days(2)}T10:00:00+08:00", "unit_price_net", ("40.00", "44.00"))
    chain.fulfil(day + days(5), chain.whole())
    chain.invoice(day + days(8), chain.whole())
    book.expect("APR-05", ("purchase_order", chain.number, line.number), (chain.number, ""), "price raised after approval")


@plants("APR-07")
def one_purchase_in_three_orders(book: Book) -> None:
    """Three orders of some 48,000 for one item within four days, approved one by one by a lead whose limit is 50,000."""
    party = own_supplier(book)
    item, start = goods(book, PROCURE_TO_PAY), some_time(book)
    for offset in (0, 1, 3):
        day = start + days(offset)
        header = {"company_code": "C10", "created_by": "BUY02", "buyer_id": "BUY02", "requester_id": "REQ02"}
        chain = Chain(book, PROCURE_TO_PAY, day, party, promised_date=LATER, **header)
        chain.line(item, 100 - offset, Decimal("480.00"))
        approve_order(chain)
        chain.fulfil(day + days(5), chain.whole())
        approve_invoice(chain, chain.invoice(day + days(8), chain.whole()))
        if offset == 1:
            book.expect("APR-07", *on_document("purchase_order", chain.number), "passes 50,000 together with the order of the day before")


def block(document: Document, **columns: str | None) -> None:
    """Put a payment block on every line of an invoice."""
    for row in document.rows:
        row.update({"payment_block": "R", **columns})


@plants("APR-08")
def block_taken_off_in_silence(book: Book) -> None:
    """Billed ten more than came; the block was taken off without a word."""
    day = some_time(book)
    chain, line = order(book, PROCURE_TO_PAY, day, "26.00")
    chain.fulfil(day + days(5), [Part(line, Decimal(90))])
    document = chain.invoice(day + days(8), chain.whole())
    block(document, block_released_by="APC02", block_released_at=f"{day + days(12)}T10:00:00+08:00")
    book.expect("QTY-01", *on_invoice(chain, document, line), "billed 100, received 90")
    book.expect("APR-08", ("supplier_invoice", document.number, ""), (chain.number, ""), "the block on it was taken off without a reason")


@plants("APR-09")
def paid_all_the_same(book: Book) -> None:
    """Blocked, and paid while the block stood."""
    day = book.day_between(ago(300), ago(90))
    chain, _ = order(book, PROCURE_TO_PAY, day, "38.00")
    chain.fulfil(day + days(5), chain.whole())
    document = chain.invoice(day + days(8), chain.whole())
    block(document)
    number = settle(chain, due_date(document), [document])
    book.expect("APR-09", ("supplier_payment", number, ""), (chain.number, ""), "paid an invoice whose block stands")


def new_account(book: Book, party: Party, day: date, **columns: Value) -> None:
    """Record that a supplier's bank account was changed in the morning of a day, as somebody else approved in the afternoon."""
    row: Row = {"company_code": "C10", "document_type": "supplier", "document_number": party.party_id, "field": "bank_account"}
    row |= {
        "old_value": "6222000000000001",
        "new_value": book.account_of(party.party_id),
        "changed_by": "MDM01",
        "changed_at": f"{day}T10:00:00+08:00",
    }
    book.add("document_change", row | columns)
    approve_master(book, party, f"{day}T15:00:00+08:00")


def approve_master(book: Book, party: Party, at: str, by: str = "APM01") -> None:
    """Record that somebody approved a change of a party's master."""
    kind = PROCURE_TO_PAY.party_table if party.party_id.startswith("S") else ORDER_TO_CASH.party_table
    row: Row = {"company_code": "C10", "document_type": kind, "document_number": party.party_id, "party_id": party.party_id, "action": "approve"}
    book.add("approval_event", row | {"actor_id": by, "action_at": at})


def paid_supplier(book: Book, after: int, **columns: Value) -> tuple[Chain, str]:
    """A supplier of its own whose account was changed so many days before its one invoice was paid."""
    day = book.day_between(ago(300), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, own_supplier(book), promised_date=LATER)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("27.00"))
    approve_order(chain)
    chain.fulfil(day + days(5), chain.whole())
    document = chain.invoice(day + days(8), chain.whole())
    paid = due_date(document)
    new_account(book, chain.party, paid - days(after), **columns)
    return chain, settle(chain, paid, [document])


@plants("APR-10")
def account_changed_two_days_before(book: Book) -> None:
    """The account was changed two days before the payment, and nobody called."""
    _, number = paid_supplier(book, 2)
    book.expect("APR-10", *on_document("supplier_payment", number), "paid two days after the account was changed")


def assigned_before(row: Row | None, span: timedelta) -> None:
    """Let a step have been assigned so long before it was decided."""
    if row is not None:
        row["assigned_at"] = (datetime.fromisoformat(str(row["action_at"])) - span).isoformat()


@plants("SLA-01")
def a_second_too_long(book: Book) -> None:
    """Approved two hours and a second after it was assigned."""
    chain = Chain(book, PROCURE_TO_PAY, some_time(book), domestic(book, PROCURE_TO_PAY), promised_date=LATER)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("23.00"))
    assigned_before(approve_order(chain), timedelta(hours=2, seconds=1))
    chain.fulfil(chain.day + days(5), chain.whole())
    chain.invoice(chain.day + days(8), chain.whole())
    book.expect("SLA-01", *on_document("purchase_order", chain.number), "approved after two hours and a second")


@plants("SLA-01")
def still_on_a_desk(book: Book) -> None:
    """Submitted the day before yesterday; nobody has decided, and nothing was sent."""
    chain = Chain(book, PROCURE_TO_PAY, ago(2), domestic(book, PROCURE_TO_PAY), promised_date=LATER, sent_at=None)
    chain.line(goods(book, PROCURE_TO_PAY), 100, Decimal("24.00"))
    event(book, order_keys(chain), "BUY01", f"{chain.day}T10:00:00+08:00", action="submit")
    book.expect("SLA-01", *on_document("purchase_order", chain.number), "submitted two days ago and not decided")


@plants("SLA-02")
def spare_part_after_five_days(book: Book) -> None:
    """A spare part that came five days after it was ordered, as promised; another one that has not come for a week."""
    for began, arrives in ((some_time(book), 5), (ago(7), 0)):
        promised = began + days(arrives) if arrives else LATER
        chain = Chain(book, PROCURE_TO_PAY, began, domestic(book, PROCURE_TO_PAY), promised_date=promised)
        line = chain.line(book.masters.items["SPARES"][0], 20, Decimal("29.00"))
        approve_order(chain)
        if arrives:
            chain.fulfil(began + days(arrives), chain.whole())
            chain.invoice(began + days(arrives + 1), chain.whole())
        book.expect("SLA-02", ("purchase_order", chain.number, line.number), (chain.number, line.number), "a spare part late by the alert time")


def request(book: Book, came: str, answered: str | None) -> str:
    """Write a service request of some customer."""
    number = book.number("SR")
    row: Row = {"company_code": "C10", "request_id": number, "customer_id": domestic_customer(book).party_id, "received_at": came}
    book.add("service_request", row | ({"first_response_at": answered} if answered else {}))
    return number


def domestic_customer(book: Book) -> Party:
    """Any customer at home."""
    return book.rng.choice([party for party in book.masters.customers if party.country == "CN"])


@plants("SLA-05")
def customer_kept_waiting(book: Book) -> None:
    """One customer was answered a day and a minute later, another one has been waiting since the week before."""
    day = some_time(book)
    late = request(book, f"{day}T10:00:00+08:00", f"{day + days(1)}T10:01:00+08:00")
    waiting = request(book, f"{AS_OF - days(7)}T10:00:00+08:00", None)
    for number, note in ((late, "answered after a day and a minute"), (waiting, "not answered for a week")):
        book.expect("SLA-05", ("service_request", number, ""), ("", ""), note)
