"""Which order lines count where orders are looked at without being matched: the same as in matching, whatever says so."""

from __future__ import annotations

from itertools import product

import pytest

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.match import match_bucket, match_company
from recon.match.orders_in_force import orders_in_force

STATES = (None, "draft", "submitted", "approved", "open", "fulfilled", "closed", "cancelled", "reversed", "rejected", "on_hold", "unknown")
FLAGS = (None, "true", "false")
VERSIONS = ((None,), ("1",), ("1", "2"), ("2", "1"), (None, "1"))


def line(cycle, number, **other):
    stem, day = ("po", "2026-05-04") if cycle is PROCURE_TO_PAY else ("so", "2026-05-04")
    row = {f"{stem}_number": number, f"{stem}_line_no": "1", f"{stem}_date": day, cycle.party: "P1", "quantity": "10", "unit_price_net": "7.5"}
    return row | {"uom": "EA", "currency": "CNY"} | other


def worlds(cycle):
    """A line per combination of what may be said of it; of versions each with its own flags."""
    for place, (state, cancelled, current) in enumerate(product(STATES, FLAGS, FLAGS)):
        yield line(cycle, f"A{place}", doc_status=state, is_cancelled=cancelled, is_current_version=current)
    for place, (versions, current, state) in enumerate(product(VERSIONS, FLAGS, ("open", "cancelled"))):
        for turn, version in enumerate(versions):
            told = {"is_current_version": current if turn else None, "doc_status": state if turn else "open"}
            yield line(cycle, f"B{place}", po_version=version, quantity=str(10 + turn), **told)
    yield line(cycle, "LATE", **{f"{cycle.order}_date": "2027-01-01"})


@pytest.mark.parametrize("cycle", CYCLES, ids=lambda cycle: cycle.name)
def test_the_same_lines_count_as_in_matching(cycle, accepted_of, engagement_of):
    accepted, engagement = accepted_of({cycle.order_table: list(worlds(cycle))}), engagement_of()
    number = f"{cycle.order}_number"
    found = orders_in_force(accepted, cycle, as_of=engagement.as_of).select(number, "quantity").collect().rows()
    measured = match_bucket(accepted, engagement, ()).tables["order_line_match"]
    lines = measured.filter("is_live").select("order_number", "ordered_quantity").collect().rows()
    assert sorted(found) == sorted(lines)
    assert 0 < len(found) < len(list(worlds(cycle)))


@pytest.mark.parametrize(
    ("second", "quantities"),
    [
        ({"po_version": "2"}, [20]),
        ({"po_version": "2", "doc_status": "cancelled"}, []),  # a cancelled later version does not bring the earlier one back
        ({"po_version": "2", "is_current_version": "false"}, [10]),
        ({"po_version": "0"}, [10]),
    ],
)
def test_of_several_versions_one_counts(second, quantities, accepted_of):
    rows = [line(PROCURE_TO_PAY, "PO1", po_version="1"), line(PROCURE_TO_PAY, "PO1", quantity="20", **second)]
    found = orders_in_force(accepted_of({"purchase_order_line": rows}), PROCURE_TO_PAY).collect()
    assert found["quantity"].to_list() == quantities


def test_an_emergency_order_is_worth_its_version_in_force(accepted_of, engagement_of):
    told = {"created_at": "2026-05-04T09:00:00Z", "emergency": "true"}
    rows = [
        line(PROCURE_TO_PAY, "PO1", po_version="1", **told), line(PROCURE_TO_PAY, "PO1", po_version="2", quantity="20", **told),
        line(PROCURE_TO_PAY, "PO2", doc_status="cancelled", **told), line(PROCURE_TO_PAY, "PO3", doc_status="draft", **told),
    ]  # fmt: skip
    found = match_company(accepted_of({"purchase_order_line": rows}), engagement_of(), {"emergency_order"}).tables["emergency_order"].collect()
    assert found.select("order_number", "amount_net").rows() == [("PO1", 150)]
