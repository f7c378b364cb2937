"""Estimates in the ledger of goods received and not invoiced, and what was reversed of them. Made of the allocations of the whole company.

An estimate is a debit of a journal that the ledger calls an accrual or reverses by itself, and that names a receipt or an order; what takes it back is
a credit of a journal that names it (`reversal_of`). Shipments have accruals too: those are not estimates of payables and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import is_given, shaped, table
from recon.match.periods import with_period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_JOURNAL: Final = ["company_code", "journal"]
_NAMED: Final = [*_JOURNAL, "reference"]
_GOODS_LINE: Final = ["cycle", "company_code", "fulfilment_number", "fulfilment_line_no"]
_BILL_LINE: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_line_no"]


def accrual_reversal(accepted: Accepted, tables: Mapping[str, pl.LazyFrame], engagement: Engagement) -> pl.DataFrame:
    """`accrual_reversal`, sorted by journal and reference; nothing where the ledger does not say which journal takes back which.

    `tables`: allocation, fulfilment_line and invoice_lines of the whole company, as they are published. Of `accepted` gl_journal_line and fiscal_period are read. Amounts
    are in the currency of the journal, which is the company's unless it says otherwise. `billed_amount`: the part of the estimate whose goods bills took since, by value.
    """
    columns = schema("accrual_reversal")
    if not is_given(accepted, "gl_journal_line", "reversal_of"):
        return pl.DataFrame(schema=columns)
    posted = table(accepted, "gl_journal_line").filter(pl.col("posting_date") <= engagement.as_of)
    is_estimate = pl.any_horizontal(pl.col("is_accrual", "auto_reverse").fill_null(value=False)) & pl.col("reversal_of").is_null()
    estimates = _estimates(posted.filter(is_estimate & (pl.col("amount") > 0)), accepted)
    taken = _taken_back(posted.filter(pl.col("reversal_of").is_not_null() & (pl.col("amount") < 0)).collect(), estimates)
    named = _of_purchases(estimates.join(taken, on=_NAMED, how="left", validate="1:1"), tables)
    digits = pl.col("currency").fill_null(engagement.currency)
    told = named.with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit("gl_journal"),
        document_number="journal",
        document_date="posting_date",
        accrued_amount_base=pl.when(digits == engagement.currency).then("accrued_amount"),
        billed_amount=money.round_to_currency(money.product(pl.col("accrued_amount"), pl.col("billed_share")).cast(money.MONEY), digits),
        is_next_period_over=pl.col("next_end") <= engagement.as_of,
    )
    order = ["company_code", "document_number", "reference"]
    return shaped(described(told.lazy(), "accrual_reversal", accepted).collect(), columns).sort(order, nulls_last=True)


def _estimates(lines: pl.LazyFrame, accepted: Accepted) -> pl.DataFrame:
    """One row per journal and reference: what was estimated, and the first and last day of the period after it."""
    summed = lines.group_by(_NAMED).agg(
        pl.col("posting_date").min(), pl.col("currency").min(), pl.col("party_id").min(),
        accrued_amount=pl.col("amount").sum(), is_auto_reversed=pl.col("auto_reverse").fill_null(value=False).any(),
        source_file=pl.col("source_file").min(), source_row=pl.col("source_row").sort_by("source_file", "source_row").first(),
    )  # fmt: skip
    own = with_period(summed.collect().lazy(), "posting_date", "own", accepted).with_columns(next_day=pl.col("own_to") + pl.duration(days=1))
    following = with_period(own, "next_day", "next", accepted)
    return following.select(*summed.collect_schema().names(), "next_from", next_end="next_to").collect()


def _taken_back(lines: pl.DataFrame, estimates: pl.DataFrame) -> pl.DataFrame:
    """Per estimate what journals took back of it, all in all and in the period after it, and how many did.

    A reversal without a reference of its own takes back the whole journal: that is the estimate where the journal has one, and nobody's in particular where it has several.
    """
    single = estimates.filter(pl.len().over(_JOURNAL) == 1).select(*_JOURNAL, only="reference")
    several = estimates.select(_JOURNAL).filter(pl.len().over(_JOURNAL) > 1).unique()
    back = lines.select("company_code", "posting_date", "reference", "amount", by="journal", journal="reversal_of")
    back = back.join(single, on=_JOURNAL, how="left", validate="m:1").with_columns(reference=pl.coalesce("reference", "only"))
    vague = back.filter(pl.col("reference").is_null()).join(several, on=_JOURNAL, how="semi").select(_JOURNAL).unique().with_columns(is_vague=True)
    placed = back.join(estimates.select(*_NAMED, "next_from", "next_end"), on=_NAMED, how="inner", validate="m:1", nulls_equal=True)
    in_next = pl.col("posting_date").is_between(pl.col("next_from"), pl.col("next_end"))
    sums = placed.group_by(_NAMED).agg(
        reversed_amount=-pl.col("amount").sum(),
        next_reversed_amount=-pl.col("amount").filter(in_next).sum(),
        reversal_count=pl.col("by").n_unique().cast(pl.Int64),
    )
    told = estimates.select(_NAMED).join(sums, on=_NAMED, how="left", validate="1:1", nulls_equal=True)
    told = told.join(vague, on=_JOURNAL, how="left", validate="m:1")
    known = [
        pl.when(pl.col("is_vague").is_null()).then(pl.col(name).fill_null(0)).alias(name)
        for name in ("reversed_amount", "next_reversed_amount", "reversal_count")
    ]
    return told.select(*_NAMED, *known)


def _of_purchases(estimates: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Estimates of purchases, with the party and `billed_share` of the goods they name; null where a reference names neither a receipt nor an order."""
    numbered = estimates.with_row_index("estimate")
    lines = _goods_named(numbered, tables)
    left = pl.col("whole") - pl.col("billed_before")
    of_line = pl.when(left > 0).then(money.ratio(pl.col("amount_base"), pl.col("billed_after"), left, 6)).otherwise("amount_base")
    bought = lines.filter(pl.col("cycle") == PROCURE_TO_PAY.name).with_columns(billed_worth=of_line)
    worth = bought.group_by("estimate").agg(
        is_known=(pl.col("amount_base").is_not_null() & (pl.col("whole") > 0).fill_null(value=False)).all(),
        billed_worth=pl.col("billed_worth").sum(), worth=pl.col("amount_base").sum(), party=pl.col("party").min(),
    )  # fmt: skip
    sold = lines.filter(pl.col("cycle") != PROCURE_TO_PAY.name).select("estimate").unique()
    ours = numbered.join(sold, on="estimate", how="anti").join(worth, on="estimate", how="left", validate="1:1")
    share = money.ratio(pl.col("billed_worth"), pl.lit(1, dtype=money.MONEY), pl.col("worth"), 10)
    known = pl.col("is_known") & (pl.col("worth") > 0)
    return ours.with_columns(billed_share=pl.when(known).then(share), party_id=pl.coalesce("party_id", "party"))


