"""`machine/`: the run for schedulers, code hosts and dashboards. Views of `results/`, without a clock, the same bytes for the same run.

| file | for | what it says |
|---|---|---|
| `junit.xml` | test reports of CI servers | a case per control: failed at or above `fail_on`, skipped when it was not performed or had nothing to test |
| `results.sarif` | code scanning (SARIF 2.1.0) | the heaviest exceptions, each with its file and row; how many there are in all |
| `summary.md` | job summaries | verdict, counts and amounts, the controls that found most |
| `recon.prom` | the textfile collector of Prometheus | gauges by severity, family, status, kind of balance |
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import polars as pl

from recon.domain.engagement import SEVERITIES
from recon.domain.version import __version__
from recon.report import totals
from recon.report.figures import number, plain, rounded
from recon.report.verdict import HEADLINES, REASONS, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recon.domain.workpapers import Workpapers

#: Results in the SARIF file; code hosts refuse files with more. The file says how many there are.
SARIF_MOST: Final = 5_000
_LEVELS: Final = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_CONTROLS_MOST: Final = 20


def machine(workpapers: Workpapers, facts: Mapping[str, Any]) -> dict[str, bytes]:
    """Path -> content. `facts` is the run's summary."""
    return {
        "machine/junit.xml": junit(workpapers, facts),
        "machine/results.sarif": sarif(workpapers, facts),
        "machine/summary.md": markdown(workpapers, facts),
        "machine/recon.prom": prometheus(facts),
    }


# ── JUnit ────────────────────────────────────────────────────────────────────────────────────────────────────
def junit(workpapers: Workpapers, facts: Mapping[str, Any]) -> bytes:
    """One suite of controls and one of the run's own foundations: tie-out and statements about whole tables."""
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    suites = Element("testsuites", name=_xml(f"{facts['entity']} {facts['as_of']}"))
    controls = [_control_case(row, workpapers.engagement.fail_on) for row in workpapers.outcomes.controls.sort("control_id").to_dicts()]
    tie_out = [
        (f"tie-out {row['doorway']} {row['table']}", None if row["holds"] else ("failure", "rows or amounts were lost on the way"))
        for row in workpapers.tie_out.to_dicts()
    ]
    statements = [
        (f"{row['table']} {row['rule']}", None if row["holds"] else ("failure", row["message"] or ""))
        for row in workpapers.statements.sort("table", "rule").to_dicts()
    ]
    for name, cases in (("controls", controls), ("foundations", tie_out + statements)):
        kinds = [outcome[0] for _, outcome in cases if outcome]
        counts = {"tests": len(cases), "failures": kinds.count("failure"), "errors": kinds.count("error"), "skipped": kinds.count("skipped")}
        suite = SubElement(suites, "testsuite", {"name": name} | {key: str(count) for key, count in counts.items()})
        for title, outcome in cases:
            case = SubElement(suite, "testcase", classname=f"recon.{name}", name=_xml(title))
            if outcome:
                SubElement(case, outcome[0], message=_xml(outcome[1]))
    indent(suites)
    text: str = tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _control_case(row: Mapping[str, Any], fail_on: str) -> tuple[str, tuple[str, str] | None]:
    title = f"{row['control_id']} {row['title']}"
    if row["status"] == "error":
        return title, ("error", row["reason"] or "the control ended in an error")
    if row["status"] in ("not_performed", "nothing_to_test"):
        return title, ("skipped", row["reason"] or row["status"].replace("_", " "))
    if row["status"] == "exceptions" and _fails(row["severity"], fail_on):
        return title, ("failure", f"{number(row['exceptions'])} exceptions, {plain(row['amount_at_risk_base'])} at risk")
    return title, None


def _fails(severity: str, fail_on: str) -> bool:
    return fail_on != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(fail_on)


def _xml(text: str) -> str:
    """The text without characters that XML cannot carry."""
    return "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in text)


# ── SARIF ────────────────────────────────────────────────────────────────────────────────────────────────────
def sarif(workpapers: Workpapers, facts: Mapping[str, Any]) -> bytes:
    """SARIF 2.1.0: the heaviest exceptions with the row they speak about; rules are the controls that found them."""
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITIES)}, default=len(SEVERITIES), return_dtype=pl.Int64)
    ordered = workpapers.register.exceptions.sort(rank, "amount_at_risk_base", "exception_id", descending=[False, True, False], nulls_last=True)
    shown = ordered.head(SARIF_MOST)
    found = sorted(set(shown["control_id"].to_list()))
    names = {control.id: control for control in workpapers.controls}
    rules = [_sarif_rule(control, names.get(control)) for control in found]
    told = f"{shown.height} of {ordered.height} exceptions, the gravest first; results/exceptions.csv has them all"
    results = [_sarif_result(row, found.index(row["control_id"])) for row in shown.to_dicts()]
    run = {
        "tool": {"driver": {"name": "recon", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "note", "message": {"text": told}}]}],
        "results": [],
        "properties": {"entity": facts["entity"], "as_of": facts["as_of"], "verdict": facts["verdict"], "exceptions": ordered.height},
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    whole = json.dumps(document, ensure_ascii=False, indent=1)
    # one result a line: indented ones take the slow encoder, a second for a few thousand
    lines = ",".join(f"\n    {json.dumps(result, ensure_ascii=False)}" for result in results)
    return (whole.replace('\n   "results": []', f'\n   "results": [{lines}]', 1) + "\n").encode()


