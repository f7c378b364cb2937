"""Charts as inline SVG. Lengths are whole pixels from exact figures; the figures themselves stand beside the bars."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW: Final = 26
_LABEL: Final = 104
_BAR: Final = 168
_FIGURE: Final = 128
_WIDE_LABEL: Final = 222
_MARK: Final = 8  # pixels from one mark to the next
_LETTERS: Final = 32  # of a wide label: every name of a family has room, and most names of companies


def bars(rows: Sequence[tuple[str, Decimal, str]], title: str, *, wide: bool = False) -> Markup:
    """Horizontal bars: (label, length, figure as text) per row, `wide` labels cut to fit. Negative lengths run to the left of the zero line."""
    room = _WIDE_LABEL if wide else _LABEL
    if wide:
        rows = [(_cut(label), value, figure) for label, value, figure in rows]
    most = max([value for _, value, _ in rows] + [Decimal(0)])
    least = min([value for _, value, _ in rows] + [Decimal(0)])
    zero = room + _pixels(-least, most - least)
    parts = [_bar(place, row, zero, most - least, room + _BAR + _FIGURE) for place, row in enumerate(rows)]
    height = _ROW * len(rows)
    axis = Markup('<line class="axis" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(zero, height)
    return _drawing("bars wide" if wide else "bars", room + _BAR + _FIGURE, height, title, [axis, *parts])


def _cut(label: str) -> str:
    """A label that has room, cut in its middle, since names often differ at their end; a Chinese character is as wide as two letters."""
    widths = [2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label]
    if sum(widths) <= _LETTERS:
        return label
    behind = sum(1 for start in range(len(label)) if sum(widths[start:]) <= _LETTERS // 3)
    room = _LETTERS - 1 - sum(widths[len(label) - behind :])
    before = sum(1 for end in range(1, len(label) + 1) if sum(widths[:end]) <= room)
    return f"{label[:before]}…{label[len(label) - behind :]}"


def _bar(place: int, row: tuple[str, Decimal, str], zero: int, span: Decimal, right: int) -> Markup:
    label, value, figure = row
    length = max(_pixels(abs(value), span), 1 if value else 0)  # something is there: it is seen
    left = zero if value >= 0 else zero - length
    return _labelled(place, label, figure, right) + _length(place, left, length, "bar" if value >= 0 else "bar negative")


def stack(parts: Sequence[tuple[str, int, str]], title: str) -> Markup:
    """One bar of parts: (class of the style sheet, count, title) each; every part that is there is at least four pixels wide."""
    total, width = sum(count for _, count, _ in parts), 600
    shapes, left = [], 0
    for tone, count, label in parts:
        if not count:
            continue
        length = max(4, count * width // total)
        shapes.append(Markup('<rect class="{}" x="{}" y="0" width="{}" height="12"><title>{}</title></rect>').format(tone, left, length, label))
        left += length + 2
    head = Markup('<svg class="stack" viewBox="0 0 {} 12" preserveAspectRatio="none" role="img" aria-label="{}">').format(max(left - 2, 1), title)
    return head + Markup("").join(shapes) + Markup("</svg>")


def waterfall(steps: Sequence[tuple[str, Decimal, str]], end: tuple[str, Decimal, str], title: str) -> Markup:
    """From zero through each step to the end: (label, length, figure as text) each. A step down runs to the left, in another tone."""
    reached, bounds = Decimal(0), []
    for _, value, _ in steps:
        bounds.append((reached, reached + value))
        reached += value
    least = min([low for pair in bounds for low in pair] + [Decimal(0)])
    span = max([high for pair in bounds for high in pair] + [Decimal(0)]) - least
    rows = [(*step, *bound, "negative" if step[1] < 0 else "bar") for step, bound in zip(steps, bounds, strict=True)]
    rows.append((*end, Decimal(0), end[1], "total"))
    width, height = _LABEL + _BAR + _FIGURE, _ROW * len(rows)
    zero = _LABEL + _pixels(-least, span)
    parts = [Markup('<line class="axis" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(zero, height)]
    for place, (label, value, figure, start, stop, tone) in enumerate(rows):
        left, length = _LABEL + _pixels(min(start, stop) - least, span), max(_pixels(abs(stop - start), span), 1 if value else 0)
        parts.append(_labelled(place, label, figure) + _length(place, left, length, tone))
        if place < len(steps):
            at = _LABEL + _pixels(stop - least, span)
            parts.append(Markup('<line class="step" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(at, place * _ROW + 20, place * _ROW + _ROW + 6))
    return _drawing("bars waterfall", width, height, title, parts)


def spark(values: Sequence[Decimal | int | None], title: str) -> Markup:
    """A small line through the last figures, the newest with a dot; nothing where there are fewer than two."""
    known = [(place, Decimal(value)) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return Markup()
    least, most = min(value for _, value in known), max(value for _, value in known)
    points = []
    for place, value in known:
        height = int((value - least) * 20 / (most - least)) if most > least else 10
        points.append((4 + place * 92 // max(len(values) - 1, 1), 24 - height))
    line = " ".join(f"{x},{y}" for x, y in points)
    parts = [Markup('<polyline points="{}"/>').format(line), Markup('<circle cx="{}" cy="{}" r="2.5"/>').format(*points[-1])]
    return _drawing("spark", 100, 28, title, parts)


def track(marks: Sequence[tuple[str, int, str]], days: int, title: str) -> Markup:
    """Events on a line of so many days: (class of the style sheet, day, title) each."""
    width = 360
    parts = [Markup('<line class="axis" x1="8" x2="{}" y1="12" y2="12"/>').format(width - 8)]
    last = -_MARK
    for tone, day, label in marks:
        left = max(8 + (day * (width - 40) // days if days else 0), last + _MARK)  # what happened on one day stands side by side
        last = left
        parts.append(Markup('<circle class="{}" cx="{}" cy="12" r="5"><title>{}</title></circle>').format(tone, left, label))
    return _drawing("track", width, 24, title, parts)


def _labelled(place: int, label: str, figure: str, right: int = _LABEL + _BAR + _FIGURE) -> Markup:
    middle = place * _ROW + 17
    return Markup('<text class="label" x="0" y="{0}">{1}</text><text class="figure" x="{2}" y="{0}">{3}</text>').format(middle, label, right, figure)


def _length(place: int, left: int, length: int, tone: str) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="14" rx="2"/>').format(tone, left, place * _ROW + 6, length)


def _drawing(css: str, width: int, height: int, title: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(css, width, height, title)
    return head + Markup("").join(parts) + Markup("</svg>")


def _pixels(value: Decimal, span: Decimal) -> int:
    return int(value * _BAR / span) if span else 0
