"""Tails that nothing explains, added up per party: one is a cent, a year of them shows how a party rounds. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import with_limits
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match import usual_conventions
from recon.match.described import described

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_WHO: Final = ["cycle", "company_code", "party_id"]
_SCOPE: Final = (*_WHO, "group_id", "item_id", "item_group", "contract_id", "order_number", "order_line_no")
_TOLD: Final = ("invoice_date", "currency", "fx_rate", "source_file", "source_row")
_ALLOWANCES: Final = (
    "line_tail_amount", "tax_tail_over_amount", "tax_tail_under_amount", "document_tail_amount", "per_line_tail_amount",
    "document_tax_tail_amount", "per_line_tax_tail_amount",
)  # fmt: skip
_NOTHING: Final = pl.lit(0, dtype=money.MONEY)


def party_tail(accepted: Accepted, lines: MeasuredLines, documents: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """party_tail, sorted by key: tails of the reported period inside the allowances of DAT-03, DAT-04, TAX-02 and TAX-03, per company and party.

    `documents`: invoice_match. A tail that one rounding convention gives is explained and not counted; one beyond the allowance is an
    exception of those controls and not counted either. Tails that cannot be computed are counted, with what they may be at most.
    """
    period = engagement.period
    inside = pl.col("is_live") & pl.col("invoice_date").is_between(period.from_, period.to)
    tails = pl.concat(
        [*_of_lines(lines.invoices.filter(inside), engagement), *_of_totals(lines.invoices.filter(inside), documents.filter(inside), engagement)]
    )
    counted = pl.col("is_counted").fill_null(value=False)
    size = pl.col("tail").abs()
    worth, most = money.amount(size, pl.col("fx_rate")), money.amount(pl.col("allowed"), pl.col("fx_rate"))
    is_untested = pl.col("tail").is_null() | (counted & worth.is_null())
    marked = tails.with_columns(counted=counted & worth.is_not_null(), worth=worth, most=most, is_untested=is_untested)
    summed = marked.group_by(_WHO).agg(
        tail_count=pl.col("counted").sum().cast(pl.Int64),
        untested_count=pl.col("is_untested").sum().cast(pl.Int64),
        tail_amount_base=pl.when(~pl.col("is_untested").all()).then(pl.col("worth").filter("counted").sum()),
        untested_amount_base=pl.when(pl.col("most").filter("is_untested").null_count() == 0).then(pl.col("most").filter("is_untested").sum()),
        largest_tail_amount=size.filter("counted").max(),
        source_file=pl.col("source_file").min(),
        source_row=pl.col("source_row").min_by("source_file"),
    )
    types = {cycle.name: cycle.party_table for cycle in CYCLES}
    usual = lines.invoices.filter(inside).group_by(_WHO).agg(**usual_conventions.of_party())
    known = (
        summed.join(usual, on=_WHO, how="left", validate="1:1")
        .with_columns(pl.col("deviating_count").fill_null(0))
        .with_columns(usual_conventions.notes())
    )
    told = known.with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String), document_number="party_id", currency=pl.lit(engagement.currency)
    )
    return described(told, "party_tail", accepted).select(schema("party_tail").keys()).sort(_WHO)


def _of_lines(lines: pl.LazyFrame, engagement: Engagement) -> list[pl.LazyFrame]:
    """Net amount against quantity and price, tax against base and rate; the gross amount where only it differs."""
    kind = pl.col("line_kind").fill_null("item")
    is_priced = kind.is_in(["item", "service"]) & pl.col("invoice_kind").fill_null("invoice").is_in(["invoice", "credit", "reversal"])
    is_taxed = ~kind.is_in(["tax", "rounding"]) & (pl.col("tax_rate").is_null() | (pl.col("tax_rate") != 0) | (pl.col("line_tax_amount") != 0))
    is_taxed = is_taxed & ~pl.col("is_taxed_by_group").fill_null(value=False)
    told = [*_SCOPE, *_TOLD]
    net, tax = (pl.col(f"{name}_tail_amount") for name in ("arithmetic", "tax"))
    only_gross = (net == 0) & (tax == 0).fill_null(value=True) & (pl.col("gross_tail_amount") != 0)
    parts = [
        lines.filter(is_priced).select(*told, tail=net, convention="net_convention", limit=pl.lit("line_tail_amount")),
        lines.filter(is_priced & only_gross).select(
            *told, tail="gross_tail_amount", convention=pl.lit(None, dtype=pl.String), limit=pl.lit("line_tail_amount")
        ),
        lines.filter(is_taxed).select(
            *told, tail=tax, convention="tax_convention",
            limit=pl.when(tax < 0).then(pl.lit("tax_tail_under_amount")).otherwise(pl.lit("tax_tail_over_amount")),
        ),
    ]  # fmt: skip
    return [_judged(part.filter((pl.col("tail") != 0).fill_null(value=True)), _limit(), engagement) for part in parts] + [
        _quiet(part) for part in parts[:1]
    ]


def _of_totals(lines: pl.LazyFrame, documents: pl.LazyFrame, engagement: Engagement) -> list[pl.LazyFrame]:
    """Header totals against the sum of the lines, and tax lines against the lines whose tax they state.

    A document of which a line was set aside says nothing. What a tax line may be off is what TAX-02 says, in both directions.
    """
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in _SCOPE if name not in schema("invoice_match")]
    tail = pl.when(~pl.col("is_incomplete")).then("header_tail_amount")
    told = documents.filter(pl.col("header_tail_amount") != 0).with_columns(missing).select(
        *_SCOPE, *_TOLD, "line_count", tail=tail, convention="tail_convention", limit=pl.lit("")
    )  # fmt: skip
    taxes = lines.filter(pl.col("taxed_line_count").is_not_null() & (pl.col("tax_tail_amount") != 0).fill_null(value=True)).select(
        *_SCOPE, *_TOLD, line_count="taxed_line_count", tail="tax_tail_amount", convention="tax_convention", limit=pl.lit("")
    )
    frames = []
    for totals, stem in ((told, ""), (taxes, "_tax")):
        each = money.amount(_number(f"per_line{stem}_tail_amount"), pl.col("line_count").cast(money.QUANTITY))
        frames.append(_judged(totals, _number(f"document{stem}_tail_amount").cast(money.MONEY) + each, engagement))
    return frames


def _quiet(lines: pl.LazyFrame) -> pl.LazyFrame:
    """One line without a tail per party: a party whose figures all agree is a party that was tested."""
    fine = lines.filter(pl.col("tail") == 0).group_by(_WHO).agg(pl.col("tail").first(), pl.col("fx_rate").max(), pl.col("source_file").min())
    return fine.select(
        *_WHO, "tail", "fx_rate", "source_file", source_row=pl.lit(None, dtype=pl.UInt32), allowed=_NOTHING, is_counted=pl.lit(value=False)
    )


def _judged(tails: pl.LazyFrame, allowed: pl.Expr, engagement: Engagement) -> pl.LazyFrame:
    """With `allowed` (null: without end) and whether a tail is counted: inside it, and given by no convention."""
    scoped = with_limits(tails.collect().lazy(), engagement, *_ALLOWANCES, day="invoice_date")
    within = ~(pl.col("tail").abs() > pl.col("allowed")).fill_null(value=False)
    return scoped.with_columns(allowed=allowed.cast(money.MONEY)).select(
        *_WHO, "tail", "fx_rate", "source_file", "source_row", "allowed",
        is_counted=(pl.col("tail") != 0) & pl.col("convention").is_null() & within,
    )  # fmt: skip


def _limit() -> pl.Expr:
    return pl.coalesce(pl.when(pl.col("limit") == name).then(_number(name)) for name in _ALLOWANCES[:3])


def _number(name: str) -> pl.Expr:
    """A limit as a figure; null where it is switched off or without end."""
    text = pl.col(name)
    return pl.when(~text.is_in(["not_checked", "unlimited"])).then(text).cast(pl.Decimal(38, 10))
