"""What persons did in the chain of a document they approved: asked for it, entered it, bought, received, billed, paid, kept the master data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

_ORDER: Final = ["cycle", "company_code", "order_number"]
_INVOICE: Final = ["cycle", "company_code", "party_id", "invoice_number"]
_INVOICE_TYPES: Final = (*(cycle.invoice_type for cycle in CYCLES), "credit_note")


def with_duties(
    rows: pl.DataFrame,
    accepted: Accepted,
    lines: MeasuredLines,
    settlement: Settlement,
) -> pl.DataFrame:
    """Add `person_id`, `same_person_duty` (duties the approver also had, sorted, null for none) and `persons_known`.

    Persons are compared, not logins: an approval given for another counts for both. One login twice is one person even
    where nobody says who it is. `persons_known` is false where the approver or anybody else of the chain has a login
    without a person, or where nobody says who made the document: then no duty found proves nothing.
    """
    persons = table(accepted, "user").filter(pl.col("person_id").is_not_null()).select("user_id", "person_id").collect()
    actor = pl.concat([rows.select("event_id", "document_id", login="actor_id"), rows.select("event_id", "document_id", login="on_behalf_of")])
    actor = actor.filter(pl.col("login").is_not_null())
    actor = actor.join(persons.rename({"user_id": "login"}), on="login", how="left", validate="m:1")
    frames = _duties(rows, accepted, lines, settlement, _telling(actor, persons))
    duties = pl.concat([frame.collect() for frame in frames]).unique()
    duties = duties.join(persons.rename({"person_id": "duty_person"}), on="user_id", how="left", validate="m:1")
    met = actor.join(duties, on="document_id", how="inner")
    is_same = (pl.col("login") == pl.col("user_id")) | (pl.col("person_id") == pl.col("duty_person")).fill_null(value=False)
    met = met.with_columns(is_same=is_same)
    found = met.filter("is_same").group_by("event_id").agg(same_person_duty=pl.col("duty").unique().sort().str.join(", "))
    unknown = met.group_by("event_id").agg(has_unknown=(pl.col("duty_person").is_null() & ~pl.col("is_same")).any())
    nameless = actor.group_by("event_id").agg(is_nameless=pl.col("person_id").is_null().any())
    joined = rows.join(persons.rename({"user_id": "actor_id"}), on="actor_id", how="left", validate="m:1")
    for frame in (found, unknown, nameless):
        joined = joined.join(frame, on="event_id", how="left", validate="1:1")
    is_known = pl.col("maker_is_known") & ~pl.col("has_unknown").fill_null(value=False) & ~pl.col("is_nameless").fill_null(value=True)
    return joined.with_columns(persons_known=is_known.fill_null(value=False))


def _telling(actor: pl.DataFrame, persons: pl.DataFrame) -> Callable[[str], pl.Expr]:
    """Which logins of a chain decide anything: all logins of persons who approve, and logins without a person.

    Everybody else is a known other person; leaving them out here keeps a night of a million lines short.
    """
    deciding = persons.filter(pl.col("person_id").is_in(actor["person_id"].drop_nulls().unique().implode()))["user_id"]
    decisive = pl.concat([deciding, actor["login"]]).unique().implode()
    named = persons["user_id"].implode()
    return lambda by: pl.col(by).is_not_null() & (pl.col(by).is_in(decisive) | ~pl.col(by).is_in(named))


def _duties(
    rows: pl.DataFrame, accepted: Accepted, lines: MeasuredLines, settlement: Settlement, telling: Callable[[str], pl.Expr]
) -> list[pl.LazyFrame]:
    """(document_id, duty, user_id) of the telling logins in the chains of the decided documents."""
    found = rows.filter(pl.col("document_id").is_not_null())
    documents = found.select("document_id", "cycle", "company_code", "document_type", "party_id", number="document_number").unique().lazy()
    billed = lines.invoices.filter(pl.col("is_live")).select(*_INVOICE, "order_number", "created_by", "posted_by")
    types = set(found["document_type"].to_list())
    orders = documents.filter(pl.col("document_type").is_in([c.order_type for c in CYCLES])).select(
        "document_id", "cycle", "company_code", order_number="number"
    )
    duties, chains = [], orders
    if types - {cycle.order_type for cycle in CYCLES}:
        invoices = _invoices(documents, settlement, is_paid=PROCURE_TO_PAY.payment_type in types)
        own_lines = invoices.join(billed, on=_INVOICE, how="inner")
        named = own_lines.filter(pl.col("order_number").is_not_null()).select("document_id", *_ORDER)
        chains = pl.concat([orders, named]).unique()
        duties += [_rows(own_lines.filter(telling(by)), pl.lit("invoice clerk"), by) for by in ("created_by", "posted_by")]
    received = pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then(pl.lit("receiver")).otherwise(pl.lit("shipper"))
    sources = [(lines.orders, pl.lit(duty), by) for duty, by in (("creator", "created_by"), ("requester", "requester_id"), ("buyer", "buyer_id"))]
    sources += [(lines.fulfilments, received, "created_by")]
    duties += [_in_chain(chains, source, duty, by, telling) for source, duty, by in sources]
    duties += [_in_chain(orders, lines.invoices, pl.lit("invoice clerk"), by, telling) for by in ("created_by", "posted_by")]
    return [*duties, *_payment_duties(documents, accepted), *_master_duties(documents, accepted)]


def _in_chain(chains: pl.LazyFrame, lines: pl.LazyFrame, duty: pl.Expr, by: str, telling: Callable[[str], pl.Expr]) -> pl.LazyFrame:
    told = lines.filter(telling(by) & pl.col("is_live")).select(*_ORDER, by).unique()
    return _rows(chains.join(told, on=_ORDER, how="inner"), duty, by)


def _rows(frame: pl.LazyFrame, duty: pl.Expr, by: str) -> pl.LazyFrame:
    return frame.filter(pl.col(by).is_not_null()).select("document_id", duty=duty, user_id=pl.col(by)).unique()


def _invoices(documents: pl.LazyFrame, settlement: Settlement, *, is_paid: bool) -> pl.LazyFrame:
    """document_id with the key of the invoice it is, or of the invoices a payment paid."""
    own = documents.filter(pl.col("document_type").is_in(_INVOICE_TYPES)).select("document_id", *_INVOICE[:3], invoice_number="number")
    if not is_paid:
        return own
    paid = documents.filter(pl.col("document_type") == PROCURE_TO_PAY.payment_type).select("document_id", *_INVOICE[:3], payment_number="number")
    parts = settlement.settlement_match.filter(pl.col("invoice_number").is_not_null()).select(*_INVOICE, "payment_number")
    carried = paid.join(parts, on=[*_INVOICE[:3], "payment_number"], how="inner").select("document_id", *_INVOICE)
    return pl.concat([own, carried])


def _payment_duties(documents: pl.LazyFrame, accepted: Accepted) -> list[pl.LazyFrame]:
    """Who entered a payment, and whose own bank account it was paid to."""
    key = {"payment_number": "number"}
    payments = table(accepted, PROCURE_TO_PAY.payment_table).select("company_code", "payment_number", "created_by", "payee_account").rename(key)
    paid = documents.filter(pl.col("document_type") == PROCURE_TO_PAY.payment_type).join(payments, on=["company_code", "number"], how="inner")
    payees = table(accepted, "user").filter(pl.col("bank_account").is_not_null()).select("user_id", payee_account="bank_account")
    return [
        _rows(paid, pl.lit("payment clerk"), "created_by"),
        _rows(paid.join(payees, on="payee_account", how="inner"), pl.lit("payee"), "user_id"),
    ]


def _master_duties(documents: pl.LazyFrame, accepted: Accepted) -> list[pl.LazyFrame]:
    """Who entered or changed the master data of the party."""
    frames = []
    for cycle in CYCLES:
        of_cycle = documents.filter(pl.col("cycle") == cycle.name)
        if is_given(accepted, cycle.party_table, "created_by"):
            entered = table(accepted, cycle.party_table).select("party_id", "created_by")
            frames.append(_rows(of_cycle.join(entered, on="party_id", how="inner"), pl.lit("master data"), "created_by"))
        if is_given(accepted, "document_change", "changed_by"):
            changes = table(accepted, "document_change").filter(pl.col("document_type") == cycle.party_table)
            changed = changes.select("company_code", "changed_by", party_id="document_number").unique()
            frames.append(_rows(of_cycle.join(changed, on=["company_code", "party_id"], how="inner"), pl.lit("master data"), "changed_by"))
    return frames


def made_by(documents: pl.LazyFrame, accepted: Accepted, lines: MeasuredLines, logins: pl.Series) -> pl.LazyFrame:
    """(document_id, user_id) of those of these logins that asked for an order, or entered the document itself."""

    def telling(by: str) -> pl.Expr:
        return pl.col(by).is_in(logins)

    orders = documents.filter(pl.col("document_type").is_in([c.order_type for c in CYCLES])).select(
        "document_id", "cycle", "company_code", order_number="number"
    )
    own = documents.filter(pl.col("document_type").is_in(_INVOICE_TYPES)).select("document_id", *_INVOICE[:3], invoice_number="number")
    billed = own.join(lines.invoices.filter(pl.col("is_live") & telling("created_by")).select(*_INVOICE, "created_by"), on=_INVOICE, how="inner")
    ordered = [_in_chain(orders, lines.orders, pl.lit(""), by, telling) for by in ("created_by", "requester_id")]
    paid = _payment_duties(documents, accepted)[0].filter(telling("user_id"))
    return pl.concat([*ordered, _rows(billed, pl.lit(""), "created_by"), paid]).select("document_id", "user_id").unique()
