"""Statements of account: every open item of a party, nothing of another one, nothing of what controls say."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

from recon.deliver import deliver
from recon.domain import measures
from recon.domain.errors import TermsRefused
from recon.report import report
from recon.report.accounts import accounts, statements


@pytest.fixture(scope="module")
def run(tmp_path_factory, make_workpapers):
    schema = measures.schema("settlement_match")
    paid = {"cycle": "procure_to_pay", "company_code": "C01", "party_id": "S1", "payment_number": "PAY-1", "invoice_number": "INV-7", "amount": Decimal("12.50"),
            "discount": Decimal(0), "write_off": Decimal(0), "currency": "CNY", "payment_date": date(2026, 10, 5), "pass": "reference", "certainty": "certain"}  # fmt: skip
    made = make_workpapers(20, settlements=pl.DataFrame([{name: paid.get(name) for name in schema}], schema=schema).lazy())
    folder = tmp_path_factory.mktemp("letters") / "run"
    deliver(report(made, "en"), made, folder)
    return folder


def test_every_open_layer_is_in_one_statement(run):
    layers = pl.read_parquet(run / "results/balances.parquet")
    found = accounts(run)
    assert sum(a.parts[name].height for a in found for name in ("open_items", "not_invoiced", "not_fulfilled")) == layers.height
    for account in found:
        mine = layers.filter(pl.col("party_id") == account.party_id, pl.col("cycle") == account.cycle)
        assert account.parts["not_invoiced"]["amount"].sum() == mine.filter(pl.col("kind") == "fulfilled_not_invoiced")["amount"].sum()


def test_the_balance_is_what_is_owed_by_currency_and_age(run):
    layers = pl.read_parquet(run / "results/balances.parquet")
    for account in accounts(run):
        mine = layers.filter(pl.col("party_id") == account.party_id, pl.col("cycle") == account.cycle)
        for row in account.balance.to_dicts():
            own = mine.filter(pl.col("currency") == row["currency"])
            owed = (
                own.filter(pl.col("kind").str.starts_with("open_"))["amount"].sum() - own.filter(pl.col("kind") == "unapplied_cash")["amount"].sum()
            )
            assert row["amount"] == owed
            assert account.ageing.filter(pl.col("currency") == row["currency"])["amount"].sum() == owed


def test_payments_and_differences_are_told(run):
    account = next(a for a in accounts(run) if (a.party_id, a.cycle) == ("S1", "procure_to_pay"))
    assert account.parts["payments"].select("payment_number", "payment_date", "amount").rows() == [("PAY-1", date(2026, 10, 5), Decimal("12.500000"))]
    assert sum(a.parts["differences"].height for a in accounts(run)) == 29  # of 30 lines, the first has no difference


@pytest.mark.parametrize(("language", "word"), [("en", "Statement of account"), ("zh", "对账单")])
def test_page_and_workbook_agree_and_are_alone(run, language, word):
    files = dict(statements(run, language, "S2"))
    assert {name.rsplit(".", 1)[1] for name in files} == {"html", "xlsx"}
    page = next(content for name, content in files.items() if name.endswith("html")).decode()
    assert word in page
    assert "Müller &amp; Söhne &lt;GmbH&gt;" in page
    assert "QTY-01" not in page
    assert "Shanghai" not in page
    book = openpyxl.load_workbook(io.BytesIO(next(content for name, content in files.items() if name.endswith("xlsx"))))
    account = accounts(run, "S2")[0]
    total = sum(Decimal(str(row[3])) for row in book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert total == account.balance["amount"].sum()


def test_statements_are_the_same_bytes_again(run):
    assert dict(statements(run, "en")) == dict(statements(run, "en"))


def test_an_unknown_party_is_refused(run):
    with pytest.raises(TermsRefused, match="knows nothing of this party"):
        dict(statements(run, "en", "nobody"))


def test_a_party_with_nothing_open_has_its_name_from_the_party_records(run, tmp_path):
    import shutil

    copy = shutil.copytree(run, tmp_path / "run")
    assert {a.party_name for a in accounts(copy) if a.party_id.startswith("party_id-")} == {None}
    strangers = sorted({a.party_id for a in accounts(copy) if a.party_id.startswith("party_id-")})
    (copy / "results/party_records.csv").write_text(
        "cycle,party_id,party_name\n" + "".join(f"procure_to_pay,{party},Name of {party}\n" for party in strangers), encoding="utf-8"
    )
    assert {a.party_name for a in accounts(copy) if a.party_id in strangers} == {f"Name of {party}" for party in strangers}


def test_money_of_a_statement_has_its_cents(run):
    pages = [content.decode() for name, content in statements(run, "en", "S1") if name.endswith("html")]
    assert any('<td class="figure">12.50</td>' in page for page in pages)
