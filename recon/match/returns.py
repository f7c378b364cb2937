"""Returns: what of them nobody credited, and what of them was never there to be sent back. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match.described import described
from recon.match.goods import ZERO
from recon.match.line_rows import beyond, billed_by_unit, goods_rows

if TYPE_CHECKING:
    from datetime import date

    from recon.domain.workpapers import Accepted
    from recon.match.three_way import ThreeWay

_TURN = ("posting_date", "document_date", "row")


def return_match(found: ThreeWay, accepted: Accepted, as_of: date) -> pl.LazyFrame:
    """One row per return line that counts, sorted by document.

    A credit is owed for what went back, was not credited, and is still billed above what stayed: goods that were never billed, or
    were replaced, need none. Credits clear the oldest returns first, so what is owed stands on the newest.
    """
    sent = (pl.col("delivered") < 0) & pl.col("exclusion_reason").is_null()
    rows = goods_rows(found, sent, "origin_number")
    rows = rows.filter(pl.col("fulfilment_kind").ne_missing("reversal")).with_columns(quantity=-pl.col("delivered"))
    told = pl.concat([rows, billed_by_unit(found, rows["unit"])], how="horizontal")
    measured = _against_origin(_uncredited(told), found)
    in_base = money.amount(pl.col("billed_unit_price"), pl.col("order_rate"))
    named = measured.lazy().with_columns(
        currency=pl.coalesce(pl.col("unit_currency"), "own_currency"),
        age_days=(pl.lit(as_of) - pl.col("posting_date")).dt.total_days(),
        billed_unit_price_base=in_base.cast(money.PRICE),
        order_unit_price_base=money.product(pl.col("order_unit_price"), pl.col("order_rate")).cast(money.PRICE),
    )
    ordered = described(named, "return_match", accepted).select(schema("return_match").keys())
    return ordered.sort("cycle", "company_code", "document_number", "document_line_no", "source_file", "source_row")


def _uncredited(rows: pl.DataFrame) -> pl.DataFrame:
    """Add uncredited_quantity and billed_unit_price, document currency: the mean price billed on the order line."""
    of_unit = pl.col("quantity").sum().over("unit")
    owed = pl.max_horizontal(pl.min_horizontal(of_unit - pl.col("credited"), pl.col("net_billed") - pl.col("due_quantity"), of_unit), ZERO)
    newest_first = rows.with_columns(owed=pl.when(pl.col("unit").is_not_null()).then(owed)).sort(*_TURN, descending=True, nulls_last=True)
    before = pl.col("quantity").cum_sum().over("unit") - pl.col("quantity")
    told = newest_first.with_columns(
        uncredited_quantity=pl.max_horizontal(pl.min_horizontal(pl.col("owed") - before, "quantity"), ZERO),
        billed_unit_price=money.ratio(pl.col("billed_amount"), pl.lit(1, dtype=money.MONEY), pl.col("gross_billed")),
    )
    return told.with_columns(uncredited_quantity=pl.when(pl.col("owed").is_not_null()).then("uncredited_quantity"))


def _against_origin(rows: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """Add basis_quantity, returned_to_date_quantity and excess_quantity: against the line that is named, else the order line's receipts.

    Of those receipts only what returns that name them left is there for returns that name none. A line that is named and is not there
    leaves only the order line; without one nothing is known.
    """
    has_origin, on_order = pl.col("origin_row").is_not_null(), pl.col("order_row").is_not_null()
    live = pl.when(pl.col("exclusion_reason").is_null()).then("delivered").otherwise(ZERO)
    of_origin = found.fulfilments.select(live.alias("of_origin")).select(pl.col("of_origin").gather(rows["origin_row"]))
    arrived = found.fulfilments.lazy().filter(
        (pl.col("delivered") > 0) & pl.col("exclusion_reason").is_null() & pl.col("unit").is_in(rows["unit"].implode())
    )
    by_unit = arrived.group_by("unit").agg(of_unit=pl.col("delivered").sum()).collect()
    told = pl.concat([rows, of_origin], how="horizontal").join(by_unit, on="unit", how="left", validate="m:1", maintain_order="left")
    told = told.join(_named_by_unit(told), on="unit", how="left", validate="m:1", maintain_order="left")
    left = pl.col("of_unit").fill_null(ZERO) - pl.col("named").fill_null(ZERO)
    basis = pl.when(has_origin).then("of_origin").when(on_order).then(left)
    group = pl.when(has_origin).then(pl.lit("line")).otherwise(pl.lit("unit"))
    place = pl.when(has_origin).then("origin_row").otherwise("unit")
    oldest_first = told.with_columns(basis_quantity=basis, _group=group, _place=place).sort(*_TURN, nulls_last=True)
    to_date = pl.col("quantity").cum_sum().over("_group", "_place")
    summed = oldest_first.with_columns(returned_to_date_quantity=to_date, _before=to_date - pl.col("quantity"))
    currency = found.units.select(pl.col("currency").alias("unit_currency").gather(summed["unit"]))
    counted = summed.with_columns(excess_quantity=beyond("returned_to_date_quantity", "_before", "basis_quantity"))
    return pl.concat([counted.drop("_group", "_place", "_before", "named"), currency], how="horizontal")


def _named_by_unit(returns: pl.DataFrame) -> pl.DataFrame:
    """unit, named: what returns took of the lines that they name, never more than those held (the rest is their own excess)."""
    told = returns.filter(pl.col("origin_row").is_not_null() & pl.col("unit").is_not_null())
    taken = told.group_by("unit", "origin_row").agg(taken=pl.min_horizontal(pl.col("quantity").sum(), pl.col("of_origin").first()))
    return taken.group_by("unit").agg(named=pl.col("taken").sum())
