"""Controls of the run itself: each of them fires on a run that was broken on purpose, and is silent on a sound one."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from recon.domain import measures, places, tie_out
from recon.domain.engagement import ParameterOverride
from recon.domain.rule_versions import COLUMNS, rule_versions
from recon.domain.workpapers import InputFile
from recon.evaluate import RunFacts, account
from recon.evaluate.exceptions import NOT_TESTABLE_SCHEMA
from recon.load import rulebook
from recon.validate.statements import STATEMENTS_SCHEMA


@pytest.fixture(scope="module")
def book():
    return [c for c in rulebook.read_controls(places.rules() / "controls") if c.population.table in measures.OF_THE_RUN]


@pytest.fixture
def outcomes(make_workpapers):
    workpapers = make_workpapers(3)
    return replace(workpapers.outcomes, not_testable=pl.DataFrame(schema=NOT_TESTABLE_SCHEMA))


@pytest.fixture
def engagement(make_workpapers):
    return make_workpapers(0).engagement


def statement(rule, holds):
    said = {"table": "goods_receipt_line", "rule": rule, "severity": "high", "holds": holds, "observed": "9", "expected": "10", "message": "m"}
    return said | {"message_zh": "m"}


def facts(*, rows_out=9, statements=(("control_total", True), ("coverage:receipt_date", True)), supplied=("control_total",)):
    through = {"table": "goods_receipt_line", "doorway": "validate", "rows_in": 10, "rows_out": rows_out, "rows_set_aside": 1}
    return RunFacts(
        tie_out.judged(pl.DataFrame([through], schema=tie_out.SCHEMA)),
        pl.DataFrame([statement(*s) for s in statements], schema=STATEMENTS_SCHEMA),
        (InputFile("r.csv", "goods_receipt_line", "0" * 64, 1, 10, "utf-8"),),
        {},
        supplied,
    )


def found(outcomes, book, engagement, told):
    whole = account(book, outcomes, told, engagement)
    own = {c.id for c in book}
    assert whole.controls.columns == outcomes.controls.columns
    rows = whole.exceptions.filter(pl.col("control_id").is_in(own)).select("control_id", "document_number").rows()
    return rows, dict(whole.controls.filter(pl.col("control_id").is_in(own)).select("control_id", "status").rows())


def test_a_sound_run_is_silent_and_all_its_controls_performed(outcomes, book, engagement):
    rows, statuses = found(outcomes, book, engagement, facts())
    assert rows == []
    assert [statuses.pop(control_id) for control_id in ("BAL-05", "BAL-07", "BAL-10")] == ["not_performed"] * 3  # no ledger was given
    assert statuses.pop("POP-09") == "not_performed"  # no rule book was approved
    assert [statuses.pop(control_id) for control_id in ("BAL-06", "POP-03", "POP-06", "POP-08")] == ["not_performed"] * 4  # no history
    assert statuses == dict.fromkeys(statuses, "clean")


def test_a_lost_row_a_gap_and_a_differing_total_are_each_found(outcomes, book, engagement):
    told = facts(rows_out=8, statements=(("control_total", False), ("coverage:receipt_date", False)))
    assert found(outcomes, book, engagement, told)[0] == [
        ("DAT-16", "goods_receipt_line"),
        ("POP-01", "goods_receipt_line at validate"),
        ("POP-02", "goods_receipt_line"),
    ]


def test_without_a_control_record_completeness_is_not_performed_never_passed(outcomes, book, engagement):
    told = facts(statements=(("coverage:receipt_date", True),), supplied=())
    assert found(outcomes, book, engagement, told)[1]["DAT-16"] == "not_performed"


def test_a_control_that_looked_at_nothing_is_named(outcomes, book, engagement):
    first = outcomes.controls["control_id"][0]
    empty = outcomes.controls.with_columns(population=pl.when(pl.col("control_id") == first).then(0).otherwise("population"))
    assert found(replace(outcomes, controls=empty), book, engagement, facts())[0] == [("POP-07", first)]


def test_a_control_that_could_test_no_row_is_named_and_weighs_more(outcomes, book, engagement):
    first = outcomes.controls["control_id"][0]
    blind = outcomes.controls.with_columns(not_testable=pl.when(pl.col("control_id") == first).then("population").otherwise("not_testable"))
    whole = account(book, replace(outcomes, controls=blind), facts(), engagement)
    assert whole.exceptions.filter(pl.col("control_id") == "POP-07").select("document_number", "severity").rows() == [(first, "high")]


def test_a_control_of_the_run_that_could_test_nothing_is_not_clean(outcomes, book, engagement):
    told = facts(statements=(("control_total", None), ("coverage:receipt_date", True)))
    whole = account(book, outcomes, told, engagement)
    row = whole.controls.filter(pl.col("control_id") == "DAT-16").row(0, named=True)
    assert (row["status"], row["population"], row["not_testable"]) == ("not_performed", 1, 1)
    assert row["reason"]
    assert whole.not_testable.filter(pl.col("control_id") == "DAT-16").height == 1


def approved_rules(book, engagement, **changed):
    rows = [row | changed.get(str(row["control_id"]), {}) for row in rule_versions(book, engagement)]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))


def by_rules(outcomes, book, engagement, approved):
    told = replace(facts(), supplied=("control_total", "approved_rule"), approved=approved)
    rows = account(book, outcomes, told, engagement).exceptions.filter(pl.col("control_id") == "POP-09")
    return rows.sort("document_number").select("document_number", "variance").rows()


def test_rules_as_approved_are_silent_and_every_difference_is_named(outcomes, book, engagement):
    approved = approved_rules(book, engagement)
    assert by_rules(outcomes, book, engagement, approved) == []
    changed = approved_rules(
        book, engagement, **{"POP-01": {"rule_hash": "0"}, "POP-02": {"parameter_hash": "0"}, "POP-04": {"rule_hash": "0", "parameter_hash": "0"}}
    )
    fewer = changed.filter(pl.col("control_id") != "DAT-16")
    more = pl.concat([fewer, fewer.head(1).with_columns(control_id=pl.lit("ZZZ-99"))])
    assert by_rules(outcomes, book, engagement, more) == [
        ("DAT-16", "not approved"),
        ("POP-01", "rule changed"),
        ("POP-02", "parameters changed"),
        ("POP-04", "rule and parameters changed"),
        ("ZZZ-99", "left out"),
    ]


def test_a_change_with_a_reference_is_no_exception(outcomes, book, engagement):
    agreed = approved_rules(book, engagement, **{"POP-01": {"rule_hash": "0", "change_reference": "CHG-17"}})
    assert by_rules(outcomes, book, engagement, agreed) == []


def test_the_meaning_is_compared_not_the_wording(book, engagement):
    control = book[0]
    worded = control.model_copy(update={"exception_when": control.exception_when.replace(" ", "\n  "), "references": ["another"], "examples": []})
    other = control.model_copy(update={"exception_when": f"NOT ({control.exception_when})"})
    (was,), (same,), (turned,) = (rule_versions([c], engagement) for c in (control, worded, other))
    assert was["rule_hash"] == same["rule_hash"] != turned["rule_hash"]
    loosened = engagement.model_copy(update={"parameters": [ParameterOverride(control=control.id, set={"x_amount": "1"}, why="a reason")]})
    again = loosened.model_copy(update={"parameters": [loosened.parameters[0].model_copy(update={"why": "another reason"})]})
    assert rule_versions([control], loosened)[0]["parameter_hash"] == rule_versions([control], again)[0]["parameter_hash"] != was["parameter_hash"]
