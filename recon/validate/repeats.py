"""Rows that share a natural key: word-for-word repeats are kept once, rows that disagree are all set aside.

Empty cells of a key compare equal to each other. Which copy of a repeat is kept depends on nothing but the file's name and
the row's number in it, never on the order in which rows arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import polars as pl

from recon.domain import measures
from recon.domain.documents import SOURCE_FILE, SOURCE_ROW, TABLES
from recon.domain.money import MONEY
from recon.domain.subjects import amount_base, described
from recon.domain.workpapers import REJECTED
from recon.validate.row_rules import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Extracts, InputFile

#: Where a row came from, under names that no table has: `control_total` has a column `source_file` of its own.
_ROW, _FILE, _LINE = ("row", "from file", "from row")


@dataclass(frozen=True)
class Repeats:
    """What one table's keys show: cells for the rejected rows (with `row`), and the two measured facts."""

    set_aside: pl.DataFrame
    repeated_row: pl.DataFrame
    conflicting_key: pl.DataFrame


def shared_keys(table: str, frame: pl.DataFrame, currency: str, *, overlapping: bool) -> Repeats | None:
    """Rows of `frame` that share a natural key, or None when every key stands once (the usual case, and a fast one).

    `row` of what is set aside is the position in `frame`. With `overlapping`, repeats across different files are by design:
    still kept once, but no fact is made of them. Amounts of the facts are in `currency`, the company's.
    """
    key = [name for name in TABLES[table].key if name in frame.columns]
    if not key:
        return None
    fingerprint = frame.select(_fingerprint(key)).to_series()
    if fingerprint.n_unique() == frame.height:
        return None
    # Different keys may share a fingerprint: from here on the columns themselves are compared.
    candidates = frame.with_row_index(_ROW).filter(fingerprint.is_duplicated()).filter(pl.len().over(key) > 1)
    if not candidates.height:
        return None
    content = [name for name in frame.columns if name in key or name not in {SOURCE_FILE, SOURCE_ROW}]
    variants = (
        candidates.with_columns(pl.col(SOURCE_FILE).alias(_FILE), pl.col(SOURCE_ROW).alias(_LINE))
        .sort(_FILE, _LINE, _ROW)
        .group_by(content, maintain_order=True)
        .agg(_ROW, _FILE, _LINE, copies=pl.len())
        .with_columns(variants=pl.len().over(key))
    )
    again, conflict = variants.filter(pl.col("variants") == 1), variants.filter(pl.col("variants") > 1)
    return Repeats(
        pl.concat([_set_aside(table, again, "repeated_row"), _set_aside(table, conflict, "conflicting_key")]),
        _repeated(table, again, content, currency, overlapping=overlapping),
        _conflicting(table, conflict, content, currency),
    )


def files_again(extracts: Extracts, engagement: Engagement) -> pl.DataFrame:
    """The fact `repeated_row` for every file that another file of its input says again, and for what an earlier run read already.

    A file of this run that repeats another one was not read. Of an earlier run (`extracts.earlier`) files of documents count that have rows and came
    under another name then: one that keeps its name is the same delivery read again. Nothing is looked up where extracts overlap by design.
    """
    again = [_file(f, f"file {f.repeats}", 0) for f in extracts.files if f.repeats is not None]
    if extracts.earlier is not None and not engagement.overlapping_extracts:
        again += _delivered_before(extracts, engagement, extracts.earlier)
    return pl.DataFrame(again, schema=measures.schema("repeated_row"))


def _delivered_before(extracts: Extracts, engagement: Engagement, earlier: Mapping[str, Any]) -> list[dict[str, object]]:
    day = date.fromisoformat(earlier["engagement"]["as_of"])
    names: dict[tuple[str, str], list[str]] = {}
    for file in earlier["inputs"]:
        names.setdefault((file["input"], file["sha256"]), []).append(str(file["name"]))
    found = []
    for file in extracts.files:
        is_master = file.input in TABLES and not TABLES[file.input].has("company_code")
        then = sorted(names.get((file.input, file.sha256), []))
        same_name = any(PurePath(name).name == PurePath(file.name).name for name in then)
        if then and file.rows and file.repeats is None and not is_master and not same_name:
            found.append(_file(file, f"file {then[0]} in the run of {day}", (engagement.as_of - day).days))
    return found


