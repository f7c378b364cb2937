"""From what a document line says to the one document line it means.

Passes, in order: number and line as written; number and line in another spelling; within the order named, the only line of the
item; of several, the one of exactly the price, then of exactly the quantity. A pass accepts only what is unique: two
candidates that fit alike are ambiguous and none is taken. Company, party (or its group) and item are never overruled.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.match.assignment import alike, assigned
from recon.match.dense import spots
from recon.match.nearby import candidates, hard_keys_agree
from recon.match.numbers import normalised, spelling

_PLACE: Final = ["cycle", "company_code"]
#: what a line offers to be told apart by; targets carry the same columns
OFFERED: Final = ["party_key", "item_id", "quantity", "uom", "price"]
STEPS: Final = (
    "line", "line, respelled", "item", "item and price", "item and quantity", "only line", "line arithmetic", "the one left", "equal lines", "in turn",
)  # fmt: skip
STEP: Final = pl.Enum(STEPS)
CERTAINTY: Final = pl.Enum(("certain", "unique", "chosen", "suggested", "ambiguous", "none"))
FOUND: Final = {
    "row": pl.UInt32(), "target": pl.UInt32(), "number_found": pl.String(), "step": STEP, "certainty": CERTAINTY, "reason": pl.String(),
}  # fmt: skip


def resolve(lines: pl.DataFrame, targets: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """One row per line that names a number: the target's row, the number it resolved to, the step, the certainty and the reason.

    `reason` says which spellings were held equal, null where both are written alike. `documents`: by the lines' rows, the key of the
    document a line belongs to; lines of one document lie together.

    `lines`: row, cycle, company_code, number, line and OFFERED; `targets` the same with `target` in place of `row`. A line
    whose number exists but whose target is not decided has a null target, `number_found` and certainty `ambiguous` or `none`.
    """
    naming = lines.filter(pl.col("number").is_not_null())
    if naming.is_empty() or targets.is_empty():
        return pl.DataFrame(schema=FOUND)
    key = [*_PLACE, "number", "line"]
    spot = spots(naming.select(key), targets.select(key))
    of = targets.select(pl.col("target", "party_key", "item_id").gather(spot)).rename({"party_key": "party_key_of", "item_id": "item_id_of"})
    exact = pl.concat([naming.select("row", "number", "party_key", "item_id"), of], how="horizontal").with_columns(
        agrees=pl.col("target").is_not_null() & hard_keys_agree()
    )
    direct = (
        exact.select("row", "target", "number", "agrees")
        .filter("agrees")
        .select("row", "target", number_found="number", step=pl.lit("line", dtype=STEP), certainty=pl.lit("certain", dtype=CERTAINTY))
        .with_columns(reason=pl.lit(None, dtype=pl.String))
    )
    if direct.height == naming.height:
        return direct
    rest = naming.filter(~exact["agrees"])
    document = documents[rest["row"]].select(pl.struct(pl.all()).rle_id().alias("document"))
    return pl.concat([direct, _within_documents(pl.concat([rest, document], how="horizontal"), targets)])


def _within_documents(rest: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Lines whose number and line did not fit as written: find the document, then the line in it."""
    numbered = rest.join(_numbers(rest, targets), on=[*_PLACE, "number"], how="left", validate="m:1", maintain_order="left")
    wanted = numbered.select(*_PLACE, "number_found").unique()
    near = targets.filter(pl.col("number").is_in(wanted["number_found"].unique().implode())).rename({"number": "number_found"})
    nearby = near.join(wanted, on=[*_PLACE, "number_found"], how="semi")
    same_line = _of_the_line(numbered, nearby)
    by_line = _only(same_line).with_columns(step=pl.lit("line, respelled", dtype=STEP), certainty=pl.lit("certain", dtype=CERTAINTY))
    tied = candidates(numbered.join(by_line, on="row", how="anti"), nearby)
    chosen = pl.concat([by_line, _told_apart(tied)])
    undecided = numbered.join(chosen, on="row", how="anti").select(
        "row",
        "number_found",
        target=pl.lit(None, dtype=pl.UInt32),
        step=pl.lit(None, dtype=STEP),
        certainty=pl.when(pl.col("row").is_in(tied["row"].implode()) | pl.col("is_contested"))
        .then(pl.lit("ambiguous", dtype=CERTAINTY))
        .otherwise(pl.lit("none", dtype=CERTAINTY)),
    )
    found = pl.concat([chosen.select(*list(FOUND)[:-1]), undecided.select(*list(FOUND)[:-1])])
    return _with_reasons(found, rest, targets)


def _of_the_line(numbered: pl.DataFrame, nearby: pl.DataFrame) -> pl.DataFrame:
    """The lines with the order lines whose number is theirs in another spelling."""
    on_file = nearby.with_columns(like=normalised(pl.col("line")))
    said = numbered.with_columns(like=normalised(pl.col("line"))).filter(pl.col("like").is_not_null())
    return said.join(on_file, on=[*_PLACE, "number_found", "like"], how="inner", suffix="_of").filter(hard_keys_agree())


