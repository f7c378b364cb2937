"""Goods against the period in which their bill was booked, at the two ends of the reported period. Bucket-local."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import MONEY, amount
from recon.match.deliveries import confirmed_days
from recon.match.dense import IN_ORDER
from recon.match.described import described
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay

#: Terms under which goods are the seller's until the customer has them.
_DESTINATION: Final = ("DAF", "DAP", "DAT", "DDP", "DDU", "DEQ", "DES", "DPU")
_KEY: Final = ["cycle", "company_code", "party_id", "document_number", "document_line_no", "fulfilment_number", "fulfilment_line_no"]
_GOODS: Final = (
    "cycle", "company_code", "party_id", "fulfilment_number", "fulfilment_line_no", "fulfilment_date", "incoterm", "transfer_date",
)  # fmt: skip
_BILL: Final = ("internal_number", "currency", "source_file", "source_row")


def cut_off(found: ThreeWay, parts: Parts, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """cut_off, sorted by key: one row per piece of a bill and the goods it covers, where an end of the reported period lies between them.

    `period_end` is the last day before the reported period, or its last day. Control passes with the receipt; of sales with the
    transfer recorded, else by the delivery term: on arrival, as the customer confirmed it (unknown without), or on shipment, also
    where no term is given (`transfer_basis` fallback). Pieces that lie on one side of both ends are counted in `document_count`;
    sold goods whose arrival nobody confirmed are listed. Accruals are ledger lines to be reversed, posted by the period's end, that
    name the goods or the order.
    """
    pieces = _pieces(found, parts, engagement)
    dated = _transferred(pieces, accepted, engagement)
    ends = [engagement.period.from_ - timedelta(days=1), engagement.period.to]
    first, last = pl.min_horizontal("transfer_date", "booking_date"), pl.max_horizontal("transfer_date", "booking_date")
    between = [pl.when((first <= end) & (last > end)).then(pl.lit(end)) for end in ends]
    ended = dated.with_columns(period_end=pl.coalesce(between)).with_columns(
        days_from_end=pl.min_horizontal(
            (pl.col("period_end") - first).dt.total_days(), (last - pl.col("period_end")).dt.total_days()
        ),
        booking_days_after_end=(pl.col("booking_date") - pl.col("period_end")).dt.total_days(),
        crossing=pl.when(pl.col("transfer_date").is_null()).then(None).when(pl.col("period_end").is_null()).then(pl.lit("none"))
        .when(pl.col("transfer_date") <= pl.col("period_end")).then(pl.lit("goods first")).otherwise(pl.lit("bill first")),
    )  # fmt: skip
    accrued = _with_accruals(ended, accepted).collect().lazy()
    is_quiet = (pl.col("crossing") == "none").fill_null(value=False)
    loud = accrued.filter(~is_quiet).with_columns(document_count=pl.lit(1, dtype=pl.Int64))
    quiet = accrued.filter(is_quiet).group_by("cycle", "company_code").agg(
        pl.col("crossing", "accrual_is_known").first(), document_count=pl.len().cast(pl.Int64), amount_base=pl.col("amount_base").abs().sum()
    )  # fmt: skip
    told = described(pl.concat([loud, quiet], how="diagonal"), "cut_off", accepted)
    return told.select(pl.col(name).cast(kind) for name, kind in schema("cut_off").items()).sort(_KEY)


def _pieces(found: ThreeWay, parts: Parts, engagement: Engagement) -> pl.LazyFrame:
    """What carries what, with the goods' and the bill's own columns; only pieces near an end of the period can matter, but all are counted."""
    carried = parts.carried
    goods = found.fulfilments["place"].gather(carried["layer"])
    bills = found.invoices.select(
        pl.col("place", "rate").gather(carried["row"]), booking_date=pl.coalesce("posting_date", "invoice_date").gather(carried["row"])
    )
    orders = found.orders["place"].gather(found.invoices["order_row"].gather(carried["row"]))
    sides = [
        carried.select("quantity", "amount"),
        found.raw.fulfilments.taken(goods, *_GOODS),
        found.units.select(pl.col("order_unit_price", "order_rate").gather(carried["unit"])),
        bills.select("rate", "booking_date"),
        found.raw.invoices.taken(bills["place"], *_BILL, document_number="invoice_number", document_line_no="invoice_line_no"),
        found.raw.orders.taken(orders, "order_number", "order_line_no", "is_bill_and_hold"),
    ]
    told = pl.concat(sides, how="horizontal").lazy().filter(pl.col("booking_date") <= engagement.as_of)
    # bought goods stand at the order's price, which is what is accrued for them; sold ones at what they were billed for
    ordered = amount(amount(pl.col("quantity"), pl.col("order_unit_price")), pl.col("order_rate"))
    worth = pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then(pl.coalesce(ordered, amount(pl.col("amount"), pl.col("rate"))))
    return told.with_columns(amount_base=worth.otherwise(amount(pl.col("amount"), pl.col("rate")))).collect(engine=IN_ORDER).lazy()


def _transferred(pieces: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    days = confirmed_days(accepted, engagement).rename({"document_number": "fulfilment_number", "document_line_no": "fulfilment_line_no"})
    told = pieces.join(days, on=["cycle", "company_code", "fulfilment_number", "fulfilment_line_no"], how="left", validate="m:1")
    sells = pl.col("cycle") == ORDER_TO_CASH.name
    term = pl.col("incoterm").str.to_uppercase().str.slice(0, 3)
    arrives = sells & term.is_in(_DESTINATION).fill_null(value=False)
    recorded = pl.when(sells).then("transfer_date")
    basis = (
        pl.when(~sells)
        .then(pl.lit("receipt"))
        .when(recorded.is_not_null())
        .then(pl.lit("recorded"))
        .when(arrives)
        .then(pl.lit("arrival"))
        .when(term.is_null())
        .then(pl.lit("fallback"))
        .otherwise(pl.lit("shipment"))
    )
    by_term = pl.when(arrives).then("confirmed_date").otherwise("fulfilment_date")
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    return told.with_columns(
        transfer_date=pl.coalesce(recorded, by_term),
        transfer_basis=basis,
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
    )


def _with_accruals(ended: pl.LazyFrame, accepted: Accepted) -> pl.LazyFrame:
    """Add `accrued_amount_base`: what was accrued for the goods, or for the whole order, by the end of the period."""
    if not any(is_given(accepted, "gl_journal_line", says) for says in ("auto_reverse", "is_accrual")):
        return ended.with_columns(accrued_amount_base=pl.lit(0).cast(MONEY), accrual_is_known=pl.lit(value=False))
    is_accrual = pl.any_horizontal(pl.col("auto_reverse", "is_accrual").fill_null(value=False)) & pl.col("reversal_of").is_null()
    journal = table(accepted, "gl_journal_line").filter(is_accrual & (pl.col("amount") > 0))
    posted = journal.select("company_code", "reference", "posting_date", accrued="amount").collect().lazy()
    numbered = ended.collect().with_row_index("piece").lazy()
    named = pl.concat(
        [numbered.select("piece", "company_code", "period_end", reference=number) for number in ("fulfilment_number", "order_number")]
    ).unique()
    met = named.join(posted, on=["company_code", "reference"], how="inner").filter(pl.col("posting_date") <= pl.col("period_end"))
    sums = met.group_by("piece").agg(accrued_amount_base=pl.col("accrued").sum())
    joined = numbered.join(sums, on="piece", how="left", validate="1:1").with_columns(pl.col("accrued_amount_base").fill_null(0))
    return joined.with_columns(accrual_is_known=pl.lit(value=True)).drop("piece")
