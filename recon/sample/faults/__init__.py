"""Labelled faults of every shipped control."""

from __future__ import annotations

from recon.sample.faults import approval, data, duplicates, missing, price, quantity
from recon.sample.faults.registry import PLANTERS

__all__ = ["PLANTERS", "approval", "data", "duplicates", "missing", "price", "quantity"]
