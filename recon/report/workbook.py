"""`report/report.xlsx`: what the workpapers hold as sheets. A view of `results/`: it selects, orders and names; every figure stands there too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain.engagement import SEVERITIES as SEVERITY_ORDER
from recon.domain.money import MONEY
from recon.domain.workpapers import REJECTED
from recon.report import ages, phrases, totals
from recon.report.figures import number
from recon.report.sheet_rows import Marks
from recon.report.table_words import TABLES
from recon.report.verdict import HEADLINES, sentence, verdict
from recon.report.vocabulary import (
    ACCRUAL_METHODS,
    CERTAINTIES,
    CHANGES,
    COLUMNS,
    CYCLES,
    DOCUMENTS,
    DOORWAYS,
    ENTRY_KINDS,
    FAMILIES,
    KINDS,
    SEVERITIES,
    SHEET_COLUMNS,
    STATUSES,
)
from recon.report.workbook_file import Column, Sheet, workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from recon.domain.workpapers import Workpapers
    from recon.report.verdict import Verdict
    from recon.report.words import Words


def _(text: str) -> str:
    return text


_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "severity": SEVERITIES,
    "base_severity": SEVERITIES,
    "status": STATUSES,
    "cycle": CYCLES,
    "kind": KINDS,
    "accrual_method": ACCRUAL_METHODS,
    "entry_kind": ENTRY_KINDS,
    "change": CHANGES,
    "certainty": CERTAINTIES,
    "document_type": DOCUMENTS,
    "doorway": DOORWAYS,
    "table": TABLES,
}
_WIDTHS: Final = {"message": 70, "title": 48, "reason": 48, "party_name": 26, "source_file": 30, "document_number": 18, "order_number": 18, "text": 90, "item": 44, "section": 26}  # fmt: skip
_EXCEPTION: Final = (
    "severity", "company_code", "party_id", "party_name", "document_type", "document_number", "document_line_no", "order_number",
    "order_line_no", "item_id", "document_date", "message", "observed", "expected", "variance", "limit", "amount_at_risk", "currency",
    "amount_at_risk_base", "age_days", "first_seen", "certainty", "source_file", "source_row", "exception_id", "cause_exception_id",
    "base_severity", "limit_set_by",
)  # fmt: skip
_LAYER: Final = (
    "kind", "age_bucket", "company_code", "party_id", "party_name", "order_number", "order_line_no", "document_number", "document_line_no",
    "document_date", "quantity", "amount", "currency", "amount_base", "age_days",
)  # fmt: skip
_ROLLED: Final = (
    "cycle", "kind", "company_code", "party_id", "party_name", "currency", "opening_amount_base", "added_amount_base", "cleared_amount_base",
    "closing_amount_base", "balance_amount_base", "difference_amount_base", "item_count", "unknown_count", "opening_amount", "added_amount",
    "cleared_amount", "returned_amount", "discount_amount", "write_off_amount", "closing_amount", "balance_amount", "difference_amount",
)  # fmt: skip
_ENTRY: Final = (
    "company_code", "accrual_method", "entry_date", "entry_kind", "party_id", "party_name", "order_number", "order_line_no", "fulfilment_number",
    "fulfilment_line_no", "fulfilment_date", "invoice_number", "invoice_line_no", "item_id", "quantity", "estimate_amount_base",
    "cost_amount_base", "estimate_amount", "currency", "source_file", "source_row",
)  # fmt: skip
#: Rows of one kind in a workbook, the heaviest; more are in results/, and the first sheet says so. A book of a million rows is opened by nobody.
ROWS_MOST: Final = 200_000
#: Sections of the page that have sheets; the first sheet stands in every book.
_SECTIONS: Final = ("tie-out", "controls", "exceptions", "suppressions", "balances", "blind-spots", "rejected", "changes")
#: What a statement compared is in its sentence.
_STATEMENT: Final = ("table", "rule", "severity", "holds", "message")
_FILE: Final = ("input", "source_file", "rows", "size_bytes", "encoding", "sha256")


@dataclass(frozen=True)
class Part:
    """Where the workpapers are narrowed to what an audience sees: the verdict, which is the whole run's, and the sections of its page."""

    judged: Verdict
    sections: Collection[str] = ()  # none: all


