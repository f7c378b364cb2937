"""The measured table of order lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.measures import schema
from recon.match import live, whole_credits
from recon.match import whole_numbers as whole
from recon.match.allocate import billable_limits
from recon.match.bills import NONE
from recon.match.bridge import at_order_price
from recon.match.dense import chosen, positions, sums
from recon.match.described import described
from recon.match.goods import ZERO
from recon.match.order_approvals import approved_orders
from recon.match.order_facts import closing_decisions, received_cost
from recon.match.pricing import agreed_unit_prices
from recon.match.quantities import unconverted

if TYPE_CHECKING:
    from recon.match.parts import Parts
    from recon.match.three_way import ThreeWay

_BILLED: Final = ("billing", "credit", "adjustment")


def order_line_match(found: ThreeWay, parts: Parts, paid: pl.DataFrame) -> pl.LazyFrame:
    """One row per order line in force, sorted by key. `paid`: paid_amount per unit."""
    size, billed = found.orders.height, _billed(found)
    terms = found.units.drop("unit", "cycle", "company_code", "party_id", "item_id", "currency", "standard_cost", "uom", "tax_rate")
    sides = [
        terms,
        found.goods.by_unit,
        billable_limits(found.units, found.goods.by_unit),
        billed,
        _open_ends(found, parts),
        paid,
        unconverted(found),
        agreed_unit_prices(found, billed),
        received_cost(found, parts),
    ]
    approved = approved_orders(found).to_frame()
    figures = pl.concat([side.head(size) for side in sides], how="horizontal")
    measured = pl.concat([found.orders, figures, approved], how="horizontal").lazy()
    if found.orders["exclusion_reason"].eq(live.SUPERSEDED).any():
        measured = measured.filter(pl.col("exclusion_reason").ne_missing(live.SUPERSEDED))
    plain = bool(figures["price_by"].eq(1).all())
    whole.guard(figures, [("ordered_quantity", "price_times"), ("fulfilled", "price_times"), ("invoiced_amount", "order_rate")])
    raw_columns = [name for name in found.raw.orders.types if name not in figures.columns]
    told = measured.with_columns(found.raw.orders.looked_up("place", *raw_columns))
    decided = closing_decisions(found).with_columns(closing_is_decided=pl.lit(value=True)).lazy()
    if found.raw.orders.says("is_final_invoice"):  # where a source knows the flag at all, an empty one says no
        told = told.with_columns(pl.col("is_final_invoice").fill_null(value=False))
    told = told.join(decided, on=["cycle", "company_code", "order_number"], how="left", validate="m:1", maintain_order="left")
    return described(_counted(told, plain=plain), "order_line_match", found.ground.accepted).select(schema("order_line_match").keys())


def _counted(told: pl.LazyFrame, *, plain: bool) -> pl.LazyFrame:
    """The figures as they are published: nothing where nothing came, unknown where a rate is."""
    closed = pl.col("is_closed").fill_null(value=False) | pl.col("is_final_delivery").fill_null(value=False)
    in_base = {
        "order_unit_price_base": money.from_units(whole.times(whole.units("order_unit_price"), whole.units("fx_rate"), 10), 10),
        "received_cost_amount_base": money.from_units(whole.times(whole.units("received_cost_amount"), whole.units("fx_rate"), 10), 6),
        "ordered_amount_base": money.from_units(whole.times(whole.units("ordered_amount"), whole.units("fx_rate"), 10), 6),
    }
    return told.with_columns(
        fx_rate="order_rate",
        is_live=pl.col("exclusion_reason").is_null(),
        is_final=closed | (pl.col("doc_status") == "closed").fill_null(value=False),
        uom_convertible=pl.lit(value=True),
        ordered_amount=pl.coalesce("line_amount_net", _worth("ordered_quantity", plain=plain)),
        fulfilled_amount=_worth("fulfilled", plain=plain),
        **{name: pl.col(of).fill_null(ZERO) for name, of in _QUANTITIES.items()},
        **{name: pl.col(name).fill_null(NONE) for name in _AMOUNTS},
        accepted_quantity=pl.when(pl.col("fulfilled").is_null()).then(ZERO).otherwise("accepted"),
        invoiced_amount_base=pl.when(pl.col("lines_without_rate").fill_null(0) == 0).then(pl.col("billed_base").fill_null(NONE)),
        first_fulfilled_date="first_day",
        last_fulfilled_date="last_day",
        closing_is_decided=pl.col("closing_is_decided").fill_null(value=False),
        unconverted_line_count=pl.col("unconverted_line_count").fill_null(0),
    ).with_columns(**in_base)


_QUANTITIES: Final = {
    "fulfilled_quantity": "fulfilled", "rejected_quantity": "rejected", "declared_loss_quantity": "lost", "returned_quantity": "returned",
    "invoiced_quantity": "invoiced", "credited_quantity": "credited", "fulfilled_not_invoiced_quantity": "fni_quantity",
    "invoiced_not_fulfilled_quantity": "inf_quantity",
}  # fmt: skip
_AMOUNTS: Final = ("invoiced_amount", "paid_amount", "fulfilled_not_invoiced_amount", "invoiced_not_fulfilled_amount")


def _worth(quantity: str, *, plain: bool) -> pl.Expr:
    """A quantity at the order's price as money, nothing for no quantity."""
    value = at_order_price(whole.units(pl.col(quantity).fill_null(ZERO)), plain=plain)
    return money.from_units(whole.times(value, pl.lit(1, dtype=pl.Int128), 4), 6)


