"""Whether identifiers carry their own check: IBAN (ISO 13616, ISO 7064 MOD 97-10). Other numbers join `tax_ids`."""

from __future__ import annotations

from functools import reduce
from typing import Final

import polars as pl

_IBAN: Final = r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"
#: Letters count two digits, so that an IBAN, of 34 characters at most, is a number of at most 68.
_LETTERS: Final = {chr(ord("A") + place): str(10 + place) for place in range(26)}
#: It is divided in pieces of so many digits: a remainder and a piece together stay within 64 bits.
_PIECE: Final = 15
_PIECES: Final = 5
#: country -> characters of its IBAN (registry of ISO 13616); others are checked by their remainder alone
_IBAN_LENGTHS: Final = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "KW": 30, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TR": 26,
}  # fmt: skip


def looks_like_iban(account: pl.Expr) -> pl.Expr:
    """Whether a compacted account (`numbers.compacted`) is written like an IBAN; null stays null."""
    return account.str.contains(_IBAN)


def iban_holds(account: pl.Expr) -> pl.Expr:
    """Whether a compacted account is an IBAN of its country's length whose remainder modulo 97 is one; null stays null."""
    written = pl.when(looks_like_iban(account)).then(account)
    digits = (written.str.slice(4) + written.str.slice(0, 4)).str.replace_many(_LETTERS).str.pad_start(_PIECES * _PIECE, "0")
    pieces = [digits.str.slice(place * _PIECE, _PIECE).cast(pl.Int64) for place in range(_PIECES)]
    remainder = reduce(lambda rest, piece: (rest * 10**_PIECE + piece) % 97, pieces, pl.lit(0, dtype=pl.Int64))
    due = written.str.slice(0, 2).replace_strict(_IBAN_LENGTHS, default=None, return_dtype=pl.Int64)
    length = written.str.len_chars().cast(pl.Int64)
    holds = (remainder == 1) & (length == pl.coalesce(due, length))
    return pl.when(account.is_not_null()).then(holds.fill_null(value=False))
