"""What a bill in foreign currency differs by from the rates of the days on which its goods came, where CUR-03 asks for these. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import ever_says, with_limits
from recon.domain.money import MONEY, RATE
from recon.match.dense import IN_ORDER
from recon.match.match_units import groups_of
from recon.match.rates import company_rates

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_POLICY: Final = "order_rate_policy"
_RECEIPT: Final = "receipt"
#: By `row` of the invoice lines; the rate is the mean of the days, weighted by quantity, to be shown.
FIGURES: Final = {"row": pl.UInt32(), "receipt_fx_rate": RATE, "receipt_fx_variance": MONEY}


def by_receipt(found: ThreeWay) -> pl.DataFrame:
    """FIGURES of the lines for whose order the rate of the receipt is asked, company currency; no rows where nobody asks for it.

    Each part of the billed value stands at the rate of the day on which the goods that carry it were posted; what no goods carry yet, and
    what needs none or was credited, at the rate of the order. Null where one of the rates is not known.
    """
    engagement = found.ground.engagement
    if not ever_says(engagement, _POLICY, _RECEIPT):
        return pl.DataFrame(schema=FIGURES)
    asked = _asked(found)
    pieces = found.parts.filter(pl.col("claim").is_not_null() & pl.col("unit").is_in(asked.implode()))
    terms = found.units.select(pl.col("currency", "order_rate").gather(pieces["unit"]))
    placed = pl.concat([pieces, terms, found.claims.select(pl.col("row").gather(pieces["claim"]))], how="horizontal").with_row_index("piece")
    carried = placed.filter(pl.col("layer").is_not_null())
    goods = found.fulfilments.select(pl.col("place", "posting_date").gather(carried["layer"]))
    day = pl.concat([goods, found.raw.fulfilments.taken(goods["place"], "fulfilment_date")], how="horizontal").select(
        pl.coalesce("posting_date", "fulfilment_date")
    )
    dated = carried.select("piece", "currency", rate_day=day.to_series(), fx_rate=pl.lit(None, dtype=RATE))
    rates = dated.select("piece", of_day=company_rates(dated, found.ground.accepted, engagement.currency))
    rated = placed.join(rates, on="piece", how="left", validate="1:1").with_columns(
        rate=pl.when(pl.col("layer").is_null()).then("order_rate").otherwise("of_day")
    )
    return _differences(pl.concat([rated.select("row", "quantity", "rate"), _credited(asked, found)]), found)


def _credited(asked: pl.Series, found: ThreeWay) -> pl.DataFrame:
    """What credits took back of bills for the order lines asked: row, quantity, and the rate of the order, since no goods carry it."""
    taken = pl.col("quantity") - pl.col("net")
    claims = found.claims.filter(pl.col("unit").is_in(asked.implode()) & (taken > 0)).select("row", "unit", quantity=taken)
    return claims.with_columns(rate=found.units["order_rate"].gather(claims["unit"])).select("row", "quantity", "rate")


def _asked(found: ThreeWay) -> pl.Series:
    """Order lines in another currency than the company's that CUR-03 holds to the rate of the receipt."""
    engagement = found.ground.engagement
    lines = found.units.head(found.orders.height).select("unit", "cycle", "company_code", "party_id", "item_id", "item_group", "currency")
    said = found.raw.orders.taken(found.orders["place"], "order_number", "order_line_no", "contract_id")
    foreign = pl.concat([lines, said], how="horizontal").filter(pl.col("currency") != engagement.currency)
    grouped = foreign.lazy().join(groups_of(found.ground.accepted), on=["cycle", "party_id"], how="left", validate="m:1")
    return with_limits(grouped, engagement, _POLICY).filter(pl.col(_POLICY) == _RECEIPT).select("unit").collect(engine=IN_ORDER)["unit"]


def _differences(rated: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """`rated`: pieces of invoice lines (row) with quantity and rate. The value is cut along the rates, so that its parts add up to it."""
    by_rate = rated.group_by("row", "rate").agg(pl.col("quantity").sum()).sort("row", "rate", nulls_last=True)
    lines = found.invoices.select(pl.col("value", "rate").gather(by_rate["row"])).rename({"rate": "own_rate"})
    placed = pl.concat([by_rate, lines], how="horizontal").with_columns(
        whole=pl.col("quantity").sum().over("row"), end=pl.col("quantity").cum_sum().over("row")
    )
    upto, since = (money.ratio(pl.col("value"), end, pl.col("whole"), 6) for end in (pl.col("end"), pl.col("end") - pl.col("quantity")))
    fixed = money.amount(upto - since, pl.col("rate"))
    weighted = money.product(pl.col("quantity"), pl.col("rate"))
    parts = placed.with_columns(fixed=fixed, weighted=weighted)
    is_known = (pl.col("rate").null_count() == 0) & (pl.col("whole").first() > 0)
    summed = parts.group_by("row").agg(
        pl.col("value", "own_rate", "whole").first(), fixed=pl.when(is_known).then(pl.col("fixed").sum()),
        weighted=pl.when(is_known).then(pl.col("weighted").sum()),
    )  # fmt: skip
    told = summed.select(
        "row",
        receipt_fx_rate=money.ratio(pl.col("weighted"), pl.lit(1, dtype=MONEY), pl.col("whole")),
        receipt_fx_variance=money.amount(pl.col("value"), pl.col("own_rate")) - pl.col("fixed"),
    )
    return told.select(pl.col(name).cast(kind) for name, kind in FIGURES.items()).sort("row")
