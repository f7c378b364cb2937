"""All texts of a control, parsed once: conditions, amounts and values by the key of its file, and the places in its sentences."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from recon.domain import measures
from recon.domain.allowances import GRANTED_BY
from recon.domain.documents import DATE_ONLY
from recon.domain.errors import TermsRefused, did_you_mean
from recon.evaluate.expressions import Rule, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.control import Control, Words

#: {name} in a sentence. Whatever stands between braces is a place, so that a name nobody knows is refused and never printed.
PLACE: Final = re.compile(r"\{([^{}]*)\}")
#: Figures of the exception itself that a sentence may name beside columns and parameters.
FIGURES: Final = ("observed", "expected", "variance", "limit", "amount_at_risk")
_JUDGING: Final = ("population.where", "exception_when", "not_testable_when")
#: id() of a control -> the control and its texts; it is asked for them some forty times in a run.
_PARSED: Final[dict[int, tuple[Control, Mapping[str, Rule]]]] = {}
_OPTIONAL: Final = ("amount_at_risk_document", "observed", "expected", "variance", "limit")


def rules(control: Control) -> Mapping[str, Rule]:
    """Key of the file -> parsed expression, in the order in which a reader meets them. Absent keys are left out."""
    known = _PARSED.get(id(control))
    if known is None or known[0] is not control:  # an id is given again once its object is gone, so the object is kept beside it
        known = _PARSED[id(control)] = (control, MappingProxyType(_parsed(control)))
    return known[1]


def _parsed(control: Control) -> dict[str, Rule]:
    found = {
        "population.where": parse(control.population.where, control.where("population.where")),
        "exception_when": parse(control.exception_when, control.where("exception_when")),
        "not_testable_when": parse(control.not_testable_when, control.where("not_testable_when")),
        "amount_at_risk": parse(control.amount_at_risk, control.where("amount_at_risk")),
    }
    for key in _OPTIONAL:
        text = getattr(control, key)
        if text is not None:
            found[key] = parse(text, control.where(key))
    for i, rule in enumerate(control.severity_when):
        found[f"severity_when[{i}]"] = parse(rule.when, control.where(f"severity_when[{i}].when"))
    return found


def corrections(control: Control, table: str) -> Mapping[str, Rule]:
    """Column -> what it would be in rows of a measured table, were the exception of this control corrected."""
    return {
        name: parse(text, control.where(f"explains[{i}].set.{name}"))
        for i, one in enumerate(control.explains)
        if one.table == table
        for name, text in one.set.items()
    }


def refuse_corrections(control: Control) -> None:
    """Refuse corrections of tables and columns that are not there, and parameters: what is corrected is a row, not a limit."""
    for i, one in enumerate(control.explains):
        where = control.where(f"explains[{i}].table")
        if one.table not in measures.MEASURES:
            raise TermsRefused("there is no such measured table", where=where, got=one.table, todo=did_you_mean(one.table, set(measures.MEASURES)))
        known = frozenset(measures.schema(one.table))
        for name, rule in corrections(control, one.table).items():
            for column in sorted({name, *rule.columns} - known):
                raise rule.refuse(f'{one.table} has no column "{column}"', expected="a column of that table", todo=did_you_mean(column, known))
            for parameter in sorted(rule.parameters):
                raise rule.refuse("a correction has no parameters", expected="columns and figures", got=parameter)


def plain_parameters(control: Control) -> frozenset[str]:
    """Parameters whose verdict needs a value, so that not_checked and unlimited make no sense for them.

    Figures that are only shown may name a limit that is switched off: they are then unknown.
    """
    found = rules(control)
    return frozenset[str]().union(*(found[key].plain for key in _JUDGING))


def banded_parameters(control: Control) -> frozenset[str]:
    """Parameters that may differ by the size of the value they are a limit of: amounts beside a share of one base."""
    return frozenset[str]().union(*(rule.banded for rule in rules(control).values()))


def judging_columns(control: Control) -> list[str]:
    """Columns on which the verdict hangs, sorted."""
    found = rules(control)
    return sorted(frozenset[str]().union(*(found[key].columns for key in _JUDGING)))


def places(sentence: Words) -> list[str]:
    """Names between braces in both languages, in order of appearance, each once."""
    return list(dict.fromkeys(PLACE.findall(sentence.en) + PLACE.findall(sentence.zh)))


def columns(control: Control) -> frozenset[str]:
    """Columns of the population that the control needs for judging and for telling."""
    subject = control.subject
    told = {subject.document_number, subject.document_line_no, subject.document_date, control.certainty, *subject.distinguished_by}
    if subject.document_type not in {"order", "fulfilment", "invoice"}:
        told.add(subject.document_type)
    told |= {name for name in places(control.message) if name not in FIGURES and name not in control.parameters}
    told |= {f"{name}_zh" for name in told if f"{name}_zh" in measures.schema(control.population.table)}  # the text once more, in Chinese
    told |= {f"{name}{DATE_ONLY}" for name in told if f"{name}{DATE_ONLY}" in measures.schema(control.population.table)}
    used = frozenset[str]().union(*(rule.columns for rule in rules(control).values()))
    return used | frozenset(name for name in told if name)


def refuse_unknown_names(control: Control, known: frozenset[str]) -> None:
    """Refuse columns that the population lacks, parameters that the file lacks, and parameters that nothing uses."""
    used: set[str] = set()
    for key, rule in rules(control).items():
        for name in sorted(rule.columns - known):
            hint = did_you_mean(name, known)
            raise rule.refuse(f'{control.population.table} has no column "{name}"', expected="a column of the population", todo=hint)
        for name in sorted(rule.parameters - control.parameters.keys()):
            hint = did_you_mean(name, set(control.parameters)) or "declare it under parameters, with its value and why"
            raise rule.refuse(f'there is no parameter "{name}"', expected=", ".join(control.parameters) or "no parameters", todo=hint)
        used |= rule.parameters if key not in FIGURES or key == "amount_at_risk" else set()
    for name in sorted(columns(control) - known):
        hint = did_you_mean(name, known | set(FIGURES) | control.parameters.keys())
        raise TermsRefused(f'{control.population.table} has no column "{name}"', where=control.where("subject, message or certainty"), todo=hint)
    for language, sentence in (("en", control.message.en), ("zh", control.message.zh)):
        if set("{}") & set(PLACE.sub("", sentence)):
            raise TermsRefused(
                "a brace is not closed", where=control.where(f"message.{language}"), expected="{name}", got=sentence, todo="close or remove it"
            )
    used |= {name for name, control_id in GRANTED_BY.items() if control_id == control.id}  # matching works by these
    for name in sorted(control.parameters.keys() - used):
        raise TermsRefused(f'no condition uses the parameter "{name}"', where=control.where(f"parameters.{name}"), todo="use it or remove it")
