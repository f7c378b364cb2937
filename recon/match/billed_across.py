"""Invoices that stand in the books under two suppliers, or in two companies. Whole: looks across parties and companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, RATE
from recon.match.given import table, with_fx_rate
from recon.match.numbers import compacted, normalised

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_TABLE: Final = PROCURE_TO_PAY.invoice_table
_DOCUMENT: Final = ["company_code", "party_id", "invoice_number", "invoice_date", "internal_number"]
_SAME: Final = ["number", "amount_gross", "currency", "invoice_date"]
_DEAD: Final = ("reversal", "credit", "value_credit")
#: An amount is round to this many in company currency.
_ROUND: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


def crossing_pair(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`crossing_pair`, invoices looked at): each later invoice of one number, amount, currency and date with the one entered first.

    `pair_kind`: `suppliers` (two parties, not of one group, in any company) or `companies` (one party group, two companies).
    """
    lines = table(accepted, _TABLE).filter(
        ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("invoice_date") <= engagement.as_of) & pl.col("invoice_number").is_not_null()
    )
    keys = lines.select("company_code", "invoice_number", "invoice_date", party_id="supplier_id").unique().collect()
    looked_at = keys.height
    keys = keys.with_columns(number=normalised(pl.col("invoice_number"))).drop_nulls("number")
    shared = keys.filter(pl.struct("number", "invoice_date").is_duplicated())
    documents = _documents(lines, shared, accepted, engagement)
    others = [_pairs(documents, "suppliers"), _pairs(documents, "companies")]
    told = pl.concat(others).with_columns(document_type=pl.lit(PROCURE_TO_PAY.invoice_type), cycle=pl.lit(PROCURE_TO_PAY.name))
    return told.lazy().select(schema("crossing_pair").keys()).sort(
        "company_code", "party_id", "invoice_number", "pair_kind", "internal_number"
    ), looked_at


def _documents(lines: pl.LazyFrame, shared: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    key = ["company_code", "party_id", "invoice_number", "invoice_date"]
    tax = pl.coalesce("line_tax_amount", money.amount(pl.col("line_amount_net"), pl.col("tax_rate")), pl.lit(0, dtype=MONEY))
    gross = pl.coalesce("line_amount_gross", pl.col("line_amount_net") + tax)
    suspects = lines.rename({"supplier_id": "party_id"}).join(shared.lazy(), on=key, how="semi")
    reversed_by = lines.filter(pl.col("invoice_kind") == "reversal").select(
        "company_code", party_id="supplier_id", number=normalised(pl.col("origin_invoice_number"))
    ).unique()  # fmt: skip
    documents = (
        suspects.filter(~pl.col("invoice_kind").is_in(_DEAD).fill_null(value=False))
        .group_by(_DOCUMENT)
        .agg(
            pl.col("currency", "fx_rate", "source_file").first(),
            pl.col("source_row").min(),
            pl.col("created_at").min(),
            amount_gross=gross.sum(),
        )
        .with_columns(number=normalised(pl.col("invoice_number")))
        .join(reversed_by, on=["company_code", "party_id", "number"], how="anti")
    )
    masters = table(accepted, PROCURE_TO_PAY.party_table).select(
        "party_id", "party_name", "group_id", tax=compacted(pl.col("tax_id")), bank=compacted(pl.col("bank_account"))
    ).unique("party_id", keep="any")  # fmt: skip
    rated = with_fx_rate(documents, "invoice_date", accepted, engagement).join(masters, on="party_id", how="left", validate="m:1")
    return rated.with_columns(
        party=pl.coalesce("group_id", "party_id"), amount_gross_base=money.amount(pl.col("amount_gross"), pl.col("fx_rate"))
    ).collect()  # fmt: skip


def _pairs(documents: pl.DataFrame, kind: str) -> pl.DataFrame:
    apart, together = ("party", "company_code") if kind == "suppliers" else ("company_code", "party")
    key = [*_SAME, *([together] if kind == "companies" else [])]
    entered = ["created_at", *_DOCUMENT]
    several = documents.filter((pl.col("amount_gross") > 0) & (pl.col(apart).n_unique().over(key) > 1)).sort(*key, *entered, nulls_last=True)
    shown = ["company_code", "party_id", "party_name", "invoice_number", "party", "tax", "bank"]
    first = several.with_columns(pl.col(name).first().over(key).alias(f"other_{name}") for name in shown)
    later = first.filter(pl.col(apart) != pl.col(f"other_{apart}"))
    base = pl.col("amount_gross_base")
    unit = pl.lit(None, dtype=MONEY)
    for size in _ROUND:
        whole = pl.lit(size, dtype=MONEY)
        unit = pl.when(base % whole == 0).then(whole).otherwise(unit)
    return later.with_columns(
        pair_kind=pl.lit(kind),
        number_length=pl.col("number").str.len_chars().cast(pl.Int64),
        round_unit_amount=pl.coalesce(unit, pl.lit(0, dtype=MONEY)),
        same_tax_id=(pl.col("tax") == pl.col("other_tax")).fill_null(value=False),
        same_bank_account=(pl.col("bank") == pl.col("other_bank")).fill_null(value=False),
        name_score=_likeness(later["party_name"], later["other_party_name"]),
    )


def _likeness(left: pl.Series, right: pl.Series) -> pl.Series:
    """How alike two names are, 0 to 1, word order and case aside; null where one is unknown."""
    from rapidfuzz import fuzz, process, utils

    if left.is_empty():
        return pl.Series([], dtype=RATE)
    scores = process.cpdist(left.fill_null("").to_list(), right.fill_null("").to_list(), scorer=fuzz.token_set_ratio, processor=utils.default_process)
    hundredths = pl.Series([int(score) for score in scores])
    known = left.is_not_null() & right.is_not_null()
    frame = pl.DataFrame({"score": hundredths, "known": known})
    return frame.select(pl.when("known").then(pl.col("score").cast(pl.Decimal(38, 0)) * pl.lit("0.01").cast(RATE)).cast(RATE)).to_series()
