"""Measure what publishing costs where very much is found: report, workbook and evidence pack beside the whole run.

    python -m benchmarks.many --lines 1000000

The company of `company.py` is judged by severer terms than it agreed to (`MANY` in `files.py`), so that about one order line in ten has an exception.
The figures go into docs/benchmarks.md, in a section of their own; `benchmarks.run` keeps them there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.files import write_company
from benchmarks.page import with_many
from benchmarks.run import ROOT, STORE, machine

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What publishing may take of the whole, as the issue that asked for it says.
SHARE_MOST = 25


@contextmanager
def _timed(spent: dict[str, tuple[float, float]], name: str) -> Iterator[None]:
    """Seconds of wall clock and of the processor, this process's threads together."""
    wall, used = time.perf_counter(), sum(os.times()[:2])
    yield
    spent[name] = (round(time.perf_counter() - wall, 2), round(sum(os.times()[:2]) - used, 2))


def measured(lines: int) -> dict[str, Any]:
    """Run, publish and pack once; seconds of each, and what was found."""
    from recon import allocator

    allocator.prepare()
    from recon.deliver import deliver
    from recon.deliver.pack import PackTerms
    from recon.load import read_engagement
    from recon.pipeline import pack, run
    from recon.report import report

    folder, spent = STORE / str(lines), {}
    write_company(folder, lines, ("parquet",))
    out, packs = folder / "run_many", folder / "packs_many"
    for place in (out, packs):
        shutil.rmtree(place, ignore_errors=True)
    engagement = read_engagement(folder / "many_exceptions_parquet.yaml", as_of=None)
    with _timed(spent, "run"):
        workpapers = run(engagement)
    with _timed(spent, "report"):
        publication = report(workpapers, "en", ("audit",))
    with _timed(spent, "deliver"):
        deliver(publication, workpapers, out)
    with _timed(spent, "pack"):
        packed = pack(out, packs, PackTerms())
    return {
        "lines": lines,
        "machine": machine(),
        "exceptions": workpapers.register.exceptions.height,
        "seconds": spent,
        "megabytes": {
            "report": _megabytes(out / "report" / "index.html"),
            "workbook": _megabytes(out / "report" / "report.xlsx"),
            "pack": round(packed.seal.record["counts"]["size_bytes"] / 1e6, 1),
        },
    }


def _megabytes(path: Any) -> float:
    return round(path.stat().st_size / 1e6, 1)


def main() -> None:
    """Measure, say it, and put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="order lines")
    options = parser.parse_args()
    STORE.mkdir(exist_ok=True)
    facts = measured(options.lines)
    (STORE / f"many_{options.lines}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    page = ROOT / "docs" / "benchmarks.md"
    known = [json.loads(path.read_text(encoding="utf-8")) for path in STORE.glob("many_*.json")]
    text = with_many(page.read_text(encoding="utf-8"), sorted(known, key=lambda found: int(found["lines"])))
    page.write_text(text, encoding="utf-8")
    print(text[text.index("## Many exceptions") :])


if __name__ == "__main__":
    main()
