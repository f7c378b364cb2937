"""Tax invoices against the bills, payments and credits that name them: figures counted by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from recon.match import match_bucket
from recon.match.tax_ids import check_character_holds, differs
from recon.match.tax_numbers import tax_tables
from recon.match.tax_register import key_of

D = Decimal
OURS, THEIRS = "91350100M000100Y43", "92310115MA1K35KT5H"
SUPPLIER = {"party_id": "S1", "party_name": "Northern", "tax_id": THEIRS, "country": "CN"}
COMPANY = {"company_code": "C1", "company_name": "ACME", "tax_id": OURS}
FIRST = "26312000000000000001"


def bill(number="A1", tax_invoice=FIRST, day="2026-09-01", net="100", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": "S1", "currency": "CNY", "invoice_kind": "invoice"}
    row |= {"line_amount_net": net, "line_tax_amount": str(D(net) * D("0.13")), "line_amount_gross": str(D(net) * D("1.13"))}
    return row | {"official_invoice_number": tax_invoice, "internal_number": f"AP-{number}"} | other


def credit(number="C1", net="-100", tax_invoice=None, **other):
    return bill(number, tax_invoice, "2026-09-20", net, invoice_kind="credit", origin_invoice_number="A1") | other


def registered(number=FIRST, net="100", **other):
    row = {"official_invoice_number": number, "invoice_date": "2026-09-01", "official_invoice_type": "special", "status": "normal"}
    row |= {"verification_result": "verified", "buyer_tax_id": OURS, "seller_tax_id": THEIRS, "checkoff_period": "202609"}
    return row | {"amount_net": net, "tax_amount": str(D(net) * D("0.13"))} | other


def red(number="26312000000000000002", net="-100", of=FIRST, **other):
    return registered(number, net, red_of_number=of, red_confirmation_status="confirmed", checkoff_period=None, invoice_date="2026-09-20") | other


@pytest.fixture
def tables(accepted_of, engagement_of):
    def build(name, **given):
        accepted = accepted_of({"supplier": [SUPPLIER], "company": [COMPANY]} | {key: rows for key, rows in given.items() if rows})
        if name == "tax_invoice_link":
            return match_bucket(accepted, engagement_of(), {name}).tables[name].collect()
        return tax_tables(accepted, engagement_of())[0][name].collect()

    return build


@pytest.mark.parametrize(
    ("number", "holds"),
    [
        (OURS, True),
        (THEIRS, True),
        ("91350100M000100Y44", False),
        ("9135 0100 m000 100y 43", True),
        ("91350100I000100Y43", False),
        ("310115", True),
        (None, None),
    ],
)
def test_the_check_character_of_a_tax_number(number, holds):
    frame = pl.DataFrame({"id": [number]}, schema={"id": pl.String})
    assert frame.select(check_character_holds("id")).to_series().to_list() == [holds]


def test_spelling_does_not_make_two_tax_numbers():
    frame = pl.DataFrame({"a": ["91-35 x", "1", None], "b": ["9135X", "2", "2"]})
    assert frame.select(differs("a", "b")).to_series().to_list() == [False, True, None]


@pytest.mark.parametrize(
    ("number", "code", "key"),
    [
        (FIRST, "3100", FIRST),
        ("00123456", "3100-1", "31001/00123456"),
        ("00123456", None, None),
        ("2631 2000 0000 0000 0001", None, FIRST),
        (None, "1", None),
    ],
)
def test_how_a_tax_invoice_is_named(number, code, key):
    frame = pl.DataFrame({"n": [number], "c": [code]}, schema={"n": pl.String, "c": pl.String})
    assert frame.select(key_of(pl.col("n"), pl.col("c"))).to_series().to_list() == [key]


@pytest.mark.parametrize(
    ("papers", "valid", "seen"),
    [
        ([registered()], True, True),
        ([registered(status="void")], False, True),
        ([registered(status=None)], None, True),
        ([registered("26312000000000000009")], False, False),
        ([registered(invoice_date="2026-11-01")], False, False),
    ],
)
def test_a_bill_and_its_tax_invoice(tables, papers, valid, seen):
    found = tables("tax_invoice_link", supplier_invoice_line=[bill()], official_invoice=papers)
    assert found.select("has_valid_link", "is_registered", "is_first", "age_days", "booked_tax_base").rows() == [(valid, seen, True, 60, D(13))]


def test_a_bill_with_two_tax_invoices_is_covered_by_one_of_them(tables):
    lines = [bill(), bill(invoice_line_no="2", official_invoice_number="26312000000000000009")]
    found = tables("tax_invoice_link", supplier_invoice_line=lines, official_invoice=[registered()])
    assert found.select("official_invoice_number", "has_valid_link", "is_registered", "is_first").rows() == [
        (FIRST, True, True, True),
        ("26312000000000000009", True, False, False),
    ]


def test_a_short_number_needs_its_code_or_to_be_alone(tables):
    short = [registered("00123456", official_invoice_code="3100"), registered("00999999", official_invoice_code="3100")]
    named = bill(official_invoice_number="00123456", official_invoice_code=None)
    alone = tables("tax_invoice_link", supplier_invoice_line=[named], official_invoice=short)
    assert alone["is_registered"].to_list() == [True]
    several = tables(
        "tax_invoice_link", supplier_invoice_line=[named], official_invoice=[*short, registered("00123456", official_invoice_code="4400")]
    )
    assert several["is_registered"].to_list() == [False]


def test_the_wait_begins_with_the_payment_where_that_is_earlier(tables):
    paid = {"payment_number": "P1", "payment_date": "2026-08-20", "supplier_id": "S1", "amount": "113", "currency": "CNY"}
    lone = paid | {"payment_number": "P2", "payment_date": "2026-08-31", "amount": "7"}
    applied = {"payment_number": "P1", "invoice_number": "A1", "supplier_id": "S1", "amount_applied": "113"}
    found = tables(
        "tax_invoice_link", supplier_invoice_line=[bill()], official_invoice=[registered("9")], supplier_payment=[paid, lone],
        supplier_payment_allocation=[applied],
    )  # fmt: skip
    assert found.select("document_type", "document_number", "since_date", "age_days", "is_paid").rows() == [
        ("supplier_invoice", "A1", date(2026, 8, 20), 72, True),
        ("supplier_payment", "P2", date(2026, 8, 31), 61, True),
    ]


@pytest.mark.parametrize(
    ("paper", "company", "buyer", "seller", "characters"),
    [
        (registered(), COMPANY, False, False, True),
        (registered(seller_tax_id=OURS), COMPANY, False, True, True),
        (registered(buyer_tax_id=OURS[:-1] + "4"), COMPANY, True, False, False),
        (registered(), COMPANY | {"tax_id": None}, None, False, True),
    ],
)
def test_whose_tax_numbers_stand_there(tables, paper, company, buyer, seller, characters):
    found = tables("tax_invoice_link", supplier_invoice_line=[bill()], official_invoice=[paper], company=[company])
    assert found.select("buyer_differs", "seller_differs", "check_characters_hold").rows() == [(buyer, seller, characters)]


def test_a_verification_older_than_the_status_is_stale(tables):
    stamps = {"status_changed_at": "2026-09-05T00:00:00Z"}
    for verified, stale in (("2026-09-04T23:59:59Z", True), ("2026-09-05T00:00:00Z", False), (None, None)):
        found = tables("tax_invoice_link", supplier_invoice_line=[bill()], official_invoice=[registered(verified_at=verified, **stamps)])
        assert found["is_stale"].to_list() == [stale]


@pytest.mark.parametrize(
    ("papers", "count"),
    [
        ([registered()], 1),
        ([registered(checkoff_period=None)], 0),
        ([registered(), registered(checkoff_period="202610")], 2),
        ([{k: v for k, v in registered().items() if k != "checkoff_period"}], None),
    ],
)
def test_in_how_many_periods_the_tax_was_claimed(tables, papers, count):
    found = tables("tax_invoice_claim", supplier_invoice_line=[bill()], official_invoice=papers)
    assert found.select("checkoff_period_count", "booked_number", "booked_age_days", "tax_amount_base").rows() == [(count, "A1", 60, D(13))]


def test_what_is_neither_booked_nor_claimed_is_nobodys_business(tables):
    papers = [registered(), registered("26312000000000000008", checkoff_period=None), registered("26312000000000000009")]
    found = tables("tax_invoice_claim", supplier_invoice_line=[bill()], official_invoice=papers)
    assert found.select("document_number", "booked_number").rows() == [(FIRST, "A1"), ("26312000000000000009", None)]


def test_red_ones_add_up_against_their_blue_one(tables):
    reds = [red(net="-60"), red("26312000000000000003", "-41", invoice_date="2026-09-21")]
    found = tables("red_tax_invoice", supplier_invoice_line=[bill(), credit()], official_invoice=[registered(), *reds])
    assert found.select("document_number", "blue_is_registered", "red_amount", "excess_amount", "is_credit_booked").rows() == [
        ("26312000000000000002", True, D("67.80"), D("-45.20"), True),
        ("26312000000000000003", True, D("46.33"), D("1.13"), True),
    ]


def test_a_red_one_takes_back_a_line_of_the_blue_one(tables):
    lines = [registered(net="30", line_no="1", quantity="3"), registered(net="70", line_no="2", quantity="7")]
    found = tables("red_tax_invoice", supplier_invoice_line=[bill()], official_invoice=[*lines, red(net="-30", red_of_line="1", quantity="-4")])
    assert found.select("document_line_no", "excess_amount", "excess_quantity", "is_credit_booked").rows() == [("1", D(0), D(1), False)]


def test_red_ones_of_a_line_and_of_the_whole_are_held_together(tables):
    lines = [registered(net="30", line_no="1", quantity="3"), registered(net="70", line_no="2", quantity="7")]

    def excess(*reds):
        days = ("2026-09-20", "2026-09-21", "2026-09-22")
        numbers = ("26312000000000000002", "26312000000000000003", "26312000000000000004")
        papers = [red(n, net, red_of_line=line, invoice_date=day) for n, day, (net, line) in zip(numbers, days, reds, strict=False)]
        found = tables("red_tax_invoice", supplier_invoice_line=[bill()], official_invoice=[*lines, *papers])
        return found.sort("document_number")["excess_amount"].to_list()

    assert excess(("-30", "1"), ("-70", None)) == [D(0), D(0)]
    assert excess(("-30", "1"), ("-71", None)) == [D(0), D("1.13")]
    assert excess(("-100", None), ("-30", "1")) == [D(0), D("33.90")]
    # what goes beyond a line is told of that line, and not again of what follows
    assert excess(("-40", "1"), ("-70", "2")) == [D("11.30"), D(0)]


def test_a_failed_procedure_takes_nothing_back(tables):
    reds = [red(red_confirmation_status="refused"), red("26312000000000000003")]
    found = tables("red_tax_invoice", supplier_invoice_line=[bill(), credit()], official_invoice=[registered(), *reds])
    assert found["excess_amount"].to_list() == [D(-113), D(0)]


@pytest.mark.parametrize(
    ("of", "seen", "in_window"),
    [(FIRST, True, True), ("26312000000000000077", False, True), ("25312000000000000077", False, False), ("77", False, True)],
)
def test_a_blue_one_of_an_earlier_year_cannot_be_looked_for(tables, of, seen, in_window):
    found = tables("red_tax_invoice", supplier_invoice_line=[bill()], official_invoice=[registered(), red(of=of)])
    assert found.select("blue_is_registered", "blue_in_window").rows() == [(seen, in_window)]


def doubles(found):
    return found.select("document_type", "document_number", "other_document_number", "sums_to_total").rows()


def claim(number=FIRST, **other):
    return {
        "claim_number": "E1",
        "claim_line_no": "1",
        "claim_date": "2026-10-01",
        "amount": "113",
        "currency": "CNY",
        "official_invoice_number": number,
    } | other


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"supplier_invoice_line": [bill(), bill("A2", day="2026-09-09")]}, [("supplier_invoice", "A2", "A1", None)]),
        ({"supplier_invoice_line": [bill(), bill("A2", day="2026-09-09", is_cancelled=True)]}, []),
        ({"supplier_invoice_line": [bill(), credit(tax_invoice=FIRST)]}, []),
        ({"supplier_invoice_line": [bill(), bill("A2", "26312 0000 0000 0000 001", "2026-09-09")]}, [("supplier_invoice", "A2", "A1", None)]),
        ({"supplier_invoice_line": [bill()], "expense_claim_line": [claim()]}, [("expense_claim", "E1", "A1", None)]),
        ({"supplier_invoice_line": [bill()], "expense_claim_line": [claim(is_cancelled=True)]}, []),
        (
            {"supplier_invoice_line": [bill(net="60"), bill("A2", net="40")], "official_invoice": [registered()]},
            [("supplier_invoice", "A2", "A1", True)],
        ),
        (
            {"supplier_invoice_line": [bill(net="60"), bill("A2", net="41")], "official_invoice": [registered()]},
            [("supplier_invoice", "A2", "A1", False)],
        ),
    ],
)
def test_one_tax_invoice_behind_two_bookings(tables, given, found):
    assert doubles(tables("tax_number_booking", **given)) == found


def journal(reference, **other):
    return {
        "journal": "J1",
        "line_no": "1",
        "posting_date": "2026-10-02",
        "account": "6602",
        "amount": "113",
        "official_invoice_number": FIRST,
        "reference": reference,
    } | other


def payment(party, **other):
    return {
        "payment_number": "P1",
        "payment_date": "2026-10-03",
        "supplier_id": party,
        "amount": "113",
        "currency": "CNY",
        "official_invoice_number": FIRST,
    } | other


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"gl_journal_line": [journal("ap a1")]}, []),
        ({"gl_journal_line": [journal("travel")]}, [("gl_journal", "J1", "A1", None)]),
        ({"supplier_payment": [payment("S1")]}, []),
        ({"supplier_payment": [payment("S2")]}, [("supplier_payment", "P1", "A1", None)]),
    ],
)
def test_what_only_posts_or_pays_a_bill_is_no_second_booking(tables, given, found):
    assert doubles(tables("tax_number_booking", supplier_invoice_line=[bill()], **given)) == found


def test_whether_both_were_paid(tables):
    rows = [{"payment_number": "P1", "invoice_number": number, "supplier_id": "S1", "amount_applied": "113"} for number in ("A1", "A2")]
    found = tables("tax_number_booking", supplier_invoice_line=[bill(), bill("A2")], supplier_payment_allocation=rows)
    assert found["both_paid"].to_list() == [True]


def test_nobody_records_tax_invoices(accepted_of, engagement_of):
    lines = [{k: v for k, v in bill().items() if k != "official_invoice_number"}]
    assert tax_tables(accepted_of({"supplier_invoice_line": lines}), engagement_of()) == ({}, {})
