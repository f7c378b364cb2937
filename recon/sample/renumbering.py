"""Cash receipts get their numbers when they are entered, so in the end they are numbered anew in that order.

Scenarios are written one after the other and reach over months; a number drawn while writing says nothing about the day.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from recon.domain.cycles import ORDER_TO_CASH

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.sample.book import Book, Row, Value

#: letters of a stamp that say the day
_DAY: Final = 10
_NUMBER: Final = re.compile(r"(?<![\w-])CR-[0-9]+(?![\w-])")


def number_receipts(book: Book) -> None:
    """Give the receipts' numbers out anew in the order of the days of entry, everywhere they are named. Numbers that were never used stay unused.

    A receipt that `book.numbered_as_if` names takes its place at the end of the day named there.
    """
    entered: dict[str, str] = {}
    for row in book.rows[ORDER_TO_CASH.payment_table]:
        number = str(row["cash_receipt_number"])
        if _NUMBER.fullmatch(number):
            entered.setdefault(number, str(row.get("posted_at") or row["receipt_date"])[:_DAY])
    entered |= {number: f"{day} last" for number, day in book.numbered_as_if.items()}
    in_time = sorted(entered, key=lambda number: (entered[number], _count(number)))
    anew = dict(zip(in_time, sorted(entered, key=_count), strict=True))

    def told(text: str) -> str:
        return _NUMBER.sub(lambda found: anew.get(found.group(), found.group()), text)

    for rows in book.rows.values():
        for row in rows:
            _rename(row, told)
    book.answers[:] = [answer.with_words(told) for answer in book.answers]


def _rename(row: Row, told: Callable[[str], str]) -> None:
    for name, value in row.items():
        if isinstance(value, str) and "CR-" in value:
            renamed: Value = told(value)
            row[name] = renamed


def _count(number: str) -> int:
    return int(number.rpartition("-")[2])
