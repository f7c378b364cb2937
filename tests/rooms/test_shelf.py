"""Where tables wait: folders go away with their run, and those of killed runs with the next one."""

import tempfile

import polars as pl
import pytest

from recon.deliver import tables
from recon.domain.publication import TableFile
from recon.shelf import Shelf

ROWS = pl.DataFrame({"quantity": [1, 2]})


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_shelf_gives_back_what_it_keeps_and_goes_away(place):
    shelf = Shelf(on_disk=True)
    assert shelf.keep("order", ROWS).collect().equals(ROWS)
    assert len(list(place.iterdir())) == 1
    del shelf
    assert not list(place.iterdir())


def test_in_memory_nothing_is_written(place):
    assert Shelf(on_disk=False).keep("order", ROWS).collect().equals(ROWS)
    assert not list(place.iterdir())


def test_what_a_killed_run_left_is_removed_and_what_a_run_uses_is_not(place):
    left = place / "recon-shelf-4711-abc"
    left.mkdir()
    (left / "order.parquet").write_bytes(b"rows")
    strange = place / "recon-of-somebody"
    strange.mkdir()
    at_work = Shelf(on_disk=True)
    kept = at_work.keep("order", ROWS)
    assert not left.exists()
    other = Shelf(on_disk=True)
    assert kept.collect().equals(ROWS)
    assert strange.exists()
    assert len(list(place.glob("recon-shelf-*"))) == 2, other


def test_what_waited_for_a_killed_sorting_goes_with_the_next_one(place, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 2)
    left = place / "recon-sorting-4711-abc"
    left.mkdir()
    (left / "0.parquet").write_bytes(b"rows")
    rows = pl.LazyFrame({"order": ["c", "a", "b"]})
    tables.write_table(TableFile(rows, ("order",), ("order",), "parquet"), place / "orders.parquet")
    assert pl.read_parquet(place / "orders.parquet")["order"].to_list() == ["a", "b", "c"]
    assert [path.name for path in place.iterdir()] == ["orders.parquet"]
