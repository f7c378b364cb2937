"""Order, goods and bill brought together, both cycles at once. Every step is described in the module that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.engagement import POLICIES
from recon.match import (
    allocate,
    bills,
    bridge,
    goods,
    line_sets,
    links,
    live,
    match_units,
    order_versions,
    unreferenced,
    unsure_credits,
    whole_bills,
    whole_credits,
    whole_numbers,
)
from recon.match.dense import IN_ORDER, aligned, chosen, sums
from recon.match.goods import ZERO
from recon.match.invoice_documents import numbered
from recon.match.naming import CERTAINTY
from recon.match.number_line import in_turn
from recon.match.quantities import in_base_units
from recon.match.rates import company_rates
from recon.match.stacks import Papers, Raw, Stacks, stack
from recon.match.suggest import with_suggestions

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


#: Lines are independent in the bridge; a quarter of a million at a time bounds what it holds.
_SLICE: Final = 2**18
#: What is still needed of the lines after each step; the sooner the rest is let go, the larger a company fits in memory.
_LINKING: Final = [
    "referenced_order_number", "referenced_order_line_no", "referenced_fulfilment_number", "referenced_fulfilment_line_no",
    "supplier_delivery_note", "origin_number", "origin_line_no", "is_cancelled",
]  # fmt: skip
_ORDER_NEEDS: Final = ["row", "place", "cycle", "company_code", "order_number", "order_date", "item_id", "currency", "party_key", "exclusion_reason"]
_GOODS_NEEDS: Final = [
    "row", "place", "fulfilment_kind", "fulfilment_date", "posting_date", "created_at", "exclusion_reason", "order_row", "link_pass",
    "link_certainty", "link_reason", "origin_row", "unit", "states_quantity", "base_uom", "uom_convertible", "delivered", "accepted", "rejected", "lost",
]  # fmt: skip
_BILL_NEEDS: Final = [
    "row", "place", "cycle", "company_code", "party_id", "party_key", "item_id", "currency", "invoice_date", "posting_date", "created_at",
    "line_amount_net", "line_tax_amount", "exclusion_reason", "order_row", "fulfilment_row", "named_order", "link_pass", "link_certainty", "link_reason",
    "origin_row", "unit", "role", "value", "billed", "states_quantity", "base_uom", "uom_convertible", "rate", "counts", "has_order",
    "says_nothing", "document", "gross", "amount_base",
]  # fmt: skip
#: What remains of the lines besides what matching found out about them; the rest is looked up in the raw documents.
_KEPT: Final = ("row", "place", "line_amount_net", "invoice_date", "posting_date", "created_at")


@dataclass(frozen=True)
class ThreeWay:
    """What matching found, row positions being those of the stacks.

    orders, fulfilments, invoices: row, place and what was found of each line: exclusion_reason, links, unit, figures. raw: the
    documents themselves, by place. units: one row per match unit. goods: layers, and sums per unit. claims: billing pieces with their
    share of the cap, by position. credit_shares: parts of credits that name a whole invoice (whole_credits.SHARES). parts: unit, layer, claim, quantity, open ends included. crossed: variances per claim, credit and adjustment.
    dated_prices: prices of other days (order_versions.DATED), of the few bills whose order had any. marks: what suggestions found out about bills that no pass linked.
    """

    orders: pl.DataFrame
    fulfilments: pl.DataFrame
    invoices: pl.DataFrame
    units: pl.DataFrame
    goods: goods.Goods
    claims: pl.DataFrame
    overdrawn_credits: pl.DataFrame
    credit_shares: pl.DataFrame
    parts: pl.DataFrame
    crossed: pl.DataFrame
    dated_prices: pl.DataFrame
    raw: Raw
    ground: match_units.Ground
    marks: pl.DataFrame


def bring_together(accepted: Accepted, engagement: Engagement) -> ThreeWay:
    """Link, convert, net, allocate and measure; once more where the policy books bills that nothing names, for these are found beside what is left."""
    stacks = stack(accepted)
    ground = match_units.ground(accepted, engagement)
    linked = _linked(stacks, ground)
    found = _matched(stacks, ground, linked)
    books = found.marks.filter(pl.col("books").is_not_null())
    if books.is_empty():
        return found
    orders, fulfilments, invoices, origins = linked
    again = unreferenced.booked(invoices, books.select("row", unit="books"), books)
    return _matched(stacks, ground, (orders, fulfilments, again, origins))


def _matched(stacks: Stacks, ground: match_units.Ground, linked: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]) -> ThreeWay:
    """What follows from the links: units, goods, claims, parts, variances."""
    orders, fulfilments, invoices, origins = linked
    priced = match_units.order_units(orders, (fulfilments, invoices), ground)
    lone = match_units.lone_units(fulfilments, orders.height, ground)
    units = match_units.all_units(priced, lone)
    fulfilments, invoices = _placed(fulfilments, invoices, lone)
    history = order_versions.price_history(orders, ground)
    orders = orders.select(_ORDER_NEEDS)
    fulfilments = _measured_goods(fulfilments, units, ground).select(_GOODS_NEEDS)
    invoices = whole_credits.marked(_measured_bills(invoices, units, ground).select(_BILL_NEEDS), origins, orders)
    invoices = unsure_credits.marked(invoices, fulfilments, stacks.raw.invoices)
    billed = bills.measure(invoices)
    arrived = goods.measure(fulfilments, units, _credited(invoices, units.height))
    claims, sets = _with_whole_bills(billed.claims, invoices, orders, units, arrived.by_unit)
    invoices = line_sets.told(invoices, sets, orders, stacks.raw.orders)
    shares = whole_credits.shares(invoices, origins, claims)
    claims = bills.adjusted(claims, billed.adjustments, shares)
    parts = allocate.allocate(arrived.layers, claims, units)
    invoices, marks = with_suggestions(invoices, orders, units, claims, (stacks.raw, ground.engagement, fulfilments))
    marks = line_sets.beside(marks, sets)
    capped = allocate.bill(claims, parts, units, arrived.by_unit)
    dated = order_versions.dated_prices(history, capped, parts, (fulfilments, invoices), units)
    crossed = _crossed(capped, (invoices, shares), (units, dated), stacks.raw.invoices)
    return ThreeWay(
        _found(orders, stacks.raw.orders),
        _found(fulfilments, stacks.raw.fulfilments),
        _found(invoices, stacks.raw.invoices),
        units,
        arrived,
        capped.drop("value", "net_value"),
        billed.overdrawn,
        shares,
        parts,
        crossed,
        dated,
        stacks.raw,
        ground,
        marks,
    )


def _found(lines: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    """What was found out about the lines, without what the documents say anyway."""
    return lines.select(name for name in lines.columns if name not in papers.types or name in _KEPT)


def _linked(stacks: Stacks, ground: match_units.Ground) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The stacks marked and with their links, and which bills credits may speak about (row, origin_row).

    A credit or debit without a reference of its own belongs where its origin belongs.
    """
    as_of = ground.engagement.as_of
    marked = (
        live.mark_orders(stacks.orders, as_of),
        live.mark_lines(stacks.fulfilments, as_of, stem="fulfilment"),
        live.mark_lines(stacks.invoices, as_of, stem="invoice"),
    )
    orders, goods_lines, bill_lines = (links.with_party_keys(frame, ground.accepted) for frame in marked)
    goods_links = links.link_fulfilments(goods_lines, orders, ground.engagement)
    goods_lines = pl.concat([goods_lines, goods_links.drop("number_found").rename({"reason": "link_reason"})], how="horizontal")
    goods_lines = links.with_declared_reasons(goods_lines, stacks.raw.fulfilments, "fulfilment", ground.accepted)
    goods_lines = goods_lines.with_columns(origin_row=_goods_origins(goods_lines))
    bill_links = links.link_invoices(bill_lines, goods_lines, orders, ground.engagement)
    named = [pl.col(name).is_null() for name in _LINKING if name in bill_lines.columns and name.endswith(("_number", "_note"))]
    origins = links.origin_pairs(bill_lines)
    only = links.only_origins(origins, bill_lines.height)
    bill_lines = bill_lines.with_columns(origin_row=only, says_nothing=pl.all_horizontal(named)).drop(_LINKING)
    linked = pl.concat([bill_lines, bill_links], how="horizontal")
    linked = links.with_declared_reasons(linked, stacks.raw.invoices, "invoice", ground.accepted)
    if linked["origin_row"].null_count() == linked.height:
        return orders, goods_lines, linked, origins
    of_origin = linked.select(pl.col("order_row", "fulfilment_row").gather(pl.col("origin_row")).name.prefix("origin_"))
    inherits = pl.col("order_row").is_null() & pl.col("named_order").is_null() & pl.col("origin_order_row").is_not_null()
    inherited = pl.concat([linked, of_origin], how="horizontal").with_columns(
        order_row=pl.when(inherits).then("origin_order_row").otherwise("order_row"),
        link_pass=pl.when(inherits).then(pl.lit("origin invoice", dtype=links.PASS)).otherwise("link_pass"),
        link_certainty=pl.when(inherits).then(pl.lit("certain", dtype=CERTAINTY)).otherwise("link_certainty"),
    )
    return orders, goods_lines, inherited.drop("origin_order_row", "origin_fulfilment_row"), origins


