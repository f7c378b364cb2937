"""The company of `company.py` as files with the engagements that read them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.company import parts_of_company
from benchmarks.drawing import AS_OF, FIRST_DAY

if TYPE_CHECKING:
    import polars as pl

#: The sources that draw the company; files that others drew are made anew.
_DRAWN_BY: Final = ("company.py", "drawing.py", "surroundings.py")
#: What is agreed in this company, so that only what is at fault is found when every control runs.
_AGREED: Final = """parameters:
  - {control: SLA-02, set: {lead_time_policy: promised_date}, why: a day of delivery is agreed for every line}
"""
#: Severer terms than were agreed, so that very much is found: about a tenth of the lines wait longer than this, whatever was promised.
MANY: Final = """parameters:
  - {control: SLA-02, set: {fulfilment_limit_hours: "275"}, why: a tenth of the lines are to be found late}
"""
#: The controls that `peer.sql` performs too. Both sides do the same work; what recon's other controls cost is not compared.
CONTROLS: Final = (
    "APR-01", "APR-02", "APR-03", "APR-04", "BAL-01", "DAT-08", "DAT-10", "DAT-13", "DAT-14", "DUP-01", "DUP-03", "MIS-01",
    "MIS-02", "MIS-03", "MIS-04", "MIS-05", "MIS-09", "MIS-10", "MIS-11", "PRC-01", "PRC-02", "PRC-07", "QTY-01", "QTY-02",
    "QTY-03", "QTY-05", "QTY-08", "QTY-12", "QTY-14", "TIM-05",
)  # fmt: skip


def write_company(folder: Path, lines: int, forms: tuple[str, ...]) -> None:
    """Write the company to folder/<form>/<table>_part<NN>.<form> and three engagements per form. What is there already is kept.

    engagement_<form>.yaml names the controls of the peer, every_control_<form>.yaml takes all, many_exceptions_<form>.yaml judges by severer terms.
    """
    complete = f"complete_{_drawing()}"
    missing = [form for form in forms if not (folder / form / complete).exists()]
    for form in missing:
        (folder / form).mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(parts_of_company(lines) if missing else ()):
        for table, frame in part.items():
            for form in missing:
                _write(frame, folder / form / f"{table}_part{number:02d}.{form}", form)
    for form in forms:
        tables = {path.name.rsplit("_part", 1)[0] for path in (folder / form).glob(f"*_part*.{form}")}
        terms = _engagement(sorted(tables), form)
        (folder / f"engagement_{form}.yaml").write_text(f"{terms}controls: {{include: [{', '.join(CONTROLS)}]}}\n", encoding="utf-8")
        (folder / f"every_control_{form}.yaml").write_text(terms + _AGREED, encoding="utf-8")
        (folder / f"many_exceptions_{form}.yaml").write_text(terms + MANY, encoding="utf-8")
        (folder / form / complete).touch()


def _drawing() -> str:
    """What draws the company, in a few letters."""
    texts = b"".join((Path(__file__).parent / name).read_bytes() for name in _DRAWN_BY)
    return hashlib.sha256(texts).hexdigest()[:12]


def _write(frame: pl.DataFrame, path: Path, form: str) -> None:
    if form == "parquet":
        frame.write_parquet(path, compression="zstd", compression_level=1)
    else:
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")


def _engagement(tables: list[str], form: str) -> str:
    extracts = "".join(f"  {table}: {form}/{table}_part*.{form}\n" for table in tables)
    return (
        f"entity: Benchmark\nas_of: {AS_OF}\nperiod: {{from: {FIRST_DAY}, to: {AS_OF}}}\ncurrency: CNY\nsource: canonical\n"
        f"fail_on: never\nsecond_opinion: false\nextracts:\n{extracts}"
    )
