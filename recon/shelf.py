"""Where tables wait between the rooms: in memory, or, when a run is large, as Parquet in a folder that goes away with the run."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Final

import polars as pl

_NAMED: Final = "recon-shelf-"


class Shelf:
    """Keeps tables, their rows in their order. The folder is removed with the shelf, at the latest when the program ends."""

    def __init__(self, *, on_disk: bool) -> None:
        """On disk: in a fresh folder at the system's place for temporary files. Folders of runs that were killed go first."""
        self._folder: Path | None = None
        if on_disk:
            _clear(Path(tempfile.gettempdir()))
            self._folder, held = _fresh()
            weakref.finalize(self, _let_go, self._folder, held)

    def keep(self, name: str, rows: pl.DataFrame) -> pl.LazyFrame:
        """The rows as a plan; each name is used once."""
        if self._folder is None:
            return rows.lazy()
        path = self._folder / f"{name}.parquet"
        rows.write_parquet(path, compression="lz4", statistics=False)
        return pl.scan_parquet(path)


def _fresh() -> tuple[Path, int | None]:
    """A new folder and the hold on it; once more where another run cleared it away before it was held."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_NAMED}{os.getpid()}-"))
        with suppress(OSError):
            held = _hold(folder)
            if folder.exists():
                return folder, held


def _clear(place: Path) -> None:
    """Remove the folders of runs that are over. The run that uses a folder holds it; the system lets go of it when the run is killed."""
    for folder in place.glob(f"{_NAMED}*"):
        try:
            held = _hold(folder)
        except OSError:  # a run at work, or another user's
            continue
        if held is not None:
            _let_go(folder, held)


def _hold(folder: Path) -> int | None:
    """The folder, held for this run alone: a descriptor; None where the system holds no folders. Raises OSError where another has it."""
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _let_go(folder: Path, held: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if held is not None:
        os.close(held)
