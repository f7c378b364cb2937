"""What the command line says after a run: a few lines, in English, each a fact of the workpapers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.engagement import SEVERITIES
from recon.report import totals
from recon.report.figures import UNKNOWN, money, number
from recon.report.verdict import sentence, verdict
from recon.report.words import speak

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers

_HEADLINES: Final = {
    "clean": "clean",
    "gaps": "no exceptions that fail the run, but gaps",
    "exceptions": "exceptions found",
    "not_reliable": "NOT RELIABLE",
}
_MOST: Final = 5


def terminal_lines(workpapers: Workpapers) -> list[str]:
    """Verdict, reasons, counts by severity, the gravest exceptions: by severity, then by amount."""
    engagement, judged, words = workpapers.engagement, verdict(workpapers), speak("en")
    lines = [f"{engagement.entity} as of {engagement.as_of}: {_HEADLINES[judged.word]}"]
    lines += [f"  {sentence(reason, words)}" for reason in judged.reasons]
    found = totals.by_severity(workpapers).filter(pl.col("count") > 0)
    if found.height:
        lines.append("exceptions: " + " · ".join(f"{row['severity']} {number(row['count'])}" for row in found.to_dicts()))
    statuses = totals.controls_by_status(workpapers)
    lines.append("controls: " + " · ".join(f"{status.replace('_', ' ')} {count}" for status, count in statuses.items() if count))
    return lines + _gravest(workpapers)


def _gravest(workpapers: Workpapers) -> list[str]:
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITIES)}, default=len(SEVERITIES), return_dtype=pl.Int64)
    exceptions = workpapers.register.exceptions
    top = exceptions.sort(rank, pl.col("amount_at_risk_base").fill_null(-1), "exception_id", descending=[False, True, False]).head(_MOST)
    if top.is_empty():
        return []
    currency = workpapers.engagement.currency
    shown = f"the {top.height} gravest of {number(exceptions.height)}:" if top.height < exceptions.height else "they are:"
    rows = [
        f"  {row['control_id']}  {row['severity']:<8}  {money(row['amount_at_risk_base']):>16} {currency}  {row['message'] or UNKNOWN}"
        for row in top.to_dicts()
    ]
    return [shown, *rows]
