"""Lines of documents as a published run keeps them: one shape for orders, fulfilments, invoices and payments, so that two runs can be compared."""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.money import MONEY, QUANTITY

SCHEMA: Final[dict[str, pl.DataType]] = {
    "cycle": pl.String(),
    "document_type": pl.String(),
    "company_code": pl.String(),
    "issuer_id": pl.String(),  # the supplier whose number it is; empty where the number is our own
    "document_number": pl.String(),
    "document_line_no": pl.String(),  # empty for payments
    "party_id": pl.String(),
    "document_date": pl.Date(),
    "posting_date": pl.Date(),
    "item_id": pl.String(),
    "currency": pl.String(),
    "quantity": QUANTITY,
    "amount": MONEY,
    "amount_base": MONEY,
    "is_excluded": pl.Boolean(),
    "source_file": pl.String(),
    "source_row": pl.UInt32(),
}
#: What makes two lines the same line.
KEY: Final = ("cycle", "document_type", "company_code", "issuer_id", "document_number", "document_line_no")
#: What a line says for itself, by kind of document; of the rest matching knows more one day than the day before.
_SAYS: Final = {
    "order": ("party_id", "document_date", "item_id", "currency", "quantity", "amount"),
    "fulfilment": ("document_date", "posting_date", "quantity"),
    "invoice": ("document_date", "posting_date", "currency", "quantity", "amount"),
    "payment": ("document_date", "currency", "amount"),
}
KINDS: Final = tuple(_SAYS)
#: A line undone by its own reversal is known by the reversal, not by the line.
_UNDONE: Final = "netted"


def says(document_type: str) -> tuple[str, ...]:
    """The columns that documents of this type say for themselves: what two runs are compared by."""
    return next(columns for kind, columns in _SAYS.items() if document_type in {getattr(c, f"{kind}_type") for c in CYCLES})


def known_lines(orders: pl.LazyFrame, fulfilments: pl.LazyFrame, invoices: pl.LazyFrame, settlements: pl.LazyFrame) -> pl.LazyFrame:
    """The lines of a run in the columns of `SCHEMA`, from its published tables order_lines, fulfilment_lines, invoice_lines and settlements.

    Rows of one key are one line: figures added up, the earliest day. Amounts without tax in document currency; a payment's is what was paid.
    """
    is_out = pl.col("match_status") == "excluded"
    undone = pl.col("exclusion_reason").str.starts_with(_UNDONE).fill_null(value=False)
    parts = [
        orders.select(
            *_named("order"), "party_id", "item_id", "currency", *_from(), document_date="order_date", quantity="ordered_quantity",
            amount="ordered_amount", amount_base="ordered_amount_base", is_excluded=is_out,
        ),
        fulfilments.select(
            *_named("fulfilment"), "party_id", "posting_date", "quantity", "amount_base", *_from(), document_date="fulfilment_date",
            is_excluded=pl.col("exclusion_reason").is_not_null() & ~undone,
        ),
        invoices.select(
            *_named("invoice"), "party_id", "posting_date", "currency", *_from(), issuer_id=pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then("party_id"),
            document_date="invoice_date", quantity="invoiced_quantity", amount="invoiced_amount", amount_base="invoiced_amount_base", is_excluded=is_out,
        ),
        settlements.filter(pl.col("payment_number").is_not_null()).select(
            *_named("payment"), "party_id", "currency", "amount", document_date="payment_date", is_excluded=pl.lit(value=False)
        ),
    ]  # fmt: skip
    figures = [name for name in SCHEMA if name not in KEY]
    return pl.concat([_shaped(part) for part in parts]).group_by(KEY).agg(_of_one_line(name) for name in figures).select(SCHEMA.keys())


def _named(kind: str) -> list[pl.Expr]:
    types = {c.name: getattr(c, f"{kind}_type") for c in CYCLES}
    line = [pl.col(f"{kind}_line_no").alias("document_line_no")] if kind != "payment" else []
    return [
        pl.col("cycle"),
        pl.col("cycle").replace_strict(types, return_dtype=pl.String).alias("document_type"),
        pl.col("company_code"),
        pl.col(f"{kind}_number").alias("document_number"),
        *line,
    ]


def _from() -> list[pl.Expr]:
    return [pl.col("source_file"), pl.col("source_row")]


def _shaped(part: pl.LazyFrame) -> pl.LazyFrame:
    have = set(part.collect_schema().names())
    return part.select(
        (pl.col(name) if name in have else pl.lit(None)).cast(kind).fill_null("").alias(name)
        if name in {"issuer_id", "document_line_no", "company_code"}
        else (pl.col(name) if name in have else pl.lit(None, dtype=kind)).cast(kind).alias(name)
        for name, kind in SCHEMA.items()
    )


def _of_one_line(name: str) -> pl.Expr:
    value = pl.col(name)
    if SCHEMA[name] in (QUANTITY, MONEY):
        return pl.when(value.null_count() == 0).then(value.sum()).cast(SCHEMA[name]).alias(name)
    return value.all() if name == "is_excluded" else value.min()
