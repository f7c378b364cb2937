"""What documents that are approved are worth with tax, where a company's limits of authority include it. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.money import MONEY
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_DOCUMENT: Final = ["cycle", "company_code", "document_number", "party_id"]
_ROW: Final = ["cycle", "source_file", "source_row"]


def with_gross_amounts(documents: pl.DataFrame, accepted: Accepted, lines: MeasuredLines, settlement: Settlement) -> pl.DataFrame:
    """The approvable documents with `amount_gross`, document currency; null where the tax of a line is not known: unknown is not 0.

    A line is worth its stated gross amount, else its net amount and its stated tax, else its net amount and its tax rate. The header of a bill
    goes before its lines; a payment is what was paid.
    """
    by_document = pl.concat([_orders(accepted, lines), _bills(lines, settlement)]).collect()
    kinds = ["credit_note", *(kind for cycle in CYCLES for kind in (cycle.order_type, cycle.invoice_type))]
    is_order = pl.col("document_type").is_in([cycle.order_type for cycle in CYCLES])
    asked = documents.with_columns(is_order=is_order, day=pl.when(~is_order).then("document_date"))
    met = asked.join(by_document, on=[*_DOCUMENT, "is_order", "day"], how="left", validate="m:1", nulls_equal=True, maintain_order="left")
    size = pl.when(pl.col("document_type") == "credit_note").then(pl.col("gross").abs()).otherwise("gross")
    is_paper = pl.col("document_type").is_in(kinds)
    return met.with_columns(amount_gross=pl.when(is_paper).then(size).otherwise("amount_net").cast(MONEY)).drop("is_order", "day", "gross")


def _orders(accepted: Accepted, lines: MeasuredLines) -> pl.LazyFrame:
    """Live orders: what their lines state in the extract, at the quantity and price that they are measured by."""
    said = [
        table(accepted, cycle.order_table).select(
            "source_file", "source_row", "line_amount_gross", "line_tax_amount", "tax_rate", cycle=pl.lit(cycle.name)
        )
        for cycle in CYCLES
    ]
    live = lines.orders.filter("is_live").select(*_ROW, "company_code", "party_id", "currency", document_number="order_number", net="ordered_amount")
    met = live.join(pl.concat(said), on=_ROW, how="left", validate="m:1").with_columns(gross=_gross())
    return _summed(met.with_columns(is_order=pl.lit(value=True), day=pl.lit(None, dtype=pl.Date)))


def _bills(lines: MeasuredLines, settlement: Settlement) -> pl.LazyFrame:
    """Live bills and credits, by number and day; a header that states its gross amount goes before the lines."""
    live = lines.invoices.filter("is_live").select(
        "cycle", "company_code", "party_id", "currency", "line_amount_gross", "line_tax_amount", "tax_rate", "line_kind", "is_taxed_by_group",
        document_number="invoice_number", day="invoice_date", net="invoiced_amount",
    )  # fmt: skip
    states_tax = pl.col("line_kind").is_in(["tax", "rounding"]).fill_null(value=False) | pl.col("is_taxed_by_group").fill_null(value=False)
    of_lines = _summed(live.with_columns(gross=pl.when(states_tax).then("net").otherwise(_gross()), is_order=pl.lit(value=False)))
    headed = settlement.invoices.filter(pl.col("is_live") & pl.col("header_tail_amount").is_not_null()).select(
        "cycle", "company_code", "party_id", document_number="invoice_number", day="invoice_date", header="amount_gross"
    )
    alone = headed.unique([*_DOCUMENT, "day"], keep="none")
    met = of_lines.join(alone, on=[*_DOCUMENT, "day"], how="left", validate="m:1")
    return met.with_columns(gross=pl.coalesce("header", "gross")).drop("header")


def _gross() -> pl.Expr:
    taxed = money.round_to_currency(money.amount(pl.col("net"), pl.col("tax_rate")), pl.col("currency"))
    return pl.coalesce("line_amount_gross", pl.col("net") + pl.col("line_tax_amount"), pl.col("net") + taxed).cast(MONEY)


def _summed(lines: pl.LazyFrame) -> pl.LazyFrame:
    known = pl.when(pl.col("gross").null_count() == 0).then(pl.col("gross").sum())
    return lines.group_by(*_DOCUMENT, "is_order", "day").agg(gross=known)