def workbook(workpapers: Workpapers, facts: Mapping[str, Any], layers: pl.DataFrame, words: Words, part: Part | None = None) -> bytes:
    """The workbook of a run. `facts` is its summary, `layers` its open layers in memory. Amounts are numbers with every digit.

    A sheet is there where the section of the page that shows the same rows is.
    """
    part = part or Part(verdict(workpapers))
    judged, marks = part.judged, Marks()
    shown = [name for name in _SECTIONS if not part.sections or name in part.sections]
    cut = _beyond(workpapers, layers, shown)
    present = [_summary(workpapers, facts, words, (judged, cut), marks), *filter(None, _sheets(workpapers, layers, words, shown))]
    title = f"{workpapers.engagement.entity} {workpapers.engagement.as_of.isoformat()}"
    return workbook_bytes(present, marks, title, opening=lambda counted: _summary(workpapers, facts, words, (judged, cut), counted))


def _sheets(workpapers: Workpapers, layers: pl.DataFrame, words: Words, shown: Collection[str]) -> Iterator[Sheet | None]:
    """The sheets of the sections shown, in the order of the book."""
    outcomes = workpapers.outcomes
    if "tie-out" in shown:
        yield _sheet(_("Files"), _files(workpapers), _FILE, words)
        yield _sheet(_("Tie-out"), workpapers.tie_out, tuple(workpapers.tie_out.columns), words)
        yield _sheet(_("Statements"), _spoken(workpapers.statements, words, "message").sort("table", "rule"), _STATEMENT, words)
    if "controls" in shown:
        told = _spoken(outcomes.controls, words, "title", "reason").sort("control_id")
        yield _sheet(_("Controls"), told, _controls_columns(workpapers), words)
    if "exceptions" in shown:
        yield from _by_control(workpapers, words)
    if "suppressions" in shown:
        yield _sheet(_("Suppressed"), _suppressed(workpapers, words), ("control_id", *_EXCEPTION, "suppression"), words)
    if "balances" in shown:
        yield _sheet(_("Balances"), totals.balances(layers), ("kind", "age_bucket", "count", "amount_base", "amount_unknown"), words)
        yield _sheet(_("Roll-forward"), _moved_most(workpapers.roll_forward), _ROLLED, words)
        yield _sheet(_("Expected accruals"), _accruals(workpapers.accruals), _ENTRY, words)
        heaviest = _heaviest(layers, "amount_base", "kind", "document_number", "document_line_no")
        yield _sheet(_("Open items"), heaviest.head(ROWS_MOST), _LAYER, words)
    if "blind-spots" in shown:
        yield _sheet(_("Not testable"), outcomes.not_testable, tuple(outcomes.not_testable.columns), words)
    if "rejected" in shown:
        yield _sheet(_("Rejected rows"), phrases.rejections(workpapers.rejected.sort(REJECTED[:5]), words), REJECTED, words)
    if "changes" in shown:
        yield _sheet(_("Changes"), workpapers.register.changes, tuple(workpapers.register.changes.columns), words)


# ── the first sheet ──────────────────────────────────────────────────────────────────────────────────────────
def _summary(workpapers: Workpapers, facts: Mapping[str, Any], words: Words, told: tuple[Verdict, Mapping[str, int]], marks: Marks) -> Sheet:
    """One figure per row: what it is about, count, amount in company currency, rows without a known amount, words."""
    judged, cut = told
    rows = [*_run_rows(workpapers, facts, words, judged), *_figure_rows(facts, words), *_note_rows(words, cut, marks)]
    schema = {
        "section": pl.String(),
        "item": pl.String(),
        "count": pl.Int64(),
        "amount_base": MONEY,
        "amount_unknown": pl.Int64(),
        "text": pl.String(),
    }
    made = _sheet(_("Summary"), pl.DataFrame(rows, schema=schema), tuple(schema), words)
    if made is None:
        raise ValueError("a summary always has rows")
    return made


