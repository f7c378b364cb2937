"""Suppliers whose only address is a post box or a rented desk. Whole: masters only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from recon.domain.allowances import set_of
from recon.domain.cycles import PROCURE_TO_PAY
from recon.match.given import is_given, table
from recon.match.party_masters import shaped_parties

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted


def party_address(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`party_address`, sorted: one row per supplier: whether its address holds one of the words for a post box or a virtual office (of PTY-11), and which.

    Compared in capitals, in half width, without full stops and with single spaces; a word in Latin letters must stand by itself. Null without an address, and without words.
    """
    if not is_given(accepted, PROCURE_TO_PAY.party_table):
        return shaped_parties("party_address", [], accepted, engagement)
    words = sorted({word.upper() for word in set_of(engagement, "box_word_set")} - {""}, key=lambda word: (-len(word), word))
    plain = pl.col("address").str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\.", "").str.replace_all(r"\s+", " ").str.strip_chars()
    known = pl.when(plain != "").then(plain)
    found = known.str.extract(f"({'|'.join(_pattern(word) for word in words)})", 1) if words else pl.lit(None, dtype=pl.String)
    rows = table(accepted, PROCURE_TO_PAY.party_table).with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name), address_word=found, is_box=pl.when(known.is_not_null() & pl.lit(bool(words))).then(found.is_not_null())
    )
    return shaped_parties("party_address", [rows], accepted, engagement)


def _pattern(word: str) -> str:
    """The word, by itself where its ends are Latin letters; full stops do not count."""
    bare = re.escape(word.replace(".", ""))
    first, last = (r"\b" if sign.isascii() and sign.isalnum() else "" for sign in (word[0], word[-1]))
    return f"{first}{bare}{last}"
