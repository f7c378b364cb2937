"""Bills for a whole order whose amount is exactly the value of some of its lines: those lines are what was billed, and no others.

Lines of which goods are here are looked at first, then whatever of the order is not billed yet. Only the one set that fits is taken: where
several fit, or none, the amount runs along all lines in proportion, as it does where nobody knows better. What became of the search is told
for every bill, also that it was not made: `unique`, `ambiguous(sets)`, `none`, `not_decided(limit)`, or `all` where the whole order was billed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import money
from recon.match import whole_numbers
from recon.match.bills import NONE
from recon.match.goods import ZERO
from recon.match.subset_sums import Sets, sets_adding_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Sets among more lines that could be in one are not searched: an order may have many bills, and each search would take long.
MOST_LINES: Final = 24
#: What a line may be off by rounding, in millionths.
_HALF_A_CENT: Final = 5_000
_TAKEN: Final = {"row": pl.UInt32(), "unit": pl.UInt32(), "takes_here": pl.Boolean(), "takes_coming": pl.Boolean()}
#: What the search of a bill came to: the lines of the one set, or of the first of several, how many sets, and how many lines were asked.
SETS: Final = {
    "row": pl.UInt32(), "order_line_set": pl.String(), "candidates": pl.List(pl.UInt32()), "candidate_count": pl.UInt32(),
    "searched_count": pl.UInt32(),
}  # fmt: skip
_NOTHING: Final = {"quantity": ZERO, "value": NONE}


def apart(bills: pl.DataFrame, stretches: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Both, with bundles of their own for bills that one set of lines explains and for what these bills take of the lines; and the SETS.

    `bills`: row, bundle, turn, currency, amount. `stretches`: bundle, unit, and quantity and value here and to come. What a bill
    does not take of a line stays in its old bundle, so that quantities and values add up as before. SETS has a row for every bill for an
    order of several lines.
    """
    currency = bills.select("bundle", "currency").unique()
    valued = stretches.join(currency, on="bundle", how="inner", validate="m:1").sort("bundle", "unit")
    worth = {"here": pl.col("here_value"), "left": pl.col("here_value") + pl.col("coming_value")}
    lines = valued.group_by("bundle", maintain_order=True).agg("unit", **{name: _exact(value) for name, value in worth.items()})
    asked = bills.sort("bundle", "turn").group_by("bundle", maintain_order=True).agg("row", amount=_exact(pl.col("amount")))
    orders = asked.join(lines.filter(pl.col("unit").list.len() > 1), on="bundle", how="inner", validate="1:1")
    columns = (orders.sort("bundle")[name].to_list() for name in ("row", "amount", "unit", "here", "left"))
    told = [
        one
        for rows, amounts, units, here, left in zip(*columns, strict=True)
        for one in _searched(dict(zip(rows, amounts, strict=True)), dict(zip(units, here, strict=True)), dict(zip(units, left, strict=True)))
    ]
    sets = pl.DataFrame([one.told for one in told], schema=SETS, orient="row")
    taken = [place for one in told for place in one.taken]
    if not taken:
        return bills, stretches, sets
    return *_rebundled(bills, stretches, pl.DataFrame(taken, schema=_TAKEN, orient="row")), sets


def _exact(value: pl.Expr) -> pl.Expr:
    """An amount at the digits of its currency, as a whole number of millionths."""
    return whole_numbers.units(money.round_to_currency(value, pl.col("currency")))


@dataclass(frozen=True)
class _Answer:
    """A row of SETS, and the rows of _TAKEN where the bill has a set of its own."""

    told: tuple[int, str, list[int], int | None, int]
    taken: list[tuple[int, int, bool, bool]]


def _searched(bills: Mapping[int, int], here: dict[int, int], left: dict[int, int]) -> Iterator[_Answer]:
    """Of one order, bill after bill in their turn. `here`, `left`: what of each line is here, and here or to come, and not billed yet."""
    spread = 0  # what bills took of nobody knows which lines
    for row, amount in bills.items():
        if abs(amount - sum(here.values()) + spread) <= _HALF_A_CENT * len(here):
            yield _Answer((row, "all", [unit for unit, value in here.items() if value > 0], None, len(here)), [])
            for unit, value in here.items():
                left[unit] -= value
            here, spread = dict.fromkeys(here, 0), 0
            continue
        sets, values = sets_adding_up(amount, list(here.values()), MOST_LINES), here
        if sets.verdict == "none" and left != here:
            sets, values = sets_adding_up(amount, list(left.values()), MOST_LINES), left
        members = [unit for place, unit in enumerate(values) if place in sets.members]
        is_whole = len(members) == sum(value > 0 for value in values.values())
        if is_whole and spread and sets.verdict == "unique":  # part of it was billed
            sets, members = Sets("none"), []
        taken = [(row, unit, here[unit] > 0, values is left) for unit in members] if sets.verdict == "unique" and not is_whole else []
        yield _Answer((row, _word(sets, is_whole=is_whole), members, sets.count or None, _fitting(amount, values)), taken)
        if sets.verdict != "unique":
            spread += amount
        for unit in members if sets.verdict == "unique" else ():
            left[unit] = 0 if values is left else left[unit] - here[unit]
            here[unit] = 0


def _fitting(amount: int, values: Mapping[int, int]) -> int:
    return sum(0 < value <= amount for value in values.values())


def _word(sets: Sets, *, is_whole: bool) -> str:
    """The verdict as it is published, with its number of sets or the limit of the search."""
    if sets.verdict == "unique" and is_whole:
        return "all"
    return {"ambiguous": f"ambiguous({sets.count})", "not_decided": f"not_decided({MOST_LINES})"}.get(sets.verdict, sets.verdict)


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
