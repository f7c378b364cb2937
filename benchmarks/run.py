"""Measure the whole job against the hand-written peer and write docs/benchmarks.md.

    python -m benchmarks.run --lines 1000000

Every run is a process of its own, as a scheduler would start it; recon and the peer take turns on the same files. The peer's
counts per control, allocated quantities and open quantities must equal recon's, else the command ends with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.files import write_company
from benchmarks.page import differing, many_of, page

ROOT: Final = Path(__file__).resolve().parent.parent
STORE: Final = ROOT / ".benchmarks"
RECON: Final = Path(sys.executable).with_name("recon")
EVERY_CONTROL: Final = "recon, every control"
#: Larger companies are measured as Parquet files and with the peer's controls only: everything else would take hours.
SMALL_UP_TO_LINES: Final = 2_000_000


@dataclass(frozen=True)
class Measure:
    """What one process took, by the operating system's own account: seconds of wall clock and processor, largest memory."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    exit_code: int


def timed(command: list[str], log: Path) -> Measure:
    """Run a command to its end; its words go to the log."""
    started = time.perf_counter()
    with log.open("ab") as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    return Measure(round(wall, 2), round(used.ru_utime + used.ru_stime, 2), round(used.ru_maxrss / 1024), process.returncode)


def in_turns(commands: dict[str, list[str]], runs: int, log: Path) -> dict[str, list[Measure]]:
    """Run the commands A B A B …, so that a slow minute of the machine hits both."""
    measures: dict[str, list[Measure]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            measure = timed(command, log)
            if measure.exit_code:
                sys.exit(f"{' '.join(command)} ended with {measure.exit_code}; see {log}")
            measures[name].append(measure)
            print(f"  {name}: {measure.wall_seconds} s, {measure.peak_mib:.0f} MiB", flush=True)
    return measures


def recon_facts(run: Path) -> dict[str, Any]:
    """Counts and sums of a published run that the peer states too."""
    controls = pl.read_csv(run / "results" / "controls.csv", columns=["control_id", "exceptions"], schema_overrides={"exceptions": pl.Int64})
    found = controls.filter(pl.col("exceptions") > 0)
    allocations = pl.scan_parquet(run / "results" / "allocations.parquet").drop_nulls(["fulfilment_number", "invoice_number"])
    pairs = allocations.select(pl.col("quantity").sum(), pl.len()).collect().row(0)
    balances = pl.scan_parquet(run / "results" / "balances.parquet").filter(pl.col("kind").str.contains("fulfilled"))
    layers = balances.group_by("kind").agg(pl.col("quantity").sum()).collect()
    return {
        "exceptions": dict(zip(found["control_id"], found["exceptions"], strict=True)),
        "allocated_quantity": str(pairs[0]),
        "allocation_rows": pairs[1],
        "open_quantity": {kind: str(total) for kind, total in layers.iter_rows()},
    }


def peer_facts(folder: Path, form: str) -> dict[str, Any]:
    """The peer's own statement, from one more run of it."""
    command = [sys.executable, "-m", "benchmarks.peer", str(folder / form), "--form", form, "--out", str(folder / "peer")]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    facts: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return facts


def compare(lines: int, runs: int, log: Path, forms: tuple[str, ...]) -> dict[str, Any]:
    """Measure both on each form of the files, then compare their answers."""
    folder = STORE / str(lines)
    print(f"writing the company of {lines:,} order lines ...", flush=True)
    write_company(folder, lines, forms)
    measured = {}
    shutil.rmtree(folder / "run_every_control", ignore_errors=True)
    for form in forms:
        print(form, flush=True)
        out = folder / "run"
        shutil.rmtree(out, ignore_errors=True)
        commands = {
            "recon": [str(RECON), "run", str(folder / f"engagement_{form}.yaml"), "--out", str(out)],
            "peer": [sys.executable, "-m", "benchmarks.peer", str(folder / form), "--form", form, "--out", str(folder / "peer")],
        }
        if form == "parquet" and lines <= SMALL_UP_TO_LINES:
            every = [str(RECON), "run", str(folder / "every_control_parquet.yaml"), "--out", str(folder / "run_every_control")]
            commands[EVERY_CONTROL] = every
        measured[form] = {name: [asdict(m) for m in found] for name, found in in_turns(commands, runs, log).items()}
    facts = {
        "lines": lines,
        "rows": {
            table: pl.scan_parquet(folder / "parquet" / f"{table}_part*.parquet").select(pl.len()).collect().item() for table in _documents(folder)
        },
        "megabytes": {form: round(sum(f.stat().st_size for f in (folder / form).iterdir()) / 1e6) for form in forms},
        "measures": measured,
        "recon": recon_facts(folder / "run"),
        "peer": peer_facts(folder, "parquet"),
    }
    if (folder / "run_every_control").exists():
        facts["every_control"] = every_control(folder / "run_every_control")
    return facts


def every_control(run: Path) -> dict[str, Any]:
    """How many controls were performed and what they found, and the wall seconds of each room, of the published run of all of them."""
    controls = pl.read_csv(
        run / "results" / "controls.csv", columns=["control_id", "status", "exceptions"], schema_overrides={"exceptions": pl.Int64}
    )
    performed = controls.filter(pl.col("exceptions").is_not_null(), pl.col("status") != "not_performed")
    seconds = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["seconds"]
    return {"controls": controls.height, "performed": performed.height, "exceptions": int(controls["exceptions"].sum()), "seconds": seconds}


def _documents(folder: Path) -> list[str]:
    tables = {path.name.rsplit("_part", 1)[0] for path in (folder / "parquet").glob("*_line_part*.parquet")}
    return sorted(tables - {"delivery_confirmation_line"})


def beside(lines: int, log: Path) -> dict[str, float]:
    """What else people wait for: the second opinion on this company, `recon --help`, `recon demo`. Median of three, seconds."""
    folder = STORE / str(lines)
    run = [str(RECON), "run", str(folder / "engagement_parquet.yaml"), "--out", str(folder / "run")]
    demo = [str(RECON), "demo", "--out", str(STORE / "demo")]
    commands = {
        "recon --help": [str(RECON), "--help"],
        "recon demo without second opinion": [*demo, "--no-second-opinion"],
        "recon demo": demo,
        f"second opinion on {lines:,} order lines, whole job": [*run, "--second-opinion"],
    }
    return {name: statistics.median(timed(command, log).wall_seconds for _ in range(3)) for name, command in commands.items()}


def machine() -> dict[str, str]:
    """Size of the machine, and how busy it is before anything is measured."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model name")),
        "",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "polars": pl.__version__,
    }


def main() -> None:
    """Measure, compare, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="order lines")
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    parser.add_argument("--only-peer", action="store_true", help="leave out what is measured beside the comparison")
    parser.add_argument("--only-parquet", action="store_true", help="leave out the CSV files")
    options = parser.parse_args()
    forms = ("parquet",) if options.only_parquet or options.lines > SMALL_UP_TO_LINES else ("parquet", "csv")
    STORE.mkdir(exist_ok=True)
    here = machine()
    log = STORE / "log.txt"
    log.unlink(missing_ok=True)
    facts = compare(options.lines, options.runs, log, forms)
    if not options.only_peer and options.lines <= SMALL_UP_TO_LINES:
        facts["beside"] = beside(options.lines, log)
    facts["machine"] = here
    (STORE / f"measures_{options.lines}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    known = [json.loads(path.read_text(encoding="utf-8")) for path in STORE.glob("measures_*.json")]
    place = ROOT / "docs" / "benchmarks.md"
    kept = many_of(place.read_text(encoding="utf-8")) if place.exists() else ""
    text = page(sorted(known, key=lambda found: int(found["lines"]))) + kept
    place.write_text(text, encoding="utf-8")
    print(text)
    sys.exit(1 if differing(facts["recon"], facts["peer"]) else 0)


if __name__ == "__main__":
    main()
