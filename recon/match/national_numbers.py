"""Tax numbers of several countries: which form they have, and whether they carry their own check digit.

The algorithms are the published ones: GB 32100 and GB 11643 (China), the check digits that the VAT Information Exchange System
describes for the member states, those of Switzerland and Japan. A country that is not listed has no check here.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.match.tax_ids import check_character_holds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_DIGITS: Final = {str(digit): digit for digit in range(10)}
#: What remains of a sum of digits in ISO 7064 MOD 11,10 before the next digit comes.
_CARRIED: Final = {total: (total or 10) * 2 % 11 for total in range(10)}
#: What a digit counts that Luhn's sum doubles.
_DOUBLED: Final = {str(digit): digit * 2 // 10 + digit * 2 % 10 for digit in range(10)}
_CODE: Final = 18


def tax_number_holds(number: str, country: str, countries: Collection[str] | None = None) -> pl.Expr:
    """Whether the compacted number (`numbers.compacted`) in one column is a tax number of the country (ISO 3166) in another one.

    Null where the number is empty, where the country is unknown or where no check is known for it. The letters of the country in front of a
    number are no part of it. `countries`: those that there are, where it is known; the others then cost nothing.
    """
    value, where = pl.col(number), pl.col(country)
    told = [pl.when(where == "CN").then(_chinese(number))]
    for code, (prefixes, form, check) in _NATIONAL.items():
        if countries is not None and code not in countries:
            continue
        bare = value.str.replace(f"^(?:{prefixes})", "")
        right = bare.str.contains(f"^(?:{form})$")
        told.append(pl.when(where == code).then(right if check is None else right & check(bare).fill_null(value=False)))
    return pl.when(value.is_not_null()).then(pl.coalesce(told))


def _chinese(column: str) -> pl.Expr:
    """A unified social credit code, a resident's number, or one of the fifteen digits that firms had before 2015."""
    number = pl.col(column)
    long = check_character_holds(column) | _resident(number)
    return pl.when(number.str.len_chars() == _CODE).then(long).otherwise(number.str.contains(r"^[0-9]{15}$|^[0-9]{6}[0-9A-Z]{9}$"))


def _resident(number: pl.Expr) -> pl.Expr:
    """GB 11643: seventeen digits and a check character, modulo 11."""
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    rest = (_weighted(number, weights) + _digit(number.str.replace("X$", ":"), 17, {**_DIGITS, ":": 10})) % 11
    return (rest == 1).fill_null(value=False)


def _digit(number: pl.Expr, place: int, worth: dict[str, int] = _DIGITS) -> pl.Expr:
    return number.str.slice(place, 1).replace_strict(worth, default=None, return_dtype=pl.Int64)


def _weighted(number: pl.Expr, weights: Sequence[int], first: int = 0) -> pl.Expr:
    """The sum of digits times their weights; null where one of them is no digit."""
    return pl.sum_horizontal([_digit(number, first + place) * weight for place, weight in enumerate(weights)], ignore_nulls=False)


def _whole(number: pl.Expr, first: int, length: int) -> pl.Expr:
    """So many digits as a whole number; null where one of them is no digit."""
    return _weighted(number, [10 ** (length - 1 - place) for place in range(length)], first)


def _luhn(number: pl.Expr, length: int) -> pl.Expr:
    """Luhn's sum of the first digits of a number, modulo ten."""
    terms = [_digit(number, place, _DIGITS if (length - 1 - place) % 2 == 0 else _DOUBLED) for place in range(length)]
    return pl.sum_horizontal(terms, ignore_nulls=False) % 10


def _luhn_holds(length: int) -> Callable[[pl.Expr], pl.Expr]:
    return lambda number: _luhn(number, length) == 0


def _modulus_11(weights: Sequence[int]) -> Callable[[pl.Expr], pl.Expr]:
    """Digits, the check digit among them, whose weighted sum is a multiple of eleven."""
    return lambda number: _weighted(number, weights) % 11 == 0


def _german(number: pl.Expr) -> pl.Expr:
    """ISO 7064 MOD 11,10. The longer numbers of a tax office carry no check that is the same in every state."""
    start = pl.lit(10, dtype=pl.Int64)
    rest = reduce(lambda rest, place: ((rest + _digit(number, place)) % 10).replace_strict(_CARRIED, return_dtype=pl.Int64), range(8), start)
    return (number.str.len_chars() > 9) | ((11 - rest) % 10 == _digit(number, 8))


def _belgian(number: pl.Expr) -> pl.Expr:
    return 97 - _whole(number, 0, 8) % 97 == _whole(number, 8, 2)


