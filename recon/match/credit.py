"""What a customer owed, or would owe, when an order was released or goods left, and how late its oldest open invoice was then. Bucket-local.

Days, not instants: documents of one day count together. All amounts are in company currency.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.allowances import ever_says, with_limits
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.described import described
from recon.match.given import is_given, local_day, table
from recon.match.paid_invoices import invoice_payment
from recon.match.roll_forwards import goods_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.parts import Parts
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_CUSTOMER: Final = ["company_code", "party_id"]
_GROUP: Final = ["company_code", "group_id"]
#: The word of CSH-10's exposure_policy that leaves out orders that are released and not shipped.
_ONLY_SHIPPED: Final = "without_open_orders"


def credit_tables(
    accepted: Accepted, lines: MeasuredLines, settlement: Settlement, pieces: tuple[ThreeWay, Parts], engagement: Engagement
) -> dict[str, Callable[[], pl.LazyFrame]]:
    """Makers of `shipment_standing` and, where the master names credit limits, of `credit_position`."""
    makers = {
        "shipment_standing": lambda: _standing(
            _shipments(lines), _released(accepted), invoice_payment(pieces[0], settlement, accepted, engagement), accepted
        )
    }
    if is_given(accepted, ORDER_TO_CASH.party_table, "credit_limit"):
        makers["credit_position"] = lambda: credit_position(accepted, lines, (settlement, *pieces), engagement)
    return makers


def credit_position(
    accepted: Accepted,
    lines: MeasuredLines,
    measured: tuple[Settlement, ThreeWay, Parts],
    engagement: Engagement,
    parties: pl.DataFrame | None = None,
) -> pl.LazyFrame:
    """One row per release of an order and per shipment of a customer with a limit: the exposure of that day, and the limit then.

    The exposure is what is ordered and not paid; where CSH-10's `exposure_policy` leaves open orders out, what is shipped and not billed, what is
    billed and not paid, and, when an order is released, that order. It is null from the day on which an amount that belongs to it is not known.
    `parties`: only of these customers (party_id), where not all are wanted.
    """
    sold = lines.orders.filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live"))
    orders = sold.select(
        "company_code", "party_id", "order_number", "currency", "source_file", "source_row",
        day=pl.coalesce(local_day("created_at", engagement), "order_date"),
        amount=pl.when("is_final").then(money.amount(pl.col("fulfilled_amount"), pl.col("fx_rate"))).otherwise("ordered_amount_base"),
    ).collect().lazy()  # fmt: skip
    limits = table(accepted, ORDER_TO_CASH.party_table).filter(pl.col("credit_limit").is_not_null())
    if parties is not None:
        limits = limits.join(parties.lazy(), on="party_id", how="semi")
    settlement, found, parts = measured
    moves = {"ordered": _moves(orders, lines, settlement)}
    if ever_says(engagement, "exposure_policy", _ONLY_SHIPPED):
        moves["shipped"] = pl.concat([_unbilled(found, parts), _billed(lines), *_paid(settlement)]).collect().lazy()
    return _positions(orders, _shipments(lines), _released(accepted), moves, (limits, accepted, engagement))


def _released(accepted: Accepted) -> pl.LazyFrame:
    """Sales orders whose credit somebody released on record: company and order number, `is_on_hold` as the extract has it."""
    orders = table(accepted, ORDER_TO_CASH.order_table).group_by("company_code", order_number="so_number").agg(
        is_released=pl.col("credit_released_by").is_not_null().any(), is_on_hold=pl.col("is_on_hold").fill_null(value=False).any()
    )  # fmt: skip
    steps = table(accepted, "approval_event").filter(
        (pl.col("document_type") == ORDER_TO_CASH.order_type)
        & ((pl.col("action") == "release") | ((pl.col("step").str.to_lowercase() == "credit") & (pl.col("action") == "approve")))
    )
    approved = steps.select("company_code", order_number="document_number").unique().with_columns(is_approved=pl.lit(value=True))
    joined = orders.join(approved, on=["company_code", "order_number"], how="left", validate="1:1")
    return joined.with_columns(is_released=pl.col("is_released") | pl.col("is_approved").fill_null(value=False)).drop("is_approved")


def _shipments(lines: MeasuredLines) -> pl.LazyFrame:
    """One row per shipment document: its day, worth, and one of its orders where it has several."""
    is_shipment = (pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live") & (pl.col("fulfilment_kind").fill_null("shipment") == "shipment")
    kept = lines.fulfilments.filter(is_shipment & (pl.col("quantity") > 0))
    return kept.group_by("company_code", "fulfilment_number").agg(
        pl.col("party_id", "currency", "source_file").min(),
        pl.col("source_row").min(),
        order_number=pl.col("order_number").min(),
        day=pl.col("fulfilment_date").min(),
        amount=pl.col("amount_base").sum(),
    )


def _moves(orders: pl.LazyFrame, lines: MeasuredLines, settlement: Settlement) -> pl.LazyFrame:
    """Everything that moves what a customer owes or will owe: orders, tax and bills without an order, credits, cash, what was let go."""
    is_bill = (pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live")
    base = pl.col("amount_gross_base")
    ordered = pl.col("has_order_link") & (base > 0)
    bills = lines.invoices.filter(is_bill).select(
        *_CUSTOMER, day=pl.coalesce("posting_date", "invoice_date"), amount=pl.when(ordered).then(base - pl.col("invoiced_amount_base")).otherwise(base)
    )  # fmt: skip
    return pl.concat([orders.select(*_CUSTOMER, "day", "amount"), bills, *_paid(settlement)])


def _paid(settlement: Settlement) -> list[pl.LazyFrame]:
    """What cash took off what customers owe, and what was let go with it."""
    payments = settlement.payments.lazy().filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("exclusion_reason").is_null())
    cash = payments.select(*_CUSTOMER, day="payment_date", amount=-money.amount(pl.col("amount"), pl.col("fx_rate")))
    applied = settlement.cash.final.applied.lazy().filter((pl.col("discount") != 0) | (pl.col("write_off") != 0))
    let_go = applied.join(payments.select("payment_id", *_CUSTOMER, "payment_date", "fx_rate"), on="payment_id", how="inner", validate="m:1")
    gone = let_go.select(*_CUSTOMER, day="payment_date", amount=-money.amount(pl.col("discount") + pl.col("write_off"), pl.col("fx_rate")))
    return [cash, gone]


def _billed(lines: MeasuredLines) -> pl.LazyFrame:
    """Every bill and credit with its tax."""
    is_bill = (pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live")
    return lines.invoices.filter(is_bill).select(*_CUSTOMER, day=pl.coalesce("posting_date", "invoice_date"), amount="amount_gross_base")


def _unbilled(found: ThreeWay, parts: Parts) -> pl.LazyFrame:
    """Goods that went out and were not billed yet, at the order's price: up by what was shipped, down when its bill or its return came."""
    pieces = goods_pieces(found, parts, date.min)
    said = found.raw.fulfilments.taken(found.fulfilments["place"].gather(pieces["layer"]), "cycle", *_CUSTOMER)
    rated = pl.concat(
        [pieces.select("amount", "came", "went"), said, found.units.select(pl.col("order_rate").gather(pieces["unit"]))], how="horizontal"
    )
    sold = rated.lazy().filter(pl.col("cycle") == ORDER_TO_CASH.name).with_columns(amount=money.amount(pl.col("amount"), pl.col("order_rate")))
    went = sold.filter(pl.col("went").is_not_null()).select(*_CUSTOMER, day="went", amount=-pl.col("amount"))
    return pl.concat([sold.select(*_CUSTOMER, day="came", amount="amount"), went])


