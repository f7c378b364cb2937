"""What carries what, written out: allocations, open ends on both sides, and what the open ends are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.domain.cycles import PROCURE_TO_PAY
from recon.match import whole_numbers as whole
from recon.match.bridge import at_order_price
from recon.match.dense import IN_ORDER
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
    is_bill = pl.col("claim").is_not_null()
    billed = found.parts.filter(is_bill)
    terms = found.claims.select(pl.col("row", "currency", "net", "net_amount").gather(billed["claim"]))
    shared = pl.concat([billed, terms], how="horizontal")
    turn = pl.col("layer").fill_null(2**32 - 1)
    amounts = cut(shared.select("currency", amount="net_amount", whole="claim", weight="quantity", weights="net", turn=turn))
    priced = shared.with_columns(amount=amounts).select(PART)
    has_goods = pl.col("layer").is_not_null()
    return Parts(
        carried=priced.filter(has_goods),
        open_goods=valued(found.parts.filter(~is_bill).select("unit", "quantity", row="layer"), worth, found),
        open_bills=priced.filter(~has_goods),
        overdrawn=_overdrawn(found, worth),
        worth=worth,
    )


def _worth(found: ThreeWay) -> pl.Series:
    """Value of each fulfilment line: bought goods at their unit cost where it is stated, else at the order's price, else at standard cost."""
    lines = found.fulfilments
    names = ["price_times", "price_by", "standard_cost"]
    terms = found.units.select(pl.col(names).gather(lines["unit"]))
    plain = bool(found.units["price_by"].eq(1).all())
    raw = found.raw.fulfilments.taken(lines["place"], "cycle", "quantity", "unit_cost_net")
    frame = pl.concat([raw, lines.select("delivered"), terms], how="horizontal")
    whole.guard(frame, [("delivered", "price_times"), ("quantity", "unit_cost_net"), ("delivered", "standard_cost")])
    delivered = whole.units("delivered")
    options = [at_order_price(delivered, plain=plain)]
    if found.raw.fulfilments.says("unit_cost_net"):
        own = whole.times(whole.units("quantity"), whole.units("unit_cost_net"), 10)
        options.insert(0, pl.when(pl.col("cycle") == PROCURE_TO_PAY.name).then(own))
    if found.units["standard_cost"].null_count() < found.units.height:
        options.append(whole.times(delivered, whole.units("standard_cost"), 10))
    value = whole.times(pl.coalesce(options) if len(options) > 1 else options[0], pl.lit(1, dtype=pl.Int128), 4)
    return frame.lazy().select(worth=money.from_units(value, 6)).collect(engine=IN_ORDER)["worth"]


def valued(rest: pl.DataFrame, worth: pl.Series, found: ThreeWay) -> pl.DataFrame:
    """Parts of fulfilment lines (unit, row, quantity) with their share of the line's value, rounded to the currency."""
    of_line = pl.DataFrame({"worth": worth, "delivered": found.fulfilments["delivered"]}).select(pl.all().gather(rest["row"]))
    currency = found.units.select(pl.col("currency").gather(rest["unit"]))
    frame = pl.concat([rest.select("unit", "quantity", layer="row"), of_line, currency], how="horizontal")
    whole.guard(frame, [("worth", "quantity")])
    value, size = whole.units("worth").abs(), whole.units("delivered").abs()
    share = pl.when(whole.units("quantity") == size).then(value).otherwise(whole.over(value * whole.units("quantity"), size))
    amount = money.round_to_currency(money.from_units(share, 6), pl.col("currency"))
    return frame.lazy().with_columns(amount=amount, row=_NO_ROW).select(PART).collect(engine=IN_ORDER)


def _overdrawn(found: ThreeWay, worth: pl.Series) -> pl.DataFrame:
    back = valued(found.goods.overdrawn, worth, found)
    of_line = found.invoices.select(pl.col("billed", "line_amount_net").gather(found.overdrawn_credits["row"]))
    taken = pl.concat([found.overdrawn_credits, of_line], how="horizontal").with_columns(
        layer=_NO_ROW, amount=money.ratio(pl.col("line_amount_net").abs(), pl.col("quantity"), pl.col("billed").abs(), 6)
    )
    both = pl.concat([back, taken.select(PART)])
    return both.with_columns(quantity=-pl.col("quantity"), amount=-pl.col("amount"))
