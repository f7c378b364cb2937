"""Look-ups by position: rows are numbered without gaps, so a join is a gather."""

from __future__ import annotations

import polars as pl


def aligned(frame: pl.DataFrame, key: str, size: int) -> pl.DataFrame:
    """The frame spread over positions 0 … size-1 by its column `key` (whole numbers), null where it has no row.

    Raises ValueError if a position occurs twice: the look-up would not be unique.
    """
    place = pl.repeat(None, size, dtype=pl.UInt32, eager=True)
    place = place.scatter(frame[key], pl.int_range(frame.height, dtype=pl.UInt32, eager=True))
    if place.count() != frame.height:
        message = f"{frame.height - place.count()} positions of {key} occur more than once"
        raise ValueError(message)
    return frame.drop(key).select(pl.all().gather(place))


def sums(frame: pl.DataFrame, key: str, size: int, **figures: pl.Expr) -> pl.DataFrame:
    """Figures per position of `key`, spread over all positions; a frame sorted by key is added up in one pass."""
    if frame.is_empty():
        kinds = frame.select(**figures).schema
        return pl.DataFrame({name: pl.repeat(None, size, dtype=kind, eager=True) for name, kind in kinds.items()})
    grouped = frame.with_columns(pl.col(key).set_sorted()) if frame[key].is_sorted() else frame
    return aligned(grouped.group_by(key).agg(**figures), key, size)
