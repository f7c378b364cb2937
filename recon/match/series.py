"""The series of numbers that a company declares gap-free: their gaps, their order in time, and how far each has come. Whole.

A series is what the company and the kind of document share before and behind the last run of digits of a number: another year in the prefix
is another series. Numbers count as used whether or not the document was cancelled; what comes after the last number is not tested. Where an
earlier run is known, the number it ended with stands before the first one of this run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.domain.scopes import resolve
from recon.match.given import is_given, local_day, shaped, table
from recon.match.number_repeats import number_repeat
from recon.match.own_numbers import Numbered, numbered_by_us

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_POLICY: Final = "number_series"
_SHARED: Final = "gap_free_shared"
_EVERY_COMPANY: Final = "*"
#: of a number: what stands before the last run of digits, the run, what stands behind it
PARTS: Final = r"^(.*?)([0-9]{1,18})([^0-9]*)$"
_SERIES: Final = ["document_type", "series_company", "prefix", "suffix"]
_LAST: Final = ("last_count", "last_digits", "last_number", "last_date")


def number_tables(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`number_repeat`; and where a series is declared gap-free `number_gap`, `number_order` and `number_series`; with what was looked at."""
    repeats, looked_at = number_repeat(accepted)
    tables, covers = {"number_repeat": repeats}, {"number_repeat": looked_at}
    used = _declared(accepted, engagement)
    if used is not None:
        last = accepted.earlier.series if accepted.earlier is not None else None
        tables |= {
            "number_gap": _gaps(used, last),
            "number_order": _order(used),
            "number_series": _last_numbers(used.filter(pl.col("day") <= engagement.as_of), last),
        }
        covers |= dict.fromkeys(("number_gap", "number_order"), used.height)
    return tables, covers


def _declared(accepted: Accepted, engagement: Engagement) -> pl.DataFrame | None:
    """Numbers of the series that a policy declares gap-free, in their parts; None where nothing is declared."""
    rules = [rule for rule in engagement.policy_rules() if _POLICY in rule.settings]
    named = {rule.where.get("document_type") for rule in rules}
    kinds = [k for k in numbered_by_us() if is_given(accepted, k.table) and (None in named or k.document_type in named)]
    if not rules or not kinds:
        return None
    scoped = resolve(pl.concat([_documents(k, accepted, engagement) for k in kinds]), rules, {_POLICY: "open"}).filter(pl.col(_POLICY) != "open")
    part = pl.col("number").str.normalize("NFKC")
    company = pl.when(pl.col(_POLICY) == _SHARED).then(pl.lit(_EVERY_COMPANY)).otherwise("company_code")
    return (
        scoped.with_columns(
            series_company=company,
            prefix=part.str.extract(PARTS, 1),
            count=part.str.extract(PARTS, 2).cast(pl.Int64),
            suffix=part.str.extract(PARTS, 3),
            digits=part.str.extract(PARTS, 2).str.len_chars(),
        )
        .filter(pl.col("count").is_not_null())
        .with_columns(series_key=pl.concat_str(_SERIES, separator="|"))
        .collect()
    )


