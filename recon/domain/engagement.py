"""The engagement: one run's terms. Everything a user decides about a run stands here; nothing else is read from outside."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recon.domain import ages
from recon.domain.scopes import ScopedRule

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: Final = ("critical", "high", "medium", "low", "indicator")

#: policy -> values, the default first
POLICIES: Final[dict[str, tuple[str, ...]]] = {
    "match_level": ("3way", "2way", "4way", "none"),
    "consumption": ("fifo", "exact_first", "lifo", "pro_rata", "specified_only"),
    "returns": ("net", "gross_until_credit"),
    "returns_oldest_first": ("false", "true"),
    "order_version": ("latest", "at_fulfilment", "at_invoice"),
    "bill_rejected": ("false", "true"),
    "bill_over_receipt": ("false", "true"),
    "fx_date": ("document", "posting"),
    "ambiguity": ("refuse", "suggest", "deterministic"),
    "unreferenced_bill": ("suggest", "book"),
    "party_known_by": ("id", "tax_id", "name"),
    "party_restarts_numbers_yearly": ("false", "true"),
    "cash_oldest_first": ("false", "true"),
    "accrual_method": ("none", "reverse_on_arrival", "month_start_reversal", "adjust_on_arrival"),
    "freight_spread": ("none", "value", "quantity", "weight", "volume"),
    "number_series": ("open", "gap_free", "gap_free_shared"),
}


#: Policies that act before documents have an order or an item -> what they may differ by.
POLICY_REACHES: Final = {"party_known_by": ("company_code", "cycle")}

#: By what a habit of numbers may differ.
HABIT_KEYS: Final = ("company_code", "cycle", "group_id", "party_id", "supplier_id", "customer_id")


def _listed(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return [value] if isinstance(value, str) else value


def _exact_text(value: Any) -> Any:  # noqa: ANN401
    """Decimals and ids are quoted: YAML turns 0.10 into 0.1 and 0123 into 123 before anyone can see it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        message = f'write it as text, in quotes ("{value}"): an unquoted number loses zeros and digits before recon sees it'
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError
    return value


ExactText = Annotated[str, BeforeValidator(_exact_text)]
Paths = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class Terms(BaseModel):
    """Base of everything read from YAML: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Period(Terms):
    """First and last day the run reports on."""

    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.from_ > self.to:
            message = f"the period ends ({self.to}) before it begins ({self.from_})"
            raise ValueError(message)
        return self


class ControlChoice(Terms):
    """Which controls run: shell patterns of ids."""

    include: list[str] = ["*"]
    exclude: list[str] = []


class ParameterOverride(Terms):
    """Another value of a control's parameters within a scope, with its reason."""

    control: str
    set: dict[str, ExactText]
    id: ExactText | None = Field(default=None, min_length=1)  # what results call it; without one, its place in the file
    where: dict[str, ExactText] = {}
    valid_from: date | None = None  # of the date that the document judged carries; the last day belongs to it
    valid_to: date | None = None
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> ParameterOverride:
        if self.valid_from is not None and self.valid_to is not None and self.valid_from > self.valid_to:
            message = f"valid_to ({self.valid_to}) is before valid_from ({self.valid_from})"
            raise ValueError(message)
        return self


def _policy_schema(schema: dict[str, Any]) -> None:
    """Names and words of policies, for editors."""
    schema["properties"] = {
        name: {"enum": [*values, *([False, True] if set(values) == {"false", "true"} else [])]} for name, values in POLICIES.items()
    }
    schema["additionalProperties"] = False


class PolicyChoice(Terms):
    """A matching policy within a scope, with its reason."""

    set: dict[str, ExactText] = Field(json_schema_extra=_policy_schema)
    where: dict[str, ExactText] = {}
    why: str = Field(min_length=1)


