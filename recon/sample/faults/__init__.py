"""Labelled faults of every shipped control; every module of this folder registers its own."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from recon.sample.faults.registry import PLANTERS

__all__ = ["PLANTERS"]

for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
