"""Invoices of one day and amount under strange numbers; one sum through two channels."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket, match_company

D = Decimal


def bill(number, day="2026-06-10", net="1000", **other):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "supplier_id": "S1", "item_id": "I", "quantity": "1", "uom": "EA"}
    return (
        row
        | {
            "unit_price_net": net,
            "line_amount_net": net,
            "tax_rate": "0",
            "line_tax_amount": "0",
            "currency": "CNY",
            "internal_number": f"AP{number}",
        }
        | other
    )


@pytest.fixture(scope="module")
def pairs(accepted_of, engagement_of):
    def told(*bills, **tables):
        made = match_bucket(accepted_of({"supplier_invoice_line": list(bills), **tables}), engagement_of(), {"equal_amount"})
        rows = made.tables["equal_amount"].collect()
        return rows.select("document_number", "other_number", "regular_count", "amount_gross").rows()

    return told


def test_one_day_one_amount_and_numbers_that_have_nothing_in_common(pairs):
    assert pairs(bill("4711"), bill("9208")) == [("9208", "4711", 1, D(1000))]
    assert pairs(bill("4711"), bill("9208", day="2026-06-11")) == []
    assert pairs(bill("4711"), bill("9208", net="1000.01")) == []
    assert pairs(bill("4711"), bill("9208", currency="USD")) == []
    assert pairs(bill("4711"), bill("9208", supplier_id="S2")) == []
    assert pairs(bill("4711"), bill("9208", company_code="C9")) == []


def test_parties_of_one_group_are_one(pairs):
    masters = [{"party_id": party, "party_name": party, "group_id": "G"} for party in ("S1", "S2")]
    assert [row[0] for row in pairs(bill("4711"), bill("9208", supplier_id="S2"), supplier=masters)] == ["9208"]


def test_numbers_that_are_the_same_or_alike_are_asked_elsewhere(pairs):
    assert pairs(bill("A-4711"), bill("A4711")) == []
    assert pairs(bill("4711"), bill("4711-R")) == []
    assert pairs(bill("4711"), bill("4171")) == []


def test_credits_and_what_was_cancelled_are_no_second_bill(pairs):
    assert pairs(bill("4711"), bill("9208", is_cancelled="true")) == []
    assert pairs(bill("4711", net="-1000", invoice_kind="credit"), bill("9208", net="-1000", invoice_kind="credit")) == []


@pytest.mark.parametrize(
    ("days", "count"),
    [
        (("2026-04-10", "2026-05-10"), 3),
        (("2026-04-10", "2026-05-14"), 2),  # 34 and 27 days: the lower one is the middle, and 34 is seven more
        (("2026-04-10", "2026-05-11"), 3),  # 31 and 30
        (("2026-05-10",), 2),
        (("2026-03-10", "2026-04-10", "2026-05-10"), 4),
    ],
)
def test_a_habit_has_one_gap(pairs, days, count):
    earlier = [bill(f"{17 * place}03", day) for place, day in enumerate(days, start=11)]
    assert [row[2] for row in pairs(*earlier, bill("4711"), bill("9208"))] == [count]


def payment(number="PAY1", day="2026-06-10", amount="1000", **other):
    row = {"payment_number": number, "payment_date": day, "supplier_id": "S1", "amount": amount, "currency": "CNY"}
    return row | other


def claim(number="EX1", day="2026-06-12", amount="1000", merchant="Blue Ltd.", **other):
    row = {"claim_number": number, "claim_line_no": "1", "claim_date": day, "claimant_id": "E1", "merchant_name": merchant}
    return row | {"amount": amount, "currency": "CNY"} | other


@pytest.fixture(scope="module")
def channels(accepted_of, engagement_of):
    def told(payments, claims=(), **tables):
        given = {
            "supplier_payment": payments,
            "supplier": [{"party_id": "S1", "party_name": "BLUE Limited"}, {"party_id": "S2", "party_name": "Red"}],
        }
        given |= {"expense_claim_line": list(claims)} if claims else {}
        made = match_company(accepted_of(given | tables), engagement_of(), {"channel_pair"}).tables
        if "channel_pair" not in made:
            return None
        rows = made["channel_pair"].collect()
        return rows.select("document_number", "channel", "other_number", "other_channel", "days_apart", "difference_base").rows()

    return told


def test_a_claim_beside_a_payment_to_whom_it_names(channels):
    assert channels([payment()], [claim()]) == [("EX1", "expense claim", "PAY1", "no order", 2, D(0))]
    assert channels([payment(day="2026-06-20")], [claim()]) == [("PAY1", "no order", "EX1", "expense claim", 8, D(0))]
    assert channels([payment()], [claim(merchant="Green")]) == []
    assert channels([payment()], [claim(merchant=None)]) is None  # nobody says whom the employee paid


def test_the_widest_window_and_difference(channels):
    assert [row[4] for row in channels([payment(day="2026-03-14")], [claim()])] == [90]
    assert channels([payment(day="2026-03-13")], [claim()]) == []
    assert [row[5] for row in channels([payment()], [claim(amount="1100")])] == [D(100)]
    assert channels([payment()], [claim(amount="1100.01")]) == []


@pytest.mark.parametrize(("paid", "claimed"), [("999.99", "1000.01"), ("119.99", "120.01"), ("899", "901"), ("0.99", "1.01"), ("5", "5.01")])
def test_near_sums_on_both_sides_of_a_class_meet(channels, paid, claimed):
    assert [row[5] for row in channels([payment(amount=paid)], [claim(amount=claimed)])] == [D(claimed) - D(paid)]
    assert [row[5] for row in channels([payment(amount=claimed)], [claim(amount=paid)])] == [D(claimed) - D(paid)]


def test_for_an_order_and_without_one(channels):
    bills = [bill("B1", po_number="PO1"), bill("B2")]
    said = [{"payment_number": "PAY1", "invoice_number": "B1", "supplier_id": "S1", "amount_applied": "1000"}]
    both = [payment(), payment("PAY2", "2026-06-11")]
    told = channels(both, supplier_invoice_line=bills, supplier_payment_allocation=said)
    assert told == [("PAY2", "no order", "PAY1", "an order", 1, D(0))]
    assert channels(both) is None  # one channel of one company


def test_two_companies_unless_it_is_one_bill(channels):
    both = [payment(), payment("PAY2", "2026-06-11", company_code="C9")]
    assert [row[0] for row in channels(both)] == ["PAY2"]
    said = [
        {"payment_number": number, "invoice_number": "B1", "supplier_id": "S1", "amount_applied": "1000", "company_code": code}
        for number, code in (("PAY1", "C1"), ("PAY2", "C9"))
    ]
    assert channels(both, supplier_payment_allocation=said) == []


def test_what_nobody_can_convert_stands_alone(channels):
    assert channels([payment(), payment("PAY2", currency="USD", company_code="C9")]) == [("PAY2", "no order", None, None, None, None)]
