"""Lines that several equal order lines of the order they name would fit: taken in a stated order, where the policy `ambiguity` says `deterministic`.

Order lines are equal where item, unit, price, quantity and what came for them are: then no sum depends on which is taken, only on which of them it stands. Lines
fill them in the order of their days, then of their keys; the order lines are filled in the order of their numbers, those first that nobody names. Candidates that differ in
any of this stay ambiguous: taking one would be a guess. What was taken so has the certainty `chosen`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import scopes
from recon.domain.engagement import POLICIES
from recon.match import whole_numbers as whole
from recon.match.dense import IN_ORDER
from recon.match.naming import CERTAINTY, FOUND, STEP
from recon.match.nearby import candidates

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement

POLICY: Final = "ambiguity"
_PLACE: Final = ["cycle", "company_code"]
_SAYS: Final = ["item_id_of", "uom_of", "price_of", "quantity_of"]


def asked(lines: pl.DataFrame, engagement: Engagement) -> pl.Series | None:
    """The rows of lines whose ties are taken in a stated order; None where no policy says so."""
    rules = [rule for rule in engagement.policy_rules() if POLICY in rule.settings]
    if not any(rule.settings[POLICY] == "deterministic" for rule in rules):
        return None
    scoped = lines.lazy().select("row", "cycle", "company_code", "party_id", "item_id")
    resolved = scopes.resolve(scoped, rules, {POLICY: POLICIES[POLICY][0]}).filter(pl.col(POLICY) == "deterministic")
    return resolved.select("row").collect(engine=IN_ORDER)["row"]


def came(fulfilments: pl.DataFrame) -> pl.DataFrame:
    """By order line (`target`) what came for it."""
    counting = fulfilments.filter(pl.col("exclusion_reason").is_null() & pl.col("order_row").is_not_null())
    return counting.group_by(target="order_row").agg(came=pl.col("quantity").sum())


def broken(found: pl.DataFrame, lines: pl.DataFrame, targets: pl.DataFrame, known: tuple[pl.DataFrame, pl.Series]) -> pl.DataFrame:
    """`found` (naming.FOUND), its ambiguous lines with the equal order line that is theirs in turn.

    `lines`: those that may be taken so, as `naming.resolve` has them, with `day`. `known`: `came`, and the order lines that other lines of the side name.
    """
    arrived, named = known
    undecided = found.filter((pl.col("certainty") == "ambiguous") & pl.col("target").is_null() & pl.col("number_found").is_not_null())
    tied = undecided.select("row", "number_found").join(lines.filter(pl.col("quantity") > 0), on="row", how="inner", validate="1:1")
    if tied.is_empty():
        return found
    near = targets.rename({"number": "number_found"}).join(arrived, on="target", how="left", validate="1:1").with_columns(pl.col("came").fill_null(0))
    pairs = candidates(tied, near)
    same_unit = (pl.col("uom") == pl.col("uom_of")).fill_null(value=False)
    for name in ("price", "quantity"):
        fits = same_unit & (pl.col(name) == pl.col(f"{name}_of")).fill_null(value=False)
        pairs = pairs.filter(fits | ~fits.any().over("row"))
    equal = pl.struct(*_SAYS, "came").n_unique().over("row") == 1
    told = pl.all_horizontal(pl.col(name).is_not_null() for name in _SAYS[1:])
    pairs = pairs.filter(equal & told.all().over("row") & (pl.len().over("row") > 1))
    group = [*_PLACE, "number_found", *_SAYS]
    taken = pl.concat([named, found["target"]]).drop_nulls().unique()
    is_free = ~pl.col("target").is_in(taken.implode())
    free = pairs.filter(is_free | ~is_free.any().over(group))
    chosen = _filled(free, group)
    both = found.join(chosen, on="row", how="left", validate="1:1", maintain_order="left")
    is_chosen = pl.col("in_turn").is_not_null()
    return both.with_columns(
        target=pl.coalesce("in_turn", "target"),
        step=pl.when(is_chosen).then(pl.lit("in turn", dtype=STEP)).otherwise("step"),
        certainty=pl.when(is_chosen).then(pl.lit("chosen", dtype=CERTAINTY)).otherwise("certainty"),
    ).select(FOUND.keys())


def _filled(pairs: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """By row the order line `in_turn`: that in which its first unit falls, when the lines of a group lie end to end on those of its order lines."""
    spots = pairs.select(*group, "target").unique().with_columns(spot=pl.col("target").rank("ordinal").over(group).cast(pl.Int128) - 1)
    counts = spots.group_by(group).agg(last=pl.col("spot").max())
    lines = pairs.select(*group, "row", "day", "uom", "quantity").unique().join(counts, on=group, how="left", validate="m:1", nulls_equal=True)
    size = whole.units("quantity_of")
    own = pl.when(pl.col("uom") == pl.col("uom_of")).then(whole.units("quantity")).otherwise(size)
    laid = lines.sort("day", "row", nulls_last=True).with_columns(own=own, size=size)
    start = pl.col("own").cum_sum().over(group) - pl.col("own")
    placed = laid.with_columns(spot=pl.min_horizontal(start // pl.when(pl.col("size") > 0).then("size"), "last"))
    return placed.join(spots, on=[*group, "spot"], how="inner", validate="m:1", nulls_equal=True).select("row", in_turn="target")
