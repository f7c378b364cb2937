"""Bills to customers against what the customers signed for. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import ORDER_TO_CASH
from recon.domain.measures import schema
from recon.match.dense import chosen
from recon.match.described import described
from recon.match.goods import ZERO
from recon.match.line_rows import beyond, bill_rows

if TYPE_CHECKING:
    from datetime import date

    from recon.match.given import MeasuredLines
    from recon.match.three_way import ThreeWay

_LINE: Final = ["cycle", "company_code", "order_number", "order_line_no"]


def confirmed_bill(found: ThreeWay, lines: MeasuredLines, as_of: date) -> tuple[pl.LazyFrame, int]:
    """One row per invoice line of a sales order line of which the customer signed for less than was shipped; how many were signed for.

    confirmed_quantity is the order line's: what was shipped less what was signed away, base unit. Bills take it in allocation order, net
    of credits; unconfirmed_quantity is the line's part beyond it, never more than what was shipped (the rest is no matter of signatures).
    """
    signed = (
        lines.fulfilments.filter((pl.col("cycle") == ORDER_TO_CASH.name) & pl.col("is_live") & pl.col("confirmed_quantity").is_not_null())
        .select(*_LINE, "quantity", "confirmed_quantity", "confirmed_date")
        .collect()
    )
    short = signed.filter((pl.col("quantity") > pl.col("confirmed_quantity")) & (pl.col("quantity") > 0))
    missing = short.group_by(_LINE).agg(
        missing_quantity=(pl.col("quantity") - pl.col("confirmed_quantity")).sum(), confirmed_date=pl.col("confirmed_date").max()
    )
    orders = chosen(found.orders, pl.col("exclusion_reason").is_null(), "row", "place")
    keys = pl.concat([orders.select(unit="row"), found.raw.orders.taken(orders["place"], *_LINE)], how="horizontal")
    units = keys.join(missing, on=_LINE, how="inner", validate="1:1").select("unit", "missing_quantity", "confirmed_date")
    arrived = found.goods.by_unit.select(pl.col("fulfilled").gather(units["unit"]))
    units = pl.concat([units, arrived], how="horizontal").with_columns(confirmed_quantity=pl.col("fulfilled") - pl.col("missing_quantity"))
    claims = found.claims.filter(pl.col("unit").is_in(units["unit"].implode())).select("unit", "row", "before", asked=pl.max_horizontal("net", ZERO))
    billed = claims.join(units, on="unit", how="inner", validate="m:1").with_columns(
        to_date=pl.min_horizontal(pl.col("before") + pl.col("asked"), "fulfilled")
    )
    billed = billed.with_columns(before=pl.min_horizontal("before", "to_date"))
    excess = billed.with_columns(unconfirmed_quantity=beyond("to_date", "before", "confirmed_quantity"), billed_to_date_quantity="to_date")
    rows = bill_rows(found, pl.col("row").is_in(excess["row"].implode()))
    told = rows.join(excess.drop("unit"), on="row", how="inner", validate="1:m").lazy()
    price = money.ratio(pl.col("value").abs(), pl.lit(1, dtype=money.MONEY), pl.col("billed").abs())
    measured = told.with_columns(
        confirmation_age_days=(pl.lit(as_of) - pl.col("confirmed_date")).dt.total_days(),
        invoice_unit_price=price,
        invoice_unit_price_base=money.product(price, pl.col("rate")),
    )
    ordered = described(measured, "confirmed_bill", found.ground.accepted).select(schema("confirmed_bill").keys())
    return ordered.sort("company_code", "document_number", "document_line_no", "order_number", "order_line_no"), signed.height
