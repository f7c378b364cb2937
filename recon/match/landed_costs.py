"""What carriers' bills add to the cost of goods: each charge spread over the receipt lines that bear its waybill. Whole: goods of any party.

The way is a policy (`freight_spread`: value, quantity, weight, volume), because none is right for all goods. The match of the goods is not touched: their price
is what their order says, and freight stands beside it. A charge that cannot be spread the agreed way, since a value, unit or weight is not known, is
not spread some other way: it says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.engagement import POLICIES
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.freight import carrier_charges
from recon.match.given import shaped, table, with_fx_rate
from recon.match.inbound import in_base_units
from recon.match.numbers import normalised
from recon.match.orders_in_force import orders_in_force
from recon.match.shares import cut

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

POLICY: Final = "freight_spread"
#: Carriers use their waybills again: goods further from the bill than this were another transport.
_SAME_TRANSPORT_DAYS: Final = 60
_WAYBILL: Final = ["company_code", "waybill"]
_ORDER: Final = ["company_code", "po_number", "po_line_no"]
_KEY: Final = [
    "company_code",
    "party_id",
    "document_number",
    "document_line_no",
    "fulfilment_number",
    "fulfilment_line_no",
    "source_file",
    "source_row",
]


def landed_cost(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`landed_cost`, sorted: one row per charge and receipt line that bears its part, and one per charge that is not spread, with the reason.

    The parts of a charge add up to it to the cent, the largest remainders first. `planned_amount_base`: what the order planned in charges for the goods
    of the receipt; null where it planned nothing.
    """
    columns = schema("landed_cost")
    rules = engagement.policy_rules()
    if not any(rule.settings.get(POLICY, "none") != "none" for rule in rules):
        return pl.LazyFrame(schema=columns)
    charges = carrier_charges(accepted, engagement).with_columns(cycle=pl.lit(PROCURE_TO_PAY.name), party_id="supplier_id")
    grouped = described(charges.lazy(), "landed_cost", accepted).select(*charges.columns, "party_name", "group_id")
    governed = scopes.resolve(grouped, rules, {POLICY: POLICIES[POLICY][0]}).collect()
    wanted = governed.filter((pl.col(POLICY) != "none") & (pl.col("amount_net") != 0)).with_row_index("charge")
    met = wanted.join(_goods(accepted, engagement), on=_WAYBILL, how="inner")
    apart = (pl.col("invoice_date") - pl.col("fulfilment_date")).dt.total_days().abs()
    met = met.filter(apart <= _SAME_TRANSPORT_DAYS).sort("charge", "fulfilment_number", "fulfilment_line_no", "goods_row")
    parts = _spread(_weighed(met))
    bare = wanted.join(met.select("charge").unique(), on="charge", how="anti").with_columns(reason=pl.lit("no receipt bears the waybill"))
    every = pl.concat([parts, bare], how="diagonal").with_columns(
        document_type=pl.lit(PROCURE_TO_PAY.invoice_type), document_number="invoice_number", document_line_no="invoice_line_no",
        document_date="invoice_date", waybill_number="number", amount=pl.col("amount").fill_null(pl.col("amount_net")),
    )  # fmt: skip
    told = every.with_columns(amount_base=money.amount(pl.col("amount"), pl.col("rate")))
    return shaped(described(told.lazy(), "landed_cost", accepted).collect(), columns).sort(_KEY, nulls_last=True).lazy()


