"""Expectations: what should be true of a whole table before anyone trusts a figure made from it.

One file per canonical table under rules/expectations/, named like the table. They state; they do not set rows aside. Only a
control total of severity `stop` ends the run, because a table that is not what the source sent makes every later figure wrong.
`load.rulebook.read_expectations` gives them as a mapping of table name to `TableExpectations`.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator, model_validator

from recon.domain.control import Remark
from recon.domain.documents import TABLES
from recon.domain.engagement import ExactText, Terms
from recon.domain.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

StatementSeverity = Literal["critical", "high", "medium", "low"]


class ControlTotalRule(Terms):
    """How far the rows and sums we loaded may differ from what the source system says it sent.

    `stop` refuses the inputs on a difference (exit 3); any other severity states it and goes on.
    """

    severity: Literal["stop", "critical", "high", "medium", "low"] = "stop"
    row_count_tolerance: ExactText = "0"
    amount_tolerance: ExactText = "0"
    why: Remark

    @field_validator("row_count_tolerance", "amount_tolerance")
    @classmethod
    def _a_tolerance(cls, value: str) -> str:
        return _not_negative(value)


class VolumeRule(Terms):
    """The fewest rows a table that was given should hold."""

    at_least_rows: ExactText = "1"
    severity: StatementSeverity
    why: Remark

    @field_validator("at_least_rows")
    @classmethod
    def _a_count(cls, value: str) -> str:
        return _whole(value)


class DateRule(Terms):
    """A date column should lie between as_of - `look_back_days` and as_of; rows on either side are counted."""

    column: str
    look_back_days: ExactText
    severity: StatementSeverity
    why: Remark

    @field_validator("look_back_days")
    @classmethod
    def _a_count(cls, value: str) -> str:
        return _whole(value)


class CoverageRule(Terms):
    """Every company of the table should have a row in every month of the engagement's period, by this date column; or in every week or working day.

    Weeks begin on Monday. Working days are those of the calendar, else Monday to Friday. Weeks and days after the run's day do not count.
    """

    column: str
    grain: Literal["month", "week", "working_day"] = "month"
    severity: StatementSeverity
    why: Remark


class FilledRule(Terms):
    """The share of rows in which a column that was supplied holds a value."""

    column: str
    at_least_share: ExactText
    severity: StatementSeverity
    why: Remark

    @field_validator("at_least_share")
    @classmethod
    def _a_share(cls, value: str) -> str:
        if Decimal(_not_negative(value)) > 1:
            message = "a share lies between 0 and 1"
            raise ValueError(message)
        return value


class TableExpectations(Terms):
    """What should be true of one canonical table."""

    table: str
    control_total: ControlTotalRule | None = None
    volume: VolumeRule | None = None
    dates: tuple[DateRule, ...] = ()
    coverage: tuple[CoverageRule, ...] = ()
    filled: tuple[FilledRule, ...] = ()

    @field_validator("table")
    @classmethod
    def _is_canonical(cls, value: str) -> str:
        if value not in TABLES:
            message = f'there is no canonical table "{value}". {did_you_mean(value, set(TABLES))}'.rstrip()
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _columns_exist(self) -> TableExpectations:
        _refuse_unknown(self.table, (rule.column for rule in self.filled), kind=None)
        _refuse_unknown(self.table, (rule.column for rule in self.dates), kind="date")
        _refuse_unknown(self.table, (rule.column for rule in self.coverage), kind="date")
        return self


def _refuse_unknown(table: str, columns: Iterable[str], kind: str | None) -> None:
    known = {c.name for c in TABLES[table].columns if kind in {None, c.kind}}
    for column in columns:
        if column not in known:
            what = "column" if kind is None else f"{kind} column"
            message = f'{table} has no {what} "{column}". {did_you_mean(column, known)}'.rstrip()
            raise ValueError(message)


def _not_negative(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        message = f'"{text}" is not a decimal number'
        raise ValueError(message) from None
    if not number.is_finite() or number < 0:
        message = f'"{text}" is not a number of zero or more'
        raise ValueError(message)
    return text


def _whole(text: str) -> str:
    if Decimal(_not_negative(text)) % 1:
        message = f'"{text}" is not a whole number'
        raise ValueError(message)
    return text
