"""The parts of an evidence pack beside the run's own files: sheets about inputs, exceptions by control, retention, provenance."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from decimal import Decimal

import polars as pl
import pytest
from packed import both, manifests_anew
from pydantic import ValidationError

from recon.deliver import deliver
from recon.deliver.bag import read_manifest
from recon.deliver.ipe import _proof
from recon.deliver.pack import PackTerms
from recon.deliver.pack import pack as packed
from recon.deliver.parted import _file_name
from recon.domain import documents, input_totals, places, retention
from recon.domain.engagement import Retention
from recon.load import read_engagement
from recon.pipeline import pack, publish, run
from recon.report import report

CLEAN = places.sample_data() / "clean"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(run, pack) of the sample company without faults, whose engagement says how long its evidence is kept."""
    place = tmp_path_factory.mktemp("parts")
    kept = Retention(years=10, counted_from="year_end", why="law of the company's country")
    engagement = read_engagement(CLEAN / "engagement.yaml", as_of=None).model_copy(update={"second_opinion": False, "retention": kept})
    publish(run(engagement), place / "run")
    return place / "run", pack(place / "run", place / "packs", PackTerms(inputs=CLEAN)).folder


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sheet_of(bag, name):
    return json.loads(next((bag / "data/02_ipe").glob(f"ipe_*_{name}.json")).read_text(encoding="utf-8"))


# ── sheets about inputs ──────────────────────────────────────────────────────────────────────────────────────
def invoice_lines(*rows):
    told = [{"company_code": "C1", "source_file": "a.csv", **row} for row in rows]
    schema = {name: kind for name, kind in documents.schema("supplier_invoice_line").items() if any(name in row for row in told)}
    return pl.DataFrame(told, schema=schema)


def test_totals_are_exact_and_say_what_is_not_known():
    lines = invoice_lines(
        {"invoice_number": "9", "line_amount_net": Decimal("0.1"), "quantity": None, "created_by": "ANN"},
        {"invoice_number": "10", "line_amount_net": Decimal("0.2"), "quantity": None, "created_by": "BOB"},
        {"invoice_number": "11", "line_amount_net": None, "quantity": None, "source_file": "b.csv"},
    )
    found = {(row["source_file"], row["column"]): row for row in input_totals.of_table("supplier_invoice_line", lines).to_dicts()}
    net = found["a.csv", "line_amount_net"]
    assert (net["row_count"], net["unknown"], net["total"], net["lowest"], net["highest"]) == (2, 0, Decimal("0.3"), "0.1", "0.2")
    assert (found["b.csv", "line_amount_net"]["unknown"], found["b.csv", "line_amount_net"]["total"]) == (1, None)
    assert found["a.csv", "quantity"]["total"] is None  # a sum of nothing but unknown values is not zero
    assert (found["a.csv", "invoice_number"]["lowest"], found["a.csv", "invoice_number"]["highest"]) == ("10", "9")
    assert ("a.csv", "created_by") not in found  # neither a figure nor part of the key


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        ("user", "user_id", False),
        ("approval_event", "document_number", False),
        ("approval_event", "company_code", True),
        ("supplier", "party_id", True),
    ],
)
def test_no_span_is_told_of_what_may_be_a_person(table, column, told):
    schema = documents.schema(table)
    rows = pl.DataFrame({column: ["ANN", "ZOE"], "source_file": ["x.csv"] * 2}, schema={column: schema[column], "source_file": pl.String})
    (row,) = input_totals.of_table(table, rows).to_dicts()
    assert (row["lowest"], row["highest"]) == (("ANN", "ZOE") if told else (None, None))
    assert (row["row_count"], row["unknown"]) == (2, 0)


def test_control_totals_are_no_input_of_their_own():
    rows = pl.DataFrame({"table": ["supplier"], "source_file": ["supplier.csv"]})
    assert input_totals.of_table("control_total", rows).is_empty()


