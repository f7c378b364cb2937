"""What validation accepted, as matching reads it: tables that may be absent, purchase and sales names made neutral."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.documents import schema
from recon.domain.money import RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


_ORDER: Final = ["cycle", "company_code", "order_number"]
_FIRST_LINE: Final = ("order_line_no", "party_id", "party_name", "group_id", "order_date", "currency", "fx_rate", "source_file", "source_row")
_SUMMED: Final = (
    "item_group", "ordered_amount", "ordered_amount_base", "created_at", "created_at_is_date_only", "sent_at", "sent_at_is_date_only",
    "first_fulfilled_date", "first_invoice_date", "paid_amount", "created_by", "requester_id", "buyer_id",
)  # fmt: skip


@dataclass(frozen=True)
class MeasuredLines:
    """What the three-way core says of every line: order_line_match, fulfilment_line_match, invoice_line_match."""

    orders: pl.LazyFrame
    fulfilments: pl.LazyFrame
    invoices: pl.LazyFrame

    @cached_property
    def order_documents(self) -> pl.DataFrame:
        """One row per order with a live line: its lines summed, what stands on its first line, the first day anything happened.

        `item_group` is null where lines differ; amounts without tax, `amount_net_base` null where a line's rate is unknown.
        """
        lines = self.orders.filter(pl.col("is_live")).select(*_ORDER, *_FIRST_LINE, *_SUMMED).collect().with_row_index("line")
        group, base = pl.col("item_group"), pl.col("ordered_amount_base")
        orders = (
            lines.lazy()
            .group_by(_ORDER)
            .agg(
                line=pl.col("line").min_by("order_line_no"),
                item_group=pl.when((group.min() == group.max()) & (group.null_count() == 0)).then(group.min()),
                amount_net=pl.col("ordered_amount").sum(),
                amount_net_base=pl.when(base.null_count() == 0).then(base.sum()),
                created_at=pl.col("created_at").min(),
                created_at_is_date_only=pl.col("created_at_is_date_only").min_by("created_at"),
                sent_at=pl.col("sent_at").min(),
                sent_at_is_date_only=pl.col("sent_at_is_date_only").min_by("sent_at"),
                fulfilled_day=pl.col("first_fulfilled_date").min(),
                invoiced_day=pl.col("first_invoice_date").min(),
                is_paid=(pl.col("paid_amount") != 0).any(),
                maker_is_known=pl.any_horizontal(pl.col("created_by", "requester_id", "buyer_id").is_not_null()).any(),
            )
            .collect()
        )
        return pl.concat([orders.drop("line"), lines[orders["line"]].select(_FIRST_LINE[1:])], how="horizontal")


def shaped(frame: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The frame in these columns, types and order."""
    return frame.select(pl.col(name).cast(kind) for name, kind in columns.items())


def table(accepted: Accepted, name: str) -> pl.LazyFrame:
    """The canonical table, empty with its full schema where the source gave none."""
    frame = accepted.documents.tables.get(name)
    return pl.LazyFrame(schema=schema(name)) if frame is None else frame


def is_given(accepted: Accepted, name: str, column: str | None = None) -> bool:
    """Whether the source gave the table (and the column) at all: what it never gave is unknown, not empty."""
    supplied = accepted.documents.supplied.get(name)
    return supplied is not None and (column is None or column in supplied)


def local_day(stamp: str, engagement: Engagement) -> pl.Expr:
    """The calendar day of a timestamp in the engagement's zone; a stamp without a time already is a day."""
    in_zone = pl.col(stamp).dt.convert_time_zone(engagement.time_zone).dt.date()
    return pl.when(pl.col(f"{stamp}_is_date_only")).then(pl.col(stamp).dt.date()).otherwise(in_zone)


def with_fx_rate(frame: pl.LazyFrame, day: str, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Fill `fx_rate`: the document's own, 1 in company currency, else the table's latest rate up to `day`; null if unknown."""
    own = pl.when(pl.col("currency") == engagement.currency).then(pl.lit(1, dtype=RATE)).otherwise("fx_rate")
    frame = frame.with_columns(fx_rate=own)
    if not is_given(accepted, "fx_rate"):
        return frame
    rates = (
        table(accepted, "fx_rate")
        .filter(pl.col("to_currency") == engagement.currency)
        .select(currency="from_currency", rate_date="rate_date", table_rate=pl.col("rate").cast(RATE))
        .sort("currency", "rate_date")
    )
    dated = frame.sort("currency", day).join_asof(
        rates, left_on=day, right_on="rate_date", by="currency", strategy="backward", check_sortedness=False
    )
    return dated.with_columns(fx_rate=pl.coalesce("fx_rate", "table_rate")).drop("table_rate", "rate_date")


def earliest_moment(stamp: pl.Expr, is_date_only: pl.Expr, engagement: Engagement) -> pl.Expr:
    """The earliest moment a stamp can mean: itself, or where it is only a day the midnight that begins it in the engagement's zone."""
    naive = stamp.dt.replace_time_zone(None)
    midnight = naive.dt.replace_time_zone(engagement.time_zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    return pl.when(is_date_only).then(pl.coalesce(midnight, stamp)).otherwise(stamp)


def latest_moment(stamp: pl.Expr, is_date_only: pl.Expr, engagement: Engagement) -> pl.Expr:
    """The latest moment a stamp can mean: itself, or the last microsecond of its day."""
    end = pl.duration(days=1) - pl.duration(microseconds=1)
    return earliest_moment(stamp, is_date_only, engagement) + pl.when(is_date_only).then(end).otherwise(pl.duration())