def _goods_origins(lines: pl.DataFrame) -> pl.Series:
    """The receipt or shipment line that a return or reversal names, aligned."""
    if lines["origin_number"].null_count() == lines.height:
        return pl.repeat(None, lines.height, dtype=pl.UInt32, eager=True)
    key = ["cycle", "company_code", "origin_number"]
    names_one = pl.col("origin_number").is_not_null() & pl.col("exclusion_reason").is_null()
    naming = chosen(lines, names_one, "row", *key, "origin_line_no", "order_row")
    is_named = pl.col("fulfilment_number").is_in(naming["origin_number"].unique().implode()) & (pl.col("quantity") > 0)
    origin = {"origin_number": "fulfilment_number", "line": "fulfilment_line_no", "origin_row": "row", "origin_order": "order_row"}
    origins = chosen(lines, is_named, "cycle", "company_code", **origin)
    pairs = naming.select("row", *key, "origin_line_no", "order_row").join(origins, on=key, how="inner")
    fits = pl.when(pl.col("origin_line_no").is_not_null()).then(pl.col("origin_line_no") == pl.col("line"))
    pairs = pairs.filter(fits.otherwise(pl.col("order_row").eq_missing(pl.col("origin_order"))))
    single = pairs.filter(pl.len().over("row") == 1).select("row", "origin_row")
    return aligned(single, "row", lines.height)["origin_row"]