def _goods_named(estimates: pl.DataFrame, tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Per estimate the lines of the receipt or order that it names, as far as they were there: worth, quantity, and what bills carried of it before and after."""
    asked = estimates.lazy().select("estimate", "company_code", "reference", estimated="posting_date").drop_nulls("reference")
    there = tables["fulfilment_line"].filter(pl.col("exclusion_reason").is_null())
    goods = there.select(*_GOODS_LINE, "order_number", "amount_base", "posting_date", party="party_id")
    met = pl.concat(
        goods.join(asked, left_on=["company_code", number], right_on=["company_code", "reference"], how="inner", coalesce=False)
        .filter(pl.col("posting_date") <= pl.col("estimated"))
        .select("estimate", "estimated", *_GOODS_LINE, "amount_base", "party")
        for number in ("fulfilment_number", "order_number")
    )
    lines = met.unique(["estimate", *_GOODS_LINE], keep="any").collect()
    bills = tables["invoice_lines"].select(*_BILL_LINE, billed_on="posting_date").unique(_BILL_LINE, keep="any")
    parts = tables["allocation"].join(lines.lazy().select(_GOODS_LINE).unique(), on=_GOODS_LINE, how="semi")
    dated = parts.join(bills, on=_BILL_LINE, how="left").select(*_GOODS_LINE, "invoice_number", "quantity", "billed_on").collect()
    is_before = (pl.col("billed_on") <= pl.col("estimated")).fill_null(value=False)
    quantity, is_billed = pl.col("quantity"), pl.col("invoice_number").is_not_null()
    carried = lines.select("estimate", "estimated", *_GOODS_LINE).join(dated, on=_GOODS_LINE, how="inner").group_by("estimate", *_GOODS_LINE).agg(
        whole=quantity.sum(), billed_before=quantity.filter(is_billed & is_before).sum(), billed_after=quantity.filter(is_billed & ~is_before).sum()
    )  # fmt: skip
    return lines.join(carried, on=["estimate", *_GOODS_LINE], how="left", validate="1:1")
