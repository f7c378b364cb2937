"""Documents that know an item or a party under another id than the master's: brought to the id on file, before anything is matched.

An id of the master is never questioned. Each key has to name exactly one, and keys that name different ones settle nothing. Likeness is no key.
What was held equal is kept row by row, so that a report can say why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.documents import DATE_ONLY, SOURCE_FILE, SOURCE_ROW, schema, with_full_schema

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted

ROW: Final = [SOURCE_FILE, SOURCE_ROW]
#: What is known of every id or number in a document that was brought to the one on file.
RESPELLED: Final = {
    "table": pl.String(), "column": pl.String(), "source_file": pl.String(), "source_row": pl.UInt32(), "written": pl.String(), "number": pl.String(),
    "reason": pl.String(),
}  # fmt: skip


def rewritten(accepted: Accepted, told: pl.DataFrame) -> Accepted:
    """The documents with what RESPELLED rows say in place of what was written, and these rows kept."""
    if told.is_empty():
        return accepted
    tables, supplied = dict(accepted.documents.tables), dict(accepted.documents.supplied)
    for (name,), rows in told.partition_by("table", as_dict=True).items():
        named = str(name)
        changed = sorted(rows["column"].unique())
        given = supplied[named] | set(changed)
        kept = [c for c in schema(named) if c in given or c in ROW or c.removesuffix(DATE_ONLY) in given]
        frame = tables[named].select(kept)
        for column in changed:
            anew = rows.filter(pl.col("column") == column).select(*ROW, _anew="number")
            joined = frame.join(anew.lazy(), on=ROW, how="left", validate="m:1", maintain_order="left")
            frame = joined.with_columns(pl.coalesce("_anew", column).alias(column)).select(kept)
        tables[named] = with_full_schema(named, frame.collect().lazy())
        supplied[named] = frozenset(given)
    before = [accepted.respelled] if accepted.respelled is not None else []
    documents = replace(accepted.documents, tables=tables, supplied=supplied)
    return replace(accepted, documents=documents, respelled=pl.concat([*before, told]))


def only(met: pl.DataFrame, target: str) -> pl.DataFrame:
    """By id the one target that all keys name, with the first key that names it; nothing where they name several."""
    single = met.filter(pl.col(target).n_unique().over("id") == 1)
    return single.sort("id", "step", "written").unique("id", keep="first", maintain_order=True)
