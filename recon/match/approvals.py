"""Approvals as they were given, against what the policy asks for and the event each had to come before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.measures import schema
from recon.domain.money import RATE
from recon.match.approvable import TYPES, approvable_documents, uncounted_documents
from recon.match.authority import decided, decision_rows, in_terms_of_limits, with_limits
from recon.match.company import company_facts
from recon.match.duties import with_duties
from recon.match.given import earliest_moment, is_given, latest_moment, local_day, shaped, table
from recon.match.hierarchy import with_superiors
from recon.match.standing import with_standing

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_KEY: Final = ["company_code", "document_type", "document_number"]
_TAKEN_BACK: Final = ("withdraw", "unapprove", "reject")
_APPROVING: Final = ("approve", "auto_approve")
#: A moment as it is carried: when it was at the earliest and the latest, and how it was written.
_MOMENT: Final = ("from_at", "until_at", "action_at", "action_at_is_date_only")


@dataclass(frozen=True)
class Approvals:
    """`state`: approval_state; `decision`: approval_decision; both sorted.

    `events`: the approval events up to the as-of date; `documents`: what may be approved; `pairs`: event_id and document_id;
    `given`: standing approvals by document; `required`: the steps that the policy asks for.
    """

    state: pl.LazyFrame
    decision: pl.LazyFrame
    events: pl.DataFrame
    documents: pl.DataFrame
    pairs: pl.DataFrame
    given: pl.DataFrame
    required: pl.DataFrame


def approvals(accepted: Accepted, lines: MeasuredLines, settlement: Settlement, engagement: Engagement) -> Approvals:
    """Measure approvals of orders, invoices, credit notes and payments; types that nobody approves and no policy names have no rows."""
    events = _events(accepted, engagement)
    policies = table(accepted, "approval_policy").collect()
    recorded = company_facts(accepted, engagement).approved_types
    with_events = set(recorded["document_type"]) & TYPES.keys()
    types = with_events | (set(policies["document_type"].unique()) & TYPES.keys())
    documents = approvable_documents(accepted, lines, settlement, engagement, types)
    given = _given(documents, events)
    required = _required(documents, policies, recorded, accepted, engagement)
    state = _state(documents, given, required, with_events)
    pairs = of_documents(documents, events)
    rows = decided(events, pairs, documents, uncounted_documents(lines, settlement), engagement)
    rows = in_terms_of_limits(rows, documents, (accepted, lines, settlement), engagement)
    rows = with_duties(with_standing(with_limits(rows, accepted, engagement), accepted, engagement), accepted, lines, settlement)
    rows = with_superiors(rows, accepted, lines)
    return Approvals(state.lazy(), decision_rows(rows).lazy(), events, documents, pairs, given, required)


def _events(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """The approval events up to the as-of date, with the span of time each stamp can mean and whether an approval still stands.

    An approval falls with a later withdrawal or rejection of the document, or of the same step where the withdrawal names one.
    """
    stamp, coarse = pl.col("action_at"), pl.col("action_at_is_date_only")
    events = (
        table(accepted, "approval_event")
        .filter(local_day("action_at", engagement) <= engagement.as_of)
        .with_columns(from_at=earliest_moment(stamp, coarse, engagement), until_at=latest_moment(stamp, coarse, engagement))
        .sort(*_KEY, "action_at", "step", "action", "actor_id", "document_version", "party_id", nulls_last=True)
        .collect()
        .with_row_index("event_id")
    )
    fallen = events.filter(pl.col("action").is_in(_TAKEN_BACK)).with_columns(step=pl.when(pl.col("action") == "reject").then(None).otherwise("step"))
    party = [*_KEY, "party_id"]
    whole = fallen.filter(pl.col("step").is_null()).group_by(party).agg(document_fell=pl.col("until_at").max())
    steps = fallen.filter(pl.col("step").is_not_null()).group_by([*party, "step"]).agg(step_fell=pl.col("until_at").max())
    events = events.join(whole, on=party, how="left", nulls_equal=True, validate="m:1")
    events = events.join(steps, on=[*party, "step"], how="left", nulls_equal=True, validate="m:1").sort("event_id")
    fell = pl.max_horizontal("document_fell", "step_fell")
    stands = pl.col("action").is_in(_APPROVING) & (fell.is_null() | (fell < pl.col("from_at")))
    return events.with_columns(stands=stands).drop("document_fell", "step_fell")


def of_documents(documents: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """document_id and event_id of the events about each document, by its number, else by its own internal number.

    An event that names a party is about that party's document only: suppliers number as they like.
    """
    keys = documents.select("document_id", *_KEY, "alternative_number", document_party="party_id")
    named = events.select("event_id", *_KEY, "party_id")
    is_party = pl.col("party_id").is_null() | (pl.col("party_id") == pl.col("document_party"))
    by_number = named.join(keys, on=_KEY, how="inner").filter(is_party)
    others = named.join(by_number, on="event_id", how="anti")
    own = keys.filter(pl.col("alternative_number").is_not_null()).drop("document_number").rename({"alternative_number": "document_number"})
    found = pl.concat([by_number.select("document_id", "event_id", "party_id", "document_party"),
                       others.join(own, on=_KEY, how="inner").select("document_id", "event_id", "party_id", "document_party")])  # fmt: skip
    return found.filter(is_party).select("document_id", "event_id")


def _given(documents: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Standing approvals per document; `covers` is false for an earlier version of other value, null where that value is unknown."""
    standing = events.filter("stands")
    pairs = of_documents(documents, standing)
    rows = pairs.join(
        standing.select("event_id", "step", "document_version", "amount_at_action", *_MOMENT), on="event_id", how="left", validate="m:1"
    )
    values = documents.select("document_id", "amount_net", in_force="document_version")
    rows = rows.join(values, on="document_id", how="left", validate="m:1")
    is_current = (pl.col("document_version") >= pl.col("in_force")).fill_null(value=True)
    covers = pl.when(is_current).then(statement=True).otherwise(pl.col("amount_at_action") == pl.col("amount_net"))
    return rows.with_columns(covers=covers)


