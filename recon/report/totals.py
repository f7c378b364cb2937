"""Counts and sums of a run's outcomes, as the report and the summary show them. Sums are exact; amounts are in company currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from recon.domain.engagement import SEVERITIES
from recon.domain.money import MONEY
from recon.domain.workpapers import CONTROL_STATUSES
from recon.report import ages
from recon.report.vocabulary import KINDS

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers


def known_sum(column: str) -> pl.Expr:
    """The sum of the known amounts; null when none of them is known, because that is not zero."""
    return pl.when(pl.col(column).is_not_null().any()).then(pl.col(column).sum()).alias(column)


_COUNTED = (
    pl.len().cast(pl.Int64).alias("count"),
    known_sum("amount_at_risk_base"),
    pl.col("amount_at_risk_base").is_null().sum().cast(pl.Int64).alias("amount_unknown"),
)


def by_severity(workpapers: Workpapers) -> pl.DataFrame:
    """One row per severity, most severe first: severity, count, amount_at_risk_base, amount_unknown (rows without an amount)."""
    every = pl.DataFrame({"severity": SEVERITIES, "rank": range(len(SEVERITIES))})
    found = workpapers.register.exceptions.group_by("severity").agg(_COUNTED)
    joined = every.join(found, on="severity", how="left", validate="1:1").sort("rank").drop("rank")
    absent = pl.col("count").is_null()
    return joined.with_columns(
        pl.when(absent).then(0).otherwise(pl.col(name)).alias(name) for name in ("count", "amount_at_risk_base", "amount_unknown")
    )


def overall(workpapers: Workpapers) -> dict[str, Any]:
    """Count, known amount and rows without an amount over all exceptions."""
    if workpapers.register.exceptions.is_empty():
        return {"count": 0, "amount_at_risk_base": Decimal(0), "amount_unknown": 0}
    return workpapers.register.exceptions.select(_COUNTED).to_dicts()[0]


#: A control that flags more of its population than a fifth is suspected itself: its data or its limits come first.
_NOISY_PART = 5
_NOISY_FROM = 20


def suppressed(workpapers: Workpapers) -> dict[str, Any]:
    """Count, known amount and rows without an amount over what was found and somebody answers for."""
    hidden = workpapers.register.suppressed
    if hidden is None or hidden.is_empty():
        return {"count": 0, "amount_at_risk_base": Decimal(0), "amount_unknown": 0}
    return hidden.select(_COUNTED).to_dicts()[0]


def noisy_controls(workpapers: Workpapers) -> list[str]:
    """Controls that flag more than a fifth of a population of at least twenty, by id."""
    noisy = (pl.col("exceptions") * _NOISY_PART > pl.col("population")) & (pl.col("population") >= _NOISY_FROM)
    return workpapers.outcomes.controls.filter(noisy.fill_null(value=False))["control_id"].sort().to_list()


def by_stratum(workpapers: Workpapers) -> pl.DataFrame:
    """Exceptions between the engagement's materiality amounts, largest first: stratum, count, amount_at_risk_base, amount_unknown.

    `overall` from overall materiality up, then `performance`, `above_trivial` and `trivial`; `unvalued` where no amount is known.
    Without amounts in the engagement there are no strata.
    """
    stated = workpapers.engagement.materiality
    names = {"overall": "overall", "performance": "performance", "clearly_trivial": "above_trivial"}
    amounts = [(word, getattr(stated, name)) for name, word in names.items() if stated is not None and getattr(stated, name) is not None]
    amount = pl.col("amount_at_risk_base")
    stratum = pl.lit("trivial" if stated is not None and stated.clearly_trivial is not None else "below")
    for word, text in reversed(amounts):
        stratum = pl.when(amount >= pl.lit(Decimal(text)).cast(MONEY)).then(pl.lit(word)).otherwise(stratum)
    found = workpapers.register.exceptions.filter(pl.lit(value=bool(amounts)))
    order = pl.col("stratum").replace_strict(
        {word: i for i, word in enumerate((*names.values(), "trivial", "below"))}, default=9, return_dtype=pl.Int8
    )
    told = found.with_columns(stratum=pl.when(amount.is_null()).then(pl.lit("unvalued")).otherwise(stratum))
    return told.group_by("stratum").agg(_COUNTED).sort(order)


def by_family(workpapers: Workpapers) -> pl.DataFrame:
    """One row per family of controls that found something, sorted by its name."""
    family = pl.col("control_id").str.slice(0, 3).alias("family")
    return workpapers.register.exceptions.group_by(family).agg(_COUNTED).sort("family")


def summed(exceptions: pl.DataFrame, key: str, most: int) -> pl.DataFrame:
    """The largest sums of known amounts at risk by `key`, at most so many: key, amount_at_risk_base."""
    found = exceptions.filter(pl.col(key).is_not_null()).group_by(key).agg(pl.col("amount_at_risk_base").sum())
    return found.filter(pl.col("amount_at_risk_base") > 0).sort("amount_at_risk_base", key, descending=[True, False]).head(most)


def counted_once(workpapers: Workpapers) -> Decimal:
    """At risk with every order (else document) counted once, with the largest of its amounts: several controls may speak about one."""
    number = pl.coalesce("order_number", "document_number")
    keys = ["cycle", "company_code", pl.when(pl.col("order_number").is_null()).then("party_id").alias("_party"), number.alias("_number")]
    worst = workpapers.register.exceptions.group_by(keys).agg(pl.col("amount_at_risk_base").max())
    return Decimal(worst["amount_at_risk_base"].sum())


def by_cycle(workpapers: Workpapers) -> pl.DataFrame:
    """One row per cycle in which something was found, sorted by its name."""
    return workpapers.register.exceptions.group_by("cycle").agg(_COUNTED).sort("cycle")


def by_control(workpapers: Workpapers) -> pl.DataFrame:
    """One row per control and severity that found something; the heaviest first."""
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITIES)}, default=len(SEVERITIES), return_dtype=pl.Int64)
    found = workpapers.register.exceptions.with_columns(rank=rank).group_by("control_id").agg(*_COUNTED, pl.col("rank").min())
    worst = pl.col("rank").replace_strict(dict(enumerate(SEVERITIES)), default=None, return_dtype=pl.String).alias("severity")
    return found.sort("rank", "amount_at_risk_base", "control_id", descending=[False, True, False], nulls_last=True).with_columns(worst).drop("rank")


def controls_by_status(workpapers: Workpapers) -> dict[str, int]:
    """How many controls ended in each status."""
    counted = workpapers.outcomes.controls.group_by("status").len()
    found = dict(zip(counted["status"].to_list(), counted["len"].to_list(), strict=True))
    return {status: int(found.get(status, 0)) for status in CONTROL_STATUSES}


def balances(layers: pl.DataFrame) -> pl.DataFrame:
    """One row per kind and age bucket: kind, age_bucket, count, amount_base, amount_unknown (layers without a known rate)."""
    grouped = layers.group_by("kind", "age_bucket").agg(
        pl.len().cast(pl.Int64).alias("count"),
        known_sum("amount_base"),
        pl.col("amount_base").is_null().sum().cast(pl.Int64).alias("amount_unknown"),
    )
    return grouped.sort(_place("kind", list(KINDS)), _place("age_bucket", ages.present(grouped["age_bucket"])), "kind", "age_bucket")


def balances_by_kind(layers: pl.DataFrame) -> pl.DataFrame:
    """One row per kind: kind, count, amount_base, amount_unknown."""
    return totalled(balances(layers), "kind")


def totalled(counted: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows of `balances` added up per key, in their order."""
    return counted.group_by(key, maintain_order=True).agg(pl.col("count").sum(), known_sum("amount_base"), pl.col("amount_unknown").sum())


