"""Validation of rows: each rule on both sides of its line, repeats and conflicts by key, the tie-out of the doorway."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from recon.domain import documents, measures, tie_out
from recon.domain.engagement import Engagement
from recon.domain.workpapers import REJECTED, Accepted, Documents, Extracts, InputFile
from recon.validate import validate
from recon.validate.row_rules import SENTENCES, rules
from recon.validate.rows import _WithoutPandas, failing_cells

ORDER = {
    "company_code": "C1", "po_number": "PO1", "po_line_no": "1", "po_date": date(2026, 10, 1), "supplier_id": "S1", "quantity": "10", "uom": "EA",
    "unit_price_net": "2.5", "currency": "CNY",
}  # fmt: skip
INVOICE = {
    "company_code": "C1", "invoice_number": "INV1", "invoice_line_no": "1", "invoice_date": date(2026, 10, 12), "supplier_id": "S1",
    "invoice_kind": "invoice", "line_kind": "item", "quantity": "10", "line_amount_net": "25", "currency": "CNY",
}  # fmt: skip
RECEIPT = {
    "company_code": "C1", "receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": date(2026, 10, 5), "quantity": "10", "uom": "EA",
    "receipt_kind": "receipt",
}  # fmt: skip
PAYMENT = {
    "company_code": "C1", "payment_number": "P1", "payment_date": date(2026, 10, 20), "supplier_id": "S1", "amount": "25", "currency": "CNY",
    "payment_kind": "payment",
}  # fmt: skip
WHOLE = {"purchase_order_line": ORDER, "supplier_invoice_line": INVOICE, "goods_receipt_line": RECEIPT, "supplier_payment": PAYMENT}


def frame(table: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """Typed rows of a canonical table; each is a whole row with some cells changed."""
    filled = [{"source_file": f"{table}.csv", "source_row": i} | WHOLE[table] | row for i, row in enumerate(rows, start=2)]
    types = documents.schema(table)
    columns = [name for name in types if any(name in row for row in filled)]
    texts = pl.DataFrame(
        {c: [None if row.get(c) is None else str(row.get(c)) for row in filled] for c in columns}, schema=dict.fromkeys(columns, pl.String)
    )
    return texts.select(_typed(name, types[name]) for name in columns)


def _typed(name: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.Date:
        return pl.col(name).str.to_date()
    if kind == pl.Boolean:
        return pl.col(name) == "True"
    if isinstance(kind, pl.Datetime):
        return pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC")
    return pl.col(name).cast(kind)


def engagement(**terms: Any) -> Engagement:
    month = {"from": "2026-10-01", "to": "2026-10-31"}
    return Engagement.model_validate(
        {"entity": "ACME", "as_of": "2026-10-31", "period": month, "currency": "CNY", "extracts": {"any": "x.csv"}} | terms
    )


def accept(tables: dict[str, pl.DataFrame], *, files: tuple[InputFile, ...] = (), earlier: dict[str, Any] | None = None, **terms: Any) -> Accepted:
    provenance = {"source_file", "source_row"}
    given = Documents(
        tables={name: f.lazy() for name, f in tables.items()},
        supplied={name: frozenset(f.columns) - provenance for name, f in tables.items()},
        rejected=pl.DataFrame(schema=dict.fromkeys(REJECTED, pl.String())),
        tie_out=tie_out.empty(),
    )
    return validate(given, Extracts({}, files, tie_out.empty(), earlier), {}, engagement(**terms))


def broken(table: str, **cells: Any) -> set[tuple[str, str]]:
    found = failing_cells(table, frame(table, cells))
    return set(found.select("column", "rule").rows())


@pytest.mark.parametrize(
    ("table", "column", "good", "bad", "rule"),
    [
        ("purchase_order_line", "supplier_id", "S1", None, "missing_value"),
        ("purchase_order_line", "quantity", "0", None, "missing_value"),
        ("purchase_order_line", "unit_price_net", "0", "-0.0000000001", "negative_price"),
        ("purchase_order_line", "unit_price_gross", None, "-1", "negative_price"),
        ("purchase_order_line", "price_per", "0.0000000001", "0", "not_above_zero"),
        ("purchase_order_line", "fx_rate", "0.0000000001", "0", "not_above_zero"),
        ("purchase_order_line", "tax_rate", "0.5", "0.5000000001", "not_a_tax_rate"),
        ("purchase_order_line", "tax_rate", "0", "-0.01", "not_a_tax_rate"),
        ("purchase_order_line", "over_receipt_share", "0", "-0.05", "below_zero"),
        ("purchase_order_line", "po_date", date(1990, 1, 1), date(1989, 12, 31), "implausible_date"),
        ("purchase_order_line", "promised_date", date(2099, 12, 31), date(2100, 1, 1), "implausible_date"),
        ("purchase_order_line", "valid_to", date(9999, 12, 31), date(1899, 12, 31), "implausible_validity"),
        ("purchase_order_line", "created_at", "1990-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "implausible_date"),
        ("purchase_order_line", "currency", "USD", "US$", "not_a_currency"),
        ("purchase_order_line", "currency", "CNY", "cny", "not_a_currency"),
        ("purchase_order_line", "po_type", "blanket", "Standard", "unknown_word"),
        ("goods_receipt_line", "receipt_kind", "reversal", "refund", "unknown_word"),
        ("supplier_invoice_line", "payment_term_days", "0", "-1", "below_zero"),
        ("supplier_invoice_line", "discount_share", "1", "1.01", "not_a_share"),
        ("supplier_invoice_line", "line_kind", "charge", "freight", "unknown_word"),
    ],
)
def test_each_rule_on_both_sides(table, column, good, bad, rule):
    assert broken(table, **{column: good}) == set()
    assert broken(table, **{column: bad}) == {(column, rule)}


@pytest.mark.parametrize(
    ("table", "good", "bad", "column"),
    [
        ("purchase_order_line", {"po_type": "return", "quantity": "-1"}, {"po_type": "standard", "quantity": "-1"}, "quantity"),
        ("purchase_order_line", {"po_type": None, "quantity": "-1"}, {"po_type": "return", "quantity": "1"}, "quantity"),
        ("goods_receipt_line", {"receipt_kind": "return", "quantity": "-1"}, {"receipt_kind": "return", "quantity": "1"}, "quantity"),
        ("goods_receipt_line", {"receipt_kind": "receipt", "quantity": "0"}, {"receipt_kind": "receipt", "quantity": "-1"}, "quantity"),
        # a reversal may reverse a return
        ("goods_receipt_line", {"receipt_kind": "reversal", "quantity": "1"}, {"receipt_kind": "receipt", "quantity": "-0.0001"}, "quantity"),
        (
            "supplier_invoice_line",
            {"invoice_kind": "credit", "quantity": "-1", "line_amount_net": "-1"},
            {"invoice_kind": "invoice", "quantity": "-1"},
            "quantity",
        ),
        (
            "supplier_invoice_line",
            {"invoice_kind": "reversal", "line_amount_net": "1"},
            {"invoice_kind": "value_credit", "line_amount_net": "1"},
            "line_amount_net",
        ),
        (
            "supplier_invoice_line",
            {"line_kind": "discount", "quantity": "-1", "line_amount_net": "-1"},
            {"invoice_kind": "value_debit", "line_amount_net": "-1"},
            "line_amount_net",
        ),
        # a restocking fee inside a credit note is positive
        (
            "supplier_invoice_line",
            {"invoice_kind": "credit", "line_kind": "charge", "quantity": None},
            {"invoice_kind": "credit", "quantity": None},
            "line_amount_net",
        ),
        ("supplier_invoice_line", {"quantity": None}, {"invoice_kind": "credit", "line_amount_net": "-25"}, "quantity"),
        ("supplier_payment", {"payment_kind": "refund", "amount": "-1"}, {"payment_kind": "refund", "amount": "1"}, "amount"),
        ("supplier_payment", {"payment_kind": "void", "amount": "-1"}, {"payment_kind": "payment", "amount": "-1"}, "amount"),
    ],
)
def test_the_sign_fits_the_kind(table, good, bad, column):
    assert broken(table, **good) == set()
    assert broken(table, **bad) == {(column, "sign_contradicts_kind")}


def test_no_row_is_worth_more_than_exact_products_can_hold():
    dear, many = {"quantity": "1", "unit_price_net": "98765432109.43"}, {"quantity": "30000000", "unit_price_net": "0.0000063"}
    both = accept({"purchase_order_line": frame("purchase_order_line", {"po_number": "P1"} | dear, {"po_number": "P2"} | many)})
    assert both.row_counts["purchase_order_line"] == 2
    below = {"quantity": "10000000", "unit_price_net": "999999999.9999999999"}
    assert broken("purchase_order_line", **below) == set()
    assert broken("purchase_order_line", **below | {"unit_price_net": "1000000000"}) == {("unit_price_net", "too_large")}
    assert broken("purchase_order_line", **below | {"quantity": "-10000000", "unit_price_net": "1000000000", "po_type": "return"}) == {
        ("unit_price_net", "too_large")
    }
    assert broken("supplier_invoice_line", line_amount_net="1000000000000", fx_rate="9999.9999999999") == set()
    assert broken("supplier_invoice_line", line_amount_net="1000000000000", fx_rate="10000") == {("fx_rate", "too_large")}


def test_a_bad_row_is_set_aside_cell_by_cell_and_its_neighbours_stay():
    result = accept(
        {
            "purchase_order_line": frame(
                "purchase_order_line", {}, {"po_line_no": "2", "unit_price_net": "-1.50", "currency": "x"}, {"po_line_no": "3"}
            )
        }
    )
    assert result.documents.tables["purchase_order_line"].collect()["po_line_no"].to_list() == ["1", "3"]
    cells = result.rejected.select("table", "source_file", "source_row", "column", "rule", "value").rows()
    place = ("purchase_order_line", "purchase_order_line.csv", 3)
    assert cells == [(*place, "currency", "not_a_currency", "x"), (*place, "unit_price_net", "negative_price", "-1.5")]
    assert all(SENTENCES[rule] in message for rule, message in result.rejected.select("rule", "message").rows())


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("supplier_id", "TBD", ["placeholder"]),
        ("supplier_id", "n/a", ["placeholder"]),
        ("po_number", "待定", ["placeholder"]),
        ("currency", "N/A", ["not_a_currency", "placeholder"]),
        ("supplier_id", "TBD-1", []),
        ("supplier_id", "NA", []),
        ("item_id", "N/A", []),  # may be empty, so nothing is missing
    ],
)
def test_a_placeholder_is_no_value(column, text, expected):
    found = failing_cells("purchase_order_line", frame("purchase_order_line", {column: text}), ("TBD", "N/A", "待定"))
    assert found["rule"].to_list() == expected
    assert not expected or (found["column"].unique().to_list(), found["value"].unique().to_list()) == ([column], [text])


def test_the_list_of_placeholders_is_the_companys():
    rows = {"purchase_order_line": frame("purchase_order_line", {"supplier_id": "Z-LEER"}, {"supplier_id": "S2", "po_number": "P2"})}
    assert accept(rows).row_counts["purchase_order_line"] == 2
    terms = {"control": "DAT-01", "set": {"placeholder_set": "-, z-leer"}, "why": "the old system wrote this"}
    accepted = accept(rows, parameters=[terms])
    assert accepted.row_counts["purchase_order_line"] == 1
    assert accepted.rejected.select("column", "rule", "value").rows() == [("supplier_id", "placeholder", "Z-LEER")]


def test_a_required_column_that_no_source_gave_sets_every_row_aside():
    without = frame("purchase_order_line", {}).drop("supplier_id")
    assert failing_cells("purchase_order_line", without).select("column", "rule").rows() == [("supplier_id", "missing_value")]


def test_settings_from_outside_cannot_switch_pandera_off():
    from pandera.config import ValidationDepth, config_context

    with config_context(validation_enabled=False, validation_depth=ValidationDepth.SCHEMA_ONLY):
        assert broken("purchase_order_line", currency="x") == {("currency", "not_a_currency")}


def test_pandera_comes_without_pandas_and_whoever_wants_pandas_still_gets_it():
    probe = (
        "import sys\n"
        "from recon.validate.rows import _import_pandera\n"
        "finders = list(sys.meta_path)\n"
        "_import_pandera()\n"
        "assert 'pandera.polars' in sys.modules and 'pandas' not in sys.modules\n"
        "assert sys.meta_path == finders\n"
        "import pandas\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_the_thread_that_imports_pandera_is_told_that_there_is_no_pandas():
    finder = _WithoutPandas()
    with pytest.raises(ModuleNotFoundError, match="pandas"):
        finder.find_spec("pandas")
    assert finder.find_spec("polars") is None
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(finder.find_spec, "pandas").result() is None


def test_every_table_has_rules_that_can_be_judged_on_its_own_columns():
    for table in documents.TABLES:
        names = frozenset(documents.schema(table))
        assert failing_cells(table, pl.DataFrame(schema=documents.schema(table))).height == 0
        assert all(rule.column in names and rule.name in SENTENCES for rule in rules(table, names))


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_repeat_is_kept_once_and_reported_once():
    rows = frame("supplier_invoice_line", {}, {}, {}, {"invoice_line_no": "2"})
    result = accept({"supplier_invoice_line": rows})
    assert result.row_counts == {"supplier_invoice_line": 2}
    assert result.rejected.select("source_row", "rule").rows() == [(3, "repeated_row"), (4, "repeated_row")]
    fact = result.facts["repeated_row"].collect()
    assert fact.schema == measures.schema("repeated_row")
    assert fact.select("document_type", "document_number", "document_line_no", "party_id", "repeat_count", "amount_gross_base").rows() == [
        ("supplier_invoice", "INV1", "1", "S1", 2, Decimal(50))
    ]
    assert fact["natural_key"].item() == "company_code C1, supplier_id S1, invoice_number INV1, invoice_line_no 1, invoice_date 2026-10-12"
    assert result.facts["conflicting_key"].collect().height == 0
    assert result.covers == {"repeated_row": 4, "conflicting_key": 4, "rejected_cell": 4}


def test_rows_that_disagree_under_one_key_are_all_set_aside():
    result = accept(
        {"supplier_invoice_line": frame("supplier_invoice_line", {}, {"line_amount_net": "40", "item_id": "I1"}, {"invoice_line_no": "2"})}
    )
    assert result.documents.tables["supplier_invoice_line"].collect()["invoice_line_no"].to_list() == ["2"]
    assert result.rejected.select("source_row", "rule").rows() == [(2, "conflicting_key"), (3, "conflicting_key")]
    fact = result.facts["conflicting_key"].collect()
    assert fact.schema == measures.schema("conflicting_key")
    assert fact.select("row_count", "differing_columns", "amount_spread_base", "source_row").rows() == [
        (2, "item_id, line_amount_net", Decimal(15), 2)
    ]


def test_numbers_that_are_written_alike_but_not_the_same_are_left_to_the_controls():
    """The same number on another day, from another supplier or in another spelling is a question of duplicates, not of keys."""
    rows = frame(
        "supplier_invoice_line", {}, {"invoice_number": "INV 1"}, {"invoice_date": date(2026, 10, 13)}, {"supplier_id": "S2"}, {"internal_number": "77"}
    )  # fmt: skip
    assert accept({"supplier_invoice_line": rows}).rejected.height == 0


def test_versions_of_an_order_line_are_ordered_and_do_not_conflict():
    versions = frame("purchase_order_line", {"po_version": "1"}, {"po_version": "2", "quantity": "12"})
    assert accept({"purchase_order_line": versions}).rejected.height == 0
    unversioned = frame("purchase_order_line", {}, {"quantity": "12"})
    assert accept({"purchase_order_line": unversioned}).rejected["rule"].to_list() == ["conflicting_key"] * 2


def test_an_empty_cell_of_a_key_equals_an_empty_cell_and_nothing_else():
    rows = frame("purchase_order_line", {"po_version": None}, {"po_version": None}, {"po_version": "1"})
    assert accept({"purchase_order_line": rows}).rejected["rule"].to_list() == ["repeated_row"]


def test_what_is_kept_does_not_depend_on_the_order_of_rows():
    rows = frame(
        "supplier_invoice_line", {}, {}, {"line_amount_net": "7", "invoice_line_no": "2"}, {"invoice_line_no": "2"}, {"invoice_line_no": "3"}
    )
    one, other = (accept({"supplier_invoice_line": rows[order]}) for order in ([0, 1, 2, 3, 4], [4, 3, 1, 2, 0]))
    assert one.rejected.equals(other.rejected)
    for name in ("repeated_row", "conflicting_key"):
        assert one.facts[name].collect().equals(other.facts[name].collect())
    kept = [r.documents.tables["supplier_invoice_line"].collect().sort("source_row") for r in (one, other)]
    assert kept[0].equals(kept[1])


def test_extracts_that_overlap_by_design_raise_no_fact_across_files():
    rows = frame("supplier_invoice_line", {"source_file": "september.csv"}, {"source_file": "october.csv"})
    within = frame("supplier_invoice_line", {"source_file": "september.csv"}, {"source_file": "october.csv"}, {"source_file": "october.csv"})
    assert accept({"supplier_invoice_line": rows}).facts["repeated_row"].collect()["repeat_count"].to_list() == [1]
    declared = accept({"supplier_invoice_line": rows}, overlapping_extracts=True)
    assert (declared.row_counts["supplier_invoice_line"], declared.facts["repeated_row"].collect().height) == (1, 0)
    assert accept({"supplier_invoice_line": within}, overlapping_extracts=True).facts["repeated_row"].collect()["repeat_count"].to_list() == [1]


def test_a_file_that_came_again_is_a_repeated_delivery():
    file = {"input": "supplier_invoice_line", "sha256": "0" * 64, "size_bytes": 1, "rows": 3, "encoding": "utf-8"}
    files = (InputFile(name="a.csv", **file), InputFile(name="b.csv", repeats="a.csv", **file))
    fact = accept({"supplier_invoice_line": frame("supplier_invoice_line", {})}, files=files).facts["repeated_row"].collect()
    assert fact.select("document_type", "document_number", "natural_key", "repeat_count").rows() == [("extract", "b.csv", "file a.csv", 1)]


def test_what_an_earlier_run_read_under_another_name_came_again():
    def file(name: str, digest: str, table: str = "supplier_invoice_line", rows: int = 3) -> InputFile:
        return InputFile(name=name, input=table, sha256=digest * 64, size_bytes=1, rows=rows, encoding="utf-8")

    def entry(f: InputFile) -> dict[str, Any]:
        return {"name": f.name, "input": f.input, "sha256": f.sha256}

    then = [file("old/sep.csv", "1"), file("old/oct.csv", "2"), file("item_1.csv", "3", "item"), file("none_1.csv", "4", rows=0)]
    earlier = {"engagement": {"as_of": "2026-09-30"}, "inputs": [entry(f) for f in then]}
    now = (
        file("new/november.csv", "1"),
        file("new/oct.csv", "2"),
        file("item_2.csv", "3", "item"),
        file("none_2.csv", "4", rows=0),
        file("fresh.csv", "5"),
    )
    tables = {"supplier_invoice_line": frame("supplier_invoice_line", {})}
    found = accept(tables, files=now, earlier=earlier).facts["repeated_row"].collect()
    said = ("document_number", "natural_key", "earlier_age_days")
    assert found.select(said).rows() == [("new/november.csv", "file old/sep.csv in the run of 2026-09-30", 31)]
    assert accept(tables, files=now, earlier=earlier, overlapping_extracts=True).facts["repeated_row"].collect().is_empty()
    assert accept(tables, files=now).facts["repeated_row"].collect().is_empty()


# ── the doorway ──────────────────────────────────────────────────────────────────────────────────────────
def test_rows_and_amounts_tie_out():
    rows = frame("supplier_invoice_line", {}, {}, {"invoice_line_no": "2", "currency": "?", "line_amount_net": "7.123456"}, {"invoice_line_no": "3"})
    row = accept({"supplier_invoice_line": rows}).tie_out.row(0, named=True)
    assert (row["rows_in"], row["rows_out"], row["rows_set_aside"], row["holds"]) == (4, 2, 2, True)
    assert (row["amount_in"], row["amount_out"], row["amount_set_aside"]) == (Decimal("82.123456"), Decimal(50), Decimal("32.123456"))


def test_a_row_that_vanishes_is_a_defect():
    row = {"table": "x", "doorway": "validate", "rows_in": 3, "rows_out": 1, "rows_set_aside": 1}
    with pytest.raises(tie_out.TieOutBrokenError, match="rows_in"):
        tie_out.assured(pl.DataFrame([row], schema=tie_out.SCHEMA))
    assert tie_out.assured(pl.DataFrame([row | {"rows_in": 2}], schema=tie_out.SCHEMA))["holds"].to_list() == [True]


def test_tables_leave_with_the_full_schema():
    result = accept({"purchase_order_line": frame("purchase_order_line", {})})
    assert result.documents.tables["purchase_order_line"].collect_schema() == documents.schema("purchase_order_line")
