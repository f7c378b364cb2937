"""Words beside figures: party names and groups, and null for what no source gave. Lazy, so that only what is asked for is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain.measures import schema

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted


def described(measured: pl.LazyFrame, name: str, accepted: Accepted) -> pl.LazyFrame:
    """The measured table with party_name and group_id of the master, and every column that it lacks as null."""
    wanted = schema(name)
    have = set(measured.collect_schema().names())
    if not {"party_name", "group_id"} & have and accepted.parties.height:
        measured = measured.join(accepted.parties.lazy(), on=["cycle", "party_id"], how="left", validate="m:1", maintain_order="left")
        have |= {"party_name", "group_id"}
    return measured.with_columns(pl.lit(None, dtype=kind).alias(column) for column, kind in wanted.items() if column not in have)
