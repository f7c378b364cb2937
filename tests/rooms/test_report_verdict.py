"""The verdict: green only when every fact says so; each fact alone takes the green away."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from recon.domain import tie_out
from recon.report import exit_code, summary, terminal_lines
from recon.report.verdict import REASONS, sentence, verdict
from recon.report.words import speak


def codes(workpapers):
    return {reason.code for reason in verdict(workpapers).reasons}


@pytest.fixture
def clean(make_workpapers):
    return make_workpapers(0, rejected=0)


def controls_with(workpapers, **columns):
    """The workpapers with values of the first control's row replaced."""
    controls = workpapers.outcomes.controls
    first = pl.col("control_id") == controls["control_id"][0]
    changed = controls.with_columns(
        pl.when(first).then(pl.lit(value, controls.schema[name])).otherwise(pl.col(name)).alias(name) for name, value in columns.items()
    )
    return replace(workpapers, outcomes=replace(workpapers.outcomes, controls=changed))


def test_everything_in_order_is_clean(clean):
    judged = verdict(clean)
    assert (judged.word, judged.colour, judged.reasons, exit_code(clean)) == ("clean", "green", (), 0)


def test_exceptions_at_the_limit_fail_and_below_do_not(make_workpapers):
    found = make_workpapers(3, fail_on="medium")  # high, medium, medium
    assert (verdict(found).word, exit_code(found)) == ("exceptions", 1)
    assert next(r.figures["count"] for r in verdict(found).reasons if r.code == "exceptions_found") == 3
    below = make_workpapers(3, fail_on="critical", rejected=0)
    assert (verdict(below).word, codes(below), exit_code(below)) == ("clean", {"exceptions_below"}, 0)


@pytest.mark.parametrize("fail_on", ["critical", "high", "medium", "low"])
def test_indicators_fail_nothing_wherever_the_limit_is(make_workpapers, fail_on):
    workpapers = make_workpapers(3, fail_on=fail_on, rejected=0)
    shown = workpapers.register.exceptions.with_columns(severity=pl.lit("indicator"))
    told = replace(workpapers, register=replace(workpapers.register, exceptions=shown))
    assert (verdict(told).word, exit_code(told)) == ("clean", 0)


def test_terms_that_never_fail_are_not_green(make_workpapers):
    workpapers = make_workpapers(3, fail_on="never", rejected=0)
    assert (verdict(workpapers).word, exit_code(workpapers)) == ("gaps", 0)


@pytest.mark.parametrize(("status", "word", "code"), [("exceptions", "not_reliable", 1), ("not_performed", "gaps", 0), ("error", "gaps", 0)])
def test_the_second_opinion_counts(make_workpapers, status, word, code):
    workpapers = make_workpapers(0, rejected=0, second_opinion=status)
    assert (verdict(workpapers).word, exit_code(workpapers)) == (word, code)


def test_no_second_opinion_at_all_is_a_gap(clean):
    controls = clean.outcomes.controls.filter(pl.col("control_id") != "POP-10")
    assert codes(replace(clean, outcomes=replace(clean.outcomes, controls=controls))) == {"second_opinion_missing"}


def test_a_broken_tie_out_is_not_reliable(clean):
    one = pl.int_range(pl.len()) == 0
    for value in (False, None):
        broken = clean.tie_out.with_columns(holds=pl.when(one).then(pl.lit(value, pl.Boolean)).otherwise(pl.col("holds")))
        assert verdict(replace(clean, tie_out=broken)).word == "not_reliable"
    assert codes(replace(clean, tie_out=tie_out.empty())) == {"tie_out_missing"}


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"status": "not_performed"}, "controls_not_performed"), ({"status": "error"}, "controls_in_error"), ({"not_testable": 1}, "rows_not_testable")],
)
def test_what_was_not_tested_is_a_gap(clean, columns, code):
    workpapers = controls_with(clean, **columns)
    assert (verdict(workpapers).word, codes(workpapers)) == ("gaps", {code})


def test_rows_set_aside_are_a_gap_but_not_those_that_matching_leaves_out(make_workpapers, clean):
    assert codes(make_workpapers(0, rejected=1)) == {"rows_set_aside"}
    at_match = pl.col("doorway") == "match"
    assert (
        verdict(replace(clean, tie_out=clean.tie_out.with_columns(rows_set_aside=pl.when(at_match).then(5).otherwise("rows_set_aside")))).word
        == "clean"
    )


@pytest.mark.parametrize(("holds", "said"), [(False, {"statements_failed"}), (None, {"statements_unknown"}), (True, set())])
def test_a_statement_that_does_not_hold_or_may_not_is_a_gap(clean, holds, said):
    row = dict.fromkeys(clean.statements.columns, "x") | {"holds": holds}
    assert codes(replace(clean, statements=pl.DataFrame([row], schema=clean.statements.schema))) == said


def test_nothing_tested_is_a_gap(clean):
    controls = clean.outcomes.controls.with_columns(population=pl.lit(0, pl.Int64))
    assert "nothing_tested" in codes(replace(clean, outcomes=replace(clean.outcomes, controls=controls)))


def test_every_reason_has_a_sentence_in_every_language(make_workpapers):
    judged = verdict(make_workpapers(10, second_opinion="exceptions", fail_on="high"))
    for language in ("en", "zh"):
        words = speak(language)
        assert all(sentence(reason, words) and "%(" not in sentence(reason, words) for reason in judged.reasons)
    assert {"exceptions_found", "exceptions_below", "second_opinion_disagrees"} <= {r.code for r in judged.reasons} <= REASONS.keys()


def test_the_summary_adds_up(make_workpapers):
    workpapers = make_workpapers(400)
    facts = summary(workpapers)
    exceptions = workpapers.register.exceptions
    assert facts["exceptions"]["count"] == 400 == sum(part["count"] for part in facts["by_severity"].values())
    for part in ("by_severity", "by_family", "by_cycle", "by_control"):
        amounts = [Decimal(figures["amount_at_risk_base"]) for figures in facts[part].values()]
        assert sum(amounts) == exceptions["amount_at_risk_base"].sum() == Decimal(facts["exceptions"]["amount_at_risk_base"])
    assert facts["highest_severity"] == "critical"
    assert facts["balances"]["fulfilled_not_invoiced"]["amount_unknown"] == 1
    assert sum(part["count"] for part in facts["balances"].values()) == 120
    assert facts["rows"] == {"read": 2000, "set_aside": 3}


def test_the_terminal_names_the_verdict_and_the_heaviest(make_workpapers):
    lines = terminal_lines(make_workpapers(40))
    assert lines[0] == "ACME & Töchter 公司 as of 2026-10-31: exceptions found"
    assert "exceptions: critical 8 · high 16 · medium 16" in lines
    assert sum(line.startswith("  DUP-01  critical") for line in lines) == 5
