"""Suppressions: exceptions somebody has answered for. They are found, counted and listed all the same, in a list of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.workpapers import SUPPRESSIONS

if TYPE_CHECKING:
    from recon.domain.engagement import Engagement, Suppression

#: What became of a suppression: it spoke for exceptions, for none, or its day has passed (or not yet come).
STATES: Final = ("in_force", "matched_nothing", "expired", "not_yet_in_force")


def parted(exceptions: pl.DataFrame, engagement: Engagement) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Exceptions that stay, those suppressed (with `suppression`, the record's place in the engagement), and one row per record.

    Of several suppressions of one exception the first in the engagement speaks. Rows keep their order.
    """
    said = pl.lit(None, dtype=pl.UInt32)
    for place, suppression in reversed(list(enumerate(engagement.suppressions))):
        if _state(suppression, engagement) is None:
            said = pl.when(_covers(suppression)).then(pl.lit(place, dtype=pl.UInt32)).otherwise(said)
    told = exceptions.with_columns(suppression=said)
    hidden = told.filter(pl.col("suppression").is_not_null())
    records = [_record(place, suppression, hidden, engagement) for place, suppression in enumerate(engagement.suppressions)]
    schema = dict.fromkeys(SUPPRESSIONS, pl.String()) | {"exceptions": pl.Int64(), "amount_at_risk_base": exceptions.schema["amount_at_risk_base"]}
    schema |= {"suppression": pl.UInt32(), "approved_on": pl.Date(), "expires": pl.Date()}
    return told.filter(pl.col("suppression").is_null()).drop("suppression"), hidden, pl.DataFrame(records, schema=schema, orient="row")


def _covers(suppression: Suppression) -> pl.Expr:
    named = pl.col("exception_id").is_in(suppression.exception_ids) if suppression.exception_ids else pl.lit(value=True)
    here = [(pl.col(column) == value).fill_null(value=False) for column, value in suppression.where.items()]
    return (pl.col("control_id") == suppression.control) & named & pl.all_horizontal([pl.lit(value=True), *here])


def _state(suppression: Suppression, engagement: Engagement) -> str | None:
    if suppression.expires < engagement.as_of:
        return "expired"
    return "not_yet_in_force" if suppression.approved_on > engagement.as_of else None


def _record(place: int, suppression: Suppression, hidden: pl.DataFrame, engagement: Engagement) -> dict[str, Any]:
    own = hidden.filter(pl.col("suppression") == place)
    scope = [f"{column} {value}" for column, value in suppression.where.items()] + [f"exception {i}" for i in suppression.exception_ids]
    return {
        "suppression": place,
        "control_id": suppression.control,
        "scope": ", ".join(scope),
        "owner": suppression.owner,
        "approver": suppression.approver,
        "reason": suppression.reason,
        "approved_on": suppression.approved_on,
        "expires": suppression.expires,
        "state": _state(suppression, engagement) or ("in_force" if own.height else "matched_nothing"),
        "exceptions": own.height,
        "amount_at_risk_base": own["amount_at_risk_base"].sum(),
    }