def _with_reasons(found: pl.DataFrame, rest: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """Why the spelling of the document's number, and that of its line, were held equal to those on file."""
    said = found.join(rest.select("row", "number", "line"), on="row", how="left", validate="m:1")
    on_file = said.join(targets.select("target", line_of="line"), on="target", how="left", validate="m:1", maintain_order="left")
    by_line = pl.when(pl.col("step") == "line, respelled").then(spelling("line", "line_of"))
    parts = [pl.format("number: {}", spelling("number", "number_found")), pl.format("line: {}", by_line)]
    words = pl.concat_str(*parts, separator="; ", ignore_nulls=True)
    return on_file.select(*list(FOUND)[:-1], reason=pl.when(words != "").then(words))


def _numbers(rest: pl.DataFrame, targets: pl.DataFrame) -> pl.DataFrame:
    """The spelling under which each named number is on file: as written, else the only one that compares equal."""
    written = rest.select(*_PLACE, "number").unique()
    on_file = targets.filter(pl.col("number").is_in(written["number"].unique().implode())).select(*_PLACE, "number").unique()
    exact = written.join(on_file, on=[*_PLACE, "number"], how="semi").with_columns(number_found="number", is_contested=pl.lit(value=False))
    others = written.join(exact, on=[*_PLACE, "number"], how="anti").with_columns(like=normalised(pl.col("number")))
    if others.is_empty():
        return exact
    # spellings that compare equal have the same digits from 1 to 9; only such numbers are worth the full comparison
    digits = pl.col("number").str.replace_all("[^1-9]", "")
    foreign = pl.col("number").str.len_bytes() != pl.col("number").str.len_chars()
    wanted = others.select(pl.col("like").str.replace_all("[^1-9]", "")).to_series().unique().implode()
    near = targets.filter(digits.is_in(wanted) | foreign).select(*_PLACE, "number").unique()
    alike = near.with_columns(like=normalised(pl.col("number"))).rename({"number": "spelling"})
    met = others.join(alike, on=[*_PLACE, "like"], how="inner").group_by(*_PLACE, "number")
    respelled = met.agg(spelling=pl.col("spelling").min(), is_contested=pl.len() > 1).with_columns(
        number_found=pl.when(~pl.col("is_contested")).then("spelling")
    )
    return pl.concat([exact, respelled.select(exact.columns)])


def _only(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs of lines that have exactly one candidate."""
    return pairs.filter(pl.col("target").count().over("row") == 1).select("row", "target", "number_found")


def _told_apart(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of several candidates the one that alone has the line's price, then the one that alone has its quantity.

    A document with a line that has too many to lay beside each other is not looked at as a whole: what would be left for whom is not known.
    """
    single = _only(pairs.filter("is_whole"))
    item_known = pairs.select("row", known=pl.col("item_id").is_not_null()).unique("row", keep="any")
    named = single.join(item_known, on="row", how="left").with_columns(
        step=pl.when("known").then(pl.lit("item", dtype=STEP)).otherwise(pl.lit("only line", dtype=STEP))
    )
    by_item, arithmetic = pl.lit("item and price", dtype=STEP), pl.lit("line arithmetic", dtype=STEP)
    several = pairs.join(single, on="row", how="anti")
    same_unit = (pl.col("uom") == pl.col("uom_of")).fill_null(value=False)
    of_price = several.filter(same_unit & (pl.col("price") == pl.col("price_of")).fill_null(value=False))
    by_price = _only(of_price)
    left = several.join(by_price, on="row", how="anti")
    priced = of_price.select("row").unique()
    # where the price fits some candidates, only those stay in the running
    running = pl.concat([left.join(priced, on="row", how="anti"), of_price.join(by_price, on="row", how="anti")])
    of_quantity = running.filter(same_unit & (pl.col("quantity") == pl.col("quantity_of")).fill_null(value=False))
    by_quantity = _only(of_quantity).filter(pl.col("row").count().over("target") == 1)
    priced_lines = by_price.join(item_known, on="row", how="left").with_columns(step=pl.when("known").then(by_item).otherwise(arithmetic))
    counted = by_quantity.join(item_known, on="row", how="left").with_columns(
        step=pl.when("known").then(pl.lit("item and quantity", dtype=STEP)).otherwise(arithmetic)
    )
    told = pl.concat([part.select("row", "target", "number_found", "step") for part in (named, priced_lines, counted)])
    rest = running.join(by_quantity, on="row", how="anti").filter(
        (pl.col("is_whole") | pl.col("row").is_in(priced["row"].implode())).all().over("document")
    )
    return pl.concat([told, *_among_siblings(rest, pairs, told)]).with_columns(certainty=pl.lit("unique", dtype=CERTAINTY))


def _among_siblings(rest: pl.DataFrame, pairs: pl.DataFrame, told: pl.DataFrame) -> list[pl.DataFrame]:
    """Lines that the other lines of their document leave one order line; then equal lines over equal order lines."""
    if rest.is_empty():
        return []
    numbers = rest.select("row", "number_found").unique("row", keep="any")
    of_document = pairs.select("row", "document").unique("row", keep="any")
    taken = told.join(of_document, on="row", how="inner")
    left = assigned(rest, taken).with_columns(step=pl.lit("the one left", dtype=STEP))
    taken = pl.concat([taken.select("document", "target"), left.join(of_document, on="row", how="inner").select("document", "target")])
    equal = alike(rest.join(left, on="row", how="anti"), taken).with_columns(step=pl.lit("equal lines", dtype=STEP))
    found = pl.concat([left, equal]).join(numbers, on="row", how="left", validate="m:1")
    return [found.select("row", "target", "number_found", "step")]
