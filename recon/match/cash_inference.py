"""Cash of which nobody said what it pays: applied only where the figures leave one answer, never by guess.

Passes in order, each on what the earlier ones left: the whole account; the one open invoice of exactly this amount; everything past due
of the account; the whole account up to a day; the one set of open invoices that adds up; the one open invoice of this amount in the payer's group. Parties who pay on account by agreement
(policy `cash_oldest_first`) are filled from their oldest invoice instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.scopes import resolve
from recon.match.given import shaped
from recon.match.position import ACCOUNT, CLAIMS, ZERO, Position
from recon.match.subset_sums import MOST_AMOUNTS, sets_adding_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.scopes import ScopedRule

_BY: Final = list(ACCOUNT)
#: A parent pays for its subsidiary: the last pass looks at all accounts of a group.
_BY_GROUP: Final = ["cycle", "company_code", "group_id", "currency"]
#: How often the account is read again after its first payment that fits nowhere has been laid aside.
_ROUNDS: Final = 12
#: Up to so many open invoices every set is tried for every payment, in thousandths of a second. Among more, up to forty, a search takes up to a
#: quarter of a second, so only the first payments of an account are tried; the rest, and payments beside more invoices, say "not_decided".
_QUICK_SET: Final = 20
_MOST_SEARCHES: Final = 40
#: Pairs of a payment and an open invoice of its account that are looked at in one piece.
_PAIRS_AT_ONCE: Final = 8_000_000
#: Whether an invoice may be part of what a payment pays.
_FITS: Final = (pl.col("invoice_day") <= pl.col("day")) & (pl.col("room") <= pl.col("left"))


#: Payments that fit several ways, or were not searched for: the invoices of the first answer, the number of answers, and of invoices looked at.
UNSETTLED: Final = ("payment_id", "certainty", "candidates", "candidate_count", "searched_count")


def inferred(position: Position, rules: Sequence[ScopedRule]) -> tuple[Position, pl.DataFrame]:
    """The position after the passes, and UNSETTLED of payments with several answers or no decision."""
    position = _oldest_first(position, rules)
    position = _cleared(position, in_full=True)
    position = position.booked(_one_invoice(position, _BY, "one_invoice"))
    position = position.booked(_past_due(position))
    position = _cleared(position, in_full=False)
    claims, unsettled = _one_set(position)
    position = position.booked(claims)
    decided = _one_invoice(position.with_payments(pl.col("group_id") != pl.col("party_id")), _BY_GROUP, "one_invoice_of_group")
    return position.booked(decided.join(unsettled, on="payment_id", how="anti")), unsettled


def _one_invoice(position: Position, by: list[str], name: str) -> pl.DataFrame:
    """Payments with exactly one open invoice of their amount (or of it less the discount in time) on their day, in the account or its group.

    Two payments that fit one invoice: the earlier one pays it.
    """
    invoices = position.open().select(
        *by, "invoice_id", "grace_date", invoice_day="day", discount="discount", full="room", is_whole=pl.col("room") == pl.col("gross")
    )
    full = invoices.with_columns(room="full", discount=ZERO)
    is_offered = pl.col("is_whole").fill_null(value=False) & (pl.col("discount") > 0)
    discounted = invoices.filter(is_offered).with_columns(room=pl.col("full") - pl.col("discount"))
    paid = position.free().select(*by, "payment_id", "number", "day", "counted_day", room="left")
    only = _with_one(pl.concat([full.with_columns(is_discounted=False), discounted.with_columns(is_discounted=True)]), paid, [*by, "room"])
    first = only.sort("day", "number", "payment_id").unique("invoice_id", keep="first", maintain_order=True)
    return _claims(first, name, amount=pl.col("room"), discount=pl.col("discount"))


def _with_one(invoices: pl.DataFrame, paid: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The payments that exactly one of the invoices fits, beside it.

    Payments of one day meet the same invoices, and invoices with the same days the same payments: days are laid beside days, not rows beside rows.
    """
    said, when = [*by, "invoice_day", "grace_date", "is_discounted"], [*by, "day", "counted_day"]
    kinds = invoices.group_by(said).agg(invoice_count=pl.len()).join(paid.select(when).unique(), on=by, how="inner")
    in_time = (~pl.col("is_discounted") | (pl.col("counted_day") <= pl.col("grace_date"))).fill_null(value=False)
    fit = kinds.filter((pl.col("invoice_day") <= pl.col("day")) & in_time)
    one = fit.filter(pl.col("invoice_count").sum().over(when) == 1)
    fits = one.join(invoices, on=said, how="inner", nulls_equal=True)
    return paid.join(fits, on=when, how="inner", nulls_equal=True)


