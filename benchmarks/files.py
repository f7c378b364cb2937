"""The company of `company.py` as files with the engagements that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.company import parts_of_company
from benchmarks.drawing import AS_OF

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_COMPLETE: Final = "complete"


def write_company(folder: Path, lines: int, forms: tuple[str, ...]) -> None:
    """Write the company to folder/<form>/<table>_part<NN>.<form> and one engagement per form. What is there already is kept."""
    missing = [form for form in forms if not (folder / form / _COMPLETE).exists()]
    if not missing:
        return
    for form in missing:
        (folder / form).mkdir(parents=True, exist_ok=True)
    tables: set[str] = set()
    for number, part in enumerate(parts_of_company(lines)):
        for table, frame in part.items():
            tables.add(table)
            for form in missing:
                _write(frame, folder / form / f"{table}_part{number:02d}.{form}", form)
    for form in missing:
        (folder / f"engagement_{form}.yaml").write_text(_engagement(sorted(tables), form), encoding="utf-8")
        (folder / form / _COMPLETE).touch()


def _write(frame: pl.DataFrame, path: Path, form: str) -> None:
    if form == "parquet":
        frame.write_parquet(path, compression="zstd", compression_level=1)
    else:
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")


def _engagement(tables: list[str], form: str) -> str:
    extracts = "".join(f"  {table}: {form}/{table}_part*.{form}\n" for table in tables)
    year_ago = AS_OF.replace(day=1)
    return (
        f"entity: Benchmark\nas_of: {AS_OF}\nperiod: {{from: {year_ago}, to: {AS_OF}}}\ncurrency: CNY\nsource: canonical\n"
        f"fail_on: never\nsecond_opinion: false\nextracts:\n{extracts}"
    )
