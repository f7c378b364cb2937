"""Terms that are allowed and say nothing: each is told, so that nobody believes it does something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.domain.engagement import POLICIES
from recon.evaluate import rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recon.domain.control import Control, Planned
    from recon.domain.engagement import Engagement


def lint(controls: Sequence[Control], engagement: Engagement, planned: Sequence[Planned] = ()) -> list[str]:
    """One sentence, led by file:key, for every term without effect: overrides that repeat a default, terms of controls that do not run."""
    shipped = {c.id: c for c in controls}
    running = {c.id for c in rulebook.chosen(controls, engagement)}
    ahead = {p.id for p in planned} - shipped.keys()
    return [f"{engagement.origin}:{said}" for said in (*_parameters(shipped, running, ahead, engagement), *_others(running, engagement))]


def _parameters(shipped: dict[str, Control], running: set[str], ahead: set[str], engagement: Engagement) -> Iterator[str]:
    narrower = {(o.control, name) for o in engagement.parameters if not o.where for name in o.set}
    for i, override in enumerate(engagement.parameters):
        if override.control in ahead:
            yield f"parameters[{i}]: {override.control} is planned and not performed yet; the limit waits for it"
        elif override.control not in running:
            yield f"parameters[{i}]: {override.control} is not among the controls that run"
        else:
            parameters = shipped[override.control].parameters
            for name, value in override.set.items():
                repeats = parameters[name].value == value and not (override.where and (override.control, name) in narrower)
                if repeats:
                    yield f"parameters[{i}].set.{name}: {value} is what the control's file says already"


def _others(running: set[str], engagement: Engagement) -> Iterator[str]:
    for i, choice in enumerate(engagement.policies):
        if not choice.where:
            for name, value in choice.set.items():
                if POLICIES[name][0] == value:
                    yield f"policies[{i}].set.{name}: {value} is the default"
    for i, severity in enumerate(engagement.severities):
        if severity.control not in running:
            yield f"severities[{i}]: {severity.control} is not among the controls that run"
    for i, suppression in enumerate(engagement.suppressions):
        if suppression.control not in running:
            yield f"suppressions[{i}]: {suppression.control} is not among the controls that run"
        elif suppression.expires < engagement.as_of:
            yield f"suppressions[{i}]: it ended on {suppression.expires}; renew it or take it out"
