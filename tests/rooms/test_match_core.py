"""Order, goods and bill: what matching measures, each rule on both sides of its line."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from recon.domain.measures import schema
from recon.domain.workpapers import Matches
from recon.match import match, match_bucket

Match = Callable[..., Matches]


def po(line: str = "1", **over: Any) -> dict[str, Any]:
    plain = {"po_number": "PO1", "po_line_no": line, "po_date": "2026-10-01", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return plain | {"unit_price_net": "10", "currency": "CNY"} | over


def gr(number: str = "GR1", **over: Any) -> dict[str, Any]:
    plain = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": "2026-10-05", "po_number": "PO1", "po_line_no": "1"}
    return plain | {"supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"} | over


def inv(number: str = "INV1", **over: Any) -> dict[str, Any]:
    plain = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-10-12", "supplier_id": "S1", "item_id": "I1", "currency": "CNY"}
    return plain | {"po_number": "PO1", "po_line_no": "1", "quantity": "10", "uom": "EA", "unit_price_net": "10", "line_amount_net": "100"} | over


@pytest.fixture
def matched(accepted_of: Callable[..., Any], engagement_of: Callable[..., Any]) -> Match:
    def run(orders: list[Any], goods: list[Any], bills: list[Any], policies: list[Any] | None = None, **others: list[Any]) -> Matches:
        given = {"purchase_order_line": orders, "goods_receipt_line": goods, "supplier_invoice_line": bills} | others
        rules = [{"set": p, "why": "test"} if "set" not in p else p | {"why": "test"} for p in policies or []]
        return match_bucket(accepted_of(given), engagement_of(policies=rules), ())

    return run


def one(matches: Matches, table: str, **keys: str) -> dict[str, Any]:
    frame = matches.tables[table].filter(*(pl.col(name) == value for name, value in keys.items())).collect()
    assert frame.height == 1, frame
    return frame.row(0, named=True)


def rows(matches: Matches, table: str, *columns: str, **keys: str) -> list[tuple[Any, ...]]:
    return matches.tables[table].filter(*(pl.col(name) == value for name, value in keys.items())).select(columns).collect().rows()


D = Decimal


def test_every_table_has_its_schema(matched: Match) -> None:
    matches = matched([po()], [gr()], [inv()])
    for name in (
        "order_line_match",
        "fulfilment_line_match",
        "invoice_line_match",
        "invoice_match",
        "open_layer",
        "allocation",
        "document_line_unit",
    ):
        assert dict(matches.tables[name].collect_schema()) == schema(name), name


def test_nothing_at_all_gives_empty_tables(accepted_of: Callable[..., Any], engagement_of: Callable[..., Any]) -> None:
    matches = match(accepted_of({}), engagement_of())
    assert all(frame.collect().is_empty() for frame in matches.tables.values())


def test_the_tie_out_counts_what_is_set_aside(matched: Match) -> None:
    matches = matched([po(), po("2", is_cancelled="true")], [gr(), gr("GR2", receipt_date="2026-11-01")], [inv()])
    found = {r["table"]: (r["rows_in"], r["rows_out"], r["rows_set_aside"], r["holds"]) for r in matches.tie_out.to_dicts()}
    assert found["purchase_order_line"] == (2, 1, 1, True)
    assert found["goods_receipt_line"] == (2, 1, 1, True)
    assert found["supplier_invoice_line"] == (1, 1, 0, True)


class TestBridge:
    def test_steps_add_up_to_what_was_billed_less_what_was_due(self, matched: Match) -> None:
        order = po(quantity="100", currency="USD", fx_rate="7.00")
        bill = inv(quantity="100", unit_price_net="10.50", line_amount_net="1050.03", currency="USD", fx_rate="7.20")
        line = one(matched([order], [gr(quantity="90")], [bill]), "invoice_line_match")
        assert (line["quantity_variance"], line["price_variance"], line["fx_variance"]) == (700, 350, 210)
        assert line["rounding_variance"] == D("0.03") * D("7.2")
        steps = sum(line[name] for name in ("quantity_variance", "price_variance", "fx_variance", "rounding_variance"))
        assert steps == D("1050.03") * D("7.2") - 90 * 10 * 7

    def test_an_unknown_rate_is_not_one(self, matched: Match) -> None:
        line = one(matched([po(currency="USD")], [gr()], [inv(currency="USD")]), "invoice_line_match")
        assert line["price_variance"] is None
        assert line["fx_variance"] is None
        assert line["quantity_variance"] == 0

    def test_the_latest_rate_on_or_before_the_date_counts(self, matched: Match) -> None:
        rates = [{"rate_date": d, "from_currency": "USD", "to_currency": "CNY", "rate": r} for d, r in (("2026-10-11", "7.1"), ("2026-10-13", "9"))]
        line = one(matched([po(currency="USD", fx_rate="7")], [gr()], [inv(currency="USD")], fx_rate=rates), "invoice_line_match")
        assert (line["fx_rate"], line["fx_variance"]) == (D("7.1"), 10)

    def test_another_currency_than_the_order_is_not_compared(self, matched: Match) -> None:
        matches = matched([po(currency="EUR", fx_rate="8")], [gr()], [inv(currency="USD", fx_rate="7")])
        line = one(matches, "invoice_line_match")
        assert (line["has_order_link"], line["is_comparable"], line["price_variance"]) == (True, False, None)
        assert one(matches, "order_line_match")["invoiced_quantity"] == 0

    def test_a_price_with_tax_is_compared_without_it(self, matched: Match) -> None:
        order = po(unit_price_net="9.99", unit_price_gross="11.30", price_tax_basis="gross", tax_rate="0.13")
        assert one(matched([order], [gr()], [inv()]), "invoice_line_match")["price_variance"] == 0

    def test_a_price_without_end_is_never_rounded(self, matched: Match) -> None:
        order = po(quantity="1", uom="BOX", unit_price_net="100")
        pack = [{"item_id": "I1", "from_uom": "BOX", "to_uom": "EA", "factor": "3"}]
        item = [{"item_id": "I1", "item_name": "x", "base_uom": "EA"}]
        bill = inv(quantity="3", unit_price_net="33.33333", line_amount_net="100")
        line = one(matched([order], [gr(quantity="3")], [bill], uom_conversion=pack, item=item), "invoice_line_match")
        assert line["expected_amount"] == 100
        assert line["price_variance"] == D("-0.000010")


class TestUnits:
    item = ({"item_id": "I1", "item_name": "eggs", "base_uom": "DOZ"},)
    pack = ({"item_id": "I1", "from_uom": "DOZ", "to_uom": "EA", "factor": "12"},)

    def test_a_quantity_without_exact_figure_is_compared_in_the_smaller_unit(self, matched: Match) -> None:
        order, bill = po(quantity="1", uom="DOZ", unit_price_net="12"), inv(quantity="7", unit_price_net="1", line_amount_net="7")
        matches = matched([order], [], [bill], item=list(self.item), uom_conversion=list(self.pack))
        line = one(matches, "order_line_match")
        assert (line["base_uom"], line["ordered_quantity"], line["invoiced_quantity"]) == ("EA", 12, 7)
        assert one(matches, "invoice_line_match")["price_variance"] == 0

    def test_six_pieces_are_half_a_dozen(self, matched: Match) -> None:
        order, bill = po(quantity="1", uom="DOZ", unit_price_net="12"), inv(quantity="6", unit_price_net="1", line_amount_net="6")
        line = one(matched([order], [], [bill], item=list(self.item), uom_conversion=list(self.pack)), "order_line_match")
        assert (line["base_uom"], line["invoiced_quantity"]) == ("DOZ", D("0.5"))

    def test_no_way_between_units_leaves_the_quantity_unknown(self, matched: Match) -> None:
        matches = matched([po()], [gr()], [inv(uom="PAL")])
        line = one(matches, "invoice_line_match")
        assert (line["uom_convertible"], line["invoiced_quantity"], line["quantity_variance"]) == (False, None, None)
        order = one(matches, "order_line_match")
        assert (order["unconverted_line_count"], order["invoiced_quantity"], order["invoiced_amount"]) == (1, 0, 100)

    def test_a_bill_says_that_goods_of_its_order_line_could_not_be_counted(self, matched: Match) -> None:
        goods = [gr(quantity="3"), gr(quantity="1", uom="PAL", receipt_number="GR9")]
        line = one(matched([po()], goods, [inv()]), "invoice_line_match")
        assert (line["unconverted_line_count"], line["fulfilled_quantity"]) == (1, 3)
        assert one(matched([po()], goods[:1], [inv()]), "invoice_line_match")["unconverted_line_count"] in (0, None)

    def test_a_bill_says_that_other_bills_of_its_order_line_could_not_be_counted(self, matched: Match) -> None:
        columns = ("unconverted_line_count", "unconverted_bill_count", "unconverted_credit_count")
        bill, credit = inv(quantity="1", uom="PAL", invoice_number="INV9"), inv(quantity="-1", uom="PAL", invoice_number="CN1", invoice_kind="credit")
        credit |= {"line_amount_net": "-10"}
        for others, counted in (([bill], (1, 1, 0)), ([credit], (1, 1, 1)), ([bill, credit], (2, 2, 1))):
            line = one(matched([po()], [gr()], [inv(quantity="3"), *others]), "invoice_line_match", invoice_number="INV1")
            assert tuple(line[name] for name in columns) == counted
        line = one(matched([po()], [gr(quantity="1", uom="PAL")], [inv()]), "invoice_line_match")
        assert tuple(line[name] for name in columns) == (1, 0, 0)

    def test_the_items_own_conversion_goes_before_the_general_one(self, matched: Match) -> None:
        ways = [{"item_id": "I1", "from_uom": "BOX", "to_uom": "EA", "factor": "5"}, {"from_uom": "BOX", "to_uom": "EA", "factor": "12"}]
        assert one(matched([po()], [gr(quantity="2", uom="BOX")], [], uom_conversion=ways), "order_line_match")["fulfilled_quantity"] == 10

    def test_a_way_over_a_third_unit(self, matched: Match) -> None:
        ways = [{"from_uom": "PAL", "to_uom": "BOX", "factor": "4"}, {"from_uom": "BOX", "to_uom": "EA", "factor": "5"}]
        assert one(matched([po()], [gr(quantity="1", uom="PAL")], [], uom_conversion=ways), "order_line_match")["fulfilled_quantity"] == 20


class TestLinks:
    def test_an_item_that_differs_is_not_overruled_by_the_number(self, matched: Match) -> None:
        assert one(matched([po()], [gr()], [inv(item_id="I7")]), "invoice_line_match")["link_certainty"] == "none"

    def test_a_party_that_differs_is_not_overruled_but_one_of_its_group_is_the_same(self, matched: Match) -> None:
        assert one(matched([po()], [], [inv(supplier_id="S2")]), "invoice_line_match")["has_order_link"] is False
        group = [{"party_id": p, "party_name": p, "group_id": "G"} for p in ("S1", "S2")]
        assert one(matched([po()], [], [inv(supplier_id="S2")], supplier=group), "invoice_line_match")["has_order_link"] is True

    def test_a_number_in_another_spelling(self, matched: Match) -> None:
        line = one(matched([po(po_number="PO-0007")], [], [inv(po_number="po/0007")]), "invoice_line_match")
        assert (line["order_number"], line["link_pass"], line["link_certainty"]) == ("PO-0007", "order, line, respelled", "certain")

    def test_two_orders_that_compare_equal_are_not_chosen_between(self, matched: Match) -> None:
        line = one(matched([po(po_number="PO-7"), po(po_number="PO7")], [], [inv(po_number="PO 7")]), "invoice_line_match")
        assert (line["has_order_link"], line["link_certainty"]) == (False, "ambiguous")

    def test_lines_of_one_item_are_told_apart_by_price_else_refused(self, matched: Match) -> None:
        orders = [po(), po("2", unit_price_net="12")]
        dear = inv(po_line_no=None, unit_price_net="12", line_amount_net="120")
        assert one(matched(orders, [], [dear]), "invoice_line_match")["order_line_no"] == "2"
        alike = matched([po(), po("2")], [], [inv(po_line_no=None)])
        assert one(alike, "invoice_line_match")["link_certainty"] == "ambiguous"
        shown = matched([po(), po("2")], [], [inv(po_line_no=None)], [{"ambiguity": "suggest"}])
        assert one(shown, "invoice_line_match")["link_certainty"] == "suggested"

    def test_the_delivery_note_leads_to_the_goods(self, matched: Match) -> None:
        bill = inv(po_number=None, po_line_no=None, supplier_delivery_note="DN-77")
        line = one(matched([po()], [gr(supplier_delivery_note="DN77")], [bill]), "invoice_line_match")
        assert (line["order_number"], line["fulfilment_number"]) == ("PO1", "GR1")

    def test_goods_of_another_order_line_yield_to_the_order_line_named(self, matched: Match) -> None:
        goods = [gr(), gr("GR2", po_line_no="2")]
        line = one(matched([po(), po("2")], goods, [inv(receipt_number="GR2", receipt_line_no="1")]), "invoice_line_match")
        assert (line["order_line_no"], line["fulfilment_number"]) == ("1", None)

    def test_a_cancelled_order_is_no_target_but_a_rejected_one_is(self, matched: Match) -> None:
        assert one(matched([po(is_cancelled="true")], [gr()], []), "fulfilment_line_match")["has_order_link"] is False
        matches = matched([po(doc_status="rejected")], [gr()], [])
        assert one(matches, "fulfilment_line_match")["has_order_link"] is True
        order = one(matches, "order_line_match")
        assert (order["is_live"], order["exclusion_reason"], order["fulfilled_quantity"]) == (False, "rejected", 10)

    def test_a_credit_goes_where_its_origin_went(self, matched: Match) -> None:
        credit = inv(
            "CN1", invoice_kind="credit", quantity="-2", line_amount_net="-20", po_number=None, po_line_no=None, origin_invoice_number="INV1"
        )
        matches = matched([po()], [gr()], [inv(), credit])
        assert rows(matches, "invoice_line_match", "link_pass", invoice_number="CN1") == [("origin invoice",)]
        assert one(matches, "order_line_match")["invoiced_quantity"] == 8


class TestWholeBills:
    orders = (po(), po("2", quantity="5", unit_price_net="20"))
    goods = (gr(), gr("GR2", po_line_no="2", quantity="5"))

    def whole(self, amount: str, number: str = "INV1", **over: Any) -> dict[str, Any]:
        blank = dict.fromkeys(("po_line_no", "item_id", "quantity", "uom", "unit_price_net"))
        return inv(number, line_amount_net=amount, **(blank | over))

    def test_the_value_of_the_goods_covers_them_all(self, matched: Match) -> None:
        matches = matched(list(self.orders), list(self.goods), [self.whole("200")])
        assert rows(matches, "order_line_match", "invoiced_quantity", "invoiced_amount") == [(10, 100), (5, 100)]
        assert not rows(matches, "open_layer", "kind", kind="fulfilled_not_invoiced")
        line = one(matches, "invoice_line_match")
        assert (line["expected_amount"], line["price_variance"], line["quantity_variance"]) == (200, 0, 0)

    def test_half_the_value_covers_half_the_goods(self, matched: Match) -> None:
        matches = matched(list(self.orders), list(self.goods), [self.whole("100")])
        assert rows(matches, "order_line_match", "invoiced_quantity") == [(5,), (D("2.5"),)]
        assert one(matches, "invoice_line_match")["price_variance"] == 0

    def test_an_order_line_that_is_billed_already_gets_nothing_of_it(self, matched: Match) -> None:
        bills = [inv("INV0", line_amount_net="100"), self.whole("100")]
        matches = matched(list(self.orders), list(self.goods), bills)
        assert rows(matches, "order_line_match", "invoiced_quantity", "invoiced_amount") == [(10, 100), (5, 100)]

    def test_more_than_the_order_is_price(self, matched: Match) -> None:
        line = one(matched(list(self.orders), list(self.goods), [self.whole("230")]), "invoice_line_match")
        assert (line["quantity_variance"], line["price_variance"]) == (0, 30)

    def test_more_than_the_goods_but_within_the_order_is_quantity(self, matched: Match) -> None:
        line = one(matched(list(self.orders), [gr()], [self.whole("200")]), "invoice_line_match")
        assert (line["quantity_variance"], line["price_variance"]) == (100, 0)

    def test_bills_follow_one_another_and_their_pieces_add_up(self, matched: Match) -> None:
        bills = [self.whole("66.67"), self.whole("133.33", "INV2", invoice_date="2026-10-13")]
        matches = matched(list(self.orders), list(self.goods), bills)
        amounts = matches.tables["allocation"].group_by("invoice_number").agg(pl.col("amount").sum()).sort("invoice_number").collect().rows()
        assert amounts == [("INV1", D("66.67")), ("INV2", D("133.33"))]
        assert rows(matches, "order_line_match", "invoiced_quantity") == [(10,), (5,)]


class TestWithoutOrder:
    def test_goods_and_bill_meet_on_the_goods(self, matched: Match) -> None:
        goods = gr(po_number=None, po_line_no=None)
        bill = inv(po_number=None, po_line_no=None, receipt_number="GR1", receipt_line_no="1", quantity="12", line_amount_net="120")
        matches = matched([], [goods], [bill])
        line = one(matches, "invoice_line_match")
        assert (line["has_order_link"], line["billable_quantity"], line["excess_quantity"], line["price_variance"]) == (False, 10, 2, None)
        assert rows(matches, "allocation", "fulfilment_number", "invoice_number", "quantity") == [("GR1", "INV1", 10), (None, "INV1", 2)]
        assert not rows(matches, "order_line_match", "order_number")

    def test_a_bill_that_names_nothing_is_suggested_where_one_open_order_has_its_amount(self, matched: Match) -> None:
        bill = inv(po_number=None, po_line_no=None)
        assert one(matched([po()], [], [bill]), "invoice_line_match")["link_certainty"] == "suggested"
        assert one(matched([po(), po("2")], [], [bill]), "invoice_line_match")["link_certainty"] == "ambiguous"
        assert one(matched([po(unit_price_net="10.01")], [], [bill]), "invoice_line_match")["link_certainty"] == "none"


class TestReturnsAndCredits:
    def test_more_returned_than_received_is_shown_and_not_lost(self, matched: Match) -> None:
        back = gr("RT1", receipt_kind="return", quantity="-13", receipt_date="2026-10-08")
        matches = matched([po()], [gr(), back], [])
        assert one(matches, "order_line_match")["fulfilled_quantity"] == -3
        assert rows(matches, "allocation", "fulfilment_number", "quantity", "amount") == [("RT1", -3, -30)]

    def test_a_credit_without_origin_takes_the_bill_of_its_size_else_the_newest(self, matched: Match) -> None:
        bills = [inv(quantity="4", line_amount_net="40"), inv("INV2", quantity="6", line_amount_net="60", invoice_date="2026-10-13")]
        for size, left in (("-4", {"INV2": 6}), ("-5", {"INV1": 4, "INV2": 1})):
            credit = inv("CN1", invoice_kind="credit", quantity=size, line_amount_net=str(int(size) * 10), invoice_date="2026-10-20")
            matches = matched([po()], [gr()], [*bills, credit])
            carried = {number: quantity for number, quantity in rows(matches, "allocation", "invoice_number", "quantity") if number}
            assert carried == left

    def test_a_credit_beyond_all_bills_is_shown_and_not_lost(self, matched: Match) -> None:
        credit = inv("CN1", invoice_kind="credit", quantity="-3", line_amount_net="-30")
        matches = matched([po()], [], [credit])
        assert one(matches, "order_line_match")["invoiced_quantity"] == -3
        assert rows(matches, "allocation", "invoice_number", "quantity", "amount") == [("CN1", -3, -30)]

    def test_rejected_goods_go_back_first(self, matched: Match) -> None:
        goods = gr(quantity_accepted="8", quantity_rejected="2")
        for back, accepted in (("-2", 8), ("-3", 7)):
            returned = gr("RT1", receipt_kind="return", quantity=back, receipt_date="2026-10-08")
            matches = matched([po(match_level="4way")], [goods, returned], [inv()])
            assert one(matches, "order_line_match")["accepted_quantity"] == accepted
            assert one(matches, "invoice_line_match")["billable_quantity"] == accepted

    def test_goods_not_inspected_yet_leave_a_four_way_line_undecided(self, matched: Match) -> None:
        matches = matched([po(match_level="4way")], [gr()], [inv()])
        assert one(matches, "order_line_match")["accepted_quantity"] is None
        assert one(matches, "invoice_line_match")["billable_quantity"] is None

    def test_transit_loss_that_was_declared_counts_as_delivered(self, matched: Match) -> None:
        matches = matched([po()], [gr(quantity="8", quantity_declared_loss="2")], [inv()])
        assert one(matches, "order_line_match")["fulfilled_quantity"] == 10
        assert one(matches, "invoice_line_match")["excess_quantity"] == 0

    @pytest.mark.parametrize("named", [True, False])
    def test_a_reversal_takes_its_document_with_it(self, matched: Match, named: bool) -> None:
        origin = {"origin_receipt_number": "GR1", "origin_receipt_line_no": "1"} if named else {}
        reversal = gr("GR2", receipt_kind="reversal", quantity="-10", receipt_date="2026-10-06", **origin)
        matches = matched([po()], [gr(), reversal, gr("GR3", receipt_date="2026-10-07")], [])
        reasons = dict(rows(matches, "fulfilment_line_match", "fulfilment_number", "exclusion_reason"))
        assert reasons == {"GR1": "netted with its reversal", "GR2": "netted with its reversal", "GR3": None}

    def test_a_reversal_of_a_part_stays(self, matched: Match) -> None:
        reversal = gr(
            "GR2", receipt_kind="reversal", quantity="-4", receipt_date="2026-10-06", origin_receipt_number="GR1", origin_receipt_line_no="1"
        )
        matches = matched([po()], [gr(), reversal], [])
        line = one(matches, "order_line_match")
        assert (line["fulfilled_quantity"], line["returned_quantity"], line["fulfilled_not_invoiced_quantity"]) == (6, 0, 6)


class TestCap:
    def test_goods_named_go_before_the_date(self, matched: Match) -> None:
        early = inv(quantity="10")
        late = inv("INV2", receipt_number="GR1", receipt_line_no="1", invoice_date="2026-10-20")
        matches = matched([po(quantity="30")], [gr()], [early, late])
        assert dict(rows(matches, "invoice_line_match", "invoice_number", "excess_quantity")) == {"INV1": 10, "INV2": 0}

    def test_a_service_needs_no_receipt_unless_somebody_says_so(self, matched: Match) -> None:
        service = po(po_type="service")
        assert one(matched([service], [], [inv()]), "invoice_line_match")["billable_quantity"] == 10
        assert one(matched([service], [], [inv()], [{"match_level": "3way"}]), "invoice_line_match")["billable_quantity"] == 0

    def test_the_latest_version_is_in_force(self, matched: Match) -> None:
        versions = [po(po_version="1"), po(po_version="2", quantity="12")]
        assert rows(matched(versions, [], []), "order_line_match", "ordered_quantity") == [(12,)]


def test_layers_are_aged_by_posting_date_and_stand_at_their_own_cost(matched: Match) -> None:
    goods = gr(quantity="8", unit_cost_net="9.50", posting_date="2026-10-09")
    layer = one(matched([po()], [goods], []), "open_layer", kind="fulfilled_not_invoiced")
    assert (layer["age_days"], layer["age_bucket"], layer["amount"]) == (22, "0-30", 76)
    old = one(matched([po()], [gr(receipt_date="2025-10-30")], []), "open_layer", kind="fulfilled_not_invoiced")
    assert (old["age_days"], old["age_bucket"]) == (366, "over 365")


def test_what_is_paid_reaches_the_order_line(matched: Match) -> None:
    payment = [{"payment_number": "P1", "payment_date": "2026-10-20", "supplier_id": "S1", "amount": "113", "currency": "CNY"}]
    applied = [{"payment_number": "P1", "invoice_number": "INV1", "supplier_id": "S1", "amount_applied": "113"}]
    bill = inv(line_tax_amount="13", line_amount_gross="113")
    matches = matched([po()], [gr()], [bill], supplier_payment=payment, supplier_payment_allocation=applied)
    line = one(matches, "order_line_match")
    assert (line["paid_amount"], line["billed_gross_amount"]) == (113, 113)
    assert one(matches, "invoice_line_match")["paid_amount_status"] == "full"
    assert one(matches, "invoice_match")["open_amount"] == 0
    second = inv("INV2", quantity="2", line_amount_net="20", line_tax_amount="2.6", line_amount_gross="22.6")
    matches = matched([po()], [gr()], [bill, second], supplier_payment=payment, supplier_payment_allocation=applied)
    line = one(matches, "order_line_match")
    assert (line["paid_amount"], line["billed_gross_amount"]) == (113, D("135.6"))  # what is not paid was billed as well
    assert rows(matches, "invoice_line_match", "invoice_number", "paid_amount_status") == [("INV1", "full"), ("INV2", "none")]


@pytest.mark.parametrize(("applied", "discount", "told"), [("60", None, "part"), ("110.74", "2.26", "full"), ("113", None, "full")])
def test_how_far_an_invoice_is_paid_counts_the_discount(matched: Match, applied: str, discount: str | None, told: str) -> None:
    payment = [{"payment_number": "P1", "payment_date": "2026-10-20", "supplier_id": "S1", "amount": applied, "currency": "CNY"}]
    parts = [{"payment_number": "P1", "invoice_number": "INV1", "supplier_id": "S1", "amount_applied": applied, "discount_taken": discount}]
    bill = inv(line_tax_amount="13", line_amount_gross="113")
    lines = [
        bill,
        inv("INV9", line_amount_gross="113", is_cancelled="true"),
        inv(invoice_line_no="2", quantity="0", line_amount_net="0", line_amount_gross="0"),
    ]
    matches = matched([po()], [gr()], lines, supplier_payment=payment, supplier_payment_allocation=parts)
    assert rows(matches, "invoice_line_match", "paid_amount_status", invoice_number="INV1") == [(told,), (told,)]
    assert rows(matches, "invoice_line_match", "paid_amount_status", invoice_number="INV9") == [(None,)]
    assert one(matched([po()], [gr()], [bill]), "invoice_line_match")["paid_amount_status"] is None


def test_the_agreed_price_is_the_one_in_force_on_the_order_date(matched: Match) -> None:
    prices = [
        {"party_id": "S1", "item_id": "I1", "currency": "CNY", "valid_from": "2026-01-01", "valid_to": "2026-09-30", "unit_price_net": "8"},
        {"party_id": "S1", "item_id": "I1", "currency": "CNY", "valid_from": "2026-10-01", "unit_price_net": "9"},
        {"party_id": "S1", "item_id": "I1", "currency": "CNY", "valid_from": "2026-10-01", "min_quantity": "11", "unit_price_net": "7"},
    ]
    assert one(matched([po()], [], [], price_list_line=prices), "order_line_match")["agreed_unit_price"] == 9
    assert one(matched([po(quantity="11")], [], [], price_list_line=prices), "order_line_match")["agreed_unit_price"] == 7
    assert (
        one(matched([po()], [], [], price_list_line=[*prices, prices[1] | {"unit_price_net": "6"}]), "order_line_match")["agreed_unit_price"] is None
    )


@pytest.mark.parametrize(
    ("policy", "bills", "price", "day"),
    [
        ("order_date", [inv()], 8, "2026-10-01"),
        ("promised_date", [inv()], 9, "2026-10-04"),
        ("delivery_date", [inv()], 7, "2026-10-05"),
        ("invoice_date", [inv()], 6, "2026-10-12"),
        ("invoice_date", [], None, None),
    ],
)
def test_a_price_is_looked_up_on_the_day_of_the_policy(
    accepted_of: Callable[..., Any], engagement_of: Callable[..., Any], policy: str, bills: list[Any], price: int | None, day: str | None
) -> None:
    agreed = {"party_id": "S1", "item_id": "I1", "currency": "CNY"}
    days = (("2026-10-01", "2026-10-03", "8"), ("2026-10-04", "2026-10-04", "9"), ("2026-10-05", "2026-10-11", "7"), ("2026-10-12", None, "6"))
    prices = [agreed | {"valid_from": first, "valid_to": last, "unit_price_net": net} for first, last, net in days]
    other = po("2", item_id="I2")
    given = {
        "purchase_order_line": [po(promised_date=None, need_by_date="2026-10-04"), other],
        "goods_receipt_line": [gr()],
        "supplier_invoice_line": bills,
        "price_list_line": [*prices, prices[0] | {"item_id": "I2"}],
    }
    overrides = [{"control": "PRC-03", "set": {"pricing_date_policy": policy}, "where": {"item_id": "I1"}, "why": "priced on that day"}]
    for terms in (
        engagement_of(parameters=overrides),
        engagement_of().model_copy(update={"allowances": {"pricing_date_policy": policy}}),
    ):
        matches = match_bucket(accepted_of(given), terms, ())
        line = one(matches, "order_line_match", order_line_no="1")
        assert (line["agreed_unit_price"], str(line["pricing_date"] or "") or None) == (price, day)
        assert line["has_price_agreement"] is True
    unnamed = match(accepted_of(given | {"purchase_order_line": [po("3", item_id=None), po("4", item_id=None, currency="USD")]}), engagement_of())
    lines = [one(unnamed, "order_line_match", order_line_no=number) for number in "34"]
    # whether a line without an item is about one that has a price nobody can tell, unless nothing is agreed in its currency
    assert [(line["has_price_agreement"], line["agreed_unit_price"]) for line in lines] == [(True, None), (False, None)]
    by_party = overrides[0] | {"where": {"group_id": "G1"}}
    given["supplier"] = [{"party_id": "S1", "party_name": "One", "group_id": "G1"}]
    line = one(match_bucket(accepted_of(given), engagement_of(parameters=[by_party]), ()), "order_line_match", order_line_no="1")
    assert line["agreed_unit_price"] == price