def _goods(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Receipt lines with a waybill: key, quantity in base units, value in company currency at the order's price, weight, volume, planned charges."""
    came = table(accepted, PROCURE_TO_PAY.fulfilment_table).filter(
        pl.col("supplier_delivery_note").is_not_null()
        & ~pl.col("is_cancelled").fill_null(value=False)
        & (pl.col("receipt_kind").fill_null("receipt") == "receipt")
        & (pl.col("quantity") > 0)
        & (pl.col("receipt_date") <= engagement.as_of)
    )
    rows = came.select(
        *_ORDER, "item_id", "uom", "quantity", waybill=normalised(pl.col("supplier_delivery_note")), fulfilment_number="receipt_number",
        fulfilment_line_no="receipt_line_no", fulfilment_date="receipt_date", goods_party_id="supplier_id", goods_row="source_row",
    ).collect()  # fmt: skip
    rated = with_fx_rate(orders_in_force(accepted, PROCURE_TO_PAY), "po_date", accepted, engagement).select(
        *_ORDER, order_uom="uom", ordered="quantity", price="unit_price_net", per=pl.col("price_per").fill_null(1), order_rate="fx_rate",
        planned="planned_charge_amount",
    )  # fmt: skip
    terms = rated.collect().unique(_ORDER, keep="none", maintain_order=True)
    goods = rows.join(terms, on=_ORDER, how="left", validate="m:1", maintain_order="left")
    same_unit = pl.col("uom") == pl.col("order_uom")
    value = money.ratio(pl.col("quantity"), pl.col("price"), pl.col("per").cast(money.QUANTITY), 6)
    planned = money.ratio(pl.col("planned"), pl.col("quantity"), pl.col("ordered"), 6)
    sizes = _sizes(accepted)
    return (
        in_base_units(goods, accepted)
        .join(sizes, on="item_id", how="left", validate="m:1", maintain_order="left")
        .with_columns(
            base_quantity="base",
            goods_amount_base=pl.when(same_unit).then(money.amount(value.cast(money.MONEY), pl.col("order_rate"))),
            planned_amount_base=pl.when(same_unit & (pl.col("ordered") > 0)).then(money.amount(planned.cast(money.MONEY), pl.col("order_rate"))),
            goods_weight=money.product(pl.col("base"), pl.col("unit_weight")).cast(money.QUANTITY),
            goods_volume=money.product(pl.col("base"), pl.col("unit_volume")).cast(money.QUANTITY),
            order_number="po_number",
            order_line_no="po_line_no",
        )
        .drop("planned", "order_rate", "price", "per", "ordered", "order_uom", "base", "po_number", "po_line_no")
    )


def _sizes(accepted: Accepted) -> pl.DataFrame:
    """item_id, unit_weight, unit_volume: of one base unit, in the one unit of weight and of volume that the master keeps."""
    return table(accepted, "item").select("item_id", "unit_weight", "unit_volume").unique("item_id", keep="any").collect()


def _weighed(met: pl.DataFrame) -> pl.DataFrame:
    """Add `weight`, by which a line bears its part, and `reason`, why the charge is not spread (null where it is)."""
    way = pl.col(POLICY)
    weight = pl.when(way == "value").then(pl.col("goods_amount_base").cast(money.QUANTITY)).when(way == "quantity").then("base_quantity")
    told = met.with_columns(weight=weight.when(way == "weight").then("goods_weight").otherwise("goods_volume"))
    units = pl.col("base_uom").n_unique().over("charge") > 1
    unknown = pl.col("weight").is_null().any().over("charge")
    reason = (
        pl.when((way == "quantity") & units).then(pl.lit("goods of several units"))
        .when(unknown & (way == "value")).then(pl.lit("the value of some goods is not known"))
        .when(unknown & (way == "weight")).then(pl.lit("the weight of some goods is not known"))
        .when(unknown & (way == "volume")).then(pl.lit("the volume of some goods is not known"))
        .when(unknown).then(pl.lit("a unit does not convert"))
        .when(pl.col("weight").sum().over("charge") == 0).then(pl.lit("the goods are worth, weigh or measure nothing"))
    )  # fmt: skip
    return told.with_columns(reason=reason)


def _spread(met: pl.DataFrame) -> pl.DataFrame:
    """One row per charge and line with its part; of a charge that is not spread one row with the reason."""
    whole = met.filter(pl.col("reason").is_null()).with_columns(
        pl.col("charge").alias("whole"),
        weights=pl.col("weight").sum().over("charge"),
        amount="amount_net",
        turn=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    parts = whole.with_columns(amount=cut(whole)) if whole.height else whole
    of_goods = [
        "fulfilment_number",
        "fulfilment_line_no",
        "fulfilment_date",
        "goods_party_id",
        "order_number",
        "order_line_no",
        "item_id",
        "base_uom",
    ]
    figures = ["base_quantity", "goods_amount_base", "goods_weight", "goods_volume", "planned_amount_base"]
    left = met.filter(pl.col("reason").is_not_null()).unique("charge", keep="first", maintain_order=True).drop(of_goods + figures)
    return pl.concat([parts, left], how="diagonal")
