"""Figures of input columns: the same whether files are looked at one by one or as groups, wherever their rows stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.domain import input_totals
from recon.domain.documents import SOURCE_FILE, schema

CELLS = st.tuples(
    st.sampled_from(["a.csv", "b.csv", "c.csv"]),
    st.none() | st.decimals(min_value=-1000, max_value=1000, places=2),
    st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.none() | st.sampled_from(["R1", "R2", "R10"]),
)


@given(st.lists(CELLS, max_size=12), st.booleans())
def test_slices_and_groups_say_the_same(cells, in_order):
    cells = sorted(cells, key=lambda cell: cell[0]) if in_order else cells
    types = schema("goods_receipt_line")
    columns = (SOURCE_FILE, "quantity", "receipt_date", "receipt_number")
    rows = pl.DataFrame(cells, schema={name: types[name] for name in columns}, orient="row")
    found = []
    for least in (0, 10**9):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(input_totals, "_LONG_FILE_ROWS", least)
            found.append(input_totals.of_table("goods_receipt_line", rows).sort(input_totals.KEY))
    assert found[0].equals(found[1])
    known = [cell[1] for cell in cells if cell[0] == "a.csv" and cell[1] is not None]
    told = found[0].filter((pl.col("source_file") == "a.csv") & (pl.col("column") == "quantity"))["total"].to_list()
    assert told == ([sum(known, Decimal(0))] if known else [None]) * any(cell[0] == "a.csv" for cell in cells)
