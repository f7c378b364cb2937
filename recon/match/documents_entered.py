"""When each document was entered, against the date it carries, the day it came and the closing of its period.

Bucket-local: every row speaks about one document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount
from recon.match.calendars import hours_of
from recon.match.described import described
from recon.match.given import earliest_moment, is_given, latest_moment, local_day
from recon.match.periods import with_period
from recon.match.working_days import WorkingDays, working_days

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_STAMP: Final = pl.Datetime("us", "UTC")
_KEY: Final = ["cycle", "company_code", "document_type", "document_number", "internal_number", "party_id", "document_date"]
_GIVEN: Final[dict[str, pl.DataType]] = {
    "cycle": pl.String(), "company_code": pl.String(), "document_type": pl.String(), "document_number": pl.String(),
    "internal_number": pl.String(), "party_id": pl.String(), "order_number": pl.String(), "document_date": pl.Date(), "received_date": pl.Date(),
    "posting_date": pl.Date(), "created_at": _STAMP, "created_at_is_date_only": pl.Boolean(), "currency": pl.String(), "amount_net": MONEY,
    "amount_net_base": MONEY, "amount_gross_base": MONEY, "source_file": pl.String(), "source_row": pl.UInt32(),
}  # fmt: skip
_TWELVE: Final = 12


def document_entry(accepted: Accepted, lines: MeasuredLines, settlement: Settlement, engagement: Engagement) -> pl.LazyFrame:
    """document_entry, sorted by key: one row per document that was not entered on its own day, the others counted.

    Documents entered on the day they are dated (and, for invoices, received) and before their period was closed say nothing to
    any control; of these one row per company and type of document holds `document_count`. Where no tax is known, gross is net. `entry_days` is negative for documents
    dated after they were entered. Where no invoice says when it came, those are counted too. `entry_hours` is the least, `entry_hours_most` the most that the stamps can mean; a document
    entered on its own day was entered at once. `entry_working_days` are counted from the day an invoice came.
    """
    frames = [_orders(lines), _fulfilments(lines), _invoices(settlement), _payments(settlement)]
    given = pl.concat([frame.select(pl.col(name).cast(kind) for name, kind in _GIVEN.items()) for frame in frames])
    dated = given.with_columns(created_date=local_day("created_at", engagement))
    dated = with_period(with_period(dated, "document_date", "own", accepted), "posting_date", "posted", accepted)
    measured = _lags(dated, working_days(accepted), engagement)
    at_once = (pl.col("entry_days") == 0) & (pl.col("entry_working_days").fill_null(0) == 0) & (pl.col("hours_after_close").fill_null(0) <= 0)
    is_quiet = at_once & (pl.col("received_date").is_null() | (pl.col("received_date") == pl.col("created_date")))
    if is_given(accepted, CYCLES[0].invoice_table, "received_date"):
        is_quiet &= (pl.col("document_type") != CYCLES[0].invoice_type) | pl.col("received_date").is_not_null()
    is_quiet = is_quiet.fill_null(value=False)
    marked = measured.with_columns(is_quiet=is_quiet).collect().lazy()
    loud = marked.filter(~pl.col("is_quiet")).with_columns(document_count=pl.lit(1, dtype=pl.Int64))
    quiet = (
        marked.filter("is_quiet")
        .group_by("cycle", "company_code", "document_type", "period_is_on_file")
        .agg(
            pl.col("entry_days", "entry_hours", "entry_hours_most", "crosses_period_end").first(),
            document_date=pl.col("document_date").max(),
            posting_date=pl.col("posting_date").max(),
            entry_working_days=pl.col("entry_working_days").max(),
            received_date=pl.col("received_date").max(),
            created_date=pl.when(pl.col("received_date").max().is_not_null()).then(pl.col("received_date").max()),
            hours_after_close=pl.col("hours_after_close").max(),
            amount_net_base=pl.col("amount_net_base").abs().sum(),
            amount_gross_base=pl.col("amount_gross_base").abs().sum(),
            document_count=pl.len().cast(pl.Int64),
        )
    )
    told = described(pl.concat([loud, quiet], how="diagonal"), "document_entry", accepted)
    return told.select(pl.col(name).cast(kind) for name, kind in schema("document_entry").items()).sort(_KEY)


def _lags(dated: pl.LazyFrame, days_of_work: WorkingDays, engagement: Engagement) -> pl.LazyFrame:
    days = (pl.col("created_date") - pl.col("document_date")).dt.total_days()
    created, coarse = pl.col("created_at"), pl.col("created_at_is_date_only")
    midnight = pl.col("document_date").cast(_STAMP)
    is_day = pl.lit(value=True)
    least = earliest_moment(created, coarse, engagement) - earliest_moment(midnight.dt.offset_by("1d"), is_day, engagement)
    most = latest_moment(created, coarse, engagement) - earliest_moment(midnight, is_day, engagement)
    day, month = pl.col("document_date").dt.day(), pl.col("document_date").dt.month()
    swaps = day <= _TWELVE
    swapped = pl.date(pl.col("document_date").dt.year(), pl.when(swaps).then(day).otherwise(month), pl.when(swaps).then(month).otherwise(1))
    closed_after = created - pl.col("posted_closed_at")
    return dated.with_columns(
        entry_days=days,
        entry_hours=pl.when(days == 0).then(0).otherwise(hours_of(least)),
        entry_hours_most=pl.when(days == 0).then(0).otherwise(hours_of(most)),
        crosses_period_end=pl.col("created_date") > pl.col("own_to"),
        entry_working_days=days_of_work.between(pl.col("received_date"), pl.col("created_date")),
        swapped_date_valid=swaps & (swapped != pl.col("document_date")) & (swapped <= pl.col("created_date")),
        closed_at="posted_closed_at",
        period_is_on_file="posted_on_file",
        hours_after_close=hours_of(closed_after),
    )


def _orders(lines: MeasuredLines) -> pl.LazyFrame:
    types = {cycle.name: cycle.order_type for cycle in CYCLES}
    return lines.order_documents.lazy().select(
        *_shared("created_at", "created_at_is_date_only"),
        document_type=_by_cycle(types),
        document_number="order_number",
        internal_number=_NONE,
        order_number="order_number",
        document_date="order_date",
        received_date=_NONE,
        posting_date="order_date",
        amount_net="amount_net",
        amount_net_base="amount_net_base",
        amount_gross_base="amount_net_base",
    )


def _fulfilments(lines: MeasuredLines) -> pl.LazyFrame:
    types = {cycle.name: cycle.fulfilment_type for cycle in CYCLES}
    first, last = pl.col("order_number").min(), pl.col("order_number").max()
    documents = (
        lines.fulfilments.filter("is_live")
        .select(
            "cycle", "company_code", "fulfilment_number", "party_id", "order_number", "fulfilment_date", "posting_date", "created_at",
            "created_at_is_date_only", "currency", "amount", "amount_base", "source_file", "source_row",
        )
        .group_by("cycle", "company_code", "fulfilment_number", "fulfilment_date")
        .agg(
            pl.col("party_id", "currency").min(),
            created_at=pl.col("created_at").max(),
            created_at_is_date_only=pl.col("created_at_is_date_only").any(),
            posting_date=pl.col("posting_date").max(),
            order_number=pl.when(first == last).then(first),
            amount_net=pl.col("amount").sum(),
            amount_net_base=pl.when(pl.col("amount_base").null_count() == 0).then(pl.col("amount_base").sum()),
            source_file=pl.col("source_file").min(),
            source_row=pl.col("source_row").min(),
        )
    )  # fmt: skip
    return documents.with_columns(
        document_type=_by_cycle(types), document_number="fulfilment_number", internal_number=_NONE, document_date="fulfilment_date",
        received_date=_NONE, amount_gross_base="amount_net_base",
    )  # fmt: skip


def _invoices(settlement: Settlement) -> pl.LazyFrame:
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    return settlement.invoices.filter("is_live").with_columns(
        document_type=_by_cycle(types),
        document_number="invoice_number",
        document_date="invoice_date",
        amount_net_base=amount(pl.col("amount_net"), pl.col("fx_rate")),
    )


def _payments(settlement: Settlement) -> pl.LazyFrame:
    types = {cycle.name: cycle.payment_type for cycle in CYCLES}
    counting = settlement.payments.lazy().filter(pl.col("exclusion_reason").is_null())
    return counting.with_columns(
        document_type=_by_cycle(types),
        document_number="payment_number",
        internal_number=_NONE,
        order_number=_NONE,
        document_date="payment_date",
        received_date=_NONE,
        posting_date="payment_date",
        created_at="entered_at",
        created_at_is_date_only="entered_at_is_date_only",
        amount_net="amount",
        amount_net_base=amount(pl.col("amount"), pl.col("fx_rate")),
        amount_gross_base=amount(pl.col("amount"), pl.col("fx_rate")),
    )


_NONE: Final = pl.lit(None)


def _shared(*columns: str) -> list[str]:
    return ["cycle", "company_code", "party_id", "currency", "source_file", "source_row", *columns]


def _by_cycle(types: dict[str, str]) -> pl.Expr:
    return pl.col("cycle").replace_strict(types, return_dtype=pl.String)
