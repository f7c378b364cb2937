"""Documents -> those fit to be audited, those set aside with a reason, and statements about whole tables."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from recon.domain import input_totals, measures, tie_out
from recon.domain.allowances import set_of
from recon.domain.documents import DATE_ONLY, SOURCE_FILE, SOURCE_ROW, TABLES, schema, with_full_schema
from recon.domain.workpapers import REJECTED, Accepted, in_memory
from recon.validate import rejected_cells
from recon.validate.control_totals import compare
from recon.validate.repeats import files_again, shared_keys
from recon.validate.rows import REJECTED_SCHEMA, failing_cells
from recon.validate.statements import STATEMENTS_SCHEMA, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recon.domain.engagement import Engagement
    from recon.domain.expectation import TableExpectations
    from recon.domain.workpapers import Documents, Extracts
    from recon.validate.statements import Statement

_FACTS = ("repeated_row", "conflicting_key")
_CELLS = "rejected_cell"
_CELL_ORDER = ("table", SOURCE_FILE, SOURCE_ROW, "field", "rule")


@dataclass(frozen=True)
class _Judged:
    """One table after its doorway."""

    accepted: pl.LazyFrame
    row_count: int
    rejected: pl.DataFrame
    facts: Mapping[str, pl.DataFrame]
    cells: pl.DataFrame  # the measured table `rejected_cell`
    tie_out: pl.DataFrame


def validate(
    documents: Documents,
    extracts: Extracts,
    expectations: Mapping[str, TableExpectations],
    engagement: Engagement,
    keep: Callable[[str, pl.DataFrame], pl.LazyFrame] = in_memory,
) -> Accepted:
    """Set aside the rows that cannot be audited, state what is true of each table, and tie both out.

    The tables of the result hold accepted rows only, each with the full canonical schema and in the order of its file; `keep`
    keeps their rows, and two tables at a time are looked at. Raises InputsRefused when a table is not what its control total says.
    """
    again = files_again(extracts, engagement)
    frames = _OneByOne(documents)
    statements = compare(frames, documents.rejected, extracts, expectations)
    is_by_days = any(rule.grain != "month" for expected in expectations.values() for rule in expected.coverage)
    calendar = frames["calendar"] if is_by_days and "calendar" in documents.tables else None

    def looked_at(name: str) -> tuple[_Judged, pl.DataFrame, list[Statement]]:
        frame = frames[name]
        found = _judge(name, frame, engagement)
        said = state({name: found.accepted.collect()}, documents.supplied, expectations, engagement, calendar)
        is_whole = found.row_count == frame.height
        plan = documents.tables[name] if is_whole else keep(f"accepted-{name}", found.accepted.collect())
        return replace(found, accepted=with_full_schema(name, plan)), input_totals.of_table(name, frame), said

    with ThreadPoolExecutor(max_workers=2) as side_by_side:
        looked = dict(zip(documents.tables, side_by_side.map(looked_at, documents.tables), strict=True))
    judged = {name: found for name, (found, _, _) in looked.items()}
    totals = [totals for _, totals, _ in looked.values()]
    statements += [one for _, _, said in looked.values() for one in said]
    conformed = documents.rejected.select(pl.col(name).cast(kind) for name, kind in REJECTED_SCHEMA.items())
    rows_in = sum(int(j.tie_out["rows_in"].sum()) for j in judged.values())
    return Accepted(
        documents=replace(documents, tables={name: j.accepted for name, j in judged.items()}),
        facts={name: _stacked(name, judged, again).lazy() for name in _FACTS}
        | {_CELLS: pl.concat([rejected_cells.of_conforming(documents), *(j.cells for j in judged.values())]).sort(*_CELL_ORDER).lazy()},
        row_counts={name: j.row_count for name, j in judged.items()},
        statements=pl.DataFrame(statements, schema=STATEMENTS_SCHEMA, orient="row").sort("table", "rule", "message"),
        rejected=pl.concat([conformed, *(j.rejected for j in judged.values())]).sort(REJECTED),
        tie_out=pl.concat([tie_out.empty(), *(j.tie_out for j in judged.values())]),
        input_totals=pl.concat([pl.DataFrame(schema=input_totals.SCHEMA), *totals]).sort(input_totals.KEY),
        covers=dict.fromkeys(_FACTS, rows_in) | {_CELLS: rows_in + _rows_of(documents.rejected)},
    )


def _rows_of(rejected: pl.DataFrame) -> int:
    """How many rows the rejected cells belong to."""
    return rejected.filter(pl.col(SOURCE_ROW).is_not_null()).select("table", SOURCE_FILE, SOURCE_ROW).n_unique()


class _OneByOne(Mapping[str, pl.DataFrame]):
    """The conformed tables, each in memory when it is asked for, with the columns that a source gave: what was not given is null."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def __getitem__(self, name: str) -> pl.DataFrame:
        given = self._documents.supplied[name]
        wanted = [c for c in schema(name) if c in given or c in {SOURCE_FILE, SOURCE_ROW} or c.removesuffix(DATE_ONLY) in given]
        return self._documents.tables[name].select(wanted).collect()

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents.tables)

    def __len__(self) -> int:
        return len(self._documents.tables)