def _cleared(position: Position, *, in_full: bool) -> Position:
    """Payments that settle an account exactly, credits netted: all that was open before their day, or all up to any earlier day.

    On each account the payments' running total is laid beside the running total of open documents at the end of each day. A
    payment that begins and ends at such a total pays what lies between. The first payment that does not is laid aside,
    and the account is read again without it.
    """
    waiting = position.free().filter(pl.col("left") > 0)
    for _ in range(_ROUNDS):
        if waiting.is_empty():
            break
        days = _day_ends(position)
        read = waiting.sort(*_BY, "day", "number").with_columns(after=pl.col("left").cum_sum().over(_BY))
        read = read.with_columns(before=pl.col("after") - pl.col("left"))
        starts = days.select(*_BY, before="total", start_day="account_day")
        read = read.join(days.rename({"total": "after", "account_day": "end_day"}), on=[*_BY, "after"], how="left", validate="m:1")
        read = read.join(starts, on=[*_BY, "before"], how="left", validate="m:1")
        begins = (pl.col("before") == 0) | (pl.col("start_day") < pl.col("end_day"))
        is_clear = begins & (pl.col("end_day") <= pl.col("day"))
        if in_full:
            is_clear &= pl.col("next_day").is_null() | (pl.col("next_day") >= pl.col("day"))
        read = read.with_columns(is_clear=is_clear.fill_null(value=False))
        position = position.booked(_between(position, read.filter("is_clear"), "account_cleared" if in_full else "period_cleared"))
        stuck = read.filter(~pl.col("is_clear")).with_columns(place=pl.int_range(pl.len()).over(_BY))
        waiting = stuck.filter(pl.col("place") > 0).select(waiting.columns)
    return position


def _was_open(is_debt: pl.Expr) -> pl.Expr:
    """Whether an open document was there on the day, and past due where it is a debt; a credit waits for no day."""
    return (pl.col("invoice_day") <= pl.col("day")) & (~is_debt | (pl.col("due_date") < pl.col("day"))).fill_null(value=False)


def _past_due(position: Position) -> pl.DataFrame:
    """Payments of exactly what was past due on the account on their day, credits of that day netted; of two such payments the first pays it.

    One invoice past due by itself is left to the pass that looks for its amount.
    """
    due = position.open().select(*_BY, "invoice_id", "room", "due_date", invoice_day="day")
    paid = position.free().filter(pl.col("left") > 0).select(*_BY, "payment_id", "number", "left", "day")
    # sums of days first: every payment beside every invoice of an account would be as many rows as their product
    signed = due.group_by(*_BY, "invoice_day", "due_date", is_debt=pl.col("room") > 0).agg(pl.col("room").sum(), invoice_count=pl.len())
    days = paid.select(*_BY, "day").unique().join(signed, on=_BY, how="inner").filter(_was_open(pl.col("is_debt")))
    totals = days.group_by(*_BY, "day").agg(total=pl.col("room").sum(), invoice_count=pl.col("invoice_count").sum())
    whole = paid.join(totals, on=[*_BY, "day"], how="inner", validate="m:1").filter(
        (pl.col("total") == pl.col("left")) & (pl.col("invoice_count") > 1)
    )
    turn = pl.struct("day", "number", "payment_id").rank("dense").over(_BY)
    pairs = whole.filter(turn == 1).select(paid.columns).join(due, on=_BY, how="inner").filter(_was_open(pl.col("room") > 0))
    return _claims(pairs, "past_due_cleared", amount=pl.col("room"))


