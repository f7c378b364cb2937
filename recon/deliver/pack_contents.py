"""What stands in an evidence pack beside the run's own files: facts for machines, and pages for people, all from the published run."""

from __future__ import annotations

import csv
import html
import io
import json
import platform
from string import Template
from typing import TYPE_CHECKING, Any, Final

from recon.domain import manifest, places
from recon.domain.errors import InputsRefused, TermsRefused
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
_NOT_KNOWN: Final = (
    "system", "instance", "extract_method", "query_text_sha256", "extract_parameters", "extracted_by", "extracted_at", "received_at", "reviewer", "conclusion",
)  # fmt: skip


# ── information produced by the entity ───────────────────────────────────────────────────────────────────────
def ipe_sheets(run: Path, facts: dict[str, Any], custody: Path | None = None) -> dict[str, bytes]:
    """One sheet per input file as JSON, and all of them as a page: what is known, what proves completeness, what nobody told us.

    `custody` is what people say about where the files came from; it is kept apart from what recon saw itself. Raises InputsRefused.
    """
    told = _custody(custody, facts) if custody else {}
    statements = rows_of(run / "results" / "statements.csv")
    tie_out = rows_of(run / "results" / "tie_out.csv")
    sheets = [_sheet(place, source, statements, tie_out) | _origin(told.get(source["name"], {})) for place, source in enumerate(facts["inputs"], 1)]
    made = {f"ipe_{place:03}_{_safe(sheet['input'])}.json": _json(sheet) for place, sheet in enumerate(sheets, 1)}
    return made | {"ipe.html": _page("ipe.html", rows="\n".join(map(_ipe_row, sheets)), entity=facts["engagement"]["entity"])}


def _sheet(place: int, source: dict[str, Any], statements: list[dict[str, str]], tie_out: list[dict[str, str]]) -> dict[str, Any]:
    about = [row for row in statements if row["table"] == source["input"] and row["rule"] == "control_total"]
    if any(row["holds"] == "true" for row in about):
        proof = "control_total"
    else:
        proof = "control_total_differs" if any(row["holds"] == "false" for row in about) else "none"
    known = {"ipe_id": f"IPE-{place:03}", **source, "tie_out": [row for row in tie_out if row["table"] == source["input"]]}
    told = {
        "control_total": "the rows and amounts that the source says it sent were read",
        "control_total_differs": "the rows or amounts that the source says it sent differ from what was read",
        "none": "completeness not proven; only integrity since the run read the file",
    }
    return known | {"proof": proof, "proof_in_words": told[proof], "control_totals": about}


def _origin(told: dict[str, str]) -> dict[str, Any]:
    """What was said about a file's origin, and what nobody said."""
    return {"told_by_the_company": told, "not_known_to_recon": [name for name in _NOT_KNOWN if name not in told]}


def _custody(given: Path, facts: dict[str, Any]) -> dict[str, dict[str, str]]:
    """File -> what was said about its origin. Raises InputsRefused for a column or a file that is not known."""
    names, told = {source["name"] for source in facts["inputs"]}, {}
    for number, row in enumerate(rows_of(given), 2):
        where, strange = f"{given}:{number}", sorted(map(str, row.keys() - {"source_file", *_NOT_KNOWN}))
        if strange or "source_file" not in row:
            raise InputsRefused(
                "the columns are others", where=where, expected=f"source_file and any of {', '.join(_NOT_KNOWN)}", got=", ".join(strange)
            )
        name = row.pop("source_file")
        if name not in names or name in told:
            got, todo = ("twice" if name in told else "") + f" {name}", "name each file once, as sources.json names it"
            raise InputsRefused("this is no input of the run, or it stands twice", where=where, got=got.strip(), todo=todo)
        told[name] = {key: value for key, value in row.items() if value}
    return told


def _ipe_row(sheet: dict[str, Any]) -> str:
    cells = [
        sheet["ipe_id"],
        sheet["input"],
        sheet["name"],
        f"{sheet['rows']:,}",
        f"{sheet['size_bytes']:,}",
        sheet["encoding"],
        sheet["sha256"],
        sheet["proof_in_words"],
    ]
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"


# ── rules, run, decisions ────────────────────────────────────────────────────────────────────────────────────
def lock_of_rules(facts: dict[str, Any], controls: Sequence[Control]) -> dict[str, Any]:
    """Rules and parameters as they were: each file with its digest, and whether the file still is that one and goes into the pack."""
    files = []
    for path, digest in sorted(facts["rules"].items()):
        source = places.rules().parent / path
        same = path.startswith("rules/") and source.is_file() and fingerprint(source) == digest
        files.append({"path": path, "sha256": digest, "included": same})
    unchanged = {file["path"] for file in files if file["included"]}
    known = [control for control in controls if any(path.endswith(control.origin.removeprefix("rules/")) for path in unchanged)]
    locked = []
    for control in known:
        limits = {name: parameter.model_dump(mode="json") for name, parameter in control.parameters.items()}
        locked.append(
            {"control_id": control.id, "severity": control.severity, "parameters": limits, "parameters_sha256": manifest.fingerprint_of(limits)}
        )
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
def pages(facts: dict[str, Any], results_sha256: str, redacts: dict[str, Any] | None = None) -> dict[str, bytes]:
    """The guide of the pack, how to perform the run again, the two checkers, and the locked packages where they are known.

    `redacts` is the seal's record of the full pack, where this one is redacted: only that one can be performed again.
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
        "rows": f"{sum(source['rows'] for source in facts['inputs']):,}",
    }
    folder = places.pack_files()
    made = {
        "00_README.html": _page("README.html", **values),
        "09_reperform/REPERFORM.md": Template((folder / "REPERFORM.md").read_text(encoding="utf-8")).substitute(values).encode(),
        "09_reperform/verify.py": (folder / "verify.py").read_bytes(),
        "09_reperform/recount.py": (folder / "recount.py").read_bytes(),
    }
    lock = places.locked_packages()
    return made | ({"09_reperform/requirements.lock": lock.read_bytes()} if lock.is_file() else {})


def _page(name: str, **values: str) -> bytes:
    """A page of the pack; values are escaped, except `rows`, which are rows of cells that are."""
    escaped = {key: value if key == "rows" else html.escape(value) for key, value in values.items()}
    return Template((places.pack_files() / name).read_text(encoding="utf-8")).substitute(escaped).encode()


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of ours. Raises TermsRefused when it is not there."""
    try:
        text = path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        raise TermsRefused("this is not a CSV file in UTF-8", where=str(path), todo="name a file that is") from None
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _json(facts: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


def _safe(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:60]
