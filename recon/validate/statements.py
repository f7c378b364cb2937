"""Statements about whole tables: volume, dates, months covered, share of values. They state; they never set a row aside."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from recon.domain.workpapers import STATEMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.expectation import CoverageRule, DateRule, FilledRule, TableExpectations, VolumeRule

#: Types of workpapers.STATEMENTS; `holds` is null where nothing could be compared.
STATEMENTS_SCHEMA: Final = dict.fromkeys(STATEMENTS, pl.String()) | {"holds": pl.Boolean()}

_FRIDAY: Final = 5
#: grain -> how dates are cut to it, how its name is written, and what it is called (several, one, several in Chinese)
_SPANS: Final = {
    "month": ("1mo", "%Y-%m", "months", "month", "月份"),
    "week": ("1w", "%Y-%m-%d", "weeks", "week", "周"),
    "working_day": ("1d", "%Y-%m-%d", "working days", "working day", "工作日"),
}


class Statement(NamedTuple):
    """One sentence about one table."""

    table: str
    rule: str
    severity: str
    holds: bool | None
    observed: str
    expected: str
    message: str
    message_zh: str


def state(
    accepted: Mapping[str, pl.DataFrame],
    supplied: Mapping[str, Collection[str]],
    expectations: Mapping[str, TableExpectations],
    engagement: Engagement,
    calendar: pl.DataFrame | None = None,
) -> list[Statement]:
    """What the expectations say of the accepted rows. A table or column that no source gave is not spoken of."""
    return [
        said
        for name, frame in accepted.items()
        if name in expectations
        for said in _of(name, frame, supplied[name], expectations[name], (engagement, calendar))
    ]


def _of(
    table: str, frame: pl.DataFrame, supplied: Collection[str], expected: TableExpectations, run: tuple[Engagement, pl.DataFrame | None]
) -> Iterator[Statement]:
    engagement, calendar = run
    if expected.volume is not None:
        yield _volume(table, frame, expected.volume)
    for dates in expected.dates:
        if dates.column in supplied:
            yield _dates(table, frame, dates, engagement)
    for coverage in expected.coverage:
        if coverage.column in supplied:
            yield _coverage(table, frame, coverage, engagement, calendar)
    for filled in expected.filled:
        if filled.column in supplied:
            yield _filled(table, frame, filled)


def _volume(table: str, frame: pl.DataFrame, rule: VolumeRule) -> Statement:
    least = int(rule.at_least_rows)
    return Statement(
        table,
        "volume",
        rule.severity,
        frame.height >= least,
        f"{frame.height:,}",
        f"at least {least:,}",
        f"{table} holds {frame.height:,} accepted rows ({least:,} or more expected: {rule.why.en})",
        f"{table} 有 {frame.height:,} 行可用数据（应不少于 {least:,} 行：{rule.why.zh}）",
    )


def _dates(table: str, frame: pl.DataFrame, rule: DateRule, engagement: Engagement) -> Statement:
    day = pl.col(rule.column)
    as_of = pl.lit(engagement.as_of)
    earliest = as_of - pl.duration(days=int(rule.look_back_days))
    after, before = frame.select(after=(day > as_of).sum(), before=(day < earliest).sum()).row(0)
    return Statement(
        table,
        f"dates:{rule.column}",
        rule.severity,
        not after and not before,
        f"{after:,} after, {before:,} before",
        f"none after {engagement.as_of}, none more than {int(rule.look_back_days):,} days before it",
        f"{table}.{rule.column}: {after:,} rows lie after {engagement.as_of} and are left out of the run, {before:,} rows lie more than"
        f" {int(rule.look_back_days):,} days before it ({rule.why.en})",
        f"{table}.{rule.column}：{after:,} 行晚于 {engagement.as_of}（不参与本次对账），{before:,} 行早于其前 {int(rule.look_back_days):,} 天"
        f"（{rule.why.zh}）",
    )


def _coverage(table: str, frame: pl.DataFrame, rule: CoverageRule, engagement: Engagement, calendar: pl.DataFrame | None) -> Statement:
    company = "company_code" if "company_code" in frame.columns else None
    who = pl.col(company) if company else pl.lit("")
    held = frame.select(who=who, span=pl.col(rule.column).dt.truncate(_SPANS[rule.grain][0])).unique()
    grid = held.select(pl.col("who").unique()).join(_spans(rule.grain, engagement, calendar), how="cross")
    missing = grid.join(held, on=["who", "span"], how="anti").sort("who", "span")
    names = missing.select(pl.format("{} {}", "who", pl.col("span").dt.strftime(_SPANS[rule.grain][1])).str.strip_chars()).to_series().to_list()
    plural, one, plural_zh = _SPANS[rule.grain][2:]
    seen = f"{len(names):,} of {grid.height:,} {plural} empty" + (f", first: {names[0]}" if names else "")
    return Statement(
        table,
        f"coverage:{rule.column}",
        rule.severity,
        not names,
        seen,
        f"a row in every {one} of the period, per company",
        f"{table}.{rule.column}: {seen} ({rule.why.en})",
        f"{table}.{rule.column}：期间内 {grid.height:,} 个公司{plural_zh}中有 {len(names):,} 个没有数据"
        + (f"，首个：{names[0]}" if names else "")
        + f"（{rule.why.zh}）",
    )


def _spans(grain: str, engagement: Engagement, calendar: pl.DataFrame | None) -> pl.DataFrame:
    """`span`: the first day of every month, week or working day of the period; weeks and days that have not come yet are none of it."""
    first, last = engagement.period.from_, engagement.period.to
    if grain == "month":
        return pl.DataFrame({"span": pl.date_range(first.replace(day=1), last, interval="1mo", eager=True)})
    days = pl.DataFrame({"span": pl.date_range(first, last, interval="1d", eager=True)}).filter(pl.col("span") <= engagement.as_of)
    works = pl.col("span").dt.weekday() <= _FRIDAY
    if calendar is not None:
        said = calendar.select(span="date", said="is_working_day").unique("span", keep="any")
        days, works = days.join(said, on="span", how="left", validate="1:1"), pl.coalesce("said", works)
    open_days = days.filter(works).select("span")
    return open_days if grain == "working_day" else open_days.select(pl.col("span").dt.truncate("1w")).unique().sort("span")


def _filled(table: str, frame: pl.DataFrame, rule: FilledRule) -> Statement:
    held = frame.height - frame[rule.column].null_count()
    return Statement(
        table,
        f"filled:{rule.column}",
        rule.severity,
        Decimal(held) >= Decimal(rule.at_least_share) * frame.height,
        f"{held:,} of {frame.height:,}",
        f"a share of at least {rule.at_least_share}",
        f"{table}.{rule.column} is filled in {held:,} of {frame.height:,} rows (a share of {rule.at_least_share} expected: {rule.why.en})",
        f"{table}.{rule.column} 在 {frame.height:,} 行中有 {held:,} 行有值（应不低于 {rule.at_least_share}：{rule.why.zh}）",
    )
