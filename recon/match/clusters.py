"""Orders that together pass a limit which each of them stays below: rolling sums per party, person and category, exact and without a loop.

Bucket-local: orders of one party group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, RATE
from recon.match.described import described
from recon.match.given import is_given, local_day, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_GROUP: Final = ["company_code", "party_key", "actor_id", "category", "limit_amount"]
_ORDER: Final = ["company_code", "order_number"]
#: What makes orders that pass a limit together look like one purchase cut in pieces, and what speaks against it.
_WEIGHTS: Final = {
    "is_one_item": "0.25", "is_near_limit": "0.25", "is_consecutive": "0.25", "is_one_day": "0.25", "is_under_contract": "-0.5",
}  # fmt: skip


def spend_cluster(accepted: Accepted, lines: MeasuredLines, engagement: Engagement) -> pl.LazyFrame:
    """spend_cluster, sorted by key: one row per purchase order, limit and person that pass the limit with the orders before it.

    The limits are the amounts up to which a role may approve purchase orders, in company currency. Looking back from an order over
    the orders of the same company, party group, person (who asked for it, else bought it; each is tried) and category, none of
    which passes the limit alone, `span_days` is the shortest time after which they pass it together. All other orders below a limit
    are counted in `document_count`; an order over several categories is of none. `score` adds a quarter each for one item, every member above nine tenths of the
    limit, consecutive numbers, one day, and takes half off where all are under contract.
    """
    limits = approval_limits(accepted, engagement, PROCURE_TO_PAY.order_type)
    orders = _orders(accepted, lines, engagement)
    asked = orders.with_columns(pl.concat_list("requester_id", "buyer_id").list.drop_nulls().list.unique(maintain_order=True).alias("actor_id"))
    tried = asked.explode("actor_id").with_columns(actor_is_known=pl.col("actor_id").is_not_null())
    members = tried.join(limits, on="_all", how="inner").filter(
        (pl.col("limit_company").is_null() | (pl.col("limit_company") == pl.col("company_code")))
        & (pl.col("units") <= pl.col("limit_units")) & (pl.col("units") > 0)
    )  # fmt: skip
    passed = crossing(members.filter(pl.col("actor_is_known") & pl.col("category").is_not_null()))
    first = passed.sort(*_ORDER, "limit_amount", "span_days", pl.lit(0) - pl.col("score"), "actor_id").unique(
        [*_ORDER, "limit_amount"], keep="first", maintain_order=True
    )
    unknown = members.filter(~pl.col("actor_is_known")).unique(_ORDER, keep="any").select(*_ORDER, *_ABOUT, "category", is_known=pl.lit(value=False))
    loud = pl.concat([first.with_columns(is_known=pl.lit(value=True)), unknown], how="diagonal").with_columns(
        document_count=pl.lit(1, dtype=pl.Int64)
    )
    apart = members.filter("actor_is_known").select(_ORDER).unique().join(first.select(_ORDER), on=_ORDER, how="anti")
    quiet = apart.group_by("company_code").agg(document_count=pl.len().cast(pl.Int64)).with_columns(is_known=pl.lit(value=True), span_days=None)
    both = pl.concat([loud, quiet.with_columns(pl.col("span_days").cast(pl.Int64))], how="diagonal").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.order_type), document_number="order_number", item_group="category"
    )
    told = described(both.lazy(), "spend_cluster", accepted)
    return told.select(pl.col(name).cast(kind) for name, kind in schema("spend_cluster").items()).sort(*_ORDER, "limit_amount", nulls_last=True)


_ABOUT: Final = ("party_id", "order_date", "created_day", "source_file", "source_row")


def approval_limits(accepted: Accepted, engagement: Engagement, document_type: str) -> pl.DataFrame:
    """limit_company, limit_amount (company currency), limit_units, _all: the amounts above which a higher role must approve documents of the type."""
    empty = {"limit_company": pl.String(), "limit_amount": MONEY, "limit_units": pl.Int64(), "_all": pl.Int64()}
    if not is_given(accepted, "approval_policy", "max_amount"):
        return pl.DataFrame(schema=empty)
    bands = table(accepted, "approval_policy").filter(
        (pl.col("document_type") == document_type)
        & pl.col("max_amount").is_not_null()
        & (pl.col("currency").fill_null(engagement.currency) == engagement.currency)
    )
    named = bands.select(limit_company="company_code", limit_amount=pl.col("max_amount").cast(MONEY)).unique().collect()
    return named.with_columns(limit_units=units_of("limit_amount"), _all=pl.lit(0, dtype=pl.Int64)).sort(
        "limit_company", "limit_amount", nulls_last=True
    )


def units_of(column: str) -> pl.Expr:
    """An amount in whole millionths, for sums and comparisons."""
    return pl.col(column).cast(MONEY).to_physical().cast(pl.Int64)


def _orders(accepted: Accepted, lines: MeasuredLines, engagement: Engagement) -> pl.DataFrame:
    """Live purchase orders with one amount in company currency, the day they came into being, who asked and who bought."""
    bought = lines.order_documents.lazy().filter((pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("amount_net_base").is_not_null())
    own = lines.orders.filter(pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name)).select(
        *_ORDER, "requester_id", "buyer_id", "item_id", "contract_id"
    )
    said = own.group_by(_ORDER).agg(
        pl.col("requester_id", "buyer_id").drop_nulls().min(),
        item_id=pl.when((pl.col("item_id").min() == pl.col("item_id").max()) & (pl.col("item_id").null_count() == 0)).then(pl.col("item_id").min()),
        has_contract=pl.col("contract_id").is_not_null().all(),
    )
    day = pl.coalesce(local_day("created_at", engagement), "order_date")
    told = bought.join(said, on=_ORDER, how="left", validate="1:1").with_columns(created_day=day)
    return (
        told.with_columns(
            party_key=pl.coalesce("group_id", "party_id"),
            category=pl.col("item_group") if is_given(accepted, PROCURE_TO_PAY.order_table, "item_group") else pl.lit("any"),
            units=units_of("amount_net_base"),
            serial=pl.col("order_number").str.extract(r"(\d{1,18})\D*$").cast(pl.Int64),
            _all=pl.lit(0, dtype=pl.Int64),
        )
        .select(*_ORDER, *_ABOUT, "party_key", "category", "units", "serial", "requester_id", "buyer_id", "item_id", "has_contract", "_all")
        .collect()
    )


def crossing(members: pl.DataFrame) -> pl.DataFrame:
    """Orders that pass the limit with the fewest orders before them, and what these have in common.

    In the order of days the amounts add up to a line that never falls; the window of an order begins behind the last place at which
    that line lies below the order's own place less the limit.
    """
    ordered = members.sort(*_GROUP, "created_day", "serial", "order_number", nulls_last=True)
    total = pl.col("units").cum_sum().over(_GROUP)
    turn = pl.int_range(1, pl.len() + 1).over(_GROUP)
    previous = {name: pl.col(name).shift(1).over(_GROUP) for name in ("item_id", "serial")}
    is_new_item = pl.col("item_id").ne_missing(previous["item_id"]) | pl.col("item_id").is_null()
    is_jump = (pl.col("serial") != previous["serial"] + 1).fill_null(value=True)
    line = ordered.with_columns(
        total=total, turn=turn,
        items=is_new_item.cast(pl.Int64).cum_sum().over(_GROUP),
        jumps=is_jump.cast(pl.Int64).cum_sum().over(_GROUP),
        near=(pl.col("units") * 10 > pl.col("limit_units") * 9).cast(pl.Int64).cum_sum().over(_GROUP),
        contracts=pl.col("has_contract").cast(pl.Int64).cum_sum().over(_GROUP),
    ).with_columns(wanted=pl.col("total") - pl.col("limit_units"))  # fmt: skip
    # places before any order: the line begins at nothing
    ground = line.select(_GROUP).unique().with_columns(before=pl.lit(0, dtype=pl.Int64), start=pl.lit(1, dtype=pl.Int64))
    places = pl.concat([ground, line.select(*_GROUP, before="total", start=pl.col("turn") + 1)]).sort("before", "start")
    passing = line.filter(pl.col("wanted") > 0).sort("wanted")
    met = passing.join_asof(
        places, left_on="wanted", right_on="before", by=_GROUP, strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    firsts = line.select(
        *_GROUP, start="turn", first_day="created_day", first_number="order_number", first_items="items", first_jumps="jumps",
        near_before=pl.col("near") - (pl.col("units") * 10 > pl.col("limit_units") * 9).cast(pl.Int64),
        contracts_before=pl.col("contracts") - pl.col("has_contract").cast(pl.Int64),
    )  # fmt: skip
    windows = met.join(firsts, on=[*_GROUP, "start"], how="left", validate="m:1")
    count = pl.col("turn") - pl.col("start") + 1
    scored = windows.with_columns(
        member_count=count,
        total_units=pl.col("total") - pl.col("before"),
        span_days=(pl.col("created_day") - pl.col("first_day")).dt.total_days(),
        is_one_item=pl.col("items") == pl.col("first_items"),
        is_near_limit=pl.col("near") - pl.col("near_before") == count,
        is_consecutive=pl.col("jumps") == pl.col("first_jumps"),
        is_under_contract=pl.col("contracts") - pl.col("contracts_before") == count,
    ).with_columns(is_one_day=pl.col("span_days") == 0)
    score = pl.sum_horizontal(pl.when(name).then(pl.lit(weight).cast(RATE)).otherwise(pl.lit("0").cast(RATE)) for name, weight in _WEIGHTS.items())
    scored = scored.with_columns(score=score, total_amount=_money("total_units"), excess_amount=_money("total_units") - pl.col("limit_amount"))
    # an order whose predecessor already passed the limit within as short a time only makes the same cluster longer
    led = pl.col("span_days").shift(1).over(_GROUP, order_by="turn")
    follows = pl.col("turn").shift(1).over(_GROUP, order_by="turn") == pl.col("turn") - 1
    gap = (pl.col("created_day") - pl.col("created_day").shift(1).over(_GROUP, order_by="turn")).dt.total_days()
    return scored.with_columns(previous_span_days=pl.when(follows).then(pl.max_horizontal(led, gap)))


def _money(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Decimal(38, 0)) * pl.lit("0.000001").cast(MONEY)).cast(MONEY)
