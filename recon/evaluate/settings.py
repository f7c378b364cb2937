"""Parameters of controls as a run uses them: the file's value, or scoped overrides of the engagement row by row.

A control without overrides carries plain literals. Overrides become text columns of the population's frame, one per parameter,
filled by the most specific rule that reaches the row (`domain.scopes`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.errors import TermsRefused, did_you_mean
from recon.domain.scopes import SCOPE_KEYS, ScopedRule, refuse_conflicts
from recon.evaluate import texts
from recon.evaluate.limits import NO_SET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.domain.control import Control, Planned
    from recon.domain.engagement import Engagement

#: What a limit may say instead of a number.
STATES: Final = ("not_checked", "unlimited")
_WHOLE: Final = ("_days", "_count")
_NUMBERS: Final = ("_share", "_amount", "_days", "_hours", "_seconds", "_count", "_quantity", "_score", "_ratio")
_DECIMAL: Final = re.compile(r"\d{1,18}(\.\d{1,10})?", re.ASCII)
_DIGITS: Final = 10


@dataclass(frozen=True)
class Setting:
    """One parameter as the rules of its control see it: a constant, or a text column where overrides differ by row."""

    name: str
    constant: str
    column: str | None = None
    others: tuple[str, ...] = ()  # what overrides say beside the constant

    @property
    def values(self) -> tuple[str, ...]:
        """Every value that a row may see, each once."""
        return tuple(dict.fromkeys((self.constant, *self.others)))

    @property
    def is_number(self) -> bool:
        """Whether the name says that the value is a number."""
        return self.name.endswith(_NUMBERS)

    def number(self) -> pl.Expr:
        """The limit as `Decimal(38, 10)`; null where it is not_checked or unlimited."""
        number = pl.Decimal(38, _DIGITS)
        if self.column is None:
            return pl.lit(None if self.constant in STATES else Decimal(self.constant), dtype=number)
        text = pl.col(self.column)
        return pl.when(~text.is_in(STATES)).then(text).cast(number)

    def text(self) -> pl.Expr:
        """The value as text."""
        return pl.lit(self.constant) if self.column is None else pl.col(self.column)

    def says(self, word: str) -> pl.Expr:
        """Whether the value is this word."""
        return pl.lit(self.constant == word) if self.column is None else pl.col(self.column) == word


@dataclass(frozen=True)
class Settings:
    """The parameters of all controls of a run: constants, and the overrides that make columns of some of them."""

    by_control: Mapping[str, Mapping[str, Setting]]
    rules: tuple[ScopedRule, ...]  # overrides, their names written CONTROL:parameter

    def of(self, control: Control) -> Mapping[str, Setting]:
        """Parameter -> setting of one control."""
        return self.by_control[control.id]

    def columns(self, controls: Iterable[Control]) -> dict[str, str | None]:
        """Text columns that these controls need, with the value of the file as default."""
        return {s.column: s.constant for c in controls for s in self.of(c).values() if s.column is not None}


def settle(controls: Sequence[Control], engagement: Engagement) -> Settings:
    """The parameters in force. An override without a scope replaces the constant; others make a column of the parameter."""
    by_control: dict[str, dict[str, Setting]] = {}
    scoped: list[ScopedRule] = []
    for control in controls:
        rules = engagement.parameter_rules(control.id)
        settings = {}
        for name, parameter in control.parameters.items():
            constant, narrower = parameter.value, []
            for rule in rules:
                if name not in rule.settings:
                    continue
                if rule.where:
                    narrower.append(rule)
                else:
                    constant = rule.settings[name]
            column = f"{control.id}:{name}" if narrower else None
            settings[name] = Setting(name, constant, column, tuple(r.settings[name] for r in narrower))
            scoped += [ScopedRule({f"{control.id}:{name}": r.settings[name]}, r.where, r.why, r.origin) for r in narrower]
        by_control[control.id] = settings
    return Settings(by_control, tuple(scoped))


def check_overrides(controls: Sequence[Control], planned: Sequence[Planned], engagement: Engagement) -> None:
    """Refuse overrides of unknown controls, parameters and scopes, values of the wrong kind, and rules that contradict each other."""
    shipped = {c.id: c for c in controls}
    ahead = {p.id for p in planned}
    for i, override in enumerate(engagement.parameters):
        where = f"{engagement.origin}:parameters[{i}]"
        check_scope(override.where, where)
        if override.control in ahead and override.control not in shipped:
            continue
        if override.control not in shipped:
            hint = did_you_mean(override.control, set(shipped) | ahead)
            raise TermsRefused(f'there is no control "{override.control}"', where=f"{where}.control", todo=hint or "`recon controls` lists them")
        control = shipped[override.control]
        for name, value in override.set.items():
            if name not in control.parameters:
                raise TermsRefused(
                    f'{control.id} has no parameter "{name}"',
                    where=f"{where}.set.{name}",
                    expected=", ".join(control.parameters) or "no parameters at all",
                    todo=did_you_mean(name, set(control.parameters)),
                )
            check_value(control, name, value, f"{where}.set.{name}")
    for control_id in dict.fromkeys(p.control for p in engagement.parameters):
        refuse_conflicts(engagement.parameter_rules(control_id))


def check_scope(scope: Mapping[str, str], where: str) -> None:
    """Refuse keys of a scope that no document has, and scopes that name both cycles."""
    for key in scope:
        if key not in SCOPE_KEYS:
            hint = did_you_mean(key, set(SCOPE_KEYS))
            raise TermsRefused(f'unknown key "{key}" in a scope', where=f"{where}.where.{key}", expected=", ".join(SCOPE_KEYS), todo=hint)
    cycles = {SCOPE_KEYS[key][1] for key in scope} - {None} | ({scope["cycle"]} if "cycle" in scope else set())
    if len(cycles) > 1:
        raise TermsRefused("no document is of both cycles", where=f"{where}.where", got=", ".join(scope), todo="write one rule for each cycle")


def check_value(control: Control, name: str, value: str, where: str) -> None:
    """Refuse a value that does not fit the unit in the parameter's name."""
    parameter = control.parameters[name]
    if not value.strip():
        raise TermsRefused(
            "a blank is no value", where=where, expected="a number, or not_checked or unlimited", todo="say not_checked if nothing is tested"
        )
    if parameter.choices:
        if value not in parameter.choices:
            hint = did_you_mean(value, set(parameter.choices))
            raise TermsRefused(f"{name} does not know this word", where=where, expected=", ".join(parameter.choices), got=value, todo=hint)
    elif name.endswith("_ratio_set"):
        if value != NO_SET and not all(_DECIMAL.fullmatch(number.strip()) for number in value.split(",")):
            raise TermsRefused(f"{name} is a list of numbers", where=where, expected="numbers with commas between them, or none", got=value)
    elif name.endswith("_flag"):
        if value not in {"true", "false"}:
            raise TermsRefused(f"{name} is true or false", where=where, expected="true or false", got=value)
    elif name.endswith(_NUMBERS):
        _check_number(control, name, value, where)


def _check_number(control: Control, name: str, value: str, where: str) -> None:
    may_be_state = name not in texts.plain_parameters(control)
    expected = "a decimal number that is not negative, with at most 10 digits behind the point" + (
        ", or not_checked, or unlimited" if may_be_state else ""
    )
    if value in STATES:
        if not may_be_state:
            raise TermsRefused(f"{name} needs a number", where=where, expected=expected, got=value)
        return
    if not _DECIMAL.fullmatch(value):
        hint = did_you_mean(value, STATES) or ('write 2 % as "0.02"' if value.rstrip().endswith("%") else "")
        raise TermsRefused(f"{name} needs a number", where=where, expected=expected, got=value, todo=hint)
    if name.endswith(_WHOLE) and Decimal(value) != int(Decimal(value)):
        raise TermsRefused(f"{name} counts whole {name.rsplit('_', 1)[1]}", where=where, expected="a whole number", got=value)
