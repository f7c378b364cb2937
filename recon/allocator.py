"""How the process treats memory. To be called before the engine is loaded, which reads its terms once."""

from __future__ import annotations

import atexit
import gc
import os


def prepare() -> None:
    """Say how long freed memory is kept, and how seldom Python looks for cycles.

    The engine uses what it freed again for a while before a thread of its own gives it back: asking the system for each piece anew
    took a sixth of all processor time, keeping everything would hold half as much again. Two pools of memory, not four for each
    processor: what one thread let go of the next one finds, which halves the time the system is asked. Plans are trees of small objects without
    cycles, and what a run leaves in cycles are pages and sheets, never rows; looking for cycles took a tenth of a small run. At the end nobody
    looks any more: all of it goes with the process, and the last look took half a second.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:3000,muzzy_decay_ms:3000,background_thread:true,narenas:2")
    gc.set_threshold(1_000_000)
    atexit.register(gc.freeze)
