"""Charts as inline SVG. Lengths are whole pixels from exact figures; the figures themselves stand beside the bars."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW: Final = 26
_LABEL: Final = 104
_BAR: Final = 168
_FIGURE: Final = 128


def bars(rows: Sequence[tuple[str, Decimal, str]], title: str) -> Markup:
    """Horizontal bars: (label, length, figure as text) per row. Negative lengths run to the left of the zero line."""
    most = max([value for _, value, _ in rows] + [Decimal(0)])
    least = min([value for _, value, _ in rows] + [Decimal(0)])
    zero = _LABEL + _pixels(-least, most - least)
    parts = [_bar(place, row, zero, most - least) for place, row in enumerate(rows)]
    width, height = _LABEL + _BAR + _FIGURE, _ROW * len(rows)
    axis = Markup('<line class="axis" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(zero, height)
    head = Markup('<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(width, height, title)
    return head + axis + Markup("").join(parts) + Markup("</svg>")


def _bar(place: int, row: tuple[str, Decimal, str], zero: int, span: Decimal) -> Markup:
    label, value, figure = row
    length, middle = _pixels(abs(value), span), place * _ROW + 17
    if value and not length:
        length = 1  # something is there: it is seen
    left = zero if value >= 0 else zero - length
    tone = "bar" if value >= 0 else "bar negative"
    return (
        Markup('<text class="label" x="0" y="{}">{}</text>').format(middle, label)
        + Markup('<rect class="{}" x="{}" y="{}" width="{}" height="14" rx="2"/>').format(tone, left, place * _ROW + 6, length)
        + Markup('<text class="figure" x="{}" y="{}">{}</text>').format(_LABEL + _BAR + _FIGURE, middle, figure)
    )


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


def _pixels(value: Decimal, span: Decimal) -> int:
    return int(value * _BAR / span) if span else 0
