"""Suppliers that come back after a long sleep, and new ones that are paid much at once. Whole, from slim projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import with_limits
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import RATE, amount, ratio
from recon.match.described import described
from recon.match.given import local_day, table, with_fx_rate
from recon.match.master_changes import watched_field
from recon.match.orders_in_force import orders_in_force

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_CYCLE: Final = PROCURE_TO_PAY
#: Kinds of events in the order in which one is named of several on a day.
_KINDS: Final = ("supplier_payment", "supplier_invoice", "goods_receipt", "purchase_order", "master")
_BACK: Final = ("refund", "void")
_WINDOW: Final = "new_supplier_days"


def supplier_return(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`supplier_return`, sorted: one row per supplier with a document or a change of its master in the reported period: the event after the longest rest.

    `gap_days`: since its last document before, null where the extract has none; `created_days`: since the supplier was created; `history_days`: since the
    first document of the extract. `amount_base`: billed or paid from that day to the end of the period, the larger of both.
    """
    first, last = engagement.period.from_, min(engagement.period.to, engagement.as_of)
    documents = _documents(accepted).filter(pl.col("day") <= engagement.as_of).unique().collect()
    changes = _changes(accepted, engagement).collect()
    events = pl.concat([documents, changes.select(documents.columns)]).filter(pl.col("day").is_between(first, last))
    days = documents.select("party_id", "day", previous_date="day").unique().sort("day")
    met = events.sort("day", "kind").join_asof(
        days, on="day", by="party_id", strategy="backward", allow_exact_matches=False, check_sortedness=False
    )  # fmt: skip
    rest = (pl.col("day") - pl.col("previous_date")).dt.total_days()
    order = pl.col("kind").replace_strict({kind: place for place, kind in enumerate(_KINDS)}, return_dtype=pl.Int64)
    longest = met.with_columns(gap_days=rest, place=order).sort("gap_days", "day", "place", descending=[True, False, False], nulls_last=False)
    chosen = longest.unique("party_id", keep="first", maintain_order=True)
    told = chosen.lazy().join(_created(accepted, engagement), on="party_id", how="left", validate="1:1")
    told = told.join(_business(chosen, accepted, engagement), on="party_id", how="left", validate="1:1")
    moved = changes.lazy().filter(pl.col("is_account")).group_by("party_id").agg(account_changed_date=pl.col("day").max())
    told = told.join(moved, on="party_id", how="left", validate="1:1")
    begun = documents.select(pl.col("day").min()).item()
    rows = told.with_columns(
        cycle=pl.lit(_CYCLE.name),
        document_type=pl.lit(_CYCLE.party_table),
        document_number="party_id",
        event_date="day",
        event=pl.col("kind").replace({"master": "change of the master"}),
        created_days=(pl.col("day") - pl.col("created_date")).dt.total_days(),
        history_days=(pl.col("day") - pl.lit(begun, dtype=pl.Date)).dt.total_days(),
        is_account_changed=(pl.col("account_changed_date") > pl.coalesce("previous_date", "created_date")).fill_null(value=False),
    )
    made = described(rows, "supplier_return", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("supplier_return").items()).sort("party_id")


def _documents(accepted: Accepted) -> pl.LazyFrame:
    """party_id, day, kind of all live documents of suppliers."""
    frames = [orders_in_force(accepted, _CYCLE).select(party_id="supplier_id", day="po_date", kind=pl.lit(_CYCLE.order_type)).drop_nulls("party_id")]
    for name, day, kind, dead in (
        (_CYCLE.fulfilment_table, "receipt_date", _CYCLE.fulfilment_type, "is_cancelled"),
        (_CYCLE.invoice_table, "invoice_date", _CYCLE.invoice_type, "is_cancelled"),
        (_CYCLE.payment_table, "payment_date", _CYCLE.payment_type, "is_voided"),
    ):
        live = table(accepted, name).filter(~pl.col(dead).fill_null(value=False) & pl.col("supplier_id").is_not_null())
        frames.append(live.select(party_id="supplier_id", day=day, kind=pl.lit(kind)))
    return pl.concat(frames)


