"""The measured tables of receipt, shipment and invoice lines, and of their units of measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match import bridge
from recon.match.bills import NONE
from recon.match.deliveries import confirm_deliveries
from recon.match.described import described
from recon.match.given import is_given
from recon.match.goods import ZERO
from recon.match.match_units import items

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay

_ORDER_TERMS: Final = ["order_number", "order_line_no", "contract_id", "limit_amount"]
_SIZES: Final = ("quantity", "billable", "excess", "before", "to_date")


def _from_order(found: ThreeWay, order_row: pl.Series, columns: list[str]) -> pl.DataFrame:
    return found.orders.select(pl.col(columns).gather(order_row))


def _from_unit(found: ThreeWay, unit: pl.Series, **columns: str) -> pl.DataFrame:
    return found.units.select(pl.col(of).gather(unit).alias(name) for name, of in columns.items())


def fulfilment_line_match(found: ThreeWay, parts: Parts, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per receipt or shipment line, sorted by key. Where goods have no order, what they cost stands for their amount."""
    lines = found.fulfilments
    left = parts.open_goods.select(row="layer", open_quantity="quantity")
    opened = lines.select("row").join(left, on="row", how="left", validate="1:1", maintain_order="left").select("open_quantity")
    terms = _from_unit(found, lines["unit"], match_level="match_level", unit_group="item_group", order_currency="currency", order_rate="order_rate")
    numbers = _from_order(found, lines["order_row"], ["order_number", "order_line_no", "contract_id"])
    figures = pl.concat([opened, terms, numbers, parts.worth.alias("amount").to_frame()], how="horizontal")
    kept = lines.drop("quantity", "match_level", strict=False).rename({"currency": "own_currency"})
    live = pl.col("exclusion_reason").is_null()
    measured = pl.concat([kept.lazy(), figures.lazy()], how="horizontal").with_columns(
        posting_date=pl.coalesce("posting_date", "fulfilment_date"),
        has_order_link=pl.col("order_row").is_not_null(),
        is_live=live,
        quantity="delivered",
        accepted_quantity="accepted",
        rejected_quantity="rejected",
        open_quantity=pl.when(live).then(pl.col("open_quantity").fill_null(ZERO)),
        currency=pl.coalesce("order_currency", "own_currency"),
        amount_base=money.amount(pl.col("amount"), pl.col("order_rate")),
        item_group="unit_group",
    )
    if any(is_given(accepted, "delivery_confirmation_line", column) for column in (None, "confirmed_date")):
        measured = confirm_deliveries(measured, accepted, engagement)
    return described(measured, "fulfilment_line_match", accepted).select(schema("fulfilment_line_match").keys())


def crossed_lines(found: ThreeWay) -> pl.DataFrame:
    """Figures per invoice line, aligned: the pieces of a bill for several order lines added up, its quantities unknown."""
    sizes = found.claims.select("claim", "row", "before", "to_date", "excess")
    claimed = found.crossed.filter(pl.col("role") == "billing").with_columns(claim=found.claims["claim"])
    first = claimed.join(sizes.drop("row"), on="claim", how="left", validate="1:1", maintain_order="left").drop("claim")
    rest = found.crossed.filter(pl.col("role") != "billing").with_columns(before=ZERO, to_date=ZERO, excess=ZERO)
    each = pl.concat([first, rest.select(first.columns)])
    several = each.filter(pl.col("row").is_duplicated())
    if several.height:
        sums = [*bridge.STEPS, "tax_variance", "expected_amount", "invoiced_at_order_price", "cumulative_price_variance"]
        known = [pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in sums]
        single = each.filter(~pl.col("row").is_duplicated()).drop("unit")
        unknown = [pl.lit(None, dtype=each.schema[name]).alias(name) for name in single.columns if name not in ("row", "role", *sums)]
        whole = several.group_by("row").agg(*known, role=pl.col("role").first()).with_columns(unknown)
        each = pl.concat([single, whole.select(single.columns)])
    measured = [*_SIZES, "expected_amount", "invoiced_at_order_price", "cumulative_price_variance", *bridge.STEPS, "tax_variance"]
    return (
        found.invoices.select("row").join(each.select("row", *measured), on="row", how="left", validate="1:1", maintain_order="left").select(measured)
    )


