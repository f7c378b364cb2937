"""How often one amount returns, and how amounts end. Whole; counts and statistics are whole numbers of their last digit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match.amounts import GROUP
from recon.match.digits import sorted_groups, subjects
from recon.match.spread import measured
from recon.match.whole_numbers import over, units

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_KIND: Final = ["company_code", "cycle", "document_type"]
_DIGITS: Final = 10
#: Whoever has fewer documents is nobody's peer.
_ENOUGH: Final = 10
_ABOUT: Final = ("party_id", "made_by", "source_file", "source_row")
#: A party or person with fewer documents is seen in its company's endings alone.
_OWN_ROW: Final = 50
_ENDINGS: Final = 100
#: What the statistic of a hundred endings exceeds by chance once in twenty (simulated anew in tests/rooms/test_match_frequencies.py).
CHANCE: Final = "123.3"
_OVER_MOST: Final = 3


def amount_frequency(documents: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`amount_frequency`, sorted: per group how often its amounts return, beside the others of its kind with ten documents or more.

    `frequency_factor`: sum of the squares of the counts of each amount over the square of the number of documents, 1 where all are one amount.
    `factor_rank`: among those of its kind, the highest first, equal ones alike. `peer_repeat_p95`: of the others' most frequent amounts, by nearest rank.
    """
    known = documents.filter(pl.col("who").is_not_null())
    cells = known.group_by(*GROUP, "currency", "amount").agg(pl.col(*_ABOUT).min(), count=pl.len().cast(pl.Int64))
    most = cells.sort(*GROUP, -pl.col("count"), -pl.col("amount"), "currency", nulls_last=False)
    groups = most.group_by(GROUP, maintain_order=True).agg(
        *(pl.col(name).min() for name in _ABOUT), group_count=pl.col("count").sum(), repeat_count=pl.col("count").first(),
        repeated_amount=pl.col("amount").first(), repeated_currency=pl.col("currency").first(),
        squares=(pl.col("count").cast(pl.Int128) ** 2).sum(),
    )  # fmt: skip
    is_peer = pl.col("group_count") >= _ENOUGH
    square = pl.col("group_count").cast(pl.Int128) ** 2
    told = groups.with_columns(factor=over(pl.col("squares") * 10**_DIGITS, square), is_peer=is_peer)
    ranked = told.with_columns(
        factor_rank=pl.col("factor").rank("min", descending=True).over([*_KIND, "is_peer"]).cast(pl.Int64),
        place=pl.col("repeat_count").rank("ordinal").over([*_KIND, "is_peer"]).cast(pl.Int64),
        peer_count=pl.col("is_peer").sum().over(_KIND).cast(pl.Int64) - pl.col("is_peer").cast(pl.Int64),
    )
    rank = (pl.col("peer_count") * 95 + 99) // 100
    asked = ranked.with_columns(rank=rank + (pl.col("is_peer") & (pl.col("place") <= rank)).cast(pl.Int64))
    at = asked.filter("is_peer").select(*_KIND, rank="place", p95="repeat_count")
    both = asked.join(at, on=[*_KIND, "rank"], how="left", validate="m:1", nulls_equal=True).with_columns(
        frequency_factor=money.from_units(pl.col("factor"), _DIGITS), factor_rank=pl.when("is_peer").then("factor_rank"),
        peer_repeat_p95=pl.when(pl.col("peer_count") > 0).then("p95"),
    )  # fmt: skip
    return sorted_groups(measured(subjects(both, engagement), "amount_frequency", accepted))


def amount_ending(documents: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`amount_ending`, sorted: how far the last two digits of amounts in the smallest unit of their currency are from even, by chi-square.

    By company and kind of document, and by party or person with many documents; claims by claimant alone.
    """
    step = pl.coalesce(
        pl.when(money.minor_digits(pl.col("currency")) == digits).then(pl.lit(10 ** (6 - digits), dtype=pl.Int128)) for digits in (0, 2, 3, 4)
    )
    size = units(pl.col("amount").cast(money.MONEY)).cast(pl.Int128)
    ended = documents.with_columns(ending=(size // step % _ENDINGS).cast(pl.Int64)).filter(pl.col("ending").is_not_null())
    own = ended.filter(pl.col("who").is_not_null() & (pl.len().over(GROUP) >= _OWN_ROW)).with_columns(is_company=False)
    every = ended.filter(pl.col("cycle").is_not_null()).with_columns(
        is_company=True, **{name: pl.lit(None, dtype=pl.String) for name in ("who", "party_id", "made_by")}
    )
    group = [*GROUP, "is_company"]
    cells = pl.concat([own, every]).group_by(*group, "ending").agg(pl.col(*_ABOUT).min(), count=pl.len().cast(pl.Int64))
    ordered = cells.sort(*group, -pl.col("count"), "ending", nulls_last=False)
    said = pl.col("ending").cast(pl.String).str.zfill(2)
    summed = ordered.group_by(group, maintain_order=True).agg(
        *(pl.col(name).min() for name in _ABOUT), n=pl.col("count").cast(pl.Int128).sum(), squares=(pl.col("count").cast(pl.Int128) ** 2).sum(),
        endings_over=said.filter(pl.col("count") * _ENDINGS > pl.col("count").sum()).head(_OVER_MOST).str.join(", "),
    )  # fmt: skip
    statistic = over((pl.col("squares") * _ENDINGS - pl.col("n") * pl.col("n")) * 10**_DIGITS, pl.col("n"))
    told = summed.with_columns(
        group_count=pl.col("n").cast(pl.Int64), chi_square=money.from_units(statistic, _DIGITS), chance_p95=pl.lit(CHANCE).cast(money.RATE)
    )
    return sorted_groups(measured(subjects(told, engagement), "amount_ending", accepted))
