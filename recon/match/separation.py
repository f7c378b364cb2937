"""Two duties that two persons should have: ordering and receiving, ordering and billing, billing and paying, preparing and releasing.

Bucket-local: every row speaks about one chain of documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount
from recon.match.described import described
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_KEY: Final = ["duties", "cycle", "company_code", "party_id", "document_type", "document_number", "document_date", "internal_number", "other_number"]
_COLUMNS: Final[dict[str, pl.DataType]] = {
    "duties": pl.String(), "cycle": pl.String(), "company_code": pl.String(), "party_id": pl.String(), "document_type": pl.String(),
    "document_number": pl.String(), "internal_number": pl.String(), "document_date": pl.Date(), "order_number": pl.String(),
    "other_type": pl.String(), "other_number": pl.String(), "first_login": pl.String(), "second_login": pl.String(), "is_same_person": pl.Boolean(),
    "persons_known": pl.Boolean(), "currency": pl.String(), "amount_base": MONEY, "source_file": pl.String(), "source_row": pl.UInt32(),
}  # fmt: skip


class Persons:
    """Who stands behind a login."""

    def __init__(self, accepted: Accepted) -> None:
        known = (
            table(accepted, "user").filter(pl.col("person_id").is_not_null()).select("user_id", "person_id").unique("user_id", keep="any").collect()
        )
        self._behind = dict(zip(known["user_id"].to_list(), known["person_id"].to_list(), strict=True))

    def of(self, login: str) -> pl.Expr:
        """The person behind the login in a column; null where nobody says who it is."""
        return pl.col(login).replace_strict(self._behind, default=None, return_dtype=pl.String) if self._behind else pl.lit(None, dtype=pl.String)

    def same(self, one: str, other: str) -> pl.Expr:
        """Whether two columns of logins are one person; one login twice is, even where nobody says who it is. Never null."""
        return ((pl.col(one) == pl.col(other)) | (self.of(one) == self.of(other)).fill_null(value=False)).fill_null(value=False)

    def known(self, *logins: str) -> pl.Expr:
        """Whether at least one of these columns names a login and every login named belongs to a known person."""
        named = pl.any_horizontal(pl.col(login).is_not_null() for login in logins)
        return named & pl.all_horizontal(pl.col(login).is_null() | self.of(login).is_not_null() for login in logins)


def duty_pair(accepted: Accepted, lines: MeasuredLines, settlement: Settlement) -> pl.LazyFrame:
    """duty_pair, sorted by key: one row per pair of documents whose duties one person had, or may have had.

    Pairs of two known persons say nothing to any control; one row per company and pair of duties counts them in `document_count`.
    """
    persons = Persons(accepted)
    frames = [_received(lines, persons), _billed(lines, persons), _paid(settlement, persons), _released(settlement, persons)]
    pairs = pl.concat([frame.select(pl.col(name).cast(kind) for name, kind in _COLUMNS.items()) for frame in frames]).collect().lazy()
    is_quiet = ~pl.col("is_same_person") & pl.col("persons_known")
    loud = pairs.filter(~is_quiet).with_columns(document_count=pl.lit(1, dtype=pl.Int64))
    quiet = pairs.filter(is_quiet).group_by("duties", "cycle", "company_code").agg(
        pl.col("is_same_person", "persons_known").first(), document_count=pl.len().cast(pl.Int64), amount_base=pl.col("amount_base").abs().sum()
    )  # fmt: skip
    told = described(pl.concat([loud, quiet], how="diagonal"), "duty_pair", accepted)
    return told.select(pl.col(name).cast(kind) for name, kind in schema("duty_pair").items()).sort(_KEY)


def _received(lines: MeasuredLines, persons: Persons) -> pl.LazyFrame:
    """Receipts of an order: who ordered (entered or bought it) and who received (entered or posted the receipt)."""
    bought = lines.fulfilments.filter(pl.col("is_live") & pl.col("has_order_link") & (pl.col("cycle") == PROCURE_TO_PAY.name))
    logins = [(one, other) for one in ("ordered_by", "bought_by") for other in ("created_by", "posted_by")]
    told = bought.select(
        "cycle", "company_code", "party_id", "order_number", "currency", "amount_base", "source_file", "source_row",
        document_number="fulfilment_number", document_date="fulfilment_date",
        is_same=pl.any_horizontal(persons.same(one, other) for one, other in logins),
        known=persons.known("ordered_by", "bought_by") & persons.known("created_by", "posted_by"),
        first_login=pl.coalesce("ordered_by", "bought_by"), second_login=pl.coalesce("created_by", "posted_by"),
    )  # fmt: skip
    return _by_document(told, ["order_number"]).with_columns(
        duties=pl.lit("order and receipt"), document_type=pl.lit(PROCURE_TO_PAY.fulfilment_type), internal_number=pl.lit(None, dtype=pl.String),
        other_type=pl.lit(PROCURE_TO_PAY.order_type), other_number="order_number",
    )  # fmt: skip


def _billed(lines: MeasuredLines, persons: Persons) -> pl.LazyFrame:
    """Invoices of an order: who entered the one and who entered the other."""
    billed = lines.invoices.filter(pl.col("is_live") & pl.col("has_order_link") & (pl.col("cycle") == PROCURE_TO_PAY.name))
    told = billed.select(
        "cycle", "company_code", "party_id", "order_number", "currency", "source_file", "source_row", "internal_number",
        amount_base="invoiced_amount_base", document_number="invoice_number", document_date="invoice_date",
        is_same=persons.same("ordered_by", "created_by"), known=persons.known("ordered_by") & persons.known("created_by"),
        first_login="ordered_by", second_login="created_by",
    )  # fmt: skip
    return _by_document(told, ["order_number", "internal_number"]).with_columns(
        duties=pl.lit("order and invoice"), document_type=pl.lit(PROCURE_TO_PAY.invoice_type),
        other_type=pl.lit(PROCURE_TO_PAY.order_type), other_number="order_number",
    )  # fmt: skip


def _by_document(told: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    same = pl.col("is_same")
    return told.group_by("cycle", "company_code", "party_id", "document_number", "document_date", *key).agg(
        is_same_person=same.any(),
        persons_known=pl.col("known").fill_null(value=False).all(),
        first_login=pl.coalesce(pl.col("first_login").filter(same).min(), pl.col("first_login").min()),
        second_login=pl.coalesce(pl.col("second_login").filter(same).min(), pl.col("second_login").min()),
        currency=pl.col("currency").min(),
        amount_base=pl.when(same.any()).then(pl.col("amount_base").filter(same).sum()).otherwise(pl.col("amount_base").sum()),
        source_file=pl.col("source_file").min(),
        source_row=pl.col("source_row").min(),
    )


def _paid(settlement: Settlement, persons: Persons) -> pl.LazyFrame:
    """Payments of an invoice: who entered the invoice and who released the payment."""
    return paid_parts(settlement).filter(pl.col("cycle") == PROCURE_TO_PAY.name).with_columns(
        duties=pl.lit("invoice and payment"), document_type=pl.lit(PROCURE_TO_PAY.payment_type), document_number="payment_number",
        internal_number=pl.lit(None, dtype=pl.String), document_date="payment_date", other_type=pl.lit(PROCURE_TO_PAY.invoice_type),
        other_number="invoice_number", is_same_person=persons.same("invoice_created_by", "released_by"),
        persons_known=persons.known("invoice_created_by") & persons.known("released_by"),
        first_login="invoice_created_by", second_login="released_by",
    )  # fmt: skip


def _released(settlement: Settlement, persons: Persons) -> pl.LazyFrame:
    """Payments: who prepared and who released them."""
    made = settlement.payments.lazy().filter(pl.col("exclusion_reason").is_null() & (pl.col("cycle") == PROCURE_TO_PAY.name) & (pl.col("amount") > 0))
    return made.with_columns(
        duties=pl.lit("preparation and release"), document_type=pl.lit(PROCURE_TO_PAY.payment_type), document_number="payment_number",
        internal_number=pl.lit(None, dtype=pl.String), order_number=pl.lit(None, dtype=pl.String), document_date="payment_date",
        other_type=pl.lit(PROCURE_TO_PAY.payment_type), other_number="payment_number", first_login="created_by", second_login="released_by",
        is_same_person=persons.same("created_by", "released_by"), persons_known=persons.known("created_by") & persons.known("released_by"),
        amount_base=amount(pl.col("amount"), pl.col("fx_rate")),
    )  # fmt: skip


def paid_parts(settlement: Settlement) -> pl.LazyFrame:
    """One row per payment and invoice it was applied to, both cycles: what of both is needed to compare them.

    `amount` in the currency of both, `amount_base` at the payment's rate; `applied` adds up the parts.
    """
    parts = settlement.applied.group_by("payment_id", "invoice_id").agg(amount=pl.col("amount").sum())
    paid = settlement.payments.select(
        "cycle", "company_code", "party_id", "payment_number", "payment_date", "payment_kind", "executed_at", "executed_at_is_date_only", "currency",
        "fx_rate", "released_by", "source_file", "source_row", payment_created_by="created_by",
    )  # fmt: skip
    bills = settlement.invoices.collect().select(
        "invoice_number", "invoice_date", "internal_number", "order_number", "payment_block", "block_released_at", "block_released_at_is_date_only",
        invoice_created_by="created_by", invoice_party="party_id",
    )  # fmt: skip
    sides = [parts, paid.select(pl.all().gather(parts["payment_id"])), bills.select(pl.all().gather(parts["invoice_id"]))]
    return pl.concat(sides, how="horizontal").lazy().with_columns(amount_base=amount(pl.col("amount"), pl.col("fx_rate")))
