"""Bills that name nothing: booked on the one open order line that they fit where the policy says so, and else suggested."""

from __future__ import annotations

import pytest

from recon.match import match_bucket
from tests.rooms.test_match_unlinked import bill, order

BOOK = {"unreferenced_bill": "book"}


@pytest.fixture(scope="module")
def linked(accepted_of, engagement_of):
    """Policies and tables -> (order number, line, certainty, whether it is listed as unlinked) of every bill line."""

    def run(policy, orders, bills, where=None, **terms):
        policies = [{"set": policy, "why": "test", **({"where": where} if where else {})}] if policy else []
        engagement = engagement_of(policies=policies, **terms).model_copy(
            update={"allowances": {"second_candidate_share": "0.02", "unreferenced_window_days": "180"}}
        )
        accepted = accepted_of({"purchase_order_line": orders, "supplier_invoice_line": bills})
        found = match_bucket(accepted, engagement, {"invoice_line_match", "unlinked_line"}).tables
        lost = set(found["unlinked_line"].collect()["document_line_no"])
        rows = found["invoice_line_match"].collect().sort("invoice_number", "invoice_line_no").to_dicts()
        return [(row["order_number"], row["order_line_no"], row["link_certainty"], row["invoice_line_no"] in lost) for row in rows]

    return run


def test_the_only_open_order_line_is_booked_where_the_policy_says_so(linked):
    assert linked(None, [order()], [bill()]) == [(None, None, "suggested", True)]
    assert linked(BOOK, [order()], [bill()]) == [("PO1", "1", "unique", False)]


@pytest.mark.parametrize(("where", "number"), [({"supplier_id": "S1"}, "PO1"), ({"supplier_id": "S2"}, None), ({"item_id": "I1"}, "PO1")])
def test_the_policy_has_a_scope(linked, where, number):
    assert linked(BOOK, [order()], [bill()], where)[0][0] == number


@pytest.mark.parametrize(
    ("other", "number"),
    [
        ({"price": "10.20"}, None),  # worth 102: within two hundredths of 100
        ({"price": "10.21"}, "PO1"),
        ({"price": "9.80"}, None),
        ({"price": "9.79"}, "PO1"),
        ({"price": "10.10", "item_id": "I2"}, "PO1"),  # another item is no candidate
        ({"price": "10.10", "po_date": "2026-10-13"}, "PO1"),  # nor is an order after the bill
        ({"price": "10.10", "supplier_id": "S2"}, "PO1"),
    ],
)
def test_a_second_candidate_of_nearly_that_worth_makes_it_a_suggestion(linked, other, number):
    assert linked(BOOK, [order(), order("PO2", **other)], [bill()])[0][0] == number


@pytest.mark.parametrize(("day", "number"), [("2026-04-15", "PO1"), ("2026-04-14", None)])  # 180 and 181 days before the twelfth of October
def test_an_order_beyond_the_window_is_not_booked(linked, day, number):
    assert linked(BOOK, [order(po_date=day)], [bill()])[0][0] == number


@pytest.mark.parametrize(("party", "days"), [("S1", "179"), ("S1", "180"), ("S2", "179")])
def test_the_limits_have_a_scope(linked, party, days):
    override = {"control": "MIS-16", "set": {"unreferenced_window_days": days}, "where": {"supplier_id": party}, "why": "test"}
    found = linked(BOOK, [order(po_date="2026-04-15")], [bill()], parameters=[override])  # 180 days before
    assert found[0][0] == (None if (party, days) == ("S1", "179") else "PO1")
    override["set"] = {"second_candidate_share": "0.01" if days == "179" else "0.02"}
    found = linked(BOOK, [order(), order("PO2", price="10.20")], [bill()], parameters=[override])
    assert found[0][0] == ("PO1" if (party, days) == ("S1", "179") else None)


@pytest.mark.parametrize(
    ("said", "number"), [({"quantity": "10"}, "PO1"), ({"quantity": "5"}, None), ({"quantity": None}, "PO1"), ({"uom": "BOX"}, None)]
)
def test_the_quantity_has_to_agree_where_the_bill_states_one(linked, said, number):
    assert linked(BOOK, [order()], [bill() | said])[0][0] == number


def test_two_bills_of_one_order_line_are_not_booked(linked):
    assert {row[0] for row in linked(BOOK, [order()], [bill(), bill(invoice_number="INV2")])} == {None}


def test_a_bill_of_all_lines_of_an_order_is_booked_and_of_two_such_orders_is_not(linked):
    lines = [order(), order(line="2", quantity="5", item_id="I2", price="20.01")]
    bills = [bill(), bill("100.05", "5", "2", item_id="I2")]
    assert [row[:3] for row in linked(BOOK, lines, bills)] == [("PO1", "1", "unique"), ("PO1", "2", "unique")]
    twice = [*lines, *(line | {"po_number": "PO2"} for line in lines)]
    assert {row[0] for row in linked(BOOK, twice, bills)} == {None}


def test_a_sum_of_order_lines_stays_a_suggestion(linked):
    orders = [order("PO1"), order("PO2", price="20", item_id="I2")]
    assert linked(BOOK, orders, [bill("300", None, item_id=None)])[0][:3] == (None, None, "suggested")


def test_what_is_shown_as_a_suggestion_by_policy_is_still_not_booked(linked):
    assert linked(BOOK | {"ambiguity": "suggest"}, [order(), order("PO2")], [bill()])[0][:3] == (None, None, "suggested")


def test_a_booked_bill_carries_goods_and_variances_like_any_other(accepted_of, engagement_of):
    goods = {
        "receipt_number": "GR1",
        "receipt_line_no": "1",
        "receipt_date": "2026-10-05",
        "po_number": "PO1",
        "po_line_no": "1",
        "supplier_id": "S1",
    }
    tables = {"purchase_order_line": [order()], "goods_receipt_line": [goods | {"item_id": "I1", "quantity": "10", "uom": "EA"}]}
    accepted = accepted_of(tables | {"supplier_invoice_line": [bill()]})
    named = accepted_of(tables | {"supplier_invoice_line": [bill(po_number="PO1", po_line_no="1")]})
    engagement = engagement_of(policies=[{"set": BOOK, "why": "test"}]).model_copy(update={"allowances": {"unreferenced_window_days": "180"}})
    told = []
    for documents in (accepted, named):
        found = match_bucket(documents, engagement, {"order_line_match", "allocation"}).tables
        told.append((found["allocation"].collect().rows(), found["order_line_match"].select("invoiced_quantity", "invoiced_amount").collect().rows()))
    assert told[0] == told[1]
