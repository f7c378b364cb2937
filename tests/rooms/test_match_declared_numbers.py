"""Numbers that parties write with something of their own around them: brought to the number on file where it is declared, and never guessed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recon.domain.engagement import NumberHabit
from recon.match import match_bucket, with_declared_numbers
from recon.match.references import document_references
from tests.rooms.test_match_unlinked import bill, order


@pytest.fixture(scope="module")
def linked(accepted_of, engagement_of):
    """Habits and tables -> (order number found, reason, whether the reference resolves) of the first bill."""

    def run(*habits, **given):
        engagement = engagement_of(document_numbers=[{"why": "test", **habit} for habit in habits])
        accepted = with_declared_numbers(accepted_of(given), engagement)
        row = match_bucket(accepted, engagement, {"invoice_line_match"}).tables["invoice_line_match"].collect().to_dicts()[0]
        doubtful = document_references(accepted, engagement).doubtful.collect()
        return row["order_number"], row["link_reason"], doubtful.is_empty()

    return run


def said(number, **other):
    return bill(po_number=number, po_line_no="1", **other)


@pytest.mark.parametrize(
    ("on_file", "written", "habit", "found"),
    [
        ("4711", "PO-4711", {"prefixes": ["PO-"]}, "4711"),
        ("PO-4711", "4711", {"prefixes": ["PO-"]}, "PO-4711"),
        ("PO-4711", "ORD 4711", {"prefixes": ["PO-", "ORD"]}, "PO-4711"),
        ("4711", "\uff30\uff2f-4711", {"prefixes": ["po-"]}, "4711"),  # full width, and declared in small letters
        ("4711", "4711/CN", {"suffixes": ["/CN"]}, "4711"),
        ("4711", "PO-4712", {"prefixes": ["PO-"]}, None),  # another sequence is another document
        ("4711", "XPO-4711", {"prefixes": ["PO-"]}, None),  # no prefix where it does not stand first
        ("4711", "PO-4711", {"suffixes": ["PO-"]}, None),
        ("INV-0042", "INV/2025-26/0042", {"fiscal_years": True}, "INV-0042"),
        ("INV-42", "INV/25/26/0042", {"fiscal_years": True}, "INV-42"),
        ("INV-42", "INV-FY26-42", {"fiscal_years": True}, "INV-42"),
        ("INV-42", "INV/2025-27/0042", {"fiscal_years": True}, None),  # two years that do not follow are no fiscal year
        ("INV-42", "INV2025-260042", {"fiscal_years": True}, None),  # nor digits inside a number
    ],
)
def test_what_is_declared_is_taken_off_and_nothing_else(linked, on_file, written, habit, found):
    number, reason, resolves = linked(habit, purchase_order_line=[order(on_file)], supplier_invoice_line=[said(written)])
    assert (number, resolves) == (found, found is not None)
    if found is not None:
        assert reason.startswith(f"{written} for {on_file} (declared: ")


def test_without_a_declaration_nothing_is_taken_off(linked):
    assert linked(purchase_order_line=[order("4711")], supplier_invoice_line=[said("PO-4711")]) == (None, None, False)


def test_a_number_on_file_as_it_is_written_stays_what_it_is(linked):
    orders = [order("4711"), order("PO4711", item_id="I2")]
    number, reason, _ = linked({"prefixes": ["PO-"]}, purchase_order_line=orders, supplier_invoice_line=[said("PO-4711", item_id="I2")])
    assert (number, reason) == ("PO4711", "number: separators")


def test_two_documents_that_fit_are_no_answer(linked):
    orders = [order("4711"), order("AB4711")]
    assert linked({"prefixes": ["PO-", "AB"]}, purchase_order_line=orders, supplier_invoice_line=[said("PO-4711")]) == (None, None, False)


@pytest.mark.parametrize(("where", "found"), [({"supplier_id": "S1"}, "4711"), ({"supplier_id": "S2"}, None), ({"customer_id": "S1"}, None)])
def test_a_habit_of_one_party_is_not_anothers(linked, where, found):
    habit = {"prefixes": ["PO-"], "where": where}
    assert linked(habit, purchase_order_line=[order("4711")], supplier_invoice_line=[said("PO-4711")])[0] == found


def test_an_order_of_another_party_is_not_taken(linked):
    orders = [order("4711", supplier_id="S9")]
    assert linked({"prefixes": ["PO-"]}, purchase_order_line=orders, supplier_invoice_line=[said("PO-4711")])[0] is None


def test_a_receipt_and_an_allocation_are_brought_home_too(accepted_of, engagement_of):
    receipt = {"receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": "2026-10-05", "po_number": "PO-4711", "po_line_no": "1"}
    receipt |= {"supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    paid = {"payment_number": "P1", "payment_date": "2026-10-20", "supplier_id": "S1", "amount": "50", "currency": "CNY"}
    tables = {
        "purchase_order_line": [order("4711")], "goods_receipt_line": [receipt], "supplier_invoice_line": [bill(invoice_number="77")],
        "supplier_payment": [paid], "supplier_payment_allocation": [{"payment_number": "P1", "invoice_number": "INV/77", "amount_applied": "50"}],
    }  # fmt: skip
    engagement = engagement_of(document_numbers=[{"prefixes": ["PO-", "INV/"], "why": "test"}])
    accepted = with_declared_numbers(accepted_of(tables), engagement)
    assert sorted(accepted.respelled.select("table", "column", "written", "number").rows()) == [
        ("goods_receipt_line", "po_number", "PO-4711", "4711"),
        ("supplier_payment_allocation", "invoice_number", "INV/77", "77"),
    ]
    found = match_bucket(accepted, engagement, {"fulfilment_line_match", "settlement_match"}).tables
    (goods,) = found["fulfilment_line_match"].collect().to_dicts()
    assert (goods["order_number"], goods["link_reason"]) == ("4711", "PO-4711 for 4711 (declared: prefix PO-, prefix INV/)")
    assert ("P1", "77") in found["settlement_match"].select("payment_number", "invoice_number").collect().rows()


@pytest.mark.parametrize(("words", "paid"), [("pays 10023 and AR-10024", {"AR-10023", "AR-10024"}), ("pays 10029", {None})])
def test_words_of_a_payment_are_brought_home(accepted_of, engagement_of, words, paid):
    bills = [
        {"invoice_number": number, "invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": "C1", "currency": "CNY"}
        | {"line_amount_net": "50", "line_amount_gross": "50", "quantity": "1", "uom": "EA"}
        for number in ("AR-10023", "AR-10024", "AR-10025")
    ]
    cash = {"cash_receipt_number": "CR1", "receipt_date": "2026-10-20", "customer_id": "C1", "amount": "100", "currency": "CNY"}
    engagement = engagement_of(document_numbers=[{"prefixes": ["AR-"], "why": "customers leave it out"}])
    accepted = accepted_of({"customer_invoice_line": bills, "cash_receipt": [cash | {"remittance_text": words}]})
    rows = match_bucket(accepted, engagement, {"settlement_match"}).tables["settlement_match"].collect()
    assert set(rows.filter(payment_number="CR1", **{"pass": "reference"} if None not in paid else {})["invoice_number"]) == paid


@pytest.mark.parametrize(
    "habit",
    [{}, {"prefixes": [" "]}, {"prefixes": ["20"]}, {"prefixes": ["PO"], "where": {"item_id": "I1"}}, {"prefixes": ["PO"], "wher": {}}],
)
def test_a_declaration_that_says_nothing_or_too_much_is_refused(habit):
    with pytest.raises(ValidationError):
        NumberHabit.model_validate({"why": "test", **habit})
