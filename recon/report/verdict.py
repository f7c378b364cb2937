"""The verdict of a run: green only on facts, and the facts in words.

`clean`: no exception at or above `fail_on`, every control performed on every row, the tie-out holds, the second opinion agrees.
`gaps`: no such exception, but something was not tested. `exceptions`: such exceptions. `not_reliable`: the tie-out does not hold,
or the second opinion disagrees with the results.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.engagement import SEVERITIES
from recon.report.figures import number, rounded
from recon.report.vocabulary import SEVERITIES as SEVERITIES_SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words


def _(text: str) -> str:
    return text


#: The control whose status is the second opinion's.
SECOND_OPINION: Final = "POP-10"
#: verdict -> its headline
HEADLINES: Final = {
    "clean": _("Clean"),
    "gaps": _("No exceptions that fail the run, but gaps"),
    "exceptions": _("Exceptions found"),
    "not_reliable": _("The results are not reliable"),
}
#: verdict -> colour of its banner
COLOURS: Final = {"clean": "green", "gaps": "amber", "exceptions": "red", "not_reliable": "red"}
#: The gravest first; a remark stands beside the exceptions it completes.
_GRAVITY: Final = ("not_reliable", "exceptions", "", "gaps")


#: reason -> (the verdict it leads to, or "" for a remark; its sentence)
REASONS: Final = {
    "tie_out_broken": ("not_reliable", _("The tie-out does not hold at %(count)s places: rows or amounts were lost on the way.")),
    "second_opinion_disagrees": ("not_reliable", _("The second opinion disagrees with the results in %(count)s statements.")),
    "exceptions_found": ("exceptions", _("%(count)s exceptions at or above “%(severity)s”, %(amount)s %(currency)s at risk.")),
    "exceptions_never_fail": ("gaps", _("%(count)s exceptions; the terms say that none of them fails the run.")),
    "tie_out_missing": ("gaps", _("There is no tie-out: completeness is not proven.")),
    "nothing_tested": ("gaps", _("No control had anything to test.")),
    "controls_in_error": ("gaps", _("%(count)s controls ended in an error.")),
    "controls_not_performed": ("gaps", _("%(count)s controls could not be performed.")),
    "rows_not_testable": (
        "gaps",
        _("%(count)s rows could not be tested: a value is not known, or there are too few."),
    ),
    "rows_set_aside": ("gaps", _("%(count)s rows were set aside as unfit and not audited.")),
    "statements_failed": ("gaps", _("%(count)s statements about whole tables do not hold.")),
    "statements_unknown": ("gaps", _("Whether %(count)s statements about whole tables hold is not known.")),
    "second_opinion_missing": ("gaps", _("There is no second opinion on the results.")),
    "exceptions_below": ("", _("%(count)s exceptions below “%(severity)s”, %(amount)s %(currency)s at risk.")),
}


@dataclass(frozen=True)
class Reason:
    """A fact that the verdict rests on, with its figures: counts, amounts in company currency, a severity."""

    code: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def leads_to(self) -> str:
        """The verdict this fact alone would give; empty for a remark."""
        return REASONS[self.code][0]


@dataclass(frozen=True)
class Verdict:
    """One word and why."""

    word: str
    reasons: tuple[Reason, ...]

    @property
    def colour(self) -> str:
        """Colour of the banner: green, amber, red."""
        return COLOURS[self.word]


def verdict(workpapers: Workpapers) -> Verdict:
    """Weigh a run's facts; the gravest decides."""
    reasons = (*_about_trust(workpapers), *_about_exceptions(workpapers), *_about_gaps(workpapers))
    gravest = tuple(sorted(reasons, key=lambda reason: _GRAVITY.index(reason.leads_to)))
    word = next((reason.leads_to for reason in gravest if reason.leads_to), "clean")
    return Verdict(word, gravest)


def sentence(reason: Reason, words: Words) -> str:
    """The reason in words."""
    currency = reason.figures.get("currency", "")
    shown = {n: rounded(value, currency) if n == "amount" else number(value) for n, value in reason.figures.items() if not isinstance(value, str)}
    texts = {name: words(SEVERITIES_SHOWN.get(value, value)) for name, value in reason.figures.items() if isinstance(value, str)}
    return words(REASONS[reason.code][1], **shown, **texts)


def exit_code(workpapers: Workpapers) -> int:
    """1 when there are exceptions at or above the engagement's `fail_on` or the results contradict themselves, else 0."""
    return int(verdict(workpapers).word in ("exceptions", "not_reliable") and workpapers.engagement.fail_on != "never")


def _about_trust(workpapers: Workpapers) -> Iterator[Reason]:
    broken = int((~workpapers.tie_out["holds"].fill_null(value=False)).sum())
    if broken:
        yield Reason("tie_out_broken", {"count": broken})
    if workpapers.tie_out.is_empty():
        yield Reason("tie_out_missing")
    opinion = workpapers.outcomes.controls.filter(pl.col("control_id") == SECOND_OPINION)
    status = opinion["status"].item() if opinion.height else "not_performed"
    if status == "exceptions":
        yield Reason("second_opinion_disagrees", {"count": int(opinion["exceptions"].item())})
    elif status != "clean":
        yield Reason("second_opinion_missing")


def _about_exceptions(workpapers: Workpapers) -> Iterator[Reason]:
    fail_on = workpapers.engagement.fail_on
    exceptions = workpapers.register.exceptions
    if fail_on == "never":
        if exceptions.height:
            yield Reason("exceptions_never_fail", {"count": exceptions.height})
        return
    heavy = pl.col("severity").is_in(SEVERITIES[: SEVERITIES.index(fail_on) + 1])
    for code, chosen in (("exceptions_found", exceptions.filter(heavy)), ("exceptions_below", exceptions.filter(~heavy))):
        if chosen.height:
            known = chosen["amount_at_risk_base"].drop_nulls()
            figures: dict[str, Any] = {"count": chosen.height, "amount": known.sum() if known.len() else None}
            yield Reason(code, figures | {"severity": fail_on, "currency": workpapers.engagement.currency})


def _about_gaps(workpapers: Workpapers) -> Iterator[Reason]:
    from recon.report.totals import set_aside

    controls = workpapers.outcomes.controls.filter(pl.col("control_id") != SECOND_OPINION)
    counts = {
        "controls_in_error": controls.filter(pl.col("status") == "error").height,
        "controls_not_performed": controls.filter(pl.col("status") == "not_performed").height,
        "rows_not_testable": int(controls["not_testable"].sum()),
        "rows_set_aside": set_aside(workpapers),
        "statements_failed": workpapers.statements.filter(~pl.col("holds")).height,
        "statements_unknown": workpapers.statements["holds"].null_count(),
    }
    if not int(controls["population"].sum()):
        yield Reason("nothing_tested")
    for code, count in counts.items():
        if count:
            yield Reason(code, {"count": count})
