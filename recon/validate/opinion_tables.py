"""The results of a run as a SQLite database that the second opinion reads: keys, statuses and exact numbers, nothing else.

SQLite knows no decimals. Quantities and amounts are stored as whole numbers of 10^-n units, n being the fewest digits that
lose nothing in any value of their kind, so that sums are exact. Where even these sums would not fit 64 bits the writing of
numbers is refused and the caller says so.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ROWS_AT_ONCE: Final = 50_000
_LARGEST: Final = 2**62  # half of what 64 bits hold: sums of two sides are compared by subtraction
_SQL_TYPES: Final = {pl.String: "TEXT", pl.Date: "TEXT", pl.Boolean: "INTEGER", pl.Float64: "REAL"}


class DoNotFitError(ValueError):
    """The sums of this column would not fit a 64-bit number."""


def write(tables: Mapping[str, pl.DataFrame], derived: Sequence[str], path: Path) -> None:
    """Write `tables` to a new database at `path` and run the statements in `derived` over them.

    Columns of whole numbers must be below 2**62 in sum; a date becomes ISO text, a flag 0 or 1.
    """
    with closing(sqlite3.connect(path)) as database:
        # The file lives for seconds and is written once: no journal, no waiting for the disk.
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -200000;")
        for name, frame in tables.items():
            columns = ", ".join(f'"{column}" {_SQL_TYPES.get(type(kind), "INTEGER")}' for column, kind in frame.schema.items())
            database.execute(f'CREATE TABLE "{name}" ({columns})')
            marks = ", ".join("?" * frame.width)
            ready = frame.with_columns(pl.col(pl.Date).cast(pl.String))
            for part in ready.iter_slices(_ROWS_AT_ONCE):
                database.executemany(f'INSERT INTO "{name}" VALUES ({marks})', part.rows())  # noqa: S608 - our own names
        for statement in derived:
            database.execute(statement)
        database.commit()


def examples(path: Path, query: str, count: int) -> list[str]:
    """The first rows of a query as text, for a reader of the report."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = database.execute(f"SELECT * FROM ({query}) LIMIT {count}").fetchall()  # noqa: S608 - our own query
    return [" ".join(str(cell) for cell in row if cell is not None) for row in rows]


def in_whole_units(frames: Mapping[str, pl.DataFrame], columns: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The frames with those of their `columns` that they have turned into whole numbers of one common unit.

    Raises DoNotFitError where the sum of a column would leave 64 bits.
    """
    held = [(name, column) for name, frame in frames.items() for column in columns if column in frame.columns]
    digits = max((_digits(frames[name][column]) for name, column in held), default=0)
    for name, column in held:
        total = frames[name].select(pl.col(column).abs().sum()).item()
        if total is not None and total * 10**digits > _LARGEST:
            message = f"the sum of {column} in {name} with {digits} digits behind the point"
            raise DoNotFitError(message)
    changed = dict(frames)
    for name in dict.fromkeys(name for name, _ in held):
        whole = [(pl.col(column).cast(pl.Decimal(38, 10)) * 10**digits).cast(pl.Int64) for of, column in held if of == name]
        changed[name] = frames[name].with_columns(whole)
    return changed


def _digits(values: pl.Series) -> int:
    """The fewest digits behind the point that lose nothing of any value."""
    scale = values.dtype.scale if isinstance(values.dtype, pl.Decimal) else 0
    return next((n for n in range(scale) if (values.round(n) == values).all()), scale)
