"""What stands in an evidence pack beside the run's own files: facts for machines, and pages for people, all from the published run."""

from __future__ import annotations

import platform
from string import Template
from typing import TYPE_CHECKING, Any, Final

from recon.deliver.pack_words import page, rows_of
from recon.domain import manifest, places
from recon.domain.engagement import named_for
from recon.domain.errors import InputsRefused
from recon.domain.manifest import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.domain.control import Control

#: Columns of the decisions about exceptions that a pack can hold.
DISPOSITIONS: Final = ("exception_id", "disposition", "reason", "evidence", "decided_by", "decided_on", "reviewed_by")
_DECISIONS: Final = ("confirmed_error", "confirmed_breach", "justified", "false_positive", "data_error", "accepted_risk", "under_review")
_SECOND_PERSON: Final = ("critical", "high")
_REDACTED: Final = (
    "Redacted: persons and bank accounts are masked, inputs, samples and terms withheld. It was made from the full pack {}; data/00_redacted.json has its "
    "digests and says which files are the same, masked or withheld. Both are sealed in one chain."
)
_REDACTED_ZH: Final = "本包为脱敏版：人员和银行账号已隐去，输入文件、抽样和业务约定不在其中。完整包：{}，其指纹及文件差异见 data/00_redacted.json；两者在同一条封签链中。"


# ── rules, run, decisions ────────────────────────────────────────────────────────────────────────────────────
def lock_of_rules(facts: dict[str, Any], controls: Sequence[Control]) -> dict[str, Any]:
    """Rules and parameters as they were: each file with its digest, and whether the file still is that one and goes into the pack."""
    files = []
    for path, digest in sorted(facts["rules"].items()):
        source = places.rules().parent / path
        same = path.startswith("rules/") and source.is_file() and fingerprint(source) == digest
        files.append({"path": path, "sha256": digest, "included": same})
    unchanged = {file["path"] for file in files if file["included"]}
    locked = []
    for control in controls:
        file = next((path for path in unchanged if path.endswith(control.origin.removeprefix("rules/"))), None)
        if file is None:
            continue
        limits = {name: parameter.model_dump(mode="json") for name, parameter in control.parameters.items()}
        locked.append(
            {"control_id": control.id, "severity": control.severity, "file": file, "rule_sha256": facts["rules"][file], "parameters": limits,
             "parameters_sha256": manifest.fingerprint_of(limits), "owner": named_for(facts["engagement"].get("owners") or {}, control.id)}
        )  # fmt: skip
    terms = facts["engagement"]
    return {
        "recon": facts["versions"]["recon"],
        "program_sha256": facts.get("program_sha256"),
        "files": files,
        "controls": locked,
        "overrides": terms.get("parameters"),  # a redacted pack withholds both: their reasons may name persons
        "policies": terms.get("policies"),
        "parameters_sha256": facts["parameters_sha256"],
    }


def run_record(facts: dict[str, Any]) -> dict[str, Any]:
    """The run and the machine that packed it; no names of people, hosts or folders."""
    taken = {key: facts[key] for key in ("versions", "published_at", "seconds", "parameters_sha256")}
    taken["program_sha256"] = facts.get("program_sha256")  # not known of runs that an older recon published
    terms = facts["engagement"]
    return taken | {
        "entity": terms["entity"],
        "as_of": terms["as_of"],
        **({"edition": facts["edition"]} if "edition" in facts else {"engagement_sha256": manifest.fingerprint_of(terms)}),
        "packed_on": {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()},
    }


def dispositions(given: Path | None, run: Path) -> bytes:
    """Decisions about exceptions, checked: known columns, ids and words; a second person where the exception is critical or high.

    Raises InputsRefused. Without a file, the header alone: nobody has decided anything.
    """
    if given is None:
        return (",".join(DISPOSITIONS) + "\n").encode()
    severities = {row["exception_id"]: row["severity"] for row in rows_of(run / "results" / "exceptions.csv")}
    for number, row in enumerate(rows_of(given), 2):
        problem = _problem(row, severities)
        if problem:
            todo = "correct the row, then pack again"
            raise InputsRefused(problem[0], where=f"{given}:{number}", expected=problem[1], got=problem[2], todo=todo)
    return given.read_bytes()


def _problem(row: dict[str, str], severities: dict[str, str]) -> tuple[str, str, str] | None:
    if tuple(row) != DISPOSITIONS:
        return "the columns are others", ",".join(DISPOSITIONS), ",".join(map(str, row))
    if row["exception_id"] not in severities:
        return "this run has no such exception", "an exception_id of results/exceptions.csv", row["exception_id"]
    if row["disposition"] not in _DECISIONS:
        return "this is no decision", " | ".join(_DECISIONS), row["disposition"]
    if not (row["decided_by"] and row["decided_on"] and row["reason"]):
        return "a decision needs who, when and why", "decided_by, decided_on, reason", str(row)
    if severities[row["exception_id"]] in _SECOND_PERSON and row["reviewed_by"] in ("", row["decided_by"]):
        return "a critical or high exception needs a second person", "another person in reviewed_by", row["reviewed_by"] or "nobody"
    return None


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────
def pages(facts: dict[str, Any], kept: dict[str, Any], results_sha256: str, redacts: dict[str, Any] | None = None) -> dict[str, bytes]:
    """The guide of the pack, how to perform the run again, the two checkers, and the locked packages where they are known.

    `kept` says how long; `redacts` is the seal's record of the full pack, where this one is redacted: only that one can be performed again.
    """
    terms = facts["engagement"]
    values = {
        "entity": terms["entity"],
        "as_of": terms["as_of"],
        "recon": facts["versions"]["recon"],
        "python": facts["versions"]["python"],
        "results_sha256": redacts["results_sha256"] if redacts else results_sha256,
        "of": f"the full pack {redacts['pack']}, which this one is a redacted copy of" if redacts else "this pack",
        "note": _REDACTED.format(redacts["pack"]) if redacts else "",
        "note_zh": _REDACTED_ZH.format(redacts["pack"]) if redacts else "",
        "years": str(kept["years"]),
        "keep_until": kept["keep_until"],
        "stated_by": "as the engagement states" if kept["stated_by_the_engagement"] else "proposed by recon, since the engagement states nothing",
        "stated_by_zh": "按业务约定" if kept["stated_by_the_engagement"] else "业务约定未规定，此为 recon 建议的期限",
        "rows": f"{sum(source['rows'] for source in facts['inputs']):,}",
    }
    folder = places.pack_files()
    made = {
        "00_README.html": page("README.html", **values),
        "09_reperform/REPERFORM.md": Template((folder / "REPERFORM.md").read_text(encoding="utf-8")).substitute(values).encode(),
        "09_reperform/verify.py": (folder / "verify.py").read_bytes(),
        "09_reperform/recount.py": (folder / "recount.py").read_bytes(),
    }
    lock = places.locked_packages()
    return made | ({"09_reperform/requirements.lock": lock.read_bytes()} if lock.is_file() else {})
