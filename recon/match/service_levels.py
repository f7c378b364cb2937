"""How long approvals, deliveries and customers waited, by the wall clock and by the business clock. Bucket-local.

A stamp without a time means any moment of its day: `…_hours` is the least, `…_hours_most` the most that a wait can have been.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.approvable import TYPES
from recon.match.calendars import Calendar, hours_of
from recon.match.described import described
from recon.match.given import earliest_moment, is_given, latest_moment, local_day, table
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.approvals import Approvals
    from recon.match.given import MeasuredLines

_Rows = TypeVar("_Rows", pl.DataFrame, pl.LazyFrame)
_STAMP: Final = pl.Datetime("us", "UTC")
_DECIDING: Final = ("approve", "reject")
_ASKING: Final = ("submit", "delegate")
_PAPER: Final = ["company_code", "document_type", "document_number", "document_party"]
_MOMENTS: Final = ("_first_start", "_last_start", "_first_end", "_last_end")
_ABOUT: Final = ["company_code", "document_type", "document_number", "party_id", "step"]


def with_waits(rows: _Rows, start: tuple[pl.Expr, pl.Expr], end: tuple[pl.Expr, pl.Expr], calendar: Calendar, prefix: str = "") -> _Rows:
    """The rows with the hours between two moments, each (earliest, latest): by both clocks, the least and the most."""
    # the moments are columns of their own, since both clocks look at each of them several times
    moments = dict(zip(_MOMENTS, (*start, *end), strict=True))
    first_start, last_start, first_end, last_end = (pl.col(name) for name in _MOMENTS)
    zero = pl.lit("0").cast(pl.Decimal(20, 10))
    hours = {"hours": (last_start, first_end), "hours_most": (first_start, last_end)}
    wall = {f"{prefix}{name}": pl.max_horizontal(hours_of(span[1] - span[0]), zero) for name, span in hours.items()}
    business = {f"{prefix}business_{name}": calendar.open_hours(*span) for name, span in hours.items()}
    known = {name: pl.when(value.is_not_null()).then(pl.max_horizontal(value, zero)) for name, value in business.items()}
    missing = first_start.is_null() | first_end.is_null()
    told = {name: pl.when(~missing).then(value) for name, value in (wall | known).items()}
    return rows.with_columns(**moments).with_columns(**told).drop(_MOMENTS)


def as_of_end(engagement: Engagement) -> pl.Expr:
    """The moment at which the as-of day ends where the company is."""
    end = datetime.combine(engagement.as_of + timedelta(days=1), time.min, tzinfo=ZoneInfo(engagement.time_zone))
    return pl.lit(end.astimezone(UTC), dtype=_STAMP)


def approval_wait(accepted: Accepted, lines: MeasuredLines, approved: Approvals, calendar: Calendar, engagement: Engagement) -> pl.LazyFrame:
    """approval_wait, sorted: one row per decision, and per request that nobody has decided.

    A wait begins when the step was assigned, else with the last request (submission or delegation) of the document before the
    decision; it ends with the decision, else with the as-of day. `max_hours` is the shortest that the policy allows for the
    document's type, company, step and amount. `is_matched_by_hand`: an invoice with a line for goods or services that no order line
    was found for, so that somebody has to match it; `wait_working_days` are counted from the day after the start.
    """
    events = approved.events.filter(pl.col("document_type").is_in([*TYPES, "requisition"])).with_columns(pl.col("party_id").fill_null(""))
    asked = events.filter(pl.col("action").is_in(_ASKING))
    decided = events.filter(pl.col("action").is_in(_DECIDING))
    document = _ABOUT[:3]
    requests = asked.select(*document, asked_at="action_at", asked_coarse="action_at_is_date_only").sort("asked_at")
    answered = decided.sort("action_at").join_asof(
        requests, left_on="action_at", right_on="asked_at", by=document, strategy="backward", check_sortedness=False
    )
    answers = decided.select(*document, answered_at="action_at").sort("answered_at")
    pending = asked.sort("action_at").join_asof(
        answers, left_on="action_at", right_on="answered_at", by=document, strategy="forward", check_sortedness=False
    )
    unanswered = pending.filter(pl.col("answered_at").is_null()).sort("action_at", "event_id").unique(document, keep="last", maintain_order=True)
    rows = pl.concat(
        [
            answered.with_columns(is_decided=pl.lit(value=True), decided_at="action_at", decided_coarse="action_at_is_date_only"),
            unanswered.with_columns(
                is_decided=pl.lit(value=False), decided_at=pl.lit(None, dtype=_STAMP), asked_at="action_at", asked_coarse="action_at_is_date_only"
            ),
        ],
        how="diagonal",
    )
    timed = _timed(rows, calendar, engagement)
    weighed = _with_worth(timed, approved, accepted, engagement).join(_by_hand(lines), on=_PAPER, how="left", validate="m:1")
    worked = working_days(accepted).between(local_day("assigned_at", engagement), pl.col("ended_date"))
    days = weighed.with_columns(is_matched_by_hand=pl.col("is_matched_by_hand").fill_null(value=False), wait_working_days=worked)
    told = described(days.lazy(), "approval_wait", accepted)
    order = ["company_code", "document_type", "document_number", "step", "actor_id", "assigned_at", "decided_at", "event_id"]
    return told.sort(order, nulls_last=True).select(pl.col(name).cast(kind) for name, kind in schema("approval_wait").items())


def _timed(rows: pl.DataFrame, calendar: Calendar, engagement: Engagement) -> pl.DataFrame:
    assigned = pl.coalesce("assigned_at", "asked_at")
    coarse = pl.when(pl.col("assigned_at").is_not_null()).then("assigned_at_is_date_only").otherwise("asked_coarse")
    start = (earliest_moment(assigned, coarse, engagement), latest_moment(assigned, coarse, engagement))
    done, done_coarse = pl.col("decided_at"), pl.col("decided_coarse")
    end = as_of_end(engagement)
    ends = (pl.coalesce(earliest_moment(done, done_coarse, engagement), end), pl.coalesce(latest_moment(done, done_coarse, engagement), end))
    timed = with_waits(rows, start, ends, calendar).with_columns(
        assigned_at=assigned, assigned_at_is_date_only=coarse, decided_at_is_date_only=done_coarse
    )
    return timed.with_columns(
        document_date=local_day("action_at", engagement), ended_date=pl.coalesce(local_day("decided_at", engagement), pl.lit(engagement.as_of))
    )


def _by_hand(lines: MeasuredLines) -> pl.DataFrame:
    """Invoices with a line for goods or services that no order line was found for, by _PAPER."""
    of_goods = pl.col("line_kind").fill_null("item").is_in(["item", "service"])
    types = pl.col("cycle").replace_strict({cycle.name: cycle.invoice_type for cycle in CYCLES}, return_dtype=pl.String)
    alone = lines.invoices.filter(pl.col("is_live") & of_goods & ~pl.col("has_order_link"))
    named = alone.select("company_code", document_type=types, document_number="invoice_number", document_party="party_id")
    return named.unique().with_columns(is_matched_by_hand=pl.lit(value=True)).collect()


def _with_worth(rows: pl.DataFrame, approved: Approvals, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Add the document's cycle, party and amount, and the hours that the policy allows."""
    named = approved.pairs.join(
        approved.documents.select("document_id", "cycle", "amount_net_base", "item_group", document_party="party_id"), on="document_id", how="left"
    )
    one = named.sort("event_id", "document_id").unique("event_id", keep="first", maintain_order=True)
    types = pl.col("document_type").replace_strict(TYPES, default=PROCURE_TO_PAY.name, return_dtype=pl.String)
    told = rows.join(one, on="event_id", how="left", validate="1:1").with_columns(
        cycle=pl.coalesce("cycle", types), party_id=pl.coalesce("document_party", pl.when(pl.col("party_id") != "").then("party_id"))
    )
    bands = table(accepted, "approval_policy").filter(pl.col("max_hours").is_not_null()).select(
        "document_type", "min_amount", "max_amount", "max_hours", band_company="company_code", band_step="required_step",
        band_currency=pl.col("currency").fill_null(engagement.currency),
    ).collect()  # fmt: skip
    met = told.select("event_id", "document_type", "company_code", "step", "amount_net_base").join(bands, on="document_type", how="inner")
    worth = pl.when(pl.col("band_currency") == engagement.currency).then("amount_net_base")
    fits = (pl.col("band_company").is_null() | (pl.col("band_company") == pl.col("company_code"))) & (
        pl.col("band_step").is_null() | pl.col("step").is_null() | (pl.col("band_step") == pl.col("step"))
    )
    inside = (worth >= pl.col("min_amount")) & (pl.col("max_amount").is_null() | (worth <= pl.col("max_amount")))
    hours = met.filter(fits & inside.fill_null(value=True)).group_by("event_id").agg(pl.col("max_hours").min())
    return told.join(hours, on="event_id", how="left", validate="1:1")


