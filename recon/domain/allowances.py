"""Limits of controls that matching has to know: what is written off, days of grace, tails that are rounding, the day that prices a line.

The limits stand in control files, with their reasons, and may be overridden like any limit. Matching applies cash by them,
because what is written off is no longer owed, and adds up the tails that no control raises; it states what it did, and the controls judge it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from recon.domain.scopes import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.scopes import ScopedRule

#: parameter -> the control whose file holds it
GRANTED_BY: Final[dict[str, str]] = {
    "payment_tolerance_amount": "CSH-01",
    "payment_tolerance_share": "CSH-01",
    "tolerance_combine_policy": "CSH-01",
    "discount_grace_days": "CSH-05",
    "day_policy": "CSH-05",
    "placeholder_set": "DAT-01",
    "line_tail_amount": "DAT-03",
    "document_tail_amount": "DAT-04",
    "per_line_tail_amount": "DAT-04",
    "tax_tail_over_amount": "TAX-02",
    "document_tax_tail_amount": "TAX-02",
    "per_line_tax_tail_amount": "TAX-02",
    "tax_tail_under_amount": "TAX-03",
    "description_likeness_share": "DAT-06",
    "usual_convention_document_count": "CUR-04",
    "usual_convention_share": "CUR-04",
    "credit_search_days": "CUT-03",
    "cluster_days": "CUT-03",
    "baseline_days": "CUT-03",
    "allowed_group_set": "PTY-04",
    "shown_candidate_count": "MIS-16",
    "second_candidate_share": "MIS-16",
    "unreferenced_window_days": "MIS-16",
    "volume_window_count": "POP-03",
    "pricing_date_policy": "PRC-03",
    "minimum_number_length_count": "DUP-03",
    "digit_minimum_amount": "STA-01",
    "round_minimum_amount": "STA-04",
    "round_base_amount": "STA-04",
    "round_minimum_count": "STA-04",
    "bunching_band_share": "APR-12",
    "override_step_set": "APR-17",
    "box_word_set": "PTY-11",
    "volume_window_days": "PTY-10",
    "volume_ratio_share": "PTY-10",
    "stamp_count": "STA-13",
    "stamp_window_seconds": "STA-13",
    "maintenance_window_days": "SOD-02",
    "new_supplier_days": "PTY-08",
    "early_days": "SUP-01",
    "late_days": "SUP-01",
    "short_share": "SUP-01",
    "allowed_sequence_set": "TIM-08",
    "clock_skew_seconds": "TIM-08",
    "exposure_policy": "CSH-10",
    "amount_basis_policy": "APR-03",
    "fx_policy": "APR-03",
    "convention_set": "TAX-07",
    "order_rate_policy": "CUR-03",
}
_TAILS: Final = (
    "line_tail_amount", "document_tail_amount", "per_line_tail_amount", "tax_tail_over_amount", "tax_tail_under_amount",
    "document_tax_tail_amount", "per_line_tax_tail_amount",
)  # fmt: skip
#: Of these only matching asks, once per run: an override cannot hold for a time.
TIMELESS: Final = frozenset(GRANTED_BY) - set(_TAILS)
_PARTY: Final = frozenset({"cycle", "company_code", "party_id", "group_id"})
_LINE: Final = _PARTY | {"item_id", "item_group", "contract_id", "order_number", "order_line_no"}
#: parameter -> columns of a scope that matching knows where it works by the limit. An override for anything else would reach the control alone,
#: or nothing, and is refused. What a limit decides before it is known whose documents they are has none: it holds for everybody.
REACHES: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("payment_tolerance_amount", "payment_tolerance_share", "tolerance_combine_policy"), _PARTY),
    **dict.fromkeys(("discount_grace_days", "day_policy"), _PARTY),
    **dict.fromkeys(("early_days", "late_days", "short_share"), _LINE),
    **dict.fromkeys(
        ("shown_candidate_count", "second_candidate_share", "unreferenced_window_days"), frozenset({"cycle", "company_code", "party_id"})
    ),
    **dict.fromkeys(_TAILS, _LINE),
    **dict.fromkeys(("allowed_sequence_set", "clock_skew_seconds"), _PARTY | {"order_number"}),
    **dict.fromkeys(("document_tail_amount", "per_line_tail_amount"), _PARTY | {"order_number"}),
    **dict.fromkeys(("credit_search_days", "cluster_days", "baseline_days"), frozenset({"company_code"})),
    "allowed_group_set": frozenset({"cycle", "party_id", "group_id"}),
    "pricing_date_policy": _LINE,
    "minimum_number_length_count": _PARTY,
    **dict.fromkeys(("maintenance_window_days", "new_supplier_days"), frozenset({"cycle", "party_id"})),
    **dict.fromkeys(("volume_window_count", "digit_minimum_amount", "round_minimum_amount", "round_base_amount"), frozenset()),
    "exposure_policy": _PARTY,
    **dict.fromkeys(("amount_basis_policy", "fx_policy"), frozenset({"cycle", "company_code"})),
    "convention_set": _PARTY,
    "order_rate_policy": _LINE,
    **dict.fromkeys(("round_minimum_count", "stamp_count", "stamp_window_seconds", "bunching_band_share", "override_step_set"), frozenset()),
    **dict.fromkeys(("box_word_set", "placeholder_set", "volume_window_days", "volume_ratio_share"), frozenset()),
    **dict.fromkeys(("usual_convention_document_count", "usual_convention_share", "description_likeness_share"), frozenset()),
}
#: Where a rule book lacks the control, nothing is let pass.
NOTHING: Final[dict[str, str]] = {
    "payment_tolerance_amount": "0",
    "payment_tolerance_share": "not_checked",
    "tolerance_combine_policy": "both",
    "discount_grace_days": "0",
    "day_policy": "calendar",
    **dict.fromkeys(("line_tail_amount", "document_tail_amount", "per_line_tail_amount", "tax_tail_over_amount", "tax_tail_under_amount"), "0"),
    **dict.fromkeys(("document_tax_tail_amount", "per_line_tax_tail_amount"), "0"),
    "allowed_group_set": "none",
    "override_step_set": "none",
    "box_word_set": "none",
    "placeholder_set": "none",
    "volume_window_days": "365",
    "volume_ratio_share": "0.01",
    **dict.fromkeys(("credit_search_days", "cluster_days", "baseline_days", "volume_window_count"), "0"),
    "shown_candidate_count": "5",
    **dict.fromkeys(("second_candidate_share", "unreferenced_window_days"), "0"),
    "pricing_date_policy": "order_date",
    "minimum_number_length_count": "4",
    **dict.fromkeys(("digit_minimum_amount", "round_minimum_amount", "round_base_amount", "round_minimum_count"), "not_checked"),
    **dict.fromkeys(
        ("bunching_band_share", "stamp_count", "stamp_window_seconds", "usual_convention_document_count", "usual_convention_share"), "not_checked"
    ),
    "description_likeness_share": "not_checked",
    "maintenance_window_days": "0",
    "new_supplier_days": "0",
    **dict.fromkeys(("early_days", "late_days", "short_share"), "0"),
    "allowed_sequence_set": "none",
    "clock_skew_seconds": "0",
    "exposure_policy": "with_open_orders",
    "amount_basis_policy": "net",
    "fx_policy": "document",
    "convention_set": "all",
    "order_rate_policy": "order",
}


def allowances(book: Sequence[Control]) -> dict[str, str]:
    """The values of the rule book's files."""
    files = {control.id: control for control in book}
    return {
        name: files[control_id].parameters[name].value
        for name, control_id in GRANTED_BY.items()
        if control_id in files and name in files[control_id].parameters
    }


