"""The rule book as such: is it in order for this engagement, which controls does it choose, what does a control say."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import polars as pl

from recon.domain import measures
from recon.domain.allowances import GRANTED_BY, REACHES
from recon.domain.engagement import POLICIES
from recon.domain.errors import TermsRefused, did_you_mean
from recon.domain.scopes import SCOPE_KEYS, refuse_conflicts
from recon.evaluate import causes, exceptions, texts
from recon.evaluate.judging import clock_of, judge, population_plans
from recon.evaluate.settings import check_overrides, check_scope, check_value, settle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from recon.domain.control import Control, Planned
    from recon.domain.engagement import Engagement, ParameterOverride


def check(controls: Sequence[Control], engagement: Engagement, planned: Sequence[Planned] = (), passed: Collection[str] = ()) -> None:
    """Refuse a rule book, parameters or policies that could not be performed: every rule is parsed and run on an empty table.

    `passed`: ids of controls whose files are known to have passed; they are run again only where the engagement sets their parameters.
    Raises TermsRefused with file:key. No data is needed and none is judged.
    """
    _check_choice(controls, planned, engagement)
    _check_names(controls, planned, engagement)
    asked = {choice.control for choice in engagement.parameters}
    doubtful = [c for c in controls if c.id not in passed or c.id in asked]
    for control in doubtful:
        _check_texts(control)
    _check_yielding(controls, planned)
    check_overrides(controls, planned, engagement)
    _check_reach(controls, engagement)
    _check_policies(engagement)
    settings = settle(controls, engagement)
    clock = clock_of(engagement)
    for control in doubtful:
        causes.check(control, clock)
    for table in sorted({c.population.table for c in doubtful}):
        its_controls = [c for c in doubtful if c.population.table == table]
        nothing = population_plans({table: pl.LazyFrame(schema=measures.schema(table))}, its_controls, settings, {})[table].collect()
        judged = judge(table, nothing, its_controls, settings, clock)
        for control in its_controls:
            exceptions.plan_of(judged.raised_by(control), engagement).collect_schema()


def chosen(controls: Sequence[Control], engagement: Engagement) -> list[Control]:
    """Active controls that the engagement includes and does not exclude, by id."""
    choice = engagement.controls
    return sorted(
        (
            c
            for c in controls
            if c.status == "active"
            and any(fnmatchcase(c.id, pattern) for pattern in choice.include)
            and not any(fnmatchcase(c.id, pattern) for pattern in choice.exclude)
        ),
        key=lambda c: c.id,
    )


def catalogue(controls: Sequence[Control]) -> list[dict[str, Any]]:
    """One row per control for listings, by id."""
    return [
        {
            "id": c.id,
            "name": c.name.en,
            "name_zh": c.name.zh,
            "title": c.title.en,
            "title_zh": c.title.zh,
            "family": c.family,
            "cycle": c.cycle,
            "assertion": "; ".join(c.assertion),
            "tier": c.tier,
            "severity": c.severity,
            "status": c.status,
            "scope": c.scope,
            "parameters": "; ".join(f"{name}={p.value}" for name, p in c.parameters.items()),
        }
        for c in sorted(controls, key=lambda c: c.id)
    ]


def explain(control: Control) -> str:
    """One control in full, for a reader at a terminal."""
    lines = [
        f"{control.id}  {control.name.en}  {control.name.zh}",
        f"{control.severity} · {control.cycle} · {', '.join(control.assertion)} · tier {control.tier} · {control.status} · scope {control.scope}",
        "",
        f"Holds when   {control.title.en}",
        f"             {control.title.zh}",
        f"Risk         {control.risk.en}",
        f"             {control.risk.zh}",
        "",
        f"Population   {control.population.table}: {measures.MEASURES.get(control.population.table, '')}",
        f"             where {_flat(control.population.where)}",
        f"Exception    when {_flat(control.exception_when)}",
        f"Not testable when a value it needs is unknown, or {_flat(control.not_testable_when)}",
        f"At risk      {_flat(control.amount_at_risk)}",
        *(f"Severity     {rule.severity} when {_flat(rule.when)}" for rule in control.severity_when),
        *(f"Explains     exceptions of {one.table} that vanish with {_flat(_set(one.set))}" for one in control.explains),
    ]
    if control.parameters:
        lines += ["", "Parameters"]
        lines += [line for name, p in control.parameters.items() for line in (f"  {name} = {p.value}   {p.why.en}", f"    {p.why.zh}")]
    lines += ["", f"Do           {control.action.en}", f"             {control.action.zh}", "", "Known false positives"]
    lines += [line for text in control.known_false_positives for line in (f"  - {text.en}", f"    {text.zh}")]
    lines += ["", "Examples"]
    lines += [f"  - {e.case}: {e.expect}" for e in control.examples]
    if control.references:
        lines += ["", f"References   {'; '.join(control.references)}"]
    return "\n".join(lines)


def _set(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {text}" for name, text in values.items())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _check_choice(controls: Sequence[Control], planned: Sequence[Planned], engagement: Engagement) -> None:
    known = {c.id for c in controls} | {p.id for p in planned}
    for side in ("include", "exclude"):
        for i, pattern in enumerate(getattr(engagement.controls, side)):
            if not any(fnmatchcase(control_id, pattern) for control_id in known):
                hint = did_you_mean(pattern, known)
                raise TermsRefused(
                    "no control has this id",
                    where=f"{engagement.origin}:controls.{side}[{i}]",
                    got=pattern,
                    todo=hint or "`recon controls` lists them",
                )


def _check_names(controls: Sequence[Control], planned: Sequence[Planned], engagement: Engagement) -> None:
    """Refuse severities, suppressions and owners of controls that do not exist: they would silently speak about nothing."""
    known = {c.id for c in controls} | {p.id for p in planned}
    named = [(f"severities[{i}].control", choice.control) for i, choice in enumerate(engagement.severities)]
    named += [(f"suppressions[{i}].control", choice.control) for i, choice in enumerate(engagement.suppressions)]
    for where, control_id in named:
        if control_id not in known:
            hint = did_you_mean(control_id, known) or "`recon controls` lists them"
            raise TermsRefused(f'there is no control "{control_id}"', where=f"{engagement.origin}:{where}", todo=hint)
    for pattern in engagement.owners:
        if not any(fnmatchcase(control_id, pattern) for control_id in known):
            hint = did_you_mean(pattern, known) or "`recon controls` lists them"
            raise TermsRefused("no control has this id", where=f"{engagement.origin}:owners.{pattern}", got=pattern, todo=hint)


def _check_texts(control: Control) -> None:
    if control.population.table not in measures.MEASURES:
        hint = did_you_mean(control.population.table, set(measures.MEASURES))
        raise TermsRefused("there is no such population", where=control.where("population.table"), got=control.population.table, todo=hint)
    texts.refuse_unknown_names(control, frozenset(measures.schema(control.population.table)))
    for name, parameter in control.parameters.items():
        check_value(control, name, parameter.value, control.where(f"parameters.{name}"))
    texts.refuse_corrections(control)


def _check_yielding(controls: Sequence[Control], planned: Sequence[Planned]) -> None:
    known = {c.id for c in controls} | {p.id for p in planned}
    for control in controls:
        for other in control.yields_to:
            if other not in known:
                raise TermsRefused(f'there is no control "{other}"', where=control.where("yields_to"), todo=did_you_mean(other, known))


def _check_reach(controls: Sequence[Control], engagement: Engagement) -> None:
    """Refuse an override whose scope the control's population cannot tell: it would silently apply to nothing."""
    by_id = {c.id: c for c in controls}
    for i, override in enumerate(engagement.parameters):
        control = by_id.get(override.control)
        if control is None:
            continue
        known = measures.schema(control.population.table)
        judged_by = frozenset[str]().union(*(rule.parameters for rule in texts.rules(control).values()))
        by_matching_alone = all(GRANTED_BY.get(name) == control.id and name not in judged_by for name in override.set)
        for key in override.where:
            if SCOPE_KEYS[key][0] not in known and not by_matching_alone:
                able = [k for k, (column, _) in SCOPE_KEYS.items() if column in known]
                raise TermsRefused(
                    f"{control.id} judges {control.population.table}, which has no {SCOPE_KEYS[key][0]}",
                    where=f"{engagement.origin}:parameters[{i}].where.{key}",
                    expected=", ".join(able),
                    todo="scope the override by something its population knows",
                )
        _refuse_beyond_matching(control, override, f"{engagement.origin}:parameters[{i}]")


