"""The engagement file -> the terms of one run."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from recon.domain.engagement import POLICIES, POLICY_REACHES, Engagement
from recon.domain.errors import TermsRefused, did_you_mean
from recon.domain.scopes import SCOPE_KEYS
from recon.load.paths import expand
from recon.load.yaml_files import read_terms


def read_engagement(path: Path, as_of: str | None = None) -> Engagement:
    """Read an engagement file; `as_of` (ISO date) replaces the file's own.

    `folder` is where the file lies: relative paths start there. `origin` is the file's name, for refusals. Raises TermsRefused
    with file:line:key. Variables in `extracts` must be set; they stay unexpanded, see `paths`.
    """
    path = Path(path)
    extra: dict[str, Any] = {"folder": path.resolve().parent, "origin": path.name}
    if as_of is not None:
        extra["as_of"] = _date(as_of)
    engagement = read_terms(path, Engagement, **extra)
    for name, files in engagement.extracts.items():
        for file in files:
            expand(file, f"{engagement.origin}:extracts.{name}")
    _refuse_unknown_zone(engagement)
    _refuse_unknown_scopes(engagement)
    _refuse_unknown_policies(engagement)
    return engagement


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TermsRefused("this is not a date", where="--as-of", expected="YYYY-MM-DD", got=text) from None


def _refuse_unknown_zone(engagement: Engagement) -> None:
    from zoneinfo import available_timezones

    known = available_timezones()
    if engagement.time_zone not in known:
        hint = did_you_mean(engagement.time_zone, known)
        raise TermsRefused(
            "this time zone does not exist",
            where=f"{engagement.origin}:time_zone",
            expected="a name such as Asia/Shanghai",
            got=engagement.time_zone,
            todo=hint,
        )


def _refuse_unknown_scopes(engagement: Engagement) -> None:
    scopes = {f"parameters[{i}]": rule.where for i, rule in enumerate(engagement.parameters)}
    scopes |= {f"policies[{i}]": rule.where for i, rule in enumerate(engagement.policies)}
    for place, scope in scopes.items():
        for key in scope:
            if key not in SCOPE_KEYS:
                where = f"{engagement.origin}:{place}.where.{key}"
                hint = did_you_mean(key, set(SCOPE_KEYS))
                raise TermsRefused(f'unknown scope "{key}"', where=where, expected=", ".join(SCOPE_KEYS), todo=hint or "remove it")


def _refuse_unknown_policies(engagement: Engagement) -> None:
    for position, rule in enumerate(engagement.policies):
        for name, value in rule.set.items():
            where = f"{engagement.origin}:policies[{position}].set.{name}"
            if name not in POLICIES:
                hint = did_you_mean(name, set(POLICIES))
                raise TermsRefused(f'unknown policy "{name}"', where=where, expected=", ".join(POLICIES), todo=hint or "remove it")
            if value not in POLICIES[name]:
                hint = did_you_mean(value, POLICIES[name])
                raise TermsRefused("the policy does not know this value", where=where, expected=", ".join(POLICIES[name]), got=value, todo=hint)
            reach = POLICY_REACHES.get(name)
            beyond = [key for key in rule.where if reach is not None and key not in reach]
            if beyond:
                place = f"{engagement.origin}:policies[{position}].where.{beyond[0]}"
                todo = "leave it out: whose document it is and what it orders is not known yet when this policy acts"
                raise TermsRefused(
                    f'the policy "{name}" cannot differ by this', where=place, expected=", ".join(reach or ()), got=beyond[0], todo=todo
                )
