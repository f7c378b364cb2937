"""Room 7: workpapers -> the report and the results as names and contents. It selects, sorts and formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.report.line_explained import explain_line
from recon.report.summary import encoded, summary
from recon.report.terminal import terminal_lines
from recon.report.verdict import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recon.domain.publication import Publication, TableFile
    from recon.domain.workpapers import Workpapers

__all__ = ["exit_code", "explain_line", "in_parts", "report", "summary", "terminal_lines"]


def report(workpapers: Workpapers, language: str, audiences: Sequence[str] = ("audit",)) -> Publication:
    """Everything a run publishes but its manifest: path -> bytes or table.

    `language` is `en`, `zh` or `both` (the second beside the first), `audiences` are words of `audience.AUDIENCES`; the first edition is
    report/index.html. The same workpapers give the same bytes.
    """
    results, to_make = in_parts(workpapers, language, audiences)
    return results | {path: content for make in to_make for path, content in make().items()}


def in_parts(
    workpapers: Workpapers, language: str, audiences: Sequence[str] = ("audit",)
) -> tuple[dict[str, bytes | TableFile], tuple[Callable[[], Mapping[str, bytes]], ...]]:
    """The same in parts: results and what machines read, and makers of pages and of workbooks, which take a while and may run beside one another."""
    from functools import partial

    from recon.report.editions import CHOICES, books, pages_of
    from recon.report.machine import machine
    from recon.report.results import tables

    layers = workpapers.balances.collect()
    facts = summary(workpapers, layers)
    results: dict[str, bytes | TableFile] = {**tables(workpapers, layers), "results/summary.json": encoded(facts), **machine(workpapers, facts)}
    return results, tuple(partial(make, workpapers, layers, audiences, CHOICES[language]) for make in (pages_of, books))
