"""Changes of suppliers' and customers' masters, and whether a second person approved them. Whole, since masters are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import amount
from recon.match.described import described
from recon.match.given import latest_moment, local_day, table, with_fx_rate
from recon.match.numbers import normalised
from recon.match.separation import Persons

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: Fields of masters under the names that systems give them -> what they say.
_FIELDS: Final = {
    **dict.fromkeys(("bank_account", "payee_account", "iban", "account_number"), "bank account"),
    **dict.fromkeys(("party_name", "supplier_name", "customer_name", "name"), "name"),
    **dict.fromkeys(("tax_id", "vat_id", "tax_number"), "tax id"),
    **dict.fromkeys(("payment_term_days", "payment_terms", "payment_term_code", "terms"), "payment terms"),
    **dict.fromkeys(("credit_limit", "credit_currency"), "credit limit"),
    **dict.fromkeys(("is_active", "is_blocked"), "standing"),
}
_OTHER: Final = "other"
_APPROVES: Final = ("approve", "release")
_PARTY: Final = ["cycle", "party_id"]
_TYPES: Final = {cycle.party_table: cycle.name for cycle in CYCLES}


def watched_field() -> pl.Expr:
    """What a changed field of a master says; `other` for fields that steer no money."""
    field = pl.col("field").str.strip_chars().str.to_lowercase().str.replace_all(" ", "_", literal=True)
    return field.replace_strict(_FIELDS, default=_OTHER, return_dtype=pl.String)


def master_change(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`master_change`, sorted: one row per recorded change of a supplier or customer up to the as-of date.

    `approval`: by another person, by the same person, none; null where nobody records approvals of masters, or where it cannot be told whether
    two logins are one person. An approval counts for the changes before it, and for the one that follows it next. `amount_base`: paid to the
    supplier, or billed to the customer, in the reported period from the day of the change on.
    """
    persons = Persons(accepted)
    changes = _changes(accepted, engagement).collect().with_row_index("event")
    approvals = _approvals(accepted, engagement).collect()
    judged = _judged(changes, approvals, persons)
    recorded = pl.lit(approvals.height > 0)
    best = pl.when(~recorded).then(None).when(pl.col("approved_by_other")).then(pl.lit("by another person")).when(
        pl.col("approved_by_unknown")
    ).then(None).when(pl.col("approved_by_same")).then(pl.lit("by the same person")).otherwise(pl.lit("none"))  # fmt: skip
    told = changes.join(judged, on="event", how="left", validate="1:1").with_columns(approval=best)
    told = told.join(_business(changes, accepted, engagement), on="event", how="left", validate="1:1")
    types = {cycle.name: cycle.party_table for cycle in CYCLES}
    rows = told.lazy().with_columns(
        document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String),
        document_number="party_id",
        is_format_only=(normalised(pl.col("old_value")) == normalised(pl.col("new_value"))).fill_null(value=False),
        old_value=_shown("old_value"),
        new_value=_shown("new_value"),
        company_code=pl.lit(None, dtype=pl.String),
    )
    made = described(rows, "master_change", accepted)
    order = [*_PARTY, "changed_at", "field", "new_value", "changed_by"]
    return made.select(pl.col(name).cast(kind) for name, kind in schema("master_change").items()).sort(order, nulls_last=True)