class NumberHabit(Terms):
    """What parties put around document numbers, their own or ours: it is taken off where a reference is not on file as it is written."""

    prefixes: list[ExactText] = []
    suffixes: list[ExactText] = []
    fiscal_years: bool = False  # 2025-26, 25/26, FY26
    where: dict[str, ExactText] = {}
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> NumberHabit:
        if not (self.prefixes or self.suffixes or self.fiscal_years):
            message = "say what is put around numbers: prefixes, suffixes or fiscal_years"
            raise ValueError(message)
        for word in (*self.prefixes, *self.suffixes):
            if not word.strip() or word.strip().isdigit():
                message = f'"{word}" is no prefix or suffix: digits are part of a number, and a blank is nothing'
                raise ValueError(message)
        for key in self.where:
            if key not in HABIT_KEYS:
                message = f'a habit of numbers cannot differ by "{key}"; it may name {", ".join(HABIT_KEYS)}'
                raise ValueError(message)
        return self


class SeverityChoice(Terms):
    """Another base severity of a control in this company, with its reason."""

    control: str
    severity: Severity
    why: str = Field(min_length=1)


class Materiality(Terms):
    """Amounts in company currency from the audit plan: overall, performance, and what is clearly trivial. Largest first."""

    overall: ExactText | None = None
    performance: ExactText | None = None
    clearly_trivial: ExactText | None = None
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Materiality:
        stated = [(name, _amount(name, text)) for name in _MATERIALITY if (text := getattr(self, name)) is not None]
        for (larger, above), (smaller, below) in pairwise(stated):
            if above < below:
                message = f"{larger} ({above}) is less than {smaller} ({below})"
                raise ValueError(message)
        return self


_MATERIALITY: Final = ("overall", "performance", "clearly_trivial")
_MOST_DAYS: Final = 366
_MOST_AGE_DAYS: Final = 36_500
#: What a suppression may name, in columns of the exceptions register.
SUPPRESSION_KEYS: Final = (
    "cycle", "company_code", "party_id", "document_type", "document_number", "document_line_no", "order_number", "order_line_no", "item_id",
)  # fmt: skip


