"""The last runs, one point each: what the summary remembers of the runs before this one, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Points kept: a year of month ends, or two working weeks of nights.
POINTS_MOST: Final = 12
#: Open balances whose course is followed.
KINDS: Final = ("fulfilled_not_invoiced", "open_payable", "open_receivable")


def point(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is remembered of a run: the day, the verdict, counts and amounts (texts with every digit)."""
    return {
        "as_of": facts["as_of"],
        "verdict": facts["verdict"],
        "exceptions": facts["exceptions"]["count"],
        "amount_at_risk_base": facts["exceptions"]["amount_at_risk_base"],
        "by_severity": {word: figures["count"] for word, figures in facts["by_severity"].items()},
        "balances": {kind: facts["balances"][kind]["amount_base"] for kind in KINDS if kind in facts["balances"]},
        "set_aside": facts["rows"]["set_aside"],
    }


def trend(previous: Mapping[str, Any] | None, as_of: str) -> list[dict[str, Any]]:
    """The runs before this one, the oldest first, one per day: what the earlier run remembered, and itself."""
    if not previous:
        return []
    points = [*previous.get("trend", []), point(previous)]
    by_day = {one["as_of"]: one for one in points if one["as_of"] < as_of}
    return [by_day[day] for day in sorted(by_day)][-POINTS_MOST:]
