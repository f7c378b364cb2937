"""A party's usual way of rounding tax: found where it is asked for, preferred where both ways fit, and missed where only the other way fits."""

from __future__ import annotations

import pytest

from recon.match import match_bucket
from tests.rooms.test_match_party_tails import bill

# 21 × 10 at 11 %: 23.10 fits from the net and out of the gross amount, 23.11 only out of the gross amount, cut off


@pytest.fixture(scope="module")
def told(accepted_of, engagement_of):
    """Bills -> (tax_convention, usual_convention, deviates_from_usual) of each, and the party's row."""

    def run(bills, count="3", share="0.9"):
        allowed = {"usual_convention_document_count": count, "usual_convention_share": share, "line_tail_amount": "0.01"}
        engagement = engagement_of().model_copy(update={"allowances": allowed | {"tax_tail_over_amount": "0.01", "tax_tail_under_amount": "0.01"}})
        found = match_bucket(accepted_of({"supplier_invoice_line": bills}), engagement, {"invoice_line_match", "party_tail"}).tables
        rows = found["invoice_line_match"].collect().sort("invoice_number").to_dicts()
        (party,) = found["party_tail"].collect().to_dicts()
        return [(row["tax_convention"], row["usual_convention"], row["deviates_from_usual"]) for row in rows], party

    return run


def numbered(*taxes):
    return [bill(f"B{place:02}", tax=tax) for place, tax in enumerate(taxes)]


def test_nothing_is_remembered_unless_it_is_asked_for(told):
    rows, party = told(numbered("23.10", "23.10", "23.10", "23.11"), count="not_checked")
    assert {row[1:] for row in rows} == {(None, None)}
    assert (party["deviating_count"], party["deviation_note"]) == (0, "")


def test_a_bill_rounded_the_other_way_is_said(told):
    rows, party = told(numbered(*["23.10"] * 9, "23.11"))
    assert [row[2] for row in rows] == [False] * 9 + [True]
    assert (party["deviating_count"], party["usual_convention"]) == (1, "net × rate")
    assert "1 bills" in party["deviation_note"]
    assert "1 张" in party["deviation_note_zh"]


@pytest.mark.parametrize(("nets", "usual"), [(9, "net × rate"), (8, "gross × rate ÷ (1 + rate)"), (1, "gross × rate ÷ (1 + rate)")])
def test_below_the_share_it_is_the_other_way_that_fits_all(told, nets, usual):
    """Nine of ten are nine tenths; eight of nine are less, and out of the gross amount all of them fit."""
    others = 9 if nets == 1 else 1
    assert told(numbered(*["23.10"] * nets, *["23.11"] * others))[1]["usual_convention"] == usual


@pytest.mark.parametrize(("count", "usual"), [("4", "net × rate"), ("5", None)])
def test_below_the_number_there_is_none_either(told, count, usual):
    assert told(numbered(*["23.10"] * 4), count=count)[1]["usual_convention"] == usual


def test_a_bill_that_neither_way_explains_is_no_deviation(told):
    rows, party = told(numbered(*["23.10"] * 9, "25.00"))
    assert (rows[-1][0], rows[-1][2], party["deviating_count"]) == (None, False, 0)


def test_parties_do_not_vote_for_one_another(accepted_of, engagement_of):
    engagement = engagement_of().model_copy(update={"allowances": {"usual_convention_document_count": "3", "usual_convention_share": "0.9"}})
    bills = [*numbered(*["23.10"] * 3), *(row | {"supplier_id": "P2"} for row in numbered(*["23.11"] * 3))]
    rows = match_bucket(accepted_of({"supplier_invoice_line": bills}), engagement, {"party_tail"}).tables["party_tail"].collect().to_dicts()
    assert {row["party_id"]: row["usual_convention"] for row in rows} == {"P1": "net × rate", "P2": "gross × rate ÷ (1 + rate)"}


def test_what_two_ways_explain_is_the_usual_ones(told):
    """1.05 and 0.11: cut off from the net amount, or half up out of the gross amount of 1.16; the party that works from the net cuts off."""
    both = bill("B90", net="1.05", tax="0.11", quantity="1", unit_price_net="1.05")
    plain, _ = told([both], count="not_checked")
    rows, _ = told([*numbered(*["23.10"] * 9), both])
    assert rows[-1][1:] == ("net × rate", False)
    assert rows[-1][0] is not None
    assert plain[0][0] is not None
