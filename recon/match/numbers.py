"""Document numbers made comparable: the one place that says when two spellings name one document.

Steps, in this order: compatibility forms folded (full-width digits and letters), case, invisible characters, separators,
leading zeros of digit runs. Likeness is never sameness: 00040 and 00045 stay two documents.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = "0123456789"
_INVISIBLE_AND_SEPARATORS: Final = r"[\s\-/._\x{200B}-\x{200D}\x{2060}\x{FEFF}]"


def compacted(number: pl.Expr) -> pl.Expr:
    """The number without separators, case and width; zeros kept. Null stays null, nothing left becomes null."""
    # capital letters and digits are compact as they are; most numbers are, and what is null costs the long way nothing
    is_compact = number.str.contains("^[A-Z0-9]+$")
    folded = pl.when(~is_compact).then(number).str.normalize("NFKC").str.to_uppercase().str.replace_all(_INVISIBLE_AND_SEPARATORS, "")
    return pl.when(is_compact).then(number).otherwise(pl.when(folded != "").then(folded))


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
    # most are capital letters, then digits: what stands before and behind their zeros is told without a pattern, several times faster
    is_usual = number.str.contains("^[A-Z]*0*[1-9][0-9]*$")
    usual = pl.concat_str(number.str.strip_chars_end(_DIGITS), number.str.strip_chars_start(_LETTERS).str.strip_chars_start("0"))
    other = compacted(pl.when(~is_usual).then(number)).str.replace_all("(^|[^0-9])0+([0-9])", "${1}${2}")
    return pl.when(is_usual).then(usual).otherwise(other)
