"""What a customer owed, or would owe, when an order was released or goods left, and how late its oldest open invoice was then. Bucket-local.

Days, not instants: documents of one day count together. All amounts are in company currency.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import MONEY
from recon.match.described import described
from recon.match.given import is_given, local_day, table
from recon.match.paid_invoices import invoice_payment

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_CUSTOMER: Final = ["company_code", "party_id"]
_NONE: Final = pl.lit(0, dtype=MONEY)


def credit_tables(
    accepted: Accepted, lines: MeasuredLines, settlement: Settlement, found: ThreeWay, engagement: Engagement
) -> dict[str, Callable[[], pl.LazyFrame]]:
    """Makers of `shipment_standing` and, where the master names credit limits, of `credit_position`."""
    makers = {
        "shipment_standing": lambda: _standing(
            _shipments(lines), _released(accepted), invoice_payment(found, settlement, accepted, engagement), accepted
        )
    }
    if is_given(accepted, ORDER_TO_CASH.party_table, "credit_limit"):
        makers["credit_position"] = lambda: credit_position(accepted, lines, settlement, engagement)
    return makers


def credit_position(
    accepted: Accepted, lines: MeasuredLines, settlement: Settlement, engagement: Engagement, parties: pl.DataFrame | None = None
) -> pl.LazyFrame:
    """One row per release of an order and per shipment of a customer with a limit: the exposure of that day, and the limit then.

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
    return _positions(orders, _shipments(lines), _released(accepted), _moves(orders, lines, settlement), (limits, accepted))


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
    payments = settlement.payments.lazy().filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("exclusion_reason").is_null())
    cash = payments.select(*_CUSTOMER, day="payment_date", amount=-money.amount(pl.col("amount"), pl.col("fx_rate")))
    applied = settlement.cash.final.applied.lazy().filter((pl.col("discount") != 0) | (pl.col("write_off") != 0))
    let_go = applied.join(payments.select("payment_id", *_CUSTOMER, "payment_date", "fx_rate"), on="payment_id", how="inner", validate="m:1")
    gone = let_go.select(*_CUSTOMER, day="payment_date", amount=-money.amount(pl.col("discount") + pl.col("write_off"), pl.col("fx_rate")))
    return pl.concat([orders.select(*_CUSTOMER, "day", "amount"), bills, cash, gone])


def _positions(
    orders: pl.LazyFrame, shipped: pl.LazyFrame, released: pl.LazyFrame, moves: pl.LazyFrame, known: tuple[pl.LazyFrame, Accepted]
) -> pl.LazyFrame:
    """`known`: customers with a limit, and everything accepted."""
    limits, accepted = known
    limits = limits.select("party_id", "credit_limit", "credit_currency").unique("party_id", keep="any")
    days = (
        moves.join(limits.select("party_id"), on="party_id", how="semi")
        .group_by(*_CUSTOMER, "day")
        .agg(pl.col("amount").sum())
        .sort(*_CUSTOMER, "day")
    )
    exposed = days.with_columns(exposure_amount=pl.col("amount").cum_sum().over(_CUSTOMER)).drop("amount").sort("day")
    groups = table(accepted, ORDER_TO_CASH.party_table).select("party_id", _group="group_id").drop_nulls().unique("party_id", keep="any")
    documents = orders.group_by("company_code", "party_id", "order_number").agg(
        pl.col("currency", "source_file").min(), pl.col("source_row").min(), pl.col("day").min(), pl.col("amount").sum()
    )  # fmt: skip
    events = pl.concat([
        documents.with_columns(event=pl.lit(ORDER_TO_CASH.order_type), document_number="order_number"),
        shipped.rename({"fulfilment_number": "document_number"}).with_columns(event=pl.lit(ORDER_TO_CASH.fulfilment_type)),
    ], how="diagonal")  # fmt: skip
    told = events.join(limits, on="party_id", how="inner", validate="m:1").join(
        released, on=["company_code", "order_number"], how="left", validate="m:1"
    )
    told = told.sort("day").join_asof(exposed, on="day", by=_CUSTOMER, strategy="backward", check_sortedness=False)
    told = (
        told.join(groups, on="party_id", how="left", validate="m:1")
        .sort("day")
        .join_asof(_of_groups(moves, groups), on="day", by=["company_code", "_group"], strategy="backward", check_sortedness=False)
    )
    changes = table(accepted, "document_change").filter((pl.col("document_type") == ORDER_TO_CASH.party_table) & (pl.col("field") == "credit_limit"))
    earlier = changes.select(
        party_id="document_number", day=pl.col("changed_at").dt.date(), limit_before=pl.col("old_value").str.to_decimal(scale=6).cast(MONEY)
    ).sort("day")  # fmt: skip
    told = told.join_asof(earlier, on="day", by="party_id", strategy="forward", check_sortedness=False)
    named = told.with_columns(
        cycle=pl.lit(ORDER_TO_CASH.name),
        document_type="event",
        document_date="day",
        group_exposure_amount=pl.when(pl.col("_group").is_null()).then("exposure_amount").otherwise("group_exposure_amount"),
        limit_amount=pl.coalesce("limit_before", "credit_limit"),
        is_released=pl.col("is_released").fill_null(value=False),
        amount_base="amount",
        certainty=pl.lit("certain" if is_given(accepted, "document_change") else "suggested"),
    )
    return (
        described(named, "credit_position", accepted)
        .select(schema("credit_position").keys())
        .sort("company_code", "document_type", "document_number")
    )


def _of_groups(moves: pl.LazyFrame, groups: pl.LazyFrame) -> pl.LazyFrame:
    """company_code, _group, day, group_exposure_amount: what all members of a group together owed, or would owe, at the end of a day; sorted by day."""
    by = ["company_code", "_group"]
    days = moves.join(groups, on="party_id", how="inner", validate="m:1").group_by(*by, "day").agg(pl.col("amount").sum()).sort(*by, "day")
    return days.select(*by, "day", group_exposure_amount=pl.col("amount").cum_sum().over(by)).sort("day")


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
    owing = goods.join(late, on=_CUSTOMER, how="inner").filter(
        (pl.col("due_date") < pl.col("day")) & (pl.col("closed").is_null() | (pl.col("closed") >= pl.col("day")))
    )
    oldest = owing.sort("due_date", "overdue_invoice_number").unique(["company_code", "fulfilment_number"], keep="first", maintain_order=True)
    days = oldest.select(
        "company_code", "fulfilment_number", "overdue_invoice_number", overdue_days=(pl.col("day") - pl.col("due_date")).dt.total_days()
    )
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
