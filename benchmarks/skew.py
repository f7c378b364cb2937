"""Measure companies in which very much is alike: one party, one sum, one order, one name, nothing said of what belongs to what.

    python -m benchmarks.skew --lines 100000

The company of `company.py` is bent in one way after another and judged by every control, each in a process of its own. Time may rise with what is found;
memory must not rise with the square of what is alike: the command ends with 1 where a run fails or takes more than `PEAK_MOST_MIB`. Writes docs/skew.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from benchmarks.files import write_company
from benchmarks.run import RECON, ROOT, STORE, Measure, machine, timed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tables = dict[str, pl.DataFrame]
    Bend = Callable[[Tables], Tables]

#: For 100,000 order lines.
PEAK_MOST_MIB: Final = 6_144
_MASTERS: Final = ("supplier", "customer")
_KEPT: Final = (*_MASTERS, "item", "uom_conversion", "user")
_ORDERS: Final = {"purchase_order_line": ("po_number", "po_line_no"), "sales_order_line": ("so_number", "so_line_no")}
_GOODS: Final = ("goods_receipt_line", "shipment_line", "delivery_confirmation_line")
_ALLOCATIONS: Final = ("supplier_payment_allocation", "cash_receipt_allocation")
_ONE_SUM: Final = {
    "quantity": "1", "unit_price_net": "100", "price_per": "1", "line_amount_net": "100", "line_tax_amount": "13", "line_amount_gross": "113", "tax_rate": "0.13",
    "amount": "113", "amount_applied": "113", "quantity_accepted": "1", "quantity_rejected": "0", "fx_rate": "1", "currency": "CNY", "uom": "EA",
}  # fmt: skip


def _with(frame: pl.DataFrame, **values: pl.Expr) -> pl.DataFrame:
    return frame.with_columns(value.cast(frame.schema[name]).alias(name) for name, value in values.items() if name in frame.columns)


def _said(frame: pl.DataFrame, names: tuple[str, ...]) -> dict[str, pl.Expr]:
    return {name: pl.lit(None) for name in names if name in frame.columns}


def one_party(tables: Tables) -> Tables:
    """All with the first supplier and the first customer."""
    first = {"supplier_id": pl.lit(tables["supplier"]["party_id"].min()), "customer_id": pl.lit(tables["customer"]["party_id"].min())}
    return {name: frame if name in _MASTERS else _with(frame, **first) for name, frame in tables.items()}


def one_sum(tables: Tables) -> Tables:
    """All lines of one piece for 100, all payments of 113."""
    bent = {column: pl.when(pl.col(column).is_not_null()).then(pl.lit(value)) for column, value in _ONE_SUM.items()}
    return {name: frame if name in _KEPT else _with(frame, **bent) for name, frame in tables.items()}


def one_day(tables: Tables) -> Tables:
    """All on one day."""
    return {
        name: _with(frame, **{column: pl.lit(date(2026, 6, 15)) for column in frame.columns if column.endswith("_date")})
        for name, frame in tables.items()
    }


def one_item(tables: Tables) -> Tables:
    """All of the first item."""
    first = pl.lit(tables["item"]["item_id"].min())
    return {name: frame if name in _KEPT else _with(frame, item_id=first) for name, frame in tables.items()}


def one_order(tables: Tables) -> Tables:
    """All lines on one purchase order and one sales order."""
    bent = dict(tables)
    for order, (number, line) in _ORDERS.items():
        places = tables[order].select(number, line).with_columns(place=pl.int_range(1, pl.len() + 1).cast(pl.String))
        for name, frame in tables.items():
            if number in frame.columns and line in frame.columns:
                met = bent[name].join(places, on=[number, line], how="left", maintain_order="left")
                one = pl.when(pl.col(number).is_not_null()).then(pl.lit("ONE"))
                bent[name] = met.with_columns(one.alias(number), pl.col("place").cast(frame.schema[line]).alias(line)).select(frame.columns)
    return bent


def no_order_line(tables: Tables) -> Tables:
    """Bills name orders and goods, and no line of them."""
    unsaid = ("po_line_no", "so_line_no", "receipt_line_no", "shipment_line_no")
    return {name: _with(frame, **_said(frame, unsaid)) if "line_kind" in frame.columns else frame for name, frame in tables.items()}


def no_reference(tables: Tables) -> Tables:
    """Goods name no order, bills neither an order nor goods."""
    orders = ("po_number", "po_line_no", "so_number", "so_line_no")
    goods = ("receipt_number", "receipt_line_no", "shipment_number", "shipment_line_no")
    return {
        name: frame if name in _ORDERS else _with(frame, **_said(frame, orders if name in _GOODS else orders + goods))
        for name, frame in tables.items()
    }


def no_remittance(tables: Tables) -> Tables:
    """Nobody says what a payment pays."""
    return {name: frame for name, frame in tables.items() if name not in _ALLOCATIONS}


def one_name(tables: Tables) -> Tables:
    """All parties with one name, tax number, account, address and telephone."""
    told = {"party_name": "Same Name Ltd", "tax_id": "91330100MA27XYZ123", "bank_account": "6222000011112222", "address": "1 Long Street", "city": "Town", "phone": "13800138000"}  # fmt: skip
    return tables | {name: tables[name].with_columns(pl.lit(value).alias(column) for column, value in told.items()) for name in _MASTERS}


def names_alike(tables: Tables) -> Tables:
    """All parties shops of one chain in one town."""
    name = pl.format("A very long name of a chain of shops {}", "party_id")
    return tables | {table: tables[table].with_columns(party_name=name, city=pl.lit("Town")) for table in _MASTERS}


def one_person(tables: Tables) -> Tables:
    """All entered and approved by one user."""
    first = pl.lit(tables["user"]["user_id"].min())
    return {name: frame if name == "user" else _with(frame, created_by=first, approver_id=first, user_id=first) for name, frame in tables.items()}


def one_number(tables: Tables) -> Tables:
    """All invoices numbered N/A."""
    return {
        name: _with(frame, invoice_number=pl.lit("N/A"), internal_number=pl.lit("1")) if "invoice" in name else frame
        for name, frame in tables.items()
    }


COMPANIES: Final[dict[str, tuple[Bend, ...]]] = {
    "as it is": (),
    "one party": (one_party,),
    "one sum": (one_sum,),
    "one day": (one_day,),
    "one item": (one_item,),
    "one order": (one_order,),
    "one order, its lines not named": (one_order, no_order_line),
    "one order of one item, its lines not named": (one_order, no_order_line, one_item),
    "one sum, party and day": (one_sum, one_party, one_day),
    "one sum, party, day and item": (one_sum, one_party, one_day, one_item),
    "no reference": (no_reference,),
    "no reference, one sum": (no_reference, one_sum),
    "no reference, one sum and party": (no_reference, one_sum, one_party),
    "no reference, one sum, party, day and item": (no_reference, one_sum, one_party, one_day, one_item),
    "no remittance": (no_remittance,),
    "no remittance, one sum": (no_remittance, one_sum),
    "no remittance, one sum and party": (no_remittance, one_sum, one_party),
    "parties of one name": (one_name,),
    "parties of names alike": (names_alike,),
    "one person": (one_person,),
    "one invoice number": (one_number,),
}


def measured(name: str, tables: Tables, terms: str, folder: Path) -> Measure:
    """Bend the company, write it, and run every control on it once."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "parquet").mkdir(parents=True)
    for bend in COMPANIES[name]:
        tables = bend(tables)
    for table, frame in tables.items():
        frame.write_parquet(folder / "parquet" / f"{table}_part00.parquet")
    kept = [line for line in terms.splitlines() if ".parquet" not in line or line.split(":")[0].strip() in tables]
    (folder / "engagement.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return timed([str(RECON), "run", str(folder / "engagement.yaml"), "--out", str(folder / "run")], folder / "log.txt")


def page(lines: int, measures: dict[str, Measure]) -> str:
    """The table as Markdown."""
    host = machine()
    rows = [f"| {name} | {m.wall_seconds} | {m.cpu_seconds} | {m.peak_mib:,.0f} | {m.exit_code} |" for name, m in measures.items()]
    head = f"Written by `python -m benchmarks.skew --lines {lines}`; do not edit. Machine: {host['cores']} cores ({host['processor']}), {host['memory']}; Python {host['python']}, Polars {host['polars']}."
    said = f"The company of the benchmark, {lines:,} order lines, bent in one way after another; every control, one run each. No run may take more than {PEAK_MOST_MIB:,} MiB."
    titles = "| company | wall s | processor s | peak MiB | exit |\n|---|---|---|---|---|"
    return "\n\n".join(["# Companies in which very much is alike", head, said, "\n".join([titles, *rows])]) + "\n"


def main() -> None:
    """Measure, say it, write the page; exit 1 where a run fails or takes too much."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lines", type=int, default=100_000, help="order lines")
    words.add_argument("--only", nargs="*", choices=list(COMPANIES), help="only these companies; no page is written")
    asked = words.parse_args()
    company = STORE / str(asked.lines)
    write_company(company, asked.lines, ("parquet",))
    names = sorted({path.name.split("_part")[0] for path in (company / "parquet").glob("*_part*.parquet")})
    tables = {name: pl.read_parquet(company / "parquet" / f"{name}_part*.parquet") for name in names}
    terms = (company / "every_control_parquet.yaml").read_text(encoding="utf-8")
    measures = {}
    for name in asked.only or COMPANIES:
        measures[name] = measured(name, tables, terms, STORE / f"skew_{asked.lines}")
        print(f"  {name}: {measures[name].wall_seconds} s, {measures[name].peak_mib:,.0f} MiB, exit {measures[name].exit_code}", flush=True)
    if not asked.only:
        (ROOT / "docs" / "skew.md").write_text(page(asked.lines, measures), encoding="utf-8")
    if any(m.exit_code or m.peak_mib > PEAK_MOST_MIB for m in measures.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
