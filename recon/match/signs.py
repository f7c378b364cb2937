"""Document lines whose sign contradicts the kind of their document, after the profile's sign rule.

Whole: what validation set aside for its sign is a fact about all documents, and invoices are added up from a slim projection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.given import table, with_fx_rate

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_RULE: Final = "sign_contradicts_kind"
_LINE: Final = [
    "cycle",
    "company_code",
    "document_type",
    "document_number",
    "document_line_no",
    "document_date",
    "party_id",
    "source_file",
    "source_row",
]
_INVOICE: Final = ["company_code", "party_id", "document_number", "document_date", "currency"]


def document_line_signs(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """Lines set aside because of their sign, invoices whose total with tax is negative, and invoices and deliveries whose kind nobody states.

    With how many lines were looked at; an invoice without a kind is one of them, not as many as it has lines.
    """
    frames = [_invoices(accepted, engagement), *_deliveries_without_kind(accepted, engagement)]
    if "rejected_cell" in accepted.facts:
        frames.append(_set_aside(accepted.facts["rejected_cell"]).with_columns(contradicts_kind=pl.lit(value=True)))
    told = pl.concat(frames, how="diagonal").collect()
    every = sum(accepted.row_counts.get(name, 0) for cycle in CYCLES for name in (cycle.invoice_table, cycle.fulfilment_table))
    more_lines = int((told["line_count"].fill_null(1) - 1).filter(told["contradicts_kind"].is_null()).sum())
    signs = described(told.lazy().drop("line_count"), "document_line_sign", accepted).select(schema("document_line_sign").keys()).sort(_LINE)
    return signs, every - more_lines


def _set_aside(cells: pl.LazyFrame) -> pl.LazyFrame:
    """One row per line, however many of its figures have the wrong sign."""
    wrong = cells.filter((pl.col("rule") == _RULE) & pl.col("document_number").is_not_null())
    said = pl.concat_str(pl.col("field"), pl.lit(" "), pl.col("value")).sort().str.join(", ")
    return wrong.group_by(_LINE).agg(pl.col("currency").first(), said=said, amount_base=pl.col("amount_gross_base").first())


def _invoices(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Documents called invoices that add up to less than nothing, single negative lines in them are discounts; and those without a kind.

    The lines of a document that state no kind have that of the others.
    """
    frames = []
    for cycle in CYCLES:
        kind = pl.col("invoice_kind")
        counts = (pl.col("invoice_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False)
        lines = table(accepted, cycle.invoice_table).filter(counts & (kind.fill_null("invoice") == "invoice"))
        gross = pl.coalesce("line_amount_gross", pl.col("line_amount_net") + pl.col("line_tax_amount"), "line_amount_net")
        named = lines.select(
            "company_code", "currency", "fx_rate", "source_file", "source_row", "invoice_kind", gross=gross, party_id=cycle.party,
            document_number="invoice_number", document_date="invoice_date",
        )  # fmt: skip
        summed = named.group_by(_INVOICE).agg(
            pl.col("fx_rate").max(),
            pl.col("source_file", "source_row").min(),
            gross=pl.col("gross").sum(),
            line_count=pl.len().cast(pl.Int64),
            is_named=kind.is_not_null().any(),
        )
        below = summed.filter((pl.col("gross") < 0) | ~pl.col("is_named"))
        frames.append(below.with_columns(cycle=pl.lit(cycle.name), document_type=pl.lit(cycle.invoice_type)))
    rated = with_fx_rate(pl.concat(frames), "document_date", accepted, engagement)
    said = pl.concat_str(pl.lit("amount_gross "), pl.col("gross").cast(pl.String))
    return rated.with_columns(
        document_line_no=pl.lit(None, dtype=pl.String), said=said, amount_base=money.amount(pl.col("gross"), pl.col("fx_rate")),
        contradicts_kind=pl.when("is_named").then(pl.lit(value=True)),
    ).select(*_LINE, "currency", "said", "amount_base", "line_count", "contradicts_kind")  # fmt: skip


def _deliveries_without_kind(accepted: Accepted, engagement: Engagement) -> list[pl.LazyFrame]:
    """Receipts and shipments of which nobody says whether they brought goods or took them back."""
    frames = []
    for cycle in CYCLES:
        stem = cycle.fulfilment
        counts = (pl.col(f"{stem}_date") <= engagement.as_of) & ~pl.col("is_cancelled").fill_null(value=False)
        unsaid = table(accepted, cycle.fulfilment_table).filter(counts & pl.col(f"{stem}_kind").is_null() & (pl.col("quantity") != 0))
        told = unsaid.select(
            "company_code", "source_file", "source_row", document_number=f"{stem}_number", document_line_no=f"{stem}_line_no", document_date=f"{stem}_date",
            party_id=cycle.party, said=pl.concat_str(pl.lit("quantity "), pl.col("quantity").cast(pl.String)),
        )  # fmt: skip
        frames.append(told.with_columns(cycle=pl.lit(cycle.name), document_type=pl.lit(cycle.fulfilment_type)))
    return frames
