"""What carries what, written out: allocations, open ends on both sides, and what the open ends are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.match.bridge import at_order_price
from recon.match.number_line import remaining
from recon.match.shares import cut

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

_NO_ROW: Final = pl.lit(None, dtype=pl.UInt32)
#: unit, layer (fulfilment row), row (invoice row), quantity, amount (document currency)
PART: Final = ["unit", "layer", "row", "quantity", "amount"]


@dataclass(frozen=True)
class Parts:
    """`carried`: goods that carry a bill. `open_goods`: goods no bill covers. `open_bills`: bills no goods cover.

    All in the columns of PART. `overdrawn`: returns and credits that found nothing to take from, negative. `worth`: value of every
    fulfilment line, aligned: amount in its currency.
    """

    carried: pl.DataFrame
    open_goods: pl.DataFrame
    open_bills: pl.DataFrame
    overdrawn: pl.DataFrame
    worth: pl.Series

    def every(self) -> pl.DataFrame:
        """All parts; per unit they add up to what was delivered and to what was billed."""
        return pl.concat([self.carried, self.open_goods, self.open_bills, self.overdrawn])


def write_out(found: ThreeWay) -> Parts:
    """Amounts of bills follow the quantity, to the cent; goods stand at their own cost, else at the order's price."""
    worth = _worth(found)
    goods_left = remaining(found.goods.layers, found.pairs, "layer")
    asks = found.claims.filter(pl.col("net") > 0)
    bills_left = remaining(asks.select("unit", row="claim", quantity="net"), found.pairs, "claim")
    parts = pl.concat(
        [
            found.pairs.select("unit", "layer", "claim", "quantity"),
            bills_left.select("unit", layer=_NO_ROW, claim="row", quantity="quantity"),
        ]
    )
    terms = asks.select("claim", "row", "currency", "net", amount="net_amount")
    shared = parts.join(terms, on="claim", how="left", validate="m:1", maintain_order="left")
    amounts = cut(shared.select("amount", "currency", whole="claim", weight="quantity", weights="net", turn=pl.col("layer").fill_null(2**32 - 1)))
    billed = shared.with_columns(amount=amounts).select(PART)
    has_goods = pl.col("layer").is_not_null()
    return Parts(
        carried=billed.filter(has_goods),
        open_goods=_valued(goods_left, worth, found),
        open_bills=billed.filter(~has_goods),
        overdrawn=_overdrawn(found, worth),
        worth=worth,
    )


def _worth(found: ThreeWay) -> pl.Series:
    """Value of each fulfilment line: bought goods at their unit cost where it is stated, else at the order's price, else at standard cost."""
    lines = found.fulfilments
    terms = found.units.select(pl.col("price_times", "price_by", "standard_cost").gather(lines["unit"]))
    plain = found.units["price_by"].eq(1).all()
    frame = pl.concat([lines.select("cycle", "quantity", "unit_cost_net", "delivered"), terms], how="horizontal").lazy()
    at_price = at_order_price(pl.col("delivered"), plain=bool(plain))
    at_standard = money.product(pl.col("delivered"), pl.col("standard_cost"))
    options = [at_price]
    if lines["unit_cost_net"].null_count() < lines.height:
        own = pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then(money.product(pl.col("quantity"), pl.col("unit_cost_net")))
        options.insert(0, own)
    if found.units["standard_cost"].null_count() < found.units.height:
        options.append(at_standard)
    value = pl.coalesce(options) if len(options) > 1 else options[0]
    return frame.select(worth=value.round(6, mode="half_away_from_zero").cast(money.MONEY)).collect()["worth"]


def _valued(rest: pl.DataFrame, worth: pl.Series, found: ThreeWay) -> pl.DataFrame:
    """Parts of fulfilment lines (unit, row, quantity) with their share of the line's value, rounded to the currency."""
    of_line = pl.DataFrame({"worth": worth, "delivered": found.fulfilments["delivered"]}).select(pl.all().gather(rest["row"]))
    currency = found.units.select(pl.col("currency").gather(rest["unit"]))
    frame = pl.concat([rest.select("unit", "quantity", layer="row"), of_line, currency], how="horizontal").lazy()
    share = money.ratio(pl.col("worth"), pl.col("quantity"), pl.col("delivered").abs(), 6)
    part = pl.when(pl.col("quantity") == pl.col("delivered").abs()).then(pl.col("worth").abs()).otherwise(share.abs())
    return frame.with_columns(amount=money.round_to_currency(part, pl.col("currency")), row=_NO_ROW).select(PART).collect()


def _overdrawn(found: ThreeWay, worth: pl.Series) -> pl.DataFrame:
    back = _valued(found.goods.overdrawn, worth, found)
    credits = found.overdrawn_credits.join(found.invoices.select("row", "billed", "line_amount_net"), on="row", how="left", validate="m:1").select(
        "unit",
        "row",
        layer=_NO_ROW,
        quantity="quantity",
        amount=money.ratio(pl.col("line_amount_net").abs(), pl.col("quantity"), pl.col("billed").abs(), 6),
    )
    both = pl.concat([back, credits.select(PART)])
    return both.with_columns(quantity=-pl.col("quantity"), amount=-pl.col("amount"))
