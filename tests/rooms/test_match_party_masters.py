"""Masters of suppliers and customers: what is missing, which numbers hold, and what they share with employees."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.match.national_numbers import tax_number_holds
from recon.match.party_masters import party_master
from recon.match.party_staff import party_staff

CODE = "91350100M000100Y43"


def party(party_id, **other):
    return {"party_id": party_id, "party_name": party_id, **other}


@pytest.fixture(scope="module")
def masters(accepted_of, engagement_of):
    return lambda **tables: party_master(accepted_of(tables), engagement_of()).collect().to_dicts()


@pytest.fixture(scope="module")
def shared(accepted_of, engagement_of):
    def told(parties, users, **tables):
        return party_staff(accepted_of({"supplier": parties, "user": users, **tables}), engagement_of()).collect().to_dicts()

    return told


#: (country, number, whether it holds); the right ones are published examples, the wrong ones have one character changed
NUMBERS = [
    ("CN", CODE, True), ("CN", "91350100M000100Y44", False), ("CN", "310115123456789", True), ("CN", "31011512345678", False),
    ("CN", "360426199101010071", True), ("CN", "360426199101010072", False), ("CN", "11010519491231002X", True),
    ("DE", "DE136695976", True), ("DE", "136695978", False), ("DE", "2181508150", True), ("AT", "ATU13585627", True), ("AT", "U13585626", False),
    ("BE", "BE0428759497", True), ("BE", "0431150351", False), ("IT", "00743110157", True), ("IT", "00743110158", False),
    ("FR", "FR40303265045", True), ("FR", "84323140391", False), ("NL", "004495445B01", True), ("NL", "NL002455799B11", True),
    ("NL", "123456789B90", False), ("PL", "8567346215", True), ("PL", "8567346216", False), ("DK", "13585628", True), ("DK", "13585627", False),
    ("FI", "20774740", True), ("FI", "20774741", False), ("LU", "15027442", True), ("LU", "15027443", False), ("PT", "501964843", True),
    ("PT", "501964842", False), ("SE", "123456789701", True), ("SE", "123456789101", False), ("JP", "5835678256246", True),
    ("JP", "T5835678256246", True), ("JP", "4835678256246", False), ("CH", "CHE100155212", True), ("CH", "CHE100155213", False),
    ("US", "123456789", True), ("US", "12345678", False), ("ES", "B58378431", True), ("HK", "12345678", None), (None, "12345678", None),
    ("DE", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("country", "number", "holds"), NUMBERS)
def test_numbers_of_countries(country, number, holds):
    row = pl.DataFrame({"number": [number], "country": [country]}, schema={"number": pl.String, "country": pl.String})
    assert row.select(tax_number_holds("number", "country")).item() is holds


def states(row):
    return tuple(row[name] for name in ("tax_id_state", "country_state", "terms_state", "account_state", "problems"))


def test_what_is_asked_of_whom(masters):
    full = {"tax_id": CODE.lower(), "country": "CN", "payment_term_days": "30", "bank_account": "6222"}
    blank = {"country": "CN"}
    suppliers = [
        party("S1", **full),
        party("S2", **blank),
        party("S3", **blank, is_one_time="true"),
        party("S4", country="US", payment_term_days="30", bank_account="1"),
        party("S5", party_type="individual", **full | {"tax_id": None}),
        party("S6"),
        party("S7", **full | {"country": "HK"}),
        party("S8", **full | {"tax_id": CODE[:-1] + "4", "bank_account": "DE89370400440532013001"}),
    ]
    company = [{"company_name": "ACME", "country": "CN"}]
    assert [states(row) for row in masters(supplier=suppliers, company=company)] == [
        ("held", "held", "held", "held", None),
        ("missing", "held", "missing", "missing", "no tax id, no payment terms, no bank account"),
        ("not required", "held", "not required", "not required", None),
        ("not required", "held", "held", "held", None),
        ("not required", "held", "held", "held", None),
        ("missing", "missing", "missing", "missing", "no tax id, no country, no payment terms, no bank account"),
        (None, "held", "held", "held", None),
        ("check fails", "held", "held", "check fails", "wrong tax id, wrong bank account"),
    ]


def test_a_foreigner_is_asked_where_nobody_says_where_we_are(masters):
    rows = masters(supplier=[party("S1", tax_id=None, country="US")])
    assert rows[0]["tax_id_state"] == "missing"


def test_an_account_on_the_list_of_accounts_is_an_account(masters):
    rows = masters(supplier=[party("S1", bank_account=None)], supplier_bank_account=[{"supplier_id": "S1", "bank_account": "1"}])
    assert rows[0]["account_state"] == "held"


def test_customers_have_no_account_to_show_and_fields_never_given_are_unknown(masters):
    rows = masters(customer=[party("K1", country="CN")])
    assert states(rows[0]) == (None, "held", None, "not required", None)
    assert states(masters(supplier=[party("S1")])[0]) == (None, None, None, None, None)


def test_the_spend_of_the_period(masters):
    line = {"invoice_line_no": "1", "supplier_id": "S1", "line_amount_net": "100", "currency": "CNY", "tax_rate": "0.13"}
    bills = [
        line | {"invoice_number": "A", "invoice_date": "2026-10-01"},
        line | {"invoice_number": "B", "invoice_date": "2026-09-30"},
        line | {"invoice_number": "C", "invoice_date": "2026-09-30", "posting_date": "2026-10-31"},
        line | {"invoice_number": "D", "invoice_date": "2026-10-02", "is_cancelled": "true"},
        line | {"invoice_number": "E", "invoice_date": "2026-10-02", "supplier_id": "S2", "currency": "USD"},
    ]
    rows = masters(supplier=[party("S1"), party("S2"), party("S3")], supplier_invoice_line=bills)
    assert [row["spend_amount_base"] for row in rows] == [Decimal(200), None, Decimal(0)]


USERS = [
    {"user_id": "U1", "person_id": "P1", "phone": "13800138000", "email": "A.B@firm.example", "tax_id": "11010519491231002X"},
    {"user_id": "U2", "person_id": "P1", "phone": "13800138000"},
    {"user_id": "U3", "phone": "13800138001", "address": "上海市浦东新区张江镇碧波路690弄12号1503室"},
]


@pytest.mark.parametrize(
    ("said", "attributes", "matches", "strong", "who"),
    [
        ({"phone": "+86 138-0013-8000"}, "telephone", 1, 1, "P1"),
        ({"phone": "138 0013 8002"}, None, 0, 0, None),
        ({"phone": "8000"}, None, None, 0, None),
        ({"email": " a.b@FIRM.example"}, "e-mail", 1, 0, "P1"),
        ({"tax_id": "110105 19491231 002x", "phone": "13800138001"}, "telephone, tax id", 2, 2, "P1"),
        ({}, None, None, 0, None),
    ],
)
def test_attributes_are_compared_as_they_are_meant(shared, said, attributes, matches, strong, who):
    row = shared([party("S1", **said)], USERS)[0]
    assert (row["shared_attributes"], row["match_count"], row["strong_count"], row["employee_id"]) == (attributes, matches, strong, who)


@pytest.mark.parametrize(
    ("address", "likeness"),
    [
        ("上海市 浦东新区，张江镇碧波路690弄12号1503室", "1"),
        ("上海市浦东新区张江镇碧波路690弄13号1508室", "0.92"),
        ("上海市浦东新区张江镇碧波路690弄13号2508室", "0.88"),
        ("上海市浦东新区张江镇碧波路691弄13号2508室", "0"),
        ("市浦东新区张江镇碧波路690弄12号1503", "0.88"),
        ("北京市海淀区中关村大街1号", "0"),
        (None, None),
    ],
)
def test_likeness_of_addresses(shared, address, likeness):
    row = shared([party("S1", address=address)], USERS)[0]
    assert row["address_similarity"] == (None if likeness is None else Decimal(likeness))
    assert row["match_count"] == (None if likeness is None else 0)
    assert row["employee_id"] == ("U3" if likeness and Decimal(likeness) else None)


def test_nothing_can_be_said_without_attributes_of_employees(shared):
    rows = shared([party("S1", phone="13800138000", address="上海市")], [{"user_id": "U1"}], customer=[party("K1", phone="13800138000")])
    assert [(row["document_type"], row["match_count"], row["address_similarity"]) for row in rows] == [
        ("customer", None, None),
        ("supplier", None, None),
    ]
