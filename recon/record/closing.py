"""What closed an exception: a document (`closers`), else the strongest reason that holds, one of the words of `REASONS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.record.closers import first_closers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Matches, Outcomes
    from recon.record.history import PublishedRun

#: Strongest first.
REASONS: Final = ("control_not_performed", "not_testable_now", "no_longer_among_inputs", "limit_changed", "document_or_rule_changed")
_SUBJECT: Final = ("company_code", "document_type", "document_number", "document_line_no", "order_number", "order_line_no")
_PERFORMED: Final = ("clean", "exceptions", "nothing_to_test")


@dataclass(frozen=True)
class Now:
    """The run of today, as far as the memory looks at it."""

    outcomes: Outcomes
    matches: Matches
    engagement: Engagement
    controls: Sequence[Control]


def closed_by(gone: pl.DataFrame, now: Now, earlier: PublishedRun) -> pl.DataFrame:
    """The exceptions that are not found any more with `closed_by` filled, in their order."""
    if gone.is_empty():
        return gone.with_columns(closed_by=pl.lit(None, pl.String))
    gone = gone.with_columns(place=pl.int_range(pl.len()))
    document = first_closers(gone, now.matches.tables, earlier.as_of, now.controls)
    reason = _reasons(gone, now, earlier)
    unseen = pl.col("reason").is_in(REASONS[:2])
    told = gone.join(document, on="place", how="left", validate="1:1").join(reason, on="place", how="left", validate="1:1").sort("place")
    chosen = pl.when(unseen).then("reason").otherwise(pl.coalesce("closer", "reason"))
    return told.with_columns(closed_by=chosen).drop("place", "closer", "reason")


def _reasons(gone: pl.DataFrame, now: Now, earlier: PublishedRun) -> pl.DataFrame:
    """Place -> reason, the strongest that holds."""
    outcomes = now.outcomes
    performed = outcomes.controls.filter(pl.col("status").is_in(_PERFORMED))["control_id"].to_list()
    subjects = [name for name in _SUBJECT if name in outcomes.not_testable.columns]
    untested = gone.join(outcomes.not_testable, on=["control_id", *subjects], how="semi", nulls_equal=True)["place"].to_list()
    present = gone.join(_documents(now.matches.tables), on=["cycle", "company_code", "document_number"], how="semi")["place"].to_list()
    terms = now.engagement.model_dump(mode="json")
    changed = [control for control in gone["control_id"].unique() if _limits(terms, control) != _limits(earlier.terms, control)]
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
