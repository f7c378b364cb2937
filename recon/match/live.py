"""Which documents count: known by the as-of date, not cancelled, in force, and not undone by their own reversal.

Every document that does not count says why in `exclusion_reason`; null means it counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from datetime import date

FUTURE: Final = "dated after the as-of date"
CANCELLED: Final = "cancelled"
SUPERSEDED: Final = "superseded by a later version"
NETTED: Final = "netted with its reversal"
#: States of an order in which documents may still point at it, although it does not count itself.
NOT_IN_FORCE: Final = {"draft": "draft", "rejected": "rejected"}

_ORDER_LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]


def mark_orders(orders: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add `exclusion_reason` to order lines. Of several versions the current one, else the latest, is in force."""
    status = pl.col("doc_status")
    reason = (
        pl.when(_latest_first(orders))
        .then(pl.lit(SUPERSEDED))
        .when(pl.col("order_date") > as_of)
        .then(pl.lit(FUTURE))
        .when(pl.col("is_cancelled").fill_null(value=False) | status.is_in(["cancelled", "reversed"]).fill_null(value=False))
        .then(pl.lit(CANCELLED))
        .otherwise(status.replace_strict(NOT_IN_FORCE, default=None, return_dtype=pl.String))
    )
    return orders.with_columns(exclusion_reason=reason)


def _latest_first(orders: pl.DataFrame) -> pl.Series:
    """True on the versions of an order line that another version has replaced."""
    current = orders["is_current_version"]
    replaced = ~current.fill_null(value=True)
    versions = orders.select("row", *_ORDER_LINE, "po_version", current=current.fill_null(value=False)).filter(~replaced)
    if versions["po_version"].null_count() < versions.height or current.null_count() < orders.height:
        force = versions.sort("current", "po_version", "row", nulls_last=False).unique(_ORDER_LINE, keep="last", maintain_order=True)
        replaced = replaced | ~orders["row"].is_in(force["row"].implode())
    return replaced


def mark_lines(lines: pl.DataFrame, as_of: date, *, stem: str) -> pl.DataFrame:
    """Add `exclusion_reason` to fulfilment or invoice lines (`stem`: fulfilment or invoice), reversal pairs included."""
    day = f"{stem}_date"
    reason = (
        pl.when((pl.col(day) > as_of) | (pl.col("posting_date") > as_of).fill_null(value=False))
        .then(pl.lit(FUTURE))
        .when(pl.col("is_cancelled").fill_null(value=False))
        .then(pl.lit(CANCELLED))
    )
    marked = lines.with_columns(exclusion_reason=reason)
    netted = _netted(marked, stem)
    if netted.is_empty():
        return marked
    return marked.with_columns(exclusion_reason=pl.when(pl.col("row").is_in(netted.implode())).then(pl.lit(NETTED)).otherwise("exclusion_reason"))


def _netted(lines: pl.DataFrame, stem: str) -> pl.Series:
    """Rows of reversals and of what they undo, to the last unit and cent. A reversal pairs with one document line.

    A reversal finds its document by the reference it carries, else as the exact mirror of the latest line before it. One
    that reverses a cancelled document goes with it. A reversal of a part stays: it is measured like a return.
    """
    kind = f"{stem}_kind"
    if lines[kind].null_count() == lines.height or not lines[kind].eq("reversal").any():
        return pl.Series("row", [], dtype=pl.UInt32)
    reversals = lines.filter((pl.col(kind) == "reversal") & pl.col("exclusion_reason").is_null())
    figures = ["quantity"] if stem == "fulfilment" else ["quantity", "line_amount_net"]
    others = lines.filter((pl.col(kind) != "reversal").fill_null(value=True) & (pl.col("exclusion_reason") != FUTURE).fill_null(value=True))
    pairs = pl.concat([_by_reference(reversals, others, stem, figures), _by_mirror(reversals, others, stem, figures)])
    pairs = pairs.unique("reversal_row", keep="first", maintain_order=True).unique("row", keep="first", maintain_order=True)
    return pl.concat([pairs["reversal_row"], pairs["row"]]).alias("row").unique()


def _mirrored(reversals: pl.DataFrame, figures: list[str]) -> pl.DataFrame:
    return reversals.with_columns(-pl.col(name).fill_null(0) for name in figures)


def _by_reference(reversals: pl.DataFrame, others: pl.DataFrame, stem: str, figures: list[str]) -> pl.DataFrame:
    number, line = f"{stem}_number", f"{stem}_line_no"
    place = ["cycle", "company_code", "party_id"] if stem == "invoice" else ["cycle", "company_code"]
    named = _mirrored(reversals.filter(pl.col("origin_number").is_not_null()), figures).select(
        *place, *figures, "item_id", reversal_row="row", origin_number="origin_number", origin_line_no="origin_line_no"
    )
    origins = others.filter(pl.col(number).is_in(named["origin_number"].unique().implode())).select(
        *place, *(pl.col(name).fill_null(0) for name in figures), "row", origin_number=number, line=line, of_item="item_id"
    )
    pairs = named.join(origins, on=[*place, "origin_number", *figures], how="inner")
    fits = pl.when(pl.col("origin_line_no").is_not_null()).then(pl.col("origin_line_no") == pl.col("line"))
    same_item = pl.col("item_id").eq_missing(pl.col("of_item"))
    pairs = pairs.filter(fits.otherwise(same_item)).sort("reversal_row", "row")
    # several equal lines of one document: the first reversal undoes the first line, the second the second
    place_in_turn = pl.struct("origin_number", *figures, *place)
    pairs = pairs.with_columns(
        turn=pl.col("reversal_row").rank("dense").over(place_in_turn), of_turn=pl.col("row").rank("dense").over(place_in_turn)
    ).filter(pl.col("origin_line_no").is_not_null() | (pl.col("turn") == pl.col("of_turn")))
    return pairs.select("reversal_row", "row")


def _by_mirror(reversals: pl.DataFrame, others: pl.DataFrame, stem: str, figures: list[str]) -> pl.DataFrame:
    day = f"{stem}_date"
    key = ["cycle", "company_code", "party_id", "referenced_order_number", "referenced_order_line_no", "item_id", "uom", *figures]
    blank = [pl.col(name).fill_null("") for name in key if name not in figures]
    unnamed = _mirrored(reversals.filter(pl.col("origin_number").is_null()), figures).with_columns(blank)
    if unnamed.is_empty():
        return pl.DataFrame(schema={"reversal_row": pl.UInt32, "row": pl.UInt32})
    live = others.filter(pl.col("exclusion_reason").is_null()).with_columns(*blank, *(pl.col(name).fill_null(0) for name in figures))
    left = unnamed.select(*key, day, reversal_row="row").sort(day, "reversal_row")
    right = live.select(*key, day, "row").join(left.select(key).unique(), on=key, how="semi").sort(day, "row")
    found = left.join_asof(right, on=day, by=key, strategy="backward", check_sortedness=False)
    return found.filter(pl.col("row").is_not_null()).sort("reversal_row").select("reversal_row", "row")
