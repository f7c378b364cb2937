"""Payments to suppliers whose payee or account is not the one that the master has on the day of payment. Whole, from slim projections."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import RATE, amount
from recon.match.described import described
from recon.match.given import is_given, local_day, table, with_fx_rate
from recon.match.numbers import compacted
from recon.match.party_accounts import supplier_accounts, tail_of
from recon.match.party_names import bare_name, plain_name, with_likeness

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
_ACCOUNT_FIELDS: Final = ("bank_account", "payee_account", "iban")


def payee_payment(accepted: Accepted, engagement: Engagement) -> tuple[dict[str, pl.LazyFrame], dict[str, int]]:
    """`payee_payment` where payments name their accounts and the master has accounts, with the live payments looked at; nothing otherwise.

    Rows are payments whose account is not one of the supplier's on that day, is not told, or whose payee has another name than the supplier and
    the holders of its accounts. The master's account holds on every day but those for which `document_change` says what it was before.
    """
    has_accounts = is_given(accepted, "supplier", "bank_account") or is_given(accepted, "supplier_bank_account")
    if not is_given(accepted, PROCURE_TO_PAY.payment_table, "payee_account") or not has_accounts:
        return {}, {}
    live = _live(accepted, engagement).collect().with_row_index("row")
    terms = account_terms(accepted, engagement).collect()
    met = live.select("row", "party_id", "payee", "payment_date").join(
        terms.select("party_id", "account", "start", "end"), left_on=["party_id", "payee"], right_on=["party_id", "account"], how="inner"
    )  # fmt: skip
    on_day = met.filter(pl.col("payment_date").is_between("start", "end"))["row"].unique()
    ever = met["row"].unique()
    named = _named(live, accepted)
    told = live.join(named, on="row", how="left", validate="1:1").with_columns(
        is_valid_account=pl.when(pl.col("payee").is_not_null()).then(pl.col("row").is_in(on_day.implode())),
        is_known_account=pl.when(pl.col("payee").is_not_null()).then(pl.col("row").is_in(ever.implode())),
    )
    alike = (pl.col("name_similarity") == 1).fill_null(value=True)
    doubtful = told.filter(~(pl.col("is_valid_account").fill_null(value=False) & alike))
    spoken = _described(doubtful, terms).lazy()
    made = described(spoken, "payee_payment", accepted).select(pl.col(name).cast(kind) for name, kind in schema("payee_payment").items())
    return {"payee_payment": made.sort("company_code", "document_number")}, {"payee_payment": live.height}


def account_terms(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, account (compacted), account_name, start, end (both included): when each account was a supplier's.

    Where the master's account was changed, what it was before held up to the day of the change and what it became from that day on.
    """
    changed = table(accepted, "document_change").filter(
        (pl.col("document_type") == PROCURE_TO_PAY.party_table) & pl.col("field").is_in(_ACCOUNT_FIELDS)
        & (local_day("changed_at", engagement) <= engagement.as_of)
    ).select(
        "changed_at", party_id="document_number", day=local_day("changed_at", engagement),
        before=compacted(pl.col("old_value")), after=compacted(pl.col("new_value")),
    ).sort("party_id", "changed_at", "after")  # fmt: skip
    last = changed.group_by("party_id").agg(since=pl.col("day").max())
    held = supplier_accounts(accepted).filter(pl.col("account").is_not_null()).join(last, on="party_id", how="left", validate="m:1")
    since = pl.when(pl.col("is_masters") & pl.col("valid_from").is_null()).then("since")
    now = held.select(
        "party_id", "account", "account_name",
        start=pl.coalesce("valid_from", since, pl.lit(_ALWAYS[0])), end=pl.col("valid_to").fill_null(_ALWAYS[1]),
    )  # fmt: skip
    until, begun = pl.col("day").shift(-1).over("party_id"), pl.col("day").shift(1).over("party_id")
    said = changed.with_columns(until=until.fill_null(_ALWAYS[1]), begun=begun.fill_null(_ALWAYS[0]))
    nobody = pl.lit(None, dtype=pl.String)
    later = said.select("party_id", account="after", account_name=nobody, start="day", end="until")
    earlier = said.select("party_id", account="before", account_name=nobody, start="begun", end="day")
    return pl.concat([now, later, earlier]).filter(pl.col("account").is_not_null()).unique()


def _live(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Payments that went out, with payee and supplier as the master has it. A supplier for one time is not in the master with its payee."""
    counts = (pl.col("payment_date") <= engagement.as_of) & ~pl.col("is_voided").fill_null(value=False) & (pl.col("amount") > 0)
    once = table(accepted, "supplier").filter("is_one_time").select("party_id")
    slim = table(accepted, PROCURE_TO_PAY.payment_table).filter(counts).select(
        "company_code", "payment_date", "amount", "currency", "fx_rate", "payee_name", "source_file", "source_row", party_id="supplier_id",
        document_number="payment_number", payee=compacted(pl.col("payee_account")),
    )  # fmt: skip
    return with_fx_rate(slim.join(once, on="party_id", how="anti"), "payment_date", accepted, engagement)


def _named(live: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """row, name_similarity: of payments that name a payee, the likeness to the supplier's name or to the holder of one of its accounts, the best."""
    said = live.filter(pl.col("payee_name").is_not_null()).select(
        "row", "party_id", said=plain_name(pl.col("payee_name")), bare=bare_name(pl.col("payee_name"))
    )
    names = [
        table(accepted, "supplier").select("party_id", name="party_name"),
        table(accepted, "supplier_bank_account").select(party_id="supplier_id", name="account_name"),
    ]
    known = pl.concat(names).drop_nulls().unique().with_columns(plain=plain_name(pl.col("name")), known=bare_name(pl.col("name"))).collect()
    pairs = said.join(known.select("party_id", "plain", "known"), on="party_id", how="inner")
    same = (pl.col("said") == pl.col("plain")) | (pl.col("bare") == pl.col("known"))
    scored = with_likeness(pairs.with_columns(known=pl.when(same).then("bare").otherwise("known")), "bare", "known", "score")
    return scored.group_by("row").agg(name_similarity=pl.col("score").max().cast(RATE))


def _described(doubtful: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """What is told of a doubtful payment: the last characters of its account, and of those the supplier has on that day."""
    asked = doubtful.select("row", "party_id", "payment_date").join(terms, on="party_id", how="inner")
    right = asked.filter(pl.col("payment_date").is_between("start", "end"))
    tails = right.group_by("row").agg(known_tails=tail_of(pl.col("account")).unique().sort().str.join(", "))
    trouble = (
        pl.when(~pl.col("is_known_account"))
        .then(pl.lit("account not in the master"))
        .when(~pl.col("is_valid_account"))
        .then(pl.lit("account of another time"))
        .otherwise(pl.lit("payee of another name"))
    )
    return doubtful.join(tails, on="row", how="left", validate="1:1").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit(PROCURE_TO_PAY.payment_type),
        payee_tail=tail_of(pl.col("payee")),
        trouble=trouble,
        amount_base=amount(pl.col("amount"), pl.col("fx_rate")),
    )
