"""Aliases of exceptions in masked editions.

An exception's id is a hash of its control and document. Where the document is a person, or a person tells two documents apart, a
reader could try names until one gives the id. Editions that mask persons (or bank accounts) therefore show another id for these
exceptions: a hash keyed by the run (`Workpapers.alias_key`), which stays with the run and those that follow it, so that the readers
of an edition can still speak with each other, and with the company, about one finding.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain.sensitive import PERSONS, columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.domain.control import Control
    from recon.domain.workpapers import Workpapers

_DIGITS: Final = 20
_IDS: Final = ("exception_id", "cause_exception_id")


def aliases(workpapers: Workpapers, masks: frozenset[str]) -> Mapping[str, str]:
    """Id -> alias of every exception, suppressed or changed one whose id speaks of a field of these classes."""
    columns = columns_of(masks)
    if not columns:
        return {}
    register = workpapers.register
    tables = [register.exceptions, register.changes, *([register.suppressed] if register.suppressed is not None else [])]
    speaking = _speaking(workpapers.controls, columns)
    known = [control.id for control in workpapers.controls]
    is_telling = pl.col("control_id").is_in(speaking) | ~pl.col("control_id").is_in(known)  # of a control that is gone nobody knows
    if columns & PERSONS:
        is_telling |= (pl.col("document_type") == "user").fill_null(value=False)
    found = pl.concat([table.filter(is_telling).select("exception_id") for table in tables])["exception_id"].drop_nulls().unique().sort()
    key = workpapers.alias_key.encode()
    return {one: hmac.digest(key, one.encode(), "sha256").hex()[:_DIGITS] for one in found.to_list()}


def _speaking(controls: Sequence[Control], columns: frozenset[str]) -> list[str]:
    """Controls whose exceptions are told apart by one of these columns, or are about it."""
    return [
        control.id
        for control in controls
        if columns & {control.subject.document_number, control.subject.document_line_no, *control.subject.distinguished_by}
    ]


def renamed(rows: pl.DataFrame, named: Mapping[str, str]) -> pl.DataFrame:
    """The rows with aliases in place of ids."""
    if not named:
        return rows
    old, new = list(named), list(named.values())
    return rows.with_columns(pl.col(name).replace(old, new) for name in _IDS if name in rows.columns)
