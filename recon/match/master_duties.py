"""Persons who kept a supplier's master and then entered its bills or released its payments. Whole, from slim projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import with_limits
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.described import described
from recon.match.given import local_day, table, with_fx_rate
from recon.match.master_changes import watched_field
from recon.match.separation import Persons

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_KEY: Final = ["party_id", "person"]
#: Changes of a master that steer money.
_SENSITIVE: Final = ("created", "bank account", "name", "tax id", "payment terms", "standing")
_WINDOW: Final = "maintenance_window_days"
_WITHOUT_END: Final = 100_000


def master_duty(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`master_duty`, sorted: one row per supplier with bills or payments, and person who kept its master and processed its money afterwards.

    A supplier of whom no such person is known has one row without a person. `nearest_days`: from the last upkeep before a bill or payment to it, the
    least; `account_nearest_days` likewise from changes of its bank account. `amount_base`: bills and payments within SOD-02's window.
    """
    persons = Persons(accepted)
    upkeep = _upkeep(accepted, engagement).with_columns(person=pl.coalesce(persons.of("login"), "login"), is_known=persons.known("login")).collect()
    deeds = _deeds(accepted, engagement).with_columns(person=pl.coalesce(persons.of("login"), "login"), is_known=persons.known("login")).collect()
    kept = upkeep.filter(pl.col("person").is_not_null()).select(_KEY).unique()
    theirs = deeds.join(kept, on=_KEY, how="semi")
    found = _nearest(theirs, upkeep, "upkeep", "nearest_days")
    accounts = upkeep.filter(pl.col("deed") == "bank account")
    found = _nearest(found, accounts, None, "account_days").filter(pl.col("nearest_days").is_not_null())
    pairs = _summed(found, accepted, engagement)
    known = upkeep.group_by("party_id").agg(upkeep_is_known=pl.col("login").is_not_null().all() & pl.col("is_known").fill_null(value=False).all())
    all_known = deeds.group_by("party_id").agg(
        deeds_are_known=pl.col("is_known").fill_null(value=False).all(), first_file=pl.col("source_file").min(), first_row=pl.col("source_row").min()
    )
    suppliers = all_known.join(known, on="party_id", how="left", validate="1:1").join(pairs, on="party_id", how="left", validate="1:m")
    told = suppliers.lazy().with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit(PROCURE_TO_PAY.party_table),
        document_number="party_id",
        is_same_person=pl.col("person").is_not_null(),
        persons_known=pl.col("upkeep_is_known").fill_null(value=False) & pl.col("deeds_are_known"),
        source_file=pl.coalesce("source_file", "first_file"),
        source_row=pl.coalesce("source_row", "first_row"),
    )
    made = described(told, "master_duty", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("master_duty").items()).sort("party_id", "made_by")


def _upkeep(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, login, day, deed: who created or changed a supplier, or gave it an account, up to the as-of date."""
    created = table(accepted, "supplier").select("party_id", login="created_by", day=local_day("created_at", engagement), deed=pl.lit("created"))
    given = table(accepted, "supplier_bank_account").select(
        party_id="supplier_id", login="created_by", day=local_day("created_at", engagement), deed=pl.lit("bank account")
    ).filter(pl.col("login").is_not_null())  # fmt: skip
    changed = table(accepted, "document_change").filter(pl.col("document_type") == PROCURE_TO_PAY.party_table).select(
        party_id="document_number", login="changed_by", day=local_day("changed_at", engagement), deed=watched_field()
    )  # fmt: skip
    return pl.concat([created, given, changed]).filter(pl.col("day").is_null() | (pl.col("day") <= engagement.as_of))


def _deeds(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """party_id, login, day, document and its amount: bills entered and payments released, up to the as-of date. One row per line of a bill."""
    bills = table(accepted, PROCURE_TO_PAY.invoice_table).filter(~pl.col("is_cancelled").fill_null(value=False)).select(
        "source_file", "source_row", "currency", "fx_rate", party_id="supplier_id", login="created_by", rate_day="invoice_date",
        day=pl.coalesce(local_day("created_at", engagement), "posting_date", "invoice_date"), number="invoice_number", deed=pl.lit("supplier_invoice"),
        amount=pl.coalesce("line_amount_gross", "line_amount_net"),
    )  # fmt: skip
    paid = table(accepted, PROCURE_TO_PAY.payment_table).filter(~pl.col("is_voided").fill_null(value=False)).select(
        "source_file", "source_row", "currency", "fx_rate", party_id="supplier_id", login="released_by", rate_day="payment_date", day="payment_date",
        number="payment_number", deed=pl.lit("supplier_payment"), amount="amount",
    )  # fmt: skip
    return pl.concat([bills, paid]).filter((pl.col("day") <= engagement.as_of) & pl.col("party_id").is_not_null())


def _nearest(deeds: pl.DataFrame, upkeep: pl.DataFrame, said: str | None, into: str) -> pl.DataFrame:
    """Add the days since the same person's last upkeep of the supplier, null where there was none before; and as `said` what that was."""
    dated = (
        upkeep.filter(pl.col("day").is_not_null() & pl.col("person").is_not_null())
        .sort("day", "deed")
        .unique([*_KEY, "day"], keep="first", maintain_order=True)
    )
    wanted = {"met": "day"} | ({said: "deed", "upkeep_date": "day"} if said else {})
    before = dated.select(*_KEY, **{name: pl.col(column) for name, column in wanted.items()}).sort("met")
    met = deeds.sort("day", "number", "source_row").join_asof(
        before, left_on="day", right_on="met", by=_KEY, strategy="backward", check_sortedness=False
    )
    return met.with_columns((pl.col("day") - pl.col("met")).dt.total_days().alias(into)).drop("met")


def _limited(found: pl.DataFrame, engagement: Engagement) -> pl.LazyFrame:
    """Add `window_days`, SOD-02's window for each supplier; without end where it is not checked."""
    scoped = with_limits(found.lazy().with_columns(cycle=pl.lit(PROCURE_TO_PAY.name)), engagement, _WINDOW)
    text = pl.col(_WINDOW)
    days = pl.when(~text.is_in(["not_checked", "unlimited"])).then(text).cast(pl.Decimal(38, 10)).cast(pl.Int64)
    return scoped.with_columns(window_days=pl.coalesce(days, _WITHOUT_END)).drop("cycle")


def _summed(found: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    dated = with_fx_rate(_limited(found, engagement), "rate_day", accepted, engagement)
    rated = dated.with_columns(base=amount(pl.col("amount"), pl.col("fx_rate"))).collect()
    within, nearest = pl.col("nearest_days") <= pl.col("window_days"), ["nearest_days", "day", "deed", "number", "source_row"]
    base = pl.col("base").filter(within)
    return rated.sort(nearest).group_by(_KEY, maintain_order=True).agg(
        pl.col("nearest_days", "upkeep", "upkeep_date", "source_file", "source_row").first(),
        made_by=pl.col("login").min(),
        processed_type=pl.col("deed").first(),
        processed_number=pl.col("number").first(),
        processed_date=pl.col("day").first(),
        processed_count=pl.struct("deed", "number").filter(within).n_unique().cast(pl.Int64),
        account_nearest_days=pl.col("account_days").min(),
        is_sensitive=pl.col("upkeep").is_in(_SENSITIVE).any(),
        amount_base=pl.when(base.null_count() == 0).then(base.abs().sum()),
    )  # fmt: skip
