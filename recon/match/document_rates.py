"""Documents in foreign currency with their own exchange rate and that of the rate table on their dates. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_KEY: Final = ["cycle", "company_code", "document_type", "party_id", "document_number", "document_date", "internal_number"]
_DAYS: Final = {"reference": "document_date", "posting_reference": "posting_date"}


def document_rates(found: ThreeWay, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live order and invoice in foreign currency: document_rate (its own), and per date the latest rate on file up to it.

    Rates are company-currency units per unit; *_age_days is how old the rate on file was on that day. amount_base is null where neither
    the document nor the table knows a rate.
    """
    papers = pl.concat([_documents(found, stem) for stem in ("order", "invoice")])
    foreign = papers.filter(pl.col("currency") != engagement.currency).group_by(_KEY).agg(
        pl.col("currency", "order_number", "posting_date", "document_rate", "source_file", "source_row").first(), amount_net=pl.col("amount_net").sum()
    )  # fmt: skip
    rates = (
        table(accepted, "fx_rate")
        .filter(pl.col("to_currency") == engagement.currency)
        .group_by(currency="from_currency", rate_date="rate_date")
        .agg(rate=pl.when(pl.col("rate").n_unique() == 1).then(pl.col("rate").first()))
        .filter(pl.col("rate").is_not_null())
        .sort("currency", "rate_date")
    )
    for stem, day in _DAYS.items():
        known = rates.rename({"rate": f"{stem}_rate", "rate_date": f"{stem}_date"})
        foreign = foreign.sort("currency", day).join_asof(
            known, left_on=day, right_on=f"{stem}_date", by="currency", strategy="backward", check_sortedness=False
        )  # fmt: skip
        foreign = foreign.with_columns((pl.col(day) - pl.col(f"{stem}_date")).dt.total_days().alias(f"{stem}_age_days"))
    rate = pl.coalesce("document_rate", "reference_rate")
    measured = foreign.with_columns(amount_base=money.amount(pl.col("amount_net"), rate))
    return described(measured, "document_rate", accepted).select(schema("document_rate").keys()).sort(_KEY)


def _documents(found: ThreeWay, stem: str) -> pl.LazyFrame:
    """Lines of one kind with the columns that say which document they are of."""
    lines, papers = (found.orders, found.raw.orders) if stem == "order" else (found.invoices, found.raw.invoices)
    live = lines.filter(pl.col("exclusion_reason").is_null()).select("place")["place"]
    said = papers.taken(
        live, "cycle", "company_code", "party_id", "currency", "source_file", "source_row", document_number=f"{stem}_number", document_date=f"{stem}_date",
        document_rate="fx_rate", amount_net="line_amount_net",
        **({"internal_number": "internal_number", "posting_date": "posting_date"} if stem == "invoice" else {"order_number": "order_number"}),
    )  # fmt: skip
    types = {cycle.name: str(getattr(cycle, f"{stem}_type")) for cycle in CYCLES}
    absent = {"posting_date": pl.Date, "internal_number": pl.String, "order_number": pl.String}
    lacking = [pl.lit(None, dtype=kind).alias(name) for name, kind in absent.items() if name not in said.columns]
    typed = said.lazy().with_columns(*lacking, document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String))
    return typed.with_columns(posting_date=pl.coalesce("posting_date", "document_date")).select(
        *_KEY, "currency", "order_number", "posting_date", "document_rate", "source_file", "source_row", "amount_net"
    )
