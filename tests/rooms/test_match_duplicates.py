"""Pairs of invoices that may be one: which are candidates, what makes them alike, how alike they are."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.match import match_bucket
from recon.match.numbers import normalised

D = Decimal


def bill(number, day="2026-10-05", gross="100", party="S1", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": party, "invoice_kind": "invoice"}
    amounts = {"quantity": "1", "uom": "EA", "line_amount_net": gross, "line_amount_gross": gross, "currency": "CNY"}
    return row | amounts | other


@pytest.fixture(scope="module")
def found(accepted_of, engagement_of):
    def run(*rows, policies=(), **tables):
        matches = match_bucket(
            accepted_of({"supplier_invoice_line": list(rows), **tables}), engagement_of(policies=list(policies)), {"duplicate_pair"}
        )
        return matches.tables["duplicate_pair"].collect(), matches.covers["duplicate_pair"]

    return run


def kinds(pairs):
    return pairs.select("document_number", "other_number", "pair_kind", "number_relation").rows()


@pytest.mark.parametrize(
    ("one", "other"), [("INV-0012", "INV 12"), ("AB-7701", "ab/7701"), ("ＡＢ－７７０１", "AB7701"), ("007", "7"), ("A.1_2", "a12")]
)
def test_one_number_in_two_spellings_on_one_day_is_exact(found, one, other):
    pairs, covers = found(bill(one, posting_date="2026-10-06"), bill(other, posting_date="2026-10-07"))
    assert kinds(pairs) == [(other, one, "exact", "same")]
    assert covers == 2


@pytest.mark.parametrize(
    "change",
    [
        {"party": "S2"},
        {"gross": "100.01", "day": "2026-10-06", "number": "XY-555"},
        {"currency": "USD", "fx_rate": "7", "number": "INV 12A"},
        {"invoice_kind": "prepayment"},
    ],
)
def test_other_party_kind_currency_or_nothing_alike_is_no_pair(found, change):
    number = change.pop("number", "INV 12")
    assert kinds(found(bill("INV-0012"), bill(number, **change))[0]) == []


def test_companies_are_not_compared(found):
    assert kinds(found(bill("INV-0012"), bill("INV 12", company_code="C2"))[0]) == []


def test_suppliers_of_one_group_are_one_party_and_score_less(found):
    masters = [{"party_id": p, "party_name": p, "group_id": "G"} for p in ("S1", "S2")]
    pairs, _ = found(bill("INV-0012"), bill("INV 12", party="S2"), supplier=masters)
    assert pairs["same_party"].to_list() == [False]
    assert pairs["score"].to_list() == [D("0.90")]


@pytest.mark.parametrize("change", [{"day": "2026-10-06"}, {"gross": "200"}])
def test_one_number_with_other_data_is_another_kind_of_pair(found, change):
    rows = bill("INV-0012", posting_date="2026-10-07"), bill("INV 12", posting_date="2026-10-08", **change)
    assert kinds(found(*rows)[0]) == [("INV 12", "INV-0012", "same_number", "same")]


def test_numbers_that_return_with_other_amounts_are_neither_exact_nor_near(found):
    rows = [bill(str(n), f"201{y}-05-01", str(100 + n + y), internal_number=f"{y}{n}") for n in range(5) for y in (3, 4)]
    pairs, _ = found(*rows)
    assert pairs["pair_kind"].unique().to_list() == ["same_number"]
    assert pairs.height == 5


@pytest.mark.parametrize(("restarts", "expected"), [("false", ["same_number"]), ("true", [])])
def test_a_party_that_starts_again_every_year_may_use_a_number_again(found, restarts, expected):
    policy = {"set": {"party_restarts_numbers_yearly": restarts}, "where": {"supplier_id": "S1"}, "why": "restarts in January"}
    assert found(bill("INV-1234", "2025-10-20"), bill("INV1234", "2026-10-12"), policies=[policy])[0]["pair_kind"].to_list() == expected
    within = found(bill("INV-1234", "2026-02-20"), bill("INV1234", "2026-10-12"), policies=[policy])
    assert within[0]["pair_kind"].to_list() == ["same_number"]


@pytest.mark.parametrize(
    ("one", "other", "relation", "score"),
    [
        ("O1234", "01234", "look_alike", "0.9775"),
        ("IV12398", "IV12398A", "affix", "0.9325"),
        ("0012345", "12345RE", "digit_run", "0.9325"),
        ("4281", "4281-R", "affix", "0.9325"),
        ("INV-2024-001", "INV-2024-010", "transposed", "0.82"),
        ("AB12345", "AB1234", "lost_character", "0.82"),
    ],
)
def test_numbers_that_are_alike_are_scored(found, one, other, relation, score):
    pairs, _ = found(bill(one, posting_date="2026-10-06"), bill(other, posting_date="2026-10-07"))
    assert kinds(pairs) == [(other, one, "near", relation)]
    assert pairs["score"].to_list() == [D(score)]
    assert pairs["score_beside_date"].to_list() == [D(score) - D("0.15")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("INV00123", "INV00124"), ("BILL-23-00040", "BILL-23-00045"), ("7781", "9020"), ("RENT2026A", "RENT2026BB7"), ("123", "123RE"), ("A1", "1A")],
)
def test_another_running_number_is_another_document(found, one, other):
    assert kinds(found(bill(one), bill(other))[0]) == []


@pytest.mark.parametrize(
    ("day", "weight"),
    [
        ("2026-10-05", "0.15"),
        ("2026-10-06", "0.075"),
        ("2026-10-10", "0.075"),
        ("2026-10-11", "0.0375"),
        ("2026-11-04", "0.0375"),
        ("2026-11-05", "0"),
    ],
)
def test_the_date_counts_in_steps(accepted_of, engagement_of, day, weight):
    accepted = accepted_of({"supplier_invoice_line": [bill("4281"), bill("4281-R", day)]})
    matches = match_bucket(accepted, engagement_of(as_of="2026-12-31"), {"duplicate_pair"})
    pairs = matches.tables["duplicate_pair"].collect()
    assert (pairs["score"] - pairs["score_beside_date"]).to_list() == [D(weight)]


def test_a_habitual_amount_counts_against_a_weak_likeness_only(found):
    rent = [bill("A77123"), bill("B10001", "2026-09-05"), bill("C20002", "2026-08-05")]
    weak, _ = found(*rent, bill("A71723"))
    assert weak["is_recurring"].to_list() == [True]
    assert weak["score"].to_list() == [D("0.57")]
    strong, _ = found(*rent, bill("A77123X"))
    assert strong["score"].to_list() == [D("0.9325")]


def test_the_document_entered_first_is_the_original(found):
    rows = [bill("INV 12", created_at="2026-10-07T09:00:00+00:00"), bill("INV-0012", created_at="2026-10-06T09:00:00+00:00")]
    assert kinds(found(*rows)[0]) == [("INV 12", "INV-0012", "exact", "same")]


def test_three_times_the_same_invoice_is_two_rows_against_the_first(found):
    rows = [bill(n, posting_date=f"2026-10-0{i}") for i, n in enumerate(("A-7", "A7", "A/7"), start=1)]
    assert sorted(kinds(found(*rows)[0])) == [("A/7", "A-7", "exact", "same"), ("A7", "A-7", "exact", "same")]


def test_cancelled_and_reversed_documents_are_no_doubles(found):
    assert kinds(found(bill("INV-0012", is_cancelled="true"), bill("INV 12"))[0]) == []
    origin = {"origin_invoice_number": "INV-0012", "origin_invoice_line_no": "1"}
    back = bill("REV-1", gross="-100", quantity="-1", invoice_kind="reversal", **origin)
    assert kinds(found(bill("INV-0012"), back, bill("INV 12"))[0]) == []


@pytest.mark.parametrize(("credit", "expected"), [("-50", []), ("-50.01", ["exact"])])
def test_credits_of_one_invoice_are_no_doubles_while_they_stay_within_it(found, credit, expected):
    terms = {"gross": credit, "invoice_kind": "value_credit", "origin_invoice_number": "INV1"}
    pairs, _ = found(bill("INV1"), bill("INV1-C", **terms), bill("INV1C", **terms))
    assert pairs["pair_kind"].to_list() == expected


NUMBERS = st.lists(st.sampled_from(["A-001", "A1", "A10", "A01X", "AO1", "1001", "10-01", "1010", "B1001", "77", "0077"]), min_size=2, max_size=7)


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.randoms(use_true_random=False))
def test_exact_pairs_are_those_of_comparing_all_with_all(found, numbers, rng):
    rows = [bill(n, f"2026-10-0{1 + i % 2}", str(100 + i // 4), internal_number=str(i)) for i, n in enumerate(numbers)]
    pairs, _ = found(*rows)
    keys = pl.DataFrame({"n": numbers}, schema={"n": pl.String}).select(normalised(pl.col("n")))["n"].to_list()
    doubled = {
        later["internal_number"]
        for (i, one), (j, later) in combinations(enumerate(rows), 2)
        if keys[i] == keys[j] and one["invoice_date"] == later["invoice_date"] and one["line_amount_gross"] == later["line_amount_gross"]
    }
    exact = pairs.filter(pl.col("pair_kind") == "exact")
    assert set(exact["internal_number"].to_list()) == doubled
    shuffled, _ = found(*rng.sample(rows, len(rows)))
    drop = ["source_file", "source_row"]
    assert shuffled.drop(drop).equals(pairs.drop(drop))


def test_how_long_a_number_must_be_to_say_anything_is_a_limit(accepted_of, engagement_of):
    rows = [bill("INV-117"), bill("XY117", "2026-10-06"), bill("AB-12", party="S2"), bill("AB-12R", "2026-10-06", party="S2")]

    def pairs(limit, *overrides):
        terms = engagement_of(parameters=list(overrides)).model_copy(update={"allowances": {"minimum_number_length_count": limit}})
        found = match_bucket(accepted_of({"supplier_invoice_line": rows}), terms, {"duplicate_pair"}).tables["duplicate_pair"].collect()
        return sorted(found["number_relation"].to_list())

    assert pairs("4") == ["affix"]
    assert pairs("5") == []
    assert pairs("3") == ["affix", "digit_run"]
    assert pairs("unlimited") == []
    by_party = {"control": "DUP-03", "set": {"minimum_number_length_count": "3"}, "where": {"supplier_id": "S1"}, "why": "their numbers are short"}
    assert pairs("5", by_party) == ["digit_run"]


@pytest.mark.parametrize(
    ("second", "kind", "difference"),
    [
        ({"currency": "USD", "fx_rate": "7", "gross": "100"}, ("same_number", "other currency"), D(0)),  # 700 either way
        ({"currency": "USD", "fx_rate": "7.07", "gross": "100"}, ("same_number", "other currency"), D(7)),
        ({"currency": "USD", "fx_rate": "7", "gross": "700"}, ("same_number", "other currency"), D(4200)),  # equal figures are no equal amounts
        ({"currency": "USD", "fx_rate": None, "gross": "100"}, ("same_number", "other currency"), None),
        ({"currency": "CNY", "gross": "700"}, ("exact", "same"), D(0)),
    ],
)
def test_a_number_that_returns_in_another_currency(found, second, kind, difference):
    """Its worth is compared in company currency; whether it is the same bill is for DUP-02 to say."""
    pairs, _ = found(bill("A7701", gross="700", posting_date="2026-10-06"), bill("A-7701", posting_date="2026-10-07", **second))
    assert pairs.select("pair_kind", "amount_relation", "base_difference").rows() == [(*kind, difference)]


def test_amounts_alone_are_compared_in_one_currency(found):
    pairs, _ = found(bill("A7701", gross="700", posting_date="2026-10-06"), bill("A7701X", gross="700", currency="USD", fx_rate="7"))
    assert pairs.is_empty()
