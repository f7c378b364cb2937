"""Parameters of controls as a run uses them: the file's value, or scoped overrides of the engagement row by row.

A control without overrides carries plain literals. Overrides become text columns of the population's frame, one per parameter,
filled by the most specific rule that reaches the row (`domain.scopes`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import rounding_words
from recon.domain.allowances import GRANTED_BY, TIMELESS
from recon.domain.errors import TermsRefused, did_you_mean
from recon.domain.scopes import SCOPE_KEYS, ScopedRule, refuse_conflicts
from recon.domain.sequences import refuse_unreadable
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
_NUMBER_SETS: Final = ("_ratio_set", "_amount_set", "_share_set", "_day_set")
_DECIMAL: Final = re.compile(r"\d{1,18}(\.\d{1,10})?", re.ASCII)
_DIGITS: Final = 10
#: Parameters that the catalogue gives to controls and that matching decides, for several controls at once -> the policy.
_POLICY_OF: Final = {
    "return_policy": "returns",
    "bill_over_receipt_flag": "bill_over_receipt",
    "bill_rejected_flag": "bill_rejected",
    "yearly_restart_flag": "party_restarts_numbers_yearly",
    "series_template_set": "number_series",
}
#: Parameters of the catalogue that stand among the expectations of a table (rules/expectations), which decide before controls judge.
_EXPECTED: Final = {
    "coverage_grain_policy": "coverage: grain",
    "control_total_tolerance_count": "control_total: row_count_tolerance",
    "control_total_tolerance_amount": "control_total: amount_tolerance",
    "required_field_set": "filled: column, at_least_share",
    "future_horizon_days": "dates: column, look_back_days",
}


def is_banded(value: str) -> bool:
    """Whether a limit differs by the size of what it is a limit of."""
    return value.startswith("up to ")


def bands(value: str) -> list[tuple[str | None, str]]:
    """(reaches up to, allowance) of a limit such as "up to 1000: 20; up to 10000: 100; above: 500", in its order; above reaches everything."""
    found: list[tuple[str | None, str]] = []
    for part in value.split(";"):
        size, _, allowed = part.partition(":")
        size = size.strip()
        found.append((None if size == "above" else size.removeprefix("up to ").strip(), allowed.strip()))
    return found


@dataclass(frozen=True)
class Setting:
    """One parameter as the rules of its control see it: a constant, or a text column where overrides differ by row."""

    name: str
    constant: str
    column: str | None = None
    others: tuple[str, ...] = ()  # what overrides say beside the constant
    set_by: str | None = None  # the override that set the constant; None: the control's file

    @property
    def values(self) -> tuple[str, ...]:
        """Every value that a row may see, each once."""
        return tuple(dict.fromkeys((self.constant, *self.others)))

    @property
    def rule_column(self) -> str | None:
        """The text column that says which override set the value of a row; null where the constant holds and the file set it."""
        return None if self.column is None else f"{self.column}@by"

    @property
    def said_by(self) -> pl.Expr | None:
        """The override that set the value of a row, by its id; None where none can."""
        if self.rule_column is not None:
            return pl.col(self.rule_column)
        return None if self.set_by is None else pl.lit(self.set_by)

    @property
    def is_number(self) -> bool:
        """Whether the name says that the value is a number."""
        return self.name.endswith(_NUMBERS)

    def number(self) -> pl.Expr:
        """The limit as `Decimal(38, 10)`; null where it is not_checked or unlimited."""
        number = pl.Decimal(38, _DIGITS)
        if self.column is None:
            return pl.lit(None if self.constant in STATES or is_banded(self.constant) else Decimal(self.constant), dtype=number)
        text = pl.col(self.column)
        return pl.when(~text.is_in(STATES) & ~text.str.starts_with("up to ")).then(text).cast(number)

    def allowance(self, base: pl.Expr) -> pl.Expr:
        """The limit for a row of that base, `Decimal(38, 10)`: the number itself, or of bands the first that reaches |base|."""
        if not any(is_banded(value) for value in self.values):
            return self.number()
        number, size = pl.Decimal(38, _DIGITS), base.abs().cast(pl.Decimal(38, _DIGITS))
        found: pl.Expr = pl.lit(None, dtype=number)
        for value in self.values:
            allowed: pl.Expr = pl.lit(None if value in STATES or is_banded(value) else Decimal(value), dtype=number)
            for reaches, amount in reversed(bands(value) if is_banded(value) else []):
                own = pl.lit(None if amount in STATES else Decimal(amount), dtype=number)
                within = pl.lit(value=True) if reaches is None else size <= pl.lit(Decimal(reaches), dtype=number)
                allowed = pl.when(size.is_null()).then(None).when(within).then(own).otherwise(allowed)
            found = pl.when(self.says(value)).then(allowed).otherwise(found)
        return found

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
        """Text columns that these controls need, with what holds where no override reaches the row."""
        ruled = [s for c in controls for s in self.of(c).values()]
        values: dict[str, str | None] = {s.column: s.constant for s in ruled if s.column is not None}
        return values | {s.rule_column: s.set_by for s in ruled if s.rule_column is not None}


def limit_set_by(control: Control, settings: Mapping[str, Setting]) -> pl.Expr:
    """The overrides behind the control's parameters on a row, "parameter: id; …" by parameter; null where the control's file set them all."""
    named = {name: setting.said_by for name, setting in settings.items() if name in control.parameters}
    told = [pl.when(by.is_not_null()).then(pl.format(f"{name}: {{}}", by)) for name, by in named.items() if by is not None]
    if not told:
        return pl.lit(None, dtype=pl.String)
    words = pl.concat_str(told, separator="; ", ignore_nulls=True)
    return pl.when(words != "").then(words)


def settle(controls: Sequence[Control], engagement: Engagement) -> Settings:
    """The parameters in force. An override without a scope replaces the constant; others make a column of the parameter."""
    by_control: dict[str, dict[str, Setting]] = {}
    scoped: list[ScopedRule] = []
    for control in controls:
        rules = engagement.parameter_rules(control.id)
        settings = {}
        for name, parameter in control.parameters.items():
            constant, narrower, set_by = parameter.value, [], None
            for rule in rules:
                if name not in rule.settings:
                    continue
                if rule.where or rule.is_dated:
                    narrower.append(rule)
                else:
                    constant, set_by = rule.settings[name], rule.id
            column = f"{control.id}:{name}" if narrower else None
            settings[name] = Setting(name, constant, column, tuple(r.settings[name] for r in narrower), set_by)
            told = [{column: r.settings[name], f"{column}@by": r.id} for r in narrower] if column else []
            scoped += [replace(r, settings=said, day=control.subject.document_date) for r, said in zip(narrower, told, strict=True)]
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
        if control.subject.document_date is None and (override.valid_from or override.valid_to):
            raise TermsRefused(
                f"{control.id} judges nothing that carries a date", where=f"{where}.valid_from", todo="leave out valid_from and valid_to"
            )
        timeless = sorted(name for name in override.set if name in TIMELESS and GRANTED_BY[name] == control.id)
        if timeless and (override.valid_from or override.valid_to):
            raise TermsRefused(
                f"{timeless[0]} holds for a whole run: matching works by it",
                where=f"{where}.valid_from",
                todo="leave out valid_from and valid_to, or set it for a party or contract",
            )
        for name, value in override.set.items():
            if name not in control.parameters:
                raise TermsRefused(
                    f'{control.id} has no parameter "{name}"',
                    where=f"{where}.set.{name}",
                    expected=", ".join(control.parameters) or "no parameters at all",
                    todo=_ruled_by_policy(name) or did_you_mean(name, set(control.parameters)),
                )
            check_value(control, name, value, f"{where}.set.{name}")
    _refuse_shared_ids(engagement)
    for control_id in dict.fromkeys(p.control for p in engagement.parameters):
        refuse_conflicts(engagement.parameter_rules(control_id))


def _refuse_shared_ids(engagement: Engagement) -> None:
    named: dict[str, int] = {}
    for i, override in enumerate(engagement.parameters):
        if override.id is not None and named.setdefault(override.id, i) != i:
            raise TermsRefused(
                "two overrides bear one id", where=f"{engagement.origin}:parameters[{i}].id", expected="an id of its own, or none",
                got=f"{override.id} (parameters[{named[override.id]}] bears it)", todo="exceptions name the override that set their limit by its id",
            )  # fmt: skip


def _ruled_by_policy(name: str) -> str:
    """Where a parameter of the catalogue is set instead; empty for names that no policy answers."""
    if name in _EXPECTED:
        return f"it stands among the expectations of the table: {_EXPECTED[name]}"
    policy = _POLICY_OF.get(name)
    return f"matching decides it by a policy: set {policy} under policies" if policy else ""


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
    elif name.endswith("_set"):
        _check_set(name, value, where)
    elif name.endswith("_flag"):
        if value not in {"true", "false"}:
            raise TermsRefused(f"{name} is true or false", where=where, expected="true or false", got=value)
    elif is_banded(value):
        _check_bands(control, name, value, where)
    elif name.endswith(_NUMBERS):
        _check_number(control, name, value, where)


def _check_set(name: str, value: str, where: str) -> None:
    if name.endswith("_sequence_set"):
        refuse_unreadable(name, value, where)
    elif name == "convention_set":
        rounding_words.refuse_unreadable(name, value, where)
    elif name.endswith(_NUMBER_SETS) and value != NO_SET and not all(_DECIMAL.fullmatch(number.strip()) for number in value.split(",")):
        raise TermsRefused(f"{name} is a list of numbers", where=where, expected="numbers with commas between them, or none", got=value)


def _check_bands(control: Control, name: str, value: str, where: str) -> None:
    expected = 'bands of growing size, the last one above: "up to 1000: 20; up to 10000: 100; above: 500"'
    if name not in texts.banded_parameters(control):
        raise TermsRefused(f"{name} cannot differ by size", where=where, expected="one number, or not_checked or unlimited", got=value)
    found = bands(value)
    sizes = [size for size, _ in found[:-1]]
    numbers = [size or "" for size in sizes] + [allowed for _, allowed in found if allowed != "unlimited"]
    if found[-1][0] is not None or not all(_DECIMAL.fullmatch(number) for number in numbers):
        raise TermsRefused(f"the bands of {name} cannot be read", where=where, expected=expected, got=value)
    reached = [Decimal(size or 0) for size in sizes]
    if any(below >= above for below, above in pairwise(reached)):
        raise TermsRefused(f"the bands of {name} do not grow", where=where, expected=expected, got=value, todo="write the smallest band first")


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
