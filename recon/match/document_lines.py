"""The measured tables of receipt, shipment and invoice lines, and of their units of measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.completeness import completeness
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match import bridge, conventions, price_parts, receipt_rates, tails, tax_groups
from recon.match import whole_numbers as whole
from recon.match.allocate import billable_limits
from recon.match.bills import NONE
from recon.match.bridge import at_order_price
from recon.match.confirmed_prices import confirmed_prices
from recon.match.deliveries import confirm_deliveries
from recon.match.dense import aligned, chosen, looked_up, positions, sums
from recon.match.described import described
from recon.match.given import is_given
from recon.match.goods import ZERO
from recon.match.match_units import items
from recon.match.number_line import running
from recon.match.periods import with_days_left
from recon.match.quantities import unconverted
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay

_TEN_DIGITS: Final = 10**10
#: What a line says of its whole document: name there -> column of the documents.
_OF_DOCUMENT: Final = {
    "document_amount_gross_base": "amount_gross_base", "document_line_count": "line_count", "document_linked_line_count": "linked_line_count",
    "paid_amount_status": "paid_amount_status",
}  # fmt: skip
_SIZES: Final = ("billable", "excess", "before", "to_date")


def _in_base(amount: str, rate: str) -> pl.Expr:
    return money.from_units(whole.times(whole.units(amount), whole.units(rate), 10), 6)


def fulfilment_line_match(found: ThreeWay, parts: Parts, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per receipt or shipment line, sorted by key. Where goods have no order, what they cost stands for their amount."""
    lines = found.fulfilments
    opened = sums(parts.open_goods, "layer", lines.height, open_quantity=pl.col("quantity").sum())
    figures = pl.concat([opened, parts.worth.alias("amount").to_frame()], how="horizontal")
    live = pl.col("exclusion_reason").is_null()
    own = [name for name in found.raw.fulfilments.types if name not in ("quantity", "currency")]
    looked = (
        pl.concat([lines, figures], how="horizontal")
        .lazy()
        .with_columns(
            *looked_up(found.units, "unit", "match_level", "item_group", "currency", "order_rate"),
            *looked_up(found.orders, "order_row", order_place="place"),
            *found.raw.fulfilments.looked_up("place", *own, own_currency="currency"),
            pl.col("link_pass", "link_certainty").cast(pl.String),
        )
        .with_columns(
            found.raw.orders.looked_up(
                "order_place", "order_number", "order_line_no", "contract_id", "promised_date", ordered_by="created_by", bought_by="buyer_id"
            )
        )
    )
    measured = looked.with_columns(
        posting_date=pl.coalesce("posting_date", "fulfilment_date"),
        has_order_link=pl.col("order_row").is_not_null(),
        is_live=live,
        quantity="delivered",
        accepted_quantity="accepted",
        rejected_quantity="rejected",
        open_quantity=pl.when(live).then(pl.col("open_quantity").fill_null(ZERO)),
        currency=pl.coalesce("currency", "own_currency"),
        amount_base=_in_base("amount", "order_rate"),
        late_working_days=working_days(accepted).passed(pl.col("promised_date"), pl.col("fulfilment_date")),
    )
    if is_given(accepted, "delivery_confirmation_line"):
        measured = confirm_deliveries(measured, accepted, engagement)
    return described(measured, "fulfilment_line_match", accepted).select(schema("fulfilment_line_match").keys())


def _crossed_lines(found: ThreeWay) -> pl.DataFrame:
    """Figures by `row`: the pieces of a bill for several order lines added up, its quantities unknown."""
    claimed = pl.concat([found.crossed.head(found.claims.height), found.claims.select(_SIZES)], how="horizontal")
    each = claimed
    beside = found.crossed.slice(found.claims.height)
    if beside.height:
        moved = found.invoices.select(pl.col("billed").gather(beside["row"]))
        still = pl.concat([beside, moved], how="horizontal").with_columns(
            billable=pl.when(pl.col("role") == "credit").then("billed").otherwise(ZERO), excess=ZERO, before=ZERO, to_date=ZERO
        )
        each = pl.concat([claimed, still.select(claimed.columns)])
    if each["row"].n_unique() < each.height:
        again = pl.col("row").is_duplicated()
        known = [pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in bridge.MEASURED]
        no_goods = pl.col("role").first() == "adjustment"
        sizes = [pl.when(no_goods).then(ZERO).alias(name) for name in _SIZES]
        summed = each.filter(again).group_by("row").agg(pl.col("role").first(), *known, *sizes)
        each = pl.concat([each.filter(~again), summed.select(each.columns)])
    return each.drop("role")