def _refuse_beyond_matching(control: Control, override: ParameterOverride, where: str) -> None:
    """Refuse a scope that matching does not know where it works by the limit: the override would change half of the answer, or none of it."""
    for name in override.set:
        if GRANTED_BY.get(name) != control.id:
            continue
        able = [key for key, (column, cycle) in SCOPE_KEYS.items() if column in REACHES[name] and (cycle is None or "cycle" in REACHES[name])]
        for key in override.where:
            if key not in able:
                raise TermsRefused(
                    f"{name} is a limit that matching works by, and there it cannot differ by {key}",
                    where=f"{where}.where.{key}",
                    expected=", ".join(able) or "no scope: one value for the whole run",
                    got=f"{key}: {override.where[key]}",
                    todo="write this limit in an entry of its own, for " + (" or ".join(able[:3]) if able else "everybody (without where)"),
                )


def _check_policies(engagement: Engagement) -> None:
    for i, choice in enumerate(engagement.policies):
        where = f"{engagement.origin}:policies[{i}]"
        check_scope(choice.where, where)
        for name, value in choice.set.items():
            if name not in POLICIES:
                raise TermsRefused(
                    f'there is no policy "{name}"', where=f"{where}.set.{name}", expected=", ".join(POLICIES), todo=did_you_mean(name, set(POLICIES))
                )
            if value not in POLICIES[name]:
                hint = did_you_mean(value, POLICIES[name])
                raise TermsRefused(
                    f"{name} does not know this word", where=f"{where}.set.{name}", expected=", ".join(POLICIES[name]), got=value, todo=hint
                )
    refuse_conflicts(engagement.policy_rules())
