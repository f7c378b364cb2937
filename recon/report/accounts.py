"""Statements of account (对账单): what one company of the entity and one supplier or customer owe each other, from a published run.

They go to the other side: documents, quantities and money that both have, nothing of what controls say about them.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from recon.domain import manifest
from recon.domain.errors import TermsRefused
from recon.report import ages
from recon.report.sheet_rows import Marks
from recon.report.vocabulary import COLUMNS, KINDS, SHEET_COLUMNS
from recon.report.words import LANGUAGES, speak
from recon.report.workbook_file import Column, Sheet, workbook_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import jinja2

    from recon.report.words import Words


def _(text: str) -> str:
    return text


_PARTY: Final = ("cycle", "company_code", "party_id")
#: part of a statement -> its title in purchase, in sales, its columns
_PARTS: Final = {
    "open_items": (_("Open invoices and payments"), _("Open invoices and receipts"), ("kind", "document_number", "document_date", "age_days", "amount", "currency")),
    "not_invoiced": (
        _("Received, not invoiced"),
        _("Shipped, not invoiced"),
        ("document_number", "document_line_no", "document_date", "order_number", "order_line_no", "quantity", "amount", "currency"),
    ),
    "not_fulfilled": (
        _("Invoiced, not received"),
        _("Invoiced, not shipped"),
        ("document_number", "document_line_no", "document_date", "order_number", "order_line_no", "quantity", "amount", "currency"),
    ),
    "payments": (_("Payments made"), _("Payments received"), ("payment_number", "payment_date", "invoice_number", "amount", "discount", "write_off", "currency")),
    "differences": (
        _("Invoice lines that differ from the order"),
        _("Invoice lines that differ from the order"),
        ("invoice_number", "invoice_line_no", "order_number", "order_line_no", "expected_amount", "invoiced_amount", *(
            f"{what}_variance" for what in ("quantity", "price", "fx", "rounding", "tax", "charge")
        )),
    ),
}  # fmt: skip
_VARIANCES: Final = _PARTS["differences"][2][6:]
_OPEN_KINDS: Final = ("open_payable", "open_receivable", "unapplied_cash")


@dataclass(frozen=True)
class Account:
    """One statement: whose, and its parts as tables."""

    cycle: str
    company_code: str
    party_id: str
    party_name: str | None
    parts: Mapping[str, pl.DataFrame]
    ageing: pl.DataFrame  # currency, age_bucket, count, amount: of the open items
    balance: pl.DataFrame  # currency, count, amount

    @property
    def file(self) -> str:
        """A name that every file system takes and no two parties share."""
        told = f"{self.company_code}_{self.party_id}"
        plain = re.sub(r"[^A-Za-z0-9]+", "-", told).strip("-")[:60]
        key = hashlib.sha256(f"{self.cycle}\x1f{self.company_code}\x1f{self.party_id}".encode()).hexdigest()[:8]
        return f"{'supplier' if self.cycle == 'procure_to_pay' else 'customer'}_{plain}_{key}"


def statements(run: Path, language: str, party: str | None = None) -> Iterator[tuple[str, bytes]]:
    """Name and content of the statements of a published run: a page and a workbook for every party, or for the one named.

    Raises TermsRefused when the folder is no run or the run does not know the party, or when a file is not as it was published.
    """
    facts = manifest.read(run)
    changed = manifest.differences(run)
    if changed:
        todo = "run the engagement again, or take the run from a backup"
        raise TermsRefused("the run is not as it was published", where=str(run), got="; ".join(changed[:3]), todo=todo)
    summary = json.loads((run / "results" / "summary.json").read_text(encoding="utf-8"))
    words = speak(language)
    found = accounts(run, party)
    if not found:
        raise TermsRefused("the run knows nothing of this party", where=str(run), got=str(party), todo="name a party_id of results/balances.csv")
    letter = _letter(words, summary["currency"])
    for account in found:
        yield f"{account.file}.html", _page(account, summary, words, letter)
        yield f"{account.file}.xlsx", statement_workbook(account, facts["engagement"]["entity"], summary["as_of"], words)


def accounts(run: Path, party: str | None = None) -> list[Account]:
    """Every account of the run with something in it, sorted by cycle, company and party."""
    layers, payments, lines = (_read(run, name, party) for name in ("balances", "settlements", "invoice_lines"))
    differing = lines.filter(pl.any_horizontal((pl.col(name) != 0).fill_null(value=False) for name in _VARIANCES))
    tables = {
        "open_items": layers.filter(pl.col("kind").is_in(_OPEN_KINDS)),
        "not_invoiced": layers.filter(pl.col("kind") == "fulfilled_not_invoiced"),
        "not_fulfilled": layers.filter(pl.col("kind") == "invoiced_not_fulfilled"),
        "payments": payments.filter(pl.col("payment_number").is_not_null()),
        "differences": differing,
    }
    by_party = {name: _by_party(rows.sort(_PARTS[name][2], nulls_last=True)) for name, rows in tables.items()}
    names = _names(layers)
    known = _masters(run)
    keys = sorted({key for rows in by_party.values() for key in rows})
    return [
        _account(
            key,
            names.get(key, known.get((key[0], key[2]))),
            {name: rows[key] if key in rows else tables[name].clear() for name, rows in by_party.items()},
        )
        for key in keys
    ]


def _read(run: Path, name: str, party: str | None) -> pl.DataFrame:
    rows = pl.read_parquet(run / "results" / f"{name}.parquet").filter(pl.col("party_id").is_not_null(), pl.col("company_code").is_not_null())
    return rows if party is None else rows.filter(pl.col("party_id") == party)


def _by_party(rows: pl.DataFrame) -> dict[tuple[str, ...], pl.DataFrame]:
    return {tuple(map(str, key)): part for key, part in rows.partition_by(_PARTY, as_dict=True, maintain_order=True).items()}


def _names(layers: pl.DataFrame) -> dict[tuple[str, ...], str]:
    named = layers.filter(pl.col("party_name").is_not_null()).group_by(_PARTY).agg(pl.col("party_name").min())
    return {(cycle, company, party): name for cycle, company, party, name in named.select(*_PARTY, "party_name").rows()}


def _masters(run: Path) -> dict[tuple[str, str], str]:
    """Names of the parties with which nothing is open."""
    path = run / "results" / "party_records.csv"
    if not path.is_file():
        return {}
    named = pl.read_csv(path, columns=["cycle", "party_id", "party_name"], infer_schema=False).drop_nulls()
    return {(cycle, party): name for cycle, party, name in named.rows()}


def _account(key: tuple[str, ...], name: str | None, parts: dict[str, pl.DataFrame]) -> Account:
    cycle, company, party = key
    items = parts["open_items"].with_columns(_owed())
    known = ages.present(items["age_bucket"])
    place = pl.col("age_bucket").replace_strict({b: i for i, b in enumerate(known)}, default=len(known), return_dtype=pl.Int64)
    count = pl.len().cast(pl.Int64).alias("count")
    ageing = items.group_by("currency", "age_bucket").agg(count, pl.col("owed").sum().alias("amount")).sort("currency", place, nulls_last=True)
    balance = items.group_by("currency").agg(count, pl.col("owed").sum().alias("amount")).sort("currency", nulls_last=True)
    parts["open_items"] = items.with_columns(amount="owed").drop("owed")
    return Account(cycle, company, party, name, parts, ageing, balance)


def _owed() -> pl.Expr:
    """What is owed: invoices as they stand; cash that no invoice took is owed back, so it counts the other way."""
    return pl.when(pl.col("kind") == "unapplied_cash").then(-pl.col("amount")).otherwise(pl.col("amount")).alias("owed")


# ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────
def _letter(words: Words, currency: str) -> jinja2.Template:
    """The template, made ready once for all statements."""
    from recon.report.page import environment_of

    return environment_of(words, currency).get_template("statement.html")


def _page(account: Account, summary: Mapping[str, Any], words: Words, letter: jinja2.Template) -> bytes:
    """The statement as one page, for mail and paper."""
    from markupsafe import Markup

    from recon.report.page import hash_of, static

    style = static("statement.css")
    text = letter.render(
        account=account,
        entity=summary["entity"],
        as_of=summary["as_of"],
        buying=account.cycle == "procure_to_pay",
        parts=[_shown(name, account, words) for name in _PARTS],
        html_language=LANGUAGES[words.language],
        style=Markup(style),  # noqa: S704 - our own file; nothing of a run is in it
        style_hash=hash_of(style),
        buckets=ages.spoken(ages.present(account.ageing["age_bucket"]), words),
    )
    return text.encode()


def _shown(name: str, account: Account, words: Words) -> dict[str, Any]:
    title = words(_title(name, account))
    titles = COLUMNS | SHEET_COLUMNS
    columns = _PARTS[name][2]
    rows = _spoken(account.parts[name].select(columns), words).to_dicts()
    kinds = account.parts[name].schema
    return {
        "title": title,
        "columns": [(column, words(titles[column]), _figure(column, kinds[column])) for column in columns],
        "rows": rows,
    }


def _figure(name: str, kind: pl.DataType) -> str:
    """How a column's figures are written on the page; nothing for texts and days."""
    return form if (form := _form(name, kind)) in ("money", "quantity", "count") else ""