def _day_ends(position: Position) -> pl.DataFrame:
    """Running total of each account's open documents at the end of each day; a total that comes back is read the first time."""
    days = position.open().group_by(*_BY, account_day="day").agg(room=pl.col("room").sum()).sort(*_BY, "account_day")
    return (
        days.select(*_BY, "account_day", total=pl.col("room").cum_sum().over(_BY), next_day=pl.col("account_day").shift(-1).over(_BY))
        .filter(pl.col("total") > 0)
        .unique([*_BY, "total"], keep="first", maintain_order=True)
    )


def _between(position: Position, clear: pl.DataFrame, name: str) -> pl.DataFrame:
    ends = clear.select(*_BY, "payment_id", "left", "start_day", "end_day").sort(*_BY, "end_day")
    invoices = position.open().select(*_BY, "invoice_id", "room", "day").sort(*_BY, "day")
    carried = invoices.join_asof(ends, left_on="day", right_on="end_day", by=_BY, strategy="forward", check_sortedness=False)
    is_between = pl.col("payment_id").is_not_null() & (pl.col("start_day").is_null() | (pl.col("day") > pl.col("start_day")))
    between = carried.filter(is_between)
    return _claims(between.filter(pl.col("room").sum().over("payment_id") == pl.col("left")), name, amount=pl.col("room"))


def _oldest_first(position: Position, rules: Sequence[ScopedRule]) -> Position:
    """Fill the invoices of parties who pay on account from the oldest: two number lines laid side by side."""
    if not any(rule.settings.get("cash_oldest_first") == "true" for rule in rules):
        return position
    scoped = resolve(position.free().lazy(), rules, {"cash_oldest_first": "false"}).collect()
    agreed = scoped.filter((pl.col("cash_oldest_first") == "true") & (pl.col("left") > 0))
    paid = agreed.sort(*_BY, "day", "number").select(*_BY, "payment_id", point=pl.col("left").cum_sum().over(_BY))
    due = position.open().filter(pl.col("room") > 0).join(agreed.select(_BY).unique(), on=_BY, how="semi")
    billed = due.sort(*_BY, "day", "number", "invoice_id").select(*_BY, "invoice_id", point=pl.col("room").cum_sum().over(_BY))
    points = pl.concat([paid, billed], how="diagonal").group_by(*_BY, "point").agg(pl.col("payment_id").max(), pl.col("invoice_id").max())
    parts = points.sort(*_BY, "point").with_columns(
        pl.col("payment_id").fill_null(strategy="backward").over(_BY),
        pl.col("invoice_id").fill_null(strategy="backward").over(_BY),
        amount=pl.col("point") - pl.col("point").shift(1).over(_BY).fill_null(ZERO),
    )
    parts = parts.filter(pl.col("payment_id").is_not_null() & pl.col("invoice_id").is_not_null())
    position = position.booked(_claims(parts, "oldest_first", amount=pl.col("amount"), certainty="certain"))
    is_agreed = pl.col("payment_id").is_in(agreed["payment_id"].implode())
    payments = position.payments.with_columns(is_free=pl.col("is_free") & ~is_agreed)
    return Position(payments, position.invoices, position.applied)


