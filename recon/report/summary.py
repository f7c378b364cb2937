"""`results/summary.json`: the run in figures for machines. No clock, no path; amounts are texts with every digit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from recon.report import totals
from recon.report.figures import plain
from recon.report.trend import trend
from recon.report.verdict import verdict

if TYPE_CHECKING:
    import polars as pl

    from recon.domain.workpapers import Workpapers
    from recon.report.verdict import Reason


def summary(workpapers: Workpapers, layers: pl.DataFrame | None = None) -> dict[str, Any]:
    """The facts of a run. `layers` are the open layers where the caller has them in memory already."""
    engagement = workpapers.engagement
    judged = verdict(workpapers)
    severities = _figures(totals.by_severity(workpapers), "severity")
    open_layers = layers if layers is not None else workpapers.balances.select("kind", "age_bucket", "amount_base").collect()
    return {
        "entity": engagement.entity,
        "as_of": engagement.as_of.isoformat(),
        "period": {"from": engagement.period.from_.isoformat(), "to": engagement.period.to.isoformat()},
        "currency": engagement.currency,
        "fail_on": engagement.fail_on,
        "verdict": judged.word,
        "verdict_reasons": [_reason(reason) for reason in judged.reasons],
        "highest_severity": next((word for word, figures in severities.items() if figures["count"]), None),
        "exceptions": {name: _text(value) for name, value in totals.overall(workpapers).items()}
        | {"amount_once_base": _text(totals.counted_once(workpapers))},
        "by_severity": severities,
        "by_family": _figures(totals.by_family(workpapers), "family"),
        "by_cycle": _figures(totals.by_cycle(workpapers), "cycle"),
        "by_control": _figures(totals.by_control(workpapers).drop("severity").sort("control_id"), "control_id"),
        "controls": totals.controls_by_status(workpapers),
        "not_testable": int(workpapers.outcomes.controls["not_testable"].sum()),
        "rows": {"read": sum(file.rows for file in workpapers.files), "set_aside": totals.set_aside(workpapers)},
        "tie_out_holds": bool(workpapers.tie_out["holds"].all()) and not workpapers.tie_out.is_empty(),
        "balances": _balances(open_layers),
        "changes": totals.changes(workpapers),
        "trend": trend(workpapers.register.previous_summary, engagement.as_of.isoformat()),
        "suppressed": {name: _text(value) for name, value in totals.suppressed(workpapers).items()},
        "noisy_controls": totals.noisy_controls(workpapers),
        "strata": _figures(totals.by_stratum(workpapers), "stratum"),
        "owners": {c.id: owner for c in workpapers.controls if (owner := engagement.owner_of(c.id)) is not None},
    }


def encoded(facts: dict[str, Any]) -> bytes:
    """The summary's bytes."""
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


def _figures(counted: pl.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    rows = {str(row.pop(key)): row for row in counted.to_dicts()}
    return {word: {name: _text(value) for name, value in row.items()} for word, row in rows.items()}


def _balances(layers: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return _figures(totals.balances_by_kind(layers), "kind")


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, **{name: _text(value) for name, value in reason.figures.items()}}


def _text(value: Any) -> Any:  # noqa: ANN401 - counts stay numbers, amounts become texts
    return plain(value) if isinstance(value, Decimal) else value
