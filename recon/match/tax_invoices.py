"""Bills and payments against the tax invoices that stand behind them. Bucket-local; the register is the company's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import local_day, shaped, table
from recon.match.tax_ids import check_character_holds, differs
from recon.match.tax_register import NORMAL, has_register, register, with_key

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Settlement

_BILLS: Final = ("invoice", "value_debit")
_KEY: Final = ["company_code", "party_id", "document_number", "document_date", "internal_number"]
_OF_DOCUMENT: Final = [*_KEY, "document_type"]
_NAMED: Final = ["official_invoice_number", "official_invoice_code"]
_TAX_IDS: Final = ("buyer_tax_id", "company_tax_id", "seller_tax_id", "supplier_tax_id")
_COLUMNS: Final = [
    *_KEY, *_NAMED, "document_type", "order_number", "booked_date", "paid_date", "currency", "booked_tax_base", "source_file", "source_row",
]  # fmt: skip


def tax_invoice_link(settled: pl.DataFrame, settlement: Settlement, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live supplier bill and tax invoice that it names (one where it names none), and per payment that pays no bill; sorted.

    since_date: the day of booking or of the first payment, whichever is first. has_valid_link: one of the tax invoices named stands in the
    register with the status normal; null where the register does not say. `settled`: invoice_match.
    """
    if not has_register(accepted):
        return pl.LazyFrame(schema=schema("tax_invoice_link"))
    known = register(accepted, engagement)
    rows = pl.concat([_bills(settled, accepted, engagement), _payments(settlement, accepted)]).with_row_index("place")
    named = with_key(rows, known).join(known.drop("bare", "company_code", "source_file", "source_row", *_NAMED), on="key", how="left", validate="m:1")
    since = pl.min_horizontal("booked_date", "paid_date")
    linked = _with_tax_ids(named, accepted).with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        since_date=since,
        age_days=(pl.lit(engagement.as_of) - since).dt.total_days(),
        is_past_year=since.dt.year() < engagement.as_of.year,
        is_registered=pl.col("key").is_not_null() & pl.col("key").is_in(known["key"].implode()),
        is_paid=pl.col("paid_date").is_not_null(),
        is_claimed=pl.col("checkoff_period_count") > 0,
        is_stale=_is_stale(),
        amount_net_base="amount_net",
        tax_amount_base="tax_amount",
    ).with_columns(is_valid=pl.when("is_registered").then(pl.col("status") == NORMAL).otherwise(pl.lit(value=False)))  # fmt: skip
    judged = linked.with_columns(
        has_valid_link=pl.col("is_valid").any(ignore_nulls=False).over(_OF_DOCUMENT),
        is_first=pl.col("place") == pl.col("place").min().over(_OF_DOCUMENT),
    )
    told = described(judged.lazy(), "tax_invoice_link", accepted).collect()
    return shaped(told, schema("tax_invoice_link")).sort(*_KEY, "official_invoice_number", "document_type", nulls_last=True).lazy()


def _bills(settled: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    bills = settled.filter(
        (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("is_live") & pl.col("invoice_kind").is_in(_BILLS) & (pl.col("amount_gross") > 0)
    ).with_columns(
        document_type=pl.lit(PROCURE_TO_PAY.invoice_type),
        document_number="invoice_number",
        document_date="invoice_date",
        booked_date="posting_date",
        paid_date=local_day("first_payment_at", engagement),
        booked_tax_base=money.amount(pl.col("amount_gross") - pl.col("amount_net"), pl.col("fx_rate")),
    )  # fmt: skip
    lines = table(accepted, PROCURE_TO_PAY.invoice_table).filter(
        pl.col("official_invoice_number").is_not_null() & ~pl.col("is_cancelled").fill_null(value=False)
    )
    numbers = lines.select(
        "company_code", "internal_number", *_NAMED, party_id="supplier_id", document_number="invoice_number", document_date="invoice_date"
    ).unique().collect()  # fmt: skip
    return bills.join(numbers, on=_KEY, how="left", nulls_equal=True).select(_COLUMNS).sort(_COLUMNS, nulls_last=True)


def _payments(settlement: Settlement, accepted: Accepted) -> pl.DataFrame:
    """Payments of the plain kind that settle nothing: there is no bill that could name their tax invoice, so they may name it themselves."""
    payments = settlement.payments.filter(
        (pl.col("cycle") == PROCURE_TO_PAY.name)
        & pl.col("exclusion_reason").is_null()
        & (pl.col("payment_kind").fill_null("payment") == "payment")
        & (pl.col("amount") > 0)
        & ~pl.col("payment_id").is_in(settlement.applied["payment_id"].implode())
    )
    named = table(accepted, PROCURE_TO_PAY.payment_table).select("company_code", "payment_number", *_NAMED).collect()
    told = payments.join(named, on=["company_code", "payment_number"], how="left", validate="m:1").with_columns(
        document_type=pl.lit(PROCURE_TO_PAY.payment_type),
        document_number="payment_number",
        document_date="payment_date",
        booked_date=pl.lit(None, dtype=pl.Date),
        paid_date="payment_date",
        booked_tax_base=pl.lit(None, dtype=money.MONEY),
        internal_number=pl.lit(None, dtype=pl.String),
        order_number=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    return told.select(_COLUMNS).sort(_COLUMNS, nulls_last=True)


def _with_tax_ids(rows: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Add the tax numbers of both masters, the supplier's country, and what comparing them says."""
    companies = table(accepted, "company").select("company_code", company_tax_id="tax_id").unique("company_code", keep="any").collect()
    suppliers = (
        table(accepted, PROCURE_TO_PAY.party_table).select("party_id", "country", supplier_tax_id="tax_id").unique("party_id", keep="any").collect()
    )
    joined = rows.join(companies, on="company_code", how="left", validate="m:1", maintain_order="left").join(
        suppliers, on="party_id", how="left", validate="m:1", maintain_order="left"
    )
    holds = pl.all_horizontal(check_character_holds(name).fill_null(value=True) for name in _TAX_IDS)
    return joined.with_columns(
        buyer_differs=differs("buyer_tax_id", "company_tax_id"),
        seller_differs=differs("seller_tax_id", "supplier_tax_id"),
        check_characters_hold=holds,
    )


def _is_stale() -> pl.Expr:
    """Whether the status changed after it was verified; null where a change is on record and nobody says when it was verified."""
    return pl.when(pl.col("status_changed_at").is_null()).then(pl.lit(value=False)).otherwise(pl.col("verified_at") < pl.col("status_changed_at"))
