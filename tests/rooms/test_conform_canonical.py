"""Canonical extracts: text to exact types, unreadable cells set aside with their reason, columns checked against the dictionary."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from recon.conform import conform
from recon.domain.documents import TABLES, schema
from recon.domain.engagement import Engagement
from recon.domain.errors import InputsRefused
from recon.domain.source import SourceProfile
from recon.load import load

CANONICAL = SourceProfile(title="canonical", name="canonical")
ORDER = {
    "company_code": "C1", "po_number": "PO1", "po_line_no": "10", "po_date": "2026-10-01", "supplier_id": "S1", "quantity": "10",
    "uom": "EA", "unit_price_net": "5.00", "currency": "CNY",
}  # fmt: skip


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def engagement(folder, extracts, **terms) -> Engagement:
    fixed = {"entity": "T", "as_of": dt.date(2026, 10, 31), "period": {"from": dt.date(2026, 10, 1), "to": dt.date(2026, 10, 31)}, "currency": "CNY"}
    return Engagement.model_validate(fixed | {"extracts": extracts, "folder": folder} | terms)


def conformed(folder, table: str, rows: list[dict], **terms):
    columns = list(dict.fromkeys(c for row in rows for c in row))
    lines = [",".join(columns)] + [",".join('"' + str(row.get(c, "")).replace('"', '""') + '"' for c in columns) for row in rows]
    (folder / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    terms = engagement(folder, {table: f"{table}.csv"}, **terms)
    return conform(load(terms, CANONICAL), CANONICAL, terms)


def one(folder, **cells):
    """The order line with these cells changed: its typed row, or the rejected row."""
    documents = conformed(folder, "purchase_order_line", [ORDER | cells])
    frame = documents.tables["purchase_order_line"].collect()
    return frame.row(0, named=True) if frame.height else None, documents.rejected


def test_every_table_travels_with_its_full_schema_in_order(tmp_path):
    documents = conformed(tmp_path, "purchase_order_line", [ORDER])
    frame = documents.tables["purchase_order_line"].collect()
    assert dict(frame.schema) == schema("purchase_order_line")
    assert documents.supplied["purchase_order_line"] == set(ORDER)
    assert frame["fx_rate"].to_list() == [None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", "10"), ("+10", "10"), ("-3.5", "-3.5"), (".5", "0.5"), ("5.", "5"), ("007", "7"), (" 1.5 ", "1.5"), ("", None),
        ("0.0000000001", "0.0000000001"), ("1.50000000000000000000", "1.5"), ("999999999999999999", "999999999999999999"),
        ("000000000000000000000000000001.5", "1.5"),
    ],
)  # fmt: skip
def test_numbers_are_kept_exactly(tmp_path, text, value):
    row, rejected = one(tmp_path, quantity=text)
    assert rejected.height == 0
    assert row["quantity"] == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ten", "not_a_number"), ("1,234.56", "not_a_number"), ("1e5", "not_a_number"), ("１２", "not_a_number"), ("NaN", "not_a_number"),
        ("1 000", "not_a_number"), ("--1", "not_a_number"), (".", "not_a_number"), ("1_000", "not_a_number"),
        ("0.00000000001", "too_many_digits"), ("1000000000000000000", "too_many_digits"), ("0.30000000000000004", "too_many_digits"),
    ],
)  # fmt: skip
def test_what_is_no_exact_number_sets_the_row_aside_with_its_text(tmp_path, text, rule):
    row, rejected = one(tmp_path, quantity=text)
    assert row is None
    assert rejected.select("table", "source_file", "source_row", "column", "rule", "value").rows() == [
        ("purchase_order_line", "purchase_order_line.csv", 2, "quantity", rule, text)
    ]
    assert rejected["message"].str.len_chars().min() > 10


def test_money_has_six_digits_and_rates_ten(tmp_path):
    row, _ = one(tmp_path, line_amount_net="1.234567", fx_rate="7.1234567891")
    assert (row["line_amount_net"], row["fx_rate"]) == (Decimal("1.234567"), Decimal("7.1234567891"))
    assert one(tmp_path, line_amount_net="1.2345678")[1]["rule"].to_list() == ["too_many_digits"]
    assert one(tmp_path, fx_rate="10000000000")[1]["rule"].to_list() == ["too_many_digits"]


@pytest.mark.parametrize(("text", "day"), [("2026-10-31", dt.date(2026, 10, 31)), ("2026-10-31 00:00:00", dt.date(2026, 10, 31)), ("", None)])
def test_dates(tmp_path, text, day):
    row, _ = one(tmp_path, need_by_date=text)
    assert row["need_by_date"] == day


@pytest.mark.parametrize("text", ["2026-02-30", "31.10.2026", "20261031", "45991", "2026-10-31T08:00:00", "soon"])
def test_other_dates_set_the_row_aside(tmp_path, text):
    assert one(tmp_path, need_by_date=text)[1].select("column", "rule", "value").rows() == [("need_by_date", "not_a_date", text)]


@pytest.mark.parametrize(
    ("text", "stamp", "date_only"),
    [
        ("2026-10-01T08:00:00+08:00", utc(2026, 10, 1, 0, 0), False),
        ("2026-10-01T08:00:00.250Z", utc(2026, 10, 1, 8, 0, 0, 250_000), False),
        ("2026-10-01 08:00:00+0800", utc(2026, 10, 1, 0, 0), False),
        ("2026-10-01T08:00+08:00", utc(2026, 10, 1, 0, 0), False),
        ("2026-10-01 08:00:00", utc(2026, 10, 1, 0, 0), False),
        ("2026-10-01T08:00", utc(2026, 10, 1, 0, 0), False),
        ("2026-10-01", utc(2026, 10, 1, 0, 0), True),
    ],
)
def test_timestamps_become_utc_and_a_bare_date_says_so(tmp_path, text, stamp, date_only):
    documents = conformed(tmp_path, "purchase_order_line", [ORDER | {"created_at": text}], time_zone="Asia/Shanghai")
    row = documents.tables["purchase_order_line"].collect().row(0, named=True)
    assert row["created_at"] == stamp
    assert row["created_at_is_date_only"] is date_only


def test_an_absent_timestamp_has_no_companion_value(tmp_path):
    row, _ = one(tmp_path, created_at="")
    assert (row["created_at"], row["created_at_is_date_only"], row["sent_at_is_date_only"]) == (None, None, None)


def test_mixed_forms_in_one_column_are_read_cell_by_cell(tmp_path):
    forms = ["2026-10-01T08:00:00Z", "2026-10-02", "", "2026-10-03 01:02:03", "yesterday"]
    rows = [ORDER | {"po_line_no": str(i), "created_at": text} for i, text in enumerate(forms)]
    documents = conformed(tmp_path, "purchase_order_line", rows)
    frame = documents.tables["purchase_order_line"].collect().sort("po_line_no")
    assert frame["created_at_is_date_only"].to_list() == [False, True, None, False]
    assert documents.rejected.select("source_row", "rule", "value").rows() == [(6, "not_a_timestamp", "yesterday")]


def test_the_hour_that_never_was_is_set_aside_and_the_hour_that_was_twice_is_the_first(tmp_path):
    rows = [ORDER | {"po_line_no": str(i), "created_at": t} for i, t in enumerate(["2026-03-29 02:30:00", "2026-10-25 02:30:00"])]
    documents = conformed(tmp_path, "purchase_order_line", rows, time_zone="Europe/Berlin")
    assert documents.rejected["rule"].to_list() == ["no_such_local_time"]
    assert documents.tables["purchase_order_line"].collect()["created_at"].to_list() == [dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)]


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("No", False), ("Y", True), ("n", False), ("1", True), ("0", False), ("是", True), ("否", False), ("", None)]
)
def test_flags(tmp_path, text, value):
    assert one(tmp_path, is_closed=text)[0]["is_closed"] is value


def test_other_words_are_no_flag(tmp_path):
    assert one(tmp_path, is_closed="maybe")[1].select("rule", "value").rows() == [("not_a_flag", "maybe")]


@pytest.mark.parametrize(("text", "value"), [("2", 2), ("2.0", 2), ("+3", 3)])
def test_counts(tmp_path, text, value):
    assert one(tmp_path, po_version=text)[0]["po_version"] == value
    assert one(tmp_path, po_version="2.5")[1]["rule"].to_list() == ["not_a_whole_number"]


def test_ids_lose_width_and_blanks_and_keep_case_and_zeros(tmp_path):
    row, _ = one(tmp_path, supplier_id=" Ｓ－００７a ", buyer_id="007", item_id="  ", item_description=" ＡＢ  ")
    assert row["supplier_id"] == "S-007a"
    assert row["buyer_id"] == "007"
    assert row["item_id"] is None
    assert row["item_description"] == "ＡＢ"


def test_document_numbers_stay_as_they_were_written(tmp_path):
    row, _ = one(tmp_path, po_number=" ＰＯ－００１a ")
    assert row["po_number"] == "ＰＯ－００１a"


def test_a_row_with_two_bad_cells_is_set_aside_once_and_told_twice(tmp_path):
    rows = [ORDER, ORDER | {"po_line_no": "20", "quantity": "x", "po_date": "y"}]
    documents = conformed(tmp_path, "purchase_order_line", rows)
    assert documents.rejected.select("source_row", "column").rows() == [(3, "po_date"), (3, "quantity")]
    tie = documents.tie_out.row(0, named=True)
    assert (tie["rows_in"], tie["rows_out"], tie["rows_set_aside"], tie["holds"]) == (2, 1, 1, True)


def test_amounts_tie_out_with_the_rows_set_aside(tmp_path):
    rows = [ORDER | {"quantity": "7"}, ORDER | {"quantity": "5", "po_date": "?"}, ORDER | {"quantity": "?"}]
    tie = conformed(tmp_path, "purchase_order_line", rows).tie_out.row(0, named=True)
    assert (tie["amount_in"], tie["amount_out"], tie["amount_set_aside"]) == (Decimal(12), Decimal(7), Decimal(5))


def test_headers_are_compared_without_width_case_and_blanks(tmp_path):
    row = {("Ｐo Number" if c == "po_number" else c.upper()): v for c, v in ORDER.items()}
    documents = conformed(tmp_path, "purchase_order_line", [row])
    assert documents.tables["purchase_order_line"].collect()["po_number"].to_list() == ["PO1"]


@pytest.mark.parametrize(
    ("change", "says", "todo"),
    [
        ({"suplier_id": "S1"}, 'unknown column "suplier_id"', 'Did you mean "supplier_id"?'),
        ({"xyzzy": "1"}, 'unknown column "xyzzy"', "remove it; `recon schema purchase_order_line` lists the columns"),
    ],
)
def test_unknown_columns_are_refused_with_a_suggestion(tmp_path, change, says, todo):
    with pytest.raises(InputsRefused) as refused:
        conformed(tmp_path, "purchase_order_line", [ORDER | change])
    assert (refused.value.what, refused.value.todo) == (says, todo)


@pytest.mark.parametrize("column", TABLES["purchase_order_line"].required)
def test_a_required_column_that_is_missing_is_refused(tmp_path, column):
    with pytest.raises(InputsRefused, match=f"the column {column} is missing"):
        conformed(tmp_path, "purchase_order_line", [{c: v for c, v in ORDER.items() if c != column}])


def test_a_header_alone_is_zero_rows_of_the_right_types(tmp_path):
    (tmp_path / "item.csv").write_text("item_id,base_uom\n")
    terms = engagement(tmp_path, {"item": "item.csv"})
    documents = conform(load(terms, CANONICAL), CANONICAL, terms)
    assert dict(documents.tables["item"].collect().schema) == schema("item")
    assert documents.tie_out["rows_in"].to_list() == [0]


def test_a_control_total_keeps_its_own_source_file(tmp_path):
    documents = conformed(tmp_path, "control_total", [{"table": "item", "row_count": "3"}])
    assert documents.tables["control_total"].collect().select("source_file", "row_count", "source_row").rows() == [(None, 3, 2)]
    documents = conformed(tmp_path, "control_total", [{"table": "item", "source_file": "item.csv", "row_count": "x"}])
    assert documents.rejected.select("source_file", "column").rows() == [(None, "row_count")]


def test_exact_parquet_gives_the_same_rows_as_text(tmp_path):
    cells = {"created_at": "2026-10-01T08:00:00Z", "is_closed": "true", "po_version": "2", "fx_rate": "7.1", "line_amount_net": "50.00"}
    text = conformed(tmp_path, "purchase_order_line", [ORDER | cells]).tables["purchase_order_line"].collect().drop("source_file", "source_row")
    given = [*ORDER, *cells]
    text.select(given).with_columns(pl.col("quantity").cast(pl.Int64), pl.col("unit_price_net").cast(pl.Decimal(18, 2))).write_parquet(
        tmp_path / "p.parquet"
    )
    terms = engagement(tmp_path, {"purchase_order_line": "p.parquet"})
    exact = conform(load(terms, CANONICAL), CANONICAL, terms).tables["purchase_order_line"].collect()
    assert exact.drop("source_file", "source_row").equals(text)
    assert exact["source_row"].to_list() == [1]


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        (pl.Series("quantity", ["1.12345678901"]).cast(pl.Decimal(38, 11)), "too_many_digits"),
        (pl.Series("quantity", [float("nan")]), "not_a_number"),
        (pl.Series("quantity", [0.1 + 0.2]), "too_many_digits"),
        (pl.Series("po_date", [20261031]), "not_a_date"),
    ],
)
def test_parquet_values_that_do_not_fit_are_set_aside(tmp_path, column, rule):
    pl.DataFrame(ORDER).with_columns(column).write_parquet(tmp_path / "p.parquet")
    terms = engagement(tmp_path, {"purchase_order_line": "p.parquet"})
    documents = conform(load(terms, CANONICAL), CANONICAL, terms)
    assert documents.rejected.select("column", "rule").rows() == [(column.name, rule)]


def test_decimals_with_trailing_zeros_beyond_the_scale_fit(tmp_path):
    pl.DataFrame(ORDER).with_columns(pl.Series("quantity", ["1.50000000000"]).cast(pl.Decimal(38, 11))).write_parquet(tmp_path / "p.parquet")
    terms = engagement(tmp_path, {"purchase_order_line": "p.parquet"})
    documents = conform(load(terms, CANONICAL), CANONICAL, terms)
    assert documents.tables["purchase_order_line"].collect()["quantity"].to_list() == [Decimal("1.5")]


def test_a_file_given_twice_is_told_among_the_rejected(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("item_id,base_uom\nI1,EA\n")
    terms = engagement(tmp_path, {"item": ["a.csv", "b.csv"]})
    documents = conform(load(terms, CANONICAL), CANONICAL, terms)
    assert documents.tables["item"].collect().height == 1
    assert documents.rejected.select("table", "source_file", "rule", "value").rows() == [("item", "b.csv", "same_file_again", "a.csv")]


def test_rows_may_come_in_any_order_and_any_number_of_files(tmp_path):
    rows = [ORDER | {"po_line_no": str(i), "quantity": "x" if i % 7 == 0 else str(i)} for i in range(40)]
    forward = conformed(tmp_path, "purchase_order_line", rows)
    backward = conformed(tmp_path, "purchase_order_line", rows[::-1])

    def content(documents):
        return documents.tables["purchase_order_line"].collect().drop("source_row").sort("po_line_no")

    assert content(forward).equals(content(backward))
    assert forward.rejected["value"].to_list() == backward.rejected["value"].to_list() == ["x"] * 6
