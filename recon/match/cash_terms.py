"""What an invoice allows whoever pays it: the early-payment discount with its days of grace, and the small difference that is written off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import with_limits
from recon.domain.cycles import CYCLES
from recon.match.given import is_given, table
from recon.match.position import ZERO
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_KEY: Final = ["cycle", "company_code", "party_id", "number", "invoice_date"]
_GRACE: Final = ("discount_grace_days", "day_policy")
_OFF: Final = "not_checked"
_UNLIMITED: Final = "unlimited"
_EXACT: Final = pl.Decimal(38, 10)


def with_terms(billed: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Add `discount_date`, `discount` (what may be kept back of the gross amount) and `grace_date`, the last day on which it may."""
    frames = [_terms(accepted, cycle) for cycle in CYCLES if is_given(accepted, cycle.invoice_table, "discount_share")]
    if not frames:
        unknown = pl.lit(None, dtype=pl.Date)
        return billed.with_columns(discount_date=unknown, grace_date=unknown, discount=ZERO)
    terms = pl.concat(frames).group_by(_KEY).agg(pl.col("discount_date").max(), pl.col("discount_share").max()).collect()
    joined = billed.join(terms, on=_KEY, how="left", validate="m:1", maintain_order="left")
    kept = money.round_to_currency(money.amount(pl.col("gross"), pl.col("discount_share")), pl.col("currency"))
    scoped = with_limits(joined.lazy(), engagement, *_GRACE).collect()
    days = pl.when(~pl.col("discount_grace_days").is_in([_OFF, _UNLIMITED])).then("discount_grace_days").cast(pl.Int64).fill_null(0)
    scoped = scoped.with_columns(days=days)
    ends = pl.lit(working_days(accepted).last_of_term(scoped["discount_date"], scoped["days"]))
    plain = pl.col("discount_date") + pl.duration(days="days")
    never_ends = (pl.col("discount_grace_days") == _UNLIMITED) & pl.col("discount_date").is_not_null()
    last = pl.when(never_ends).then(engagement.as_of).when(pl.col("day_policy") == "business").then(ends).otherwise(plain)
    return scoped.with_columns(discount=kept.fill_null(ZERO), grace_date=last).drop("discount_share", "days", *_GRACE)


def _terms(accepted: Accepted, cycle: Cycle) -> pl.LazyFrame:
    lines = table(accepted, cycle.invoice_table).filter(pl.col("discount_share").is_not_null())
    return lines.select(
        "company_code",
        "invoice_date",
        "discount_date",
        "discount_share",
        cycle=pl.lit(cycle.name),
        party_id=pl.col(cycle.party),
        number=pl.col("invoice_number"),
    )


def with_tolerance(claims: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """Add the limits below which a remainder is written off, as words: payment_tolerance_amount, payment_tolerance_share, tolerance_combine_policy."""
    return with_limits(claims.lazy(), engagement, "payment_tolerance_amount", "payment_tolerance_share", "tolerance_combine_policy").collect()


def is_tolerated(rest: pl.Expr, base: pl.Expr) -> pl.Expr:
    """Whether a remainder lies within the limits of `with_tolerance`; equal passes. Where no limit is checked nothing is.

    Both are in document currency; the amount is compared in company currency at the rate of the payment (`fx_rate`).
    """
    amount, share = pl.col("payment_tolerance_amount"), pl.col("payment_tolerance_share")
    allowed = money.product(base, _number(share), scale=20)
    by_amount = ((amount == _UNLIMITED) | (money.amount(rest, pl.col("fx_rate")).cast(_EXACT) <= _number(amount))).fill_null(value=False)
    by_share = ((share == _UNLIMITED) | (rest.cast(pl.Decimal(38, 20)) <= allowed)).fill_null(value=False)
    both = (by_amount | (amount == _OFF)) & (by_share | (share == _OFF)) & ~((amount == _OFF) & (share == _OFF))
    return (rest > 0) & pl.when(pl.col("tolerance_combine_policy") == "either").then(by_amount | by_share).otherwise(both)


def _number(text: pl.Expr) -> pl.Expr:
    return pl.when(~text.is_in([_OFF, _UNLIMITED])).then(text).cast(_EXACT)