def _placed(fulfilments: pl.DataFrame, invoices: pl.DataFrame, lone: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both sides with `unit`: the order line, else the unit of the goods themselves."""
    unit = pl.coalesce("order_row", "own_unit").alias("unit")
    own = aligned(lone.select("fulfilment_row", own_unit="unit"), "fulfilment_row", fulfilments.height)
    goods_lines = pl.concat([fulfilments, own], how="horizontal").with_columns(unit).drop("own_unit")
    by_goods = goods_lines.select(pl.col("unit").gather(invoices["fulfilment_row"]).alias("own_unit"))
    return goods_lines, pl.concat([invoices, by_goods], how="horizontal").with_columns(unit).drop("own_unit")


def _measured_goods(lines: pl.DataFrame, units: pl.DataFrame, ground: match_units.Ground) -> pl.DataFrame:
    """Add delivered, accepted, rejected, lost in base units. What was lost on the way by a carrier's admission counts as delivered."""
    rejected = pl.col("quantity_rejected")
    untold = pl.when(pl.col("level_inspects").fill_null(value=False)).then(None).otherwise(pl.col("quantity"))
    inspects = units.select((pl.col("match_level") == "4way").gather(lines["unit"]).alias("level_inspects"))
    lines = pl.concat([lines, inspects], how="horizontal")
    given = {"delivered": pl.col("quantity"), "taken": pl.coalesce("quantity_accepted", pl.col("quantity") - rejected, untold)}
    sparse = {"rejected": "quantity_rejected", "lost": "quantity_declared_loss"}
    known = {name: pl.col(column) for name, column in sparse.items() if lines[column].null_count() < lines.height}
    measured = in_base_units(lines, units, ground, given | known).with_columns(
        pl.lit(None, dtype=money.QUANTITY).alias(name) for name in sparse.keys() - known.keys()
    )
    if "lost" in known:
        measured = measured.with_columns(
            delivered=pl.col("delivered") + pl.col("lost").fill_null(ZERO), taken=pl.col("taken") + pl.col("lost").fill_null(ZERO)
        )
    states = pl.col("quantity").is_not_null().alias("states_quantity")
    return pl.concat([lines.drop("level_inspects").with_columns(states), measured.rename({"taken": "accepted"})], how="horizontal")


def _measured_bills(lines: pl.DataFrame, units: pl.DataFrame, ground: match_units.Ground) -> pl.DataFrame:
    """Add role, value, billed (base units), rate, counts."""
    measured = in_base_units(lines, units, ground, {"billed": pl.col("quantity")})
    of_unit = units.select(pl.col("currency").gather(lines["unit"]).alias("unit_currency"))
    joined = pl.concat([lines, bills.roles(lines), measured, of_unit], how="horizontal")
    day = pl.coalesce("posting_date", "invoice_date")
    dated = _fx_dates(joined, ground.engagement).select(pl.when(pl.col("fx_date") == "posting").then(day).otherwise("invoice_date").alias("rate_day"))
    rated = pl.concat([joined, dated], how="horizontal")
    same_currency = (pl.col("currency") == pl.col("unit_currency")).fill_null(value=True)
    home = rated.with_columns(
        rate=company_rates(rated, ground.accepted, ground.engagement.currency),
        same_currency=same_currency,
        counts=pl.col("unit").is_not_null() & pl.col("exclusion_reason").is_null() & same_currency,
        states_quantity=pl.col("quantity").is_not_null(),
        has_order=pl.col("order_row").is_not_null() | pl.col("named_order").is_not_null(),
    ).drop("unit_currency", "rate_day")
    whole_numbers.guard(home, [("line_amount_net", "rate")])
    base = whole_numbers.times(whole_numbers.units("line_amount_net"), whole_numbers.units("rate"), 10)
    return numbered(home.with_columns(amount_base=money.from_units(base, 6)))


def _fx_dates(lines: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    rules = [rule for rule in engagement.policy_rules() if "fx_date" in rule.settings]
    if not rules:
        return lines.select("invoice_date", "posting_date", fx_date=pl.lit(POLICIES["fx_date"][0]))
    scoped = lines.lazy().select("row", "cycle", "company_code", "party_id", "item_id", "invoice_date", "posting_date")
    return scopes.resolve(scoped, rules, {"fx_date": POLICIES["fx_date"][0]}).collect(engine=IN_ORDER).sort("row")


def _credited(invoices: pl.DataFrame, size: int) -> pl.DataFrame:
    """Per unit the quantity that credits took back."""
    is_credit = pl.col("counts") & (pl.col("role") == "credit") & pl.col("billed").is_not_null()
    return sums(chosen(invoices, is_credit, "unit", "billed"), "unit", size, credited=-pl.col("billed").sum())


def _with_whole_bills(
    claims: pl.DataFrame, invoices: pl.DataFrame, orders: pl.DataFrame, units: pl.DataFrame, arrived: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Claims with the pieces of bills that state no quantity, first those for one order line, then those for a whole order; and line_sets.SETS."""
    whole = chosen(
        invoices, (pl.col("role") == "whole") & pl.col("exclusion_reason").is_null() & (pl.col("line_amount_net") > 0),
        "row", "unit", "named_order", "cycle", "company_code", "counts", "currency", "created_at", amount="line_amount_net",
        posted=pl.coalesce("posting_date", "invoice_date"), day="invoice_date",
    )  # fmt: skip
    sets = pl.DataFrame(schema=line_sets.SETS)
    if whole.is_empty():
        return claims.with_row_index("claim"), sets
    slim = goods.in_order_of_consumption(whole).with_columns(turn=pl.col("turn") + invoices.height)  # after bills that state a quantity
    of_line = slim.filter(pl.col("unit").is_not_null() & pl.col("counts")).rename({"unit": "bundle"})
    of_order = _bundled(slim.filter(pl.col("named_order").is_not_null()), orders)
    by_line = units.with_columns(bundle="unit").filter(pl.col("ordered_quantity").is_not_null())
    done = claims
    for asked, held in ((of_line, by_line), (of_order[0], of_order[1])):
        if asked.height:
            counting = held if "match_level" in held.columns else units.join(held, on="unit", how="inner", validate="1:1")
            more, sets = whole_bills.pieces(asked, counting, arrived, done)
            done = pl.concat([done, more.select(done.columns)])
    return in_turn(done).with_row_index("claim"), sets


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


def _crossed(
    claims: pl.DataFrame, lines: tuple[pl.DataFrame, pl.DataFrame], terms_of: tuple[pl.DataFrame, pl.DataFrame], papers: Papers
) -> pl.DataFrame:
    """The bridge of every invoice line that counts: claims, and the credits and adjustments beside them.

    `lines`: the invoice lines, and the shares of credits for whole invoices. `terms_of`: the units, and the prices of other days that
    some bills are held to.
    """
    (invoices, shares), (units, dated) = lines, terms_of
    on_day = aligned(dated.select("row", "price_times"), "row", invoices.height)["price_times"] if dated.height else None
    role = pl.col("role")
    beside_claims = pl.col("counts") & ((role == "adjustment") | ((role == "credit") & pl.col("billed").is_not_null()))
    moved = pl.when(role == "credit").then("billed").otherwise(ZERO)
    beside = chosen(
        invoices, beside_claims, "row", "unit", "role", "value",
        quantity=moved, billable=moved, net=ZERO, amount="line_amount_net", net_value=bills.NONE,
    )  # fmt: skip
    asked = claims.select("row", "unit", "quantity", "billable", "net", "amount", "value", "net_value", role=pl.lit("billing"))
    both = pl.concat([asked, beside.select(asked.columns)]) if beside.height else asked
    both = pl.concat([both, whole_credits.adjusting(shares).select(asked.columns)]) if shares.height else both
    # the tax of a bill for several order lines is compared as a whole, not by line
    is_shared = claims["row"].n_unique() < claims.height or shares.height > 0
    shared = both.select(pl.col("row").is_duplicated()).to_series() if is_shared else None
    crossed = []
    for start in range(0, max(both.height, 1), _SLICE):
        part = both.slice(start, _SLICE)
        facts = invoices.select(pl.col("rate", "currency", "line_tax_amount").gather(part["row"])).rename({"line_tax_amount": "tax"})
        terms = units.select(pl.col("order_rate", "price_times", "price_by", "tax_rate").gather(part["unit"]))
        if on_day is not None:
            terms = terms.with_columns(price_times=pl.coalesce(on_day.gather(part["row"]), "price_times"))
        own = papers.taken(invoices["place"].gather(part["row"]), own_tax_rate="tax_rate")
        frame = pl.concat([part, facts, terms, own], how="horizontal")
        if shared is not None:
            frame = frame.with_columns(tax=pl.when(~shared.slice(start, _SLICE)).then("tax"))
        crossed.append(bridge.cross(frame))
    return pl.concat([both.select("row", "role"), pl.concat(crossed, rechunk=True)], how="horizontal")
