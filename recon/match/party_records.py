"""How each supplier and customer delivers, bills and pays: counts and sums, no grade.

Bucket-local: a party's documents are in one bucket. `ordered_amount_base` and the like are null where no line's rate is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.allowances import with_limits
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.domain.money import MONEY, RATE, amount
from recon.match.first_promises import first_promises, keeps_promises

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_PARTY = ("cycle", "party_id")
_LINE = ["cycle", "company_code", "order_number", "order_line_no"]
_ENDLESS_DAYS = "36500"
#: What SUP-01 allows: days before and after the promise, and the share that may be missing.
_WINDOW = ("early_days", "late_days", "short_share")


def party_records(
    accepted: Accepted, lines: MeasuredLines, invoices: pl.LazyFrame, settlements: pl.LazyFrame, engagement: Engagement
) -> pl.LazyFrame:
    """One row per party of each cycle, in the columns of `party_record`, sorted by cycle and party.

    A line is due when its promised day (else the day it is needed by) is not after the as-of date, it is live and waits for goods.
    It was on time and in full when what was accepted of the goods that came within the window of SUP-01 around that day makes up the
    ordered quantity but for the share that may be short. Late: not that, and the last day of the window went by before the line was
    complete; early: complete, not late, and not in the window. `first_…`: the same by the day that was promised first, where the source
    tells of promises that were moved (else null); lines whose first promise is on record and cannot be read are counted as unknown.
    """
    parts = [_orders(accepted, lines, engagement), _fulfilments(lines.fulfilments), _bills(lines.invoices), _payments(invoices, settlements)]
    named = pl.concat([frame.select(*_PARTY, "party_name", "group_id") for frame in (lines.orders, lines.fulfilments, lines.invoices)])
    known = named.filter(pl.col("party_id").is_not_null()).group_by(_PARTY).agg(pl.col("party_name", "group_id").min())
    for part in parts:
        known = known.join(part, on=list(_PARTY), how="left", validate="1:1")
    counts = [name for name in schema("party_record") if name.endswith("_count") and not name.startswith("first_")]
    filled = known.with_columns(pl.col(counts).fill_null(0))
    types = {cycle.name: cycle.party_table for cycle in CYCLES}
    typed = filled.with_columns(document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String))
    beyond = [name for name in schema("party_record") if name not in typed.collect_schema().names()]  # a party is in many companies and files
    filled = typed.with_columns(pl.lit(None).alias(name) for name in beyond)
    return filled.select(pl.col(name).cast(kind) for name, kind in schema("party_record").items()).sort(_PARTY)


def _orders(accepted: Accepted, lines: MeasuredLines, engagement: Engagement) -> pl.LazyFrame:
    awaited = pl.col("is_live") & pl.col("needs_fulfilment") & (pl.col("ordered_quantity") > 0)
    promised = lines.orders.filter(pl.col("is_live")).with_columns(_day=pl.coalesce("promised_date", "need_by_date"))
    orders = _with_windows(promised, lines.fulfilments, engagement)
    due = (awaited & (pl.col("_day") <= engagement.as_of)).fill_null(value=False)
    whole = (pl.coalesce("accepted_quantity", "fulfilled_quantity") >= pl.col("_asked_quantity")).fill_null(value=False)
    kept = _is_kept()
    end = pl.when(whole).then("last_fulfilled_date").otherwise(pl.lit(engagement.as_of))
    late = due & ~kept & (end > pl.col("_last_day"))
    late_days = (end - pl.col("_day")).dt.total_days()
    lateness = pl.when(awaited & (pl.col("fulfilled_quantity") > 0)).then((pl.col("last_fulfilled_date") - pl.col("promised_date")).dt.total_days())
    judged = orders.with_columns(_due=due, _whole=whole, _kept=kept, _late=late, _days=pl.when(late).then(late_days), _lateness=lateness)
    by_first = _by_first_promise(accepted, promised, lines.fulfilments, engagement)
    judged = judged.join(by_first, on=_LINE, how="left", validate="1:1")
    is_told = pl.col("cycle").is_in(sorted(keeps_promises(accepted)))
    first_due = pl.when(pl.col("_is_moved").is_null()).then("_due").otherwise(awaited & pl.col("_first_due"))
    unread = (awaited & pl.col("_is_moved") & pl.col("_first_due").is_null()).fill_null(value=False)
    first_kept = pl.when(pl.col("_is_moved").is_null()).then("_kept").otherwise("_first_kept")
    return (
        judged.with_columns(_first_due=first_due.fill_null(value=False), _first_kept=first_kept, _first_unread=unread)
        .group_by(_PARTY)
        .agg(
            order_line_count=pl.len(),
            ordered_amount_base=_known("ordered_amount_base"),
            due_line_count=pl.col("_due").sum(),
            on_time_in_full_line_count=(pl.col("_due") & pl.col("_kept")).sum(),
            late_line_count=pl.col("_late").sum(),
            late_day_count=pl.col("_days").sum(),
            early_line_count=(pl.col("_due") & pl.col("_whole") & ~pl.col("_kept") & ~pl.col("_late")).sum(),
            undelivered_line_count=(pl.col("_due") & ~pl.col("_whole")).sum(),
            dated_line_count=pl.col("_lateness").is_not_null().sum(),
            lateness_p90_days=_ninety_percent("_lateness"),
            first_due_line_count=pl.when(is_told.first()).then(pl.col("_first_due").sum()),
            first_on_time_in_full_line_count=pl.when(is_told.first()).then((pl.col("_first_due") & pl.col("_first_kept")).sum()),
            first_unknown_line_count=pl.when(is_told.first()).then(pl.col("_first_unread").sum()),
        )
    )


def _is_kept() -> pl.Expr:
    """Whether what was accepted within the window makes up what was asked for."""
    return (pl.col("_window_quantity") >= pl.col("_asked_quantity")).fill_null(value=False)


def _by_first_promise(accepted: Accepted, promised: pl.LazyFrame, fulfilments: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """Of the lines whose promise was moved (_LINE, _is_moved): whether they were due (_first_due) and kept (_first_kept) by the first one.

    `_first_due` is null where nobody can read what was promised first.
    """
    told = promised.join(first_promises(accepted, engagement), on=_LINE, how="inner", validate="1:1")
    moved = told.filter(pl.col("first_promised_date").ne_missing(pl.col("_day"))).with_columns(_day="first_promised_date")
    placed = _with_windows(moved, fulfilments, engagement)
    return placed.select(*_LINE, _is_moved=pl.lit(value=True), _first_due=pl.col("_day") <= engagement.as_of, _first_kept=_is_kept())


def _with_windows(orders: pl.LazyFrame, fulfilments: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    """Add `_last_day` of the window, `_asked_quantity` and `_window_quantity`: accepted of what came within the window.

    Only lines whose deliveries lie on both sides of an end of the window are looked at delivery by delivery.
    """
    scoped = with_limits(orders, engagement, *_WINDOW)
    days = {name: _limit(name, _ENDLESS_DAYS).cast(pl.Int64) for name in _WINDOW[:2]}
    rest = (pl.lit(1).cast(RATE) - _limit("short_share", "1").cast(RATE)).clip(lower_bound=0).cast(RATE)
    placed = scoped.with_columns(
        _first_day=pl.col("_day") - pl.duration(days=days["early_days"]),
        _last_day=pl.col("_day") + pl.duration(days=days["late_days"]),
        _asked_quantity=money.product(pl.col("ordered_quantity"), rest, scale=20),
    )
    inside = (pl.col("first_fulfilled_date") >= pl.col("_first_day")) & (pl.col("last_fulfilled_date") <= pl.col("_last_day"))
    straddles = ~inside & (pl.col("first_fulfilled_date") <= pl.col("_last_day")) & (pl.col("last_fulfilled_date") >= pl.col("_first_day"))
    split = placed.filter(straddles).select(*_LINE, "_first_day", "_last_day")
    came = fulfilments.filter(pl.col("is_live")).join(split, on=_LINE, how="inner", validate="m:1")
    timely = came.filter(pl.col("fulfilment_date").is_between(pl.col("_first_day"), pl.col("_last_day")))
    taken = timely.group_by(_LINE).agg(_taken=pl.coalesce("accepted_quantity", "quantity").sum())
    met = placed.join(taken, on=_LINE, how="left", validate="m:1")
    all_of_it = pl.coalesce("accepted_quantity", "fulfilled_quantity")
    return met.with_columns(_window_quantity=pl.when(inside).then(all_of_it).when(straddles).then(pl.col("_taken").fill_null(0)))


def _limit(name: str, endless: str) -> pl.Expr:
    """A limit of SUP-01 as text; one that is not checked or unlimited is never reached."""
    return pl.when(pl.col(name).is_in(["not_checked", "unlimited"])).then(pl.lit(endless)).otherwise(name)


def _fulfilments(fulfilments: pl.LazyFrame) -> pl.LazyFrame:
    back = pl.col("fulfilment_kind").is_in(["return", "reversal"]).fill_null(value=False)
    return (
        fulfilments.filter(pl.col("is_live"))
        .group_by(_PARTY)
        .agg(
            fulfilled_line_count=(~back).sum(),
            rejected_line_count=(~back & (pl.col("rejected_quantity") != 0)).sum(),
            returned_line_count=(pl.col("fulfilment_kind") == "return").sum(),
            delivered_quantity=pl.col("quantity").filter(~back).sum(),
            refused_quantity=_refused(),
        )
    )


def _refused() -> pl.Expr:
    """Rejected and sent back; a return of what had been rejected takes its rejection back. Null where a party's lines say neither."""
    returned = -pl.col("quantity").filter(pl.col("fulfilment_kind") == "return").sum()
    known = pl.col("rejected_quantity").is_not_null().any() | pl.col("fulfilment_kind").is_not_null().any()
    return pl.when(known).then(pl.col("rejected_quantity").sum() + returned)


