"""Document lines and cash that no pass linked: what was found out about each, and what is nearest to it. Bucket-local.

Facts for whoever has to find the counterpart by hand: candidates, how many, whether all of them were looked at, and the smallest
change that would make the nearest one fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import with_limits
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match import likeness
from recon.match import whole_numbers as whole
from recon.match.bridge import at_order_price
from recon.match.dense import IN_ORDER, chosen
from recon.match.described import described
from recon.match.links import with_party_keys
from recon.match.nearest import NEAREST, figure, of_others, within_party

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_FOUND: Final = ["row", "place", "link_pass", "link_certainty"]
_SHOWN: Final = "shown_candidate_count"
_ALL: Final = 2**31
_UNSETTLED: Final = ("ambiguous", "not_decided")
_SEPARATOR: Final = "; "


def unlinked_lines(found: ThreeWay, settlement: Settlement, accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`unlinked_line`, sorted by document line; number of lines and payments looked at)."""
    goods, bills = (_with_shown_count(with_party_keys(side, accepted), engagement) for side in (_goods(found), _bills(found)))
    parties = pl.concat([goods["party_key"], bills["party_key"]]).unique()
    orders = _orders(found, pl.col("party_key").is_in(parties.implode()))
    sides = [_told(goods, "fulfilment", found, orders), _told(bills, "invoice", found, orders)]
    columns = schema("unlinked_line")
    rows = pl.concat([side.select(columns.keys()) for side in (described(side, "unlinked_line", accepted) for side in sides)])
    cash = described(_cash(settlement), "unlinked_line", accepted).select(pl.col(name).cast(kind) for name, kind in columns.items())
    keys = ["cycle", "company_code", "document_type", "document_number", "party_id", "document_line_no", "document_date"]
    counted = [found.fulfilments, found.invoices]
    looked_at = sum(int(frame["exclusion_reason"].null_count()) for frame in counted) + settlement.payments["exclusion_reason"].null_count()
    return pl.concat([rows, cash]).sort(keys, nulls_last=True).collect(engine=IN_ORDER).lazy(), looked_at


def _bills(found: ThreeWay) -> pl.DataFrame:
    """Bills for goods or services without an order and without a delivery, or for an order of whose lines nobody knows which, in the columns of TOLD."""
    is_undecided = pl.col("row").is_in(found.marks["row"].implode()) & pl.col("order_line_set").is_not_null()
    counting = pl.col("exclusion_reason").is_null() & pl.col("unit").is_null() & (pl.col("named_order").is_null() | is_undecided)
    lines = chosen(
        found.invoices, counting & pl.col("role").is_in(["billing", "whole"]), *_FOUND, "rate", amount="line_amount_net", day="invoice_date",
        names_order=pl.col("named_order").is_not_null(),
    )  # fmt: skip
    said = found.raw.invoices.taken(
        lines["place"], "cycle", "company_code", "party_id", "item_id", "currency", "quantity", "uom", "referenced_order_number",
        document_number="invoice_number", document_line_no="invoice_line_no", source_file="source_file", source_row="source_row",
    )  # fmt: skip
    return pl.concat([lines, said], how="horizontal").with_columns(figure("amount"), document_date="day")


def _goods(found: ThreeWay) -> pl.DataFrame:
    """Receipts and shipments without an order, likewise; their amount is what they cost, where they say it."""
    counting = pl.col("exclusion_reason").is_null() & pl.col("order_row").is_null() & (pl.col("delivered") > 0)
    lines = chosen(found.fulfilments, counting, *_FOUND, names_order=pl.lit(value=False))
    said = found.raw.fulfilments.taken(
        lines["place"], "cycle", "company_code", "party_id", "item_id", "currency", "quantity", "uom", "referenced_order_number",
        day="fulfilment_date", document_number="fulfilment_number", document_line_no="fulfilment_line_no", source_file="source_file", source_row="source_row",
    )  # fmt: skip
    unknown = {"amount": pl.lit(None, dtype=money.MONEY), "rate": pl.lit(None, dtype=money.RATE)}
    return pl.concat([lines, said], how="horizontal").with_columns(figure("quantity"), document_date="day", **unknown)


