"""Bills that name nothing: which open orders of the party have their contents, their amount or their total? Suggested; booked only by the policy of `unreferenced`.

Passes in order, each on the bills that the earlier ones left without any candidate: every line of the bill equals every open line of
one order; a line equals an open order line in value; the bill's total is what came with one delivery note, or on one day; it is the
sum of a set of open order lines (exact, bounded).
Bucket-local: a bill, and the open orders of its party.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.engagement import POLICIES
from recon.match import unreferenced
from recon.match import whole_numbers as whole
from recon.match.bridge import at_order_price
from recon.match.by_delivery import billed_together, deliveries
from recon.match.dense import IN_ORDER, aligned, chosen
from recon.match.links import PASS
from recon.match.naming import CERTAINTY
from recon.match.subset_sums import sets_adding_up

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.match.stacks import Raw

_PARTY: Final = ["cycle", "company_code", "party_key", "currency"]
_KEY: Final = [*_PARTY, "amount"]
#: What was found out about a line that no pass linked: candidates are rows of orders, the best ones first; all of them are counted.
#: `books`: the candidate that the policy `unreferenced_bill` books.
MARKS: Final = {
    "row": pl.UInt32(), "link_pass": PASS, "link_certainty": CERTAINTY, "decided": pl.Boolean(), "candidates": pl.List(pl.UInt32()),
    "candidate_count": pl.UInt32(), "searched_count": pl.UInt32(), "books": pl.UInt32(),
}  # fmt: skip
#: So many candidates are kept; how many of them are shown is a limit of MIS-16.
_NAMED_COUNT: Final = 40
#: Bills of one party whose totals are laid beside sets of orders; the rest say that nobody searched.
_MOST_SEARCHES: Final = 200


def with_suggestions(
    invoices: pl.DataFrame, orders: pl.DataFrame, terms: pl.DataFrame, claims: pl.DataFrame, papers: tuple[Raw, Engagement, pl.DataFrame]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The invoice lines, those without any reference marked `suggested` or `ambiguous` where open orders fit them; and the MARKS.

    An order line fits that is in force, of the same company, party (or group), currency and item, not later than the bill,
    not billed yet, and worth exactly the net amount. One that two bills would take is ambiguous, like a bill that two order
    lines would fit. Where the policy `ambiguity` says suggest, what is ambiguous is shown as a suggestion. `papers`: the documents, the
    terms, and the fulfilment lines with order_row and delivered.
    """
    raw, engagement, fulfilments = papers
    lost = _lost(invoices, raw)
    marks = [pl.DataFrame(schema=MARKS)]
    if not lost.is_empty():
        held = _open_orders(lost, orders, terms, claims)
        said = raw.orders.taken(held["place"], of_quantity="quantity", of_uom="uom")
        held = pl.concat([held, said], how="horizontal")
        notes = raw.fulfilments.taken(fulfilments["place"], "supplier_delivery_note")["supplier_delivery_note"]
        by_delivery = partial(_by_delivery, together=deliveries(fulfilments, held, terms, notes))
        for search in (_by_contents, _by_amount, by_delivery, _by_total):
            left = lost.join(pl.concat(marks), on="row", how="anti")
            marks.append(search(left, held).with_columns(books=pl.lit(None, dtype=pl.UInt32)).select(MARKS.keys()))
        if unreferenced.is_asked(engagement):
            told = pl.concat(marks)
            books = unreferenced.bookable(told, lost, held, engagement).rename({"unit": "books"})
            marks = [told.drop("books").join(books, on="row", how="left", validate="1:1").select(MARKS.keys())]
    unsure = chosen(
        invoices,
        pl.col("link_certainty") == "ambiguous",
        "row",
        link_pass=pl.col("link_pass").fill_null("reference"),
        link_certainty="link_certainty",
        decided=pl.lit(value=True),
    )
    found = _by_policy(pl.concat([*marks, unsure], how="diagonal"), invoices, engagement)
    if found.is_empty():
        return invoices, found
    new = aligned(found.select("row", found_by="link_pass", found_certainty="link_certainty"), "row", invoices.height)
    both = pl.concat([invoices, new], how="horizontal").with_columns(
        link_pass=pl.coalesce("found_by", "link_pass"), link_certainty=pl.coalesce("found_certainty", "link_certainty")
    )
    return both.drop("found_by", "found_certainty"), found