def _file(file: InputFile, again: str, earlier_age_days: int) -> dict[str, object]:
    return {
        "table": file.input,
        "document_type": "extract",
        "document_number": file.name,
        "natural_key": again,
        "repeat_count": 1,
        "earlier_age_days": earlier_age_days,
        SOURCE_FILE: file.name,
    }


def _fingerprint(key: list[str]) -> pl.Expr:
    """A 64-bit number per key that repeats whenever the key does; cheaper by far than comparing the columns."""
    mixed = pl.col(key[0]).hash(0)
    for position, name in enumerate(key[1:], start=1):
        mixed = (mixed * 31) ^ pl.col(name).hash(position)  # unsigned numbers wrap, which is what a hash may do
    return mixed


def _set_aside(table: str, variants: pl.DataFrame, rule: str) -> pl.DataFrame:
    """One rejected cell per row: all rows of a conflict, all but the first of a repeat."""
    kept = 1 if rule == "repeated_row" else 0
    listed = variants.select(
        *(pl.col(name).list.slice(kept) for name in (_ROW, _FILE, _LINE)),
        value=described(table, variants.columns)["natural_key"],
    ).explode(_ROW, _FILE, _LINE)
    return listed.select(
        _ROW,
        table=pl.lit(table),
        source_file=_FILE,
        source_row=_LINE,
        column=pl.lit(", ".join(name for name in TABLES[table].key if name in variants.columns)),
        rule=pl.lit(rule),
        value="value",
        message=pl.lit(f"the row {SENTENCES[rule]}"),
    ).select(_ROW, *REJECTED)


def _repeated(table: str, variants: pl.DataFrame, content: list[str], currency: str, *, overlapping: bool) -> pl.DataFrame:
    kept_by_design = pl.col(_FILE).list.n_unique() if overlapping else 1
    meant = variants.with_columns(repeat_count=pl.col("copies").cast(pl.Int64) - kept_by_design).filter(pl.col("repeat_count") > 0)
    # A whole number of at most ten digits times money keeps every digit of the money.
    again = (amount_base(content, currency) * pl.col("repeat_count").cast(pl.Decimal(10, 0))).cast(MONEY)
    facts = meant.select(
        **described(table, content),
        repeat_count="repeat_count",
        earlier_age_days=pl.lit(0, dtype=pl.Int64),
        amount_gross_base=again,
        source_file=pl.col(_FILE).list.get(1),
        source_row=pl.col(_LINE).list.get(1),
    )
    return facts.select(pl.col(name).cast(kind) for name, kind in measures.schema("repeated_row").items())


def _conflicting(table: str, variants: pl.DataFrame, content: list[str], currency: str) -> pl.DataFrame:
    key = [name for name in TABLES[table].key if name in content]
    differing = [pl.when(pl.col(name).n_unique() > 1).then(pl.lit(name)) for name in content if name not in key]
    amount = amount_base(content, currency)
    facts = variants.group_by(key, maintain_order=True).agg(
        *(words.min().alias(f"fact {name}") for name, words in described(table, content).items()),
        pl.col("copies").sum().alias("fact row_count"),
        pl.concat_str(differing, separator=", ", ignore_nulls=True).alias("fact differing_columns"),
        (amount.max() - amount.min()).alias("fact amount_spread_base"),
        pl.struct(source_file=pl.col(_FILE).list.first(), source_row=pl.col(_LINE).list.first()).sort().first().alias("fact source"),
    )
    named = facts.select(pl.col("^fact .*$").name.replace("^fact ", "")).unnest("source")
    return named.select(pl.col(name).cast(kind) for name, kind in measures.schema("conflicting_key").items())