def _changes(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, day, kind, is_account of recorded changes of suppliers' masters up to the as-of date."""
    day = local_day("changed_at", engagement)
    told = table(accepted, "document_change").filter((pl.col("document_type") == _CYCLE.party_table) & (day <= engagement.as_of))
    return told.select(party_id="document_number", day=day, kind=pl.lit("master"), is_account=watched_field() == "bank account")


def _created(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    return table(accepted, _CYCLE.party_table).select(
        "party_id", "created_by", "source_file", "source_row", created_date=local_day("created_at", engagement)
    )  # fmt: skip


def _business(chosen: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, amount_base: what was billed, or paid, from the event on to the end of the period; null where a rate is not known."""
    last = min(engagement.period.to, engagement.as_of)
    since = chosen.lazy().select("party_id", since="day")
    sums = since
    for name, day, worth, dead, into in (
        (_CYCLE.invoice_table, "invoice_date", "line_amount_net", "is_cancelled", "billed"),
        (_CYCLE.payment_table, "payment_date", "amount", "is_voided", "paid"),
    ):
        live = table(accepted, name).filter(~pl.col(dead).fill_null(value=False) & (pl.col(day) <= last) & (pl.col(day) >= engagement.period.from_))
        rows = live.select("currency", "fx_rate", party_id="supplier_id", day=day, worth=worth).join(since, on="party_id", how="inner")
        rated = with_fx_rate(rows.filter(pl.col("day") >= pl.col("since")), "day", accepted, engagement)
        base = rated.with_columns(base=amount(pl.col("worth"), pl.col("fx_rate")))
        total = base.group_by("party_id").agg(pl.col("base").sum().alias(into), pl.col("base").null_count().alias(f"{into}_unknown"))
        sums = sums.join(total, on="party_id", how="left", validate="1:1")
    unknown = (pl.col("billed_unknown").fill_null(0) + pl.col("paid_unknown").fill_null(0)) > 0
    nothing = pl.lit(0).cast(schema("supplier_return")["amount_base"])
    larger = pl.max_horizontal(pl.col("billed").fill_null(nothing), pl.col("paid").fill_null(nothing))
    return sums.select("party_id", amount_base=pl.when(~unknown).then(larger))


def first_payment(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`first_payment`, sorted: one row per supplier that was paid: its first payment against the day it was created, and against those of its category.

    The category is the item group of which most was ordered from the supplier; without one, all payments. `rank_share`: the share of the payments in
    the category, from the first of the extract on, that are not larger. `amount_base`: paid within PTY-08's days of its creation.
    """
    counts = (pl.col("payment_date") <= engagement.as_of) & ~pl.col("is_voided").fill_null(value=False) & (pl.col("amount") > 0)
    counts &= ~pl.col("payment_kind").is_in(_BACK).fill_null(value=False)
    slim = table(accepted, _CYCLE.payment_table).filter(counts).select(
        "company_code", "payment_number", "payment_date", "currency", "amount", "fx_rate", party_id="supplier_id"
    )  # fmt: skip
    rated = with_fx_rate(slim, "payment_date", accepted, engagement).with_columns(base=amount(pl.col("amount"), pl.col("fx_rate")))
    paid = rated.join(_categories(accepted), on="party_id", how="left", validate="m:1").collect()
    ranked = _ranked(paid)
    first = ranked.sort("payment_date", "company_code", "payment_number").unique("party_id", keep="first", maintain_order=True)
    told = first.lazy().join(_created(accepted, engagement), on="party_id", how="left", validate="1:1")
    told = told.join(_at_once(paid, accepted, engagement), on="party_id", how="left", validate="1:1")
    rows = told.with_columns(
        cycle=pl.lit(_CYCLE.name),
        document_type=pl.lit(_CYCLE.payment_type),
        document_number="payment_number",
        days_since_created=(pl.col("payment_date") - pl.col("created_date")).dt.total_days(),
        first_amount_base="base",
    )
    made = described(rows, "first_payment", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("first_payment").items()).sort("party_id")


def _categories(accepted: Accepted) -> pl.LazyFrame:
    """party_id, category: the item group with most order lines of a supplier, the first of several."""
    counted = orders_in_force(accepted, _CYCLE).drop_nulls("item_group").group_by("supplier_id", "item_group").agg(lines=pl.len())
    most = counted.sort("lines", "item_group", descending=[True, False]).unique("supplier_id", keep="first", maintain_order=True)
    return most.select(party_id="supplier_id", category="item_group")


def _ranked(paid: pl.DataFrame) -> pl.DataFrame:
    """Add category_count and rank_share of each payment; null where its own amount or another one of the category is not known."""
    inside, everywhere = pl.col("category").is_not_null(), pl.len().cast(pl.Int64)
    own = pl.col("base").rank("max").over("category").cast(pl.Int64)
    of_all = pl.col("base").rank("max").cast(pl.Int64)
    sizes = paid.with_columns(
        rank=pl.when(inside).then(own).otherwise(of_all),
        category_count=pl.when(inside).then(everywhere.over("category")).otherwise(everywhere),
        unknown=pl.when(inside).then(pl.col("base").null_count().over("category")).otherwise(pl.col("base").null_count()),
    )
    share = ratio(pl.col("rank"), pl.lit(1), pl.col("category_count")).cast(RATE)
    return sizes.with_columns(rank_share=pl.when(pl.col("unknown") == 0).then(share))


def _at_once(paid: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, amount_base: what was paid up to so many days after the supplier was created."""
    keyed = paid.lazy().select("party_id", "payment_date", "base", cycle=pl.lit(_CYCLE.name))
    scoped = with_limits(keyed, engagement, _WINDOW)
    days = pl.when(~pl.col(_WINDOW).is_in(["not_checked", "unlimited"])).then(_WINDOW).cast(pl.Decimal(38, 10)).cast(pl.Int64)
    dated = scoped.with_columns(days=days).join(_created(accepted, engagement), on="party_id", how="left", validate="m:1")
    within = dated.filter(((pl.col("payment_date") - pl.col("created_date")).dt.total_days() <= pl.col("days")).fill_null(value=True))
    return within.group_by("party_id").agg(amount_base=pl.when(pl.col("base").null_count() == 0).then(pl.col("base").sum()))
