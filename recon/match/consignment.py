"""Goods on consignment: no balance has them before they are used, and what is billed of them against what was taken. Bucket-local; stock movements are the company's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match import packs
from recon.match.dense import IN_ORDER
from recon.match.described import described
from recon.match.given import shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.three_way import ThreeWay

_ORDER_KEY: Final = ["cycle", "company_code", "order_number", "order_line_no"]
_GOOD: Final = ["company_code", "party_id", "item_id", "period_start"]
_NONE: Final = pl.lit(0, dtype=money.QUANTITY)
_CONSIGNMENT: Final = "consignment"


def owned(layers: pl.LazyFrame) -> pl.LazyFrame:
    """The open layers (kind, order_type) without goods on consignment: whoever took them in owes nothing for them, and whoever sent them has sold nothing."""
    is_consigned = (pl.col("kind") == "fulfilled_not_invoiced") & (pl.col("order_type") == _CONSIGNMENT)
    return layers.filter(~is_consigned.fill_null(value=False))


def is_owned(found: ThreeWay, units: pl.Series) -> pl.Series:
    """Whether the goods of these match units are somebody's claim: not where their order is one of consignment. Aligned with `units`."""
    orders = found.raw.orders.taken(found.orders["place"], "order_type")["order_type"]
    consigned = (orders == _CONSIGNMENT).fill_null(value=False).arg_true()
    return ~units.is_in(consigned.implode()) if consigned.len() else pl.repeat(value=True, n=units.len(), dtype=pl.Boolean, eager=True)


def consignment_billing(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per company, supplier, item and month with bills on consignment orders: billed and consumed quantity in base units; sorted.

    consumed_quantity is what movements of kind consumption took out in the month, net of what was put back: zero where the supplier's goods
    did not move, null where no consumption was recorded at all or its unit leads to no base unit. The row names the month's last bill.
    """
    orders = lines.orders.filter((pl.col("cycle") == PROCURE_TO_PAY.name) & (pl.col("order_type") == _CONSIGNMENT))
    prices = orders.select(*_ORDER_KEY, "order_unit_price_base").collect(engine=IN_ORDER)
    bills = lines.invoices.filter(pl.col("is_live") & (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("invoiced_quantity").is_not_null())
    met = bills.drop("order_unit_price_base").join(prices.lazy(), on=_ORDER_KEY, how="inner", validate="m:1").collect(engine=IN_ORDER)
    dated = met.with_columns(period_start=pl.coalesce("posting_date", "invoice_date").dt.month_start())
    last = dated.sort("invoice_date", "invoice_number", "invoice_line_no", "source_row").group_by(_GOOD).agg(
        pl.col("internal_number", "order_number", "item_group", "base_uom", "currency", "source_file", "source_row").last(),
        document_number=pl.col("invoice_number").last(),
        document_date=pl.col("invoice_date").last(),
        billed_quantity=pl.col("invoiced_quantity").sum(),
        order_unit_price_base=pl.col("order_unit_price_base").max(),
    )  # fmt: skip
    consumed, is_recorded = _consumed(last, accepted, engagement)
    told = last.join(consumed, on=_GOOD, how="left", validate="1:1", maintain_order="left").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit(PROCURE_TO_PAY.invoice_type),
        consumed_quantity=pl.when(pl.lit(is_recorded) & pl.col("is_known").fill_null(value=True)).then(pl.col("consumed").fill_null(_NONE)),
    )
    above = told.with_columns(excess_quantity=pl.col("billed_quantity") - pl.col("consumed_quantity"))
    valued = above.with_columns(excess_amount_base=money.amount(pl.col("excess_quantity"), pl.col("order_unit_price_base")))
    named = described(valued.lazy(), "consignment_billing", accepted).collect()
    return shaped(named, schema("consignment_billing")).sort(_GOOD, nulls_last=True).lazy()


def _consumed(wanted: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> tuple[pl.DataFrame, bool]:
    """Company, supplier, item and month -> consumed quantity and whether all of it is known; and whether anybody records consumption."""
    moves = table(accepted, "inventory_movement").filter((pl.col("movement_kind") == "consumption") & (pl.col("movement_date") <= engagement.as_of))
    rows = moves.with_columns(party_id="supplier_id", period_start=pl.col("movement_date").dt.month_start()).collect(engine=IN_ORDER)
    units = wanted.select(*_GOOD, "base_uom")
    mine = rows.join(units, on=_GOOD, how="inner").with_columns(uom=pl.coalesce("uom", "base_uom"))
    led = packs.factors(mine.sort("source_file", "source_row"), packs.conversions(accepted))
    in_base = money.ratio(pl.col("quantity"), pl.col("times"), pl.col("by"))
    summed = led.with_columns(in_base=-in_base).group_by(_GOOD).agg(consumed=pl.col("in_base").sum(), is_known=pl.col("in_base").null_count() == 0)
    return summed, rows.height > 0
