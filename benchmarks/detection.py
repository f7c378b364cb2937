"""Does each control find what was planted and nothing else? Recall and precision over companies of several seeds, as a page.

    python -m benchmarks.detection --seeds 10 --lines 15000 --faults 30 --clean-seeds 20 --clean-lines 3010

Writes docs/detection.md, anew after every company. Every fault of the sample company is planted `faults` times per seed beside its near-misses. An exception without an answer is a false alarm, an answer without an exception a miss; both are listed. Companies with every
near-miss and no fault are run beside them: what is raised there is raised wrongly.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from recon.domain import places
from recon.load import read_engagement
from recon.load.rulebook import read_controls
from recon.pipeline import run
from recon.sample import sample
from recon.sample.traps import TRAPS

if TYPE_CHECKING:
    from collections.abc import Collection

    from recon.domain.workpapers import Workpapers

KEY = ("control_id", "document_type", "document_number", "document_line_no", "order_number", "order_line_no")
_MOST = 200
PAGE = Path(__file__).parents[1] / "docs" / "detection.md"
#: Controls of which one company, run once, can plant nothing: where their faults are planted instead.
ELSEWHERE = {
    **dict.fromkeys(("BAL-06", "POP-03", "POP-06", "POP-08"), "compare with an earlier run: tests/test_history.py, tests/rooms/test_evaluate_beside_history.py"),
    "POP-09": "compares with an approved rule book: tests/rooms/test_evaluate_run_itself.py",
    **dict.fromkeys(("POP-01", "POP-02", "POP-04", "POP-07"), "speak about the run and its extracts: tests/rooms/test_evaluate_run_itself.py"),
    **dict.fromkeys(("CSH-06", "CUR-05", "TAX-07"), "take notes of what is explained and raise nothing: their examples, tests/test_answer_key.py"),
    "DAT-16": "speaks about the structure of the inputs: tests/rooms/test_evaluate_run_itself.py",
    "POP-10": "is the second opinion: tests/rooms/test_second_opinion.py",
}  # fmt: skip


@dataclass
class Tally:
    """What was planted and found so far, by control; keys of misses and false alarms begin with their seed."""

    seeds: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, ...]] = field(default_factory=list)
    extra: list[tuple[str, ...]] = field(default_factory=list)
    clean_seeds: int = 0
    clean_rows: int = 0
    clean: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)


def main() -> None:
    """Measure, write the page, end with 1 when a control missed something or raised a false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--lines", type=int, default=15_000)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--clean-seeds", type=int, default=20)
    parser.add_argument("--clean-lines", type=int, default=3_010)
    asked = parser.parse_args()
    tally = Tally()
    for seed in range(101, 101 + max(asked.seeds, asked.clean_seeds)):
        with tempfile.TemporaryDirectory() as folder:
            if seed < 101 + asked.clean_seeds:
                _clean(Path(folder) / "clean", asked.clean_lines, seed, tally)
            if seed < 101 + asked.seeds:
                _planted(Path(folder) / "planted", asked, seed, tally)
        said = f"{sum(tally.planted.values())} planted, {len(tally.missed)} missed, {len(tally.extra)} false alarms, {sum(tally.clean.values())} in clean companies"
        sys.stderr.write(f"seed {seed}: {said} so far\n")
        PAGE.write_text(_page(asked, tally), encoding="utf-8")
    sys.exit(1 if tally.missed or tally.extra or tally.clean else 0)


def _planted(folder: Path, asked: argparse.Namespace, seed: int, tally: Tally) -> None:
    sample(asked.lines, seed, folder, faults=asked.faults)
    with (folder / "answer_key.csv").open(encoding="utf-8", newline="") as file:
        answers = Counter(tuple(row[name] for name in KEY) for row in csv.DictReader(file))
    actual = _raised(_papers(folder))
    tally.seeds += 1
    tally.planted.update(key[0] for key in answers.elements())
    tally.found.update(key[0] for key in (answers & actual).elements())
    tally.missed += [(str(seed), *key) for key in sorted((answers - actual).elements())]
    tally.extra += [(str(seed), *key) for key in sorted((actual - answers).elements())]


