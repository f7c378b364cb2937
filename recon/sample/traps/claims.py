"""Claims and approvals that come near a statistical indicator and are none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from recon.sample.claims import claim, claimant, lawful, over_magnitudes
from recon.sample.faults.claims import HOLIDAY, WORKDAY, above_the_second, approved_at, approved_in_a_row, beside_the_middle, claimed_below
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book


@spares("STA-01", "STA-02", "STA-03")
def fifty_lawful_claims(book: Book) -> None:
    """Fifty claims whose digits are as the law has them, and forty-nine fours of somebody else: one too few to be tested."""
    claim(book, claimant(book), over_magnitudes(lawful(50)))
    claim(book, claimant(book), over_magnitudes([41 + place % 9 for place in range(49)]))


@spares("STA-04")
def not_quite_round(book: Book) -> None:
    """Ten claims: three below ten thousand, though a thousand divides them, and seven that half a thousand divides."""
    claim(book, claimant(book), [Decimal(amount) for amount in (7_000, 8_000, 9_000)] + [Decimal(10_500 + 1_000 * place) for place in range(7)])


@spares("STA-07")
def nine_of_one_amount(book: Book) -> None:
    """Nine claims of 388.20 and nothing else: one too few to be tested."""
    claim(book, claimant(book), [Decimal("388.20")] * 9)


@spares("STA-05")
def a_cent_less_than_ten_times(book: Book) -> None:
    """1,011.99 where the second largest claim is 101.20."""
    above_the_second(book, "1011.99")


@spares("STA-06")
def a_cent_within_the_limit(book: Book) -> None:
    """129.67 among seven about 106."""
    beside_the_middle(book, "129.67")


@spares("STA-13")
def five_seconds_apart_and_nineteen_at_once(book: Book) -> None:
    """Twenty approvals five seconds apart, and nineteen of somebody else one second apart."""
    approved_in_a_row(book, 20, 5)
    approved_in_a_row(book, 19, 1)


@spares("APR-12")
def not_crowded_enough(book: Book) -> None:
    """Five claims just below 2,000 with four beside, and four with none."""
    claimed_below(book, 5, 4)
    claimed_below(book, 4, 0)


@spares("APR-16")
def at_eight_sharp_and_small_on_a_sunday(book: Book) -> None:
    """10,000.01 approved at exactly eight in the evening and at exactly six in the morning, and 10,000.00 on a Sunday."""
    approved_at(book, WORKDAY, "20:00:00", "10000.01")
    approved_at(book, WORKDAY, "06:00:00", "10000.01")
    approved_at(book, HOLIDAY, "12:00:00", "10000.00")
