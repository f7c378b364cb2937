"""Documents whose amounts lie just below a limit of approval, beside those around. Whole: persons and categories know no party.

Bands are compared in whole millionths, exactly: an amount equal to the limit is below it, as everywhere.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import for_everybody
from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import RATE, amount, from_units
from recon.match.clusters import approval_limits, units_of
from recon.match.described import described
from recon.match.given import table, with_fx_rate
from recon.match.orders_in_force import all_known, orders_in_force, worth
from recon.match.payment_manners import live_payments
from recon.match.whole_numbers import over

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_CLAIM: Final = "expense_claim"
_CLAIMS: Final = "expense_claim_line"
_PLACES: Final = 10
_GROUP: Final = ["company_code", "cycle", "document_type", "limit_amount", "grouped_by", "subject_number"]


def limit_bunch(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`limit_bunch`, sorted: one row per limit of approval and person, party or category with a document in one of the three bands around it.

    Of a limit L and a share p (of APR-12): band (L - pL, L], lower band (L - 2pL, L - pL], upper band (L, L + pL]; amounts without tax in company currency.
    `bunching_ratio`: the band against the mean of the two others; null where these are empty.
    """
    parts = []
    for kind, documents in _documents(accepted, engagement).items():
        limits = approval_limits(accepted, engagement, kind)
        if limits.height:
            rows = documents.collect().with_columns(document_type=pl.lit(kind), units=units_of("amount_base"), _all=pl.lit(0, dtype=pl.Int64))
            parts.append(_around(rows.join(limits, on="_all", how="inner"), engagement))
    columns = schema("limit_bunch")
    if not parts:
        return pl.LazyFrame(schema=columns)
    near = pl.concat(parts)
    by = {"person": "made_by", "party": "party_id", "category": "item_group"}
    each = pl.concat([near.with_columns(grouped_by=pl.lit(word), subject_number=pl.col(column)) for word, column in by.items()])
    counted = each.filter(pl.col("subject_number").is_not_null()).group_by(_GROUP).agg(
        *(pl.col("band").eq(band).sum().cast(pl.Int64).alias(f"{band}_count") for band in ("band", "lower", "upper")),
        pl.col("source_file", "source_row", "party_id", "made_by", "item_group").min(),
        band_amount_base=pl.col("amount_base").filter(pl.col("band") == "band").sum(),
        first_number=pl.col("document_number").filter(pl.col("band") == "band").min(),
    )  # fmt: skip
    around = pl.col("lower_count") + pl.col("upper_count")
    ratio = over(pl.col("band_count").cast(pl.Int128) * 2 * 10**_PLACES, around.cast(pl.Int128))
    supplied = pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then(pl.lit("supplier")).otherwise(pl.lit("customer"))
    told = counted.with_columns(
        subject_type=pl.when(pl.col("grouped_by") == "person")
        .then(pl.lit("user"))
        .when(pl.col("grouped_by") == "party")
        .then(supplied)
        .otherwise(pl.lit("item_group")),
        around_count=around,
        bunching_ratio=from_units(ratio, _PLACES).cast(RATE),
        party_id=pl.when(pl.col("grouped_by") == "party").then("party_id"),
        made_by=pl.when(pl.col("grouped_by") == "person").then("made_by"),
        item_group=pl.when(pl.col("grouped_by") == "category").then("item_group"),
        currency=pl.lit(engagement.currency),
    )
    made = described(told.lazy(), "limit_bunch", accepted).select(pl.col(name).cast(kind) for name, kind in columns.items())
    return made.sort("document_type", "company_code", "grouped_by", "subject_number", "limit_amount", nulls_last=False)


