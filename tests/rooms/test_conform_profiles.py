"""What the language of source profiles can say: each word of it on a small input, and what it refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pydantic import ValidationError

from recon.conform import conform
from recon.domain.engagement import Engagement
from recon.domain.errors import InputsRefused, TermsRefused
from recon.domain.source import SourceProfile
from recon.load import load

ITEM = {"item_id": "code", "base_uom": {"constant": "EA"}}


def profile(inputs: dict, tables: dict, **more) -> SourceProfile:
    return SourceProfile.model_validate({"title": "test", "name": "test", "inputs": inputs, "tables": tables} | more)


def run(folder, terms: SourceProfile, files: dict[str, str], *, headers_only: bool = False):
    extracts = {}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        extracts[name] = f"{name}.csv"
    engagement = Engagement.model_validate(
        {"entity": "T", "as_of": dt.date(2026, 10, 31), "period": {"from": dt.date(2026, 10, 1), "to": dt.date(2026, 10, 31)}}
        | {"currency": "CNY", "extracts": extracts, "folder": folder, "time_zone": "Asia/Shanghai"}
    )
    return conform(load(engagement, terms, headers_only=headers_only), terms, engagement)


def values(folder, column: str, how, cells: list[str], *, table: str = "item", **more) -> list:
    """What the cells of one source column become in one canonical column; rejected cells become their rule."""
    base = {"item": ITEM, "price_list_line": _PRICE, "user": {"user_id": "code"}, "customer": {"party_id": "code", "party_name": {"constant": "N"}}}
    columns = base[table] | {column: how}
    terms = profile({"in": {"ignored": ["other"]}}, {table: [{"from": "in", "columns": columns}]}, **more)
    lines = ["code;x;other", *(f"{i};{cell}" + ("" if ";" in cell else ";") for i, cell in enumerate(cells))]
    terms = terms.model_copy(update={"inputs": {"in": terms.inputs["in"].model_copy(update={"separator": ";"})}})
    documents = run(folder, terms, {"in": "\n".join(lines) + "\n"})
    key = {"item": "item_id", "price_list_line": "item_id", "user": "user_id", "customer": "party_id"}[table]
    found = dict(documents.tables[table].select(key, column).collect().iter_rows())
    found |= {str(row["source_row"] - 2): row["rule"] for row in documents.rejected.iter_rows(named=True)}
    return [found[str(i)] for i in range(len(cells))]


_PRICE = {
    "party_id": {"constant": "S1"}, "item_id": "code", "valid_from": {"constant": "2026-01-01"}, "unit_price_net": {"constant": "1"}, "currency": {"constant": "CNY"},
}  # fmt: skip


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────
def test_maps_compare_without_case_and_width_and_refuse_unknown_words(tmp_path):
    how = {"column": "x", "map": {"审核": "true", "n": "false"}}
    assert values(tmp_path, "is_stock", how, ["审核", "N", "ｎ", "", "?"]) == [True, False, False, None, "unknown_word"]
    kept = {"column": "x", "map": {"kg": "KGM"}, "otherwise": "keep"}
    assert values(tmp_path, "item_group", kept, ["KG", "EA"]) == ["KGM", "EA"]
    emptied = {"column": "x", "map": {"kg": "KGM"}, "otherwise": "empty"}
    assert values(tmp_path, "item_group", emptied, ["KG", "EA"]) == ["KGM", None]


def test_texts_that_mean_nothing(tmp_path):
    assert values(tmp_path, "item_group", {"column": "x", "empty": ["- None -"]}, ["A", "- None -", "—"]) == ["A", None, "—"]
    assert values(tmp_path, "item_group", "x", ["A", "- None -", "—"], empty=["—"]) == ["A", "- None -", None]


def test_a_name_that_is_present_is_a_yes(tmp_path):
    assert values(tmp_path, "is_stock", {"column": "x", "is_present": True}, ["王五", "", " "]) == [True, False, False]


def test_padding_touches_only_digits(tmp_path):
    assert values(tmp_path, "tax_class", {"column": "x", "pad": 5}, ["42", "123456", "A7", ""]) == ["00042", "123456", "A7", None]


def test_composite_keys_need_every_part(tmp_path):
    terms = profile({"in": {}}, {"item": [{"from": "in", "columns": ITEM | {"item_id": {"columns": ["code", "entry"], "joined_by": "/"}}}]})
    documents = run(tmp_path, terms, {"in": "code,entry\n12,3\n12,\n"})
    assert documents.tables["item"].collect()["item_id"].to_list() == ["12/3", None]


def test_the_first_that_is_not_empty(tmp_path):
    terms = profile({"in": {}}, {"item": [{"from": "in", "columns": ITEM | {"item_id": {"first_of": ["new", "old"]}}}]})
    documents = run(tmp_path, terms, {"in": "new,old\n1,2\n ,3\n"})
    assert documents.tables["item"].collect()["item_id"].to_list() == ["1", "3"]


def test_json_cells(tmp_path):
    how = {"column": "x", "json_path": "$.a[1].b"}
    assert values(tmp_path, "item_group", how, ['"{""a"":[{},{""b"":""K7""}]}"', '"{""a"":[]}"', ""]) == ["K7", None, None]


def test_ids_that_an_export_made_decimal(tmp_path):
    terms = profile({"in": {"whole_number_ids": ["code"]}}, {"item": [{"from": "in", "columns": ITEM}]})
    documents = run(tmp_path, terms, {"in": "code\n1.0\n120.00\n1.5\nA.0\n"})
    assert documents.tables["item"].collect()["item_id"].to_list() == ["1", "120", "1.5", "A.0"]


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────
EUROPEAN = {"decimal": ",", "thousands": "."}
CHINESE = {"thousands": ",", "currency_signs": ["￥", "CNY"], "negative": ["leading", "parentheses", "trailing"]}


@pytest.mark.parametrize(
    ("numbers", "cells", "expected"),
    [
        (
            EUROPEAN,
            ["1.234,56", "1234,5", "-7", "1.23", "12.34,5", "1,234.56"],
            ["1234.56", "1234.5", "-7", "not_a_number", "not_a_number", "not_a_number"],
        ),
        (
            CHINESE,
            ["￥1,234.56", "(123.45)", "12.5-", "CNY 7", "１２", "-3", "1,2", "(-5)", "USD 7"],
            ["1234.56", "-123.45", "-12.5", "7", "12", "-3", "not_a_number", "not_a_number", "not_a_number"],
        ),
        ({}, ["1,234", "5-", "(5)", "￥5"], ["not_a_number"] * 4),
    ],
)
def test_numbers_as_they_are_written(tmp_path, numbers, cells, expected):
    found = values(tmp_path, "standard_cost", {"column": "x", "numbers": numbers}, cells)
    assert found == [e if e.startswith("not") else Decimal(e) for e in expected]
    assert values(tmp_path, "standard_cost", "x", cells, numbers=numbers) == found


def test_percent_moves_the_point_exactly(tmp_path):
    terms = profile(
        {"in": {}},
        {
            "fx_rate": [
                {
                    "from": "in",
                    "columns": {
                        "rate_date": {"constant": "2026-01-01"},
                        "from_currency": "c",
                        "to_currency": "c",
                        "rate": {"column": "x", "percent": True},
                    },
                }
            ]
        },
    )
    documents = run(tmp_path, terms, {"in": "c,x\na,13\nb,13 %\nc,0.5%\nd,-7\ne,1234.5678\nf,x%\n"})
    assert [str(v.normalize()) for v in documents.tables["fx_rate"].collect()["rate"]] == ["0.13", "0.13", "0.005", "-0.07", "12.345678"]
    assert documents.rejected.select("value", "rule").rows() == [("x", "not_a_number")]


@pytest.mark.parametrize(
    ("sign", "cells", "expected"),
    [
        ({"rule": "already_signed"}, ["-5;H", "5;S"], ["-5", "5"]),
        ({"rule": "negate"}, ["-5;H", "5;S"], ["5", "-5"]),
        ({"rule": "flag", "column": "other", "negative": ["H"]}, ["5;H", "5;S", "-5;H", "5;"], ["-5", "5", "5", "5"]),
        ({"rule": "abs_then_flag", "column": "other", "negative": ["H"]}, ["-5;H", "5;H", "-5;S"], ["-5", "-5", "5"]),
        ({"rule": "column", "column": "other"}, ["5;-1", "-5;2", "5;", "5;0"], ["-5", "5", None, "5"]),
    ],
)
def test_signs(tmp_path, sign, cells, expected):
    found = values(tmp_path, "standard_cost", {"column": "x", "sign": sign}, cells)
    assert found == [None if e is None else Decimal(e) for e in expected]


def test_factors_fixed_and_by_currency(tmp_path):
    assert values(tmp_path, "standard_cost", {"column": "x", "times": "0.001"}, ["1234.5"]) == [Decimal("1.2345")]
    shifted = {"column": "x", "times_by": {"column": "other", "values": {"JPY": "100", "KRW": "100"}}}
    assert values(tmp_path, "standard_cost", shifted, ["12.34;JPY", "12.34;CNY", "12.34;"]) == [Decimal(1234), Decimal("12.34"), Decimal("12.34")]


INVOICE = {
    "company_code": {"constant": "C"}, "invoice_number": "no", "invoice_line_no": "line", "invoice_date": {"constant": "2026-10-01"},
    "supplier_id": {"constant": "S"}, "currency": "cur", "tax_rate": {"column": "rate"},
}  # fmt: skip


def test_the_missing_of_net_tax_and_gross(tmp_path):
    columns = INVOICE | {"line_amount_net": "net", "line_tax_amount": "tax", "line_amount_gross": "gross"}
    derive = [{"net": "line_amount_net", "tax": "line_tax_amount", "gross": "line_amount_gross", "rate": "tax_rate"}]
    terms = profile({"in": {}}, {"supplier_invoice_line": [{"from": "in", "columns": columns, "derive": derive}]})
    rows = [
        "1,CNY,0.13,,13,113",
        "2,CNY,0.13,100,13,",
        "3,CNY,0.13,100,,113",
        "4,CNY,0.13,33.33,,",
        "5,CNY,0.13,,,100",
        "6,JPY,0.1,,,105",
        "7,CNY,,100,,",
    ]
    documents = run(tmp_path, terms, {"in": "no,line,cur,rate,net,tax,gross\n" + "".join(f"A,{row}\n" for row in rows)})
    frame = documents.tables["supplier_invoice_line"].collect().sort("invoice_line_no")
    found = frame.select("line_amount_net", "line_tax_amount", "line_amount_gross").rows()
    expected = [("100", "13", "113")] * 3 + [("33.33", "4.33", "37.66"), ("88.50", "11.50", "100"), ("95", "10", "105"), ("100", None, None)]
    assert found == [tuple(None if v is None else Decimal(v) for v in row) for row in expected]


def test_header_amounts_repeated_on_lines_count_once(tmp_path):
    columns = INVOICE | {"line_amount_net": "net", "discount_amount": {"column": "total", "grain": "header"}}
    terms = profile({"in": {}}, {"supplier_invoice_line": [{"from": "in", "columns": columns, "document": ["invoice_number"]}]})
    documents = run(tmp_path, terms, {"in": "no,line,cur,rate,net,total\nA,1,CNY,0,5,9\nA,2,CNY,0,4,9\nB,1,CNY,0,7,7\n"})
    frame = documents.tables["supplier_invoice_line"].collect().sort("source_row")
    assert frame["discount_amount"].to_list() == [Decimal(9), None, Decimal(7)]


def test_one_input_gives_lines_and_headers(tmp_path):
    header = {k: v for k, v in INVOICE.items() if k not in {"invoice_line_no", "tax_rate"}} | {"amount_gross": "total"}
    tables = {
        "supplier_invoice_line": [{"from": "in", "columns": INVOICE | {"line_amount_net": "net"}}],
        "supplier_invoice": [{"from": "in", "columns": header, "document": ["invoice_number"], "one_row_per_document": True}],
    }
    documents = run(
        tmp_path, profile({"in": {}}, tables), {"in": "no,line,cur,rate,net,total\nA,1,CNY,0,5,9\nA,2,CNY,0,4,9\nB,1,CNY,0,7,7\nB,2,CNY,0,1,8\n"}
    )
    heads = documents.tables["supplier_invoice"].collect().sort("source_row")
    assert heads.select("invoice_number", "amount_gross").rows() == [("A", Decimal(9)), ("B", Decimal(7)), ("B", Decimal(8))]  # a contradiction stays
    ties = {row["table"]: row for row in documents.tie_out.iter_rows(named=True)}
    assert (ties["supplier_invoice"]["rows_set_aside"], ties["supplier_invoice"]["amount_set_aside"]) == (1, Decimal(9))
    assert ties["supplier_invoice_line"]["rows_out"] == 4


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────
def test_dates_in_declared_formats_in_order(tmp_path):
    how = {"column": "x", "dates": ["iso", "slashes", "dots", "chinese", "yyyymmdd", "excel_serial", "epoch_ms", "%d-%b-%y"], "empty": ["00000000"]}
    cells = [
        "2025-11-30",
        "2025/11/30",
        "2025.11.30",
        "2025年11月30日",
        "20251130",
        "45991",
        "1764460800000",
        "30-Nov-25",
        "00000000",
        "",
        "2025-13-01",
        "123",
    ]
    day = dt.date(2025, 11, 30)
    assert values(tmp_path, "valid_to", how, cells, table="price_list_line") == [day] * 8 + [None, None, "not_a_date", "not_a_date"]


def test_timestamps_in_declared_formats_and_zones(tmp_path):
    how = {"column": "x", "dates": ["excel_serial", "%d.%m.%Y %H:%M", "yyyymmdd", "epoch_ms"], "time_zone": "Asia/Shanghai"}
    cells = ["45991.5", "30.11.2025 12:00", "20251130", "1764475200000", "2025-11-30T12:00:00Z", "noon"]
    noon = dt.datetime(2025, 11, 30, 4, 0, tzinfo=dt.UTC)
    midnight = dt.datetime(2025, 11, 30, tzinfo=dt.UTC)
    expected = [noon, noon, midnight, noon, noon.replace(hour=12), "not_a_timestamp"]
    assert values(tmp_path, "created_at", how, cells, table="customer") == expected


def test_the_engagements_zone_holds_where_the_profile_names_none(tmp_path):
    cells = ["2025-11-30 12:00:00"]
    assert values(tmp_path, "created_at", "x", cells, table="customer") == [dt.datetime(2025, 11, 30, 4, 0, tzinfo=dt.UTC)]
    assert values(tmp_path, "created_at", "x", cells, table="customer", time_zone="UTC") == [dt.datetime(2025, 11, 30, 12, 0, tzinfo=dt.UTC)]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_several_inputs_become_one_table_with_their_constants(tmp_path):
    tables = {"item": [{"from": "goods", "columns": ITEM}, {"from": "services", "columns": ITEM | {"is_service": {"constant": "true"}}}]}
    documents = run(tmp_path, profile({"goods": {}, "services": {}}, tables), {"goods": "code\nA\n", "services": "code\nB\n"})
    assert documents.tables["item"].select("item_id", "is_service").collect().sort("item_id").rows() == [("A", None), ("B", True)]
    assert documents.supplied["item"] == {"item_id", "base_uom", "is_service"}


def test_filters_and_the_rows_no_part_takes_are_counted(tmp_path):
    where = [{"column": "kind", "in": ["1", "2"]}, {"column": "name", "not_in": ["合计"]}, {"column": "code", "empty": False}]
    terms = profile({"in": {}}, {"item": [{"from": "in", "where": where, "columns": ITEM}]})
    documents = run(tmp_path, terms, {"in": "code,kind,name\nA,1,x\nB,3,x\nC,2,合计\n,1,x\nE,2,\n"})
    assert documents.tables["item"].collect()["item_id"].to_list() == ["A", "E"]
    ties = {row["table"]: (row["rows_in"], row["rows_out"], row["rows_set_aside"]) for row in documents.tie_out.iter_rows(named=True)}
    assert ties == {"item": (2, 2, 0), "in": (5, 2, 3)}


ORDER_LINES = {
    "company_code": {"constant": "C"}, "po_number": "head.number", "po_line_no": "entry", "po_date": "head.day", "supplier_id": "vendor.code",
    "quantity": "qty", "uom": {"constant": "EA"}, "unit_price_net": "price", "currency": {"constant": "CNY"},
}  # fmt: skip
JOINS = [
    {"with": "heads", "as": "head", "on": {"parent": "id"}},
    {"with": "vendors", "as": "vendor", "on": {"head.vendor": "id"}, "missing": "empty"},
]
JOINED = {
    "lines": "parent,entry,qty,price\n1,1,5,2\n1,2,6,2\n9,1,7,2\n,1,8,2\n2,1,9,2\n",
    "heads": "id,number,day,vendor\n1,PO-1,2026-10-01,77\n2,PO-2,2026-10-02,78\n",
    "vendors": "id,code\n77,V-77\n",
}


def joined() -> SourceProfile:
    return profile({"lines": {}, "heads": {}, "vendors": {}}, {"purchase_order_line": [{"from": "lines", "join": JOINS, "columns": ORDER_LINES}]})


def test_joins_bring_headers_and_masters_and_set_aside_what_has_no_header(tmp_path):
    documents = run(tmp_path, joined(), JOINED)
    frame = documents.tables["purchase_order_line"].collect().sort("source_row")
    assert frame.select("po_number", "po_line_no", "supplier_id", "quantity").rows() == [
        ("PO-1", "1", "V-77", Decimal(5)),
        ("PO-1", "2", "V-77", Decimal(6)),
        ("PO-2", "1", None, Decimal(9)),
    ]
    assert documents.rejected.select("source_row", "rule").rows() == [(4, "no_partner_row"), (5, "no_partner_row")]


def test_a_join_whose_key_stands_twice_is_refused(tmp_path):
    with pytest.raises(InputsRefused, match="key of a join stands twice") as refused:
        run(tmp_path, joined(), JOINED | {"heads": JOINED["heads"] + "1,PO-9,2026-10-03,77\n"})
    assert (refused.value.got, refused.value.expected) == ("1", "one row per id")


def test_a_key_that_stands_twice_and_that_no_row_asks_for_is_no_matter(tmp_path):
    asked = run(tmp_path, joined(), JOINED).tables["purchase_order_line"].collect()
    (tmp_path / "more").mkdir()
    more = run(tmp_path / "more", joined(), JOINED | {"heads": JOINED["heads"] + "7,PO-7,2026-10-03,77\n7,PO-8,2026-10-03,77\n"})
    assert more.tables["purchase_order_line"].collect().select("po_number", "po_line_no").equals(asked.select("po_number", "po_line_no"))


def test_blank_cells_are_filled_within_their_document_only(tmp_path):
    inputs = {"in": {"fill_down": {"leader": "no", "columns": ["no", "name"]}}}
    terms = profile(inputs, {"item": [{"from": "in", "columns": ITEM | {"item_id": {"columns": ["no", "code"]}, "item_name": "name"}}]})
    documents = run(tmp_path, terms, {"in": "no,name,code\nA,first,1\n,,2\nB,,3\n,,4\nC,third,5\n"})
    assert documents.tables["item"].collect().sort("source_row").select("item_id", "item_name").rows() == [
        ("A-1", "first"), ("A-2", "first"), ("B-3", None), ("B-4", None), ("C-5", "third"),
    ]  # fmt: skip


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────
def test_headers_are_found_under_their_synonyms(tmp_path):
    terms = profile({"in": {"synonyms": {"code": ["存货编码", "料号"]}, "ignored": ["备注"]}}, {"item": [{"from": "in", "columns": ITEM}]})
    documents = run(tmp_path, terms, {"in": "*料 号,备　注\nA,x\n"})
    assert documents.tables["item"].collect()["item_id"].to_list() == ["A"]
    assert documents.ignored == {"in": ("备 注",)}
    with pytest.raises(InputsRefused, match="two columns mean"):
        run(tmp_path, terms, {"in": "料号,code\nA,B\n"})


def test_a_column_that_nobody_declared_is_refused(tmp_path):
    terms = profile({"in": {"ignored": ["note"]}}, {"item": [{"from": "in", "columns": ITEM}]})
    with pytest.raises(InputsRefused, match="does not say what the column codee is"):
        run(tmp_path, terms, {"in": "code,note,codee\nA,,\n"})
    with pytest.raises(InputsRefused, match="the column code is missing"):
        run(tmp_path, terms, {"in": "note\nx\n"})


def test_optional_columns_and_inputs_may_be_absent(tmp_path):
    inputs = {"in": {"optional_columns": ["name"]}, "more": {"optional": True}}
    tables = {"item": [{"from": "in", "columns": ITEM | {"item_name": "name"}}, {"from": "more", "columns": ITEM}]}
    documents = run(tmp_path, profile(inputs, tables), {"in": "code\nA\n"})
    assert documents.tables["item"].select("item_id", "item_name").collect().rows() == [("A", None)]
    assert documents.supplied["item"] == {"item_id", "base_uom"}


def test_a_canonical_table_may_stand_beside_a_profile(tmp_path):
    terms = profile({"in": {}}, {"item": [{"from": "in", "columns": ITEM}]})
    documents = run(tmp_path, terms, {"in": "code\nA\n", "item": "item_id,base_uom,tax_class\nB,EA,T1\n"})
    assert documents.tables["item"].select("item_id", "tax_class").collect().sort("item_id").rows() == [("A", None), ("B", "T1")]


def test_headers_alone_are_checked_without_rows(tmp_path):
    documents = run(tmp_path, joined(), JOINED, headers_only=True)
    assert documents.tables["purchase_order_line"].collect().height == 0
    with pytest.raises(InputsRefused, match="the column qty is missing"):
        run(tmp_path, joined(), JOINED | {"lines": "parent,entry,quantity,price\n"}, headers_only=True)


# ── terms that are refused ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"itemm": [{"from": "in", "columns": ITEM}]}, 'Did you mean "item"'),
        ({"item": [{"from": "inn", "columns": ITEM}]}, "is not an input"),
        ({"item": [{"from": "in", "columns": ITEM | {"item_nam": "x"}}]}, 'Did you mean "item_name"'),
        ({"item": [{"from": "in", "columns": {"item_id": "code"}}]}, "no value for the required columns base_uom"),
        ({"item": [{"from": "in", "columns": ITEM | {"item_name": {"column": "x", "constant": "y"}}}]}, "exactly one of"),
        ({"item": [{"from": "in", "columns": ITEM | {"item_name": {"column": "x", "upper": True}}}]}, "Extra inputs"),
        ({"item": [{"from": "in", "columns": ITEM | {"standard_cost": {"column": "x", "sign": {"rule": "flag"}}}}]}, "needs `column` and `negative`"),
        ({"item": [{"from": "in", "columns": ITEM | {"standard_cost": {"column": "x", "grain": "header"}}}]}, "need `document`"),
        ({"item": [{"from": "in", "columns": ITEM, "where": [{"column": "x"}]}]}, "exactly one of: equals"),
        ({"item": [{"from": "in", "columns": ITEM | {"standard_cost": {"column": "x", "numbers": {"thousands": "."}}}}]}, "are both"),
        ({"price_list_line": [{"from": "in", "columns": _PRICE | {"valid_to": {"column": "x", "dates": ["yyyymdd"]}}}]}, 'Did you mean "yyyymmdd"'),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(tables, says):
    with pytest.raises(ValidationError) as refused:
        profile({"in": {}}, tables)
    assert says in str(refused.value)


def test_two_joins_of_one_alias_are_refused(tmp_path):
    twice = [JOINS[0], JOINS[1] | {"as": "head"}]
    columns = ORDER_LINES | {"supplier_id": "head.code"}
    terms = profile({"lines": {}, "heads": {}, "vendors": {}}, {"purchase_order_line": [{"from": "lines", "join": twice, "columns": columns}]})
    with pytest.raises(TermsRefused, match="same alias"):
        run(tmp_path, terms, JOINED)
