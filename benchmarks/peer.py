"""The hand-written peer: DuckDB over the same files, `peer.sql`, results to Parquet, counts per control as JSON on the last line.

python -m benchmarks.peer FOLDER --form parquet|csv --out DIR
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import duckdb

HERE: Final = Path(__file__).resolve().parent
THREADS: Final = 2
#: Document table -> natural key; the first two names after the company go into the exception.
KEYS: Final = {
    "purchase_order_line": ("po_number", "po_line_no"),
    "sales_order_line": ("so_number", "so_line_no"),
    "goods_receipt_line": ("receipt_number", "receipt_line_no"),
    "shipment_line": ("shipment_number", "shipment_line_no"),
    "supplier_invoice_line": ("invoice_number", "invoice_line_no", "supplier_id", "internal_number", "invoice_date"),
    "customer_invoice_line": ("invoice_number", "invoice_line_no"),
}
RESULTS: Final = {
    "exceptions": "select * from exception order by all",
    "order_lines": "select cycle, company_code, order_number, order_line_no, party_id, item_id, currency, ordered, fulfilled, accepted, invoiced, line_amount_net,"
    " invoiced_amount, invoiced_base from order_line order by cycle, company_code, order_number, order_line_no",
    "invoice_lines": "select cycle, company_code, party_id, number, line_no, i.oid, link_pass, i.live, billable, line_amount_net, quantity_variance, price_variance,"
    " fx_variance, rounding_variance, tax_variance from i left join invoice_line using (iid) order by cycle, company_code, party_id, number, line_no",
    "allocations": "select o.cycle, o.company_code, o.order_number, o.order_line_no, f.number as fulfilment_number, f.line_no as fulfilment_line_no, i.number as invoice_number,"
    " i.line_no as invoice_line_no, part.quantity, (part.quantity * i.unit_price_net)::decimal(18, 2) as amount from part join o using (oid) join f using (fid) join i using (iid) order by all",
    "balances": "select * exclude (oid) from open_layer order by all",
    "invoices": "select * from invoice_document order by all",
}
#: Columns of the CSV files that are not text.
_TYPES: Final = {
    **dict.fromkeys(
        ("quantity", "quantity_accepted", "quantity_rejected", "quantity_confirmed"), "decimal(18, 3)"
    ),
    **dict.fromkeys(("unit_price_net", "tax_rate", "fx_rate"), "decimal(18, 4)"),
    **dict.fromkeys(
        ("line_amount_net", "line_tax_amount", "line_amount_gross", "amount", "amount_applied", "amount_at_action", "approval_limit"), "decimal(18, 2)"
    ),
    **dict.fromkeys(("price_per", "factor"), "decimal(10, 0)"),
    **dict.fromkeys(
        ("po_date", "so_date", "receipt_date", "shipment_date", "invoice_date", "posting_date", "due_date", "promised_date", "payment_date", "confirmed_date"), "date"
    ),
    **dict.fromkeys(("created_at", "sent_at", "action_at"), "timestamptz"),
    **dict.fromkeys(("is_service", "goods_issue_posted"), "boolean"),
}  # fmt: skip


def open_tables(db: duckdb.DuckDBPyConnection, folder: Path, form: str) -> None:
    """A view per table over its files; CSV columns are typed as they are read."""
    for table in sorted({path.name.rsplit("_part", 1)[0] for path in folder.glob(f"*.{form}")}):
        files = f"{folder}/{table}_part*.{form}"
        if form == "parquet":
            db.execute(f"create view raw_{table} as from read_parquet('{files}')")
        else:
            first = min(folder.glob(f"{table}_part*.csv"))
            names = first.open(encoding="utf-8").readline().strip().split(",")
            columns = {name: _TYPES.get(name, "varchar") for name in names}
            db.execute(f"create view raw_{table} as from read_csv('{files}', header = true, auto_detect = false, columns = {columns})")
        if table not in KEYS:
            db.execute(f'create view "{table}" as from raw_{table}')


def set_aside(db: duckdb.DuckDBPyConnection) -> None:
    """Rows said twice are kept once; keys whose rows disagree are left out altogether."""
    unions = []
    for table, key in KEYS.items():
        names = ", ".join(("company_code", *key))
        db.execute(f"create temp table twice_{table} as select {names} from raw_{table} group by all having count(*) > 1")
        db.execute(
            f"create temp table kinds_{table} as select {names}, count(distinct r) as kinds from raw_{table} r semi join twice_{table} using ({names}) group by all"
        )
        db.execute(
            f"create view kept_{table} as select r.* from raw_{table} r anti join twice_{table} using ({names})"
            f" union all (select distinct r.* from raw_{table} r semi join (from kinds_{table} where kinds = 1) k using ({names}))"
        )
        cycle = "procure_to_pay" if table in {"purchase_order_line", "goods_receipt_line", "supplier_invoice_line"} else "order_to_cash"
        unions.append(f"select '{cycle}' as cycle, company_code, {key[0]} as number, {key[1]} as line_no, kinds from kinds_{table}")
    db.execute(f"create view said_again as {' union all '.join(unions)}")


def perform(folder: Path, form: str, out: Path, as_of: str) -> dict[str, Any]:
    """Run the peer; the facts that are compared."""
    db = duckdb.connect()
    db.execute(f"set threads = {THREADS}; set preserve_insertion_order = false; set timezone = 'UTC'")
    open_tables(db, folder, form)
    set_aside(db)
    script = "\n".join(line for line in (HERE / "peer.sql").read_text(encoding="utf-8").splitlines() if not line.startswith("--"))
    for statement in script.replace("$as_of", f"date '{as_of}'").split(";\n"):
        if statement.strip():
            db.execute(statement)
    out.mkdir(parents=True, exist_ok=True)
    for name, query in RESULTS.items():
        db.execute(f"copy ({query}) to '{out / name}.parquet' (format parquet, compression zstd)")
    counts = dict(db.execute("select control_id, count(*) from exception group by all order by all").fetchall())
    allocated, parts = db.execute("select sum(quantity), count(*) from part").fetchall()[0]
    layers = {kind: str(total) for kind, total in db.execute("select kind, sum(quantity) from open_layer group by all order by all").fetchall()}
    return {"exceptions": counts, "allocated_quantity": str(allocated), "allocation_rows": parts, "open_quantity": layers}


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--form", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--as-of", default="2026-10-31")
    options = parser.parse_args()
    print(json.dumps(perform(options.folder, options.form, options.out, options.as_of)))


if __name__ == "__main__":
    main()
