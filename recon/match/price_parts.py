"""What made a price differ: another unit, another price unit, a price of an earlier day, a discount; and what none of them explains.

A part is taken only where documents or masters show it. Parts are steps between whole numbers of the smallest digit, so they and the
remainder add up to the price variance on every line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER, aligned

if TYPE_CHECKING:
    from recon.match.three_way import ThreeWay

PARTS: Final = (
    "price_factor_variance",
    "price_unit_variance",
    "price_retroactive_variance",
    "price_discount_variance",
    "price_remainder_variance",
)
#: Prices are written per one, ten, a hundred or a thousand.
_POWERS: Final = ("10", "100", "1000")
#: A price is so many times another when no more than a twentieth of it is left over; less than double may be a dearer price and nothing else.
_LEFT_OVER: Final = 20
#: Beyond these a line is left as it is: its products would not fit.
_MOST: Final = 10**20
_ZERO: Final = pl.lit(0, dtype=pl.Int128)
_CANDIDATE: Final = {"row": pl.UInt32(), "times": money.QUANTITY, "by": money.QUANTITY, "rank": pl.UInt8(), "is_unit": pl.Boolean()}


def of_lines(found: ThreeWay, lines: pl.DataFrame) -> pl.DataFrame:
    """PARTS in company currency by `row` (invoice line), for the lines whose price_variance is not 0.

    `lines`: row and price_variance of every line. Taken in this order: the line's price is the order's times a conversion factor of the item
    (factor) or times the ratio of two price units, ten, a hundred or a thousand (unit); the way from the order's price to the one that it had
    when the goods came (by policy: on the day of the bill), as far as the line goes it (retroactive); the discount that the line states, as far as the line is below
    (discount). A line of several orders, and one whose figures are beyond _MOST, is all remainder.
    """
    differing = lines.filter(pl.col("price_variance") != 0).select("row", "price_variance")
    if differing.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32()} | dict.fromkeys(PARTS, money.MONEY))
    told = _told(found, differing)
    at_unit = _at_unit(told, _nearest(told, found))
    steps = at_unit.lazy().with_columns(retroactive=_towards("left", _earlier())).with_columns(rest=pl.col("left") - pl.col("retroactive"))
    discount = pl.when(pl.col("line_kind") == "discount").then("rest").otherwise(_towards("rest", _ZERO - pl.col("granted")))
    steps = steps.with_columns(discount=pl.when("is_apart").then(_ZERO).otherwise(discount))
    figures = (*(pl.col(name) for name in ("factor", "unit_part", "retroactive", "discount")), pl.col("rest") - pl.col("discount"))
    named = dict(zip(PARTS, figures, strict=True))
    return steps.select("row", **{name: money.from_units(of, 6) for name, of in named.items()}).collect(engine=IN_ORDER)


def _told(found: ThreeWay, differing: pl.DataFrame) -> pl.DataFrame:
    """What the documents say about lines that differ; `ordered` and `billed` are what the variance lies between, in millionths."""
    facts = found.invoices.select(pl.col("unit", "order_row", "value", "place").gather(differing["row"]))
    terms = found.units.select(pl.col("item_id", "base_uom", "order_rate").gather(facts["unit"]))
    own = found.raw.invoices.taken(facts["place"], "line_kind", "quantity", "uom", "price_per", "discount_amount")
    order_place = found.orders["place"].gather(facts["order_row"])
    agreed = found.raw.orders.taken(order_place, order_uom="uom", order_per="price_per")
    told = pl.concat([differing, facts, terms, own, agreed], how="horizontal")
    shared = found.claims.filter(pl.col("row").is_duplicated())["row"].unique().implode()
    rate = whole.units("order_rate")
    granted = whole.times(whole.units(pl.col("discount_amount").fill_null(0).cast(money.MONEY)), rate, 10)
    billed = whole.times(whole.units("value"), rate, 10)
    moved = told.lazy().with_columns(
        billed=billed,
        ordered=billed - whole.units("price_variance"),
        granted=pl.when(pl.col("quantity") < 0).then(_ZERO - granted).otherwise(granted),
    )
    large = pl.max_horizontal(pl.col("billed", "ordered", "granted").abs()) >= _MOST
    apart = pl.col("row").is_in(shared) | large | pl.col("billed").is_null()
    return (
        moved.with_columns(is_apart=apart.fill_null(value=True))
        .with_columns(
            billed=pl.when("is_apart").then(whole.units("price_variance")).otherwise("billed"),
            ordered=pl.when("is_apart").then(_ZERO).otherwise("ordered"),
            granted=pl.when("is_apart").then(_ZERO).otherwise("granted"),
        )
        .with_columns(_other_day(name, found).alias(name) for name in ("price_other", "price_taken"))
        .collect(engine=IN_ORDER)
    )


def _other_day(name: str, found: ThreeWay) -> pl.Expr:
    """A price of another day where the order had any."""
    prices = found.dated_prices.select("row", name)
    if prices.is_empty():
        return pl.lit(None, dtype=money.PRICE)
    return pl.lit(aligned(prices, "row", found.invoices.height)[name]).gather(pl.col("row"))


def _nearest(told: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """row, times, by, is_unit: the multiple of the order's price that a line's price is, where it is one."""
    ordered, billed = pl.col("ordered").abs(), pl.col("billed").abs()
    same_side = (pl.col("ordered") > 0) == (pl.col("billed") > 0)
    apart = (billed * 10 >= ordered * 19) | (ordered * 10 >= billed * 19)
    far = told.filter((pl.col("ordered") != 0) & (pl.col("billed") != 0) & same_side & apart)
    candidates = _candidates(far, found)
    if candidates.is_empty():
        return candidates.drop("rank")
    met = candidates.join(far.select("row", "ordered", "billed"), on="row", how="inner", validate="m:1")
    level = whole.over(pl.col("ordered") * whole.units("times"), whole.units("by"))
    apart_by = (pl.col("billed") - pl.col("level")).abs()
    fitting = met.with_columns(level=level).filter((pl.col("level") != 0) & (apart_by * _LEFT_OVER <= pl.col("level").abs()))
    ranked = fitting.with_columns(distance=apart_by * 10**9 // pl.col("level").abs()).sort("row", "distance", "rank", "times", "by")
    return ranked.unique("row", keep="first", maintain_order=True).select("row", "times", "by", "is_unit")


def _candidates(far: pl.DataFrame, found: ThreeWay) -> pl.DataFrame:
    """Multiples that could stand behind a price: the stated price units, the item's conversions, powers of ten; in this order of trust."""
    one = pl.lit(1, dtype=money.QUANTITY)
    line, order = (pl.col(name).fill_null(1).cast(money.QUANTITY) for name in ("price_per", "order_per"))
    stated = far.filter(line != order)
    ways = found.ground.ways.filter((pl.col("times") >= 2 * pl.col("by")) | (pl.col("by") >= 2 * pl.col("times")))
    own = far.join(ways.filter(pl.col("item_id") != "").select("item_id", "times", "by"), on="item_id", how="inner")
    common = ways.filter(pl.col("item_id") == "").select("from_uom", "times", "by")
    general = [far.join(common, left_on=name, right_on="from_uom", how="inner") for name in ("uom", "order_uom")]
    powers = pl.DataFrame({"power": _POWERS}, schema={"power": pl.String}).select(pl.col("power").cast(money.QUANTITY))
    crossed = far.select("row").join(powers, how="cross")
    given = [
        stated.select("row", times=line, by=order, rank=0, is_unit=True),
        stated.select("row", times=order, by=line, rank=0, is_unit=True),
        *(frame.select("row", "times", "by", rank=1, is_unit=False) for frame in (own, *general)),
        crossed.select("row", times="power", by=one, rank=2, is_unit=True),
        crossed.select("row", times=one, by="power", rank=2, is_unit=True),
    ]
    return pl.concat([frame.select(pl.col(name).cast(kind) for name, kind in _CANDIDATE.items()) for frame in given]).unique(maintain_order=True)


