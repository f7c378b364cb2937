"""Each live invoice with how, when and with what terms it is paid. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.dense import chosen
from recon.match.described import described
from recon.match.given import is_given, table
from recon.match.numbers import normalised
from recon.match.position import ZERO
from recon.match.working_days import working_days

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.settlement import Settlement
    from recon.match.three_way import ThreeWay

_KEY: Final = ["cycle", "company_code", "party_id", "invoice_number", "invoice_date"]
_DAYS_OF_A_YEAR: Final = 365
_SAID: Final = ("is_disputed", "promised_payment_date", "payment_term_days")


def invoice_payment(found: ThreeWay, settlement: Settlement, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live invoice document, sorted by key.

    `due_date` is the invoice's own, else its date and the days of its terms, else of the master's. `expected_due_date` follows the
    master's terms. `settled_date`: the day of the payment after which nothing was open. `excess_amount`: what allocations say was paid,
    with discounts, above the gross amount, the invoice's own credit notes counted on both sides; null where no allocation names it.
    """
    cash = settlement.cash
    figures = ["paid_amount", "discount_amount", "write_off_amount", "open_amount", "first_payment_at"]
    documents = pl.concat(
        [cash.documents.drop(c for c in figures if c in cash.documents.columns), settlement.invoices.select(figures).collect()], how="horizontal"
    )
    documents = documents.filter("is_live")
    for part in (_payments(settlement), _excess(cash.named, documents, accepted), _received(found, documents), _discounts(settlement)):
        documents = documents.join(part, on="invoice_id", how="left", validate="1:1", maintain_order="left")
    terms = _terms(accepted)
    documents = documents.join(terms, on=_KEY, how="left", validate="m:1", maintain_order="left")
    masters = _master_terms(accepted)
    documents = documents.join(masters, on=["cycle", "party_id"], how="left", validate="m:1", maintain_order="left")
    lazy = _dated(documents.lazy(), accepted, engagement)
    told = described(lazy.drop("group_id", "party_name"), "invoice_payment", accepted).select(schema("invoice_payment").keys())
    return told.sort("cycle", "company_code", "party_id", "invoice_number", "invoice_date", "internal_number")


