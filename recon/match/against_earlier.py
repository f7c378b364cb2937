"""Document lines of this run beside those an earlier run published: what reads otherwise, what is gone, what came late.

A line can be compared only as far back as both runs reach: what is older than the first document of its kind and company in the other
run's extract may be archived there, so nobody can say. Such lines are counted, as rows that cannot be tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import known_lines, money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.described import described
from recon.match.given import latest_moment, with_fx_rate
from recon.match.periods import with_period

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_KEY: Final = list(known_lines.KEY)
_KIND: Final = ["document_type", "company_code"]
_DOCUMENT: Final = ["cycle", "document_type", "company_code", "issuer_id", "document_number"]
_FIELDS: Final = ("party_id", "document_date", "posting_date", "item_id", "currency", "quantity", "amount")
#: What differs of a line that counts in one of the runs alone.
_COUNTING: Final = "is_counted"
_ONE: Final = pl.lit(1, dtype=pl.Int64)


@dataclass(frozen=True)
class _Beside:
    """The lines of both runs, the day that the earlier one speaks about, and this run's documents and terms."""

    now: pl.DataFrame
    then: pl.DataFrame
    earlier_as_of: date
    accepted: Accepted
    engagement: Engagement


def since_earlier(
    lines: pl.LazyFrame, earlier_lines: pl.LazyFrame, earlier_as_of: date, accepted: Accepted, engagement: Engagement
) -> dict[str, pl.DataFrame]:
    """`restated_line` and `late_document`, sorted. `lines`: those of this run, in the columns of `known_lines.SCHEMA`; so are the earlier one's."""
    two = _Beside(lines.collect(), earlier_lines.collect(), earlier_as_of, accepted, engagement)
    return {"restated_line": _restated(two), "late_document": _late(two)}


def _reach(lines: pl.DataFrame) -> pl.DataFrame:
    """The first day on which a run knows a document, by kind and company."""
    return lines.group_by(_KIND).agg(reaches_back_to=pl.col("document_date").min())


def _restated(two: _Beside) -> pl.DataFrame:
    """Lines that counted on the day of the earlier run, or were cancelled by then, against the same lines today."""
    was_ahead = pl.max_horizontal("document_date", "posting_date") > two.earlier_as_of
    known = two.then.filter(~(pl.col("is_excluded") & was_ahead).fill_null(value=False))
    facts = [*_FIELDS, "is_excluded", "amount_base", "source_file", "source_row"]
    today = two.now.select(*_KEY, *(pl.col(name).alias(f"now_{name}") for name in facts), is_there=True)
    both = known.join(today, on=_KEY, how="left", validate="1:1").join(_reach(two.now), on=_KIND, how="left", validate="m:1")
    told = both.with_columns(changed_fields=_changed(), is_there=pl.col("is_there").fill_null(value=False)).with_columns(state=_state())
    loud = told.filter((pl.col("state") != "same") & pl.col("state").is_not_null()).with_columns(
        changed_fields=pl.when(pl.col("state") == "changed").then("changed_fields").otherwise(pl.lit(_COUNTING))
    )
    rows = _named(_with_periods(_in_company_currency(loud, two), two), "restated_line", two.accepted)
    return _with_quiet(rows, told.filter(pl.col("state").is_null() | (pl.col("state") == "same")), "state", "restated_line")


def _changed() -> pl.Expr:
    """Names of the columns that a line says for itself and that differ, as one text."""
    by_type = {getattr(c, f"{kind}_type"): known_lines.says(getattr(c, f"{kind}_type")) for c in CYCLES for kind in known_lines.KINDS}
    parts = []
    for name in _FIELDS:
        types = [document_type for document_type, fields in by_type.items() if name in fields]
        differs = pl.col(name).ne_missing(pl.col(f"now_{name}")) & pl.col("document_type").is_in(types)
        parts.append(pl.when(differs).then(pl.lit(name)))
    return pl.concat_str(parts, separator=", ", ignore_nulls=True)


def _state() -> pl.Expr:
    """What became of a line; null where this run does not reach back to it."""
    then_out, now_out = pl.col("is_excluded"), pl.col("now_is_excluded")
    reached = pl.col("document_date") >= pl.col("reaches_back_to")
    return (
        pl.when(pl.col("is_there") & ~then_out & now_out)
        .then(pl.lit("cancelled"))
        .when(pl.col("is_there") & then_out & ~now_out)
        .then(pl.lit("counted again"))
        .when(pl.col("is_there") & (pl.col("changed_fields") != "") & ~then_out)
        .then(pl.lit("changed"))
        .when("is_there")
        .then(pl.lit("same"))
        .when(then_out)
        .then(pl.lit("same"))  # it did not count, and still does not
        .when(reached)
        .then(pl.lit("gone"))
    )