def _at_unit(told: pl.DataFrame, multiples: pl.DataFrame) -> pl.DataFrame:
    """Add factor, unit_part, `level` (the order's value at the multiple) and what is left of the variance from there."""
    joined = told.join(multiples, on="row", how="left", validate="1:1", maintain_order="left")
    level = pl.coalesce(whole.over(pl.col("ordered") * whole.units("times"), whole.units("by")), "ordered")
    moved = joined.lazy().with_columns(level=level).with_columns(step=pl.col("level") - pl.col("ordered"))
    return moved.with_columns(
        factor=pl.when(~pl.col("is_unit")).then("step").otherwise(_ZERO),
        unit_part=pl.when("is_unit").then("step").otherwise(_ZERO),
        left=pl.col("billed") - pl.col("level"),
    ).collect(engine=IN_ORDER)


def _earlier() -> pl.Expr:
    """The step from the price that the line is held to towards the order's price of the other day, in millionths; 0 where there was no other."""
    then, taken = whole.units("price_other"), whole.units("price_taken")
    fits = (then < 10**16) & (pl.col("level").abs() < _MOST) & (taken > 0)
    return pl.when(fits).then(whole.over(pl.col("level") * then, taken) - pl.col("level")).fill_null(_ZERO)


def _towards(way: str, step: pl.Expr) -> pl.Expr:
    """As much of a step as lies on the way: nothing where it leads elsewhere, never beyond the end."""
    left = pl.col(way)
    same = (step > 0) == (left > 0)
    size = pl.min_horizontal(step.abs(), left.abs())
    return pl.when((step != 0) & (left != 0) & same).then(pl.when(left < 0).then(_ZERO - size).otherwise(size)).otherwise(_ZERO)