def _lost(invoices: pl.DataFrame, raw: Raw) -> pl.DataFrame:
    """Bills for goods or services that name nothing, with their document; `is_whole`: all that counts of the document is such a line."""
    bills = pl.col("role").is_in(["billing", "whole"]) & (pl.col("line_amount_net") > 0)
    says_nothing = pl.col("says_nothing") & pl.col("unit").is_null() & bills
    counting = pl.col("exclusion_reason").is_null()
    if not invoices.select((says_nothing & counting).any()).item():
        return pl.DataFrame()
    told = chosen(
        invoices, counting, "row", "place", "document", *_PARTY, "party_id", "item_id", "invoice_date", lost=says_nothing, amount="line_amount_net",
    )  # fmt: skip
    lost = told.with_columns(is_whole=pl.col("lost").all().over("document")).filter("lost")
    return pl.concat([lost, raw.invoices.taken(lost["place"], "quantity", "uom")], how="horizontal")


def _open_orders(lost: pl.DataFrame, orders: pl.DataFrame, terms: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Order lines in force that nobody billed yet, with their value, of the parties that sent such bills."""
    facts = orders.select("row", "place", *_PARTY, "order_number", "order_date", "exclusion_reason", of_item="item_id")
    priced = pl.concat([facts, terms.head(orders.height).select("ordered_quantity", "price_times", "price_by")], how="horizontal")
    near = priced.lazy().filter(pl.col("exclusion_reason").is_null()).join(lost.lazy().select(_PARTY).unique(), on=_PARTY, how="semi")
    unbilled = near.join(claims.lazy().select(row="unit").unique(), on="row", how="anti").collect(engine=IN_ORDER)
    whole.guard(unbilled, [("ordered_quantity", "price_times")])
    value = whole.times(at_order_price(whole.units("ordered_quantity"), plain=False), pl.lit(1, dtype=pl.Int128), 4)
    amount = money.round_to_currency(money.from_units(value, 6), pl.col("currency"))
    open_orders = unbilled.lazy().select(*_PARTY, "place", "order_number", "order_date", "of_item", unit="row", amount=amount)
    return open_orders.filter(pl.col("amount") > 0).collect(engine=IN_ORDER)


def _contents(lines: pl.DataFrame, of: list[str], item: str, quantity: str, uom: str) -> pl.DataFrame:
    """Per document what all its lines say, item by item, in one text; documents with a line that does not say it are left out."""
    said = pl.concat_str(item, pl.col(quantity).cast(pl.String), uom, pl.col("amount").cast(pl.String), separator="\x1f")
    whole_documents = (
        lines.select(*of, said=said).group_by(of).agg(contents=pl.col("said").sort().str.join("\x1e"), is_told=pl.col("said").is_not_null().all())
    )
    return whole_documents.filter("is_told").drop("is_told")


def _by_contents(lost: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Bills all of whose lines are all the open lines of one order: same items, quantities and values."""
    whole_bills = lost.filter("is_whole")
    bills = _contents(whole_bills, [*_PARTY, "document", "invoice_date"], "item_id", "quantity", "uom")
    day = held.group_by(*_PARTY, "order_number").agg(pl.col("order_date").max())
    of_orders = _contents(held, [*_PARTY, "order_number"], "of_item", "of_quantity", "of_uom")
    inside = ["item_id", "quantity", "uom", "amount"]
    # equal lines of one document are interchangeable: the first stands for the first
    lines = whole_bills.with_columns(turn=pl.col("row").rank("ordinal").over("document", *inside))
    lines = lines.join(bills, on=[*_PARTY, "document", "invoice_date"], how="inner", validate="m:1")
    order = [*_PARTY, "order_number"]
    named = {"item_id": "of_item", "quantity": "of_quantity", "uom": "of_uom"}
    lines_of = held.select(*order, "amount", "unit", **named).with_columns(turn=pl.col("unit").rank("ordinal").over(*order, *inside))
    lines_of = lines_of.join(of_orders, on=order, how="inner", validate="m:1").join(day, on=order, how="left", validate="m:1")
    same = [*_PARTY, "contents", *inside, "turn"]
    kinds, kinds_of = _kinds(lines, same), _kinds_of(lines_of, same)
    return _marked(kinds.join(kinds_of, on=same, how="inner"), kinds, "contents")


def _by_amount(lost: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Lines of exactly the value of an open order line of the same item, where both name one.

    Lines that say the same of themselves meet the same order lines, so each kind is laid beside each kind: of a thousand equal bills and a thousand
    equal orders there would be a million pairs.
    """
    bills, orders = _kinds(lost, [*_KEY, "item_id"]), _kinds_of(held, [*_KEY, "of_item"])
    is_told, is_told_of = pl.col("item_id").is_not_null(), pl.col("of_item").is_not_null()
    met = pl.concat([
        bills.join(orders, left_on=[*_KEY, "item_id"], right_on=[*_KEY, "of_item"], how="inner").drop("item_id"),
        bills.filter(~is_told).drop("item_id").join(orders.drop("of_item"), on=_KEY, how="inner"),
        bills.filter(is_told).drop("item_id").join(orders.filter(~is_told_of).drop("of_item"), on=_KEY, how="inner"),
    ])  # fmt: skip
    return _marked(met, bills, "party and amount")


def _kinds(lines: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Kinds of bill lines: equal in these columns and of one day."""
    return lines.group_by(*by, "invoice_date").agg("row").with_row_index("bill_kind")


def _kinds_of(lines: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Kinds of order lines: equal in these columns and of one day; the first `_NAMED_COUNT` and their number."""
    return lines.group_by(*by, "order_date").agg(pl.col("unit").sort().head(_NAMED_COUNT), unit_count=pl.len()).with_row_index("order_kind")


def _marked(met: pl.DataFrame, bills: pl.DataFrame, name: str) -> pl.DataFrame:
    """MARKS of the lines by their kinds that meet: suggested where one line meets one order line and nothing else meets either, else ambiguous."""
    met = met.filter(pl.col("order_date") <= pl.col("invoice_date"))
    is_alone = (pl.col("row").list.len() == 1) & (pl.col("unit_count") == 1) & (pl.len().over("bill_kind") == 1) & (pl.len().over("order_kind") == 1)
    kinds = (
        met.with_columns(is_alone=is_alone)
        .group_by("bill_kind")
        .agg(pl.col("is_alone").all(), pl.col("unit_count").sum().cast(pl.UInt32), candidates=pl.col("unit").list.explode().sort().head(_NAMED_COUNT))
    )
    rows = kinds.join(bills.select("bill_kind", "row"), on="bill_kind", how="inner", validate="1:1").explode("row").sort("row")
    suggested, ambiguous = (pl.lit(word, dtype=CERTAINTY) for word in ("suggested", "ambiguous"))
    return rows.select(
        "row",
        link_pass=pl.lit(name, dtype=PASS),
        link_certainty=pl.when("is_alone").then(suggested).otherwise(ambiguous),
        decided=pl.lit(value=True),
        candidates="candidates",
        candidate_count="unit_count",
        searched_count="unit_count",
    )


def _by_delivery(lost: pl.DataFrame, held: pl.DataFrame, together: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG001 - one of the searches
    """Bills whose total is what came with one delivery note, or on one day."""
    sure, unsure = (pl.lit(word, dtype=CERTAINTY) for word in ("suggested", "ambiguous"))
    return billed_together(lost, together).select(
        "row",
        link_pass=pl.col("way").cast(PASS),
        link_certainty=pl.when("is_sure").then(sure).otherwise(unsure),
        decided=pl.lit(value=True),
        candidates=pl.col("units").list.head(_NAMED_COUNT),
        candidate_count="count",
        searched_count="count",
    )


def _by_total(lost: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Bills whose total is the sum of open order lines: of whole orders, else of single lines; several answers are ambiguous.

    Bills with more open lines than can be searched are not decided. The answers are exact whatever is searched.
    """
    items = lost.filter("is_whole")
    totals = items.group_by("document", *_PARTY, maintain_order=True).agg(
        pl.col("invoice_date").max(), target=pl.col("amount").sum(), rows=pl.col("row")
    )
    met = totals.join(held, on=_PARTY, how="inner").filter((pl.col("order_date") <= pl.col("invoice_date")) & (pl.col("amount") <= pl.col("target")))
    lists = (
        met.sort("document", "unit")
        .group_by("document", *_PARTY, "target", "rows", maintain_order=True)
        .agg("unit", "order_number", amounts=whole.units("amount"))
        .with_columns(whole.units("target").alias("target"))
        .filter((pl.col("amounts").list.len() > 1) & (pl.col("amounts").list.sum() >= pl.col("target")))
        .with_columns(place=pl.col("document").rank("ordinal").over(_PARTY))
    )
    answers = [
        _searched(target, orders, units, amounts) if place <= _MOST_SEARCHES else ("not_decided", [], 0)
        for place, target, orders, units, amounts in zip(
            *(lists[name].to_list() for name in ("place", "target", "order_number", "unit", "amounts")), strict=True
        )
    ]
    found = lists.select("rows", searched_count=pl.col("amounts").list.len()).with_columns(
        verdict=pl.Series([verdict for verdict, _, _ in answers], dtype=pl.String),
        candidates=pl.Series([units for _, units, _ in answers], dtype=pl.List(pl.UInt32)),
        candidate_count=pl.Series([count for _, _, count in answers], dtype=pl.UInt32),
    )
    # an order line in the one set of two bills belongs to neither for sure
    taken = found.with_row_index("bill").filter(pl.col("verdict") == "unique").select("bill", "candidates").explode("candidates")
    contested = taken.filter(pl.col("candidates").is_duplicated())["bill"].unique()
    verdict = pl.when(pl.int_range(pl.len(), dtype=pl.UInt32).is_in(contested.implode())).then(pl.lit("ambiguous")).otherwise("verdict")
    said = found.with_columns(verdict=verdict).filter(pl.col("verdict") != "none").explode("rows").rename({"rows": "row"})
    words = {"unique": "suggested", "ambiguous": "ambiguous", "not_decided": "none"}
    return said.with_columns(
        link_pass=pl.lit("document total", dtype=PASS),
        link_certainty=pl.col("verdict").replace_strict(words, return_dtype=CERTAINTY),
        decided=pl.col("verdict") != "not_decided",
        candidates=pl.col("candidates").list.head(_NAMED_COUNT),
    )


def _searched(target: int, orders: list[str], units: list[int], amounts: list[int]) -> tuple[str, list[int], int]:
    """The verdict, the order lines of the one set or of the first of several, and the number of sets."""
    by_order: dict[str, int] = {}
    for order, amount in zip(orders, amounts, strict=True):
        by_order[order] = by_order.get(order, 0) + amount
    names = list(by_order)
    of_orders = sets_adding_up(target, [by_order[name] for name in names])
    if of_orders.verdict in {"unique", "ambiguous"}:
        chosen_orders = {names[place] for place in of_orders.members}
        return of_orders.verdict, [unit for unit, order in zip(units, orders, strict=True) if order in chosen_orders], of_orders.count
    of_lines = sets_adding_up(target, amounts)
    verdict = "not_decided" if "not_decided" in {of_orders.verdict, of_lines.verdict} and of_lines.verdict == "none" else of_lines.verdict
    return verdict, [units[place] for place in of_lines.members], of_lines.count


def _by_policy(marks: pl.DataFrame, invoices: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    rules = [rule for rule in engagement.policy_rules() if "ambiguity" in rule.settings]
    if not rules or marks.is_empty():
        return marks
    scoped = invoices.select(pl.col("cycle", "company_code", "party_id", "item_id").gather(marks["row"]))
    resolved = scopes.resolve(pl.concat([marks, scoped], how="horizontal").lazy(), rules, {"ambiguity": POLICIES["ambiguity"][0]})
    shown = pl.when((pl.col("ambiguity") == "suggest") & (pl.col("link_certainty") == "ambiguous")).then(pl.lit("suggested", dtype=CERTAINTY))
    return resolved.with_columns(link_certainty=shown.otherwise("link_certainty")).select(MARKS.keys()).sort("row").collect(engine=IN_ORDER)
