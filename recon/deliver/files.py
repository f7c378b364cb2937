"""Single files that people asked for beside a run: whole or not there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from recon.domain.errors import TryLater

if TYPE_CHECKING:
    from pathlib import Path


def keep(path: Path, content: bytes) -> Path:
    """Write beside the final name, then put it there in one step; the path. Raises TryLater when the disk refuses."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        os.replace(partial, path)  # noqa: PTH105 - replaces on every system
    except OSError as error:
        partial.unlink(missing_ok=True)
        todo = "make room or permission there, then run the command again"
        raise TryLater("the file could not be written", where=str(path), got=error.strerror or "", todo=todo) from error
    return path
