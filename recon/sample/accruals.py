"""The ledger's accruals at the end of September: goods that had moved and were not billed by then, and their reversal in October."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY, Cycle
from recon.sample.book import AS_OF, CENT, ZERO, Book, Row, days

if TYPE_CHECKING:
    from recon.sample.book import Value

PERIOD_END: Final = AS_OF.replace(day=1) - days(1)
#: goods older than this were billed long ago
_REACH: Final = 90
_ACCOUNTS: Final = {"procure_to_pay": ("140201", "220202"), "order_to_cash": ("112202", "600102")}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Word -> the days of October on which it is reversed and by which part, and what is wrong with it.
REVERSED: Final[dict[str, tuple[tuple[tuple[int, int], ...], str]]] = {
    "usual": (((1, 1),), ""),
    "never": ((), "estimated at the end of September and never reversed"),
    "twice": (((1, 1), (2, 1)), "reversed on the first of October and on the second"),
    "in halves": (((1, 2), (31, 2)), ""),
}
_PACKED: Final = {("PCS", "BOX"): Decimal(12), ("KG", "TON"): Decimal(1000)}


def accrue(book: Book) -> None:
    """Write a journal per company for the receipts, and one for the shipments, of the last months of orders that were billed after September, and reverse it.

    `book.unaccrued` says by how much the accrual for a document is too small, `book.reversals` which receipts' estimates have a journal of their own
    because they are not reversed as all others.
    """
    for cycle in CYCLES:
        late = _billed_later(book, cycle)
        lines = {(row[f"{cycle.order}_number"], row[f"{cycle.order}_line_no"]): row for row in book.rows[cycle.order_table]}
        worth: dict[tuple[str, str], Decimal] = {}
        for row in book.rows[cycle.fulfilment_table]:
            line = lines.get((row.get(f"{cycle.order}_number"), row.get(f"{cycle.order}_line_no")))
            if (
                line is not None
                and _moved(row, cycle)
                and late & {row[f"{cycle.fulfilment}_number"], line[f"{cycle.order}_number"], row[cycle.party]}
            ):
                number = str(row[f"{cycle.fulfilment}_number"])
                key = (str(row["company_code"]), number)
                worth[key] = worth.get(key, ZERO) + _worth(row, line)
        due = {key: (value - book.unaccrued.get(key[1], ZERO)).quantize(CENT, "ROUND_UP") for key, value in sorted(worth.items())}
        _post(book, cycle, {key: value for key, value in due.items() if value > 0})


def _billed_later(book: Book, cycle: Cycle) -> set[Value]:
    """Orders and deliveries that bills after September name; of bills that name neither, the party."""
    late: set[Value] = set()
    for row in book.rows[cycle.invoice_table]:
        if _day(row.get("posting_date") or row["invoice_date"]) > PERIOD_END:
            named = {row.get(f"{cycle.order}_number"), row.get(f"{cycle.fulfilment}_number")} - {None, ""}
            late |= named or {row[cycle.party]}
    return late


def _moved(row: Row, cycle: Cycle) -> bool:
    day = _day(row[f"{cycle.fulfilment}_date"])
    return PERIOD_END - days(_REACH) <= day <= PERIOD_END and Decimal(str(row["quantity"])) > 0


def _day(value: Value) -> date:
    """The date of a row; a planted one that cannot be read lies before all others."""
    text = str(value)
    return date.fromisoformat(text) if _DATE.fullmatch(text) else date.min


def _worth(row: Row, line: Row) -> Decimal:
    times = _PACKED.get((str(row["uom"]), str(line["uom"])), Decimal(1))
    quantity = (Decimal(str(row["quantity"])) + Decimal(str(row.get("quantity_declared_loss") or 0))) / times
    return quantity * Decimal(str(line["unit_price_net"])) / Decimal(str(line["price_per"])) * Decimal(str(line["fx_rate"]))


def _post(book: Book, cycle: Cycle, due: dict[tuple[str, str], Decimal]) -> None:
    """The journals of a cycle: `due` by company and number of the receipt or shipment."""
    usual = [key for key in due if key[1] not in book.unaccrued]
    apart = dict(zip(usual, book.reversals, strict=False)) if cycle is PROCURE_TO_PAY else {}
    journals = [("usual", {key: due[key] for key in due if key[0] == company and key not in apart}) for company in sorted({key[0] for key in due})]
    journals += [(word, {key: due[key]}) for key, word in apart.items()]
    for word, estimates in journals:
        if estimates:
            _post_one(book, cycle, word, estimates)


def _post_one(book: Book, cycle: Cycle, word: str, estimates: dict[tuple[str, str], Decimal]) -> None:
    """One journal, and the journals of October that reverse it: a line per receipt or shipment, and their sum on the other side."""
    company = next(iter(estimates))[0]
    debit, credit = _ACCOUNTS[cycle.name]
    flows, wrong = REVERSED[word]
    accrual = book.number("ACC")
    postings = [(accrual, PERIOD_END, 1, {"auto_reverse": "true"})]
    postings += [(book.number("REV"), PERIOD_END + days(day), -part, {"reversal_of": accrual}) for day, part in flows]
    for journal, posted, part, said in postings:
        amounts = {number: (value / part).quantize(CENT) for (_, number), value in estimates.items()}
        shared: Row = {"company_code": company, "journal": journal, "posting_date": posted, "currency": "CNY", **said}
        lines = [(debit, amount, number) for number, amount in amounts.items()] + [(credit, -sum(amounts.values(), ZERO), "")]
        for index, (account, amount, reference) in enumerate(lines, start=1):
            book.add("gl_journal_line", shared | {"line_no": str(index), "account": account, "amount": amount, "reference": reference})
    if wrong:
        book.expect("BAL-07", ("gl_journal", accrual, ""), ("", ""), wrong)
