"""How many of the orders of a buyer, or from a supplier, took the emergency route. Whole: buyers buy from everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.money import RATE, amount
from recon.match.digits import sorted_groups, subjects
from recon.match.given import is_given, with_fx_rate
from recon.match.orders_in_force import all_known, orders_in_force, worth
from recon.match.spread import measured
from recon.match.whole_numbers import over

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_DIGITS: Final = 6
_ORDER: Final = ["company_code", "number", "party_id", "buyer"]


def emergency_share(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`emergency_share`, sorted: one row per company and supplier, and per company and buyer (else who entered the order), with orders in force up to the as-of date.

    An order is an emergency where one of its lines is. Shares are of the number of orders: the least, where orders of which nobody says it
    are none, and the most, where they are. `emergency_amount_base`: of the emergencies, without tax; null where a rate or an amount is not known.
    """
    said = pl.col("emergency") if is_given(accepted, PROCURE_TO_PAY.order_table, "emergency") else pl.lit(None, dtype=pl.Boolean)
    lines = orders_in_force(accepted, PROCURE_TO_PAY, as_of=engagement.as_of).select(
        "company_code", "currency", pl.col("fx_rate").cast(RATE), "po_date", "source_file", "source_row", number="po_number", party_id="supplier_id",
        buyer=pl.coalesce("buyer_id", "created_by"), is_urgent=said, worth=worth(),
    )  # fmt: skip
    rated = with_fx_rate(lines, "po_date", accepted, engagement).with_columns(base=amount(pl.col("worth"), pl.col("fx_rate")))
    orders = rated.group_by(_ORDER).agg(
        pl.col("source_file", "source_row").min(), is_urgent=pl.col("is_urgent").any(ignore_nulls=False), base=all_known("base")
    ).collect()  # fmt: skip
    nobody = pl.lit(None, dtype=pl.String)
    sides = [orders.with_columns(made_by=nobody), orders.filter(pl.col("buyer").is_not_null()).with_columns(party_id=nobody, made_by="buyer")]
    urgent = pl.col("is_urgent").fill_null(value=False)
    groups = pl.concat(sides).group_by("company_code", "party_id", "made_by").agg(
        pl.col("source_file", "source_row").min(), order_count=pl.len().cast(pl.Int64), emergency_count=urgent.sum().cast(pl.Int64),
        unsaid=pl.col("is_urgent").null_count().cast(pl.Int64),
        emergency_amount_base=pl.when(pl.col("base").filter(urgent).null_count() == 0).then(pl.col("base").filter(urgent).sum()),
    )  # fmt: skip
    told = groups.with_columns(
        emergency_order_share=_share(pl.col("emergency_count")), emergency_order_share_most=_share(pl.col("emergency_count") + pl.col("unsaid")),
        cycle=pl.lit(PROCURE_TO_PAY.name), document_type=pl.lit(PROCURE_TO_PAY.order_type),
    )  # fmt: skip
    return sorted_groups(measured(subjects(told, engagement), "emergency_share", accepted))


def _share(count: pl.Expr) -> pl.Expr:
    return money.from_units(over(count.cast(pl.Int128) * 10**_DIGITS, pl.col("order_count").cast(pl.Int128)), _DIGITS)
