"""Bills of carriers against the waybills of the goods they carried. Whole: a carrier's bill names goods of any party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import shaped, table, with_fx_rate
from recon.match.numbers import normalised

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_BILL: Final = ["company_code", "supplier_id", "invoice_number", "invoice_date"]
_WAYBILL: Final = ["company_code", "waybill"]
_KEY: Final = ["company_code", "party_id", "document_number", "document_line_no", "source_file", "source_row"]


def freight_line(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live charge line on a supplier's bill without goods and without an order, sorted.

    nearest_days: from the nearest receipt or shipment of the company that bears the waybill to the bill, null where none does.
    other_*: another party's charge for the same waybill, the nearest in time. has_waybill_feed: goods of the company bear waybills at all.
    """
    every, with_goods = _charges(accepted, engagement)
    carriers = _of_carriers(every, with_goods)
    told = carriers.join(_nearest(carriers, accepted, engagement), on=[*_BILL, "invoice_line_no", "source_row"], how="left", validate="1:1")
    told = told.join(_other(carriers, every), on=[*_BILL, "invoice_line_no", "source_row"], how="left", validate="1:1")
    feeds = _feeds(accepted)
    named = told.lazy().join(feeds, on="company_code", how="left").select(
        pl.exclude("invoice_line_no", "supplier_id", "invoice_number", "invoice_date", "number", "waybill", "amount_net"),
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit(PROCURE_TO_PAY.invoice_type),
        document_number="invoice_number",
        document_line_no="invoice_line_no",
        document_date="invoice_date",
        party_id="supplier_id",
        waybill_number="number",
        amount_gross="amount",
        amount_gross_base=money.amount(pl.col("amount"), pl.col("rate")),
        smaller_amount_base=pl.min_horizontal(money.amount(pl.col("amount"), pl.col("rate")), "other_amount_base"),
    ).with_columns(has_waybill_feed=pl.col("has_waybill_feed").fill_null(value=False))  # fmt: skip
    columns = schema("freight_line")
    return shaped(described(named, "freight_line", accepted).collect(), columns).sort(_KEY, nulls_last=True).lazy()


def carrier_charges(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The charge lines of `freight_line` with their `waybill` as compared, `amount_net` and `rate`."""
    return _of_carriers(*_charges(accepted, engagement))


def _charges(accepted: Accepted, engagement: Engagement) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every live charge line of suppliers, and the bills that have lines for goods or services."""
    lines = table(accepted, PROCURE_TO_PAY.invoice_table).filter(
        (pl.col("invoice_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False)
    )
    charges = lines.filter(pl.col("line_kind") == "charge").with_columns(waybill=normalised(pl.col("supplier_delivery_note")))
    with_goods = lines.filter(pl.col("line_kind").fill_null("item").is_in(["item", "service"])).select(_BILL).unique()
    wanted = with_fx_rate(charges, "invoice_date", accepted, engagement).select(
        *_BILL, "invoice_line_no", "po_number", "waybill", "currency", "charge_code", "source_file", "source_row",
        amount=pl.coalesce("line_amount_gross", "line_amount_net"), amount_net="line_amount_net", rate="fx_rate", number="supplier_delivery_note",
    )  # fmt: skip
    return wanted.collect(), with_goods.collect()


def _of_carriers(every: pl.DataFrame, with_goods: pl.DataFrame) -> pl.DataFrame:
    return every.join(with_goods, on=_BILL, how="anti", maintain_order="left").filter(pl.col("po_number").is_null())


def _goods(accepted: Accepted) -> pl.LazyFrame:
    """Waybills on goods: company_code, waybill, day."""
    frames = [
        table(accepted, cycle.fulfilment_table)
        .filter(pl.col("supplier_delivery_note").is_not_null() & ~pl.col("is_cancelled").fill_null(value=False))
        .select("company_code", waybill=normalised(pl.col("supplier_delivery_note")), day=f"{cycle.fulfilment}_date")
        for cycle in CYCLES
    ]
    return pl.concat(frames)


def _feeds(accepted: Accepted) -> pl.LazyFrame:
    return _goods(accepted).select("company_code", has_waybill_feed=pl.lit(value=True)).unique()


def _nearest(carriers: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    goods = _goods(accepted).filter(pl.col("day") <= engagement.as_of)
    met = carriers.lazy().join(goods, on=_WAYBILL, how="inner")
    apart = (pl.col("invoice_date") - pl.col("day")).dt.total_days().abs()
    return met.group_by(*_BILL, "invoice_line_no", "source_row").agg(nearest_days=apart.min()).collect()


def _other(carriers: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """The nearest charge of another party for the same waybill: other_number, other_party_id, other_days_apart, other_amount_base."""
    key = [*_BILL, "invoice_line_no", "source_row"]
    rest = every.lazy().select(
        *_WAYBILL, other_party_id="supplier_id", other_number="invoice_number", day="invoice_date",
        other_amount_base=money.amount(pl.col("amount"), pl.col("rate")),
    )  # fmt: skip
    met = carriers.lazy().join(rest, on=_WAYBILL, how="inner").filter(pl.col("other_party_id") != pl.col("supplier_id"))
    apart = met.with_columns(other_days_apart=(pl.col("invoice_date") - pl.col("day")).dt.total_days().abs())
    first = apart.sort("other_days_apart", "other_party_id", "other_number").unique(key, keep="first", maintain_order=True)
    return first.select(*key, "other_party_id", "other_number", "other_days_apart", "other_amount_base").collect()
