"""Units that documents themselves convert, against the conversions of the master. Bucket-local.

A document converts where it states a quantity in its own unit and in the item's base unit. So does a bill in another unit than the goods it is for, where it is the
only bill of its order line, the goods are stated in the base unit, and its value is theirs at the order's price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match import packs
from recon.match.described import described
from recon.match.document_kinds import fulfilments, invoices
from recon.match.given import is_given, shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.document_kinds import DocumentKind
    from recon.match.given import MeasuredLines

_ORDER: Final = ["cycle", "company_code", "order_number", "order_line_no"]
_KEY: Final = ["cycle", "document_type", "company_code", "document_number", "document_line_no", "document_date", "source_file", "source_row"]
_ONE: Final = pl.lit(1, dtype=money.QUANTITY)


def document_factor(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`document_factor`, sorted by document. Quantities are positive. Where the master knows no factor, or the quantity is nothing, what hangs on them is null."""
    orders = lines.orders.select(*_ORDER, "order_unit_price_base", "fx_rate", order_base="base_uom")
    rows = pl.concat([_stated(accepted, engagement), _by_value(lines, accepted)], how="diagonal").lazy()
    known = rows.join(orders, on=_ORDER, how="left", validate="m:1")
    price = pl.when(pl.col("order_base") == pl.col("base_uom")).then("order_unit_price_base")
    deviation = (pl.col("stated_quantity") - pl.col("master_quantity")).abs()
    told = known.with_columns(
        deviation_quantity=deviation,
        implied_factor=money.ratio(pl.col("stated_quantity"), _ONE, pl.col("quantity")),
        master_factor=money.ratio(pl.col("master_quantity"), _ONE, pl.col("quantity")),
        deviation_amount_base=money.amount(deviation, price),
    )
    named = described(told, "document_factor", accepted).collect()
    return shaped(named, schema("document_factor")).sort(_KEY, nulls_last=True).lazy()


def _stated(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Receipts, shipments and bills that state their quantity in the base unit too, in which their own unit is another."""
    frames = [
        _lines_of(kind, accepted, engagement)
        for cycle in CYCLES
        for kind in (fulfilments(cycle), invoices(cycle))
        if is_given(accepted, kind.table, "quantity_base")
    ]
    if not frames:
        return pl.DataFrame()
    base = table(accepted, "item").select("item_id", base_uom="base_uom").unique("item_id", keep="any")
    met = pl.concat(frames).join(base, on="item_id", how="left", validate="m:1").collect()
    apart = met.filter((pl.col("uom") != pl.col("base_uom")).fill_null(value=True))
    led = packs.factors(apart, packs.conversions(accepted))
    quantity = pl.col("quantity").abs()
    return led.with_columns(
        quantity=quantity, stated_quantity=pl.col("quantity_base").abs(), master_quantity=money.ratio(quantity, pl.col("times"), pl.col("by")),
        factor_basis=pl.lit("stated"),
    ).drop("times", "by", "quantity_base")  # fmt: skip


def _lines_of(kind: DocumentKind, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    cycle = kind.cycle
    counts = (pl.col(kind.date) <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False)
    return table(accepted, kind.table).filter(counts & pl.col("quantity_base").is_not_null() & pl.col("uom").is_not_null()).select(
        "company_code", "item_id", "uom", "quantity", "quantity_base", "source_file", "source_row",
        cycle=pl.lit(cycle.name), document_type=pl.lit(kind.document_type), document_number=kind.number, document_line_no=str(kind.line),
        document_date=kind.date, party_id=cycle.party, order_number=f"{cycle.order}_number", order_line_no=f"{cycle.order}_line_no",
    )  # fmt: skip


def _by_value(lines: MeasuredLines, accepted: Accepted) -> pl.DataFrame:
    """Only bills of their order lines, in another unit than goods that are stated in the base unit, whose value is that of the goods."""
    counts = pl.col("is_live") & pl.col("order_line_no").is_not_null()
    bills = lines.invoices.filter(counts & (pl.col("invoiced_quantity") != 0))
    apart = bills.filter((pl.col("uom") != pl.col("base_uom")) & pl.col("uom_convertible") & (pl.col("invoiced_quantity") > 0))
    several = bills.group_by(_ORDER).len().filter(pl.col("len") > 1)
    goods = lines.fulfilments.filter(counts).group_by(_ORDER).agg(in_base=(pl.col("uom") == pl.col("base_uom")).all(), came=pl.col("quantity").sum())
    met = apart.join(several, on=_ORDER, how="anti").join(
        goods.filter(pl.col("in_base") & (pl.col("came") > 0)), on=_ORDER, how="inner", validate="m:1"
    )
    worth = money.round_to_currency(money.amount(pl.col("came"), pl.col("order_unit_price")), pl.col("currency"))
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    found = met.filter(worth == money.round_to_currency(pl.col("invoiced_amount"), pl.col("currency"))).select(
        *_ORDER, "party_id", "item_id", "uom", "base_uom", "source_file", "source_row",
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String), document_number="invoice_number", document_line_no="invoice_line_no",
        document_date="invoice_date", stated_quantity="came", master_quantity="invoiced_quantity", factor_basis=pl.lit("goods"),
    ).collect()  # fmt: skip
    led = packs.factors(found, packs.conversions(accepted))
    return led.with_columns(quantity=money.ratio(pl.col("master_quantity"), pl.col("by"), pl.col("times"))).drop("times", "by")
