"""Whether identifiers carry their own check: IBAN (ISO 13616, ISO 7064 MOD 97-10). Other numbers join `tax_ids`."""

from __future__ import annotations

from functools import reduce
from typing import Final

import polars as pl

_LONGEST_IBAN: Final = 34
_IBAN: Final = r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"
_DIGITS: Final = {str(digit): digit for digit in range(10)}
_LETTERS: Final = {chr(ord("A") + place): 10 + place for place in range(26)}
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
    moved = account.str.slice(4) + account.str.slice(0, 4)
    remainder = reduce(lambda rest, place: _carried(rest, moved.str.slice(place, 1)), range(_LONGEST_IBAN), pl.lit(0, dtype=pl.Int64))
    due = account.str.slice(0, 2).replace_strict(_IBAN_LENGTHS, default=None, return_dtype=pl.Int64)
    length = account.str.len_chars().cast(pl.Int64)
    right = (remainder == 1).fill_null(value=False) & (length == pl.coalesce(due, length))
    return pl.when(account.is_not_null()).then(looks_like_iban(account) & right)


def _carried(rest: pl.Expr, sign: pl.Expr) -> pl.Expr:
    """The remainder after one more character: letters count two digits, no character changes nothing."""
    worth = sign.replace_strict({"": 0, **_DIGITS, **_LETTERS}, default=None, return_dtype=pl.Int64)
    shift = pl.when(sign == "").then(1).when(worth > 9).then(100).otherwise(10)
    return (rest * shift + worth) % 97
