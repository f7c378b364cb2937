"""Bank accounts of suppliers: who else has the same one, in which country it is, what was paid to it. Whole: an account knows no parties."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.allowances import with_limits
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.given import table, with_fx_rate
from recon.match.identifiers import iban_holds
from recon.match.numbers import compacted

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
_SUPPLIER: Final = ("party_name", "group_id", "country", "party_type", "is_active")
#: So many of those who share an account are named; all are counted.
_MOST_NAMED: Final = 6


def party_account(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`party_account`, sorted: one row per account and term of it, and one per supplier of whom no account is known.

    Accounts are compared without spaces, separators, case and width. Two are held at the same time when their terms have a day in common; a
    supplier that is not active holds none. Suppliers of one group, and those whose group PTY-04 lets share accounts, are no others.
    """
    held = supplier_accounts(accepted).collect().with_row_index("row")
    staff, staff_is_known = _staff_accounts(accepted)
    told = held.join(_others(held, engagement), on="row", how="left", validate="1:1").join(staff, on="account", how="left", validate="m:1")
    told = told.join(_paid(held, accepted, engagement), on="row", how="left", validate="1:1")
    known = pl.col("account").is_not_null()
    staffed = pl.col("employee_count").fill_null(0) if staff_is_known else pl.lit(None, dtype=pl.Int64)
    first = pl.col("valid_from")
    rows = told.with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit(PROCURE_TO_PAY.party_table),
        document_number="party_id",
        company_code=pl.lit(None, dtype=pl.String),
        currency=pl.lit(None, dtype=pl.String),
        account_tail=tail_of(pl.col("account")),
        country_pair=pl.col("country") + "-" + pl.col("bank_country"),
        account_age_days=(pl.lit(engagement.as_of) - first).dt.total_days(),
        other_count=pl.when(known).then(pl.col("other_count").fill_null(0)),
        employee_count=pl.when(known).then(staffed),
    )
    columns = schema("party_account")
    return rows.lazy().select(pl.col(name).cast(kind) for name, kind in columns.items()).sort("party_id", "account_tail", "valid_from", "source_row")


def tail_of(account: pl.Expr) -> pl.Expr:
    """The last four characters of an account; the rest is nobody's business on a report."""
    return pl.format("…{}", account.str.slice(-4))


def supplier_accounts(accepted: Accepted) -> pl.LazyFrame:
    """One row per account and term: party_id, account (compacted, null where none is known), bank_country, terms, what the master says, source.

    The account of the master is one more, without a term, unless `supplier_bank_account` has it too. `is_masters`: it is that one.
    """
    suppliers = table(accepted, "supplier").select(
        "party_id", *_SUPPLIER, "source_file", "source_row", masters=compacted(pl.col("bank_account")), masters_country="bank_country"
    )  # fmt: skip
    dated = table(accepted, "supplier_bank_account").select(
        "bank_country", "account_name", "valid_from", "valid_to", "source_file", "source_row", party_id="supplier_id", account=compacted(pl.col("bank_account"))
    )  # fmt: skip
    dated = dated.filter(pl.col("account").is_not_null()).join(
        suppliers.drop("source_file", "source_row", "masters_country"), on="party_id", how="left", validate="m:1"
    )
    has_dated = dated.select("party_id").unique()
    own = suppliers.rename({"masters_country": "bank_country"}).with_columns(account="masters")
    bare = own.filter(pl.col("account").is_null()).join(has_dated, on="party_id", how="anti")
    undated = own.filter(pl.col("account").is_not_null()).join(dated.select("party_id", "account").unique(), on=["party_id", "account"], how="anti")
    iban_country = pl.when(iban_holds(pl.col("account"))).then(pl.col("account").str.slice(0, 2))
    return pl.concat([dated, bare, undated], how="diagonal").with_columns(
        is_masters=pl.col("account") == pl.col("masters"), bank_country=pl.coalesce("bank_country", iban_country)
    )


