"""Rows fit to be audited, judged by pandera; the others are set aside cell by cell."""

from __future__ import annotations

import sys
import threading
from functools import cache
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.documents import SOURCE_FILE, SOURCE_ROW, TABLES, schema
from recon.domain.workpapers import REJECTED
from recon.validate.row_rules import SENTENCES, RowRule, placeholder_rules, rules, size_rules

if TYPE_CHECKING:
    from collections.abc import Callable

#: Types of the columns of `results/rejected_rows.csv`.
REJECTED_SCHEMA: Final = dict.fromkeys(REJECTED, pl.String()) | {SOURCE_ROW: pl.UInt32()}


#: Held while pandera is imported: whoever comes second waits, and never sees a half-imported library.
_IMPORTING: Final = threading.Lock()


class DocumentsUntypedError(RuntimeError):
    """A table arrived with another type than the canonical one: a defect of ours, not of the data."""


def prepare() -> None:
    """Import pandera in a thread of its own: it takes a while, best spent while files are read."""
    threading.Thread(target=_import_pandera, name="recon-import-pandera", daemon=True).start()


def failing_cells(table: str, frame: pl.DataFrame, placeholders: tuple[str, ...] = ()) -> pl.DataFrame:
    """The cells of `frame` that break a rule of `table`: `row` (position in the frame) and the REJECTED columns.

    `frame` holds any part of the table's canonical columns; a required column that is absent counts as empty in every row.
    `placeholders`: what required texts may not be, since it stands for an empty field.
    """
    if not frame.height:
        return _empty_cells()
    absent = [name for name in TABLES[table].required if name not in frame.columns]
    frame = frame.with_columns(pl.lit(None, dtype=schema(table)[name]).alias(name) for name in absent)
    failures = _pandera_failures(table, frame, placeholders)
    if failures is None:
        return _empty_cells()
    provenance = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), SOURCE_FILE, SOURCE_ROW)
    sentence = pl.col("rule").replace_strict(SENTENCES, return_dtype=pl.String)
    return (
        failures.join(provenance, on="row", how="left", validate="m:1")
        .with_columns(table=pl.lit(table), value=_plain(pl.col("value")), message=pl.format("{} {}", "column", sentence))
        .select("row", *REJECTED)
        .sort("row", "column", "rule")
    )


def _empty_cells() -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.UInt32(), **REJECTED_SCHEMA})


def _plain(value: pl.Expr) -> pl.Expr:
    """A decimal without the zeros that its type adds; anything else as it is."""
    return pl.when(value.str.contains(r"^-?\d+\.\d+$")).then(value.str.strip_chars_end("0").str.strip_chars_end(".")).otherwise(value)


def _pandera_failures(table: str, frame: pl.DataFrame, placeholders: tuple[str, ...]) -> pl.DataFrame | None:
    """`row`, `column`, `rule`, `value` of every failing cell, or None."""
    _import_pandera()
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    more = (*size_rules(frame), *placeholder_rules(table, frame, placeholders))
    schema_of_rows = _with(table, frozenset(frame.columns), more) if more else _schema(table, frozenset(frame.columns))
    # Set here because an environment variable can switch pandera off or to another depth without a word.
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA, use_narwhals_backend=False):
        try:
            schema_of_rows.validate(frame, lazy=True)
        except SchemaErrors as errors:
            cases: pl.DataFrame = errors.failure_cases
        else:
            return None
    if cases["index"].null_count():
        where = cases.filter(pl.col("index").is_null()).select("column", "check", "failure_case").rows()
        message = f"{table} is not typed as its canonical schema says: {where}"
        raise DocumentsUntypedError(message)
    return cases.select(
        row=pl.col("index").cast(pl.UInt32),
        column="column",
        rule=pl.col("check").replace("not_nullable", "missing_value"),
        value=pl.when(pl.col("check") != "not_nullable").then("failure_case"),
    )


@cache
def _schema(table: str, columns: frozenset[str]) -> Any:  # noqa: ANN401 - pandera is imported where it is used
    return _with(table, columns, ())


def _with(table: str, columns: frozenset[str], more: tuple[RowRule, ...]) -> Any:  # noqa: ANN401 - pandera is imported where it is used
    import pandera.polars as pa

    checks: dict[str, list[pa.Check]] = {}
    for rule in (*rules(table, columns), *more):
        checks.setdefault(rule.column, []).append(pa.Check(_condition(rule.holds), error=rule.name))
    types = schema(table)
    return pa.DataFrameSchema(
        {c.name: pa.Column(types[c.name], checks.get(c.name), nullable=not c.required) for c in TABLES[table].columns if c.name in columns}
    )


def _condition(holds: pl.Expr) -> Callable[[Any], pl.LazyFrame]:
    def check(data: Any) -> pl.LazyFrame:  # noqa: ANN401 - pandera's PolarsData
        judged: pl.LazyFrame = data.lazyframe.select(holds)
        return judged

    return check


class _WithoutPandas(MetaPathFinder):
    """Tells the thread that imports pandera that there is no pandas.

    pandera imports it wherever it is installed (Great Expectations needs it, in a process of its own) and does without it where it is
    not, as we do: two thirds of the time and 400 modules less.
    """

    def __init__(self) -> None:
        """For the thread that makes it, and no other."""
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - the finders' signature
        """Nothing, so that the next finder is asked; refuses pandas."""
        if fullname == "pandas" and threading.get_ident() == self._thread:
            message = "No module named 'pandas'"
            raise ModuleNotFoundError(message, name=fullname)


def _import_pandera() -> None:
    with _IMPORTING:
        if "pandera.polars" in sys.modules:
            return
        without_pandas = _WithoutPandas()
        sys.meta_path.insert(0, without_pandas)
        try:
            import pandera.polars  # noqa: F401
        finally:
            sys.meta_path.remove(without_pandas)
