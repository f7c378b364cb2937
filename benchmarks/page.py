"""The measures as a page of Markdown."""

from __future__ import annotations

import statistics
from typing import Any, Final

from benchmarks.files import CONTROLS


def page(known: list[dict[str, Any]]) -> str:
    """docs/benchmarks.md from the measures of one or more sizes."""
    size = known[-1]["machine"]
    head = f"""# Benchmarks

Written by `make bench` (`make bench LINES=10000000` for the large company); do not edit.

Machine: {size["cores"]} cores ({size["processor"]}), {size["memory"]}; Python {size["python"]}, Polars {size["polars"]}.

The company is drawn by `benchmarks/company.py`: half its order lines are bought, half sold, about 3.5 document lines per
order line, a few per mille at fault. The whole job (`recon run` without the second opinion: reading, hashing, typing,
validation, matching, every control, report, sealed results) is timed as a process against `benchmarks/peer.sql`: the same
links, exact first-in-first-out allocation, variances and controls written by hand for this one company in DuckDB with two
threads, results to Parquet, without validation, evidence, report or manifest. They take turns on the same files.
"""
    return "\n".join([head, *(_one(facts) for facts in known)])


def _one(facts: dict[str, Any]) -> str:
    rows = facts["rows"]
    lines = [
        f"## {facts['lines']:,} order lines, {sum(rows.values()):,} document lines\n",
        f"Load average of the machine when the measuring began: {facts['machine']['load']} (above 0.5 other work took part of the processors, and processor seconds compare better than wall clock).\n",
        ", ".join(f"{table} {count:,}" for table, count in rows.items())
        + ". "
        + ", ".join(f"{form} {mb:,} MB" for form, mb in facts["megabytes"].items())
        + ".\n",
        "| files | who | runs | wall s, least | wall s, median | processor s, median | peak MiB | times the peer's wall | times its processor |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for form, found in facts["measures"].items():
        peer = statistics.median(m["wall_seconds"] for m in found["peer"])
        peer_cpu = statistics.median(m["cpu_seconds"] for m in found["peer"])
        for who, runs in found.items():
            walls = [m["wall_seconds"] for m in runs]
            cpu, peak = statistics.median(m["cpu_seconds"] for m in runs), max(m["peak_mib"] for m in runs)
            lines.append(
                f"| {form} | {who} | {len(runs)} | {min(walls):.1f} | {statistics.median(walls):.1f} | {cpu:.1f} | {peak:,.0f} | {statistics.median(walls) / peer:.2f} | {cpu / peer_cpu:.2f} |"
            )
    if "every_control" in facts:
        lines.append(_every_control(facts["every_control"]))
    if "beside" in facts:
        lines += ["\n| beside it | wall s, median of 3 |", "|---|---|", *(f"| {name} | {seconds:.2f} |" for name, seconds in facts["beside"].items())]
    return "\n".join([*lines, *_answers(facts["recon"], facts["peer"])]) + "\n"


def _every_control(every: dict[str, Any]) -> str:
    rooms = ", ".join(f"{room} {float(seconds):.1f}" for room, seconds in sorted(every["seconds"].items(), key=lambda entry: -float(entry[1])))
    return (
        f"\nOf {every['controls']} controls {every['performed']} could be performed on these tables; they raise {every['exceptions']:,} exceptions. The last"
        f" such run took, in seconds of wall clock: {rooms}. The peer performs {len(CONTROLS)} controls; the other lines of recon perform those same ones."
    )


def differing(recon: dict[str, Any], peer: dict[str, Any]) -> list[str]:
    """Names of the answers that are not the same on both sides."""
    ours, theirs = _flat(recon), _flat(peer)
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def _answers(recon: dict[str, Any], peer: dict[str, Any]) -> list[str]:
    ours, theirs = _flat(recon), _flat(peer)
    differ = differing(recon, peer)
    verdict = "All answers are equal." if not differ else f"**{len(differ)} answers differ.**"
    table = [
        f"| {name} | {ours.get(name, '0')} | {theirs.get(name, '0')} | {'' if name not in differ else 'differs'} |"
        for name in sorted(ours.keys() | theirs.keys())
    ]
    return [f"\n{verdict}\n", "| answer | recon | peer | |", "|---|---|---|---|", *table]


def _flat(facts: dict[str, Any]) -> dict[str, str]:
    from decimal import Decimal

    flat = {f"{control} exceptions": str(count) for control, count in facts["exceptions"].items()}
    flat |= {f"quantity open: {kind.replace('_', ' ')}": f"{Decimal(total):,.3f}" for kind, total in facts["open_quantity"].items()}
    return flat | {"quantity allocated": f"{Decimal(facts['allocated_quantity']):,.3f}", "allocations": f"{facts['allocation_rows']:,}"}


_MANY: Final = "## Many exceptions"


def many_of(text: str) -> str:
    """The section about publishing where much is found, which `benchmarks.many` wrote into the page."""
    _, title, rest = text.partition(f"\n{_MANY}")
    return title + rest


def with_many(text: str, known: list[dict[str, Any]]) -> str:
    """The page with the section about publishing where much is found, in place of the one it has."""
    kept = text.partition(f"\n{_MANY}")[0].rstrip("\n") + "\n"
    lines = [
        f"{_MANY}\n",
        "Written by `python -m benchmarks.many`: the same company judged by severer terms, every control, one run; report and workbook (which are made side by side), the pack beside them.",
        "The share is that of report, workbook and pack in the whole; wall clock, then processor.\n",
        "| order lines | exceptions | run s | report and workbook s | results written s | pack s | share of wall | share of processor | report MB | workbook MB | pack MB | load average |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([kept, *lines, *map(_published, known)]) + "\n"


def _published(facts: dict[str, Any]) -> str:
    spent, sizes = facts["seconds"], facts["megabytes"]
    shares = [(spent["report"][kind] + spent["pack"][kind]) / sum(pair[kind] for pair in spent.values()) for kind in (0, 1)]
    told = " | ".join(f"{spent[name][0]:.1f} / {spent[name][1]:.1f}" for name in ("run", "report", "deliver", "pack"))
    return (
        f"| {facts['lines']:,} | {facts['exceptions']:,} | {told} | {shares[0]:.0%} | {shares[1]:.0%}"
        f" | {sizes['report']} | {sizes['workbook']} | {sizes['pack']} | {facts['machine']['load']} |"
    )
