"""Room 2: extracts -> canonical documents, as a source profile says: names, types, signs, units, words, header and line grain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from recon.domain.workpapers import in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from recon.conform.inputs import Prepared
    from recon.conform.tables import Rows
    from recon.domain.engagement import Engagement
    from recon.domain.source import SourceProfile
    from recon.domain.workpapers import Documents, Extract, Extracts, InputFile

__all__ = ["conform"]


def conform(
    extracts: Extracts, profile: SourceProfile, engagement: Engagement, keep: Callable[[str, pl.DataFrame], pl.LazyFrame] = in_memory
) -> Documents:
    """Turn extracts into canonical tables, each with the full schema of `documents.schema`.

    Rows with a cell that cannot be read are set aside with row, column, rule and value. Raises InputsRefused for columns that
    are missing or that nobody declared. `supplied` names the columns that the source really gave.
    `keep` keeps the rows of a part of a table under a name; two may be kept at a time.
    """
    import polars as pl

    from recon.conform.tables import canonical_rows, part_rows
    from recon.domain import tie_out
    from recon.domain.documents import TABLES
    from recon.domain.workpapers import Documents

    inputs = _prepared(extracts, profile)
    makers: list[tuple[str, Callable[[], Rows]]] = [
        (name, partial(canonical_rows, name, _canonical(extract), profile, engagement.time_zone))
        for name, extract in extracts.inputs.items()
        if name not in profile.inputs
    ]
    makers += [
        (table, partial(part_rows, table, part, inputs, profile, engagement.time_zone))
        for table, parts in profile.tables.items()
        for part in parts
        if {part.from_, *(join.with_ for join in part.join)} <= set(inputs)
    ]
    pieces = _typed(makers, keep)
    order = [table for table in TABLES if table in pieces]
    rejected = pl.concat([_repeated_files(extracts.files), *(rows.rejected for table in order for rows in pieces[table])])
    ties = pl.concat([tie_out.empty(), *(_summed(t, pieces[t]) for t in order), _unclaimed(inputs, profile)], how="diagonal")
    return Documents(
        tables={table: _stacked(table, pieces[table]) for table in order},
        supplied={table: frozenset().union(*(rows.supplied for rows in pieces[table])) for table in order},
        rejected=rejected.sort("table", "source_file", "source_row", "column"),
        tie_out=tie_out.assured(ties),
        ignored={name: source.ignored for name, source in inputs.items()},
    )


def _typed(makers: Sequence[tuple[str, Callable[[], Rows]]], keep: Callable[[str, pl.DataFrame], pl.LazyFrame]) -> dict[str, list[Rows]]:
    """The rows of each table's parts, in the order of their makers; two parts are typed side by side."""
    with ThreadPoolExecutor(max_workers=2) as side_by_side:
        made = side_by_side.map(lambda numbered: _kept(numbered[1][0], numbered[0], numbered[1][1](), keep), enumerate(makers))
        pieces: dict[str, list[Rows]] = {}
        for (table, _), rows in zip(makers, made, strict=True):
            pieces.setdefault(table, []).append(rows)
    return pieces


def _prepared(extracts: Extracts, profile: SourceProfile) -> dict[str, Prepared]:
    from recon.conform.inputs import prepared, usage

    used = usage(profile)
    return {name: prepared(extract, profile, used[name]) for name, extract in extracts.inputs.items() if name in profile.inputs}


