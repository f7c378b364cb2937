"""Documents with their amounts, as statistics look at them: what was due, by party or by the person who made them. Whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH
from recon.domain.money import MONEY
from recon.match.given import is_given, table, with_fx_rate

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_CLAIM: Final = "expense_claim"
_CLAIMS: Final = "expense_claim_line"
#: Whose documents they are: those of one kind, company and party or person.
GROUP: Final = ["company_code", "cycle", "document_type", "who"]
_SOURCE: Final = ("source_file", "source_row")


@dataclass(frozen=True)
class _Kind:
    """One kind of document: the columns that hold its number, its day, and its party or who made it."""

    cycle: str | None
    document_type: str
    number: str
    day: str
    party: str | None = None
    maker: str | None = None


def amounts(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """One row per live document with an amount above zero, in no order: invoices, payments, receipts and expense claims up to the as-of date.

    company_code, cycle, document_type, who (party, or claimant), party_id, made_by, document_number, document_date, currency, amount
    (document currency, tax included), amount_base (null where no rate is known), source_file, source_row.
    """
    parts = [_invoices(accepted, c) for c in CYCLES] + [_payments(accepted, c) for c in CYCLES] + [_claims(accepted)]
    dated = pl.concat(parts).filter(pl.col("document_date") <= engagement.as_of)
    summed = dated.group_by(
        "company_code", "cycle", "document_type", "party_id", "made_by", "document_number", "document_date", "currency"
    ).agg(pl.col("fx_rate").min(), pl.col(*_SOURCE).min(), pl.col("amount").sum(), lacking=pl.col("amount").null_count())  # fmt: skip
    whole = summed.collect(engine="streaming").lazy().filter((pl.col("lacking") == 0) & (pl.col("amount") > 0)).drop("lacking")
    rated = with_fx_rate(whole, "document_date", accepted, engagement)
    told = rated.with_columns(who=pl.coalesce("party_id", "made_by"), amount_base=money.amount(pl.col("amount"), pl.col("fx_rate").cast(money.RATE)))
    return told.drop("fx_rate").collect()


def _invoices(accepted: Accepted, cycle: Cycle) -> pl.LazyFrame:
    """Lines of invoices that count; without those that a reversal undoes."""
    lines = table(accepted, cycle.invoice_table).filter(~pl.col("is_cancelled").fill_null(value=False))
    kind = pl.col("invoice_kind").fill_null("invoice")
    undone = lines.filter(kind == "reversal").select("company_code", cycle.party, invoice_number="origin_invoice_number").unique()
    bills = lines.filter(kind == "invoice").join(undone, on=["company_code", cycle.party, "invoice_number"], how="anti")
    gross = pl.coalesce("line_amount_gross", pl.col("line_amount_net") + pl.col("line_tax_amount"), "line_amount_net")
    return _shaped(bills, _Kind(cycle.name, cycle.invoice_type, "invoice_number", "invoice_date", party=cycle.party), gross)


def _payments(accepted: Accepted, cycle: Cycle) -> pl.LazyFrame:
    rows = table(accepted, cycle.payment_table)
    usual = "receipt" if cycle is ORDER_TO_CASH else "payment"
    paid = rows.filter(pl.col(cycle.payment_kind).fill_null(usual) == usual)
    if cycle is not ORDER_TO_CASH:
        paid = paid.filter(~pl.col("is_voided").fill_null(value=False))
    kind = _Kind(cycle.name, cycle.payment_type, f"{cycle.payment}_number", cycle.payment_date, party=cycle.party)
    return _shaped(paid, kind, pl.col("amount"))


def _claims(accepted: Accepted) -> pl.LazyFrame:
    rows = table(accepted, _CLAIMS).filter(~pl.col("is_cancelled").fill_null(value=False))
    if not is_given(accepted, _CLAIMS):
        rows = rows.clear()
    return _shaped(rows, _Kind(None, _CLAIM, "claim_number", "claim_date", maker="claimant_id"), pl.col("amount"))


def _shaped(rows: pl.LazyFrame, kind: _Kind, amount: pl.Expr) -> pl.LazyFrame:
    nobody = pl.lit(None, dtype=pl.String)
    return rows.select(
        "company_code",
        "currency",
        pl.col("fx_rate").cast(money.RATE),
        *_SOURCE,
        cycle=pl.lit(kind.cycle, dtype=pl.String),
        document_type=pl.lit(kind.document_type),
        party_id=nobody if kind.party is None else pl.col(kind.party),
        made_by=nobody if kind.maker is None else pl.col(kind.maker),
        document_number=pl.col(kind.number),
        document_date=pl.col(kind.day),
        amount=amount.cast(MONEY),
    )