def _clean(folder: Path, lines: int, seed: int, tally: Tally) -> None:
    sample(lines, seed, folder, planted=False)
    papers = _papers(folder)
    tally.clean_seeds += 1
    tally.clean_rows += sum(path.read_bytes().count(b"\n") - 1 for path in folder.glob("*.csv"))
    tally.clean.update(key[0] for key in _raised(papers).elements())
    tally.severities.update(papers.outcomes.exceptions["severity"].to_list())


def _papers(folder: Path) -> Workpapers:
    return run(read_engagement(folder / "engagement.yaml").model_copy(update={"second_opinion": False}))


def _raised(papers: Workpapers) -> Counter[tuple[str, ...]]:
    return Counter(tuple(value or "" for value in row) for row in papers.outcomes.exceptions.select(KEY).rows())


def _page(asked: argparse.Namespace, tally: Tally) -> str:
    shipped = {control.id: control for control in read_controls(places.rules() / "controls")}
    near = Counter(control_id for controls, _ in TRAPS for control_id in controls)
    alarms, wrong = Counter(key[1] for key in tally.extra), [*tally.missed, *tally.extra]
    each = asked.faults * tally.seeds
    command = (
        f"--seeds {asked.seeds} --lines {asked.lines} --faults {asked.faults} --clean-seeds {asked.clean_seeds} --clean-lines {asked.clean_lines}"
    )
    lines = [
        "# Does each control find what was planted?",
        "",
        f"Made by `python -m benchmarks.detection {command}`: {tally.seeds} companies of {asked.lines:,} order lines with planted faults, and"
        f" {tally.clean_seeds} of {asked.clean_lines:,} order lines without. All of them hold every near-miss: one unit inside a limit, or, where a"
        " condition knows no limit, the document nearest to it that is right. They are told below; one near-miss may be one of several controls.",
        "",
        "| control | severity | planted | found | missed | false alarms | recall | precision | near-misses | raised in clean companies |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for control_id in sorted(shipped.keys() - ELSEWHERE.keys() | alarms.keys() | tally.clean.keys() | tally.planted.keys()):
        there, hit, wrongly = tally.planted[control_id], tally.found[control_id], alarms[control_id]
        recall = f"{100 * hit / there:.1f} %" if there else "–"
        precision = f"{100 * hit / (hit + wrongly):.1f} %" if hit + wrongly else "–"
        severity = shipped[control_id].severity if control_id in shipped else "–"
        row = (control_id, severity, there, hit, there - hit, wrongly, recall, precision, near[control_id] * each, tally.clean[control_id])
        lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
    sums = f"{sum(tally.planted.values()):,} planted, {sum(tally.found.values()):,} found, {len(tally.missed):,} missed, {len(tally.extra):,} false alarms."
    lines += ["", f"Sum: {sums}", "", _clean_words(tally), "", "## Planted elsewhere", ""]
    lines += [f"- {control_id} {why}" for control_id, why in sorted(ELSEWHERE.items())]
    lines += ["", "## What the near-misses are", "", *_near_words(shipped.keys() - ELSEWHERE.keys())]
    if wrong:
        lines += ["", "## Missed or raised wrongly (seed, key)", "", *("- " + ", ".join(part for part in key if part) for key in wrong[:_MOST])]
        if len(wrong) > _MOST:
            lines.append(f"- and {len(wrong) - _MOST:,} more")
    return "\n".join(lines) + "\n"


def _near_words(controls: Collection[str]) -> list[str]:
    """By control, in a sentence each, what comes near its exceptions and must not be raised."""
    told = [(control_id, " ".join((trap.__doc__ or "").split())) for names, trap in TRAPS for control_id in names]
    words = [f"- {control_id}: {' '.join(said for name, said in told if name == control_id)}" for control_id in sorted({name for name, _ in told})]
    bare = sorted(set(controls) - {name for name, _ in told})
    return [*words, *(f"- {control_id}: none yet" for control_id in bare)]


def _clean_words(tally: Tally) -> str:
    loud = tally.severities["critical"] + tally.severities["high"]
    share = 100 * tally.severities["medium"] / max(tally.clean_rows, 1)
    return (
        f"Clean companies: {sum(tally.clean.values()):,} exceptions in {tally.clean_rows:,} rows, {loud:,} of them of severity critical or high;"
        f" of severity medium in {share:.3f} % of the rows."
    )


if __name__ == "__main__":
    main()
