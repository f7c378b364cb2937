"""Payments and cash applied to invoices, both cycles at once: what is paid, what is owed, what lies on account.

Facts only. What is applied never exceeds what an invoice leaves open nor what a payment has; the rest stays on account.
Currencies are never mixed. What is written off and until when a discount is granted stands in control files (`domain.allowances`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.cash_inference import inferred
from recon.match.cash_references import by_allocation, by_words
from recon.match.cash_terms import with_terms
from recon.match.given import shaped, table
from recon.match.payments import PAID_AHEAD, allocations, payment_tie_out, payments
from recon.match.position import CLAIMS, ZERO, Position
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_OPEN_KIND: Final = {PROCURE_TO_PAY.name: "open_payable", ORDER_TO_CASH.name: "open_receivable"}


@dataclass(frozen=True)
class Cash:
    """How the cash was applied, for the tables that describe it.

    `documents`: the invoice documents with `invoice_id`. `final`: the position after the last pass. `named`: payment_id, invoice_id
    (null: a reference that names nothing), and what an allocation row says (`by_allocation`), null where free text names it.
    `on_account`: payments with a remainder, as `settle` leaves them.
    """

    documents: pl.DataFrame
    final: Position
    named: pl.DataFrame
    on_account: pl.DataFrame


@dataclass(frozen=True)
class Settlement:
    """What settling found.

    `invoices`: the invoice documents given, one to one, with paid_amount, discount_amount, write_off_amount, open_amount
    (document currency, signed like the invoice; open_amount is null where the gross amount is unknown, zero where the document is not live).
    It also has first_payment_at and first_payment_at_is_date_only, null where nothing was paid.
    `settlement_match`: as in measures, sorted. `open_items`: open_payable, open_receivable and unapplied_cash in the columns of
    open_layer, ages left null. `applied`: what of each payment went to each invoice, by their positions in `payments` and `invoices`.
    `payments`: every payment with its reason for not counting. `payment_tie_out`: the doorway `match` of the payment tables.
    """

    invoices: pl.LazyFrame
    settlement_match: pl.LazyFrame
    open_items: pl.LazyFrame
    payments: pl.DataFrame
    payment_tie_out: pl.DataFrame
    applied: pl.DataFrame
    cash: Cash


def settle(accepted: Accepted, invoice_documents: pl.LazyFrame, engagement: Engagement) -> Settlement:
    """Apply the payments to `invoice_documents` (columns of invoice_match, paid and open amounts excepted)."""
    documents = invoice_documents.collect().with_row_index("invoice_id")
    paid = payments(accepted, engagement)
    rows = allocations(accepted)
    start = _position(accepted, documents, paid, rows, engagement)
    allocated, said = by_allocation(start, rows)
    referenced, named = by_words(allocated, engagement)
    final, unsettled = inferred(referenced, engagement.policy_rules())
    on_account = _on_account(final, paid, unsettled)
    invoices = _with_paid(documents, final, paid)
    items = pl.concat([_open_invoices(invoices), _unapplied(on_account, accepted)])
    return Settlement(
        invoices=invoices.drop("invoice_id").lazy(),
        settlement_match=_settlement_match(final, documents, paid, on_account).lazy(),
        open_items=items.lazy(),
        payments=paid,
        payment_tie_out=payment_tie_out(paid),
        applied=final.applied.select("payment_id", "invoice_id", "amount"),
        cash=Cash(documents, final, pl.concat([said, named], how="diagonal"), on_account),
    )


def _position(accepted: Accepted, documents: pl.DataFrame, paid: pl.DataFrame, rows: pl.DataFrame, engagement: Engagement) -> Position:
    parties = _groups(accepted)
    counting = paid.filter(pl.col("exclusion_reason").is_null())
    on_rows = rows.select("cycle", "company_code", "payment_number").unique()
    named = counting.join(on_rows, on=["cycle", "company_code", "payment_number"], how="semi")["payment_id"]
    is_ahead = pl.col("payment_kind").is_in(PAID_AHEAD).fill_null(value=False)
    start = counting.join(parties, on=["cycle", "party_id"], how="left", validate="m:1").select(
        "payment_id", "cycle", "company_code", "party_id", "currency", "fx_rate",
        pl.coalesce("group_id", "party_id").alias("group_id"),
        number="payment_number",
        day="payment_date",
        counted_day=working_days(accepted).counted(pl.col("value_date")),
        words=pl.when(pl.col("reference_text").str.strip_chars() != "").then(pl.col("reference_text").str.strip_chars()),
        left="amount",
        is_free=~pl.col("payment_id").is_in(named.implode()) & ~is_ahead,
    )  # fmt: skip
    billed = documents.filter(pl.col("is_live")).select(
        "invoice_id", "cycle", "company_code", "party_id", "currency",
        pl.coalesce("group_id", "party_id").alias("group_id"),
        number="invoice_number",
        invoice_date="invoice_date",
        due_date="due_date",
        day=pl.coalesce("posting_date", "invoice_date"),
        gross="amount_gross",
        room="amount_gross",
    )  # fmt: skip
    return Position(start.sort("payment_id"), with_terms(billed, accepted, engagement).sort("invoice_id"), pl.DataFrame(schema=CLAIMS))


def _groups(accepted: Accepted) -> pl.DataFrame:
    frames = [
        table(accepted, cycle.party_table).select("party_id", "group_id", cycle=pl.lit(cycle.name)).unique("party_id", keep="any") for cycle in CYCLES
    ]
    return pl.concat(frames).collect()


def _with_paid(documents: pl.DataFrame, final: Position, paid: pl.DataFrame) -> pl.DataFrame:
    moments = paid.select("payment_id", "executed_at", "executed_at_is_date_only")
    applied = final.applied.join(moments, on="payment_id", how="left", validate="m:1").sort("executed_at", "executed_at_is_date_only")
    sums = applied.group_by("invoice_id").agg(
        paid_amount=pl.col("amount").sum(),
        discount_amount=pl.col("discount").sum(),
        write_off_amount=pl.col("write_off").sum(),
        first_payment_at=pl.col("executed_at").first(),
        first_payment_at_is_date_only=pl.col("executed_at_is_date_only").first(),
    )
    rooms = final.invoices.select("invoice_id", open_amount="room")
    given = documents.drop([c for c in ("paid_amount", "open_amount") if c in documents.columns])
    joined = given.join(sums, on="invoice_id", how="left", validate="1:1").join(rooms, on="invoice_id", how="left", validate="1:1")
    return joined.sort("invoice_id").with_columns(
        pl.col("paid_amount", "discount_amount", "write_off_amount").fill_null(ZERO),
        open_amount=pl.when("is_live").then("open_amount").otherwise(ZERO),
    )


def _on_account(final: Position, paid: pl.DataFrame, unsettled: pl.DataFrame) -> pl.DataFrame:
    """Payments of which something was not applied: `left`, why (`certainty`), `is_returned` where a refund takes it back.

    A refund that names nothing is laid against the only remainder of the account of its amount; the two leave nothing open.
    """
    account = ["cycle", "company_code", "party_id", "currency"]
    rest = final.payments.filter(pl.col("left") != 0).select("payment_id", "left")
    rest = rest.join(paid, on="payment_id", how="left", validate="1:1").join(unsettled, on="payment_id", how="left", validate="1:1")
    is_refund = (pl.col("payment_kind") == "refund").fill_null(value=False) & (pl.col("left") < 0)
    refunds = rest.filter(is_refund).select(*account, refund_id="payment_id", left=-pl.col("left"), refund_day="payment_date")
    pairs = refunds.join(rest.select(*account, "payment_id", "left", "payment_date"), on=[*account, "left"], how="inner")
    pairs = pairs.filter(pl.col("payment_date") <= pl.col("refund_day"))
    pairs = pairs.filter((pl.len().over("refund_id") == 1) & (pl.len().over("payment_id") == 1))
    returned = pl.concat([pairs["payment_id"], pairs["refund_id"]])
    return rest.with_columns(certainty=pl.col("certainty").fill_null(pl.lit("none")), is_returned=pl.col("payment_id").is_in(returned.implode()))


def _settlement_match(final: Position, documents: pl.DataFrame, paid: pl.DataFrame, on_account: pl.DataFrame) -> pl.DataFrame:
    described = paid.select("payment_id", "cycle", "company_code", "party_id", "payment_number", "currency", "payment_date")
    numbers = documents.select("invoice_id", "invoice_number")
    applied = final.applied.join(described, on="payment_id", how="left", validate="m:1").join(numbers, on="invoice_id", how="left", validate="m:1")
    kept = on_account.with_columns(
        pl.when("is_returned").then(pl.lit("refunded")).otherwise(pl.lit("on_account")).alias("pass"),
        amount="left",
        discount=ZERO,
        write_off=ZERO,
        invoice_number=pl.lit(None, dtype=pl.String),
    )
    columns = list(schema("settlement_match"))
    rows = pl.concat([applied.select(columns), kept.select(columns)])
    return shaped(rows, schema("settlement_match")).sort("cycle", "company_code", "payment_number", "invoice_number", "amount", "pass")


def _open_invoices(invoices: pl.DataFrame) -> pl.DataFrame:
    is_open = pl.col("is_live") & (pl.col("open_amount") != 0)
    types = {cycle.name: cycle.invoice_type for cycle in CYCLES}
    return _items(
        invoices.filter(is_open).with_columns(
            kind=pl.col("cycle").replace_strict(_OPEN_KIND, return_dtype=pl.String),
            document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
            document_number="invoice_number",
            document_date="invoice_date",
            amount="open_amount",
        )
    )


def _unapplied(on_account: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    types = {cycle.name: cycle.payment_type for cycle in CYCLES}
    names = pl.concat(
        [
            table(accepted, c.party_table).select("party_id", "party_name", "group_id", cycle=pl.lit(c.name)).unique("party_id", keep="any")
            for c in CYCLES
        ]
    ).collect()
    kept = on_account.filter(~pl.col("is_returned")).join(names, on=["cycle", "party_id"], how="left", validate="m:1")
    return _items(
        kept.with_columns(
            kind=pl.lit("unapplied_cash"),
            document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
            document_number="payment_number",
            document_date="payment_date",
            posting_date="payment_date",
            amount="left",
        )
    )


def _items(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in the columns of open_layer; amounts in company currency at the document's rate, ages left to the caller."""
    known = rows.with_columns(amount_base=money.amount(pl.col("amount"), pl.col("fx_rate")))
    columns = schema("open_layer")
    filled = [pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in known.columns]
    return shaped(known.with_columns(filled), columns)
