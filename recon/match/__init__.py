"""4. Measure: links, allocations, variances, settlements, balances. No tolerance, no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, Matches


__all__ = ["match"]


def match(accepted: Accepted, engagement: Engagement) -> Matches:
    """Bring orders, goods, bills and money together, purchases and sales at once.

    Gives the measured tables of `measures.MEASURES`, each sorted by its key, and the tie-out of the doorway `match`.
    Documents dated after `engagement.as_of` do not exist. Raises ArithmeticError if a figure does not add up, which is a
    defect.
    """
    from recon.match.measured import measured

    return measured(accepted, engagement)