def invoice_line_match(found: ThreeWay, documents: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per invoice line, sorted by key. `documents`: amount_gross_base per invoice document, by `document`."""
    lines = found.invoices
    terms = _from_unit(
        found, lines["unit"], match_level="match_level", needs_fulfilment="needs_fulfilment", bill_rejected="bill_rejected",
        bill_over_receipt="bill_over_receipt", is_service="is_service", unit_group="item_group", order_fx_rate="order_rate",
        price_times="price_times", price_by="price_by", ordered_quantity="ordered_quantity",
    )  # fmt: skip
    numbers = _from_order(found, lines["order_row"], _ORDER_TERMS)
    ordered = _from_order(found, lines["order_row"], ["line_amount_net", "planned_charge_amount"]).rename({"line_amount_net": "order_amount"})
    goods = found.fulfilments.select(pl.col("fulfilment_number", "fulfilment_line_no").gather(lines["fulfilment_row"]))
    arrived = (
        found.units.select("unit")
        .join(found.goods.by_unit.select("unit", "for_billing", "accepted"), on="unit", how="left", validate="1:1", maintain_order="left")
        .select(pl.col("for_billing", "accepted").gather(lines["unit"]))
    )
    gross = documents.select(pl.col("amount_gross_base").gather(lines["document"]).alias("document_amount_gross_base"))
    own = lines.select("item_id").join(items(accepted), on="item_id", how="left", validate="m:1", maintain_order="left").select("master_group")
    figures = pl.concat([terms, numbers, ordered, goods, arrived, gross, own, crossed_lines(found), _amount_before(found)], how="horizontal")
    kept = lines.drop("quantity", "tax_rate", "fx_rate", "price_per").rename({"line_amount_net": "net"})
    return described(_with_terms(kept, figures), "invoice_line_match", accepted).select(schema("invoice_line_match").keys())


def _with_terms(kept: pl.DataFrame, figures: pl.DataFrame) -> pl.LazyFrame:
    has_unit = pl.col("unit").is_not_null()
    one = pl.lit(1, dtype=money.PRICE)
    price = money.ratio(pl.col("price_times"), one, pl.col("price_by"))
    moves = pl.when(pl.col("role") == "adjustment").then(ZERO).otherwise(pl.coalesce("quantity", "billed"))
    is_charge = (pl.col("line_kind") == "charge").fill_null(value=False) & pl.col("planned_charge_amount").is_null()
    at_price = money.ratio(pl.col("ordered_quantity"), pl.col("price_times"), pl.col("price_by"), 6)
    return pl.concat([kept.lazy(), figures.lazy()], how="horizontal").with_columns(
        posting_date=pl.coalesce("posting_date", "invoice_date"),
        order_number=pl.coalesce("order_number", "named_order"),
        has_order_link=pl.col("order_row").is_not_null() | pl.col("named_order").is_not_null(),
        is_live=pl.col("exclusion_reason").is_null(),
        is_comparable=pl.col("counts") & pl.col("price_times").is_not_null() & pl.col("uom_convertible"),
        item_group=pl.coalesce("unit_group", "master_group"),
        fx_rate="rate",
        order_unit_price=price,
        order_unit_price_base=money.product(price, pl.col("order_fx_rate")),
        invoice_unit_price=money.ratio(pl.col("value"), one, pl.col("billed").abs()).abs(),
        ordered_amount=pl.coalesce("order_amount", at_price),
        invoiced_quantity=moves,
        invoiced_before_quantity="before",
        invoiced_to_date_quantity="to_date",
        billable_quantity="billable",
        excess_quantity="excess",
        fulfilled_quantity=pl.when(has_unit).then(pl.col("for_billing").fill_null(ZERO)),
        accepted_quantity=pl.when(has_unit & pl.col("for_billing").is_null()).then(ZERO).otherwise("accepted"),
        invoiced_amount="net",
        invoiced_amount_base="amount_base",
        amount_gross="gross",
        amount_gross_base=money.amount(pl.col("gross"), pl.col("rate")),
        charge_variance=pl.when(is_charge & pl.col("has_order")).then("amount_base").when(pl.col("has_order") & ~is_charge).then(NONE),
    )


def _amount_before(found: ThreeWay) -> pl.DataFrame:
    """What was billed on the order line before this line, in document currency and allocation order."""
    placed = found.claims.sort("unit", "before", "turn").select("row", "unit", "net_amount", upto=pl.col("net_amount").cum_sum())
    start = pl.when(pl.col("unit").shift(1).ne_missing(pl.col("unit"))).then(pl.col("upto") - pl.col("net_amount")).fill_null(strategy="forward")
    before = placed.select("row", invoiced_before_amount=pl.col("upto") - pl.col("net_amount") - start).unique("row", keep="none")
    return found.invoices.select("row").join(before, on="row", how="left", validate="1:1", maintain_order="left").select("invoiced_before_amount")


def document_line_unit(found: ThreeWay, parts: Parts, accepted: Accepted) -> pl.LazyFrame:
    """One row per order, fulfilment or invoice line that counts and states a quantity: can it be compared in its base unit?"""
    types = {stem: {cycle.name: str(getattr(cycle, f"{stem}_type")) for cycle in CYCLES} for stem in ("order", "fulfilment", "invoice")}
    base = found.units.head(found.orders.height).select("base_uom", "order_rate")
    orders = pl.concat([found.orders, base], how="horizontal").lazy().with_columns(uom_convertible=pl.lit(value=True))
    counting = pl.col("exclusion_reason").is_null() & pl.col("quantity").is_not_null()
    goods_numbers = _from_order(found, found.fulfilments["order_row"], ["order_number", "order_line_no"])
    bill_numbers = _from_order(found, found.invoices["order_row"], ["order_number", "order_line_no"])
    goods = pl.concat([found.fulfilments, goods_numbers, parts.worth.alias("amount_base").to_frame()], how="horizontal").lazy()
    invoices = pl.concat([found.invoices, bill_numbers], how="horizontal").lazy()
    sides = {"order": orders.with_columns(amount_base=pl.col("line_amount_net")), "fulfilment": goods, "invoice": invoices}
    frames = []
    for stem, frame in sides.items():
        named = frame.filter(counting).with_columns(
            document_type=pl.col("cycle").replace_strict(types[stem], return_dtype=pl.String),
            document_number=f"{stem}_number",
            document_line_no=f"{stem}_line_no",
            document_date=f"{stem}_date",
        )
        frames.append(described(named, "document_line_unit", accepted).select(schema("document_line_unit").keys()))
    return pl.concat(frames)
