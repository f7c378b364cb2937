"""Bills that name nothing and whose total is what came, or went, with one delivery note or on one day: many orders under one bill.

Goods count at their order's price, by delivery note first, then by day. Answers are suggestions only. Bucket-local.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers as whole
from recon.match.bridge import at_order_price
from recon.match.dense import chosen

_PARTY: Final = ["cycle", "company_code", "party_key", "currency"]
#: name of the pass -> what its goods have in common, in the order in which it is looked for
WAYS: Final = {"delivery note total": "note", "day total": "day"}


def deliveries(fulfilments: pl.DataFrame, held: pl.DataFrame, terms: pl.DataFrame, notes: pl.Series) -> pl.DataFrame:
    """What came together of order lines that nobody billed: party, way, day (the last one), units (sorted), target (its value).

    `fulfilments` carries order_row, delivered, exclusion_reason; `notes`: their delivery notes, aligned; `held`: open order lines by `unit`.
    """
    counts = pl.col("exclusion_reason").is_null() & (pl.col("delivered") > 0) & pl.col("order_row").is_in(held["unit"].unique().implode())
    day = pl.col("fulfilment_date")
    goods = chosen(fulfilments.with_columns(note=notes), counts, "note", "delivered", unit="order_row", day=day)
    priced = terms.select(pl.col("price_times", "price_by").gather(goods["unit"]))
    frame = pl.concat([goods, priced], how="horizontal").join(held.select("unit", *_PARTY), on="unit", how="inner", validate="m:1")
    whole.guard(frame, [("delivered", "price_times")])
    value = whole.times(at_order_price(whole.units("delivered"), plain=False), pl.lit(1, dtype=pl.Int128), 4)
    valued = frame.with_columns(value=money.round_to_currency(money.from_units(value, 6), pl.col("currency")))
    found = []
    for way, common in WAYS.items():
        together = valued.filter(pl.col(common).is_not_null()).with_columns(common=pl.col(common).cast(pl.String))
        sums = together.group_by(*_PARTY, "common").agg(
            day=pl.col("day").max(), units=pl.col("unit").unique().sort(), target=pl.col("value").sum(), unvalued=pl.col("value").null_count()
        )
        found.append(sums.filter(pl.col("unvalued") == 0).drop("unvalued", "common").with_columns(way=pl.lit(way)))
    return pl.concat(found)


def billed_together(lost: pl.DataFrame, together: pl.DataFrame) -> pl.DataFrame:
    """row, way, units (of the first answer), count (of answers), is_sure: every line of the bills whose total is that of `deliveries`.

    An answer is sure that is the bill's only one and no other bill's. Where a delivery note answers, days are not asked.
    """
    totals = lost.filter("is_whole").group_by("document", *_PARTY).agg(
        pl.col("invoice_date").max(), target=pl.col("amount").sum(), rows=pl.col("row")
    )  # fmt: skip
    met = totals.join(together, on=[*_PARTY, "target"], how="inner").filter(pl.col("day") <= pl.col("invoice_date"))
    rank = pl.col("way").replace_strict({way: place for place, way in enumerate(WAYS)}, return_dtype=pl.UInt8)
    met = met.filter(rank == rank.min().over("document")).with_columns(key=pl.col("units").cast(pl.List(pl.String)).list.join(","))
    # two notes over the same order lines are one answer
    each = met.sort("document", "key", "day").unique(["document", "key"], keep="first", maintain_order=True)
    each = each.with_columns(bills=pl.len().over(*_PARTY, "way", "key", "target"))
    answers = each.group_by("document", maintain_order=True).agg(
        pl.col("rows", "way", "units").first(), count=pl.len().cast(pl.UInt32), is_sure=(pl.col("bills") == 1).all() & (pl.len() == 1)
    )
    return answers.explode("rows").rename({"rows": "row"}).drop("document")
