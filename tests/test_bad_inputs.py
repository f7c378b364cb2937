"""Broken files and broken engagements, through the command line: a refusal that teaches, or a row set aside. Never half a folder."""

import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import Workbook

from recon.cli import main

TABLES = {
    "purchase_order_line": (
        "company_code,po_number,po_line_no,po_date,supplier_id,item_id,quantity,uom,unit_price_net,currency,promised_date\n"
        "C1,PO1,10,2026-10-01,S1,I1,10,EA,5.00,CNY,2026-10-05\n"
        "C1,PO1,20,2026-10-01,S1,I2,4,EA,12.50,CNY,2026-10-05\n"
    ),
    "goods_receipt_line": (
        "company_code,receipt_number,receipt_line_no,receipt_date,po_number,po_line_no,supplier_id,item_id,quantity,uom\n"
        "C1,GR1,1,2026-10-04,PO1,10,S1,I1,10,EA\n"
        "C1,GR1,2,2026-10-04,PO1,20,S1,I2,4,EA\n"
    ),
    "supplier_invoice_line": (
        "company_code,invoice_number,invoice_line_no,invoice_date,posting_date,supplier_id,po_number,po_line_no,item_id,quantity,uom,"
        "unit_price_net,line_amount_net,line_amount_gross,currency,item_description\n"
        "C1,INV1,1,2026-10-06,2026-10-06,S1,PO1,10,I1,10,EA,5.00,50.00,56.50,CNY,bolts\n"
        "C1,INV1,2,2026-10-06,2026-10-06,S1,PO1,20,I2,4,EA,12.50,50.00,56.50,CNY,nuts\n"
    ),
    "supplier": "party_id,party_name\nS1,First Supplier\n",
    "item": "item_id,base_uom\nI1,EA\nI2,EA\n",
}
ENGAGEMENT = """entity: ACME
as_of: 2026-10-31
period: {from: 2026-10-01, to: 2026-10-31}
currency: CNY
source: canonical
second_opinion: false
extracts:
  purchase_order_line: purchase_order_line.csv
  goods_receipt_line: goods_receipt_line.csv
  supplier_invoice_line: supplier_invoice_line.csv
  supplier: supplier.csv
  item: item.csv
"""
INVOICES, ORDERS, RECEIPTS = "supplier_invoice_line.csv", "purchase_order_line.csv", "goods_receipt_line.csv"


@dataclass(frozen=True)
class Company:
    """A folder with a small company in order, to be damaged."""

    folder: Path

    def change(self, name, old, new):
        """Replace a text that stands in the file, so that a case cannot silently change nothing."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8", newline="")

    def add_terms(self, text):
        with (self.folder / "engagement.yaml").open("a", encoding="utf-8") as handle:
            handle.write(text)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content, encoding="utf-8", newline="")

    def text(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def extract(self, table, value):
        self.change("engagement.yaml", f"  {table}: {table}.csv\n", f"  {table}: {value}\n")


@pytest.fixture
def company(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for table, text in TABLES.items():
        (folder / f"{table}.csv").write_text(text, encoding="utf-8", newline="")
    (folder / "engagement.yaml").write_text(ENGAGEMENT, encoding="utf-8")
    return Company(folder)


def run(folder, monkeypatch, capsys, *options, out=None, command="run"):
    """`recon run` in this process: exit code and what was said."""
    target = out or folder.parent / "out"
    arguments = ["recon", command, str(folder / "engagement.yaml"), *(["--out", str(target)] if command == "run" else []), *options]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return ended.value.code or 0, said.out + said.err


def leftovers(parent):
    """What stands beside the inputs: an aborted run must leave nothing, not even a hidden folder or a lock."""
    return sorted(p.name for p in parent.iterdir() if p.name != "in")


# ── terms refused: exit 2 ────────────────────────────────────────────────────────────────────────────────
def terms(old, new):
    return lambda company: company.change("engagement.yaml", old, new)


def more(text):
    return lambda company: company.add_terms(text)


def override(setting, where="", control="PRC-01"):
    scope = f"\n    where: {{{where}}}" if where else ""
    return more(f"parameters:\n  - control: {control}\n    set: {{{setting}}}{scope}\n    why: agreed\n")


TWO_RULES = """policies:
  - set: {match_level: 2way}
    where: {supplier_id: S1}
    why: one
  - set: {match_level: 4way}
    where: {supplier_id: S1}
    why: two
