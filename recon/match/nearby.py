"""Lines of a document beside the order lines of the document they name, where no line number decides."""

from __future__ import annotations

from typing import Final

import polars as pl

_DOCUMENT: Final = ["cycle", "company_code", "number_found"]
#: A line that may mean more order lines than so many is laid beside those of its price only, or else of its quantity: an order of tens of thousands of
#: lines and bills that tell none of them apart would make as many pairs as their product.
MOST_EACH: Final = 200


def hard_keys_agree() -> pl.Expr:
    """Whether party and item of both sides are equal, or not known of one."""
    party = (pl.col("party_key") == pl.col("party_key_of")).fill_null(value=True)
    return party & (pl.col("item_id") == pl.col("item_id_of")).fill_null(value=True)


def is_tied() -> pl.Expr:
    """Whether a line and an order line are held together: a line number that names nothing leaves the item as the only tie, and without one there is none."""
    return pl.col("line").is_null() | (pl.col("item_id") == pl.col("item_id_of")).fill_null(value=False)


def candidates(lines: pl.DataFrame, order_lines: pl.DataFrame) -> pl.DataFrame:
    """Every pair of a line and an order line of the document `number_found` that may belong together; columns of the latter end in `_of`.

    `is_whole`: whether these are all that the line has. Where it has more than `MOST_EACH`, they are those of its unit and price, else of its quantity,
    else one row without an order line.
    """
    counted = _how_many(lines, order_lines)
    few = counted.filter(pl.col("candidate_count") <= MOST_EACH).drop("candidate_count")
    by_item = _met(few, order_lines, ["item_id"])
    itemless = _met(few.filter(pl.col("line").is_null()), order_lines.filter(pl.col("item_id").is_null()), [])
    any_item = _met(few.filter(pl.col("line").is_null() & pl.col("item_id").is_null()), order_lines.filter(pl.col("item_id").is_not_null()), [])
    many = counted.filter(pl.col("candidate_count") > MOST_EACH).drop("candidate_count")
    priced = _met(many, order_lines, ["uom", "price"])
    measured = _met(many.join(priced, on="row", how="anti"), order_lines, ["uom", "quantity"])
    unfit = _of_the_party(many.join(pl.concat([priced.select("row"), measured.select("row")]), on="row", how="anti"), order_lines)
    parts = [part.with_columns(is_whole=pl.lit(value=True)) for part in (by_item, itemless, any_item)]
    parts += [part.with_columns(is_whole=pl.lit(value=False)) for part in (priced, measured, unfit)]
    return pl.concat(parts, how="diagonal")


def _of_the_party(lines: pl.DataFrame, order_lines: pl.DataFrame) -> pl.DataFrame:
    """The lines whose party does not speak against their document."""
    key = [*_DOCUMENT, "party_key"]
    parties, asked = order_lines.select(key).unique(), lines.select(key).unique()
    agree = (pl.col("party_key") == pl.col("party_key_of")).fill_null(value=True)
    met = asked.join(parties, on=_DOCUMENT, how="inner", suffix="_of").filter(agree).select(key).unique()
    return lines.join(met, on=key, how="semi", nulls_equal=True)


def _met(lines: pl.DataFrame, order_lines: pl.DataFrame, equal: list[str]) -> pl.DataFrame:
    """The pairs of one document that are equal in these columns too, and agree in what is hard."""
    copied = order_lines.with_columns(pl.col(name).alias(f"{name}_of") for name in equal)
    pairs = lines.join(copied, on=[*_DOCUMENT, *equal], how="inner", suffix="_of")
    return pairs.filter(hard_keys_agree() & is_tied())


def _how_many(lines: pl.DataFrame, order_lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` with `candidate_count`: order lines of the document whose item does not speak against it."""
    document = order_lines.group_by(_DOCUMENT).agg(all_count=pl.len(), itemless_count=pl.col("item_id").null_count())
    items = order_lines.filter(pl.col("item_id").is_not_null()).group_by(*_DOCUMENT, "item_id").agg(item_count=pl.len())
    met = lines.join(document, on=_DOCUMENT, how="left", validate="m:1").join(items, on=[*_DOCUMENT, "item_id"], how="left", validate="m:1")
    counts = [pl.col(name).fill_null(0).cast(pl.Int64) for name in ("all_count", "itemless_count", "item_count")]
    free = pl.col("line").is_null()
    count = pl.when(free & pl.col("item_id").is_null()).then(counts[0]).when(free).then(counts[1] + counts[2]).otherwise(counts[2])
    return met.with_columns(candidate_count=count).drop("all_count", "itemless_count", "item_count")
