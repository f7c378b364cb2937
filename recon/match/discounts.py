"""Discounts that bills give against those that order or contract agree. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES
from recon.domain.measures import schema
from recon.match.agreements import agreed_prices, is_valid_on
from recon.match.dense import IN_ORDER
from recon.match.given import is_given, shaped, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_ORDER_KEY: Final = ["cycle", "company_code", "order_number", "order_line_no"]
_LINE: Final = ["cycle", "source_file", "source_row"]
_NONE: Final = pl.lit(0, dtype=money.MONEY)
_SHARE: Final = "line_discount_share"


def line_discount(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """One row per live bill line that gives a discount, or on whose order or contract one was agreed; sorted.

    list_value: the billed quantity at the order's price before discount (its price is the one after discount), else what the bill says before
    discount. given_amount: the discount that the bill shows, and what its price lies below the list: a discount built into the price counts.
    due_amount: the agreed share of list_value; null where nobody records agreed discounts. difference_amount: given less due.
    """
    bills = lines.invoices.filter(pl.col("is_live") & (pl.col("invoice_kind") == "invoice") & (pl.col("invoiced_amount") > 0))
    shown = pl.concat([
        table(accepted, cycle.invoice_table).filter(pl.col("discount_amount").is_not_null() & (pl.col("discount_amount") != 0)).select(
            "source_file", "source_row", "discount_amount", cycle=pl.lit(cycle.name)
        )
        for cycle in CYCLES
    ])  # fmt: skip
    agreed = _agreed_on_orders(lines, accepted)
    by_contract = _agreed_in_contracts(bills, accepted, engagement)
    told = (
        bills.join(shown, on=_LINE, how="left", validate="1:1")
        .join(agreed, on=_ORDER_KEY, how="left", validate="m:1")
        .join(by_contract, on=_LINE, how="left", validate="1:1")
        .filter(pl.col("discount_amount").is_not_null() | (pl.col("order_share") > 0).fill_null(value=False) | (pl.col("contract_share") > 0))
    ).collect(engine=IN_ORDER)
    nothing_agreed = pl.when(pl.col("order_number").is_not_null() & pl.lit(_records_shares(accepted))).then(pl.lit(0, dtype=money.RATE))
    share = pl.coalesce("order_share", "contract_share", nothing_agreed)
    ordered = money.amount(pl.col("invoiced_quantity"), pl.col("order_unit_price"))
    before = pl.col("invoiced_amount") + pl.col("discount_amount").fill_null(_NONE)
    rest = (pl.lit(1, dtype=money.RATE) - pl.col("due_share")).cast(money.RATE)
    valued = told.with_columns(due_share=share, before_discount=before).with_columns(
        list_value=pl.coalesce(money.ratio(ordered, pl.lit(1, dtype=money.QUANTITY), rest, 6), "before_discount"),
        source_of_agreement=pl.when(pl.col("order_share").is_not_null()).then(pl.lit("order"))
        .when(pl.col("contract_share").is_not_null()).then(pl.lit("contract")).otherwise(pl.lit("none")),
    )  # fmt: skip
    built_in = pl.max_horizontal(pl.col("list_value") - pl.col("before_discount"), _NONE)
    given = pl.col("discount_amount").fill_null(_NONE) + pl.when(pl.col("due_share") > 0).then(built_in).otherwise(_NONE)
    counted = valued.with_columns(given_amount=given, due_amount=money.amount(pl.col("list_value"), pl.col("due_share"))).with_columns(
        difference_amount=pl.col("given_amount") - pl.col("due_amount")
    )
    based = counted.with_columns(
        difference_amount_base=money.amount(pl.col("difference_amount"), pl.col("fx_rate")),
        direction=pl.when(pl.col("difference_amount") < 0).then(pl.lit("not given")).otherwise(pl.lit("taken without agreement")),
    )
    return shaped(based, schema("line_discount")).sort("cycle", "company_code", "party_id", "invoice_number", "invoice_line_no", "source_row").lazy()


def _records_shares(accepted: Accepted) -> bool:
    """Whether orders or agreed prices say anything about discounts at all."""
    return any(is_given(accepted, name, _SHARE) for name in (*(cycle.order_table for cycle in CYCLES), "price_list_line"))


def _agreed_on_orders(lines: MeasuredLines, accepted: Accepted) -> pl.LazyFrame:
    """Order line in force -> order_share, where it says one."""
    said = [
        table(accepted, cycle.order_table).filter(pl.col(_SHARE).is_not_null()).select(
            "source_file", "source_row", order_share=_SHARE, cycle=pl.lit(cycle.name)
        )
        for cycle in CYCLES
    ]  # fmt: skip
    return lines.orders.select(*_ORDER_KEY, "source_file", "source_row").join(pl.concat(said), on=_LINE, how="inner", validate="1:1").select(
        *_ORDER_KEY, "order_share"
    )  # fmt: skip


def _agreed_in_contracts(bills: pl.LazyFrame, accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """Bill line -> contract_share: that of the agreed price on its day, where all of them say the same."""
    key = ["party_id", "item_id", "currency"]
    agreed = agreed_prices(accepted, engagement).filter(pl.col(_SHARE).is_not_null()).select(*key, "valid_from", "valid_to", _SHARE).lazy()
    met = bills.select(*_LINE, *key, "invoice_date").join(agreed, on=key, how="inner").filter(is_valid_on("invoice_date"))
    one = met.group_by(_LINE).agg(contract_share=pl.col(_SHARE).min(), several=pl.col(_SHARE).n_unique() > 1)
    return one.filter(~pl.col("several")).drop("several")
