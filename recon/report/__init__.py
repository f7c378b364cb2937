"""Room 7: workpapers -> the report and the results as names and contents. It selects, sorts and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.report.summary import encoded, summary
from recon.report.terminal import terminal_lines
from recon.report.verdict import exit_code

if TYPE_CHECKING:
    from recon.domain.publication import Publication
    from recon.domain.workpapers import Workpapers

__all__ = ["exit_code", "report", "summary", "terminal_lines"]


def report(workpapers: Workpapers, language: str) -> Publication:
    """Everything a run publishes but its manifest: path -> bytes or table. `language` is `en` or `zh`.

    The same workpapers give the same bytes.
    """
    from recon.report.page import page
    from recon.report.results import tables

    layers = workpapers.balances.collect()
    facts = summary(workpapers, layers)
    return {
        **tables(workpapers, layers),
        "results/summary.json": encoded(facts),
        "report/index.html": page(workpapers, facts, layers, language),
    }
