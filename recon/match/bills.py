"""Invoice lines as claims on their match unit: what each bills, what credits and later debits made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER, chosen
from recon.match.goods import ZERO, in_order_of_consumption
from recon.match.links import BILLING
from recon.match.number_line import CARRIED, carry_equal, carry_named, overlap, pairs, remaining
from recon.match.shares import cut

NONE: Final = pl.lit(0, dtype=money.MONEY)
_FIGURES: Final = ["row", "unit", "turn", "role", "billed", "origin_row", "currency", "value", "amount", "named"]


@dataclass(frozen=True)
class Bills:
    """`claims`: what each billing line asks for after credits, by unit and turn.

    row (invoice line), unit, turn, currency, quantity (stated), net (after credits), amount and value (stated net amount, and net amount at
    the stated unit price), net_amount and net_value (credits included), named. `adjustments`: lines that change value only and are still to be
    folded in. `overdrawn`: credits for which no billed quantity was left (unit, row, quantity).
    """

    claims: pl.DataFrame
    adjustments: pl.DataFrame
    overdrawn: pl.DataFrame


def roles(invoices: pl.DataFrame) -> pl.DataFrame:
    """`role` of each line and its `value`: net amount at its own unit price, document currency.

    billing: bills a quantity · credit: takes a quantity back · adjustment: changes value only · whole: bills an amount
    without a quantity · other: charges, tax, advances, rounding, which bill no goods.
    """
    kind, line, quantity = pl.col("invoice_kind").fill_null("invoice"), pl.col("line_kind").fill_null("item"), pl.col("quantity")
    no_quantity = quantity.is_null() | (quantity == 0)
    role = (
        pl.when((kind == "prepayment") | ~(line.is_in(BILLING) | (line == "discount")))
        .then(pl.lit("other"))
        .when(kind.is_in(["value_credit", "value_debit"]) | (line == "discount"))
        .then(pl.lit("adjustment"))
        .when(no_quantity & ((kind == "credit") | (quantity == 0) | (pl.col("line_amount_net") < 0)))
        .then(pl.lit("adjustment"))
        .when(no_quantity)
        .then(pl.lit("whole"))
        .when(quantity < 0)
        .then(pl.lit("credit"))
        .otherwise(pl.lit("billing"))
    )
    return invoices.lazy().with_columns(role=role).select("role", value=_value(invoices)).collect(engine=IN_ORDER)


def _value(invoices: pl.DataFrame) -> pl.Expr:
    """Quantity x unit price / price unit less the discount of the line, where both are stated; else the stated net amount."""
    whole.guard(invoices, [("quantity", "unit_price_net")])
    quantity, per = pl.col("quantity"), pl.col("price_per")
    product = whole.units("quantity") * whole.units("unit_price_net")
    plain = invoices.select((per.is_null() | (per == 1)).all()).item()
    size = (
        whole.times(whole.units("quantity"), whole.units("unit_price_net"), 14)
        if plain
        else whole.over(product, whole.units(per.fill_null(1)) * 10**4)
    )
    value = money.from_units(size, 6)
    if invoices["discount_amount"].null_count() < invoices.height:
        discount = pl.col("discount_amount").fill_null(NONE)
        value = value - pl.when(quantity < 0).then(-discount).otherwise(discount)
    stated = pl.col("unit_price_net").is_not_null() & pl.col("role").is_in(["billing", "credit"])
    return pl.when(stated).then(value).otherwise("line_amount_net").cast(money.MONEY)


def measure(lines: pl.DataFrame) -> Bills:
    """Claims net of credits.

    `lines`: the invoice stack with unit, role, value, billed (base units), counts, fulfilment_row, origin_row. A credit takes from the
    invoice line it names, else from one of its unit with exactly its quantity, else from the newest, for those were matched last.
    """
    placed = in_order_of_consumption(
        chosen(
            lines,
            "counts",
            "row",
            "unit",
            "role",
            "billed",
            "origin_row",
            "currency",
            "value",
            "created_at",
            named="fulfilment_row",
            amount="line_amount_net",
            posted=pl.coalesce("posting_date", "invoice_date"),
            day="invoice_date",
        )
    ).select(_FIGURES)
    billing = placed.filter((pl.col("role") == "billing") & (pl.col("billed") > 0))
    claims = billing.select("row", "unit", "turn", "currency", "amount", "value", "named", quantity="billed")
    credit = placed.filter((pl.col("role") == "credit") & pl.col("billed").is_not_null()).with_columns(billed=-pl.col("billed"))
    claims, overdrawn = _netted(claims, credit)
    return Bills(claims, placed.filter(pl.col("role") == "adjustment"), overdrawn)


def _netted(claims: pl.DataFrame, credit: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Claims with net, net_amount, net_value after quantity credits, and the credits that found nothing to take from."""
    own = {"net": "quantity", "net_amount": "amount", "net_value": "value"}
    plain = claims.with_columns(**{name: pl.col(of) for name, of in own.items()})
    if credit.is_empty():
        return plain, pl.DataFrame(schema={"unit": pl.UInt32(), "row": pl.UInt32(), "quantity": money.QUANTITY})
    parts = _credited(claims, credit)
    overdrawn = parts.filter(pl.col("layer").is_null()).group_by("unit", row="claim").agg(pl.col("quantity").sum()).sort("row")
    terms = credit.select("currency", "amount", "value", "turn", claim="row", weights="billed")
    taken = pairs(parts).join(terms, on="claim", how="left", validate="m:1", maintain_order="left").with_columns(whole="claim", weight="quantity")
    shares = {name: cut(taken.with_columns(amount=name)) for name in ("amount", "value")}
    found = taken.select(row="layer", taken="quantity", **{f"taken_{n}": s for n, s in shares.items()}).group_by("row").sum()
    joined = plain.join(found, on="row", how="left", validate="1:1", maintain_order="left")
    netted = joined.with_columns(
        net=pl.col("quantity") - pl.col("taken").fill_null(ZERO),
        net_amount=pl.col("amount") + pl.col("taken_amount").fill_null(NONE),
        net_value=pl.col("value") + pl.col("taken_value").fill_null(NONE),
    )
    return netted.drop("taken", "taken_amount", "taken_value"), overdrawn


