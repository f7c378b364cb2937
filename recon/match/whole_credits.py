"""Credits and later debits that name an invoice, an amount and none of its lines: each line of the invoice bears its share.

The share follows the net amount of the line, to the cent, the largest remainders first, so that the shares add up to the credit. Only lines
for goods and services share (`links.BILLING`): a credit for freight says that it is one. Where the credit names an item, the lines of
that item share. A line that no order is known for bears its share too; it is then unknown what that does to a price.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from recon.domain import money
from recon.match.bills import NONE
from recon.match.dense import aligned, chosen
from recon.match.goods import ZERO
from recon.match.links import PASS
from recon.match.naming import CERTAINTY
from recon.match.shares import cut

#: row (the credit), unit and claim (null where the line has none), currency, amount of the share, signed like the credit
SHARES: Final = {"row": pl.UInt32(), "unit": pl.UInt32(), "claim": pl.UInt32(), "currency": pl.String(), "amount": money.MONEY}


def marked(invoices: pl.DataFrame, several: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """The invoice lines, those of `several` (row, origin_row) that will be shared linked to the orders of the invoice they name.

    `named_order` is that order where all of the invoice is for one.
    """
    wanted = _wanted(invoices, several) if several.height else several
    if wanted.is_empty():
        return invoices
    of_origin = invoices.select(pl.col("order_row", "named_order").gather(wanted["origin_row"]))
    of_order = orders.select(pl.col("order_number").gather(of_origin["order_row"]))["order_number"]
    told = wanted.select("row", number=of_order.fill_null(of_origin["named_order"]))
    by_credit = told.group_by("row").agg(
        is_shared=pl.col("number").is_not_null().any(), one=pl.when(pl.col("number").n_unique() == 1).then(pl.col("number").first())
    )
    found = aligned(by_credit, "row", invoices.height)
    is_shared = pl.col("is_shared").fill_null(value=False)
    return (
        pl.concat([invoices, found], how="horizontal")
        .with_columns(
            has_order=is_shared | pl.col("has_order"),
            named_order=pl.coalesce("named_order", "one"),
            link_pass=pl.when(is_shared).then(pl.lit("origin invoice", dtype=PASS)).otherwise("link_pass"),
            link_certainty=pl.when(is_shared).then(pl.lit("certain", dtype=CERTAINTY)).otherwise("link_certainty"),
        )
        .drop("is_shared", "one")
    )


def _wanted(invoices: pl.DataFrame, several: pl.DataFrame) -> pl.DataFrame:
    """Of the pairs (row, origin_row) those of credits that change value only and have no line of their own, in the invoice's currency."""
    asks = (pl.col("role") == "adjustment") & pl.col("unit").is_null() & pl.col("exclusion_reason").is_null()
    own = invoices.select(pl.col("currency").gather(several["row"]), asks.gather(several["row"]).alias("asks"))
    origin = invoices.select(of_currency=pl.col("currency").gather(several["origin_row"]))
    told = pl.concat([several, own, origin], how="horizontal")
    return told.filter("asks", pl.col("currency") == pl.col("of_currency")).select("row", "origin_row", "currency")


def shares(invoices: pl.DataFrame, several: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """SHARES of every such credit, by row and line of the invoice. `claims` carry claim, row, unit, amount."""
    if several.is_empty():
        return pl.DataFrame(schema=SHARES)
    wanted = _wanted(invoices, several)
    named = claims.filter(pl.col("row").is_in(wanted["origin_row"].unique().implode()))
    held = named.select("claim", "unit", origin_row="row", weight="amount")
    bare = chosen(invoices, pl.col("row").is_in(wanted["origin_row"].unique().implode()), origin_row="row", weight="line_amount_net")
    pieces = pl.concat([held, bare.join(held, on="origin_row", how="anti")], how="diagonal")
    met = wanted.join(pieces, on="origin_row", how="inner").filter(pl.col("weight") > 0)
    amounts = invoices.select(pl.col("line_amount_net").gather(met["row"]).alias("amount"))
    each = pl.concat([met, amounts], how="horizontal").sort("row", "origin_row", "claim")
    each = each.with_columns(weights=pl.col("weight").sum().over("row"), whole="row", turn=pl.int_range(pl.len(), dtype=pl.UInt32))
    return each.with_columns(amount=cut(each)).select(SHARES.keys())


def adjusting(shared: pl.DataFrame) -> pl.DataFrame:
    """The shares as lines of the bridge: they move money and no quantity."""
    still = dict.fromkeys(("quantity", "billable", "net"), ZERO)
    return shared.select("row", "unit", "amount", value="amount", net_value=NONE, role=pl.lit("adjustment"), **still)


def booked(shared: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """The shares that lie on an order line or delivery, as bills beside the claims: their value in company currency, at the rate of the credit."""
    held = shared.filter(pl.col("unit").is_not_null())
    own = invoices.select(
        pl.col("invoice_date", "rate", "role").gather(held["row"]), pl.coalesce("posting_date", "invoice_date").gather(held["row"]).alias("posted")
    )
    told = pl.concat([held.select("unit", "amount"), own], how="horizontal")
    return told.with_columns(amount_base=money.amount(pl.col("amount"), pl.col("rate")), quantity=pl.lit(None, dtype=money.QUANTITY))
