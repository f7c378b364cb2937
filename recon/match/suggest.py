"""Bills that name nothing: does exactly one open order of the party have this amount? Suggested at most, never booked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money, scopes
from recon.domain.engagement import POLICIES
from recon.match import whole_numbers as whole
from recon.match.bridge import at_order_price
from recon.match.dense import IN_ORDER, aligned, chosen
from recon.match.links import PASS
from recon.match.naming import CERTAINTY

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement

_KEY: Final = ["cycle", "company_code", "party_key", "currency", "amount"]


def with_suggestions(invoices: pl.DataFrame, orders: pl.DataFrame, units: pl.DataFrame, claims: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """The invoice lines, those without any reference marked `suggested` or `ambiguous` where open orders fit them.

    An order line fits that is in force, of the same company, party (or group), currency and item, not later than the bill,
    not billed yet, and worth exactly the net amount. One that two bills would take is ambiguous, like a bill that two order
    lines would fit. Where the policy `ambiguity` says suggest, what is ambiguous is shown as a suggestion.
    """
    marks = [_by_amount(invoices, orders, units, claims)]
    unsure = chosen(
        invoices,
        pl.col("link_certainty") == "ambiguous",
        "row",
        link_pass=pl.col("link_pass").fill_null("reference"),
        link_certainty="link_certainty",
    )
    found = _by_policy(pl.concat([*marks, unsure]), invoices, engagement)
    if found.is_empty():
        return invoices
    marked = aligned(found.rename({"link_pass": "new_pass", "link_certainty": "new_certainty"}), "row", invoices.height)
    both = pl.concat([invoices, marked], how="horizontal").with_columns(
        link_pass=pl.coalesce("new_pass", "link_pass"), link_certainty=pl.coalesce("new_certainty", "link_certainty")
    )
    return both.drop("new_pass", "new_certainty")


def _by_amount(invoices: pl.DataFrame, orders: pl.DataFrame, units: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    says_nothing = pl.col("says_nothing") & pl.col("unit").is_null()
    bills = pl.col("role").is_in(["billing", "whole"]) & pl.col("exclusion_reason").is_null() & (pl.col("line_amount_net") > 0)
    lost = chosen(invoices, says_nothing & bills, "row", *_KEY[:-1], "item_id", "invoice_date", amount="line_amount_net")
    if lost.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32(), "link_pass": PASS, "link_certainty": CERTAINTY})
    met = lost.join(_open_orders(lost, orders, units, claims), on=_KEY, how="inner")
    same_item = (pl.col("item_id") == pl.col("of_item")).fill_null(value=True)
    pairs = met.filter(same_item & (pl.col("order_date") <= pl.col("invoice_date")))
    alone = (pl.len().over("row") == 1) & (pl.len().over("unit") == 1)
    certainty = pl.when(alone).then(pl.lit("suggested", dtype=CERTAINTY)).otherwise(pl.lit("ambiguous", dtype=CERTAINTY))
    return pairs.select("row", link_pass=pl.lit("party and amount", dtype=PASS), link_certainty=certainty).unique("row", keep="any").sort("row")


def _open_orders(lost: pl.DataFrame, orders: pl.DataFrame, units: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Order lines in force that nobody billed yet, with their value, of the parties that sent such bills."""
    facts = orders.select("row", *_KEY[:-1], "order_date", "exclusion_reason", of_item="item_id")
    priced = pl.concat([facts, units.head(orders.height).select("ordered_quantity", "price_times", "price_by")], how="horizontal")
    near = priced.lazy().filter(pl.col("exclusion_reason").is_null()).join(lost.lazy().select(_KEY[:-1]).unique(), on=_KEY[:-1], how="semi")
    unbilled = near.join(claims.lazy().select(row="unit").unique(), on="row", how="anti").collect(engine=IN_ORDER)
    whole.guard(unbilled, [("ordered_quantity", "price_times")])
    value = whole.times(at_order_price(whole.units("ordered_quantity"), plain=False), pl.lit(1, dtype=pl.Int128), 4)
    amount = money.round_to_currency(money.from_units(value, 6), pl.col("currency"))
    return unbilled.lazy().select(*_KEY[:-1], "order_date", "of_item", unit="row", amount=amount).collect(engine=IN_ORDER)


def _by_policy(marks: pl.DataFrame, invoices: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    rules = [rule for rule in engagement.policy_rules() if "ambiguity" in rule.settings]
    if not rules or marks.is_empty():
        return marks
    scoped = invoices.select(pl.col("cycle", "company_code", "party_id", "item_id").gather(marks["row"]))
    resolved = scopes.resolve(pl.concat([marks, scoped], how="horizontal").lazy(), rules, {"ambiguity": POLICIES["ambiguity"][0]})
    shown = pl.when(pl.col("ambiguity") == "suggest").then(pl.lit("suggested", dtype=CERTAINTY)).otherwise("link_certainty")
    return resolved.select("row", "link_pass", link_certainty=shown).sort("row").collect(engine=IN_ORDER)