def _sarif_rule(control_id: str, control: Any) -> dict[str, Any]:  # noqa: ANN401 - a Control, or None for the second opinion
    if control is None:
        return {"id": control_id}
    return {
        "id": control_id,
        "shortDescription": {"text": control.name.en},
        "fullDescription": {"text": control.title.en},
        "help": {"text": control.action.en},
        "defaultConfiguration": {"level": _LEVELS.get(control.severity, "note")},
    }


def _sarif_result(row: Mapping[str, Any], rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": row["control_id"],
        "ruleIndex": rule,
        "level": _LEVELS.get(row["severity"], "note"),
        "message": {"text": row["message"] or row["control_id"]},
        "partialFingerprints": {"exceptionId/v1": row["exception_id"]},
        "properties": {
            "severity": row["severity"],
            "party_id": row["party_id"],
            "document_number": row["document_number"],
            "amount_at_risk_base": plain(row["amount_at_risk_base"]),
        },
    }
    if row["source_file"]:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(row["source_file"].replace("\\", "/"), safe="/")}}
        if row["source_row"]:
            place["region"] = {"startLine": row["source_row"]}
        result["locations"] = [{"physicalLocation": place}]
    return result


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────
def markdown(workpapers: Workpapers, facts: Mapping[str, Any]) -> bytes:
    """A page for a job's summary: verdict with its reasons, severities, the controls that found most."""
    currency = facts["currency"]
    judged = verdict(workpapers)
    lines = [f"# {_mark(facts['entity'])} as of {facts['as_of']}: {HEADLINES[judged.word]}", ""]
    for reason in judged.reasons:
        figures = {name: rounded(value, currency) if name == "amount" else _told(value) for name, value in reason.figures.items()}
        lines.append("- " + REASONS[reason.code][1] % figures)
    lines += ["", f"| severity | exceptions | at risk, {currency} |", "|---|---:|---:|"]
    lines += [f"| {word} | {number(row['count'])} | {_amount(row, currency)} |" for word, row in facts["by_severity"].items()]
    names = {control.id: control.name.en for control in workpapers.controls}
    found = totals.by_control(workpapers)
    if found.height:
        lines += ["", f"| control | exception | severity | exceptions | at risk, {currency} |", "|---|---|---|---:|---:|"]
        lines += [
            f"| {row['control_id']} | {_mark(names.get(row['control_id'], ''))} | {row['severity']} | {number(row['count'])} | {_amount(row, currency)} |"
            for row in found.head(_CONTROLS_MOST).to_dicts()
        ]
    if found.height > _CONTROLS_MOST:
        lines += ["", f"{_CONTROLS_MOST} of {found.height} controls that found something; results/controls.csv has them all."]
    return ("\n".join(lines) + "\n").encode()


def _amount(row: Mapping[str, Any], currency: str) -> str:
    value = row["amount_at_risk_base"]
    return rounded(None if value is None else Decimal(value), currency)


def _told(value: Any) -> str:  # noqa: ANN401 - a count or a word
    return value if isinstance(value, str) else number(value)


def _mark(text: str) -> str:
    """The text with the signs of Markdown and HTML escaped."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join("".join("\\" + c if c in "\\`*_{}[]()#+!|~" else c for c in escaped).split())


# ── Prometheus ───────────────────────────────────────────────────────────────────────────────────────────────
def prometheus(facts: Mapping[str, Any]) -> bytes:
    """Gauges in the text exposition format. Amounts keep every digit in the text; a collector reads them as floats."""
    entity = _label(facts["entity"])
    gauges: list[tuple[str, str, Iterable[tuple[str, str, Any]]]] = [
        ("recon_exceptions", "Exceptions by severity.", _pairs(facts["by_severity"], "severity", "count")),
        ("recon_amount_at_risk_base", "Amount at risk in company currency.", _pairs(facts["by_severity"], "severity", "amount_at_risk_base")),
        ("recon_family_exceptions", "Exceptions by family of controls.", _pairs(facts["by_family"], "family", "count")),
        ("recon_controls", "Controls by status.", [("status", word, count) for word, count in facts["controls"].items()]),
        ("recon_open_balance_base", "Open balances in company currency.", _pairs(facts["balances"], "kind", "amount_base")),
        ("recon_rows", "Rows of the inputs.", [("rows", word, count) for word, count in facts["rows"].items()]),
        ("recon_not_testable_rows", "Rows that could not be tested.", [("", "", facts["not_testable"])]),
        ("recon_tie_out_holds", "1 when every doorway of the tie-out holds.", [("", "", int(facts["tie_out_holds"]))]),
        ("recon_verdict", "1 for the verdict of the run.", [("verdict", word, int(word == facts["verdict"])) for word in HEADLINES]),
        ("recon_as_of_date", "The day the run speaks about, as a number like 20261031.", [("", "", facts["as_of"].replace("-", ""))]),
    ]
    lines = []
    for name, meaning, values in gauges:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
        for label, word, value in values:
            named = f',{label}="{_label(word)}"' if label else ""
            lines.append(f'{name}{{entity="{entity}"{named}}} {"NaN" if value is None else value}')
    return ("\n".join(lines) + "\n").encode()


def _pairs(figures: Mapping[str, Mapping[str, Any]], label: str, figure: str) -> list[tuple[str, str, Any]]:
    return [(label, word, row[figure]) for word, row in figures.items()]


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
