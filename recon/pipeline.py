"""The journey: eight verbs in order. Data passes each room once.

`run` performs an engagement and returns its workpapers; `publish` makes files of them. The command line does nothing else.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from recon.conform import conform
from recon.deliver import deliver
from recon.domain import places, tie_out
from recon.domain.allowances import allowances
from recon.domain.known_lines import known_lines
from recon.domain.measures import WHOLE
from recon.domain.volumes import volumes
from recon.domain.workpapers import FULFILMENT_LINES, LEDGER_TIES, Matches, Outcomes, Workpapers, fresh_key
from recon.evaluate import ALONE, RunFacts, account, begin, beside_history, check, chosen, lint
from recon.load import load, rulebook
from recon.match import (
    READ_AFTERWARDS,
    in_buckets,
    ledger,
    match_bucket,
    match_company,
    owned,
    reversals,
    rolled,
    set_aside,
    since_earlier,
    trace,
    traced_lines,
    traces_all,
    with_declared_numbers,
    with_known_ids,
)
from recon.record import earlier_run, recall, record
from recon.report import in_parts
from recon.shelf import Shelf
from recon.validate import prepare, second_opinion, validate
from recon.validate.gate import gate as judge_by_suite

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Executor, Future
    from contextlib import AbstractContextManager
    from pathlib import Path

    from recon.deliver.pack import Packed, PackTerms
    from recon.domain.control import Control, Planned
    from recon.domain.engagement import Engagement
    from recon.domain.framework import Framework
    from recon.domain.workpapers import Accepted, Documents, Extracts
    from recon.evaluate import Evaluation
    from recon.evaluate.beside_history import BesideHistory
    from recon.record.history import PublishedRun

    _Room = Callable[[str], AbstractContextManager[None]]

#: The rooms in the order in which `watch` hears of them.
ROOMS = ("load", "conform", "validate", "match", "evaluate", "record", "second opinion", "report", "deliver")

#: Rows of document tables that are matched at a time. More take more memory, fewer more time.
ROWS_PER_BUCKET = 500_000
#: Buckets that are matched side by side, or beside what looks across all of them.
MATCHED_AT_ONCE = 2
#: Rows of the inputs up to which they are typed and checked in one piece; setting up pieces side by side takes longer than so few rows do.
ROWS_IN_ONE_PIECE = 500_000
#: Rows of the inputs that wait in memory between the rooms; beyond, they wait on disk.
ROWS_IN_MEMORY = 12_000_000
#: Rows of the inputs times measured tables at work, from which on the lines already judged wait on disk: many controls need the memory.
ROWS_AT_WORK = 100_000_000
#: Measured tables that are published as they are.
_PUBLISHED = ("allocation", "settlement_match", "open_layer", "party_record", "roll_forward", "accrual_entry", "landed_cost")
#: And the receipts and shipments in the few columns by which later runs know them again.
_FULFILMENTS = "fulfilment_line"
#: Open receivables, kept of every bucket where what is set aside for them is judged.
_RECEIVABLES = "receivable_due"
#: Measured tables by which the memory finds the document that closed an exception.
_LINES = ("order_line_match", "fulfilment_line_match", "invoice_line_match", "approval_decision", "approval_state")


def run(engagement: Engagement, *, history: Path | None = None, watch: Callable[[str], None] = lambda _room: None) -> Workpapers:
    """Perform an engagement: files in, workpapers out. Nothing is written.

    `history` is the folder of an earlier published run that is remembered. `watch` is told each room's name as it is entered.
    Raises TermsRefused before any data is read, InputsRefused when results would not be trustworthy.
    """
    seconds: dict[str, float] = {}
    room = partial(_room, seconds, watch)
    book, planned, frameworks = _rules(engagement)
    engagement = engagement.model_copy(update={"allowances": allowances(book)})
    memory = recall(history, engagement) if history is not None else None
    profile = rulebook.read_profile(engagement.source, engagement.folder)
    expectations = rulebook.read_expectations(places.rules() / "expectations")
    prepare()
    with second_opinion.start(wanted=engagement.second_opinion) as opinion:
        with room("load"):
            extracts = replace(load(engagement, profile), earlier=memory.facts if memory is not None else None)
        with room("conform"), _engine_for(extracts):
            shelf = Shelf(on_disk=sum(file.rows for file in extracts.files) > ROWS_IN_MEMORY)
            documents = conform(extracts, profile, engagement, shelf.keep)
        with room("validate"), _engine_for(extracts):
            earlier = earlier_run(memory) if memory is not None else None
            accepted = replace(validate(documents, extracts, expectations, engagement, shelf.keep), earlier=earlier)
        documents = documents.without_rows()
        # from here on frames are in memory: the engine of that name takes a tenth less time and memory there than the streaming one
        with pl.Config(engine_affinity="in-memory"):
            accepted, matches, outcomes = _judged(book, accepted, engagement, planned, _Means(room, shelf, keeps_lines=history is not None))
            tied_out = pl.concat([extracts.tie_out, documents.tie_out, accepted.tie_out, matches.tie_out])
            with room("match"):
                books = _beside_the_ledger(book, accepted, matches, outcomes, engagement)
            kept = _measured(matches, memory) | {"volumes": volumes(tied_out, engagement.as_of, earlier.volumes if earlier else None)}
            beside, given = _beside(accepted, outcomes, kept, engagement, room), accepted.documents
            with room("evaluate"):
                told = RunFacts(tied_out, accepted.statements, extracts.files, documents.ignored, given.supplied, books, _approved(given), beside)
                outcomes = account(book, outcomes, told, engagement)
        with room("record"):
            register = record(outcomes, matches, engagement, memory, book)
            traces = trace(accepted, matches, outcomes.exceptions, engagement)
        workpapers = Workpapers(
            engagement=engagement,
            controls=tuple(chosen(book, engagement)),
            files=extracts.files,
            fingerprints=rulebook.fingerprints(engagement, profile),
            tie_out=tied_out,
            rejected=accepted.rejected,
            statements=accepted.statements,
            outcomes=outcomes,
            register=register,
            row_counts=accepted.row_counts,
            ignored=documents.ignored,
            seconds=seconds,
            traces=traces,
            **kept | {"input_totals": accepted.input_totals, "ledger_ties": books["ledger_balance"].select(LEDGER_TIES)},
            frameworks=tuple(frameworks),
            planned=tuple(p.id for p in planned),
            shelf=shelf,
        )
        with room("second opinion"):
            verdict = opinion.judge(workpapers, accepted)
    return _with_opinion(workpapers, verdict)


def _engine_for(extracts: Extracts) -> pl.Config:
    """The engine that types and checks these rows: few in one piece, many in pieces side by side."""
    few = sum(file.rows for file in extracts.files) <= ROWS_IN_ONE_PIECE
    return pl.Config(engine_affinity="in-memory" if few else "auto")


def _approved(documents: Documents) -> pl.DataFrame | None:
    """The approved rule book, where one was given."""
    given = documents.tables.get("approved_rule")
    return None if given is None else given.collect()


def _measured(matches: Matches, memory: PublishedRun | None) -> dict[str, Any]:
    """What the workpapers keep of the measured tables, by its name there; the key of aliases goes on from run to run."""
    tables = matches.tables
    return {
        "alias_key": fresh_key(memory.facts.get("told") if memory is not None else None),
        "allocations": tables["allocation"],
        "settlements": tables["settlement_match"],
        "balances": owned(tables["open_layer"]),
        "parties": tables["party_record"].collect(),
        "roll_forward": rolled(tables["roll_forward"].collect()),
        "accruals": tables["accrual_entry"].collect(),
        "landed_costs": tables["landed_cost"].collect(),
        "fulfilments": tables[_FULFILMENTS],
        "series": tables["number_series"].collect() if "number_series" in tables else None,
    }


def _beside(accepted: Accepted, outcomes: Outcomes, kept: dict[str, Any], engagement: Engagement, room: _Room) -> BesideHistory:
    """The run beside the one given as history. `kept`: what its workpapers keep of measured tables."""
    earlier = accepted.earlier
    if earlier is None:
        return ALONE
    with room("match"):
        lines = known_lines(outcomes.order_lines, kept["fulfilments"], outcomes.invoice_lines, kept["settlements"])
        compared = since_earlier(accepted, lines, earlier, engagement)
    with room("evaluate"):
        return beside_history(earlier, compared, kept["volumes"], kept["roll_forward"], engagement)


def _beside_the_ledger(
    book: Sequence[Control], accepted: Accepted, matches: Matches, outcomes: Outcomes, engagement: Engagement
) -> dict[str, pl.DataFrame]:
    """The measured tables of `OF_THE_LEDGER`: its balances always, its postings where a control asks for them."""
    books = {"ledger_balance": ledger(accepted, matches.tables["open_layer"], engagement)}
    asked = {c.population.table for c in chosen(book, engagement)}
    if "allowance_balance" in asked:
        books["allowance_balance"] = set_aside(accepted, matches.tables[_RECEIVABLES], engagement)
    if "accrual_reversal" in asked:
        tables = {name: matches.tables[name] for name in ("allocation", _FULFILMENTS)} | {"invoice_lines": outcomes.invoice_lines}
        books["accrual_reversal"] = reversals(accepted, tables, engagement)
    return books


def _rules(engagement: Engagement, *, in_full: bool = False) -> tuple[list[Control], list[Planned], list[Framework]]:
    """The rule book, in order for this engagement: controls, those planned, frameworks. Raises TermsRefused where it is not.

    Shipped controls as they were shipped passed the check when this version was made; `in_full` checks them all the same.
    """
    book = rulebook.read_controls(places.rules() / "controls")
    planned = rulebook.read_planned(places.rules() / "planned.yaml")
    check(book, engagement, planned, () if in_full else rulebook.already_checked(book))
    return book, planned, rulebook.read_frameworks(places.rules() / "frameworks")


@dataclass(frozen=True)
class _Means:
    """What the judging rooms work with: the log of rooms, the shelf, and whether all measured lines are wanted afterwards."""

    room: _Room
    shelf: Shelf
    keeps_lines: bool


def _judged(
    book: Sequence[Control], accepted: Accepted, engagement: Engagement, planned: Sequence[Planned], means: _Means
) -> tuple[Accepted, Matches, Outcomes]:
    """Match and evaluate, one bucket of documents after the other; what looks across parties once, beside the buckets."""
    room, means = means.room, replace(means, keeps_lines=means.keeps_lines or traces_all(accepted))
    wanted = {c.population.table for c in chosen(book, engagement)} | set(_PUBLISHED) | (set(_LINES) if means.keeps_lines else set())
    wanted |= {_RECEIVABLES} if "allowance_balance" in wanted else set()
    with room("match"):
        accepted = with_declared_numbers(with_known_ids(accepted, engagement), engagement)
        accepted, buckets = in_buckets(accepted, engagement, ROWS_PER_BUCKET, means.shelf.keep)
    if sum(accepted.row_counts.values()) * len(wanted) > ROWS_AT_WORK:
        means.shelf.use_disk()
    jobs: list[Callable[[], Matches]] = [
        partial(match_company, accepted, engagement, wanted),
        *(partial(_matched, bucket, engagement, wanted) for bucket in buckets),
    ]
    if not engagement.second_opinion:
        accepted = accepted.without_rows(*READ_AFTERWARDS)
    found: list[Matches] = []
    one_only = len(buckets) == 1
    buckets.clear()
    with ThreadPoolExecutor(MATCHED_AT_ONCE) as side_by_side:
        matched = _in_turn(side_by_side, jobs, room)
        whole = next(matched)  # before the buckets, of which only what the exceptions speak about is kept
        with room("evaluate"):
            evaluation = begin(book, accepted.documents.supplied, engagement).with_company(whole)
        for matches in matched:
            with room("evaluate"):
                evaluation = evaluation.with_bucket(matches, means.shelf.keep)
                found.append(matches if one_only else _kept(matches, evaluation, means, len(found)))
    with room("match"):
        together = _together(found, whole)
    with room("evaluate"):
        return accepted, together, evaluation.outcomes(planned)


def _matched(bucket: Accepted, engagement: Engagement, wanted: Collection[str]) -> Matches:
    """The measured tables of a bucket, with the receipts and shipments as they are published."""
    matches = match_bucket(bucket, engagement, wanted)
    published = matches.tables["fulfilment_line_match"].select(FULFILMENT_LINES)
    return replace(matches, tables={**matches.tables, _FULFILMENTS: published})


def _in_turn(side_by_side: Executor, jobs: list[Callable[[], Matches]], room: _Room) -> Iterator[Matches]:
    """What the jobs give, in their order, each let go when its turn comes: while one waits for a single thread, the next uses the rest."""
    ahead: deque[Future[Matches]] = deque()
    while jobs or ahead:
        while jobs and len(ahead) < MATCHED_AT_ONCE:
            ahead.append(side_by_side.submit(jobs.pop(0)))
        with room("match"):
            matches = ahead.popleft().result()
        yield matches


def _kept(matches: Matches, evaluation: Evaluation, means: _Means, place: int) -> Matches:
    """What is still wanted of a bucket's measured tables once its controls are judged."""
    lines = {name: matches.tables[name] for name in _LINES} if means.keeps_lines else {}
    kept_of_all = (*_PUBLISHED, _FULFILMENTS, *((_RECEIVABLES,) if _RECEIVABLES in matches.tables else ()))
    of_buckets = [name for name in kept_of_all if name not in WHOLE]  # the others are measured once, of the whole company
    wanted = {name: matches.tables[name] for name in of_buckets} | lines
    kept = {name: means.shelf.keep(f"{name}-{place}", plan.collect()) for name, plan in wanted.items()}
    traced = {} if means.keeps_lines else traced_lines(matches, evaluation.leading())
    return replace(matches, tables={**kept, **traced})


