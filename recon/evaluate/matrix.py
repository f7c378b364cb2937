"""Lines of the matrix of controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from recon.domain.control import Control
    from recon.evaluate.judging import Tally


def tested(control: Control, fell: Tally, found: pl.DataFrame, covers: Mapping[str, int]) -> dict[str, object]:
    """The line of a control that judged its population, of which `found` holds the exceptions (those of others are not looked at).

    The size of a population that holds only suspicious rows is what was looked at (`covers`). Where no row could be tested the control
    was not performed, whatever the reason: nothing is clean because nobody knew.
    """
    own = found.filter(pl.col("control_id") == control.id)
    size = max(fell.population, covers.get(control.population.table, 0))
    if fell.unknown_columns and size == fell.population:
        names = ", ".join(fell.unknown_columns)
        return unperformed(control, (f"no row of the population says: {names}", f"总体中没有任何一行提供：{names}"), fell)
    if fell.untested and fell.untested == size:
        return unperformed(control, (f"none of the {size:,} rows could be tested", f"总体 {size:,} 行均无法测试"), fell)
    state = "exceptions" if own.height else "nothing_to_test" if size == 0 else "clean"
    noted = (f"noted on {fell.noted:,} rows, which are no exceptions", f"记录 {fell.noted:,} 行，不作为例外") if fell.noted else None
    return line(control, state, (size, own.height, fell.untested), own["amount_at_risk_base"].sum(), noted) | _worth(fell)


def unperformed(control: Control, reason: tuple[str, str], fell: Tally | None = None) -> dict[str, object]:
    """The line of a control that tested nothing, and why, in both languages."""
    counts = (fell.population, 0, fell.untested) if fell else (0, 0, 0)
    return line(control, "not_performed", counts, None, reason) | (_worth(fell) if fell else {})


def _worth(fell: Tally) -> dict[str, object]:
    return {"population_amount_base": fell.amount_base, "not_testable_amount_base": fell.untested_amount_base}


def line(control: Control, state: str, counts: tuple[int, int, int], amount: object, reason: tuple[str, str] | None = None) -> dict[str, object]:
    """One control's line: `counts` are population, exceptions, not testable; `reason` in English and Chinese."""
    population, found, untested = counts
    return {
        "control_id": control.id,
        "title": control.title.en,
        "severity": control.severity,
        "status": state,
        "population": population,
        "exceptions": found,
        "not_testable": untested,
        "amount_at_risk_base": amount,
        "reason": reason[0] if reason else None,
        "title_zh": control.title.zh,
        "reason_zh": reason[1] if reason else None,
    }


def lacking_tables(control: Control, supplied: Collection[str]) -> tuple[str, str] | None:
    """Why a control cannot be performed on the tables that were given, in both languages; None when it can."""
    absent = [need for need in control.needs if not any(table in supplied for table in need.split(" or "))]
    if not absent:
        return None
    named = ", ".join(absent)
    return f"the run was given no {named}", f"本次未提供：{named}"
