"""An earlier published run, read back: verified first, because a memory that was tampered with is worse than none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from recon.domain import manifest
from recon.domain.errors import InputsRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class PublishedRun:
    """What the memory needs of a run: its manifest, its exceptions (columns of `workpapers.EXCEPTIONS`), its summary."""

    folder: Path
    facts: Mapping[str, Any]
    exceptions: pl.DataFrame
    summary: Mapping[str, Any]

    @property
    def as_of(self) -> date:
        """The day the run speaks about."""
        return date.fromisoformat(self.facts["engagement"]["as_of"])

    @property
    def terms(self) -> Mapping[str, Any]:
        """Its engagement, as JSON holds it."""
        return dict(self.facts["engagement"])

    def statuses(self) -> dict[str, str]:
        """Control id -> status of its control matrix."""
        controls = pl.read_csv(self.folder / "results" / "controls.csv", columns=["control_id", "status"], infer_schema=False)
        return dict(zip(controls["control_id"].to_list(), controls["status"].to_list(), strict=True))


def read_run(folder: Path) -> PublishedRun:
    """Read a published run back.

    Raises TermsRefused when the folder is none, InputsRefused when any of its files is not as it was published.
    """
    facts = manifest.read(folder)
    found = manifest.differences(folder)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        todo = "take the run from a backup, or name another"
        raise InputsRefused("the earlier run is not as it was published", where=str(folder), got=found[0] + more, todo=todo)
    exceptions = pl.read_parquet(folder / "results" / "exceptions.parquet")
    answered_for = folder / "results" / "suppressed.parquet"
    if answered_for.exists():  # found then as well: a suppression that ends must not make an old exception a new one
        exceptions = pl.concat([exceptions, pl.read_parquet(answered_for).select(exceptions.columns)])
    summary = json.loads((folder / "results" / "summary.json").read_text(encoding="utf-8"))
    return PublishedRun(folder, facts, exceptions, summary)
