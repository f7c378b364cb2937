"""What happened to an order, event by event: requested, approved, ordered, received, inspected, invoiced, paid. Facts, no verdict.

Bucket-local: the events of an order depend on the documents that name it, their approvals, changes and payments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.domain.workpapers import Traces
from recon.match.given import local_day, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted, Matches

_ORDER: Final = ("cycle", "company_code", "order_number")
_BILL: Final = ("cycle", "company_code", "party_id", "invoice_number")
_PAYMENT: Final = ("cycle", "company_code", "party_id", "payment_number")
_TYPES: Final = {stem: {c.name: getattr(c, f"{stem}_type") for c in CYCLES} for stem in ("order", "fulfilment", "invoice", "payment")}
#: Order lines of a company all of whose orders are followed; of a larger one only those that exceptions lead to.
ORDER_LINES_MOST: Final = 20_000
#: Events in the order in which they usually happen.
EVENTS: Final = (
    "requested", "requisition_approved", "entered", "ordered", "changed", "approval", "sent", "fulfilled", "returned", "reversed", "inspected", "rejected", "confirmed",
    "prepaid", "invoiced", "credited", "bill_reversed", "posted", "paid",
)  # fmt: skip


def traces(accepted: Accepted, matches: Matches, exceptions: pl.DataFrame, engagement: Engagement) -> Traces:
    """The events of the orders that exceptions speak about, and which order belongs to which exception.

    Of a company with no more than `ORDER_LINES_MOST` order lines the events of every order: an auditor asks about any of them.

    An exception about an invoice, a delivery or a payment leads to the order that its lines name; of several the first by number.
    Events carry document currency, the base unit where all lines of a document share one, and the row they come from.
    """
    links = _links(matches, exceptions)
    orders = links.select(_ORDER).unique().lazy()
    if traces_all(accepted):
        orders = matches.tables["order_line_match"].filter(pl.col("order_number").is_not_null()).select(_ORDER)
        orders = pl.concat([orders, links.lazy().select(_ORDER)]).unique().collect().lazy()
    bills = _lines(matches, "invoice_line_match", orders).collect().lazy()
    paid = _payments(matches, bills).collect().lazy()
    requests = _requests(accepted, orders).collect().lazy()
    parts = [
        *_requested(accepted, requests, engagement),
        *_ordered(matches, orders, engagement),
        *_fulfilled(matches, orders),
        *_inspected(accepted, matches, orders, engagement),
        *_billed(bills),
        paid.drop("invoice_number"),
        *_papers(accepted, _documents(requests, orders, bills, paid), engagement),
    ]
    events = pl.concat([_shaped(part) for part in parts]).filter(pl.col("event_date") <= engagement.as_of).collect()
    place = pl.col("event").replace_strict({event: i for i, event in enumerate(EVENTS)}, return_dtype=pl.Int64)
    # what is known by its day only: papers open the day, goods and money close it
    half = pl.when(pl.col("event_at").is_not_null()).then(1).when(place < EVENTS.index("approval")).then(0).otherwise(2)
    rest = [name for name in schema("order_event") if name not in {*_ORDER, "event_date", "event_at"}]
    ordered = events.sort(*_ORDER, "event_date", half, "event_at", place, *rest, nulls_last=True)
    return Traces(ordered, links.sort("exception_id"))


def traces_all(accepted: Accepted) -> bool:
    """Whether every order of the company is followed, not only those that exceptions lead to. Nothing depends on buckets: row counts are the company's."""
    return sum(accepted.row_counts.get(cycle.order_table, 0) for cycle in CYCLES) <= ORDER_LINES_MOST


