"""Hostile strings as supplier names, items and file names through the whole job: nothing executes anywhere, nothing is altered in the results."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from unicodedata import normalize

import polars as pl
import pytest
from hostile import HOSTILE

from recon.deliver.inspect_pack import inspect
from recon.deliver.pack import PackTerms
from recon.load import read_engagement
from recon.pipeline import pack, publish, run, statements

#: What a file name may be made of on the strictest system we run on.
NAMES = ["=cmd|'calc'!A1 <img src=x onerror=alert(1)>.csv", '" onmouseover=alert(1) {{7*7}} ＝1+1 \u202e.csv', "javascript:alert(1).csv"]
#: Characters that reading lays down as they are; what is beside them is kept, too.
KEPT = [text for text in HOSTILE if text.isprintable() and text == text.strip() and len(text) < 200]


def written(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """A company whose every supplier has a hostile name and id of item, and bills more than it delivered."""
    place = tmp_path_factory.mktemp("attacked")
    orders, receipts, invoices, suppliers = [], [], [], []
    for i, text in enumerate(t for t in HOSTILE if "\0" not in t):  # a file with a zero byte is refused as a whole
        own = {"company_code": "C1", "po_number": f"PO{i}", "po_line_no": "1", "supplier_id": f"S{i}", "uom": "EA"}
        orders.append(
            own | {"po_date": "2026-09-01", "item_id": text, "item_description": text, "quantity": "10", "unit_price_net": "5", "currency": "CNY"}
        )
        receipts.append(own | {"receipt_number": f"GR{i}", "receipt_line_no": "1", "receipt_date": "2026-09-05", "item_id": text, "quantity": "6"})
        money = {"quantity": "10", "unit_price_net": "5", "line_amount_net": "50", "currency": "CNY", "item_id": text, "item_description": text}
        invoices.append(own | money | {"invoice_number": f"{text[:40]}-{i}", "invoice_line_no": "1", "invoice_date": "2026-09-10"})
        suppliers.append({"party_id": f"S{i}", "party_name": text})
    tables = {"purchase_order_line": orders, "goods_receipt_line": receipts, "supplier_invoice_line": invoices, "supplier": suppliers}
    files = dict(zip(tables, [*NAMES, "supplier.csv"], strict=True))
    for table, rows in tables.items():
        written(place / files[table], rows)
    terms = {
        "entity": "<script>alert(1)</script> =1+1 {{7*7}}", "as_of": "2026-10-31", "period": {"from": "2026-09-01", "to": "2026-10-31"}, "currency": "CNY",
        "source": "canonical", "second_opinion": False, "extracts": files,
    }  # fmt: skip
    (place / "engagement.yaml").write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    publish(run(read_engagement(place / "engagement.yaml")), place / "out", language="both")
    statements(place / "out", place / "letters", language="en")
    return place


class Alarm(HTMLParser):
    """Everything in a page that could run or fetch something."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.scripts = [], 0

    def handle_starttag(self, tag, attrs):
        if tag in {"iframe", "object", "embed", "base", "form", "link", "img", "video", "audio", "math", "marquee", "template"}:
            self.found.append((tag, attrs))
        self.scripts += tag == "script"
        for name, value in attrs:
            runs = name.startswith("on") or name in {"style", "srcdoc", "formaction"}
            leaves = name in {"href", "src", "action", "xlink:href"} and not re.match(
                r"#|\.\./(results|report|machine)/[\w./-]+$|[\w.-]+\.html", value or ""
            )
            if runs or leaves or (tag == "meta" and name == "http-equiv" and value != "Content-Security-Policy"):
                self.found.append((tag, name, value))


def alarms(text):
    alarm = Alarm()
    alarm.feed(text)
    return alarm


def pages(place):
    return [path for folder in ("out", "letters") for path in sorted((place / folder).rglob("*.html"))]


def test_every_attack_is_in_the_results_as_it_was_given(attacked):
    found = pl.read_parquet(attacked / "out/results/exceptions.parquet")
    unnamed = {text for text in KEPT if text.upper() in {"NULL", "NONE"}}  # what stands for an empty name sets the party's row aside
    rejected = pl.read_csv(attacked / "out/results/rejected_rows.csv", infer_schema=False)
    assert unnamed <= set(rejected.filter(pl.col("column") == "party_name")["value"].drop_nulls())
    assert set(KEPT) - unnamed <= set(found["party_name"].drop_nulls())
    assert {normalize("NFKC", text) for text in KEPT} <= set(found["item_id"].drop_nulls())  # ids are read in one width, names as they are
    assert set(NAMES) & set(found["source_file"].drop_nulls())


def test_no_page_holds_anything_that_runs(attacked):
    for path in pages(attacked):
        alarm = alarms(path.read_text(encoding="utf-8"))
        assert alarm.found == [], path
        if path.parent.name == "letters":
            assert alarm.scripts == 0
    assert len(pages(attacked)) >= len(KEPT)


def test_no_workbook_holds_a_formula_or_a_link(attacked):
    books = sorted(attacked.rglob("*.xlsx"))
    assert len(books) >= len(KEPT)
    for path in books:
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                text = packed.read(name).decode()
                assert not re.search(r"<f[ >]|<hyperlink|ddeLink|oleLink|TargetMode=\"External\"", text), (path, name)


def test_outputs_for_machines_stay_whole(attacked):
    import xml.etree.ElementTree as ET

    ET.parse(attacked / "out/machine/junit.xml")
    json.loads((attacked / "out/machine/results.sarif").read_text(encoding="utf-8"))
    assert "<script" not in (attacked / "out/machine/summary.md").read_text(encoding="utf-8")


def test_names_of_files_stay_in_their_folder(attacked):
    for path in (attacked / "letters").iterdir():
        assert re.fullmatch(r"(supplier|customer)_[A-Za-z0-9-]*_[0-9a-f]{8}\.(html|xlsx)", path.name)


def test_the_pack_of_it_is_sound_and_runs_nothing(attacked, tmp_path):
    made = pack(attacked / "out", tmp_path / "packs", PackTerms(inputs=attacked)).folder
    assert inspect(made).findings == set()
    done = subprocess.run([sys.executable, "-I", made / "data/09_reperform/verify.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for path in (made / "data").rglob("*.html"):
        alarm = alarms(path.read_text(encoding="utf-8"))
        assert alarm.found == [], path


def test_nothing_executes_in_a_browser(attacked):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        except playwright.Error as refused:
            pytest.skip(f"no Chromium: {str(refused).splitlines()[0]}")
        page = browser.new_page()
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        for path in [attacked / "out/report/index.html", *sorted((attacked / "letters").glob("*.html"))[:25]]:
            page.goto(path.as_uri())
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
