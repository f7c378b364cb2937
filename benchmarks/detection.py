"""Does each control find what was planted and nothing else? Recall and precision over companies of several seeds, as a page.

    python -m benchmarks.detection --seeds 10 --lines 30000

Writes docs/detection.md. Every fault of the sample company is planted about `lines` / 1000 times per seed beside its near-misses. An
exception without an answer is a false alarm, an answer without an exception a miss; both are listed.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from recon.load import read_engagement
from recon.pipeline import run
from recon.sample import sample

KEY = ("control_id", "document_type", "document_number", "document_line_no", "order_number", "order_line_no")
_MOST = 200
PAGE = Path(__file__).parents[1] / "docs" / "detection.md"


@dataclass
class Tally:
    """What was planted and found so far, by control; keys of misses and false alarms begin with their seed."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    clean: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, ...]] = field(default_factory=list)
    extra: list[tuple[str, ...]] = field(default_factory=list)


def main() -> None:
    """Measure, write the page, end with 1 when a control missed something or raised a false alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--lines", type=int, default=30_000)
    asked = parser.parse_args()
    tally = Tally()
    for seed in range(101, 101 + asked.seeds):
        with tempfile.TemporaryDirectory() as folder:
            answers, actual = _both(Path(folder) / "planted", asked.lines, seed)
            tally.planted.update(key[0] for key in answers.elements())
            tally.found.update(key[0] for key in (answers & actual).elements())
            tally.missed += [(str(seed), *key) for key in sorted((answers - actual).elements())]
            tally.extra += [(str(seed), *key) for key in sorted((actual - answers).elements())]
            sample(asked.lines, seed, Path(folder) / "clean", planted=False)
            tally.clean.update(key[0] for key in _exceptions(Path(folder) / "clean").elements())
        sys.stderr.write(f"seed {seed}: {sum(answers.values())} planted, {len(tally.missed)} missed and {len(tally.extra)} false alarms so far\n")
    PAGE.write_text(_page(asked, tally), encoding="utf-8")
    sys.exit(1 if tally.missed or tally.extra or tally.clean else 0)


def _both(folder: Path, lines: int, seed: int) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """What was planted and what was found."""
    sample(lines, seed, folder)
    with (folder / "answer_key.csv").open(encoding="utf-8", newline="") as file:
        answers = Counter(tuple(row[name] for name in KEY) for row in csv.DictReader(file))
    return answers, _exceptions(folder)


def _exceptions(folder: Path) -> Counter[tuple[str, ...]]:
    engagement = read_engagement(folder / "engagement.yaml").model_copy(update={"second_opinion": False})
    rows = run(engagement).outcomes.exceptions.select(KEY).rows()
    return Counter(tuple(value or "" for value in row) for row in rows)


def _page(asked: argparse.Namespace, tally: Tally) -> str:
    alarms, wrong = Counter(key[1] for key in tally.extra), [*tally.missed, *tally.extra]
    lines = [
        "# Does each control find what was planted?",
        "",
        f"Made by `python -m benchmarks.detection --seeds {asked.seeds} --lines {asked.lines}`: {asked.seeds} companies with planted faults and as many"
        f" without, {asked.lines:,} order lines each. Near-misses one unit inside each limit are in all of them.",
        "",
        "| control | planted | found | missed | false alarms | recall | precision | raised in clean companies |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for control_id in sorted(tally.planted.keys() | alarms.keys() | tally.clean.keys()):
        there, hit, wrongly = tally.planted[control_id], tally.found[control_id], alarms[control_id]
        recall = f"{100 * hit / there:.1f} %" if there else "–"
        precision = f"{100 * hit / (hit + wrongly):.1f} %" if hit + wrongly else "–"
        lines.append(f"| {control_id} | {there} | {hit} | {there - hit} | {wrongly} | {recall} | {precision} | {tally.clean[control_id]} |")
    lines += ["", f"Sum: {sum(tally.planted.values()):,} planted, {sum(tally.found.values()):,} found, {sum(alarms.values()):,} false alarms."]
    if wrong:
        lines += ["", "## Missed or raised wrongly (seed, key)", "", *("- " + ", ".join(part for part in key if part) for key in wrong[:_MOST])]
        if len(wrong) > _MOST:
            lines.append(f"- and {len(wrong) - _MOST:,} more")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