def _around(members: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """Documents of the company of a limit that lie in one of its bands."""
    text = for_everybody(engagement, "bunching_band_share")
    share = int(Decimal(text) * 10**_PLACES) if text not in {"not_checked", "unlimited"} else 0
    width = pl.col("limit_units").cast(pl.Int128) * share
    below = (pl.col("limit_units") - pl.col("units")).cast(pl.Int128) * 10**_PLACES
    band = (
        pl.when((below >= 0) & (below < width)).then(pl.lit("band"))
        .when((below >= width) & (below < width * 2) & (below >= 0)).then(pl.lit("lower"))
        .when((below < 0) & (below >= pl.lit(0, dtype=pl.Int128) - width)).then(pl.lit("upper"))
    )  # fmt: skip
    own = pl.col("limit_company").is_null() | (pl.col("limit_company") == pl.col("company_code"))
    return members.with_columns(band=band).filter(own & pl.col("band").is_not_null())


def _documents(accepted: Accepted, engagement: Engagement) -> dict[str, pl.LazyFrame]:
    """Type of document -> company_code, cycle, document_number, party_id, made_by, item_group, amount_base, source: those that count and take nothing back."""
    parts = {cycle.order_type: _orders(cycle, accepted, engagement) for cycle in CYCLES}
    parts |= {cycle.invoice_type: _invoices(cycle, accepted, engagement) for cycle in CYCLES}
    paid = live_payments(accepted, engagement)
    claims = table(accepted, _CLAIMS).filter(~pl.col("is_cancelled").fill_null(value=False) & (pl.col("claim_date") <= engagement.as_of))
    written = claims.select(
        "company_code", "currency", "fx_rate", "source_file", "source_row", cycle=pl.lit(None, dtype=pl.String), document_number="claim_number",
        party_id=pl.lit(None, dtype=pl.String), made_by="claimant_id", item_group=pl.lit(None, dtype=pl.String), day="claim_date", worth="amount",
    )  # fmt: skip
    parts[_CLAIM] = _summed(written, accepted, engagement)
    parts[PROCURE_TO_PAY.payment_type] = paid.with_columns(made_by="created_by", item_group=pl.lit(None, dtype=pl.String))
    columns = ("company_code", "cycle", "document_number", "party_id", "made_by", "item_group", "amount_base", "source_file", "source_row")
    return {kind: rows.filter(pl.col("amount_base") > 0).select(columns) for kind, rows in parts.items()}


def _orders(cycle: Cycle, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    asked = pl.coalesce("requester_id", "created_by") if cycle is PROCURE_TO_PAY else pl.col("created_by")
    lines = orders_in_force(accepted, cycle, as_of=engagement.as_of).select(
        "company_code", "currency", "fx_rate", "item_group", "source_file", "source_row", cycle=pl.lit(cycle.name), party_id=cycle.party, made_by=asked,
        document_number=f"{cycle.order}_number", day=f"{cycle.order}_date", worth=worth(),
    )  # fmt: skip
    return _summed(lines, accepted, engagement)


def _invoices(cycle: Cycle, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    counts = ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("invoice_kind").fill_null("invoice") == "invoice")
    lines = table(accepted, cycle.invoice_table).filter(counts & (pl.col("invoice_date") <= engagement.as_of)).select(
        "company_code", "currency", "fx_rate", "source_file", "source_row", cycle=pl.lit(cycle.name), party_id=cycle.party, made_by="created_by",
        document_number="invoice_number", day="invoice_date", item_group=pl.lit(None, dtype=pl.String), worth="line_amount_net",
    )  # fmt: skip
    return _summed(lines, accepted, engagement)


def _summed(lines: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Documents with their lines added up in company currency; null where the worth of a line is not known."""
    rated = with_fx_rate(lines, "day", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate").cast(RATE)))
    key = ["company_code", "cycle", "document_number", "party_id", "day"]
    group = pl.col("item_group")
    return rated.group_by(key).agg(
        pl.col("made_by", "source_file", "source_row").min(), amount_base=all_known("base"),
        item_group=pl.when((group.min() == group.max()) & (group.null_count() == 0)).then(group.min()),
    )  # fmt: skip