def balances_by_party(layers: pl.DataFrame, most: int) -> pl.DataFrame:
    """The parties with the largest open amounts of each kind, at most so many per kind, and how many parties there are."""
    grouped = layers.group_by("kind", "party_id").agg(
        pl.col("party_name").drop_nulls().min(),
        pl.len().cast(pl.Int64).alias("count"),
        known_sum("amount_base"),
        pl.col("age_days").max().alias("oldest_days"),
    )
    placed = grouped.sort(_place("kind", list(KINDS)), "kind", "amount_base", "party_id", descending=[False, False, True, False], nulls_last=True)
    return placed.with_columns(parties=pl.len().over("kind")).filter(pl.int_range(pl.len()).over("kind") < most)


def balances_by_currency(layers: pl.DataFrame) -> pl.DataFrame:
    """One row per kind and document currency: kind, currency, count, amount in that currency, amount_base."""
    grouped = layers.group_by("kind", "currency").agg(pl.len().cast(pl.Int64).alias("count"), known_sum("amount"), known_sum("amount_base"))
    return grouped.sort(_place("kind", list(KINDS)), "currency")


def doorways(workpapers: Workpapers) -> list[dict[str, Any]]:
    """One row per doorway in the order of the journey: rows in, out, set aside, whether every table holds."""
    grouped = workpapers.tie_out.group_by("doorway", maintain_order=True).agg(
        pl.col("rows_in", "rows_out", "rows_set_aside").sum(), pl.col("holds").all(), tables=pl.col("table").n_unique()
    )
    return grouped.to_dicts()


def set_aside(workpapers: Workpapers) -> int:
    """Rows set aside with a reason before matching, over all doorways and tables. What matching leaves out was still audited."""
    before = workpapers.tie_out.filter(pl.col("doorway") != "match")
    return int(before["rows_set_aside"].sum())


def changes(workpapers: Workpapers) -> dict[str, int]:
    """How many exceptions are new, still open, closed, not tested again since the run given as history."""
    counted = workpapers.register.changes.group_by("change").len()
    return dict(sorted(zip(counted["change"].to_list(), counted["len"].to_list(), strict=True)))


def _place(column: str, order: list[str]) -> pl.Expr:
    return pl.col(column).replace_strict({word: i for i, word in enumerate(order)}, default=len(order), return_dtype=pl.Int64)
