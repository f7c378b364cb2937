"""Order, goods and bill brought together, both cycles at once. Every step is described in the module that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money, scopes
from recon.domain.engagement import POLICIES
from recon.match import allocate, bills, bridge, goods, links, live, match_units, packs, whole_bills
from recon.match.goods import ZERO
from recon.match.invoice_documents import numbered
from recon.match.quantities import in_base_units
from recon.match.rates import company_rates
from recon.match.stacks import Stacks, stack

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


@dataclass(frozen=True)
class ThreeWay:
    """What matching found, row positions being those of the stacks.

    orders, fulfilments, invoices: the stacks with exclusion_reason, links, unit and figures in base units. units: one row per
    match unit. goods: sums per unit. layers: what is left of each fulfilment line to be billed. claims: billing pieces with their
    share of the cap. pairs: unit, layer, claim, quantity. crossed: variances per invoice line with a unit.
    """

    orders: pl.DataFrame
    fulfilments: pl.DataFrame
    invoices: pl.DataFrame
    units: pl.DataFrame
    goods: goods.Goods
    claims: pl.DataFrame
    overdrawn_credits: pl.DataFrame
    pairs: pl.DataFrame
    crossed: pl.DataFrame


def bring_together(accepted: Accepted, engagement: Engagement) -> ThreeWay:
    """Link, convert, net, allocate and measure."""
    stacks = _marked(accepted, engagement)
    masters, ways = match_units.items(accepted), packs.conversions(accepted)
    orders, fulfilments, invoices = _linked(stacks, accepted)
    lines = pl.concat([frame.select("order_row", "uom", "quantity") for frame in (fulfilments, invoices)]).drop_nulls()
    priced = match_units.order_units(orders, lines.rename({"order_row": "unit"}), accepted, engagement, ways)
    lone = match_units.lone_units(fulfilments, orders.height, accepted, engagement, ways)
    units = match_units.all_units(priced, lone)
    fulfilments = _measured_goods(_placed(fulfilments, invoices, lone)[0], units, masters, ways)
    invoices = _measured_bills(_placed(fulfilments, invoices, lone)[1], units, masters, ways, accepted, engagement)
    billed = bills.measure(invoices)
    arrived = goods.measure(fulfilments, units, _credited(invoices))
    claims = _with_whole_bills(billed.claims, invoices, orders, units, arrived.by_unit)
    pairs = allocate.allocate(arrived.layers, claims, units)
    _assert_conserved(arrived.layers, claims, pairs)
    capped = allocate.bill(claims, pairs, units, arrived.by_unit)
    crossed = _crossed(capped, invoices, units)
    return ThreeWay(orders, fulfilments, invoices, units, arrived, capped, billed.overdrawn, pairs, crossed)


def _marked(accepted: Accepted, engagement: Engagement) -> Stacks:
    raw = stack(accepted)
    as_of = engagement.as_of
    return Stacks(
        live.mark_orders(raw.orders, as_of),
        live.mark_lines(raw.fulfilments, as_of, stem="fulfilment"),
        live.mark_lines(raw.invoices, as_of, stem="invoice"),
    )


def _linked(stacks: Stacks, accepted: Accepted) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The stacks with their links. A credit or debit without a reference of its own belongs where its origin belongs."""
    orders, goods_lines, bill_lines = (links.with_party_keys(frame, accepted) for frame in (stacks.orders, stacks.fulfilments, stacks.invoices))
    goods_links = links.link_fulfilments(goods_lines, orders)
    goods_lines = pl.concat([goods_lines, goods_links.drop("number_found")], how="horizontal")
    goods_lines = goods_lines.with_columns(origin_row=_goods_origins(goods_lines))
    bill_links = links.link_invoices(bill_lines, goods_lines, orders)
    linked = pl.concat([bill_lines, bill_links], how="horizontal").with_columns(origin_row=links.link_origins(bill_lines))
    if linked["origin_row"].null_count() == linked.height:
        return orders, goods_lines, linked
    of_origin = linked.select(pl.col("order_row", "fulfilment_row").gather(pl.col("origin_row")).name.prefix("origin_"))
    inherits = pl.col("order_row").is_null() & pl.col("named_order").is_null() & pl.col("origin_order_row").is_not_null()
    inherited = pl.concat([linked, of_origin], how="horizontal").with_columns(
        order_row=pl.when(inherits).then("origin_order_row").otherwise("order_row"),
        link_pass=pl.when(inherits).then(pl.lit("origin invoice")).otherwise("link_pass"),
        link_certainty=pl.when(inherits).then(pl.lit("certain")).otherwise("link_certainty"),
    )
    return orders, goods_lines, inherited.drop("origin_order_row", "origin_fulfilment_row")


