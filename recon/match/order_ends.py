"""Receipts, shipments and invoices that name an order line which is closed or cancelled. Bucket-local: a document and the order it names.

The day an order line ended is the one its row states, else the last recorded change that ended it. A change that opened it again
stands in the order's row: a line that is open now is not looked at. For an invoice the day counts on which the goods of the
order line last came or went, where that is known: a bill for goods taken before the end is no news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, Cycle
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount, ratio
from recon.match.described import described
from recon.match.given import is_given, local_day, table, with_fx_rate

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ORDER: Final = ["company_code", "order_number"]
_LINE: Final = [*_ORDER, "order_line_no"]
_DEAD_WORDS: Final = ("cancelled", "reversed")
_ENDING_WORDS: Final = ("true", "cancelled", "closed", "reversed", "c", "x", "1")
_ENDING_FIELDS: Final = ("is_cancelled", "is_closed", "doc_status")


def closed_order_references(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`closed_order_reference`, number of document lines that name an order), sorted by document line."""
    frames, looked_at = [pl.LazyFrame(schema=schema("closed_order_reference"))], 0
    for cycle in CYCLES:
        if not is_given(accepted, cycle.order_table):
            continue
        ended = _ended(accepted, cycle, engagement)
        goods_days = _goods_days(accepted, cycle, ended, engagement)
        for stem in ("fulfilment", "invoice"):
            lines, size = _naming(accepted, cycle, stem, engagement)
            looked_at += size
            if size and not ended.is_empty():
                found = _against(lines, ended, goods_days if stem == "invoice" else goods_days.clear())
                frames.append(_told(found, accepted, engagement))
    keys = [
        "cycle",
        "company_code",
        "document_type",
        "document_number",
        "party_id",
        "document_line_no",
        "order_number",
        "order_line_no",
        "document_date",
    ]
    return pl.concat(frames).sort(keys), looked_at


def _ended(accepted: Accepted, cycle: Cycle, engagement: Engagement) -> pl.DataFrame:
    """Order lines that ended: order_state, order_ended_date (null where nobody recorded the day)."""
    status = pl.col("doc_status")
    cancelled = pl.col("is_cancelled").fill_null(value=False) | status.is_in(_DEAD_WORDS).fill_null(value=False)
    closed = pl.col("is_closed").fill_null(value=False) | (status == "closed").fill_null(value=False)
    in_force = pl.col("is_current_version").fill_null(value=True)
    orders = table(accepted, cycle.order_table).filter(in_force)
    lines = (
        orders.filter(cancelled | closed)
        .select(
            "company_code",
            order_currency="currency",
            order_rate="fx_rate",
            order_price="unit_price_net",
            order_per=pl.col("price_per").fill_null(1),
            order_number=f"{cycle.order}_number",
            order_line_no=f"{cycle.order}_line_no",
            order_state=pl.when(cancelled).then(pl.lit("cancelled")).otherwise(pl.lit("closed")),
            own_day=local_day("closed_at", engagement),
        )
        .unique(_LINE, keep="none")
        .collect()
    )
    changes = _changes(accepted, cycle, engagement)
    told = lines.join(changes, on=_LINE, how="left", validate="m:1")
    whole = changes.filter(pl.col("order_line_no").is_null()).drop("order_line_no").rename({"changed_day": "whole_day"})
    told = told.join(whole, on=_ORDER, how="left", validate="m:1")
    sizes = orders.select("company_code", order_number=f"{cycle.order}_number").join(lines.lazy().select(_ORDER).unique(), on=_ORDER, how="semi")
    told = told.join(sizes.group_by(_ORDER).agg(order_size=pl.len()).collect(), on=_ORDER, how="left", validate="m:1")
    return told.drop("own_day", "changed_day", "whole_day").with_columns(
        order_ended_date=told.select(pl.coalesce("own_day", "changed_day", "whole_day")).to_series()
    )


def _changes(accepted: Accepted, cycle: Cycle, engagement: Engagement) -> pl.DataFrame:
    """The last recorded change that ended an order line, or (line null) the whole order."""
    ending = pl.col("field").is_in(_ENDING_FIELDS) & pl.col("new_value").str.to_lowercase().is_in(_ENDING_WORDS)
    return (
        table(accepted, "document_change")
        .filter((pl.col("document_type") == cycle.order_type) & ending)
        .group_by("company_code", order_number="document_number", order_line_no="line_no")
        .agg(changed_day=local_day("changed_at", engagement).max())
        .collect()
    )


