"""Numbers of our own that two documents bear: in this run, or one of them in the run given as history. Whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.given import is_given, shaped, table
from recon.match.numbers import normalised
from recon.match.own_numbers import Numbered, numbered_by_us

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.workpapers import Accepted


def number_repeat(accepted: Accepted) -> tuple[pl.LazyFrame, int]:
    """(`number_repeat`, numbers looked at): each live document of our own whose number another one bears, spelt so or otherwise.

    The other one may be known from the run given as history alone: a document dated after that run's day cannot be one that it knew.
    Versions of one order are one document. Two documents of one number that agree in party and spelling are told apart by nothing
    that an extract holds; they surface as contradicting rows (DAT-14).
    """
    found, looked_at = [], 0
    for kind in (k for k in numbered_by_us() if is_given(accepted, k.table)):
        live = table(accepted, kind.table)
        if kind.dead is not None:
            live = live.filter(~pl.col(kind.dead).fill_null(value=False))
        once = live.select("company_code", number=kind.number, party_id=kind.cycle.party).unique().collect()
        looked_at += once.height
        numbered = once.with_columns(normal=normalised(pl.col("number"))).drop_nulls("normal")
        several = numbered.filter(pl.struct("company_code", "normal").is_duplicated())
        if several.height:
            found.append(_described(several, live, kind))
        if accepted.earlier is not None and accepted.earlier.lines is not None:
            alone = numbered.join(several, on=["company_code", "number", "party_id"], how="anti")
            found.append(_borne_before(alone, live, kind, accepted.earlier.lines, accepted.earlier.as_of))
    empty = pl.DataFrame(schema=schema("number_repeat"))
    rows = pl.concat([empty, *(shaped(part, schema("number_repeat")) for part in found)])
    return rows.lazy().sort("document_type", "company_code", "document_number", "party_id"), looked_at


def _borne_before(new_ones: pl.DataFrame, live: pl.LazyFrame, kind: Numbered, lines: pl.LazyFrame, as_of: date) -> pl.DataFrame:
    """Documents dated after the earlier run's day that bear a number which it knew of another document. `lines`: those that it kept."""
    key = ["company_code", "normal"]
    known = lines.filter((pl.col("document_type") == kind.document_type) & ~pl.col("is_excluded"))
    before = known.group_by("company_code", "document_number").agg(
        other_party_id=pl.col("party_id").min(), other_date=pl.col("document_date").min(),
        worth=pl.when(pl.col("amount_base").null_count() == 0).then(pl.col("amount_base").sum()),
    ).with_columns(normal=normalised(pl.col("document_number")))  # fmt: skip
    first = before.sort("company_code", "normal", "other_date", "document_number").unique(key, keep="first", maintain_order=True).collect()
    both = new_ones.join(first.rename({"document_number": "other_number"}), on=key, how="inner", validate="m:1")
    if both.is_empty():
        return pl.DataFrame(schema=schema("number_repeat"))
    told = _facts(both, live, kind).filter(pl.col("document_date") > as_of)
    smaller = pl.min_horizontal(pl.col("amount_base"), pl.col("worth")) if kind.amount else pl.col("amount_base")
    return told.with_columns(
        cycle=pl.lit(kind.cycle.name), document_type=pl.lit(kind.document_type), document_number="number",
        party_name=pl.lit(None, dtype=pl.String), smaller_amount_base=smaller, known_since=pl.lit(as_of, dtype=pl.Date),
    )  # fmt: skip


def _described(several: pl.DataFrame, live: pl.LazyFrame, kind: Numbered) -> pl.DataFrame:
    """Of documents that share a number all but the first, beside the first."""
    known = _facts(several, live, kind)
    same = ["company_code", "normal"]
    later = known.with_columns(
        other_number=pl.col("number").first().over(same),
        other_party_id=pl.col("party_id").first().over(same),
        other_date=pl.col("document_date").first().over(same),
        smaller_amount_base=pl.min_horizontal(pl.col("amount_base"), pl.col("amount_base").first().over(same)),
        place=pl.int_range(pl.len()).over(same),
    )
    return later.filter(pl.col("place") > 0).with_columns(
        cycle=pl.lit(kind.cycle.name),
        document_type=pl.lit(kind.document_type),
        document_number="number",
        party_name=pl.lit(None, dtype=pl.String),
        known_since=pl.lit(None, dtype=pl.Date),
    )


def _facts(several: pl.DataFrame, live: pl.LazyFrame, kind: Numbered) -> pl.DataFrame:
    """The documents named, each with its day, worth and maker."""
    key = ["company_code", "number", "party_id"]
    worth = pl.coalesce(*kind.amount) if kind.amount else pl.lit(0, dtype=MONEY)
    rate = pl.col("fx_rate").fill_null(1) if kind.amount else pl.lit(1)
    lines = live.rename({kind.number: "number", kind.cycle.party: "party_id"}).join(several.lazy(), on=key, how="semi")
    documents = lines.group_by(key).agg(
        pl.col("created_by", "source_file").min(),
        pl.col("source_row").min(),
        currency=pl.col("currency").min() if kind.amount else pl.lit(None, dtype=pl.String),
        document_date=pl.col(kind.day).min(),
        amount_base=money.amount(worth, rate.cast(money.RATE)).sum(),
    ).collect()  # fmt: skip
    return documents.join(several, on=key, how="left", validate="1:1").sort("company_code", "normal", "document_date", "number", "party_id")
