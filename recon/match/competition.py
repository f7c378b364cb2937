"""Purchase orders and the bids that came before them. Whole: who bid and did not get the order is another party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import RATE, amount
from recon.match.described import described
from recon.match.given import local_day, table, with_fx_rate
from recon.match.orders_in_force import all_known, orders_in_force, worth

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ORDER: Final = ["company_code", "order_number"]
#: How approvals name the decision that no tender is held.
WAIVER: Final = "tender_waiver"


def order_competition(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`order_competition`, sorted: one row per live purchase order with the bids of the tenders that name it.

    A tender is an order's where one of its rows names the order; all its suppliers with a bid then count, each once. `has_approved_waiver` is null where
    a waiver is named and no approval of any waiver is on record. Bids are compared in the order's currency only.
    """
    lines = orders_in_force(accepted, PROCURE_TO_PAY, as_of=engagement.as_of).select(
        "company_code", "currency", "fx_rate", "item_group", "contract_id", "source_file", "source_row", order_number="po_number", party_id="supplier_id",
        order_date="po_date", worth=worth(),
    )  # fmt: skip
    rated = with_fx_rate(lines, "order_date", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate").cast(RATE)))
    alike = {
        name: pl.when((pl.col(name).min() == pl.col(name).max()) & (pl.col(name).null_count() == 0)).then(pl.col(name).min())
        for name in ("item_group", "contract_id")
    }
    orders = rated.sort("source_file", "source_row").group_by(_ORDER, maintain_order=True).agg(
        pl.col("party_id", "order_date", "currency", "source_file", "source_row").first(), amount_net=all_known("worth"), amount_net_base=all_known("base"),
        **alike,
    ).collect()  # fmt: skip
    rows = table(accepted, "quotation").rename({"po_number": "order_number"}).collect()
    told = orders.join(_bids(orders, rows), on=_ORDER, how="left", validate="1:1").join(
        _waivers(rows, accepted, engagement), on=_ORDER, how="left", validate="1:1"
    )
    shaped = told.with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.order_type), bid_count=pl.col("bid_count").fill_null(0),
        has_approved_waiver=pl.when(pl.col("waiver_id").is_null()).then(statement=False).otherwise("has_approved_waiver"),
    )  # fmt: skip
    made = described(shaped.lazy(), "order_competition", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("order_competition").items()).sort(_ORDER)


def _bids(orders: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Per order: its tenders, how many suppliers bid in them, the lowest bid and its own supplier's, both in the order's currency."""
    tenders = rows.filter(pl.col("order_number").is_not_null() & pl.col("waiver_id").is_null()).select(*_ORDER, "tender_id").unique()
    bids = rows.filter(pl.col("waiver_id").is_null()).select("company_code", "tender_id", "bid_amount", bidder="supplier_id", bid_currency="currency")
    met = tenders.join(bids, on=["company_code", "tender_id"], how="inner").join(
        orders.select(*_ORDER, "party_id", "currency"), on=_ORDER, how="inner", validate="m:1"
    )
    same = pl.col("bid_currency").fill_null(pl.col("currency")) == pl.col("currency")
    return met.group_by(_ORDER).agg(
        tender_id=pl.col("tender_id").unique().sort().str.join(", "), bid_count=pl.col("bidder").n_unique().cast(pl.Int64),
        lowest_bid_amount=pl.col("bid_amount").filter(same).min(),
        own_bid_amount=pl.col("bid_amount").filter(same & (pl.col("bidder") == pl.col("party_id"))).min(),
    )  # fmt: skip


def _waivers(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Per order the waiver that its rows name, and whether it was approved up to the as-of date."""
    events = table(accepted, "approval_event").filter(
        (pl.col("document_type") == WAIVER) & (local_day("action_at", engagement) <= engagement.as_of)
    ).select("company_code", "action", waiver_id="document_number").collect()  # fmt: skip
    approved = events.filter(pl.col("action") == "approve").select("company_code", "waiver_id", is_approved=pl.lit(value=True)).unique()
    named = rows.filter(pl.col("order_number").is_not_null() & pl.col("waiver_id").is_not_null()).select(*_ORDER, "waiver_id").unique()
    met = named.join(approved, on=["company_code", "waiver_id"], how="left", validate="m:1")
    is_approved = pl.col("is_approved").fill_null(value=False).any()
    known = is_approved if events.height else pl.when(is_approved).then(statement=True)
    return met.group_by(_ORDER).agg(waiver_id=pl.col("waiver_id").sort().str.join(", "), has_approved_waiver=known)
