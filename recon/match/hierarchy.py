"""Who stands above an approver, and whether one of them made what was approved. Bucket-local.

The line of managers is that of the extract: today's line, applied to documents of any day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.match.duties import made_by
from recon.match.given import is_given, table

if TYPE_CHECKING:
    from recon.domain.workpapers import Accepted
    from recon.match.given import MeasuredLines

#: steps upwards that are looked at; no company is as deep, and a line that runs in a circle ends here
_DEEPEST: Final = 50


def with_superiors(rows: pl.DataFrame, accepted: Accepted, lines: MeasuredLines) -> pl.DataFrame:
    """Add to approving events `superior_id`, who asked for or entered the document and stands above the approver, and `superior_depth`, how many steps above.

    The nearest where there are several. Persons are compared, not logins. `line_is_known`: the approver's line of managers is on file up to somebody who
    has none and is a manager; otherwise nobody found proves nothing.
    """
    if not is_given(accepted, "user", "manager_id"):
        return rows.with_columns(
            superior_id=pl.lit(None, dtype=pl.String), superior_depth=pl.lit(None, dtype=pl.Int64), line_is_known=pl.lit(value=False)
        )
    users = (
        table(accepted, "user").select("user_id", "manager_id", person=pl.coalesce("person_id", "user_id")).unique("user_id", keep="any").collect()
    )
    line, known = _upwards(rows["actor_id"].drop_nulls().unique(), users)
    logins = line.join(users.select("person", login="user_id"), on="person", how="inner")
    documents = rows.filter(pl.col("document_id").is_not_null()).select(
        "document_id", "cycle", "company_code", "document_type", "party_id", number="document_number"
    )
    makers = made_by(documents.unique().lazy(), accepted, lines, logins["login"].unique().implode()).collect()
    met = rows.select("event_id", "document_id", "actor_id").join(makers, on="document_id", how="inner")
    above = met.join(logins, left_on=["actor_id", "user_id"], right_on=["actor_id", "login"], how="inner").sort("event_id", "depth", "user_id")
    nearest = above.unique("event_id", keep="first", maintain_order=True).select("event_id", superior_id="user_id", superior_depth="depth")
    joined = rows.join(nearest, on="event_id", how="left", validate="1:1").join(known, on="actor_id", how="left", validate="m:1")
    return joined.with_columns(pl.col("line_is_known").fill_null(value=False))


def _upwards(actors: pl.Series, users: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(actor_id, person, depth) of everybody above each approver, at the fewest steps; (actor_id, line_is_known)."""
    managers = users["manager_id"].drop_nulls().unique().implode()
    persons = users.select(login="user_id", person="person")
    of_person = users.filter(pl.col("manager_id").is_not_null()).select("person", "manager_id").unique()
    top = users.group_by("person").agg(is_top=pl.col("manager_id").is_null().all() & pl.col("user_id").is_in(managers).any())
    here = pl.DataFrame({"actor_id": actors}).join(persons, left_on="actor_id", right_on="login", how="inner")
    own = here.rename({"person": "own"})
    seen, depth = here.with_columns(depth=pl.lit(0, dtype=pl.Int64)), 0
    while here.height and depth < _DEEPEST:
        depth += 1
        above = here.join(of_person, on="person", how="inner").drop("person").join(persons, left_on="manager_id", right_on="login", how="inner")
        here = above.select("actor_id", "person").unique().join(seen, on=["actor_id", "person"], how="anti")
        seen = pl.concat([seen, here.with_columns(depth=pl.lit(depth, dtype=pl.Int64))])
    reached = seen.join(top, on="person", how="left", validate="m:1").group_by("actor_id").agg(line_is_known=pl.col("is_top").any())
    line = seen.join(own, on="actor_id", how="inner").filter(pl.col("person") != pl.col("own")).drop("own")
    return line, reached
