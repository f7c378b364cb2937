"""Which order line a receipt, shipment or invoice line belongs to, and which receipt or shipment an invoice line bills.

Every link carries the pass that made it and how sure it is. Documents that do not count (cancelled, dated after the as-of
date, netted) are never pointed at; orders in draft or rejected are, for goods and bills did come for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match import ties
from recon.match.dense import IN_ORDER, aligned, chosen
from recon.match.given import table
from recon.match.live import NOT_IN_FORCE
from recon.match.naming import CERTAINTY, FOUND, OFFERED, STEPS, resolve

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.stacks import Papers

#: Invoice lines that bill goods or services; the other kinds (charge, tax, …) hang on an order without billing its quantity.
BILLING: Final = ("item", "service")
_PLACE: Final = ["cycle", "company_code"]
_GOODS_DOCUMENT: Final = [*_PLACE, "fulfilment_number"]
_BILL_DOCUMENT: Final = [*_PLACE, "party_id", "invoice_number", "invoice_date", "internal_number"]
_WAYS: Final = {"order": STEPS, "fulfilment": STEPS, "delivery note": STEPS}
#: Every word of `link_pass`: the way and, after a comma, the step that made the link.
PASS: Final = pl.Enum(
    [f"{way}, {step}" for way, steps in _WAYS.items() for step in steps]
    + [
        "order, value",
        "order, set of lines",
        "origin invoice",
        "contents",
        "party and amount",
        "delivery note total",
        "day total",
        "document total",
        "reference",
    ]
)


def with_party_keys(frame: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Add `party_key`: the group of the party where the master names one, else the party. Records of one group are one party."""
    masters = [table(accepted, cycle.party_table).select(cycle=pl.lit(cycle.name), party_id="party_id", group_id="group_id") for cycle in CYCLES]
    grouped = pl.concat(masters).filter(pl.col("group_id").is_not_null()).unique(["cycle", "party_id"], keep="any").collect(engine=IN_ORDER)
    if grouped.is_empty():
        return frame.with_columns(party_key="party_id")
    joined = frame.join(grouped, on=["cycle", "party_id"], how="left", validate="m:1", maintain_order="left")
    return joined.with_columns(party_key=pl.coalesce("group_id", "party_id")).drop("group_id")


def with_declared_reasons(lines: pl.DataFrame, papers: Papers, stem: str, accepted: Accepted) -> pl.DataFrame:
    """Add to `link_reason` by which declared habit of a party's numbers a reference was brought to the number on file."""
    respelled = accepted.respelled
    if respelled is None or respelled.is_empty():
        return lines
    tables = {str(getattr(cycle, f"{stem}_table")): cycle.name for cycle in CYCLES}
    ours = respelled.filter(pl.col("table").is_in(list(tables))).sort(
        "table", "source_file", "source_row", "document_number", "document_line_no", "column"
    )
    key = ["cycle", "source_file", "source_row", "document_number", "document_line_no"]
    told = ours.group_by(pl.col("table").replace_strict(tables, return_dtype=pl.String).alias("cycle"), *key[1:], maintain_order=True).agg(
        declared=pl.format("{} for {} ({})", "written", "number", "reason").str.join("; ")
    )
    own = {"document_number": f"{stem}_number", "document_line_no": f"{stem}_line_no"}
    rows = pl.concat([lines.select("cycle"), papers.taken(lines["place"], "source_file", "source_row", **own)], how="horizontal")
    found = rows.join(told, on=key, how="left", validate="m:1", maintain_order="left", nulls_equal=True)
    reason = pl.concat_str("link_reason", "declared", separator="; ", ignore_nulls=True)
    both = pl.concat([lines, found.select("declared")], how="horizontal")
    return both.with_columns(link_reason=pl.when(reason != "").then(reason)).drop("declared")


def _lines(frame: pl.DataFrame, number: str, line: str, *, as_target: bool, where: pl.Expr | None = None) -> pl.DataFrame:
    """The frame as `resolve` wants it. A price is the one of a single unit, or unknown."""
    unit_price = pl.lit(None, dtype=pl.Decimal(38, 10))
    if "unit_price_net" in frame.columns:
        unit_price = pl.when(pl.col("price_per").fill_null(1) == 1).then("unit_price_net")
    offered = [pl.col(name) for name in OFFERED if name != "price"]
    row = pl.col("row").alias("target") if as_target else pl.col("row")
    kept = frame.lazy() if where is None else frame.lazy().filter(where)
    return kept.select(row, *_PLACE, *offered, number=number, line=line, price=unit_price).collect(engine=IN_ORDER)


