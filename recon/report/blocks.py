"""Tables inside the page: column by column, words of few values as codes, deflated, base64. The page's script unpacks them.

Base64 has no `<`, so nothing in a table can end the script element that holds it.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.report.figures import number_column
from recon.report.vocabulary import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recon.report.words import Words

#: A column is coded when its values repeat at least so often on average.
_REPEATS: Final = 3
#: Tables of more rows are probed by every tenth of them before they are packed.
_PROBED: Final = 30_000
_PROBE_STEP: Final = 10


@dataclass(frozen=True)
class Shown:
    """How a column of an embedded table is shown: `width` in pixels (0: only in a row's details; -1: what is left)."""

    name: str
    title: str
    width: int = 0
    digits: int = 0  # least digits behind the point of a number
    choice: bool = False  # offered as a filter
    codes: Mapping[str, str] = field(default_factory=dict)  # word -> what it is called; its order is the sort order
    toned: bool = False  # the code's word is also a class of the style sheet
    span: bool = False  # offered as a least value


def shown(name: str, words: Words, **facts: Any) -> Shown:  # noqa: ANN401 - fields of Shown
    """A column under its name in the vocabulary; one column per language goes by the name without it."""
    return Shown(name, COLUMNS[name.removesuffix(f"_{words.language}")], **facts)


def packed(frame: pl.DataFrame, columns: Sequence[Shown], words: Words, **more: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """The table as the content of a JSON script element: a JSON string of base64 of zlib of JSON."""
    block = {"rows": frame.height, "columns": [_column(frame[c.name], c, words) for c in columns], **more}
    text = json.dumps(block, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(base64.b64encode(zlib.compress(text.encode(), 6)).decode())


def fitting(rows: pl.DataFrame, size_most: int, pack: Callable[[pl.DataFrame], str]) -> tuple[pl.DataFrame, str]:
    """As many of the first rows as fit into so many characters once packed, and the packing of them.

    How many these are is told from a tenth of the rows first, so that a large table is not packed twice.
    """
    if rows.height > _PROBED:
        probe = rows.gather_every(_PROBE_STEP)
        rows = rows.head(max(1, probe.height * _PROBE_STEP * size_most // len(pack(probe))))
    block = pack(rows)
    while len(block) > size_most and rows.height > 1:
        rows = rows.head(max(1, min(rows.height - 1, rows.height * size_most * 99 // (len(block) * 100))))
        block = pack(rows)
    return rows, block


def _column(values: pl.Series, shown: Shown, words: Words) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": shown.name, "title": words(shown.title), "width": shown.width, "choice": shown.choice}
    facts |= {"span": True} if shown.span else {}
    kind = values.dtype
    if kind.is_numeric():
        name = values.name
        return facts | {"kind": "number", "values": values.to_frame().select(number_column(pl.col(name), shown.digits)).to_series().to_list()}
    text = values.cast(pl.String)
    if kind == pl.Date:  # the reader's browser writes them in the form of its language; they sort as they are
        days = text.unique().drop_nulls().sort().to_list()
        return facts | {"date": True} | _coded(text, days, days)
    if shown.codes:
        return facts | _coded(text, list(shown.codes), [words(title) for title in shown.codes.values()], toned=shown.toned)
    present = text.unique().drop_nulls().sort().to_list()
    if shown.choice or len(present) * _REPEATS <= len(text):
        return facts | _coded(text, present, present)
    return facts | {"kind": "text", "values": text.to_list()}


def _coded(text: pl.Series, order: list[str], titles: list[str], *, toned: bool = False) -> dict[str, Any]:
    """Values as places in a list of words. A word the list does not know is shown as it is, after the others."""
    unknown = sorted(set(text.unique().drop_nulls().to_list()) - set(order))
    places = {word: place for place, word in enumerate([*order, *unknown])}
    codes = text.replace_strict(places, default=None, return_dtype=pl.Int32)
    coded: dict[str, Any] = {"kind": "code", "words": [*titles, *unknown], "codes": codes.to_list(), "keys": list(places)}
    return coded | ({"toned": True} if toned else {})