def _orders(found: ThreeWay, where: pl.Expr) -> pl.DataFrame:
    """Order lines in force in the columns of TOLD, figures left out: is_open where nobody billed them yet. `where`: by party_key or item_id."""
    items = found.units.head(found.orders.height).select("item_id")
    told = pl.concat([found.orders.select("row", "place", "party_key", "exclusion_reason"), items], how="horizontal")
    facts = chosen(told, pl.col("exclusion_reason").is_null() & where, "row", "place", "party_key", "item_id")
    said = found.raw.orders.taken(facts["place"], "cycle", "company_code", "currency", "quantity", "order_number", "order_line_no", day="order_date")
    terms = found.units.select(pl.col("ordered_quantity", "price_times", "price_by").gather(facts["row"]))
    whole.guard(terms, [("ordered_quantity", "price_times")])
    value = whole.times(at_order_price(whole.units("ordered_quantity"), plain=False), pl.lit(1, dtype=pl.Int128), 4)
    amounts = pl.concat([terms, said.select("currency")], how="horizontal").select(
        amount=money.round_to_currency(money.from_units(value, 6), pl.col("currency"))
    )
    billed = found.claims.select(row="unit").unique().with_columns(is_open=pl.lit(value=False))
    both = pl.concat([facts, said, amounts], how="horizontal").join(billed, on="row", how="left", validate="1:1")
    return both.with_columns(pl.col("is_open").fill_null(value=True))


