"""Bank accounts of suppliers: who else has the same one on a common day, what was paid to it, and whether an IBAN carries its check."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.match.identifiers import iban_holds
from recon.match.party_accounts import party_account


def supplier(party_id, **other):
    return {"party_id": party_id, "party_name": party_id, **other}


def payment(number, party, amount, day="2026-10-05", **other):
    return {"payment_number": number, "payment_date": day, "supplier_id": party, "amount": amount, "currency": "CNY", **other}


@pytest.fixture(scope="module")
def told(accepted_of, engagement_of):
    def rows(allowed="none", **tables):
        terms = engagement_of().model_copy(update={"allowances": {"allowed_group_set": allowed}})
        return party_account(accepted_of(tables), terms).collect().to_dicts()

    return rows


def counts(rows):
    return [(row["party_id"], row["other_count"]) for row in rows]


def test_spelling_does_not_hide_a_shared_account(told):
    rows = told(
        supplier=[
            supplier("S1", bank_account="6222 0212-01"),
            supplier("S2", bank_account="６２２２０２１２０１"),
            supplier("S3", bank_account="62220212010"),
        ]
    )
    assert counts(rows) == [("S1", 1), ("S2", 1), ("S3", 0)]
    assert rows[0]["account_tail"] == "…1201"
    assert rows[0]["holders"] == "S1, S2"


def test_a_group_is_one_holder_and_an_allowed_group_is_none(told):
    group = [supplier("S1", bank_account="1", group_id="G"), supplier("S2", bank_account="1", group_id="G")]
    assert counts(told(supplier=group)) == [("S1", 0), ("S2", 0)]
    assert counts(told(supplier=[*group, supplier("S3", bank_account="1")])) == [("S1", 1), ("S2", 1), ("S3", 2)]
    assert counts(told("F, G", supplier=[*group, supplier("S3", bank_account="1")])) == [("S1", 0), ("S2", 0), ("S3", 0)]


def test_who_is_not_active_or_has_no_account_holds_none(told):
    rows = told(supplier=[supplier("S1", bank_account="1"), supplier("S2", bank_account="1", is_active="false"), supplier("S3", bank_account="--")])
    assert counts(rows) == [("S1", 0), ("S2", 0), ("S3", None)]


@pytest.mark.parametrize(("starts", "meets"), [("2026-03-31", 1), ("2026-04-01", 0)])
def test_terms_meet_on_a_common_day(told, starts, meets):
    parties = [supplier("S1"), supplier("S2"), supplier("S3", bank_account="9")]
    terms = [
        {"supplier_id": "S1", "bank_account": "1", "valid_from": "2025-01-01", "valid_to": "2026-03-31"},
        {"supplier_id": "S2", "bank_account": "1", "valid_from": starts},
        {"supplier_id": "S3", "bank_account": "1", "valid_to": "2024-12-31"},
    ]
    rows = told(supplier=parties, supplier_bank_account=terms)
    assert counts(rows) == [("S1", meets), ("S2", meets), ("S3", 0), ("S3", 0)]


def test_an_account_of_an_employee(told):
    users = [{"user_id": "U1", "person_id": "P1", "bank_account": "62 1"}, {"user_id": "U2", "person_id": "P1", "bank_account": "621"}]
    rows = told(supplier=[supplier("S1", bank_account="621"), supplier("S2", bank_account="622"), supplier("S3")], user=users)
    assert [(row["employee_count"], row["employee_id"]) for row in rows] == [(1, "P1"), (0, None), (None, None)]
    unknown = told(supplier=[supplier("S1", bank_account="621")], user=[{"user_id": "U1"}])
    assert unknown[0]["employee_count"] is None


def test_payments_of_the_period_go_to_the_account_they_name(told):
    parties = [supplier("S1", bank_account="1")]
    terms = [{"supplier_id": "S1", "bank_account": "2"}]
    paid = [
        payment("P1", "S1", "100"),
        payment("P2", "S1", "20", payee_account="2"),
        payment("P3", "S1", "3", payee_account="3"),
        payment("P4", "S1", "1000", day="2026-09-30"),
        payment("P5", "S1", "1000", is_voided="true"),
    ]
    rows = told(supplier=parties, supplier_bank_account=terms, supplier_payment=paid)
    assert [(row["account_tail"], row["paid_amount_base"]) for row in rows] == [("…1", Decimal(100)), ("…2", Decimal(20))]
    unrated = told(supplier=parties, supplier_payment=[payment("P1", "S1", "5", currency="USD")])
    assert unrated[0]["paid_amount_base"] is None


def test_the_country_of_the_bank(told):
    parties = [
        supplier("S1", country="DE", bank_account="GB82 WEST 1234 5698 7654 32"),
        supplier("S2", country="CN", bank_account="1", bank_country="HK"),
    ]
    rows = told(supplier=[*parties, supplier("S3", country="DE", bank_account="GB82 WEST 1234 5698 7654 33")])
    assert [(row["country"], row["bank_country"], row["country_pair"]) for row in rows] == [
        ("DE", "GB", "DE-GB"),
        ("CN", "HK", "CN-HK"),
        ("DE", None, None),
    ]


@pytest.mark.parametrize(
    ("account", "holds"),
    [
        ("GB82WEST12345698765432", True),  # the example of ISO 13616
        ("DE89370400440532013000", True),
        ("FR1420041010050500013M02606", True),
        ("GB82WEST12345698765433", False),
        ("DE8937040044053201300", False),
        ("DE893704004405320130000", False),
        ("62220212000000001001", False),
        ("GB28WEST12345698765432", False),  # two digits swapped
        ("XX83" + "Z" * 30, True),  # 34 characters, 66 digits: the longest there are
        ("XX84" + "Z" * 30, False),
        ("XX83" + "Z" * 31, False),
        ("XX83-" + "Z" * 29, False),
        (None, None),
    ],
)
def test_the_check_of_an_iban(account, holds):
    assert pl.select(iban_holds(pl.lit(account, dtype=pl.String))).item() is holds
