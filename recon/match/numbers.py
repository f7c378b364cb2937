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


def normalised(number: pl.Expr) -> pl.Expr:
    """The number as compared when its spelling differs: compacted, leading zeros of digit runs dropped."""
    return compacted(number).str.replace_all("(^|[^0-9])0+([0-9])", "${1}${2}")
