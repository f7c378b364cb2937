"""Look-ups by position: rows are numbered without gaps, so a join is a gather."""

from __future__ import annotations

from typing import Final

import polars as pl

#: The engine that keeps rows in order and columns in one piece, so that frames may be laid side by side without a copy.
IN_ORDER: Final = "in-memory"


def aligned(frame: pl.DataFrame, key: str, size: int) -> pl.DataFrame:
    """The frame spread over positions 0 … size-1 by its column `key` (whole numbers), null where it has no row.

    Raises ValueError if a position occurs twice: the look-up would not be unique.
    """
    place = positions(frame[key], size)
    return frame.drop(key).select(pl.all().gather(place))


def sums(frame: pl.DataFrame, key: str, size: int, **figures: pl.Expr) -> pl.DataFrame:
    """Figures per position of `key`, spread over all positions; a frame sorted by key is added up in one pass."""
    if frame.is_empty():
        kinds = frame.select(**figures).schema
        return pl.DataFrame({name: pl.repeat(None, size, dtype=kind, eager=True) for name, kind in kinds.items()})
    grouped = frame.with_columns(pl.col(key).set_sorted()) if frame[key].is_sorted() else frame
    return aligned(grouped.group_by(key).agg(**figures), key, size)


def chosen(frame: pl.DataFrame, where: pl.Expr | str, *columns: str | pl.Expr, **named: str | pl.Expr) -> pl.DataFrame:
    """Some columns of some rows: only what is asked for is copied, however wide the frame is."""
    return frame.lazy().filter(where).select(*columns, **named).collect(engine=IN_ORDER)


def positions(key: pl.Series, size: int) -> pl.Series:
    """For 0 … size-1 the position at which `key` holds that number, null where it does not. Raises ValueError if one occurs twice."""
    place = pl.repeat(None, size, dtype=pl.UInt32, eager=True)
    place = place.scatter(key, pl.int_range(key.len(), dtype=pl.UInt32, eager=True))
    if place.count() != key.len():
        message = f"{key.len() - place.count()} positions of {key.name} occur more than once"
        raise ValueError(message)
    return place


def looked_up(source: pl.DataFrame, by: str, *columns: str, **named: str) -> list[pl.Expr]:
    """Expressions that look columns of `source` up by the position in column `by`; made only when they are asked for."""
    wanted = {name: name for name in columns} | named
    return [look_up(source[of], by).alias(name) for name, of in wanted.items()]


def look_up(values: pl.Series, by: str) -> pl.Expr:
    """The value at the position in column `by`.

    Values that are all null become a null of their type: the engine takes two look-ups in nothing but nulls for the same expression,
    whatever their types, and would give one the type of the other.
    """
    return pl.lit(None, dtype=values.dtype) if values.null_count() == values.len() else pl.lit(values).gather(pl.col(by))


def spots(wanted: pl.DataFrame, on_file: pl.DataFrame) -> pl.Series:
    """The position in `on_file` of each row of `wanted` (both hold the key and nothing else); null where there is none.

    A null never equals anything. Keys are joined by their hash, which costs a third of joining them as text, and then
    compared; should two keys ever share a hash, they are joined as text. Raises ComputeError if a key is on file twice.
    """
    key = wanted.columns
    right = on_file.select(hash=pl.struct(key).hash()).with_row_index("spot")
    if right["hash"].n_unique() == right.height:
        left = wanted.select(hash=pl.struct(key).hash())
        spot = left.join(right, on="hash", how="left", validate="m:1", maintain_order="left")["spot"]
        found = on_file.select(pl.all().gather(spot).name.suffix("_on_file"))
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_on_file")) for name in key)
        known = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
        told = pl.concat([wanted, found, spot.to_frame()], how="horizontal").lazy()
        checked = told.select("spot", known=known, same=same | pl.col("spot").is_null()).collect(engine=IN_ORDER)
        if checked["same"].all():
            return checked.select(pl.when("known").then("spot")).to_series()
    numbered = on_file.with_row_index("spot")
    return wanted.join(numbered, on=key, how="left", validate="m:1", maintain_order="left")["spot"]
