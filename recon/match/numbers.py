"""Document numbers made comparable: the one place that says when two spellings name one document.

Steps, in this order: compatibility forms folded (full-width digits and letters), case, invisible characters, separators,
leading zeros of digit runs. Likeness is never sameness: 00040 and 00045 stay two documents.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_INVISIBLE_AND_SEPARATORS: Final = r"[\s\-/._\x{200B}-\x{200D}\x{2060}\x{FEFF}]"


def compacted(number: pl.Expr) -> pl.Expr:
    """The number without separators, case and width; zeros kept. Null stays null, nothing left becomes null."""
    compact = number.str.normalize("NFKC").str.to_uppercase().str.replace_all(_INVISIBLE_AND_SEPARATORS, "")
    return pl.when(compact != "").then(compact)


def spelling(said: str, on_file: str) -> pl.Expr:
    """Which steps make the two spellings one, in words; null where they are written alike or are no spellings of one number."""
    one, other = pl.col(said), pl.col(on_file)
    wide = one.str.normalize("NFKC") != one
    folded = [text.str.normalize("NFKC") for text in (one, other)]
    upper = [text.str.to_uppercase() for text in folded]
    steps = [
        pl.when(wide | (other.str.normalize("NFKC") != other)).then(pl.lit("width of characters")),
        pl.when((folded[0] != folded[1]) & ((upper[0] != folded[0]) | (upper[1] != folded[1]))).then(pl.lit("case")),
        pl.when(upper[0].str.replace_all(_INVISIBLE_AND_SEPARATORS, "") != upper[0]).then(pl.lit("separators"))
        .when(upper[1].str.replace_all(_INVISIBLE_AND_SEPARATORS, "") != upper[1]).then(pl.lit("separators")),
        pl.when(compacted(one) != compacted(other)).then(pl.lit("leading zeros")),
    ]  # fmt: skip
    words = pl.concat_str(*steps, separator=", ", ignore_nulls=True)
    return pl.when((one != other) & (normalised(one) == normalised(other))).then(words)


def normalised(number: pl.Expr) -> pl.Expr:
    """The number as compared when its spelling differs: compacted, leading zeros of digit runs dropped."""
    return compacted(number).str.replace_all("(^|[^0-9])0+([0-9])", "${1}${2}")
