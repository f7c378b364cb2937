"""What amounts have in common beyond their size: round ones beside what is usual among others, and their first digits. Whole."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import for_everybody
from recon.match.amounts import GROUP
from recon.match.spread import measured
from recon.match.whole_numbers import over, square_root, units

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_KIND: Final = ["company_code", "cycle", "document_type"]
_SHARE_DIGITS: Final = 10
#: A party or person with fewer documents is seen in its company's digits alone.
_OWN_ROW: Final = 50
#: What chance exceeds once in twenty: so many ten-thousandths over the root of the number of documents (simulated anew in tests/rooms/test_match_statistics.py).
CHANCE: Final = {1: 3502, 2: 906}
_CHANCE_DIGITS: Final = 4
#: Digits of the root, and of what is said to be chance.
_ROOT_DIGITS: Final = 6
#: Digits behind the point of expected shares.
_LAW_DIGITS: Final = 12
#: log10(1 + 1/d), the expected share of each leading group of digits.
LAW: Final = {1: range(1, 10), 2: range(10, 100)}
_POWERS: Final = 1000
_OVER_MOST: Final = 3


def round_share(documents: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`round_share`, sorted: the share of round amounts of a group against the 95th percentile (nearest rank) of the others of its kind.

    What is round and who is a peer are limits of STA-04.
    """
    least, base, enough = (_limit(engagement, name) for name in ("round_minimum_amount", "round_base_amount", "round_minimum_count"))
    size, step = units(pl.col("amount").cast(money.MONEY)).cast(pl.Int128), _round_step(base)
    is_round = (pl.col("amount_base") >= pl.lit(least).cast(money.MONEY)) & (size % pl.max_horizontal(step, 1) == 0) & (step > 0)
    known = documents.filter(pl.col("amount_base").is_not_null() & pl.col("who").is_not_null()).with_columns(is_round=is_round)
    groups = known.group_by(GROUP).agg(
        pl.col("party_id", "made_by", "source_file", "source_row").min(),
        group_count=pl.len().cast(pl.Int64),
        round_count=pl.col("is_round").sum().cast(pl.Int64),
        round_amount_base=pl.col("amount_base").filter(pl.col("is_round")).sum(),
    ).with_columns(share=over(pl.col("round_count").cast(pl.Int128) * 10**_SHARE_DIGITS, pl.col("group_count").cast(pl.Int128)))  # fmt: skip
    is_peer = pl.col("group_count") >= int(enough)
    ranked = groups.with_columns(is_peer=is_peer).with_columns(
        place=pl.col("share").rank("ordinal").over([*_KIND, "is_peer"]).cast(pl.Int64), peers=is_peer.sum().over(_KIND).cast(pl.Int64)
    )
    told = ranked.with_columns(peer_count=pl.col("peers") - pl.col("is_peer").cast(pl.Int64))
    # the rank among the others: 95 of a hundred of them, rounded up; who stands before it makes the others' rank one further
    rank = (pl.col("peer_count") * 95 + 99) // 100
    asked = told.with_columns(rank=rank + (pl.col("is_peer") & (pl.col("place") <= rank)).cast(pl.Int64))
    at = asked.filter("is_peer").select(*_KIND, rank="place", p95="share")
    both = asked.join(at, on=[*_KIND, "rank"], how="left", validate="m:1", nulls_equal=True)
    found = both.with_columns(
        round_share=money.from_units(pl.col("share"), _SHARE_DIGITS),
        peer_share_p95=money.from_units(pl.when(pl.col("peer_count") > 0).then("p95"), _SHARE_DIGITS),
    )
    return sorted_groups(measured(subjects(found, engagement), "round_share", accepted))


