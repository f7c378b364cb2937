"""The register of tax invoices: a blue one for every domestic bill, a red one for what was credited, all verified and claimed in time."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample.book import AS_OF, ZERO, Book, Row, days, stamp
from recon.sample.masters import GOODS_CLASS, SERVICE_CLASS, company_tax_id

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
#: what a planter may say beside columns: the period of a second claim; that another bill has this tax invoice already
_MARKS: Final = ("claimed_again", "is_shared")
_BILL, _CREDITS = "invoice", ("credit", "value_credit")


def register_tax_papers(book: Book) -> None:
    """Write the register, and the numbers of tax invoices onto the bills. `book.tax_papers` says what is different about a document."""
    bills = _documents(book, PROCURE_TO_PAY)
    _of_cycle(book, PROCURE_TO_PAY, bills)
    sales = _documents(book, ORDER_TO_CASH)
    credited = {
        (rows[0]["customer_id"], row.get("origin_invoice_number")) for rows in sales if rows[0].get("invoice_kind") in _CREDITS for row in rows
    }
    kept = [rows for rows in sales if rows[0].get("invoice_kind") in _CREDITS or (rows[0]["customer_id"], rows[0]["invoice_number"]) in credited]
    _of_cycle(book, ORDER_TO_CASH, kept)


def _documents(book: Book, cycle: Cycle) -> list[list[Row]]:
    documents: dict[tuple[object, ...], list[Row]] = {}
    for row in book.rows[cycle.invoice_table]:
        key = (row["company_code"], row[cycle.party], row["invoice_number"], row["invoice_date"], row.get("internal_number"))
        documents.setdefault(key, []).append(row)
    return list(documents.values())


def _of_cycle(book: Book, cycle: Cycle, documents: list[list[Row]]) -> None:
    parties = {row["party_id"]: row for row in book.rows[cycle.party_table]}
    blue: dict[tuple[object, object], tuple[str, list[Decimal]]] = {}
    for rows in documents:
        head = rows[0]
        party = parties.get(head[cycle.party])
        said = book.tax_papers.get((str(head[cycle.party]), str(head["invoice_number"])), {})
        if party is None or party["country"] != "CN" or said is None or not _DATE.fullmatch(str(head["invoice_date"])):
            continue
        kind, key = head.get("invoice_kind"), (head[cycle.party], head["invoice_number"])
        if kind == _BILL and sum((_figure(row, "line_amount_net") for row in rows), ZERO) > 0:
            written = _paper(book, cycle, rows, party) | {name: value for name, value in said.items() if name not in _MARKS}
            blue[key] = (str(written["official_invoice_number"]), [_figure(written, "amount_net") + _figure(written, "tax_amount")])
        elif kind in _CREDITS:
            of = blue.get((head[cycle.party], rows[0].get("origin_invoice_number")))
            written = _paper(book, cycle, rows, party)
            amount = _figure(written, "amount_net") + _figure(written, "tax_amount")
            if of is None or (sum(of[1], amount) < 0 and not said):
                continue  # the platform issues no red tax invoice above its blue one
            of[1].append(amount)
            written |= {"red_of_number": of[0], "red_confirmation_status": "confirmed", "red_reason": "销货退回", **said}
        else:
            continue
        for row in rows:
            row["official_invoice_number"] = written["official_invoice_number"]
        if "is_shared" not in said:
            book.add("official_invoice", written)
        if "claimed_again" in said:
            book.add("official_invoice", written | {"checkoff_period": said["claimed_again"]})


def _paper(book: Book, cycle: Cycle, rows: list[Row], party: Row) -> Row:
    head = rows[0]
    day = date.fromisoformat(str(head["invoice_date"]))
    buys = cycle is PROCURE_TO_PAY
    ours, theirs = company_tax_id(str(head["company_code"])), party["tax_id"]
    counted = [row for row in rows if row.get("quantity") is not None]
    running = int(book.number("FP").rpartition("-")[2])
    written: Row = {
        "company_code": head["company_code"],
        "official_invoice_number": f"{day:%y}312{running:015d}",
        "official_invoice_type": "special",
        "invoice_date": day,
        "status": "normal",
        "verification_result": "verified",
        "verified_at": stamp(min(day + days(1), max(day, AS_OF)), "09:30:00"),
        "buyer_tax_id": ours if buys else theirs,
        "seller_tax_id": theirs if buys else ours,
        "amount_net": sum((_figure(row, "line_amount_net") for row in rows), ZERO),
        "tax_amount": sum((_figure(row, "line_tax_amount") for row in rows), ZERO),
        "quantity": sum((_figure(row, "quantity") for row in counted), ZERO) if counted else None,
        "tax_class": GOODS_CLASS if all(str(row.get("line_kind")) != "service" for row in rows) else SERVICE_CLASS,
    }
    if buys and written["amount_net"] > ZERO:  # type: ignore[operator]
        written["checkoff_period"] = f"{day:%Y%m}"
    return written


def _figure(row: Row, name: str) -> Decimal:
    return Decimal(str(row.get(name) or 0))
