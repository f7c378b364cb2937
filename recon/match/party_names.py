"""Names of parties as they are compared: without width, case, punctuation, the form of the firm and its region; and how alike two of them are."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import RATE, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

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

#: So many pairs are measured in less time than a sieve for them is made.
_FEW_CELLS: Final = 25_000_000
#: So many pairs are measured in the time that one takes to get through the sieve.
_SIEVE_WORTH: Final = 20
#: Pairs measured in one piece; some bytes each.
_CELLS_AT_ONCE: Final = 2_000_000
#: Longer pieces than so many characters are hardly rarer.
_LONGEST_PIECE: Final = 5


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


def alike_pairs(left: pl.Series, right: pl.Series, least: int) -> pl.DataFrame:
    """one, other, likeness: every pair of a text on the left and one on the right that are at least so many hundredths alike, equal ones too."""
    return pl.concat(alike_pieces(left, right, least))


def alike_pieces(left: pl.Series, right: pl.Series, least: int) -> Iterator[pl.DataFrame]:
    """`alike_pairs` in pieces of so many pairs at most as memory holds: of names that are all alike there are as many as their square.

    Complete, whatever the texts. Few texts are measured each against each; of many only those that a piece in common brings together, unless that
    spares too little. The first piece is empty.
    """
    ours = right.drop_nulls().unique().sort().alias("other").to_frame()
    theirs = left.drop_nulls().unique().sort().alias("one").to_frame()
    cells = ours.height * theirs.height
    met = None if cells <= _FEW_CELLS else _sharing_a_piece(theirs, ours, least, cells // _SIEVE_WORTH)
    is_alike = pl.col("likeness") >= pl.lit(Decimal(least) / 100, dtype=RATE)
    yield pl.DataFrame(schema={"one": pl.String, "other": pl.String, "likeness": RATE})
    if met is None:
        for start, rows in _slices(ours.height, theirs.height):
            yield _near(theirs, ours.slice(start, rows), least).filter(is_alike)
    else:
        for piece in met.iter_slices(_CELLS_AT_ONCE):
            yield with_likeness(piece, "one", "other", "likeness").filter(is_alike)


def _slices(rows: int, width: int) -> list[tuple[int, int]]:
    """Start and length of slices of so many rows, each of at most `_CELLS_AT_ONCE` cells, or of one row."""
    at_once = max(_CELLS_AT_ONCE // max(width, 1), 1)
    return [(start, min(at_once, rows - start)) for start in range(0, rows, at_once)]


def _near(theirs: pl.DataFrame, ours: pl.DataFrame, least: int) -> pl.DataFrame:
    """one, other, likeness of the pairs whose distance leaves at least so many hundredths; each measured against each."""
    import numpy as np
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    lengths = [frame.to_series().str.len_chars().to_numpy().astype(np.int32) for frame in (ours, theirs)]
    longest = np.maximum(lengths[0][:, None], lengths[1][None, :])
    most = longest * np.int32(100 - least) // np.int32(100)
    furthest = int(most.max(initial=0))
    distance = cdist(ours["other"].to_list(), theirs["one"].to_list(), scorer=Levenshtein.distance, score_cutoff=furthest, dtype=np.int32, workers=-1)
    at_ours, at_theirs = np.nonzero(distance <= most)
    kept = pl.DataFrame({"kept": (longest - distance)[at_ours, at_theirs], "longest": longest[at_ours, at_theirs]}).cast(pl.Int64)
    return kept.select(
        theirs["one"].gather(at_theirs), ours["other"].gather(at_ours),
        likeness=ratio(pl.col("kept"), pl.lit(1), pl.col("longest")).cast(RATE),
    )  # fmt: skip


def _sharing_a_piece(theirs: pl.DataFrame, ours: pl.DataFrame, least: int, most: int) -> pl.DataFrame | None:
    """one, other: pairs of which nothing that is alike can be missing; null where they would be more than `most`.

    A text with at most so many edits keeps one of as many pieces and one more unchanged; the rarest of its pieces are looked for. Null also where a
    text is too short to be cut into that many.
    """
    length, whole = pl.col("other").str.len_chars().cast(pl.Int64), pl.col("one").str.len_chars().cast(pl.Int64)
    cut = ours.with_columns(edits=length * (100 - least) // least).with_columns(
        size=pl.min_horizontal(length // (pl.col("edits") + 1), _LONGEST_PIECE)
    )
    if cut["size"].min() == 0:
        return None
    pieces = cut.with_columns(place=pl.int_ranges(0, length // pl.col("size"))).explode("place")
    pieces = pieces.with_columns(piece=pl.col("other").str.slice(pl.col("place") * pl.col("size"), pl.col("size")))
    grams = pl.concat([
        theirs.with_columns(at=pl.int_ranges(0, pl.max_horizontal(whole - size + 1, 0))).explode("at").drop_nulls().select(
            "one", piece=pl.col("one").str.slice(pl.col("at"), size)
        )
        for size in cut["size"].unique().sort()
    ]).unique()  # fmt: skip
    ranked = pieces.join(grams.group_by("piece").agg(times=pl.len()), on="piece", how="left", validate="m:1").with_columns(
        pl.col("times").fill_null(0).cast(pl.Int64)
    )
    rare = ranked.filter(pl.struct("times", "place").rank("ordinal").over("other") <= pl.col("edits") + 1)
    if rare["times"].sum() > most:
        return None
    near = (length - whole).abs() * least <= pl.min_horizontal(length, whole) * (100 - least)
    return rare.select("other", "piece").join(grams, on="piece", how="inner").select("one", "other").filter(near).unique()


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