def _credited(claims: pl.DataFrame, credit: pl.DataFrame) -> pl.DataFrame:
    """What each credit takes of which line, and what of it takes nothing."""
    touched = pl.concat([credit["unit"], claims.filter(pl.col("row").is_in(credit["origin_row"].implode()))["unit"]]).unique().implode()
    near = claims.filter(pl.col("unit").is_in(touched))
    layers = near.select("unit", "row", "quantity", turn=pl.lit(2**32 - 1, dtype=pl.UInt32) - pl.col("turn"))
    asks = credit.select("unit", "row", "turn", quantity="billed", named="origin_row")
    by_name = carry_named(layers, asks)
    layers, asks = remaining(layers, by_name, "layer"), remaining(asks, by_name, "claim")
    by_size = carry_equal(layers, asks)
    rest = overlap(remaining(layers, by_size, "layer"), remaining(asks, by_size, "claim"))
    return pl.concat([frame.select(CARRIED.keys()) for frame in (by_name, by_size, rest)])


def adjusted(claims: pl.DataFrame, adjustments: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Claims with later debits and value credits folded in: on the line they name, else on the newest of the unit.

    `shares` (whole_credits.SHARES): the parts of those that name a whole invoice, by claim.
    """
    if adjustments.is_empty() and shares.is_empty():
        return claims
    newest = claims.filter(pl.col("net") > 0).unique("unit", keep="last", maintain_order=True).select("unit", newest="claim")
    own = claims.select("claim", origin_row="row").unique("origin_row", keep="none")
    aimed = adjustments.join(own, on="origin_row", how="left", validate="m:1").join(newest, on="unit", how="left", validate="m:1")
    parts = [aimed.select("amount", claim=pl.coalesce("claim", "newest")), shares.select("amount", "claim")]
    found = pl.concat(parts).filter(pl.col("claim").is_not_null()).group_by("claim").agg(more=pl.col("amount").sum())
    joined = claims.join(found, on="claim", how="left", validate="1:1", maintain_order="left").with_columns(pl.col("more").fill_null(NONE))
    folded = joined.with_columns(net_amount=pl.col("net_amount") + pl.col("more"), net_value=pl.col("net_value") + pl.col("more"))
    return folded.drop("more")
