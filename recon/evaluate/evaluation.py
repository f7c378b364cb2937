"""The verb: controls, accepted documents and matches in; exceptions, untested rows, the matrix of controls and statuses out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import measures
from recon.domain.money import MONEY
from recon.domain.workpapers import CONTROLS, Outcomes, in_memory
from recon.evaluate import causes, exceptions, rulebook, status
from recon.evaluate.judging import NOT_TESTABLE, NOTE, Judged, Raised, Tally, clock_of, judge, population_plans, tally, together
from recon.evaluate.matrix import lacking_tables, tested, unperformed
from recon.evaluate.settings import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from recon.domain.control import Control, Planned
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, Matches
    from recon.evaluate.settings import Settings
    from recon.evaluate.translate import Clock

_AMOUNTS: Final = ("amount_at_risk_base", "population_amount_base", "not_testable_amount_base")
CONTROLS_SCHEMA: Final[dict[str, pl.DataType]] = {
    column: {"population": pl.Int64(), "exceptions": pl.Int64(), "not_testable": pl.Int64(), **dict.fromkeys(_AMOUNTS, MONEY)}.get(
        column, pl.String()
    )
    for column in CONTROLS
}
#: Columns of an exception before it has its id.
_FOUND: Final[dict[str, pl.DataType]] = {**exceptions.SCHEMA, "_party": pl.String(), "_told_apart": pl.String(), causes.EXPLAINED_BY: pl.String()}
#: Documents that no exception speaks about, in the columns of `exceptions.about`.
_ABOUT_NOTHING: Final = pl.DataFrame(schema=dict.fromkeys(exceptions.ABOUT, pl.String()))
_PLANNED: Final = ("not part of this version", "本版本未包含")


def evaluate(controls: Sequence[Control], accepted: Accepted, matches: Matches, engagement: Engagement, planned: Sequence[Planned] = ()) -> Outcomes:
    """Every chosen control over its population, all measured tables at once.

    Only exceptions and rows that could not be tested are kept as rows; the rest of a population is counted. A control whose
    tables are absent, or one of whose columns no row knows, is not performed and says why; parameters set for a planned control are
    listed as not performed. `check` has refused a rule book and parameters that could not be performed.
    """
    everything = replace(matches, tables={**accepted.facts, **matches.tables})
    return begin(controls, accepted.documents.supplied, engagement).with_bucket(everything).outcomes(planned)


def begin(controls: Sequence[Control], supplied: Collection[str], engagement: Engagement) -> Evaluation:
    """The chosen controls before they have seen anything. `supplied`: the canonical tables that were given."""
    chosen = tuple(c for c in rulebook.chosen(controls, engagement) if c.population.table not in measures.OF_THE_RUN)
    lacking = {c.id: reason for c in chosen if (reason := lacking_tables(c, supplied)) is not None}
    terms = Terms(chosen, frozenset(c.id for c in controls), settle(chosen, engagement), engagement, lacking)
    return Evaluation(terms, _NOTHING, _NOTHING, _NOTHING, (), {}, frozenset())


@dataclass(frozen=True)
class Terms:
    """What is judged by: the chosen controls, their parameters, and why some of them cannot be performed."""

    chosen: tuple[Control, ...]
    shipped: frozenset[str]
    settings: Settings
    engagement: Engagement
    lacking: Mapping[str, tuple[str, str]]

    @cached_property
    def explaining(self) -> tuple[Control, ...]:
        """The controls performed whose exceptions may be causes of others, by id."""
        return tuple(c for c in self.chosen if c.explains and c.id not in self.lacking)


@dataclass(frozen=True)
class Evaluation:
    """Controls on their way through the measured tables, one bucket of documents after the other.

    Kept of a bucket are the rows of its exceptions, its untested rows, counts, and its order and invoice lines with their statuses. The
    order of the buckets and how many they are changes nothing in the outcomes.
    """

    terms: Terms
    findings: Findings
    of_company: Findings
    of_last_bucket: Findings
    lines: tuple[tuple[pl.LazyFrame, pl.LazyFrame], ...]
    covers: Mapping[str, int]
    measured: frozenset[str]

    def with_bucket(self, matches: Matches, keep: Callable[[str, pl.DataFrame], pl.LazyFrame] = in_memory) -> Evaluation:
        """The evaluation with what the controls say of one bucket's measured tables. `keep` stores the lines of a bucket under a name."""
        judged, standings = self._judged(matches, status.NEEDED)
        orders, invoices = (keep(f"{name}-{len(self.lines)}", rows) for name, rows in status.lines(standings).items())
        return replace(judged, lines=(*self.lines, (orders, invoices)))

    def with_company(self, matches: Matches) -> Evaluation:
        """The evaluation with what the controls say of the tables that are measured once for all documents (`measures.WHOLE`)."""
        judged = self._judged(matches, {})[0]
        return replace(judged, of_company=judged.of_last_bucket)

    def _judged(self, matches: Matches, always: Mapping[str, tuple[str, ...]]) -> tuple[Evaluation, dict[str, status.Standing]]:
        terms, frames = self.terms, matches.tables
        performed = [c for c in terms.chosen if c.id not in terms.lacking and c.population.table in frames]
        clock = clock_of(terms.engagement)
        findings, standings = _NOTHING, {}
        tables = {*always, *(c.population.table for c in performed)}
        needed = {table: (*always.get(table, ()), *sorted(causes.columns_for(table, terms.explaining))) for table in sorted(tables)}
        for table, plan in population_plans(frames, performed, terms.settings, needed).items():
            # one population at a time: what is kept of it are its exceptions, its untested rows and what the statuses need
            its_controls = [c for c in performed if c.population.table == table]
            judged = _population(table, plan, its_controls, terms, clock)
            findings = findings.with_population(judged, its_controls)
            if table in always:
                standings[table] = status.standing(judged, its_controls)
        covers = {table: self.covers.get(table, 0) + matches.covers.get(table, 0) for table in {**self.covers, **matches.covers}}
        together_ = self.findings.with_those_of(findings)
        return replace(self, findings=together_, of_last_bucket=findings, covers=covers, measured=self.measured | frames.keys()), standings

    def leading(self) -> pl.DataFrame:
        """Which documents the exceptions of the last bucket and of the company's tables speak about: no other may lead to orders of this bucket."""
        raised = [*self.of_company.raised.values(), *self.of_last_bucket.raised.values()]
        return pl.concat([_ABOUT_NOTHING, *pl.collect_all([exceptions.about(one) for one in raised])])

    def outcomes(self, planned: Sequence[Planned] = ()) -> Outcomes:
        """What was found in all buckets together."""
        terms, findings = self.terms, self.findings
        unmeasured = {c.id: _unmeasured(c) for c in terms.chosen if c.population.table not in self.measured}
        lacking = {**unmeasured, **terms.lacking}
        performed = [c for c in terms.chosen if c.id not in lacking]
        rows = _register(findings.raised, performed, terms)
        by_control = {c.id: tested(c, findings.tallies[c.id], rows, self.covers) for c in performed}
        by_control |= {c.id: unperformed(c, lacking[c.id]) for c in terms.chosen if c.id in lacking}
        # a column that nobody knows is said once, of the control; rows that lack something of their own are listed
        blind = {c.id for c in performed if by_control[c.id]["status"] == "not_performed" and findings.tallies[c.id].unknown_columns}
        untested = [frame for c in performed if c.id not in blind for frame in findings.untested[c.id]]
        stacked = [pl.concat(part) for part in zip(*self.lines, strict=True)]
        orders, invoices = status.spoken_elsewhere(stacked[0], stacked[1], rows, performed)
        return Outcomes(
            exceptions=rows,
            not_testable=_untested(untested),
            controls=pl.DataFrame([*by_control.values(), *_ahead(planned, terms)], schema=CONTROLS_SCHEMA).sort("control_id"),
            order_lines=orders,
            invoice_lines=invoices,
        )