def overrides_of(engagement: Engagement, name: str) -> list[ScopedRule]:
    """The engagement's overrides of one allowance."""
    return [rule for rule in engagement.parameter_rules(GRANTED_BY[name]) if name in rule.settings]


def for_everybody(engagement: Engagement, name: str) -> str:
    """The value of an allowance that holds for a whole run: `REACHES` gives it no scope, so no override has one."""
    value = {**NOTHING, **engagement.allowances}[name]
    return ([value] + [rule.settings[name] for rule in overrides_of(engagement, name)])[-1]


def set_of(engagement: Engagement, name: str) -> tuple[str, ...]:
    """The members of an allowance that holds a set for a whole run; none where it says none."""
    value = for_everybody(engagement, name)
    return () if value == "none" else tuple(word.strip() for word in value.split(","))


def ever_says(engagement: Engagement, name: str, word: str) -> bool:
    """Whether the allowance is this word anywhere in the run: what only that word needs is measured then, and not otherwise."""
    value = {**NOTHING, **engagement.allowances}[name]
    return word in {value, *(rule.settings[name] for rule in overrides_of(engagement, name))}


def with_limits(frame: pl.LazyFrame, engagement: Engagement, *names: str, day: str | None = None) -> pl.LazyFrame:
    """Add each allowance as a text column: the value of the most specific override that reaches the row, else the file's.

    `day`: the column by which overrides hold for a time. Raises ValueError where the frame lacks a column by which the allowance may be
    overridden (`REACHES`), for such an override would be let in and never act.
    """
    lacking = {column for name in names for column in REACHES[name]} - set(frame.collect_schema().names())
    if lacking:
        message = f"{', '.join(names)} may be overridden by {', '.join(sorted(lacking))}, which matching does not know here"
        raise ValueError(message)
    values = {**NOTHING, **engagement.allowances}
    rules = [replace(rule, settings={name: rule.settings[name]}, day=day) for name in names for rule in overrides_of(engagement, name)]
    return resolve(frame, rules, {name: values[name] for name in names})
