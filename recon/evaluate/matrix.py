"""Lines of the matrix of controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from recon.domain.control import Control


def line(control: Control, state: str, counts: tuple[int, int, int], amount: object, reason: tuple[str, str] | None = None) -> dict[str, object]:
    """One control's line: `counts` are population, exceptions, not testable; `reason` in English and Chinese."""
    population, found, untested = counts
    return {
        "control_id": control.id,
        "title": control.title.en,
        "severity": control.severity,
        "status": state,
        "population": population,
        "exceptions": found,
        "not_testable": untested,
        "amount_at_risk_base": amount,
        "reason": reason[0] if reason else None,
        "title_zh": control.title.zh,
        "reason_zh": reason[1] if reason else None,
    }


def lacking_tables(control: Control, supplied: Collection[str]) -> tuple[str, str] | None:
    """Why a control cannot be performed on the tables that were given, in both languages; None when it can."""
    absent = [need for need in control.needs if not any(table in supplied for table in need.split(" or "))]
    if not absent:
        return None
    named = ", ".join(absent)
    return f"the run was given no {named}", f"本次未提供：{named}"
