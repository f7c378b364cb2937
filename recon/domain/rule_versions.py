"""What a control means and by which limits it judged, as fingerprints: two runs by the same rules have the same.

The meaning is fingerprinted, not the file: another wording of a title, another example or another line break changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement

#: Keys of a control's file that decide what is found and how it weighs.
_MEANING: Final = {
    "population", "subject", "exception_when", "not_testable_when", "amount_at_risk", "amount_at_risk_document", "severity", "severity_when",
    "certainty", "explains", "yields_to", "match_status", "needs", "status", "scope",
}  # fmt: skip
#: Columns of `rule_versions`.
COLUMNS: Final = ("control_id", "rule_hash", "parameter_hash", "parameters", "change_reference")


def rule_versions(controls: Sequence[Control], engagement: Engagement) -> list[dict[str, str | None]]:
    """One row per control, by id, in `COLUMNS`: sha256 of its meaning, sha256 of its parameters in force, and these as JSON text.

    Parameters are the file's values, and the engagement's overrides with scope and days, without their reasons; another base severity
    that the engagement gives is among them. `change_reference` is empty: who approves a change fills it in.
    """
    return [_version(control, engagement) for control in sorted(controls, key=lambda c: c.id)]


def _version(control: Control, engagement: Engagement) -> dict[str, str | None]:
    overrides = [
        {"set": p.set, "where": p.where, "from": str(p.valid_from or ""), "to": str(p.valid_to or "")}
        for p in engagement.parameters
        if p.control == control.id
    ]
    weighed = [s.severity for s in engagement.severities if s.control == control.id]
    in_force: dict[str, Any] = {"values": {name: p.value for name, p in control.parameters.items()}}
    in_force |= {"overrides": sorted(overrides, key=_text)} if overrides else {}
    in_force |= {"severity": weighed} if weighed else {}
    meaning = _in_one_line(control.model_dump(mode="json", include=_MEANING))
    told = _text(in_force)
    return dict(zip(COLUMNS, (control.id, _hash(_text(meaning)), _hash(told), told, None), strict=True))


def _in_one_line(value: Any) -> Any:  # noqa: ANN401 - whatever a control's file holds
    """Texts with every run of blanks and line breaks as one blank."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, dict):
        return {key: _in_one_line(held) for key, held in value.items()}
    return [_in_one_line(held) for held in value] if isinstance(value, list) else value


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
