"""Controls of the run itself: do its rows carry forward, are its files complete, did a control pass on nothing.

Their populations are made of what the run states about itself (`measures.OF_THE_RUN`), so they are judged when everything else
is. A run that cannot stand on its inputs has stopped before; here the proof that it could is put on record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from recon.domain import measures
from recon.domain.balance_measures import OF_THE_LEDGER
from recon.domain.rule_versions import COLUMNS, rule_versions
from recon.evaluate import exceptions, rulebook
from recon.evaluate.beside_history import ALONE, BesideHistory
from recon.evaluate.judging import NOT_TESTABLE, clock_of, judge, population_plans, tally
from recon.evaluate.matrix import lacking_tables, tested, unperformed
from recon.evaluate.settings import settle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import InputFile, Outcomes

_PERFORMED = ("clean", "exceptions", "nothing_to_test")


@dataclass(frozen=True)
class RunFacts:
    """What a run states about itself before its own controls are judged."""

    tie_out: pl.DataFrame
    statements: pl.DataFrame
    files: Sequence[InputFile]
    ignored: Mapping[str, tuple[str, ...]]
    supplied: Collection[str]  # canonical tables that were given
    ledger: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # measured tables that lay open items and estimates beside the ledger
    approved: pl.DataFrame | None = None  # the approved rule book, in the columns of `approved_rule`
    beside: BesideHistory = ALONE  # this run laid beside the one given as history


def account(controls: Sequence[Control], outcomes: Outcomes, facts: RunFacts, engagement: Engagement) -> Outcomes:
    """The outcomes with those of the controls that test the run itself, in the order of all others."""
    own = [c for c in rulebook.chosen(controls, engagement) if c.population.table in measures.OF_THE_RUN]
    lacking = {c.id: facts.beside.absent[c.population.table] for c in own if c.population.table in facts.beside.absent}
    lacking |= {c.id: reason for c in own if (reason := lacking_tables(c, facts.supplied)) is not None}
    frames = _frames(facts, outcomes) | {"rule_version": _versions(rulebook.chosen(controls, engagement), facts.approved, engagement)}
    settings, clock = settle(own, engagement), clock_of(engagement)
    found, untested, rows = [outcomes.exceptions], [outcomes.not_testable], [outcomes.controls]
    performed = [c for c in own if c.id not in lacking]
    for table, plan in population_plans(frames, performed, settings, {}).items():
        its_controls = [c for c in performed if c.population.table == table]
        judged = judge(table, plan.collect(), its_controls, settings, clock)
        for control in its_controls:
            own_rows = exceptions.identified(exceptions.plan_of(judged.raised_by(control), engagement).collect())
            fell = tally(control, judged)
            found.append(own_rows)
            untested.append(exceptions.untested_by(control, judged, NOT_TESTABLE))
            rows.append(_matrix_row(tested(control, fell, own_rows, {}), outcomes))
    rows += [_matrix_row(unperformed(c, lacking[c.id]), outcomes) for c in own if c.id in lacking]
    return replace(
        outcomes,
        exceptions=pl.concat(found).sort(*exceptions.ORDER, nulls_last=False),
        not_testable=pl.concat(untested).sort(*outcomes.not_testable.columns),
        controls=pl.concat(rows).sort("control_id"),
    )


def _matrix_row(row: dict[str, object], outcomes: Outcomes) -> pl.DataFrame:
    schema = outcomes.controls.schema
    return pl.DataFrame([dict.fromkeys(schema) | row], schema=schema)


def _frames(facts: RunFacts, outcomes: Outcomes) -> dict[str, pl.LazyFrame]:
    made = {
        "doorway_total": _doorways(facts.tie_out),
        "statement_made": facts.statements.select(
            "table", "rule", "holds", "observed", "expected", words="message", words_zh="message_zh", document_type=pl.lit("statement")
        ),
        "input_structure": _structures(facts),
        "control_performed": _performances(outcomes.controls),
    }
    ledger = {name: facts.ledger.get(name, pl.DataFrame(schema=measures.schema(name))) for name in OF_THE_LEDGER}
    return {name: _shaped(frame, name).lazy() for name, frame in {**made, **ledger, **facts.beside.tables}.items()}


def _shaped(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    declared = measures.schema(table)
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in declared.items() if name not in frame.columns]
    return frame.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in declared.items())


def _doorways(tie_out: pl.DataFrame) -> pl.DataFrame:
    """The tie-out as a population."""
    return tie_out.with_columns(
        document_type=pl.lit("tie_out"),
        document_number=pl.format("{} at {}", "table", "doorway"),
        amount_missing=(pl.col("amount_in") - pl.col("amount_out") - pl.col("amount_set_aside")).abs(),
    )


def _structures(facts: RunFacts) -> pl.DataFrame:
    """One row per input, however many files it came in. One with a column missing or unknown never came this far: it was refused."""
    rows = [
        {"table": name, "document_type": "extract", "document_number": name, "unknown_column_count": 0, "missing_column_count": 0}
        | {"ignored_column_count": len(facts.ignored.get(name, ()))}
        for name in sorted({file.input for file in facts.files})
    ]
    return pl.DataFrame(rows, schema=measures.schema("input_structure"))


def _versions(controls: Sequence[Control], approved: pl.DataFrame | None, engagement: Engagement) -> pl.LazyFrame:
    """Controls of the run against the approved rule book, one row per control of either; nothing where no rule book was approved."""
    if approved is None:
        return pl.LazyFrame(schema=measures.schema("rule_version"))
    now = pl.DataFrame(rule_versions(controls, engagement), schema=dict.fromkeys(COLUMNS, pl.String)).drop("change_reference")
    baseline = approved.select(
        "control_id", "change_reference", approved_rule="rule_hash", approved_limits="parameter_hash", approved_parameters="parameters"
    )
    met = now.join(baseline, on="control_id", how="full", coalesce=True, validate="1:1")
    rule, limits = pl.col("rule_hash") == pl.col("approved_rule"), pl.col("parameter_hash") == pl.col("approved_limits")
    state = (
        pl.when(pl.col("rule_hash").is_null())
        .then(pl.lit("left out"))
        .when(pl.col("approved_rule").is_null())
        .then(pl.lit("not approved"))
        .when(rule & limits)
        .then(pl.lit("same"))
        .when(rule)
        .then(pl.lit("parameters changed"))
        .when(limits)
        .then(pl.lit("rule changed"))
        .otherwise(pl.lit("rule and parameters changed"))
    )
    told = met.with_columns(state=state, document_type=pl.lit("control"), document_number="control_id").sort("control_id")
    return _shaped(told, "rule_version").lazy()


def _performances(controls: pl.DataFrame) -> pl.DataFrame:
    """One row per control of the plan that could have been performed: how many rows it looked at and how many it really tested."""
    really = pl.col("population") - pl.col("not_testable")
    return controls.select(
        document_type=pl.lit("control"),
        document_number="control_id",
        status="status",
        population_count="population",
        tested_count=really,
        untested_amount_base=pl.col("not_testable_amount_base"),
        reason="reason",
        reason_zh="reason_zh",
        is_performed=pl.col("status").is_in(_PERFORMED),
    )
