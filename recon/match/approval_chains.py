"""Approvals step by step: which of the required steps were given, and in their order. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.measures import schema

if TYPE_CHECKING:
    from recon.match.approvals import Approvals

_DOCUMENT: Final = (
    "document_id", "cycle", "company_code", "document_type", "document_number", "document_version", "party_id", "party_name", "group_id",
    "item_group", "document_date", "currency", "amount_net", "amount_net_base", "is_effective", "source_file", "source_row",
)  # fmt: skip
_KEY: Final = ["cycle", "company_code", "document_type", "document_number", "party_id", "document_date"]


def approval_chain(approved: Approvals) -> pl.LazyFrame:
    """approval_chain, sorted: one row per approved document with two or more steps required or given, or a required one missing.

    Steps follow one another as whole numbers; where a step is no number their order is unknown (`out_of_order_count` null), and so it is
    where stamps without a time do not decide. Approvals that name no step are counted apart. Other approved documents are counted in
    `document_count`.
    """
    given = approved.given.filter("covers")
    steps = _steps(given)
    asked = approved.required.filter(pl.col("required_step").is_not_null() & pl.col("approval_required").fill_null(value=False))
    met = asked.join(steps.select("document_id", required_step="step", given=pl.lit(value=True)), on=["document_id", "required_step"], how="left")
    missing = met.group_by("document_id").agg(
        required_count=pl.len().cast(pl.Int64), required_steps=pl.col("required_step").sort().str.join(", "),
        missing_step_count=pl.col("given").null_count().cast(pl.Int64),
    )  # fmt: skip
    unnamed = given.group_by("document_id").agg(unnamed_approval_count=pl.col("step").null_count().cast(pl.Int64))
    chains = unnamed.join(_in_order(steps), on="document_id", how="left", validate="1:1").join(missing, on="document_id", how="left", validate="1:1")
    chains = chains.with_columns(pl.col("required_count", "missing_step_count", "step_count").fill_null(0))
    told = approved.documents.select(_DOCUMENT).join(chains, on="document_id", how="inner", validate="1:1")
    is_chain = (pl.col("required_count") > 1) | (pl.col("step_count") > 1) | (pl.col("missing_step_count") > 0)
    loud = told.filter(is_chain).with_columns(document_count=pl.lit(1, dtype=pl.Int64))
    zero = pl.lit(0, dtype=pl.Int64)
    quiet = told.filter(~is_chain).group_by("cycle", "company_code").agg(
        document_count=pl.len().cast(pl.Int64), amount_net_base=pl.col("amount_net_base").abs().sum()
    ).with_columns(
        is_effective=pl.lit(value=True), missing_step_count=zero, out_of_order_count=zero, unnamed_approval_count=zero
    )  # fmt: skip
    columns = schema("approval_chain")
    rows = pl.concat([loud, quiet], how="diagonal").select(pl.col(name).cast(kind) for name, kind in columns.items())
    return rows.sort(_KEY, nulls_last=True).lazy()


def _steps(given: pl.DataFrame) -> pl.DataFrame:
    """The first standing approval of each step of a document, with the span of time that its stamp can mean."""
    named = given.filter(pl.col("step").is_not_null()).sort("document_id", "step", "from_at", "event_id")
    return named.group_by("document_id", "step", maintain_order=True).agg(pl.col("from_at", "until_at").first())


def _in_order(steps: pl.DataFrame) -> pl.DataFrame:
    """Per document approved_steps, step_count and out_of_order_count: steps given before the step below them."""
    turn = pl.when(pl.col("step").str.contains(r"^\d{1,9}$")).then("step").cast(pl.Int64)
    placed = steps.with_columns(turn=turn).sort("document_id", "turn", "step", nulls_last=True)
    before = placed.with_columns(pl.col("from_at", "until_at").shift(1).over("document_id").name.prefix("before_"))
    certain = pl.col("until_at") < pl.col("before_from_at")
    possible = (pl.col("from_at") < pl.col("before_until_at")) & ~certain
    counted = certain.fill_null(value=False).sum().cast(pl.Int64)
    is_known = (pl.col("turn").null_count() == 0) & ~possible.fill_null(value=False).any()
    return before.group_by("document_id").agg(
        approved_steps=pl.col("step").str.join(", "), step_count=pl.len().cast(pl.Int64),
        out_of_order_count=pl.when((pl.len() == 1) | is_known | ((counted > 0) & (pl.col("turn").null_count() == 0))).then(counted),
    )  # fmt: skip