def _together(found: Sequence[Matches], whole: Matches) -> Matches:
    """The measured tables of all buckets, and those made once. Figures of the tie-out are added up."""
    if len(found) == 1:
        return replace(found[0], tables={**found[0].tables, **whole.tables})
    tables = {name: pl.concat([matches.tables[name] for matches in found]) for name in found[0].tables}
    return Matches({**tables, **whole.tables}, {}, tie_out.added_up([matches.tie_out for matches in found]))


@contextmanager
def _room(seconds: dict[str, float], watch: Callable[[str], None], name: str) -> Iterator[None]:
    watch(name)
    entered = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - entered


def publish(workpapers: Workpapers, folder: Path, *, language: str = "en", audiences: Sequence[str] = ("audit",)) -> None:
    """Write the report, the results and the manifest of a run to `folder`, whole or not at all."""
    results, to_make = in_parts(workpapers, language, audiences)
    deliver(results, workpapers, folder, to_make=to_make)


def _with_opinion(workpapers: Workpapers, verdict: pl.DataFrame) -> Workpapers:
    """The workpapers with the second opinion as one more control of the population."""
    outcomes: Outcomes = workpapers.outcomes
    controls = pl.concat([outcomes.controls, verdict.select(outcomes.controls.columns)]).sort("control_id")
    return replace(workpapers, outcomes=replace(outcomes, controls=controls))


