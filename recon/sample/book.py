"""The company's books while they are being written: rows by canonical table, running numbers, the answer key.

Every figure is a Decimal or a whole number, every choice comes from one seeded source of chance, so that a seed gives the
same books to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from recon.sample.masters import Masters

Value = str | Decimal | date | int | None
Row = dict[str, Value]

AS_OF: Final = date(2026, 10, 31)
FIRST_DAY: Final = date(2025, 11, 1)
#: how the company numbers its own invoices
OWN_INVOICES: Final = "AR{}"
#: one who orders the same again within so many days would rightly be asked why
_SOON: Final = 4
ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")


def stamp(day: date, clock: str) -> str:
    """A timestamp of the head office, to the second."""
    return f"{day}T{clock}+08:00"


@dataclass(frozen=True)
class Answer:
    """One exception that must be found, named as the exceptions register names it."""

    control_id: str
    document_type: str
    document_number: str
    document_line_no: str
    order_number: str
    order_line_no: str
    note: str

    def with_words(self, told: Callable[[str], str]) -> Answer:
        """The answer with its document's number and its note as they are told."""
        return replace(self, document_number=told(self.document_number), note=told(self.note))


@dataclass
class Book:
    """Rows of all tables, in the order in which the documents were written."""

    rng: Random
    masters: Masters
    rows: dict[str, list[Row]]
    answers: list[Answer] = field(default_factory=list)
    order_line_count: int = 0
    #: receipt or shipment -> what its accrual at the end of September lacks
    unaccrued: dict[str, Decimal] = field(default_factory=dict)
    #: How estimates of the end of September are reversed in October where not as all others: `accruals.REVERSED`
    reversals: list[str] = field(default_factory=list)
    #: (party, invoice number) -> what its tax invoice says differently; None: there is none
    tax_papers: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    #: cash receipt -> the day of entry by which it is numbered, where that is not its own
    numbered_as_if: dict[str, date] = field(default_factory=dict)
    _accounts: dict[str, Value] = field(default_factory=dict)
    _accounts_read: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)
    _ordered: dict[tuple[str, str, Decimal], list[tuple[str, date, tuple[str, ...]]]] = field(default_factory=dict)
    _equal_amounts: dict[tuple[str, str, Decimal], list[str]] = field(default_factory=dict)
    _makers: dict[tuple[str, date], set[str]] = field(default_factory=dict)

    def ordered_before(self, key: tuple[str, str, Decimal], order: tuple[str, date]) -> set[str]:
        """Who asked for the same of the same party within days on another order; notes nothing. `key`: party, item, quantity; `order`: number, day."""
        number, day = order
        return {who for other, when, makers in self._ordered.get(key, []) if other != number and abs((when - day).days) <= _SOON for who in makers}

    def note_order(self, key: tuple[str, str, Decimal], order: tuple[str, date], makers: tuple[str, ...]) -> None:
        """Remember who ordered so much of an item from a party."""
        self._ordered.setdefault(key, []).append((*order, makers))

    def makers_of(self, key: tuple[str, date]) -> set[str]:
        """Who asked for or bought something from a party on a day; notes nothing."""
        return self._makers.get(key, set())

    def note_makers(self, key: tuple[str, date], makers: set[str]) -> None:
        """Remember who asked for and who bought something from a party on a day."""
        self._makers.setdefault(key, set()).update(makers)

    def add(self, table: str, row: Row) -> Row:
        """Write one row; returns it, for amendments."""
        self.rows[table].append(row)
        return row

    def number(self, series: str) -> str:
        """The next number of one of the company's own series, `PO-100001`."""
        following = self._numbers.get(series, 100_000) + 1
        self._numbers[series] = following
        return f"{series}-{following}"

    def account_of(self, supplier_id: str) -> Value:
        """The bank account that the master has of a supplier, as far as it is written."""
        suppliers = self.rows["supplier"]
        self._accounts |= {str(row["party_id"]): row.get("bank_account") for row in suppliers[self._accounts_read :]}
        self._accounts_read = len(suppliers)
        return self._accounts.get(supplier_id)

    def invoice_number(self, series: str, party_id: str, gross: Decimal) -> str:
        """The next invoice number of a series such as `HX-{}`, never an anagram of one with the same amount.

        Suppliers have other customers too: their numbers move on by one to seven. Two numbers of one party and amount that
        differ by two swapped digits would rightly be suspected as one invoice keyed twice, so such a number is passed over.
        """
        theirs = series != OWN_INVOICES
        counter = f"{party_id} {series}" if theirs else series
        same = self._equal_amounts.setdefault((series, party_id, gross), [])
        while True:
            last = self._numbers.get(counter) or self.rng.randint(2_000_000, 6_000_000)
            following = last + (self.rng.randint(1, 7) if theirs else 1)
            self._numbers[counter] = following
            digits = f"{following:08d}" if series == "{}" else str(following)
            if not any(_is_swap(digits, other) for other in same):
                same.append(digits)
                return series.format(digits)

    def expect(self, control_id: str, document: tuple[str, str, str], order: tuple[str, str], note: str) -> None:
        """Write into the answer key: (document type, number, line), (order number, line), what was done."""
        self.answers.append(Answer(control_id, *document, *order, note))

    def moment(self, day: date, hour: int) -> str:
        """A timestamp in that hour of the working day, with the zone of the head office."""
        return f"{day}T{hour:02d}:{self.rng.randrange(60):02d}:00+08:00"

    def day_between(self, first: date, last: date) -> date:
        """A day of the closed interval."""
        return first + timedelta(days=self.rng.randint(0, (last - first).days))


def days(count: int) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def ago(count: int) -> date:
    """The day so many days before the as-of date."""
    return AS_OF - timedelta(days=count)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in the smallest unit of its currency, half away from zero, as invoices do."""
    return amount.quantize(Decimal(1) if currency == "JPY" else CENT, ROUND_HALF_UP)


def _is_swap(one: str, other: str) -> bool:
    differing = sum(a != b for a, b in zip(one, other, strict=True))
    return differing == 2 and sorted(one) == sorted(other)
