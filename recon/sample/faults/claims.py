"""Claims whose amounts look made up, and approvals nobody can have read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from recon.sample.approvals import event
from recon.sample.book import CENT, Book, Row, ago, stamp
from recon.sample.claims import claim, claimant, lawful, over_magnitudes
from recon.sample.faults.registry import plants

_CLAIMS: Final = 50
_PERSON: Final = "user"
#: a working day, and a day of rest
WORKDAY, HOLIDAY = date(2026, 10, 28), date(2026, 10, 25)


def beside_the_middle(book: Book, last: str) -> str:
    """Seven claims about 106.00 and one of another amount; returns its number."""
    usual = [Decimal(amount) for amount in (100, 102, 104, 106, 108, 110, 112)]
    return claim(book, claimant(book), [*usual, Decimal(last)])[-1]


def above_the_second(book: Book, largest: str) -> str:
    """Four claims of about a hundred, the largest of them 101.20, and one that is far larger; returns its number."""
    usual = [Decimal(amount) for amount in ("100.10", "101.20", "98.30", "99.90")]
    return claim(book, claimant(book), [*usual, Decimal(largest)])[-1]


def approved_in_a_row(book: Book, count: int, gap_seconds: int) -> str:
    """Claims that one person approves one after the other; returns the person."""
    person = book.number("STM")
    began = datetime.fromisoformat(stamp(ago(9), "10:00:00"))
    for place, number in enumerate(claim(book, claimant(book), [Decimal(200 + place) for place in range(count)])):
        keys: Row = {"company_code": "C10", "document_type": "expense_claim", "document_number": number}
        event(book, keys, person, (began + timedelta(seconds=place * gap_seconds)).isoformat())
    return person


@plants("STA-01")
def nearly_always_a_four(book: Book) -> None:
    """Fifty claims, every one begins with a four, which also makes its pairs of digits too many."""
    person = claimant(book)
    claim(book, person, over_magnitudes([41 + place % 9 for place in range(_CLAIMS)]))
    for control_id in ("STA-01", "STA-02"):
        book.expect(control_id, (_PERSON, person, ""), ("", ""), "every claim begins with a four")


@plants("STA-02")
def always_a_five_behind(book: Book) -> None:
    """First digits as the law has them, and a five behind every one."""
    person = claimant(book)
    claim(book, person, over_magnitudes([pair // 10 * 10 + 5 for pair in lawful(_CLAIMS)]))
    book.expect("STA-02", (_PERSON, person, ""), ("", ""), "a five behind every first digit")


@plants("STA-03")
def always_ninety_cents(book: Book) -> None:
    """Fifty claims whose first digits are as the law has them, every one with ninety cents."""
    person = claimant(book)
    claim(book, person, [int(amount) + 90 * CENT for amount in over_magnitudes(lawful(_CLAIMS))])
    book.expect("STA-03", (_PERSON, person, ""), ("", ""), "every claim ends in ninety cents")


@plants("STA-07")
def three_of_one_amount(book: Book) -> None:
    """Ten claims, three of them 388.20."""
    person = claimant(book)
    claim(book, person, [Decimal("388.20")] * 3 + [Decimal(310 + 40 * place) + book.rng.randint(1, 99) * CENT for place in range(7)])
    book.expect("STA-07", (_PERSON, person, ""), ("", ""), "three of ten are of one amount")


@plants("STA-04")
def three_of_ten_round(book: Book) -> None:
    """Ten claims of more than ten thousand, three of them round."""
    person = claimant(book)
    claim(
        book,
        person,
        [Decimal(10_000 + 1_000 * place) for place in range(3)] + [Decimal(10_250 + 250 * place) + Decimal("0.50") for place in range(7)],
    )
    book.expect("STA-04", (_PERSON, person, ""), ("", ""), "three of ten are round")


@plants("STA-05")
def ten_times_the_second(book: Book) -> None:
    """1,012.00 where the second largest claim is 101.20."""
    book.expect("STA-05", ("expense_claim", above_the_second(book, "1012.00"), ""), ("", ""), "ten times the second largest")


@plants("STA-06")
def a_cent_beyond_the_limit(book: Book) -> None:
    """129.68 among seven about 106: three and a half robust deviations, and a cent."""
    book.expect("STA-06", ("expense_claim", beside_the_middle(book, "129.68"), ""), ("", ""), "3.5002 robust deviations off")


@plants("STA-13")
def twenty_in_eighty_seconds(book: Book) -> None:
    """Twenty claims approved four seconds apart."""
    book.expect("STA-13", (_PERSON, approved_in_a_row(book, 20, 4), ""), ("", ""), "twenty approvals four seconds apart")


def claimed_below(book: Book, below: int, beside: int) -> str:
    """Claims of somebody just below the 2,000 up to which a team leader may approve, and beside; returns the person."""
    person = claimant(book)
    near = [Decimal(1910 + 18 * place) + book.rng.randint(1, 99) * CENT for place in range(below)]
    claim(book, person, near + [Decimal(amount) for amount in ("1845.20", "2043.80", "1872.60", "2061.10")[:beside]])
    return person


def approved_at(book: Book, day: date, clock: str, worth: str) -> str:
    """A claim that was approved on that day at that time; returns its number."""
    number = claim(book, claimant(book), [Decimal(worth)])[0]
    keys: Row = {"company_code": "C10", "document_type": "expense_claim", "document_number": number}
    event(book, keys, book.number("STM"), stamp(day, clock), amount_at_action=Decimal(worth), currency="CNY")
    return number


@plants("APR-12")
def five_below_the_limit(book: Book) -> None:
    """Five claims just below 2,000, and three beside."""
    book.expect("APR-12", (_PERSON, claimed_below(book, 5, 3), ""), ("", ""), "five claims just below 2,000")


@plants("APR-16")
def on_a_sunday(book: Book) -> None:
    """10,000.01 approved at noon of a Sunday."""
    number = approved_at(book, HOLIDAY, "12:00:00", "10000.01")
    book.expect("APR-16", ("expense_claim", number, ""), ("", ""), "approved on a Sunday")


@plants("APR-16")
def after_eight_in_the_evening(book: Book) -> None:
    """10,000.01 approved a second after eight in the evening."""
    number = approved_at(book, WORKDAY, "20:00:01", "10000.01")
    book.expect("APR-16", ("expense_claim", number, ""), ("", ""), "approved a second after eight in the evening")