def link_fulfilments(fulfilments: pl.DataFrame, orders: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """order_row, link_pass, link_certainty of every fulfilment line, in the order given."""
    lines = _lines(fulfilments, "referenced_order_number", "referenced_order_line_no", as_target=False)
    targets = _order_targets(orders)
    found = resolve(lines, targets, fulfilments.select(_GOODS_DOCUMENT))
    rows = ties.asked(fulfilments, engagement)
    if rows is not None:
        nothing = fulfilments.head(0).with_columns(order_row=pl.lit(None, dtype=pl.UInt32))
        found = ties.broken(found, _dated(lines, rows, fulfilments), targets, (ties.came(nothing), found["target"].clear()))
    return _aligned(fulfilments, found, "order").rename({"target": "order_row"})


def _dated(lines: pl.DataFrame, rows: pl.Series, frame: pl.DataFrame) -> pl.DataFrame:
    """Of the lines those in `rows`, with the day of their document."""
    day = "invoice_date" if "invoice_date" in frame.columns else "fulfilment_date"
    days = frame.select(pl.coalesce("posting_date", day).alias("day"))["day"]
    return lines.filter(pl.col("row").is_in(rows.implode())).with_columns(day=pl.lit(days).gather(pl.col("row")))


def _order_targets(orders: pl.DataFrame) -> pl.DataFrame:
    reason = pl.col("exclusion_reason")
    open_to_links = reason.is_null() | reason.is_in(list(NOT_IN_FORCE.values()))
    return _lines(orders, "order_number", "order_line_no", as_target=True, where=open_to_links)


def _aligned(lines: pl.DataFrame, found: pl.DataFrame, way: str) -> pl.DataFrame:
    """target, link_pass, link_certainty, number_found beside all lines; `found` may say its own `way`."""
    ways = (pl.col("way") if "way" in found.columns else pl.lit(way)) + ", " + pl.col("step").cast(pl.String)
    plain = {step: f"{way}, {step}" for step in STEPS}
    said = ways.cast(PASS) if "way" in found.columns else pl.col("step").replace_strict(plain, return_dtype=PASS, default=None)
    passed = found.with_columns(link_pass=pl.when(pl.col("target").is_not_null()).then(said))
    return aligned(passed, "row", lines.height).select(
        "target", "link_pass", pl.col("certainty").fill_null("none").alias("link_certainty"), "number_found", "reason"
    )


def link_invoices(invoices: pl.DataFrame, fulfilments: pl.DataFrame, orders: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """order_row, fulfilment_row, link_pass, link_certainty, named_order, link_reason of every invoice line, in the order given.

    `fulfilments` carries order_row. The fulfilment named leads to its order; where the line names another order line as well,
    the order line wins and the fulfilment is not taken. `named_order` is the order's number where the order is known and
    its line is not (a bill for the whole order, freight): such lines have a null order_row.
    """
    by_goods = _aligned(invoices, _by_fulfilment(invoices, fulfilments), "fulfilment").rename({"target": "fulfilment_row", "link_pass": "goods_step"})
    goods_order = fulfilments.select(pl.col("order_row").gather(by_goods["fulfilment_row"]).alias("goods_order"))
    told = invoices.select("line_kind", "quantity", "referenced_order_number", "referenced_order_line_no")
    of_goods = orders.select(pl.col("order_number", "order_line_no").gather(goods_order["goods_order"]))
    known = pl.concat([told, of_goods], how="horizontal").select(
        "line_kind", "quantity",
        proven=(
            (pl.col("referenced_order_number") == pl.col("order_number")) & (pl.col("referenced_order_line_no") == pl.col("order_line_no"))
        ).fill_null(value=False),
    )  # fmt: skip
    found = _by_order(invoices, (orders, fulfilments), ~known["proven"], goods_order["goods_order"], engagement)
    by_order = _aligned(invoices, found, "order").rename({"target": "order_row", "link_certainty": "certainty"})
    both = pl.concat(
        [known, by_goods.drop("number_found").rename({"link_certainty": "goods_certainty", "reason": "goods_reason"}), goods_order, by_order],
        how="horizontal",
    )
    agree = (pl.col("order_row") == pl.col("goods_order")).fill_null(value=True)
    sure = pl.col("link_pass").is_in(pl.Series(["order, line", "order, line, respelled"], dtype=PASS).implode()).fill_null(value=False)
    # a line found only by item or price yields to the goods that the invoice names
    takes_goods = pl.col("fulfilment_row").is_not_null() & (agree | ~sure)
    order_row = pl.when(takes_goods).then(pl.coalesce("goods_order", "order_row")).otherwise("order_row")
    whole = order_row.is_null() & ~takes_goods & pl.col("number_found").is_not_null() & _needs_no_line()
    value, certain = pl.lit("order, value", dtype=PASS), pl.lit("certain", dtype=CERTAINTY)
    return both.select(
        order_row=order_row,
        fulfilment_row=pl.when(takes_goods).then("fulfilment_row"),
        link_pass=pl.when(takes_goods).then("goods_step").when(whole).then(value).otherwise("link_pass"),
        link_certainty=pl.when(takes_goods).then("goods_certainty").when(whole).then(certain).otherwise("certainty"),
        named_order=pl.when(whole).then("number_found"),
        link_reason=pl.when(takes_goods).then("goods_reason").otherwise("reason"),
    )


def _needs_no_line() -> pl.Expr:
    return ~pl.col("line_kind").fill_null("item").is_in(BILLING) | pl.col("quantity").is_null()


def _by_order(
    invoices: pl.DataFrame, others: tuple[pl.DataFrame, pl.DataFrame], wanted: pl.Series, billed: pl.Series, engagement: Engagement
) -> pl.DataFrame:
    """What the lines `wanted` say of orders. `others`: orders and fulfilments; `billed`: the order lines of goods that lines name."""
    orders, fulfilments = others
    lines = _lines(invoices, "referenced_order_number", "referenced_order_line_no", as_target=False, where=pl.lit(wanted))
    targets = _order_targets(orders)
    found = resolve(lines, targets, invoices.select(_BILL_DOCUMENT))
    rows = ties.asked(invoices, engagement)
    return found if rows is None else ties.broken(found, _dated(lines, rows, invoices), targets, (ties.came(fulfilments), billed))


def _by_fulfilment(invoices: pl.DataFrame, fulfilments: pl.DataFrame) -> pl.DataFrame:
    """By the number of the receipt or shipment; where none is named, by the number of the delivery note."""
    counting = pl.col("exclusion_reason").is_null()
    documents = invoices.select(_BILL_DOCUMENT)
    found = pl.DataFrame(schema=FOUND)
    if invoices["referenced_fulfilment_number"].null_count() < invoices.height:
        lines = _lines(invoices, "referenced_fulfilment_number", "referenced_fulfilment_line_no", as_target=False)
        found = resolve(lines, _lines(fulfilments, "fulfilment_number", "fulfilment_line_no", as_target=True, where=counting), documents)
    if invoices["supplier_delivery_note"].null_count() == invoices.height:
        return found
    billing = pl.col("line_kind").fill_null("item").is_in(BILLING) & pl.col("quantity").is_not_null()
    unnamed = pl.col("referenced_fulfilment_number").is_null() & pl.col("referenced_order_number").is_null()
    noted = invoices.with_columns(no_line=pl.lit(None, dtype=pl.String))
    delivered = counting & pl.col("supplier_delivery_note").is_not_null() & (pl.col("quantity") > 0)
    targets = _lines(fulfilments, "supplier_delivery_note", "fulfilment_line_no", as_target=True, where=delivered)
    by_note = resolve(
        _lines(noted, "supplier_delivery_note", "no_line", as_target=False, where=billing & unnamed),
        targets.unique([*_PLACE, "number", "line"], keep="none", maintain_order=True),
        documents,
    )
    by_note = by_note.filter(pl.col("target").is_not_null()).with_columns(way=pl.lit("delivery note"))
    return pl.concat([found.with_columns(way=pl.lit("fulfilment")), by_note]) if by_note.height else found


def origin_pairs(invoices: pl.DataFrame) -> pl.DataFrame:
    """row, origin_row: every live bill line that a credit, debit or discount may speak about, by the invoice that it names.

    Without a line number all billing lines of that invoice, of its item where both name one. Numbers are the party's own, so the
    party belongs to the key.
    """
    if invoices["origin_number"].null_count() == invoices.height:
        return pl.DataFrame(schema={"row": pl.UInt32(), "origin_row": pl.UInt32()})
    key = [*_PLACE, "party_id", "origin_number"]
    live = pl.col("exclusion_reason").is_null()
    naming = chosen(invoices, pl.col("origin_number").is_not_null() & live, "row", *key, "origin_line_no", "item_id")
    positive = (pl.col("line_amount_net") > 0) & pl.col("line_kind").fill_null("item").is_in(BILLING)
    is_named = pl.col("invoice_number").is_in(naming["origin_number"].unique().implode())
    origin = {"origin_number": "invoice_number", "line": "invoice_line_no", "origin_row": "row", "of_item": "item_id"}
    origins = chosen(invoices, is_named & live & positive, *_PLACE, "party_id", **origin)
    pairs = naming.join(origins, on=key, how="inner")
    fits = (pl.col("origin_line_no") == pl.col("line")).fill_null(value=True) & (pl.col("item_id") == pl.col("of_item")).fill_null(value=True)
    return pairs.filter(fits & (pl.col("row") != pl.col("origin_row"))).select("row", "origin_row")


def only_origins(pairs: pl.DataFrame, size: int) -> pl.Series:
    """The invoice line that each line speaks about, aligned: null where it names none, or several fit."""
    return aligned(pairs.filter(pl.len().over("row") == 1), "row", size)["origin_row"]