"""
CROSSING_RULES = """parameters:
  - control: PRC-01
    set: {price_over_tolerance_share: "0.05"}
    where: {company_code: C1, supplier_id: S1}
    why: one
  - control: PRC-01
    set: {price_over_tolerance_share: "0.01"}
    where: {supplier_id: S1, document_type: supplier_invoice}
    why: two
"""
TERMS = {
    "misspelt key": (terms("currency: CNY", "curency: CNY"), ["curency", "currency", "engagement.yaml:4"]),
    "unknown key": (more("colour: red\n"), ["colour", "engagement.yaml"]),
    "key twice": (more("entity: Other\n"), ["engagement.yaml:13", "twice"]),
    "not yaml": (terms("entity: ACME", "entity: [ACME"), ["engagement.yaml", "YAML"]),
    "a list, not keys": (lambda c: c.write("engagement.yaml", "- entity\n"), ["engagement.yaml", "keys"]),
    "empty file": (lambda c: c.write("engagement.yaml", ""), ["engagement.yaml"]),
    "not utf-8": (lambda c: c.write("engagement.yaml", ENGAGEMENT.replace("ACME", "供应商").encode("gbk")), ["engagement.yaml", "UTF-8"]),
    "anchor": (terms("entity: ACME", "entity: &name ACME"), ["anchor"]),
    "as_of missing": (terms("as_of: 2026-10-31\n", ""), ["as_of", "missing"]),
    "as_of no date": (terms("as_of: 2026-10-31", "as_of: end of October"), ["as_of", "engagement.yaml:2"]),
    "as_of 30 February": (terms("as_of: 2026-10-31", "as_of: 2026-02-30"), ["as_of"]),
    "period reversed": (terms("{from: 2026-10-01, to: 2026-10-31}", "{from: 2026-10-31, to: 2026-10-01}"), ["period", "before"]),
    "period half": (terms(", to: 2026-10-31}", "}"), ["period", "to"]),
    "entity missing": (terms("entity: ACME\n", ""), ["entity", "missing"]),
    "currency in words": (terms("currency: CNY", "currency: yuan"), ["currency"]),
    "fail_on unknown": (more("fail_on: hgih\n"), ["fail_on"]),
    "no extracts": (lambda c: c.write("engagement.yaml", ENGAGEMENT.split("extracts:", maxsplit=1)[0]), ["extracts", "missing"]),
    "unknown table": (terms("  supplier: supplier.csv", "  suplier: supplier.csv"), ["suplier", 'mean "supplier"']),
    "unknown profile": (terms("source: canonical", "source: cannonical"), ["cannonical", "canonical"]),
    "undefined variable": (lambda c: c.extract("supplier", "${RECON_NO_SUCH_FOLDER}/supplier.csv"), ["RECON_NO_SUCH_FOLDER", "extracts.supplier"]),
    "unknown time zone": (more("time_zone: Asia/Shangai\n"), ["Asia/Shangai", "Asia/Shanghai"]),
    "unquoted decimal": (override("price_over_tolerance_share: 0.05"), ["price_over_tolerance_share", "quotes"]),
    "sexagesimal": (override("price_over_tolerance_share: 2:30"), ["price_over_tolerance_share", "2:30"]),
    "percent sign": (override('price_over_tolerance_share: "5 %"'), ["price_over_tolerance_share", "5 %"]),
    "blank limit": (override('price_over_tolerance_share: ""'), ["price_over_tolerance_share"]),
    "negative limit": (override('price_over_tolerance_share: "-0.05"'), ["price_over_tolerance_share", "-0.05"]),
    "unknown control": (override('price_over_tolerance_share: "0.05"', control="PRC-99"), ["PRC-99"]),
    "unknown parameter": (override('price_over_tolerence_share: "0.05"'), ["price_over_tolerence_share", "price_over_tolerance_share"]),
    "unknown scope": (override('price_over_tolerance_share: "0.05"', where="suplier_id: S1"), ["suplier_id", "supplier_id"]),
    "no reason": (more('parameters:\n  - control: PRC-01\n    set: {price_over_tolerance_share: "0.05"}\n'), ["why", "missing"]),
    "conflicting policies": (more(TWO_RULES), ["match_level", "policies[0]", "policies[1]"]),
    "crossing overrides": (more(CROSSING_RULES), ["price_over_tolerance_share", "parameters[0]", "parameters[1]"]),
    "unknown policy": (more("policies:\n  - set: {match_levle: 2way}\n    why: x\n"), ["match_levle", "match_level"]),
    "unknown policy value": (more("policies:\n  - set: {match_level: 5way}\n    why: x\n"), ["match_level", "5way", "3way"]),
    "include hits nothing": (more("controls: {include: [XYZ-*]}\n"), ["XYZ-*"]),
    "same file named twice": (lambda c: c.extract("supplier", "[supplier.csv, supplier.csv]"), ["supplier.csv", "twice"]),
}  # fmt: skip


@pytest.mark.parametrize("case", TERMS)
def test_terms_are_refused(case, company, monkeypatch, capsys):
    damage, words = TERMS[case]
    damage(company)
    code, said = run(company.folder, monkeypatch, capsys)
    assert code == 2, said
    assert "Traceback" not in said
    assert [w for w in words if w not in said] == [], said
    assert leftovers(company.folder.parent) == []


# ── inputs refused: exit 3 ───────────────────────────────────────────────────────────────────────────────
def cut(name, count):
    return lambda company: company.write(name, (company.folder / name).read_bytes()[:-count])


def row(name, text):
    return lambda company: company.write(name, company.text(name) + text)


def cell(name, old, new):
    return lambda company: company.change(name, old, new)


def parquet(content):
    def damage(company):
        company.write("supplier.parquet", content)
        company.extract("supplier", "supplier.parquet")

    return damage


def workbook(build):
    def damage(company):
        path = company.folder / "supplier.xlsx"
        build(path)
        company.extract("supplier", "supplier.xlsx")

    return damage


def good_workbook(path):
    book = Workbook()
    book.active.append(["party_id", "party_name"])
    book.active.append(["S1", "First Supplier"])
    book.save(path)


def truncated_workbook(path):
    good_workbook(path)
    path.write_bytes(path.read_bytes()[:-400])


def workbook_with_error(path):
    book = Workbook()
    book.active.append(["party_id", "party_name"])
    book.active.append(["S1", "#N/A"])
    book.active["B2"].data_type = "e"
    book.save(path)


def workbook_with_two_sheets(path):
    book = Workbook()
    book.active.append(["party_id", "party_name"])
    book.create_sheet("old").append(["party_id", "party_name"])
    book.save(path)


def control_total(text):
    def damage(company):
        company.write("control_total.csv", "table,source_file,row_count,amount_column,amount_total\n" + text)
        company.add_terms("  control_total: control_total.csv\n")

    return damage


INPUTS = {
    "missing file": (lambda c: (c.folder / "supplier.csv").unlink(), ["supplier.csv", "does not exist"]),
    "glob without hits": (lambda c: c.extract("supplier", "suppliers_*.csv"), ["suppliers_*.csv", "pattern"]),
    "folder instead of file": (lambda c: ((c.folder / "masters").mkdir(), c.extract("supplier", "masters")), ["masters", "folder"]),
    "zero bytes": (lambda c: c.write("supplier.csv", b""), ["supplier.csv", "empty"]),
    "cut inside a record": (cut(INVOICES, 30), [INVOICES, "3"]),
    "cut inside quotes": (row(INVOICES, 'C1,INV2,1,2026-10-06,2026-10-06,S1,PO1,10,I1,1,EA,5.00,5.00,5.65,CNY,"bolts and'), [INVOICES, "quote"]),
    "too few fields": (row("supplier.csv", "S2\n"), ["supplier.csv:3"]),
    "too many fields": (row("supplier.csv", "S2,Second,Supplier\n"), ["supplier.csv:3"]),
    "stray quote": (row("supplier.csv", 'S2,Second "best" Supplier" x\n'), ["supplier.csv"]),
    "zero byte": (row("supplier.csv", "S2,Sec\0ond\n"), ["supplier.csv", "zero byte"]),
    "utf-16 without mark": (lambda c: c.write("supplier.csv", TABLES["supplier"].encode("utf-16-le")), ["supplier.csv"]),
    "neither utf-8 nor gb18030": (lambda c: c.write("supplier.csv", TABLES["supplier"].encode() + b"S2,\xff\xff\n"), ["supplier.csv", "encoding"]),
    "declared encoding is wrong": (
        lambda c: (c.write("supplier.csv", TABLES["supplier"].replace("First", "甲").encode("utf-16-be")), c.add_terms("encoding: utf-8\n")),
        ["supplier.csv"],
    ),
    "declared encoding does not exist": (lambda c: c.add_terms("encoding: utf-9\n"), ["utf-9"]),
    "header names a column twice": (cell("supplier.csv", "party_id,party_name", "party_id,party_id"), ["supplier.csv", "party_id"]),
    "header with an empty name": (cell("supplier.csv", "party_id,party_name", "party_id,"), ["supplier.csv"]),
    "wrong separator": (lambda c: c.write("supplier.csv", TABLES["supplier"].replace(",", ";")), ["supplier"]),
    "unknown column": (cell("supplier.csv", "party_name", "party_nmae"), ["party_nmae", "party_name"]),
    "required column missing": (lambda c: c.write("supplier.csv", "party_id\nS1\n"), ["party_name", "supplier"]),
    "html named csv": (lambda c: c.write("supplier.csv", "<html><body>Session expired</body></html>\n"), ["supplier"]),
    "files of one input differ": (
        lambda c: (c.write("more.csv", "party_id,party_name,country\nS2,Second,CN\n"), c.extract("supplier", "[supplier.csv, more.csv]")),
        ["supplier", "country"],
    ),
    "parquet is damaged": (parquet(b"PAR1 this is not a parquet file PAR1"), ["supplier.parquet"]),
    "parquet is empty": (parquet(b""), ["supplier.parquet"]),
    "workbook is text": (workbook(lambda path: path.write_text("party_id,party_name\n")), ["supplier.xlsx", "workbook"]),
    "workbook is cut off": (workbook(truncated_workbook), ["supplier.xlsx"]),
    "workbook holds an error": (workbook(workbook_with_error), ["supplier.xlsx", "B2", "#N/A"]),
    "workbook with two sheets": (workbook(workbook_with_two_sheets), ["supplier.xlsx", "sheet"]),
    "control total: rows": (control_total("purchase_order_line,,3,,\n"), ["purchase_order_line", "3 rows", "2 rows"]),
    "control total: amount": (control_total("supplier_invoice_line,,2,line_amount_net,100.01\n"), ["supplier_invoice_line", "100.01", "100"]),
    "control total: unknown column": (control_total("supplier_invoice_line,,2,line_amount_nett,100\n"), ["line_amount_nett"]),
}  # fmt: skip


@pytest.mark.parametrize("case", INPUTS)
def test_inputs_are_refused(case, company, monkeypatch, capsys):
    damage, words = INPUTS[case]
    damage(company)
    code, said = run(company.folder, monkeypatch, capsys)
    assert code == 3, said
    assert "Traceback" not in said
    assert [w for w in words if w not in said] == [], said
    assert leftovers(company.folder.parent) == []


# ── rows set aside: the run goes on ──────────────────────────────────────────────────────────────────────
def receipt_kinds(company):
    """A negative quantity contradicts a row that calls itself a receipt; without a kind it could be a return."""
    header, *rows = TABLES["goods_receipt_line"].replace("I2,4,EA", "I2,-4,EA").splitlines()
    company.write(RECEIPTS, "\n".join([f"{header},receipt_kind", *(f"{row},receipt" for row in rows)]) + "\n")


ROWS = {
    "number in words": (cell(ORDERS, "I1,10,EA", "I1,ten,EA"), (ORDERS, "2", "quantity")),
    "number with a letter O": (cell(ORDERS, "I1,10,EA", "I1,1O,EA"), (ORDERS, "2", "quantity")),
    "not a number": (cell(ORDERS, "I1,10,EA", "I1,NaN,EA"), (ORDERS, "2", "quantity")),
    "more digits than can be kept": (cell(ORDERS, "5.00", "5.00000000001"), (ORDERS, "2", "unit_price_net")),
    "number without end": (cell(ORDERS, "I1,10,EA", f"I1,1{'0' * 60},EA"), (ORDERS, "2", "quantity")),
    "30 February": (cell(RECEIPTS, "GR1,1,2026-10-04", "GR1,1,2026-02-30"), (RECEIPTS, "2", "receipt_date")),
    "date the other way round": (cell(RECEIPTS, "GR1,1,2026-10-04", "GR1,1,04/10/2026"), (RECEIPTS, "2", "receipt_date")),
    "year 0026": (cell(RECEIPTS, "GR1,1,2026-10-04", "GR1,1,0026-10-04"), (RECEIPTS, "2", "receipt_date")),
    "negative unit price": (cell(INVOICES, "10,EA,5.00", "10,EA,-5.00"), (INVOICES, "2", "unit_price_net")),
    "required cell empty": (cell(ORDERS, "C1,PO1,20", "C1,,20"), (ORDERS, "3", "po_number")),
    "currency in lower case": (cell(ORDERS, "12.50,CNY", "12.50,yuan"), (ORDERS, "3", "currency")),
    "receipt of less than nothing": (receipt_kinds, (RECEIPTS, "3", "quantity")),
}


@pytest.mark.parametrize("case", ROWS)
def test_rows_are_set_aside(case, company, monkeypatch, capsys):
    damage, (file, number, column) = ROWS[case]
    damage(company)
    code, said = run(company.folder, monkeypatch, capsys)
    assert code in {0, 1}, said
    out = company.folder.parent / "out"
    with (out / "results" / "rejected_rows.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [(r["source_file"], r["source_row"], r["column"]) for r in rows] == [(file, number, column)], rows
    assert rows[0]["rule"]
    assert rows[0]["message"]
    with (out / "results" / "tie_out.csv").open(encoding="utf-8", newline="") as handle:
        aside = [r for r in csv.DictReader(handle) if r["table"] == file.removesuffix(".csv") and r["rows_set_aside"] == "1"]
    assert len(aside) == 1, "one doorway, and only one, set the row aside"
    assert leftovers(company.folder.parent) == ["out"]


# ── rows that look odd and are in order ──────────────────────────────────────────────────────────────────
HARMLESS = {
    "nothing is wrong": lambda c: None,
    "header only": lambda c: c.write(RECEIPTS, TABLES["goods_receipt_line"].splitlines()[0] + "\n"),
    "byte order mark": lambda c: c.write("supplier.csv", b"\xef\xbb\xbf" + TABLES["supplier"].encode()),
    "utf-16 with mark": lambda c: c.write("supplier.csv", TABLES["supplier"].encode("utf-16")),
    "gb18030": lambda c: c.write("supplier.csv", TABLES["supplier"].replace("First Supplier", "第一供应商").encode("gb18030")),
    "windows line ends": lambda c: c.write(RECEIPTS, TABLES["goods_receipt_line"].replace("\n", "\r\n")),
    "no last line end": lambda c: c.write(RECEIPTS, TABLES["goods_receipt_line"].rstrip("\n")),
    "quoted separator and line end": lambda c: c.change(INVOICES, "CNY,bolts", 'CNY,"bolts, M8\nzinc ""A"""'),
    "columns in another order": lambda c: c.write("item.csv", "base_uom,item_id\nEA,I1\nEA,I2\n"),
    "workbook": workbook(good_workbook),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_odd_but_in_order(case, company, monkeypatch, capsys):
    HARMLESS[case](company)
    code, said = run(company.folder, monkeypatch, capsys)
    assert code in {0, 1}, said
    with (company.folder.parent / "out" / "results" / "rejected_rows.csv").open(encoding="utf-8", newline="") as handle:
        assert list(csv.DictReader(handle)) == []