def _positions(
    orders: pl.LazyFrame,
    shipped: pl.LazyFrame,
    released: pl.LazyFrame,
    moves: Mapping[str, pl.LazyFrame],
    known: tuple[pl.LazyFrame, Accepted, Engagement],
) -> pl.LazyFrame:
    """`moves`: "ordered", and "shipped" where that is asked for. `known`: customers with a limit, everything accepted, and the terms."""
    limits, accepted, engagement = known
    limits = limits.select("party_id", "credit_limit", "credit_currency").unique("party_id", keep="any")
    groups = table(accepted, ORDER_TO_CASH.party_table).select("party_id", "group_id").drop_nulls().unique("party_id", keep="any")
    documents = orders.group_by("company_code", "party_id", "order_number").agg(
        pl.col("currency", "source_file").min(), pl.col("source_row").min(), pl.col("day").min(), _total("amount")
    )  # fmt: skip
    events = pl.concat([
        documents.with_columns(event=pl.lit(ORDER_TO_CASH.order_type), document_number="order_number"),
        shipped.rename({"fulfilment_number": "document_number"}).with_columns(event=pl.lit(ORDER_TO_CASH.fulfilment_type)),
    ], how="diagonal")  # fmt: skip
    told = events.join(limits, on="party_id", how="inner", validate="m:1").join(
        released, on=["company_code", "order_number"], how="left", validate="m:1"
    )
    told = told.join(groups, on="party_id", how="left", validate="m:1").with_columns(cycle=pl.lit(ORDER_TO_CASH.name)).sort("day")
    for name, moved in moves.items():
        of_limits = _exposed(moved.join(limits.select("party_id"), on="party_id", how="semi"), _CUSTOMER, name)
        of_groups = _exposed(moved.join(groups, on="party_id", how="inner", validate="m:1"), _GROUP, f"group_{name}")
        told = told.join_asof(of_limits, on="day", by=_CUSTOMER, strategy="backward", check_sortedness=False)
        told = told.join_asof(of_groups, on="day", by=_GROUP, strategy="backward", check_sortedness=False)
    changes = table(accepted, "document_change").filter((pl.col("document_type") == ORDER_TO_CASH.party_table) & (pl.col("field") == "credit_limit"))
    earlier = changes.select(
        party_id="document_number", day=pl.col("changed_at").dt.date(), limit_before=pl.col("old_value").str.to_decimal(scale=6).cast(MONEY)
    ).sort("day")  # fmt: skip
    told = told.join_asof(earlier, on="day", by="party_id", strategy="forward", check_sortedness=False)
    named = _by_policy(told, moves, engagement).with_columns(
        document_type="event",
        document_date="day",
        group_exposure_amount=pl.when(pl.col("group_id").is_null()).then("exposure_amount").otherwise("group_exposure_amount"),
        limit_amount=pl.coalesce("limit_before", "credit_limit"),
        is_released=pl.col("is_released").fill_null(value=False),
        amount_base="amount",
        certainty=pl.lit("certain" if is_given(accepted, "document_change") else "suggested"),
    )
    return (
        described(named.drop("group_id"), "credit_position", accepted)
        .select(schema("credit_position").keys())
        .sort("company_code", "document_type", "document_number")
    )