def _judge(table: str, frame: pl.DataFrame, engagement: Engagement) -> _Judged:
    facts = {name: pl.DataFrame(schema=measures.schema(name)) for name in _FACTS}
    cells = failing_cells(table, frame, set_of(engagement, "placeholder_set"))
    facts_of_cells = rejected_cells.of_validation(table, frame, cells, engagement.currency)
    passed, unfit = _parted(frame, cells)
    repeats = shared_keys(table, passed, engagement.currency, overlapping=engagement.overlapping_extracts)
    if repeats is None:
        return _Judged(passed.lazy(), passed.height, cells.select(REJECTED), facts, facts_of_cells, _tied_out(table, frame, passed, [unfit]))
    accepted, repeated = _parted(passed, repeats.set_aside)
    facts = {"repeated_row": repeats.repeated_row, "conflicting_key": repeats.conflicting_key}
    rejected = pl.concat([cells.select(REJECTED), repeats.set_aside.select(REJECTED)])
    return _Judged(accepted.lazy(), accepted.height, rejected, facts, facts_of_cells, _tied_out(table, frame, accepted, [unfit, repeated]))


def _parted(frame: pl.DataFrame, cells: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of `frame` that no cell points to, and those that one does, each in their order."""
    if not cells.height:
        return frame, frame.clear()
    pointed = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(cells["row"].unique().implode())
    return frame.filter(~pointed), frame.filter(pointed)


def _tied_out(table: str, frame: pl.DataFrame, accepted: pl.DataFrame, set_aside: list[pl.DataFrame]) -> pl.DataFrame:
    total = TABLES[table].total
    row = {"table": table, "doorway": "validate", "rows_in": frame.height, "rows_out": accepted.height}
    row["rows_set_aside"] = sum(part.height for part in set_aside)
    if total is not None and total in frame.columns:
        # Sums keep the ten digits of a quantity; the tie-out shows six, so the identity is held before it is rounded.
        came, went = Decimal(frame[total].sum()), Decimal(accepted[total].sum())
        left = sum((Decimal(part[total].sum()) for part in set_aside), start=Decimal(0))
        if came != went + left:
            message = f"{table}: {total} in {came}, out {went}, set aside {left}"
            raise tie_out.TieOutBrokenError(message)
        shown_in, shown_out = (value.quantize(Decimal("1e-6")) for value in (came, went))
        row |= {"amount_in": shown_in, "amount_out": shown_out, "amount_set_aside": shown_in - shown_out}
    return tie_out.assured(pl.DataFrame([row], schema=tie_out.SCHEMA))


def _stacked(fact: str, judged: Mapping[str, _Judged], files: pl.DataFrame) -> pl.DataFrame:
    whole_files = files if fact == "repeated_row" else pl.DataFrame(schema=measures.schema(fact))
    frames = [whole_files, *(j.facts[fact] for j in judged.values())]
    return pl.concat(frames).sort("table", "natural_key", "source_file", "source_row")
