"""References between documents of different parties or companies: an invoice of one supplier that names the order of another.

A party and the parties of its group are one party. Whole: looks across parties and companies, from the slim projections of
`references`, which finds the lines; here it is decided whose document they name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.cycles import Cycle
    from recon.domain.workpapers import Accepted

_NUMBER: Final = ["company_code", "number"]


def party_groups(accepted: Accepted) -> pl.DataFrame:
    """cycle, party, group_id of every party that belongs to a group."""
    masters = [table(accepted, cycle.party_table).select(cycle=pl.lit(cycle.name), party="party_id", group_id="group_id") for cycle in CYCLES]
    return pl.concat(masters).filter(pl.col("group_id").is_not_null()).unique(["cycle", "party"], keep="any").collect()


def strangers(lines: pl.DataFrame, parties: pl.DataFrame, cycle: Cycle, groups: pl.DataFrame) -> pl.DataFrame:
    """Lines that name a number which only other parties of the company have, with other_party_id (the first of them) and other_group_id.

    `lines`: company_code, number, party and more; none of them names a document of its own party. `parties`: company_code, number, party.
    Lines without a party, and documents without one, say nothing about anybody.
    """
    named = lines.filter(pl.col("party").is_not_null()).with_row_index("place")
    if named.is_empty():
        return lines.clear()
    of_group = groups.filter(pl.col("cycle") == cycle.name).select("party", "group_id")
    owned = parties.join(named.select(_NUMBER).unique(), on=_NUMBER, how="semi").join(of_group, on="party", how="left", validate="m:1")
    own = named.select("place", *_NUMBER, "party").join(of_group, on="party", how="left", validate="m:1")
    met = own.join(owned.rename({"party": "other_party", "group_id": "other_group"}), on=_NUMBER, how="inner")
    is_one = (pl.col("group_id") == pl.col("other_group")).fill_null(value=False) | pl.col("other_party").is_null()
    told = met.group_by("place").agg(
        is_one=is_one.any(),
        other_party_id=pl.col("other_party").min(),
        other_group_id=pl.col("other_group").min_by("other_party"),
    )
    foreign = told.filter(~pl.col("is_one")).drop("is_one")
    return named.join(foreign, on="place", how="inner", validate="1:1").with_columns(other_company_code="company_code").drop("place")


def elsewhere(lines: pl.DataFrame, parties: pl.DataFrame) -> pl.DataFrame:
    """Lines whose number nobody in their company has, while exactly one other company has it with the same party: other_company_code.

    Companies that number alike prove nothing by a number alone; a party's number that several companies have is no proof either.
    """
    if lines.is_empty() or "referenced_date" not in lines.columns:
        return lines.clear()
    lost = lines.filter(pl.col("referenced_date").is_null() & pl.col("party").is_not_null())
    wanted = lost.select("number", "party").unique()
    others = (
        parties.join(wanted, on=["number", "party"], how="semi")
        .group_by("number", "party")
        .agg(other_company_code=pl.col("company_code").min(), companies=pl.col("company_code").n_unique())
    )
    single = others.filter(pl.col("companies") == 1).drop("companies")
    found = lost.join(single, on=["number", "party"], how="inner", validate="m:1")
    nobody = pl.lit(None, dtype=pl.String)
    return found.with_columns(other_party_id=pl.col("party"), other_group_id=nobody).select(
        *lines.columns, "other_party_id", "other_group_id", "other_company_code"
    )
