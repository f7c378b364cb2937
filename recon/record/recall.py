"""An earlier published run as the rooms compare this one with it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import measures, volumes
from recon.domain.errors import InputsRefused
from recon.domain.known_lines import known_lines
from recon.domain.workpapers import FULFILMENT_LINES, INVOICE_LINES, ORDER_LINES, SETTLEMENTS, EarlierRun
from recon.record.history import PublishedRun, read_run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from recon.domain.engagement import Engagement

#: Published tables that hold a run's document lines.
_LINES: Final = {"order_lines": ORDER_LINES, "fulfilment_lines": FULFILMENT_LINES, "invoice_lines": INVOICE_LINES, "settlements": SETTLEMENTS}


def recall(folder: Path, engagement: Engagement) -> PublishedRun:
    """The run published at `folder`, verified, as a memory for a run of this engagement.

    Raises TermsRefused when it is no published run, InputsRefused when it is damaged, of another entity or currency, or later.
    """
    earlier = read_run(folder)
    _refuse_stranger(earlier, engagement)
    return earlier


def earlier_run(run: PublishedRun) -> EarlierRun:
    """What the run knew. Its tables are read when they are asked for; what an older recon did not publish is None."""
    period = run.terms["period"]
    return EarlierRun(
        as_of=run.as_of,
        period_from=date.fromisoformat(period["from"]),
        lines=_lines(run.folder),
        roll_forward=_table(run.folder, "roll_forward", measures.schema("roll_forward")),
        volumes=_table(run.folder, "volumes", volumes.SCHEMA),
        series=_table(run.folder, "number_series", measures.schema("number_series")),
    )


def _lines(folder: Path) -> pl.LazyFrame | None:
    plans = []
    for name, columns in _LINES.items():
        path = folder / "results" / f"{name}.parquet"
        if not path.is_file():
            return None
        plan = pl.scan_parquet(path)
        if not set(columns) <= set(plan.collect_schema().names()):
            return None
        plans.append(plan)
    return known_lines(*plans)


def _table(folder: Path, name: str, columns: Mapping[str, pl.DataType]) -> pl.DataFrame | None:
    path = folder / "results" / f"{name}.csv"
    if not path.is_file():
        return None
    texts = pl.read_csv(path, infer_schema=False)
    return texts.select(pl.col(column).str.to_date() if kind == pl.Date else pl.col(column).cast(kind) for column, kind in columns.items())


def _refuse_stranger(earlier: PublishedRun, engagement: Engagement) -> None:
    """An earlier run of another entity, currency or a later day is no memory of this one."""
    where = str(earlier.folder)
    for word, mine in (("entity", engagement.entity), ("currency", engagement.currency)):
        theirs = str(earlier.terms[word])
        if theirs != mine:
            todo = "name a run of the same engagement as history"
            raise InputsRefused(f"the earlier run is of another {word}", where=where, expected=mine, got=theirs, todo=todo)
    if earlier.as_of > engagement.as_of:
        expected = f"as of {engagement.as_of} or before"
        raise InputsRefused(
            "the earlier run is later than this one", where=where, expected=expected, got=str(earlier.as_of), todo="name an earlier run"
        )