def _required(documents: pl.DataFrame, policies: pl.DataFrame, recorded: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """document_id, required_step, approval_required of what each document needs: one row per step (null: any step).

    With a policy table, the bands that hold for company, item group, day and amount; a band whose currency is neither the
    document's nor the company's cannot be compared (approval_required null). Without one, every document of a type whose
    approvals the company records; a company that records none of a type others record is unknown.
    """
    slim = documents.select(
        "document_id", "document_type", "company_code", "item_group", "document_date", "currency", "amount_net", "amount_net_base"
    )
    if not is_given(accepted, "approval_policy") or policies.is_empty():
        known = slim.join(
            recorded.with_columns(approval_required=pl.lit(value=True)), on=["company_code", "document_type"], how="left", validate="m:1"
        )
        needs = pl.when(pl.col("amount_net") < 0).then(statement=False).otherwise("approval_required")
        return known.select("document_id", pl.lit(None, dtype=pl.String).alias("required_step"), approval_required=needs)
    bands = policies.select(
        "document_type", "min_amount", "max_amount", "required_step", "valid_from", "valid_to",
        band_company="company_code", band_group="item_group", band_currency=pl.col("currency").fill_null(engagement.currency),
    )  # fmt: skip
    pairs = slim.join(bands, on="document_type", how="inner").filter(
        (pl.col("band_company").is_null() | (pl.col("band_company") == pl.col("company_code")))
        & (pl.col("band_group").is_null() | (pl.col("band_group") == pl.col("item_group")))
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("document_date")))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("document_date")))
    )
    in_own = pl.when(pl.col("band_currency") == pl.col("currency")).then("amount_net")
    worth = pl.coalesce(in_own, pl.when(pl.col("band_currency") == engagement.currency).then("amount_net_base"))
    reaches = worth >= pl.col("min_amount")
    pairs = pairs.with_columns(reaches=reaches, is_inside=reaches & (pl.col("max_amount").is_null() | (worth <= pl.col("max_amount"))))
    # Above the highest band nobody is authorised alone, which makes no approval superfluous: the bands it reaches stay required.
    inside = pl.col("is_inside").fill_null(value=False).any().over("document_id")
    pairs = pairs.filter(pl.when(inside).then("is_inside").otherwise(pl.col("reaches").fill_null(value=True)))
    asked = pl.when(pl.col("reaches").any()).then(pl.lit(value=True))
    needed = pairs.group_by("document_id", "required_step").agg(approval_required=asked)
    none = slim.select("document_id").join(needed, on="document_id", how="anti")
    free = none.select("document_id", pl.lit(None, dtype=pl.String).alias("required_step"), approval_required=pl.lit(value=False))
    return pl.concat([needed, free])


