"""Sales billed, credited in full and billed again: loops counted by hand."""

from __future__ import annotations

import pytest

from recon.match import match_bucket


def so(line="1", **other):
    row = {"so_number": "SO1", "so_line_no": line, "so_date": "2026-07-01", "customer_id": "C1", "item_id": "I1", "quantity": "20", "uom": "EA"}
    return row | {"unit_price_net": "10", "currency": "CNY"} | other


def shipment(quantity="10", number="SH1", **other):
    row = {"shipment_number": number, "shipment_line_no": "1", "shipment_date": "2026-07-05", "so_number": "SO1", "so_line_no": "1"}
    return row | {"customer_id": "C1", "item_id": "I1", "quantity": quantity, "uom": "EA"} | other


def bill(number, day, quantity="10", due="2026-09-30", **other):
    kind = "credit" if quantity.startswith("-") else "invoice"
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "due_date": due, "customer_id": "C1", "item_id": "I1"}
    row |= {"so_number": "SO1", "so_line_no": "1", "quantity": quantity, "uom": "EA", "unit_price_net": "10", "invoice_kind": kind}
    return row | {"line_amount_net": str(int(quantity) * 10), "currency": "CNY"} | other


@pytest.fixture(scope="module")
def loops(accepted_of, engagement_of):
    def run(bills, goods=(), orders=()):
        given = {"sales_order_line": list(orders) or [so()], "shipment_line": list(goods) or [shipment()], "customer_invoice_line": list(bills)}
        found = match_bucket(accepted_of(given), engagement_of(), {"rebill_loop"})
        assert found.covers["rebill_loop"] == len(given["sales_order_line"])
        return found.tables["rebill_loop"].select("loop_count", "days_reset", "loops", "invoice_number").collect().rows()

    return run


FIRST, CREDIT = bill("A1", "2026-07-10"), bill("N1", "2026-07-20", "-10")


@pytest.mark.parametrize(
    ("bills", "found"),
    [
        ([FIRST, CREDIT, bill("A2", "2026-07-22", due="2026-10-20")], [(1, 20, "A1 > N1 > A2", "A2")]),
        ([FIRST, CREDIT, bill("A2", "2026-07-20")], [(1, 0, "A1 > N1 > A2", "A2")]),  # all on one day
        ([FIRST, CREDIT, bill("A2", "2026-07-22", due=None)], [(1, None, "A1 > N1 > A2", "A2")]),
        ([FIRST, CREDIT, bill("A2", "2026-07-19")], []),  # before the credit: a second delivery's bill
        ([FIRST, bill("N1", "2026-07-20", "-9"), bill("A2", "2026-07-22")], []),  # not all of it
        ([FIRST, CREDIT, bill("A2", "2026-07-22", "9")], []),
        ([FIRST, CREDIT, bill("A2", "2026-07-22", line_amount_net="99")], []),
        ([FIRST, CREDIT], []),
        ([FIRST, CREDIT | {"is_cancelled": "true"}, bill("A2", "2026-07-22")], []),
    ],
)
def test_a_loop_is_a_bill_a_credit_of_all_of_it_and_the_same_bill_again(loops, bills, found):
    assert loops(bills) == found
    assert loops(bills[::-1]) == found


def test_two_loops_of_one_line_are_counted_and_the_longest_time_won_is_kept(loops):
    again = [bill("A2", "2026-07-22", due="2026-10-20"), bill("N2", "2026-08-01", "-10"), bill("A3", "2026-08-03", due="2026-10-25")]
    assert loops([FIRST, CREDIT, *again]) == [(2, 20, "A1 > N1 > A2; A2 > N2 > A3", "A3")]


def test_a_bill_for_new_goods_is_no_loop(loops):
    rows = [FIRST, CREDIT, bill("A2", "2026-07-22")]
    assert loops(rows, [shipment(), shipment(number="SH2")]) == []
    returned = shipment("-10", "SH3", shipment_kind="return")
    assert loops(rows, [shipment(), returned, shipment(number="SH2")]) == []


def test_services_are_held_against_what_was_ordered(loops):
    rows = [FIRST, CREDIT, bill("A2", "2026-07-22")]
    assert loops(rows, [shipment(so_line_no="9")], [so(quantity="10", match_level="2way")]) == [(1, 0, "A1 > N1 > A2", "A2")]
    assert loops(rows, [shipment(so_line_no="9")], [so(quantity="20", match_level="2way")]) == []