def test_company_in_order_has_no_exception(company, monkeypatch, capsys):
    code, said = run(company.folder, monkeypatch, capsys)
    assert code == 0, said


# ── the folder to publish to ─────────────────────────────────────────────────────────────────────────────
def test_a_folder_that_is_no_run_is_left_alone(company, monkeypatch, capsys):
    out = company.folder.parent / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    code, said = run(company.folder, monkeypatch, capsys)
    assert code == 2, said
    assert str(out) in said
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder(company, monkeypatch, capsys):
    (company.folder.parent / "out").write_text("a file")
    code, said = run(company.folder, monkeypatch, capsys)
    assert code == 2, said
    assert (company.folder.parent / "out").read_text() == "a file"


HOLD = "import sys, time; from pathlib import Path; from recon.deliver import claim\nwith claim(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"


def test_a_folder_held_by_another_run(company, monkeypatch, capsys):
    out = company.folder.parent / "out"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(out)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline().strip() == "held"
        code, said = run(company.folder, monkeypatch, capsys)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert code == 75, said
    assert "out" in said
    assert not out.exists()


def test_an_earlier_run_survives_a_refused_one(company, monkeypatch, capsys):
    run(company.folder, monkeypatch, capsys)
    out = company.folder.parent / "out"
    before = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    company.write("supplier.csv", b"")
    code, _ = run(company.folder, monkeypatch, capsys)
    assert code == 3
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert leftovers(company.folder.parent) == ["out"]


