"""Near-misses: documents exactly at a limit, or one unit inside it, which no control may raise."""

from __future__ import annotations

from recon.sample.traps import authority, limits, look_alikes
from recon.sample.traps.registry import TRAPS

__all__ = ["TRAPS", "authority", "limits", "look_alikes"]
