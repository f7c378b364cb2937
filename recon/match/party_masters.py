"""What the masters say of suppliers and customers: what is missing, what fails its own check, what agrees with an employee's. Whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.given import is_given, table, with_fx_rate
from recon.match.identifiers import iban_holds, looks_like_iban
from recon.match.national_numbers import tax_number_holds
from recon.match.numbers import compacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Kinds of parties that have no tax number of a firm.
_PERSONS: Final = ("individual", "employee")
HELD, MISSING, NOT_REQUIRED, FAILS = "held", "missing", "not required", "check fails"
#: field -> (its state, the words for each trouble)
_TROUBLES: Final = (
    ("tax_id_state", MISSING, "no tax id"),
    ("tax_id_state", FAILS, "wrong tax id"),
    ("country_state", MISSING, "no country"),
    ("terms_state", MISSING, "no payment terms"),
    ("account_state", MISSING, "no bank account"),
    ("account_state", FAILS, "wrong bank account"),
)
_KEY: Final = ["cycle", "party_id"]


def party_master(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`party_master`, sorted: one row per supplier and customer with the state of each field; null where it cannot be told.

    It cannot where the source does not give the field at all, and for a tax number where no check is known for the country. A tax number
    is not required of persons, of one-time parties and of parties outside the countries of our own companies; terms and accounts are not
    required of one-time parties, an account never of customers. What is given is checked all the same.
    """
    home = table(accepted, "company").select(pl.col("country").drop_nulls().unique()).collect()["country"].to_list()
    parts = [_states(cycle, home, accepted) for cycle in CYCLES if is_given(accepted, cycle.party_table)]
    return shaped_parties("party_master", parts, accepted, engagement)


def shaped_parties(name: str, parts: Iterable[pl.LazyFrame], accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Rows of parties (cycle, party_id and what the master says) in the columns of a measured table, with the spend of the period, sorted."""
    columns = schema(name)
    frames = list(parts)
    if not frames:
        return pl.LazyFrame(schema=columns)
    rows = pl.concat(frames, how="diagonal").join(period_spend(accepted, engagement), on=_KEY, how="left", validate="1:1")
    types = {cycle.name: cycle.party_table for cycle in CYCLES}
    told = rows.with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="party_id",
        company_code=pl.lit(None, dtype=pl.String),
        currency=pl.lit(None, dtype=pl.String),
        spend_amount_base=pl.when(pl.col("has_bills").is_null()).then(pl.lit(0).cast(columns["spend_amount_base"])).otherwise("spend_amount_base"),
    )
    return told.select(pl.col(column).cast(kind) for column, kind in columns.items()).sort(_KEY)


def period_spend(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """cycle, party_id, spend_amount_base, has_bills: live invoice lines booked in the reported period, net; null where a rate is not known."""
    first, last = engagement.period.from_, min(engagement.period.to, engagement.as_of)
    frames = []
    for cycle in CYCLES:
        day = pl.coalesce("posting_date", "invoice_date")
        lines = table(accepted, cycle.invoice_table).filter(day.is_between(first, last) & ~pl.col("is_cancelled").fill_null(value=False))
        slim = lines.select("line_amount_net", "currency", "fx_rate", "invoice_date", party_id=cycle.party)
        rated = with_fx_rate(slim, "invoice_date", accepted, engagement)
        base = amount(pl.col("line_amount_net"), pl.col("fx_rate"))
        known = pl.when(pl.col("base").null_count() == 0).then(pl.col("base").sum())
        sums = rated.with_columns(base=base).group_by("party_id").agg(spend_amount_base=known)
        frames.append(sums.with_columns(cycle=pl.lit(cycle.name), has_bills=pl.lit(value=True)))
    return pl.concat(frames)


def _states(cycle: Cycle, home: list[str], accepted: Accepted) -> pl.LazyFrame:
    name, buys = cycle.party_table, cycle is PROCURE_TO_PAY
    once = pl.col("is_one_time").fill_null(value=False)
    dated = table(accepted, "supplier_bank_account").filter(pl.lit(buys)).select(party_id="supplier_id", has_dated=pl.lit(value=True)).unique()
    rows = table(accepted, name).with_columns(number=compacted(pl.col("tax_id")), account=compacted(pl.col("bank_account")))
    countries = frozenset(rows.select(pl.col("country").drop_nulls().unique()).collect()["country"].to_list())
    known = rows.join(dated, on="party_id", how="left", validate="m:1").with_columns(holds=tax_number_holds("number", "country", countries))
    has_accounts = is_given(accepted, name, "bank_account") or is_given(accepted, "supplier_bank_account") or not buys
    told = known.with_columns(
        cycle=pl.lit(cycle.name),
        tax_id_state=_tax_state(home) if is_given(accepted, name, "tax_id") else _not_given(),
        country_state=_held("country") if is_given(accepted, name, "country") else _not_given(),
        terms_state=_held("payment_term_days", once) if is_given(accepted, name, "payment_term_days") else _not_given(),
        account_state=_account_state(once | (not buys)) if has_accounts else _not_given(),
    )
    words = [pl.when(pl.col(field) == state).then(pl.lit(said)) for field, state, said in _TROUBLES]
    said = pl.concat_str(words, separator=", ", ignore_nulls=True)
    return told.with_columns(problems=pl.when(said != "").then(said))


def _tax_state(home: list[str]) -> pl.Expr:
    person = pl.col("party_type").is_in(_PERSONS).fill_null(value=False)
    abroad = (pl.lit(bool(home)) & ~pl.col("country").is_in(home)).fill_null(value=False)
    exempt = pl.col("is_one_time").fill_null(value=False) | person | abroad
    blank = pl.when(exempt).then(pl.lit(NOT_REQUIRED)).otherwise(pl.lit(MISSING))
    checked = pl.when(pl.col("holds")).then(pl.lit(HELD)).when(~pl.col("holds")).then(pl.lit(FAILS))
    return pl.when(pl.col("number").is_null()).then(blank).otherwise(checked)


def _account_state(exempt: pl.Expr) -> pl.Expr:
    account = pl.col("account")
    wrong = (looks_like_iban(account) & ~iban_holds(account)).fill_null(value=False)
    kept = account.is_not_null() | pl.col("has_dated").fill_null(value=False)
    blank = pl.when(exempt).then(pl.lit(NOT_REQUIRED)).otherwise(pl.lit(MISSING))
    return pl.when(wrong).then(pl.lit(FAILS)).when(kept).then(pl.lit(HELD)).otherwise(blank)


def _held(column: str, exempt: pl.Expr | None = None) -> pl.Expr:
    missing = pl.lit(MISSING) if exempt is None else pl.when(exempt).then(pl.lit(NOT_REQUIRED)).otherwise(pl.lit(MISSING))
    return pl.when(pl.col(column).is_not_null()).then(pl.lit(HELD)).otherwise(missing)


def _not_given() -> pl.Expr:
    return pl.lit(None, dtype=pl.String)