def _amount(name: str, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        message = f'{name} is an amount in company currency, such as "250000"; got "{text}"'
        raise ValueError(message)
    return amount


class Suppression(Terms):
    """Exceptions that somebody answers for until a day: still found, counted and listed, in a list of their own.

    `where` names columns of the exceptions register; with `exception_ids` just those. At most a year, and never approved by its owner.
    """

    control: str
    where: dict[str, ExactText] = {}
    exception_ids: list[ExactText] = []
    owner: str = Field(min_length=1)
    approver: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    approved_on: date
    expires: date

    @model_validator(mode="after")
    def _sound(self) -> Suppression:
        for key in self.where:
            if key not in SUPPRESSION_KEYS:
                message = f'a suppression cannot name "{key}"; it may name {", ".join(SUPPRESSION_KEYS)}'
                raise ValueError(message)
        if not self.where and not self.exception_ids:
            message = "say which exceptions: where (columns of the register) or exception_ids; a whole control is switched off under controls.exclude"
            raise ValueError(message)
        if self.owner.strip().casefold() == self.approver.strip().casefold():
            message = "owner and approver are the same person; a second one must agree"
            raise ValueError(message)
        if not 0 <= (self.expires - self.approved_on).days <= _MOST_DAYS:
            message = f"it runs from {self.approved_on} to {self.expires}; a suppression ends within a year of its approval"
            raise ValueError(message)
        return self


def named_for(owners: Mapping[str, str], control_id: str) -> str | None:
    """The owner of a control's id, else of the longest pattern that fits."""
    fitting = [pattern for pattern in owners if fnmatchcase(control_id, pattern)]
    return owners[max(fitting, key=lambda pattern: (pattern == control_id, len(pattern), pattern))] if fitting else None


#: Zones of currencies whose countries keep one: where a company counts in such a currency, its day ends there unless it says otherwise.
_ONE_ZONE: Final = {
    "CNY": "Asia/Shanghai", "HKD": "Asia/Hong_Kong", "TWD": "Asia/Taipei", "JPY": "Asia/Tokyo", "KRW": "Asia/Seoul", "SGD": "Asia/Singapore",
    "INR": "Asia/Kolkata", "GBP": "Europe/London", "CHF": "Europe/Zurich",
}  # fmt: skip


def zone_of(currency: str) -> str:
    """The time zone of a company that names none: that of its currency's country, UTC where the currency has several."""
    return _ONE_ZONE.get(currency, "UTC")


class Retention(Terms):
    """How long the evidence of this run is kept, counted from the end of its period or of the year in which that ends, and why."""

    years: int = Field(ge=1, le=100)
    counted_from: Literal["period_end", "year_end"] = "period_end"
    why: str = Field(min_length=1)


class AgeBuckets(Terms):
    """How the age of open balances is parted: the last day of each bucket, and why; what is older than the last is over it."""

    last_days: list[int] = Field(min_length=1, max_length=12)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> AgeBuckets:
        for day in self.last_days:
            if not 0 <= day <= _MOST_AGE_DAYS:
                message = f"a bucket ends after 0 to {_MOST_AGE_DAYS} days; got {day}"
                raise ValueError(message)
        for before, after in pairwise(self.last_days):
            if before == after:
                message = f"two buckets end after {after} days and overlap; write each last day once"
                raise ValueError(message)
            if before > after:
                message = f"buckets follow one another: {after} stands after {before}; write the youngest first"
                raise ValueError(message)
        return self


class Engagement(Terms):
    """The terms of one run, as in the engagement file; `folder` is where relative paths start."""

    entity: str
    as_of: date
    period: Period
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    source: str = "canonical"
    extracts: dict[str, Paths]
    encoding: str | None = None
    time_zone: str = Field(default_factory=lambda terms: zone_of(terms.get("currency", "")))
    controls: ControlChoice = ControlChoice()
    fail_on: Literal["critical", "high", "medium", "low", "never"] = "medium"
    second_opinion: bool = True
    parameters: list[ParameterOverride] = []
    policies: list[PolicyChoice] = []
    document_numbers: list[NumberHabit] = []
    severities: list[SeverityChoice] = []
    owners: dict[str, str] = {}  # control id or pattern -> who answers for its exceptions; the most specific pattern wins
    materiality: Materiality | None = None
    suppressions: list[Suppression] = []
    retention: Retention | None = None
    age_buckets: AgeBuckets | None = None
    overlapping_extracts: bool = False
    folder: Path = Field(default=Path(), exclude=True)
    #: what the rule book lets pass when cash is applied (`recon.domain.allowances`); overrides stand in `parameters`
    allowances: dict[str, str] = Field(default={}, exclude=True)
    origin: str = Field(default="engagement", exclude=True)

    @property
    def age_days(self) -> tuple[int, ...]:
        """Last days of the buckets of age."""
        return ages.USUAL_DAYS if self.age_buckets is None else tuple(self.age_buckets.last_days)

    def owner_of(self, control_id: str) -> str | None:
        """Who answers for a control's exceptions: the owner of its id, else of the longest pattern that fits."""
        return named_for(self.owners, control_id)

    def parameter_rules(self, control_id: str) -> list[ScopedRule]:
        """Overrides of one control's parameters, as scoped rules."""
        return [
            ScopedRule(p.set, p.where, p.why, f"{self.origin}:parameters[{i}]", p.valid_from, p.valid_to, p.id or f"parameters[{i}]")
            for i, p in enumerate(self.parameters)
            if p.control == control_id
        ]

    def policy_rules(self) -> list[ScopedRule]:
        """Matching policies, as scoped rules."""
        return [ScopedRule(p.set, p.where, p.why, f"{self.origin}:policies[{i}]") for i, p in enumerate(self.policies)]
