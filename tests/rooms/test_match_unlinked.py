"""Lines that no pass linked: what open orders they may mean, and what is nearest to them."""

from __future__ import annotations

import pytest

from recon.match import match_bucket, suggest


def order(number="PO1", line="1", quantity="10", price="10", **other):
    row = {"po_number": number, "po_line_no": line, "po_date": "2026-09-10", "supplier_id": "S1", "item_id": "I1", "quantity": quantity, "uom": "EA"}
    return row | {"unit_price_net": price, "currency": "CNY"} | other


def bill(net="100", quantity="10", line="1", **other):
    row = {"invoice_number": "INV1", "invoice_line_no": line, "invoice_date": "2026-10-12", "supplier_id": "S1", "item_id": "I1", "uom": "EA"}
    return row | {"quantity": quantity, "line_amount_net": net, "currency": "CNY"} | other


@pytest.fixture(scope="module")
def unlinked(accepted_of, engagement_of):
    def run(policies=None, **given):
        terms = {"policies": [{"set": policies, "why": "test"}]} if policies else {}
        return match_bucket(accepted_of(given), engagement_of(**terms), {"unlinked_line"}).tables["unlinked_line"].collect().to_dicts()

    return run


def said(rows):
    return [(row["state"], row["link_pass"], row["candidates"], row["candidate_count"]) for row in rows]


def test_contents_tell_orders_of_one_line_of_equal_value_apart(unlinked):
    orders = [order("PO1"), order("PO1", "2", "5", item_id="I2"), order("PO2"), order("PO2", "2", "6", item_id="I2")]
    lines = [bill(), bill("60", "6", "2", item_id="I2")]
    assert said(unlinked(purchase_order_line=orders, supplier_invoice_line=lines)) == [
        ("suggested", "contents", "PO2/1", 1),
        ("suggested", "contents", "PO2/2", 1),
    ]


def test_two_orders_of_the_same_contents_are_ambiguous(unlinked):
    orders = [order(number, line, item_id=item) for number in ("PO1", "PO2") for line, item in (("1", "I1"), ("2", "I2"))]
    rows = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill(), bill(line="2", item_id="I2")])
    assert said(rows) == [("ambiguous", "contents", "PO1/1; PO2/1", 2), ("ambiguous", "contents", "PO1/2; PO2/2", 2)]
    shown = unlinked({"ambiguity": "suggest"}, purchase_order_line=orders, supplier_invoice_line=[bill(), bill(line="2", item_id="I2")])
    assert {row["state"] for row in shown} == {"suggested"}


def test_two_bills_of_the_same_contents_over_one_order_are_ambiguous(unlinked):
    rows = unlinked(purchase_order_line=[order()], supplier_invoice_line=[bill(), bill(invoice_number="INV2")])
    assert {(row["state"], row["candidates"]) for row in rows} == {("ambiguous", "PO1/1")}


def test_an_order_after_the_bill_is_no_candidate(unlinked):
    (row,) = unlinked(purchase_order_line=[order(po_date="2026-10-13")], supplier_invoice_line=[bill()])
    assert (row["state"], row["nearest_condition"], row["nearest_value"]) == ("none", "order date", "2026-10-13")


def test_the_total_of_a_bill_is_a_set_of_orders(unlinked):
    orders = [order("PO1", quantity="3"), order("PO2", quantity="5"), order("PO3", quantity="9")]
    (row,) = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill("80", None)])
    assert (row["state"], row["link_pass"], row["candidates"]) == ("suggested", "document total", "PO1/1; PO2/1")


def test_two_sets_that_add_up_are_ambiguous(unlinked):
    orders = [order("PO1", quantity="3"), order("PO2", quantity="5"), order("PO3", quantity="2"), order("PO4", quantity="6")]
    (row,) = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill("80", None)])
    assert (row["state"], row["candidate_count"], row["searched_count"]) == ("ambiguous", 2, 4)


def test_one_set_that_two_bills_want_is_ambiguous(unlinked):
    orders = [order("PO1", quantity="3"), order("PO2", quantity="5"), order("PO3", quantity="9")]
    rows = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill("80", None), bill("80", None, invoice_number="INV2")])
    assert {row["state"] for row in rows} == {"ambiguous"}


def test_too_many_open_orders_are_not_decided(unlinked):
    orders = [order(f"PO{i}", quantity=str(2 * i)) for i in range(1, 42)]
    (row,) = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill("10000", None)])
    assert (row["state"], row["searched_count"]) == ("not_decided", 41)