def _dated(documents: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    days, as_of = working_days(accepted), pl.lit(engagement.as_of)
    term = pl.coalesce("payment_term_days", "master_term_days")
    due = pl.coalesce("due_date", pl.col("invoice_date") + pl.duration(days=term))
    expected = pl.col("invoice_date") + pl.duration(days=pl.col("master_term_days"))
    is_settled = (pl.col("open_amount") == 0) & pl.col("last_payment_date").is_not_null()
    dated = documents.with_columns(
        stated_due_date="due_date",
        due_date=due,
        expected_due_date=expected,
        payment_term=term.cast(pl.String).fill_null(""),
        settled_date=pl.when(is_settled).then("last_payment_date"),
        open_amount_base=money.amount(pl.col("open_amount"), pl.col("fx_rate")),
        paid_amount_base=money.amount(pl.col("paid_amount"), pl.col("fx_rate")),
        excess_amount_base=money.amount(pl.col("excess_amount"), pl.col("fx_rate")),
        discount_offered_base=money.amount(pl.col("discount_offered"), pl.col("fx_rate")),
        discount_missed_base=money.amount(pl.col("discount_offered") - pl.col("discount_amount"), pl.col("fx_rate")),
        amount_per_day_base=money.ratio(pl.col("amount_gross_base").abs(), pl.lit(1), pl.lit(_DAYS_OF_A_YEAR), 6),
    )
    return dated.with_columns(
        overdue_days=(as_of - pl.col("due_date")).dt.total_days(),
        late_days=(pl.col("settled_date") - pl.col("due_date")).dt.total_days(),
        late_working_days=days.between(pl.col("due_date"), pl.col("settled_date")),
        early_days=(pl.col("due_date") - pl.col("settled_date")).dt.total_days(),
        due_date_difference_days=(pl.coalesce("stated_due_date", "due_date") - pl.col("expected_due_date")).dt.total_days(),
    )


def _payments(settlement: Settlement) -> pl.DataFrame:
    """Per invoice: first and last day of payment, and the part of it that was declared as paid ahead."""
    kinds = settlement.payments.select("payment_id", "payment_date", "payment_kind")
    applied = settlement.cash.final.applied.join(kinds, on="payment_id", how="left", validate="m:1").filter(pl.col("amount") != 0)
    ahead = pl.col("payment_kind").is_in(["prepayment", "advance"]).fill_null(value=False)
    return applied.group_by("invoice_id").agg(
        first_payment_date=pl.col("payment_date").filter(~ahead).min(),
        last_payment_date=pl.col("payment_date").max(),
        paid_ahead_amount=pl.col("amount").filter(ahead).sum(),
    )


def _excess(named: pl.DataFrame, documents: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    said = named.filter(pl.col("invoice_id").is_not_null() & pl.col("said_amount").is_not_null())
    said = said.group_by("invoice_id").agg(said=(pl.col("said_amount") + pl.col("said_discount")).sum())
    known = documents.select("invoice_id", *_KEY, "amount_gross", number=normalised(pl.col("invoice_number")))
    known = known.join(said, on="invoice_id", how="left", validate="1:1")
    account = ["cycle", "company_code", "party_id"]
    once = known.filter(pl.len().over(*account, "number") == 1).select(*account, "number", origin_id="invoice_id")
    corrected = known.filter(pl.col("amount_gross") < 0).join(_origins(accepted), on=_KEY, how="inner", validate="m:1")
    named_by = corrected.join(once, left_on=[*account, "origin"], right_on=[*account, "number"], how="inner", validate="m:1")
    corrections = named_by.group_by(invoice_id="origin_id").agg(credited=pl.col("amount_gross").sum(), credit_said=pl.col("said").sum())
    whole = known.filter(pl.col("said").is_not_null()).join(corrections, on="invoice_id", how="left", validate="1:1")
    paid = pl.col("said") + pl.col("credit_said").fill_null(ZERO)
    owed = pl.col("amount_gross") + pl.col("credited").fill_null(ZERO)
    return whole.select("invoice_id", excess_amount=paid - owed, credited_amount=pl.col("credited"))


def _origins(accepted: Accepted) -> pl.DataFrame:
    """The invoice that a document's lines name as the one they correct, where all of them name the same one."""
    frames = [
        table(accepted, c.invoice_table)
        .filter(pl.col("origin_invoice_number").is_not_null())
        .select(
            "company_code",
            "invoice_number",
            "invoice_date",
            cycle=pl.lit(c.name),
            party_id=c.party,
            origin=normalised(pl.col("origin_invoice_number")),
        )
        for c in CYCLES
    ]
    every = pl.concat(frames).group_by(_KEY).agg(pl.col("origin").unique())
    return every.filter(pl.col("origin").list.len() == 1).explode("origin").collect()


def _received(found: ThreeWay, documents: pl.DataFrame) -> pl.DataFrame:
    """Per invoice with lines that need goods: the day the first of them came; null while none did."""
    lines = chosen(found.invoices, pl.col("exclusion_reason").is_null() & pl.col("unit").is_not_null(), "document", "unit")
    came = found.goods.by_unit["first_day"]
    needs = found.units["needs_fulfilment"]
    told = lines.select("document", day=pl.lit(came).gather(pl.col("unit")), needs=pl.lit(needs).gather(pl.col("unit")))
    goods = told.filter("needs").group_by("document").agg(first_fulfilled_date=pl.col("day").min(), goods_line_count=pl.len().cast(pl.Int64))
    return documents.select("invoice_id", "document").join(goods, on="document", how="inner", validate="1:1").drop("document")


def _discounts(settlement: Settlement) -> pl.DataFrame:
    return settlement.cash.final.invoices.select("invoice_id", "discount_date", discount_offered="discount")


def _terms(accepted: Accepted) -> pl.DataFrame:
    """What the lines say about payment beyond the due date: a dispute, a promise, the days of the terms."""
    frames = [_said(accepted, c) for c in CYCLES if any(is_given(accepted, c.invoice_table, name) for name in _SAID)]
    every = pl.concat(frames) if frames else _said(accepted, CYCLES[0]).clear()
    spoken = every.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in _SAID))
    return spoken.group_by(_KEY).agg(pl.col("is_disputed").any(), pl.col("promised_payment_date").max(), pl.col("payment_term_days").max()).collect()


def _said(accepted: Accepted, cycle: Cycle) -> pl.LazyFrame:
    return table(accepted, cycle.invoice_table).select(
        "company_code", "invoice_number", "invoice_date", *_SAID, cycle=pl.lit(cycle.name), party_id=cycle.party
    )


def _master_terms(accepted: Accepted) -> pl.DataFrame:
    frames = [table(accepted, c.party_table).select("party_id", cycle=pl.lit(c.name), master_term_days="payment_term_days") for c in CYCLES]
    return pl.concat(frames).unique(["cycle", "party_id"], keep="any").collect()