def _canonical(extract: Extract) -> Prepared:
    """An input named like a canonical table, whose columns must be canonical ones."""
    from recon.conform.inputs import Prepared, fold
    from recon.domain.documents import SOURCE_FILE, SOURCE_ROW, TABLES
    from recon.domain.errors import InputsRefused, did_you_mean

    table = TABLES[extract.name]
    known = {fold(c.name): c.name for c in table.columns}
    names = {column: known.get(fold(column)) for column in extract.columns}
    for column, name in names.items():
        if name is None:
            hint = did_you_mean(column, {c.name for c in table.columns})
            raise InputsRefused(
                f'unknown column "{column}"', where=extract.name, todo=hint or f"remove it; `recon schema {table.name}` lists the columns"
            )
    missing = [column for column in table.required if column not in names.values()]
    if missing:
        hint = did_you_mean(missing[0], extract.columns)
        raise InputsRefused(
            f"the column {missing[0]} is missing",
            where=extract.name,
            expected=", ".join(missing),
            got=", ".join(extract.columns),
            todo=hint or "export it",
        )
    import polars as pl

    provenance = [c for c in (SOURCE_FILE, SOURCE_ROW) if c not in extract.columns and not table.has(c)]
    frame = extract.frame.select(*(pl.col(column).alias(str(name)) for column, name in names.items()), *provenance)
    return Prepared(extract.name, frame, tuple(str(n) for n in names.values()), frozenset())


def _kept(table: str, place: int, rows: Rows, keep: Callable[[str, pl.DataFrame], pl.LazyFrame]) -> Rows:
    from dataclasses import replace

    return replace(rows, frame=keep(f"conformed-{table}-{place}", rows.frame.collect()))


def _stacked(table: str, pieces: list[Rows]) -> pl.LazyFrame:
    """The pieces of a table under each other with its full schema; columns that nobody gave are nulls and cost nothing until used."""
    import polars as pl

    from recon.domain.documents import with_full_schema

    frames = [with_full_schema(table, rows.frame) for rows in pieces]
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="vertical")


def _summed(table: str, pieces: list[Rows]) -> pl.DataFrame:
    """The tie-out of a table: the sums over its pieces; amounts stay null where no piece has the control total."""
    import polars as pl

    figures = [c for c in pieces[0].tie_out.columns if c not in {"table", "doorway"}]
    total = pl.concat([rows.tie_out for rows in pieces]).select(
        pl.when(pl.col(c).is_not_null().any()).then(pl.col(c).sum()).alias(c) for c in figures
    )
    return total.select(pl.lit(table).alias("table"), pl.lit("conform").alias("doorway"), *figures)


def _unclaimed(inputs: dict[str, Prepared], profile: SourceProfile) -> pl.DataFrame:
    """For every input that gives rows: how many rows at least one part of the profile takes, and how many none takes."""
    import polars as pl

    from recon.conform.cells import holds
    from recon.conform.inputs import split_reference
    from recon.domain import tie_out

    taken: dict[str, list[pl.Expr]] = {}
    for parts in profile.tables.values():
        for part in parts:
            aliases = {join.alias for join in part.join}
            own = [c for c in part.where if split_reference(c.column, aliases)[0] is None]
            taken.setdefault(part.from_, []).append(pl.all_horizontal([pl.lit(value=True), *(holds(c, c.column) for c in own)]))
    rows = []
    for name in sorted(set(taken) & set(inputs)):
        claimed = inputs[name].frame.with_columns(claimed=pl.any_horizontal(taken[name]))
        rows_in, rows_out = claimed.select(pl.len().alias("rows_in"), pl.col("claimed").sum()).collect().row(0)
        rows.append({"table": name, "doorway": "conform", "rows_in": rows_in, "rows_out": rows_out, "rows_set_aside": rows_in - rows_out})
    return pl.DataFrame(rows, schema=tie_out.SCHEMA)


def _repeated_files(files: tuple[InputFile, ...]) -> pl.DataFrame:
    """One rejected row per file that was not read because another file of the input says the same."""
    import polars as pl

    from recon.conform.kinds import RULES
    from recon.conform.tables import empty_rejected
    from recon.domain.workpapers import REJECTED_ABOUT

    rule = "same_file_again"
    rows = [
        {
            "table": f.input,
            "source_file": f.name,
            "source_row": None,
            "column": "",
            "rule": rule,
            "value": f.repeats,
            "message": f"{RULES[rule]} ({f.rows} rows)",
            **dict.fromkeys(REJECTED_ABOUT),
        }
        for f in files
        if f.repeats is not None
    ]
    return pl.DataFrame(rows, schema=empty_rejected().schema)
