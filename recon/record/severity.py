"""The severity an exception ends with: the control's own word, then at most one level up and at most one level down.

Up, for any of three reasons: it may cost as much as performance materiality; its party stands in three open high findings or more; two
independent families of controls hit its document. Down: it may cost less than what is clearly trivial. Indicators never move, and a
symptom counts neither for its party nor as a family of its own. Source: reference practice of ISA 320 and 450 (materiality,
clearly trivial); the engagement states the amounts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.engagement import SEVERITIES
from recon.domain.money import MONEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.engagement import Engagement, Materiality

#: Why a severity is not the control's own, in this order.
REASONS: Final = ("engagement", "performance_materiality", "party_with_high_findings", "two_families", "clearly_trivial")
_LEVELS: Final = SEVERITIES[:4]  # critical, high, medium, low
_HIGH_FINDINGS: Final = 3
_PARTY: Final = ("cycle", "party_id")
_DOCUMENT: Final = ("cycle", "company_code", "document_type", "document_number", "party_id")


def graded(exceptions: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """The exceptions with their final `severity`, the control's own as `base_severity`, and `severity_reason` where the two differ.

    `severity_reason` lists words of `REASONS`, separated by "; "; null where nothing moved. Rows keep their order.
    """
    own = _stated(exceptions, engagement)
    up = {
        "performance_materiality": _at_least(engagement.materiality, "performance"),
        "party_with_high_findings": _party_with_high_findings(),
        "two_families": _two_families(),
    }
    down = {"clearly_trivial": _below(engagement.materiality)}
    moves = own.with_columns(**{f"_{word}": holds.fill_null(value=False) for word, holds in (up | down).items()})
    level = pl.col("_own").replace_strict({word: i for i, word in enumerate(_LEVELS)}, default=None, return_dtype=pl.Int8)
    raised = pl.any_horizontal([pl.col(f"_{word}") for word in up]).cast(pl.Int8)
    final = (level - raised + pl.col("_clearly_trivial").cast(pl.Int8)).clip(0, len(_LEVELS) - 1)
    words = final.replace_strict(dict(enumerate(_LEVELS)), default=None, return_dtype=pl.String)
    moved = pl.col("_own") != pl.coalesce(words, "_own")
    told = [pl.when(pl.col("_own") != pl.col("severity")).then(pl.lit("engagement"))]
    told += [pl.when(pl.col(f"_{word}") & moved).then(pl.lit(word)) for word in (*up, *down)]
    reason = pl.concat_str(told, separator="; ", ignore_nulls=True)
    graded_rows = moves.with_columns(
        severity=pl.coalesce(words, "_own"),
        base_severity=pl.col("severity"),
        severity_reason=pl.when(reason != "").then(reason),
    )
    return graded_rows.select(*exceptions.columns, "base_severity", "severity_reason")


def _stated(exceptions: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """`_own`: the word of the control, or the one that the engagement sets in its place."""
    chosen: Mapping[str, str] = {choice.control: choice.severity for choice in engagement.severities}
    return exceptions.with_columns(_own=pl.coalesce(pl.col("control_id").replace_strict(chosen, default=None, return_dtype=pl.String), "severity"))


def _stands_alone() -> pl.Expr:
    return pl.col("cause_exception_id").is_null() & (pl.col("_own") != "indicator")


def _at_least(materiality: Materiality | None, level: str) -> pl.Expr:
    amount = getattr(materiality, level) if materiality is not None else None
    if amount is None:
        return pl.lit(value=False)
    return pl.col("amount_at_risk_base") >= pl.lit(Decimal(amount)).cast(MONEY)


def _below(materiality: Materiality | None) -> pl.Expr:
    if materiality is None or materiality.clearly_trivial is None:
        return pl.lit(value=False)
    return pl.col("amount_at_risk_base") < pl.lit(Decimal(materiality.clearly_trivial)).cast(MONEY)


def _party_with_high_findings() -> pl.Expr:
    high = (_stands_alone() & pl.col("_own").is_in(_LEVELS[:2])).sum().over(_PARTY)
    return pl.col("party_id").is_not_null() & (high >= _HIGH_FINDINGS)


def _two_families() -> pl.Expr:
    family = pl.when(_stands_alone()).then(pl.col("control_id").str.slice(0, 3))
    return pl.col("document_number").is_not_null() & _stands_alone() & (family.drop_nulls().n_unique().over(_DOCUMENT) > 1)
