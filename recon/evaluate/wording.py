"""Sentences and figures for readers: exact numbers without trailing zeros, dates as written, codes in words, unknown said as unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.documents import DATE_ONLY
from recon.evaluate.codes import CODED, FIGURES, FLAGS, LISTED
from recon.evaluate.texts import PLACE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: What stands in a sentence for a value that is not known.
UNKNOWN: Final = {"en": "unknown", "zh": "未知"}


#: What an English sentence counts right behind a figure: one of it is said in the singular.
_COUNTED: Final = re.compile(r" (?:working )?(?:days|hours|months|times|lines|rows|numbers|orders|invoices|units)\b")


#: Hours, and means and spreads, which have more digits than a sentence needs.
_ROUNDED: Final = re.compile(r".*hours.*|baseline_(?:mean|deviation)_base")
#: Columns that hold a part of one: sentences say them in hundredths.
_SHARE: Final = re.compile(r"(?:.*_)?(?:share|similarity|tax_rate)(?:_p\d+)?|chance_p\d+|deviation")


def plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Any value as text: decimals without trailing zeros and without an exponent, dates as YYYY-MM-DD, instants in UTC."""
    text = value.cast(pl.String)
    if isinstance(dtype, pl.Decimal) and dtype.scale:
        return text.str.strip_chars_end("0").str.strip_chars_end(".")
    if isinstance(dtype, pl.Datetime):
        return value.dt.strftime("%Y-%m-%d %H:%M:%SZ")
    return text


def grouped(text: pl.Expr) -> pl.Expr:
    """A plain number as people read it: the digits before the point in threes."""
    sign, whole, rest = (text.str.extract(r"^(-?)(\d+)(\.\d+)?$", group) for group in (1, 2, 3))
    threes = whole.str.reverse().str.replace_all(r"(\d{3})", "$1,").str.strip_suffix(",").str.reverse()
    return pl.when(whole.is_null()).then(text).otherwise(pl.concat_str(sign.fill_null(""), threes, rest.fill_null("")))


def column(name: str, schema: Mapping[str, Any], language: str) -> pl.Expr:
    """A column as a reader says it: codes in words of the language, stamps without a time as dates.

    Where the table carries a text once more in the language (`reason_zh` beside `reason`), that one is said.
    """
    side = 0 if language == "en" else 1
    name = spoken if (spoken := f"{name}_{language}") in schema else name
    if name == "age_bucket" or (name in CODED and schema[name] == pl.String):
        return (
            _age(pl.col(name), language) if name == "age_bucket" else pl.col(name).replace({code: words[side] for code, words in CODED[name].items()})
        )
    if name in LISTED:
        return pl.col(name).str.replace_many({code: words[side] for code, words in LISTED[name].items()}, leftmost=True)
    said = plain(pl.col(name), schema[name])
    if isinstance(schema[name], pl.Decimal):
        return number(said, {name})
    if schema[name] == pl.Boolean:
        return said.replace({code: words[side] for code, words in FLAGS.items()})
    companion = f"{name}{DATE_ONLY}"
    if companion in schema:
        return pl.when(pl.col(companion)).then(pl.col(name).dt.strftime("%Y-%m-%d")).otherwise(said)
    return said


def _age(code: pl.Expr, language: str) -> pl.Expr:
    """A bucket of age, whichever the engagement has: up to 30 days, 31–60 days, over 365 days."""
    first, last = code.str.extract(r"^(\d+)-", 1), code.str.extract(r"(\d+)$", 1)
    young, between, old = ("up to {} days", "{}–{} days", "over {} days") if language == "en" else ("{} 天以内", "{}–{} 天", "{} 天以上")
    return (
        pl.when(first == "0")
        .then(pl.format(young, last))
        .when(first.is_not_null())
        .then(pl.format(between, first, last))
        .otherwise(pl.format(old, last))
    )


def number(said: pl.Expr, columns: Collection[str]) -> pl.Expr:
    """A plain number made of these columns as people read it: hours and statistics to a hundredth, shares in percent, all else in full."""
    if columns and all(_ROUNDED.fullmatch(column) for column in columns):
        return rounded(said)
    if columns and all(_SHARE.fullmatch(column) for column in columns):
        return percent(said)
    return grouped(said)


def percent(said: pl.Expr) -> pl.Expr:
    """A share in a sentence, a plain number as text, in hundredths: rounded half away from zero to two digits; `results/` has every digit."""
    exact = said.cast(pl.Decimal(38, 10)) * pl.lit("100").cast(pl.Decimal(38, 0))
    return pl.format("{} %", grouped(plain(exact.cast(pl.Decimal(38, 10)).round(2, mode="half_away_from_zero"), pl.Decimal(38, 10))))


def rounded(said: pl.Expr) -> pl.Expr:
    """Hours or a statistic in a sentence, a plain number as text: rounded half away from zero to a hundredth; `results/` has every digit."""
    exact = said.cast(pl.Decimal(38, 10))
    return grouped(plain(exact.round(2, mode="half_away_from_zero"), pl.Decimal(38, 10)))


def figure(said: pl.Expr, column_said: str | None, language: str) -> pl.Expr:
    """A figure of an exception that is a word and no number; `column_said` is the coded column it shows, if it is one."""
    side = 0 if language == "en" else 1
    words = CODED.get(column_said or "", FIGURES)
    return said.replace({code: pair[side] for code, pair in words.items()})


#: How a sentence names a line of a document: what stands before its number and after it.
_OF_LINE: Final = {"en": (" line ", ""), "zh": (" 第 ", " 行")}


def sentence(template: str, parts: Mapping[str, pl.Expr], language: str) -> pl.Expr:
    """The template with each {name} replaced by its text; a null is said as unknown. A word that begins an English sentence begins large.

    A line without a number is not named: who bills a whole order names none of its lines.
    """
    pieces: list[pl.Expr] = []
    position = 0
    before, after = _OF_LINE[language]
    for place in PLACE.finditer(template):
        name, literal, end = place.group(1), template[position : place.start()], place.end()
        said = parts[name].fill_null(UNKNOWN[language])
        if language == "en" and place.start() == 0 and name in CODED:  # a kind of document; names of persons and numbers stay as they are
            said = pl.concat_str(said.str.slice(0, 1).str.to_uppercase(), said.str.slice(1))
        if name.endswith("line_no") and literal.endswith(before) and template.startswith(after, end):
            literal, end = literal.removesuffix(before), end + len(after)
            said = (
                pl.when(parts[name].is_not_null())
                .then(pl.concat_str(pl.lit(before), said, pl.lit(after)))
                .otherwise(pl.lit(" " if after and template[end:][:1].isalpha() else ""))
            )
        pieces += [pl.lit(literal), said]
        position = end
        if language == "en" and (noun := _COUNTED.match(template, position)):
            pieces.append(pl.when(said == "1").then(pl.lit(noun.group().removesuffix("s"))).otherwise(pl.lit(noun.group())))
            position = noun.end()
    pieces.append(pl.lit(template[position:]))
    return pl.concat_str(pieces)
