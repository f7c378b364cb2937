"""Statistical indicators: every figure against one made by hand, every limit that matching knows at its edge, no dependence on order."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from recon.match.amounts import amounts
from recon.match.approval_bursts import approval_burst
from recon.match.digits import CHANCE, LAW, digit_law, law_of, round_share
from recon.match.spread import amount_leader, amount_outlier

LIMITS = {
    "digit_minimum_amount": "10",
    "round_minimum_amount": "10000",
    "round_base_amount": "1000",
    "round_minimum_count": "10",
    "stamp_count": "3",
    "stamp_window_seconds": "60",
}


def claims(*figures, person="U1", currency="CNY", first=0, **other):
    """A claim of each amount by one person, on the days before 31 October 2026."""
    told = {"company_code": "C1", "claim_line_no": "1", "claim_date": "2026-10-01", "claimant_id": person, "currency": currency}
    return [told | {"claim_number": f"{person}-{first + place:03}", "amount": str(amount)} | other for place, amount in enumerate(figures)]


@pytest.fixture(scope="module")
def about(accepted_of, engagement_of):
    """The documents of these claims (or of other tables), the accepted tables, and the engagement with its limits."""

    def told(*rows, limits=None, **tables):
        accepted = accepted_of({**({"expense_claim_line": list(rows)} if rows else {}), **tables})
        engagement = engagement_of().model_copy(update={"allowances": LIMITS | (limits or {})})
        return amounts(accepted, engagement), accepted, engagement

    return told


# ── which documents ──────────────────────────────────────────────────────────────────────────────────────────
def bill(number="B1", net="100", tax="13", kind="invoice", **other):
    row = {
        "invoice_number": number,
        "invoice_line_no": "1",
        "invoice_date": "2026-10-01",
        "supplier_id": "S1",
        "invoice_kind": kind,
        "line_kind": "item",
    }
    return row | {"line_amount_net": net, "line_tax_amount": tax, "currency": "CNY"} | other


def test_a_document_is_what_was_due_and_lines_are_added_up(about):
    lines = [bill(), bill(invoice_line_no="2", net="1", tax=None), bill("B2", line_amount_gross="7")]
    documents, _, _ = about(supplier_invoice_line=lines)
    assert documents.select("document_type", "document_number", "who", "amount_base").rows() == [
        ("supplier_invoice", "B1", "S1", Decimal(114)), ("supplier_invoice", "B2", "S1", Decimal(7)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        bill(kind="credit", net="-100", tax="-13"),
        bill(is_cancelled="true"),
        bill(invoice_date="2026-11-01"),
        bill(net="0", tax="0"),
        bill(kind="prepayment"),
    ],
)
def test_what_takes_back_or_does_not_count_is_no_document(about, row):
    assert about(supplier_invoice_line=[row])[0].is_empty()


def test_a_bill_that_was_reversed_is_no_document(about):
    reversal = bill("R1", "-100", "-13", "reversal", origin_invoice_number="B1")
    assert about(supplier_invoice_line=[bill(), reversal])[0].is_empty()


def test_foreign_amounts_are_told_in_company_currency_or_not_at_all(about):
    rate = [{"rate_date": "2026-09-01", "from_currency": "USD", "to_currency": "CNY", "rate": "7"}]
    assert about(*claims("10", currency="USD"), fx_rate=rate)[0]["amount_base"].to_list() == [Decimal(70)]
    assert about(*claims("10", currency="USD"))[0]["amount_base"].to_list() == [None]
    documents, accepted, engagement = about(*claims("10", "11", "12", "13", "900", currency="USD"))
    assert amount_leader(documents, accepted).collect().is_empty()
    assert round_share(documents, accepted, engagement).collect().is_empty()


# ── largest and second ───────────────────────────────────────────────────────────────────────────────────────
def test_the_largest_stands_beside_the_second(about):
    documents, accepted, _ = about(*claims("5", "101.20", "1012", "3"), *claims("7", person="U2"))
    rows = amount_leader(documents, accepted).collect()
    assert rows.select("made_by", "document_number", "group_count", "largest_amount_base", "second_number", "second_amount_base", "size_ratio").rows() == [
        ("U1", "U1-002", 4, Decimal(1012), "U1-001", Decimal("101.20"), Decimal(10)), ("U2", "U2-000", 1, Decimal(7), None, None, None),
    ]  # fmt: skip


# ── far from the middle ──────────────────────────────────────────────────────────────────────────────────────
def by_hand(figures):
    logs = [math.log(figure) for figure in figures]
    middle = sorted(logs)
    half = len(logs) // 2
    median = middle[half] if len(logs) % 2 else (middle[half - 1] + middle[half]) / 2
    off = sorted(abs(log - median) for log in logs)
    spread = off[half] if len(off) % 2 else (off[half - 1] + off[half]) / 2
    return [round(0.6745 * (log - median) / spread, 6) for log in logs]


@pytest.mark.parametrize("figures", [(100, 102, 104, 106, 108, 110, 112, 129.68), (1, 90, 100, 110, 120, 130, 140, 150, 9000)])
def test_deviations_are_those_made_by_hand(about, figures):
    documents, accepted, _ = about(*claims(*figures))
    rows = amount_outlier(documents, accepted).collect()
    expected = {f"U1-{place:03}": z for place, z in enumerate(by_hand(figures)) if abs(z) > 1}
    assert {row[0]: float(row[1]) for row in rows.select("document_number", "robust_z").rows() if row[0]} == expected
    assert rows["document_count"].sum() == len(figures)
    assert rows.filter(pl.col("document_number").is_null())["robust_z"].to_list() == [0]


def test_where_all_are_alike_nothing_can_be_said(about):
    documents, accepted, _ = about(*claims(*[50] * 9))
    assert amount_outlier(documents, accepted).collect().select("document_number", "robust_z", "document_count").rows() == [(None, None, 9)]


# ── round amounts ────────────────────────────────────────────────────────────────────────────────────────────
def test_amounts_without_a_logarithm_stand_alone_and_move_no_other(about):
    figures = [100, 110, 120, 130, 140, 150, 160, 9000]
    documents, accepted, _ = about(*claims(*figures))
    alone = amount_outlier(documents, accepted).collect()
    below = documents.head(1).with_columns(
        pl.lit(Decimal(-5)).cast(documents.schema["amount_base"]).alias("amount_base"), document_number=pl.lit("NEG")
    )
    nothing = below.with_columns(
        (pl.col("amount_base") * 0).cast(documents.schema["amount_base"]).alias("amount_base"), document_number=pl.lit("NIL")
    )
    both = amount_outlier(pl.concat([documents, below, nothing]), accepted).collect()
    told = both.filter(pl.col("document_number").is_in(["NEG", "NIL"]))
    assert told.select("document_number", "robust_z", "document_count").rows() == [("NEG", None, 1), ("NIL", None, 1)]
    others = both.filter(~pl.col("document_number").is_in(["NEG", "NIL"]).fill_null(value=False))
    told = ("document_number", "robust_z", "group_count", "median_amount_base")
    assert others.select(told).equals(alone.select(told))


def shares(about, *rows, limits=None):
    return round_share(*about(*rows, limits=limits)).collect().select("made_by", "group_count", "round_count", "round_share", "peer_share_p95").rows()


@pytest.mark.parametrize(
    ("amount", "limits", "count"),
    [
        ("10000", {}, 1),
        ("9000", {}, 0),
        ("10000", {"round_minimum_amount": "10000.01"}, 0),
        ("10500", {}, 0),
        ("10500", {"round_base_amount": "500"}, 1),
        ("11000.01", {}, 0),
        ("11000", {"round_base_amount": "not_checked"}, 0),
    ],
)
def test_round_is_what_the_limits_say(about, amount, limits, count):
    assert shares(about, *claims(amount), limits=limits)[0][2] == count


def test_peers_are_the_others_with_enough_documents(about):
    """Twenty others of ten claims with shares 0, .1, … and one that is asked about: 19 of the 20 have at most the 19th share."""
    rows = []
    for place in range(20):
        rows += claims(*["10000"] * (place % 10), *["55"] * (10 - place % 10), person=f"P{place:02}")
    few = claims(*["10000"] * 9, person="FEW")
    asked = claims(*["10000"] * 10, person="ALL")
    told = {row[0]: row[1:] for row in shares(about, *rows, *few, *asked)}
    ranked = sorted(place % 10 for place in range(20))
    assert told["ALL"] == (10, 10, 1, Decimal(ranked[18]) / 10)
    assert told["P05"][3] == Decimal(sorted([*ranked[:10], *ranked[12:], 5, 10])[18]) / 10  # of 20 others, itself left out
    assert told["FEW"][0] == 9


@pytest.mark.parametrize(("minimum", "peers"), [("9", 1), ("10", 1), ("11", 0)])
def test_who_is_a_peer_is_a_limit(about, minimum, peers):
    documents, accepted, engagement = about(*claims(*["1"] * 10), *claims(*["1"] * 12, person="U2"), limits={"round_minimum_count": minimum})
    found = round_share(documents, accepted, engagement).collect()
    assert found.filter(pl.col("made_by") == "U2")["peer_count"].to_list() == [peers]


@pytest.mark.parametrize(
    ("currency", "amount", "count"),
    [
        ("JPY", "2835000", 0),
        ("JPY", "2900000", 1),
        ("JPY", "100000", 1),
        ("JPY", "99000", 0),
        ("KWD", "12300", 1),
        ("KWD", "12350", 0),
        ("USD", "12300", 0),
    ],
)
def test_round_in_a_currency_without_cents_has_as_many_zeros(about, currency, amount, count):
    rows = claims(amount, *["1.17"] * 9, currency=currency, fx_rate="1")
    assert [row[2] for row in round_share(*about(*rows)).collect().select("made_by", "group_count", "round_count").rows()] == [count]


# ── digits ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_law_is_the_logarithm_and_adds_up():
    for digits in LAW.values():
        assert abs(sum(law_of(d) for d in digits) - 10**12) <= 45
        assert all(abs(law_of(d) / 10**12 - math.log10(1 + 1 / d)) < 1e-12 for d in digits)


@pytest.mark.parametrize(("digit_count", "draws"), [(1, 1200), (2, 500)])
def test_what_chance_gives_is_simulated(digit_count, draws):
    """The share of samples of lawful numbers beyond what is said to be chance is one in twenty, give or take what so many draws allow."""
    chance, count = random.Random(7), 1000
    digits = list(LAW[digit_count])
    law = [math.log10(1 + 1 / d) for d in digits]
    limit, beyond = CHANCE[digit_count] / 10**4 / math.sqrt(count), 0
    for _ in range(draws):
        drawn = dict.fromkeys(digits, 0)
        for d in chance.choices(digits, law, k=count):
            drawn[d] += 1
        beyond += sum(abs(n / count - p) for n, p in zip(drawn.values(), law, strict=True)) / len(digits) > limit
    spread = math.sqrt(0.05 * 0.95 / draws)
    assert abs(beyond / draws - 0.05) < 4 * spread


def laws(about, *rows, limits=None):
    found = digit_law(*about(*rows, limits=limits)).collect()
    return {row[0]: row[1:] for row in found.select("digit_count", "group_count", "is_wide", "deviation", "chance_p95", "digits_over").rows()}


def test_deviations_from_the_law_are_those_made_by_hand(about):
    told = laws(about, *claims(*[41 + place % 9 for place in range(60)], *["4123.4"] * 40))
    one = (abs(1 - math.log10(1.25)) + sum(math.log10(1 + 1 / d) for d in range(1, 10) if d != 4)) / 9
    assert told[1][:2] == (100, False)
    assert abs(float(told[1][2]) - one) < 1e-9
    assert float(told[1][3]) == round(0.3502 / 10, 6)
    assert told[1][4] == "4"
    assert told[2][4] == "41, 46, 45"  # seven each from 41 to 46, and the law expects least of 46


@pytest.mark.parametrize(("least", "wide"), [("10", True), ("10.01", False)])
def test_three_powers_of_ten_are_wide(about, least, wide):
    assert laws(about, *claims(least, "10000", *["55"] * 50))[1][1] is wide


@pytest.mark.parametrize(("limit", "count"), [("10", 60), ("12.34", 60), ("12.35", None), ("5", 60)])
def test_smaller_amounts_are_left_out(about, limit, count):
    told = laws(about, *claims(*["12.34"] * 60, *["9.99"] * 60), limits={"digit_minimum_amount": limit})
    assert (told[1][0] if told else None) == count


def test_the_digits_of_a_company_are_those_of_all_its_documents_and_a_party_with_many_has_its_own(about):
    many = [bill(f"B{place}", "20", "3") for place in range(50)] + [bill("C1", "70", "7", supplier_id="S2")]
    found = digit_law(*about(supplier_invoice_line=many)).collect().filter(pl.col("digit_count") == 1)
    assert found.select("subject_type", "subject_number", "is_company", "group_count").rows() == [
        ("company", "C1", True, 51),
        ("supplier", "S1", False, 50),
    ]


def test_claims_have_no_row_of_the_company(about):
    found = digit_law(*about(*claims(*["12"] * 50), *claims(*["12"] * 49, person="U2"))).collect()
    assert found.select("subject_type", "subject_number").unique().rows() == [("user", "U1")]


# ── approvals ────────────────────────────────────────────────────────────────────────────────────────────────
def approved(*seconds, actor="A1", asked=None, **other):
    began = date(2026, 10, 5)
    rows = []
    for place, second in enumerate(seconds):
        at = f"{began + timedelta(days=second // 86400)}T{second % 86400 // 3600:02}:{second % 3600 // 60:02}:{second % 60:02}+08:00"
        row = {"company_code": "C1", "document_type": "purchase_order", "document_number": f"PO{place}", "action": "approve", "actor_id": actor}
        rows.append(row | {"action_at": at, "assigned_at": asked} | other)
    return rows


def bursts(accepted_of, engagement_of, *rows, **limits):
    engagement = engagement_of().model_copy(update={"allowances": LIMITS | limits})
    return approval_burst(accepted_of({"approval_event": list(rows)}), engagement).collect()


@pytest.mark.parametrize(
    ("seconds", "gap", "count"),
    [
        ((0, 4, 8), 4, 3),
        ((0, 4), None, None),
        ((0, 30, 60), 30, 3),
        ((0, 30, 61), None, None),
        ((0, 50, 100, 103, 105), Decimal("2.5"), 3),
        ((0, 1, 59, 60, 61), 1, 3),
    ],
)
def test_the_fastest_row_of_so_many_within_the_window(accepted_of, engagement_of, seconds, gap, count):
    found = bursts(accepted_of, engagement_of, *approved(*seconds))
    assert found.select("burst_gap_seconds", "timed_count").rows() == [(gap, len(seconds))]
    assert count is None or found["burst_count"][0] >= count


@pytest.mark.parametrize(
    ("limit", "value", "found"),
    [("stamp_count", "4", None), ("stamp_count", "3", 4), ("stamp_window_seconds", "7", None), ("stamp_window_seconds", "8", 4)],
)
def test_how_many_and_how_long_are_limits(accepted_of, engagement_of, limit, value, found):
    assert bursts(accepted_of, engagement_of, *approved(0, 4, 8), **{limit: value})["burst_gap_seconds"].to_list() == [found]


def test_two_persons_are_not_one_row_and_days_tell_no_gap(accepted_of, engagement_of):
    apart = bursts(accepted_of, engagement_of, *approved(0, 8), *approved(4, actor="A2"))
    assert apart.select("made_by", "burst_gap_seconds").rows() == [("A1", None), ("A2", None)]
    days = [row | {"action_at": "2026-10-05"} for row in approved(0, 4, 8)]
    assert bursts(accepted_of, engagement_of, *days).select("approval_count", "timed_count", "burst_gap_seconds").rows() == [(3, 0, None)]


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("2026-10-05T00:00:07+08:00", 3), ("2026-10-05T00:00:11+08:00", None), ("2026-10-05", None), (None, None)],
)
def test_the_quickest_decision_is_measured_from_the_asking(accepted_of, engagement_of, asked, wait):
    assert bursts(accepted_of, engagement_of, *approved(10, asked=asked))["least_wait_seconds"].to_list() == [wait]


def test_whole_minutes_tell_no_gap_and_one_second_shows_that_seconds_are_told(accepted_of, engagement_of):
    told = [
        bursts(accepted_of, engagement_of, *approved(*seconds)).select("timed_count", "burst_gap_seconds").row(0)
        for seconds in ((60, 60, 60), (60, 60, 61))
    ]
    assert told == [(0, None), (3, Decimal("0.5"))]


def test_who_rejects_or_is_a_machine_stamps_nothing(accepted_of, engagement_of):
    rows = [row | {"action": action} for row, action in zip(approved(0, 1, 2), ("reject", "auto_approve", "submit"), strict=True)]
    assert bursts(accepted_of, engagement_of, *rows).is_empty()


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_order_of_rows_changes_no_digit(about):
    drawn = random.Random(3)
    rows = []
    for person in range(12):
        rows += claims(*(Decimal(drawn.randint(1_000, 9_999_999)) / 100 for _ in range(60)), person=f"P{person}")
    shuffled = rows.copy()
    drawn.shuffle(shuffled)
    apart = ("source_file", "source_row")

    def told(given):
        documents, accepted, engagement = about(*given)
        made = [amount_leader(documents, accepted), amount_outlier(documents, accepted)]
        made += [maker(documents, accepted, engagement) for maker in (round_share, digit_law)]
        return [table.collect().drop(apart) for table in made]

    for one, other in zip(told(rows), told(shuffled), strict=True):
        assert one.equals(other)
