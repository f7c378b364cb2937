"""Payments and what they were applied to, as facts: remainders, surpluses, differences, days. Bucket-local.

`payment_match` has one row per payment, `application_match` one per payment and invoice that it settles or says it settles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.cash_suggestions import nearest_invoices
from recon.match.described import described
from recon.match.given import local_day, table
from recon.match.position import ZERO
from recon.match.refunds import credit_before
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Cash, Settlement

_TYPES: Final = {cycle.name: cycle.payment_type for cycle in CYCLES}
_CUSTOMER: Final = ["cycle", "company_code", "party_id"]
_CLERK: Final = ("reason_code", "applied_by", "applied_at", "applied_at_is_date_only")


def payment_match(settlement: Settlement, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per payment that reached matching, sorted by cycle, company and number.

    `surplus_amount`: what was said to be paid on named invoices and they did not take; null where a word built like the others names
    nothing, since then nobody knows what the remainder is for. `unapplied_amount`: what lies on account; zero where a refund took it back.
    """
    cash = settlement.cash
    kept = cash.on_account.select("payment_id", "certainty", "is_returned", kept="left")
    frame = settlement.payments.join(kept, on="payment_id", how="left", validate="1:1", maintain_order="left")
    frame = frame.join(_surplus(cash), on="payment_id", how="left", validate="1:1", maintain_order="left")
    frame = frame.join(_said_of_payment(accepted), on=["cycle", "company_code", "payment_number"], how="left", validate="m:1", maintain_order="left")
    frame = frame.join(nearest_invoices(cash), on="payment_id", how="left", validate="1:1", maintain_order="left")
    frame = frame.join(credit_before(settlement), on="payment_id", how="left", validate="1:1", maintain_order="left")
    days, as_of = working_days(accepted), pl.lit(engagement.as_of)
    unapplied = pl.when(pl.col("is_returned").fill_null(value=False)).then(ZERO).otherwise(pl.col("kept").fill_null(ZERO))
    told = frame.lazy().with_columns(
        document_type=pl.col("cycle").replace_strict(_TYPES, return_dtype=pl.String),
        is_live=pl.col("exclusion_reason").is_null(),
        is_identified=pl.col("party_id").is_not_null(),
        amount_base=money.amount(pl.col("amount"), pl.col("fx_rate")),
        unapplied_amount=unapplied,
        unapplied_amount_base=money.amount(unapplied, pl.col("fx_rate")),
        surplus_amount_base=money.amount(pl.col("surplus_amount"), pl.col("fx_rate")),
        named_count=pl.col("named_count").fill_null(0),
        waiting_days=(as_of - pl.col("value_date")).dt.total_days(),
        waiting_working_days=days.between(pl.col("value_date"), as_of),
        recorded_days=(local_day("recorded_at", engagement) - pl.col("value_date")).dt.total_days(),
        recorded_working_days=days.between(pl.col("value_date"), local_day("recorded_at", engagement)),
        account_changed_days=(pl.col("payment_date") - pl.col("account_changed_date")).dt.total_days(),
    )
    return described(told, "payment_match", accepted).select(schema("payment_match").keys()).sort("cycle", "company_code", "payment_number")


def _surplus(cash: Cash) -> pl.DataFrame:
    """Per payment that names invoices: how many, what they took of it, what was too much for them."""
    applied = cash.final.applied.group_by("payment_id").agg(
        taken=pl.col("amount").sum(), settled=(pl.col("amount") + pl.col("discount") + pl.col("write_off")).sum()
    )
    named = cash.named.group_by("payment_id").agg(
        named_count=pl.col("invoice_id").drop_nulls().n_unique().cast(pl.Int64),
        unknown_count=pl.col("invoice_id").null_count(),
        said=pl.col("said_amount").filter(pl.col("invoice_id").is_not_null()).sum(),
        is_allocated=pl.col("said_amount").is_not_null().any(),
    )
    left = cash.final.payments.select("payment_id", "left")
    joined = named.join(applied, on="payment_id", how="left", validate="1:1").join(left, on="payment_id", how="left", validate="1:1")
    by_words = pl.when(pl.col("unknown_count") == 0).then("left")
    surplus = pl.when("is_allocated").then(pl.col("said") - pl.col("taken").fill_null(ZERO)).otherwise(by_words)
    return joined.select("payment_id", "named_count", named_open_amount=pl.col("settled").fill_null(ZERO), surplus_amount=surplus)


