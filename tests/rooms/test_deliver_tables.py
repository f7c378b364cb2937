"""Tables on disk: one canonical form, sorted, the same bytes whatever the order of the rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.deliver import tables
from recon.deliver.tables import in_order, write_table
from recon.domain import measures
from recon.domain import workpapers as declared
from recon.domain.money import MONEY
from recon.domain.publication import TableFile
from recon.report import report


def written(frame, path, form, key=("a",), columns=None):
    write_table(TableFile(frame.lazy(), tuple(columns or frame.columns), key, form), path)
    return path.read_bytes()


def test_csv_is_canonical(tmp_path):
    rows = {"a": ["x,y", 'q"q', None, "", "行\nzwei"], "m": [Decimal("12.500000"), Decimal(100), None, Decimal("-0.000001"), Decimal(0)]}
    frame = pl.DataFrame(rows, schema={"a": pl.String, "m": MONEY}).with_columns(d=pl.lit(date(2026, 1, 2)), b=pl.lit(value=True))
    text = written(frame, tmp_path / "t.csv", "csv").decode()
    assert (
        text
        == 'a,m,d,b\n,,2026-01-02,true\n"",-0.000001,2026-01-02,true\n"q""q",100,2026-01-02,true\n"x,y",12.5,2026-01-02,true\n"行\nzwei",0,2026-01-02,true\n'
    )


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_order_and_chunks_of_the_rows_change_no_byte(tmp_path, form):
    frame = pl.DataFrame({"a": [f"{i:04}" for i in range(3000)], "b": [i % 7 for i in range(3000)]}).with_columns(m=pl.col("b").cast(MONEY))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    pieces = pl.concat([shuffled[i : i + 97] for i in range(0, 3000, 97)], rechunk=False)
    assert written(frame, tmp_path / "a", form) == written(pieces, tmp_path / "b", form) == written(frame, tmp_path / "c", form)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from([None, "", "a", "ab", "b", "行"]), st.sampled_from([None, "1", "10", "2"]), st.integers(0, 3)), max_size=60),
    st.integers(1, 20),
)
def test_a_table_sorted_in_ranges_has_the_same_bytes(tmp_path_factory, rows, at_once):
    folder = tmp_path_factory.mktemp("ranges")
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String, "c": pl.Int64}, orient="row")
    whole = written(frame, folder / "whole", "parquet", key=("a", "b"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_ROWS_AT_ONCE", at_once)
        bounds = tables._bounds(frame.lazy(), ("a", "b"))
        assert bool(bounds) == (len(rows) > at_once)
        assert written(frame.reverse(), folder / "ranges", "parquet", key=("a", "b")) == whole


def test_a_key_with_a_nul_is_sorted_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 1)
    frame = pl.DataFrame({"a": ["b\0", "a", "a\0b"]})
    written(frame, tmp_path / "t", "parquet")
    assert pl.read_parquet(tmp_path / "t")["a"].to_list() == ["a", "a\0b", "b\0"]


def test_ties_of_the_key_are_broken_by_the_other_columns(tmp_path):
    frame = pl.DataFrame({"a": ["k", "k", "k"], "b": [2, None, 1]})
    assert written(frame, tmp_path / "a", "csv") == written(frame.reverse(), tmp_path / "b", "csv") == b"a,b\nk,\nk,1\nk,2\n"


def test_a_key_may_name_a_column_that_is_not_written(tmp_path):
    frame = pl.DataFrame({"place": [2, 1], "a": ["first", "second"]})
    assert written(frame, tmp_path / "a", "csv", key=("place",), columns=["a"]) == b"a\nsecond\nfirst\n"


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, 1, 2]), st.sampled_from([None, False, True])), max_size=8))
def test_in_order_means_what_sort_does(rows):
    frame = pl.DataFrame(rows, schema={"x": pl.String, "y": pl.Int64, "z": pl.Boolean}, orient="row")
    order = ["x", "y", "z"]
    assert in_order(frame.sort(order), order)
    assert in_order(frame, order) == frame.equals(frame.sort(order))


def test_a_publication_holds_the_files_of_the_interface(workpapers):
    publication = report(workpapers, "en")
    expected = {
        "results/exceptions.csv": declared.REGISTER, "results/exceptions.parquet": declared.REGISTER, "results/controls.csv": declared.CONTROLS,
        "results/order_lines.parquet": declared.ORDER_LINES, "results/invoice_lines.parquet": declared.INVOICE_LINES, "results/allocations.parquet": declared.ALLOCATIONS,
        "results/settlements.parquet": declared.SETTLEMENTS, "results/balances.csv": declared.BALANCES, "results/balances.parquet": declared.BALANCES,
        "results/rejected_rows.csv": declared.REJECTED, "results/roll_forward.csv": tuple(measures.schema("roll_forward")),
        "results/accruals.csv": tuple(measures.schema("accrual_entry")),
    }  # fmt: skip
    assert {name: publication[name].columns for name in expected} == expected
    assert {"results/tie_out.csv", "results/summary.json", "report/index.html"} <= publication.keys()
    assert {name.rpartition(".")[2] for name, table in publication.items() if isinstance(table, TableFile) and name.endswith(table.format)} == {
        "csv",
        "parquet",
    }


TEXTS = st.one_of(st.none(), st.text(alphabet="ab\x00\x01é文", max_size=3))


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 2)), max_size=12))
@settings(max_examples=100, deadline=None)
def test_rows_are_in_the_order_of_the_key_then_of_everything_else(rows):
    frame = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String, "n": pl.Int64}, orient="row")
    table = TableFile(frame.lazy(), ("n", "b", "a"), ("a", "b"), "csv")
    assert tables._sorted(frame.select(table.order), table).equals(frame.sort("a", "b", "n"))
