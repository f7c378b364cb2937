"""Record: exceptions get their memory. When each was first seen, what is new, what is still open, what closed and by which document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon.domain.workpapers import CHANGES, Register
from recon.record.closing import Now, closed_by
from recon.record.history import PublishedRun
from recon.record.recall import recall
from recon.record.severity import graded
from recon.record.suppressions import parted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Matches, Outcomes


def record(
    outcomes: Outcomes, matches: Matches, engagement: Engagement, history: PublishedRun | Path | None, controls: Sequence[Control] = ()
) -> Register:
    """Remember: `first_seen` of each exception, and what changed since the run `history`, recalled or published in a folder.

    Without history every exception is first seen on this run's as-of date, and there are no changes. `change` is `new`,
    `still_open`, `closed`, `suppressed` (known before and now answered for) or, where its control or its row was not tested this time,
    `not_retested`. What `controls` need says which
    documents may close their exceptions.
    Raises TermsRefused when `history` is no published run, InputsRefused when it is damaged, of another entity or currency, or later.
    """
    if history is None:
        seen = outcomes.exceptions.with_columns(first_seen=pl.lit(engagement.as_of, pl.Date))
        open_ones, hidden, records = parted(graded(seen, engagement), engagement)
        return Register(open_ones, _in_shape(open_ones.clear(), "new"), suppressed=hidden, suppressions=records)
    earlier = history if isinstance(history, PublishedRun) else recall(history, engagement)
    remembered = earlier.exceptions.select("exception_id", first_seen_before=pl.col("first_seen").cast(pl.Date))
    exceptions = outcomes.exceptions.join(remembered, on="exception_id", how="left", validate="m:1", maintain_order="left")
    known = pl.col("first_seen_before").is_not_null()
    exceptions = exceptions.with_columns(first_seen=pl.coalesce("first_seen_before", pl.lit(engagement.as_of, pl.Date)), _known=known).drop(
        "first_seen_before"
    )
    open_ones, hidden, records = parted(graded(exceptions, engagement), engagement)
    gone = earlier.exceptions.join(outcomes.exceptions, on="exception_id", how="anti")
    parts = [
        _in_shape(open_ones.filter(~pl.col("_known")), "new"),
        _in_shape(open_ones.filter("_known"), "still_open"),
        _in_shape(hidden.filter("_known"), "suppressed"),
        _judged(closed_by(gone, Now(outcomes, matches, engagement, controls), earlier)),
    ]
    changes = pl.concat(parts).sort("change", "control_id", "exception_id")
    return Register(open_ones.drop("_known"), changes, earlier.summary, hidden.drop("_known"), records)


def _in_shape(exceptions: pl.DataFrame, change: str) -> pl.DataFrame:
    """Exceptions as rows of the changes table."""
    return exceptions.with_columns(change=pl.lit(change), closed_by=pl.lit(None, pl.String)).select(CHANGES)


def _judged(gone: pl.DataFrame) -> pl.DataFrame:
    """Exceptions that are not found any more: closed, unless nobody looked."""
    unseen = pl.col("closed_by").is_in(["control_not_performed", "not_testable_now"])
    return gone.with_columns(change=pl.when(unseen).then(pl.lit("not_retested")).otherwise(pl.lit("closed"))).select(CHANGES)
