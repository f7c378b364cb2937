"""What the report hands to delivery: bytes, or a table that is written while it is sorted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import polars as pl

_PROVENANCE: Final = ("source_file", "source_row")


@dataclass(frozen=True)
class TableFile:
    """A table of `results/`: its rows are written in the order of `key`, then of the other columns, nulls first.

    The key may name columns that are not written.
    """

    frame: pl.LazyFrame
    columns: tuple[str, ...]
    key: tuple[str, ...]
    format: Literal["csv", "parquet"]

    @property
    def order(self) -> tuple[str, ...]:
        """Columns that decide the order of rows: the key, then everything else, so that no tie is left to chance; where a row was read comes last."""
        others = [c for c in self.columns if c not in self.key]
        return (*self.key, *(c for c in others if c not in _PROVENANCE), *(c for c in others if c in _PROVENANCE))


#: path inside the published folder -> its content
Publication: TypeAlias = Mapping[str, bytes | TableFile]