@pytest.mark.skipif(os.name != "posix" or not hasattr(os, "geteuid"), reason="signals of POSIX")
def test_an_interrupted_run_leaves_nothing(company):
    """Ctrl-C in the middle: exit 130, nothing published, no traceback of ours."""
    command = [
        str(Path(sys.executable).with_name("recon")),
        "run",
        str(company.folder / "engagement.yaml"),
        "--out",
        str(company.folder.parent / "out"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while process.poll() is None and not leftovers(company.folder.parent) and time.monotonic() < deadline:
        time.sleep(0.005)  # until the run has claimed its folder: then it is under way
    process.send_signal(2)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert leftovers(company.folder.parent) == []


def test_the_history_is_no_run(company, monkeypatch, capsys):
    code, said = run(company.folder, monkeypatch, capsys, "--history", str(company.folder))
    assert code in {2, 3}, said
    assert leftovers(company.folder.parent) == []


def test_as_of_on_the_command_line_is_no_date(company, monkeypatch, capsys):
    code, said = run(company.folder, monkeypatch, capsys, "--as-of", "yesterday")
    assert code == 2, said
    assert "yesterday" in said


def test_the_engagement_does_not_exist(tmp_path, monkeypatch, capsys):
    (tmp_path / "in").mkdir()
    code, said = run(tmp_path / "in", monkeypatch, capsys)
    assert code == 2, said
    assert "engagement.yaml" in said


def test_an_unknown_option_is_a_matter_of_usage(company, monkeypatch, capsys):
    code, said = run(company.folder, monkeypatch, capsys, "--fast")
    assert code == 2, said
    assert "--fast" in said


# ── machines read refusals too ───────────────────────────────────────────────────────────────────────────
def test_a_refusal_has_five_parts_for_machines(company, monkeypatch, capsys):
    company.change("engagement.yaml", "  supplier: supplier.csv", "  suplier: supplier.csv")
    monkeypatch.setattr(
        sys, "argv", ["recon", "run", str(company.folder / "engagement.yaml"), "--out", str(company.folder.parent / "out"), "--format", "json"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    facts = json.loads(capsys.readouterr().out)
    assert ended.value.code == facts["exit_code"] == 2
    assert set(facts["refused"]) == {"what", "where", "expected", "got", "what_to_do"}
    assert "extracts.suplier" in facts["refused"]["where"]


@pytest.mark.parametrize("case", ["misspelt key", "unknown table", "conflicting policies", "unknown parameter", "unknown policy value"])
def test_check_refuses_terms_without_data(case, company, monkeypatch, capsys):
    damage, words = TERMS[case]
    damage(company)
    code, said = run(company.folder, monkeypatch, capsys, command="check")
    assert code == 2, said
    assert [w for w in words if w not in said] == [], said
