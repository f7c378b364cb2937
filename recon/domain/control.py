"""A control: what should hold, over which population, when it does not, and how sure we are (its examples).

One file each under rules/controls/<family>/. Conditions are SQL expressions over one measured table; they are parsed and
allow-listed before they reach an engine.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recon.domain.engagement import ExactText, Terms

Outcome = Literal["exception", "no exception", "not testable"]


class Words(Terms):
    """One sentence in both languages of the report."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Population(Terms):
    """The rows a control covers: a measured table, optionally narrowed by an SQL condition."""

    table: str
    where: str = "TRUE"


class Subject(Terms):
    """Which document an exception speaks about: column names of the population, or a quoted literal for the type."""

    document_type: str
    document_number: str
    document_line_no: str | None = None
    document_date: str | None = None


class Parameter(Terms):
    """A limit, a policy word or a set, with its reason. The name ends in its unit (_share, _amount, _days, …)."""

    value: ExactText
    why: str = Field(min_length=1)


class SeverityRule(Terms):
    """Raise or lower the severity when a condition over the population holds; the first that holds wins."""

    severity: Literal["critical", "high", "medium", "low"]
    when: str


class Example(Terms):
    """A case on one side of the line; the tests of the control."""

    case: str
    given: dict[str, ExactText | None]
    parameters: dict[str, ExactText] = {}
    expect: Outcome


class Control(Terms):
    """A control as its file declares it."""

    id: str = Field(pattern=r"^[A-Z]{3}-\d{2}$")
    title: Words  # the compliant state
    name: Words  # the exception
    status: Literal["draft", "active", "retired"] = "active"
    cycle: Literal["procure_to_pay", "order_to_cash", "both"]
    assertion: list[str]
    tier: Literal[1, 2, 3] = 1
    severity: Literal["critical", "high", "medium", "low", "indicator"]
    severity_when: list[SeverityRule] = []
    scope: Literal["order", "party", "entity"]
    risk: Words
    population: Population
    subject: Subject
    exception_when: str
    not_testable_when: str = "FALSE"
    amount_at_risk: str  # company currency, never negative
    observed: str | None = None
    expected: str | None = None
    variance: str | None = None
    limit: str | None = None
    certainty: str | None = None  # column of the population, else "certain"
    cause: str | None = None  # id of the control under whose exception on the same document this one is a symptom
    match_status: Literal["exception", "overdue", "none"] = "none"  # what it makes of the order and invoice line
    parameters: dict[str, Parameter] = {}
    message: Words  # with {columns} of the population
    known_false_positives: list[str]
    action: Words
    references: list[str] = []
    needs: list[str] = []  # canonical tables without which the control is not performed
    examples: list[Example]

    @property
    def family(self) -> str:
        """The first three letters of the id."""
        return self.id[:3]
