"""Numbers of the usual form take a short way; it must end where the long way ends."""

from __future__ import annotations

import re
import unicodedata

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from recon.match.numbers import compacted, normalised

_SEPARATORS = re.compile("[\\s\\-/._\u200b-\u200d\u2060\ufeff]")
_ODD = st.text(alphabet="AB0019z-/ .\uff21\uff22\uff10\uff11\u00df\u00e9\u200b_", max_size=8)
_USUAL = st.from_regex(r"[A-Z]{0,4}0{0,3}[0-9]{0,6}", fullmatch=True)


def by_the_long_way(number: str) -> tuple[str | None, str | None]:
    compact = _SEPARATORS.sub("", unicodedata.normalize("NFKC", number).upper()) or None
    return compact, compact and re.sub(r"(^|[^0-9])0+([0-9])", r"\1\2", compact)


@given(st.lists(_ODD | _USUAL, min_size=1, max_size=60))
def test_both_ways_give_the_same_number(numbers: list[str]) -> None:
    told = pl.DataFrame({"number": numbers}).select(compact=compacted(pl.col("number")), normal=normalised(pl.col("number")))
    assert told.rows() == [by_the_long_way(number) for number in numbers]


def test_what_is_unknown_stays_unknown() -> None:
    told = pl.DataFrame({"number": [None, "", "-/", "PO000", "PO0007", "0"]}, schema={"number": pl.String}).select(normalised(pl.col("number")))
    assert told.to_series().to_list() == [None, None, None, "PO0", "PO7", "0"]
