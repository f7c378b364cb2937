"""Whether who approved had any say at all that day: roles in the policy, authority lent, still in the company. Bucket-local."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.money import MONEY
from recon.match.calendars import hours_of
from recon.match.given import earliest_moment, is_given, table

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Accepted

_SUBJECT: Final = ("event_id", "company_code", "document_type", "item_group", "day")
_STAMP: Final = pl.Datetime("us", "UTC")


def with_standing(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    """Add to approving events what their actor stood on.

    `has_authority`: the policy names a role of the actor, or of somebody who had lent them authority, for the company, type and
    group of the document on that day; null where roles or policy are unknown. `delegation_is_valid`, `delegation_cap_amount`,
    `delegation_is_circular`: of the authority that an approval for another was given under; null for approvals in one's own name
    and where no delegations were given. `left_on` and `hours_after_leaving`: against the end of the actor's last day; `begins_on` and
    `hours_before_beginning`: against the start of the first, each as favourable as the stamp allows;
    `leaving_is_known` is false for actors who are not on file, or are no longer active since nobody knows when.
    """
    lent = _lent(rows, accepted)
    own = _covered(rows.select(*_SUBJECT, user_id="actor_id"), accepted)
    by_loan = _covered(lent.select(*_SUBJECT, user_id="from_user"), accepted)
    joined = rows.join(_any(own, "own"), on="event_id", how="left", validate="1:1")
    joined = joined.join(_any(by_loan, "by_loan"), on="event_id", how="left", validate="1:1")
    lent_it = pl.col("by_loan").fill_null(value=False)
    joined = joined.with_columns(has_authority=pl.when(lent_it).then(statement=True).otherwise("own"))
    joined = joined.join(_used(lent), on="event_id", how="left", validate="1:1")
    return _with_leaving(_with_delegation(joined, accepted), accepted, engagement)


def _lent(rows: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """Delegations to the actor that hold on the day, from the person acted for where one is named; and whether it was lent back."""
    given = table(accepted, "delegation").select("from_user", "to_user", "valid_from", "valid_to", cap="limit_amount").collect()
    holds = (pl.col("valid_from") <= pl.col("day")) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("day")))
    met = rows.select(*_SUBJECT, "actor_id", "on_behalf_of").join(given, left_on="actor_id", right_on="to_user", how="inner")
    met = met.filter(holds & (pl.col("on_behalf_of").is_null() | (pl.col("on_behalf_of") == pl.col("from_user")))).drop("valid_from", "valid_to")
    back = given.select(actor_id="from_user", from_user="to_user", valid_from="valid_from", valid_to="valid_to")
    returned = met.join(back, on=["actor_id", "from_user"], how="inner").filter(holds).select("event_id", is_back=pl.lit(value=True)).unique()
    return met.join(returned, on="event_id", how="left", validate="m:1")


def _used(lent: pl.DataFrame) -> pl.DataFrame:
    """By event: under which delegation from the person acted for it was given; the widest of several."""
    named = lent.filter(pl.col("on_behalf_of").is_not_null())
    return named.group_by("event_id").agg(
        is_lent=pl.lit(value=True),
        delegation_cap_amount=pl.when(pl.col("cap").null_count() == 0).then(pl.col("cap").max()).cast(MONEY),
        delegation_is_circular=pl.col("is_back").any(),
    )


def _with_delegation(rows: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    is_for_another = pl.col("on_behalf_of").is_not_null() & (pl.col("on_behalf_of") != pl.col("actor_id"))
    knows = is_for_another & pl.lit(is_given(accepted, "delegation"))
    return rows.with_columns(
        delegation_is_valid=pl.when(knows).then(pl.col("is_lent").fill_null(value=False)),
        delegation_is_circular=pl.when(knows).then(pl.col("delegation_is_circular").fill_null(value=False)),
    )


def _covered(subjects: pl.DataFrame, accepted: Accepted) -> pl.DataFrame:
    """event_id, covered: whether the policy names a role of the user; null where the user's roles or the policy's are unknown."""
    if not is_given(accepted, "approval_policy", "required_role"):
        return subjects.select("event_id", covered=pl.lit(None, dtype=pl.Boolean))
    users = table(accepted, "user").select("user_id", "roles").collect().unique("user_id", keep="any")
    # many events of one person, type and day stand on the same ground: it is looked at once
    ground = [name for name in (*_SUBJECT, "user_id") if name != "event_id"]
    told = subjects.select(ground).unique(maintain_order=True).join(users, on="user_id", how="left", validate="m:1").with_row_index("place")
    bands = table(accepted, "approval_policy").filter(pl.col("required_role").is_not_null()).select(
        "document_type", "valid_from", "valid_to", role=pl.col("required_role").str.strip_chars().str.to_uppercase(),
        band_company="company_code", band_group="item_group",
    ).unique().collect()  # fmt: skip
    held = told.filter(pl.col("roles").is_not_null()).with_columns(role=pl.col("roles").str.extract_all(r"[^,;，；]+")).explode("role")
    met = held.with_columns(pl.col("role").str.strip_chars().str.to_uppercase()).join(bands, on=["document_type", "role"], how="inner")
    fits = met.filter(
        (pl.col("band_company").is_null() | (pl.col("band_company") == pl.col("company_code")))
        & (pl.col("band_group").is_null() | pl.col("item_group").is_null() | (pl.col("band_group") == pl.col("item_group")))
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= pl.col("day")))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("day")))
    )
    is_covered = pl.col("place").is_in(fits["place"].unique().implode())
    answers = told.select(*ground, covered=pl.when(pl.col("roles").is_not_null()).then(is_covered))
    return subjects.join(answers, on=ground, how="left", validate="m:1", nulls_equal=True).select("event_id", "covered")


def _any(covered: pl.DataFrame, name: str) -> pl.DataFrame:
    known = pl.col("covered").drop_nulls()
    return covered.group_by("event_id").agg(pl.when(known.len() > 0).then(known.any()).alias(name))


def _with_leaving(rows: pl.DataFrame, accepted: Accepted, engagement: Engagement) -> pl.DataFrame:
    said = {"actor_id": "user_id", "left_on": "active_to", "begins_on": "active_from", "is_active": "is_active"}
    users = table(accepted, "user").select(**said, is_on_file=pl.lit(value=True)).collect()
    told = rows.join(users.unique("actor_id", keep="any"), on="actor_id", how="left", validate="m:1")

    def midnight(day: pl.Expr) -> pl.Expr:
        return earliest_moment(day.cast(_STAMP), pl.lit(value=True), engagement)

    evening, morning = midnight(pl.col("left_on").dt.offset_by("1d")), midnight(pl.col("begins_on"))
    is_known = pl.col("is_on_file").fill_null(value=False) & (pl.col("left_on").is_not_null() | pl.col("is_active").fill_null(value=False))
    return told.with_columns(
        hours_after_leaving=hours_of(pl.col("from_at") - evening),
        hours_before_beginning=hours_of(morning - pl.col("until_at")),
        leaving_is_known=is_known,
    )
