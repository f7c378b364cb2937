"""Receipts, orders and bills of one receipt that may be one event recorded twice. Bucket-local: pairs within one party.

Each later line is laid beside the one before it with the same key, so that no block is compared all with all.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import CYCLES, ORDER_TO_CASH, PROCURE_TO_PAY
from recon.domain.measures import schema
from recon.match.given import is_given, local_day, table
from recon.match.numbers import normalised

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

_ORDER: Final = ["cycle", "company_code", "order_number", "order_line_no"]
_FULFILMENT: Final = ["cycle", "company_code", "fulfilment_number", "fulfilment_line_no"]
#: What two lines of an order placed twice have in common, and who or what says that they are one wish.
_SAME: Final = ["cycle", "company_code", "party_id", "item_id", "quantity", "unit_price"]
_PERSONS: Final = ("created_by", "requester_id", "customer_order")


def is_shared(columns: list[str]) -> pl.Expr:
    """Whether another row has the same values. By hashes: a collision adds a candidate that the exact keys drop again."""
    return reduce(xor, [pl.col(name).hash(seed) for seed, name in enumerate(columns)]).is_duplicated()


def recorded_twice(accepted: Accepted, lines: MeasuredLines, engagement: Engagement) -> dict[str, Callable[[], tuple[pl.LazyFrame, int]]]:
    """Makers of the tables of this module, each with how many lines it looked at."""
    return {
        "receipt_pair": lambda: receipt_pair(lines),
        "order_pair": lambda: order_pair(lines, accepted, engagement),
        "fulfilment_billing": lambda: fulfilment_billing(lines),
    }


def receipt_pair(lines: MeasuredLines) -> tuple[pl.LazyFrame, int]:
    """(`receipt_pair`, live receipt lines looked at): each receipt of an order line with the one before it of the same quantity and delivery note.

    Where both are without a note, of the same quantity, warehouse and minute of entry (`has_note` false).
    """
    is_receipt = (pl.col("cycle") == PROCURE_TO_PAY.name) & pl.col("is_live") & (pl.col("fulfilment_kind").fill_null("receipt") == "receipt")
    receipts = lines.fulfilments.filter(is_receipt & (pl.col("quantity") > 0)).select(
        *_ORDER, "fulfilment_number", "fulfilment_line_no", "fulfilment_date", "quantity", "party_id", "party_name", "group_id", "item_id",
        "currency", "warehouse_id", "created_at", "created_at_is_date_only", "amount", "amount_base", "source_file", "source_row", "supplier_delivery_note",
    )  # fmt: skip
    every = receipts.collect()
    looked_at = every.height
    candidates = every.filter(pl.col("order_number").is_not_null() & is_shared([*_ORDER, "quantity"]))
    minute = pl.when(~pl.col("created_at_is_date_only")).then(pl.col("created_at").dt.truncate("1m"))
    known = candidates.with_columns(note=normalised(pl.col("supplier_delivery_note")), minute=minute)
    by_note = _with_earlier(known.filter(pl.col("note").is_not_null()), [*_ORDER, "quantity", "note"])
    by_minute = _with_earlier(
        known.filter(pl.col("note").is_null() & pl.col("minute").is_not_null()), [*_ORDER, "quantity", "warehouse_id", "minute"]
    )
    pairs = pl.concat([by_note.with_columns(has_note=True), by_minute.with_columns(has_note=False)])
    told = pairs.with_columns(document_type=pl.lit(PROCURE_TO_PAY.fulfilment_type))
    return told.lazy().select(schema("receipt_pair").keys()).sort(*_FULFILMENT), looked_at


def _with_earlier(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    time = ["fulfilment_date", "fulfilment_number", "fulfilment_line_no"]
    ordered = rows.sort(*key, *time)
    earlier = [pl.col(name).shift(1).over(key).alias(f"other_{name.removeprefix('fulfilment_')}") for name in time]
    return ordered.with_columns(earlier).filter(pl.col("other_number").is_not_null()).with_columns(
        days_apart=(pl.col("fulfilment_date") - pl.col("other_date")).dt.total_days()
    )  # fmt: skip


def order_pair(lines: MeasuredLines, accepted: Accepted, engagement: Engagement) -> tuple[pl.LazyFrame, int]:
    """(`order_pair`, live order lines looked at): each order line with the one before it, on another order, of the same party, item, quantity and price.

    Both came from one requester or creator, or carry one number of the customer's order; `unsaid_days_apart` is told where an earlier line, nearer than
    that, names no item as this one, or nothing of these three that this one names too. The day is that of entry, else the order's.
    """
    orders = lines.orders.filter(pl.col("is_live")).select(
        *_ORDER, "party_id", "party_name", "group_id", "item_id", "order_date", "currency", "created_by", "requester_id", "source_file", "source_row",
        "created_at", "created_at_is_date_only",
        quantity="ordered_quantity", unit_price="order_unit_price", amount="ordered_amount", amount_base="ordered_amount_base",
    )  # fmt: skip
    every = orders.collect()
    complete = every.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in _SAME if name != "item_id"))
    known = complete.filter(is_shared(_SAME)).lazy().with_columns(day=pl.coalesce(local_day("created_at", engagement), "order_date"))
    repeated = known.join(_customer_orders(accepted), on=_ORDER, how="left", validate="1:1").collect()
    said = repeated.filter(pl.col("item_id").is_not_null())
    pairs = pl.concat([_after_another(said, by) for by in _PERSONS])
    pairs = pairs.sort(*_ORDER, "days_apart", "other_number").unique(_ORDER, keep="first", maintain_order=True)
    types = {cycle.name: cycle.order_type for cycle in CYCLES}
    told = _with_unsaid(pairs, repeated).with_columns(document_type=pl.col("cycle").replace_strict(types, return_dtype=pl.String))
    return told.lazy().select(schema("order_pair").keys()).sort(*_ORDER), every.height


def _with_unsaid(pairs: pl.DataFrame, repeated: pl.DataFrame) -> pl.DataFrame:
    """The pairs, and per line how near an earlier one stands of which nobody can say whether it is the same order again."""
    without_item = repeated.filter(pl.col("item_id").is_null())
    unsaid = pl.concat([*(_after_another(without_item, by) for by in _PERSONS), _after_unknown(repeated)])
    nearest = unsaid.sort(*_ORDER, "days_apart", "other_number").unique(_ORDER, keep="first", maintain_order=True)
    nearer = nearest.join(pairs.select(*_ORDER, known="days_apart"), on=_ORDER, how="left", validate="1:1")
    nearer = nearer.filter((pl.col("days_apart") < pl.col("known")).fill_null(value=True)).rename({"days_apart": "unsaid_days_apart"})
    beside = pairs.join(nearer.select(*_ORDER, "unsaid_days_apart"), on=_ORDER, how="left", validate="1:1")
    alone = nearer.filter(pl.col("known").is_null()).with_columns(days_apart=pl.lit(None, dtype=pl.Int64))
    return pl.concat([beside, alone.select(beside.columns)])


def _after_unknown(rows: pl.DataFrame) -> pl.DataFrame:
    """Each line with the nearest before it, on another order, that names none of the persons and numbers that this one names."""
    names = pl.sum_horizontal(pl.col(by).is_not_null().cast(pl.Int8) * 2**place for place, by in enumerate(_PERSONS))
    marked = rows.with_columns(names=names.cast(pl.Int8))
    # where all lines of a group name one thing, nothing is unknown: true of nearly all companies
    doubtful = marked.filter(pl.col("names").bitwise_and().over(_SAME) == 0).sort(*_SAME, "day", "order_number", "order_line_no")
    paired = [_paired(doubtful, "names", which) for which in range(2 ** len(_PERSONS))]
    return pl.concat(paired).drop("names")


def _paired(doubtful: pl.DataFrame, names: str, which: int) -> pl.DataFrame:
    """The lines that name just `which` of the persons and numbers, each with the nearest before it that names none of these."""
    nothing_shared = (pl.col(names) & which) == 0
    others = [
        pl.when(nothing_shared).then(name).shift(1).forward_fill().over(_SAME).alias(f"other_{alias}")
        for name, alias in (("order_number", "number"), ("order_line_no", "line_no"), ("day", "date"))
    ]
    found = doubtful.with_columns(*others, same_by=pl.lit(None, dtype=pl.String)).filter(pl.col(names) == which)
    return _on_other_orders(found)


def _customer_orders(accepted: Accepted) -> pl.LazyFrame:
    lines = table(accepted, ORDER_TO_CASH.order_table)
    if not is_given(accepted, ORDER_TO_CASH.order_table, "customer_po_number"):
        lines = lines.clear()
    named = lines.select(
        "company_code", cycle=pl.lit(ORDER_TO_CASH.name), order_number="so_number", order_line_no="so_line_no", customer_order=normalised(pl.col("customer_po_number"))
    )  # fmt: skip
    return named.group_by(_ORDER).agg(pl.col("customer_order").min())  # a line in several versions may name more than one


def _after_another(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    key = [*_SAME, by]
    ordered = rows.filter(pl.col(by).is_not_null()).sort(*key, "day", "order_number", "order_line_no")
    paired = ordered.with_columns(
        other_number=pl.col("order_number").shift(1).over(key),
        other_line_no=pl.col("order_line_no").shift(1).over(key),
        other_date=pl.col("day").shift(1).over(key),
        same_by=pl.lit(by),
    )
    return _on_other_orders(paired)


def _on_other_orders(paired: pl.DataFrame) -> pl.DataFrame:
    days = (pl.col("day") - pl.col("other_date")).dt.total_days()
    return paired.filter(pl.col("other_number") != pl.col("order_number")).with_columns(days_apart=days)


def fulfilment_billing(lines: MeasuredLines) -> tuple[pl.LazyFrame, int]:
    """(`fulfilment_billing`, fulfilment lines that bills name): each that two or more live invoices name, beside the last of these.

    `billed_quantity`: of all invoices and credits that name it, in base units; `quantity` what it brought.
    """
    is_naming = pl.col("is_live") & pl.col("fulfilment_number").is_not_null()
    bills = lines.invoices.filter(is_naming).select(
        *_FULFILMENT, "invoice_number", "invoice_line_no", "internal_number", "invoice_date", "party_id", "party_name", "group_id", "order_number",
        "order_line_no", "item_id", "currency", "fx_rate", "invoice_unit_price", "source_file", "source_row", billed="invoiced_quantity",
    ).collect()  # fmt: skip
    # a delivery that one line names is named by one invoice: most are, and need no more looking at
    named = bills.group_by(_FULFILMENT).len()
    looked_at = named.height
    bills = bills.join(named.filter(pl.col("len") > 1), on=_FULFILMENT, how="semi")
    documents = pl.struct("party_id", "invoice_number", "invoice_date", "internal_number").filter(pl.col("billed") > 0)
    several = bills.filter(documents.n_unique().over(_FULFILMENT) > 1)
    last = several.filter(pl.col("billed") > 0).sort("invoice_date", "internal_number", "invoice_number", "invoice_line_no", nulls_last=False)
    last = last.unique(_FULFILMENT, keep="last", maintain_order=True)
    sums = several.group_by(_FULFILMENT).agg(billed_quantity=pl.col("billed").sum(), invoice_count=documents.n_unique().cast(pl.Int64))
    goods = lines.fulfilments.select(*_FULFILMENT, "quantity").join(sums.lazy().select(_FULFILMENT), on=_FULFILMENT, how="semi")
    told = last.lazy().join(sums.lazy(), on=_FULFILMENT, how="left", validate="1:1").join(goods, on=_FULFILMENT, how="left", validate="1:1")
    priced = told.with_columns(
        unit_price_base=money.product(pl.col("invoice_unit_price"), pl.col("fx_rate")), excess_quantity=pl.col("billed_quantity") - pl.col("quantity")
    )
    return priced.select(schema("fulfilment_billing").keys()).sort(*_FULFILMENT), looked_at
