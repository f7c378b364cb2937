"""Documents matched bucket by bucket give the same results, to the byte, as documents matched at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon import pipeline
from recon.conform import conform
from recon.domain import measures, places
from recon.load import load, rulebook
from recon.load.engagement import read_engagement
from recon.match import match_bucket, match_company
from recon.match.buckets import _components, _places
from recon.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = places.sample_data() / "planted"


def results(folder: Path) -> dict[str, bytes]:
    engagement = read_engagement(PLANTED / "engagement.yaml").model_copy(update={"second_opinion": False})
    pipeline.publish(pipeline.run(engagement), folder)
    return {path.name: path.read_bytes() for path in sorted((folder / "results").iterdir())}


@pytest.fixture(scope="module")
def at_once(tmp_path_factory):
    return results(tmp_path_factory.mktemp("at_once") / "run")


@pytest.mark.parametrize(("rows", "rows_in_memory"), [(5_000, 0), pytest.param(600, 10**9, marks=pytest.mark.slow)])
def test_buckets_change_no_byte(rows, rows_in_memory, at_once, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "ROWS_PER_BUCKET", rows)
    monkeypatch.setattr(pipeline, "ROWS_IN_MEMORY", rows_in_memory)
    in_buckets = results(tmp_path / "run")
    assert [name for name in at_once if at_once[name] != in_buckets.get(name)] == []
    assert in_buckets.keys() == at_once.keys()


bonds = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30)


@settings(deadline=None)
@given(bonds)
def test_nodes_that_share_a_token_directly_or_not_are_one_group(pairs):
    frame = pl.DataFrame(pairs, schema={"node": pl.UInt64, "token": pl.UInt64}, orient="row").unique()
    group = dict(_components(frame).select("node", "group").iter_rows())
    reached = {node: {node} for node, _ in pairs}
    for _ in reached:
        for node, token in pairs:
            for other, same in pairs:
                if token == same:
                    reached[node] |= reached[other]
    alone = {node: min(reached[node]) for node in reached}
    assert {node: group.get(node, node) for node in reached} == alone


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), bonds, st.integers(1, 5))
def test_every_node_has_one_bucket_and_bound_nodes_the_same(rows, pairs, count):
    nodes = pl.DataFrame({"node": range(len(rows)), "rows": rows}, schema={"node": pl.UInt64, "rows": pl.UInt32})
    frame = pl.DataFrame([p for p in pairs if p[0] < len(rows)], schema={"node": pl.UInt64, "token": pl.UInt64}, orient="row").unique()
    bucket = dict(_places(nodes, frame, count).iter_rows())
    assert bucket.keys() == set(range(len(rows)))
    assert set(bucket.values()) == set(range(max(bucket.values()) + 1))
    assert all(bucket[a] == bucket[b] for a, one in frame.iter_rows() for b, other in frame.iter_rows() if one == other)


def test_what_looks_across_parties_is_declared_and_made_once():
    engagement = read_engagement(PLANTED / "engagement.yaml").model_copy(update={"second_opinion": False})
    profile = rulebook.read_profile(engagement.source, engagement.folder)
    extracts = load(engagement, profile)
    accepted = validate(conform(extracts, profile, engagement), extracts, {}, engagement)
    whole, bucket = match_company(accepted, engagement), match_bucket(accepted, engagement)
    assert set(whole.tables) == set(measures.WHOLE)
    of_traces = {"order_event"}
    assert set(bucket.tables) == set(measures.MEASURES) - set(measures.WHOLE) - set(measures.OF_THE_RUN) - of_traces
