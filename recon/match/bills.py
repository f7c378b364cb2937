"""Invoice lines as claims on their match unit: what each bills, what credits and later debits made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from recon.domain import money
from recon.match.goods import ZERO, turns
from recon.match.links import BILLING
from recon.match.number_line import carry_equal, carry_named, overlap, remaining
from recon.match.shares import cut

NONE: Final = pl.lit(0, dtype=money.MONEY)


@dataclass(frozen=True)
class Bills:
    """`lines`: role and figures per invoice line, aligned with the stack. `claims`: what each billing line asks for after credits.

    Claims: claim (UInt32), row (invoice line), unit, quantity (stated), net (after credits), amount and value (stated net amount, and
    net amount at the stated unit price), net_amount and net_value (credits and value adjustments included), named, turn.
    `overdrawn`: credits for which no billed quantity was left (unit, row, quantity).
    """

    lines: pl.DataFrame
    claims: pl.DataFrame
    overdrawn: pl.DataFrame


def roles(invoices: pl.DataFrame) -> pl.DataFrame:
    """`role` of each line and its `value`: net amount at its own unit price, document currency.

    billing: bills a quantity · credit: takes a quantity back · adjustment: changes value only · whole: bills an amount
    without a quantity · other: charges, tax, advances, rounding, which bill no goods.
    """
    kind, line = pl.col("invoice_kind").fill_null("invoice"), pl.col("line_kind").fill_null("item")
    quantity = pl.col("quantity")
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
    discount = pl.col("discount_amount").fill_null(NONE)
    signed = pl.when(quantity < 0).then(-discount).otherwise(discount)
    per = pl.col("price_per")
    plain = invoices.select((per.is_null() | (per == 1)).all()).item()
    arithmetic = money.amount(quantity, pl.col("unit_price_net")) if plain else money.ratio(quantity, pl.col("unit_price_net"), per.fill_null(1), 6)
    stated = pl.col("unit_price_net").is_not_null() & pl.col("role").is_in(["billing", "credit"])
    value = pl.when(stated).then(arithmetic - signed).otherwise("line_amount_net").cast(money.MONEY)
    return invoices.lazy().with_columns(role=role).select("role", value=value).collect()


def measure(lines: pl.DataFrame) -> Bills:
    """Claims net of credits.

    `lines`: the invoice stack with unit, role, value, billed (base units), counts, fulfilment_row, origin_row. A credit takes from the
    invoice line it names, else from one of its unit with exactly its quantity, else from the newest, for those were matched last.
    """
    placed = lines.with_columns(turn=turns(lines, "invoice_date"))
    slim = placed.select("row", "unit", "role", "billed", "turn", "origin_row", "counts", "currency", "value", amount="line_amount_net")
    measured = slim.filter(pl.col("counts") & pl.col("billed").is_not_null())
    billing = measured.filter((pl.col("role") == "billing") & (pl.col("billed") > 0))
    credit = measured.filter(pl.col("role") == "credit").with_columns(billed=-pl.col("billed"))
    named = placed.select("row", named="fulfilment_row")
    claims = billing.select("row", "unit", "turn", "currency", "amount", "value", quantity="billed").join(named, on="row", how="left", validate="1:1")
    pairs = _credited(claims, credit, lines.height) if credit.height else None
    claims, overdrawn = _netted(claims, credit, pairs)
    adjusted = _adjusted(claims, slim.filter(pl.col("counts") & (pl.col("role") == "adjustment")))
    numbered = adjusted.with_row_index("claim").with_columns(pl.col("claim").cast(pl.UInt32))
    return Bills(placed.select("turn"), numbered, overdrawn)


def _credited(claims: pl.DataFrame, credit: pl.DataFrame, newest: int) -> pl.DataFrame:
    layers = claims.select("unit", "row", "quantity", turn=newest - pl.col("turn"))
    asks = credit.select("unit", "row", "turn", quantity="billed", named="origin_row")
    by_name = carry_named(layers, asks)
    layers, asks = remaining(layers, by_name, "layer"), remaining(asks, by_name, "claim")
    by_size = carry_equal(layers, asks)
    layers, asks = remaining(layers, by_size, "layer"), remaining(asks, by_size, "claim")
    return pl.concat([by_name, by_size, overlap(layers, asks)])


def _netted(claims: pl.DataFrame, credit: pl.DataFrame, pairs: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Claims with net, net_amount, net_value after quantity credits, and the credits that found nothing to take from."""
    own = {"net": "quantity", "net_amount": "amount", "net_value": "value"}
    plain = claims.with_columns(**{name: pl.col(of) for name, of in own.items()})
    if pairs is None:
        return plain, pl.DataFrame(schema={"unit": pl.UInt32(), "row": pl.UInt32(), "quantity": money.QUANTITY})
    asks = credit.select("unit", "row", "turn", quantity="billed")
    overdrawn = remaining(asks, pairs, "claim").select("unit", "row", "quantity")
    parts = pairs.join(
        credit.select("currency", "amount", "value", "turn", claim="row", weights="billed"), on="claim", how="left", validate="m:1"
    ).with_columns(whole="claim", weight="quantity")
    shares = {name: cut(parts.with_columns(amount=name)) for name in ("amount", "value")}
    sums = parts.select(row="layer", taken="quantity", **{f"taken_{n}": s for n, s in shares.items()}).group_by("row").sum()
    joined = plain.join(sums, on="row", how="left", validate="1:1", maintain_order="left")
    return joined.with_columns(
        net=pl.col("quantity") - pl.col("taken").fill_null(ZERO),
        net_amount=pl.col("amount") + pl.col("taken_amount").fill_null(NONE),
        net_value=pl.col("value") + pl.col("taken_value").fill_null(NONE),
    ).drop("taken", "taken_amount", "taken_value"), overdrawn


def _adjusted(claims: pl.DataFrame, adjustments: pl.DataFrame) -> pl.DataFrame:
    """Claims with later debits and value credits folded in: on the line they name, else on the newest of the unit."""
    if adjustments.is_empty():
        return claims
    newest = claims.filter(pl.col("net") > 0).sort("unit", "turn").unique("unit", keep="last", maintain_order=True).select("unit", newest="row")
    own = claims.select(origin_row="row", is_claim=pl.lit(value=True))
    aimed = adjustments.join(own, on="origin_row", how="left", validate="m:1").join(newest, on="unit", how="left", validate="m:1")
    target = pl.when(pl.col("is_claim")).then("origin_row").otherwise("newest")
    sums = aimed.group_by(row=target).agg(more=pl.col("amount").sum()).filter(pl.col("row").is_not_null())
    joined = claims.join(sums, on="row", how="left", validate="1:1", maintain_order="left").with_columns(pl.col("more").fill_null(NONE))
    return joined.with_columns(net_amount=pl.col("net_amount") + pl.col("more"), net_value=pl.col("net_value") + pl.col("more")).drop("more")
