"""Room 7: workpapers -> the report and the results as names and contents. It selects, sorts and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.report.line_explained import explain_line
from recon.report.summary import encoded, summary
from recon.report.terminal import terminal_lines
from recon.report.verdict import exit_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.publication import Publication
    from recon.domain.workpapers import Workpapers

__all__ = ["exit_code", "explain_line", "report", "summary", "terminal_lines"]


def report(workpapers: Workpapers, language: str, audiences: Sequence[str] = ("audit",)) -> Publication:
    """Everything a run publishes but its manifest: path -> bytes or table.

    `language` is `en`, `zh` or `both` (the second beside the first), `audiences` are words of `audience.AUDIENCES`; the first edition is
    report/index.html. The same workpapers give the same bytes.
    """
    from concurrent.futures import ThreadPoolExecutor

    from recon.report.editions import CHOICES, books, pages_of
    from recon.report.machine import machine
    from recon.report.results import tables

    layers = workpapers.balances.collect()
    facts = summary(workpapers, layers)
    with ThreadPoolExecutor(2) as side_by_side:
        books_made = side_by_side.submit(books, workpapers, layers, audiences, CHOICES[language])
        pages_made = side_by_side.submit(pages_of, workpapers, layers, audiences, CHOICES[language])
        return {
            **tables(workpapers, layers),
            "results/summary.json": encoded(facts),
            **machine(workpapers, facts),
            **pages_made.result(),
            **books_made.result(),
        }
