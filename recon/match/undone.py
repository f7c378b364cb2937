"""Lines that their own reversal undid, for what looks at a whole table before anything is matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.match.given import table
from recon.match.live import NETTED, mark_lines

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_PLACE: Final = ["source_file", "source_row"]


def without_undone(rows: pl.DataFrame, name: str, cycle: Cycle, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """`rows` of a table of receipts, shipments or invoices (source_file, source_row, company_code, party) without reversals and what they undo.

    Only the lines of the companies and parties of `rows` are laid beside one another, so few suspects cost little. Rows of other tables stay.
    """
    stem = {cycle.fulfilment_table: "fulfilment", cycle.invoice_table: "invoice"}.get(name)
    if stem is None or rows.is_empty():
        return rows
    own = cycle.fulfilment if stem == "fulfilment" else "invoice"
    about = table(accepted, name).join(
        rows.lazy().select("company_code", pl.col("party").alias(cycle.party)).unique(),
        on=["company_code", cycle.party],
        how="semi",
        nulls_equal=True,
    )
    lines = about.select(
        *_PLACE, "company_code", "item_id", "uom", "quantity", "is_cancelled", "posting_date",
        pl.lit(cycle.name).alias("cycle"),
        *([] if stem == "fulfilment" else ["line_amount_net"]),
        party_id=cycle.party,
        origin_number=f"origin_{own}_number", origin_line_no=f"origin_{own}_line_no",
        referenced_order_number=f"{cycle.order}_number", referenced_order_line_no=f"{cycle.order}_line_no",
        **{f"{stem}_{part}": f"{own}_{part}" for part in ("number", "line_no", "date", "kind")},
    ).collect().with_row_index("row")  # fmt: skip
    undone = mark_lines(lines, engagement.as_of, stem=stem).filter(pl.col("exclusion_reason") == NETTED)
    return rows.join(undone.select(_PLACE), on=_PLACE, how="anti")
