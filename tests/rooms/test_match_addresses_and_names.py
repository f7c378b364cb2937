"""Suppliers with a post box, suppliers that read like larger ones, discounts that ran out behind a block."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket, match_company

D = Decimal


@pytest.fixture(scope="module")
def boxes(accepted_of, engagement_of):
    def told(address, words="PO BOX, POSTFACH, 信箱"):
        supplier = {"party_id": "S1", "party_name": "S", "address": address}
        engagement = engagement_of().model_copy(update={"allowances": {"box_word_set": words}})
        made = match_company(accepted_of({"supplier": [supplier]}), engagement, {"party_address"}).tables["party_address"].collect()
        return made.select("is_box", "address_word").row(0)

    return told


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("P.O. Box 12, Nanjing", (True, "PO BOX")),
        ("ｐｏ  ｂｏｘ 12", (True, "PO BOX")),
        ("Postfach 4711, Köln", (True, "POSTFACH")),
        ("北京市100000信箱22分箱", (True, "信箱")),
        ("Boxer Strasse 7", (False, None)),
        ("Postfachern 3", (False, None)),
        ("Expo Boxes Hall 2", (False, None)),
        (None, (None, None)),
        (" . ", (None, None)),
    ],
)
def test_words_for_boxes(boxes, address, expected):
    assert boxes(address) == expected


def test_the_list_is_the_companys(boxes):
    assert boxes("Postfach 4711", "PO BOX") == (False, None)
    assert boxes("Postfach 4711", "none") == (None, None)  # without words nobody can tell


def bill(party, net, day="2026-06-10", **other):
    row = {
        "invoice_number": f"B{party}{day}",
        "invoice_line_no": "1",
        "invoice_date": day,
        "supplier_id": party,
        "line_amount_net": net,
        "currency": "CNY",
    }
    return row | other


def supplier(party, name, **other):
    return {"party_id": party, "party_name": name, "tax_id": f"T{party}", "bank_account": f"A{party}"} | other


LARGE = supplier("S1", "Northern Precision Bearings Ltd")
SMALL = supplier("S2", "Northern Precision Bearinqs Ltd")


@pytest.fixture(scope="module")
def names(accepted_of, engagement_of):
    def told(*suppliers, bills=(), allowed=None, **tables):
        given = {"supplier": list(suppliers), "supplier_invoice_line": list(bills), **tables}
        engagement = engagement_of().model_copy(update={"allowances": {"volume_window_days": "365", "volume_ratio_share": "0.01"} | (allowed or {})})
        rows = match_company(accepted_of(given), engagement, {"look_alike"}).tables["look_alike"].collect()
        return {row[0]: row[1:] for row in rows.select("party_id", "other_party_id", "volume_amount_base", "other_volume_amount_base").rows()}

    return told


def test_a_hundredth_of_the_volume_is_small(names):
    exactly = names(LARGE, SMALL, bills=[bill("S1", "10000"), bill("S2", "100")])
    assert exactly == {"S1": (None, D(10000), D(0)), "S2": ("S1", D(100), D(10000))}
    assert names(LARGE, SMALL, bills=[bill("S1", "10000"), bill("S2", "100.01")])["S2"][0] is None
    assert names(LARGE, SMALL, bills=[bill("S1", "10000"), bill("S2", "100.01")], allowed={"volume_ratio_share": "0.010001"})["S2"][0] == "S1"
    assert names(LARGE, SMALL)["S2"][0] is None  # neither has billed anything


def test_the_window_of_volumes(names):
    assert names(LARGE, SMALL, bills=[bill("S1", "10000", "2025-11-01")])["S1"][1] == D(10000)
    assert names(LARGE, SMALL, bills=[bill("S1", "10000", "2025-10-31")])["S1"][1] == D(0)
    assert names(LARGE, SMALL, bills=[bill("S1", "10000", "2025-10-31")], allowed={"volume_window_days": "366"})["S1"][1] == D(10000)


def test_one_group_and_one_identity_are_no_look_alikes(names):
    bills = [bill("S1", "10000")]
    assert names(LARGE | {"group_id": "G"}, SMALL | {"group_id": "G"}, bills=bills)["S2"][0] is None
    twin = {"tax_id": "TS1", "bank_account": "AS1"}
    assert names(LARGE, SMALL | twin, bills=bills)["S2"][0] is None
    assert names(LARGE, SMALL | {"tax_id": "TS1"}, bills=bills)["S2"][0] == "S1"
    assert names(LARGE, SMALL | {"is_active": "false"}, bills=bills).keys() == {"S1"}


def test_a_volume_that_nobody_can_convert_is_not_known(names):
    rows = names(LARGE, SMALL, bills=[bill("S1", "10000", currency="USD")])
    assert rows["S2"] == ("S1", D(0), None)


def test_the_most_alike_of_those_far_larger_is_named(names):
    other = supplier("S3", "Northern Precision Bearinq Ltd")
    bills = [bill("S1", "10000"), bill("S3", "900000")]
    assert names(LARGE, SMALL, other, bills=bills)["S2"][0] == "S3"  # one letter too, and more of everything
    assert names(LARGE, SMALL, supplier("S3", "Northern Precision Bear Ltd"), bills=bills)["S2"][0] == "S1"


@pytest.mark.parametrize("pairs_at_once", [1, 7, 10**6])
def test_shops_of_a_chain_are_looked_at_in_pieces(names, monkeypatch, pairs_at_once):
    """All names alike; only S3 is far larger than anybody, and what S7 has billed cannot be said."""
    monkeypatch.setattr("recon.match.look_alikes._PAIRS_AT_ONCE", pairs_at_once)
    shops = [supplier(f"S{number}", f"Corner shop of the north {number:03}") for number in range(1, 9)]
    bills = [bill(f"S{number}", "1000") for number in range(1, 6)]
    bills = [*bills, bill("S3", "199000"), bill("S6", "2000.01"), bill("S7", "1", currency="USD")]
    rows = {party: row[0] for party, row in names(*shops, bills=bills).items()}
    assert rows == {"S1": "S3", "S2": "S3", "S3": "S7", "S4": "S3", "S5": "S3", "S6": "S7", "S7": "S3", "S8": "S3"}


@pytest.fixture(scope="module")
def blocked(accepted_of, engagement_of):
    def told(released="2026-06-25T10:00:00Z", entered="2026-06-10T09:00:00Z", receipt="2026-06-05", changes=(), **columns):
        order = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-06-01", "supplier_id": "S1", "item_id": "I", "quantity": "10", "uom": "EA"}
        order |= {"unit_price_net": "100", "currency": "CNY"}
        goods = {"receipt_number": "R1", "receipt_line_no": "1", "receipt_date": receipt, "po_number": "PO1", "po_line_no": "1", "item_id": "I"}
        goods |= {"quantity": "10", "uom": "EA", "supplier_id": "S1"}
        line = bill("S1", "1000", invoice_number="B1", item_id="I", quantity="10", uom="EA", unit_price_net="100", po_number="PO1", po_line_no="1")
        line |= {"line_tax_amount": "0", "discount_date": "2026-06-20", "discount_share": "0.03", "payment_block": "R", "created_at": entered}
        line |= {"block_released_at": released, "block_released_by": "U1"} | columns
        paid = {"payment_number": "PAY1", "payment_date": "2026-07-10", "supplier_id": "S1", "amount": "1000", "currency": "CNY"}
        said = {"payment_number": "PAY1", "invoice_number": "B1", "supplier_id": "S1", "amount_applied": "1000"}
        given = {"purchase_order_line": [order], "goods_receipt_line": [goods], "supplier_invoice_line": [line], "supplier_payment": [paid]}
        given |= {"supplier_payment_allocation": [said]} | ({"document_change": list(changes)} if changes is not None else {})
        made = match_bucket(accepted_of(given), engagement_of(), {"blocked_discount"}).tables["blocked_discount"].collect()
        return made.select("stood_on_last_day", "is_corrected", "discount_missed_base").rows()

    return told


def change(day="2026-06-15T10:00:00Z", field="unit_price_net", number="B1"):
    return {"document_type": "supplier_invoice", "document_number": number, "field": field, "old_value": "1", "new_value": "2", "changed_at": day}


def test_a_block_that_stood_on_the_last_day_of_the_discount(blocked):
    assert blocked() == [(True, False, D(30))]
    assert blocked("2026-06-21T01:00:00Z") == [(True, False, D(30))]
    assert blocked("2026-06-20T23:00:00Z") == [(False, False, D(30))]
    assert blocked(entered="2026-06-21T09:00:00Z") == [(False, False, D(30))]
    assert blocked(discount_date=None) == [(None, False, D(30))]


def test_what_was_corrected_was_not_needless(blocked):
    assert blocked(changes=[change()])[0][1] is True
    assert blocked(changes=[change("2026-06-26T10:00:00Z")])[0][1] is False
    assert blocked(changes=[change(field="payment_block"), change(number="B2")])[0][1] is False
    assert blocked(receipt="2026-06-12")[0][1] is True  # the goods came after the bill
    assert blocked(changes=None)[0][1] is None
