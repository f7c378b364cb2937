"""Expense claims of employees: numbers that one person writes down, on which statistics are tried."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.sample.book import CENT, Book, Row, Value, ago

if TYPE_CHECKING:
    from collections.abc import Iterable

#: claimants for every round of special cases: with those of the cases themselves so many that a case in each round is none in twenty
_CLAIMANTS: Final = 12
_CLAIMS: Final = 10
#: the golden ratio in so many parts of one: its multiples fill the unit evenly, however many there are
_GOLDEN: Final = 618_033_988_749_895
_ONE: Final = 10**15


def claimant(book: Book) -> str:
    """An employee who has claimed nothing yet."""
    return book.number("EMP")


def claim(book: Book, person: str, amounts: Iterable[Decimal], **columns: Value) -> list[str]:
    """A claim of each amount, a day apart, the last one yesterday; returns their numbers."""
    numbers = []
    for place, amount in enumerate(amounts):
        number = book.number("EX")
        told: Row = {"company_code": "C10", "claim_number": number, "claim_line_no": "1", "claim_date": ago(1 + place), "claimant_id": person}
        book.add("expense_claim_line", {**told, "amount": amount, "currency": "CNY", **columns})
        numbers.append(number)
    return numbers


def file_claims(book: Book, rounds: int) -> None:
    """What employees usually claim: some hundreds each time, never the same."""
    for _ in range(_CLAIMANTS * rounds + 5):
        person = claimant(book)
        claim(book, person, [Decimal(300 + 40 * place) + book.rng.randint(1, 999) * CENT for place in range(_CLAIMS)])


def lawful(count: int) -> list[int]:
    """Leading pairs of digits, 10 to 99, as the logarithmic law has them."""
    bounds = [int(Decimal(pair + 1).log10() * _ONE) - _ONE for pair in range(10, 100)]
    parts = [place * _GOLDEN % _ONE for place in range(1, count + 1)]
    return [10 + sum(bound <= part for bound in bounds) for part in parts]


def over_magnitudes(pairs: Iterable[int]) -> list[Decimal]:
    """Amounts that begin with these pairs of digits, from tens to ten thousands in turn, no two with the same cents, never round."""
    return [pair * Decimal(10) ** (place % 4) + (place * 37 + 13) % 100 * CENT for place, pair in enumerate(pairs)]
