"""What is generated is what would be generated now; what frameworks name exists; terms without effect are told."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from recon.domain import places
from recon.domain.engagement import POLICIES, Materiality, ParameterOverride, PolicyChoice
from recon.evaluate import lint, listing
from recon.load import read_engagement, rulebook
from recon.load.schemas import PATTERNS, schemas
from recon.load.yaml_files import read_terms

ROOT = Path(__file__).parents[1]
AGAIN = "make docs writes it anew"


def book():
    return rulebook.read_controls(places.rules() / "controls"), rulebook.read_planned(places.rules() / "planned.yaml")


def test_the_page_of_controls_is_what_the_rule_book_says():
    assert (ROOT / "docs" / "controls.md").read_text(encoding="utf-8") == listing(*book()), AGAIN


@pytest.mark.parametrize("name", PATTERNS)
def test_the_schemas_are_those_of_the_types_that_read_the_files(name):
    assert (ROOT / "rules" / "schemas" / name).read_text(encoding="utf-8") == schemas()[name], AGAIN


def test_the_list_of_checked_rules_is_of_the_rules_as_they_are():
    from benchmarks.checked_rules import passed

    assert (ROOT / "rules" / rulebook.CHECKED).read_text(encoding="utf-8") == passed(), AGAIN


def test_editors_find_every_schema():
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    assert settings == {f"./rules/schemas/{name}": files for name, files in PATTERNS.items()}


def test_the_engagement_schema_knows_every_key_of_the_sample_and_refuses_others():
    schema = json.loads((ROOT / "rules" / "schemas" / "engagement.schema.json").read_text(encoding="utf-8"))
    assert schema["additionalProperties"] is False
    lines = (ROOT / "sample_data" / "clean" / "engagement.yaml").read_text(encoding="utf-8").splitlines()
    keys = {line.split(":")[0] for line in lines if line and line[0].isalpha()}
    assert keys <= schema["properties"].keys()
    assert set(schema["required"]) <= keys


def test_frameworks_name_controls_that_exist_and_every_family_is_somewhere():
    controls, planned = book()
    known = {c.id for c in controls} | {p.id for p in planned}
    frameworks = rulebook.read_frameworks(places.rules() / "frameworks")
    assert len(frameworks) >= 3
    named = [pattern for f in frameworks for r in f.requirements for pattern in r.controls]
    assert [pattern for pattern in named if not any(fnmatchcase(i, pattern) for i in known)] == []
    assert {i[:3] for i in known} == {i[:3] for i in known for pattern in named if fnmatchcase(i, pattern)}


def engagement(**terms):
    return read_engagement(ROOT / "sample_data" / "clean" / "engagement.yaml").model_copy(update=terms)


def test_terms_without_effect_are_told_and_others_are_not():
    controls, planned = book()
    default = next(c for c in controls if c.id == "MIS-03").parameters["invoice_wait_days"].value
    told = lint(
        controls,
        engagement(
            parameters=[
                ParameterOverride(control="MIS-03", set={"invoice_wait_days": default}, why="x"),
                ParameterOverride(control="MIS-03", set={"invoice_wait_days": "7"}, where={"company_code": "C10"}, why="x"),
                ParameterOverride(control=planned[0].id, set={"anything": "1"}, why="x"),
            ],
            policies=[PolicyChoice(set={"match_level": "3way"}, why="x"), PolicyChoice(set={"match_level": "2way"}, why="x")],
        ),
        planned,
    )
    assert [said.split(":")[1] for said in told] == ["parameters[0].set.invoice_wait_days", "parameters[2]", "policies[0].set.match_level"]


def test_the_shipped_engagements_say_nothing_without_effect():
    controls, planned = book()
    for name in ("clean", "planted"):
        assert lint(controls, read_engagement(ROOT / "sample_data" / name / "engagement.yaml"), planned) == []


def test_owners_are_found_by_the_most_specific_pattern():
    terms = engagement(owners={"*": "controller", "PRC-*": "buyer", "PRC-01": "head of buying"}, materiality=Materiality(why="x"))
    assert [terms.owner_of(i) for i in ("PRC-01", "PRC-02", "QTY-01")] == ["head of buying", "buyer", "controller"]
    assert engagement().owner_of("PRC-01") is None


def test_terms_that_people_write_are_read_back(tmp_path):
    text = (ROOT / "sample_data" / "clean" / "engagement.yaml").read_text(encoding="utf-8")
    more = """
owners: {"PRC-*": buyer}
severities: [{control: PRC-01, severity: low, why: small change}]
materiality: {overall: "500000", performance: "375000", clearly_trivial: "25000", why: audit plan 2026}
suppressions:
  - {control: PRC-01, where: {party_id: S1007}, owner: Li, approver: Wang, reason: new list prices agreed, approved_on: 2026-10-01, expires: 2026-12-31}
"""
    path = ROOT / "sample_data" / "clean" / "engagement.yaml"
    changed = tmp_path / "engagement.yaml"
    changed.write_text(text.replace("../", f"{path.parent}/../") + more, encoding="utf-8")
    from recon.domain.engagement import Engagement

    read = read_terms(changed, Engagement)
    assert read.suppressions[0].expires.isoformat() == "2026-12-31"
    assert read.severities[0].severity == "low"


def test_the_page_of_policies_names_every_policy_and_its_values_the_default_first():
    lines = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8").splitlines()
    told = {cells[0].strip().strip("`"): cells[1].strip() for line in lines if line.startswith("| `") for cells in [line.strip("|").split("|")]}
    assert told == {name: ", ".join(values) for name, values in POLICIES.items()}


def test_the_schema_of_policies_knows_their_words():
    schema = json.loads((ROOT / "rules" / "schemas" / "engagement.schema.json").read_text(encoding="utf-8"))["$defs"]["PolicyChoice"]["properties"][
        "set"
    ]
    assert schema["additionalProperties"] is False
    assert {name: tuple(word for word in said["enum"] if isinstance(word, str)) for name, said in schema["properties"].items()} == POLICIES
