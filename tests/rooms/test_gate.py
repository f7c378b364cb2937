"""`recon gate`: a team's own suite over the extracts or inside a database; what it refuses, and with which exit code."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from recon.domain import tie_out
from recon.domain.errors import InputsRefused, ReconError, TermsRefused
from recon.domain.workpapers import Extract, Extracts
from recon.validate import checker
from recon.validate.gate import gate, read_suite

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("great_expectations")

ROWS = {"id": ["0001", "0002", "0003"], "amount": ["1.50", "20", "100"], "mixed": ["1", "2", "n/a"], "note": ["x", " ", None]}


def extracts() -> Extracts:
    frame = pl.LazyFrame(ROWS).with_columns(source_file=pl.lit("i.csv"), source_row=pl.int_range(2, 5))
    return Extracts({"invoice": Extract("invoice", frame, tuple(ROWS))}, (), tie_out.empty())


def expect(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs}


def suite(folder: Path, *expectations: Any, name: str = "invoice") -> Path:
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": name, "expectations": list(expectations)}), encoding="utf-8")
    return path


BETWEEN = expect("expect_column_values_to_be_between", column="amount", min_value=1, max_value=100)


# ── through the process, once ────────────────────────────────────────────────────────────────────────────
def test_a_suite_over_the_extracts(tmp_path):
    path = suite(
        tmp_path,
        BETWEEN,
        expect("expect_column_values_to_be_between", column="amount", min_value=1, max_value=99),
        expect("expect_column_values_to_match_regex", column="id", regex="^0"),
        expect("expect_column_values_to_not_be_null", column="note"),
        expect("expect_column_values_to_not_be_null", column="nowhere"),
        expect("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE id = '0002'"),
        expect("unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE id = '0009'"),
    )
    rows = gate(path, extracts=extracts())
    assert [row["success"] for row in rows] == [True, False, True, False, False, False, True]
    assert rows[0]["expectation"] == "expect_column_values_to_be_between(column='amount', min_value=1, max_value=100)"
    assert rows[3]["detail"].startswith("2 of 3 values unexpected")
    assert "could not be evaluated" in rows[4]["detail"]


# ── the far end, in this process ─────────────────────────────────────────────────────────────────────────
def asked(url: str, table: str, *expectations: dict[str, Any]) -> list[dict[str, Any]]:
    great_expectations = pytest.importorskip("great_expectations")
    from recon.validate import checker_process

    return checker_process._answer(great_expectations, {"suites": [{"url": url, "table": table, "expectations": list(expectations)}]})


def refusal(url: str, table: str, *expectations: dict[str, Any]) -> dict[str, str]:
    pytest.importorskip("great_expectations")
    from recon.validate import checker_process

    with pytest.raises(checker_process._RefusedError) as refused:
        asked(url, table, *expectations)
    return refused.value.answer


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "erp.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoice (id TEXT, amount REAL)")
        connection.execute("INSERT INTO invoice VALUES ('0001', 50), ('0001', 500)")
        connection.commit()
    return path


def test_inside_a_database(database):
    results = asked(f"sqlite:///file:{database}?mode=ro&uri=true", "invoice", BETWEEN, expect("expect_column_values_to_be_unique", column="id"))
    assert [result["success"] for result in results] == [False, False]
    assert results[0]["detail"] == "1 of 2 values unexpected, such as 500.0"


def test_a_database_that_does_not_answer_is_for_later_and_is_not_created(tmp_path):
    missing = tmp_path / "missing.sqlite"
    assert refusal(f"sqlite:///file:{missing}?mode=ro&uri=true", "invoice", BETWEEN)["kind"] == "later"
    assert not missing.exists()


def test_a_table_that_is_not_there(database):
    answer = refusal(f"sqlite:///file:{database}?mode=ro&uri=true", "invoices", BETWEEN)
    assert (answer["kind"], answer["where"]) == ("terms", "--table")


@pytest.mark.parametrize("url", ["nonsense", "cobol://host/x"])
def test_an_address_that_cannot_be_one(url):
    assert refusal(url, "invoice", BETWEEN)["kind"] == "terms"


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (expect("expect_nonsense", column="id"), 'no expectation "expect_nonsense"'),
        (expect("expect_column_values_to_be_unique", colum="id"), "arguments are not valid"),
        (expect("expect_column_values_to_be_unique"), "arguments are not valid"),
    ],
)
def test_an_expectation_that_cannot_be_meant(database, expectation, words):
    answer = refusal(f"sqlite:///file:{database}?mode=ro&uri=true", "invoice", BETWEEN, expectation)
    assert answer["kind"] == "terms"
    assert words in answer["what"]
    assert answer["where"].startswith("expectations[1]")


# ── the near end ─────────────────────────────────────────────────────────────────────────────────────────
def test_the_near_end_turns_refusals_into_exit_codes(tmp_path, monkeypatch):
    class Refusing:
        kind = "later"

        def communicate(self, line: str, timeout: int) -> tuple[str, None]:
            return json.dumps({"refused": {"kind": self.kind, "what": "no", "got": "silence"}}), None

    for kind, code in (("later", 75), ("terms", 2)):
        Refusing.kind = kind
        with pytest.raises(ReconError) as refused:
            checker.Checker(Refusing(), None).ask({"suites": []})
        assert (refused.value.exit_code, refused.value.got) == (code, "silence")


def test_a_process_that_breaks_refuses_the_inputs(tmp_path, monkeypatch):
    monkeypatch.setattr(checker, "_MODULE", "recon.validate.no_such_module")
    with pytest.raises(InputsRefused, match="broke off"):
        gate(suite(tmp_path, BETWEEN), extracts=extracts())


def test_an_input_that_is_not_among_the_extracts(tmp_path):
    with pytest.raises(TermsRefused) as refused:
        gate(suite(tmp_path, BETWEEN, name="invoices"), extracts=extracts())
    assert refused.value.todo == 'Did you mean "invoice"?'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "no expectations"),
        ('{"expectations": []}', "no expectations"),
        ('{"expectations": [{"kwargs": {}}]}', "no type"),
        ('{"expectations": ["x"]}', "no type"),
        ('{"expectations": [{"type": "x", "kwarg": {}}]}', 'unknown key "kwarg"'),
    ],
)
def test_a_suite_that_cannot_be_read(tmp_path, content, words):
    path = tmp_path / "suite.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TermsRefused, match=words) as refused:
        read_suite(path)
    assert str(path) in refused.value.where


def test_a_missing_suite(tmp_path):
    with pytest.raises(TermsRefused, match="does not exist"):
        read_suite(tmp_path / "none.json")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM {batch}",
        "SELECT 1; DROP TABLE x",
        "UPDATE x SET a = 1",
        "SELECT * INTO y FROM {batch}",
        "PRAGMA journal_mode = OFF",
        "VACUUM",
        "SELECT (((",
    ],
)
def test_a_query_that_does_more_than_select_never_reaches_a_database(tmp_path, query):
    with pytest.raises(TermsRefused, match="query"):
        read_suite(suite(tmp_path, expect("unexpected_rows_expectation", unexpected_rows_query=query)))


@pytest.mark.parametrize("query", ["SELECT * FROM {batch} WHERE a < 0", "WITH b AS (SELECT 1 AS a) SELECT * FROM b", "SELECT 1 UNION SELECT 2"])
def test_a_query_that_selects_is_taken(tmp_path, query):
    assert read_suite(suite(tmp_path, expect("unexpected_rows_expectation", unexpected_rows_query=query))).expectations


def test_a_suite_as_older_versions_wrote_it(tmp_path):
    path = tmp_path / "old.json"
    old = {"expectation_type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}, "meta": {}}
    path.write_text(json.dumps({"expectation_suite_name": "invoice", "expectations": [old]}), encoding="utf-8")
    held = read_suite(path)
    assert (held.name, held.expectations[0]["type"]) == ("invoice", "expect_column_values_to_be_unique")