def _state(documents: pl.DataFrame, given: pl.DataFrame, required: pl.DataFrame, with_events: set[str]) -> pl.DataFrame:
    needs = required.group_by("document_id").agg(
        approval_required=pl.when(pl.col("approval_required").any())
        .then(statement=True)
        .when(pl.col("approval_required").is_not_null().all())
        .then(statement=False)
    )
    state = documents.join(needs, on="document_id", how="left", validate="1:1").join(
        _completed(given, required), on="document_id", how="left", validate="1:1"
    )
    is_recorded = pl.col("document_type").is_in(list(with_events))
    is_complete = pl.col("complete").struct.field("from_at").is_not_null()
    is_approved = pl.when(is_complete).then(statement=True).when(is_recorded & ~pl.col("is_unknown").fill_null(value=False)).then(statement=False)
    state = state.with_columns(pl.col("approval_count").fill_null(0), is_approved=is_approved).filter(
        pl.col("is_effective") | (pl.col("approval_count") > 0)
    )
    columns = schema("approval_state")
    timed = _lateness(state)
    return shaped(timed, columns).sort("cycle", "company_code", "document_type", "document_number", "party_id", "document_date")


def _completed(given: pl.DataFrame, required: pl.DataFrame) -> pl.DataFrame:
    """When each document's approval became complete: every required step given, an approval without a step standing in for one.

    The moment that counts is the first at which all was there; approving again later does not make it late.
    """
    moment = pl.struct(_MOMENT)
    covering = given.filter("covers").sort("from_at", "event_id")
    seen = given.group_by("document_id").agg(is_unknown=pl.col("covers").is_null().any())
    counted = covering.group_by("document_id", maintain_order=True).agg(
        approval_count=pl.len().cast(pl.Int64), first=moment.first(), free=moment.filter(pl.col("step").is_null())
    )
    by_step = covering.group_by("document_id", "step", maintain_order=True).agg(moment=moment.first())
    steps = required.filter(pl.col("required_step").is_not_null()).join(
        by_step.filter(pl.col("step").is_not_null()),
        left_on=["document_id", "required_step"],
        right_on=["document_id", "step"],
        how="left",
        validate="1:1",
    )
    asked = steps.group_by("document_id").agg(
        step_count=pl.len(),
        explicit_count=pl.col("moment").struct.field("from_at").count(),
        explicit=pl.col("moment").sort_by(pl.col("moment").struct.field("from_at"), nulls_last=False).last(),
    )
    joined = seen.join(counted, on="document_id", how="left", validate="1:1").join(asked, on="document_id", how="left", validate="1:1")
    missing = pl.col("step_count").cast(pl.Int64) - pl.col("explicit_count").cast(pl.Int64)
    joined = joined.with_columns(stand_in=pl.col("free").list.get(missing - 1, null_on_oob=True), missing=missing)
    explicit_at, free_at = pl.col("explicit").struct.field("from_at"), pl.col("stand_in").struct.field("from_at")
    later = pl.when(explicit_at >= free_at).then("explicit").otherwise("stand_in")
    complete = (
        pl.when(pl.col("step_count").is_null()).then("first").when(pl.col("missing") == 0).then("explicit").when(free_at.is_not_null()).then(later)
    )
    return joined.select("document_id", "is_unknown", "approval_count", "first", complete=complete)


def _lateness(state: pl.DataFrame) -> pl.DataFrame:
    """How long after the guarded event the approval was complete: at least `hours_late`, at most `hours_late_most`."""
    complete = pl.col("complete").struct
    least = complete.field("from_at") - pl.col("guarded_until")
    most = complete.field("until_at") - pl.col("guarded_from")
    timed = state.with_columns(
        first_approval_at=pl.col("first").struct.field("action_at"),
        first_approval_at_is_date_only=pl.col("first").struct.field("action_at_is_date_only"),
        last_approval_at=complete.field("action_at"),
        last_approval_at_is_date_only=complete.field("action_at_is_date_only"),
        hours_late=_hours(least),
        hours_late_most=_hours(most),
    )
    decided = (pl.col("hours_late") > 0) | (pl.col("hours_late_most") <= 0)
    return timed.with_columns(late_is_known=decided.fill_null(value=False))


def _hours(span: pl.Expr) -> pl.Expr:
    """A duration in hours as a rate: 25 / 9 ten-thousand-millionths of an hour per microsecond, rounded down once."""
    units = (span.dt.total_microseconds() * 25) // 9
    return (units.cast(pl.Decimal(38, 10)) * pl.lit("0.0000000001").cast(RATE)).cast(RATE)
