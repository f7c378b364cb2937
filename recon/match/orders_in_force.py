"""Order lines in force and what they are worth, for tables of the whole company that look at orders without matching them.

The same lines count as in matching (`live`): known, not cancelled, neither draft nor rejected, of several versions the one in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import MONEY, QUANTITY, ratio
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.cycles import Cycle
    from recon.domain.workpapers import Accepted

#: States in which an order does not count, in canonical words.
NOT_IN_FORCE: Final = ("cancelled", "reversed", "draft", "rejected")


def orders_in_force(accepted: Accepted, cycle: Cycle, *, as_of: date | None = None) -> pl.LazyFrame:
    """The canonical order lines that count, in their order; with `as_of` those dated up to that day.

    A version that a later one replaced does not count, nor does it come back where the later one is cancelled.
    """
    flagged, version = pl.col("is_current_version"), pl.col("po_version")
    lines = table(accepted, cycle.order_table).filter(flagged.fill_null(value=True))
    if is_given(accepted, cycle.order_table, "po_version") and lines.select(version.is_not_null().any()).collect().item():
        line = ["company_code", f"{cycle.order}_number", f"{cycle.order}_line_no"]
        place = pl.int_range(pl.len()).over(line, order_by=[flagged.fill_null(value=False), version], descending=True, nulls_last=True)
        lines = lines.filter(place == 0)
    is_dead = pl.col("is_cancelled").fill_null(value=False) | pl.col("doc_status").is_in(NOT_IN_FORCE).fill_null(value=False)
    in_time = pl.lit(value=True) if as_of is None else pl.col(f"{cycle.order}_date") <= as_of
    return lines.filter(~is_dead & in_time)


def worth() -> pl.Expr:
    """What an order line is worth without tax, in its currency: its amount, else quantity times price; null where neither is known."""
    by_price = ratio(pl.col("quantity"), pl.col("unit_price_net"), pl.col("price_per").fill_null(1).cast(QUANTITY), 6)
    return pl.coalesce("line_amount_net", by_price).cast(MONEY)


def all_known(column: str) -> pl.Expr:
    """The sum; null where a part is not known: a part would pass for the whole."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum())
