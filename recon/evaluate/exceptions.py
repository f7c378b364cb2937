"""Rows of the exceptions register: what was found, about which document, how much it may cost, and an id that lasts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.domain import measures
from recon.domain.cycles import CYCLES, Cycle
from recon.domain.money import MONEY
from recon.domain.workpapers import EXCEPTIONS
from recon.evaluate import texts, wording
from recon.evaluate.judging import Judged, Raised, size_of
from recon.evaluate.settings import limit_set_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.evaluate.translate import Reader

_OTHER_TYPES: Final[dict[str, pl.DataType]] = {
    "amount_at_risk": MONEY,
    "amount_at_risk_base": MONEY,
    "age_days": pl.Int64(),
    "document_date": pl.Date(),
    "first_seen": pl.Date(),
    "source_row": pl.UInt32(),
}
SCHEMA: Final[dict[str, pl.DataType]] = {column: _OTHER_TYPES.get(column, pl.String()) for column in EXCEPTIONS}
NOT_TESTABLE_SCHEMA: Final[dict[str, pl.DataType]] = dict.fromkeys(
    (
        "control_id",
        "document_type",
        "document_number",
        "document_line_no",
        "order_number",
        "order_line_no",
        "reason",
        "cycle",
        "company_code",
        "party_id",
    ),
    pl.String(),
) | {"amount_base": MONEY}
#: What makes two exceptions of one control the same exception, night after night.
_IDENTITY: Final = (
    "control_id",
    "company_code",
    "cycle",
    "_party",
    "document_type",
    "document_number",
    "document_line_no",
    "order_number",
    "order_line_no",
    "_told_apart",
)
#: The order of the register.
ORDER: Final = (
    "control_id",
    "company_code",
    "cycle",
    "document_type",
    "document_number",
    "document_line_no",
    "order_number",
    "order_line_no",
    "party_id",
    "exception_id",
)
_ID_DIGITS: Final = 20
#: Columns of the register by which an exception leads to an order.
ABOUT: Final = ("cycle", "company_code", "party_id", "order_number", "document_type", "document_number")
_ORDER_LINE: Final = ("cycle", "company_code", "order_number", "order_line_no")


def about(raised: Raised) -> pl.LazyFrame:
    """Which documents the exceptions speak about: what leads to their orders, before there is a register."""
    return raised.rows.lazy().with_columns(_subject(raised.control, raised.table, None)).select(pl.col(ABOUT).cast(pl.String))


def plan_of(raised: Raised, engagement: Engagement) -> pl.LazyFrame:
    """Exceptions of one control in the columns of `SCHEMA`, without ids and causes, and `_told_apart` and `_party` for the id."""
    control, reader, rows = raised.control, raised.reader, raised.rows.lazy()
    told = _figures(control, reader)
    types = {name: told[name] for name in texts.FIGURES}
    parts = {language: _parts(control, reader, language) for language in ("en", "zh")}
    # sentences name columns of the population; only then is the row called after the document that it speaks about
    spoken = rows.with_columns(**{f"_{n}": e for n, e in types.items()}).with_columns(
        message=wording.sentence(control.message.en, parts["en"], "en"), message_zh=wording.sentence(control.message.zh, parts["zh"], "zh")
    )
    return (
        spoken.with_columns(_subject(control, raised.table, engagement.as_of))
        .with_columns(
            *_money_at_risk(control, reader, engagement.currency),
            control_id=pl.lit(control.id),
            severity=_severity(control, reader),
            **{name: pl.col(f"_{name}") for name in ("observed", "expected", "variance", "limit")},
            certainty=pl.col(control.certainty).fill_null("certain") if control.certainty else pl.lit("certain"),
            limit_set_by=limit_set_by(control, reader.settings),
            exception_id=pl.lit(None, dtype=pl.String),
            cause_exception_id=pl.lit(None, dtype=pl.String),
            first_seen=pl.lit(None, dtype=pl.Date),
        )
        .select(*(pl.col(c).cast(t) for c, t in SCHEMA.items()), "_party", "_told_apart")
    )


def untested_by(control: Control, judged: Judged, code: int) -> pl.DataFrame:
    """The rows that a control could not test, each with what was not known of it."""
    rules = texts.rules(control)
    condition = judged.readers[control.id].condition(rules["not_testable_when"])
    names = [c for c in texts.judging_columns(control) if c in judged.rows.columns]
    unknown = pl.concat_str([pl.when(pl.col(c).is_null()).then(pl.lit(c)) for c in names], separator=", ", ignore_nulls=True) if names else pl.lit("")
    reason = (
        pl.when(condition.fill_null(value=False))
        .then(pl.lit(f"excluded from the test: {control.not_testable_when}"))
        .when(unknown != "")
        .then(pl.format("unknown: {}", unknown))
        .otherwise(pl.lit("the condition has no answer"))
    )
    rows = judged.where(control.id, code).lazy().with_columns(_subject(control, judged.table, None))
    size = size_of(judged.table)
    worth = pl.lit(None, dtype=MONEY) if size is None else pl.col(size).abs().cast(MONEY)
    told = rows.with_columns(control_id=pl.lit(control.id), reason=reason, amount_base=worth)
    return told.select(*NOT_TESTABLE_SCHEMA).collect()


def identified(exceptions: pl.DataFrame) -> pl.DataFrame:
    """Exceptions with their lasting ids, sorted. Twins that nothing tells apart are numbered, so that none hides another."""
    told = [pl.col(c).fill_null("").str.replace_all("|", "||", literal=True) for c in _IDENTITY]
    keyed = exceptions.with_columns(pl.concat_str(told, separator="|").alias("_key")).sort(
        "_key", *(c for c in SCHEMA if c not in {"source_file", "source_row"}), "source_file", "source_row"
    )
    twin = pl.int_range(pl.len()).over("_key")
    keyed = keyed.with_columns(pl.when(twin > 0).then(pl.format("{}|#{}", "_key", twin + 1)).otherwise("_key").alias("_key"))
    ids = [hashlib.sha256(key.encode()).hexdigest()[:_ID_DIGITS] for key in keyed["_key"].to_list()]
    identified_rows = keyed.with_columns(exception_id=pl.Series(ids, dtype=pl.String))
    return identified_rows.select(*SCHEMA, pl.col("^_explained_by$")).sort(*ORDER, nulls_last=False)


def without_yielding(exceptions: pl.DataFrame, controls: Sequence[Control]) -> pl.DataFrame:
    """Exceptions less those that another control's exception on the same order line already says."""
    for control in controls:
        if control.yields_to:
            louder = exceptions.filter(pl.col("control_id").is_in(control.yields_to)).select(_ORDER_LINE).drop_nulls().unique()
            spoken = exceptions.join(louder.with_columns(_said=True), on=list(_ORDER_LINE), how="left", validate="m:1", maintain_order="left")
            silent = (pl.col("control_id") == control.id) & pl.col("_said").fill_null(value=False)
            exceptions = spoken.filter(~silent).drop("_said")
    return exceptions