def invoice_line_match(found: ThreeWay, documents: pl.DataFrame, charged: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per invoice line, sorted by key.

    `documents`: the invoice documents with what is paid, by `document`; `charged`: charge_variance per charge line, by `row`.

    Credits and adjustments stand beside what they correct: they are wholly billable and nothing comes before them.
    """
    lines = found.invoices
    whole.guard(lines, [("gross", "rate")])
    whole.guard(found.units, [("ordered_quantity", "price_times"), ("order_unit_price", "order_rate")])
    crossed, before, told = _crossed_lines(found), _amount_before(found), tails.explained(found, found.ground.engagement)
    documents = _with_how_far_paid(documents, accepted)
    orders = found.orders.with_columns(confirmed_prices(found, accepted))
    parted, received = price_parts.of_lines(found, crossed), receipt_rates.by_receipt(found)
    spots = pl.DataFrame(
        {
            "crossed": positions(crossed["row"], lines.height),
            "counted": positions(before["row"], lines.height),
            "charged": positions(charged["row"], lines.height),
            "told": positions(told["document"], documents.height).gather(lines["document"]),
            "parted": positions(parted["row"], lines.height),
            "received": positions(received["row"], lines.height),
            "dated": positions(found.dated_prices["row"], lines.height),
        }
    )
    terms = (
        "match_level", "needs_fulfilment", "bill_rejected", "bill_over_receipt", "is_service", "item_group", "order_rate", "ordered_quantity",
        "order_unit_price", "price_times", "price_by",
    )  # fmt: skip
    own = [name for name in found.raw.invoices.types if name not in ("quantity", "fx_rate", *lines.columns)]
    placed = (
        pl.concat([lines, spots, _own_groups(found, accepted), tax_groups.of_tax_lines(found)], how="horizontal")
        .lazy()
        .with_columns(
            *looked_up(orders, "order_row", "price_is_confirmed", order_place="place"),
            *looked_up(found.fulfilments, "fulfilment_row", goods_place="place"),
            *found.raw.invoices.looked_up("place", *own),
            *looked_up(found.units, "unit", *terms),
            *looked_up(billable_limits(found.units, found.goods.by_unit), "unit", "billable_limit_quantity"),
            *looked_up(unconverted(found), "unit", "unconverted_line_count", "unconverted_bill_count", "unconverted_credit_count"),
            *looked_up(found.goods.by_unit, "unit", "for_billing", "accepted", first_fulfilled_date="first_day"),
            *looked_up(documents, "document", **_OF_DOCUMENT),
            *looked_up(crossed, "crossed", *_SIZES, *bridge.MEASURED),
            *looked_up(before, "counted", "invoiced_before_amount"),
            *looked_up(charged, "charged", "charge_variance"),
            *looked_up(told, "told", "net_convention", "tax_convention", "usual_convention", "deviates_from_usual"),
            *looked_up(parted, "parted", *price_parts.PARTS),
            *looked_up(received, "received", "receipt_fx_rate", "receipt_fx_variance"),
            *looked_up(found.dated_prices, "dated", dated_unit_price="order_unit_price"),
            pl.col("link_pass", "link_certainty").cast(pl.String),
        )
    )
    looked = _beside_order(placed, found)
    plain = conventions.is_plain(found.raw.invoices.given) if lines.height else True
    priced = _with_terms(looked).with_columns(**tails.figures(plain=plain)).with_columns(**tails.of_groups())
    priced = priced.with_columns(tail_convention=tails.convention_of_line())
    dated = with_days_left(priced, "posting_date", accepted)
    return described(dated, "invoice_line_match", accepted).select(schema("invoice_line_match").keys())


def _with_how_far_paid(documents: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Add paid_amount_status of invoice documents, discounts and write-offs counted.

    Null where the source gives no payments, and where the invoice does not count.
    """
    known = [cycle.name for cycle in CYCLES if is_given(accepted, cycle.payment_table)]
    told = pl.when(pl.col("cycle").is_in(known) & pl.col("is_live")).then(completeness("cleared", "amount_gross"))
    return documents.with_columns(cleared=pl.col("amount_gross") - pl.col("open_amount")).with_columns(paid_amount_status=told)


def _beside_order(placed: pl.LazyFrame, found: ThreeWay) -> pl.LazyFrame:
    """What the order line and the goods say beside the bill; its price is the one that the bill is held to."""
    order_terms = ("order_number", "order_line_no", "contract_id", "limit_amount", "promised_date", "is_price_estimated")
    undivided = pl.when(pl.col("price_variance") == 0).then(NONE)
    return placed.rename({"line_amount_net": "net"}).with_columns(
        *(pl.coalesce(name, undivided).alias(name) for name in price_parts.PARTS),
        pl.coalesce("dated_unit_price", "order_unit_price").alias("order_unit_price"),
        *found.raw.orders.looked_up(
            "order_place", *order_terms, order_amount="line_amount_net", order_currency="currency", ordered_by="created_by", order_tax_rate="tax_rate"
        ),
        *found.raw.fulfilments.looked_up("goods_place", "fulfilment_number", "fulfilment_line_no"),
    )


def _own_groups(found: ThreeWay, accepted: Accepted) -> pl.DataFrame:
    """The item's group by the item master, for lines that no order line or delivery gives one."""
    lines = found.invoices
    rows = chosen(lines, pl.col("unit").is_null(), "row", "place")
    alone = pl.concat([rows, found.raw.invoices.taken(rows["place"], "item_id")], how="horizontal")
    grouped = alone.join(items(accepted), on="item_id", how="left", validate="m:1").select("row", own_group="master_group")
    return aligned(grouped, "row", lines.height)


def _with_terms(looked: pl.LazyFrame) -> pl.LazyFrame:
    has_unit = pl.col("unit").is_not_null()
    at_price = whole.times(at_order_price(whole.units("ordered_quantity"), plain=False), pl.lit(1, dtype=pl.Int128), 4)
    unit_price = whole.over(whole.units("value").abs() * 10**14, whole.units("billed").abs())
    base_price = whole.times(whole.units("order_unit_price"), whole.units("order_rate"), 10)
    return looked.with_columns(
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
        price_ratio=money.from_units(whole.over(unit_price * _TEN_DIGITS, whole.units("order_unit_price")), 10),
        charge_variance=pl.coalesce("charge_variance", pl.when("has_order").then(NONE)),
    )


def _amount_before(found: ThreeWay) -> pl.DataFrame:
    """By `row`: what was billed on the order line before this line, in document currency and allocation order."""
    inner = found.claims.sort("unit", "before", "turn") if found.claims["named"].null_count() < found.claims.height else found.claims
    order = inner.select("row", "unit", "net_amount", turn=pl.int_range(pl.len(), dtype=pl.UInt32))
    placed = running(order, "net_amount").select("row", invoiced_before_amount="before")
    return placed if placed["row"].n_unique() == placed.height else placed.filter(~pl.col("row").is_duplicated())


def document_line_unit(found: ThreeWay, parts: Parts, accepted: Accepted) -> tuple[pl.LazyFrame, int]:
    """Fulfilment and invoice lines that count, state a quantity and cannot be compared in their base unit; and how many lines were looked at.

    An order line is looked at too, but it says itself what its unit is.
    """
    place = looked_up(found.orders, "order_row", order_place="place")
    worth = parts.worth.alias("worth").to_frame()
    goods = pl.concat([found.fulfilments, worth], how="horizontal").lazy().with_columns(*place, *looked_up(found.units, "unit", "order_rate"))
    counting = pl.col("exclusion_reason").is_null() & pl.col("states_quantity")
    sides = {
        "fulfilment": (goods.with_columns(amount_base=_in_base("worth", "order_rate")), found.raw.fulfilments),
        "invoice": (found.invoices.lazy().with_columns(place), found.raw.invoices),
    }
    shown = ("cycle", "company_code", "party_id", "item_id", "uom", "currency", "source_file", "source_row")
    frames = []
    for stem, (frame, raw) in sides.items():
        types = {cycle.name: str(getattr(cycle, f"{stem}_type")) for cycle in CYCLES}
        said = {"document_number": f"{stem}_number", "document_line_no": f"{stem}_line_no", "document_date": f"{stem}_date"}
        doubtful = frame.filter(counting & pl.col("uom_convertible").ne_missing(other=True))
        named = doubtful.with_columns(
            *raw.looked_up("place", *shown, **said), *found.raw.orders.looked_up("order_place", "order_number", "order_line_no")
        ).with_columns(document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String))
        frames.append(described(named, "document_line_unit", accepted).select(schema("document_line_unit").keys()))
    looked_at = sum(int(frame.select(counting.sum()).item()) for frame in (found.fulfilments, found.invoices))
    return pl.concat(frames), looked_at + int(found.orders["exclusion_reason"].is_null().sum())