def _others(held: pl.DataFrame, engagement: Engagement) -> pl.DataFrame:
    """row, other_count, holders of accounts that several suppliers have."""
    scoped = with_limits(held.lazy().with_columns(cycle=pl.lit(PROCURE_TO_PAY.name)), engagement, "allowed_group_set").collect()
    members = pl.col("allowed_group_set").str.split(",").list.eval(pl.element().str.strip_chars())
    allowed = members.list.contains(pl.col("group_id")).fill_null(value=False)
    live = scoped.filter(pl.col("account").is_not_null() & pl.col("is_active").fill_null(value=True) & ~allowed)
    shared = live.filter(pl.col("account").is_duplicated()).select(
        "row", "account", "party_id",
        owner=pl.coalesce(pl.lit("group ") + pl.col("group_id"), pl.lit("party ") + pl.col("party_id")),
        start=pl.col("valid_from").fill_null(_ALWAYS[0]), end=pl.col("valid_to").fill_null(_ALWAYS[1]),
    )  # fmt: skip
    names = pl.col("party_id").unique().sort()
    said = names.head(_MOST_NAMED).str.join(", ") + pl.when(names.len() > _MOST_NAMED).then(pl.lit(" …")).otherwise(pl.lit(""))
    holders = shared.group_by("account").agg(holders=said)
    counted = shared.with_columns(all=_met(shared, ["account"]), own=_met(shared, ["account", "owner"]))
    return counted.join(holders, on="account", how="left", validate="m:1").select("row", "holders", other_count=pl.col("all") - pl.col("own"))


def _met(shared: pl.DataFrame, by: list[str]) -> pl.Series:
    """How many terms of the same `by` have a day in common with each, itself among them: all, less those that end before or begin after."""
    size = pl.len().cast(pl.Int64).over(by)
    ends = shared.select(*by, day="end").sort(*by, "day").with_columns(ended=pl.int_range(1, pl.len() + 1).over(by))
    starts = shared.select(*by, day="start").sort(*by, "day").with_columns(begun=pl.int_range(1, pl.len() + 1).over(by))
    ends = ends.unique([*by, "day"], keep="last", maintain_order=True).sort("day")
    starts = starts.unique([*by, "day"], keep="last", maintain_order=True).sort("day")
    told = shared.select("row", *by, "start", "end", size=size)
    told = told.sort("start").join_asof(
        ends, left_on="start", right_on="day", by=by, strategy="backward", allow_exact_matches=False, check_sortedness=False
    ).drop("day", strict=False)  # fmt: skip
    told = told.sort("end").join_asof(starts, left_on="end", right_on="day", by=by, strategy="backward", check_sortedness=False)
    met = told.select("row", met=pl.col("begun").fill_null(0) - pl.col("ended").fill_null(0))
    return shared.select("row").join(met, on="row", how="left", validate="1:1", maintain_order="left")["met"]


def _staff_accounts(accepted: Accepted) -> tuple[pl.DataFrame, bool]:
    """account, employee_id (the first of them), employee_count; and whether any employee's account is known."""
    users = table(accepted, "user").select(account=compacted(pl.col("bank_account")), employee=pl.coalesce("person_id", "user_id"))
    known = users.filter(pl.col("account").is_not_null()).group_by("account").agg(
        employee_id=pl.col("employee").min(), employee_count=pl.col("employee").n_unique().cast(pl.Int64)
    ).collect()  # fmt: skip
    return known, known.height > 0


def _paid(held: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """row, paid_amount_base: payments of the reported period; one that names no account went to the master's. Null where no rate is known."""
    period = engagement.period
    paid = table(accepted, PROCURE_TO_PAY.payment_table).filter(
        pl.col("payment_date").is_between(period.from_, min(period.to, engagement.as_of)) & ~pl.col("is_voided").fill_null(value=False)
    )  # fmt: skip
    slim = paid.select("payment_date", "amount", "currency", "fx_rate", party_id="supplier_id", payee=compacted(pl.col("payee_account")))
    rated = with_fx_rate(slim, "payment_date", accepted, engagement).with_columns(base=amount(pl.col("amount"), pl.col("fx_rate")))
    accounts = held.lazy().select("row", "party_id", "account", "is_masters", "valid_from", "valid_to")
    met = rated.join(accounts, on="party_id", how="inner").filter(
        pl.when(pl.col("payee").is_null()).then("is_masters").otherwise(pl.col("payee") == pl.col("account"))
        & pl.col("payment_date").is_between(pl.col("valid_from").fill_null(_ALWAYS[0]), pl.col("valid_to").fill_null(_ALWAYS[1]))
    )
    sums = met.group_by("row").agg(paid_amount_base=pl.when(pl.col("base").null_count() == 0).then(pl.col("base").sum()), payment_count=pl.len())
    every = accounts.select("row").join(sums, on="row", how="left", validate="1:1")
    nothing = pl.lit(0).cast(schema("party_account")["paid_amount_base"])
    return every.select("row", paid_amount_base=pl.when(pl.col("payment_count").is_null()).then(nothing).otherwise("paid_amount_base")).collect()
