"""Causes and symptoms: an exception is a symptom of another where it would vanish, were the other corrected. Tried on each exception.

A control says under `explains` what rows of a measured table would read without its exception. Every exception on such a row is judged
again with these values; where it no longer is one, and the cause did speak about the same document or order line, it is shown beneath it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import measures
from recon.evaluate import texts
from recon.evaluate.judging import OUTSIDE, PASSED, verdict_of
from recon.evaluate.translate import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.domain.control import Control
    from recon.evaluate.judging import Raised
    from recon.evaluate.translate import Clock

#: Ids of the controls that would explain an exception, in the order of their ids, each followed by a blank.
EXPLAINED_BY: Final = "_explained_by"
_DOCUMENT: Final = ("cycle", "company_code", "party_id", "document_type", "document_number")
_DOCUMENT_LINE: Final = (*_DOCUMENT, "document_line_no")
_ORDER_LINE: Final = ("cycle", "company_code", "order_number", "order_line_no")


def check(control: Control, clock: Clock) -> None:
    """Refuse corrections that do not give a value of the column's kind."""
    for one in control.explains:
        schema = measures.schema(one.table)
        reader = Reader(schema, {}, clock)
        for name, rule in texts.corrections(control, one.table).items():
            asked, given = _kind(schema[name]), reader.value(rule).kind
            if asked != given:
                raise rule.refuse(f"{name} of {one.table} is a {asked}, this is a {given}", expected=f"a {asked}")


def _kind(dtype: pl.DataType) -> str:
    """The kind of value, in the words of rules, that a column holds."""
    known = ((pl.Boolean, "flag"), (pl.Date, "date"), (pl.Datetime, "instant"), (pl.String, "text"))
    return next((word for kind, word in known if dtype == kind), "number")


def columns_for(table: str, controls: Iterable[Control]) -> frozenset[str]:
    """Columns of a measured table that must be there, so that its exceptions can be judged again."""
    found = [rule.columns | {name} for control in controls for name, rule in texts.corrections(control, table).items()]
    return frozenset[str]().union(*found)


def tries(raised: Raised, causes: Sequence[Control]) -> list[pl.LazyFrame]:
    """For every cause that may explain exceptions of this control a plan of one column, a part of EXPLAINED_BY, in the order of the exceptions."""
    control, own = raised.control, raised.reader
    verdict = verdict_of(control, own)
    return [
        # a column and then selected: a condition without columns would have one row alone
        _corrected(raised.rows.lazy(), cause, raised.table, own.clock)
        .with_columns(pl.when(verdict.is_in([PASSED, OUTSIDE])).then(pl.lit(f"{cause.id} ")).otherwise(pl.lit("")).alias(cause.id))
        .select(cause.id)
        for cause in causes
        if cause.id != control.id and texts.corrections(cause, raised.table).keys() & texts.columns(control)
    ]


def explained(tried: Sequence[pl.DataFrame], height: int) -> pl.Series:
    """EXPLAINED_BY of as many exceptions, from what `tries` gave."""
    if not tried:
        return pl.repeat("", height, dtype=pl.String, eager=True).alias(EXPLAINED_BY)
    return pl.concat(tried, how="horizontal").select(pl.concat_str(pl.all()).alias(EXPLAINED_BY)).to_series()


def _corrected(rows: pl.LazyFrame, cause: Control, table: str, clock: Clock) -> pl.LazyFrame:
    """The rows as they would read without the exception of a cause."""
    schema = measures.schema(table)
    reader = Reader(schema, {}, clock)
    return rows.with_columns(reader.value(rule).expr.cast(schema[name]).alias(name) for name, rule in texts.corrections(cause, table).items())


def with_causes(exceptions: pl.DataFrame, causes: Sequence[Control]) -> pl.DataFrame:
    """Symptoms with the id of the exception that explains them, without EXPLAINED_BY.

    Causes are tried by their ids. A cause speaks about the same document line; about the document as a whole; or, being about a document of
    another kind, about the same order line. Two that explain one another: the first is the cause.
    """
    for cause in causes:
        candidates = exceptions.filter(pl.col("control_id") == cause.id)
        said = exceptions[EXPLAINED_BY].str.contains(f"{cause.id} ", literal=True)
        if candidates.is_empty() or not said.any():
            continue
        whole = pl.col("document_line_no").is_null()
        keys = ((_DOCUMENT_LINE, ~whole), (_DOCUMENT, whole), (_ORDER_LINE, pl.col("order_number").is_not_null()))
        for key, of_kind in keys:
            first = candidates.filter(of_kind).unique(subset=list(key), keep="first", maintain_order=True)
            lookup = first.select(*key, _cause="exception_id", _under="cause_exception_id", _type=pl.col("document_type"))
            joined = exceptions.with_columns(_said=said).join(
                lookup, on=list(key), how="left", validate="m:1", maintain_order="left", nulls_equal=True
            )
            explains = pl.col("_said") & pl.col("cause_exception_id").is_null() & pl.col("_cause").is_not_null()
            explains &= (pl.col("_under") != pl.col("exception_id")).fill_null(value=True) & (pl.col("_cause") != pl.col("exception_id"))
            if key is _ORDER_LINE:
                explains &= pl.col("order_number").is_not_null() & (pl.col("document_type") != pl.col("_type"))
            under = pl.when(explains).then("_cause").otherwise("cause_exception_id")
            exceptions = joined.with_columns(cause_exception_id=under).drop("_cause", "_under", "_type", "_said")
    return exceptions.drop(EXPLAINED_BY)
