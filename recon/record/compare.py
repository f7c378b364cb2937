"""Two published runs side by side: which exceptions appeared, disappeared or changed, and why, as far as their manifests tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.record.history import PublishedRun, read_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COMPARED: Final = ("severity", "observed", "expected", "variance", "limit", "amount_at_risk_base", "certainty")
_PERFORMED: Final = ("clean", "exceptions", "nothing_to_test")
_MOST: Final = 20
#: reason -> in words
_REASONS: Final = {
    "control_not_performed": "the control was not performed in one of the runs",
    "rule_changed": "the control's rule file changed",
    "parameters_changed": "a limit of the control changed in the engagement",
    "file_changed": "the file it comes from changed",
    "other_inputs_changed": "other input files changed",
    "as_of_changed": "the as-of date changed",
    "policies_changed": "a matching policy changed",
    "version_changed": "another version of recon",
    "not_explained": "nothing in the manifests explains it",
}


def compare(run_a: Path, run_b: Path) -> tuple[dict[str, Any], str]:
    """What differs from A to B: as facts for machines, and as text.

    Every exception is one of `appeared`, `disappeared`, `changed` (severity, figures or certainty) with a reason.
    Raises TermsRefused when a folder is no published run, InputsRefused when one is damaged.
    """
    a, b = read_run(run_a), read_run(run_b)
    rows = _rows(a, b)
    told = _explained(rows, a, b)
    facts = {
        "run_a": {"folder": str(run_a), "as_of": str(a.as_of), "exceptions": a.exceptions.height},
        "run_b": {"folder": str(run_b), "as_of": str(b.as_of), "exceptions": b.exceptions.height},
        "inputs": _differing(_inputs(a), _inputs(b)),
        "rules": _differing(a.facts["rules"], b.facts["rules"]),
        "terms": sorted(key for key in a.terms.keys() | b.terms.keys() if a.terms.get(key) != b.terms.get(key)),
        "counts": {word: told.filter(pl.col("what") == word).height for word in ("appeared", "disappeared", "changed")},
        "exceptions": told.to_dicts(),
    }
    return facts, _text(facts, told)


def _rows(a: PublishedRun, b: PublishedRun) -> pl.DataFrame:
    """One row per exception that is not the same in both."""
    columns = ("exception_id", "control_id", "document_type", "document_number", "document_line_no", "source_file")
    compared = [pl.concat_str([pl.col(name).cast(pl.String).fill_null("\x00") for name in _COMPARED], separator="\x01").alias("figures")]
    left, right = (run.exceptions.select(*columns, *compared) for run in (a, b))
    gone = left.join(right, on="exception_id", how="anti").with_columns(what=pl.lit("disappeared"))
    come = right.join(left, on="exception_id", how="anti").with_columns(what=pl.lit("appeared"))
    both = right.join(left.select("exception_id", before="figures"), on="exception_id", how="inner", validate="1:1")
    changed = both.filter(pl.col("figures") != pl.col("before")).drop("before").with_columns(what=pl.lit("changed"))
    return pl.concat([come, gone, changed]).drop("figures").sort("what", "control_id", "exception_id")


def _explained(rows: pl.DataFrame, a: PublishedRun, b: PublishedRun) -> pl.DataFrame:
    """The rows with `reason`: the first that holds, the nearest to the exception first."""
    statuses = (a.statuses(), b.statuses())
    controls = rows["control_id"].unique().to_list()
    idle = [c for c in controls if any(status.get(c) not in _PERFORMED for status in statuses)]
    rules = _differing(a.facts["rules"], b.facts["rules"])
    ruled = [c for c in controls if any(name.rpartition("/")[2].startswith(f"{c}_") for name in rules)]
    limited = [c for c in controls if _limits(a, c) != _limits(b, c)]
    files = _differing(_inputs(a), _inputs(b))
    tests = {
        "control_not_performed": pl.col("control_id").is_in(idle),
        "rule_changed": pl.col("control_id").is_in(ruled),
        "parameters_changed": pl.col("control_id").is_in(limited),
        "file_changed": pl.col("source_file").is_in(files),
        "other_inputs_changed": pl.lit(bool(files)),
        "as_of_changed": pl.lit(a.as_of != b.as_of),
        "policies_changed": pl.lit(a.terms["policies"] != b.terms["policies"]),
        "version_changed": pl.lit(a.facts["versions"] != b.facts["versions"]),
        "not_explained": pl.lit(value=True),
    }
    return rows.with_columns(reason=pl.coalesce([pl.when(test).then(pl.lit(word)) for word, test in tests.items()]))


def _limits(run: PublishedRun, control: str) -> list[Any]:
    return [rule for rule in run.terms["parameters"] if rule["control"] == control]


def _inputs(run: PublishedRun) -> dict[str, str]:
    return {entry["name"]: entry["sha256"] for entry in run.facts["inputs"]}


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> list[str]:
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def _text(facts: Mapping[str, Any], told: pl.DataFrame) -> str:
    a, b = facts["run_a"], facts["run_b"]
    lines = [
        f"A {a['folder']} as of {a['as_of']}: {a['exceptions']:,} exceptions",
        f"B {b['folder']} as of {b['as_of']}: {b['exceptions']:,} exceptions",
    ]
    lines += [f"{word}: {', '.join(facts[word])}" for word in ("inputs", "rules", "terms") if facts[word]]
    if told.is_empty():
        return "\n".join([*lines, "the exceptions are the same"])
    for row in told.group_by("what", "reason").len().sort("what", "len", "reason", descending=[False, True, False]).to_dicts():
        lines.append(f"{row['len']:,} {row['what']}: {_REASONS[row['reason']]}")
    for row in told.head(_MOST).to_dicts():
        line = f"/{row['document_line_no']}" if row["document_line_no"] else ""
        lines.append(f"  {row['what']:<11} {row['control_id']}  {row['document_type']} {row['document_number']}{line}")
    if told.height > _MOST:
        lines.append(f"  … {told.height - _MOST:,} more; --format json lists all of them")
    return "\n".join(lines)
