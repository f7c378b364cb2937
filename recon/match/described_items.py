"""Which item of the master a line may mean whose item is not on file: the one whose name is most like its description. A suggestion, never a key.

Looked for where DAT-06 asks for it (`description_likeness_share`). Descriptions are compared without width, case and punctuation; an item is named only where no other is
as much alike.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import for_everybody
from recon.match.given import table
from recon.match.party_names import alike_pairs, plain_name

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_SHARE: Final = "description_likeness_share"
#: What is added to each line.
NEAREST: Final = ("nearest_item_id", "nearest_note", "nearest_note_zh")


def with_nearest_item(lines: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Add nearest_item_id, nearest_note and nearest_note_zh to lines with an item_description; null and empty where none is alike or nobody asks."""
    share = for_everybody(engagement, _SHARE)
    nobody = pl.lit(None, dtype=pl.String)
    if share in {"not_checked", "unlimited"} or lines["item_description"].null_count() == lines.height:
        return lines.with_columns(nearest_item_id=nobody, nearest_note=pl.lit(""), nearest_note_zh=pl.lit(""))
    names = table(accepted, "item").select(nearest_item_id="item_id", other=plain_name(pl.col("item_name"))).drop_nulls().unique().collect()
    told = lines.with_columns(one=plain_name(pl.col("item_description")))
    least = max(int(Decimal(share) * 100), 1)
    pairs = alike_pairs(told["one"], names["other"], least).filter(pl.col("likeness") >= pl.lit(share).cast(pl.Decimal(38, 10)))
    met = pairs.join(names, on="other", how="inner")
    best = met.filter(pl.col("likeness") == pl.col("likeness").max().over("one"))
    only = best.filter(pl.col("nearest_item_id").n_unique().over("one") == 1).unique("one", keep="any").select("one", "nearest_item_id", "other")
    found = told.join(only, on="one", how="left", validate="m:1", maintain_order="left")
    said = pl.format(" Its description is most like that of {} ({}).", "nearest_item_id", "other")
    said_zh = pl.format("其描述与 {}（{}）最相近。", "nearest_item_id", "other")
    return found.with_columns(nearest_note=said.fill_null(""), nearest_note_zh=said_zh.fill_null("")).drop("one", "other")