def _french(number: pl.Expr) -> pl.Expr:
    """The key before the number of the firm, which Luhn's sum checks (not that of Monaco); keys with letters have their form only."""
    siren = _whole(number, 2, 9)
    keyed = number.str.contains("^[0-9]?[A-Z]") | ((siren * 100 + 12) % 97 == _whole(number, 0, 2))
    return keyed & (number.str.slice(2, 3).eq("000") | (_luhn(number.str.slice(2), 9) == 0))


def _dutch(number: pl.Expr) -> pl.Expr:
    """The number of a firm modulo 11, or since 2020 that of a person modulo 97 with the letters NL (23, 21) in front and B (11) within."""
    firm = _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0
    person = (((2321 * 10**9 + _whole(number, 0, 9)) % 97 * 10_000) + 1100 + _whole(number, 10, 2)) % 97 == 1
    return firm | person


def _japanese(number: pl.Expr) -> pl.Expr:
    """The check digit stands in front; a registration number has a T before it."""
    return 9 - _weighted(number, (2, 1) * 6, 1) % 9 == _digit(number, 0)


def _swiss(number: pl.Expr) -> pl.Expr:
    return (11 - _weighted(number, (5, 4, 3, 2, 7, 6, 5, 4)) % 11) % 11 == _digit(number, 8)


def _portuguese(number: pl.Expr) -> pl.Expr:
    return (11 - _weighted(number, (9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11 % 10 == _digit(number, 8)


def _polish(number: pl.Expr) -> pl.Expr:
    return _weighted(number, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == _digit(number, 9)


def _luxembourgish(number: pl.Expr) -> pl.Expr:
    return _whole(number, 0, 6) % 89 == _whole(number, 6, 2)


def _austrian(number: pl.Expr) -> pl.Expr:
    """U and eight digits: what Luhn's sum of the first seven, doubled from the second on, lacks to 96."""
    bare = number.str.slice(1)
    terms = [_digit(bare, place, _DIGITS if place % 2 == 0 else _DOUBLED) for place in range(7)]
    return (96 - pl.sum_horizontal(terms, ignore_nulls=False)) % 10 == _digit(bare, 7)


#: country -> (letters in front that are no part of the number, its form, its check where one is known)
_NATIONAL: Final[dict[str, tuple[str, str, Callable[[pl.Expr], pl.Expr] | None]]] = {
    "AT": ("AT", "U[0-9]{8}", _austrian),
    "BE": ("BE", "[01][0-9]{9}", _belgian),
    "BG": ("BG", "[0-9]{9,10}", None),
    "CH": ("CHE|CH", "[0-9]{9}(?:MWST|TVA|IVA)?", _swiss),
    "CY": ("CY", "[0-9]{8}[A-Z]", None),
    "CZ": ("CZ", "[0-9]{8,10}", None),
    "DE": ("DE", "[1-9][0-9]{8}|[0-9]{10,13}", _german),
    "DK": ("DK", "[1-9][0-9]{7}", _modulus_11((2, 7, 6, 5, 4, 3, 2, 1))),
    "EE": ("EE", "[0-9]{9}", None),
    "ES": ("ES", "[A-Z0-9][0-9]{7}[A-Z0-9]", None),
    "FI": ("FI", "[0-9]{8}", _modulus_11((7, 9, 10, 5, 8, 4, 2, 1))),
    "FR": ("FR", "[0-9A-HJ-NP-Z]{2}[0-9]{9}", _french),
    "GB": ("GB", "[0-9]{9}|[0-9]{12}|(?:GD|HA)[0-9]{3}", None),
    "GR": ("EL|GR", "[0-9]{9}", None),
    "HR": ("HR", "[0-9]{11}", None),
    "HU": ("HU", "[0-9]{8}", None),
    "IE": ("IE", "[0-9][0-9A-Z][0-9]{5}[A-Z]{1,2}", None),
    "IT": ("IT", "[0-9]{11}", _luhn_holds(11)),
    "JP": ("JP|T", "[0-9]{13}", _japanese),
    "LT": ("LT", "[0-9]{9}|[0-9]{12}", None),
    "LU": ("LU", "[0-9]{8}", _luxembourgish),
    "LV": ("LV", "[0-9]{11}", None),
    "MT": ("MT", "[0-9]{8}", None),
    "NL": ("NL", "[0-9]{9}B(?:0[1-9]|[1-9][0-9])", _dutch),
    "PL": ("PL", "[0-9]{10}", _polish),
    "PT": ("PT", "[1-9][0-9]{8}", _portuguese),
    "RO": ("RO", "[0-9]{2,10}", None),
    "SE": ("SE", "[0-9]{10}01", _luhn_holds(10)),
    "SI": ("SI", "[0-9]{8}", None),
    "SK": ("SK", "[0-9]{10}", None),
    "US": ("US", "[0-9]{9}", None),
}
