"""Sales orders that somebody released in spite of credit, beside who changed the customer's limit before. Whole, from slim projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.domain.money import RATE, amount
from recon.match.described import described
from recon.match.given import earliest_moment, latest_moment, local_day, table, with_fx_rate
from recon.match.orders_in_force import all_known, orders_in_force, worth
from recon.match.separation import Persons

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ORDER: Final = ["company_code", "order_number"]
_KEY: Final = ["party_id", "person"]


def credit_release(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`credit_release`, sorted: one row per live sales order and login that released its credit (its last release, up to the as-of date).

    `nearest_days` are the days since the same person last changed the customer's credit limit, counted by days of the company; null where
    there was no such change, and where the day of the release is not known though the person changed the limit at some time.
    """
    persons = Persons(accepted)
    orders = _orders(accepted, engagement)
    given = _released(accepted, engagement).join(orders.select(*_ORDER, "party_id").collect().lazy(), on=_ORDER, how="inner", validate="m:1")
    released = given.with_columns(person=pl.coalesce(persons.of("login"), "login"), releaser_known=persons.known("login")).collect()
    changes = _changes(accepted, engagement).with_columns(
        person=pl.coalesce(persons.of("changed_by"), "changed_by"), keeper_known=persons.known("changed_by")
    ).collect()  # fmt: skip
    met = _met(released, changes)
    keepers = changes.group_by("party_id").agg(keepers_known=pl.col("keeper_known").fill_null(value=False).all())
    told = met.join(keepers, on="party_id", how="left", validate="m:1").with_columns(
        persons_known=pl.col("releaser_known") & pl.col("keepers_known").fill_null(value=True)
    )
    rows = told.lazy().join(orders.drop("party_id"), on=_ORDER, how="left", validate="m:1").with_columns(
        cycle=pl.lit(ORDER_TO_CASH.name), document_type=pl.lit(ORDER_TO_CASH.order_type), made_by="login"
    )  # fmt: skip
    made = described(rows, "credit_release", accepted)
    return made.select(pl.col(name).cast(kind) for name, kind in schema("credit_release").items()).sort(*_ORDER, "made_by")


def _met(released: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Each release with the last change of the limit by the same person before it."""
    own = changes.filter(pl.col("person").is_not_null()).sort("changed", "old_value", "new_value", nulls_last=True)
    timed = own.filter(pl.col("changed").is_not_null()).unique([*_KEY, "changed"], keep="last", maintain_order=True).sort("changed")
    dated = released.filter(pl.col("released").is_not_null()).sort("released").join_asof(
        timed.select(*_KEY, "changed", "changed_date", "old_value", "new_value"),
        left_on="released", right_on="changed", by=_KEY, strategy="backward", check_sortedness=False,
    )  # fmt: skip
    undated = released.filter(pl.col("released").is_null()).join(own.select(_KEY).unique().with_columns(ever=pl.lit(value=True)), on=_KEY, how="left")
    both = pl.concat([dated, undated], how="diagonal")
    return both.with_columns(
        is_same_person=pl.col("changed_date").is_not_null() | pl.col("ever").fill_null(value=False),
        nearest_days=(pl.col("released_date") - pl.col("changed_date")).dt.total_days(),
    )


def _orders(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Live sales orders in force: the customer, the day, the worth."""
    lines = orders_in_force(accepted, ORDER_TO_CASH, as_of=engagement.as_of).select(
        "company_code", "currency", pl.col("fx_rate").cast(RATE), "source_file", "source_row", party_id="customer_id", order_number="so_number",
        order_line_no="so_line_no", order_date="so_date", worth=worth(),
    )  # fmt: skip
    rated = with_fx_rate(lines, "order_date", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate")))
    return rated.sort(*_ORDER, "order_line_no", "source_file", "source_row").group_by(_ORDER, maintain_order=True).agg(
        pl.col("party_id", "order_date", "currency", "source_file", "source_row").first(),
        amount_net=all_known("worth"),
        amount_net_base=all_known("base"),
    )  # fmt: skip


def _released(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """company_code, order_number, login and the latest moment at which it may have released: from the order's own lines and from approvals."""
    own = table(accepted, ORDER_TO_CASH.order_table).filter(pl.col("credit_released_by").is_not_null()).select(
        "company_code", order_number="so_number", login="credit_released_by", stamp="credit_released_at", stamp_is_date_only="credit_released_at_is_date_only"
    )  # fmt: skip
    is_release = (pl.col("action") == "release") | ((pl.col("step").str.to_lowercase() == "credit") & (pl.col("action") == "approve"))
    steps = table(accepted, "approval_event").filter((pl.col("document_type") == ORDER_TO_CASH.order_type) & is_release).select(
        "company_code", order_number="document_number", login="actor_id", stamp="action_at", stamp_is_date_only="action_at_is_date_only"
    )  # fmt: skip
    coarse = pl.col("stamp_is_date_only").fill_null(value=False)
    both = pl.concat([own, steps]).with_columns(
        released=latest_moment(pl.col("stamp"), coarse, engagement), released_date=local_day("stamp", engagement)
    )
    known = both.filter(pl.col("released_date").is_null() | (pl.col("released_date") <= engagement.as_of))
    return known.group_by(*_ORDER, "login").agg(pl.col("released", "released_date").max())


def _changes(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Changes of customers' credit limits: party_id, changed_by, the earliest moment, the day, the limit before and after."""
    kind = (pl.col("document_type") == ORDER_TO_CASH.party_table) & (pl.col("field") == "credit_limit")
    coarse = pl.col("changed_at_is_date_only").fill_null(value=False)
    return table(accepted, "document_change").filter(kind & pl.col("changed_by").is_not_null()).select(
        "changed_by", "old_value", "new_value", party_id="document_number", changed=earliest_moment(pl.col("changed_at"), coarse, engagement),
        changed_date=local_day("changed_at", engagement),
    )  # fmt: skip
