"""Suppliers and customers at a glance: delivery, quality, price, payment, exceptions. Shares are of counted lines, with the counts beside."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from recon.report.blocks import packed, shown
from recon.report.figures import UNKNOWN, number

if TYPE_CHECKING:
    from recon.domain.workpapers import Workpapers
    from recon.report.words import Words

_PLAIN_MOST: Final = 12
_GLANCE: Final = {
    "procure_to_pay": ("on_time_in_full_percent", "rejected_percent", "exceptions"),
    "order_to_cash": ("paid_late_percent", "mean_days_after_due", "exceptions"),
}
_TENTH: Final = Decimal("0.1")
_SHARES: Final = {
    "on_time_in_full_percent": ("on_time_in_full_line_count", "due_line_count"),
    "first_on_time_in_full_percent": ("first_on_time_in_full_line_count", "first_due_line_count"),
    "rejected_percent": ("rejected_line_count", "fulfilled_line_count"),
    "paid_late_percent": ("settled_late_invoice_count", "settled_invoice_count"),
}
_COLUMNS: Final = {
    "procure_to_pay": (
        "on_time_in_full_percent",
        "first_on_time_in_full_percent",
        "late_line_count",
        "mean_late_days",
        "rejected_percent",
        "price_variance",
    ),
    "order_to_cash": ("settled_invoice_count", "paid_late_percent", "mean_days_after_due", "on_time_in_full_percent", "late_line_count"),
}


def scorecards(workpapers: Workpapers, words: Words) -> dict[str, Any]:
    """One card table per cycle: the parties with the most business first; the whole as a grid."""
    if workpapers.parties is None or workpapers.parties.is_empty():
        return {"cards": []}
    found = workpapers.register.exceptions.group_by("cycle", "party_id").agg(
        exceptions=pl.len().cast(pl.Int64), amount_at_risk_base=pl.col("amount_at_risk_base").sum()
    )
    parties = workpapers.parties.join(found, on=["cycle", "party_id"], how="left", validate="1:1")
    parties = parties.with_columns(
        pl.col("exceptions").fill_null(0), *(percent(part, whole).alias(name) for name, (part, whole) in _SHARES.items()), *_means()
    )
    cards = []
    for cycle, columns in _COLUMNS.items():
        own = parties.filter(pl.col("cycle") == cycle).sort("ordered_amount_base", "party_id", descending=[True, False], nulls_last=True)
        if own.is_empty():
            continue
        block = Markup(packed(own, _grid(columns, words), words))  # noqa: S704 - base64
        cards.append(
            {
                "cycle": cycle,
                "columns": columns,
                "rows": own.head(_PLAIN_MOST).to_dicts(),
                "count": own.height,
                "block": block,
                "glance": _GLANCE[cycle],
            }
        )
    return {"cards": cards, "cards_plain": _PLAIN_MOST}


def percent(part: str, whole: str) -> pl.Expr:
    """Part of whole in percent, one digit behind the point, half away from zero; null where the whole is none."""
    scaled = pl.col(part).cast(pl.Int64) * 1000
    rest = (scaled * 2 + pl.col(whole).cast(pl.Int64)) // (pl.col(whole).cast(pl.Int64) * 2)
    return pl.when(pl.col(whole) > 0).then((rest.cast(pl.Decimal(38, 1)) * pl.lit(Decimal("0.1"))).cast(pl.Decimal(38, 1)))


def share(part: int, whole: int) -> str:
    """One share as people read it, the same rounding as `percent`."""
    return UNKNOWN if not whole else number((Decimal(part) * 100 / whole).quantize(_TENTH, ROUND_HALF_UP), 1) + " %"


def _means() -> list[pl.Expr]:
    """Days late per late line, and days after the due date weighted by amount: rounded to a tenth."""
    late, weight = pl.col("late_line_count").cast(pl.Int64), pl.col("settled_amount_base")
    days = (pl.col("late_day_count").cast(pl.Int64) * 20 + late) // (late * 2)
    after = (pl.col("settled_day_amount_base").cast(pl.Decimal(38, 10)) / weight.cast(pl.Decimal(38, 10))).round(1, mode="half_away_from_zero")
    return [
        pl.when(late > 0).then((days.cast(pl.Decimal(38, 1)) * pl.lit(Decimal("0.1"))).cast(pl.Decimal(38, 1))).alias("mean_late_days"),
        pl.when(weight > 0).then(after.cast(pl.Decimal(38, 1))).alias("mean_days_after_due"),
    ]


def _grid(columns: tuple[str, ...], words: Words) -> list[Any]:
    counts = ("due_line_count", "on_time_in_full_line_count", "undelivered_line_count", "fulfilled_line_count", "rejected_line_count")
    unread = ("first_unknown_line_count",) if "first_on_time_in_full_percent" in columns else ()
    more = ("returned_line_count", "invoice_line_count", "settled_invoice_count", "settled_late_invoice_count")
    return [
        shown("party_id", words, width=96),
        shown("party_name", words, width=-1),
        shown("order_line_count", words, width=96, span=True),
        shown("ordered_amount_base", words, width=140, digits=2, span=True),
        *(shown(name, words, width=118, digits=2 if name.endswith("variance") else 0) for name in columns),
        shown("exceptions", words, width=96),
        shown("amount_at_risk_base", words, width=124, digits=2),
        *(shown(name, words) for name in (*counts, *unread, *more) if name not in columns),
        *(shown(name, words, digits=2) for name in ("invoiced_amount_base", "quantity_variance")),
    ]
