"""Why rows were not tested, in words: no condition and no name of a column is left to the reader, in either language."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from recon.domain import places
from recon.evaluate import texts
from recon.load import rulebook
from recon.report.column_words import _column, columns_in, names_in, reasons
from recon.report.words import speak

CONTROLS = rulebook.read_controls(places.rules() / "controls")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
CODE = re.compile(r"[a-z]_[a-z]|\b(?:NOT|NULL|COALESCE|CASE)\b|[<>=:]")


@pytest.mark.parametrize("control", [c for c in CONTROLS if c.not_testable_when != "FALSE"], ids=lambda c: c.id)
def test_every_condition_is_said_in_words(control):
    said = control.not_testable_because
    assert said is not None, f"{control.id}: say not_testable_when in words, not_testable_because: {{en: …, zh: …}}"
    assert not CODE.search(said.en.replace(": within", " within"))
    assert CHINESE.search(said.zh)
    assert (said.en[0].islower(), said.en[-1] not in ".。", said.zh[-1] not in ".。") == (True, True, True)


def test_every_column_a_verdict_hangs_on_is_said_in_words():
    left = {}
    for control in CONTROLS:
        for name in texts.judging_columns(control):
            en, zh = _column(name, "en"), _column(name, "zh")
            if "_" in en or ("_" in name and not CHINESE.search(zh)) or re.search(r"[a-z]_", zh):
                left[name] = zh
    assert left == {}


@pytest.mark.parametrize(
    ("name", "en", "zh"),
    [
        ("is_bill_and_hold", "whether it is bill-and-hold", "是否开票后代管"),
        ("promised_date", "promised date", "承诺日期"),
        ("price_difference_base", "price difference (company currency)", "价格差额（本位币）"),
        ("safety_stock", "safety stock", "安全库存"),
        ("has_contract", "whether there is contract", "是否有合同"),
        ("never_heard_of", "never heard of", "never_heard_of"),  # an unknown word is not guessed at
    ],
)
def test_names_in_words(name, en, zh):
    assert (_column(name, "en"), _column(name, "zh")) == (en, zh)


def untested(*rows):
    return pl.DataFrame({"control_id": [row[0] for row in rows], "reason": [row[1] for row in rows], "amount_base": range(len(rows))})


def test_reasons_are_the_controls_own_words():
    by_id = {control.id: control for control in CONTROLS}
    silent = by_id["APR-03"].model_copy(update={"not_testable_because": None, "id": "XXX-01"})
    rows = untested(
        ("APR-03", f"excluded from the test: {by_id['APR-03'].not_testable_when}"),
        ("XXX-01", "excluded from the test: a = 1"),
        ("TIM-01", "unknown: first_fulfilled_date, promised_date"),
        ("TIM-01", "the condition has no answer"),
        ("TIM-01", None),
    )
    told = {language: reasons(rows, [*CONTROLS, silent], speak(language)) for language in ("en", "zh")}
    assert told["en"]["reason"].to_list() == [
        by_id["APR-03"].not_testable_because.en,
        "excluded from the test: a = 1",  # an own control that says nothing keeps its condition
        "not known: first fulfilled date, promised date",
        "the condition has no answer",
        None,
    ]
    assert told["zh"]["reason"][0] == by_id["APR-03"].not_testable_because.zh
    assert told["zh"]["reason"][2].endswith("首次收发货日期、承诺日期")
    assert told["en"].drop("reason").equals(rows.drop("reason"))


def test_names_of_tables_in_a_sentence():
    assert names_in("the run was given no approved_rule, supplier", speak("en")) == "the run was given no Approved rules, Suppliers"
    assert names_in("cash_receipt (cash_receipt.csv) is as sent", speak("en")) == "Cash receipts (cash_receipt.csv) is as sent"
    assert names_in("cash_receipt.receipt_date: 0 rows; amount_net 5.", speak("en")) == "Cash receipts: receipt date: 0 rows; amount net 5."
    assert names_in("no row says: entry_days.", speak("en")) == "no row says: entry days."
    assert names_in("my_file.other_name stays", speak("en")) == "my_file.other_name stays"
    assert CHINESE.search(names_in("本次未提供：approved_rule", speak("zh")).removeprefix("本次未提供："))
    assert names_in(None, speak("en")) is None
    assert columns_in("a_date, safety_stock", speak("zh")).endswith("安全库存")


def test_the_page_shows_no_condition(make_workpapers):
    from recon.report import report

    made = make_workpapers(3)
    columns = made.outcomes.not_testable.schema
    row = {"control_id": "QTY-01", "reason": "unknown: safety_stock", "document_type": "order", "document_number": "PO-1"}
    told = pl.DataFrame([row | dict.fromkeys(columns.keys() - row.keys())], schema=columns)
    page = report(replace(made, outcomes=replace(made.outcomes, not_testable=told)), "en")["report/index.html"].decode()
    assert "not known: safety stock" in page
    assert "unknown: safety_stock" not in page


def test_names_of_families_are_shown_whole():
    from decimal import Decimal

    from recon.report import charts
    from recon.report.vocabulary import FAMILIES

    for language in ("en", "zh"):
        words = speak(language)
        drawn = str(charts.bars([(words(name), Decimal(1), "1") for name in FAMILIES.values()], "x", wide=True))
        assert "…" not in drawn
        assert all(words(name) in drawn for name in FAMILIES.values())
    assert "…" in str(charts.bars([("A very long name of a party that does not fit", Decimal(1), "1")], "x", wide=True))


@pytest.mark.parametrize(
    ("holds", "told"),
    [
        ([True, False], {"given": 2, "agreed": 1, "without": 0}),
        ([True, None], {"given": 1, "agreed": 1, "without": 1}),
        ([None, None], {"given": 0, "agreed": 0, "without": 2}),  # no total given is not a total that disagrees
    ],
)
def test_a_control_total_that_nobody_gave_does_not_disagree(make_workpapers, holds, told):
    from recon.report.view import _proof

    made = make_workpapers(1)
    tables = ["purchase_order_line", "supplier_invoice_line"]
    rows = [
        {"table": table, "rule": "control_total", "holds": one} | dict.fromkeys(made.statements.columns[2:3] + made.statements.columns[4:])
        for table, one in zip(tables, holds, strict=True)
    ]
    assert _proof(replace(made, statements=pl.DataFrame(rows, schema=made.statements.schema))) == told
