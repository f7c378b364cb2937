"""Credit limits that were raised just before they were needed, or for as long as they were needed. Bucket-local.

What the customer owed is counted by days, as in `credit`; how long before a document the limit was raised, by the moments on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.calendars import hours_of
from recon.match.credit import credit_position
from recon.match.given import earliest_moment, latest_moment, local_day, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.parts import Parts
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_DOCUMENT: Final = ["company_code", "document_type", "document_number"]


def credit_raise(accepted: Accepted, lines: MeasuredLines, measured: tuple[Settlement, ThreeWay, Parts], engagement: Engagement) -> pl.LazyFrame:
    """One row per release of an order and per shipment of a customer whose credit limit was raised before it; sorted.

    raised_from_amount: the limit before its last change up to the document, which was a raise. raise_hours: from that change to the document; null
    where one of the two is known by its day only. lowered_after_days: from the document to the next change, where that lowered the limit again.
    """
    changes = _changes(accepted, engagement)
    raised = changes.filter(pl.col("new_limit") > pl.col("old_limit")).select("party_id").unique()
    if raised.is_empty():
        return pl.LazyFrame(schema=schema("credit_raise"))
    positions = credit_position(accepted, lines, measured, engagement, raised).collect()
    dated = positions.join(_moments(accepted).collect(), on=_DOCUMENT, how="left", validate="1:1").with_columns(
        happened=pl.coalesce("moment", latest_moment(_midnight(), pl.lit(value=True), engagement))
    )
    before = changes.select("party_id", "changed", "changed_by", "old_limit", "new_limit", "is_timed", raised_date="changed_date").sort("changed")
    after = changes.select("party_id", "changed", lowers=pl.col("new_limit") < pl.col("old_limit"), lowered="changed_date").sort("changed")
    met = dated.sort("happened").join_asof(
        before.with_columns(raised_at="changed"), left_on="happened", right_on="changed", by="party_id", strategy="backward", check_sortedness=False
    )
    met = met.drop("changed").join_asof(
        after, left_on="happened", right_on="changed", by="party_id", strategy="forward", allow_exact_matches=False, check_sortedness=False
    )
    is_timed = pl.col("is_timed") & pl.col("moment").is_not_null()
    told = met.filter(pl.col("new_limit") > pl.col("old_limit")).with_columns(
        raised_from_amount="old_limit",
        raise_hours=pl.when(is_timed).then(hours_of(pl.col("happened") - pl.col("raised_at"))),
        lowered_after_days=pl.when("lowers").then((pl.col("lowered") - pl.col("document_date")).dt.total_days()),
    )
    return told.lazy().select(pl.col(name).cast(kind) for name, kind in schema("credit_raise").items()).sort(*_DOCUMENT)


def _midnight() -> pl.Expr:
    """The document's day as a stamp that names no time."""
    return pl.col("document_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _changes(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Changes of customers' credit limits up to the as-of date: party_id, changed (at the earliest), changed_date, changed_by, both limits, whether the time is known."""
    kind = (pl.col("document_type") == ORDER_TO_CASH.party_table) & (pl.col("field") == "credit_limit")
    coarse = pl.col("changed_at_is_date_only").fill_null(value=False)
    told = table(accepted, "document_change").filter(kind).select(
        "changed_by", party_id="document_number", changed=earliest_moment(pl.col("changed_at"), coarse, engagement), is_timed=~coarse,
        changed_date=local_day("changed_at", engagement), old_limit=_figure("old_value"), new_limit=_figure("new_value"),
    )  # fmt: skip
    known = told.filter((pl.col("changed_date") <= engagement.as_of) & pl.col("old_limit").is_not_null() & pl.col("new_limit").is_not_null())
    return known.sort("party_id", "changed", "old_limit", "new_limit").unique(["party_id", "changed"], keep="last", maintain_order=True).collect()


def _figure(column: str) -> pl.Expr:
    """The amount that the log writes as text; null for anything that is no plain number."""
    return pl.when(pl.col(column).str.contains(r"^[0-9]{1,18}(\.[0-9]{1,6})?$")).then(pl.col(column)).str.to_decimal(scale=6).cast(MONEY)


def _moments(accepted: Accepted) -> pl.LazyFrame:
    """When an order was released, else entered, and when a shipment was entered; null where only the day is on record."""
    stamped = [
        (ORDER_TO_CASH.order_type, ORDER_TO_CASH.order_table, "so_number", ("credit_released_at", "created_at")),
        (ORDER_TO_CASH.fulfilment_type, ORDER_TO_CASH.fulfilment_table, "shipment_number", ("created_at",)),
    ]
    frames = []
    for document_type, name, number, stamps in stamped:
        timed = [pl.when(~pl.col(f"{stamp}_is_date_only").fill_null(value=False)).then(stamp) for stamp in stamps]
        rows = table(accepted, name).group_by("company_code", document_number=number).agg(moment=pl.coalesce(timed).max())
        frames.append(rows.with_columns(document_type=pl.lit(document_type)))
    return pl.concat(frames)
