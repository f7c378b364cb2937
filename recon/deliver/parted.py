"""One table of the results as a file per control or per input table, for readers who want one of them. The whole table stays the record."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from recon.deliver.pack_words import rows_of, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import polars as pl

#: Statuses of controls that judged something: such a control has a file, if only its header.
_JUDGED: Final = ("clean", "exceptions")


def by_control(run: Path) -> Iterator[tuple[str, bytes]]:
    """Path in the pack -> the exceptions of one control, for every control that judged something."""
    judged = [row["control_id"] for row in rows_of(run / "results" / "controls.csv") if row["status"] in _JUDGED]
    for name, content in _parted(run / "results" / "exceptions.csv", "control_id", judged):
        yield f"data/05_results/by_control/{name}.csv", content


def rejects(run: Path) -> Iterator[tuple[str, bytes]]:
    """Path in the pack -> the rows of one table that were set aside, cell by cell with the reason."""
    for name, content in _parted(run / "results" / "rejected_rows.csv", "table"):
        yield f"data/03_inputs/rejects/{name}.csv", content


def _parted(source: Path, column: str, every: Iterable[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Name -> the rows of `source` with one value in `column`, in their order and their bytes; of `every` value also without rows."""
    import polars as pl

    rows = pl.read_csv(source, infer_schema=False)
    parts = {str(key): part for (key,), part in rows.partition_by(column, maintain_order=True, as_dict=True).items()}
    for value in sorted({*parts, *every}):
        yield _file_name(value), _written(parts.get(value, rows.clear()))


def _written(rows: pl.DataFrame) -> bytes:
    return rows.write_csv(line_terminator="\n").encode()


def _file_name(value: str) -> str:
    """The value where a file may be called so, else what is left of it and a digest that tells it from others."""
    name = safe(value)
    return name if name == value else f"{name}_{hashlib.sha256(value.encode()).hexdigest()[:8]}"
