"""What is sold against what it cost: bills below cost (bucket-local), and goods given away (whole: a salesperson sells to many parties)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.match.company import company_facts
from recon.match.described import described
from recon.match.given import local_day, shaped, table, with_fx_rate
from recon.match.inbound import in_base_units
from recon.match.orders_in_force import all_known, orders_in_force, worth

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_ORDER: Final = ["company_code", "order_number"]
_LINE: Final = [*_ORDER, "order_line_no"]
_TAKEN_BACK: Final = ("withdraw", "unapprove", "reject")
_OF_ORDER: Final = ["party_id", "item_id", "item_group", "contract_id", "order_date", "salesperson_id", "created_by", "source_file", "source_row"]


def sale_cost(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live line of a sales bill for goods with a quantity and an item; sorted.

    cost_amount_base: the billed quantity at the item's standard cost; null where the master states none, or one per another unit than the order's.
    is_order_approved: an approval of the order stands; null where no order is known or sales orders are not approved on record.
    """
    goods = pl.col("line_kind").fill_null("item") == "item"
    billed = (pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live") & goods & (pl.col("invoice_kind").fill_null("invoice") == "invoice")
    items = table(accepted, "item").select("item_id", "standard_cost", cost_uom="base_uom").unique("item_id", keep="any")
    bills = lines.invoices.filter(
        billed & (pl.col("invoiced_quantity") > 0) & pl.col("item_id").is_not_null() & ~pl.col("is_service").fill_null(value=False)
    )
    met = bills.join(items, on="item_id", how="left", validate="m:1").join(_approved(accepted, engagement), on=_ORDER, how="left", validate="m:1")
    known = (pl.col("standard_cost") > 0) & (pl.col("cost_uom") == pl.col("base_uom"))
    told = met.with_columns(
        standard_cost=pl.when(known).then("standard_cost"),
        cost_amount_base=pl.when(known).then(money.amount(pl.col("invoiced_quantity"), pl.col("standard_cost"))),
        is_order_approved=_said(accepted, engagement, pl.col("is_approved"), pl.col("order_number").is_not_null()),
    )
    return described(told, "sale_cost", accepted).select(schema("sale_cost").keys()).sort(
        "company_code", "party_id", "invoice_number", "invoice_line_no", "source_row", nulls_last=True
    )  # fmt: skip


def free_supply(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live sales order line at a price of nothing of which something was shipped; sorted.

    cost_amount_base: the net quantity shipped at the item's standard cost; null where a unit does not convert or no cost is stated.
    person_free_amount_base and person_sales_amount_base: the cost of all that the salesperson gave away, and the value of all their orders.
    """
    orders = _orders(accepted, engagement)
    shipped = table(accepted, ORDER_TO_CASH.fulfilment_table).filter(
        (pl.col("shipment_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False) & pl.col("so_number").is_not_null()
    )
    gone = shipped.group_by("company_code", "uom", order_number="so_number", order_line_no="so_line_no").agg(pl.col("quantity").sum()).collect()
    free = orders.filter((pl.col("unit_price_net") == 0) & (pl.col("ordered") > 0)).join(gone.drop_nulls(_LINE), on=_LINE, how="inner")
    based = in_base_units(free.filter(pl.col("quantity") > 0), accepted)
    costs = table(accepted, "item").select("item_id", "standard_cost").unique("item_id", keep="any").collect()
    valued = based.join(costs, on="item_id", how="left", validate="m:1").with_columns(
        cost=pl.when(pl.col("standard_cost") > 0).then(money.amount(pl.col("base"), pl.col("standard_cost")))
    )
    lines = valued.group_by(_LINE).agg(
        pl.col(_OF_ORDER).first(), shipped_quantity=all_known("base"), cost_amount_base=all_known("cost"), base_uom=pl.col("base_uom").first(),
        standard_cost=pl.col("standard_cost").first(),
    )  # fmt: skip
    persons = lines.group_by("salesperson_id").agg(person_free_amount_base=all_known("cost_amount_base"))
    sales = orders.group_by("salesperson_id").agg(person_sales_amount_base=all_known("value_base"))
    named = lines.join(persons, on="salesperson_id", how="left", validate="m:1").join(sales, on="salesperson_id", how="left", validate="m:1")
    marked = named.join(_approved(accepted, engagement).collect(), on=_ORDER, how="left", validate="m:1")
    told = marked.with_columns(
        cycle=pl.lit(ORDER_TO_CASH.name),
        is_order_approved=_said(accepted, engagement, pl.col("is_approved"), pl.lit(value=True)),
        currency=pl.lit(engagement.currency),
    )
    rows = described(told.lazy(), "free_supply", accepted).collect()
    return shaped(rows, schema("free_supply")).sort(_LINE).lazy()


def _orders(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Live sales order lines, with `ordered` and `value_base`, their net value in company currency (null: not known)."""
    rows = orders_in_force(accepted, ORDER_TO_CASH, as_of=engagement.as_of)
    rated = with_fx_rate(rows, "so_date", accepted, engagement).collect()
    return rated.with_columns(
        order_number="so_number", order_line_no="so_line_no", order_date="so_date", party_id="customer_id", ordered="quantity",
        value_base=money.amount(worth(), pl.col("fx_rate")),
    ).select(*_LINE, *_OF_ORDER, "unit_price_net", "ordered", "value_base")  # fmt: skip


def _approved(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Orders of which an approval stands: given by the as-of date, and nothing took it back since."""
    events = table(accepted, "approval_event").filter(
        (pl.col("document_type") == ORDER_TO_CASH.order_type) & (local_day("action_at", engagement) <= engagement.as_of)
    )
    day = pl.col("action_at")
    told = events.group_by("company_code", order_number="document_number").agg(
        given=day.filter(pl.col("action").is_in(["approve", "auto_approve"])).max(), fallen=day.filter(pl.col("action").is_in(_TAKEN_BACK)).max()
    )
    stands = pl.col("given").is_not_null() & (pl.col("fallen").is_null() | (pl.col("fallen") < pl.col("given")))
    return told.filter(stands).select(*_ORDER, is_approved=pl.lit(value=True))


def _said(accepted: Accepted, engagement: Engagement, approved: pl.Expr, has_order: pl.Expr) -> pl.Expr:
    """Whether the order is approved; not known where no approval of any sales order is on record, or no order."""
    recorded = ORDER_TO_CASH.order_type in set(company_facts(accepted, engagement).approved_types["document_type"])
    return pl.when(has_order & pl.lit(recorded)).then(approved.fill_null(value=False))
