"""A bar on standard error while the rooms do their work, and only on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A bar on standard error, and only on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _room: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from recon.pipeline import ROOMS

    columns = (TextColumn("{task.description:<15}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=len(ROOMS))
        yield lambda room: bar.update(task, description=room, completed=ROOMS.index(room))
