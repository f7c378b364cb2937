"""How the amounts of one party or person lie to one another: the largest beside the second, and those far from the middle. Whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match.amounts import GROUP
from recon.match.described import described
from recon.match.whole_numbers import over, units

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted

#: Of a normal distribution the median absolute deviation is this share of the standard deviation.
_NORMAL_SHARE: Final = 0.6745
#: Digits to which statistics are rounded.
_DIGITS: Final = 6
_RATIO_DIGITS: Final = 4
#: Documents nearer to the middle than this have no row of their own: no limit that asks about outliers lies below it.
_NEAR: Final = 1


def amount_leader(documents: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """`amount_leader`, sorted: per group its largest document; of several that large the first by number."""
    known = _known(documents)
    # what is smaller than the two largest is many times as much, and need not be sorted
    groups = known.group_by(GROUP).agg(least=pl.col("amount_base").top_k(2).min(), group_count=pl.len().cast(pl.Int64))
    heads = known.join(groups, on=GROUP, how="left", validate="m:1", nulls_equal=True).filter(pl.col("amount_base") >= pl.col("least"))
    ranked = heads.sort(*GROUP, -pl.col("amount_base"), "document_number", "document_date", "currency", "source_file", "source_row", nulls_last=False)
    leaders = ranked.group_by(GROUP, maintain_order=True).agg(
        pl.col("party_id", "made_by", "document_number", "document_date", "currency", "amount_base", "source_file", "source_row").first(),
        second_number=pl.col("document_number").get(1, null_on_oob=True),
        second_amount_base=pl.col("amount_base").get(1, null_on_oob=True),
    ).join(groups.drop("least"), on=GROUP, how="left", validate="1:1", nulls_equal=True)  # fmt: skip
    second = pl.when(pl.col("second_amount_base") > 0).then(pl.col("second_amount_base"))  # of nothing there is no multiple
    ratio = over(units("amount_base").cast(pl.Int128) * 10**_RATIO_DIGITS, units(second).cast(pl.Int128))
    told = leaders.with_columns(largest_amount_base="amount_base", size_ratio=money.from_units(ratio, _RATIO_DIGITS))
    return measured(told, "amount_leader", accepted).sort(*GROUP[:3], "party_id", "made_by", nulls_last=False)


def amount_outlier(documents: pl.DataFrame, accepted: Accepted) -> pl.LazyFrame:
    """`amount_outlier`, sorted: documents off the middle of their group in logarithms, and per group one row for all others.

    Logarithms and medians are binary floating point, of sorted values and without sums, and are rounded to `_DIGITS`; amounts are not.
    What is zero or below has no logarithm: it stands in a row of its own, and nobody knows how far off it lies.
    """
    amount = pl.col("amount_base")
    logs = _known(documents).with_columns(log=pl.when(amount > 0).then(amount).cast(pl.Float64).log())
    middled = logs.with_columns(
        median=pl.col("log").median().over(GROUP), median_amount_base=_middle("amount_base"), group_count=pl.col("log").count().over(GROUP)
    )
    spread = middled.with_columns(deviation=(pl.col("log") - pl.col("median")).abs().median().over(GROUP))
    z = pl.when(pl.col("deviation") > 0).then((pl.col("log") - pl.col("median")) / pl.col("deviation") * _NORMAL_SHARE)
    told = spread.with_columns(
        robust_z=_rounded(z),
        median_deviation=_rounded(pl.col("deviation")),
        distance_amount_base=(pl.col("amount_base") - pl.col("median_amount_base")).abs(),
        group_count=pl.col("group_count").cast(pl.Int64),
        document_count=pl.lit(1, dtype=pl.Int64),
    )
    is_far = (pl.col("robust_z").abs() > _NEAR).fill_null(value=False) | pl.col("log").is_null()
    near = told.filter(~is_far).group_by(GROUP).agg(
        pl.col("party_id", "made_by", "group_count", "median_amount_base", "median_deviation").first(),
        document_count=pl.len().cast(pl.Int64),
        robust_z=pl.when(pl.col("robust_z").is_not_null().all()).then(pl.lit(0)),
        amount_base=pl.col("amount_base").sum(),
    )  # fmt: skip
    rows = pl.concat([measured(told.filter(is_far), "amount_outlier", accepted), measured(near, "amount_outlier", accepted)])
    return rows.sort(*GROUP[:3], "party_id", "made_by", "document_number", "document_date", "source_file", "source_row", nulls_last=False)


def _known(documents: pl.DataFrame) -> pl.DataFrame:
    return documents.filter(pl.col("amount_base").is_not_null() & pl.col("who").is_not_null())


def _middle(column: str) -> pl.Expr:
    """The exact middle of the amounts of a group that have a logarithm; of an even number the lower one of the two, which is an amount that stands on a document."""
    known = pl.col(column).filter(pl.col("log").is_not_null())
    return known.sort().get((known.len() - 1) // 2, null_on_oob=True).over(GROUP)


def _rounded(statistic: pl.Expr) -> pl.Expr:
    """A statistic in binary floating point as a decimal of `_DIGITS` digits."""
    return money.from_units((statistic * 10**_DIGITS).round(0).cast(pl.Int128), _DIGITS)


def measured(rows: pl.DataFrame, table: str, accepted: Accepted) -> pl.LazyFrame:
    """The rows in the columns of the measured table, with the party's name."""
    return described(rows.lazy(), table, accepted).select(pl.col(name).cast(kind) for name, kind in schema(table).items())
