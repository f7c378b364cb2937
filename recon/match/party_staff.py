"""Suppliers and customers who share a telephone, an e-mail, a tax number or an address with somebody on the pay-roll. Whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.money import RATE
from recon.match.given import is_given, table
from recon.match.numbers import compacted
from recon.match.party_masters import shaped_parties
from recon.match.party_names import alike_pairs

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

#: attribute -> how it is said
_ATTRIBUTES: Final = {"phone": "telephone", "tax_id": "tax id", "email": "e-mail"}
#: Attributes that only one person has.
_STRONG: Final = ("phone", "tax_id")
_SHORTEST_PHONE: Final = 7
#: So many last digits tell a telephone, with or without the code of its country.
_PHONE_DIGITS: Final = 10
#: Addresses less alike than this are not alike; what is alike is measured exactly.
LEAST_LIKE: Final = 85
_KEY: Final = ["cycle", "party_id"]


def party_staff(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`party_staff`, sorted: one row per supplier and customer: which of its attributes are an employee's too.

    match_count: telephone, e-mail and tax number that agree; null where none of these and no address can be compared. address_similarity:
    one less the share of characters that must be changed to make one address of the other; 0 below 0.85, null where one side gives none.
    """
    given = [cycle for cycle in CYCLES if is_given(accepted, cycle.party_table)]
    parties = pl.concat([_spelled(accepted, c.party_table, c.name) for c in given]).collect() if given else None
    if parties is None:
        return shaped_parties("party_staff", [], accepted, engagement)
    staff = _staff(accepted)
    found = [_agreeing(parties, staff, name) for name in _ATTRIBUTES]
    near = _near(parties, staff)
    people = pl.concat([*found, near.select(*_KEY, "employee", attribute=pl.lit("address"))])
    shared = people.group_by(_KEY).agg(
        employee_id=pl.col("employee").min(),
        employee_count=pl.col("employee").n_unique().cast(pl.Int64),
        matches=pl.col("attribute").filter(pl.col("attribute") != "address").n_unique().cast(pl.Int64),
        strong_count=pl.col("attribute").filter(pl.col("attribute").is_in(_STRONG)).n_unique().cast(pl.Int64),
        attributes=pl.col("attribute").unique().sort(),
    )
    alike = near.group_by(_KEY).agg(best=pl.col("similarity").max())
    comparable = [pl.col(name).is_not_null() for name in _ATTRIBUTES if staff[name].null_count() < staff.height]
    is_placed = pl.col("address").is_not_null() & pl.lit(staff["address"].null_count() < staff.height)
    told = parties.join(shared, on=_KEY, how="left", validate="1:1").join(alike, on=_KEY, how="left", validate="1:1").with_columns(
        match_count=pl.when(pl.any_horizontal(pl.lit(value=False), is_placed, *comparable)).then(pl.col("matches").fill_null(0)),
        strong_count=pl.col("strong_count").fill_null(0),
        employee_count=pl.col("employee_count").fill_null(0),
        address_similarity=pl.when(is_placed).then(pl.coalesce("best", pl.lit(0, dtype=RATE))),
        shared_attributes=pl.col("attributes").list.eval(pl.element().replace(_ATTRIBUTES)).list.join(", "),
    )  # fmt: skip
    return shaped_parties("party_staff", [told.lazy()], accepted, engagement)


def _spelled(accepted: Accepted, name: str, cycle: str) -> pl.LazyFrame:
    """The parties with their attributes as they are compared."""
    return table(accepted, name).select(
        "party_id", "party_name", "group_id", "party_type", "source_file", "source_row",
        cycle=pl.lit(cycle), phone=_phone(), email=_email(), tax_id=compacted(pl.col("tax_id")), address=_address(),
    )  # fmt: skip


def _staff(accepted: Accepted) -> pl.DataFrame:
    """The employee and the attributes of each login, as they are compared."""
    return table(accepted, "user").select(
        employee=pl.coalesce("person_id", "user_id"), phone=_phone(), email=_email(), tax_id=compacted(pl.col("tax_id")), address=_address()
    ).collect()  # fmt: skip


def _phone() -> pl.Expr:
    digits = pl.col("phone").str.normalize("NFKC").str.replace_all("[^0-9]", "")
    return pl.when(digits.str.len_chars() >= _SHORTEST_PHONE).then(digits.str.tail(_PHONE_DIGITS))


def _email() -> pl.Expr:
    bare = pl.col("email").str.normalize("NFKC").str.to_lowercase().str.strip_chars()
    return pl.when(bare.str.contains("@", literal=True)).then(bare)


def _address() -> pl.Expr:
    bare = pl.col("address").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[\s\p{P}]", "")
    return pl.when(bare != "").then(bare)


def _agreeing(parties: pl.DataFrame, staff: pl.DataFrame, name: str) -> pl.DataFrame:
    """cycle, party_id, employee, attribute where both have the same."""
    people = staff.select("employee", name).drop_nulls().unique()
    met = parties.select(*_KEY, name).drop_nulls(name).join(people, on=name, how="inner")
    return met.select(*_KEY, "employee", attribute=pl.lit(name))


def _near(parties: pl.DataFrame, staff: pl.DataFrame) -> pl.DataFrame:
    """cycle, party_id, employee, similarity of addresses that are at least `LEAST_LIKE` hundredths alike."""
    measured = alike_pairs(parties["address"], staff["address"], LEAST_LIKE)
    people = staff.select("employee", other="address").drop_nulls().unique()
    places = parties.select(*_KEY, one="address").drop_nulls()
    return places.join(measured, on="one", how="inner").join(people, on="other", how="inner").select(*_KEY, "employee", similarity="likeness")
