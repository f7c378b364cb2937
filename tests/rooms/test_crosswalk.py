"""The crosswalk to ISO 21378 speaks about every canonical column once, and about no other."""

from __future__ import annotations

import csv

import pytest

from recon.domain import crosswalk
from recon.domain.crosswalk import COLUMNS
from recon.domain.documents import TABLES


@pytest.fixture(scope="module")
def rows():
    return [dict(zip(COLUMNS, row, strict=True)) for row in crosswalk.crosswalk()]


def test_every_column_of_the_model_stands_in_it_once(rows):
    assert [(row["table"], row["column"]) for row in rows] == [(name, column.name) for name, table in TABLES.items() for column in table.columns]


def test_every_declared_pair_is_used(rows):
    """A column that was renamed would silently lose its counterpart."""
    declared = {(name, pair.split()[0]) for name, words in crosswalk._FIELDS.items() for pair in words.split(", ")}
    assert declared == {(row["table"], row["column"]) for row in rows if row["how"] == "field"}
    assert crosswalk._TABLES.keys() <= TABLES.keys()
    assert crosswalk._FIELDS.keys() <= crosswalk._TABLES.keys()


def test_a_field_has_one_table_and_what_is_open_says_so(rows):
    for row in rows:
        assert (row["how"] == "field") == bool(row["iso_21378_field"]), row
        assert (row["how"] == "none") == (not row["iso_21378_table"]), row
        assert row["how"] != "field" or " " not in row["iso_21378_table"], row
        assert "+" not in row["iso_21378_field"], row
    by_name = {(row["table"], row["column"]): (row["iso_21378_table"], row["iso_21378_field"]) for row in rows}
    assert by_name["purchase_order_line", "po_line_no"] == ("PUR_Orders_Details", "Purchase_Order_Line_Number")
    assert by_name["purchase_order_line", "po_number"] == ("PUR_Orders", "Purchase_Order_Number")
    assert by_name["approval_event", "action"] == ("", "")


def test_what_is_required_of_a_three_way_match_has_a_counterpart(rows):
    """Orders, receipts and invoices on the purchasing side: every required column but units, which the standard has as types of a quantity."""
    tables = ("purchase_order_line", "goods_receipt_line", "supplier_invoice_line")
    assert {row["column"] for row in rows if row["table"] in tables and row["required"] == "true" and row["how"] != "field"} == {"uom", "currency"}


def test_a_pack_holds_it(attacked, rows):
    with (attacked[1] / "data/02_ipe/crosswalk_iso_21378.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows
