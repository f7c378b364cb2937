"""Limits: strictly greater is a breach, equal passes; a limit that is switched off or unlimited is never broken.

Two limits on one measure are combined by a named policy. A limit that is not checked leaves the decision to the other one;
an unlimited one is checked and can never be broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money

if TYPE_CHECKING:
    from recon.evaluate.settings import Setting

#: Policy words. `pct_capped` (the smaller of the two allowances) is `either`, `greater_of` (the larger) is `both`.
EITHER: Final = ("either", "pct_capped")
BOTH: Final = ("both", "greater_of")
BOTH_UP_TO_LARGE_LINE: Final = "both_up_to_large_line"
#: What a set says that has no member.
NO_SET: Final = "none"
POLICIES: Final = (*EITHER, *BOTH, BOTH_UP_TO_LARGE_LINE)


@dataclass(frozen=True)
class Pair:
    """Two limits on one measure: whether each is broken, its number (null: no number) and whether it is switched off."""

    share_broken: pl.Expr
    share: pl.Expr
    share_off: pl.Expr
    amount_broken: pl.Expr
    amount: pl.Expr
    amount_off: pl.Expr


def exceeds(value: pl.Expr, limit: pl.Expr) -> pl.Expr:
    """Value > limit; false where the limit is null (not checked, unlimited); null where the value is not known."""
    return pl.when(limit.is_null()).then(statement=False).otherwise(value > limit)


def exceeds_share(value: pl.Expr, base: pl.Expr, share: pl.Expr) -> pl.Expr:
    """Value > |base| × share, the product exact; false where the share is null (not checked, unlimited)."""
    allowed = money.product(base.abs(), share, scale=20)
    return pl.when(share.is_null()).then(statement=False).otherwise(value.cast(pl.Decimal(38, 20)) > allowed)


def listed(text: pl.Expr, chosen: Setting) -> pl.Expr:
    """Whether the text is in the comma-separated set; false where the set is the word none; null where the text is not known."""
    members = chosen.text().str.split(",").list.eval(pl.element().str.strip_chars())
    return pl.when(chosen.says(NO_SET)).then(statement=False).when(text.is_not_null()).then(members.list.contains(text))


def near_listed(ratio: pl.Expr, chosen: Setting, share: pl.Expr) -> pl.Expr:
    """Whether the ratio (ten digits) is within the share of a number of the set, or of its inverse; the edge belongs to it."""
    found: pl.Expr = pl.lit(None, dtype=pl.Boolean)
    for value in chosen.values:
        near = pl.lit(value=False)
        for number in value.split(",") if value != NO_SET else ():
            member = pl.lit(Decimal(number.strip()), dtype=pl.Decimal(38, 10))
            beyond = exceeds_share((ratio - member).abs(), member, share) & exceeds_share(
                (money.product(ratio, member, scale=20) - pl.lit(1).cast(pl.Decimal(38, 20))).abs(), pl.lit(1).cast(pl.Decimal(38, 10)), share
            )
            near = near | ~beyond
        found = pl.when(chosen.says(value)).then(near).otherwise(found)
    return pl.when(ratio.is_not_null()).then(found)


def is_share_listed(value: pl.Expr, base: pl.Expr, chosen: Setting, tail: pl.Expr) -> pl.Expr:
    """Whether the value is the base times a number of the set, off by no more than the tail; null where one of the two is not known."""
    found: pl.Expr = pl.lit(None, dtype=pl.Boolean)
    exact = value.cast(pl.Decimal(38, 20))
    for words in chosen.values:
        near = pl.lit(value=False)
        for number in words.split(",") if words != NO_SET else ():
            share = money.product(base, pl.lit(Decimal(number.strip()), dtype=pl.Decimal(38, 10)), scale=20)
            near = near | ((exact - share).abs() <= tail.cast(pl.Decimal(38, 20)))
        found = pl.when(chosen.says(words)).then(near).otherwise(found)
    return pl.when(value.is_not_null() & base.is_not_null()).then(found)


def steps_passed(value: pl.Expr, chosen: Setting) -> pl.Expr:
    """How many numbers of the set the value is strictly greater than; null where the value is not known."""
    found: pl.Expr = pl.lit(None, dtype=pl.Int64)
    for words in chosen.values:
        numbers = [Decimal(number.strip()) for number in words.split(",")] if words != NO_SET else []
        passed = sum(((value > pl.lit(number, dtype=pl.Decimal(38, 10))).cast(pl.Int64) for number in numbers), start=pl.lit(0, dtype=pl.Int64))
        found = pl.when(chosen.says(words)).then(passed).otherwise(found)
    return pl.when(value.is_not_null()).then(found)


def combined(pair: Pair, policy: Setting, line: pl.Expr | None, large: pl.Expr | None) -> pl.Expr:
    """Whether the pair is broken under the policy. `line` against `large` decides between both and either for the default policy."""
    either = pair.share_broken | pair.amount_broken
    both = (pair.share_broken | pair.share_off) & (pair.amount_broken | pair.amount_off) & ~(pair.share_off & pair.amount_off)
    chosen = pl.when(policy.text().is_in(EITHER)).then(either)
    if line is None or large is None:
        return chosen.otherwise(both)
    is_large = exceeds(line, large)
    sized = pl.when(is_large.is_null()).then(None).when(is_large).then(either).otherwise(both)
    return chosen.when(policy.says(BOTH_UP_TO_LARGE_LINE)).then(sized).otherwise(both)
