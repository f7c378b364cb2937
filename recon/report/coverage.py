"""How far a run speaks about what a framework asks for: controls per requirement, how they ended, and what nobody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from recon.domain.framework import Framework
    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words

_ENDED = ("clean", "exceptions", "nothing_to_test")


def coverage(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    """Per framework its requirements: which controls were performed, how many exceptions they found, what was not performed.

    `state` of a requirement is exceptions, clean, partly (some of its controls were not performed), blind (none was).
    """
    controls = {row["control_id"]: row for row in workpapers.outcomes.controls.to_dicts()}
    return {"frameworks": [_framework(framework, controls, workpapers.planned, words.language) for framework in workpapers.frameworks]}


def _framework(framework: Framework, controls: dict[str, dict[str, Any]], planned: Sequence[str], language: str) -> dict[str, Any]:
    rows = []
    for requirement in framework.requirements:
        own = [controls[i] for i in sorted(controls) if requirement.speaks_of(i)]
        done = [row for row in own if row["status"] in _ENDED]
        found = sum(row["exceptions"] for row in done)
        missing = [row["control_id"] for row in own if row["status"] not in _ENDED]
        missing += [i for i in planned if requirement.speaks_of(i) and i not in controls]
        state = "exceptions" if found else "blind" if not done else "partly" if missing else "clean"
        rows.append(
            {
                "id": requirement.id,
                "title": getattr(requirement.title, language),
                "performed": [row["control_id"] for row in done],
                "missing": sorted(missing),
                "exceptions": found,
                "amount": _sum(done, "amount_at_risk_base") if found else None,
                "untested_amount": _sum(own, "not_testable_amount_base"),
                "state": state,
            }
        )
    blind = sum(row["state"] == "blind" for row in rows)
    told = {name: getattr(getattr(framework, name), language) for name in ("title", "about")}
    return {"id": framework.id, **told, "requirements": rows, "blind": blind}


def _sum(rows: Sequence[dict[str, Any]], column: str) -> Decimal | None:
    """The sum of the known amounts; None where none is known, because that is not zero."""
    known = [row[column] for row in rows if row[column] is not None]
    return sum(known) if known else None
