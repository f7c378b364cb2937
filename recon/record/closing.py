"""What closed an exception: a document that came after the earlier run and concerns the same document or order line, else the reason.

Candidates, each with the day it became known (the latest of its date, posting date and entry): fulfilment lines, delivery
confirmations, invoice lines, payments, approvals. The first of them after the earlier as-of date is named, as
`<document type> <number>[/<line>]`. Where none came, one of the words of `REASONS` stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.cycles import CYCLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Matches, Outcomes
    from recon.record.history import PublishedRun

#: Strongest first.
REASONS: Final = ("control_not_performed", "not_testable_now", "no_longer_among_inputs", "limit_changed", "document_or_rule_changed")
_CANDIDATE: Final = ("cycle", "company_code", "order_number", "order_line_no", "document_number", "known_on", "closer")
_SUBJECT: Final = ("company_code", "document_type", "document_number", "document_line_no", "order_number", "order_line_no")
_PERFORMED: Final = ("clean", "exceptions", "nothing_to_test")


def closed_by(gone: pl.DataFrame, outcomes: Outcomes, matches: Matches, engagement: Engagement, earlier: PublishedRun) -> pl.DataFrame:
    """The exceptions that are not found any more with `closed_by` filled, in their order."""
    if gone.is_empty():
        return gone.with_columns(closed_by=pl.lit(None, pl.String))
    gone = gone.with_columns(place=pl.int_range(pl.len()))
    document = _first_document(gone, matches, earlier)
    reason = _reasons(gone, outcomes, matches, engagement, earlier)
    unseen = pl.col("reason").is_in(REASONS[:2])
    told = gone.join(document, on="place", how="left", validate="1:1").join(reason, on="place", how="left", validate="1:1").sort("place")
    chosen = pl.when(unseen).then("reason").otherwise(pl.coalesce("closer", "reason"))
    return told.with_columns(closed_by=chosen).drop("place", "closer", "reason")


# ── the document ─────────────────────────────────────────────────────────────────────────────────────────────
def _first_document(gone: pl.DataFrame, matches: Matches, earlier: PublishedRun) -> pl.DataFrame:
    """Place -> closer: by order line, else by the exception's own document."""
    fresh = pl.col("known_on") > earlier.as_of
    candidates = pl.concat([frame.select(_CANDIDATE).filter(fresh) for frame in _candidates(matches.tables)]).collect()
    keys = [("cycle", "company_code", "order_number", "order_line_no"), ("cycle", "company_code", "document_number")]
    subject = gone.select("place", *dict.fromkeys(name for key in keys for name in key))
    hits = [
        subject.drop_nulls(key).join(candidates.drop_nulls(key), on=key, how="inner").select("place", "known_on", "closer") for key in map(list, keys)
    ]
    return pl.concat(hits).sort("place", "known_on", "closer").unique("place", keep="first", maintain_order=True).select("place", "closer")


def _candidates(tables: Mapping[str, pl.LazyFrame]) -> list[pl.LazyFrame]:
    """Every document that may close an exception, in the columns of `_CANDIDATE`."""
    nothing = pl.lit(None, pl.String)
    fulfilment = tables["fulfilment_line_match"].with_columns(
        known_on=pl.max_horizontal("fulfilment_date", "posting_date", pl.col("created_at").dt.date()),
        closer=_named(_type("fulfilment_type"), "fulfilment_number", "fulfilment_line_no"),
        document_number=nothing,
    )
    confirmation = fulfilment.with_columns(
        known_on=pl.col("confirmed_date"),
        document_number=pl.col("fulfilment_number"),
        closer=_named(pl.lit("delivery_confirmation"), "fulfilment_number", "fulfilment_line_no"),
    )
    invoice = tables["invoice_line_match"].with_columns(
        known_on=pl.max_horizontal("invoice_date", "posting_date", "received_date"),
        closer=_named(_type("invoice_type"), "invoice_number", "invoice_line_no"),
        document_number=pl.col("fulfilment_number"),
    )
    payment = tables["settlement_match"].with_columns(
        known_on=pl.col("payment_date"), closer=_named(_type("payment_type"), "payment_number"), document_number=pl.col("invoice_number"),
        order_number=nothing, order_line_no=nothing,
    )  # fmt: skip
    approval = tables["approval_decision"].with_columns(
        known_on=pl.col("action_at").dt.date(),
        closer=_named(pl.lit("approval_event"), "document_number"),
        order_number=nothing,
        order_line_no=nothing,
    )
    return [fulfilment, confirmation, invoice, payment, approval]


def _type(stem: str) -> pl.Expr:
    """The document type of a stacked table's rows, by their cycle."""
    return pl.col("cycle").replace_strict({cycle.name: getattr(cycle, stem) for cycle in CYCLES}, default=None, return_dtype=pl.String)


def _named(kind: pl.Expr, document: str, line: str | None = None) -> pl.Expr:
    number = pl.concat_str(kind, pl.lit(" "), pl.col(document))
    return number if line is None else number + pl.coalesce(pl.lit("/") + pl.col(line), pl.lit(""))


# ── the reason ───────────────────────────────────────────────────────────────────────────────────────────────
def _reasons(gone: pl.DataFrame, outcomes: Outcomes, matches: Matches, engagement: Engagement, earlier: PublishedRun) -> pl.DataFrame:
    """Place -> reason, the strongest that holds."""
    performed = outcomes.controls.filter(pl.col("status").is_in(_PERFORMED))["control_id"].to_list()
    subjects = [name for name in _SUBJECT if name in outcomes.not_testable.columns]
    untested = gone.join(outcomes.not_testable, on=["control_id", *subjects], how="semi", nulls_equal=True)["place"].to_list()
    present = gone.join(_documents(matches.tables), on=["cycle", "company_code", "document_number"], how="semi")["place"].to_list()
    changed = [
        control for control in gone["control_id"].unique() if _limits(engagement.model_dump(mode="json"), control) != _limits(earlier.terms, control)
    ]
    tests = (
        ~pl.col("control_id").is_in(performed),
        pl.col("place").is_in(untested),
        ~pl.col("place").is_in(present),
        pl.col("control_id").is_in(changed),
        pl.lit(value=True),
    )
    chosen = pl.coalesce([pl.when(test).then(pl.lit(word)) for test, word in zip(tests, REASONS, strict=True)])
    return gone.select("place", reason=chosen)


def _documents(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Numbers of every document that this run read."""
    numbers = {
        "order_line_match": "order_number",
        "fulfilment_line_match": "fulfilment_number",
        "invoice_line_match": "invoice_number",
        "settlement_match": "payment_number",
        "approval_state": "document_number",
    }
    return pl.concat(
        [tables[table].select("cycle", "company_code", pl.col(number).alias("document_number")).unique() for table, number in numbers.items()]
    ).collect()


def _limits(terms: Any, control: str) -> list[Any]:  # noqa: ANN401 - JSON
    return [rule for rule in terms["parameters"] if rule["control"] == control]