def _said_of_payment(accepted: Accepted) -> pl.DataFrame:
    """What only one of the two tables says of a payment: payer, accounts, time of entry; whether the account is the master's and when that changed."""
    frames = []
    for cycle in CYCLES:
        buys = cycle.payment == "payment"
        text = pl.lit(None, dtype=pl.String)
        frames.append(
            table(accepted, cycle.payment_table).select(
                "company_code", "payee_account",
                cycle=pl.lit(cycle.name),
                party_id=pl.col(cycle.party),
                payment_number=pl.col(f"{cycle.payment}_number"),
                day=pl.col(cycle.payment_date),
                payer_name=text if buys else pl.col("payer_name"),
                payee_name=pl.col("payee_name") if buys else text,
                recorded_at=pl.col("created_at") if buys else pl.col("posted_at"),
                recorded_at_is_date_only=pl.col("created_at_is_date_only") if buys else pl.col("posted_at_is_date_only"),
            ).with_columns(pl.col("payee_account").str.replace_all(r"[\s-]", ""))
        )  # fmt: skip
    masters = pl.concat([
        table(accepted, c.party_table).select("party_id", cycle=pl.lit(c.name), master_account=pl.col("bank_account").str.replace_all(r"[\s-]", ""))
        for c in CYCLES
    ]).unique(["cycle", "party_id"], keep="any")  # fmt: skip
    told = pl.concat(frames).join(masters, on=["cycle", "party_id"], how="left", validate="m:1")
    changed = _account_changes(accepted)
    told = told.sort("day").join_asof(changed, left_on="day", right_on="changed_date", by=["cycle", "party_id"], check_sortedness=False)
    return told.select(
        "cycle", "company_code", "payment_number", "payer_name", "payee_name", "payee_account", "recorded_at", "recorded_at_is_date_only",
        is_master_account=pl.col("payee_account") == pl.col("master_account"),
        account_changed_date="changed_date",
    ).collect()  # fmt: skip


def _account_changes(accepted: Accepted) -> pl.LazyFrame:
    named = {cycle.party_table: cycle.name for cycle in CYCLES}
    changes = table(accepted, "document_change").filter(pl.col("document_type").is_in(list(named)) & (pl.col("field") == "bank_account"))
    return changes.select(
        cycle=pl.col("document_type").replace_strict(named, default=None, return_dtype=pl.String),
        party_id="document_number",
        changed_date=pl.col("changed_at").dt.date(),
    ).sort("changed_date")