def test_searches_beyond_the_bound_say_that_nobody_searched(unlinked, monkeypatch):
    monkeypatch.setattr(suggest, "_MOST_SEARCHES", 0)
    orders = [order("PO1", quantity="3"), order("PO2", quantity="5")]
    (row,) = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill("80", None)])
    assert (row["state"], row["candidates"]) == ("not_decided", None)


@pytest.mark.parametrize(
    ("said_number", "slip"),
    [
        ("PO-10O42", "look-alike characters"),
        ("PO-10024", "two characters swapped"),
        ("PO-1042", "one character lost or added"),
        ("PO-10043", "one character changed"),
    ],
)
def test_a_slip_in_the_number_is_suggested_and_never_booked(unlinked, said_number, slip):
    orders = [order("PO-10042"), order("PO-90042", item_id="I9")]
    (row,) = unlinked(purchase_order_line=orders, supplier_invoice_line=[bill(po_number=said_number)])
    assert said([row]) == [("suggested", "likeness", f"PO-10042 ({slip})", 1)]


def test_likeness_ends_at_the_party(unlinked):
    (row,) = unlinked(purchase_order_line=[order("PO-10042", supplier_id="S2")], supplier_invoice_line=[bill(po_number="PO-10043")])
    assert (row["state"], row["nearest_condition"], row["nearest_value"]) == ("none", "party", "S2")


@pytest.mark.parametrize(
    ("told", "condition", "value"),
    [
        ({"currency": "USD"}, "currency", "USD"),
        ({"item_id": "I7"}, "item", "I7"),
        ({"quantity": "12"}, "quantity", "12"),
        ({"unit_price_net": "10.5"}, "amount", "105"),
    ],
)
def test_the_nearest_order_line_and_what_it_lacks(unlinked, told, condition, value):
    (row,) = unlinked(purchase_order_line=[order(**told)], supplier_invoice_line=[bill()])
    assert (row["nearest_number"], row["nearest_line_no"], row["nearest_condition"], row["nearest_value"]) == ("PO1", "1", condition, value)


def test_an_order_line_that_is_billed_comes_after_one_that_is_open(unlinked):
    billed = bill(invoice_number="INV0", po_number="PO1", po_line_no="1")
    rows = unlinked(purchase_order_line=[order()], supplier_invoice_line=[bill(), billed])
    assert [(row["document_number"], row["nearest_condition"]) for row in rows] == [("INV1", "already billed")]
    rows = unlinked(purchase_order_line=[order(), order("PO2", quantity="30")], supplier_invoice_line=[bill(), billed])
    assert [(row["nearest_number"], row["nearest_condition"]) for row in rows] == [("PO2", "quantity")]


def test_a_receipt_without_an_order(unlinked):
    receipt = {"receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": "2026-10-05", "supplier_id": "S1", "item_id": "I1", "quantity": "9"}
    (row,) = unlinked(purchase_order_line=[order()], goods_receipt_line=[receipt | {"uom": "EA"}])
    assert (row["document_type"], row["nearest_number"], row["nearest_condition"], row["nearest_value"]) == ("goods_receipt", "PO1", "quantity", "10")


def test_cash_that_several_sets_fit_is_undecided(unlinked):
    owed = {"invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": "C1", "line_kind": "item", "currency": "CNY"}
    bills = [
        owed | {"invoice_number": f"A{i}", "line_amount_net": net, "line_amount_gross": net} for i, net in enumerate(("100", "200", "150", "150"))
    ]
    money = {"cash_receipt_number": "CR1", "receipt_date": "2026-10-20", "customer_id": "C1", "amount": "300", "currency": "CNY"}
    rows = unlinked(customer_invoice_line=bills, cash_receipt=[money])
    told = ("document_type", "state", "amount", "candidates", "candidate_count", "searched_count")
    assert [tuple(row[name] for name in told) for row in rows if row["document_number"] == "CR1"] == [
        ("cash_receipt", "ambiguous", 300, "A2; A3", 2, 4)
    ]
    many = [owed | {"invoice_number": f"B{i}", "line_amount_net": str(1000 + i), "line_amount_gross": str(1000 + i)} for i in range(41)]
    rows = unlinked(customer_invoice_line=many, cash_receipt=[money | {"amount": "9999"}])
    assert [tuple(row[name] for name in told) for row in rows if row["document_number"] == "CR1"] == [
        ("cash_receipt", "not_decided", 9999, None, None, 41)
    ]


