"""Final severities and suppressions: one level up or down and why; what somebody answers for is found all the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from pydantic import ValidationError

from recon.domain.engagement import Materiality, SeverityChoice, Suppression
from recon.domain.workpapers import REGISTER, SUPPRESSIONS
from recon.evaluate.exceptions import SCHEMA
from recon.record.severity import graded
from recon.record.suppressions import parted

LIMITS = Materiality(overall="1000", performance="500", clearly_trivial="10", why="audit plan")


def found(*rows):
    """Exceptions of the register; every row is told what differs from a lone medium finding of 100."""
    usual = {"control_id": "QTY-01", "severity": "medium", "cycle": "procure_to_pay", "company_code": "C1", "document_type": "supplier_invoice"}
    full = [
        usual | {"exception_id": f"E{i}", "party_id": f"S{i}", "document_number": f"INV{i}", "amount_at_risk_base": Decimal(100)} | row
        for i, row in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=SCHEMA)


@pytest.fixture
def engagement(make_workpapers):
    return make_workpapers(0).engagement.model_copy(update={"materiality": None, "suppressions": [], "severities": []})


def told(exceptions, engagement, **terms):
    rows = graded(exceptions, engagement.model_copy(update=terms))
    assert rows.columns == list(REGISTER)
    return rows.select("severity", "severity_reason").rows()


@pytest.mark.parametrize(
    ("amount", "severity", "reason"),
    [("9.99", "low", "clearly_trivial"), ("10", "medium", None), ("499.99", "medium", None), ("500", "high", "performance_materiality")],
)
def test_the_amount_moves_the_severity_by_one_level_at_its_line(engagement, amount, severity, reason):
    assert told(found({"amount_at_risk_base": Decimal(amount)}), engagement, materiality=LIMITS) == [(severity, reason)]


def test_without_materiality_amounts_move_nothing_and_an_unknown_amount_never_does(engagement):
    assert told(found({"amount_at_risk_base": Decimal(10**9)}), engagement) == [("medium", None)]
    assert told(found({"amount_at_risk_base": None}), engagement, materiality=LIMITS) == [("medium", None)]


def test_three_high_findings_of_a_party_raise_all_of_its_findings_and_two_do_not(engagement):
    three = found(*({"party_id": "S", "severity": "high"} for _ in range(3)), {"party_id": "S", "severity": "low"}, {"severity": "low"})
    why = "party_with_high_findings"
    assert told(three, engagement) == [("critical", why), ("critical", why), ("critical", why), ("medium", why), ("low", None)]
    assert told(three[1:], engagement) == [("high", None), ("high", None), ("low", None), ("low", None)]


def test_two_independent_families_on_one_document_raise_it_and_a_symptom_is_no_family(engagement):
    both = [{"party_id": "S", "document_number": "INV"}, {"party_id": "S", "document_number": "INV", "control_id": "DUP-01"}]
    assert told(found(*both), engagement) == [("high", "two_families"), ("high", "two_families")]
    both[1]["cause_exception_id"] = "E0"
    assert told(found(*both), engagement) == [("medium", None), ("medium", None)]
    both[1] |= {"cause_exception_id": None, "control_id": "QTY-02"}
    assert told(found(*both), engagement) == [("medium", None), ("medium", None)]


def test_several_reasons_raise_once_and_critical_stays_critical(engagement):
    rows = found(*({"party_id": "S", "amount_at_risk_base": Decimal(900), "severity": "high"} for _ in range(3)))
    assert set(told(rows, engagement, materiality=LIMITS)) == {("critical", "performance_materiality; party_with_high_findings")}
    assert told(found({"severity": "critical", "amount_at_risk_base": Decimal(900)}), engagement, materiality=LIMITS) == [("critical", None)]


def test_an_indicator_never_moves(engagement):
    assert told(found({"severity": "indicator", "amount_at_risk_base": Decimal(900)}), engagement, materiality=LIMITS) == [("indicator", None)]


def test_a_company_may_set_another_base(engagement):
    choice = [SeverityChoice(control="QTY-01", severity="low", why="small change")]
    assert told(found({}), engagement, severities=choice) == [("low", "engagement")]


def suppression(**terms):
    usual = {"control": "QTY-01", "where": {"party_id": "S1"}, "owner": "Li", "approver": "Wang", "reason": "agreed", "approved_on": date(2026, 1, 5)}
    return Suppression(**usual | {"expires": date(2026, 12, 31)} | terms)


def states(rows, engagement, *suppressions):
    kept, hidden, records = parted(rows, engagement.model_copy(update={"suppressions": list(suppressions)}))
    assert records.columns == list(SUPPRESSIONS)
    assert kept.height + hidden.height == rows.height
    return hidden["exception_id"].to_list(), records["state"].to_list()


def test_a_suppression_hides_what_it_names_and_nothing_else(engagement):
    rows = found({}, {}, {"party_id": "S1", "control_id": "PRC-01"}, {"party_id": None})
    assert states(rows, engagement, suppression()) == (["E1"], ["in_force"])
    assert states(rows, engagement, suppression(where={}, exception_ids=["E0", "E3"])) == (["E0", "E3"], ["in_force"])
    assert states(rows, engagement, suppression(where={"party_id": "S9"})) == ([], ["matched_nothing"])


def test_a_suppression_holds_to_its_last_day_and_not_before_it_was_approved(engagement):
    day = engagement.as_of
    assert states(found({}, {}), engagement, suppression(expires=day)) == (["E1"], ["in_force"])
    assert states(found({}, {}), engagement, suppression(expires=date(day.year, day.month, day.day - 1))) == ([], ["expired"])
    later = suppression(approved_on=date(day.year, day.month + 1, 1), expires=date(day.year, 12, 1))
    assert states(found({}, {}), engagement, later) == ([], ["not_yet_in_force"])


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"approver": "li "}, "same person"),
        ({"expires": date(2027, 1, 7)}, "within a year"),
        ({"expires": date(2026, 1, 4)}, "within a year"),
        ({"where": {}}, "say which exceptions"),
        ({"where": {"message": "x"}}, "cannot name"),
    ],
)
def test_an_unsound_suppression_is_refused(terms, says):
    with pytest.raises(ValidationError, match=says):
        suppression(**terms)


def test_materiality_stands_in_its_order():
    with pytest.raises(ValidationError, match="less than"):
        Materiality(overall="10", performance="11", why="x")
    with pytest.raises(ValidationError, match="amount in company currency"):
        Materiality(overall="a lot", why="x")
