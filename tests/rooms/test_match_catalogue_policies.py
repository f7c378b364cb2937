"""Policies of the catalogue that matching works by: each value through an engagement, on both sides of what it decides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.domain.errors import TermsRefused
from recon.domain.rounding_words import allows, refuse_unreadable
from recon.match import match_bucket

D = Decimal


@pytest.fixture(scope="module")
def rows(accepted_of, engagement_of):
    """Rows of one measured table under overrides (control, set, where)."""

    def run(table, *overrides, **given):
        parameters = [{"control": control, "set": values, "where": where, "why": "so agreed"} for control, values, where in overrides]
        accepted = accepted_of({name: told for name, told in given.items() if told})
        return match_bucket(accepted, engagement_of(parameters=parameters), {table}).tables[table].collect().to_dicts()

    return run


# CUR-03: the rate of the order, or of the day on which the goods came ----------------------------------------------------------
RECEIPT = ("CUR-03", {"order_rate_policy": "receipt"}, {})
ORDER = {
    "po_number": "PO1", "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA",
    "unit_price_net": "100", "currency": "USD", "fx_rate": "7.00",
}  # fmt: skip
BILL = {
    "invoice_number": "INV1", "invoice_line_no": "1", "invoice_date": "2026-10-20", "supplier_id": "S1", "po_number": "PO1", "po_line_no": "1",
    "item_id": "I1", "quantity": "10", "uom": "EA", "unit_price_net": "100", "line_amount_net": "1000", "currency": "USD", "fx_rate": "7.20",
}  # fmt: skip


def came(number, day, quantity):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "PO1", "po_line_no": "1", "supplier_id": "S1"}
    return row | {"item_id": "I1", "quantity": quantity, "uom": "EA"}


def rate(day, value):
    return {"rate_date": day, "from_currency": "USD", "to_currency": "CNY", "rate": value}


RATES = [rate("2026-10-05", "7.10"), rate("2026-10-08", "7.30")]


@pytest.mark.parametrize(
    ("overrides", "goods", "expected"),  # rate and difference by the receipt; by the order it is 1000 x (7.20 - 7.00) throughout
    [
        ([], [came("GR1", "2026-10-05", "10")], (None, None)),
        ([RECEIPT], [came("GR1", "2026-10-05", "10")], (D("7.10"), D(100))),
        ([RECEIPT], [came("GR1", "2026-10-05", "6"), came("GR2", "2026-10-08", "4")], (D("7.18"), D(20))),
        ([RECEIPT], [came("GR1", "2026-10-05", "6")], (D("7.06"), D(140))),  # four are not here: at the rate of the order
        ([RECEIPT], [came("GR1", "2026-10-04", "10")], (None, None)),  # nobody knows the rate of that day
        ([(*RECEIPT[:2], {"supplier_id": "S1"})], [came("GR1", "2026-10-05", "10")], (D("7.10"), D(100))),
        ([(*RECEIPT[:2], {"supplier_id": "S2"})], [came("GR1", "2026-10-05", "10")], (None, None)),
    ],
)
def test_a_bill_against_the_rate_of_its_goods(rows, overrides, goods, expected):
    given = {"purchase_order_line": [ORDER], "goods_receipt_line": goods, "supplier_invoice_line": [BILL], "fx_rate": RATES}
    (line,) = rows("invoice_line_match", *overrides, **given)
    assert line["fx_variance"] == 200
    assert (line["receipt_fx_rate"], line["receipt_fx_variance"]) == expected


@pytest.mark.parametrize(
    ("credited", "expected"),  # ten billed at 7.20; what stays at the 7.10 of its goods, what was credited at the 7.00 of the order
    [(None, (D("7.10"), D(100))), ("1", (D("7.09"), D(110))), ("9", (D("7.01"), D(190))), ("10", (D("7.00"), D(200)))],
)
def test_what_was_credited_of_a_bill_stands_at_the_rate_of_the_order(rows, credited, expected):
    goods = [came("GR1", "2026-10-05", "10")]
    less = {"invoice_number": "CN1", "invoice_kind": "credit", "origin_invoice_number": "INV1", "origin_invoice_line_no": "1"}
    bills = [BILL | {"invoice_kind": "invoice"}]
    if credited is not None:
        bills.append(BILL | less | {"quantity": f"-{credited}", "line_amount_net": f"-{credited}00"})
    given = {"purchase_order_line": [ORDER], "goods_receipt_line": goods, "supplier_invoice_line": bills, "fx_rate": RATES}
    line = next(line for line in rows("invoice_line_match", RECEIPT, **given) if line["invoice_number"] == "INV1")
    assert (line["receipt_fx_rate"], line["receipt_fx_variance"]) == expected


# APR-03: limits with and without tax, at the document's rate or at that of the decision ------------------------------------------
MANAGER = {"user_id": "MGR", "person_id": "P1", "approval_limit": "5000", "limit_currency": "CNY"}
GROSS, DECISION = ("APR-03", {"amount_basis_policy": "gross"}, {}), ("APR-03", {"fx_policy": "decision"}, {})


def asked(**other):
    row = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": "490", "currency": "CNY", "tax_rate": "0.13", "sent_at": "2026-10-03T09:00:00+00:00"} | other


def approved(**other):
    row = {"document_type": "purchase_order", "document_number": "PO1", "action": "approve", "actor_id": "MGR"}
    return row | {"action_at": "2026-10-02T09:00:00+00:00"} | other


@pytest.mark.parametrize(
    ("overrides", "order", "event", "expected"),  # amount at the decision, what it exceeds the limit of 5000 by
    [
        ([], asked(), approved(), (D(4900), D(-100))),
        ([GROSS], asked(), approved(), (D(5537), D(537))),
        ([GROSS], asked(tax_rate="0"), approved(), (D(4900), D(-100))),
        ([GROSS], asked(line_amount_gross="5000"), approved(), (D(5000), D(0))),
        ([GROSS], asked(line_tax_amount="100.01"), approved(), (D("5000.01"), D("0.01"))),
        ([GROSS], asked(tax_rate=None), approved(), (None, None)),
        ([GROSS], asked(), approved(amount_at_action="4900", currency="CNY"), (D(5537), D(537))),  # recorded without tax
        ([GROSS], asked(), approved(amount_at_action="4950", currency="CNY"), (D(4950), D(-50))),  # as it was recorded
        ([], asked(), approved(amount_at_action="4900", currency="CNY"), (D(4900), D(-100))),
        ([(*GROSS[:2], {"company_code": "C2"})], asked(), approved(), (D(4900), D(-100))),
    ],
)
def test_the_amount_in_the_terms_of_the_limit(rows, overrides, order, event, expected):
    (decision,) = rows("approval_decision", *overrides, purchase_order_line=[order], approval_event=[event], user=[MANAGER])
    assert (decision["amount_at_decision"], decision["excess_amount"]) == expected


def test_a_bill_and_a_payment_with_tax(rows):
    bill = BILL | {"currency": "CNY", "fx_rate": None, "tax_rate": "0.13", "po_number": None, "po_line_no": None}
    paid = {"payment_number": "P1", "payment_date": "2026-10-30", "supplier_id": "S1", "amount": "1130", "currency": "CNY"}
    events = [approved(document_type="supplier_invoice", document_number="INV1"), approved(document_type="supplier_payment", document_number="P1")]
    found = rows("approval_decision", GROSS, supplier_invoice_line=[bill], supplier_payment=[paid], approval_event=events, user=[MANAGER])
    assert [row["amount_at_decision"] for row in found] == [1130, 1130]


@pytest.mark.parametrize(
    ("overrides", "day_rate", "expected"),  # 700 USD: 4900 at the order's rate of 7, 5250 at 7.5
    [
        ([], "7.50", (D(4900), "CNY", D(-100))),
        ([DECISION], "7.50", (D(5250), "CNY", D(250))),
        ([DECISION], None, (D(700), "USD", None)),
    ],
)
def test_the_amount_at_the_rate_of_the_decision(rows, overrides, day_rate, expected):
    order = asked(unit_price_net="70", currency="USD", fx_rate="7.00")
    rates = [rate("2026-10-02", day_rate)] if day_rate else [rate("2026-10-03", "7.50")]
    (decision,) = rows("approval_decision", *overrides, purchase_order_line=[order], approval_event=[approved()], user=[MANAGER], fx_rate=rates)
    assert (decision["amount_at_decision"], decision["currency"], decision["excess_amount"]) == expected


# CSH-10: with and without orders that are released and not shipped ---------------------------------------------------------------
SHIPPED = ("CSH-10", {"exposure_policy": "without_open_orders"}, {})


def sold(number, day, price, **other):
    row = {"so_number": number, "so_line_no": "1", "so_date": day, "customer_id": "C1", "item_id": "I1", "quantity": "1", "uom": "EA"}
    return row | {"unit_price_net": price, "currency": "CNY"} | other


def shipped(number, day, order):
    row = {"shipment_number": number, "shipment_line_no": "1", "shipment_date": day, "so_number": order, "so_line_no": "1", "customer_id": "C1"}
    return row | {"item_id": "I1", "quantity": "1", "uom": "EA"}


def billed(number, day, order, net, gross):
    row = {"invoice_number": number, "invoice_line_no": "1", "invoice_date": day, "customer_id": "C1", "so_number": order, "so_line_no": "1"}
    row |= {"item_id": "I1", "quantity": "1", "uom": "EA", "unit_price_net": net, "line_amount_net": net, "line_amount_gross": gross}
    return row | {"currency": "CNY"}


SALES = {
    "customer": [{"party_id": "C1", "party_name": "C1 Ltd", "credit_limit": "100", "credit_currency": "CNY"}],
    "sales_order_line": [sold("SO1", "2026-10-01", "60"), sold("SO2", "2026-10-02", "50")],
    "shipment_line": [shipped("SH1", "2026-10-05", "SO1"), shipped("SH2", "2026-10-08", "SO2")],
    "customer_invoice_line": [billed("AR1", "2026-10-07", "SO1", "60", "67.80"), billed("AR2", "2026-10-20", "SO2", "50", "56.50")],
}


def exposures(found):
    return {row["document_number"]: row["exposure_amount"] for row in found}


def test_open_orders_count_unless_the_policy_leaves_them_out(rows):
    assert exposures(rows("credit_position", **SALES)) == {"SO1": 60, "SO2": 110, "SH1": 110, "SH2": D("117.80")}
    found = rows("credit_position", SHIPPED, **SALES)
    # a release counts its own order; goods count from their shipment to their bill, then the bill with its tax
    assert exposures(found) == {"SO1": 60, "SO2": 50, "SH1": 60, "SH2": D("117.80")}
    assert {row["exposure_policy"] for row in found} == {"without_open_orders"}
    other = (*SHIPPED[:2], {"customer_id": "C2"})
    assert exposures(rows("credit_position", other, **SALES))["SO2"] == 110


def test_goods_that_were_billed_before_they_went_out_count_once(rows):
    early = SALES | {"customer_invoice_line": [billed("AR1", "2026-10-04", "SO1", "60", "67.80")]}
    assert exposures(rows("credit_position", SHIPPED, **early)) == {"SO1": 60, "SO2": 50, "SH1": D("67.80"), "SH2": D("117.80")}


def test_cash_relieves_what_was_shipped(rows):
    cash = [{"cash_receipt_number": "CR1", "receipt_date": "2026-10-07", "customer_id": "C1", "amount": "60", "currency": "CNY"}]
    assert exposures(rows("credit_position", SHIPPED, **SALES, cash_receipt=cash))["SH2"] == D("57.80")


@pytest.mark.parametrize("overrides", [[], [SHIPPED]])
def test_from_an_amount_without_a_rate_on_nobody_knows_what_is_owed(rows, overrides):
    abroad = SALES | {"sales_order_line": [sold("SO1", "2026-10-01", "60"), sold("SO2", "2026-10-02", "50", currency="USD")]}
    found = exposures(rows("credit_position", *overrides, **abroad | {"customer_invoice_line": []}))
    assert (found["SO1"], found["SO2"], found["SH2"]) == (60, None, None)


# TAX-07: which rounding conventions explain a tail -------------------------------------------------------------------------------
OUT_OF_GROSS = BILL | {
    "currency": "CNY", "fx_rate": None, "quantity": "1", "unit_price_net": "0.88", "line_amount_net": "0.88", "tax_rate": "0.13",
    "line_tax_amount": "0.12", "line_amount_gross": "1.00",
}  # fmt: skip


def accepts(words, **where):
    return "TAX-07", {"convention_set": words}, where


@pytest.mark.parametrize(
    ("overrides", "is_explained"),
    [
        ([], True),
        ([accepts("all")], True),
        ([accepts("gross_less_net, half_up")], True),
        ([accepts("line")], True),
        ([accepts("net_rate")], False),
        ([accepts("document")], False),
        ([accepts("rate_group, gross_rate")], True),
        ([accepts("unit")], False),
        ([accepts("none")], False),
        ([accepts("none", supplier_id="S1")], False),
        ([accepts("none", supplier_id="S2")], True),
        ([accepts("none"), accepts("all", supplier_id="S1")], True),
    ],
)
def test_only_accepted_conventions_explain_a_tail(rows, overrides, is_explained):
    (line,) = rows("invoice_line_match", *overrides, supplier_invoice_line=[OUT_OF_GROSS])
    assert line["tax_tail_amount"] == D("0.01")
    assert (line["tax_convention"] is not None, line["tail_convention"] is not None) == (is_explained, is_explained)


def thirds(**more):
    each = BILL | {"currency": "CNY", "fx_rate": None, "quantity": "1", "unit_price_net": "33.33", "line_amount_net": "33.33", "tax_rate": "0.13"}
    return [each | {"invoice_line_no": str(n), "item_id": f"I{n}", "po_number": None, "po_line_no": None} | more for n in (1, 2, 3)]


@pytest.mark.parametrize(("words", "is_explained"), [("all", True), ("line", True), ("document, half_up", False)])
def test_tax_in_a_line_of_its_own(rows, words, is_explained):
    tax = BILL | {
        "invoice_line_no": "9",
        "line_kind": "tax",
        "quantity": None,
        "unit_price_net": None,
        "line_amount_net": "12.99",
        "tax_rate": "0.13",
    }
    tax |= {"currency": "CNY", "fx_rate": None, "po_number": None, "po_line_no": None, "item_id": None}
    found = rows("invoice_line_match", accepts(words), supplier_invoice_line=[*thirds(), tax])
    (line,) = [row for row in found if row["taxed_line_count"]]
    assert (line["tax_tail_amount"], line["tax_convention"] is not None) == (D("-0.01"), is_explained)


@pytest.mark.parametrize(("words", "is_explained"), [("all", True), ("document", True), ("line", False)])
def test_tax_of_a_header(rows, words, is_explained):
    header = {"invoice_number": "INV1", "supplier_id": "S1", "invoice_date": "2026-10-20", "currency": "CNY"}
    header |= {"amount_net": "99.99", "tax_amount": "13.00", "amount_gross": "112.99"}
    lines = thirds(line_tax_amount="4.33", line_amount_gross="37.66")
    (document,) = rows("invoice_match", accepts(words), supplier_invoice_line=lines, supplier_invoice=[header])
    assert (document["header_tail_amount"], document["tail_convention"] is not None) == (D("0.01"), is_explained)


def test_a_word_of_each_kind_that_is_named_must_fit():
    name = "net × rate, by tax rate, half even"
    assert all(allows(words, name) for words in ("all", "net_rate", "rate_group, half_even", "half_even, half_up", "net_rate,rate_group,half_even"))
    assert not any(allows(words, name) for words in ("none", "gross_rate", "line", "half_up", "net_rate, half_up"))


@pytest.mark.parametrize("words", ["half up", "net_rate, nett", "all, line", "line, line", ""])
def test_words_that_name_no_convention_are_refused(words):
    with pytest.raises(TermsRefused):
        refuse_unreadable("convention_set", words, "here")
    refuse_unreadable("convention_set", "net_rate, line, half_up", "here")