def _spoken(rows: pl.DataFrame, words: Words) -> pl.DataFrame:
    if "kind" not in rows.columns:
        return rows
    return rows.with_columns(pl.col("kind").replace({kind: words(text) for kind, text in KINDS.items()}))


def _title(name: str, account: Account) -> str:
    buying, selling, _columns = _PARTS[name]
    return buying if account.cycle == "procure_to_pay" else selling


def statement_workbook(account: Account, entity: str, as_of: str, words: Words) -> bytes:
    """The statement as a workbook: the balance by age, then a sheet per part that has rows."""
    titles = COLUMNS | SHEET_COLUMNS
    names = ages.spoken(ages.present(account.ageing["age_bucket"]), words)
    ageing = account.ageing.with_columns(pl.col("age_bucket").replace(names))
    tables = [(words(_("Balance")), ageing)]
    for name, (_buying, _selling, columns) in _PARTS.items():
        rows = _spoken(account.parts[name].select(columns), words)
        if rows.height:
            tables.append((words(_title(name, account)), rows))
    sheets = [
        Sheet(_sheet_name(title), rows, tuple(Column(c, words(titles[c]), _form(c, kind), 16) for c, kind in rows.schema.items()))
        for title, rows in tables
    ]
    return workbook_bytes(sheets, Marks(), f"{entity} {account.party_id} {as_of}")


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip("' ")


def _form(name: str, kind: pl.DataType) -> str:
    if kind == pl.Date:
        return "date"
    if isinstance(kind, pl.Decimal):
        return "quantity" if name == "quantity" else "money"
    return "count" if kind.is_integer() else "text"
