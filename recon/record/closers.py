"""Which document closed an exception: the first that became known after the earlier run and could have closed it.

A control that needs approvals, delivery confirmations or payments is closed by those, on the exception's own document. Any other is
closed by a fulfilment or invoice line of the same order line, or by an invoice that names the exception's fulfilment; a document of the
exception's own kind only when it takes back (a return, a reversal, a credit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from recon.domain.control import Control

#: Canonical table that a control needs -> the kind of document that answers it.
_ANSWERS: Final = {
    "approval_event": "approval",
    "delivery_confirmation_line": "confirmation",
    "supplier_payment": "payment",
    "supplier_payment_allocation": "payment",
    "cash_receipt": "payment",
    "cash_receipt_allocation": "payment",
}
_CHAIN: Final = ("fulfilment", "invoice")
_COLUMNS: Final = ("cycle", "company_code", "order_number", "order_line_no", "document_number", "kind", "takes_back", "known_on", "closer")
_KEYS: Final = (["cycle", "company_code", "order_number", "order_line_no"], ["cycle", "company_code", "document_number"])


def first_closers(gone: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], since: date, controls: Sequence[Control]) -> pl.DataFrame:
    """`place` of an exception in `gone` -> `closer`, as `<document type> <number>[/<line>]`; exceptions nothing closed are absent."""
    fresh = pl.col("known_on") > since
    candidates = pl.concat([frame.select(_COLUMNS).filter(fresh) for frame in _candidates(tables)]).collect()
    subject = gone.select("place", "control_id", _own_kind().alias("own_kind"), *dict.fromkeys(name for key in _KEYS for name in key))
    chosen = ("place", "control_id", "own_kind", "kind", "takes_back", "known_on", "closer")
    hits = pl.concat([subject.drop_nulls(key).join(candidates.drop_nulls(key), on=key, how="inner").select(chosen) for key in _KEYS])
    able = hits.join(_answers(gone, controls), on=["control_id", "kind"], how="semi")
    able = able.filter((pl.col("kind") != pl.col("own_kind")) | pl.col("takes_back"))
    return able.sort("place", "known_on", "closer").unique("place", keep="first", maintain_order=True).select("place", "closer")


def _answers(gone: pl.DataFrame, controls: Sequence[Control]) -> pl.DataFrame:
    """The kinds of document that may close an exception of each control: control_id, kind."""
    needs = {control.id: control.needs for control in controls}
    rows = []
    for control_id in gone["control_id"].unique().to_list():
        tables = [table for need in needs.get(control_id, []) for table in need.split(" or ")]
        kinds = {_ANSWERS[table] for table in tables if table in _ANSWERS} or set(_CHAIN)
        rows += [{"control_id": control_id, "kind": kind} for kind in sorted(kinds)]
    return pl.DataFrame(rows, schema={"control_id": pl.String, "kind": pl.String})


def _own_kind() -> pl.Expr:
    """Whether the exception speaks of a fulfilment or an invoice; anything else may be closed by either."""
    kinds = {getattr(cycle, f"{kind}_type"): kind for cycle in CYCLES for kind in _CHAIN}
    return pl.col("document_type").replace_strict(kinds, default="", return_dtype=pl.String)


def _candidates(tables: Mapping[str, pl.LazyFrame]) -> list[pl.LazyFrame]:
    """Every document that may close an exception. `known_on` is the latest of its date, posting date and entry."""
    nothing, no = pl.lit(None, pl.String), pl.lit(value=False)
    shipped = _named(_type("fulfilment_type"), "fulfilment_number", "fulfilment_line_no")
    fulfilment = tables["fulfilment_line_match"].with_columns(
        kind=pl.lit("fulfilment"), takes_back=(pl.col("quantity") < 0).fill_null(value=False), closer=shipped, document_number=nothing,
        known_on=pl.max_horizontal("fulfilment_date", "posting_date", pl.col("created_at").dt.date()),
    )  # fmt: skip
    confirmation = tables["fulfilment_line_match"].with_columns(
        kind=pl.lit("confirmation"), takes_back=no, document_number=pl.col("fulfilment_number"), order_number=nothing, known_on=pl.col("confirmed_date"),
        closer=_named(pl.lit("delivery_confirmation"), "fulfilment_number", "fulfilment_line_no"),
    )  # fmt: skip
    credit = (pl.col("invoiced_quantity") < 0).fill_null(value=False) | (pl.col("invoiced_amount") < 0).fill_null(value=False)
    invoice = tables["invoice_line_match"].with_columns(
        kind=pl.lit("invoice"), takes_back=credit, document_number=pl.col("fulfilment_number"),
        known_on=pl.max_horizontal("invoice_date", "posting_date", "received_date"), closer=_named(_type("invoice_type"), "invoice_number", "invoice_line_no"),
    )  # fmt: skip
    payment = tables["settlement_match"].with_columns(
        kind=pl.lit("payment"), takes_back=no, document_number=pl.col("invoice_number"), order_number=nothing, order_line_no=nothing,
        known_on=pl.col("payment_date"), closer=_named(_type("payment_type"), "payment_number"),
    )  # fmt: skip
    approval = tables["approval_decision"].with_columns(
        kind=pl.lit("approval"), takes_back=no, order_number=nothing, order_line_no=nothing, known_on=pl.col("action_at").dt.date(),
        closer=_named(pl.lit("approval_event"), "document_number"),
    )  # fmt: skip
    return [fulfilment, confirmation, invoice, payment, approval]


def _type(stem: str) -> pl.Expr:
    """The document type of a stacked table's rows, by their cycle."""
    return pl.col("cycle").replace_strict({cycle.name: getattr(cycle, stem) for cycle in CYCLES}, default=None, return_dtype=pl.String)


def _named(kind: pl.Expr, document: str, line: str | None = None) -> pl.Expr:
    number = pl.concat_str(kind, pl.lit(" "), pl.col(document))
    return number if line is None else number + pl.coalesce(pl.lit("/") + pl.col(line), pl.lit(""))
