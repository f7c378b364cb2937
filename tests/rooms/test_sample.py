"""The sample company: exact, reproducible, in canonical columns, consistent in itself."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from recon.domain import measures
from recon.domain.balance_measures import OF_THE_LEDGER
from recon.domain.documents import TABLES
from recon.domain.errors import TermsRefused
from recon.sample import sample
from recon.sample.faults import PLANTERS
from recon.sample.traps import TRAPS

LINES = 1500


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    sample(LINES, 5, folder)
    return folder


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    sample(LINES, 5, folder, planted=False)
    return folder


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fingerprint(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_one_seed_gives_the_same_bytes_and_another_seed_others(planted, tmp_path):
    sample(LINES, 5, tmp_path / "again")
    sample(LINES, 6, tmp_path / "other")
    assert fingerprint(tmp_path / "again") == fingerprint(planted)
    assert fingerprint(tmp_path / "other") != fingerprint(planted)


@pytest.mark.parametrize("kind", ["planted", "clean"])
def test_exactly_so_many_order_lines_as_asked_for(kind, request):
    folder = request.getfixturevalue(kind)
    orders = rows(folder, "purchase_order_line") + rows(folder, "sales_order_line")
    in_force = [row for row in orders if row.get("is_current_version") != "false"]
    assert len(in_force) == LINES
    assert len(orders) > LINES  # some orders have an earlier version


def test_too_few_lines_are_refused_with_the_least_number(tmp_path):
    with pytest.raises(TermsRefused, match="at least") as refusal:
        sample(20, 1, tmp_path / "small")
    least = int(re.search(r"at least (\d+)", refusal.value.expected).group(1))
    assert not (tmp_path / "small").exists()
    sample(least, 1, tmp_path / "least")
    with pytest.raises(TermsRefused):
        sample(least - 1, 1, tmp_path / "less")


def test_every_shipped_control_has_a_planter():
    root = Path(__file__).parents[2] / "rules" / "controls"
    files = {path.stem[:6]: yaml.safe_load(path.read_text(encoding="utf-8")) for path in root.rglob("*.yaml")}
    shipped = {control_id for control_id, told in files.items() if told.get("status") != "draft" and told["severity"] != "note"}
    populations = {control_id: told["population"]["table"] for control_id, told in files.items()}
    # the run's statements about itself cannot be planted in documents: tests/rooms/test_evaluate_run_itself.py breaks those;
    # the ledger's balances and postings are judged with them, but come in files of the company
    about_itself = set(measures.OF_THE_RUN) - set(OF_THE_LEDGER)
    assert set(PLANTERS) == {control_id for control_id in shipped if populations[control_id] not in about_itself}
    notes = {control_id for control_id, told in files.items() if told["severity"] == "note"}
    assert {control_id for ids, _ in TRAPS for control_id in ids} <= shipped | notes


def test_every_shipped_control_is_in_the_answer_key(planted):
    assert {answer["control_id"] for answer in rows(planted, "answer_key")} == set(PLANTERS)


def test_the_clean_company_has_no_answer_key(clean):
    assert not (clean / "answer_key.csv").exists()


def test_files_have_canonical_columns_in_canonical_order(planted):
    for path in planted.glob("*.csv"):
        if path.stem != "answer_key":
            header = next(csv.reader(path.open(encoding="utf-8", newline="")))
            names = [column.name for column in TABLES[path.stem].columns]
            assert header == [name for name in names if name in header], path.name
            assert set(TABLES[path.stem].required) <= set(header), path.name


def test_figures_are_written_plainly(planted):
    numeric = {"money", "quantity", "price", "rate"}
    for path in planted.glob("*.csv"):
        for row in rows(planted, path.stem) if path.stem != "answer_key" else ():
            for column in TABLES[path.stem].columns:
                text = row.get(column.name)
                if text and column.kind in numeric:
                    assert re.fullmatch(r"-?\d+(\.\d{1,10})?", text), (path.name, column.name, text)


def test_invoice_headers_are_the_sum_of_their_lines(clean):
    for cycle, party in (("supplier", "supplier_id"), ("customer", "customer_id")):
        key = ("company_code", party, "invoice_number", "invoice_date")
        totals: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for line in rows(clean, f"{cycle}_invoice_line"):
            totals[tuple(line[name] for name in key)] += Decimal(line["line_amount_gross"])
        headers = rows(clean, f"{cycle}_invoice")
        assert len(headers) == len(totals)
        for header in headers:
            off = Decimal(header["amount_gross"]) - totals[tuple(header[name] for name in key)]
            assert abs(off) <= Decimal("0.01")  # a cent is a near-miss of DAT-04


def test_payments_are_the_sum_of_what_they_settle(clean):
    for payment, allocation, number in (
        ("supplier_payment", "supplier_payment_allocation", "payment_number"),
        ("cash_receipt", "cash_receipt_allocation", "cash_receipt_number"),
    ):
        applied: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in rows(clean, allocation):
            applied[row["company_code"], row[number]] += Decimal(row["amount_applied"])
        paid = {(row["company_code"], row[number]): Decimal(row["amount"]) for row in rows(clean, payment)}
        assert {name: amount for name, amount in paid.items() if name in applied} == applied
        assert len(paid.keys() - applied.keys()) < 30  # near-misses of money that nobody allocated


def test_control_totals_say_what_was_written(planted):
    for total in rows(planted, "control_total"):
        written = rows(planted, total["table"])
        assert int(total["row_count"]) == len(written)
        figures = [Decimal(row[total["amount_column"]]) for row in written if row[total["amount_column"]]]
        assert Decimal(total["amount_total"]) == sum(figures)


def test_the_company_is_believable(planted):
    purchase, sales = rows(planted, "purchase_order_line"), rows(planted, "sales_order_line")
    assert {row["company_code"] for row in purchase} == {"C10", "C20"}
    assert len({row["currency"] for row in purchase + sales}) >= 4
    assert {"PCS", "BOX", "KG", "TON", "DAY"} <= {row["uom"] for row in purchase}
    assert {"1", "100"} <= {row["price_per"] for row in purchase}
    assert {"2way", "4way"} <= {row["match_level"] for row in purchase}
    assert "true" in {row["is_cancelled"] for row in purchase}
    assert {row["receipt_kind"] for row in rows(planted, "goods_receipt_line")} >= {"receipt", "return", "reversal"}
    assert {row["invoice_kind"] for row in rows(planted, "supplier_invoice_line")} >= {"invoice", "credit", "value_credit", "reversal"}
    receipts = Counter((row["po_number"], row["po_line_no"]) for row in rows(planted, "goods_receipt_line"))
    assert max(receipts.values()) >= 3
    assert any(row["discount_taken"] for row in rows(planted, "supplier_payment_allocation"))
    assert {row["on_behalf_of"] for row in rows(planted, "approval_event")} >= {"BUYM1"}


def test_documents_lie_within_the_year(planted):
    days = [row["invoice_date"] for row in rows(planted, "supplier_invoice_line")] + [row["po_date"] for row in rows(planted, "purchase_order_line")]
    within = [day for day in days if day >= "2025-11-01"]
    # suppliers that slept for a year did so since the month before it: an order and a bill of each of three
    assert len(days) - len(within) == 6
    assert min(days) >= "2025-10-01"
    assert max(days) <= "2026-10-31"
    assert min(within) < "2025-12-15"
