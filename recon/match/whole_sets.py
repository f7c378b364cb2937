"""Bills for a whole order whose amount is exactly the value of some of its lines: those lines are what was billed, and no others.

Lines of which goods are here are looked at first, then whatever of the order is not billed yet. Only the one set that fits is taken: where
several fit, or none, the amount runs along all lines in proportion, as it does where nobody knows better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers
from recon.match.bills import NONE
from recon.match.goods import ZERO
from recon.match.subset_sums import sets_adding_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Orders with more lines are not searched: their bills may be many, and each search would take long.
_MOST_LINES: Final = 24
#: What a line may be off by rounding, in millionths.
_HALF_A_CENT: Final = 5_000
_TAKEN: Final = {"row": pl.UInt32(), "unit": pl.UInt32(), "takes_here": pl.Boolean(), "takes_coming": pl.Boolean()}
_NOTHING: Final = {"quantity": ZERO, "value": NONE}


def apart(bills: pl.DataFrame, stretches: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both, with bundles of their own for bills that one set of lines explains and for what these bills take of the lines.

    `bills`: row, bundle, turn, currency, amount. `stretches`: bundle, unit, and quantity and value here and to come. What a bill
    does not take of a line stays in its old bundle, so that quantities and values add up as before.
    """
    currency = bills.select("bundle", "currency").unique()
    valued = stretches.join(currency, on="bundle", how="inner", validate="m:1").sort("bundle", "unit")
    worth = {"here": pl.col("here_value"), "left": pl.col("here_value") + pl.col("coming_value")}
    lines = valued.group_by("bundle", maintain_order=True).agg("unit", **{name: _exact(value) for name, value in worth.items()})
    asked = bills.sort("bundle", "turn").group_by("bundle", maintain_order=True).agg("row", amount=_exact(pl.col("amount")))
    orders = asked.join(lines.filter(pl.col("unit").list.len().is_between(2, _MOST_LINES)), on="bundle", how="inner", validate="1:1")
    columns = (orders.sort("bundle")[name].to_list() for name in ("row", "amount", "unit", "here", "left"))
    taken = [
        one
        for rows, amounts, units, here, left in zip(*columns, strict=True)
        for one in _taken(dict(zip(rows, amounts, strict=True)), dict(zip(units, here, strict=True)), dict(zip(units, left, strict=True)))
    ]
    if not taken:
        return bills, stretches
    return _rebundled(bills, stretches, pl.DataFrame(taken, schema=_TAKEN, orient="row"))


def _exact(value: pl.Expr) -> pl.Expr:
    """An amount at the digits of its currency, as a whole number of millionths."""
    return whole_numbers.units(money.round_to_currency(value, pl.col("currency")))


def _taken(bills: Mapping[int, int], here: dict[int, int], left: dict[int, int]) -> Iterator[tuple[int, int, bool, bool]]:
    """Bill, line, and whether it takes the goods that are here and those to come: of one order, bill after bill in their turn."""
    for row, amount in bills.items():
        if abs(amount - sum(here.values())) <= _HALF_A_CENT * len(here):
            continue
        for values, takes_coming in ((here, False), (left, True)):
            units = list(values)
            sets = sets_adding_up(amount, [values[unit] for unit in units], _MOST_LINES)
            if sets.verdict == "unique" and len(sets.members) < sum(value > 0 for value in values.values()):
                for unit in (units[place] for place in sets.members):
                    yield row, unit, here[unit] > 0, takes_coming
                    left[unit] = 0 if takes_coming else left[unit] - here[unit]
                    here[unit] = 0
            if sets.verdict != "none":
                break


def _rebundled(bills: pl.DataFrame, stretches: pl.DataFrame, taken: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    own = taken.select("row").unique().sort("row").with_row_index("own").with_columns(pl.col("own") + bills["bundle"].max() + 1)
    moved = bills.join(own, on="row", how="left", validate="1:1").with_columns(bundle=pl.coalesce("own", "bundle")).select(bills.columns)
    given = taken.join(own, on="row", how="inner", validate="m:1")
    of_bills = stretches.drop("bundle").join(given.rename({"own": "bundle"}), on="unit", how="inner", validate="1:m")
    gone = given.group_by("unit").agg(gone_here=pl.col("takes_here").any(), gone_coming=pl.col("takes_coming").any())
    rest = stretches.join(gone, on="unit", how="left", validate="1:1")

    def only(place: str, is_theirs: pl.Expr) -> list[pl.Expr]:
        return [pl.when(is_theirs).then(f"{place}_{what}").otherwise(none).alias(f"{place}_{what}") for what, none in _NOTHING.items()]

    taken_by = of_bills.with_columns(*only("here", pl.col("takes_here")), *only("coming", pl.col("takes_coming")))
    kept = rest.with_columns(
        *only("here", ~pl.col("gone_here").fill_null(value=False)), *only("coming", ~pl.col("gone_coming").fill_null(value=False))
    )
    return moved, pl.concat([kept.select(stretches.columns), taken_by.select(stretches.columns)])