def _with_shown_count(lines: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """Add how many candidates of each line are shown, as MIS-16 says; null where all that are kept."""
    scoped = with_limits(lines.lazy(), engagement, _SHOWN).collect(engine=IN_ORDER)
    return scoped.with_columns(pl.when(~pl.col(_SHOWN).is_in(["not_checked", "unlimited"])).then(_SHOWN).cast(pl.UInt32))


def _told(lines: pl.DataFrame, stem: str, found: ThreeWay, orders: pl.DataFrame) -> pl.LazyFrame:
    """Unlinked lines of one side with everything that is known about them."""
    by_amount = stem == "invoice"
    near = _nearest(lines.filter(~pl.col("names_order")), orders, found, "amount" if by_amount else "quantity")
    marks = (found.marks if by_amount else found.marks.clear()).drop("link_pass", "link_certainty")
    marked = lines.join(near, on="row", how="left", validate="1:1").join(_candidates(marks, orders, lines), on="row", how="left", validate="1:1")
    marked = _with_likeness(marked, orders)
    state = (
        pl.when(~pl.col("decided"))
        .then(pl.lit("not_decided"))
        .when(pl.col("link_certainty").is_in(["ambiguous", "suggested"]))
        .then(pl.col("link_certainty").cast(pl.String))
        .when(pl.col("slips").is_not_null())
        .then(pl.lit("suggested"))
        .otherwise(pl.lit("none"))
    )
    types = {cycle.name: str(getattr(cycle, f"{stem}_type")) for cycle in CYCLES}
    by_likeness = pl.col("slips").is_not_null() & (pl.col("link_certainty") == "none")
    return marked.lazy().with_columns(
        state=state,
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        referenced_number="referenced_order_number",
        amount_base=money.amount(pl.col("amount"), pl.col("rate")),
        link_pass=pl.when(by_likeness).then(pl.lit("likeness")).otherwise(pl.col("link_pass").cast(pl.String)),
        candidates=pl.coalesce("candidates", "slips"),
        candidate_count=pl.coalesce("candidate_count", "slip_count").cast(pl.Int64),
        searched_count=pl.col("searched_count").cast(pl.Int64),
    )


def _nearest(lines: pl.DataFrame, orders: pl.DataFrame, found: ThreeWay, measure: str) -> pl.DataFrame:
    """nearest_number, nearest_line_no, nearest_condition, nearest_value by row: among the party's order lines, else among other parties'."""
    by_currency = measure == "amount"
    near = within_party(lines, orders.with_columns(figure(measure)), by_currency=by_currency)
    names = [orders]
    left = lines.join(near, on="row", how="anti").filter(pl.col("item_id").is_not_null())
    if left.height:
        others = _orders(found, pl.col("item_id").is_in(left["item_id"].unique().implode()))
        names.append(others)
        near = pl.concat([near, of_others(left, others.with_columns(figure(measure)), by_currency=by_currency)])
    named = pl.concat(names).select(order_row="row", nearest_number="order_number", nearest_line_no="order_line_no").unique("order_row", keep="any")
    return near.select(NEAREST.keys()).join(named, on="order_row", how="left", validate="m:1").drop("order_row")


def _candidates(marks: pl.DataFrame, orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The marks with their candidates in words: order number and line, the best first."""
    names = orders.select(candidates="row", named=pl.format("{}/{}", "order_number", "order_line_no"))
    shown = marks.select("row", "candidates").join(lines.select("row", _SHOWN), on="row", how="inner", validate="1:1")
    each = (
        shown.select("row", pl.col("candidates").list.head(pl.col(_SHOWN).fill_null(_ALL)))
        .explode("candidates")
        .with_row_index("turn")
        .join(names, on="candidates", how="inner", validate="m:1")
    )
    words = each.sort("turn").group_by("row", maintain_order=True).agg(candidates=pl.col("named").str.join(_SEPARATOR))
    return marks.drop("candidates").join(words, on="row", how="left", validate="1:1")


def _with_likeness(lines: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """Add `slips` and `slip_count`: order numbers that the one named may have meant, lines of the same item first."""
    party = ["cycle", "company_code", "party_key"]
    named = lines.filter(pl.col("referenced_order_number").is_not_null() & ~pl.col("names_order")).rename({"referenced_order_number": "number"})
    like = likeness.likely_numbers(named.select(*party, "number"), orders.rename({"order_number": "number"}).select(*party, "number"))
    if like.is_empty():
        return lines.with_columns(slips=pl.lit(None, dtype=pl.String), slip_count=pl.lit(None, dtype=pl.UInt32))
    items = orders.select(*party, like="order_number", of_item="item_id").unique()
    met = (
        named.select("row", *party, "number", "item_id", _SHOWN)
        .join(like, on=[*party, "number"], how="inner")
        .join(items, on=[*party, "like"], how="inner")
    )
    ranked = met.group_by("row", "like", "slip", _SHOWN).agg(same_item=(pl.col("item_id") == pl.col("of_item")).fill_null(value=False).any())
    words = (
        ranked.sort("row", "same_item", "like", descending=[False, True, False])
        .group_by("row", maintain_order=True)
        .agg(
            slips=pl.format("{} ({})", "like", "slip").head(pl.col(_SHOWN).first().fill_null(_ALL)).str.join(_SEPARATOR),
            slip_count=pl.len().cast(pl.UInt32),
        )
    )
    return lines.join(words, on="row", how="left", validate="1:1")


def _cash(settlement: Settlement) -> pl.LazyFrame:
    """Payments of which a part was not applied because several sets of invoices fit, or because the search was given up.

    The candidates are the invoices of the first set that fits; they are never paid by guess.
    """
    types = {cycle.name: cycle.payment_type for cycle in CYCLES}
    unsure = settlement.cash.on_account.filter(pl.col("certainty").is_in(_UNSETTLED))
    numbers = settlement.cash.documents.select("invoice_number", candidates="invoice_id")
    each = unsure.select("payment_id", "candidates").explode("candidates").join(numbers, on="candidates", how="inner", validate="m:1")
    words = each.sort("payment_id", "invoice_number").group_by("payment_id").agg(named=pl.col("invoice_number").str.join(_SEPARATOR))
    told = unsure.drop("candidates").join(words, on="payment_id", how="left", validate="1:1").lazy()
    return told.select(
        "cycle", "company_code", "party_id", "currency", "source_file", "source_row", "searched_count",
        candidates="named",
        candidate_count=pl.when(pl.col("candidate_count") > 0).then("candidate_count"),
        amount="left",
        link_pass=pl.when("is_returned").then(pl.lit("refunded")).otherwise(pl.lit("on_account")),
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="payment_number",
        document_date="payment_date",
        amount_base=money.amount(pl.col("left"), pl.col("fx_rate")),
        state="certainty",
    )  # fmt: skip
