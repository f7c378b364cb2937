"""Source profiles: how the exports of one ERP become canonical documents. Data, not code: one file under rules/sources/.

A profile names its inputs (files as the ERP gives them), says for every canonical table from which inputs its rows come, and
for every canonical column where the value stands and how it is written there. What a profile does not mention is refused:
a column is mapped, used by a join or a condition, or listed under `ignored`. An input named like a canonical table is taken
as it is under any profile, so that a control total or an approval policy can be given by hand.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from recon.domain.documents import TABLES
from recon.domain.engagement import ExactText, Terms
from recon.domain.errors import did_you_mean

Texts = list[ExactText]
Missing = Literal["set_aside", "empty"]

#: Names for ways to write a date, beside patterns such as "%d.%m.%Y".
DATE_FORMATS = {
    "iso": "%Y-%m-%d",
    "yyyymmdd": "%Y%m%d",
    "slashes": "%Y/%m/%d",
    "dots": "%Y.%m.%d",
    "chinese": "%Y年%m月%d日",
    "iso_timestamp": "%Y-%m-%dT%H:%M:%S%.f",
    "excel_serial": "excel_serial",
    "epoch_ms": "epoch_ms",
}


class RowCondition(Terms):
    """One condition on a row of an input; exactly one of the four kinds. A list of conditions holds when all of them hold."""

    column: str
    equals: ExactText | None = None
    in_: Texts | None = Field(default=None, alias="in")
    not_in: Texts | None = None
    empty: bool | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> RowCondition:
        if sum(kind is not None for kind in (self.equals, self.in_, self.not_in, self.empty)) != 1:
            message = f'the condition on "{self.column}" needs exactly one of: equals, in, not_in, empty'
            raise ValueError(message)
        return self


class Numbers(Terms):
    """How numbers are written: separators, currency signs to be removed, and how a minus looks."""

    decimal: Literal[".", ","] = "."
    thousands: str = ""
    currency_signs: list[str] = []
    negative: list[Literal["leading", "trailing", "parentheses"]] = ["leading"]

    @model_validator(mode="after")
    def _separators_differ(self) -> Numbers:
        if self.decimal == self.thousands:
            message = f'decimal and thousands separator are both "{self.decimal}"'
            raise ValueError(message)
        return self


class Sign(Terms):
    """Where the sign of a figure comes from, when it is not written before the figure.

    already_signed: as written · negate: turned round · flag: turned round where `column` holds one of `negative` · abs_then_flag:
    the same after dropping the written sign · column: the sign of the number in `column`.
    """

    rule: Literal["already_signed", "negate", "flag", "abs_then_flag", "column"]
    column: str | None = None
    negative: Texts = []

    @model_validator(mode="after")
    def _complete(self) -> Sign:
        if self.rule in {"flag", "abs_then_flag"} and not (self.column and self.negative):
            message = f"the sign rule {self.rule} needs `column` and `negative`"
            raise ValueError(message)
        if self.rule == "column" and not self.column:
            message = "the sign rule column needs `column`"
            raise ValueError(message)
        return self


class TimesBy(Terms):
    """A factor that depends on another column, for example the shifted amounts of currencies without decimals."""

    column: str
    values: dict[str, ExactText]
    otherwise: ExactText = "1"


class Value(Terms):
    """Where one canonical column comes from and how it is written there. A plain text in YAML means `{column: that}`."""

    column: str | None = None
    constant: ExactText | None = None
    columns: list[str] | None = None  # a composite key: texts joined by `joined_by`; empty when one part is
    joined_by: str = "-"
    first_of: list[str] | None = None  # the first that is not empty
    json_path: str | None = None  # taken out of a cell that holds JSON
    is_present: bool = False  # a flag: true where the source holds any text, false where it is empty
    empty: Texts = []  # texts that mean nothing was entered: "00000000", "1900-01-01"
    map: dict[str, ExactText] | None = None
    otherwise: Literal["set_aside", "keep", "empty"] = "set_aside"  # texts that `map` does not know
    pad: int | None = Field(default=None, ge=1, le=60)  # zeros to the left up to this length, for keys made of digits
    dates: list[str] | None = None  # names of DATE_FORMATS or patterns, tried in order
    time_zone: str | None = None
    numbers: Numbers | None = None
    percent: bool = False  # 13 or 13 % means 0.13
    times: ExactText | None = None
    times_by: TimesBy | None = None
    sign: Sign | None = None
    grain: Literal["line", "header"] = "line"  # header: repeated on each line of the document, counted on its first

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        origins = [o for o in (self.column, self.constant, self.columns, self.first_of) if o is not None]
        if len(origins) != 1:
            message = "a value needs exactly one of: column, constant, columns, first_of"
            raise ValueError(message)
        for pattern in self.dates or []:
            if pattern not in DATE_FORMATS and "%" not in pattern:
                message = f'"{pattern}" is neither a pattern with % nor one of {", ".join(DATE_FORMATS)}. {did_you_mean(pattern, set(DATE_FORMATS))}'
                raise ValueError(message)
        return self

    def mentions(self) -> set[str]:
        """Source columns that this value reads."""
        named = {self.column, *(self.columns or []), *(self.first_of or [])}
        named |= {self.times_by.column if self.times_by else None, self.sign.column if self.sign else None}
        return {name for name in named if name}


def _short_form(value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
    return {"column": value} if isinstance(value, str) else value


ValueOrColumn = Annotated[Value, BeforeValidator(_short_form)]


class FillDown(Terms):
    """Cells left blank under the first line of a document are filled from it; a new text in `leader` begins a document."""

    leader: str
    columns: list[str]


class Input(Terms):
    """One input as the ERP gives it."""

    columns: list[str] | None = None  # names for a file without a header row
    header_row: int = Field(default=1, ge=1)  # 1-based line of the header; lines above it are titles
    separator: str = Field(default=",", min_length=1, max_length=1)
    encoding: list[str] | None = None
    sheet: str | None = None
    synonyms: dict[str, list[str]] = {}  # name in this profile -> other headers it may stand under
    optional: bool = False  # the file may be absent
    optional_columns: list[str] = []  # these columns may be absent
    ignored: list[str] = []  # columns that are known and not needed
    whole_number_ids: list[str] = []  # "1.0" means "1": ids that an export turned into decimal numbers
    fill_down: FillDown | None = None


class Join(Terms):
    """A partner row looked up by its key, at most one; its columns are called `alias.column`."""

    with_: str = Field(alias="with")
    alias: str = Field(alias="as")
    on: dict[str, str]  # column of this input (or of an earlier partner) -> column of the partner
    where: list[RowCondition] = []  # on the partner's rows
    missing: Missing = "set_aside"


class Amounts(Terms):
    """Net, tax and gross of a line: the missing one is derived from the other two, or from one and the rate.

    With a rate the result is rounded half away from zero to the smallest unit of the currency.
    """

    net: str
    tax: str
    gross: str
    rate: str | None = None
    currency: str = "currency"


class Part(Terms):
    """Rows that one input contributes to a canonical table."""

    from_: str = Field(alias="from")
    join: list[Join] = []
    where: list[RowCondition] = []
    columns: dict[str, ValueOrColumn]
    document: list[str] = []  # canonical columns that name the document, for values of header grain
    one_row_per_document: bool = False  # rows that say the same after mapping are one row
    derive: list[Amounts] = []

    @model_validator(mode="after")
    def _header_grain_needs_document(self) -> Part:
        if not self.document and (self.one_row_per_document or any(v.grain == "header" for v in self.columns.values())):
            message = "`grain: header` and `one_row_per_document` need `document`: the canonical columns that name the document"
            raise ValueError(message)
        return self


class ProfileExample(Terms):
    """Rows as the ERP gives them and the canonical rows they must become: the tests of a profile."""

    case: str
    given: dict[str, list[dict[str, ExactText | None]]]
    expect: dict[str, list[dict[str, ExactText | None]]]
    rejected: list[dict[str, ExactText | None]] = []


class SourceProfile(Terms):
    """How the exports of one ERP become canonical documents."""

    title: str
    about: str = ""
    encoding: list[str] = ["utf-8", "gb18030"]
    time_zone: str | None = None  # of timestamps without a zone; else the engagement's
    empty: Texts = []  # texts that mean "nothing" in every column
    numbers: Numbers = Numbers()
    inputs: dict[str, Input] = {}
    tables: dict[str, list[Part]] = {}
    examples: list[ProfileExample] = []
    name: str = Field(default="", exclude=True)
    origin: str = Field(default="profile", exclude=True)

    @model_validator(mode="after")
    def _names_exist(self) -> SourceProfile:
        for table, parts in self.tables.items():
            if table not in TABLES:
                message = f'"{table}" is not a canonical table. {did_you_mean(table, set(TABLES))}'
                raise ValueError(message)
            for part in parts:
                self._check_part(table, part)
        return self

    def _check_part(self, table: str, part: Part) -> None:
        for name in [part.from_, *(join.with_ for join in part.join)]:
            if name not in self.inputs:
                message = f'{table}: "{name}" is not an input of this profile. {did_you_mean(name, set(self.inputs))}'
                raise ValueError(message)
        known = {c.name for c in TABLES[table].columns}
        derived = {name for amounts in part.derive for name in (amounts.net, amounts.tax, amounts.gross)}
        for column in [*part.columns, *part.document, *derived]:
            if column not in known:
                message = f'"{column}" is not a column of {table}. {did_you_mean(column, known)}'
                raise ValueError(message)
        missing = [c for c in TABLES[table].required if c not in part.columns and c not in derived]
        if missing:
            message = f"{table} from {part.from_}: no value for the required columns {', '.join(missing)}"
            raise ValueError(message)

    def input(self, name: str) -> Input:
        """The input of that name; an input the profile does not know is taken as it is."""
        return self.inputs.get(name, Input())

    def known_inputs(self) -> set[str]:
        """Names that may stand under `extracts` of an engagement."""
        return set(self.inputs) | set(TABLES)