def _subject(control: Control, table: str, as_of: date | None) -> list[pl.Expr]:
    """The document an exception speaks about, in the columns of the register."""
    schema = measures.schema(table)
    subject = control.subject
    kind = _document_type(subject.document_type)
    number, line = pl.col(subject.document_number), _column(subject.document_line_no, pl.String())
    day = _column(subject.document_date, pl.Date())
    is_order = kind.is_in([c.order_type for c in CYCLES])
    order_number = pl.col("order_number") if "order_number" in schema else pl.when(is_order).then(number)
    told_apart = [pl.col(c).cast(pl.String) for c in subject.distinguished_by]
    is_invoice = kind.is_in([c.invoice_type for c in CYCLES])
    told_apart += [pl.when(is_invoice).then(day.cast(pl.String))]
    if "internal_number" in schema:
        told_apart.append(pl.when(is_invoice).then("internal_number"))
    age = pl.col("age_days") if "age_days" in schema else (pl.lit(as_of, dtype=pl.Date) - day).dt.total_days()
    absent = [pl.lit(None, dtype=SCHEMA[c]).alias(c) for c in ("party_name", "order_line_no", "item_id") if c not in schema]
    return [
        kind.alias("document_type"),
        number.alias("document_number"),
        line.alias("document_line_no"),
        day.alias("document_date"),
        order_number.alias("order_number"),
        age.alias("age_days"),
        pl.when(kind == CYCLES[0].invoice_type).then("party_id").alias("_party"),
        pl.concat_str([t.fill_null("") for t in told_apart], separator="/").alias("_told_apart"),
        *absent,
    ]