def _fitting(paid: pl.DataFrame, due: pl.DataFrame) -> pl.DataFrame:
    """The payments with `searched_count`, how many open invoices each may pay, and their `total`; some payments at a time, for all pairs are too many."""
    sizes = paid.join(due.group_by(_BY).agg(due_count=pl.len().cast(pl.Int64)), on=_BY, how="inner", validate="m:1")
    piece = (sizes["due_count"].cum_sum() // _PAIRS_AT_ONCE).alias("piece")
    parts = sizes.drop("due_count").with_columns(piece).partition_by("piece", include_key=False)
    key = paid.columns
    totals = [
        part.join(due, on=_BY, how="inner").filter(_FITS).group_by(key).agg(searched_count=pl.len().cast(pl.Int64), total=pl.col("room").sum())
        for part in parts
    ]
    none = paid.head(0).with_columns(searched_count=pl.lit(0, dtype=pl.Int64), total="left")
    return pl.concat([none, *totals], how="vertical_relaxed")


def _one_set(position: Position) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Payments that exactly one set of the account's open invoices adds up to; sets of two payments must not share an invoice."""
    due = position.open().filter(pl.col("room") > 0).select(*_BY, "invoice_id", "room", invoice_day="day")
    paid = position.free().filter(pl.col("left") > 0).select(*_BY, "payment_id", "number", "left", "day")
    counted = _fitting(paid, due).filter((pl.col("searched_count") > 1) & (pl.col("total") >= pl.col("left")))
    is_long = pl.col("searched_count") > _QUICK_SET
    turn = pl.struct(is_long, "day", "number", "payment_id").rank("ordinal").over(*_BY, is_long)
    is_tried = ~is_long | ((turn <= _MOST_SEARCHES) & (pl.col("searched_count") <= MOST_AMOUNTS))
    counted = counted.with_columns(is_tried=is_tried).sort("payment_id")
    searched = counted.filter("is_tried").join(due, on=_BY, how="inner").filter(_FITS).sort(
        "payment_id", "room", "invoice_id", descending=[False, True, False]
    ).group_by(*counted.columns, maintain_order=True).agg("invoice_id", "room")  # fmt: skip
    sums, amounts = searched["left"].to_physical().to_list(), searched["room"].list.eval(pl.element().to_physical()).to_list()
    answers = [sets_adding_up(*given) for given in zip(sums, amounts, strict=True)]
    verdicts = searched.with_columns(
        certainty=pl.Series([answer.verdict for answer in answers], dtype=pl.String),
        members=pl.Series([answer.members for answer in answers], dtype=pl.List(pl.UInt32)),
    )
    ids = pl.col("invoice_id").list.gather(pl.col("members"))
    verdicts = verdicts.with_columns(
        candidates=pl.when(pl.col("certainty") != "not_decided").then(ids),
        candidate_count=pl.Series([answer.count for answer in answers], dtype=pl.Int64),
    )
    untried = counted.filter(~pl.col("is_tried")).with_columns(
        certainty=pl.lit("not_decided"), candidates=pl.lit(None, dtype=verdicts.schema["candidates"]), candidate_count=pl.lit(0, dtype=pl.Int64)
    )
    unique = verdicts.filter(pl.col("certainty") == "unique").explode("members")
    unique = unique.with_columns(invoice_id=pl.col("invoice_id").list.get("members"), amount=pl.col("room").list.get("members"))
    unique = unique.with_columns(is_contested=pl.len().over("invoice_id") > 1)
    unique = unique.with_columns(is_shared=pl.col("is_contested").any().over("payment_id"))
    unsettled = pl.concat(
        [
            verdicts.filter(pl.col("certainty").is_in(["ambiguous", "not_decided"])).select(UNSETTLED),
            untried.select(UNSETTLED),
            unique.filter("is_shared").unique("payment_id").with_columns(certainty=pl.lit("ambiguous")).select(UNSETTLED),
        ]
    )
    return _claims(unique.filter(~pl.col("is_shared")), "one_set", amount=pl.col("amount")), unsettled


def _claims(pairs: pl.DataFrame, name: str, *, amount: pl.Expr, discount: pl.Expr = ZERO, certainty: str = "unique") -> pl.DataFrame:
    claims = pairs.select(
        "payment_id",
        "invoice_id",
        amount=amount,
        discount=discount,
        write_off=ZERO,
        **{"pass": pl.lit(name)},
        certainty=pl.lit(certainty),
    )
    return shaped(claims, CLAIMS)