def _in_company_currency(rows: pl.DataFrame, two: _Beside) -> pl.DataFrame:
    """Amounts then and now, and what moved; a line that does not count today is worth nothing."""
    rated = with_fx_rate(rows.lazy().with_columns(fx_rate=pl.lit(None, dtype=money.RATE)), "document_date", two.accepted, two.engagement).collect()
    then, today = (pl.coalesce(f"{p}amount_base", money.amount(pl.col(f"{p}amount"), pl.col("fx_rate"))) for p in ("", "now_"))
    counts = pl.col("state").is_in(["changed", "counted again"])
    nothing = pl.lit(0, dtype=MONEY)
    told = rated.with_columns(
        was_amount_base=pl.when(pl.col("state") == "counted again").then(nothing).otherwise(then),
        amount_base=pl.when(counts).then(today).otherwise(nothing),
        was_quantity="quantity", quantity=pl.when(counts).then("now_quantity"), was_amount="amount", amount=pl.when(counts).then("now_amount"),
        source_file=pl.coalesce("now_source_file", "source_file"), source_row=pl.coalesce("now_source_row", "source_row"),
    )  # fmt: skip
    return told.with_columns(moved_amount_base=(pl.col("amount_base") - pl.col("was_amount_base")).abs())


def _with_periods(rows: pl.DataFrame, two: _Beside) -> pl.DataFrame:
    """Whether the period of each line was closed on the day the earlier run speaks about; null where that is not on file."""
    booked = rows.lazy().with_columns(booked_on=pl.coalesce("posting_date", "document_date"))
    dated = with_period(booked, "booked_on", "period", two.accepted).with_columns(earlier_as_of=pl.lit(two.earlier_as_of, dtype=pl.Date))
    end = latest_moment(pl.col("earlier_as_of").cast(pl.Datetime("us", "UTC")), pl.lit(value=True), two.engagement)
    closed = (pl.col("period_closed_at") <= end).fill_null(value=False)
    return dated.with_columns(is_closed=pl.when("period_on_file").then(closed)).collect()


def _late(two: _Beside) -> pl.DataFrame:
    """Documents with lines that the earlier run did not see, dated on its day or before; the others are counted."""
    counting = two.now.filter(~pl.col("is_excluded"))
    fresh = counting.join(two.then.select(_KEY), on=_KEY, how="anti").join(_reach(two.then), on=_KIND, how="left", validate="m:1")
    rated = with_fx_rate(fresh.lazy().with_columns(fx_rate=pl.lit(None, dtype=money.RATE)), "document_date", two.accepted, two.engagement).collect()
    worth = pl.coalesce("amount_base", money.amount(pl.col("amount"), pl.col("fx_rate"))).abs()
    documents = rated.group_by(*_DOCUMENT, "document_date").agg(
        pl.col("party_id", "currency", "source_file", "source_row", "reaches_back_to").min(),
        new_line_count=pl.len().cast(pl.Int64),
        amount_base=pl.when(worth.null_count() == 0).then(worth.sum()),
    )
    known = two.then.select(_DOCUMENT).unique().with_columns(is_new_document=False)
    days = (pl.lit(two.earlier_as_of, dtype=pl.Date) - pl.col("document_date")).dt.total_days()
    told = documents.join(known, on=_DOCUMENT, how="left", validate="m:1").with_columns(
        pl.col("is_new_document").fill_null(value=True),
        earlier_as_of=pl.lit(two.earlier_as_of, dtype=pl.Date),
        document_line_no=pl.lit(None, dtype=pl.String),
        days_before_cut_off=pl.when(pl.col("document_date") > two.earlier_as_of)
        .then(0)
        .when(pl.col("document_date") >= pl.col("reaches_back_to"))
        .then(days),
    )
    is_loud = pl.col("days_before_cut_off") > 0
    rows = _named(told.filter(is_loud), "late_document", two.accepted)
    return _with_quiet(rows, told.filter(~is_loud | is_loud.is_null()), "days_before_cut_off", "late_document")


def _named(rows: pl.DataFrame, table: str, accepted: Accepted) -> pl.DataFrame:
    """Rows of a measured table, one document each, with their party's name."""
    lined = rows.lazy().with_columns(document_line_no=pl.when(pl.col("document_line_no") != "").then("document_line_no"), document_count=_ONE)
    return described(lined, table, accepted).select(pl.col(name).cast(kind) for name, kind in schema(table).items()).collect()


def _with_quiet(rows: pl.DataFrame, quiet: pl.DataFrame, answer: str, table: str) -> pl.DataFrame:
    """The rows, and one row per kind and answer for all those that need no row of their own."""
    counted = quiet.group_by("cycle", "document_type", answer).agg(document_count=pl.len().cast(pl.Int64))
    lacking = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema(table).items() if name not in counted.columns]
    shaped = counted.with_columns(lacking).select(pl.col(name).cast(kind) for name, kind in schema(table).items())
    return pl.concat([rows, shaped]).sort(pl.all(), nulls_last=True)
