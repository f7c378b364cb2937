"""Look-ups by position keep the types of what they look up, on both engines."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.match.dense import looked_up


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("height", [0, 2])
def test_columns_of_nothing_but_nulls_are_not_taken_for_one(engine, height):
    types = {"word": pl.String(), "flag": pl.Boolean(), "amount": pl.Decimal(38, 6)}
    source = pl.DataFrame({name: [None] * height for name in types}, schema=types)
    places = pl.LazyFrame({"place": [None, None]}, schema={"place": pl.UInt32})
    found = places.with_columns(looked_up(source, "place", *types)).collect(engine=engine)
    assert dict(found.schema) == {"place": pl.UInt32(), **types}


def test_values_are_found_by_position_and_a_null_finds_nothing():
    source = pl.DataFrame({"amount": [Decimal("1.5"), Decimal("2.5")]})
    places = pl.LazyFrame({"place": [1, None, 0]}, schema={"place": pl.UInt32})
    assert places.select(looked_up(source, "place", "amount")).collect()["amount"].to_list() == [Decimal("2.5"), None, Decimal("1.5")]