def _by_policy(told: pl.LazyFrame, moves: Mapping[str, pl.LazyFrame], engagement: Engagement) -> pl.LazyFrame:
    """Add exposure_policy, and exposure_amount and group_exposure_amount by it. The order that is released counts where open orders do not."""
    if "shipped" not in moves:
        usual = {f"{prefix}exposure_amount": pl.col(f"{prefix}ordered") for prefix in ("", "group_")}
        return told.with_columns(**usual, exposure_policy=pl.lit("with_open_orders"))
    asked = with_limits(told, engagement, "exposure_policy")
    own = pl.when(pl.col("event") == ORDER_TO_CASH.order_type).then("amount").otherwise(pl.lit(0, dtype=MONEY))
    by_policy = {
        f"{prefix}exposure_amount": pl.when(pl.col("exposure_policy") == _ONLY_SHIPPED)
        .then(pl.when(pl.col(f"{prefix}shipped_day").is_null()).then(own).otherwise(pl.col(f"{prefix}shipped") + own))
        .otherwise(f"{prefix}ordered")
        for prefix in ("", "group_")
    }
    return asked.with_columns(**by_policy)


def _total(name: str) -> pl.Expr:
    """A sum that is not known where a part of it is not."""
    return pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum())


def _exposed(moves: pl.LazyFrame, by: list[str], name: str) -> pl.LazyFrame:
    """by, day, `name`_day and `name`: what had added up by the end of each day that moved it, sorted; null from the first unknown amount on."""
    days = moves.group_by(*by, "day").agg(pl.col("amount").sum(), is_known=pl.col("amount").null_count() == 0).sort(*by, "day")
    is_known = pl.col("is_known").cum_sum().over(by) == pl.int_range(1, pl.len() + 1).over(by)
    return days.select(*by, "day", pl.col("day").alias(f"{name}_day"), pl.when(is_known).then(pl.col("amount").cum_sum().over(by)).alias(name)).sort(
        "day"
    )