def _changes(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    told = table(accepted, "document_change").filter(
        pl.col("document_type").is_in(list(_TYPES)) & (local_day("changed_at", engagement) <= engagement.as_of)
    )  # fmt: skip
    return told.select(
        "field", "old_value", "new_value", "changed_by", "changed_at", "changed_at_is_date_only", "source_file", "source_row",
        party_id="document_number", cycle=pl.col("document_type").replace_strict(_TYPES, return_dtype=pl.String), watched_field=watched_field(),
        changed_day=local_day("changed_at", engagement),
    ).sort(*_PARTY, "changed_at", "field", "new_value", "changed_by", "source_row", nulls_last=True)  # fmt: skip


def _approvals(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """cycle, party_id, approved_by, approved_until: the latest moment that each approving event of a master can mean."""
    events = table(accepted, "approval_event").filter(
        pl.col("document_type").is_in(list(_TYPES)) & pl.col("action").is_in(_APPROVES) & (local_day("action_at", engagement) <= engagement.as_of)
    )  # fmt: skip
    return events.select(
        cycle=pl.col("document_type").replace_strict(_TYPES, return_dtype=pl.String), party_id="document_number", approved_by="actor_id",
        approved_until=latest_moment(pl.col("action_at"), pl.col("action_at_is_date_only"), engagement),
    )  # fmt: skip


def _judged(changes: pl.DataFrame, approvals: pl.DataFrame, persons: Persons) -> pl.DataFrame:
    """event, and whether somebody else, the same person, or somebody of whom that is not known approved it."""
    moments = changes.select(*_PARTY, "changed_at").unique().sort(*_PARTY, "changed_at")
    moments = moments.with_columns(before=pl.col("changed_at").shift(1).over(_PARTY))
    dated = changes.select("event", *_PARTY, "changed_at", "changed_by").join(moments, on=[*_PARTY, "changed_at"], how="left", validate="m:1")
    met = dated.join(approvals, on=_PARTY, how="inner").filter(pl.col("before").is_null() | (pl.col("approved_until") >= pl.col("before")))
    same, known = persons.same("changed_by", "approved_by"), persons.known("changed_by") & persons.known("approved_by")
    each = met.with_columns(same=same, known=known & pl.col("changed_by").is_not_null() & pl.col("approved_by").is_not_null())
    return each.group_by("event").agg(
        approved_by_other=(~pl.col("same") & pl.col("known")).any(),
        approved_by_unknown=(~pl.col("same") & ~pl.col("known")).any(),
        approved_by_same=pl.col("same").any(),
        approver_id=pl.coalesce(pl.col("approved_by").filter(~pl.col("same")).min(), pl.col("approved_by").min()),
    )


def _business(changes: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """event, amount_base: what went to a supplier or was billed to a customer in the period, on the day of the change and after it."""
    first, last = engagement.period.from_, min(engagement.period.to, engagement.as_of)
    sums = []
    for cycle, day, worth, dead in (
        (PROCURE_TO_PAY, "payment_date", "amount", "is_voided"),
        (ORDER_TO_CASH, "invoice_date", "line_amount_net", "is_cancelled"),
    ):
        asked = changes.lazy().filter(pl.col("cycle") == cycle.name).select("event", "party_id", "changed_day")
        rows = _slim(cycle, day, worth, dead, accepted).filter(pl.col("day").is_between(first, last))
        rated = with_fx_rate(rows, "day", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate")))
        met = asked.join(rated, on="party_id", how="inner").filter(pl.col("day") >= pl.col("changed_day"))
        sums.append(met.group_by("event").agg(amount_base=pl.when(pl.col("base").null_count() == 0).then(pl.col("base").sum()), met=pl.len()))
    whole = pl.concat(sums)
    nothing = pl.lit(0).cast(schema("master_change")["amount_base"])
    told = changes.lazy().select("event").join(whole, on="event", how="left", validate="1:1")
    return told.select("event", amount_base=pl.when(pl.col("met").is_null()).then(nothing).otherwise("amount_base")).collect()


def _slim(cycle: Cycle, day: str, worth: str, dead: str, accepted: Accepted) -> pl.LazyFrame:
    name = cycle.payment_table if cycle is PROCURE_TO_PAY else cycle.invoice_table
    live = table(accepted, name).filter(~pl.col(dead).fill_null(value=False))
    return live.select("currency", "fx_rate", party_id=cycle.party, day=day, worth=worth)


def _shown(column: str) -> pl.Expr:
    """A value as a report may show it: of accounts and tax numbers the last four characters."""
    secret = pl.col("watched_field").is_in(["bank account", "tax id"])
    return pl.when(secret).then(pl.format("…{}", pl.col(column).str.slice(-4))).otherwise(column)
