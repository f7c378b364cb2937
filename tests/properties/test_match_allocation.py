"""Laws of matching on small random companies: nothing is lost, nothing depends on order, what is undone leaves no trace."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.domain.measures import schema
from recon.match import match, match_bucket

if TYPE_CHECKING:
    import random

    from recon.domain.workpapers import Matches

_SETTINGS = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
_TABLES = ("order_line_match", "fulfilment_line_match", "invoice_line_match", "allocation", "open_layer")
World = dict[str, list[dict[str, Any]]]


@st.composite
def worlds(draw: st.DrawFn, *, plain: bool = False) -> World:
    """Up to five order lines with receipts, returns, bills, credits and value adjustments; `plain` leaves out what reduces."""
    orders, goods, bills = [], [], []
    day = st.integers(1, 28)
    for line in range(1, draw(st.integers(1, 5)) + 1):
        reference = {"po_number": "PO1", "po_line_no": str(line), "item_id": "I1", "supplier_id": "S1", "uom": "EA"}
        price = draw(st.sampled_from(["10", "0.333", "7.77"]))
        orders.append(reference | {"po_date": "2026-09-01", "quantity": str(draw(st.integers(1, 20))), "unit_price_net": price, "currency": "CNY"})
        for i in range(draw(st.integers(0, 4))):
            size = draw(st.integers(1, 9))
            number = f"GR{line}-{i}"
            goods.append(
                reference | {"receipt_number": number, "receipt_line_no": "1", "receipt_date": f"2026-10-{draw(day):02}", "quantity": str(size)}
            )
            if not plain and draw(st.integers(0, 3)) == 0:
                back = {
                    "receipt_number": f"RT{line}-{i}",
                    "quantity": str(-draw(st.integers(1, 4))),
                    "receipt_kind": "return",
                    "receipt_date": "2026-10-29",
                }
                named = {"origin_receipt_number": number, "origin_receipt_line_no": "1"} if draw(st.booleans()) else {}
                goods.append(goods[-1] | back | named)
        for i in range(draw(st.integers(0, 4))):
            size, paid = draw(st.integers(1, 9)), draw(st.sampled_from([price, "8.01"]))
            net = (Decimal(paid) * size).quantize(Decimal("0.01"))
            bill = reference | {
                "invoice_number": f"INV{line}-{i}",
                "invoice_line_no": "1",
                "invoice_date": f"2026-10-{draw(day):02}",
                "currency": "CNY",
            }
            bill |= {"quantity": str(size), "unit_price_net": paid, "line_amount_net": str(net), "invoice_kind": "invoice"}
            mine = [g["receipt_number"] for g in goods if g["po_line_no"] == str(line) and int(g["quantity"]) > 0]
            if mine and draw(st.integers(0, 2)) == 0:
                bill |= {"receipt_number": draw(st.sampled_from(mine)), "receipt_line_no": "1"}
            bills.append(bill)
            if not plain and draw(st.integers(0, 3)) == 0:
                taken = draw(st.integers(1, 3))
                credit = {"invoice_number": f"CN{line}-{i}", "invoice_kind": "credit", "quantity": str(-taken), "invoice_date": "2026-10-29"}
                credit |= {"line_amount_net": str(-taken * Decimal(paid)), "receipt_number": None, "receipt_line_no": None}
                named = {"origin_invoice_number": bill["invoice_number"], "origin_invoice_line_no": "1"} if draw(st.booleans()) else {}
                bills.append(bill | credit | named)
    return {"purchase_order_line": orders, "goods_receipt_line": goods, "supplier_invoice_line": bills}


def tables(matches: Matches) -> dict[str, pl.DataFrame]:
    return {name: matches.tables[name].drop("source_row", "source_file", strict=False).collect() for name in _TABLES}


@given(worlds())
@settings(_SETTINGS, max_examples=3)
def test_every_measured_table_is_made_of_any_company_in_its_own_columns(accepted_of: Any, engagement_of: Any, world: World) -> None:
    """The other tests ask for the tables that they look at; here all are worked out, of both sides of the business."""
    both = {name: rows for side in (world, mirror(world)) for name, rows in side.items()}
    made = match(accepted_of(both), engagement_of()).tables
    found = dict(zip(made, pl.collect_all(list(made.values())), strict=True))
    assert {name: dict(table.schema) for name, table in found.items()} == {name: schema(name) for name in found}
    assert len(found) > 60  # what needs a table that nobody gave is not made at all


@given(worlds(), st.sampled_from(["fifo", "lifo", "exact_first", "pro_rata", "specified_only"]))
@_SETTINGS
def test_allocations_and_open_ends_add_up_to_the_documents(accepted_of: Any, engagement_of: Any, world: World, consumption: str) -> None:
    policies = [{"set": {"consumption": consumption}, "why": "test"}]
    found = tables(match_bucket(accepted_of(world), engagement_of(policies=policies), ()))
    parts = found["allocation"]
    received = parts.filter(pl.col("fulfilment_number").is_not_null()).group_by("order_line_no").agg(q=pl.col("quantity").sum())
    billed = parts.filter(pl.col("invoice_number").is_not_null()).group_by("order_line_no").agg(q=pl.col("quantity").sum(), a=pl.col("amount").sum())
    received_by, billed_by = dict(received.iter_rows()), {line: q for line, q, _ in billed.iter_rows()}
    for order in found["order_line_match"].iter_rows(named=True):
        assert received_by.get(order["order_line_no"], 0) == order["fulfilled_quantity"]
        assert billed_by.get(order["order_line_no"], 0) == order["invoiced_quantity"]
        stands = sum(Decimal(g["quantity"]) for g in world["goods_receipt_line"] if g["po_line_no"] == order["order_line_no"])
        assert order["fulfilled_quantity"] == stands
    carried = parts.filter(pl.col("fulfilment_number").is_not_null() & pl.col("invoice_number").is_not_null())
    assert (carried["quantity"] > 0).all()


@given(worlds(), st.randoms(use_true_random=False))
@_SETTINGS
def test_the_order_of_rows_changes_nothing(accepted_of: Any, engagement_of: Any, world: World, shuffle: random.Random) -> None:
    mixed = {name: shuffle.sample(rows, len(rows)) for name, rows in world.items()}
    first, second = (tables(match_bucket(accepted_of(w), engagement_of(), ())) for w in (world, mixed))
    for name in _TABLES:
        assert first[name].equals(second[name], null_equal=True), name


@given(worlds(), st.integers(1, 9), st.booleans())
@_SETTINGS
def test_a_document_and_its_reversal_leave_no_trace(accepted_of: Any, engagement_of: Any, world: World, size: int, named: bool) -> None:
    order = world["purchase_order_line"][0]
    reference = {name: order[name] for name in ("po_number", "po_line_no", "item_id", "supplier_id", "uom")}
    goods = reference | {"receipt_number": "X1", "receipt_line_no": "1", "receipt_date": "2026-10-15", "quantity": str(size)}
    bill = reference | {"invoice_number": "X1", "invoice_line_no": "1", "invoice_date": "2026-10-15", "quantity": str(size), "currency": "CNY"}
    bill |= {"unit_price_net": "3", "line_amount_net": str(3 * size)}
    no_goods = goods | {"receipt_number": "X2", "quantity": str(-size), "receipt_kind": "reversal"}
    no_bill = bill | {"invoice_number": "X2", "quantity": str(-size), "line_amount_net": str(-3 * size), "invoice_kind": "reversal"}
    if named:
        no_goods |= {"origin_receipt_number": "X1", "origin_receipt_line_no": "1"}
        no_bill |= {"origin_invoice_number": "X1", "origin_invoice_line_no": "1"}
    more = {
        "purchase_order_line": world["purchase_order_line"],
        "goods_receipt_line": [*world["goods_receipt_line"], goods, no_goods],
        "supplier_invoice_line": [*world["supplier_invoice_line"], bill, no_bill],
    }
    before, after = (tables(match_bucket(accepted_of(w), engagement_of(), ())) for w in (world, more))
    undone = {"fulfilment_line_match": "fulfilment_number", "invoice_line_match": "invoice_number"}
    for name in _TABLES:
        seen = after[name].filter(~pl.col(undone[name]).is_in(["X1", "X2"])) if name in undone else after[name]
        assert before[name].equals(seen, null_equal=True), name


_MIRROR = {
    "purchase_order_line": "sales_order_line", "goods_receipt_line": "shipment_line", "supplier_invoice_line": "customer_invoice_line",
    "po_number": "so_number", "po_line_no": "so_line_no", "po_date": "so_date", "supplier_id": "customer_id", "receipt_number": "shipment_number",
    "receipt_line_no": "shipment_line_no", "receipt_date": "shipment_date", "receipt_kind": "shipment_kind",
    "origin_receipt_number": "origin_shipment_number", "origin_receipt_line_no": "origin_shipment_line_no",
}  # fmt: skip


def mirror(world: World) -> World:
    """The same documents as sales."""
    return {_MIRROR[name]: [{_MIRROR.get(k, k): v for k, v in row.items()} for row in rows] for name, rows in world.items()}


@given(worlds())
@_SETTINGS
def test_sales_give_the_mirrored_answer(accepted_of: Any, engagement_of: Any, world: World) -> None:
    bought, sold = (tables(match_bucket(accepted_of(w), engagement_of(), ())) for w in (world, mirror(world)))
    spoken = ["cycle", "document_type", "kind"]
    for name in _TABLES:
        left, right = (side[name].drop(spoken, strict=False) for side in (bought, sold))
        assert left.equals(right, null_equal=True), name


@given(worlds(plain=True))
@_SETTINGS
def test_first_in_first_out_as_counted_by_hand(accepted_of: Any, engagement_of: Any, world: World) -> None:
    """Against a loop that moves one unit after the other: goods named first, then goods and bills by date and number."""
    expected: dict[tuple[str, str, str], int] = defaultdict(int)
    for order in world["purchase_order_line"]:
        line = order["po_line_no"]
        goods = sorted((g for g in world["goods_receipt_line"] if g["po_line_no"] == line), key=lambda g: (g["receipt_date"], g["receipt_number"]))
        bills = sorted((b for b in world["supplier_invoice_line"] if b["po_line_no"] == line), key=lambda b: (b["invoice_date"], b["invoice_number"]))
        left = {g["receipt_number"]: int(g["quantity"]) for g in goods}
        asked = {b["invoice_number"]: int(b["quantity"]) for b in bills}
        for only_named in (True, False):
            for bill in bills:
                wanted = [bill["receipt_number"]] if only_named and bill.get("receipt_number") else ([] if only_named else list(left))
                for number in wanted:
                    while left[number] and asked[bill["invoice_number"]]:
                        left[number] -= 1
                        asked[bill["invoice_number"]] -= 1
                        expected[line, number, bill["invoice_number"]] += 1
    made = match_bucket(accepted_of(world), engagement_of(), ()).tables["allocation"]
    allocation = made.drop_nulls("fulfilment_number").drop_nulls("invoice_number").collect()
    found = {(r["order_line_no"], r["fulfilment_number"], r["invoice_number"]): r["quantity"] for r in allocation.iter_rows(named=True)}
    assert found == dict(expected)