def rehearse(engagement: Engagement) -> tuple[list[Control], list[str]]:
    """What `recon check` does: rule book, parameters, policies and the extracts' headers, without judging any data.

    Gives the controls that run, and a sentence for every term that is allowed and has no effect.
    """
    book, planned, _ = _rules(engagement, in_full=True)
    profile = rulebook.read_profile(engagement.source, engagement.folder)
    rulebook.read_expectations(places.rules() / "expectations")
    conform(load(engagement, profile, headers_only=True), profile, engagement)
    return chosen(book, engagement), lint(book, engagement, planned)


def gate(engagement: Engagement, suite_file: Path, *, table: str | None = None, database: str | None = None) -> list[dict[str, Any]]:
    """What `recon gate` does: a team's own suite over the extracts, or inside a source database; one row per expectation."""
    extracts = None
    if database is None:
        extracts = load(engagement, rulebook.read_profile(engagement.source, engagement.folder))
    return judge_by_suite(suite_file, extracts=extracts, database=database, table=table)


def pack(run: Path, folder: Path, terms: PackTerms) -> Packed:
    """What `recon pack` does: the evidence pack of a published run, in `folder`, sealed and chained."""
    from recon.deliver.pack import pack as make

    return make(run, folder, rulebook.read_controls(places.rules() / "controls"), terms)