def _documents(kind: Numbered, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per number of a kind: its day, the day it was entered (the first of its lines), who did, what it is worth."""
    rows = table(accepted, kind.table).with_columns(entered=local_day(kind.entered_at, engagement))
    worth = pl.lit(0, dtype=MONEY)
    if kind.amount:
        rate = pl.when(pl.col("currency") == engagement.currency).then(pl.lit(1, dtype=money.RATE)).otherwise("fx_rate")
        worth = money.amount(pl.coalesce(*kind.amount), rate)
    grouped = rows.group_by("company_code", number=kind.number).agg(
        pl.col("created_by", "source_file", "currency").min(),
        pl.col("source_row").min(),
        day=pl.col(kind.day).min(),
        party_id=pl.col(kind.cycle.party).min(),
        created_date=pl.when(pl.col("entered").null_count() == 0).then(pl.col("entered").min()),
        amount_base=pl.when(worth.null_count() == 0).then(worth.sum().abs()),
    )
    return grouped.with_columns(cycle=pl.lit(kind.cycle.name), document_type=pl.lit(kind.document_type))


def _gaps(used: pl.DataFrame, last: pl.DataFrame | None) -> pl.LazyFrame:
    """One row per range of numbers that no document bears, between two that do; of two runs where the earlier one ended before this begins."""
    told = [*_SERIES, "count", "number", "company_code", "day", "created_by", "digits", "series_key", "cycle", "source_file", "source_row"]
    rows = used.select(*told, known_before=pl.lit(value=False))
    if last is not None:
        rows = pl.concat([rows, _ended_before(rows, last)])
    ordered = rows.sort(*_SERIES, "count", "number", "company_code")
    before = {name: pl.col(name).shift(1).over(_SERIES) for name in ("count", "number", "day", "created_by", "known_before")}
    beside = ordered.with_columns(**{f"before_{name}": shifted for name, shifted in before.items()})
    gaps = beside.filter(pl.col("count") - pl.col("before_count") > 1)
    named = gaps.with_columns(
        number_from=_spelt(pl.col("before_count") + 1),
        number_to=_spelt(pl.col("count") - 1),
        missing_count=pl.col("count") - pl.col("before_count") - 1,
        after_number="number",
        after_date="day",
        after_created_by="created_by",
        before_date="before_day",
        is_across_runs="before_known_before",
        **{name: pl.lit(None, dtype=pl.String) for name in ("party_id", "party_name", "currency")},
    )
    return named.lazy().select(schema("number_gap").keys()).sort("series_key", "after_number", "company_code")


def _ended_before(rows: pl.DataFrame, last: pl.DataFrame) -> pl.DataFrame:
    """The last number that an earlier run knew of a series, as a row, where it lies before all numbers of this run."""
    first = rows.group_by(_SERIES).agg(first_count=pl.col("count").min(), cycle=pl.col("cycle").first())
    ended = last.join(first, on=_SERIES, how="inner", validate="1:1").filter(pl.col("last_count") < pl.col("first_count"))
    named = ended.with_columns(
        count="last_count", number="last_number", day="last_date", digits=pl.col("last_digits"), company_code="series_company",
        series_key=pl.concat_str(_SERIES, separator="|"), known_before=pl.lit(value=True),
    )  # fmt: skip
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in rows.schema.items() if name not in named.columns]
    return shaped(named.with_columns(absent), rows.schema)


def _last_numbers(used: pl.DataFrame, last: pl.DataFrame | None) -> pl.LazyFrame:
    """The highest number of every series, of this run or of the ones before it, which a later run continues from."""
    columns = schema("number_series")
    mine = shaped(used.with_columns(last_count="count", last_digits="digits", last_number="number", last_date="day"), columns)
    known = mine if last is None else pl.concat([mine, shaped(last, columns)])
    highest = known.sort(*_SERIES, *_LAST, nulls_last=False).unique(_SERIES, keep="last", maintain_order=True)
    return highest.lazy().sort(_SERIES)


def _order(used: pl.DataFrame) -> pl.LazyFrame:
    """Documents entered on a day before the last day on which one with a lower number was; and those of which nobody knows the day."""
    ordered = used.sort(*_SERIES, "count", "number", "company_code")
    latest = pl.col("created_date").cum_max().forward_fill().over(_SERIES)
    is_latest = pl.col("created_date") == latest
    so_far = ordered.with_columns(
        before_created_date=latest.shift(1).over(_SERIES),
        before_number=pl.when(is_latest).then("number").forward_fill().shift(1).over(_SERIES),
    )
    days = (pl.col("before_created_date") - pl.col("created_date")).dt.total_days()
    told = so_far.with_columns(days_behind=days, document_number="number", document_date="day", party_name=pl.lit(None, dtype=pl.String))
    suspicious = told.filter((pl.col("days_behind") > 0) | pl.col("created_date").is_null())
    return shaped(suspicious, schema("number_order")).lazy().sort("series_key", "document_number", "company_code")


def _spelt(count: pl.Expr) -> pl.Expr:
    padded = count.cast(pl.String).str.zfill(pl.col("digits"))
    return pl.concat_str("prefix", padded, "suffix")