def _billed(found: ThreeWay) -> pl.DataFrame:
    """Per unit: net invoiced and credited quantity, net amount in both currencies, dates of bills.

    Claims come by unit and are added up in one pass; credits, adjustments (which move money only, whatever quantity they
    print) and bills in a unit of measure that leads nowhere are few and added beside them.
    """
    size = found.units.height
    days = found.invoices.select(
        pl.col("invoice_date", "amount_base", "rate", "role").gather(found.claims["row"]),
        pl.coalesce("posting_date", "invoice_date").gather(found.claims["row"]).alias("posted"),
    )
    in_base = whole.times(whole.units("amount"), whole.units("rate"), 10)
    of_part = pl.when(pl.col("role") == "whole").then(money.from_units(in_base, 6)).otherwise("amount_base")
    claims = pl.concat([found.claims.select("unit", "quantity", "amount"), days], how="horizontal")
    if (days["role"] == "whole").any():
        claims = claims.with_columns(amount_base=of_part)
    unclaimed = positions(found.claims["row"].unique(), found.invoices.height)
    role = pl.col("role")
    beside = chosen(
        found.invoices.with_columns(unclaimed=unclaimed), pl.col("counts") & role.is_in(_BILLED) & pl.col("unclaimed").is_null(),
        "unit", "invoice_date", "amount_base", role, amount="line_amount_net", posted=pl.coalesce("posting_date", "invoice_date"),
        quantity=pl.when(role != "adjustment").then("billed"),
    )  # fmt: skip
    if found.credit_shares.height:
        beside = pl.concat([beside, whole_credits.booked(found.credit_shares, found.invoices).select(beside.columns)])
    every = pl.concat([claims.select(beside.columns), beside]).sort("unit") if beside.height else claims
    return _billed_sums(every, size)


def _billed_sums(bills: pl.DataFrame, size: int) -> pl.DataFrame:
    is_bill = pl.col("role").is_in(["billing", "whole"])
    only_bills = bills.select(is_bill.all()).item()
    quantity = pl.col("quantity")

    def of_bills(name: str) -> pl.Expr:
        return pl.col(name) if only_bills else pl.col(name).filter(is_bill)

    return sums(
        bills,
        "unit",
        size,
        invoiced=quantity.sum(),
        credited=-quantity.filter(pl.col("role") == "credit").sum() if (bills["role"] == "credit").any() else ZERO,
        invoiced_amount=pl.col("amount").sum(),
        billed_base=pl.col("amount_base").sum(),
        lines_without_rate=pl.col("amount_base").null_count(),
        first_invoice_date=of_bills("invoice_date").min(),
        first_invoice_posting_date=of_bills("posted").min(),
        last_invoice_date=of_bills("invoice_date").max(),
    )


def _open_ends(found: ThreeWay, parts: Parts) -> pl.DataFrame:
    """Per unit: goods not invoiced and, where goods are due, bills without goods."""
    due = found.units.select(pl.col("needs_fulfilment").gather(parts.open_bills["unit"])).to_series()
    size, quantity, amount = found.units.height, pl.col("quantity").sum(), pl.col("amount").sum()
    goods = sums(parts.open_goods, "unit", size, fni_quantity=quantity, fulfilled_not_invoiced_amount=amount)
    bills = sums(parts.open_bills.filter(due), "unit", size, inf_quantity=quantity, invoiced_not_fulfilled_amount=amount)
    return pl.concat([goods, bills], how="horizontal")
