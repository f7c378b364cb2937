"""Payments that together pass a limit of release which each of them stays below. Whole: one account may stand behind several parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.clusters import approval_limits, crossing, units_of
from recon.match.described import described
from recon.match.numbers import compacted
from recon.match.payment_manners import live_payments

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_KEY: Final = ["company_code", "order_number"]
_GROUP: Final = ["company_code", "party_key", "actor_id", "limit_amount"]


def payment_cluster(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`payment_cluster` with the live payments looked at; nothing where the policy states no amounts up to which payments may be released.

    As `clusters.spend_cluster` over payments of one company to one party group, and to one account (each is tried). A payment run that pays a party
    several bills cuts nothing in pieces: payments of one run to one party, none of them made by hand, are left out. Rows whose worth in company
    currency nobody knows are not laid together (`is_known` false).
    """
    limits = approval_limits(accepted, engagement, PROCURE_TO_PAY.payment_type)
    if limits.is_empty():
        return {}, {}
    live = _live(accepted, engagement)
    shared = {"party": pl.coalesce(pl.lit("group ") + pl.col("group_id"), pl.lit("party ") + pl.col("party_id")), "account": pl.col("account")}
    tried = pl.concat([live.with_columns(actor_id=pl.lit(word), party_key=key) for word, key in shared.items()])
    members = tried.filter(pl.col("party_key").is_not_null() & (pl.col("units") > 0)).join(limits, on="_all", how="inner").filter(
        (pl.col("limit_company").is_null() | (pl.col("limit_company") == pl.col("company_code"))) & (pl.col("units") <= pl.col("limit_units"))
    )  # fmt: skip
    passing = members.filter(pl.col("units").cast(pl.Int128).sum().over(_GROUP) > pl.col("limit_units"))
    found = crossing(passing).sort(
        *_KEY, "limit_amount", "span_days", pl.lit(0) - pl.col("member_count"), "actor_id", descending=[False] * 5 + [True]
    )
    first = found.unique([*_KEY, "limit_amount"], keep="first", maintain_order=True).with_columns(shared="actor_id", is_known=pl.lit(value=True))
    unknown = live.filter(pl.col("units").is_null()).with_columns(is_known=pl.lit(value=False))
    rows = pl.concat([first, unknown], how="diagonal").with_columns(document_number="order_number", payment_date="created_day")
    told = described(rows.lazy(), "payment_cluster", accepted).select(pl.col(name).cast(kind) for name, kind in schema("payment_cluster").items())
    return {"payment_cluster": told.sort("company_code", "document_number", "limit_amount", nulls_last=True)}, {"payment_cluster": live.height}


def _live(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Payments in the names that `clusters.crossing` knows; those of one run to one party left out."""
    live = described(live_payments(accepted, engagement, "payee_account"), "payment_cluster", accepted).with_columns(
        account=compacted(pl.col("payee_account"))
    )
    automatic = pl.col("run_id").is_not_null() & ~pl.col("is_manual").fill_null(value=False)
    same_run = ["company_code", "party_id", "run_id"]
    is_of_run = automatic & (automatic.sum().over(same_run) > 1)
    return live.filter(~is_of_run).select(
        "company_code", "cycle", "document_type", "party_id", "party_name", "group_id", "currency", "created_by", "amount_base", "account",
        "source_file", "source_row",
        order_number="document_number", created_day="payment_date", units=units_of("amount_base"),
        serial=pl.col("document_number").str.extract(r"(\d{1,18})\D*$").cast(pl.Int64), category=pl.lit("any"),
        item_id=pl.lit(None, dtype=pl.String), has_contract=pl.lit(value=False), _all=pl.lit(0, dtype=pl.Int64),
    ).collect()  # fmt: skip
