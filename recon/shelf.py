"""Where tables wait between the rooms: in memory, or, when a run is large, as Arrow files in a folder that goes away with the run."""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.held_folders import HeldFolder

_NAMED: Final = "recon-shelf-"


class Shelf:
    """Keeps tables, their rows in their order. The folder is removed with the shelf, at the latest when the program ends."""

    def __init__(self, *, on_disk: bool) -> None:
        """On disk: in a fresh folder at the system's place for temporary files. Folders of runs that were killed go first."""
        self._folder = HeldFolder(_NAMED) if on_disk else None

    def use_disk(self) -> None:
        """From now on tables wait on disk; those that wait in memory stay there."""
        if self._folder is None:
            self._folder = HeldFolder(_NAMED)

    def keep(self, name: str, rows: pl.DataFrame) -> pl.LazyFrame:
        """The rows as a plan; each name is used once."""
        if self._folder is None:
            return rows.lazy()
        path = self._folder.path / f"{name}.arrow"  # takes half the time of Parquet, which pays for columns that are read once
        rows.write_ipc(path, compression="lz4")
        return pl.scan_ipc(path)
