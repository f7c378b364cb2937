"""The roll-forward adds up, equals the open layers, and opens with what an earlier run closed with."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recon.match import ledger, match_bucket, owned, rolled
from recon.match.roll_forwards import KEY

_SETTINGS = settings(
    max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
D = Decimal
WANTED = ("roll_forward",)
World = dict[str, list[dict[str, Any]]]
FIRST = date(2026, 9, 1)
DAYS = st.integers(0, 59).map(lambda days: (FIRST + timedelta(days)).isoformat())


@st.composite
def worlds(draw: st.DrawFn, *, plain: bool) -> World:
    """Order lines of two suppliers with receipts, bills in two currencies and payments that name them; `plain` has no returns, no credits and no bill paid ahead.

    Of cash for a bill that is not there yet the day before can only see that another open bill has the same amount.
    """
    orders, goods, bills, paid, applied = [], [], [], [], []
    for line in range(1, draw(st.integers(1, 4)) + 1):
        usd = draw(st.booleans())
        shared = {"po_number": "PO1", "po_line_no": str(line), "item_id": "I1", "supplier_id": f"S{line % 2}", "uom": "EA"}
        money = {"currency": "USD", "fx_rate": "7.1234567"} if usd else {"currency": "CNY"}
        kind = draw(st.sampled_from(["standard", "standard", "consignment"]))
        orders.append(shared | money | {"po_date": "2026-08-01", "quantity": "30", "unit_price_net": "7.77", "po_type": kind})
        for i in range(draw(st.integers(0, 4))):
            goods.append(
                shared
                | {"receipt_number": f"GR{line}-{i}", "receipt_line_no": "1", "receipt_date": draw(DAYS), "quantity": str(draw(st.integers(1, 9)))}
            )
            if not plain and draw(st.booleans()):
                back = {
                    "receipt_number": f"RT{line}-{i}",
                    "quantity": str(-draw(st.integers(1, 5))),
                    "receipt_kind": "return",
                    "receipt_date": draw(DAYS),
                }
                goods.append(goods[-1] | back)
        for i in range(draw(st.integers(0, 4))):
            size = draw(st.integers(1, 9))
            number, net = f"INV{line}-{i}", D("7.77") * size
            day = draw(DAYS)
            bill = (
                shared
                | money
                | {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "quantity": str(size), "unit_price_net": "7.77"}
            )
            bills.append(bill | {"invoice_kind": "invoice", "line_amount_net": str(net), "line_amount_gross": str(net)})
            if not plain and draw(st.integers(0, 3)) == 0:
                less = {"invoice_number": f"CN{line}-{i}", "invoice_kind": "credit", "quantity": "-1", "invoice_date": draw(DAYS)}
                bills.append(bills[-1] | less | {"line_amount_net": "-7.77", "line_amount_gross": "-7.77"})
            if draw(st.booleans()):
                amount, share = net + draw(st.sampled_from([0, 5])), draw(st.sampled_from([net, net - 1]))
                paid_on = max(day, draw(DAYS)) if plain else draw(DAYS)
                payment = {"payment_number": f"P{line}-{i}", "payment_date": paid_on, "amount": str(amount), "supplier_id": shared["supplier_id"]}
                paid.append(payment | {"payment_kind": "payment"} | money)
                applied.append(
                    {
                        "payment_number": payment["payment_number"],
                        "invoice_number": number,
                        "supplier_id": shared["supplier_id"],
                        "amount_applied": str(share),
                    }
                )
    return {"purchase_order_line": orders, "goods_receipt_line": goods, "supplier_invoice_line": bills, "supplier_payment": paid, "supplier_payment_allocation": applied}  # fmt: skip


def on_day(world: World, day: str) -> World:
    """What had happened by the day; allocations come with their payments."""
    dated = {"goods_receipt_line": "receipt_date", "supplier_invoice_line": "invoice_date", "supplier_payment": "payment_date"}
    known = {name: [row for row in rows if name not in dated or row[dated[name]] <= day] for name, rows in world.items()}
    numbers = {row["payment_number"] for row in known["supplier_payment"]}
    there = {row["invoice_number"] for row in known["supplier_invoice_line"]}
    known["supplier_payment_allocation"] = [
        row for row in known["supplier_payment_allocation"] if row["payment_number"] in numbers and row["invoice_number"] in there
    ]
    return known


def figures(rows: pl.DataFrame, name: str) -> dict[tuple[str, ...], tuple[Decimal | None, ...]]:
    """Amounts by key in document and company currency, rows of nothing left out."""
    told = rows.select(*KEY, name, f"{name}_base").filter((pl.col(name) != 0) | (pl.col(f"{name}_base") != 0))
    return {row[:5]: tuple(figure and figure.normalize() for figure in row[5:]) for row in told.rows()}


@_SETTINGS
@given(world=worlds(plain=False), since=DAYS)
def test_it_adds_up_and_closes_with_the_open_layers(world, since, accepted_of, engagement_of):
    found = match_bucket(accepted_of(world), engagement_of(period={"from": since, "to": "2026-10-31"}), WANTED)
    rows = rolled(found.tables["roll_forward"].collect())
    layers = owned(found.tables["open_layer"]).collect().group_by(KEY).agg(pl.col("amount", "amount_base").sum(), count=pl.len().cast(pl.Int64))
    assert figures(rows, "closing_amount") == figures(layers, "amount")
    counted = [*KEY, "item_count"]
    assert (
        rows.filter(pl.col("item_count") > 0).select(counted).sort(KEY).rows()
        == layers.rename({"count": "item_count"}).select(counted).sort(KEY).rows()
    )
    for base in ("", "_base"):
        opening, added, cleared, closing = (rows[f"{name}_amount{base}"] for name in ("opening", "added", "cleared", "closing"))
        assert (opening + added - cleared).to_list() == closing.to_list()


@_SETTINGS
@given(world=worlds(plain=False), since=DAYS)
def test_documents_of_the_period_are_added_whole(world, since, accepted_of, engagement_of):
    found = match_bucket(accepted_of(world), engagement_of(period={"from": since, "to": "2026-10-31"}), WANTED)
    rows = found.tables["roll_forward"].collect()
    billed = sum((D(row["line_amount_gross"]) for row in world["supplier_invoice_line"] if row["invoice_date"] >= since), D(0))
    paid = sum((D(row["amount"]) for row in world["supplier_payment"] if row["payment_date"] >= since), D(0))
    ours = {row["po_line_no"] for row in world["purchase_order_line"] if row["po_type"] != "consignment"}
    goods = [row for row in world["goods_receipt_line"] if row["receipt_date"] >= since and row["po_line_no"] in ours]
    came = sum((D(row["quantity"]) * D("7.77") for row in goods if int(row["quantity"]) > 0), D(0))
    added = dict(rows.group_by("kind").agg(pl.col("added_amount").sum()).rows())
    assert added.get("open_payable", D(0)) == billed
    assert added.get("unapplied_cash", D(0)) == paid
    assert added.get("fulfilled_not_invoiced", D(0)) == came


@_SETTINGS
@given(world=worlds(plain=True), since=DAYS)
def test_it_opens_with_what_a_run_of_the_day_before_closes_with(world, since, accepted_of, engagement_of):
    eve = (date.fromisoformat(since) - timedelta(1)).isoformat()
    now = match_bucket(accepted_of(world), engagement_of(period={"from": since, "to": "2026-10-31"}), WANTED).tables["roll_forward"].collect()
    terms = engagement_of(as_of=eve, period={"from": "2026-08-01", "to": eve})
    then = match_bucket(accepted_of(on_day(world, eve)), terms, WANTED).tables["roll_forward"].collect()
    assert figures(now, "opening_amount") == figures(then, "closing_amount")


def of_kind(rows, kind):
    names = ("opening", "added", "cleared", "closing", "returned", "discount", "write_off")
    found = rows.filter(pl.col("kind") == kind)
    return [tuple(int(row[f"{name}_amount"]) for name in names) for row in found.to_dicts()]


def test_figures_of_one_supplier(accepted_of, engagement_of):
    line = {"po_number": "PO1", "po_line_no": "1", "item_id": "I1", "supplier_id": "S1", "uom": "EA", "currency": "CNY"}
    goods = [("GR1", "2026-09-20", "10"), ("GR2", "2026-10-05", "20"), ("GR3", "2026-10-25", "3")]
    bills = [("INV1", "2026-10-02", "10"), ("INV2", "2026-10-03", "12")]
    world = {
        "purchase_order_line": [line | {"po_date": "2026-09-01", "quantity": "40", "unit_price_net": "10"}],
        "goods_receipt_line": [line | {"receipt_number": n, "receipt_line_no": "1", "receipt_date": d, "quantity": q} for n, d, q in goods]
        + [line | {"receipt_number": "RT1", "receipt_line_no": "1", "receipt_date": "2026-10-20", "quantity": "-5", "receipt_kind": "return",
                   "origin_receipt_number": "GR2", "origin_receipt_line_no": "1"}],
        "supplier_invoice_line": [
            line | {"invoice_number": n, "invoice_line_no": "1", "invoice_date": d, "quantity": q, "unit_price_net": "10",
                    "line_amount_net": f"{q}0", "line_amount_gross": f"{q}0", "invoice_kind": "invoice"} for n, d, q in bills
        ],
        "supplier_payment": [{"payment_number": "P1", "payment_date": "2026-10-01", "supplier_id": "S1", "amount": "98", "currency": "CNY", "payment_kind": "payment"}],
        "supplier_payment_allocation": [{"payment_number": "P1", "invoice_number": "INV1", "supplier_id": "S1", "amount_applied": "98", "discount_taken": "2"}],
    }  # fmt: skip
    rows = match_bucket(accepted_of(world), engagement_of(), WANTED).tables["roll_forward"].collect()
    # 10 were there; 20 + 3 came; 10 and 12 were billed, 5 went back
    assert of_kind(rows, "fulfilled_not_invoiced") == [(100, 230, 270, 60, 50, 0, 0)]
    # the second bill was two days ahead of its goods
    assert of_kind(rows, "invoiced_not_fulfilled") == [(0, 220, 220, 0, 0, 0, 0)]
    assert of_kind(rows, "open_payable") == [(0, 220, 100, 120, 0, 2, 0)]
    # paid a day before the invoice was dated
    assert of_kind(rows, "unapplied_cash") == [(0, 98, 98, 0, 0, 0, 0)]


def test_goods_on_consignment_are_nobodys_claim_and_their_bills_are(accepted_of, engagement_of):
    shared = {"po_number": "PO1", "item_id": "I1", "supplier_id": "S1", "uom": "EA", "currency": "CNY"}
    kinds = {"1": "standard", "2": "consignment"}
    world = {
        "purchase_order_line": [
            shared | {"po_line_no": n, "po_date": "2026-09-01", "quantity": "40", "unit_price_net": "10", "po_type": kind} for n, kind in kinds.items()
        ],
        "goods_receipt_line": [
            shared | {"po_line_no": n, "receipt_number": f"GR{n}", "receipt_line_no": "1", "receipt_date": "2026-10-05", "quantity": "20"} for n in kinds
        ],
        "supplier_invoice_line": [
            shared | {"po_line_no": n, "invoice_number": f"INV{n}", "invoice_line_no": "1", "invoice_date": "2026-10-12", "quantity": "5",
                      "unit_price_net": "10", "line_amount_net": "50", "line_amount_gross": "50", "invoice_kind": "invoice"} for n in kinds
        ],
        "gl_balance": [{"account": "2202", "account_role": "gr_ir", "as_of_date": "2026-10-31", "balance": "-150", "currency": "CNY"}],
    }  # fmt: skip
    accepted, terms = accepted_of(world), engagement_of()
    tables = match_bucket(accepted, terms, WANTED).tables
    rows = tables["roll_forward"].collect()
    assert of_kind(rows, "fulfilled_not_invoiced") == [(0, 200, 50, 150, 0, 0, 0)]
    assert of_kind(rows, "open_payable") == [(0, 100, 0, 100, 0, 0, 0)]
    assert tables["open_layer"].filter(pl.col("kind") == "fulfilled_not_invoiced").collect()["amount"].to_list() == [150, 150]
    assert owned(tables["open_layer"]).filter(pl.col("kind") == "fulfilled_not_invoiced").collect()["order_line_no"].to_list() == ["1"]
    assert ledger(accepted, tables["open_layer"], terms)["difference"].to_list() == [0]