def _goods_days(accepted: Accepted, cycle: Cycle, ended: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """The last day on which goods of an ended order line came or went."""
    stem = cycle.fulfilment
    named = {"order_number": f"{cycle.order}_number", "order_line_no": f"{cycle.order}_line_no"}
    live = (pl.col(f"{stem}_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("quantity") > 0)
    days = table(accepted, cycle.fulfilment_table).filter(live).select("company_code", **named, goods_date=f"{stem}_date")
    return days.join(ended.lazy().select(_LINE), on=_LINE, how="semi").group_by(_LINE).agg(pl.col("goods_date").max()).collect()


def _naming(accepted: Accepted, cycle: Cycle, stem: str, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """Live lines of one kind of document that name an order of the cycle, and how many they are."""
    name = str(getattr(cycle, f"{stem}_table"))
    if not is_given(accepted, name, f"{cycle.order}_number"):
        return pl.LazyFrame(), 0
    own = cycle.fulfilment if stem == "fulfilment" else "invoice"
    kind = pl.col(f"{own}_kind").fill_null(own)
    normal = kind.is_in(["receipt", "shipment", "invoice"])
    worth = pl.lit(None, dtype=MONEY) if stem == "fulfilment" else _gross()
    said = {"document_number": f"{own}_number", "document_line_no": f"{own}_line_no", "document_date": f"{own}_date"}
    rate = "fx_rate" if stem == "invoice" else pl.lit(None, dtype=pl.Decimal(20, 10)).alias("fx_rate")
    live = (pl.col(f"{own}_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False) & normal
    lines = (
        table(accepted, name)
        .filter(pl.col(f"{cycle.order}_number").is_not_null() & live)
        .select(
            "company_code", "item_id", "currency", "quantity", rate, "source_file", "source_row",
            cycle=pl.lit(cycle.name),
            document_type=pl.lit(str(getattr(cycle, f"{stem}_type"))),
            party_id=cycle.party,
            order_number=f"{cycle.order}_number",
            order_line_no=f"{cycle.order}_line_no",
            worth=worth,
            **said,
        )
    )  # fmt: skip
    return lines, int(lines.select(pl.len()).collect().item())


def _gross() -> pl.Expr:
    return pl.coalesce("line_amount_gross", pl.col("line_amount_net") + pl.col("line_tax_amount"), "line_amount_net")


def _against(lines: pl.LazyFrame, ended: pl.DataFrame, goods_days: pl.DataFrame) -> pl.LazyFrame:
    """Lines whose order line ended. A line that names only the order is met by the order's one line, where it has one."""
    single = ended.filter(pl.col("order_size") == 1).rename({"order_line_no": "only_line"})
    named = lines.filter(pl.col("order_line_no").is_not_null()).join(ended.lazy(), on=_LINE, how="inner", validate="m:1")
    bare = lines.filter(pl.col("order_line_no").is_null()).join(single.lazy(), on=_ORDER, how="inner", validate="m:1")
    both = pl.concat([named, bare.with_columns(order_line_no="only_line").select(named.collect_schema().names())])
    dated = both.join(goods_days.lazy(), on=_LINE, how="left", validate="m:1")
    day = pl.min_horizontal("goods_date", "document_date")
    return dated.with_columns(days_after_end=(day - pl.col("order_ended_date")).dt.total_days())


def _told(found: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    of_goods = ratio(pl.col("quantity"), pl.col("order_price"), pl.col("order_per"), 6)
    priced = found.with_columns(
        worth=pl.coalesce("worth", of_goods), currency=pl.coalesce("currency", "order_currency"), fx_rate=pl.coalesce("fx_rate", "order_rate")
    )
    rated = with_fx_rate(priced, "document_date", accepted, engagement)
    named = described(rated.with_columns(amount_gross_base=amount(pl.col("worth").abs(), pl.col("fx_rate"))), "closed_order_reference", accepted)
    return named.select(pl.col(name).cast(kind) for name, kind in schema("closed_order_reference").items())