def redacted_pack(run: Path, full: Path, terms: PackTerms) -> Packed:
    """What `recon pack --redacted-from` does: beside the full pack of the run one for outsiders, masked, that points to it."""
    from recon.deliver.pack import pack as make
    from recon.deliver.redaction import original
    from recon.domain.held_folders import HeldFolder
    from recon.report.aliases import aliases
    from recon.report.audience import AUDIENCES, OUTSIDERS

    workpapers = _reread(run)
    named = aliases(workpapers, AUDIENCES[OUTSIDERS].masks)
    of = original(full, run, lambda one: named.get(one, one))
    with HeldFolder("recon-redacting-") as place:
        _edition(workpapers, run, place / "edition", OUTSIDERS, "both")
        return make(place / "edition", full.parent, workpapers.controls, replace(terms, original=of))


def edition(run: Path, folder: Path, *, audience: str, language: str = "en") -> None:
    """What `recon edition` does: one audience's edition of a published run, in a folder of its own; the inputs are not read again."""
    _edition(_reread(run), run, folder, audience, language)


def _reread(run: Path) -> Workpapers:
    from recon.record.reread import reread

    book = rulebook.read_controls(places.rules() / "controls")
    planned = [p.id for p in rulebook.read_planned(places.rules() / "planned.yaml")]
    return reread(run, book, rulebook.read_frameworks(places.rules() / "frameworks"), planned, rulebook.rule_fingerprints())


def _edition(workpapers: Workpapers, run: Path, folder: Path, audience: str, language: str) -> None:
    from recon.domain import manifest
    from recon.report.audience import AUDIENCES
    from recon.report.edition_files import edition_files

    of = {"audience": audience, "masks": sorted(AUDIENCES[audience].masks), "run_sha256": manifest.fingerprint(run / manifest.NAME)}
    deliver(edition_files(workpapers, audience, language), workpapers, folder, edition=of)


def statements(run: Path, folder: Path, *, language: str = "en", party: str | None = None) -> list[Path]:
    """What `recon statements` does: a page and a workbook per supplier and customer of a published run, written to `folder`."""
    from recon.deliver.files import keep
    from recon.report.accounts import statements as told

    return [keep(folder / name, content) for name, content in told(run, language, party)]
