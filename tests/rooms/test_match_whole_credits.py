"""Credit notes that name an invoice and none of its lines: every line of the invoice bears its share, to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from recon.match import match_bucket

if TYPE_CHECKING:
    from collections.abc import Callable

D = Decimal


def po(line: str, price: str, **over: Any) -> dict[str, Any]:
    plain = {"po_number": "PO1", "po_line_no": line, "po_date": "2026-10-01", "supplier_id": "S1", "item_id": f"I{line}", "quantity": "10"}
    return plain | {"uom": "EA", "unit_price_net": price, "currency": "CNY"} | over


def gr(line: str) -> dict[str, Any]:
    named = {"receipt_number": "GR1", "receipt_line_no": line, "receipt_date": "2026-10-05", "po_number": "PO1", "po_line_no": line}
    return named | {"supplier_id": "S1", "item_id": f"I{line}", "quantity": "10", "uom": "EA"}


def inv(line: str, price: str, **over: Any) -> dict[str, Any]:
    plain = {"invoice_number": "INV1", "invoice_line_no": line, "invoice_date": "2026-10-12", "supplier_id": "S1", "item_id": f"I{line}"}
    plain |= {"currency": "CNY", "po_number": "PO1", "po_line_no": line, "quantity": "10", "uom": "EA", "unit_price_net": price}
    return plain | {"line_amount_net": str(D(price) * 10)} | over


def note(amount: str, number: str = "CN1", **over: Any) -> dict[str, Any]:
    plain = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-10-20", "supplier_id": "S1", "invoice_kind": "credit"}
    return plain | {"currency": "CNY", "line_amount_net": amount, "origin_invoice_number": "INV1"} | over


PRICES = ("1", "1", "1")
ORDERS = [po(str(i), price) for i, price in enumerate(PRICES, 1)]
GOODS = [gr(str(i)) for i in range(1, 4)]
BILLS = [inv(str(i), price) for i, price in enumerate(PRICES, 1)]


@pytest.fixture
def billed(accepted_of: Callable[..., Any], engagement_of: Callable[..., Any]) -> Callable[..., dict[str, pl.DataFrame]]:
    def run(bills: list[Any], orders: list[Any] = ORDERS, **others: list[Any]) -> dict[str, pl.DataFrame]:
        given = {"purchase_order_line": orders, "goods_receipt_line": GOODS, "supplier_invoice_line": bills} | others
        tables = match_bucket(accepted_of(given), engagement_of(), ()).tables
        return {name: tables[name].collect() for name in ("order_line_match", "invoice_line_match", "invoice_match")}

    return run


def by_line(tables: dict[str, pl.DataFrame]) -> list[Decimal]:
    return tables["order_line_match"].sort("order_line_no")["invoiced_amount"].to_list()


def credit(tables: dict[str, pl.DataFrame], number: str = "CN1") -> dict[str, Any]:
    return tables["invoice_line_match"].row(by_predicate=pl.col("invoice_number") == number, named=True)


def test_three_equal_lines_bear_ten_to_the_cent(billed: Callable[..., Any]) -> None:
    tables = billed([*BILLS, note("-10")])
    assert by_line(tables) == [D("6.66"), D("6.67"), D("6.67")]
    line = credit(tables)
    assert (line["link_pass"], line["link_certainty"], line["order_number"]) == ("origin invoice", "certain", "PO1")
    assert (line["price_variance"], line["quantity_variance"], line["expected_amount"]) == (-10, 0, 0)
    assert (line["invoiced_quantity"], line["billable_quantity"], line["invoiced_amount"]) == (0, 0, -10)


def test_shares_follow_the_amounts_and_the_price_is_tested_again(billed: Callable[..., Any]) -> None:
    bills = [inv("1", "1.2"), inv("2", "3"), inv("3", "1")]
    tables = billed([*bills, note("-5.20")], [po("1", "1"), po("2", "3"), po("3", "1")])
    assert by_line(tables) == [D("10.80"), 27, 9]
    lines = tables["invoice_line_match"].filter(pl.col("invoice_number") == "INV1").sort("invoice_line_no")
    assert lines["cumulative_price_variance"].to_list() == [D("0.80"), -3, -1]
    assert lines["price_variance"].to_list() == [2, 0, 0]


def test_no_order_of_rows_changes_a_cent(billed: Callable[..., Any]) -> None:
    notes = [note("-10"), note("-0.05", "CN2"), note("0.01", "DN1", invoice_kind="value_debit")]
    every = [*BILLS, *notes]
    seen = {tuple(by_line(billed([*every[turn:], *every[:turn]][::way]))) for turn in range(3) for way in (1, -1)}
    assert len(seen) == 1
    assert sum(seen.pop()) == D("30") - D("10.05") + D("0.01")


def test_a_credit_for_one_item_is_borne_by_its_lines(billed: Callable[..., Any]) -> None:
    assert by_line(billed([*BILLS, note("-3", item_id="I2")])) == [10, 7, 10]
    twice = [*BILLS, inv("4", "1", item_id="I2", po_line_no="2")]
    tables = billed([*twice, note("-3", item_id="I2")])
    assert by_line(tables) == [10, 17, 10]
    assert credit(tables)["price_variance"] == -3
    assert by_line(billed([*BILLS, note("-3", item_id="I9")])) == [10, 10, 10]


def test_a_quantity_taken_back_finds_the_line_of_its_item(billed: Callable[..., Any]) -> None:
    tables = billed([*BILLS, note("-2", item_id="I3", quantity="-2", uom="EA", unit_price_net="1")])
    assert by_line(tables) == [10, 10, 8]
    assert tables["order_line_match"].sort("order_line_no")["credited_quantity"].to_list() == [0, 0, 2]


def test_freight_bears_nothing_and_a_line_without_an_order_its_share(billed: Callable[..., Any]) -> None:
    freight = inv("4", "1", line_kind="charge", item_id=None, po_line_no=None, quantity=None, unit_price_net=None)
    assert by_line(billed([*BILLS, freight, note("-3")])) == [9, 9, 9]
    stray = inv("4", "1", item_id="I9", po_number=None, po_line_no=None)
    tables = billed([*BILLS, stray, note("-4")])
    assert by_line(tables) == [9, 9, 9]
    assert credit(tables)["price_variance"] is None


def test_another_currency_is_not_shared(billed: Callable[..., Any]) -> None:
    tables = billed([*BILLS, note("-10", currency="USD", fx_rate="7")])
    assert by_line(tables) == [10, 10, 10]
    assert credit(tables)["has_order_link"] is False


def test_yen_have_no_cents(billed: Callable[..., Any]) -> None:
    yen = {"currency": "JPY", "fx_rate": "0.05"}
    tables = billed([*(row | yen for row in BILLS), note("-10", **yen)], [row | yen for row in ORDERS])
    assert by_line(tables) == [6, 7, 7]


def test_a_bill_for_a_whole_order_bears_a_credit_as_it_was_spread(billed: Callable[..., Any]) -> None:
    blank = dict.fromkeys(("po_line_no", "item_id", "quantity", "uom", "unit_price_net"))
    tables = billed([inv("1", "3") | blank, note("-3")])
    assert by_line(tables) == [9, 9, 9]
    assert credit(tables)["price_variance"] == -3


def test_what_is_paid_follows_the_shares(billed: Callable[..., Any]) -> None:
    paid = [{"payment_number": "P1", "payment_date": "2026-10-25", "supplier_id": "S1", "amount": "27", "currency": "CNY"}]
    applied = [{"payment_number": "P1", "invoice_number": n, "supplier_id": "S1", "amount_applied": a} for n, a in (("INV1", "30"), ("CN1", "-3"))]
    tables = billed([*BILLS, note("-3")], supplier_payment=paid, supplier_payment_allocation=applied)
    assert tables["order_line_match"].sort("order_line_no")["paid_amount"].to_list() == [9, 9, 9]
