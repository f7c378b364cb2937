"""A control: what should hold, over which population, when it does not, and how sure we are (its examples).

One file each under rules/controls/<family>/. Conditions are SQL expressions over one measured table; they are parsed and
allow-listed before they reach an engine.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from recon.domain.engagement import ExactText, Terms

Outcome = Literal["exception", "no exception", "not testable"]


class Words(Terms):
    """One sentence in both languages of the report."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Remark(Words):
    """Words beside a rule: a reason, or what else may explain a finding. A plain text is said as it is in every language."""

    @model_validator(mode="before")
    @classmethod
    def _said_alike(cls, value: Any) -> Any:  # noqa: ANN401 - whatever a file holds
        return {"en": value, "zh": value} if isinstance(value, str) else value


class Population(Terms):
    """The rows a control covers: a measured table, optionally narrowed by an SQL condition."""

    table: str
    where: str = "TRUE"


class Subject(Terms):
    """Which document an exception speaks about, in columns of the population.

    The type is `order`, `fulfilment` or `invoice` (named after the cycle of the row) or a column that holds it. A control that can
    speak twice about one document line names in `distinguished_by` the columns that tell the two apart.
    """

    document_type: str
    document_number: str
    document_line_no: str | None = None
    document_date: str | None = None
    distinguished_by: list[str] = []


class Parameter(Terms):
    """A limit, a policy word or a set, with its reason. The name ends in its unit (_share, _amount, _days, …)."""

    value: ExactText
    why: Remark
    choices: list[str] = []  # the words a `_policy` may say


class SeverityRule(Terms):
    """Raise or lower the severity when a condition over the population holds; the first that holds wins."""

    severity: Literal["critical", "high", "medium", "low"]
    when: str


class Explanation(Terms):
    """What rows of a measured table would read, were the exception corrected: exceptions that vanish with it are shown beneath it."""

    table: str
    set: dict[str, str]  # column -> expression over columns of that table


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
    severity: Literal["critical", "high", "medium", "low", "indicator", "note"]  # a note is counted, it never is an exception
    severity_when: list[SeverityRule] = []
    scope: Literal["order", "party", "entity"]
    risk: Words
    population: Population
    subject: Subject
    exception_when: str
    not_testable_when: str = "FALSE"
    not_testable_because: Words | None = None  # the same condition in words, as half a sentence, for those who read the report
    amount_at_risk: str  # company currency, never negative
    amount_at_risk_document: str | None = None  # the same in the currency of the document, where the population knows it
    observed: str | None = None
    expected: str | None = None
    variance: str | None = None
    limit: str | None = None
    certainty: str | None = None  # column of the population, else "certain"
    explains: list[Explanation] = []  # exceptions on the same document or order line that vanish with this one are its symptoms
    yields_to: list[str] = []  # controls whose exception on the same order line says it all: this one is then silent
    match_status: Literal["exception", "overdue", "none"] = "none"  # what it makes of the order and invoice line
    parameters: dict[str, Parameter] = {}
    message: Words  # with {columns} of the population
    known_false_positives: list[Remark]
    action: Words
    references: list[str] = []
    needs: list[str] = []  # canonical tables without which the control is not performed; "a or b" where either will do
    examples: list[Example]
    origin: str = Field(default="", exclude=True)  # the file, for refusals

    @property
    def family(self) -> str:
        """The first three letters of the id."""
        return self.id[:3]

    def where(self, key: str) -> str:
        """file:key of one of its texts, for refusals."""
        return f"{self.origin or self.id}:{key}"


class Planned(Terms):
    """A control of the catalogue that this version does not perform. Its parameters may already be set in an engagement."""

    id: str = Field(pattern=r"^[A-Z]{3}-\d{2}$")
    name: Words
    severity: Literal["critical", "high", "medium", "low", "indicator", "note"]


class PlannedControls(Terms):
    """The file rules/planned.yaml."""

    controls: list[Planned]
