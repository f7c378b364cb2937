"""Credits whose kind nobody states and whose quantity no return explains: they may take goods back, or a part of the price.

A credit of a stated kind is what it says. Without a kind one that states no quantity lowers the price; one whose quantity went back, in one return or
in all returns of the order line together, takes goods back. Any other may be either: it is counted by its quantity, and its link is a suggestion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.match.dense import chosen
from recon.match.naming import CERTAINTY

if TYPE_CHECKING:
    from recon.match.stacks import Papers

_SURE = ("certain", "unique")


def marked(invoices: pl.DataFrame, fulfilments: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    """The invoice lines, such credits with the certainty `suggested`."""
    asked = (pl.col("role") == "credit") & pl.col("exclusion_reason").is_null() & pl.col("unit").is_not_null() & pl.col("link_certainty").is_in(_SURE)
    credits_ = chosen(invoices, asked, "row", "place", "unit", quantity=-pl.col("billed"))
    if credits_.is_empty():
        return invoices
    unnamed = credits_.filter(papers.taken(credits_["place"], "invoice_kind")["invoice_kind"].is_null())
    if unnamed.is_empty():
        return invoices
    went_back = pl.col("exclusion_reason").is_null() & (pl.col("delivered") < 0) & pl.col("unit").is_not_null()
    back = chosen(fulfilments, went_back, "unit", quantity=-pl.col("delivered"))
    together = back.group_by("unit").agg(pl.col("quantity").sum())
    known = pl.concat([back, together]).unique()
    unsure = unnamed.join(known, on=["unit", "quantity"], how="anti")["row"]
    is_unsure = pl.col("row").is_in(unsure.implode())
    return invoices.with_columns(link_certainty=pl.when(is_unsure).then(pl.lit("suggested", dtype=CERTAINTY)).otherwise("link_certainty"))
