"""Near-misses by the control they must not raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.sample.book import Book

#: (controls spoken about, what writes the documents)
TRAPS: Final[list[tuple[tuple[str, ...], Callable[[Book], None]]]] = []


def spares(*control_ids: str) -> Callable[[Callable[[Book], None]], Callable[[Book], None]]:
    """Register documents that come near exceptions of these controls."""

    def register(trap: Callable[[Book], None]) -> Callable[[Book], None]:
        TRAPS.append((control_ids, trap))
        return trap

    return register
