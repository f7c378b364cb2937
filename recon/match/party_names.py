"""Names of parties as they are compared: without width, case, punctuation, the form of the firm and its region; and how alike two of them are."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import polars as pl

from recon.domain.money import RATE, ratio

#: Forms of firms and words that many names share, longest first.
_FORMS: Final = (
    "股份有限公司", "有限责任公司", "有限公司", "分公司", "总公司", "公司", "集团",
)  # fmt: skip
#: Of these the legal forms themselves.
_LEGAL_FORMS: Final = ("股份有限公司", "有限责任公司", "有限公司", "公司")
_WESTERN_FORMS: Final = (
    "incorporated", "inc", "corporation", "corp", "company", "co", "limited", "ltd", "llc", "llp", "plc", "gmbh", "mbh", "ag", "kg", "ohg", "sarl", "sas", "sa",
    "srl", "spa", "bv", "nv", "oy", "ab", "as", "kk", "pte", "pty", "the",
)  # fmt: skip


def plain_name(name: pl.Expr) -> pl.Expr:
    """The name in small letters without width and punctuation, single spaces between words; null where nothing is left."""
    bare = name.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\.", "").str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return pl.when(bare != "").then(bare)


def same_name(name: pl.Expr) -> pl.Expr:
    """The plain name without legal forms at its end, its words in their order; null where nothing else is left.

    Stricter than `bare_name`: a branch or a group is another firm than the one whose name it bears, and so is a name of the same words in another order.
    """
    spaced = plain_name(name)
    joined = pl.when(spaced.str.contains(r"\p{Han}")).then(spaced.str.replace_all(" ", "")).otherwise(spaced)
    bare = joined.str.replace(rf"(?:{'|'.join(_LEGAL_FORMS)})$", "").str.replace(rf"(?: (?:{'|'.join(_WESTERN_FORMS)}))+$", "")
    return pl.when(bare != "").then(bare)


def bare_name(name: pl.Expr) -> pl.Expr:
    """The plain name without the form of the firm, its words sorted and joined; the plain name where nothing else is left.

    Words of a name in Han characters keep their order: spaces among them part nothing.
    """
    plain = plain_name(name)
    cut = plain.str.replace_all("|".join(_FORMS), "")
    kept = cut.str.split(" ").list.eval(pl.element().filter(~pl.element().is_in(_WESTERN_FORMS) & (pl.element() != "")))
    words = pl.when(cut.str.contains(r"\p{Han}")).then(kept.list.join("")).otherwise(kept.list.sort().list.join(""))
    return pl.when(words != "").then(words).otherwise(plain.str.replace_all(" ", ""))


def alike_pairs(left: pl.Series, right: pl.Series, least: int, piece: int = 4) -> pl.DataFrame:
    """one, other, likeness: every pair of a text on the left and one on the right that are at least so many hundredths alike, equal ones too.

    With fewer edits than pieces one piece of the one text stands unchanged in the other; of as many pieces as there may be edits and one more, so
    the rarest of them are enough to look for. Complete where a text has more pieces of that length than edits: from the length on at which it may have one.
    """
    ours = right.drop_nulls().unique().alias("other").to_frame()
    theirs = left.drop_nulls().unique().alias("one").to_frame()
    length, whole = pl.col("other").str.len_chars().cast(pl.Int64), pl.col("one").str.len_chars().cast(pl.Int64)
    pieces = ours.with_columns(place=pl.int_ranges(0, length // piece), edits=length * (100 - least) // least).explode("place").drop_nulls()
    pieces = pieces.with_columns(piece=pl.col("other").str.slice(pl.col("place") * piece, piece))
    grams = theirs.with_columns(at=pl.int_ranges(0, pl.max_horizontal(whole - piece + 1, 0))).explode("at").drop_nulls()
    grams = grams.select("one", piece=pl.col("one").str.slice(pl.col("at"), piece)).unique()
    ranked = pieces.join(grams.group_by("piece").agg(times=pl.len()), on="piece", how="left", validate="m:1").with_columns(
        pl.col("times").fill_null(0)
    )
    rare = ranked.filter(pl.struct("times", "place").rank("ordinal").over("other") <= pl.col("edits") + 1)
    near = (length - whole).abs() * least <= pl.min_horizontal(length, whole) * (100 - least)
    met = rare.select("other", "piece").join(grams, on="piece", how="inner").select("one", "other").filter(near)
    equal = theirs.join(ours, left_on="one", right_on="other", how="inner").select("one", other="one")
    measured = with_likeness(pl.concat([met, equal]).unique(), "one", "other", "likeness")
    return measured.filter(pl.col("likeness") >= pl.lit(Decimal(least) / 100, dtype=RATE))


def with_likeness(pairs: pl.DataFrame, one: str, other: str, into: str) -> pl.DataFrame:
    """Add how alike two columns of texts are: one less the share of characters to be changed, exact; null where one of them is."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cpdist

    known = pairs.select(one, other).drop_nulls().unique()
    if known.is_empty():
        return pairs.with_columns(pl.lit(None, dtype=RATE).alias(into))
    distance = cpdist(known[one].to_list(), known[other].to_list(), scorer=Levenshtein.distance).tolist()
    longest = pl.max_horizontal(pl.col(one).str.len_chars(), pl.col(other).str.len_chars()).cast(pl.Int64)
    measured = known.with_columns((longest - pl.Series(distance, dtype=pl.Int64)).alias("__kept"), longest.alias("__longest"))
    alike = measured.select(one, other, ratio(pl.col("__kept"), pl.lit(1), pl.col("__longest")).cast(RATE).alias(into))
    return pairs.join(alike, on=[one, other], how="left", validate="m:1", maintain_order="left")
