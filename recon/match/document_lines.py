"""The measured tables of receipt, shipment and invoice lines, and of their units of measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match import bridge
from recon.match import whole_numbers as whole
from recon.match.bills import NONE
from recon.match.bridge import at_order_price
from recon.match.deliveries import confirm_deliveries
from recon.match.dense import aligned, sums
from recon.match.described import described
from recon.match.given import is_given
from recon.match.goods import ZERO
from recon.match.number_line import running
from recon.match.match_units import items

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay

_ORDER_TERMS: Final = ["order_number", "order_line_no", "contract_id", "limit_amount", "planned_charge_amount"]
_SIZES: Final = ("billable", "excess", "before", "to_date")


def _from_order(found: ThreeWay, order_row: pl.Series, columns: list[str]) -> pl.DataFrame:
    return found.orders.select(pl.col(columns).gather(order_row))


def _from_unit(found: ThreeWay, unit: pl.Series, columns: list[str]) -> pl.DataFrame:
    return found.units.select(pl.col(columns).gather(unit))


def _in_base(amount: str, rate: str) -> pl.Expr:
    return money.from_units(whole.times(whole.units(amount), whole.units(rate), 10), 6)


def fulfilment_line_match(found: ThreeWay, parts: Parts, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per receipt or shipment line, sorted by key. Where goods have no order, what they cost stands for their amount."""
    lines = found.fulfilments
    opened = sums(parts.open_goods, "layer", lines.height, open_quantity=pl.col("quantity").sum())
    terms = _from_unit(found, lines["unit"], ["match_level", "item_group", "currency", "order_rate"])
    numbers = _from_order(found, lines["order_row"], ["order_number", "order_line_no", "contract_id"])
    figures = pl.concat([opened, terms, numbers, parts.worth.alias("amount").to_frame()], how="horizontal")
    whole.guard(figures, [("amount", "order_rate")])
    live = pl.col("exclusion_reason").is_null()
    kept = lines.drop("quantity").rename({"currency": "own_currency"})
    measured = (
        pl.concat([kept, figures], how="horizontal")
        .lazy()
        .with_columns(
            posting_date=pl.coalesce("posting_date", "fulfilment_date"),
            has_order_link=pl.col("order_row").is_not_null(),
            is_live=live,
            quantity="delivered",
            accepted_quantity="accepted",
            rejected_quantity="rejected",
            open_quantity=pl.when(live).then(pl.col("open_quantity").fill_null(ZERO)),
            currency=pl.coalesce("currency", "own_currency"),
            amount_base=_in_base("amount", "order_rate"),
        )
    )
    if is_given(accepted, "delivery_confirmation_line"):
        measured = confirm_deliveries(measured, accepted, engagement)
    return described(measured, "fulfilment_line_match", accepted).select(schema("fulfilment_line_match").keys())


def _crossed_lines(found: ThreeWay) -> pl.DataFrame:
    """Figures per invoice line: the pieces of a bill for several order lines added up, its quantities unknown."""
    claimed = pl.concat([found.crossed.head(found.claims.height), found.claims.select(_SIZES)], how="horizontal")
    beside = found.crossed.slice(found.claims.height)
    moved = found.invoices.select(pl.col("billed").gather(beside["row"])).to_series()
    still = pl.concat([beside, moved.to_frame()], how="horizontal").with_columns(
        billable=pl.when(pl.col("role") == "credit").then("billed").otherwise(ZERO), excess=ZERO, before=ZERO, to_date=ZERO
    )
    each = pl.concat([claimed, still.select(claimed.columns)]).drop("role")
    if each["row"].n_unique() < each.height:
        again = pl.col("row").is_duplicated()
        known = [pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in bridge.MEASURED]
        unknown = [pl.lit(None, dtype=money.QUANTITY).alias(name) for name in _SIZES]
        summed = each.filter(again).group_by("row").agg(known).with_columns(unknown)
        each = pl.concat([each.filter(~again), summed.select(each.columns)])
    return aligned(each, "row", found.invoices.height)


