"""The answer depends on the documents, not on how they lie in files: order of rows, parts of files, the run, the side of the business."""

import csv
import random
from pathlib import Path

import polars as pl
import pytest

from recon.load import read_engagement
from recon.pipeline import publish, run
from recon.sample import sample

PROVENANCE = {"source_file", "source_row"}
pytestmark = pytest.mark.xdist_group("order_independence")


def publish_run(engagement_file: Path, out: Path) -> Path:
    engagement = read_engagement(engagement_file).model_copy(update={"second_opinion": False})
    publish(run(engagement), out)
    return out / "results"


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """The sample company with faults of every kind, and its published results."""
    folder = tmp_path_factory.mktemp("company") / "given"
    sample(900, 11, folder, planted=True)
    totals = folder / "control_total.csv"
    header, rows = read_rows(totals)
    # what the source says it sent is about the table, so that the table may come in parts
    write_rows(totals, header, [["" if name == "source_file" else cell for name, cell in zip(header, row, strict=True)] for row in rows])
    return folder, publish_run(folder / "engagement.yaml", folder.parent / "out")


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        header, *rows = list(csv.reader(handle))
    return header, rows


def write_rows(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([header, *rows])


def without_provenance(path: Path) -> object:
    """What a result file says, leaving out where it was read; rows that are told apart only by their place are counted."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        kept = [c for c in frame.columns if c not in PROVENANCE]
        return kept, frame.select(kept).rows()
    if path.suffix == ".csv":
        header, rows = read_rows(path)
        kept = [i for i, name in enumerate(header) if name not in PROVENANCE]
        said = [tuple(row[i] for i in kept) for row in rows]
        return [header[i] for i in kept], sorted(said) if path.name == "rejected_rows.csv" else said
    return path.read_bytes()


#: What it tells is told of each file.
ABOUT_FILES = "input_totals.csv"


def assert_same_answers(one: Path, other: Path, *, without: str = "") -> None:
    names = sorted(p.name for p in one.iterdir())
    assert names == sorted(p.name for p in other.iterdir())
    assert names
    differ = [name for name in names if name != without and without_provenance(one / name) != without_provenance(other / name)]
    assert differ == []


def test_the_sample_says_something(company):
    """Equality of empty answers would prove nothing."""
    _, results = company
    assert len(read_rows(results / "exceptions.csv")[1]) > 30
    assert len(read_rows(results / "rejected_rows.csv")[1]) > 0


def test_a_second_run_gives_the_same_bytes(company):
    folder, results = company
    again = publish_run(folder / "engagement.yaml", folder.parent / "again")
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {p.name: p.read_bytes() for p in results.iterdir()}


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_rows_change_nothing(company, tmp_path, seed):
    folder, results = company
    order = random.Random(seed)
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv" and path.name != "answer_key.csv":
            header, rows = read_rows(path)
            order.shuffle(rows)
            write_rows(tmp_path / path.name, header, rows)
    (tmp_path / "engagement.yaml").write_bytes((folder / "engagement.yaml").read_bytes())
    assert_same_answers(results, publish_run(tmp_path / "engagement.yaml", tmp_path / "out"))


def test_reordered_columns_change_nothing(company, tmp_path):
    folder, results = company
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv" and path.name != "answer_key.csv":
            header, rows = read_rows(path)
            write_rows(tmp_path / path.name, header[::-1], [row[::-1] for row in rows])
    (tmp_path / "engagement.yaml").write_bytes((folder / "engagement.yaml").read_bytes())
    assert_same_answers(results, publish_run(tmp_path / "engagement.yaml", tmp_path / "out"))


def test_split_files_change_nothing(company, tmp_path):
    """Every document table comes in three files."""
    folder, results = company
    engagement = (folder / "engagement.yaml").read_text(encoding="utf-8")
    parted = 0
    for path in sorted(folder.iterdir()):
        if path.suffix != ".csv" or path.name == "answer_key.csv":
            continue
        header, rows = read_rows(path)
        if len(rows) < 30 or f" {path.name}\n" not in engagement:
            write_rows(tmp_path / path.name, header, rows)
            continue
        parted += 1
        for part in range(3):
            write_rows(tmp_path / f"{path.stem}__{2 - part}.csv", header, rows[part::3])
        engagement = engagement.replace(f" {path.name}\n", f" {path.stem}__*.csv\n")
    assert parted >= 6
    (tmp_path / "engagement.yaml").write_text(engagement, encoding="utf-8")
    parts = publish_run(tmp_path / "engagement.yaml", tmp_path / "out")
    assert_same_answers(results, parts, without=ABOUT_FILES)
    assert of_all_files(parts) == of_all_files(results)


def of_all_files(results: Path) -> list[tuple[object, ...]]:
    """Rows, unknown values and sum of every column of every table, its files taken together."""
    told = pl.read_csv(results / ABOUT_FILES, infer_schema=False).with_columns(
        pl.col("row_count", "unknown").cast(pl.Int64), pl.col("total").cast(pl.Decimal(38, 10))
    )
    return told.group_by("table", "column", "kind").agg(pl.col("row_count", "unknown", "total").sum()).sort("table", "column").rows()


# ── the sales mirror of purchase data ────────────────────────────────────────────────────────────────────
#: column of the purchase side -> of the sales side
MIRROR = {
    "po_number": "so_number", "po_line_no": "so_line_no", "po_date": "so_date", "supplier_id": "customer_id", "receipt_number": "shipment_number",
    "receipt_line_no": "shipment_line_no", "receipt_date": "shipment_date", "receipt_kind": "shipment_kind",
    "origin_receipt_number": "origin_shipment_number", "origin_receipt_line_no": "origin_shipment_line_no",
}  # fmt: skip
MIRROR_TABLES = {
    "purchase_order_line": "sales_order_line", "goods_receipt_line": "shipment_line", "supplier_invoice_line": "customer_invoice_line", "supplier": "customer",
}  # fmt: skip
MIRROR_CONTROLS = {"QTY-01": "QTY-12", "QTY-05": "QTY-14", "MIS-02": "MIS-10", "MIS-03": "MIS-09", "PRC-01": "PRC-01", "PRC-02": "PRC-02"}
EQUAL_LIMITS = """parameters:
  - {control: QTY-14, set: {over_shipment_tolerance_share: "0.05"}, why: as QTY-05}
  - {control: MIS-02, set: {receipt_grace_days: "0"}, why: as MIS-10}
  - {control: MIS-09, set: {billing_wait_days: "30"}, why: as MIS-03}
"""


def random_chain(dice: random.Random, code: str) -> dict[str, list[dict[str, str]]]:
    """One company with one order of one to three lines, delivered and billed in a disorderly way."""
    tables: dict[str, list[dict[str, str]]] = {"purchase_order_line": [], "goods_receipt_line": [], "supplier_invoice_line": []}
    common = {"company_code": code, "supplier_id": "P1", "currency": "CNY"}
    for line in range(1, dice.randint(1, 3) + 1):
        price, ordered, item = f"{dice.randint(1, 900)}.{dice.randint(0, 99):02d}", dice.randint(1, 40), f"I{line}"
        what = common | {"po_number": "O1", "po_line_no": str(line), "item_id": item, "uom": "EA"}
        tables["purchase_order_line"].append(
            what
            | {
                "po_date": "2026-06-01",
                "quantity": str(ordered),
                "unit_price_net": price,
                "match_level": "3way",
                "created_at": "2026-06-01T08:00:00Z",
            }
        )
        parts = []
        for part in range(dice.randint(0, 3)):
            quantity = dice.randint(1, max(1, ordered // 2))
            parts.append((f"F{part}", quantity))
            day = f"2026-0{dice.randint(6, 9)}-{dice.randint(10, 28)}"
            tables["goods_receipt_line"].append(
                what
                | {
                    "receipt_number": f"F{part}",
                    "receipt_line_no": str(line),
                    "receipt_date": day,
                    "posting_date": day,
                    "quantity": str(quantity),
                    "receipt_kind": "receipt",
                }
            )
        if parts and dice.random() < 0.3:
            number, quantity = dice.choice(parts)
            tables["goods_receipt_line"].append(
                what
                | {
                    "receipt_number": "FR",
                    "receipt_line_no": str(line),
                    "receipt_date": "2026-10-01",
                    "posting_date": "2026-10-01",
                    "receipt_kind": "return",
                }
                | {"quantity": str(-dice.randint(1, quantity)), "origin_receipt_number": number, "origin_receipt_line_no": str(line)}
            )
        for part in range(dice.randint(0, 3)):
            quantity = dice.randint(1, ordered)
            charged = price if dice.random() < 0.7 else f"{dice.randint(1, 900)}.50"
            cents = quantity * int(charged.replace(".", ""))
            net, day = f"{cents // 100}.{cents % 100:02d}", f"2026-0{dice.randint(7, 9)}-{dice.randint(10, 28)}"
            named = dice.choice(parts)[0] if parts and dice.random() < 0.4 else ""
            reference = {
                "receipt_number": named,
                "receipt_line_no": str(line) if named else "",
                "po_line_no": str(line) if dice.random() < 0.7 else "",
            }
            tables["supplier_invoice_line"].append(
                what
                | {
                    "invoice_number": f"V{line}{part}",
                    "invoice_line_no": "1",
                    "invoice_date": day,
                    "posting_date": day,
                    "invoice_kind": "invoice",
                    "line_kind": "item",
                }
                | {
                    "quantity": str(quantity),
                    "unit_price_net": charged,
                    "line_amount_net": net,
                    "line_amount_gross": net,
                    "internal_number": f"V{line}{part}",
                }
                | reference
            )
    return tables


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """150 small companies, each bought and, mirrored, sold; one run over both sides."""
    folder = tmp_path_factory.mktemp("mirror")
    dice = random.Random(20261031)
    bought: dict[str, list[dict[str, str]]] = {table: [] for table in ("purchase_order_line", "goods_receipt_line", "supplier_invoice_line")}
    for number in range(150):
        for table, rows in random_chain(dice, f"C{number:03d}").items():
            bought[table] += rows
    bought["supplier"] = [{"party_id": "P1", "party_name": "Party"}]
    extracts = ""
    for table, rows in bought.items():
        header = list(dict.fromkeys(name for row in rows for name in row))
        if table == "goods_receipt_line":
            header.remove("currency")
        lines = [[row.get(name, "") for name in header] for row in rows]
        write_rows(folder / f"{table}.csv", header, lines)
        sold = [
            [cell.replace("receipt", "shipment") if name == "receipt_kind" else cell for name, cell in zip(header, line, strict=True)]
            for line in lines
        ]
        write_rows(folder / f"{MIRROR_TABLES[table]}.csv", [MIRROR.get(name, name) for name in header], sold)
        extracts += f"  {table}: {table}.csv\n  {MIRROR_TABLES[table]}: {MIRROR_TABLES[table]}.csv\n"
    (folder / "item.csv").write_text("item_id,base_uom,is_service\nI1,EA,false\nI2,EA,false\nI3,EA,false\n", encoding="utf-8")
    head = "entity: Mirror\nas_of: 2026-10-31\nperiod: {from: 2026-10-01, to: 2026-10-31}\ncurrency: CNY\n"
    (folder / "engagement.yaml").write_text(f"{head}extracts:\n  item: item.csv\n{extracts}{EQUAL_LIMITS}", encoding="utf-8")
    return publish_run(folder / "engagement.yaml", folder / "out")


@pytest.mark.parametrize("name", ["order_lines", "invoice_lines", "allocations", "balances"])
def test_sales_mirror_of_purchases_gives_the_mirrored_answer(mirrored, name):
    frame = pl.read_parquet(mirrored / f"{name}.parquet")
    if name == "balances":
        frame = frame.with_columns(pl.col("kind").replace({"open_receivable": "open_payable"}))
    apart = ("cycle", "match_status", "source_file", "source_row")  # what the two sides differ in by nature
    sides = [frame.filter(pl.col("cycle") == cycle).drop(*apart, strict=False) for cycle in ("procure_to_pay", "order_to_cash")]
    keys = [c for c in sides[0].columns if sides[0].schema[c] == pl.String]
    bought, sold = (side.sort(keys + ["quantity"] * ("quantity" in side.columns)) for side in sides)
    assert bought.height > 100
    assert bought.rows() == sold.rows()


def test_mirrored_controls_find_the_mirrored_exceptions(mirrored):
    found = pl.read_parquet(mirrored / "exceptions.parquet")

    key = ["company_code", "document_number", "document_line_no", "order_number", "order_line_no"]

    def said(control: str, cycle: str) -> list[tuple[object, ...]]:
        rows = found.filter(pl.col("control_id") == control, pl.col("cycle") == cycle)
        # what is billed too much stands at the order's price when buying and at the invoice's price when selling
        money = [] if control in {"QTY-01", "QTY-12"} else ["amount_at_risk_base"]
        return sorted(rows.select(*key, *money).rows(), key=str)

    pairs = {one: (said(one, "procure_to_pay"), said(other, "order_to_cash")) for one, other in MIRROR_CONTROLS.items()}
    assert {one: len(bought) for one, (bought, _) in pairs.items() if not bought} == {}, "a control that finds nothing proves nothing"
    differ = {one: (bought, sold) for one, (bought, sold) in pairs.items() if bought != sold}
    assert differ == {}
