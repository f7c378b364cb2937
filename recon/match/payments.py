"""Payments to suppliers and cash from customers under one set of names, and which of them count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import tie_out
from recon.domain.cycles import CYCLES, Cycle
from recon.domain.money import MONEY
from recon.match.given import local_day, table, with_fx_rate
from recon.match.numbers import normalised
from recon.match.position import ZERO

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Money that goes back or never went: it looks for the payment it undoes.
_UNDOING: Final = ("void", "refund")
#: Paid ahead of an invoice by declaration: it waits on account until a document names it.
PAID_AHEAD: Final = ("prepayment", "advance")
#: What only allocations of customers' cash say.
_CLERK: Final[dict[str, pl.DataType]] = {
    "reason_code": pl.String(), "applied_by": pl.String(), "applied_at": pl.Datetime("us", "UTC"), "applied_at_is_date_only": pl.Boolean(),
}  # fmt: skip
_ACCOUNT: Final = ["cycle", "company_code", "party_id", "currency"]


def payments(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """All accepted payments of both cycles, sorted, with `payment_id` and the reason why one counts for nothing.

    `reference_text` is what payer or clerk wrote; `executed_at` is the time of entry where it falls on the payment day,
    else the payment day itself (then `executed_at_is_date_only`). `exclusion_reason` is null for payments that count.
    """
    stacked = pl.concat([_of_cycle(accepted, cycle, engagement) for cycle in CYCLES])
    rated = with_fx_rate(stacked, "payment_date", accepted, engagement)
    frame = rated.sort("cycle", "company_code", "payment_date", "payment_number").collect().with_row_index("payment_id")
    undone = _undone(frame.filter(pl.col("exclusion_reason").is_null()))
    is_undone = pl.col("payment_id").is_in(undone["payment_id"].implode())
    return frame.with_columns(exclusion_reason=pl.when(is_undone).then(pl.lit("netted")).otherwise("exclusion_reason"))


def _of_cycle(accepted: Accepted, cycle: Cycle, engagement: Engagement) -> pl.LazyFrame:
    is_purchase = cycle.payment == "payment"
    texts = ["reference"] if is_purchase else ["remittance_text", "bank_reference"]
    entered = "created_at" if is_purchase else "posted_at"
    voided = pl.col("is_voided").fill_null(value=False) if is_purchase else pl.lit(value=False)
    day = pl.col(cycle.payment_date)
    is_timed = (local_day(entered, engagement) == day) & ~pl.col(f"{entered}_is_date_only")
    return table(accepted, cycle.payment_table).select(
        pl.lit(cycle.name).alias("cycle"),
        "company_code",
        pl.col(cycle.party).alias("party_id"),
        pl.col(f"{cycle.payment}_number").alias("payment_number"),
        day.alias("payment_date"),
        pl.coalesce("value_date", day).alias("value_date"),
        "amount",
        "currency",
        "fx_rate",
        pl.col(cycle.payment_kind).alias("payment_kind"),
        pl.concat_str(texts, separator=" ", ignore_nulls=True).alias("reference_text"),
        pl.when(is_timed).then(entered).otherwise(day.cast(pl.Datetime("us", "UTC"))).alias("executed_at"),
        (~is_timed.fill_null(value=False)).alias("executed_at_is_date_only"),
        "created_by",
        pl.col("released_by" if is_purchase else "created_by").alias("released_by"),
        (pl.col("payee_account") if is_purchase else pl.lit(None, dtype=pl.String)).alias("payee_account"),
        pl.col(entered).alias("entered_at"),
        pl.col(f"{entered}_is_date_only").alias("entered_at_is_date_only"),
        pl.when(voided).then(pl.lit("voided")).when(day > engagement.as_of).then(pl.lit("after the as-of date")).alias("exclusion_reason"),
        "source_file",
        "source_row",
    )


def _undone(counting: pl.DataFrame) -> pl.DataFrame:
    """payment_id of both halves of each pair of a payment and the void that undoes it in full.

    A void finds the payment that its reference names, else the only payment of the account with the same amount.
    """
    voids = counting.filter((pl.col("payment_kind") == "void") & (pl.col("amount") < 0))
    if voids.is_empty():
        return counting.select("payment_id").clear()
    paid = counting.filter(~pl.col("payment_kind").is_in(_UNDOING).fill_null(value=False)).select(
        *_ACCOUNT, paid_id="payment_id", named=normalised(pl.col("payment_number")), amount=-pl.col("amount"), paid_day="payment_date"
    )
    pairs = (
        voids.with_columns(words=normalised(pl.col("reference_text")))
        .join(paid, on=[*_ACCOUNT, "amount"], how="inner")
        .filter(pl.col("paid_day") <= pl.col("payment_date"))
        .with_columns(is_named=(pl.col("words") == pl.col("named")).fill_null(value=False))
    )
    named = pairs.filter(pl.col("is_named"))
    alone = pairs.filter((pl.len().over("payment_id") == 1) & (pl.len().over("paid_id") == 1) & ~pl.col("is_named"))
    chosen = pl.concat([named, alone]).sort("is_named", "payment_id", "paid_id", descending=[True, False, False])
    chosen = chosen.unique("payment_id", keep="first", maintain_order=True).unique("paid_id", keep="first", maintain_order=True)
    return pl.concat([chosen.select("payment_id"), chosen.select(payment_id="paid_id")])


def allocations(accepted: Accepted) -> pl.DataFrame:
    """The rows in which a clerk said what a payment pays, both cycles: amounts null where the source has none."""
    frames = []
    for cycle in CYCLES:
        written_off = pl.col("write_off_amount") if cycle.payment != "payment" else ZERO
        frames.append(
            table(accepted, cycle.allocation_table).select(
                pl.lit(cycle.name).alias("cycle"),
                "company_code",
                pl.col(f"{cycle.payment}_number").alias("payment_number"),
                "invoice_number",
                pl.col(cycle.party).alias("named_party_id"),
                pl.col("amount_applied"),
                pl.col("discount_taken").fill_null(ZERO).alias("discount_taken"),
                written_off.fill_null(ZERO).cast(MONEY).alias("write_off_amount"),
                *(pl.col(name) if cycle.payment != "payment" else pl.lit(None, dtype=kind).alias(name) for name, kind in _CLERK.items()),
            )
        )
    return pl.concat(frames).collect()


def payment_tie_out(frame: pl.DataFrame) -> pl.DataFrame:
    """Tie-out of the doorway `match` for the payment tables: voided, undone and later payments are set aside."""
    counts = pl.col("exclusion_reason").is_null()
    rows = []
    for cycle in CYCLES:
        of_cycle = frame.filter(pl.col("cycle") == cycle.name)
        rows.append(
            of_cycle.select(
                table=pl.lit(cycle.payment_table),
                doorway=pl.lit("match"),
                rows_in=pl.len().cast(pl.Int64),
                rows_out=counts.sum().cast(pl.Int64),
                rows_set_aside=(~counts).sum().cast(pl.Int64),
                amount_in=pl.col("amount").sum().cast(MONEY),
                amount_out=pl.col("amount").filter(counts).sum().cast(MONEY),
                amount_set_aside=pl.col("amount").filter(~counts).sum().cast(MONEY),
            )
        )
    return tie_out.judged(pl.concat(rows).filter(pl.col("rows_in") > 0))
