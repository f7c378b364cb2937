"""How much of each payment and each invoice is still open while cash is applied pass by pass."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from recon.domain.money import MONEY

ZERO: Final = pl.lit(Decimal(0), dtype=MONEY)

#: What a pass hands over: parts of payments on invoices, signed like the documents they settle.
CLAIMS: Final[dict[str, pl.DataType]] = {
    "payment_id": pl.UInt32(),
    "invoice_id": pl.UInt32(),
    "amount": MONEY,
    "discount": MONEY,
    "write_off": MONEY,
    "pass": pl.String(),
    "certainty": pl.String(),
}
#: Payments and invoices of one account can settle each other.
ACCOUNT: Final = ("cycle", "company_code", "party_id", "currency")


@dataclass(frozen=True)
class Position:
    """Payments with what is `left` of them, invoices with the `room` they leave, and what has been applied so far.

    `payments`: payment_id, the account, group_id, number, day, counted_day (as terms count it), left, is_free (no document names what it pays).
    `invoices`: invoice_id, the account, group_id, number, day, gross, room (null where the gross is unknown), terms.
    """

    payments: pl.DataFrame
    invoices: pl.DataFrame
    applied: pl.DataFrame

    def booked(self, claims: pl.DataFrame) -> Position:
        """The position after the claims, which must fit: passes cut them to what is left before."""
        claims = claims.select(CLAIMS.keys()).filter((pl.col("amount") != 0) | (pl.col("discount") != 0) | (pl.col("write_off") != 0))
        if claims.is_empty():
            return self
        used = claims.group_by("payment_id").agg(used=pl.col("amount").sum())
        filled = claims.group_by("invoice_id").agg(filled=(pl.col("amount") + pl.col("discount") + pl.col("write_off")).sum())
        payments = self.payments.join(used, on="payment_id", how="left", validate="1:1", maintain_order="left")
        invoices = self.invoices.join(filled, on="invoice_id", how="left", validate="1:1", maintain_order="left")
        return Position(
            payments.with_columns(left=pl.col("left") - pl.col("used").fill_null(ZERO)).drop("used"),
            invoices.with_columns(room=pl.col("room") - pl.col("filled").fill_null(ZERO)).drop("filled"),
            pl.concat([self.applied, claims]),
        )

    def with_payments(self, where: pl.Expr) -> Position:
        """The same position seen by some of the payments only."""
        return Position(self.payments.filter(where), self.invoices, self.applied)

    def free(self) -> pl.DataFrame:
        """Payments of which something is left and no document says what they pay."""
        return self.payments.filter(pl.col("is_free") & (pl.col("left") != 0))

    def open(self) -> pl.DataFrame:
        """Invoices that are not settled in full."""
        return self.invoices.filter(pl.col("room") != 0)


def room_for(size: pl.Expr, limit: pl.Expr, sign: pl.Expr, by: str, order: tuple[str, ...]) -> pl.Expr:
    """How much of each claim of `size` (signed) the limit of its document (never negative) admits, first come first served.

    `sign` is the sign of the document. A claim of the other sign (a credit note inside a payment, an allocation taken
    back) is admitted whole and makes room for the others. An unknown limit admits everything.
    """
    extent = size.abs()
    is_same = (size * sign) >= 0
    same = pl.when(is_same).then(extent).otherwise(ZERO)
    made = pl.when(is_same).then(ZERO).otherwise(extent).sum().over(by)
    before = (same.cum_sum() - same).over(by, order_by=list(order))
    admitted = pl.min_horizontal(extent, pl.max_horizontal(limit + made - before, ZERO))
    return pl.when(is_same & limit.is_not_null()).then(admitted).otherwise(extent).cast(MONEY)


def room_alone(size: pl.Expr, limit: pl.Expr, sign: pl.Expr, by: str, order: tuple[str, ...]) -> pl.Expr:  # noqa: ARG001 - as `room_for`
    """`room_for` where no two claims are of one document."""
    extent = size.abs()
    is_bound = ((size * sign) >= 0) & limit.is_not_null()
    return pl.when(is_bound).then(pl.min_horizontal(extent, limit)).otherwise(extent).cast(MONEY)


def signed(extent: pl.Expr, like: pl.Expr) -> pl.Expr:
    """The extent with the sign of another amount."""
    return pl.when(like < 0).then(-extent).otherwise(extent)