def test_a_sheet_adds_up_its_file(made):
    """Against the files themselves, read by the standard library, and against the tie-out."""
    published, bag = made
    sheet = sheet_of(bag, "supplier_invoice_line")
    columns = {row["column"]: row for row in sheet["columns"]}
    given = rows_of(CLEAN / "supplier_invoice_line.csv")
    for name in ("line_amount_net", "line_tax_amount", "quantity"):
        values = [Decimal(row[name]) for row in given if row[name]]
        assert Decimal(columns[name]["total"]) == sum(values), name
        assert int(columns[name]["unknown"]) == len(given) - len(values), name
    dates = sorted(row["invoice_date"] for row in given)
    assert (columns["invoice_date"]["lowest"], columns["invoice_date"]["highest"]) == (dates[0], dates[-1])
    assert (sheet["proof"], sheet["rows"], sheet["rows_set_aside"], sheet["tables"]) == ("control_total", len(given), 0, ["supplier_invoice_line"])
    totals = {
        row["table"]: Decimal(row["amount_out"])
        for row in rows_of(published / "results/tie_out.csv")
        if row["doorway"] == "conform" and row["amount_out"]
    }
    for table, total in totals.items():
        summed = [
            Decimal(row["total"] or 0)
            for row in rows_of(published / "results/input_totals.csv")
            if row["table"] == table and row["column"] == documents.TABLES[table].total
        ]
        assert sum(summed).quantize(Decimal("1e-6")) == total, table
    page = (bag / "data/02_ipe/ipe.html").read_text(encoding="utf-8")
    assert columns["line_amount_net"]["total"] in page
    assert "源系统所报" in page


@pytest.mark.parametrize(
    ("totals", "ledger", "proof"),
    [
        ([], [], "none"),
        (["true"], ["1.00"], "control_total"),
        (["true", "false"], ["0"], "control_total_differs"),
        (["false"], [], "control_total_differs"),
        ([""], ["0", "0"], "ledger"),
        ([], ["0", "0.01"], "none"),
        ([], ["0", ""], "none"),  # a balance of another day proves nothing
    ],
)
def test_the_strongest_proof_is_named(totals, ledger, proof):
    assert _proof([{"holds": word} for word in totals], [{"difference": word} for word in ledger]) == proof


# ── exceptions by control, rows set aside ────────────────────────────────────────────────────────────────────
def test_the_parts_are_the_whole_byte_for_byte(attacked):
    bag = attacked[1]
    whole = (bag / "data/05_results/exceptions.csv").read_bytes()
    header = whole.partition(b"\n")[0] + b"\n"
    files = sorted((bag / "data/05_results/by_control").iterdir())
    parts = [file.read_bytes() for file in files]
    assert all(part.startswith(header) for part in parts)
    assert header + b"".join(part[len(header) :] for part in parts) == whole
    judged = {row["control_id"] for row in rows_of(bag / "data/05_results/controls.csv") if row["status"] in ("clean", "exceptions")}
    assert {file.stem for file in files} == judged
    assert header in parts  # a clean control has a file that says so
    aside = rows_of(bag / "data/03_inputs/rejects/supplier_invoice_line.csv")
    assert aside == rows_of(bag / "data/05_results/rejected_rows.csv")


def test_tables_of_any_name_get_files_of_their_own():
    assert _file_name("supplier") == "supplier"
    assert _file_name("采购") != _file_name("销售")
    assert all(sign.isascii() for sign in _file_name("../采购"))
    assert "/" not in _file_name("../采购")


def another_row(file):
    file.write_text(file.read_text(encoding="utf-8") + file.read_text(encoding="utf-8").splitlines()[-1] + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (another_row, "other rows"),
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.rename(file.with_name("XXX-99.csv")), "no such control"),
    ],
)
def test_counting_again_finds_parts_that_differ(attacked, harm, says):
    bag = attacked[1]
    file = max((bag / "data/05_results/by_control").iterdir(), key=lambda path: path.stat().st_size)
    harm(file)
    done = subprocess.run([sys.executable, "-I", bag / "data/09_reperform/recount.py"], capture_output=True, text=True, check=False)
    assert (done.returncode, says in done.stdout) == (1, True), done.stdout


# ── retention ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_pack_says_how_long_it_is_kept(made, attacked):
    stated = json.loads((made[1] / retention.HOME).read_text(encoding="utf-8"))
    assert (stated["years"], stated["keep_until"], stated["stated_by_the_engagement"]) == (10, "2036-12-31", True)
    assert stated["why"] == "law of the company's country"
    assert "Retain-Until: 2036-12-31\n" in (made[1] / "bag-info.txt").read_text(encoding="utf-8")
    guide = (made[1] / "data/00_README.html").read_text(encoding="utf-8")
    assert "for 10 years, until 2036-12-31 (as the engagement states)" in guide
    assert "10 年，至 2036-12-31（按业务约定）" in guide
    proposed = json.loads((attacked[1] / retention.HOME).read_text(encoding="utf-8"))
    assert (proposed["years"], proposed["keep_until"], proposed["stated_by_the_engagement"]) == (7, "2033-10-31", False)


