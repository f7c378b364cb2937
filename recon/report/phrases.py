"""Code words and sentences inside rows of `results/`, which are written once for all languages, in the words of the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from recon.report.vocabulary import DOCUMENTS, RULES

if TYPE_CHECKING:
    from recon.report.words import Words


def _(text: str) -> str:
    return text


#: How far an order line is served, billed and paid.
COMPLETENESS: Final = {"none": _("nothing"), "part": _("in part"), "full": _("in full"), "over": _("more than due")}
#: Why a row was set aside, in full: the sentences of `conform/kinds.py` and `validate/row_rules.py`; a test holds them equal.
REJECTIONS: Final = {
    "not_a_number": _("the cell is not a plain decimal number"),
    "too_many_digits": _("the number has more digits than can be kept exactly"),
    "not_a_whole_number": _("the cell is not a whole number"),
    "not_a_date": _("the cell is not a date in a declared format"),
    "not_a_timestamp": _("the cell is not a timestamp in ISO form or a declared format"),
    "no_such_local_time": _("the clock was put forward over this local time"),
    "not_a_flag": _("the cell is neither yes nor no"),
    "no_partner_row": _("the row refers to a header or master row that is not there"),
    "same_file_again": _("the file says again, byte for byte, what another file of this input said"),
    "missing_value": _("is empty; this table cannot be matched without it"),
    "placeholder": _("holds what stands for an empty field; this table cannot be matched without it"),
    "unknown_word": _("holds a word that is not in the data dictionary"),
    "negative_price": _("is negative; a price is never negative, the sign stands in the quantity or the amount"),
    "not_above_zero": _("must be greater than zero"),
    "below_zero": _("must not be negative"),
    "too_large": _(
        "makes the row worth 10,000,000,000,000,000 or more; no line of a document is, and figures that large cannot be multiplied exactly"
    ),
    "not_a_tax_rate": _("is not a tax rate: a fraction from 0 to 0.5 is expected (13 % is 0.13)"),
    "not_a_share": _("is not a share: a fraction from 0 to 1 is expected"),
    "implausible_date": _("lies outside 1990-01-01 to 2099-12-31"),
    "implausible_validity": _("lies outside 1900-01-01 to 9999-12-31"),
    "not_a_currency": _("is not a currency code of three capital letters (ISO 4217)"),
    "sign_contradicts_kind": _("has a sign that contradicts the kind of the document (returns and credits are negative, everything else positive)"),
    "repeated_row": _("repeats, word for word, a row that is kept"),
    "conflicting_key": _("stands under a key for which rows disagree; none of them is used until the data owner says which is true"),
}
#: How a line was linked (`match/links.py`): the way, and after a comma the step.
PASSES: Final = {
    "order": _("order"),
    "fulfilment": _("receipt or shipment"),
    "delivery note": _("delivery note"),
    "line": _("line"),
    "respelled": _("spelt otherwise"),
    "item": _("item"),
    "item and price": _("item and price"),
    "item and quantity": _("item and quantity"),
    "only line": _("only line"),
    "line arithmetic": _("line arithmetic"),
    "the one left": _("the one left"),
    "equal lines": _("equal lines"),
    "in turn": _("equal lines in turn"),
    "set of lines": _("the set of lines that adds up"),
    "value": _("value"),
    "origin invoice": _("origin invoice"),
    "contents": _("contents"),
    "party and amount": _("party and amount"),
    "delivery note total": _("everything of one delivery note"),
    "day total": _("everything delivered on one day"),
    "document total": _("document total"),
    "reference": _("reference"),
    "likeness": _("likeness"),
}
#: Words among the figures of an exception; the others are numbers, days and ids.
VALUES: Final = {
    "none": _("none"),
    "missing": _("missing"),
    "cancelled": _("cancelled"),
    "closed": _("closed"),
    "not_approved": _("not approved"),
    "approved": _("approved"),
    "unproven": _("not proven"),
    "blocked": _("blocked"),
    "inactive": _("inactive"),
    "not in the master": _("not in the master"),
    "ambiguous": _("ambiguous"),
    "suggested": _("suggested"),
    "not_decided": _("not decided"),
    "another person": _("another person"),
    "a payment run": _("a payment run"),
    "a working day": _("a working day"),
    "working hours": _("working hours"),
    "write-off": _("write-off"),
    "write-off candidate": _("write-off candidate"),
    "chase the supplier": _("chase the supplier"),
    "rule changed": _("rule changed"),
    "parameters changed": _("parameters changed"),
    "rule and parameters changed": _("rule and parameters changed"),
    "not approved": _("not approved"),
    "left out": _("left out"),
    "changed": _("changed"),
    "counted again": _("counted again"),
    "gone": _("gone"),
    "credit note": _("credit note"),
    "no tax id": _("no tax id"),
    "wrong tax id": _("wrong tax id"),
    "no country": _("no country"),
    "no payment terms": _("no payment terms"),
    "no bank account": _("no bank account"),
    "wrong bank account": _("wrong bank account"),
    "telephone": _("telephone"),
    "e-mail": _("e-mail"),
    "tax id": _("tax id"),
    "address": _("address"),
    "account not in the master": _("account not in the master"),
    "account of another time": _("account of another time"),
    "payee of another name": _("payee of another name"),
    "by the same person": _("by the same person"),
    "by another person": _("by another person"),
    "created": _("created"),
    "bank account": _("bank account"),
    "name": _("name"),
    "payment terms": _("payment terms"),
    "credit limit": _("credit limit"),
    "standing": _("standing"),
    "other": _("other"),
    "change of the master": _("change of the master"),
    "country": _("country"),
    "bank country": _("bank country"),
    "similar name": _("similar name"),
    "late": _("late"),
    "first escalation": _("first escalation"),
    "second escalation": _("second escalation"),
    "matched by hand": _("matched by hand"),
    "exponent": _("exponent form"),
    "broken_character": _("broken character"),
    "true": _("yes"),
    "false": _("no"),
    "creator": _("creator"),
    "requester": _("requester"),
    "buyer": _("buyer"),
    "salesperson": _("salesperson"),
    "receiver": _("receiver"),
    "shipper": _("shipper"),
    "invoice clerk": _("invoice clerk"),
    "payment clerk": _("payment clerk"),
    "payee": _("payee"),
    "master data": _("keeper of the master data"),
}
FIGURES: Final = ("observed", "expected", "variance", "limit")


def figures(exceptions: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Exceptions with the words among observed, expected, variance and limit in the reader's language. Figures stay as they are."""
    spoken = {code: words(text) for code, text in (DOCUMENTS | RULES | VALUES).items()}
    return exceptions.with_columns(_each(name, spoken) for name in FIGURES)


def passes(lines: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Lines with `link_pass` in the reader's language."""
    return lines.with_columns(_each("link_pass", {code: words(text) for code, text in PASSES.items()}))


def rejections(rejected: pl.DataFrame, words: Words) -> pl.DataFrame:
    """Rejected cells with their sentences in the reader's language; what a mask covers stays covered."""
    if words.language == "en":
        return rejected
    english = pl.col("rule").replace_strict(REJECTIONS, default=None, return_dtype=pl.String)
    spoken = pl.col("rule").replace_strict({rule: words(text) for rule, text in REJECTIONS.items()}, default=None, return_dtype=pl.String)
    said_by_rule = pl.col("message").str.ends_with(english)
    return rejected.with_columns(message=pl.when(said_by_rule).then(pl.concat_str("column", pl.lit("："), spoken)).otherwise("message"))


def _each(name: str, spoken: dict[str, str]) -> pl.Expr:
    """A column of words parted by commas, each replaced where it is known."""
    return pl.col(name).cast(pl.String).str.split(", ").list.eval(pl.element().replace(spoken)).list.join(", ")
