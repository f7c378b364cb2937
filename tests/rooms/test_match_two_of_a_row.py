"""A source that writes two lines of a bill in one row: ids and numbers are brought home line by line, each with its own reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from recon.conform import conform
from recon.domain.engagement import Engagement
from recon.domain.source import SourceProfile
from recon.load import load
from recon.match import match_bucket, with_declared_numbers, with_known_ids

WIDE = """number;supplier;order 1;code 1;net 1;order 2;code 2;net 2
INV1;S1;PO-4711;X-1;100;PO-4712;X-2;200
INV2;S1;PO-4713;X-1;100;;;
"""


def line(place: str) -> dict:
    columns = {"invoice_number": "number", "supplier_id": "supplier", "po_number": f"order {place}", "item_id": f"code {place}"}
    constant = {"invoice_line_no": place, "invoice_date": "2026-10-12", "currency": "CNY", "uom": "EA", "quantity": "10", "company_code": "C1"}
    columns |= {"line_amount_net": f"net {place}"} | {name: {"constant": value} for name, value in constant.items()}
    return {"from": "bills", "where": [{"column": f"net {place}", "empty": False}], "columns": columns}


PROFILE = SourceProfile.model_validate(
    {"title": "test", "name": "test", "inputs": {"bills": {"separator": ";"}}, "tables": {"supplier_invoice_line": [line("1"), line("2")]}}
)


def ordered(number, item, price):
    row = {"po_number": number, "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "S1", "quantity": "10", "uom": "EA", "currency": "CNY"}
    return row | {"item_id": item, "unit_price_net": price}


@pytest.fixture
def documents(tmp_path, accepted_of):
    """What the profile makes of the wide rows, beside orders, items and the supplier's codes."""
    (tmp_path / "bills.csv").write_text(WIDE, encoding="utf-8")
    terms = {"entity": "T", "as_of": dt.date(2026, 10, 31), "period": {"from": dt.date(2026, 10, 1), "to": dt.date(2026, 10, 31)}, "currency": "CNY"}
    engagement = Engagement.model_validate(terms | {"extracts": {"bills": "bills.csv"}, "folder": tmp_path, "time_zone": "UTC"})
    made = conform(load(engagement, PROFILE), PROFILE, engagement)
    given = {
        "purchase_order_line": [ordered("4711", "I1", "10"), ordered("4712", "I2", "20"), ordered("4713", "I1", "10")],
        "item": [{"item_id": item, "base_uom": "EA"} for item in ("I1", "I2")],
        "item_cross_reference": [{"party_id": "S1", "party_item_id": f"X{n}", "item_id": f"I{n}"} for n in "12"],
    }
    rest = accepted_of(given)
    tables, supplied = {**rest.documents.tables, **made.tables}, {**rest.documents.supplied, **made.supplied}
    return replace(rest, documents=replace(rest.documents, tables=tables, supplied=supplied))


def test_each_line_of_a_row_is_brought_home_by_itself(documents, engagement_of):
    terms = engagement_of(document_numbers=[{"prefixes": ["PO-"], "why": "test"}])
    rows = documents.documents.tables["supplier_invoice_line"].select("source_row").collect()["source_row"]
    assert rows.len() > rows.n_unique()
    accepted = with_declared_numbers(with_known_ids(documents, terms), terms)
    found = match_bucket(accepted, terms, {"invoice_line_match"}).tables["invoice_line_match"].collect()
    told = (
        found.select("invoice_number", "invoice_line_no", "item_id", "order_number", "link_reason").sort("invoice_number", "invoice_line_no").rows()
    )

    def why(code, item, reference, number):
        return f"{code} for {item} (item: the party's code); {reference} for {number} (declared: prefix PO-)"

    assert told == [
        ("INV1", "1", "I1", "4711", why("X-1", "I1", "PO-4711", "4711")),
        ("INV1", "2", "I2", "4712", why("X-2", "I2", "PO-4712", "4712")),
        ("INV2", "1", "I1", "4713", why("X-1", "I1", "PO-4713", "4713")),
    ]


def test_the_parties_of_two_documents_of_a_row_are_brought_home_by_themselves(documents, engagement_of, accepted_of):
    terms = engagement_of(policies=[{"set": {"party_known_by": "tax_id"}, "why": "test"}])
    masters = accepted_of({"supplier": [{"party_id": f"S{n}", "party_name": f"N{n}", "tax_id": f"T{n}"} for n in "12"]}).documents
    bills = documents.documents.tables["supplier_invoice_line"].collect()
    # one row, two bills of two suppliers
    by_place = {"1": "T1", "2": "T2"}
    apart = bills.with_columns(
        supplier_id=bills["invoice_line_no"].replace_strict(by_place), invoice_number=bills["invoice_number"] + "/" + bills["invoice_line_no"]
    )
    tables = {**documents.documents.tables, **masters.tables, "supplier_invoice_line": apart.lazy()}
    known = replace(documents, documents=replace(documents.documents, tables=tables, supplied={**documents.documents.supplied, **masters.supplied}))
    found = with_known_ids(known, terms)
    lines = found.documents.tables["supplier_invoice_line"].collect()
    assert lines.select("invoice_number", "supplier_id").sort("invoice_number").rows() == [("INV1/1", "S1"), ("INV1/2", "S2"), ("INV2/1", "S1")]
    parties = found.respelled.filter(found.respelled["column"] == "supplier_id")
    assert sorted(parties.select("document_number", "number").rows()) == [("INV1/1", "S1"), ("INV1/2", "S2"), ("INV2/1", "S1")]
