"""The register of tax invoices (fapiao), one row per number, and the documents of our books that name them.

A tax invoice is named by its 20-digit number, or by its code and its shorter number. A short number without its code names the only
tax invoice of the register that bears it, else none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.match.given import is_given, table, with_fx_rate
from recon.match.numbers import compacted, normalised

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

REGISTER: Final = "official_invoice"
_DIGITAL: Final = 20
NORMAL, VERIFIED = "normal", "verified"
#: What never counts as a booking of its own.
NO_BILL: Final = ("reversal", "credit", "value_credit")
_DOCUMENT: Final = ["company_code", "party_id", "document_number", "document_date", "internal_number"]


def key_of(number: pl.Expr, code: pl.Expr) -> pl.Expr:
    """One spelling per tax invoice; null where a short number stands without its code."""
    compact, of_code = compacted(number), compacted(code)
    return pl.when(compact.str.len_chars() == _DIGITAL).then(compact).otherwise(of_code + "/" + compact)


def has_register(accepted: Accepted) -> bool:
    """Whether a register of tax invoices was given."""
    return is_given(accepted, REGISTER)


def register(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """One row per tax invoice known by the as-of date, sorted by `key`.

    Lines add up; what is said of the whole is what its lines agree on, and where they do not, what speaks against it. Amounts are in company
    currency (null in another one). checkoff_period_count: periods in which its tax was claimed, null where the register does not say it at all.
    """
    known = pl.col("invoice_date").is_null() | (pl.col("invoice_date") <= engagement.as_of)
    rows = table(accepted, REGISTER).filter(known).with_columns(
        key=pl.coalesce(key_of(pl.col("official_invoice_number"), pl.col("official_invoice_code")), compacted(pl.col("official_invoice_number"))),
        bare=compacted(pl.col("official_invoice_number")),
    ).filter(pl.col("key").is_not_null()).sort("source_file", "source_row").collect()  # fmt: skip
    own = pl.col("currency").is_null() | (pl.col("currency") == engagement.currency)
    lines = rows.unique(["key", "line_no"], keep="first", maintain_order=True)
    figures = {name: pl.when((pl.col(name).null_count() == 0) & own.all()).then(pl.col(name).sum()) for name in ("amount_net", "tax_amount")}
    sums = lines.group_by("key").agg(**figures)
    claims = pl.col("checkoff_period").drop_nulls()
    told = rows.group_by("key").agg(
        pl.col("bare", "official_invoice_number", "official_invoice_code", "company_code", "source_file", "source_row").first(),
        pl.col("official_invoice_type", "invoice_date", "buyer_tax_id", "seller_tax_id").min(),
        status=_worst("status", NORMAL),
        verification_result=_worst("verification_result", VERIFIED),
        verified_at=pl.col("verified_at").max(),
        status_changed_at=pl.col("status_changed_at").max(),
        is_deductible=pl.col("is_deductible").all(ignore_nulls=False),
        checkoff_periods=claims.unique().sort().str.join(", "),
        checkoff_period_count=claims.n_unique().cast(pl.Int64),
    )
    counted = pl.col("checkoff_period_count") if is_given(accepted, REGISTER, "checkoff_period") else pl.lit(None, dtype=pl.Int64)
    return told.join(sums, on="key", how="left", validate="1:1").with_columns(checkoff_period_count=counted).sort("key")


def _worst(column: str, fine: str) -> pl.Expr:
    """The value of rows that disagree: whatever is not fine goes first."""
    value = pl.col(column)
    return pl.coalesce(value.filter(value != fine).min(), value.min())


def with_key(named: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Add `key` to rows with official_invoice_number and official_invoice_code; `known`: the register."""
    alone = known.filter(~pl.col("bare").is_duplicated()).select("bare", only="key")
    spelled = named.with_columns(
        bare=compacted(pl.col("official_invoice_number")), key=key_of(pl.col("official_invoice_number"), pl.col("official_invoice_code"))
    )
    return spelled.join(alone, on="bare", how="left", validate="m:1", maintain_order="left").with_columns(key=pl.coalesce("key", "only")).drop("only")


def bookings(accepted: Accepted, engagement: Engagement, cycle: Cycle) -> pl.DataFrame:
    """Live invoices of a cycle that name a tax invoice, and credits that name one or an invoice: a row per document and number.

    Amounts are those of the lines that name it. Columns: document (type, number, date), internal_number, party, company, booked_date, created_at, invoice_kind, official_invoice_number and
    code, origin_number, currency, amount_gross, amount_gross_base, source.
    """
    tax = pl.coalesce("line_tax_amount", money.amount(pl.col("line_amount_net"), pl.col("tax_rate")), pl.lit(0, dtype=money.MONEY))
    lines = table(accepted, cycle.invoice_table).filter(
        ~pl.col("is_cancelled").fill_null(value=False) & (pl.col("invoice_date") <= engagement.as_of) & pl.col("invoice_number").is_not_null()
    ).rename({cycle.party: "party_id", "invoice_number": "document_number", "invoice_date": "document_date"})  # fmt: skip
    undone = (
        lines.filter(pl.col("invoice_kind") == "reversal")
        .select("company_code", "party_id", number=normalised(pl.col("origin_invoice_number")))
        .drop_nulls()
        .unique()
    )
    is_credit = pl.col("invoice_kind").is_in(NO_BILL) & pl.col("origin_invoice_number").is_not_null()
    told = pl.col("official_invoice_number").is_not_null() | is_credit.fill_null(value=False)
    naming = lines.filter(told & (pl.col("invoice_kind") != "reversal").fill_null(value=True))
    documents = naming.group_by(*_DOCUMENT, "official_invoice_number", "official_invoice_code").agg(
        pl.col("invoice_kind", "currency", "fx_rate", "source_file").first(),
        pl.col("source_row", "created_at").min(),
        booked_date=pl.coalesce("posting_date", "document_date").min(),
        origin_number=pl.col("origin_invoice_number").drop_nulls().min(),
        order_number=pl.col(f"{cycle.order}_number").drop_nulls().min(),
        amount_gross=pl.coalesce("line_amount_gross", pl.col("line_amount_net") + tax).sum(),
    )
    rated = with_fx_rate(documents.with_columns(number=normalised(pl.col("document_number"))), "document_date", accepted, engagement)
    live = rated.join(undone, on=["company_code", "party_id", "number"], how="anti").with_columns(
        cycle=pl.lit(cycle.name),
        document_type=pl.lit(cycle.invoice_type),
        invoice_kind=pl.col("invoice_kind").fill_null("invoice"),
        amount_gross_base=money.amount(pl.col("amount_gross"), pl.col("fx_rate")),
    )
    return live.sort(*_DOCUMENT, "official_invoice_number", nulls_last=True).collect()


def is_bill() -> pl.Expr:
    """Whether a booking is a bill, not a credit or a reversal."""
    return ~pl.col("invoice_kind").is_in(NO_BILL) & (pl.col("amount_gross") > 0)


def every_booking(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The bookings of both cycles."""
    return pl.concat([bookings(accepted, engagement, cycle) for cycle in CYCLES])
