"""Buckets of age in words and in their order, whichever an engagement has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.domain import ages

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from recon.report.words import Words


def _(text: str) -> str:
    return text


def present(codes: pl.Series) -> list[str]:
    """The buckets of these rows, from the youngest."""
    return sorted(codes.drop_nulls().unique().to_list(), key=ages.place)


def spoken(codes: Iterable[str], words: Words) -> dict[str, str]:
    """Each bucket as it is read."""
    return {code: _spoken(code, words) for code in codes}


def _spoken(code: str, words: Words) -> str:
    first, last = ages.bounds(code)
    if first is None:
        return words(_("over %(last)s days"), last=last)
    return words(_("%(first)s–%(last)s days"), first=first, last=last) if first else words(_("up to %(last)s days"), last=last)