@pytest.mark.parametrize(
    ("to", "years", "counted_from", "until"),
    [
        ("2026-10-31", 1, "period_end", "2027-10-31"),
        ("2026-12-31", 1, "year_end", "2027-12-31"),
        ("2026-01-31", 30, "year_end", "2056-12-31"),
        ("2028-02-29", 4, "period_end", "2032-02-29"),
        ("2028-02-29", 7, "period_end", "2035-03-01"),  # never shorter
    ],
)
def test_the_last_day_of_keeping(to, years, counted_from, until):
    terms = {"period": {"from": "2026-01-01", "to": to}, "retention": {"years": years, "counted_from": counted_from, "why": "law"}}
    assert retention.retained(terms)["keep_until"] == until


@pytest.mark.parametrize(
    "wrong",
    [{"years": 0, "why": "x"}, {"years": 101, "why": "x"}, {"years": 7}, {"years": 7, "why": ""}, {"years": 7, "why": "x", "counted_from": "today"}],
)
def test_a_retention_that_says_nothing_is_refused(wrong):
    with pytest.raises(ValidationError):
        Retention.model_validate(wrong)


# ── provenance ───────────────────────────────────────────────────────────────────────────────────────────────
def test_provenance_names_what_went_in_and_what_came_out(made):
    bag = made[1]
    statement = json.loads((bag / "data/08_run/provenance.json").read_text(encoding="utf-8"))
    assert (statement["_type"], statement["predicateType"]) == ("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1")
    payload = read_manifest(bag / "manifest-sha256.txt")[0]
    assert all(payload[subject["name"]] == subject["digest"]["sha256"] for subject in statement["subject"])
    facts = json.loads((bag / "data/08_run/manifest.json").read_text(encoding="utf-8"))
    assert len(statement["subject"]) == len(facts["outputs"])
    materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    kinds = [material["annotations"]["kind"] for material in materials]
    assert [kinds.count(kind) for kind in ("input", "rule", "program", "locked packages")] == [len(facts["inputs"]), len(facts["rules"]), 1, 1]
    libraries = json.loads((bag / "data/08_run/libraries.json").read_text(encoding="utf-8"))
    assert libraries["libraries"]["polars"] == facts["versions"]["polars"]
    assert libraries["lock_sha256_of_the_run"] == libraries["lock_sha256_in_this_pack"] == payload["data/09_reperform/requirements.lock"]
    assert all(pair["locked"] != pair["used"] for pair in libraries["other_than_locked"].values())
    assert "polars" not in libraries["other_than_locked"]
    lock = json.loads((bag / "data/04_rules/rules.lock.json").read_text(encoding="utf-8"))["controls"]
    assert all(facts["rules"][control["file"]] == control["rule_sha256"] for control in lock)


def insider(bag, change):
    """Somebody who seals anew after changing a file: only what the pack says about itself can show it."""
    place = bag / "data/08_run/provenance.json"
    place.write_text(json.dumps(change(json.loads(place.read_text(encoding="utf-8")))), encoding="utf-8")
    manifests_anew(bag)


def without_one(statement):
    return statement | {"subject": statement["subject"][1:]}


def other_digest(statement):
    return statement | {"subject": [statement["subject"][0] | {"digest": {"sha256": "0" * 64}}, *statement["subject"][1:]]}


@pytest.mark.parametrize("change", [without_one, other_digest, lambda _: {"subject": "none"}, lambda _: []])
def test_a_provenance_of_other_files_is_found_by_both_verifiers(attacked, change):
    bag = attacked[1]
    insider(bag, change)
    assert ("not_as_published", "data/08_run/provenance.json") in both(bag)


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────
NEW = (
    "00_retention.json",
    "02_ipe/ipe.html",
    "03_inputs/rejects/supplier_invoice_line.csv",
    "05_results/by_control/QTY-01.csv",
    "08_run/libraries.json",
    "08_run/provenance.json",
)


@pytest.mark.parametrize("name", NEW)
def test_tampering_with_a_part_is_found_by_both_verifiers(attacked, name):
    _, bag, public, head = attacked
    file = bag / "data" / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert ("changed", f"data/{name}") in both(bag, [public], head)
    file.unlink()
    assert ("missing", f"data/{name}") in both(bag, [public], head)


def test_the_same_run_is_packed_to_the_same_bytes(make_workpapers, tmp_path):
    told = make_workpapers(4)
    deliver(report(told, "en"), told, tmp_path / "run")
    one, two = (packed(tmp_path / "run", tmp_path / name, (), PackTerms()).folder for name in ("a", "b"))
    assert read_manifest(one / "manifest-sha256.txt") == read_manifest(two / "manifest-sha256.txt")
