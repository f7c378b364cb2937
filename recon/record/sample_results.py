"""What the audited items of a sample say about its population: rates and amounts of error, and how large these may be.

People look at the items; here their answers are counted. An item without an answer is no pass: the sample is not evaluated.

- mus: errors of certain items count as they are. Of items that were hit, taint = (book - audited) / book; projected = sum of taint · interval per
  hit; upper limit by Stringer with gamma limits. Understatements are shown apart and lower nothing.
- others: deviations among the items, and the highest rate they still allow (Clopper-Pearson), per stratum.
"""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain import manifest
from recon.domain.errors import InputsRefused, TermsRefused
from recon.record.drawing import file_word
from recon.record.sample_sizes import stringer_bound, upper_rate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Columns of the answers; `place` is that of the selection, `audit_value` what the item is worth by the auditor, `deviates` yes or no.
ANSWERS: Final = ("place", "audit_value", "deviates", "remark")
_CENT: Final = Decimal("0.01")
_DIGITS: Final = Decimal("0.000001")


def evaluate_sample(folder: Path, purpose: str, audited: Path, confidence: Decimal) -> tuple[dict[str, Any], Path]:
    """The evaluation of the drawing for `purpose` in `folder`, written beside it as `evaluation_<purpose>.json`.

    Raises TermsRefused when there is no such drawing or it is evaluated already, InputsRefused when an item has no answer, or two.
    """
    word = file_word(purpose)
    plan_file, selection_file, target = (folder / name for name in (f"plan_{word}.json", f"selection_{word}.csv", f"evaluation_{word}.json"))
    if not plan_file.is_file() or not selection_file.is_file():
        todo = "draw with `recon sample-items`, then name its folder and purpose"
        raise TermsRefused("there is no drawing for this purpose", where=str(plan_file), todo=todo)
    if target.exists():
        raise TermsRefused("this sample is evaluated already", where=str(target), todo="draw for another purpose; nothing is written over")
    plan = json.loads(plan_file.read_bytes())
    if manifest.fingerprint(selection_file) != plan["selection_sha256"]:
        raise InputsRefused(
            "the selection is not as it was drawn", where=str(selection_file), expected=plan["selection_sha256"], todo="draw it again"
        )
    items = _answered(pl.read_csv(selection_file, infer_schema=False), audited)
    counted = _amounts(plan, items, confidence) if plan["method"] == "mus" else {"strata": _rates(items, confidence)}
    facts = {
        "algorithm": "recon-sample-evaluation-1",
        "purpose": plan["purpose"],
        "method": plan["method"],
        "confidence": str(confidence),
        "plan_sha256": manifest.fingerprint(plan_file),
        "selection_sha256": plan["selection_sha256"],
        "answers_sha256": manifest.fingerprint(audited),
        **counted,
    }
    target.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return facts, target


def _answered(selection: pl.DataFrame, audited: Path) -> list[dict[str, Any]]:
    """The items, each with its one answer: book and audited value, whether it deviates."""
    try:
        answers = pl.read_csv(audited, infer_schema=False)
    except (FileNotFoundError, pl.exceptions.PolarsError) as error:
        raise TermsRefused("the answers cannot be read", where=str(audited), expected=f"CSV with {', '.join(ANSWERS)}", got=str(error)) from None
    if "place" not in answers.columns or not {"audit_value", "deviates"} & set(answers.columns) or set(answers.columns) - set(ANSWERS):
        expected = "place, audit_value or deviates, and remark"
        raise InputsRefused("the columns are others", where=str(audited), expected=expected, got=", ".join(answers.columns))
    given: dict[str, Mapping[str, Any]] = {}
    for number, row in enumerate(answers.to_dicts(), 2):
        if row["place"] in given or row["place"] not in selection["place"]:
            raise InputsRefused("this is no item of the sample, or it is answered twice", where=f"{audited}:{number}", got=str(row["place"]))
        given[row["place"]] = row
    missing = [place for place in selection["place"].to_list() if place not in given]
    if missing:
        todo = "look at every item; one that cannot be found deviates"
        raise InputsRefused(
            "items have no answer", where=str(audited), expected=f"{selection.height} answers", got=", ".join(missing[:10]), todo=todo
        )
    return [_item(row, given[row["place"]], audited) for row in selection.to_dicts()]


def _item(row: Mapping[str, Any], answer: Mapping[str, Any], audited: Path) -> dict[str, Any]:
    book, value, deviates = Decimal(row["value"] or 0), answer.get("audit_value"), answer.get("deviates")
    where = f"{audited}, place {row['place']}"
    if deviates not in (None, "", "yes", "no") or not (value or deviates):
        raise InputsRefused("the answer says neither", where=where, expected="an audit_value, or deviates yes or no", got=str(deviates))
    try:
        right = Decimal(value) if value else None
    except InvalidOperation:
        raise InputsRefused("the audited value is no number", where=where, got=str(value)) from None
    differs = deviates == "yes" or (not deviates and right != book)
    return {"reason": row["reason"], "hits": int(row["hits"]), "book": book, "right": right, "deviates": differs}


def _rates(items: list[dict[str, Any]], confidence: Decimal) -> list[dict[str, Any]]:
    """Deviations per stratum; strata that were taken whole have no upper limit but their own rate."""
    told = []
    for reason in dict.fromkeys(item["reason"] for item in items):
        own = [item for item in items if item["reason"] == reason]
        found, size = sum(item["deviates"] for item in own), len(own)
        most = found / size if reason == "certain" else upper_rate(float(confidence), found, size)
        errors = sum((item["book"] - item["right"] for item in own if item["right"] is not None), Decimal(0))
        told.append(
            {
                "stratum": reason,
                "items": size,
                "deviations": found,
                "rate": _share(found / size),
                "upper_rate": _share(most),
                "error_found": str(errors),
            }
        )
    return told


def _amounts(plan: Mapping[str, Any], items: list[dict[str, Any]], confidence: Decimal) -> dict[str, Any]:
    """Errors of money by Stringer. Raises InputsRefused where an item has no audited value."""
    if any(item["right"] is None for item in items):
        raise InputsRefused("monetary unit sampling needs the audited value of every item", expected="audit_value", got="deviates alone")
    interval = Decimal(plan["interval"])
    certain = [item for item in items if item["reason"] == "certain"]
    hit = [item for item in items if item["reason"] != "certain"]
    taints = [(item["book"] - item["right"]) / item["book"] for item in hit for _ in range(item["hits"])]
    over, under = [taint for taint in taints if taint > 0], [taint for taint in taints if taint < 0]
    known = sum((item["book"] - item["right"] for item in certain if item["book"] > item["right"]), Decimal(0))
    limit = (
        Decimal(stringer_bound(float(confidence), len(taints), [float(taint) for taint in over], "poisson") * len(taints)) if taints else Decimal(0)
    )
    return {
        "items": len(items),
        "certain_items": len(certain),
        "hits": len(taints),
        "model": "Stringer bound with gamma limits",
        "overstatement_certain": str(known),
        "overstatement_projected": str(((sum(over, Decimal(0)) * interval) + known).quantize(_CENT, ROUND_HALF_UP)),
        "overstatement_upper_limit": str((limit * interval + known).quantize(_CENT, ROUND_CEILING)),
        "understatement_projected": str((-sum(under, Decimal(0)) * interval).quantize(_CENT, ROUND_HALF_UP)),
        "understatements": len(under) + sum(item["book"] < item["right"] for item in certain),
    }


def _share(rate: float) -> str:
    """A share rounded up to six digits, so that a limit is never told too low."""
    return str(Decimal(rate).quantize(_DIGITS, ROUND_CEILING))
