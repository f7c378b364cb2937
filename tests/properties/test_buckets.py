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
from recon.domain.engagement import ParameterOverride, PolicyChoice
from recon.load import load, rulebook
from recon.load.engagement import read_engagement
from recon.match import in_buckets, match_bucket, match_company
from recon.match.buckets import _components, _places
from recon.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = places.sample_data() / "planted"


#: What is off unless it is asked for, all of it at once.
ASKED_FOR = {"party_known_by": "name", "ambiguity": "deterministic", "unreferenced_bill": "book", "freight_spread": "volume"}
LIMITS = {"CUR-04": {"usual_convention_document_count": "2"}, "DAT-06": {"description_likeness_share": "0.6"}}


def results(folder: Path, **terms: object) -> dict[str, bytes]:
    engagement = read_engagement(PLANTED / "engagement.yaml").model_copy(update={"second_opinion": False, **terms})
    pipeline.publish(pipeline.run(engagement), folder)
    return {path.name: path.read_bytes() for path in sorted((folder / "results").iterdir())}


@pytest.fixture(scope="module")
def at_once(planted_folder):
    return {path.name: path.read_bytes() for path in sorted((planted_folder / "results").iterdir())}


@pytest.mark.parametrize(("rows", "rows_in_memory"), [(5_000, 0), pytest.param(600, 10**9, marks=pytest.mark.slow)])
def test_buckets_change_no_byte(rows, rows_in_memory, at_once, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "ROWS_PER_BUCKET", rows)
    monkeypatch.setattr(pipeline, "ROWS_IN_ONE_PIECE", 0)  # as large inputs are: typed and checked piece by piece
    monkeypatch.setattr(pipeline, "ROWS_IN_MEMORY", rows_in_memory)
    in_buckets = results(tmp_path / "run")
    assert [name for name in at_once if at_once[name] != in_buckets.get(name)] == []
    assert in_buckets.keys() == at_once.keys()


@pytest.mark.slow
def test_buckets_change_no_byte_where_everything_is_asked_for(tmp_path, monkeypatch):
    terms = {
        "policies": [PolicyChoice(set=ASKED_FOR, why="test")],
        "parameters": [ParameterOverride(control=control, set=limits, why="test") for control, limits in LIMITS.items()],
    }
    at_once = results(tmp_path / "at_once", **terms)
    monkeypatch.setattr(pipeline, "ROWS_PER_BUCKET", 600)
    in_buckets = results(tmp_path / "in_buckets", **terms)
    assert [name for name in at_once if at_once[name] != in_buckets.get(name)] == []


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


def in_parts(accepted, engagement, name, rows_per_bucket):
    """A measured table of all documents at once, and put together of the buckets, each bucket matched without a look at the others."""
    held = {}

    def keep(table, rows):
        held[table] = held.get(table, 0) + 1
        return rows.lazy()

    at_once = match_bucket(accepted, engagement, {name}).tables[name].collect()
    _, buckets = in_buckets(accepted, engagement, rows_per_bucket, keep)
    parts = [match_bucket(bucket, engagement, {name}).tables[name].collect() for bucket in buckets]
    return at_once, pl.concat(parts), len(buckets)


def sold(number, customer, amount, so=None):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": customer, "currency": "CNY"}
    row |= {"line_amount_net": amount, "line_amount_gross": amount, "quantity": "1", "uom": "EA", "item_id": "I1"}
    return row | ({"so_number": so, "so_line_no": "1"} if so else {})


def test_what_another_customer_owes_is_suggested_neither_at_once_nor_in_buckets(accepted_of, engagement_of):
    """MIS-13, CSH-06: the one open invoice of exactly the amount belongs to somebody else, who may lie in another bucket."""
    cash = [
        {"cash_receipt_number": f"CR{n}", "receipt_date": "2026-10-20", "customer_id": f"C{n}", "amount": f"{100 + n}", "currency": "CNY"}
        for n in range(1, 7)
    ]
    bills = [sold(f"AR{n}", f"C{n}", f"{100 + n % 6 + 1}") for n in range(1, 7)]  # what C1 pays is what C6 owes, and so on
    accepted = accepted_of({"customer_invoice_line": bills, "cash_receipt": cash})
    at_once, together, count = in_parts(accepted, engagement_of(), "payment_match", 2)
    assert count > 1
    said = {row["payment_number"]: row["nearest_invoices"] for row in at_once.to_dicts()}
    assert said == {row["payment_number"]: row["nearest_invoices"] for row in together.to_dicts()}
    assert all(f"AR{n} (" in said[f"CR{n}"] and "owed by" not in said[f"CR{n}"] for n in range(1, 7))  # the payer's own, and nobody else's


def test_whether_sales_orders_are_approved_on_record_is_known_in_every_bucket(accepted_of, engagement_of):
    """PRC-18: one approval of one customer's order says that approvals are recorded; the others' orders are then not approved, wherever they lie."""
    orders = [
        {"so_number": f"SO{n}", "so_line_no": "1", "so_date": "2026-10-01", "customer_id": f"C{n}", "item_id": "I1", "quantity": "1", "uom": "EA"}
        | {"unit_price_net": "3", "currency": "CNY"}
        for n in range(1, 7)
    ]
    approval = {"document_type": "sales_order", "document_number": "SO1", "action": "approve", "actor_id": "M1", "action_at": "2026-10-02T09:00:00Z"}
    tables = {"sales_order_line": orders, "customer_invoice_line": [sold(f"AR{n}", f"C{n}", "3", f"SO{n}") for n in range(1, 7)]}
    tables["item"] = [{"item_id": "I1", "base_uom": "EA", "standard_cost": "4"}]
    for events, answers in (([approval], [True, *[False] * 5]), ([], [None] * 6)):
        accepted = accepted_of(tables | ({"approval_event": events} if events else {}))
        at_once, together, count = in_parts(accepted, engagement_of(), "sale_cost", 2)
        assert count > 1
        assert at_once.sort("invoice_number")["is_order_approved"].to_list() == answers
        assert together.sort("invoice_number")["is_order_approved"].to_list() == answers
