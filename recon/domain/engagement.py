"""The engagement: one run's terms. Everything a user decides about a run stands here; nothing else is read from outside."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recon.domain.scopes import ScopedRule

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: Final = ("critical", "high", "medium", "low", "indicator")

#: policy -> values, the default first
POLICIES: Final[dict[str, tuple[str, ...]]] = {
    "match_level": ("3way", "2way", "4way", "none"),
    "consumption": ("fifo", "exact_first", "lifo", "pro_rata", "specified_only"),
    "returns": ("net", "gross_until_credit"),
    "bill_rejected": ("false", "true"),
    "bill_over_receipt": ("false", "true"),
    "fx_date": ("document", "posting"),
    "ambiguity": ("refuse", "suggest"),
    "party_restarts_numbers_yearly": ("false", "true"),
    "cash_oldest_first": ("false", "true"),
}


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
    where: dict[str, ExactText] = {}
    why: str = Field(min_length=1)


class PolicyChoice(Terms):
    """A matching policy within a scope, with its reason."""

    set: dict[str, ExactText]
    where: dict[str, ExactText] = {}
    why: str = Field(min_length=1)


class Engagement(Terms):
    """The terms of one run, as in the engagement file; `folder` is where relative paths start."""

    entity: str
    as_of: date
    period: Period
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    source: str = "canonical"
    extracts: dict[str, Paths]
    encoding: str | None = None
    time_zone: str = "UTC"
    controls: ControlChoice = ControlChoice()
    fail_on: Literal["critical", "high", "medium", "low", "never"] = "medium"
    second_opinion: bool = True
    parameters: list[ParameterOverride] = []
    policies: list[PolicyChoice] = []
    overlapping_extracts: bool = False
    folder: Path = Field(default=Path(), exclude=True)
    origin: str = Field(default="engagement", exclude=True)

    def parameter_rules(self, control_id: str) -> list[ScopedRule]:
        """Overrides of one control's parameters, as scoped rules."""
        return [ScopedRule(p.set, p.where, p.why, f"{self.origin}:parameters[{i}]") for i, p in enumerate(self.parameters) if p.control == control_id]

    def policy_rules(self) -> list[ScopedRule]:
        """Matching policies, as scoped rules."""
        return [ScopedRule(p.set, p.where, p.why, f"{self.origin}:policies[{i}]") for i, p in enumerate(self.policies)]
