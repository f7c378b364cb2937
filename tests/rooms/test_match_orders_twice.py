"""Orders of one party, item, quantity and price: who says that they are one wish, and of which nobody can say it."""

from __future__ import annotations

import pytest

from recon.match.given import MeasuredLines
from recon.match.measured import measured_of_bucket
from recon.match.recorded_twice import order_pair


def ordered(number, day, **other):
    row = {
        "po_number": number,
        "po_line_no": "1",
        "po_date": f"2026-10-{day:02}",
        "supplier_id": "S1",
        "item_id": "I1",
        "quantity": "10",
        "uom": "PCS",
    }
    return row | {"unit_price_net": "5", "currency": "CNY", "created_by": None, "requester_id": None, **other}


def pairs_of(accepted, engagement):
    tables = measured_of_bucket(accepted, engagement, {"order_pair"}).tables
    lines = MeasuredLines(tables["order_line_match"], tables["fulfilment_line_match"], tables["invoice_line_match"])
    return order_pair(lines, accepted, engagement)[0].collect().select("order_number", "other_number", "days_apart", "unsaid_days_apart").rows()


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        # one person, two persons, nobody
        ([ordered("PO1", 1, created_by="u1"), ordered("PO2", 3, created_by="u1")], [("PO2", "PO1", 2, None)]),
        ([ordered("PO1", 1, created_by="u1"), ordered("PO2", 3, created_by="u2")], []),
        ([ordered("PO1", 1), ordered("PO2", 3)], [("PO2", "PO1", None, 2)]),
        # on one of the two only, or another word on each
        ([ordered("PO1", 1, created_by="u1"), ordered("PO2", 3)], [("PO2", "PO1", None, 2)]),
        ([ordered("PO1", 1, created_by="u1"), ordered("PO2", 3, requester_id="u1")], [("PO2", "PO1", None, 2)]),
        # what both name decides
        ([ordered("PO1", 1, created_by="u1", requester_id="r"), ordered("PO2", 3, created_by="u2")], []),
        # a nearer one of which nobody is known stands beside the one that is known; a farther one does not
        ([ordered("PO1", 1, created_by="u1"), ordered("PO2", 5), ordered("PO3", 6, created_by="u1")],
         [("PO2", "PO1", None, 4), ("PO3", "PO1", 5, 1)]),
        ([ordered("PO1", 1), ordered("PO2", 5, created_by="u1"), ordered("PO3", 6, created_by="u1")],
         [("PO2", "PO1", None, 4), ("PO3", "PO2", 1, None)]),
        # somebody else between two of whom nobody is known
        ([ordered("PO1", 1), ordered("PO2", 2, created_by="u1"), ordered("PO3", 2, created_by="u2")],
         [("PO2", "PO1", None, 1), ("PO3", "PO1", None, 1)]),
        # without an item: one person's cannot be told, two persons' can
        ([ordered("PO1", 1, item_id=None, created_by="u1"), ordered("PO2", 3, item_id=None, created_by="u1")], [("PO2", "PO1", None, 2)]),
        ([ordered("PO1", 1, item_id=None, created_by="u1"), ordered("PO2", 3, item_id=None, created_by="u2")], []),
        # another item, quantity or price; and two lines of one order
        ([ordered("PO1", 1), ordered("PO2", 3, item_id="I2")], []),
        ([ordered("PO1", 1), ordered("PO2", 3, quantity="11")], []),
        ([ordered("PO1", 1), ordered("PO1", 1, po_line_no="2")], []),
    ],
)  # fmt: skip
def test_which_orders_may_be_one_wish(accepted_of, engagement_of, rows, found):
    items = [{"item_id": "I1", "base_uom": "PCS"}, {"item_id": "I2", "base_uom": "PCS"}]
    for turned in (rows, rows[::-1]):
        assert pairs_of(accepted_of({"purchase_order_line": turned, "item": items}), engagement_of()) == found
