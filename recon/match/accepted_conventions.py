"""Which rounding conventions a company accepts as the explanation of a difference of tax (TAX-07, `convention_set`), party by party.

What is not accepted explains nothing, for any control: it is left out where explanations are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import NOTHING, overrides_of, with_limits
from recon.domain.rounding_words import ALL, allows
from recon.match.match_units import groups_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from recon.match.three_way import ThreeWay

SET: Final = "convention_set"


def with_accepted(documents: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """Add `convention_set` to documents (cycle, company_code, party_id) where anything but `all` is asked for anywhere; else the frame as it is."""
    engagement = found.ground.engagement
    if {**NOTHING, **engagement.allowances}[SET] == ALL and not overrides_of(engagement, SET):
        return documents
    keyed = documents.drop("group_id", strict=False).with_row_index("_at").lazy()
    grouped = keyed.join(groups_of(found.ground.accepted), on=["cycle", "party_id"], how="left", validate="m:1")
    return with_limits(grouped, engagement, SET).sort("_at").drop("_at", "group_id").collect()


def sets_of(documents: pl.DataFrame) -> list[str]:
    """The sets that the documents ask for; none where everything is accepted."""
    return documents[SET].unique().to_list() if SET in documents.columns else []


def is_accepted(name: str, sets: Collection[str]) -> pl.Expr:
    """Whether the convention of this name is in the row's set; true where no sets are asked for."""
    return pl.col(SET).is_in([one for one in sets if allows(one, name)]) if sets else pl.lit(value=True)