@dataclass(frozen=True)
class Findings:
    """By control id the rows of its exceptions, where it has any, its untested rows, and how the population fell."""

    raised: Mapping[str, Raised]
    untested: Mapping[str, tuple[pl.DataFrame, ...]]
    tallies: Mapping[str, Tally]

    def with_population(self, judged: Judged, controls: Sequence[Control]) -> Findings:
        """These findings and those of controls over one more population, of which nothing is known yet."""
        fell = {c.id: tally(c, judged) for c in controls}
        untested = {c.id: (exceptions.untested_by(c, judged, NOT_TESTABLE),) if fell[c.id].untested else () for c in controls}
        raised = {c.id: judged.raised_by(c) for c in controls if fell[c.id].exceptions and c.severity != NOTE}
        return Findings({**self.raised, **raised}, {**self.untested, **untested}, {**self.tallies, **fell})

    def with_those_of(self, more: Findings) -> Findings:
        """These findings and those of another bucket, or of the company's tables."""
        raised = {name: self.raised[name].with_those_of(found) if name in self.raised else found for name, found in more.raised.items()}
        untested = {name: (*self.untested.get(name, ()), *rows) for name, rows in more.untested.items()}
        fell = {name: together(self.tallies.get(name), tally_) for name, tally_ in more.tallies.items()}
        return Findings({**self.raised, **raised}, {**self.untested, **untested}, {**self.tallies, **fell})


