"""Orders whose steps happened in an order that is not allowed: approved before it was there, paid before it was approved. Whole.

Whole, because a payment may be about all orders of a requisition, whoever supplies them. Only what documents name themselves counts:
a link or a payment that matching worked out proves nothing about what happened first.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import with_limits
from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.domain.sequences import KINDS, STEPS, chains, kind_of
from recon.match.dense import aligned, chosen
from recon.match.described import described
from recon.match.given import earliest_moment, is_given, latest_moment, local_day, table, with_fx_rate
from recon.match.match_units import groups_of
from recon.match.orders_in_force import all_known, orders_in_force, worth

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ORDER: Final = ["cycle", "company_code", "order_number"]
_SEQUENCE: Final = "allowed_sequence_set"
_SKEW: Final = "clock_skew_seconds"
_STEP: Final = (*_ORDER, "kind", "number", "low", "high")
_WITHOUT_END: Final = 10**9
#: Of the steps of one kind the bounds of the first and of the last, and whether the time of one is not known.
_BOUNDS: Final = (
    *(pl.col(end).min().alias(f"first:{end}") for end in ("low", "high")),
    *(pl.col(end).max().alias(f"last:{end}") for end in ("low", "high")),
    (pl.col("low").null_count() > 0).alias("unknown"),
)


def order_sequence(accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`order_sequence`, orders with two steps at least that may be compared), sorted by order.

    Rows are orders one of whose steps came too early, and those of which it is not known because a step's time is missing. What is known
    by its day only may have happened at any moment of it, so a step is too early only where no moment of its day would be right.
    """
    steps = pl.concat([part.select(_STEP) for cycle in CYCLES for part in _steps(cycle, accepted, engagement)])
    steps = steps.filter(pl.col("low").is_null() | (pl.col("low").dt.date() <= engagement.as_of))
    orders = pl.concat([_orders(cycle, accepted) for cycle in CYCLES]).collect().lazy()
    whose = orders.select(*_ORDER, "party_id").unique(_ORDER, keep="any").with_row_index("place").collect()
    # one row per order and kind of step before anything else: documents have many lines
    bounds = steps.group_by(*_ORDER, "kind").agg(_BOUNDS).join(whose.lazy(), on=_ORDER, how="inner").collect(engine="streaming")
    wide = pl.concat([whose, *(_moments(bounds, kind, whose.height) for kind in KINDS)], how="horizontal").lazy()
    limited = with_limits(wide.join(groups_of(accepted), on=["cycle", "party_id"], how="left"), engagement, _SEQUENCE, _SKEW).collect()
    parts = [_against(rows, str(text)) for (text,), rows in limited.group_by(_SEQUENCE, maintain_order=True)]
    compared = pl.concat(parts) if parts else limited.select(_ORDER).clear()
    doubtful = compared.filter(pl.col("is_out_of_order").fill_null(value=True)) if parts else compared
    return _told(doubtful, steps, orders, accepted, engagement), compared.height