def _round_step(base: Decimal) -> pl.Expr:
    """What a round amount is divisible by, in units of the sixth digit: the base of a currency with cents, with as many zeros in any other.

    A thousand ends in five zeros of the smallest unit (1,000.00), so of yen, which have no cents, a hundred thousand is as round.
    """
    zeros = int(base * 10**6) * 100
    steps = [pl.when(money.minor_digits(pl.col("currency")) == digits).then(pl.lit(zeros // 10**digits, dtype=pl.Int128)) for digits in (0, 2, 3, 4)]
    return pl.coalesce(steps)


def digit_law(documents: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`digit_law`, sorted: first digits, and first two, of amounts in company currency against the logarithmic law.

    Counts, deviations and what chance exceeds are whole numbers of their last digit. Claims are looked at by claimant
    alone: numbers that one person makes up are seen in that person's claims.
    """
    least = max(_limit(engagement, "digit_minimum_amount"), Decimal(10))
    known = documents.filter(pl.col("amount_base") >= pl.lit(least).cast(money.MONEY))
    own = known.filter(pl.col("who").is_not_null() & (pl.len().over(GROUP) >= _OWN_ROW)).with_columns(is_company=False)
    every = known.filter(pl.col("cycle").is_not_null()).with_columns(
        is_company=True, **{name: pl.lit(None, dtype=pl.String) for name in ("who", "party_id", "made_by")}
    )
    both = pl.concat([own, every]).with_columns(text=pl.col("amount_base").cast(pl.Int128).cast(pl.String))
    rows = pl.concat([_against(both, count) for count in LAW])
    return sorted_groups(measured(subjects(rows, engagement), "digit_law", accepted), "digit_count")


def _against(documents: pl.DataFrame, digit_count: int) -> pl.DataFrame:
    """Groups of documents with the deviation of their leading digits from the law."""
    group = [*GROUP, "is_company"]
    cells = documents.group_by(*group, digits=pl.col("text").str.head(digit_count).cast(pl.Int64)).agg(
        count=pl.len().cast(pl.Int128), least=pl.col("amount_base").min(), most=pl.col("amount_base").max(),
        source_file=pl.col("source_file").min(), source_row=pl.col("source_row").min(), party_id=pl.col("party_id").min(), made_by=pl.col("made_by").min(),
    )  # fmt: skip
    total = cells.group_by(group).agg(
        pl.col("source_file", "source_row", "party_id", "made_by").min(),
        n=pl.col("count").sum(),
        is_wide=pl.col("most").max() >= pl.col("least").min() * _POWERS,
    )
    law = pl.DataFrame(
        {"digits": list(LAW[digit_count]), "law": [law_of(d) for d in LAW[digit_count]]}, schema={"digits": pl.Int64, "law": pl.Int128}
    )
    every = total.join(law, how="cross").join(cells.select(*group, "digits", "count"), on=[*group, "digits"], how="left", nulls_equal=True)
    excess = pl.col("count").fill_null(0) * 10**_LAW_DIGITS - pl.col("n") * pl.col("law")
    found = every.with_columns(excess=excess).sort(*group, "excess", "digits", descending=[*(False for _ in group), True, False], nulls_last=False)
    summed = found.group_by(group, maintain_order=True).agg(
        pl.col("source_file", "source_row", "party_id", "made_by", "n", "is_wide").first(),
        off=pl.col("excess").abs().sum(),
        digits_over=pl.col("digits").filter(pl.col("excess") > 0).head(_OVER_MOST).cast(pl.String).str.join(", "),
    )
    return summed.with_columns(
        digit_count=pl.lit(digit_count, dtype=pl.Int64),
        group_count=pl.col("n").cast(pl.Int64),
        deviation=money.from_units(over(pl.col("off"), pl.col("n") * len(LAW[digit_count]) * 10 ** (_LAW_DIGITS - _SHARE_DIGITS)), _SHARE_DIGITS),
        chance_p95=_chance(summed["n"], digit_count),
    )


def _chance(count: pl.Series, digit_count: int) -> pl.Series:
    """What the deviation of so many documents exceeds by chance once in twenty, rounded to the sixth digit."""
    widened = count.to_frame("n").select(root=pl.col("n") * pl.lit(10 ** (2 * _ROOT_DIGITS), dtype=pl.Int128))
    root = square_root(widened["root"])
    parts = pl.lit(CHANCE[digit_count] * 10 ** (2 * _ROOT_DIGITS - _CHANCE_DIGITS), dtype=pl.Int128)
    return root.to_frame().select(chance=money.from_units(over(parts, pl.col("root")), _ROOT_DIGITS)).to_series()


def law_of(digits: int) -> int:
    """log10(1 + 1/d) in units of the twelfth digit."""
    return int(((Decimal(digits + 1) / Decimal(digits)).log10() * 10**_LAW_DIGITS).to_integral_value())


def subjects(rows: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """What an exception about a group speaks of: its party, its person, else its company."""
    supplier = pl.when(pl.col("cycle") == "procure_to_pay").then(pl.lit("supplier")).otherwise(pl.lit("customer"))
    kind = pl.when(pl.col("made_by").is_not_null()).then(pl.lit("user")).when(pl.col("party_id").is_not_null()).then(supplier)
    return rows.with_columns(
        subject_type=kind.otherwise(pl.lit("company")),
        subject_number=pl.coalesce("made_by", "party_id", "company_code"),
        currency=pl.lit(engagement.currency),
    )


def sorted_groups(rows: pl.LazyFrame, *more: str) -> pl.LazyFrame:
    """The rows by kind of document, company and subject."""
    return rows.sort("document_type", "company_code", "subject_type", "subject_number", *more, nulls_last=False)


def _limit(engagement: Engagement, name: str) -> Decimal:
    """A limit of the control; one that is switched off or without end looks at nothing."""
    text = for_everybody(engagement, name)
    return Decimal(text) if text not in {"not_checked", "unlimited"} else Decimal(10**12)
