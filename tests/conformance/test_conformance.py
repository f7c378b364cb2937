"""The conformance cases, where their folder lies beside the project: as they are, and with rows shuffled and files split.

Each case is a company; the runner that comes with the cases compares what `recon run` publishes. The second run may change nothing: no
answer depends on the order of rows or on the files they come in.
"""

from __future__ import annotations

import csv
import importlib.util
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
#: Where the cases may lie: beside the project, or beside the folder of its working copies.
BESIDE = [place / name for place in list(ROOT.parents)[:3] for name in ("conformance", "shared/conformance")]
CASES = next((place for place in BESIDE if (place / "run_conformance.py").is_file()), None)
COMMAND = f"'{sys.executable}' -c 'import sys; from recon.cli import main; sys.exit(main())'"
#: A table that speaks about files stays in one piece.
WHOLE = {"control_total"}
PARTS = 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CASES is None, reason="no folder of conformance cases (run_conformance.py and open/) lies beside the project"),
]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    assert CASES is not None
    spec = importlib.util.spec_from_file_location("run_conformance", CASES / "run_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return module


def answers(runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    assert CASES is not None
    monkeypatch.setattr(sys, "argv", ["run_conformance.py", "--cases", str(CASES / "open"), "--recon", COMMAND])
    code = runner.main()
    return code, capsys.readouterr().out


def in_pieces(engagement: Path, seed: int) -> None:
    """Rewrite the extracts beside an engagement: rows in another order, most tables in several files."""
    terms = yaml.safe_load(engagement.read_text(encoding="utf-8"))
    chance = random.Random(seed)
    for table, name in sorted(terms["extracts"].items()):
        path = engagement.parent / name
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = list(csv.reader(file))
        chance.shuffle(rows)
        parts = 1 if table in WHOLE else PARTS
        names = [f"{table}_{chance.randrange(10**6):06}_{part}.csv" for part in range(parts)]
        path.unlink()
        for part, part_name in enumerate(names):
            with (engagement.parent / part_name).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([header, *rows[part::parts]])
        chance.shuffle(names)
        terms["extracts"][table] = names
    engagement.write_text(yaml.safe_dump(terms, sort_keys=False, allow_unicode=True), encoding="utf-8")


def test_all_cases_pass(runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = answers(runner, monkeypatch, capsys)
    assert code == 0, told


def test_all_cases_pass_with_rows_shuffled_and_files_split(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build = runner.build

    def scattered(folder: Path, *given: Any) -> Path:
        engagement: Path = build(folder, *given)
        in_pieces(engagement, seed=2026)
        return engagement

    monkeypatch.setattr(runner, "build", scattered)
    code, told = answers(runner, monkeypatch, capsys)
    assert code == 0, told