def _oldest_owing(days: pl.DataFrame, late: pl.DataFrame) -> pl.DataFrame:
    """Per customer and day the invoice that was overdue the longest, with its due_date. Days beside days first, not goods beside invoices."""
    due = [*_CUSTOMER, "due_date"]
    open_longest = late.group_by(due).agg(pl.col("closed").max(), is_open=pl.col("closed").null_count() > 0)
    was_open = pl.col("is_open") | (pl.col("closed") >= pl.col("day"))
    owing = days.join(open_longest, on=_CUSTOMER, how="inner").filter((pl.col("due_date") < pl.col("day")) & was_open)
    oldest = owing.group_by(*_CUSTOMER, "day").agg(pl.col("due_date").min())
    met = oldest.join(late, on=due, how="inner").filter(pl.col("closed").is_null() | (pl.col("closed") >= pl.col("day")))
    return met.group_by(*_CUSTOMER, "day").agg(pl.col("due_date").first(), pl.col("overdue_invoice_number").min())


def _standing(shipped: pl.LazyFrame, released: pl.LazyFrame, paid: pl.LazyFrame, accepted: Accepted) -> pl.LazyFrame:
    """One row per shipment: days by which the customer's oldest invoice that was open on that day was overdue; 0 where none was."""
    late = paid.filter(
        (pl.col("cycle") == ORDER_TO_CASH.name)
        & (pl.col("amount_gross") > 0)
        & ~pl.col("is_disputed").fill_null(value=False)
        & (pl.col("settled_date").is_null() | (pl.col("settled_date") > pl.col("due_date")))
        & ((pl.col("open_amount") > 0) | pl.col("settled_date").is_not_null())
    ).select(*_CUSTOMER, "due_date", closed="settled_date", overdue_invoice_number="invoice_number").collect()  # fmt: skip
    goods = shipped.collect()
    days = goods.select("fulfilment_number", "day", *_CUSTOMER).join(
        _oldest_owing(goods.select(*_CUSTOMER, "day").unique(), late), on=[*_CUSTOMER, "day"], how="inner", validate="m:1"
    ).select("company_code", "fulfilment_number", "overdue_invoice_number", overdue_days=(pl.col("day") - pl.col("due_date")).dt.total_days())  # fmt: skip
    told = goods.join(days, on=["company_code", "fulfilment_number"], how="left", validate="1:1").lazy()
    told = told.join(released, on=["company_code", "order_number"], how="left", validate="m:1")
    named = told.with_columns(
        pl.col("overdue_days").fill_null(0),
        pl.col("is_on_hold", "is_released").fill_null(value=False),
        cycle=pl.lit(ORDER_TO_CASH.name),
        document_type=pl.lit(ORDER_TO_CASH.fulfilment_type),
        fulfilment_date="day",
        amount_base="amount",
    )
    return described(named, "shipment_standing", accepted).select(schema("shipment_standing").keys()).sort("company_code", "fulfilment_number")
