"""Document numbers and ids that were damaged on the way: read by a spreadsheet as numbers, or in a wrong encoding. Whole.

Only what still shows is found: an id in exponent form, a replacement character. Zeros lost at the front leave
no trace in a single cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.documents import TABLES
from recon.domain.measures import schema
from recon.domain.subjects import amount_base, described
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: What a spreadsheet makes of a long number.
_EXPONENT: Final = r"^\d(\.\d+)?E\+\d{1,3}$"
_BROKEN: Final = "\ufffd"


@dataclass(frozen=True)
class Damage:
    """`damaged_value`, and how many rows were looked at."""

    values: pl.LazyFrame
    looked_at: int


def damaged_values(accepted: Accepted, engagement: Engagement) -> Damage:
    """Ids of orders, fulfilments, invoices and payments that show damage, one row per cell."""
    found, looked_at = [], 0
    for cycle in CYCLES:
        for name in (cycle.order_table, cycle.fulfilment_table, cycle.invoice_table, cycle.payment_table):
            if is_given(accepted, name):
                found.append(_of_table(name, accepted, engagement))
                looked_at += accepted.row_counts.get(name, 0)
    rows = pl.concat(found) if found else pl.DataFrame(schema=schema("damaged_value"))
    return Damage(rows.sort("table", "document_number", "document_line_no", "field", "source_file", "source_row").lazy(), looked_at)


def _of_table(name: str, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    ids = [c.name for c in TABLES[name].columns if c.name.endswith(("_number", "item_id", "supplier_id", "customer_id"))]
    given = [column for column in ids if is_given(accepted, name, column)]
    # three searches for a word first: they cost next to nothing, and hardly any cell has one
    suspicious = pl.any_horizontal(
        [pl.col(c).str.contains("E+", literal=True) | pl.col(c).str.contains(_BROKEN, literal=True) for c in given]
    ).fill_null(value=False)
    rows = table(accepted, name).filter(suspicious).collect()
    declared = schema("damaged_value")
    cells = []
    for column in given:
        value = pl.col(column)
        damage = (
            pl.when(value.str.contains(_EXPONENT))
            .then(pl.lit("exponent"))
            .when(value.str.contains(_BROKEN, literal=True))
            .then(pl.lit("broken_character"))
        )
        about = {**described(name, rows.columns), "amount_gross_base": amount_base(rows.columns, engagement.currency)}
        told = rows.select("source_file", "source_row", **about, field=pl.lit(column), value=value, damage=damage)
        cells.append(told.filter(pl.col("damage").is_not_null()).select(pl.col(c).cast(kind) for c, kind in declared.items()))
    return pl.concat(cells) if cells else pl.DataFrame(schema=declared)