def _document_type(said: str) -> pl.Expr:
    names = {"order": _order_type, "fulfilment": _fulfilment_type, "invoice": _invoice_type}
    if said not in names:
        return pl.col(said)
    return pl.col("cycle").replace_strict({c.name: names[said](c) for c in CYCLES}, return_dtype=pl.String)


def _order_type(cycle: Cycle) -> str:
    return cycle.order_type


def _fulfilment_type(cycle: Cycle) -> str:
    return cycle.fulfilment_type


def _invoice_type(cycle: Cycle) -> str:
    return cycle.invoice_type


def _column(name: str | None, dtype: pl.DataType) -> pl.Expr:
    return pl.lit(None, dtype=dtype) if name is None else pl.col(name)


def _figures(control: Control, reader: Reader) -> dict[str, pl.Expr]:
    """observed, expected, variance, limit and amount at risk as text."""
    rules = texts.rules(control)
    figures = {name: _as_text(reader, control, name) for name in ("observed", "expected", "variance", "limit")}
    figures["amount_at_risk"] = wording.plain(reader.amount(rules["amount_at_risk"]), MONEY)
    return figures


def _as_text(reader: Reader, control: Control, key: str) -> pl.Expr:
    rule = texts.rules(control).get(key)
    if rule is None:
        return pl.lit(None, dtype=pl.String)
    value = reader.value(rule)
    dtype: pl.DataType = pl.Decimal(38, value.digits) if value.kind == "number" and not value.whole else pl.String()
    if value.kind == "instant":
        dtype = pl.Datetime("us", "UTC")
    return wording.plain(value.expr, dtype)


def _is_decimal(control: Control, reader: Reader, figure: str) -> bool:
    rule = texts.rules(control).get(figure)
    value = reader.value(rule) if rule is not None else None
    return value is not None and value.kind == "number" and not value.whole


def _parts(control: Control, reader: Reader, language: str) -> Mapping[str, pl.Expr]:
    """What may stand between braces in the message: figures, parameters, columns."""
    parts = {}
    for name in texts.places(control.message):
        if name in texts.FIGURES:
            parts[name] = _figure_said(control, reader, name, language)
        elif name in control.parameters:
            parts[name] = reader.settings[name].text()
        else:
            parts[name] = wording.column(name, reader.schema, language)
    return parts


def _figure_said(control: Control, reader: Reader, name: str, language: str) -> pl.Expr:
    said = pl.col(f"_{name}")
    if not _is_decimal(control, reader, name):
        return wording.figure(said, getattr(control, name, None), language)
    return wording.number(said, texts.rules(control)[name].columns)


def _severity(control: Control, reader: Reader) -> pl.Expr:
    rules = texts.rules(control)
    severity: pl.Expr = pl.lit(control.severity)
    for i, rule in reversed(list(enumerate(control.severity_when))):
        severity = pl.when(reader.condition(rules[f"severity_when[{i}]"])).then(pl.lit(rule.severity)).otherwise(severity)
    return severity


def _money_at_risk(control: Control, reader: Reader, base: str) -> list[pl.Expr]:
    """In company currency, and in the document's where the control can say it (never divided by a rate), else the same again."""
    rules = texts.rules(control)
    amount = reader.amount(rules["amount_at_risk"])
    columns = [amount.alias("amount_at_risk_base")]
    if control.amount_at_risk_document is None:
        return [*columns, amount.alias("amount_at_risk"), pl.lit(base).alias("currency")]
    in_document = reader.amount(rules["amount_at_risk_document"])
    known = (pl.col("currency") != base).fill_null(value=False) & in_document.is_not_null()
    return [
        *columns,
        pl.when(known).then(in_document).otherwise(amount).alias("amount_at_risk"),
        pl.when(known).then("currency").otherwise(pl.lit(base)).alias("currency"),
    ]
