"""How balances moved in the period, as the page and the workbook show it: sums of the roll-forward per kind and per party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.report.totals import known_sum
from recon.report.vocabulary import ENTRY_KINDS, KINDS

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers

#: Parties shown per kind of balance.
_PARTIES_MOST: Final = 8
FLOWS: Final = tuple(f"{name}_amount_base" for name in ("opening", "added", "cleared", "closing", "balance", "difference"))


def movements(workpapers: Workpapers) -> dict[str, Any]:
    """Rows for the page: `rolled` per cycle and kind, `rolled_parties` the parties with most movement of each kind; none without a roll-forward."""
    rows = workpapers.roll_forward
    if rows is None or rows.is_empty():
        return {"rolled": [], "rolled_parties": []}
    moved = pl.col("added_amount_base").abs().fill_null(0) + pl.col("cleared_amount_base").abs().fill_null(0)
    parties = _summed(rows.filter(pl.col("party_id").is_not_null()), "cycle", "kind", "party_id", "party_name")
    parties = parties.with_columns(moved=moved).sort("cycle", _place(), "moved", "party_id", descending=[True, False, True, False])
    return {
        "rolled": _summed(rows, "cycle", "kind").sort("cycle", _place(), descending=[True, False]).to_dicts(),
        "rolled_parties": parties.filter(pl.int_range(pl.len()).over("cycle", "kind") < _PARTIES_MOST).to_dicts(),
    }


def accruals(workpapers: Workpapers) -> dict[str, Any]:
    """Expected entries of the period, added up per company, method and kind of entry; no rows where no method was agreed."""
    rows = workpapers.accruals
    if rows is None or rows.is_empty():
        return {"accruals": [], "accrual_methods": []}
    place = pl.col("entry_kind").replace_strict({kind: at for at, kind in enumerate(ENTRY_KINDS)}, default=len(ENTRY_KINDS), return_dtype=pl.Int64)
    counted = rows.group_by("company_code", "accrual_method", "entry_kind").agg(
        pl.len().cast(pl.Int64).alias("count"), known_sum("estimate_amount_base"), known_sum("cost_amount_base"),
        pl.col("cost_amount_base").is_null().sum().cast(pl.Int64).alias("amount_unknown"),
    )  # fmt: skip
    return {
        "accruals": counted.sort("company_code", "accrual_method", place).to_dicts(),
        "accrual_methods": rows["accrual_method"].unique().sort().to_list(),
    }


def _summed(rows: pl.DataFrame, *key: str) -> pl.DataFrame:
    return rows.group_by(key).agg(*(known_sum(name) for name in FLOWS), pl.col("item_count", "unknown_count").sum())


def _place() -> pl.Expr:
    return pl.col("kind").replace_strict({kind: place for place, kind in enumerate(KINDS)}, default=len(KINDS), return_dtype=pl.Int64)
