"""Which document a row of a canonical table speaks about, in the neutral names of measured tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.documents import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection

_ONE_CYCLE = {
    "supplier": PROCURE_TO_PAY.name,
    "customer": ORDER_TO_CASH.name,
    "delivery_confirmation_line": ORDER_TO_CASH.name,
}


@dataclass(frozen=True)
class Subject:
    """Canonical columns that say which document a row belongs to; None where the table has none."""

    cycle: str | None
    document_type: str
    number: str
    line: tuple[str, ...]
    date: str | None
    party: str | None


@cache
def subject(table: str) -> Subject:
    """The subject of a canonical table. Tables beside the two cycles are named by the columns of their key."""
    for c in CYCLES:
        found = {
            c.order_table: Subject(c.name, c.order_type, f"{c.order}_number", (f"{c.order}_line_no",), f"{c.order}_date", c.party),
            c.fulfilment_table: Subject(
                c.name, c.fulfilment_type, f"{c.fulfilment}_number", (f"{c.fulfilment}_line_no",), f"{c.fulfilment}_date", None
            ),
            c.invoice_table: Subject(c.name, c.invoice_type, "invoice_number", ("invoice_line_no",), "invoice_date", c.party),
            c.invoice_header_table: Subject(c.name, c.invoice_type, "invoice_number", (), "invoice_date", c.party),
            c.payment_table: Subject(c.name, c.payment_type, f"{c.payment}_number", (), c.payment_date, c.party),
            c.allocation_table: Subject(c.name, c.payment_type, f"{c.payment}_number", ("invoice_number",), None, c.party),
        }.get(table)
        if found is not None:
            return found
    key = [name for name in TABLES[table].key if name != "company_code"] or list(TABLES[table].key)
    party = "party_id" if TABLES[table].has("party_id") else None
    return Subject(_ONE_CYCLE.get(table), table.removesuffix("_line"), key[0], tuple(key[1:]), None, party)


def described(table: str, columns: Collection[str]) -> dict[str, pl.Expr]:
    """The neutral columns of a row of `table`: cycle, company, document, date, party, currency and its natural key in words."""
    about = subject(table)
    null = pl.lit(None, dtype=pl.String)

    def text(name: str | None) -> pl.Expr:
        return pl.col(name).cast(pl.String) if name is not None and name in columns else null

    line = [text(name) for name in about.line if name in columns]
    words = [pl.format(f"{name} {{}}", pl.col(name)) for name in TABLES[table].key if name in columns]
    return {
        "cycle": pl.lit(about.cycle, dtype=pl.String),
        "company_code": text("company_code"),
        "table": pl.lit(table),
        "document_type": pl.lit(about.document_type),
        "document_number": text(about.number),
        "document_line_no": pl.concat_str(line, separator="/", ignore_nulls=True) if line else null,
        "document_date": pl.col(about.date) if about.date is not None and about.date in columns else pl.lit(None, dtype=pl.Date),
        "party_id": text(about.party),
        "currency": text("currency"),
        "natural_key": pl.concat_str(words, separator=", ", ignore_nulls=True),
    }


def amount_base(columns: Collection[str], company_currency: str) -> pl.Expr:
    """What the row is worth in company currency, never negative; null when amount or rate is not known. `Decimal(38, 6)`."""
    worth = [pl.col(name).cast(money.MONEY) for name in ("line_amount_gross", "amount_gross", "line_amount_net") if name in columns]
    if {"quantity", "unit_price_net"} <= set(columns):
        per_one = pl.col("price_per").fill_null(1) == 1 if "price_per" in columns else pl.lit(value=True)
        worth.append(pl.when(per_one).then(money.amount(pl.col("quantity"), pl.col("unit_price_net"))))
    worth += [pl.col(name).cast(money.MONEY) for name in ("amount", "amount_applied", "balance") if name in columns]
    if not worth or "currency" not in columns:
        return pl.lit(None, dtype=money.MONEY)
    amount = pl.coalesce(worth).abs()
    rate = pl.col("fx_rate") if "fx_rate" in columns else pl.lit(None, dtype=money.RATE)
    return pl.when(pl.col("currency") == company_currency).then(amount).otherwise(money.amount(amount, rate)).cast(money.MONEY)