def order_wait(accepted: Accepted, lines: MeasuredLines, approved: Approvals, calendar: Calendar, engagement: Engagement) -> pl.LazyFrame:
    """order_wait, in the order of the lines: one row per live order line that goods are due on, unless it is closed empty.

    The wait begins when a purchase order was sent, else approved, else entered; of a sales order when it was entered. It ends with
    the first delivery (`full_…`: with the one that completed the line), else with the as-of day.
    """
    due = pl.col("is_live") & pl.col("needs_fulfilment") & (pl.col("ordered_quantity") > 0)
    closed_empty = pl.col("is_final") & (pl.col("fulfilled_quantity") <= 0)
    lines_due = _with_approvals(lines.orders.filter(due & ~closed_empty), accepted, approved)
    is_bought = pl.col("cycle") == PROCURE_TO_PAY.name
    names = {"sent_at": is_bought, "first_approval_at": is_bought, "created_at": pl.lit(value=True)}
    known = {name: where & pl.col(name).is_not_null() for name, where in names.items()}
    timed = lines_due.with_columns(
        started_at=pl.coalesce(pl.when(where).then(name) for name, where in known.items()),
        started_at_is_date_only=pl.coalesce(pl.when(where).then(f"{name}_is_date_only") for name, where in known.items()),
        start_source=pl.coalesce(pl.when(where).then(pl.lit(name)) for name, where in known.items()),
    ).with_columns(started_date=local_day("started_at", engagement))
    stamp, coarse = pl.col("started_at"), pl.col("started_at_is_date_only")
    start = (earliest_moment(stamp, coarse, engagement), latest_moment(stamp, coarse, engagement))
    complete = pl.when(pl.col("fulfilled_quantity") >= pl.col("ordered_quantity")).then("last_fulfilled_date")
    waited = with_waits(timed, start, _day_or_now(pl.col("first_fulfilled_date"), engagement), calendar)
    measured = with_waits(waited, start, _day_or_now(complete, engagement), calendar, "full_").with_columns(
        arrived_date=pl.coalesce("first_fulfilled_date", pl.lit(engagement.as_of)),
        completed_date=pl.coalesce(complete, pl.lit(engagement.as_of)),
        is_fulfilled=pl.col("first_fulfilled_date").is_not_null(),
        missing_amount_base=_missing(),
    )
    told = _with_lead_times(measured, accepted)
    return told.select(pl.col(name).cast(kind) for name, kind in schema("order_wait").items())


