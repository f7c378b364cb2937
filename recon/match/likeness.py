"""Order numbers that a document may have meant: one character wrong, lost, added, swapped with its neighbour or taken for another.

Suggestions only. A slip spares one half of a number, so only numbers of the party that share a half are compared at all, by distance of edit;
every suggestion says which slip it was.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.match.duplicates import folded
from recon.match.numbers import compacted

_PARTY: Final = ["cycle", "company_code", "party_key"]
#: Parties with more pairs of numbers than these are not searched.
_MOST_PAIRS: Final = 500_000
_SHORTEST: Final = 4
LIKE: Final = {**dict.fromkeys(_PARTY, pl.String()), "number": pl.String(), "like": pl.String(), "slip": pl.String()}


def likely_numbers(unresolved: pl.DataFrame, on_file: pl.DataFrame) -> pl.DataFrame:
    """LIKE: the party's numbers on file that differ from an unresolved one by one slip.

    Both hold cycle, company_code, party_key, number. Slips: look-alike characters, swapped, one character lost or added, one changed.
    """
    asked = unresolved.select(*_PARTY, "number").drop_nulls().unique().with_columns(text=compacted(pl.col("number")))
    asked = asked.filter(pl.col("text").str.len_chars() >= _SHORTEST)
    held = on_file.select(*_PARTY, "number").unique().join(asked.select(_PARTY).unique(), on=_PARTY, how="semi")
    sizes = asked.group_by(_PARTY).agg(asked=pl.len()).join(held.group_by(_PARTY).agg(held=pl.len()), on=_PARTY, how="inner")
    few = sizes.filter(pl.col("asked").cast(pl.Int64) * pl.col("held").cast(pl.Int64) <= _MOST_PAIRS).select(_PARTY)
    asked, held = (side.join(few, on=_PARTY, how="semi") for side in (asked, held))
    held = held.with_columns(text_of=compacted(pl.col("number"))).rename({"number": "like"})
    text, other = pl.col("text"), pl.col("text_of")
    half = (text.str.len_chars() - 1) // 2
    spared = (text.str.head(half) == other.str.head(half)) | (text.str.tail(half) == other.str.tail(half))
    near = (text.str.len_chars().cast(pl.Int64) - other.str.len_chars().cast(pl.Int64)).abs() <= 1
    pairs = asked.lazy().join(held.lazy(), on=_PARTY, how="inner").filter(near & (text != other)).filter(spared).collect()
    return _told(pairs)


def _told(pairs: pl.DataFrame) -> pl.DataFrame:
    """Which slip each pair is; the nearer ones first by distance of edit."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cpdist

    if pairs.is_empty():
        return pl.DataFrame(schema=LIKE)
    distance = cpdist(pairs["text"].to_list(), pairs["text_of"].to_list(), scorer=OSA.distance).tolist()
    measured = pairs.with_columns(distance=pl.Series(distance, dtype=pl.UInt32)).filter(pl.col("distance") == 1)
    length, other = pl.col("text").str.len_chars(), pl.col("text_of").str.len_chars()
    same_characters = pl.col("text").str.split("").list.sort() == pl.col("text_of").str.split("").list.sort()
    slip = (
        pl.when(folded(pl.col("text")) == folded(pl.col("text_of")))
        .then(pl.lit("look-alike characters"))
        .when(length != other)
        .then(pl.lit("one character lost or added"))
        .when(same_characters)
        .then(pl.lit("two characters swapped"))
        .otherwise(pl.lit("one character changed"))
    )
    return measured.select(*_PARTY, "number", "like", slip=slip).sort(*_PARTY, "number", "like")
