"""What tolerances let pass, added up per party: only tolerated lines, over and under apart, nothing unknown taken for zero."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.domain import places
from recon.domain.money import MONEY
from recon.load import read_engagement
from recon.pipeline import run
from recon.report.bridge_words import VARIANCES
from recon.report.creep import COLUMNS, creep

D = Decimal


def lines(*rows):
    """(party, status, price, tax): the other differences are none."""
    data = [
        {"cycle": "procure_to_pay", "company_code": "C1", "party_id": party, "match_status": status} | dict.fromkeys(VARIANCES, D(0))
        | {"price_variance": price, "tax_variance": tax}
        for party, status, price, tax in rows
    ]  # fmt: skip
    return pl.DataFrame(data, schema_overrides=dict.fromkeys(VARIANCES, MONEY)).lazy()


def test_over_and_under_are_added_up_apart_and_only_of_tolerated_lines():
    found = creep(lines(
        ("S1", "within_tolerance", D("1.90"), D("-0.40")), ("S1", "within_tolerance", D("1.10"), D(0)), ("S1", "within_tolerance", D("-0.50"), D(0)),
        ("S1", "exception", D(900), D(0)), ("S1", "exact", D(0), D(0)), ("S2", "explained_tail", D(0), D("0.01")),
    )).collect()  # fmt: skip
    assert found.columns == list(COLUMNS)
    assert found.select(
        "party_id", "line_count", "over_amount_base", "under_amount_base", "creep_amount_base", "price_variance", "tax_variance"
    ).rows() == [("S1", 3, D("3.00"), D("0.90"), D("2.10"), D("2.50"), D("-0.40"))]


def test_a_difference_that_is_not_known_is_counted_and_not_zero():
    found = creep(lines(("S1", "within_tolerance", None, D("0.20")))).collect()
    assert found.select("over_amount_base", "unknown_count").rows() == [(D("0.20"), 1)]


@pytest.mark.parametrize("company", ["planted"])
def test_creep_of_the_sample_company_is_what_its_lines_say(company):
    engagement = read_engagement(places.sample_data() / company / "engagement.yaml").model_copy(update={"second_opinion": False})
    invoice_lines = run(engagement).outcomes.invoice_lines
    rows = invoice_lines.collect().filter(pl.col("match_status") == "within_tolerance").to_dicts()
    assert rows
    by_hand: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        key = (row["cycle"], row["company_code"], row["party_id"])
        by_hand[key] = by_hand.get(key, D(0)) + sum((row[name] or D(0) for name in VARIANCES), D(0))
    found = creep(invoice_lines).collect()
    told = {row[:3]: row[3] for row in found.select("cycle", "company_code", "party_id", "creep_amount_base").rows()}
    assert {key: amount for key, amount in by_hand.items() if amount} == {key: amount for key, amount in told.items() if amount}
