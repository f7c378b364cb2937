"""Estimated order prices, and whether somebody made them final. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match.dense import IN_ORDER, aligned, chosen
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_ORDER: Final = ["cycle", "company_code", "order_number"]
#: Fields whose change on an order line makes an estimate final.
_PRICES: Final = ("unit_price_net", "unit_price_gross", "is_price_estimated")


def confirmed_prices(found: ThreeWay, accepted: Accepted) -> pl.Series:
    """price_is_confirmed per order line: the log of changes says that its price, or that it is an estimate, was changed."""
    size, name = found.orders.height, "price_is_confirmed"
    no = pl.repeat(value=False, n=size, eager=True).alias(name)
    if not is_given(accepted, "document_change") or not found.raw.orders.says("is_price_estimated"):
        return no
    types = {cycle.order_type: cycle.name for cycle in CYCLES}
    changes = (
        table(accepted, "document_change")
        .filter(pl.col("document_type").is_in(list(types)) & pl.col("field").is_in(_PRICES))
        .select(
            "company_code", "line_no", cycle=pl.col("document_type").replace_strict(types, return_dtype=pl.String), order_number="document_number"
        )
        .collect(engine=IN_ORDER)
    )
    told = pl.concat(
        [found.orders.select("row"), found.raw.orders.taken(found.orders["place"], *_ORDER, "order_line_no", "is_price_estimated")], how="horizontal"
    )
    estimated = chosen(told, pl.col("is_price_estimated"), "row", *_ORDER, "order_line_no")
    met = estimated.join(changes, on=_ORDER, how="inner").filter(pl.col("line_no").is_null() | (pl.col("line_no") == pl.col("order_line_no")))
    yes = aligned(met.select("row", **{name: pl.lit(value=True)}).unique("row"), "row", size)[name]
    return yes.fill_null(value=False) if met.height else no
