"""The verb: controls, accepted documents and matches in; exceptions, untested rows, the matrix of controls and statuses out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import measures
from recon.domain.money import MONEY
from recon.domain.workpapers import CONTROLS, Outcomes
from recon.evaluate import exceptions, rulebook, status
from recon.evaluate.judging import NOT_TESTABLE, NOTE, Judged, Tally, clock_of, frames_of, judge, population_plans, tally
from recon.evaluate.matrix import lacking_tables, line
from recon.evaluate.settings import settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.domain.control import Control, Planned
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, Matches

_AMOUNTS: Final = ("amount_at_risk_base", "population_amount_base", "not_testable_amount_base")
CONTROLS_SCHEMA: Final[dict[str, pl.DataType]] = {
    column: {"population": pl.Int64(), "exceptions": pl.Int64(), "not_testable": pl.Int64(), **dict.fromkeys(_AMOUNTS, MONEY)}.get(
        column, pl.String()
    )
    for column in CONTROLS
}
_PLANNED: Final = ("not part of this version", "本版本未包含")


def evaluate(controls: Sequence[Control], accepted: Accepted, matches: Matches, engagement: Engagement, planned: Sequence[Planned] = ()) -> Outcomes:
    """Every chosen control over its population.

    Only exceptions and rows that could not be tested are kept as rows; the rest of a population is counted. A control whose
    tables are absent, or one of whose columns no row knows, is not performed and says why; parameters set for a planned control are
    listed as not performed. `check` has refused a rule book and parameters that could not be performed.
    """
    chosen = [c for c in rulebook.chosen(controls, engagement) if c.population.table not in measures.OF_THE_RUN]
    settings = settle(chosen, engagement)
    frames = frames_of(accepted, matches)
    lacking = {c.id: reason for c in chosen if (reason := _lacking(c, accepted, frames)) is not None}
    performed = [c for c in chosen if c.id not in lacking]
    plans = population_plans(frames, performed, settings, status.NEEDED)
    clock = clock_of(engagement)
    findings, standings = Findings({}, {}, {}), {}
    for table, plan in plans.items():
        # one population at a time: what is kept of it are its exceptions, its untested rows and what the statuses need
        its_controls = [c for c in performed if c.population.table == table]
        judged = judge(table, plan.collect(), its_controls, settings, clock)
        findings = findings.with_those_of(judged, its_controls, engagement)
        if table in status.NEEDED:
            standings[table] = status.standing(judged, its_controls)
    rows = _register([findings.exceptions[c.id] for c in performed if c.id in findings.exceptions], performed)
    by_control = {c.id: _row(c, findings.tallies[c.id], rows, matches.covers) for c in performed}
    by_control |= {c.id: _unperformed(c, lacking[c.id]) for c in chosen if c.id in lacking}
    untested = [findings.untested[c.id] for c in performed if by_control[c.id]["status"] != "not_performed"]
    order_lines, invoice_lines = status.lines(standings)
    return Outcomes(
        exceptions=rows,
        not_testable=_stacked(untested, exceptions.NOT_TESTABLE_SCHEMA).sort(*exceptions.NOT_TESTABLE_SCHEMA),
        controls=pl.DataFrame([*by_control.values(), *_ahead(planned, controls, engagement)], schema=CONTROLS_SCHEMA).sort("control_id"),
        order_lines=order_lines,
        invoice_lines=invoice_lines,
    )


@dataclass(frozen=True)
class Findings:
    """By control id: its exceptions without ids, its untested rows, and how its population fell."""

    exceptions: Mapping[str, pl.DataFrame]
    untested: Mapping[str, pl.DataFrame]
    tallies: Mapping[str, Tally]

    def with_those_of(self, judged: Judged, controls: Sequence[Control], engagement: Engagement) -> Findings:
        """These findings and those of one more population."""
        return Findings(
            {**self.exceptions, **{c.id: exceptions.found_by(c, judged, engagement) for c in controls if c.severity != NOTE}},
            {**self.untested, **{c.id: exceptions.untested_by(c, judged, NOT_TESTABLE) for c in controls}},
            {**self.tallies, **{c.id: tally(c, judged) for c in controls}},
        )


def _register(found: Sequence[pl.DataFrame], controls: Sequence[Control]) -> pl.DataFrame:
    schema = {**exceptions.SCHEMA, "_party": pl.String(), "_told_apart": pl.String()}
    spoken = exceptions.without_yielding(_stacked(found, schema), controls)
    return exceptions.with_causes(exceptions.identified(spoken), controls)


def _stacked(frames: Sequence[pl.DataFrame], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    filled = [frame for frame in frames if frame.height]
    return pl.concat(filled) if filled else pl.DataFrame(schema=dict(schema))


def _lacking(control: Control, accepted: Accepted, frames: Mapping[str, pl.LazyFrame]) -> tuple[str, str] | None:
    """Why a control cannot be performed on what was supplied, in both languages; None when it can."""
    if (absent := lacking_tables(control, accepted.documents.supplied)) is not None:
        return absent
    if control.population.table not in frames:
        title = measures.MEASURES[control.population.table]
        return f"nothing was measured: {title}", f"缺少度量表：{control.population.table}"
    return None


def _row(control: Control, fell: Tally, rows: pl.DataFrame, covers: Mapping[str, int]) -> dict[str, object]:
    """One line of the matrix of controls. The size of a population that holds only suspicious rows is what was looked at."""
    own = rows.filter(pl.col("control_id") == control.id)
    size = max(fell.population, covers.get(control.population.table, 0))
    if fell.unknown_columns and size == fell.population:
        names = ", ".join(fell.unknown_columns)
        reason = (f"no row of the population says: {names}", f"总体中没有任何一行提供：{names}")
        return _unperformed(control, reason, fell)
    state = "exceptions" if own.height else "nothing_to_test" if size == 0 else "clean"
    noted = (f"noted on {fell.noted:,} rows, which are no exceptions", f"记录 {fell.noted:,} 行，不作为例外") if fell.noted else None
    return line(control, state, (size, own.height, fell.untested), own["amount_at_risk_base"].sum(), noted) | _worth(fell)


def _unperformed(control: Control, reason: tuple[str, str], fell: Tally | None = None) -> dict[str, object]:
    counts = (fell.population, 0, fell.untested) if fell else (0, 0, 0)
    return line(control, "not_performed", counts, None) | (_worth(fell) if fell else {}) | {"reason": reason[0], "reason_zh": reason[1]}


def _worth(fell: Tally) -> dict[str, object]:
    return {"population_amount_base": fell.amount_base, "not_testable_amount_base": fell.untested_amount_base}


def _ahead(planned: Sequence[Planned], controls: Sequence[Control], engagement: Engagement) -> list[dict[str, object]]:
    """Planned controls whose parameters the engagement already sets: listed, so that nobody believes they were performed."""
    shipped = {c.id for c in controls}
    named = {p.control for p in engagement.parameters} - shipped
    empty = dict.fromkeys(CONTROLS) | {"status": "not_performed", "population": 0, "exceptions": 0, "not_testable": 0}
    return [
        empty
        | {"control_id": p.id, "title": p.name.en, "title_zh": p.name.zh, "severity": p.severity, "reason": _PLANNED[0], "reason_zh": _PLANNED[1]}
        for p in planned
        if p.id in named
    ]
