"""Which lines of its order a bill for the whole order was found to bill, written where people look: on the bill, and among what is undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.match.dense import aligned
from recon.match.links import PASS
from recon.match.naming import CERTAINTY
from recon.match.suggest import MARKS
from recon.match.whole_sets import MOST_LINES, SETS

if TYPE_CHECKING:
    from recon.match.stacks import Papers

__all__ = ["SETS", "beside", "told"]

_ALONG_ALL = "its amount runs along all of them"


def told(invoices: pl.DataFrame, sets: pl.DataFrame, orders: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    """The invoice lines with `order_line_set` (whole_sets; null for bills that do not bill a whole order of several lines).

    Pass, certainty and reason of the link follow it: one set is a link of its own and unique, several are ambiguous, and the reason names
    the lines by their numbers. Where no set is taken the link is to the order, which is certain, and the reason says how the amount lies on it.
    """
    if sets.is_empty():
        return invoices.with_columns(order_line_set=pl.lit(None, dtype=pl.String))
    verdict, lines = pl.col("order_line_set"), pl.col("lines")
    reason = (
        pl.when(verdict == "unique")
        .then(pl.format("order lines {}: the one set among {} that adds up to it", lines, "searched_count"))
        .when(verdict.str.starts_with("ambiguous"))
        .then(pl.format(f"{{}} sets of the order's lines add up to it, one of them lines {{}}; {_ALONG_ALL}", "candidate_count", lines))
        .when(verdict.str.starts_with("not_decided"))
        .then(pl.format(f"sets were not searched among {{}} lines, more than {MOST_LINES}; {_ALONG_ALL}", "searched_count"))
        .when(verdict == "none")
        .then(pl.lit(f"no set of the order's lines adds up to it; {_ALONG_ALL}"))
    )
    words = sets.join(_named(sets, orders, papers), on="row", how="left", validate="1:1").select("row", "order_line_set", set_reason=reason)
    both = pl.concat([invoices, aligned(words, "row", invoices.height)], how="horizontal")
    is_unique = (verdict == "unique").fill_null(value=False)
    is_tie = verdict.str.starts_with("ambiguous").fill_null(value=False)
    certainty = pl.when(is_unique).then(pl.lit("unique", dtype=CERTAINTY)).when(is_tie).then(pl.lit("ambiguous", dtype=CERTAINTY))
    said = pl.concat_str("link_reason", "set_reason", separator="; ", ignore_nulls=True)
    return both.with_columns(
        link_pass=pl.when(is_unique).then(pl.lit("order, set of lines", dtype=PASS)).otherwise("link_pass"),
        link_certainty=certainty.otherwise("link_certainty"),
        link_reason=pl.when(said != "").then(said),
    ).drop("set_reason")


def _named(sets: pl.DataFrame, orders: pl.DataFrame, papers: Papers) -> pl.DataFrame:
    """`lines`: the numbers of the candidates of each bill, in the order of the lines."""
    each = sets.select("row", "candidates").explode("candidates").drop_nulls()
    places = orders.select(pl.col("place").gather(each["candidates"]))["place"]
    named = pl.concat([each, papers.taken(places, "order_line_no")], how="horizontal")
    return named.group_by("row", maintain_order=True).agg(lines=pl.col("order_line_no").str.join(", "))


def beside(marks: pl.DataFrame, sets: pl.DataFrame) -> pl.DataFrame:
    """The MARKS with those of bills that several sets fit, or for which none were searched."""
    unsure = sets.filter(pl.col("order_line_set").str.starts_with("ambiguous") | pl.col("order_line_set").str.starts_with("not_decided"))
    if unsure.is_empty():
        return marks
    is_tie = pl.col("order_line_set").str.starts_with("ambiguous")
    added = unsure.select(
        "row",
        link_pass=pl.lit("order, value", dtype=PASS),
        link_certainty=pl.when(is_tie).then(pl.lit("ambiguous", dtype=CERTAINTY)).otherwise(pl.lit("certain", dtype=CERTAINTY)),
        decided=is_tie,
        candidates=pl.when(is_tie).then("candidates"),
        candidate_count=pl.when(is_tie).then("candidate_count"),
        searched_count="searched_count",
        books=pl.lit(None, dtype=pl.UInt32),
    ).select(MARKS.keys())
    return pl.concat([marks.join(unsure, on="row", how="anti"), added])
