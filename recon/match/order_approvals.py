"""Whether anybody approved an order at all. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match.dense import IN_ORDER
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_ORDER: Final = ["cycle", "company_code", "order_number"]


def approved_orders(found: ThreeWay) -> pl.Series:
    """order_is_approved per order line: an approval of its order is on record; null where the source gives no approvals or no agreed prices.

    Only agreed prices ask for it, and looking up every order of a large company for nothing would cost time.
    """
    name, accepted, orders = "order_is_approved", found.ground.accepted, found.orders
    if not (is_given(accepted, "approval_event") and is_given(accepted, "price_list_line")):
        return pl.repeat(None, orders.height, dtype=pl.Boolean, eager=True).alias(name)
    types = {cycle.order_type: cycle.name for cycle in CYCLES}
    events = table(accepted, "approval_event").filter((pl.col("action") == "approve") & pl.col("document_type").is_in(list(types)))
    approved = events.select(
        "company_code", cycle=pl.col("document_type").replace_strict(types, return_dtype=pl.String), order_number="document_number"
    ).unique()  # fmt: skip
    asked = found.raw.orders.taken(orders["place"], *_ORDER)
    marked = asked.lazy().join(approved.with_columns(pl.lit(value=True).alias(name)), on=_ORDER, how="left", validate="m:1", maintain_order="left")
    return marked.select(pl.col(name).fill_null(value=False)).collect(engine=IN_ORDER).to_series()
