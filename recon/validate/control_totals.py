"""Control totals: what the source system says it sent, against what was loaded, before any row is set aside.

A figure made from a truncated table is worse than none, so a difference refuses the inputs unless the table's expectations
file asks for something milder.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.control import Remark
from recon.domain.documents import SOURCE_FILE, SOURCE_ROW, TABLES
from recon.domain.errors import InputsRefused, did_you_mean
from recon.domain.expectation import ControlTotalRule
from recon.validate.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.domain.expectation import TableExpectations
    from recon.domain.workpapers import Extracts

_WHY: Final = Remark(
    en="a table that is not what the source sent makes every figure made from it wrong", zh="该表与源系统发送的不一致，由它得出的每个数字都是错的"
)
_DEFAULT: Final = ControlTotalRule(severity="stop", why=_WHY)
_SUMMED_KINDS: Final = ("money", "quantity", "price", "count")
_PLAIN_NUMBER: Final = r"^-?\d+(\.\d+)?$"


#: One figure in English and in Chinese.
_Said = tuple[str, str]


@dataclass(frozen=True)
class _Loaded:
    """What was loaded of one table: conformed rows, and rows set aside before (their cells as text where they can be found)."""

    table: str
    frame: pl.DataFrame
    set_aside: pl.DataFrame  # source_file, source_row
    extracts: Extracts


def compare(
    frames: Mapping[str, pl.DataFrame], rejected: pl.DataFrame, extracts: Extracts, expectations: Mapping[str, TableExpectations]
) -> list[Statement]:
    """One statement per control total and per loaded table without one.

    `frames` are the conformed tables, `rejected` the rows set aside so far. Raises InputsRefused on the first difference
    beyond the tolerance of a rule of severity `stop`.
    """
    totals = frames["control_total"].to_dicts() if "control_total" in frames else []
    said = []
    for total in sorted(totals, key=lambda t: (t.get("table") or "", t.get(SOURCE_FILE) or "", t.get("amount_column") or "")):
        table = str(total.get("table"))
        if table not in frames:
            said.append(_not_loaded(table, total))
            continue
        # A rejected "row" without a number is a whole file that was not read because another one says the same.
        of_rows = (pl.col("table") == table) & pl.col(SOURCE_ROW).is_not_null()
        aside = rejected.filter(of_rows).select(SOURCE_FILE, pl.col(SOURCE_ROW).cast(pl.UInt32)).unique()
        rule = expectations[table].control_total if table in expectations else None
        said.append(_compared(total, _of_file(_Loaded(table, frames[table], aside, extracts), total.get(SOURCE_FILE)), rule or _DEFAULT))
    spoken_of = {total.get("table") for total in totals}
    return said + [_unproven(name) for name, t in TABLES.items() if name in frames and t.total is not None and name not in spoken_of]


def _of_file(loaded: _Loaded, file: str | None) -> _Loaded:
    """The part of a table that came from `file`, named as in the engagement or by its last part; everything when None."""
    if file is None:
        return loaded
    read_instead = {f.name: f.repeats for f in loaded.extracts.files if f.repeats is not None}
    file = next((kept for name, kept in read_instead.items() if name == file or name.endswith(f"/{file}")), file)
    this = (pl.col(SOURCE_FILE) == file) | pl.col(SOURCE_FILE).str.ends_with(f"/{file}")
    return _Loaded(loaded.table, loaded.frame.filter(this), loaded.set_aside.filter(this), loaded.extracts)


def _compared(total: Mapping[str, Any], loaded: _Loaded, rule: ControlTotalRule) -> Statement:
    table, file, column = loaded.table, total.get(SOURCE_FILE), total.get("amount_column")
    expected: list[_Said] = []
    got: list[_Said] = []
    unreadable = 0
    rows_differ = amount_differs = False
    if total.get("row_count") is not None:
        rows = loaded.frame.height + loaded.set_aside.height
        expected.append((f"{total['row_count']:,} rows", f"{total['row_count']:,} 行"))
        got.append((f"{rows:,} rows", f"{rows:,} 行"))
        rows_differ = abs(rows - total["row_count"]) > Decimal(rule.row_count_tolerance)
    if total.get("amount_total") is not None and column is not None:
        _refuse_unsummable(table, column)
        amount, unreadable = _sum(loaded, column)
        expected.append((f"{column} {_figure(total['amount_total'])}",) * 2)
        got.append((f"{column} {_figure(amount)}",) * 2)
        if unreadable:
            got.append((f"{unreadable:,} rows whose {column} cannot be read", f"另有 {unreadable:,} 行的 {column} 无法读取"))
        amount_differs = abs(amount - total["amount_total"]) > Decimal(rule.amount_tolerance)
    # A cell that cannot be read explains a difference in the sum: its row is set aside and reported, which is no reason to stop.
    if rule.severity == "stop" and (rows_differ or (amount_differs and not unreadable)):
        raise InputsRefused(
            "the table is not what the source system says it sent",
            where=f"{table} ({file})" if file else table,
            expected=_joined(expected),
            got=_joined(got),
            todo="extract the table again; if the control total was taken at another time, take both together",
        )
    return _statement(total, rule, holds=not (rows_differ or amount_differs) if expected else None, expected=expected, got=got)


def _joined(said: list[_Said], language: int = 0) -> str:
    return ("、" if language else " and ").join(words[language] for words in said)


def _figure(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def _refuse_unsummable(table: str, column: str) -> None:
    known = {c.name for c in TABLES[table].columns if c.kind in _SUMMED_KINDS}
    if column not in known:
        raise InputsRefused(
            f'the control total adds up "{column}", which {table} does not have as an amount',
            where="control_total:amount_column",
            expected=", ".join(sorted(known)),
            got=column,
            todo=did_you_mean(column, known) or "name one of the columns above",
        )


def _sum(loaded: _Loaded, column: str) -> tuple[Decimal, int]:
    """The exact sum of a column over all loaded rows, and how many rows set aside before have no readable value in it."""
    conformed = Decimal(loaded.frame[column].sum() if column in loaded.frame.columns else 0)
    if not loaded.set_aside.height:
        return conformed, 0
    cells = [
        extract.frame.select(SOURCE_FILE, pl.col(SOURCE_ROW).cast(pl.UInt32), pl.col(column).cast(pl.String).alias("cell"))
        for extract in loaded.extracts.inputs.values()
        if column in extract.columns
    ]
    if not cells:
        return conformed, loaded.set_aside.height
    found = pl.concat(cells).join(loaded.set_aside.lazy(), on=[SOURCE_FILE, SOURCE_ROW], how="semi").collect()
    read = found.filter(pl.col("cell").str.contains(_PLAIN_NUMBER))["cell"].to_list()
    return conformed + sum((Decimal(cell) for cell in read), start=Decimal(0)), loaded.set_aside.height - len(read)


def _statement(total: Mapping[str, Any], rule: ControlTotalRule, *, holds: bool | None, expected: list[_Said], got: list[_Said]) -> Statement:
    table, file = str(total["table"]), total.get(SOURCE_FILE)
    name = f"{table} ({file})" if file else table
    want, have = _joined(expected) or "nothing to compare", _joined(got)
    verdict = {True: "as sent", False: "not as sent", None: "not compared: the control total names no figure"}[holds]
    verdict_zh = {True: "与源系统一致", False: "与源系统不一致", None: "控制总数没有给出数字，无法比较"}[holds]
    severity = "critical" if rule.severity == "stop" else rule.severity
    return Statement(
        table,
        "control_total",
        severity,
        holds,
        have,
        want,
        f"{name} is {verdict}: sent {want}, loaded {have or 'nothing'} ({rule.why.en})",
        f"{name}：{verdict_zh}；源系统：{_joined(expected, 1) or '无可比较'}；已读入：{_joined(got, 1) or '无'}（{rule.why.zh}）",
    )


def _not_loaded(table: str, total: Mapping[str, Any]) -> Statement:
    hint = "" if table in TABLES else f" There is no canonical table of this name. {did_you_mean(table, set(TABLES))}".rstrip()
    sent = "; ".join(f"{total[name]}" for name in ("row_count", "amount_total") if total.get(name) is not None)
    return Statement(
        table,
        "control_total",
        "high",
        holds=False,
        observed="not among the extracts",
        expected=sent,
        message=f"the source system sent {table}, which is not among the extracts of this engagement.{hint}",
        message_zh=f"源系统发送了 {table}，但本次业务约定的数据中没有该表",
    )


def _unproven(table: str) -> Statement:
    return Statement(
        table,
        "control_total",
        "low",
        None,
        "no control total",
        "what the source system says it sent",
        f"no control total was given for {table}: that it is complete is not proven",
        f"未提供 {table} 的控制总数：其完整性未经证明",
    )
