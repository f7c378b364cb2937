"""Pairs of roles that one person holds, over all logins in use. Whole: users know no party."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.measures import schema
from recon.match.given import table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_ROLE: Final = r"[^,;，；]+"


def role_pair(accepted: Accepted, engagement: Engagement) -> pl.LazyFrame:
    """`role_pair`, sorted by person and pair: one row per person and pair of roles that their logins in use give them.

    Roles in capitals, the pair joined by a plus in the order of the alphabet; `turned_role_pair` is the same the other way round. A login of which
    nobody says the person or the roles, and that has no pair by itself, is a row without a pair. Not in use: not active, or before or after its days.
    """
    until, since = pl.col("active_to"), pl.col("active_from")
    in_use = (
        pl.col("is_active").fill_null(value=True)
        & ~(until < engagement.as_of).fill_null(value=False)
        & ~(since > engagement.as_of).fill_null(value=False)
    )
    logins = table(accepted, "user").filter(in_use).select(
        "user_id", "roles", "source_file", "source_row", person=pl.coalesce("person_id", "user_id"), is_person_known=pl.col("person_id").is_not_null()
    ).collect()  # fmt: skip
    held = (
        logins.with_columns(role=pl.col("roles").str.to_uppercase().str.extract_all(_ROLE).list.eval(pl.element().str.strip_chars()))
        .explode("role")
        .filter(pl.col("role").is_not_null() & (pl.col("role") != ""))
        .group_by("person", "role")
        .agg(first_login=pl.col("user_id").min())
    )
    pairs = held.join(held, on="person", how="inner", suffix="_2").filter(pl.col("role") < pl.col("role_2"))
    persons = logins.group_by("person").agg(
        is_known=(pl.col("is_person_known") & pl.col("roles").is_not_null()).all(),
        login_count=pl.col("user_id").n_unique().cast(pl.Int64),
        source_file=pl.col("source_file").sort_by("source_file", "source_row").first(),
        source_row=pl.col("source_row").sort_by("source_file", "source_row").first(),
    )
    unknown = persons.filter(~pl.col("is_known")).join(pairs, on="person", how="anti").select("person")
    rows = pl.concat([pairs, unknown], how="diagonal").join(persons, on="person", how="left", validate="m:1")
    told = rows.with_columns(
        document_type=pl.lit("user"),
        subject_number="person",
        made_by="person",
        second_login="first_login_2",
        role_pair=pl.concat_str("role", "role_2", separator="+"),
        turned_role_pair=pl.concat_str("role_2", "role", separator="+"),
        **{name: pl.lit(None, dtype=pl.String) for name in ("cycle", "company_code", "party_id", "currency")},
    )
    return told.lazy().select(pl.col(name).cast(kind) for name, kind in schema("role_pair").items()).sort("subject_number", "role_pair")
