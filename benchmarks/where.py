"""Where the time of matching and of controls goes, as docs/where_time_goes.md.

    python -m benchmarks.where --lines 1000000

One run with every control, its parts one after the other in one thread of Python, so that no part waits for another's processor. What is
timed is wrapped from outside: the journey itself carries no clocks. Seconds are processor seconds, of both of the engine's threads.
"""

# ruff: noqa: SLF001 - the clocks are put on from outside, so that the journey carries none

from __future__ import annotations

import argparse
import functools
import importlib
import tempfile
import time
from collections import defaultdict
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from benchmarks.files import write_company
from benchmarks.run import ROOT, STORE, machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.domain.control import Control

PAGE: Final = ROOT / "docs" / "where_time_goes.md"
_SLOWEST: Final = 10
#: Pass of matching.md -> where it is done.
PASSES: Final = {
    "P1, P2 reversals, credits and returns that name what they take back": ("links", "origin_pairs"),
    "P3 receipt or shipment line": ("links", "_by_fulfilment"),
    "P4, P5 order line, order and item": ("links", "_by_order"),
    "goods to order lines": ("links", "link_fulfilments"),
    "P6 to P12 contents, totals, subset sums, likeness": ("suggest", "with_suggestions"),
    "P9 bills for a whole order, from its value": ("three_way", "_with_whole_bills"),
    "P13 residual: nearest candidate, smallest change": ("unlinked", "unlinked_lines"),
    "allocation of goods to bills": ("allocate", "allocate"),
    "what may be billed": ("allocate", "bill"),
    "variance bridge": ("bridge", "cross"),
    "rounding conventions of tails": ("tails", "explained"),
    "C1, C2 cash by references and amounts": ("cash_references", "by_allocation"),
    "C3 to C7 cash by words, discount, tolerance, deductions": ("cash_references", "by_words"),
    "C8 to C13 cash by amount, subset sums, parents, oldest first": ("cash_inference", "inferred"),
    "roll-forward": ("roll_forwards", "roll_forward"),
    "references of the whole company": ("references", "document_references"),
}


class Inline:
    """An executor that does the work at once, so that each part has the processor to itself."""

    def __init__(self, *_sizes: int, **_named: int) -> None:
        """Sizes mean nothing here."""

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, *_what: object) -> None:
        """Nothing to end."""

    def submit(self, job: Callable[..., Any], *given: Any, **named: Any) -> Future[Any]:
        """The result of the job, as a future that is done."""
        done: Future[Any] = Future()
        done.set_result(job(*given, **named))
        return done


def timed(seconds: dict[str, float], name: str, job: Callable[..., Any]) -> Callable[..., Any]:
    """The job, with its processor seconds added under a name."""

    @functools.wraps(job)
    def told(*given: Any, **named: Any) -> Any:
        entered = time.process_time()
        try:
            return job(*given, **named)
        finally:
            seconds[name] += time.process_time() - entered

    return told


def watch_passes(seconds: dict[str, float]) -> None:
    """Wrap every pass where it is defined and wherever a module of matching has taken its name."""
    modules = [importlib.import_module(f"recon.match.{path.stem}") for path in sorted((ROOT / "recon" / "match").glob("[a-z]*.py"))]
    for name, (stem, function) in PASSES.items():
        own = getattr(importlib.import_module(f"recon.match.{stem}"), function)
        for module in modules:
            if getattr(module, function, None) is own:
                setattr(module, function, timed(seconds, name, own))


def watch_controls(making: dict[str, float], judging: dict[str, float]) -> None:
    """Wrap the makers of measured tables by table, and judge every control once more alone to time its own condition."""
    from recon.evaluate import evaluation
    from recon.evaluate.judging import judge
    from recon.match import measured, whole

    for kind in ("_of_approvals", "_covering", "_plain"):
        own = getattr(measured._Special, kind)

        def makers(self: Any, *given: Any, own: Any = own) -> dict[str, Callable[[], Any]]:
            return {table: timed(making, table, maker) for table, maker in own(self, *given).items()}

        setattr(measured._Special, kind, makers)
    whole._MAKERS = {tables: timed(making, ", ".join(sorted(tables)), maker) for tables, maker in whole._MAKERS.items()}  # type: ignore[misc]
    population = evaluation._population

    def each(table: str, plan: Any, controls: Sequence[Control], terms: Any, clock: Any) -> Any:
        judged = timed(making, table, population)(table, plan, controls, terms, clock)
        for control in controls:
            timed(judging, control.id, judge)(table, judged.rows, [control], terms.settings, clock)
        return judged

    evaluation._population = each


def main() -> None:
    """Run once, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="order lines")
    lines: int = parser.parse_args().lines
    from recon import pipeline
    from recon.load import read_engagement, rulebook
    from recon.match import measured

    write_company(STORE / str(lines), lines, ("parquet",))
    passes, making, judging = (defaultdict[str, float](float) for _ in range(3))
    watch_passes(passes)
    watch_controls(making, judging)
    pipeline.ThreadPoolExecutor = measured.ThreadPoolExecutor = Inline  # type: ignore[assignment,misc]
    entered = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        workpapers = pipeline.run(read_engagement(STORE / str(lines) / "every_control_parquet.yaml"))
        pipeline.publish(workpapers, Path(folder) / "run")
    total = time.process_time() - entered - sum(judging.values())
    tables = {control.id: control.population.table for control in rulebook.read_controls(ROOT / "rules" / "controls")}
    PAGE.write_text(page(lines, total, (passes, making, judging), tables), encoding="utf-8")


def page(lines: int, total: float, found: Sequence[dict[str, float]], tables: dict[str, str]) -> str:
    """The page: passes, the slowest controls, the slowest tables."""
    passes, making, judging = found
    of_table = {table: seconds for names, seconds in making.items() for table in names.split(", ")}
    over: dict[str, list[str]] = defaultdict(list)
    for control in sorted(judging):
        over[tables[control]].append(control)
    whole = {table: of_table.get(table, 0.0) for table in over}
    slowest = sorted(whole, key=lambda table: (-whole[table], table))[:_SLOWEST]
    here = machine()
    said = [
        "# Where the time goes",
        "",
        f"Written by `python -m benchmarks.where --lines {lines}`; do not edit. Machine: {here['cores']} cores ({here['processor']}), {here['memory']}; Python"
        f" {here['python']}, Polars {here['polars']}.",
        "",
        f"One run with every control on {lines:,} order lines, {total:.1f} processor seconds in all, its parts one after the other.",
        "",
        "## Passes of matching",
        "",
        "| pass | processor s |",
        "|---|---|",
        *(f"| {name} | {passes.get(name, 0.0):.2f} |" for name in PASSES),
        "",
        f"## The {_SLOWEST} slowest populations, and the controls over them",
        "",
        "Making and judging a measured table, which serves all controls over it, and the dearest condition among them, judged alone. The lines of the core"
        " (orders, goods, invoices) are made by matching anyway; of them only the judging is counted.",
        "",
        "| table | processor s | controls | dearest condition |",
        "|---|---|---|---|",
        *(f"| {table} | {whole[table]:.2f} | {', '.join(over[table])} | {_dearest(over[table], judging)} |" for table in slowest),
    ]
    return "\n".join(said) + "\n"


def _dearest(controls: Sequence[str], judging: dict[str, float]) -> str:
    control = max(controls, key=lambda one: (judging[one], one))
    return f"{control} {judging[control]:.2f} s"


if __name__ == "__main__":
    main()