def _orders(cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """Live lines of orders in force: whose they are and what they are worth."""
    return orders_in_force(accepted, cycle).select(
        "company_code", "currency", pl.col("fx_rate").cast(pl.Decimal(20, 10)), "source_file", "source_row", cycle=pl.lit(cycle.name),
        order_number=f"{cycle.order}_number", order_date=f"{cycle.order}_date", party_id=cycle.party, order_line_no=f"{cycle.order}_line_no",
        worth=worth(),
    )  # fmt: skip


def _steps(cycle: Cycle, accepted: Accepted, engagement: Engagement) -> list[pl.LazyFrame]:
    """What happened to each order, once per document line: kind, number, and the first and last moment at which it may have happened."""
    order, goods = table(accepted, cycle.order_table), _goods(cycle, accepted)
    own = {"company_code": "company_code", "number": f"{cycle.order}_number", "order_number": f"{cycle.order}_number"}
    stamped = [
        _stamped(order.select(stamp, f"{stamp}_is_date_only", **own), kind, stamp, engagement)
        for kind, stamp in (("created", "created_at"), ("sent", "sent_at"))
        if is_given(accepted, cycle.order_table, stamp)
    ]
    approvals = table(accepted, "approval_event").filter(
        (pl.col("document_type") == cycle.order_type) & pl.col("action").is_in(["approve", "auto_approve"])
    ).select("company_code", "action_at", "action_at_is_date_only", number="document_number", order_number="document_number")  # fmt: skip
    parts = [*stamped, _stamped(approvals, "approved", "action_at", engagement), _entered(goods, "fulfilled", engagement)]
    if is_given(accepted, cycle.fulfilment_table, "inspected_at"):
        inspected = goods.filter(pl.col("inspected_at").is_not_null() | pl.col("was_inspected"))
        parts.append(_stamped(inspected, "inspected", "inspected_at", engagement))
    if cycle is not PROCURE_TO_PAY:
        parts.append(_entered(_confirmed(goods, accepted), "confirmed", engagement))
    bills = _bills(cycle, accepted)
    parts += [_entered(bills, "invoiced", engagement), _entered(_paid(cycle, bills, accepted), "paid", engagement)]
    return [part.filter(pl.col("order_number").is_not_null()).with_columns(cycle=pl.lit(cycle.name)) for part in parts]


def _goods(cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """Receipt or shipment lines that name an order; without those that were taken back by a reversal."""
    stem = cycle.fulfilment
    lines = table(accepted, cycle.fulfilment_table).filter(~pl.col("is_cancelled").fill_null(value=False))
    kind, key = pl.col(f"{stem}_kind").fill_null(stem), ["company_code", f"{stem}_number", f"{stem}_line_no"]
    undone = lines.filter(kind == "reversal").select("company_code", **{name: f"origin_{name}" for name in key[1:]}).drop_nulls().unique()
    inspected = ["inspected_at", "inspected_at_is_date_only"] if cycle is PROCURE_TO_PAY else []
    decided = pl.any_horizontal(pl.col("quantity_accepted", "quantity_rejected").is_not_null()) if inspected else pl.lit(value=False)
    return lines.filter((kind == stem) & (pl.col("quantity") > 0)).join(undone, on=key, how="anti").select(
        "company_code", "created_at", "created_at_is_date_only", *inspected, number=f"{stem}_number", line_no=f"{stem}_line_no",
        order_number=f"{cycle.order}_number", day=f"{stem}_date", was_inspected=decided,
    )  # fmt: skip


def _confirmed(goods: pl.LazyFrame, accepted: Accepted) -> pl.LazyFrame:
    named = goods.select("company_code", "order_number", shipment_number="number", shipment_line_no="line_no")
    said = table(accepted, "delivery_confirmation_line").select(
        "company_code", "shipment_number", "shipment_line_no", number="confirmation_number", day="confirmed_date"
    )  # fmt: skip
    return said.join(named, on=["company_code", "shipment_number", "shipment_line_no"], how="inner").with_columns(_untimed())


def _bills(cycle: Cycle, accepted: Accepted) -> pl.LazyFrame:
    """Invoice lines, without those of invoices that a reversal undid."""
    lines = table(accepted, cycle.invoice_table).filter(~pl.col("is_cancelled").fill_null(value=False))
    kind, key = pl.col("invoice_kind").fill_null("invoice"), ["company_code", cycle.party, "invoice_number"]
    undone = lines.filter(kind == "reversal").select(*key[:2], invoice_number="origin_invoice_number").drop_nulls().unique()
    return lines.filter(kind == "invoice").join(undone, on=key, how="anti").select(
        "company_code", "created_at", "created_at_is_date_only", party_id=cycle.party, number="invoice_number", order_number=f"{cycle.order}_number",
        day="invoice_date",
    )  # fmt: skip


def _paid(cycle: Cycle, bills: pl.LazyFrame, accepted: Accepted) -> pl.LazyFrame:
    """Payments of the invoices of an order, and payments for the requisition that it answers; what was paid ahead as such is no step.

    A payment of a number that returns on bills of other orders and days is a step without a time: nothing says which of them it paid.
    """
    usual, stem = ("payment", "payment") if cycle is PROCURE_TO_PAY else ("receipt", "cash_receipt")
    paid = table(accepted, cycle.payment_table).filter(pl.col(cycle.payment_kind).fill_null(usual) == usual)
    timed = _untimed()
    if cycle is PROCURE_TO_PAY:
        paid = paid.filter(~pl.col("is_voided").fill_null(value=False))
        timed = [pl.col("created_at"), pl.col("created_at_is_date_only")]
    asked = pl.col("requisition_id") if cycle is PROCURE_TO_PAY else pl.lit(None, dtype=pl.String)
    payments = paid.select("company_code", *timed, number=f"{stem}_number", day=cycle.payment_date, requisition_id=asked)
    applied = table(accepted, cycle.allocation_table).filter(pl.col("amount_applied") > 0).select(
        "company_code", "invoice_number", number=f"{stem}_number", party_id=cycle.party
    )  # fmt: skip
    owed = bills.filter(pl.col("order_number").is_not_null()).select("company_code", "party_id", "order_number", invoice_number="number").unique()
    met = applied.join(owed.join(_returning(bills), on=owed.collect_schema().names(), how="left"), on=["company_code", "invoice_number"], how="inner")
    of_bills = met.filter((pl.col("party_id") == pl.col("party_id_right")).fill_null(value=True))
    named = of_bills.group_by("company_code", "number", "order_number").agg(is_doubtful=pl.col("is_doubtful").fill_null(value=False).all())
    found = payments.join(named, on=["company_code", "number"], how="inner").with_columns(
        pl.when(~pl.col("is_doubtful")).then(name).alias(name) for name in ("day", "created_at")
    ).drop("is_doubtful")  # fmt: skip
    if cycle is not PROCURE_TO_PAY:
        return found
    answered = table(accepted, cycle.order_table).select("company_code", "requisition_id", order_number="po_number").drop_nulls().unique()
    return pl.concat([found, payments.join(answered, on=["company_code", "requisition_id"], how="inner").select(found.collect_schema().names())])


def _returning(bills: pl.LazyFrame) -> pl.LazyFrame:
    """Numbers of a party that stand on bills of several days, with those orders that are not on all of these days: is_doubtful."""
    number = ["company_code", "party_id", "number"]
    several = bills.group_by(number).agg(first=pl.col("day").min(), last=pl.col("day").max()).filter(pl.col("first") != pl.col("last"))
    days = bills.join(several.select(number), on=number, how="semi").select(*number, "order_number", "day").collect()
    own = days.group_by(*number, "order_number").agg(own=pl.col("day").n_unique())
    every = own.join(days.group_by(number).agg(all=pl.col("day").n_unique()), on=number, how="left", validate="m:1")
    doubtful = every.filter((pl.col("own") < pl.col("all")) & pl.col("order_number").is_not_null())
    return doubtful.lazy().select("company_code", "party_id", "order_number", invoice_number="number", is_doubtful=pl.lit(value=True))


def _untimed() -> list[pl.Expr]:
    return [
        pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("created_at"),
        pl.lit(None, dtype=pl.Boolean).alias("created_at_is_date_only"),
    ]


def _stamped(rows: pl.LazyFrame, kind: str, stamp: str, engagement: Engagement) -> pl.LazyFrame:
    """Steps whose moment is recorded; a null one happened nobody knows when, but an order that was not sent is not yet sent."""
    told = rows.filter(pl.col(stamp).is_not_null()) if kind == "sent" else rows
    bounds = (pl.col(stamp), pl.col(f"{stamp}_is_date_only").fill_null(value=False), engagement)
    return told.select("company_code", "order_number", "number", kind=pl.lit(kind), low=earliest_moment(*bounds), high=latest_moment(*bounds))


def _entered(rows: pl.LazyFrame, kind: str, engagement: Engagement) -> pl.LazyFrame:
    """Steps that have a day: where the document was entered on that day, the moment of entry tells the minute."""
    whole = pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    is_timed = (~pl.col("created_at_is_date_only") & (local_day("created_at", engagement) == pl.col("day"))).fill_null(value=False)
    stamp = pl.when(is_timed).then("created_at").otherwise(whole)
    bounds = (stamp, ~is_timed, engagement)
    return rows.select("company_code", "order_number", "number", kind=pl.lit(kind), low=earliest_moment(*bounds), high=latest_moment(*bounds))


def _moments(bounds: pl.DataFrame, kind: str, height: int) -> pl.DataFrame:
    """Of one kind of step, per place of an order: the bounds of its first and its last time, and whether one of them is not known."""
    ends = {f"{place}_{kind}:{end}": f"{place}:{end}" for place, end in product(("first", "last"), ("low", "high"))}
    own = chosen(bounds, pl.col("kind") == kind, "place", **ends, **{f"{kind}:unknown": "unknown"})
    return aligned(own, "place", height).with_columns(pl.col(f"{kind}:unknown").fill_null(value=False))


def _against(rows: pl.DataFrame, sequence: str) -> pl.DataFrame:
    """Orders with two steps of a chain, against one allowed order: is_out_of_order, and of what came too early the first, in the chains' order."""
    found = rows.with_columns(skew=pl.when(~pl.col(_SKEW).is_in(["not_checked", "unlimited"])).then(_SKEW).cast(pl.Decimal(38, 10)).cast(pl.Int64))
    allowed = pl.duration(seconds=pl.col("skew").fill_null(_WITHOUT_END))
    pairs = [(before, after) for chain in chains(sequence) for place, after in enumerate(chain) for before in reversed(chain[:place])]
    early = [(_low(before) - _high(after)) > allowed for before, after in pairs]
    met: list[pl.Expr] = [pl.when(breach).then(pl.lit(place)) for place, breach in enumerate(early)]
    first = pl.coalesce(met or [pl.lit(None, dtype=pl.Int32)])
    there = [pl.sum_horizontal([_happened(step) for step in chain]) >= 2 for chain in chains(sequence)]
    doubt = [
        (pl.sum_horizontal([_happened(step) for step in chain]) >= 2) & pl.any_horizontal([pl.col(f"{kind_of(step)}:unknown") for step in chain])
        for chain in chains(sequence)
    ]
    judged = found.with_columns(pair=first).filter(pl.any_horizontal(there) if there else pl.lit(value=False))
    unknown = pl.any_horizontal(doubt) if doubt else pl.lit(value=False)
    out = pl.when(pl.col("pair").is_not_null()).then(pl.lit(value=True)).when(~unknown).then(pl.lit(value=False))
    told = judged.with_columns(
        is_out_of_order=out, **{name: _named([pair[i] for pair in pairs]) for i, name in enumerate(("awaited_step", "early_step"))}
    )
    bounds = {f"{side}:{end}": _of_step(f"{side}_step", end) for side, end in product(("awaited", "early"), ("low", "high"))}
    return told.with_columns(**bounds).select(*_ORDER, _SEQUENCE, "is_out_of_order", "awaited_step", "early_step", *bounds)


def _named(steps: list[str]) -> pl.Expr:
    if not steps:
        return pl.lit(None, dtype=pl.String)
    return pl.col("pair").replace_strict(dict(enumerate(steps)), default=None, return_dtype=pl.String)


def _low(step: str) -> pl.Expr:
    return pl.col(f"{_full(step)}:low")


def _high(step: str) -> pl.Expr:
    return pl.col(f"{_full(step)}:high")


def _full(step: str) -> str:
    return step if step.startswith(("first_", "last_")) else f"first_{step}"


def _happened(step: str) -> pl.Expr:
    return (_low(step).is_not_null() | pl.col(f"{kind_of(step)}:unknown")).cast(pl.Int64)


def _of_step(column: str, end: str) -> pl.Expr:
    """The bound of the step that a column names."""
    return pl.coalesce([pl.when(pl.col(column) == step).then(pl.col(f"{_full(step)}:{end}")) for step in STEPS])


def _told(found: pl.DataFrame, steps: pl.LazyFrame, orders: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """The doubtful orders with their worth, the two steps as a reader says them, and the document of the early one."""
    columns = schema("order_sequence")
    if found.is_empty():
        return pl.LazyFrame(schema=columns)
    rated = with_fx_rate(orders.join(found.lazy().select(_ORDER), on=_ORDER, how="semi"), "order_date", accepted, engagement)
    base = amount(pl.col("worth"), pl.col("fx_rate"))
    valued = rated.with_columns(base=base).sort("order_line_no", "source_file", "source_row").group_by(_ORDER, maintain_order=True).agg(
        pl.col("party_id", "order_date", "currency", "source_file", "source_row").first(),
        amount_net=all_known("worth"),
        amount_net_base=all_known("base"),
    )  # fmt: skip
    kind = pl.col("early_step").str.replace("^(first|last)_", "")
    numbers = found.lazy().with_columns(kind=kind).join(steps, on=[*_ORDER, "kind"], how="inner").filter(
        (pl.col("low") == pl.col("early:low")) | (pl.col("high") == pl.col("early:high"))
    ).group_by(_ORDER).agg(early_number=pl.col("number").min())  # fmt: skip
    types = {cycle.name: cycle.order_type for cycle in CYCLES}
    rows = found.lazy().join(valued, on=_ORDER, how="left", validate="1:1").join(numbers, on=_ORDER, how="left", validate="1:1").with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        early_at=_said("early", engagement), awaited_at=_said("awaited", engagement),
        seconds_ahead=(pl.col("awaited:low") - pl.col("early:low")).dt.total_seconds(),
    )  # fmt: skip
    made = described(rows, "order_sequence", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in columns.items()).sort(_ORDER)


def _said(side: str, engagement: Engagement) -> pl.Expr:
    """A moment to the minute in the engagement's zone, or the day alone where no more is known."""
    low = pl.col(f"{side}:low").dt.convert_time_zone(engagement.time_zone)
    is_day = pl.col(f"{side}:low") != pl.col(f"{side}:high")
    return pl.when(is_day).then(low.dt.strftime("%Y-%m-%d")).otherwise(low.dt.strftime("%Y-%m-%d %H:%M"))
