"""Outputs for schedulers: each parses, says the figures of the summary, and has no clock."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest
from hostile import HOSTILE

from recon.report import report
from recon.report.machine import SARIF_MOST, machine
from recon.report.summary import summary


def outputs(workpapers):
    facts = summary(workpapers)
    return machine(workpapers, facts), facts


def test_junit_has_a_case_per_control_that_fails_by_fail_on(make_workpapers):
    made, facts = outputs(make_workpapers(40, fail_on="high", second_opinion="not_performed"))
    suites = ET.fromstring(made["machine/junit.xml"])
    controls = suites.find("testsuite[@name='controls']")
    cases = {case.get("name").split()[0]: case for case in controls}
    assert {name for name, case in cases.items() if case.find("failure") is not None} == {"QTY-01", "APR-01", "DUP-01"}
    assert cases["POP-10"].find("skipped").get("message") == "switched off in the engagement"
    assert cases["PRC-01"].find("failure") is None
    assert (controls.get("tests"), controls.get("failures"), controls.get("skipped")) == ("6", "3", "1")
    foundations = suites.find("testsuite[@name='foundations']")
    assert foundations.get("failures") == "0"
    assert facts["tie_out_holds"]


def test_a_broken_tie_out_fails_a_case(workpapers):
    broken = replace(workpapers, tie_out=workpapers.tie_out.with_columns(holds=pl.int_range(pl.len()) != 0))
    made, _ = outputs(broken)
    assert ET.fromstring(made["machine/junit.xml"]).find("testsuite[@name='foundations']").get("failures") == "1"


def test_sarif_has_the_heaviest_exceptions_and_says_how_many_there_are(make_workpapers):
    made, facts = outputs(make_workpapers(SARIF_MOST + 10))
    run = json.loads(made["machine/results.sarif"])["runs"][0]
    assert len(run["results"]) == SARIF_MOST
    assert run["properties"]["exceptions"] == facts["exceptions"]["count"] == SARIF_MOST + 10
    assert f"{SARIF_MOST} of {SARIF_MOST + 10}" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    levels = [result["level"] for result in run["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "supplier_invoice_line.csv"
        assert place["region"]["startLine"] >= 2


def test_prometheus_says_the_figures_of_the_summary(workpapers):
    made, facts = outputs(workpapers)
    text = made["machine/recon.prom"].decode()
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line).groups()
            found[name, re.sub(r'entity="(?:[^"\\]|\\.)*",?', "", labels)] = value
    for severity, figures in facts["by_severity"].items():
        assert found["recon_exceptions", f'severity="{severity}"'] == str(figures["count"])
        assert Decimal(found["recon_amount_at_risk_base", f'severity="{severity}"']) == Decimal(figures["amount_at_risk_base"])
    assert found["recon_verdict", 'verdict="exceptions"'] == "1"
    assert found["recon_as_of_date", ""] == "20261031"
    assert len(re.findall("^# TYPE", text, re.MULTILINE)) == len({name for name, _ in found})


def test_the_markdown_page_has_verdict_and_controls(workpapers):
    text = outputs(workpapers)[0]["machine/summary.md"].decode()
    assert text.startswith("# ACME &amp; Töchter 公司 as of 2026-10-31: Exceptions found\n")
    assert "| DUP-01 | Same invoice entered twice | critical | 8 |" in text


@pytest.mark.parametrize("field", ["message", "source_file", "party_id", "document_number"])
def test_hostile_strings_break_no_format(make_workpapers, field):
    made = make_workpapers(len(HOSTILE))
    attacked = made.register.exceptions.with_columns(pl.Series(field, HOSTILE))
    files = outputs(replace(made, register=replace(made.register, exceptions=attacked)))[0]
    ET.fromstring(files["machine/junit.xml"])
    results = json.loads(files["machine/results.sarif"])["runs"][0]["results"]
    assert len(results) == len(HOSTILE)
    uris = [place["physicalLocation"]["artifactLocation"]["uri"] for result in results for place in result.get("locations", [])]
    assert all(re.fullmatch(r"[A-Za-z0-9_.~%/-]*", uri) for uri in uris)


@pytest.mark.parametrize("entity", HOSTILE, ids=lambda t: ascii(t)[:30])
def test_a_hostile_entity_breaks_no_format(workpapers, entity):
    made = replace(workpapers, engagement=workpapers.engagement.model_copy(update={"entity": entity}))
    files = outputs(made)[0]
    ET.fromstring(files["machine/junit.xml"])
    assert json.loads(files["machine/results.sarif"])["runs"][0]["properties"]["entity"] == entity
    assert all(
        re.fullmatch(r'# (HELP|TYPE) .*|\w+\{(\w+="(?:[^"\\]|\\.)*",?)+\} \S+', line)
        for line in files["machine/recon.prom"].decode().split("\n")[:-1]
    )
    title = files["machine/summary.md"].decode().split("\n- ")[0]
    assert not re.search(r"<[a-zA-Z!/]", title)


def test_nothing_tells_the_time(workpapers, make_workpapers):
    assert {n: c for n, c in report(workpapers, "en").items() if n.startswith("machine/")} == outputs(make_workpapers())[0]
