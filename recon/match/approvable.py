"""Documents that may need an approval: what they are worth, when they took effect, which event their approval guards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.money import MONEY, RATE, amount
from recon.match.given import earliest_moment, is_given, latest_moment, local_day, table

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

#: Types of documents whose approval is measured, and the cycle they belong to.
TYPES: Final[dict[str, str]] = {
    PROCURE_TO_PAY.order_type: PROCURE_TO_PAY.name,
    ORDER_TO_CASH.order_type: ORDER_TO_CASH.name,
    PROCURE_TO_PAY.invoice_type: PROCURE_TO_PAY.name,
    ORDER_TO_CASH.invoice_type: ORDER_TO_CASH.name,
    "credit_note": ORDER_TO_CASH.name,
    PROCURE_TO_PAY.payment_type: PROCURE_TO_PAY.name,
}
_CREDITS: Final = ("credit", "value_credit")
_DOCUMENT_TYPES: Final = ("order_type", "invoice_type", "payment_type")
_NAMES: Final = ("order_type", "fulfilment_type", "invoice_type")
_STAMP: Final = pl.Datetime("us", "UTC")
#: `amount_net` decides bands and limits; credits count with their size. `guarded_from` and `guarded_until` enclose the guarded event.
COLUMNS: Final[dict[str, pl.DataType]] = {
    "cycle": pl.String(), "company_code": pl.String(), "document_type": pl.String(), "document_number": pl.String(),
    "alternative_number": pl.String(), "document_version": pl.Int64(), "party_id": pl.String(), "party_name": pl.String(),
    "group_id": pl.String(), "item_group": pl.String(), "document_date": pl.Date(), "currency": pl.String(), "fx_rate": RATE,
    "amount_net": MONEY, "amount_net_base": MONEY, "is_effective": pl.Boolean(), "effective_event": pl.String(),
    "guarded_event": pl.String(), "guarded_event_at": _STAMP, "guarded_event_at_is_date_only": pl.Boolean(), "is_paid": pl.Boolean(), "maker_is_known": pl.Boolean(),
    "source_file": pl.String(), "source_row": pl.UInt32(),
}  # fmt: skip


def approvable_documents(
    accepted: Accepted, lines: MeasuredLines, settlement: Settlement, engagement: Engagement, types: AbstractSet[str]
) -> pl.DataFrame:
    """One row per live document of the types asked for, with `document_id`, which says nothing of their order.

    Orders take effect when they are sent, delivered on or billed, whichever the papers show first; invoices and credit notes
    when they are posted; payments when they are made. The approval of an order guards its sending or first delivery (of a
    sales order its first shipment), that of an invoice its first payment, that of a payment the payment itself.
    """
    frames = [pl.LazyFrame(schema=COLUMNS)]
    orders = {cycle.order_type: cycle.name for cycle in CYCLES if cycle.order_type in types}
    if orders:
        of_types = lines.order_documents.lazy().filter(pl.col("cycle").is_in(list(orders.values())))
        frames.append(_orders(accepted, of_types, engagement))
    if types & {cycle.invoice_type for cycle in CYCLES} or "credit_note" in types:
        frames.append(_invoices(settlement).filter(pl.col("document_type").is_in(list(types))))
    if PROCURE_TO_PAY.payment_type in types:
        frames.append(_payments(settlement))
    documents = pl.concat([frame.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items()) for frame in frames])
    stamp, coarse = pl.col("guarded_event_at"), pl.col("guarded_event_at_is_date_only")
    enclosed = documents.with_columns(guarded_from=earliest_moment(stamp, coarse, engagement), guarded_until=latest_moment(stamp, coarse, engagement))
    return enclosed.collect().with_row_index("document_id")


def _orders(accepted: Accepted, orders: pl.LazyFrame, engagement: Engagement) -> pl.LazyFrame:
    orders = orders.with_columns(sent_day=local_day("sent_at", engagement)).with_columns(
        sent_day=pl.when(pl.col("sent_day") <= engagement.as_of).then("sent_day")
    )
    is_sent_first = pl.col("sent_day").is_not_null() & (pl.col("sent_day") <= pl.col("fulfilled_day")).fill_null(value=True)
    by_cycle = {name: pl.col("cycle").replace_strict({c.name: getattr(c, name) for c in CYCLES}, return_dtype=pl.String) for name in _NAMES}
    # Sending a sales order to nobody is no event: only the goods leaving are guarded.
    guards_sending = is_sent_first & (pl.col("cycle") == PROCURE_TO_PAY.name)
    guarded_event = pl.when(guards_sending).then(pl.lit("sent")).when(pl.col("fulfilled_day").is_not_null()).then(by_cycle["fulfilment_type"])
    effective = (
        pl.when(is_sent_first)
        .then(pl.lit("sent"))
        .when(pl.col("fulfilled_day").is_not_null())
        .then(by_cycle["fulfilment_type"])
        .when(pl.col("invoiced_day").is_not_null())
        .then(by_cycle["invoice_type"])
    )
    measured = orders.with_columns(
        document_type=by_cycle["order_type"],
        document_number="order_number",
        alternative_number=pl.lit(None, dtype=pl.String),
        document_date="order_date",
        is_effective=effective.is_not_null(),
        effective_event=effective,
        guarded_event=guarded_event,
        guarded_event_at=pl.when(guards_sending).then("sent_at").otherwise(pl.col("fulfilled_day").cast(_STAMP)),
        guarded_event_at_is_date_only=pl.when(guards_sending).then("sent_at_is_date_only").otherwise(pl.col("fulfilled_day").is_not_null()),
    )
    return measured.join(_versions(accepted), on=["cycle", "company_code", "order_number"], how="left", validate="1:1")


def uncounted_documents(lines: MeasuredLines, settlement: Settlement) -> pl.LazyFrame:
    """company_code, document_type, document_number, party_id of orders, invoices and payments that were cancelled, undone or lie after the as-of date."""
    types = {name: pl.col("cycle").replace_strict({c.name: getattr(c, name) for c in CYCLES}, return_dtype=pl.String) for name in _DOCUMENT_TYPES}
    orders = lines.orders.filter(~pl.col("is_live")).select(
        "company_code", "party_id", document_type=types["order_type"], document_number="order_number"
    )
    invoices = settlement.invoices.filter(~pl.col("is_live"))
    bills = [
        invoices.select("company_code", "party_id", document_type=types["invoice_type"], document_number=number)
        for number in ("invoice_number", "internal_number")
    ]
    payments = settlement.payments.lazy().filter(pl.col("exclusion_reason").is_not_null())
    paid = payments.select("company_code", "party_id", document_type=types["payment_type"], document_number="payment_number")
    return pl.concat([orders, *bills, paid])


def _versions(accepted: Accepted) -> pl.LazyFrame:
    """The version in force of each order that has versions."""
    frames = [pl.LazyFrame(schema={"cycle": pl.String(), "company_code": pl.String(), "order_number": pl.String(), "document_version": pl.Int64()})]
    frames += [
        table(accepted, cycle.order_table)
        .filter(pl.col("po_version").is_not_null() & pl.col("is_current_version").fill_null(value=True))
        .group_by("company_code", order_number=f"{cycle.order}_number")
        .agg(document_version=pl.col("po_version").max())
        .select(pl.lit(cycle.name).alias("cycle"), "company_code", "order_number", "document_version")
        for cycle in CYCLES
        if is_given(accepted, cycle.order_table, "po_version")
    ]
    return pl.concat(frames)


def _invoices(settlement: Settlement) -> pl.LazyFrame:
    is_credit = pl.col("invoice_kind").is_in(_CREDITS).fill_null(value=False)
    invoice_type = pl.col("cycle").replace_strict({c.name: c.invoice_type for c in CYCLES}, return_dtype=pl.String)
    is_credit_note = is_credit & (pl.col("cycle") == ORDER_TO_CASH.name)
    net = pl.when(is_credit_note).then(pl.col("amount_net").abs()).otherwise("amount_net")
    return settlement.invoices.filter(pl.col("is_live")).with_columns(
        document_type=pl.when(is_credit_note).then(pl.lit("credit_note")).otherwise(invoice_type),
        document_number="invoice_number",
        alternative_number="internal_number",
        document_version=pl.lit(None, dtype=pl.Int64),
        item_group=pl.lit(None, dtype=pl.String),
        document_date="invoice_date",
        amount_net=net,
        amount_net_base=amount(net, pl.col("fx_rate")),
        is_effective=pl.lit(value=True),
        effective_event=pl.lit("posted"),
        guarded_event=pl.when(pl.col("first_payment_at").is_not_null() & (invoice_type == PROCURE_TO_PAY.invoice_type)).then(
            pl.lit(PROCURE_TO_PAY.payment_type)
        ),
        guarded_event_at="first_payment_at",
        guarded_event_at_is_date_only="first_payment_at_is_date_only",
        is_paid=pl.col("paid_amount") != 0,
        maker_is_known=pl.col("created_by").is_not_null(),
    )


def _payments(settlement: Settlement) -> pl.LazyFrame:
    counting = settlement.payments.lazy().filter(
        pl.col("exclusion_reason").is_null() & (pl.col("cycle") == PROCURE_TO_PAY.name) & (pl.col("amount") > 0)
    )
    return counting.with_columns(
        document_type=pl.lit(PROCURE_TO_PAY.payment_type),
        document_number="payment_number",
        alternative_number=pl.lit(None, dtype=pl.String),
        document_version=pl.lit(None, dtype=pl.Int64),
        party_name=pl.lit(None, dtype=pl.String),
        group_id=pl.lit(None, dtype=pl.String),
        item_group=pl.lit(None, dtype=pl.String),
        document_date="payment_date",
        amount_net="amount",
        amount_net_base=amount(pl.col("amount"), pl.col("fx_rate")),
        is_effective=pl.lit(value=True),
        effective_event=pl.lit("paid"),
        guarded_event=pl.lit(PROCURE_TO_PAY.payment_type),
        guarded_event_at="executed_at",
        guarded_event_at_is_date_only="executed_at_is_date_only",
        is_paid=pl.lit(value=True),
        maker_is_known=pl.col("created_by").is_not_null(),
    )
