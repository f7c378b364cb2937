"""Documents that know an item or a party under another id than the master's: brought to the id on file, before anything is matched.

An id of the master is never questioned. Each key has to name exactly one, and keys that name different ones settle nothing. Likeness is no key.
What was held equal is kept row by row, so that a report can say why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.documents import DATE_ONLY, SOURCE_FILE, SOURCE_ROW, schema, with_full_schema
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted

ROW: Final = [SOURCE_FILE, SOURCE_ROW]
#: The place of a line in its table: a source may make several lines of one row, so the row does not tell them apart.
LINE: Final = "line"
#: What is known of every id or number in a document that is to be brought to the one on file.
FOUND: Final = {
    "table": pl.String(), "column": pl.String(), LINE: pl.UInt32(), "written": pl.String(), "number": pl.String(), "reason": pl.String(),
}  # fmt: skip
#: And what is kept of it once it was: whose lines change their places knows them by their rows and their own numbers.
RESPELLED: Final = {
    "table": pl.String(), "column": pl.String(), "source_file": pl.String(), "source_row": pl.UInt32(), "document_number": pl.String(),
    "document_line_no": pl.String(), "written": pl.String(), "number": pl.String(), "reason": pl.String(),
}  # fmt: skip
#: The columns with a line's own number and line number, by table; other tables are not asked for reasons.
_OWN: Final = {
    getattr(cycle, f"{kind}_table"): (f"{stem}_number", f"{stem}_line_no")
    for cycle in CYCLES
    for kind, stem in (("order", cycle.order), ("fulfilment", cycle.fulfilment), ("invoice", "invoice"))
}


def placed(accepted: Accepted, name: str) -> pl.LazyFrame:
    """The canonical table with `line`."""
    return table(accepted, name).with_row_index(LINE)


def rewritten(accepted: Accepted, told: pl.DataFrame) -> Accepted:
    """The documents with what FOUND rows say in place of what was written, and these rows kept as RESPELLED."""
    if told.is_empty():
        return accepted
    tables, supplied = dict(accepted.documents.tables), dict(accepted.documents.supplied)
    kept_rows = [accepted.respelled] if accepted.respelled is not None else []
    for (name,), rows in told.partition_by("table", as_dict=True, maintain_order=True).items():
        named = str(name)
        changed = sorted(rows["column"].unique())
        given = supplied[named] | set(changed)
        kept = [c for c in schema(named) if c in given or c in ROW or c.removesuffix(DATE_ONLY) in given]
        before = tables[named].with_row_index(LINE)
        kept_rows.append(_kept(named, rows, before))
        frame = before.select(LINE, *kept)
        for column in changed:
            anew = rows.filter(pl.col("column") == column).select(LINE, _anew="number")
            joined = frame.join(anew.lazy(), on=LINE, how="left", validate="1:1", maintain_order="left")
            frame = joined.with_columns(pl.coalesce("_anew", column).alias(column)).select(LINE, *kept)
        tables[named] = with_full_schema(named, frame.drop(LINE).collect().lazy())
        supplied[named] = frozenset(given)
    documents = replace(accepted.documents, tables=tables, supplied=supplied)
    return replace(accepted, documents=documents, respelled=pl.concat(kept_rows))


def _kept(name: str, rows: pl.DataFrame, before: pl.LazyFrame) -> pl.DataFrame:
    """RESPELLED of the FOUND rows of one table, by the table as it stood."""
    own = [
        pl.lit(None, dtype=pl.String).alias(said) if column is None else pl.col(column).alias(said)
        for said, column in zip(("document_number", "document_line_no"), _OWN.get(name, (None, None)), strict=True)
    ]
    lines = before.select(LINE, *ROW, *own).join(rows.lazy().select(LINE).unique(), on=LINE, how="semi").collect()
    return rows.join(lines, on=LINE, how="left", validate="m:1", maintain_order="left").select(pl.col(c).cast(kind) for c, kind in RESPELLED.items())


def only(met: pl.DataFrame, target: str) -> pl.DataFrame:
    """By id the one target that all keys name, with the first key that names it; nothing where they name several."""
    single = met.filter(pl.col(target).n_unique().over("id") == 1)
    return single.sort("id", "step", "written").unique("id", keep="first", maintain_order=True)