def invoice_line_match(found: ThreeWay, documents: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per invoice line, sorted by key. `documents`: amount_gross_base per invoice document, by `document`.

    Credits and adjustments stand beside what they correct: they are wholly billable and nothing comes before them.
    """
    lines = found.invoices
    terms = [
        "match_level", "needs_fulfilment", "bill_rejected", "bill_over_receipt", "is_service", "item_group", "order_rate", "ordered_quantity",
        "order_unit_price", "price_times", "price_by",
    ]  # fmt: skip
    goods_numbers = found.fulfilments.select(pl.col("fulfilment_number", "fulfilment_line_no").gather(lines["fulfilment_row"]))
    figures = pl.concat(
        [
            _from_unit(found, lines["unit"], terms),
            _from_order(found, lines["order_row"], _ORDER_TERMS),
            _from_order(found, lines["order_row"], ["line_amount_net"]).rename({"line_amount_net": "order_amount"}),
            goods_numbers,
            found.goods.by_unit.select(pl.col("for_billing", "accepted").gather(lines["unit"])),
            documents.select(pl.col("amount_gross_base").gather(lines["document"]).alias("document_amount_gross_base")),
            _crossed_lines(found),
            _amount_before(found),
            _own_groups(lines, accepted),
        ],
        how="horizontal",
    )
    kept = lines.drop("quantity", "tax_rate", "fx_rate", "price_per").rename({"line_amount_net": "net"})
    return described(_with_terms(kept, figures), "invoice_line_match", accepted).select(schema("invoice_line_match").keys())


def _own_groups(lines: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """The item's group by the item master, for lines that no order line or delivery gives one."""
    alone = lines.filter(pl.col("unit").is_null()).select("row", "item_id")
    grouped = alone.join(items(accepted), on="item_id", how="left", validate="m:1").select("row", own_group="master_group")
    return aligned(grouped, "row", lines.height)


def _with_terms(kept: pl.DataFrame, figures: pl.DataFrame) -> pl.LazyFrame:
    whole.guard(figures, [("ordered_quantity", "price_times"), ("order_unit_price", "order_rate")])
    whole.guard(kept, [("gross", "rate")])
    has_unit = pl.col("unit").is_not_null()
    is_charge = (pl.col("line_kind") == "charge").fill_null(value=False) & pl.col("planned_charge_amount").is_null()
    at_price = whole.times(at_order_price(whole.units("ordered_quantity"), plain=False), pl.lit(1, dtype=pl.Int128), 4)
    unit_price = whole.over(whole.units("value").abs() * 10**14, whole.units("billed").abs())
    base_price = whole.times(whole.units("order_unit_price"), whole.units("order_rate"), 10)
    both = pl.concat([kept, figures], how="horizontal").lazy()
    return both.with_columns(
        posting_date=pl.coalesce("posting_date", "invoice_date"),
        item_group=pl.coalesce("item_group", "own_group"),
        order_number=pl.coalesce("order_number", "named_order"),
        has_order_link=pl.col("has_order"),
        is_live=pl.col("exclusion_reason").is_null(),
        is_comparable=pl.col("counts") & pl.col("price_times").is_not_null() & pl.col("uom_convertible"),
        fx_rate="rate",
        order_fx_rate="order_rate",
        order_unit_price_base=money.from_units(base_price, 10),
        invoice_unit_price=money.from_units(unit_price, 10),
        ordered_amount=pl.coalesce("order_amount", money.from_units(at_price, 6)),
        invoiced_quantity=pl.when(pl.col("role") == "adjustment").then(ZERO).otherwise("billed"),
        invoiced_before_quantity="before",
        invoiced_to_date_quantity="to_date",
        billable_quantity="billable",
        excess_quantity="excess",
        fulfilled_quantity=pl.when(has_unit).then(pl.col("for_billing").fill_null(ZERO)),
        accepted_quantity=pl.when(has_unit & pl.col("for_billing").is_null()).then(ZERO).otherwise("accepted"),
        invoiced_amount="net",
        invoiced_amount_base="amount_base",
        amount_gross="gross",
        amount_gross_base=_in_base("gross", "rate"),
        charge_variance=pl.when(is_charge & pl.col("has_order")).then("amount_base").when(pl.col("has_order") & ~is_charge).then(NONE),
    )


def _amount_before(found: ThreeWay) -> pl.DataFrame:
    """What was billed on the order line before this line, in document currency and allocation order."""
    inner = found.claims.sort("unit", "before", "turn") if found.claims["named"].null_count() < found.claims.height else found.claims
    order = inner.select("row", "unit", "net_amount", turn=pl.int_range(pl.len(), dtype=pl.UInt32))
    placed = running(order, "net_amount").select("row", invoiced_before_amount="before")
    once = placed if placed["row"].n_unique() == placed.height else placed.filter(~pl.col("row").is_duplicated())
    return aligned(once, "row", found.invoices.height)


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
