"""What a single row must satisfy to be audited: one list of rules per canonical table, derived from the data dictionary.

Only contradictions within the row are judged here. Whether a legal row is right is for controls to say. An empty optional
column is unknown, not wrong. Units and signs: money, quantities and prices are Decimal; returns and credits are negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

import polars as pl

from recon.domain.cycles import CYCLES
from recon.domain.documents import TABLES

#: rule -> the sentence that follows the column's name in a rejected row
SENTENCES: Final[dict[str, str]] = {
    "missing_value": "is empty; this table cannot be matched without it",
    "placeholder": "holds what stands for an empty field; this table cannot be matched without it",
    "unknown_word": "holds a word that is not in the data dictionary",
    "negative_price": "is negative; a price is never negative, the sign stands in the quantity or the amount",
    "not_above_zero": "must be greater than zero",
    "below_zero": "must not be negative",
    "too_large": "makes the row worth 10,000,000,000,000,000 or more; no line of a document is, and figures that large cannot be multiplied exactly",
    "not_a_tax_rate": "is not a tax rate: a fraction from 0 to 0.5 is expected (13 % is 0.13)",
    "not_a_share": "is not a share: a fraction from 0 to 1 is expected",
    "implausible_date": "lies outside 1990-01-01 to 2099-12-31",
    "implausible_validity": "lies outside 1900-01-01 to 9999-12-31",
    "not_a_currency": "is not a currency code of three capital letters (ISO 4217)",
    "sign_contradicts_kind": "has a sign that contradicts the kind of the document (returns and credits are negative, everything else positive)",
    "repeated_row": "repeats, word for word, a row that is kept",
    "conflicting_key": "stands under a key for which rows disagree; none of them is used until the data owner says which is true",
}

#: A rate above one half is a percentage that was not made a fraction.
_HIGHEST_TAX_RATE: Final = Decimal("0.5")
_EARLIEST, _LATEST = date(1990, 1, 1), date(2099, 12, 31)
#: Validity is often written as "since ever" and "until ever"; the last date a Gregorian calendar can hold is 9999-12-31.
_SINCE_EVER, _UNTIL_EVER = date(1900, 1, 1), date(9999, 12, 31)
_VALIDITY: Final = frozenset({"valid_from", "valid_to", "active_from", "active_to", "from_date", "to_date"})
_SHARES: Final = frozenset({"discount_share", "line_discount_share"})
_CURRENCIES: Final = frozenset({"currency", "from_currency", "to_currency", "limit_currency", "credit_currency"})
_ABOVE_ZERO: Final = frozenset({"price_per", "fx_rate", "rate", "factor"})
_NOT_BELOW_ZERO: Final = frozenset(
    {"over_receipt_share", "payment_term_days", "lead_time_days", "max_hours", "min_quantity", "min_amount", "safety_stock", "row_count"}
)
#: Words of a shared column that make no sense in one of its tables.
_NOT_HERE: Final = {
    ("goods_receipt_line", "receipt_kind"): ("advance", "refund"),
    ("cash_receipt", "receipt_kind"): ("return", "reversal"),
}
#: kind -> sign. A reversal may reverse a return and a void may void a refund, so these carry either sign; so does a row
#: whose kind is not known.
_QUANTITY_SIGN: Final = {"receipt": 1, "shipment": 1, "invoice": 1, "prepayment": 1, "return": -1, "credit": -1}
_AMOUNT_SIGN: Final = {"credit": -1, "value_credit": -1, "value_debit": 1, "prepayment": 1}
_PAYMENT_SIGN: Final = {"payment": 1, "prepayment": 1, "receipt": 1, "advance": 1, "refund": -1}
#: What a row is worth is what these give when multiplied; the second is what is said to be too large.
_FACTORS: Final = (("quantity", "unit_price_net"), ("line_amount_net", "fx_rate"), ("line_amount_gross", "fx_rate"), ("amount", "fx_rate"))
_WORTH_LIMIT: Final = 10**16
#: Discounts, roundings, taxes and applied prepayments inside an invoice carry their own sign.
_SIGNED_LINE_KINDS: Final = ("item", "service")


@dataclass(frozen=True)
class RowRule:
    """A condition on one column; null means there is nothing to say."""

    column: str
    name: str
    holds: pl.Expr


@cache
def rules(table: str, columns: frozenset[str]) -> tuple[RowRule, ...]:
    """The rules of `table` that can be judged on `columns`; emptiness of required columns is judged apart."""
    found: list[RowRule] = []
    for column in TABLES[table].columns:
        if column.name in columns:
            name, holds = _of_one_column(table, column.name, column.kind, column.choices)
            if holds is not None:
                found.append(RowRule(column.name, name, holds))
    return (*found, *(rule for rule in _signs(table, columns)))


def size_rules(frame: pl.DataFrame) -> tuple[RowRule, ...]:
    """The rules that no row may be worth more than any document is, for the factors of this frame that could be: most frames have none."""
    found = []
    for left, right in _FACTORS:
        if {left, right} <= set(frame.columns):
            most = [frame.select(pl.col(name).abs().max()).item() or Decimal(0) for name in (left, right)]
            if most[0] * most[1] >= _WORTH_LIMIT:
                found.append(RowRule(right, "too_large", _is_below(_WORTH_LIMIT, left, right)))
    return tuple(found)


def placeholder_rules(table: str, frame: pl.DataFrame, words: tuple[str, ...]) -> tuple[RowRule, ...]:
    """The rules that no required text of this frame is a placeholder (DAT-01's words, in capitals or small letters), for the columns in which one is."""
    written = sorted({form for word in words for form in (word, word.lower(), word.upper(), word.capitalize())})
    columns = [column for column in TABLES[table].columns if column.required and not column.choices]  # another word is unknown anyway
    texts = [column.name for column in columns if written and frame.schema[column.name] == pl.String()]
    if not texts:
        return ()
    held = frame.select(pl.col(name).is_in(written).any().alias(name) for name in texts).row(0, named=True)
    return tuple(RowRule(name, "placeholder", ~pl.col(name).is_in(written)) for name in texts if held[name])


def _is_below(limit: int, left: str, right: str) -> pl.Expr:
    """Whether the product of two decimals stays below a limit: in whole numbers of their last digits, divided since a product might wrap."""
    scales = {name: 6 if name.startswith(("line_amount", "amount")) else 10 for name in (left, right)}
    room = pl.lit(limit * 10 ** sum(scales.values()) - 1, dtype=pl.Int128)
    for name in (left, right):
        room = room // pl.max_horizontal(pl.col(name).to_physical().abs().fill_null(1), pl.lit(1, dtype=pl.Int128))
    return room > 0


def _of_one_column(table: str, name: str, kind: str, choices: tuple[str, ...]) -> tuple[str, pl.Expr | None]:
    """The rule of a column by its words, its name or its kind, the first that applies; no condition where none does."""
    value = pl.col(name)
    words = [word for word in choices if word not in _NOT_HERE.get((table, name), ())]
    possible = (
        (bool(choices), "unknown_word", value.is_in(words)),
        (name in _CURRENCIES, "not_a_currency", value.str.contains(r"^[A-Z]{3}$")),
        (name in _VALIDITY, "implausible_validity", value.is_between(pl.lit(_SINCE_EVER), pl.lit(_UNTIL_EVER))),
        (kind == "date", "implausible_date", value.is_between(pl.lit(_EARLIEST), pl.lit(_LATEST))),
        (kind == "timestamp", "implausible_date", value.dt.date().is_between(pl.lit(_EARLIEST), pl.lit(_LATEST))),
        (kind == "price", "negative_price", value >= 0),
        (name == "tax_rate", "not_a_tax_rate", value.is_between(0, pl.lit(_HIGHEST_TAX_RATE))),
        (name in _SHARES, "not_a_share", value.is_between(0, 1)),
        (name in _ABOVE_ZERO, "not_above_zero", value > 0),
        (name in _NOT_BELOW_ZERO, "below_zero", value >= 0),
    )
    return next(((rule, holds) for applies, rule, holds in possible if applies), ("", None))


def _signs(table: str, columns: frozenset[str]) -> list[RowRule]:
    found: list[RowRule] = []

    def add(column: str, kind: str, signs: dict[str, int], applies: pl.Expr | None = None) -> None:
        if {column, kind} <= columns:
            found.append(RowRule(column, "sign_contradicts_kind", _signed(column, kind, signs, applies)))

    for cycle in CYCLES:
        if table == cycle.order_table:
            signs = {word: -1 if word == "return" else 1 for word in TABLES[table].column("po_type").choices}
            add("quantity", "po_type", signs)
        elif table == cycle.fulfilment_table:
            add("quantity", f"{cycle.fulfilment}_kind", _QUANTITY_SIGN)
        elif table == cycle.invoice_table:
            goods = pl.col("line_kind").is_in(_SIGNED_LINE_KINDS) | pl.col("line_kind").is_null() if "line_kind" in columns else None
            add("quantity", "invoice_kind", _QUANTITY_SIGN, goods)
            add("line_amount_net", "invoice_kind", _AMOUNT_SIGN, goods)
        elif table == cycle.payment_table:
            add("amount", cycle.payment_kind, _PAYMENT_SIGN)
    return found


def _signed(column: str, kind: str, signs: dict[str, int], applies: pl.Expr | None) -> pl.Expr:
    """Whether the sign fits the kind; zero always does, and so does a kind that is unknown or carries either sign."""
    positive = [word for word, sign in signs.items() if sign > 0]
    negative = [word for word, sign in signs.items() if sign < 0]
    contradicts = (pl.col(kind).is_in(positive) & (pl.col(column) < 0)) | (pl.col(kind).is_in(negative) & (pl.col(column) > 0))
    return ~(contradicts if applies is None else contradicts & applies)
