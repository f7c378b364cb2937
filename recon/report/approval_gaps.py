"""Approvals that were missing, late or given by the wrong person: the timeline of each, and the variance that it let through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.report import charts
from recon.report.bridge_words import VARIANCES
from recon.report.vocabulary import ACTIONS, EVENTS

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words

_FAMILIES: Final = ("APR", "SOD")
_ORDER: Final = ("cycle", "company_code", "order_number")
_MOST: Final = 15
#: event -> its mark on the line; events not named here are left out of the drawing, not of the order's timeline
_MARKS: Final = {
    "entered": "made", "ordered": "made", "approval": "approval", "sent": "sent", "fulfilled": "goods", "invoiced": "bill", "paid": "money",
}  # fmt: skip


def approval_gaps(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    """The heaviest approval findings with their events on a line, and how many there are."""
    found = workpapers.register.exceptions.filter(pl.col("control_id").str.slice(0, 3).is_in(_FAMILIES))
    ordered = found.sort("amount_at_risk_base", "exception_id", descending=[True, False], nulls_last=True).head(_MOST)
    if workpapers.traces is None or ordered.is_empty():
        return {"gaps": [], "gaps_count": found.height}
    linked = ordered.join(workpapers.traces.links.rename({name: f"_{name}" for name in _ORDER}), on="exception_id", how="left", maintain_order="left")
    keys = linked.select(**{name: f"_{name}" for name in _ORDER}).drop_nulls().unique()
    events = workpapers.traces.events.join(keys, on=list(_ORDER), how="semi", maintain_order="left")
    by_order = events.partition_by(_ORDER, as_dict=True, maintain_order=True)
    through = _let_through(workpapers, keys)
    names = {control.id: getattr(control.name, words.language) for control in workpapers.controls}
    gaps = []
    for row in linked.to_dicts():
        order = tuple(row[f"_{name}"] for name in _ORDER)
        own = by_order.get(order)
        drawn = _line(own, words) if own is not None else {"track": "", "first": None, "last": None}
        gaps.append(row | drawn | {"name": names.get(row["control_id"], ""), "through": through.get(order)})
    return {"gaps": gaps, "gaps_count": found.height}


def _let_through(workpapers: Workpapers, orders: pl.DataFrame) -> dict[tuple[str, ...], Any]:
    """Order -> the variances of its invoice lines added up, where they are known."""
    lines = workpapers.outcomes.invoice_lines.join(orders.lazy(), on=list(_ORDER), how="semi")
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in VARIANCES)
    sums = lines.filter(known).group_by(_ORDER).agg(pl.sum_horizontal(pl.col(name).sum() for name in VARIANCES).alias("total")).collect()
    return {(cycle, company, order): total for cycle, company, order, total in sums.rows()}


def _line(events: pl.DataFrame, words: Words) -> dict[str, Any]:
    marked = events.filter(pl.col("event").is_in(list(_MARKS)))
    if marked.is_empty():
        return {"track": "", "first": None, "last": None}
    first, last = marked.select(first=pl.col("event_date").min(), last=pl.col("event_date").max()).row(0)
    marks = [(_MARKS[row["event"]], (row["event_date"] - first).days, _told(row, words)) for row in marked.to_dicts()]
    return {"track": charts.track(marks, (last - first).days, words("Timeline")), "first": first, "last": last}


def _told(row: dict[str, Any], words: Words) -> str:
    day: date = row["event_date"]
    event, detail = row["event"], row["detail"]
    what = words(ACTIONS.get(detail, detail)) if event == "approval" else words(EVENTS[event])
    who = row["actor_id"] or ""
    return " · ".join(part for part in (words.day(day), what, row["document_number"] or "", who) if part)