def _run_rows(workpapers: Workpapers, facts: Mapping[str, Any], words: Words, judged: Verdict) -> Iterable[dict[str, Any]]:
    engagement = workpapers.engagement
    told = {
        _("Verdict"): words(HEADLINES[judged.word]),
        _("Entity"): engagement.entity,
        _("As of"): facts["as_of"],
        _("Period"): f"{facts['period']['from']} … {facts['period']['to']}",
        _("Currency of the company"): engagement.currency,
    }
    yield from ({"section": words(_("Run")), "item": words(item), "text": text} for item, text in told.items())
    yield from ({"section": words(_("Why this verdict")), "text": sentence(reason, words)} for reason in judged.reasons)


def _figure_rows(facts: Mapping[str, Any], words: Words) -> Iterable[dict[str, Any]]:
    yield _figures(words(_("Exceptions")), words(_("all")), facts["exceptions"])
    named: tuple[tuple[str, str, Mapping[str, str]], ...] = (
        (_("Exceptions by severity"), "by_severity", SEVERITIES),
        (_("Exceptions by cycle"), "by_cycle", CYCLES),
        (_("Exceptions by family"), "by_family", FAMILIES),
        (_("Open balances"), "balances", KINDS),
    )
    for section, key, names in named:
        yield from (_figures(words(section), words(names.get(word, word)), figures) for word, figures in facts[key].items())
    for status, count in facts["controls"].items():
        yield {"section": words(_("Controls by status")), "item": words(STATUSES[status]), "count": count}
    yield {"section": words(_("Rows")), "item": words(_("read")), "count": facts["rows"]["read"]}
    yield {"section": words(_("Rows")), "item": words(_("set aside, not audited")), "count": facts["rows"]["set_aside"]}
    yield {"section": words(_("Rows")), "item": words(_("not testable")), "count": facts["not_testable"]}


