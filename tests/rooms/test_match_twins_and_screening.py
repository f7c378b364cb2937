"""Records that may be one party, and documents of parties that a screening list names."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.match.party_names import alike_pairs
from recon.match.party_twins import party_twin
from recon.match.screening import screened_document


def party(party_id, name=None, **other):
    return {"party_id": party_id, "party_name": name or party_id, **other}


def payment(number, party_id="S1", day="2026-10-05", amount="100", **other):
    return {"payment_number": number, "payment_date": day, "supplier_id": party_id, "amount": amount, "currency": "CNY", **other}


def entry(entry_id, kind="party", **other):
    return {"list_version": "V1", "list_date": "2026-10-31", "entry_id": entry_id, "entry_kind": kind, **other}


@pytest.fixture(scope="module")
def twins(accepted_of, engagement_of):
    terms = engagement_of().model_copy(update={"allowances": {"allowed_group_set": "F"}})

    def told(**tables):
        rows = party_twin(accepted_of(tables), terms).collect().to_dicts()
        return {row["party_id"]: (row["other_party_id"], row["shared_attributes"], row["match_count"], row["name_similarity"]) for row in rows}

    return told


@pytest.fixture(scope="module")
def screened(accepted_of, engagement_of):
    return lambda **tables: screened_document(accepted_of(tables), engagement_of()).collect().to_dicts()


def test_the_later_record_repeats_the_one_with_more_business(twins):
    bill = {"invoice_number": "I", "invoice_line_no": "1", "invoice_date": "2026-10-05", "line_amount_net": "10", "currency": "CNY"}
    master = [party("S1", tax_id="AB 1"), party("S2", tax_id="ab1"), party("S3", tax_id="AB2")]
    assert twins(supplier=master) == {"S1": (None, None, 0, None), "S2": ("S1", "tax id", 1, None), "S3": (None, None, 0, None)}
    busy = twins(supplier=master, supplier_invoice_line=[bill | {"supplier_id": "S2"}])
    assert (busy["S1"][0], busy["S2"][0]) == ("S2", None)
    older = [master[0] | {"created_at": "2026-05-02"}, master[1] | {"created_at": "2026-05-01"}]
    assert twins(supplier=older)["S1"][0] == "S2"


def test_accounts_groups_activity_and_masters_of_their_own(twins):
    suppliers = [
        party("S1", bank_account="1"),
        party("S2", bank_account="1", tax_id="7"),
        party("S3", bank_account="2", tax_id="9", group_id="G"),
        party("S4", bank_account="2", tax_id="9", group_id="G"),
        party("S5", tax_id="7", is_active="false"),
        party("S6", bank_account="3", group_id="F"),
        party("S7", bank_account="3"),
        party("S8"),
    ]
    told = twins(supplier=suppliers, customer=[party("K1", tax_id="7", bank_account="1"), party("K2", bank_account="1")])
    assert {key: value[:3] for key, value in told.items() if value[0]} == {
        "S2": ("S1", "bank account", 1),
        "K2": ("K1", "bank account", 1),
    }
    assert "S5" not in told
    assert told["S8"][2] is None


NAME = "鼎峰聚合高分子新材料"


@pytest.mark.parametrize(
    ("name", "city", "likeness"),
    [
        (f"{NAME}有限公司", "宿迁市", "1"),
        (f"江苏省宿迁市{NAME}股份有限公司", "宿迁", "1"),
        ("鼎峰聚和高分子新材料公司", "宿迁", "0.9"),
        ("鼎丰聚和高分子新材料公司", "宿迁", "0"),
        (NAME, "泰州", "0"),
        (NAME, None, None),
    ],
)
def test_names_are_compared_in_one_city(twins, name, city, likeness):
    told = twins(supplier=[party("S1", f"宿迁{NAME}有限公司", city="宿迁"), party("S2", name, city=city)])
    other, attributes, count, measured = told["S2"]
    assert measured == (None if likeness is None else Decimal(likeness))
    assert (other, attributes) == (("S1", "name") if likeness and Decimal(likeness) else (None, None))
    assert count == (None if likeness is None else 0)


@pytest.mark.parametrize("few", [0, 10**9], ids=["sieved", "each against each"])
@pytest.mark.parametrize("least", [80, 90, 100])
def test_every_pair_that_is_alike_is_found(few, least, monkeypatch):
    """Against all pairs measured one by one: texts of 1 to 24 characters with up to three edits."""
    monkeypatch.setattr("recon.match.party_names._FEW_CELLS", few)
    monkeypatch.setattr("recon.match.party_names._SIEVE_WORTH", 1)
    from random import Random

    from rapidfuzz.distance import Levenshtein

    rng = Random(7)
    texts = ["".join(rng.choice("abcde") for _ in range(rng.randint(1, 24))) for _ in range(150)]
    edited = []
    for text in texts:
        signs = list(text)
        for _ in range(rng.randint(0, 3)):
            place = rng.randrange(len(signs) or 1)
            signs[place : place + rng.randint(0, 1)] = [rng.choice("abcde")] * rng.randint(0, 1)
        edited.append("".join(signs))
    edited = [text or "a" for text in edited]
    found = set(alike_pairs(pl.Series(texts), pl.Series(edited), least).select("one", "other").rows())

    def is_alike(a, b):
        longest = max(len(a), len(b))
        return (longest - Levenshtein.distance(a, b)) * 100 >= longest * least

    expected = {(a, b) for a in texts for b in edited if is_alike(a, b)}
    assert found == expected
    assert len(expected) > 20


def test_what_the_list_names(screened):
    suppliers = [
        party("S1", tax_id="A-1"),
        party("S2", "Orient Tidewater Shipping Ltd."),
        party("S3", "Orient Tidewater Shippping Limited"),
        party("S4", country="SY"),
        party("S5", bank_country="SY"),
        party("S6", "Harbour Tools"),
    ]
    entries = [
        entry("E1", tax_id="a1", name="x"),
        entry("E2", name="ORIENT TIDEWATER SHIPPING LTD"),
        entry("C", "country", country="SY", name="Syria"),
    ]
    paid = [payment(f"P{i}", f"S{i}") for i in range(1, 7)]
    rows = screened(supplier=suppliers, party_screening_list=entries, supplier_payment=paid)
    told = {
        r["document_number"]: (r["match_type"], r["entry_id"], r["is_listed"], r["certainty"], r["name_similarity"]) for r in rows if r["party_id"]
    }
    assert told == {
        "P1": ("tax id", "E1", True, "certain", None),
        "P2": ("name", "E2", True, "certain", None),
        "P3": ("similar name", "E2", False, "suggested", Decimal("0.9583333333")),
        "P4": ("country", "C", True, "certain", None),
        "P5": ("bank country", "C", True, "certain", None),
    }
    rest = [r for r in rows if r["party_id"] is None]
    assert [(r["document_type"], r["document_count"], r["is_listed"], r["is_covered"]) for r in rest] == [("supplier_payment", 1, False, True)]


@pytest.mark.parametrize(("day", "listed"), [("2026-10-04", False), ("2026-10-05", True), ("2026-10-07", True), ("2026-10-08", False)])
def test_an_entry_counts_for_its_term(screened, day, listed):
    entries = [entry("E1", tax_id="1", valid_from="2026-10-05", valid_to="2026-10-07")]
    rows = screened(supplier=[party("S1", tax_id="1")], party_screening_list=entries, supplier_payment=[payment("P", day=day)])
    assert [row["is_listed"] for row in rows] == [listed]


def test_documents_younger_than_the_list_are_not_covered(screened):
    entries = [entry("E1", tax_id="1", list_date="2026-10-04"), entry("E2", tax_id="2", list_date="2026-10-03")]
    paid = [payment("A", "S2", day="2026-10-04"), payment("B", "S2"), payment("C", "S2", day="2026-10-06"), payment("D")]
    rows = screened(supplier=[party("S1", tax_id="1"), party("S2")], party_screening_list=entries, supplier_payment=paid)
    assert [(r["document_number"], r["is_covered"], r["document_count"]) for r in rows] == [("D", False, 1), (None, False, 2), (None, True, 1)]


def test_orders_shipments_and_amounts(screened):
    line = {"so_number": "SO1", "so_date": "2026-10-05", "customer_id": "K1", "quantity": "1", "uom": "PCS", "unit_price_net": "5", "currency": "CNY"}
    orders = [line | {"so_line_no": str(i), "line_amount_net": "50"} for i in (1, 2)]
    gone = line | {"so_number": "SO2", "so_line_no": "1", "line_amount_net": "9", "is_cancelled": "true"}
    sent = {"shipment_number": "SH1", "shipment_line_no": "1", "shipment_date": "2026-10-06", "customer_id": "K1", "quantity": "1", "uom": "PCS"}
    rows = screened(
        customer=[party("K1", tax_id="1")], party_screening_list=[entry("E", tax_id="1")], sales_order_line=[*orders, gone], shipment_line=[sent]
    )
    assert [(r["document_type"], r["document_number"], r["amount_base"]) for r in rows] == [
        ("sales_order", "SO1", Decimal(100)),
        ("shipment", "SH1", None),
    ]


def test_without_a_list_nothing_is_looked_at(screened):
    assert screened(supplier=[party("S1")], supplier_payment=[payment("A")]) == []