_NOTHING: Final = Findings({}, {}, {})


def _population(table: str, plan: pl.LazyFrame, controls: Sequence[Control], terms: Terms, clock: Clock) -> Judged:
    """One population in memory, under all controls that look at it."""
    return judge(table, plan.collect(), controls, terms.settings, clock)


def _register(raised: Mapping[str, Raised], controls: Sequence[Control], terms: Terms) -> pl.DataFrame:
    """The register. Its texts are made once, of the rows of all buckets: making them again and again for a few rows takes longer."""
    found = [raised[name] for name in sorted(raised)]
    explaining = [c for c in terms.explaining if c.id in raised]  # who says nothing explains nothing
    tried = [causes.tries(one, explaining) for one in found]
    made = iter(pl.collect_all([*(exceptions.plan_of(one, terms.engagement) for one in found), *chain.from_iterable(tried)]))
    rows = list(islice(made, len(found)))
    told = [frame.with_columns(causes.explained(list(islice(made, len(plans))), frame.height)) for frame, plans in zip(rows, tried, strict=True)]
    spoken = exceptions.without_yielding(_stacked(told, _FOUND), controls)
    return causes.with_causes(exceptions.identified(spoken), [c for c in controls if c.explains])


def _untested(found: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rows that could not be tested, sorted; those that stand for many documents without naming one are said once, with what all are worth."""
    rows = _stacked(found, exceptions.NOT_TESTABLE_SCHEMA)
    unnamed = pl.col("document_number").is_null() & pl.col("order_number").is_null()
    said = [name for name in rows.columns if name != "amount_base"]
    worth = pl.when(pl.col("amount_base").is_not_null().any()).then(pl.col("amount_base").sum())
    together = rows.filter(unnamed).group_by(said).agg(worth.alias("amount_base")).select(rows.columns)
    return pl.concat([rows.filter(~unnamed), together]).sort(*exceptions.NOT_TESTABLE_SCHEMA)


def _stacked(frames: Sequence[pl.DataFrame], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    filled = [frame for frame in frames if frame.height]
    return pl.concat(filled) if filled else pl.DataFrame(schema=dict(schema))


def _unmeasured(control: Control) -> tuple[str, str]:
    title = measures.MEASURES[control.population.table]
    return f"nothing was measured: {title}", f"缺少度量表：{control.population.table}"


def _ahead(planned: Sequence[Planned], terms: Terms) -> list[dict[str, object]]:
    """Planned controls whose parameters the engagement already sets: listed, so that nobody believes they were performed."""
    named = {p.control for p in terms.engagement.parameters} - terms.shipped
    empty = dict.fromkeys(CONTROLS) | {"status": "not_performed", "population": 0, "exceptions": 0, "not_testable": 0}
    return [
        empty
        | {"control_id": p.id, "title": p.name.en, "title_zh": p.name.zh, "severity": p.severity, "reason": _PLANNED[0], "reason_zh": _PLANNED[1]}
        for p in planned
        if p.id in named
    ]