def _bills(invoices: pl.LazyFrame) -> pl.LazyFrame:
    figures = {name: _known(name) for name in ("invoiced_amount_base", "quantity_variance", "price_variance")}
    return invoices.filter(pl.col("is_live")).group_by(_PARTY).agg(invoice_line_count=pl.len(), **figures)


def _payments(invoices: pl.LazyFrame, settlements: pl.LazyFrame) -> pl.LazyFrame:
    """Invoices that are paid in full, against their due dates: the day of the last payment counts."""
    key = ["cycle", "company_code", "party_id", "invoice_number"]
    last = settlements.filter(pl.col("payment_number").is_not_null()).group_by(key).agg(pl.col("payment_date").max())
    kinds = pl.col("invoice_kind").fill_null("invoice") == "invoice"
    paid = invoices.filter(
        pl.col("is_live") & kinds & (pl.col("open_amount") == 0) & pl.col("due_date").is_not_null() & pl.col("amount_gross_base").is_not_null()
    )
    dated = paid.join(last, on=key).with_columns(_days=(pl.col("payment_date") - pl.col("due_date")).dt.total_days())
    weight = amount(pl.col("amount_gross_base"), pl.col("_days").cast(pl.Decimal(38, 0)))
    return (
        dated.with_columns(_weight=weight)
        .group_by(_PARTY)
        .agg(
            settled_invoice_count=pl.len(),
            settled_late_invoice_count=(pl.col("_days") > 0).sum(),
            settled_amount_base=pl.col("amount_gross_base").sum(),
            settled_day_amount_base=pl.col("_weight").sum().cast(MONEY),
        )
    )


def _ninety_percent(column: str) -> pl.Expr:
    """The smallest of the values that nine in ten do not exceed; a whole number, not a mean of two."""
    values = pl.col(column).drop_nulls().sort()
    return values.get((values.len() * 9 + 9) // 10 - 1, null_on_oob=True)


def _known(column: str) -> pl.Expr:
    """The sum of the known figures; null when none is known, because that is not zero."""
    return pl.when(pl.col(column).is_not_null().any()).then(pl.col(column).sum())
