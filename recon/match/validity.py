"""Documents against the period for which they were agreed. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.dense import chosen
from recon.match.described import described
from recon.match.given import table
from recon.match.line_rows import bill_rows

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_TERMS: Final = ("valid_from", "valid_to", "contract_id", "limit_amount", "item_id")


def validity_test(found: ThreeWay) -> pl.LazyFrame:
    """One row per document line bought under a period, sorted: order lines for goods, invoice lines for services and value limits.

    Goods are tested by the date of their order, for they may be billed later; services and limits by the date of the bill. The period
    is the order line's own, else that of its contract's prices; has_period is false where a contract is named and nobody says its dates.
    """
    orders = _periods(found)
    raw = found.raw.orders
    by_order = orders.filter(~pl.col("by_bill"))
    said = raw.taken(
        by_order["place"],
        "cycle",
        "company_code",
        "party_id",
        "currency",
        "order_number",
        "order_line_no",
        "source_file",
        "source_row",
        "line_amount_net",
        document_date="order_date",
    )
    worth = pl.coalesce("line_amount_net", money.amount(pl.col("ordered_quantity"), pl.col("order_unit_price")))
    ordered = pl.concat([by_order, said], how="horizontal").lazy().with_columns(
        document_type=pl.lit(PROCURE_TO_PAY.order_type), document_number="order_number", document_line_no="order_line_no",
        tested_date="document_date", tested_date_basis=pl.lit("order date"), amount_net=worth, amount_net_base=money.amount(worth, pl.col("order_rate")),
    )  # fmt: skip
    by_bill = orders.filter("by_bill")
    bills = bill_rows(
        found, pl.col("unit").is_in(by_bill["row"].implode()) & pl.col("exclusion_reason").is_null() & pl.col("role").is_in(["billing", "whole"])
    )
    terms = by_bill.select("valid_from", "valid_to", "has_period", unit="row")
    billed = (
        bills.drop("contract_id")
        .join(terms, on="unit", how="inner", validate="m:1")
        .join(by_bill.select("contract_id", unit="row"), on="unit", how="left")
        .lazy()
    )
    billed = billed.with_columns(
        tested_date="document_date", tested_date_basis=pl.lit("invoice date"), amount_net="net", amount_net_base="amount_base"
    )
    accepted, columns = found.ground.accepted, schema("validity_test").keys()
    both = [described(frame, "validity_test", accepted).select(columns) for frame in (ordered, billed)]
    return pl.concat(both).sort("company_code", "document_type", "document_number", "document_line_no", "party_id", "source_row")


def _periods(found: ThreeWay) -> pl.DataFrame:
    """Live purchase order lines with a period or a contract: their period and whether bills are tested instead of the order."""
    live = chosen(found.orders, pl.col("exclusion_reason").is_null(), "row", "place")
    told = pl.concat([live, found.raw.orders.taken(live["place"], "cycle", *_TERMS)], how="horizontal")
    told = told.filter((pl.col("cycle") == PROCURE_TO_PAY.name) & pl.any_horizontal(pl.col("valid_from", "valid_to", "contract_id").is_not_null()))
    prices = table(found.ground.accepted, "price_list_line").filter(pl.col("contract_id").is_not_null())
    open_ended = pl.col("valid_to").is_null().any()
    periods = prices.group_by("contract_id").agg(
        list_from=pl.col("valid_from").min(), list_to=pl.when(~open_ended).then(pl.col("valid_to").max()), is_listed=pl.lit(value=True)
    )  # fmt: skip
    joined = told.join(periods.collect(), on="contract_id", how="left", validate="m:1", maintain_order="left")
    has_own = pl.any_horizontal(pl.col("valid_from", "valid_to").is_not_null())
    unit = found.units.select(
        pl.col("is_service", "is_limit", "order_rate", "ordered_quantity", "order_unit_price", "item_group").gather(joined["row"])
    )
    return (
        pl.concat([joined.drop("cycle"), unit], how="horizontal")
        .with_columns(
            valid_from=pl.when(has_own).then("valid_from").otherwise("list_from"),
            valid_to=pl.when(has_own).then("valid_to").otherwise("list_to"),
            has_period=has_own | pl.col("is_listed").fill_null(value=False),
            by_bill=pl.col("is_service") | pl.col("is_limit") | pl.col("limit_amount").is_not_null(),
        )
        .drop("list_from", "list_to", "is_listed")
    )
