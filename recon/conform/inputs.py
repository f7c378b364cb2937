"""An input as a profile's part sees it: columns under the profile's names, blank cells filled down, partners joined on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import normalize

import polars as pl

from recon.conform.cells import holds, normalised_id, stripped, whole_number_id
from recon.domain.documents import SOURCE_FILE, SOURCE_ROW
from recon.domain.errors import InputsRefused, TermsRefused, did_you_mean

if TYPE_CHECKING:
    from recon.domain.source import Input, Join, Part, SourceProfile
    from recon.domain.workpapers import Extract


@dataclass(frozen=True)
class Prepared:
    """An input under the profile's names; `absent` are its optional columns that the file does not have."""

    name: str
    frame: pl.LazyFrame
    columns: tuple[str, ...]
    absent: frozenset[str]
    ignored: tuple[str, ...] = ()  # columns of the file that nothing reads


def fold(header: str) -> str:
    """A header as it is compared: width, case, blanks and the mark of required columns do not matter."""
    return re.sub(r"[\s*_]+", "", normalize("NFKC", header)).lower()


def prepared(extract: Extract, profile: SourceProfile, used: set[str]) -> Prepared:
    """Give the columns of an extract the names of the profile.

    `used` are the names that the profile reads from this input. Raises InputsRefused for a used column that is missing and for
    a column that the profile neither uses nor lists under `ignored`.
    """
    terms = profile.input(extract.name)
    names = _names(extract, terms, used)
    absent = used - set(names.values())
    lacking = sorted(absent - set(terms.optional_columns))
    if lacking:
        raise InputsRefused(
            f"the column {lacking[0]} is missing",
            where=extract.name,
            expected=", ".join(lacking),
            got=", ".join(extract.columns),
            todo=did_you_mean(lacking[0], extract.columns) or f"export it, or change the profile {profile.name}",
        )
    folded_ignored = {fold(column) for column in terms.ignored}
    unknown = [c for c in extract.columns if names[c] not in used and fold(c) not in folded_ignored]
    if unknown:
        raise InputsRefused(
            f"the profile {profile.name} does not say what the column {unknown[0]} is",
            where=extract.name,
            got=", ".join(unknown),
            todo=did_you_mean(unknown[0], used) or "map it in the profile, or list it under `ignored`",
        )
    kept = {column: name for column, name in names.items() if name in used}
    provenance = [c for c in (SOURCE_FILE, SOURCE_ROW) if c not in extract.columns]
    frame = extract.frame.select(*(pl.col(c).alias(n) for c, n in kept.items()), *provenance)
    frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in sorted(absent))
    frame = _cleaned(frame, terms, used)
    return Prepared(extract.name, frame, (*kept.values(), *sorted(absent)), frozenset(absent), tuple(c for c in names if c not in kept))


def _names(extract: Extract, terms: Input, used: set[str]) -> dict[str, str]:
    """File's column -> the profile's name for it."""
    wanted = {fold(name): name for name in used}
    for name, others in terms.synonyms.items():
        wanted |= {fold(other): name for other in others}
    names = {column: wanted.get(fold(column), column) for column in extract.columns}
    for name in set(names.values()):
        same = [column for column in extract.columns if names[column] == name]
        if len(same) > 1:
            raise InputsRefused(f'two columns mean "{name}"', where=extract.name, got=", ".join(same), todo="remove one of them")
    return names


def _cleaned(frame: pl.LazyFrame, terms: Input, used: set[str]) -> pl.LazyFrame:
    ids = [c for c in terms.whole_number_ids if c in used]
    frame = frame.with_columns(whole_number_id(pl.col(c).cast(pl.String)) for c in ids)
    if terms.fill_down is None:
        return frame
    leader, columns = terms.fill_down.leader, [c for c in terms.fill_down.columns if c in used]
    ordered = frame.collect().sort(SOURCE_FILE, SOURCE_ROW).with_columns(stripped(pl.col(c).cast(pl.String)) for c in {leader, *columns})
    document = pl.col(leader).is_not_null().cum_sum().over(SOURCE_FILE, order_by=SOURCE_ROW)
    ordered = ordered.with_columns(__document=document)
    followers = pl.col("__document").cum_count().over(SOURCE_FILE, "__document") > 1
    filled = [
        pl.when(followers & pl.col(c).is_null()).then(pl.col(c).first().over(SOURCE_FILE, "__document")).otherwise(pl.col(c)).alias(c)
        for c in columns
    ]
    return ordered.with_columns(filled).drop("__document").lazy()


