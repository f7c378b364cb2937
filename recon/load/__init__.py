"""Room 1: files -> extracts. Nothing is interpreted: text stays text, with the file and row it came from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recon.load.engagement import read_engagement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from recon.domain.engagement import Engagement
    from recon.domain.source import Input, SourceProfile
    from recon.domain.workpapers import Extract, Extracts, InputFile
    from recon.load.paths import FileName
    from recon.load.text_files import ReadFile

__all__ = ["load", "read_engagement"]

_EXCEL = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
_PARQUET = {".parquet", ".pq"}


@dataclass(frozen=True)
class _Found:
    """A file with its fingerprint and what was read from it."""

    file: FileName
    facts: InputFile
    read: ReadFile


def load(engagement: Engagement, profile: SourceProfile, *, headers_only: bool = False) -> Extracts:
    """Read every file of the engagement as the profile says it is written.

    Each file is fingerprinted before it is read. A file whose content stands a second time under one input is kept once and
    named as a repeat; its rows are set aside in the tie-out. With `headers_only` the frames have no rows. Raises TermsRefused
    for an input that neither the profile nor the canonical model knows, InputsRefused for a damaged or missing file.
    """
    from recon.domain import tie_out
    from recon.domain.workpapers import Extracts

    _refuse_unknown_inputs(engagement, profile)
    wanted = [(name, file) for name in sorted(engagement.extracts) for file in _files(engagement, name)]
    with ThreadPoolExecutor(max_workers=2) as pool:  # hashing and reading wait for the disk in turn
        found = list(pool.map(lambda pair: _read(pair[0], pair[1], engagement, profile), wanted))
    found = _mark_repeats(found)
    by_input = {name: [f for f in found if f.facts.input == name] for name in sorted(engagement.extracts)}
    inputs = {name: _stacked(name, files, headers_only=headers_only) for name, files in by_input.items()}
    rows = [_tie_out_row(name, files) for name, files in by_input.items()]
    return Extracts(inputs, tuple(f.facts for f in found), tie_out.assured(_as_frame(rows)))


def _refuse_unknown_inputs(engagement: Engagement, profile: SourceProfile) -> None:
    from recon.domain.errors import InputsRefused, TermsRefused, did_you_mean

    known = profile.known_inputs()
    for name in engagement.extracts:
        if name not in known:
            hint = did_you_mean(name, known)
            where = f"{engagement.origin}:extracts.{name}"
            raise TermsRefused(
                f'"{name}" is neither an input of the profile {profile.name} nor a canonical table', where=where, todo=hint or "remove it"
            )
    missing = [name for name, terms in profile.inputs.items() if not terms.optional and name not in engagement.extracts]
    if missing:
        raise InputsRefused(
            "inputs that the profile needs are not given",
            where=f"{engagement.origin}:extracts",
            expected=", ".join(missing),
            todo="add them under `extracts`",
        )


def _files(engagement: Engagement, name: str) -> Sequence[FileName]:
    from recon.load.paths import files_of

    return files_of(engagement, name)


def _read(name: str, file: FileName, engagement: Engagement, profile: SourceProfile) -> _Found:
    from recon.domain.workpapers import InputFile
    from recon.load.text_files import sha256

    fingerprint = sha256(file.path)
    terms = profile.input(name)
    read = _by_kind(file, terms, [engagement.encoding] if engagement.encoding else terms.encoding or profile.encoding)
    label = f"{file.name}#{file.sheet}" if file.sheet else file.name
    facts = InputFile(label, name, fingerprint, file.path.stat().st_size, read.rows, read.encoding)
    return _Found(file, facts, read)


def _by_kind(file: FileName, terms: Input, encodings: list[str]) -> ReadFile:
    from recon.load.table_files import read_excel, read_parquet
    from recon.load.text_files import read_text

    suffix = file.path.suffix.lower()
    if suffix in _PARQUET:
        return read_parquet(file)
    if suffix in _EXCEL:
        return read_excel(file, terms)
    return read_text(file, terms, encodings)


def _mark_repeats(found: list[_Found]) -> list[_Found]:
    first: dict[tuple[str, str, str | None], str] = {}
    marked = []
    for one in found:
        key = (one.facts.input, one.facts.sha256, one.file.sheet)
        original = first.setdefault(key, one.facts.name)
        repeats = original if original != one.facts.name else None
        marked.append(replace(one, facts=replace(one.facts, repeats=repeats)))
    return marked


def _stacked(name: str, files: list[_Found], *, headers_only: bool) -> Extract:
    """The files of one input under each other. They must have the same columns; where types differ all become text."""
    import polars as pl

    from recon.domain.documents import SOURCE_FILE, SOURCE_ROW
    from recon.domain.errors import InputsRefused
    from recon.domain.workpapers import Extract

    kept = [f for f in files if f.facts.repeats is None]
    columns = kept[0].read.columns
    for other in kept[1:]:
        if set(other.read.columns) != set(columns):
            extra, lacking = sorted(set(other.read.columns) - set(columns)), sorted(set(columns) - set(other.read.columns))
            raise InputsRefused(
                "the files of one input have different columns",
                where=f"{name}: {other.facts.name}",
                expected=f"the columns of {kept[0].facts.name}",
                got=f"more: {', '.join(extra) or 'none'}; missing: {', '.join(lacking) or 'none'}",
                todo="export them with the same columns, or give them under different inputs",
            )
    provenance = [c for c in (SOURCE_FILE, SOURCE_ROW) if c not in columns]
    frames = [
        f.read.frame.with_columns([pl.lit(f.facts.name).alias(SOURCE_FILE)] if SOURCE_FILE in provenance else []).select(*columns, *provenance)
        for f in kept
    ]
    frame = pl.concat(_same_types(frames, columns), how="vertical") if len(frames) > 1 else frames[0]
    return Extract(name, frame.head(0) if headers_only else frame, columns)


def _same_types(frames: list[pl.LazyFrame], columns: tuple[str, ...]) -> list[pl.LazyFrame]:
    """Stacking recasts unequal types without a word, so they are made equal first: exact values as text lose nothing."""
    import polars as pl

    schemas = [frame.collect_schema() for frame in frames]
    unequal = [c for c in columns if len({schema[c] for schema in schemas}) > 1]
    return [frame.with_columns(pl.col(unequal).cast(pl.String)) if unequal else frame for frame in frames]


def _tie_out_row(name: str, files: list[_Found]) -> dict[str, object]:
    rows = sum(f.facts.rows for f in files)
    aside = sum(f.facts.rows for f in files if f.facts.repeats is not None)
    return {"table": name, "doorway": "load", "rows_in": rows, "rows_out": rows - aside, "rows_set_aside": aside}


def _as_frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    import polars as pl

    from recon.domain import tie_out

    return pl.DataFrame(rows, schema=tie_out.SCHEMA).sort("table")
