"""From a cell as the ERP wrote it to text in canonical writing: the clean-up that a profile's `Value` asks for.

Expressions over text columns; nothing is typed here. A value that a map does not know keeps its text under the mark that
`fault_of_map` finds, so that the row is set aside and never silently emptied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from recon.domain.source import Numbers, RowCondition, Value

_NUMERIC = ("money", "quantity", "price", "rate", "count")
_PLAIN_NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$"


def normalised_id(cell: pl.Expr) -> pl.Expr:
    """An id as it is compared: NFKC, no blanks around it, empty is null. Case is kept."""

    def in_block(block: pl.Series) -> pl.Series:
        # most exports hold plain ASCII: looking first is many times faster than normalising
        size = block.str.len_bytes()
        if ((size > 0) & (size == block.str.len_chars()) & (block.str.strip_chars() == block)).all():
            return block
        text = block.str.normalize("NFKC").str.strip_chars()
        return text.set(text == "", None)

    return cell.map_batches(in_block, return_dtype=pl.String, is_elementwise=True)


def stripped(cell: pl.Expr) -> pl.Expr:
    """Text without blanks around it; empty is null."""

    def in_block(block: pl.Series) -> pl.Series:
        text = block.str.strip_chars()
        # setting takes longer than looking
        if ((block.str.len_bytes() > 0) & (text == block)).all():
            return block
        return text.set(text == "", None)

    return cell.map_batches(in_block, return_dtype=pl.String, is_elementwise=True)


def whole_number_id(cell: pl.Expr) -> pl.Expr:
    """An id that an export turned into a decimal number, as it was: "1.0" means "1"."""
    return cell.str.replace(r"^(-?[0-9]+)\.0+$", "${1}")


def holds(condition: RowCondition, name: str) -> pl.Expr:
    """Whether a row meets the condition; an empty cell equals nothing and is in no list."""
    cell = pl.col(name).cast(pl.String).str.strip_chars()
    filled = (cell != "").fill_null(value=False)
    if condition.equals is not None:
        return (cell == condition.equals).fill_null(value=False)
    if condition.in_ is not None:
        return cell.is_in(condition.in_).fill_null(value=False)
    if condition.not_in is not None:
        return ~cell.is_in(condition.not_in).fill_null(value=False)
    return ~filled if condition.empty else filled


def canonical_text(value: Value, cell: pl.Expr, kind: str, numbers: Numbers, empty: list[str]) -> pl.Expr:
    """The cell in canonical writing for its kind: blanks null, maps applied, keys padded, numbers with a point and a leading minus."""
    text = stripped(cell)
    nothing = [*empty, *value.empty]
    if nothing:
        text = pl.when(text.is_in(nothing)).then(None).otherwise(text)
    if value.json_path is not None:
        text = text.str.json_path_match(value.json_path)
    if value.is_present:
        return text.is_not_null().cast(pl.String)
    if value.map is not None:
        text = _mapped(value, text)
    if value.pad is not None:
        text = pl.when(text.str.contains(r"^[0-9]+$")).then(text.str.zfill(value.pad)).otherwise(text)
    return number(text, value.numbers or numbers, percent=value.percent) if kind in _NUMERIC else text


def _mapped(value: Value, text: pl.Expr) -> pl.Expr:
    known = value.map or {}
    folded = {fold_word(word): meaning for word, meaning in known.items()}
    cells = text.str.normalize("NFKC").str.to_lowercase()
    if value.otherwise == "keep":
        return cells.replace_strict(folded, default=text, return_dtype=pl.String)
    return cells.replace_strict(folded, default=None, return_dtype=pl.String)


def fold_word(word: str) -> str:
    """A word as maps compare it: width and case do not matter."""
    from unicodedata import normalize

    return normalize("NFKC", word).lower()


def unknown_to_map(value: Value, cell: pl.Expr, empty: list[str]) -> pl.Expr | None:
    """Whether the cell holds text that the map does not know, where such rows are to be set aside."""
    if value.map is None or value.otherwise != "set_aside":
        return None
    text = stripped(cell)
    known = {fold_word(word) for word in value.map}
    cells = text.str.normalize("NFKC").str.to_lowercase()
    return text.is_not_null() & ~text.is_in([*empty, *value.empty]) & ~cells.is_in(sorted(known))


def number(text: pl.Expr, numbers: Numbers, *, percent: bool) -> pl.Expr:
    """A number in canonical writing. What cannot be read keeps its text and is refused where it is typed."""
    plain = numbers == type(numbers)()
    if plain and not percent:
        return text
    if not plain:
        text = _unpunctuated(text.str.normalize("NFKC"), numbers)
    if percent:
        text = _hundredth(text.str.replace(r"\s*%$", ""))
    return text


def _unpunctuated(text: pl.Expr, numbers: Numbers) -> pl.Expr:
    from unicodedata import normalize

    for sign in sorted(numbers.currency_signs, key=len, reverse=True):
        text = text.str.replace_all(normalize("NFKC", sign), "", literal=True)
    text = text.str.strip_chars()
    if "parentheses" in numbers.negative:
        text = text.str.replace(r"^\(\s*([^()+-]+?)\s*\)$", "-${1}")
    if "trailing" in numbers.negative:
        text = text.str.replace(r"^([^+-]+?)\s*-$", "-${1}")
    if numbers.thousands:
        mark, point = re.escape(numbers.thousands), re.escape(numbers.decimal)
        grouped = rf"^[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{point}[0-9]*)?$"
        # a separator in the wrong place is not a thousands separator: the text stays and is refused
        text = pl.when(text.str.contains(grouped)).then(text.str.replace_all(numbers.thousands, "", literal=True)).otherwise(text)
    if numbers.decimal != ".":
        ordinary = rf"^[+-]?[0-9]*{re.escape(numbers.decimal)}?[0-9]*$"
        text = pl.when(text.str.contains(ordinary)).then(text.str.replace(numbers.decimal, ".", literal=True)).otherwise("?" + text)
    return text


def _hundredth(text: pl.Expr) -> pl.Expr:
    """The number a hundred times smaller, by moving the point: exact whatever its length."""
    is_number = text.str.contains(_PLAIN_NUMBER)
    sign = text.str.extract(r"^([+-]?)")
    whole = text.str.extract(r"^[+-]?([0-9]*)").fill_null("").str.zfill(3)
    fraction = text.str.extract(r"\.([0-9]*)$").fill_null("")
    moved = pl.concat_str(sign, whole.str.head(-2), pl.lit("."), whole.str.tail(2), fraction)
    return pl.when(is_number).then(moved).otherwise(text)