# ── what a part reads ────────────────────────────────────────────────────────────────────────────────────
def usage(profile: SourceProfile) -> dict[str, set[str]]:
    """Input -> the columns of it that any part of the profile reads. Raises TermsRefused for an alias that no join names."""
    used: dict[str, set[str]] = {name: set() for name in profile.inputs}
    for name, terms in profile.inputs.items():
        if terms.fill_down is not None:
            used[name] |= {terms.fill_down.leader, *terms.fill_down.columns}
    for table, parts in profile.tables.items():
        for part in parts:
            homes = {join.alias: join.with_ for join in part.join}
            for reference in _references(part):
                alias, column = split_reference(reference, set(homes))
                used[homes[alias] if alias else part.from_].add(column)
            for join in part.join:
                used[join.with_] |= {*join.on.values(), *(c.column for c in join.where)}
            if len(homes) != len(part.join):
                raise TermsRefused(
                    "two joins have the same alias", where=f"{profile.origin}:tables.{table}", got=", ".join(j.alias for j in part.join)
                )
    return used


def _references(part: Part) -> set[str]:
    named = {condition.column for condition in part.where}
    named |= {left for join in part.join for left in join.on}
    for value in part.columns.values():
        named |= value.mentions()
    return named


def split_reference(reference: str, aliases: set[str]) -> tuple[str | None, str]:
    """`order.OrderDate` -> ("order", "OrderDate") where `order` is an alias, else (None, reference)."""
    alias, dot, column = reference.partition(".")
    return (alias, column) if dot and alias in aliases else (None, reference)


def joined(frame: pl.LazyFrame, join: Join, partner: Prepared, where: str) -> pl.LazyFrame:
    """Add the partner's columns as `alias.column` and `alias.` (whether there is a partner). Rows stay as they are.

    Raises InputsRefused where a key that a row asks for stands twice among the partner's rows. An empty key has no partner.
    """
    own = partner.frame
    for condition in join.where:
        own = own.filter(holds(condition, condition.column))
    keys = [f"__{i}" for i in range(len(join.on))]
    right = own.select(
        *(normalised_id(pl.col(c).cast(pl.String)).alias(k) for k, c in zip(keys, join.on.values(), strict=True)),
        *(pl.col(c).alias(f"{join.alias}.{c}") for c in partner.columns),
        pl.lit(value=True).alias(f"{join.alias}."),
    )
    right = right.drop_nulls(keys)
    left = frame.with_columns(normalised_id(pl.col(c).cast(pl.String)).alias(k) for k, c in zip(keys, join.on, strict=True))
    # a key that stands twice matters only where a row asks for it: an event log holds events of other kinds under the same columns
    twice = right.group_by(keys).len().filter(pl.col("len") > 1).drop("len").collect().lazy()
    repeated = twice.join(left.select(keys), on=keys, how="semi").sort(keys).head(1).collect()
    if repeated.height:
        raise InputsRefused(
            "the key of a join stands twice",
            where=f"{where}: {partner.name}",
            expected="one row per " + ", ".join(join.on.values()),
            got=" ".join(str(v) for v in repeated.row(0)),
            todo="narrow the partner with `where`, or repair the export",
        )
    return (
        left.join(right.join(twice, on=keys, how="anti"), on=keys, how="left", validate="m:1", maintain_order="left")
        .drop(keys)
        .with_columns(pl.col(f"{join.alias}.").fill_null(value=False))
    )
