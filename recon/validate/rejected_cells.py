"""The measured fact `rejected_cell`: every cell for which a row was set aside, with the document that the row speaks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import measures
from recon.domain.documents import SOURCE_FILE, SOURCE_ROW
from recon.domain.subjects import amount_base, described, subject

if TYPE_CHECKING:
    from recon.domain.workpapers import Documents


def of_validation(table: str, frame: pl.DataFrame, cells: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Cells that broke a rule of their table: `cells` with `row`, the position in `frame`. Amounts in `currency`, the company's."""
    if not cells.height:
        return pl.DataFrame(schema=measures.schema("rejected_cell"))
    rows = frame[cells["row"]]
    about = rows.select(**described(table, rows.columns), amount_gross_base=amount_base(rows.columns, currency)).drop("table")
    told = cells.select("table", SOURCE_FILE, SOURCE_ROW, "rule", "value", field="column")
    return _shaped(pl.concat([told, about], how="horizontal"))


def of_conforming(documents: Documents) -> pl.DataFrame:
    """Cells that could not be read at all. What the row is worth is not known."""
    cells = documents.rejected.filter(pl.col(SOURCE_ROW).is_not_null())
    subjects = {table: subject(table) for table in cells["table"].unique()}
    kinds = {table: about.document_type for table, about in subjects.items()}
    cycles = {table: about.cycle for table, about in subjects.items()}
    return _shaped(
        cells.with_columns(
            document_type=pl.col("table").replace_strict(kinds, return_dtype=pl.String),
            cycle=pl.col("table").replace_strict(cycles, return_dtype=pl.String),
            field="column",
        )
    )


def _shaped(cells: pl.DataFrame) -> pl.DataFrame:
    declared = measures.schema("rejected_cell")
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in declared.items() if name not in cells.columns]
    return cells.with_columns(absent).select(pl.col(name).cast(kind) for name, kind in declared.items())