def traced_lines(matches: Matches, exceptions: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """Of a bucket's measured lines those of orders that these exceptions, as yet without ids, lead to."""
    orders = _links(matches, exceptions.with_columns(exception_id=pl.int_range(pl.len()).cast(pl.String))).select(_ORDER).unique().lazy()
    names = ("order_line_match", "fulfilment_line_match", "invoice_line_match")
    return {name: _lines(matches, name, orders).collect().lazy() for name in names}


# ── which orders ─────────────────────────────────────────────────────────────────────────────────────────────
def _links(matches: Matches, exceptions: pl.DataFrame) -> pl.DataFrame:
    """exception_id, cycle, company_code, order_number of every exception that leads to an order."""
    about = exceptions.lazy().select("exception_id", *_ORDER, "party_id", "document_type", "document_number")
    own = about.filter(pl.col("order_number").is_not_null()).select("exception_id", *_ORDER)
    without = about.filter(pl.col("order_number").is_null()).drop("order_number").collect().lazy()
    fulfilments = matches.tables["fulfilment_line_match"].select(*_ORDER, "party_id", document_number="fulfilment_number")
    invoices = matches.tables["invoice_line_match"].select(*_ORDER, "party_id", document_number="invoice_number")
    settled = matches.tables["settlement_match"].select(*_BILL, document_number="payment_number")
    payments = settled.join(invoices.rename({"document_number": "invoice_number"}), on=list(_BILL)).drop("invoice_number")
    found = [own]
    for stem, named in (("fulfilment", fulfilments), ("invoice", invoices), ("payment", payments)):
        kind = pl.col("cycle").replace_strict(_TYPES[stem], default=None, return_dtype=pl.String)
        asked = without.filter(pl.col("document_type") == kind)
        key = ["cycle", "company_code", "party_id", "document_number"]
        joined = named.filter(pl.col("order_number").is_not_null()).join(asked, on=key)
        found.append(joined.group_by("exception_id").agg(pl.col("cycle", "company_code").first(), pl.col("order_number").min()))
    return pl.concat([part.select("exception_id", *_ORDER) for part in found]).collect()


def _lines(matches: Matches, name: str, orders: pl.LazyFrame) -> pl.LazyFrame:
    return matches.tables[name].join(orders, on=list(_ORDER), how="semi")


def _requests(accepted: Accepted, orders: pl.LazyFrame) -> pl.LazyFrame:
    """The requisitions that the orders answer: the order's key, document_number."""
    return (
        table(accepted, "purchase_order_line")
        .filter(pl.col("requisition_id").is_not_null())
        .select(cycle=pl.lit(CYCLES[0].name), company_code="company_code", order_number="po_number", document_number="requisition_id")
        .join(orders, on=list(_ORDER), how="semi")
        .unique()
    )


# ── the events ───────────────────────────────────────────────────────────────────────────────────────────────
def _requested(accepted: Accepted, requests: pl.LazyFrame, engagement: Engagement) -> list[pl.LazyFrame]:
    """The requisition behind the order, and its approval where its own lines record it."""
    lines = table(accepted, "purchase_requisition_line").rename({"requisition_id": "document_number"})
    documents = (
        lines.join(requests, on=["company_code", "document_number"])
        .group_by(*_ORDER, "document_number")
        .agg(
            *_first("requester_id", "source_file", "source_row"),
            *_one("uom"),
            pl.col("requisition_date").min(),
            pl.col("approved_at").max(),
            pl.col("approved_at_is_date_only").any(),
            quantity=pl.col("quantity").sum(),
            line_count=pl.len(),
        )
        .with_columns(document_type=pl.lit("requisition"))
    )
    asked = documents.filter(pl.col("requisition_date").is_not_null())
    return [
        asked.with_columns(event=pl.lit("requested"), event_date="requisition_date", actor_id="requester_id"),
        _stamped(documents.with_columns(quantity=None), "approved_at", engagement).with_columns(event=pl.lit("requisition_approved")),
    ]


def _ordered(matches: Matches, orders: pl.LazyFrame, engagement: Engagement) -> list[pl.LazyFrame]:
    """The order itself: its date, when it was entered, when it was sent."""
    lines = _lines(matches, "order_line_match", orders)
    documents = lines.group_by(_ORDER).agg(
        *_first("party_id", "currency", "source_file", "source_row"),
        *_one("base_uom"),
        pl.col("order_date", "created_at", "sent_at").min(),
        pl.col("created_at_is_date_only", "sent_at_is_date_only").all(),
        pl.col("created_by", "buyer_id").min(),
        quantity=pl.col("ordered_quantity").sum(),
        amount=pl.col("ordered_amount").sum(),
        line_count=pl.len(),
    )
    documents = documents.with_columns(_type("order"), document_number="order_number")
    bare = documents.with_columns(amount=None, quantity=None)
    return [
        documents.with_columns(event=pl.lit("ordered"), event_date="order_date", actor_id="buyer_id"),
        _stamped(bare, "created_at", engagement).with_columns(event=pl.lit("entered"), actor_id="created_by"),
        _stamped(bare, "sent_at", engagement).with_columns(event=pl.lit("sent")),
    ]


def _fulfilled(matches: Matches, orders: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Receipts and shipments per document, returns and reversals apart, and the customer's word for them."""
    lines = _lines(matches, "fulfilment_line_match", orders)
    key = (*_ORDER, "fulfilment_number", "fulfilment_kind", "fulfilment_date")
    documents = lines.group_by(key).agg(
        *_first("party_id", "currency", "source_file", "source_row", "created_by", "warehouse_id"),
        *_one("base_uom"),
        pl.col("quantity", "amount", "confirmed_quantity", "rejected_quantity").sum(),
        pl.col("confirmed_date").max(),
        line_count=pl.len(),
    )
    documents = documents.with_columns(_type("fulfilment"), document_number="fulfilment_number", detail="warehouse_id")
    kind = pl.col("fulfilment_kind").replace({"return": "returned", "reversal": "reversed"})
    usual = ~pl.col("fulfilment_kind").is_in(["return", "reversal"]).fill_null(value=False)
    happened = documents.with_columns(
        event=pl.when(usual).then(pl.lit("fulfilled")).otherwise(kind), event_date="fulfilment_date", actor_id="created_by"
    )
    confirmed = documents.filter(pl.col("confirmed_date").is_not_null()).with_columns(
        event=pl.lit("confirmed"), event_date="confirmed_date", quantity="confirmed_quantity", amount=None, detail=None
    )
    rejected = documents.filter(pl.col("rejected_quantity") != 0).with_columns(
        event=pl.lit("rejected"), event_date="fulfilment_date", quantity="rejected_quantity", amount=None, detail=None
    )
    return [happened, confirmed, rejected]


def _inspected(accepted: Accepted, matches: Matches, orders: pl.LazyFrame, engagement: Engagement) -> list[pl.LazyFrame]:
    """Inspections of receipts, where their moment was recorded."""
    key = ["company_code", "receipt_number"]
    named = _lines(matches, "fulfilment_line_match", orders).select(*_ORDER, "party_id", receipt_number="fulfilment_number").unique()
    lines = table(accepted, "goods_receipt_line").filter(pl.col("inspected_at").is_not_null())
    documents = lines.group_by(key).agg(
        pl.col("inspected_at").max(), pl.col("inspected_at_is_date_only").any(), *_first("source_file", "source_row"), line_count=pl.len()
    )
    of_purchase = named.filter(pl.col("cycle") == CYCLES[0].name)
    joined = of_purchase.join(documents, on=key).with_columns(_type("fulfilment"), event=pl.lit("inspected"), document_number="receipt_number")
    return [_stamped(joined, "inspected_at", engagement)]


def _billed(bills: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Invoices and credits per document, what they bill of this order; their posting where it is recorded."""
    key = (*_ORDER, "party_id", "invoice_number", "invoice_kind", "invoice_date")
    documents = bills.group_by(key).agg(
        *_first("currency", "source_file", "source_row"),
        *_one("base_uom"),
        pl.col("created_by", "posted_by", "posting_date").min(),
        quantity=pl.col("invoiced_quantity").sum(),
        amount=pl.col("invoiced_amount").sum(),
        line_count=pl.len(),
    )
    documents = documents.with_columns(_type("invoice"), document_number="invoice_number")
    kinds = {"credit": "credited", "value_credit": "credited", "reversal": "bill_reversed", "prepayment": "prepaid"}
    event = pl.col("invoice_kind").replace_strict(kinds, default="invoiced", return_dtype=pl.String)
    says_more = pl.col("posted_by").is_not_null() | (pl.col("posting_date") != pl.col("invoice_date"))
    posted = documents.filter(pl.col("posting_date").is_not_null() & says_more)
    return [
        documents.with_columns(event=event, event_date="invoice_date", actor_id="created_by"),
        posted.with_columns(event=pl.lit("posted"), event_date="posting_date", actor_id="posted_by", amount=None, quantity=None),
    ]


def _payments(matches: Matches, bills: pl.LazyFrame) -> pl.LazyFrame:
    """What was paid on invoices that bill these orders: the part applied to the invoice, whichever of its orders it is for."""
    named = bills.select(*_ORDER, "party_id", "invoice_number").filter(pl.col("invoice_number").is_not_null()).unique()
    parts = matches.tables["settlement_match"].filter(pl.col("payment_number").is_not_null()).join(named, on=list(_BILL))
    paid = parts.group_by(*_ORDER, "party_id", "payment_number", "invoice_number", "payment_date", "currency").agg(
        pl.col("amount").sum(), line_count=pl.len()
    )
    return paid.with_columns(
        _type("payment"), event=pl.lit("paid"), event_date="payment_date", document_number="payment_number", detail="invoice_number"
    )


# ── approvals and changes of all these documents ─────────────────────────────────────────────────────────────
def _documents(requests: pl.LazyFrame, orders: pl.LazyFrame, bills: pl.LazyFrame, paid: pl.LazyFrame) -> pl.LazyFrame:
    """Every paper of an order whose approvals and changes belong to it: document_type, document_number beside the order's key.

    A party is known where the number of a paper is only unique with it.
    """
    unnamed = pl.lit(None, pl.String).alias("party_id")
    papers = [
        orders.select(*_ORDER, unnamed, _type("order"), document_number="order_number"),
        requests.select(*_ORDER, unnamed, pl.lit("requisition").alias("document_type"), "document_number"),
        bills.select(*_ORDER, "party_id", _type("invoice"), document_number="invoice_number"),
        bills.filter(pl.col("invoice_kind").is_in(["credit", "value_credit"])).select(
            *_ORDER, "party_id", pl.lit("credit_note").alias("document_type"), document_number="invoice_number"
        ),
        paid.select(*_ORDER, "party_id", _type("payment"), "document_number"),
    ]
    return pl.concat([paper.select(*_ORDER, "party_id", "document_type", "document_number") for paper in papers]).unique()


def _papers(accepted: Accepted, documents: pl.LazyFrame, engagement: Engagement) -> list[pl.LazyFrame]:
    key = ["company_code", "document_type", "document_number"]
    acts = table(accepted, "approval_event").rename({"party_id": "party_of_event"}).join(documents, on=key)
    ours = pl.col("party_of_event").is_null() | pl.col("party_id").is_null() | (pl.col("party_of_event") == pl.col("party_id"))
    decided = acts.filter(ours).with_columns(
        event=pl.lit("approval"), detail="action", amount="amount_at_action", quantity=None, on_behalf_of="on_behalf_of"
    )
    changes = table(accepted, "document_change").rename({"line_no": "document_line_no"}).join(documents, on=key)
    told = pl.format("{}: {} → {}", "field", pl.col("old_value").fill_null("–"), pl.col("new_value").fill_null("–"))
    changed = changes.with_columns(event=pl.lit("changed"), detail=told, actor_id="changed_by")
    return [_stamped(decided, "action_at", engagement), _stamped(changed, "changed_at", engagement)]


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────
def _type(stem: str) -> pl.Expr:
    return pl.col("cycle").replace_strict(_TYPES[stem], return_dtype=pl.String).alias("document_type")


def _first(*columns: str) -> list[pl.Expr]:
    """Of each column the value of the document's first row, by file and row."""
    by = [pl.col("source_file"), pl.col("source_row")]
    return [pl.col(column).sort_by(by).first() for column in columns]


def _one(column: str) -> list[pl.Expr]:
    """The unit that all lines share; nothing where they differ, because their quantities do not add up."""
    return [pl.when(pl.col(column).n_unique() == 1).then(pl.col(column).min()).alias("uom")]


def _stamped(frame: pl.LazyFrame, stamp: str, engagement: Engagement) -> pl.LazyFrame:
    """The event's day in the engagement's zone, and its moment where more than the day is known."""
    moment = pl.when(~pl.col(f"{stamp}_is_date_only")).then(pl.col(stamp))
    return frame.filter(pl.col(stamp).is_not_null()).with_columns(event_date=local_day(stamp, engagement), event_at=moment)


def _shaped(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The columns of `TRACE_EVENTS`; a quantity without one unit is none."""
    present = set(frame.collect_schema().names())
    columns = [(pl.col(name) if name in present else pl.lit(None)).cast(kind).alias(name) for name, kind in schema("order_event").items()]
    shaped = frame.select(columns)
    return shaped.with_columns(quantity=pl.when(pl.col("uom").is_not_null()).then("quantity"))
