"""Orders of real invoices found by their contents alone, against the links that are known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.contents import Found, find
from recon.domain import places

DATA = Path(os.environ.get("RECON_DATA") or places.rules().parent.parent / "shared" / "data")


def test_seventy_thousand_invoices_find_their_orders_without_a_number():
    if not (DATA / "wide_world_importers").is_dir():
        pytest.skip(f"the third-party data is not here: set RECON_DATA (looked in {DATA})")
    assert find(DATA) == Found(invoices=70_510, unique=70_084, ambiguous=426, without=0, known=1_948, confirmed=1_943, wrong=0)
