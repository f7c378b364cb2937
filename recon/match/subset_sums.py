"""Which of several amounts add up to exactly one sum: the one set, several, none, or a search given up, and never a guess.

Two exact ways: reachable sums kept one by one, which is quick while they are few; and the sums of two halves laid beside one another,
which decides up to forty amounts. What neither can decide says so ("not_decided") and is never taken for "none".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

#: More amounts than these are not searched.
MOST_AMOUNTS: Final = 40
_MOST_SUMS: Final = 5_000
#: Half sums are 64-bit whole numbers.
_LARGEST_SUM: Final = 2**61
_EACH_HALF: Final = 20
#: Solutions beyond this number are not counted further.
_MOST_COUNTED: Final = 1_000_000

Verdict = Literal["unique", "ambiguous", "none", "not_decided"]


@dataclass(frozen=True)
class Sets:
    """The verdict, the places of the one set (or of the first of several), and how many sets there are (0 where not decided)."""

    verdict: Verdict
    members: tuple[int, ...] = ()
    count: int = 0


def sets_adding_up(target: int, amounts: Sequence[int], most_amounts: int = MOST_AMOUNTS) -> Sets:
    """Sets of the amounts (positive whole numbers, smallest currency unit) whose sum is the target, by their places.

    Amounts above the target belong to no set and do not count against `most_amounts`.
    """
    places = [place for place, amount in enumerate(amounts) if 0 < amount <= target]
    fitting = [amounts[place] for place in places]
    if target <= 0 or sum(fitting) < target:
        return Sets("none")
    if len(fitting) > most_amounts:
        return Sets("not_decided")
    found = _by_reach(target, fitting)
    if found is None:
        found = _by_halves(target, fitting)
    if found is None:
        return Sets("not_decided")
    count, members = found
    verdict: Verdict = "none" if not count else "unique" if count == 1 else "ambiguous"
    return Sets(verdict, tuple(places[place] for place in range(len(places)) if members >> place & 1), count)


def _by_reach(target: int, amounts: list[int]) -> tuple[int, int] | None:
    """Number of sets and one of them as bits; None when too many sums are reachable. Sums that can no longer rise to the target are dropped."""
    order = sorted(range(len(amounts)), key=lambda place: -amounts[place])
    to_come = sum(amounts)
    reach: dict[int, tuple[int, int]] = {0: (1, 0)}
    for place in order:
        amount = amounts[place]
        to_come -= amount
        grown = dict(reach)
        for total, (count, members) in reach.items():
            higher = total + amount
            if higher <= target:
                known = grown.get(higher, (0, 0))
                grown[higher] = (known[0] + count, known[1] if known[0] else members | 1 << place)
        reach = {total: ways for total, ways in grown.items() if total + to_come >= target}
        if len(reach) > _MOST_SUMS:
            return None
    return reach.get(target, (0, 0))


def _by_halves(target: int, amounts: list[int]) -> tuple[int, int] | None:
    """The same by the sums of all sets of each half, sorted and met in the middle."""
    import numpy as np

    if sum(amounts) > _LARGEST_SUM or len(amounts) > 2 * _EACH_HALF:
        return None
    middle = len(amounts) // 2

    def sums(half: list[int]) -> np.ndarray:
        every = np.zeros(1, dtype=np.int64)
        for amount in half:
            every = np.concatenate([every, every + np.int64(amount)])
        return every

    low, high = sums(amounts[:middle]), sums(amounts[middle:])
    order = np.argsort(high, kind="stable")
    ranked = high[order]
    first, last = np.searchsorted(ranked, target - low, "left"), np.searchsorted(ranked, target - low, "right")
    met = last - first
    count = min(int(met.sum()), _MOST_COUNTED)
    if not count:
        return 0, 0
    left = int(np.flatnonzero(met)[0])
    return count, left | int(order[first[left]]) << middle
