"""How the report writes numbers: exact, thousands separated by commas, no zeros nobody meant. One way, in two forms.

`number` serves single figures, `number_column` whole columns; a property test holds them equal. Neither rounds; `rounded` does,
for the sums of the page.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import MINOR_DIGITS

if TYPE_CHECKING:
    from typing import Any

#: What stands where a figure is not known.
UNKNOWN: Final = "–"
_EVERY_DIGIT: Final = Context(prec=60)
_WIDEST: Final = 39  # digits before the point: Decimal(38) has at most 38, and groups are of three


def number(value: Any, digits: int = 0) -> str:  # noqa: ANN401 - int, Decimal or None
    """A count, quantity or rate: `1234567.500` -> `1,234,567.5`; at least `digits` digits behind the point; None -> a dash."""
    if value is None:
        return UNKNOWN
    whole, _, fraction = format(Decimal(value), ",f").partition(".")
    fraction = fraction.rstrip("0").ljust(digits, "0")
    text = f"{whole}.{fraction}" if fraction else whole
    return "0" + text[2:] if text.startswith("-0") and not text.strip("-0.,") else text


def money(value: Any) -> str:  # noqa: ANN401
    """An amount: as `number`, with at least two digits behind the point."""
    return number(value, 2)


def rounded(value: Decimal | int | None, currency: str) -> str:
    """A sum as people read it: rounded half away from zero to the smallest unit of its currency. `results/` has every digit."""
    if value is None:
        return UNKNOWN
    digits = MINOR_DIGITS.get(currency, 2)
    return number(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EVERY_DIGIT), digits)


def number_column(column: pl.Expr, digits: int = 0) -> pl.Expr:
    """The column (integers or Decimals) as texts, as `number` writes them; null stays null."""
    text = column.cast(pl.String)
    parts = text.str.strip_chars_start("-").str.split_exact(".", 1)
    padded = parts.struct.field("field_0").str.pad_start(_WIDEST, " ")
    groups = [padded.str.slice(start, 3) for start in range(0, _WIDEST, 3)]
    grouped = pl.concat_str(groups, separator=",").str.strip_chars_start(" ,")
    fraction = parts.struct.field("field_1").fill_null("").str.strip_chars_end("0").str.pad_end(digits, "0")
    point = pl.when(fraction == "").then(pl.lit("")).otherwise(pl.lit("."))
    sign = pl.when(column < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, grouped, point, fraction).alias(column.meta.output_name())


def plain(value: Decimal | None) -> str | None:
    """An amount for machines: no exponent, no separator, no zeros after the last digit behind the point."""
    return None if value is None else number(value).replace(",", "")
