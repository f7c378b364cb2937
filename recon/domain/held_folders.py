"""Temporary folders that go away: with the work they serve, or, where that was killed, when a later run asks for one of the same name.

Who uses a folder holds it by a lock of the operating system, which dies with its process: a folder that nobody holds is left over.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path


class HeldFolder:
    """A fresh folder at the system's place for temporary files; folders of the same name whose runs were killed are removed first."""

    def __init__(self, name: str) -> None:
        """`name` begins the folder's name, such as `recon-shelf-`."""
        _clear(Path(tempfile.gettempdir()), name)
        self.path, held = _fresh(name)
        self._end = weakref.finalize(self, _let_go, self.path, held)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_error: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it now; else it goes with this object, at the latest when the program ends."""
        self._end()


def _fresh(name: str) -> tuple[Path, int | None]:
    """A new folder and the hold on it; once more where another run cleared it away before it was held."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}{os.getpid()}-"))
        with suppress(OSError):
            held = _hold(folder)
            if folder.exists():
                return folder, held


def _clear(place: Path, name: str) -> None:
    """Remove the folders of runs that are over. The run that uses a folder holds it; the system lets go of it when the run is killed."""
    for folder in place.glob(f"{name}*"):
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