def _figures(section: str, item: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    amount = figures.get("amount_at_risk_base", figures.get("amount_base"))
    known = None if amount is None else Decimal(amount)
    return {"section": section, "item": item, "count": figures["count"], "amount_base": known, "amount_unknown": figures["amount_unknown"]}


def _beyond(workpapers: Workpapers, layers: pl.DataFrame, shown: Collection[str]) -> dict[str, int]:
    """What has more rows than the workbook shows, and how many."""
    heights = {_("Exceptions"): workpapers.register.exceptions.height} if "exceptions" in shown else {}
    if "balances" in shown:
        heights[_("Open items")] = layers.height
        heights[_("Expected accruals")] = 0 if workpapers.accruals is None else workpapers.accruals.height
        heights[_("Roll-forward")] = 0 if workpapers.roll_forward is None else workpapers.roll_forward.height
    return {what: height for what, height in heights.items() if height > ROWS_MOST}


def _note_rows(words: Words, cut: Mapping[str, int], marks: Marks) -> Iterable[dict[str, Any]]:
    section = words(_("About this workbook"))
    for what, height in cut.items():
        text = words(_("The %(shown)s heaviest of %(all)s are shown; results/ has all of them."), shown=number(ROWS_MOST), all=number(height))
        yield {"section": section, "item": words(what), "count": height, "text": text}
    yield {"section": section, "text": words(_("A view of the files under results/, which are the record. No cell is a formula or a link."))}
    text = _("Cells that were longer than a cell can hold and end with the mark %(mark)s; results/ has them whole.")
    yield {"section": section, "count": marks.cut_cells, "text": words(text, mark="…✂")}
    text = _("Figures with more than 15 digits, written as text so that no digit is lost.")
    yield {"section": section, "count": marks.numbers_as_text, "text": words(text)}


# ── the other sheets ─────────────────────────────────────────────────────────────────────────────────────────
def _files(workpapers: Workpapers) -> pl.DataFrame:
    rows = [(f.input, f.name, f.rows, f.size_bytes, f.encoding, f.sha256) for f in workpapers.files]
    kinds = {"rows": pl.Int64(), "size_bytes": pl.Int64()}
    return pl.DataFrame(rows, schema={name: kinds.get(name, pl.String()) for name in _FILE}, orient="row")


def _spoken(frame: pl.DataFrame, words: Words, *names: str) -> pl.DataFrame:
    """The frame with its sentences in the reader's language, where the rule book has them."""
    return frame.with_columns(pl.coalesce(words.column(name), name).alias(name) for name in names)


def _suppressed(workpapers: Workpapers, words: Words) -> pl.DataFrame | None:
    hidden = workpapers.register.suppressed
    return None if hidden is None else phrases.figures(_spoken(hidden, words, "message"), words)


def _controls_columns(workpapers: Workpapers) -> tuple[str, ...]:
    return tuple(name for name in workpapers.outcomes.controls.columns if not name.endswith("_zh"))


def _by_control(workpapers: Workpapers, words: Words) -> list[Sheet | None]:
    """A sheet per control that found something, its heaviest exceptions first; of very many exceptions the gravest and heaviest."""
    rank = pl.col("severity").replace_strict({s: i for i, s in enumerate(SEVERITY_ORDER)}, default=len(SEVERITY_ORDER), return_dtype=pl.Int64)
    every = workpapers.register.exceptions
    if every.height > ROWS_MOST:
        every = every.sort(rank, "amount_at_risk_base", "exception_id", descending=[False, True, False], nulls_last=True).head(ROWS_MOST)
    told = _heaviest(phrases.figures(_spoken(every, words, "message"), words), "amount_at_risk_base", "exception_id")
    sheet = _sheet("", told, _EXCEPTION, words)
    if sheet is None:
        return []
    found = sheet.frame.with_columns(told["control_id"]).partition_by("control_id", as_dict=True, maintain_order=True, include_key=False)
    return [replace(sheet, name=str(control), frame=found[(control,)]) for (control,) in sorted(found)]


def _heaviest(frame: pl.DataFrame, amount: str, *key: str) -> pl.DataFrame:
    return frame.sort(pl.col(amount).abs(), *key, descending=[True, *[False] * len(key)], nulls_last=True)


def _moved_most(rolled: pl.DataFrame | None) -> pl.DataFrame | None:
    """The roll-forward, what moved most first."""
    return None if rolled is None else _heaviest(rolled, "added_amount_base", "cycle", "kind", "company_code", "party_id", "currency").head(ROWS_MOST)


def _accruals(entries: pl.DataFrame | None) -> pl.DataFrame | None:
    """The expected entries, the largest first."""
    key = ("company_code", "entry_date", "fulfilment_number", "fulfilment_line_no", "entry_kind", "invoice_number", "invoice_line_no", "quantity")
    return None if entries is None else _heaviest(entries, "cost_amount_base", *key).head(ROWS_MOST)


def _sheet(name: str, frame: pl.DataFrame | None, columns: tuple[str, ...], words: Words) -> Sheet | None:
    """The named columns that the frame has, codes in words; nothing where there is no row to show."""
    if frame is None or frame.is_empty():
        return None
    present = [column for column in columns if column in frame.columns]
    spoken = [
        pl.col(column).replace({code: words(text) for code, text in _CODES[column].items()}).alias(column)
        for column in present
        if column in _CODES and frame.schema[column] == pl.String
    ]
    if "age_bucket" in present:
        spoken.append(pl.col("age_bucket").replace(ages.spoken(ages.present(frame["age_bucket"]), words)))
    named = COLUMNS | SHEET_COLUMNS
    head = [Column(column, words(named[column]), _form(column, frame.schema[column]), _WIDTHS.get(column, 14)) for column in present]
    return Sheet(words(name), frame.select(present).with_columns(spoken), tuple(head))


def _form(name: str, kind: pl.DataType) -> str:
    if kind == pl.Date:
        return "date"
    if isinstance(kind, pl.Decimal):
        return "money" if kind.scale == MONEY.scale else "quantity"
    if kind.is_integer():
        return "count"
    return "wrapped" if name in ("message", "text", "title", "reason") else "text"
