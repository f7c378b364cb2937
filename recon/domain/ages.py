"""How the age of open balances is parted: by the last days of the buckets, as the engagement states them or as is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Last days of the usual buckets.
USUAL_DAYS: Final = (30, 60, 90, 180, 365)


def buckets(last_days: Sequence[int] = USUAL_DAYS) -> tuple[str, ...]:
    """The codes of the buckets from the youngest: `0-30`, `31-60`, …, `over 365`. The last day of each belongs to it."""
    firsts = (0, *(last + 1 for last in last_days[:-1]))
    return *(f"{first}-{last}" for first, last in zip(firsts, last_days, strict=True)), f"over {last_days[-1]}"


def bounds(code: str) -> tuple[int | None, int]:
    """First and last day of a bucket; first day None for the one that is over its day."""
    if code.startswith("over "):
        return None, int(code.removeprefix("over "))
    first, _, last = code.partition("-")
    return int(first), int(last)


def place(code: str) -> tuple[int, bool]:
    """Sorts buckets from the youngest."""
    first, last = bounds(code)
    return (last, True) if first is None else (first, False)
