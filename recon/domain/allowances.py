"""Limits of controls that matching has to know: what is written off, days of grace, tails that are rounding, the day that prices a line.

The limits stand in control files, with their reasons, and may be overridden like any limit. Matching applies cash by them,
because what is written off is no longer owed, and adds up the tails that no control raises; it states what it did, and the controls judge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "line_tail_amount": "DAT-03",
    "document_tail_amount": "DAT-04",
    "per_line_tail_amount": "DAT-04",
    "tax_tail_over_amount": "TAX-02",
    "document_tax_tail_amount": "TAX-02",
    "per_line_tax_tail_amount": "TAX-02",
    "tax_tail_under_amount": "TAX-03",
    "credit_search_days": "CUT-03",
    "cluster_days": "CUT-03",
    "baseline_days": "CUT-03",
    "allowed_group_set": "PTY-04",
    "shown_candidate_count": "MIS-16",
    "volume_window_count": "POP-03",
    "pricing_date_policy": "PRC-03",
    "minimum_number_length_count": "DUP-03",
    "digit_minimum_amount": "STA-01",
    "round_minimum_amount": "STA-04",
    "round_base_amount": "STA-04",
    "round_minimum_count": "STA-04",
    "stamp_count": "STA-13",
    "stamp_window_seconds": "STA-13",
    "maintenance_window_days": "SOD-02",
    "new_supplier_days": "PTY-08",
    "early_days": "SUP-01",
    "late_days": "SUP-01",
    "short_share": "SUP-01",
}
#: Of these only matching asks, once per run: an override cannot hold for a time.
TIMELESS: Final = frozenset(GRANTED_BY) - {
    "line_tail_amount", "document_tail_amount", "per_line_tail_amount", "tax_tail_over_amount", "tax_tail_under_amount", "tolerance_combine_policy",
    "document_tax_tail_amount", "per_line_tax_tail_amount",
}  # fmt: skip
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
    **dict.fromkeys(("credit_search_days", "cluster_days", "baseline_days", "volume_window_count"), "0"),
    "shown_candidate_count": "5",
    "pricing_date_policy": "order_date",
    "minimum_number_length_count": "4",
    **dict.fromkeys(("digit_minimum_amount", "round_minimum_amount", "round_base_amount", "round_minimum_count"), "not_checked"),
    **dict.fromkeys(("stamp_count", "stamp_window_seconds"), "not_checked"),
    "maintenance_window_days": "0",
    "new_supplier_days": "0",
    **dict.fromkeys(("early_days", "late_days", "short_share"), "0"),
}


def allowances(book: Sequence[Control]) -> dict[str, str]:
    """The values of the rule book's files."""
    files = {control.id: control for control in book}
    return {
        name: files[control_id].parameters[name].value
        for name, control_id in GRANTED_BY.items()
        if control_id in files and name in files[control_id].parameters
    }


def in_force(engagement: Engagement) -> tuple[dict[str, str | None], list[ScopedRule]]:
    """The allowances of a run: values by name, and the engagement's overrides of them."""
    rules = [rule for control_id in dict.fromkeys(GRANTED_BY.values()) for rule in engagement.parameter_rules(control_id)]
    return {**NOTHING, **engagement.allowances}, rules
