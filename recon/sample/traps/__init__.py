"""Near-misses: documents exactly at a limit, or one unit inside it, which no control may raise; every module registers its own."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from recon.sample.traps.registry import TRAPS

__all__ = ["TRAPS"]

for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
