"""Changes made to documents after they were approved, and to bank accounts before they were paid. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.domain.money import QUANTITY, amount, ratio
from recon.match.approvable import TYPES
from recon.match.approvals import of_documents
from recon.match.calendars import hours_of
from recon.match.described import described
from recon.match.given import earliest_moment, latest_moment, local_day, table
from recon.match.numbers import normalised
from recon.match.separation import Persons

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.approvals import Approvals
    from recon.match.given import MeasuredLines
    from recon.match.settlement import Settlement

#: Fields of documents under the names that systems give them -> what they say about the deal.
_FIELDS: Final = {
    **dict.fromkeys(("quantity", "ordered_quantity", "order_quantity", "qty"), "quantity"),
    **dict.fromkeys(("unit_price_net", "unit_price_gross", "unit_price", "price", "net_price"), "unit price"),
    **dict.fromkeys(("supplier_id", "vendor_id", "vendor", "supplier"), "supplier"),
    **dict.fromkeys(("customer_id", "customer"), "customer"),
    "currency": "currency",
    **dict.fromkeys(("payment_term_days", "payment_terms", "terms", "due_date", "discount_share"), "terms"),
    **dict.fromkeys(("bank_account", "payee_account", "iban"), "bank account"),
    **dict.fromkeys(("incoterm", "delivery_term"), "incoterm"),
}
_NUMBER: Final = r"^-?\d{1,18}(\.\d{1,10})?$"
_AMOUNTS: Final = ("quantity", "unit price")
_LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]


def approved_change(accepted: Accepted, approved: Approvals, lines: MeasuredLines, engagement: Engagement) -> pl.LazyFrame:
    """approved_change, sorted: one row per change of a telling field of a document that was approved at some time.

    `is_after_approval`: whether the change came after the last approval that stands; null where the stamps do not tell. For a
    quantity or price `change_share` is the increase over the old value, `value_change_base` what it adds to the line (else to
    the document's only amount); for other fields the whole document is at stake.
    """
    changes = _changes(accepted, engagement).filter(pl.col("document_type").is_in(list(TYPES)))
    pairs = of_documents(approved.documents, changes)
    about = approved.documents.select("document_id", "cycle", "party_id", "document_date", "currency", "amount_net", "amount_net_base")
    rows = pairs.join(changes.drop("party_id"), on="event_id", how="left", validate="m:1").join(about, on="document_id", how="left", validate="m:1")
    rows = rows.join(_last_approvals(approved), on="document_id", how="inner", validate="m:1")
    least, most = pl.col("from_at") - pl.col("approved_until"), pl.col("until_at") - pl.col("approved_from")
    after = pl.when(least > pl.duration()).then(statement=True).when(most <= pl.duration()).then(statement=False)
    lined = _with_lines(rows, lines).with_columns(is_after_approval=after, hours_after_approval=hours_of(least))
    told = described(lined.lazy(), "approved_change", accepted)
    order = ["cycle", "company_code", "document_type", "document_number", "line_no", "field", "changed_at", "new_value", "changed_by"]
    return told.select(pl.col(name).cast(kind) for name, kind in schema("approved_change").items()).sort(order, nulls_last=True)


def _changes(accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    stamp, coarse = pl.col("changed_at"), pl.col("changed_at_is_date_only")
    field = pl.col("field").str.strip_chars().str.to_lowercase().str.replace_all(" ", "_", literal=True)
    numbers = {
        f"{side}_number": pl.when(pl.col(f"{side}_value").str.contains(_NUMBER)).then(f"{side}_value").cast(QUANTITY) for side in ("old", "new")
    }
    return (
        table(accepted, "document_change")
        .filter(local_day("changed_at", engagement) <= engagement.as_of)
        .with_columns(
            from_at=earliest_moment(stamp, coarse, engagement),
            until_at=latest_moment(stamp, coarse, engagement),
            watched_field=field.replace_strict(_FIELDS, default=None, return_dtype=pl.String),
            party_id=pl.lit(None, dtype=pl.String),
            **numbers,
        )
        .filter(pl.col("watched_field").is_not_null())
        .sort("company_code", "document_type", "document_number", "line_no", "field", "changed_at", "new_value", nulls_last=True)
        .collect()
        .with_row_index("event_id")
    )


def _last_approvals(approved: Approvals) -> pl.DataFrame:
    standing = approved.events.filter("stands").select("event_id", approved_from="from_at", approved_until="until_at", last_approval_at="action_at")
    return approved.pairs.join(standing, on="event_id", how="inner").group_by("document_id").agg(
        pl.col("approved_from", "approved_until", "last_approval_at").max()
    )  # fmt: skip


def _with_lines(rows: pl.DataFrame, lines: MeasuredLines) -> pl.DataFrame:
    """Add value_change_base and change_share of changed quantities and prices, from the line as it stands now."""
    orders = {cycle.order_type for cycle in CYCLES}
    named = rows.filter(pl.col("document_type").is_in(list(orders)) & pl.col("line_no").is_not_null())
    wanted = named.select("cycle", "company_code", order_number="document_number", order_line_no="line_no").unique().lazy()
    now = lines.orders.select(*_LINE, line_amount="ordered_amount_base").join(wanted, on=_LINE, how="semi").unique(_LINE, keep="any").collect()
    told = rows.join(now, left_on=["cycle", "company_code", "document_number", "line_no"], right_on=_LINE, how="left", validate="m:1")
    delta = pl.col("new_number") - pl.col("old_number")
    worth = pl.coalesce(pl.when(pl.col("line_no").is_not_null()).then("line_amount"), "amount_net_base")
    counts = pl.col("watched_field").is_in(_AMOUNTS)
    new, old = (pl.when(pl.col(name) > 0).then(name) for name in ("new_number", "old_number"))
    from_nothing = (pl.col("old_number") == 0) & (pl.col("new_number") > 0)
    share = pl.when(from_nothing).then(pl.lit(1).cast(QUANTITY)).otherwise(ratio(delta, pl.lit(1), old))
    return told.with_columns(
        value_change_base=pl.when(counts).then(ratio(delta, worth, new, 6)).otherwise("amount_net_base"),
        change_share=pl.when(counts).then(share),
    )


def account_change(accepted: Accepted, settlement: Settlement, engagement: Engagement) -> pl.LazyFrame:
    """account_change, sorted: one row per change of a supplier's bank account and company, with its first live payment to the new account after it.

    `days_between` counts days from the change to that payment, null where nothing was paid yet. The first account of a supplier
    is no change; one that differs in spelling only is `is_format_only`. A supplier may serve several companies: each of them pays the new
    account for a first time, and a change that several of them recorded is one change, called back where one of them says so.
    """
    persons = Persons(accepted)
    stamps = _changes(accepted, engagement).filter(
        (pl.col("document_type") == PROCURE_TO_PAY.party_table) & (pl.col("watched_field") == "bank account")
    )
    day = local_day("changed_at", engagement)
    changes = stamps.filter(pl.col("old_value").is_not_null()).select(
        "event_id", "changed_at", "changed_by", "callback_reference", "source_file", "source_row", party_id="document_number",
        changed_day=day, old_account=normalised(pl.col("old_value")), new_account=normalised(pl.col("new_value")),
    ).sort(pl.col("callback_reference").is_null(), "event_id").unique(
        ["party_id", "changed_at", "new_account"], keep="first", maintain_order=True
    )  # fmt: skip
    paid = settlement.payments.filter(
        pl.col("exclusion_reason").is_null() & (pl.col("cycle") == PROCURE_TO_PAY.name) & (pl.col("amount") > 0)
    ).select(
        "company_code", "party_id", "payment_number", "payment_date", "currency", "released_by", payee=normalised(pl.col("payee_account")),
        payment_created_by="created_by", amount="amount", amount_base=amount(pl.col("amount"), pl.col("fx_rate")),
    )  # fmt: skip
    met = changes.join(paid, on="party_id", how="inner").filter(
        (pl.col("payment_date") >= pl.col("changed_day")) & (pl.col("payee").is_null() | (pl.col("payee") == pl.col("new_account")))
    )
    first = met.sort("event_id", "company_code", "payment_date", "payment_number").unique(
        ["event_id", "company_code"], keep="first", maintain_order=True
    )
    unpaid = changes.join(first, on="event_id", how="anti")
    both = pl.concat([first, unpaid], how="diagonal").with_columns(
        cycle=pl.lit(PROCURE_TO_PAY.name),
        document_type=pl.lit(PROCURE_TO_PAY.payment_type),
        document_number="payment_number",
        days_between=(pl.col("payment_date") - pl.col("changed_day")).dt.total_days(),
        is_format_only=pl.col("old_account") == pl.col("new_account"),
        changed_by_payer=persons.same("changed_by", "payment_created_by") | persons.same("changed_by", "released_by"),
        old_account=_masked("old_account"),
        new_account=_masked("new_account"),
    )
    told = described(both.lazy(), "account_change", accepted)
    order = ["cycle", "party_id", "changed_at", "new_account", "company_code", "document_number"]
    return told.select(pl.col(name).cast(kind) for name, kind in schema("account_change").items()).sort(order, nulls_last=True)


def _masked(column: str) -> pl.Expr:
    """The last four characters of an account; the rest is nobody's business on a report."""
    return pl.format("…{}", pl.col(column).str.slice(-4))