def _goods_origins(lines: pl.DataFrame) -> pl.Series:
    """The receipt or shipment line that a return or reversal names, aligned."""
    naming = lines.filter(pl.col("origin_number").is_not_null() & pl.col("exclusion_reason").is_null())
    key = ["cycle", "company_code", "origin_number"]
    origins = lines.filter(pl.col("fulfilment_number").is_in(naming["origin_number"].unique().implode()) & (pl.col("quantity") > 0)).select(
        "cycle", "company_code", origin_number="fulfilment_number", line="fulfilment_line_no", origin_row="row", origin_order="order_row"
    )
    pairs = naming.select("row", *key, "origin_line_no", "order_row").join(origins, on=key, how="inner")
    fits = pl.when(pl.col("origin_line_no").is_not_null()).then(pl.col("origin_line_no") == pl.col("line"))
    pairs = pairs.filter(fits.otherwise(pl.col("order_row").eq_missing(pl.col("origin_order"))))
    single = pairs.filter(pl.len().over("row") == 1).select("row", "origin_row")
    return lines.select("row").join(single, on="row", how="left", validate="1:1", maintain_order="left")["origin_row"]


def _placed(fulfilments: pl.DataFrame, invoices: pl.DataFrame, lone: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both sides with `unit`: the order line, else the unit of the goods themselves."""
    own = fulfilments.select("row").join(
        lone.select(row="fulfilment_row", lone_unit="unit"), on="row", how="left", validate="1:1", maintain_order="left"
    )
    of_goods = pl.concat([fulfilments.select("order_row"), own.select("lone_unit")], how="horizontal").select(
        pl.coalesce("order_row", "lone_unit").alias("unit")
    )["unit"]
    placed = fulfilments.drop("unit", strict=False).with_columns(unit=of_goods)
    by_goods = of_goods.gather(invoices["fulfilment_row"])
    return placed, invoices.with_columns(goods_unit=by_goods).with_columns(unit=pl.coalesce("order_row", "goods_unit")).drop("goods_unit")


def _measured_goods(lines: pl.DataFrame, units: pl.DataFrame, masters: pl.DataFrame, ways: pl.DataFrame) -> pl.DataFrame:
    """Add delivered, accepted, rejected, lost in base units. What was lost on the way by a carrier's admission counts as delivered."""
    rejected = pl.col("quantity_rejected")
    untold = pl.when(pl.col("level_inspects").fill_null(value=False)).then(None).otherwise(pl.col("quantity"))
    inspects = units.select((pl.col("match_level") == "4way").gather(lines["unit"]).alias("level_inspects"))
    lines = pl.concat([lines, inspects], how="horizontal")
    given = {"delivered": pl.col("quantity"), "taken": pl.coalesce("quantity_accepted", pl.col("quantity") - rejected, untold)}
    sparse = {"rejected": "quantity_rejected", "lost": "quantity_declared_loss"}
    known = {name: pl.col(column) for name, column in sparse.items() if lines[column].null_count() < lines.height}
    measured = in_base_units(lines, units, masters, ways, given | known).with_columns(
        pl.lit(None, dtype=money.QUANTITY).alias(name) for name in sparse.keys() - known.keys()
    )
    if "lost" in known:
        measured = measured.with_columns(
            delivered=pl.col("delivered") + pl.col("lost").fill_null(ZERO), taken=pl.col("taken") + pl.col("lost").fill_null(ZERO)
        )
    return pl.concat([lines.drop("level_inspects"), measured.rename({"taken": "accepted"})], how="horizontal")


def _measured_bills(
    lines: pl.DataFrame, units: pl.DataFrame, masters: pl.DataFrame, ways: pl.DataFrame, accepted: Accepted, engagement: Engagement
) -> pl.DataFrame:
    """Add role, value, billed (base units), rate, counts."""
    measured = in_base_units(lines, units, masters, ways, {"billed": pl.col("quantity")})
    of_unit = units.select(pl.col("currency").gather(lines["unit"]).alias("unit_currency"))
    joined = pl.concat([lines, bills.roles(lines), measured, of_unit], how="horizontal")
    day = pl.coalesce("posting_date", "invoice_date")
    dated = _fx_dates(joined, engagement).select(pl.when(pl.col("fx_date") == "posting").then(day).otherwise("invoice_date").alias("rate_day"))
    rated = pl.concat([joined, dated], how="horizontal")
    same_currency = (pl.col("currency") == pl.col("unit_currency")).fill_null(value=True)
    home = rated.with_columns(
        rate=company_rates(rated, accepted, engagement.currency),
        same_currency=same_currency,
        counts=pl.col("unit").is_not_null() & pl.col("exclusion_reason").is_null() & same_currency,
        has_order=pl.col("order_row").is_not_null() | pl.col("named_order").is_not_null(),
    ).drop("unit_currency", "rate_day")
    return numbered(home).with_columns(amount_base=money.amount(pl.col("line_amount_net"), pl.col("rate")))


def _fx_dates(lines: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    rules = [rule for rule in engagement.policy_rules() if "fx_date" in rule.settings]
    if not rules:
        return lines.select("invoice_date", "posting_date", fx_date=pl.lit(POLICIES["fx_date"][0]))
    scoped = lines.lazy().select("row", "cycle", "company_code", "party_id", "item_id", "invoice_date", "posting_date")
    return scopes.resolve(scoped, rules, {"fx_date": POLICIES["fx_date"][0]}).collect().sort("row")


def _credited(invoices: pl.DataFrame) -> pl.DataFrame:
    credits = invoices.filter(pl.col("counts") & (pl.col("role") == "credit") & pl.col("billed").is_not_null())
    return credits.group_by("unit").agg(credited=-pl.col("billed").sum())


def _with_whole_bills(claims: pl.DataFrame, invoices: pl.DataFrame, orders: pl.DataFrame, units: pl.DataFrame, arrived: pl.DataFrame) -> pl.DataFrame:
    """Claims with the pieces of bills that state no quantity: first those for one order line, then those for a whole order."""
    whole = invoices.filter((pl.col("role") == "whole") & pl.col("exclusion_reason").is_null() & (pl.col("line_amount_net") > 0))
    if whole.is_empty():
        return claims
    turn = bills.turns(invoices, "invoice_date").gather(whole["row"])
    slim = whole.select("row", "unit", "named_order", "cycle", "company_code", "counts", "currency", amount="line_amount_net").with_columns(turn=turn)
    of_line = slim.filter(pl.col("unit").is_not_null() & pl.col("counts")).rename({"unit": "bundle"})
    of_order = _bundled(slim.filter(pl.col("named_order").is_not_null()), orders)
    by_line = units.with_columns(bundle="unit").filter(pl.col("ordered_quantity").is_not_null())
    done = claims.drop("claim")
    for asked, held in ((of_line, by_line), (of_order[0], of_order[1])):
        if asked.height:
            counting = held if "match_level" in held.columns else units.join(held, on="unit", how="inner", validate="1:1")
            done = pl.concat([done, whole_bills.pieces(asked, counting, arrived, done).select(done.columns)])
    return done.with_row_index("claim")


def _bundled(whole: pl.DataFrame, orders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bills with the bundle (the order they name, by its first line) and the order lines of each bundle in the bill's currency."""
    key = ["cycle", "company_code", "order_number"]
    asked = whole.rename({"named_order": "order_number"})
    reason = pl.col("exclusion_reason")
    in_force = orders.filter(reason.is_null() | reason.is_in(list(live.NOT_IN_FORCE.values())))
    held = (
        in_force.join(asked.select(key).unique(), on=key, how="semi")
        .select(*key, "currency", unit="row")
        .with_columns(bundle=pl.col("unit").min().over(*key, "currency"))
    )
    named = asked.drop("unit").join(held.select(*key, "currency", "bundle").unique(), on=[*key, "currency"], how="inner", validate="m:1")
    return named, held.select("unit", "bundle")


def _assert_conserved(layers: pl.DataFrame, claims: pl.DataFrame, pairs: pl.DataFrame) -> None:
    """No layer carries more than it holds and no claim is carried beyond what it asks. Raises ArithmeticError."""
    sides = {"layer": layers.select(row="row", held="quantity"), "claim": claims.select(row="claim", held="net")}
    for side, held in sides.items():
        used = pairs.group_by(row=side).agg(used=pl.col("quantity").sum()).join(held, on="row", how="left", validate="1:1")
        if used.filter((pl.col("used") > pl.col("held")).fill_null(value=True)).height:
            message = f"an allocation exceeds its {side}"
            raise ArithmeticError(message)


def _crossed(claims: pl.DataFrame, invoices: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """The bridge of every invoice line that counts: claims, and the credits and adjustments beside them."""
    others = invoices.filter(
        pl.col("counts") & pl.col("role").is_in(["credit", "adjustment"]) & (pl.col("billed").is_not_null() | (pl.col("role") == "adjustment"))
    )
    moved = pl.when(pl.col("role") == "credit").then("billed").otherwise(ZERO)
    beside = others.select(
        "row", "unit", "role", quantity=moved, billable=moved, net=ZERO, amount="line_amount_net", value="value", net_value=bills.NONE
    )
    columns = beside.columns
    asked = claims.with_columns(role=pl.lit("billing")).select(columns)
    facts = invoices.select("row", "rate", "currency", tax="line_tax_amount")
    terms = units.select("unit", "order_rate", "price_times", "price_by", "tax_rate")
    frame = (
        pl.concat([asked, beside])
        .join(facts, on="row", how="left", validate="m:1", maintain_order="left")
        .join(terms, on="unit", how="left", validate="m:1", maintain_order="left")
    )
    whole = frame.filter(pl.col("row").is_duplicated())["row"].unique()
    if whole.len():  # the tax of a bill for several order lines is compared as a whole, not by line
        frame = frame.with_columns(tax=pl.when(~pl.col("row").is_in(whole.implode())).then("tax"))
    plain = frame["price_by"].eq(1).all()
    return bridge.cross(frame, plain=bool(plain))