def application_match(settlement: Settlement, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per payment and invoice, sorted by cycle, company, payment and invoice.

    `open_before_amount`: what the invoice left open before this payment, in the order of payment days. `difference_amount`: what it leaves
    open now; `is_last` tells the payment after which nothing came. Both follow the sign of the invoice.
    """
    cash = settlement.cash
    pairs = _pairs(cash)
    paid = settlement.payments.select(
        "payment_id", "cycle", "company_code", "party_id", "payment_number", "payment_kind", "payment_date", "value_date", "currency", "fx_rate",
        "created_by", "source_file", "source_row",
    )  # fmt: skip
    counted = cash.final.payments.select("payment_id", "group_id", "counted_day")
    due = cash.documents.select(
        "invoice_id", "invoice_number", "internal_number", "invoice_kind", "invoice_date", "due_date", "created_at", "created_at_is_date_only",
        "amount_gross", "amount_net", invoice_party_id="party_id",
    )  # fmt: skip
    rooms = cash.final.invoices.select("invoice_id", "discount_date", discount_offered="discount", rest="room", invoice_group="group_id")
    told = pairs.join(paid, on="payment_id", how="left", validate="m:1").join(counted, on="payment_id", how="left", validate="m:1")
    told = told.join(due, on="invoice_id", how="left", validate="m:1").join(rooms, on="invoice_id", how="left", validate="m:1")
    time = ["payment_date", "payment_number"]
    settles = pl.col("amount") + pl.col("discount") + pl.col("write_off")
    before = (settles.cum_sum() - settles).over("invoice_id", order_by=time)
    written = pl.col("write_off").cum_sum() - pl.col("write_off")
    entered = local_day("created_at", engagement)
    payment_type = pl.col("cycle").replace_strict(_TYPES, return_dtype=pl.String)
    told = told.with_columns(
        document_type=payment_type,
        open_before_amount=pl.col("amount_gross") - before,
        written_off_before_base=money.amount(written.over("invoice_id", order_by=time), pl.col("fx_rate")),
        is_last=pl.struct(time).rank("ordinal", descending=True).over("invoice_id") == 1,
        difference_amount=pl.col("rest"),
        difference_amount_base=money.amount(pl.col("rest"), pl.col("fx_rate")),
        amount_base=money.amount(pl.col("amount"), pl.col("fx_rate")),
        discount_base=money.amount(pl.col("discount"), pl.col("fx_rate")),
        write_off_base=money.amount(pl.col("write_off"), pl.col("fx_rate")),
        is_other_party=(pl.col("invoice_party_id") != pl.col("party_id")) & (pl.col("group_id") != pl.col("invoice_group")),
        counted_date="counted_day",
        late_working_days=working_days(accepted).passed(pl.col("discount_date"), pl.col("value_date")),
        written_off_total_base=_tolerated().sum().over(_CUSTOMER),
        is_last_written_off=(_tolerated() > 0)
        & (pl.struct(*time, "invoice_id").rank("ordinal", descending=True).over(*_CUSTOMER, _tolerated() > 0) == 1),
        days_early=pl.max_horizontal(
            (pl.col("invoice_date") - pl.col("payment_date")).dt.total_days(), (entered - pl.col("payment_date")).dt.total_days()
        ),
    )
    lazy = described(told.drop("group_id").lazy(), "application_match", accepted).select(schema("application_match").keys())
    return lazy.sort("cycle", "company_code", "payment_number", "invoice_number", "invoice_date", "internal_number")


def _tolerated() -> pl.Expr:
    """What was written off without a reason, in company currency."""
    without = pl.col("reason_code").is_null() & (pl.col("write_off") > 0)
    return pl.when(without).then(money.amount(pl.col("write_off"), pl.col("fx_rate"))).otherwise(ZERO).fill_null(ZERO)


def _pairs(cash: Cash) -> pl.DataFrame:
    """Named and applied parts per payment and invoice; rows that several allocations share are added up."""
    figures = [pl.col(name).sum() for name in ("amount", "discount", "write_off")]
    words = [pl.col(name).min() for name in ("pass", "certainty")]
    applied = cash.final.applied.group_by("payment_id", "invoice_id").agg(*figures, *words)
    clerk = [pl.col(name).drop_nulls().sort().first() for name in _CLERK]
    said = cash.named.filter(pl.col("invoice_id").is_not_null())
    said = said.group_by("payment_id", "invoice_id").agg(pl.col("said_amount").sum(), pl.col("said_discount").sum(), *clerk)
    both = said.with_columns(is_named=True).join(applied, on=["payment_id", "invoice_id"], how="full", coalesce=True, validate="1:1")
    return both.with_columns(pl.col("amount", "discount", "write_off").fill_null(ZERO), pl.col("is_named").fill_null(value=False))
