"""The folder a run publishes to: claimed by one run at a time, replaced in one step, never half written."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recon.domain import manifest
from recon.domain.errors import TermsRefused, TryLater

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Folders this process has claimed, so that a command may claim one for the whole run and delivery claim it again.
_CLAIMED: Final[set[Path]] = set()
_EXCHANGE: Final = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE: Final = -100  # AT_FDCWD


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Hold `folder` for one run.

    Raises TermsRefused when something stands there that recon did not publish, TryLater while another run holds it. What an
    interrupted run left beside the folder is put in order. The lock is the operating system's: it dies with its process.
    """
    target = _plain(folder)
    if target in _CLAIMED:
        yield
        return
    made = _make_parents(target)
    lock = _beside(target, "lock")
    try:
        descriptor = _lock(lock, target)
        try:
            _CLAIMED.add(target)
            _recover(target)
            refuse_foreign(target)
            yield
        finally:
            _CLAIMED.discard(target)
            lock.unlink(missing_ok=True)
            os.close(descriptor)
    finally:
        for parent in made:
            with suppress(OSError):  # not empty: something was published there
                parent.rmdir()


def refuse_foreign(target: Path) -> None:
    """Raise TermsRefused when the target exists and is neither an empty folder nor a published run."""
    if not os.path.lexists(target):
        return
    todo = "name another folder, or move this one away"
    if target.is_symlink() or not target.is_dir():
        raise TermsRefused("the output is not a folder", where=str(target), expected="a folder, or nothing yet", todo=todo)
    if any(target.iterdir()) and not (target / manifest.NAME).is_file():
        got = f"a folder without {manifest.NAME}"
        raise TermsRefused(
            "recon did not publish this folder and will not replace it", where=str(target), expected="a run, or nothing yet", got=got, todo=todo
        )


def workplace(folder: Path) -> Path:
    """A fresh folder beside `folder`, in the same file system, to write a run in."""
    place = _beside(_plain(folder), f"partial-{os.getpid()}")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return place


def put_in_place(place: Path, folder: Path) -> None:
    """Make the finished `place` stand at `folder`. An earlier run stays readable there until the moment it is replaced."""
    target = _plain(folder)
    _sync_folders(place)
    if not target.exists():
        place.rename(target)
    elif _exchange(place, target):
        shutil.rmtree(place)
    else:
        _swap(place, target)
    _sync(target.parent)


def _swap(place: Path, target: Path) -> None:
    """Replace by two renames, where the file system cannot exchange; undone when the second fails, recovered when we die between."""
    old = _beside(target, f"old-{os.getpid()}")
    target.rename(old)
    try:
        place.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


def _exchange(place: Path, target: Path) -> bool:
    """Exchange two names in one step, where the operating system offers it (Linux)."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    return bool(library.renameat2(_HERE, os.fsencode(place), _HERE, os.fsencode(target), _EXCHANGE) == 0)


def _recover(target: Path) -> None:
    """Bring back the run that a killed process had moved aside, and remove what it had not finished. The lock is ours: nobody works there."""
    for old in sorted(target.parent.glob(f".{_escaped(target.name)}.old-*")):
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)
    for partial in target.parent.glob(f".{_escaped(target.name)}.partial-*"):
        shutil.rmtree(partial)


def _lock(lock: Path, target: Path) -> int:
    """Take the lock file; repeat when its holder removed it between our opening and our locking."""
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        if not _hold(descriptor):
            os.close(descriptor)
            todo = "wait until it has ended, or publish to another folder"
            raise TryLater("another run is publishing to this folder", where=str(target), todo=todo)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), lock.stat()):
                return descriptor
        os.close(descriptor)


def _hold(descriptor: int) -> bool:
    """Whether the exclusive lock was free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _make_parents(target: Path) -> list[Path]:
    """Create the folders above the target; those that were new, innermost first."""
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise TermsRefused("the output folder cannot be made", where=str(target), got=error.strerror or "", todo="name another folder") from None
    return missing


def _plain(folder: Path) -> Path:
    return Path(os.path.abspath(folder))  # noqa: PTH100 - a link at the end is to be seen, not followed


def _beside(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}")


def _escaped(name: str) -> str:
    from glob import escape

    return escape(name)


def _sync_folders(place: Path) -> None:
    for folder, _, _ in os.walk(place):
        _sync(Path(folder))


def _sync(folder: Path) -> None:
    """Ask the disk to keep a folder's entries; Windows has no such request."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
