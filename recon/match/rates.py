"""Exchange rates to the company's currency: the document's own, else the latest known on or before its date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain.money import RATE
from recon.match.dense import IN_ORDER, aligned
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted


def company_rates(documents: pl.DataFrame, accepted: Accepted, company_currency: str) -> pl.Series:
    """Company-currency units per unit of document currency, aligned with `documents` (currency, fx_rate, rate_day).

    The company's own currency is 1. Null where neither the document nor the rate table knows: unknown is not 1.
    """
    own = pl.when(pl.col("currency") == company_currency).then(pl.lit(1, dtype=RATE)).otherwise(pl.col("fx_rate"))
    rates = documents.select("currency", "rate_day", rate=own).with_row_index("row")
    lacking = rates.filter(pl.col("rate").is_null() & pl.col("currency").is_not_null() & pl.col("rate_day").is_not_null())
    if lacking.is_empty():
        return rates["rate"]
    known = (
        table(accepted, "fx_rate")
        .filter(pl.col("to_currency") == company_currency)
        .group_by(currency="from_currency", rate_day="rate_date")
        .agg(found=pl.col("rate").max(), is_one=pl.col("rate").n_unique() == 1)
        .filter("is_one")  # two rates of one day: neither is known to be right
        .sort("rate_day")
        .collect(engine=IN_ORDER)
    )
    found = lacking.sort("rate_day", "row").join_asof(known, on="rate_day", by="currency", strategy="backward", check_sortedness=False)
    joined = pl.concat([rates, aligned(found.select("row", "found"), "row", rates.height)], how="horizontal")
    return joined.select(pl.coalesce("rate", "found").alias("rate")).to_series()