def _missing() -> pl.Expr:
    """What is still to come of the line at the order's price, in company currency; all of it while nothing has come."""
    rest = pl.max_horizontal(pl.col("ordered_quantity") - pl.col("fulfilled_quantity"), pl.lit(0))
    return amount(rest, pl.col("order_unit_price_base"))


def _day_or_now(day: pl.Expr, engagement: Engagement) -> tuple[pl.Expr, pl.Expr]:
    """The earliest and the latest moment of a day; where there is none, the end of the as-of day."""
    midnight, is_day, now = day.cast(_STAMP), pl.lit(value=True), as_of_end(engagement)
    return pl.coalesce(earliest_moment(midnight, is_day, engagement), now), pl.coalesce(latest_moment(midnight, is_day, engagement), now)


def _with_approvals(lines: pl.LazyFrame, accepted: Accepted, approved: Approvals) -> pl.LazyFrame:
    """Add the first approval of purchase orders; looked up only where some order line does not say when it was sent."""
    unsent = table(accepted, PROCURE_TO_PAY.order_table).select(pl.col("sent_at").null_count()).collect().item()
    if not unsent:
        nothing = {"first_approval_at": pl.lit(None, dtype=_STAMP), "first_approval_at_is_date_only": pl.lit(None, dtype=pl.Boolean)}
        return lines.with_columns(**nothing)
    given = approved.state.filter(pl.col("document_type") == PROCURE_TO_PAY.order_type).select(
        "cycle", "company_code", "first_approval_at", "first_approval_at_is_date_only", order_number="document_number"
    )
    key = ["cycle", "company_code", "order_number"]
    first = given.sort("first_approval_at", nulls_last=True).unique(key, keep="first", maintain_order=True)
    return lines.join(first, on=key, how="left", validate="m:1", maintain_order="left")


def _with_lead_times(measured: pl.LazyFrame, accepted: Accepted) -> pl.LazyFrame:
    """Add `lead_time_days` of the item where the stock policy names one, the longest of several warehouses."""
    if not is_given(accepted, "item_stock_policy", "lead_time_days"):
        return measured.with_columns(lead_time_days=pl.lit(None, dtype=pl.Int64))
    agreed = table(accepted, "item_stock_policy").group_by("item_id").agg(lead_time_days=pl.col("lead_time_days").max())
    return measured.join(agreed, on="item_id", how="left", validate="m:1", maintain_order="left")


def service_wait(accepted: Accepted, calendar: Calendar, engagement: Engagement) -> pl.LazyFrame:
    """service_wait, sorted by request: one row per service request up to the as-of date, from its arrival to the first answer."""
    came, coarse = pl.col("received_at"), pl.col("received_at_is_date_only")
    answer, answer_coarse = pl.col("first_response_at"), pl.col("first_response_at_is_date_only")
    answered = local_day("first_response_at", engagement) <= engagement.as_of
    answer = pl.when(answered).then(answer)
    end = as_of_end(engagement)
    start = (earliest_moment(came, coarse, engagement), latest_moment(came, coarse, engagement))
    ends = (pl.coalesce(earliest_moment(answer, answer_coarse, engagement), end), pl.coalesce(latest_moment(answer, answer_coarse, engagement), end))
    requests = table(accepted, "service_request").filter(local_day("received_at", engagement) <= engagement.as_of)
    timed = with_waits(requests, start, ends, calendar).with_columns(
        cycle=pl.lit(ORDER_TO_CASH.name), document_type=pl.lit("service_request"), document_number="request_id", party_id="customer_id",
        order_number="so_number", order_line_no="so_line_no", document_date=local_day("received_at", engagement),
        first_response_at=answer, is_answered=answer.is_not_null(), is_closed=pl.col("closed_at").is_not_null(),
    )  # fmt: skip
    told = described(timed, "service_wait", accepted)
    return told.select(pl.col(name).cast(kind) for name, kind in schema("service_wait").items()).sort("company_code", "document_number")
