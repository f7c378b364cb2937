"""The company's year: scenarios, near-misses and faults in the order of their days."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from recon.domain.documents import TABLES
from recon.domain.errors import TermsRefused
from recon.sample import approvals, calendars, masters, purchase, sales
from recon.sample.accruals import accrue
from recon.sample.allowances import set_aside
from recon.sample.book import AS_OF, FIRST_DAY, Book, days
from recon.sample.claims import file_claims
from recon.sample.closing import closed
from recon.sample.faults import PLANTERS
from recon.sample.renumbering import number_receipts
from recon.sample.scenarios import CYCLES, SPAN, Start
from recon.sample.stock import count_stock
from recon.sample.tax_papers import register_tax_papers
from recon.sample.traps import TRAPS
from recon.sample.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

#: order lines for which one fault of each control, and one of each near-miss, is written
_LINES_PER_FAULT: Final = 1_000
#: order lines of a scenario are one to this many
_LARGEST_ORDER: Final = 5


def sample(lines: int, seed: int, folder: Path, planted: bool = True, faults: int | None = None) -> None:  # noqa: FBT001, FBT002 - the published signature
    """Write a company's documents of one year with so many order lines in both cycles together.

    Canonical CSV tables, `engagement.yaml` and, with `planted`, labelled faults of every control and `answer_key.csv`.
    `faults`: so many of each control, and of each near-miss; one for a thousand lines where nobody says it.
    The same lines, seed and faults give the same files to the byte. Raises TermsRefused when the lines do not suffice for one
    fault and near-miss of each kind.
    """
    write(_books(lines, seed, faults or max(1, lines // _LINES_PER_FAULT), planted=planted), folder, planted=planted)


def _books(lines: int, seed: int, faults: int, *, planted: bool) -> Book:
    special = _special(faults, planted=planted)
    reserved = _line_count(special, lines, seed)
    if lines < reserved:
        raise TermsRefused(
            "too few order lines for a sample",
            where="--lines",
            expected=f"at least {reserved}, so that every fault and every near-miss finds its own documents",
            got=str(lines),
            todo=f"ask for {reserved} lines or more",
        )
    book = _empty_book(lines, seed)
    plan: list[tuple[date, int, Callable[[Book], None]]] = []
    for act in special:
        plan.append((book.day_between(FIRST_DAY, AS_OF), len(plan), act))
    for start, scenario in _scenarios(book, lines - reserved):
        plan.append((start.day, len(plan), lambda _, start=start, scenario=scenario: scenario(start)))  # type: ignore[misc]
    for _, _, act in sorted(plan, key=lambda step: step[:2]):
        act(book)
    number_receipts(book)
    file_claims(book, faults)
    count_stock(book)
    accrue(book)
    set_aside(book)
    register_tax_papers(book)
    return book


def _special(count: int, *, planted: bool) -> list[Callable[[Book], None]]:
    """Near-misses and, if wanted, faults: so many of each, the planters of one control in turn and each at least once."""
    acts: list[Callable[[Book], None]] = [closed(trap, faulty=False) for _, trap in TRAPS for _ in range(count)]
    if planted:
        acts += [
            closed(planters[i % len(planters)], faulty=True) for _, planters in sorted(PLANTERS.items()) for i in range(max(count, len(planters)))
        ]
    return acts


def _empty_book(lines: int, seed: int) -> Book:
    rng = Random(f"recon sample {seed}")  # noqa: S311 - reproducible chance is the point, not secrecy
    world = masters.build(rng, lines)
    fixed = world.tables | {
        "approval_policy": approvals.policy_rows(),
        "delegation": approvals.delegation_rows(),
        "calendar": calendars.calendar_rows(),
        "fiscal_period": calendars.fiscal_period_rows(),
    }
    return Book(rng, world, {name: list(fixed.get(name, ())) for name in TABLES})


def _line_count(acts: list[Callable[[Book], None]], lines: int, seed: int) -> int:
    """Order lines that near-misses and faults will write: their number does not depend on chance."""
    trial = _empty_book(lines, seed)
    for act in acts:
        act(trial)
    return trial.order_line_count


def _scenarios(book: Book, lines: int) -> list[tuple[Start, Callable[[Start], None]]]:
    """Scenarios of both cycles, on days of the year, with exactly so many order lines."""
    choices = {cycle: _weighted(module.SCENARIOS) for cycle, module in zip(CYCLES, (purchase, sales), strict=True)}
    chosen = []
    while lines:
        size = min(lines, book.rng.randint(1, _LARGEST_ORDER))
        cycle = CYCLES[0] if book.rng.randrange(20) < 11 else CYCLES[1]
        day = book.day_between(FIRST_DAY, AS_OF - days(SPAN))
        chosen.append((Start(book, cycle, day, size), book.rng.choice(choices[cycle])))
        lines -= size
    return chosen


def _weighted(scenarios: tuple[tuple[int, Callable[[Start], None]], ...]) -> list[Callable[[Start], None]]:
    return [scenario for weight, scenario in scenarios for _ in range(weight)]
