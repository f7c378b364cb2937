"""A run beside the one given as its history: populations of controls that compare the two, and why one of them cannot be made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import history_measures, measures, money
from recon.domain.allowances import for_everybody
from recon.domain.money import MONEY, RATE
from recon.domain.volumes import REMEMBERED_WEEKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import EarlierRun

Reason = tuple[str, str]

NO_HISTORY: Final[Reason] = ("no earlier run was given (--history)", "未提供以往运行结果（--history）")
_NO_SUCH_DAY: Final[Reason] = ("no earlier run on this day of the week is known", "没有同一星期日的以往运行记录")
_NOT_KEPT: Final[Reason] = (
    "the earlier run was published by a recon that did not keep what is compared",
    "以往运行由旧版 recon 发布，未保存可比对的数据",
)
_KEY: Final = ["cycle", "kind", "company_code", "party_id", "currency"]
_GOODS: Final = "fulfilled_not_invoiced"
_WEEK: Final = 7
_HALF: Final = Decimal("0.5")
_ZERO: Final = pl.lit(0, dtype=MONEY)


@dataclass(frozen=True)
class BesideHistory:
    """Measured tables of `history_measures.BESIDE_HISTORY`, and for those that could not be made the reason in both languages."""

    tables: Mapping[str, pl.DataFrame]
    absent: Mapping[str, Reason]


#: A run without an earlier one.
ALONE: Final = BesideHistory({}, dict.fromkeys(history_measures.BESIDE_HISTORY, NO_HISTORY))


def beside_history(
    earlier: EarlierRun, lines: Mapping[str, pl.DataFrame], volumes: pl.DataFrame, rolled: pl.DataFrame, engagement: Engagement
) -> BesideHistory:
    """The comparison with `earlier`.

    `lines`: restated_line and late_document where both runs kept their lines; `volumes`: of this run and of those before it;
    `rolled`: this run's roll_forward.
    """
    tables, absent = dict(lines), {}
    for name in ("restated_line", "late_document"):
        if name not in tables:
            absent[name] = _NOT_KEPT
    if earlier.volumes is None:
        absent["table_volume"] = _NOT_KEPT
    else:
        counted = table_volume(volumes, engagement)
        if counted["run_count"].max():
            tables["table_volume"] = counted
        else:
            absent["table_volume"] = _NO_SUCH_DAY
    found = opening_balance(earlier, rolled, engagement)
    if isinstance(found, pl.DataFrame):
        tables["opening_balance"] = found
    else:
        absent["opening_balance"] = found
    return BesideHistory(tables, absent)


def table_volume(volumes: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """One row per table of this run, beside the runs of the same day of the week within the window of weeks. Medians are exact.

    The window is the limit `volume_window_count` of POP-03 in this engagement.
    """
    since = engagement.as_of - timedelta(days=_WEEK * _window_count(engagement))
    before = volumes.filter(pl.col("as_of").is_between(since, engagement.as_of, closed="left"))
    alike = before.filter(pl.col("as_of").dt.weekday() == engagement.as_of.isoweekday())
    usual = alike.group_by("table").agg(
        run_count=pl.len().cast(pl.Int64), usual_row_count=_median(pl.col("row_count").cast(RATE), 10), usual_amount=_median(pl.col("amount"), 6)
    )
    mine = volumes.filter(pl.col("as_of") == engagement.as_of).join(usual, on="table", how="left", validate="1:1")
    told = mine.with_columns(
        pl.col("run_count").fill_null(0),
        weekday=pl.lit(engagement.as_of.isoweekday(), dtype=pl.Int64),
        has_amount=pl.col("amount").is_not_null(),
        document_type=pl.lit("extract"),
        document_number="table",
    )
    return _shaped(told, "table_volume").sort("document_number")


def _window_count(engagement: Engagement) -> int:
    """Weeks that are looked back, as the control's file or the engagement says; without end it is all that is remembered."""
    value = for_everybody(engagement, "volume_window_count")
    return int(value) if value.isdigit() else REMEMBERED_WEEKS


def _median(value: pl.Expr, digits: int) -> pl.Expr:
    """The middle value, or the mean of the two in the middle to the last digit; null where nothing is known."""
    ordered, count = value.drop_nulls().sort(), value.drop_nulls().len().cast(pl.Int64)
    low, high = (ordered.get(place, null_on_oob=True) for place in ((count - 1) // 2, count // 2))
    return money.product(low + high, pl.lit(_HALF), scale=digits)


def opening_balance(earlier: EarlierRun, rolled: pl.DataFrame, engagement: Engagement) -> pl.DataFrame | Reason:
    """What was open when the period began, as told now and by the earlier run; the reason where the two do not meet."""
    if earlier.roll_forward is None:
        return _NOT_KEPT
    begins = engagement.period.from_
    if earlier.as_of == begins - timedelta(days=1):
        told_as = "closing"
    elif earlier.period_from == begins:
        told_as = "opening"
    else:
        days = f"{earlier.period_from}, {earlier.as_of}, {begins}"
        return (
            f"the earlier run neither ends on the eve of this period nor speaks about it ({days})",
            f"以往运行既非截至本期前一日，也非同一期间（{days}）",
        )
    expected = earlier.roll_forward.select(
        *_KEY, "party_name", expected_amount=f"{told_as}_amount", expected_amount_base=f"{told_as}_amount_base"
    ).with_columns(was_told=True)
    now = rolled.select(*_KEY, "party_name", "opening_amount", "opening_amount_base", "difference_amount", "returned_amount").with_columns(
        is_told=True
    )
    both = now.join(expected, on=_KEY, how="full", coalesce=True, nulls_equal=True, validate="1:1")
    sides = {"opening_amount": "is_told", "opening_amount_base": "is_told", "expected_amount": "was_told", "expected_amount_base": "was_told"}
    told = both.with_columns(
        # a balance that one of the runs does not list was nothing there
        *(pl.when(pl.col(listed).is_null()).then(_ZERO).otherwise(name).alias(name) for name, listed in sides.items()),
        party_name=pl.coalesce("party_name", "party_name_right"),
        difference_amount=pl.when(pl.col("is_told").is_null()).then(_ZERO).otherwise("difference_amount"),
    )
    parted = told.with_columns(
        break_amount=pl.col("opening_amount") - pl.col("expected_amount"),
        break_amount_base=pl.col("opening_amount_base") - pl.col("expected_amount_base"),
    ).with_columns(explained_amount=_went_back())
    unexplained = pl.col("break_amount") - pl.col("explained_amount")
    named = parted.with_columns(
        unexplained_amount_base=pl.when(unexplained == 0).then(_ZERO).otherwise("break_amount_base"),
        document_type=pl.lit("balance"),
        document_number=pl.concat_str("kind", "party_id", separator=" ", ignore_nulls=True),
        earlier_as_of=pl.lit(earlier.as_of, dtype=pl.Date),
        told_as=pl.lit(told_as),
    )
    return _shaped(named, "opening_balance").sort(_KEY)


def _went_back() -> pl.Expr:
    """What of a break are goods that were billed then and went back since: never more than either."""
    back = pl.when(pl.col("kind") == _GOODS).then(pl.col("returned_amount").fill_null(_ZERO)).otherwise(_ZERO)
    return pl.max_horizontal(pl.min_horizontal("break_amount", back), _ZERO)


def _shaped(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    declared = measures.schema(table)
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in declared.items() if name not in frame.columns]
    return frame.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in declared.items())