def test_siblings_leave_one_order_line(accepted_of, engagement_of):
    """The first line has the quantity of one order line; the second, of no quantity on file, takes the other."""
    orders = [order("PO1", "1", "5"), order("PO1", "2", "7")]
    lines = [bill("50", "5", "1", po_number="PO1", unit_price_net="10"), bill("30", "3", "2", po_number="PO1", unit_price_net="10")]
    accepted = accepted_of({"purchase_order_line": orders, "supplier_invoice_line": lines})
    found = match_bucket(accepted, engagement_of(), ()).tables["invoice_line_match"]
    told = found.select("invoice_line_no", "order_line_no", "link_pass", "link_certainty").collect().rows()
    assert told == [("1", "1", "order, item and quantity", "unique"), ("2", "2", "order, the one left", "unique")]


def test_equal_lines_over_equal_order_lines_are_taken_in_order(accepted_of, engagement_of):
    orders, lines = [order("PO1", "1"), order("PO1", "2")], [bill(line=n, po_number="PO1", unit_price_net="10") for n in ("1", "2")]
    accepted = accepted_of({"purchase_order_line": orders, "supplier_invoice_line": lines})
    found = match_bucket(accepted, engagement_of(), ()).tables["invoice_line_match"]
    assert found.select("order_line_no", "link_pass").collect().rows() == [("1", "order, equal lines"), ("2", "order, equal lines")]


@pytest.mark.parametrize(
    ("spelling", "reason"),
    [("ＰＯ1", "number: width of characters"), ("po1", "number: case"), ("PO-1", "number: separators"), ("PO0001", "number: leading zeros"), ("PO1", None),
     ("po-01", "number: case, separators, leading zeros")],
)  # fmt: skip
def test_why_two_numbers_were_held_equal(accepted_of, engagement_of, spelling, reason):
    lines = [bill(po_number=spelling, po_line_no="1")]
    accepted = accepted_of({"purchase_order_line": [order()], "supplier_invoice_line": lines})
    found = match_bucket(accepted, engagement_of(), ()).tables["invoice_line_match"]
    assert found.select("order_number", "link_reason").collect().rows() == [("PO1", reason)]


def receipt(number, order_number, note="DN7", quantity="5", day="2026-10-01", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": order_number, "po_line_no": "1", "uom": "EA"}
    return row | {"supplier_id": "S1", "item_id": "I1", "quantity": quantity, "supplier_delivery_note": note} | other


def test_a_bill_for_everything_on_one_delivery_note(unlinked):
    orders = [order("PO1"), order("PO2"), order("PO3", quantity="9")]
    goods = [receipt("GR1", "PO1"), receipt("GR2", "PO2", quantity="3"), receipt("GR3", "PO3", "DN8", day="2026-10-02")]
    given = {"purchase_order_line": orders, "goods_receipt_line": goods}
    assert said(unlinked(**given, supplier_invoice_line=[bill("80", None)])) == [("suggested", "delivery note total", "PO1/1; PO2/1", 1)]
    twice = [bill("80", None), bill("80", None, invoice_number="INV2")]
    assert {row["state"] for row in unlinked(**given, supplier_invoice_line=twice)} == {"ambiguous"}
    early = unlinked(**given, supplier_invoice_line=[bill("80", None, invoice_date="2026-09-30")])
    assert [row["link_pass"] for row in early] != ["delivery note total"]
    two_lines = [bill("30", None), bill("50", None, "2", item_id="I9")]
    assert said(unlinked(**given, supplier_invoice_line=two_lines)) == [("suggested", "delivery note total", "PO1/1; PO2/1", 1)] * 2


def test_a_bill_for_everything_of_one_day(unlinked):
    orders = [order("PO1"), order("PO2"), order("PO3", quantity="9")]
    goods = [receipt("GR1", "PO1", None), receipt("GR2", "PO2", None, "3"), receipt("GR3", "PO3", None, day="2026-10-02")]
    given = {"purchase_order_line": orders, "goods_receipt_line": goods}
    assert said(unlinked(**given, supplier_invoice_line=[bill("80", None)])) == [("suggested", "day total", "PO1/1; PO2/1", 1)]


def test_two_notes_of_one_total_are_ambiguous_and_one_over_the_same_orders_is_not(unlinked):
    orders = [order("PO1"), order("PO2")]
    apart = [receipt("GR1", "PO1", "DN1", "3"), receipt("GR2", "PO2", "DN2", "3", "2026-10-02")]
    (row,) = unlinked(purchase_order_line=orders, goods_receipt_line=apart, supplier_invoice_line=[bill("30", None)])
    assert (row["state"], row["link_pass"], row["candidate_count"]) == ("ambiguous", "delivery note total", 2)
    same = [receipt("GR1", "PO1", "DN1", "3"), receipt("GR2", "PO1", "DN2", "3", "2026-10-02")]
    (row,) = unlinked(purchase_order_line=orders, goods_receipt_line=same, supplier_invoice_line=[bill("30", None)])
    assert (row["state"], row["candidates"]) == ("suggested", "PO1/1")
