"""Sheets about the information a company produced: what each input held, what proves that it is complete, what nobody told us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from recon.deliver.pack_words import as_csv, as_json, cells, page, rows_of, safe
from recon.domain.crosswalk import COLUMNS, crosswalk
from recon.domain.errors import InputsRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_KNOWN: Final = (
    "system", "instance", "extract_method", "query_text_sha256", "extract_parameters", "extracted_by", "extracted_at", "received_at", "reviewer", "conclusion",
)  # fmt: skip
#: proof -> in words, English and Chinese
_PROOFS: Final = {
    "control_total": ("the rows and amounts that the source says it sent were read", "读入的行数和金额与源系统所报一致"),
    "control_total_differs": ("the rows or amounts that the source says it sent differ from what was read", "读入的行数或金额与源系统所报不一致"),
    "ledger": (
        "no control total; the open items made from it agree with the general ledger, company by company as listed",
        "没有控制总数；由此得出的未清项与总账一致（逐公司列示）",
    ),
    "none": ("completeness not proven; only integrity since the run read the file", "完整性未经证明；只能证明读取之后未被改动"),
}
#: role of a ledger account -> tables whose open items stand on it
_ON_ACCOUNT: Final = {
    "gr_ir": ("goods_receipt_line", "supplier_invoice_line"),
    "payables": ("supplier_invoice_line", "supplier_payment", "supplier_payment_allocation"),
    "receivables": ("customer_invoice_line", "cash_receipt", "cash_receipt_allocation"),
}


def ipe_sheets(run: Path, facts: dict[str, Any], custody: Path | None = None) -> dict[str, bytes]:
    """One sheet per input file as JSON, and all of them as a page.

    `custody` is what people say about where the files came from; it is kept apart from what recon saw itself. Raises InputsRefused.
    """
    told = _custody(custody, facts) if custody else {}
    known = {name: rows_of(run / "results" / f"{name}.csv") for name in ("statements", "tie_out", "rejected_rows")}
    # runs without a ledger, and those that an older recon published, do not have these
    known |= {
        name: rows_of(run / "results" / f"{name}.csv") if (run / "results" / f"{name}.csv").is_file() else []
        for name in ("input_totals", "ledger_ties", "volumes")
    }
    as_of = facts["engagement"]["as_of"]
    sheets = [_sheet(place, source, known, as_of) | _origin(told.get(source["name"], {})) for place, source in enumerate(facts["inputs"], 1)]
    made = {f"ipe_{place:03}_{safe(sheet['input'])}.json": as_json(sheet) for place, sheet in enumerate(sheets, 1)}
    made["crosswalk_iso_21378.csv"] = as_csv(COLUMNS, crosswalk())
    return made | {"ipe.html": _page(sheets, known["ledger_ties"], facts["engagement"]["entity"])}


def _sheet(place: int, source: dict[str, Any], known: dict[str, list[dict[str, str]]], as_of: str) -> dict[str, Any]:
    """What recon saw of one file. Tie-out, control totals and earlier runs are of the whole tables the file went into."""
    columns = [row for row in known["input_totals"] if row["source_file"] == source["name"]]
    into = {row["table"] for row in columns} | {source["input"]}
    about = [row for row in known["statements"] if row["table"] in into and row["rule"] == "control_total"]
    ledger = [row for row in known["ledger_ties"] if into & set(_ON_ACCOUNT.get(row["account_role"], ()))]
    proof = _proof(about, ledger)
    aside = {(row["table"], row["source_row"]) for row in known["rejected_rows"] if row["source_file"] == source["name"]}
    return {
        "ipe_id": f"IPE-{place:03}",
        **source,
        "rows_set_aside": len(aside),
        "tables": sorted(into),
        "columns": [{name: value for name, value in row.items() if name != "source_file"} for row in columns],
        "tie_out": [row for row in known["tie_out"] if row["table"] in into],
        "proof": proof,
        "proof_in_words": _PROOFS[proof][0],
        "control_totals": about,
        "ledger": ledger,
        "earlier_runs": [row for row in known["volumes"] if row["table"] in into and row["as_of"] < as_of],
    }


def _proof(control_totals: list[dict[str, str]], ledger: list[dict[str, str]]) -> str:
    """The strongest proof of completeness there is. A ledger that differs by anything proves nothing."""
    if any(row["holds"] == "false" for row in control_totals):
        return "control_total_differs"
    if any(row["holds"] == "true" for row in control_totals):
        return "control_total"
    return "ledger" if ledger and all(row["difference"] == "0" for row in ledger) else "none"


def _origin(told: dict[str, str]) -> dict[str, Any]:
    """What was said about a file's origin, and what nobody said."""
    return {"told_by_the_company": told, "not_known_to_recon": [name for name in _NOT_KNOWN if name not in told]}


def _custody(given: Path, facts: dict[str, Any]) -> dict[str, dict[str, str]]:
    """File -> what was said about its origin. Raises InputsRefused for a column or a file that is not known."""
    names, told = {source["name"] for source in facts["inputs"]}, {}
    for number, row in enumerate(rows_of(given), 2):
        where, strange = f"{given}:{number}", sorted(map(str, row.keys() - {"source_file", *_NOT_KNOWN}))
        if strange or "source_file" not in row:
            raise InputsRefused(
                "the columns are others", where=where, expected=f"source_file and any of {', '.join(_NOT_KNOWN)}", got=", ".join(strange)
            )
        name = row.pop("source_file")
        if name not in names or name in told:
            got, todo = ("twice" if name in told else "") + f" {name}", "name each file once, as sources.json names it"
            raise InputsRefused("this is no input of the run, or it stands twice", where=where, got=got.strip(), todo=todo)
        told[name] = {key: value for key, value in row.items() if value}
    return told


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────
def _page(sheets: list[dict[str, Any]], ledger: list[dict[str, str]], entity: str) -> bytes:
    files = [
        cells(
            sheet["ipe_id"], sheet["input"], sheet["name"], f"{sheet['rows']:,}", f"{sheet['rows_set_aside']:,}", f"{sheet['size_bytes']:,}",
            sheet["encoding"], sheet["sha256"], " · ".join(_PROOFS[sheet["proof"]]),
        )
        for sheet in sheets
    ]  # fmt: skip
    ties = [
        cells(*(row[name] for name in ("company_code", "account_role", "account", "currency", "as_of_date", "balance", "sub_ledger", "difference")))
        for row in ledger
    ]
    return page(
        "ipe.html", entity=entity, rows="\n".join(files), rows_of_columns="\n".join(_column_rows(sheets)), rows_of_totals="\n".join(_total_rows(sheets)),
        rows_of_ledger="\n".join(ties),
    )  # fmt: skip


def _column_rows(sheets: list[dict[str, Any]]) -> Iterator[str]:
    for sheet in sheets:
        for row in sheet["columns"]:
            figures = (row[name] for name in ("table", "column", "row_count", "unknown", "total", "lowest", "highest"))
            yield cells(sheet["ipe_id"], *figures)


def _total_rows(sheets: list[dict[str, Any]]) -> Iterator[str]:
    """Every control total once, with what it was held against."""
    seen = set()
    for sheet in sheets:
        for row in sheet["control_totals"]:
            told = (row["table"], row["expected"], row["observed"], {"true": "✓", "false": "✗"}.get(row["holds"], "–"))
            if told not in seen:
                seen.add(told)
                yield cells(sheet["ipe_id"], *told)
