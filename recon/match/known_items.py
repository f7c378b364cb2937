"""Items by the code that the party has for them (`item_cross_reference`), else by their number in trade (GTIN), where a line does not name an item of the master."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match.counterparties import party_groups
from recon.match.given import is_given, table
from recon.match.known_by import FOUND, LINE, only, placed
from recon.match.numbers import compacted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.domain.cycles import Cycle
    from recon.domain.workpapers import Accepted

#: Lengths of numbers in trade: GTIN-8, UPC, EAN and GTIN-14. Equal numbers of different lengths differ by leading zeros.
_GTIN: Final = r"^(\d{8}|\d{12,14})$"
_GTIN_LENGTH: Final = 14


def items_on_file(accepted: Accepted) -> pl.DataFrame:
    """FOUND of lines whose item the master does not have, or that name none, and whose other codes name exactly one."""
    found = [pl.DataFrame(schema=FOUND)]
    asked = {"party_item_id": is_given(accepted, "item_cross_reference"), "gtin": is_given(accepted, "item", "gtin")}
    if not any(asked.values()):
        return found[0]
    crossed = table(accepted, "item_cross_reference")
    codes = crossed.select(owner="party_id", code=compacted(pl.col("party_item_id")), item="item_id").drop_nulls(["code", "item"])
    traded = table(accepted, "item").select(code=_in_trade(pl.col("gtin")), item="item_id").drop_nulls()
    known = pl.concat([table(accepted, "item").select("item_id"), codes.select(item_id="item")]).unique().collect()
    groups = party_groups(accepted)
    for cycle in CYCLES:
        for name in (cycle.order_table, cycle.fulfilment_table, cycle.invoice_table):
            said = [column for column in ("item_id", *asked) if is_given(accepted, name, column)]
            if said:
                lines = _lines_without_item(accepted, name, cycle, known, said)
                found.append(_items_of(lines, codes.collect(), traded.collect(), groups).with_columns(table=pl.lit(name)).select(FOUND.keys()))
    return pl.concat(found)


def _lines_without_item(accepted: Accepted, name: str, cycle: Cycle, known: pl.DataFrame, said: Sequence[str]) -> pl.DataFrame:
    """Lines that name no item of the master and something else: their place, party and codes."""
    party = pl.col(cycle.party) if is_given(accepted, name, cycle.party) else pl.lit(None, dtype=pl.String)
    slim = placed(accepted, name).select(LINE, "item_id", "party_item_id", "gtin", cycle=pl.lit(cycle.name), party=party)
    lost = slim.filter(pl.any_horizontal(pl.col(column).is_not_null() for column in said)).join(known.lazy(), on="item_id", how="anti")
    return lost.collect().with_row_index("id")


def _items_of(lines: pl.DataFrame, codes: pl.DataFrame, traded: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """The lines that name exactly one item by the codes: written, number, reason and their place."""
    of_group = groups.select("cycle", "party", "group_id")
    told = lines.join(of_group, on=["cycle", "party"], how="left", validate="m:1")
    owners = pl.concat([told.select("id", owner="party"), told.select("id", owner="group_id")]).drop_nulls().unique()
    written = pl.concat(
        [
            told.select("id", written=pl.coalesce("party_item_id", "item_id"), code=compacted(pl.coalesce("party_item_id", "item_id"))),
            told.select("id", written="gtin", code=pl.lit(None, dtype=pl.String)),
        ]
    ).drop_nulls("written")
    of_party = written.join(owners, on="id").join(codes, on=["owner", "code"])
    of_anybody = written.join(of_party, on="id", how="anti").join(codes.filter(pl.col("owner").is_null()), on="code")
    by_trade = written.with_columns(code=_in_trade(pl.col("written"))).join(traded, on="code")
    steps = [(of_party, "item: the party's code"), (of_anybody, "item: another code"), (by_trade, "item: GTIN")]
    met = [frame.select("id", "written", "item", step=pl.lit(turn, dtype=pl.Int8), reason=pl.lit(why)) for turn, (frame, why) in enumerate(steps)]
    single = only(pl.concat(met), "item").join(lines.select("id", LINE), on="id", validate="1:1")
    return single.select(LINE, "written", column=pl.lit("item_id"), number="item", reason="reason")


def _in_trade(number: pl.Expr) -> pl.Expr:
    """A number in trade in fourteen digits; null where its length or check digit says that it is none (GS1 General Specifications, 7.9)."""
    digits = compacted(number)
    padded = pl.when(digits.str.contains(_GTIN)).then(digits.str.zfill(_GTIN_LENGTH))
    weighed = [padded.str.slice(place, 1).cast(pl.Int64) * (1 if place % 2 else 3) for place in range(_GTIN_LENGTH)]
    return pl.when(pl.sum_horizontal(weighed, ignore_nulls=False) % 10 == 0).then(padded)
