"""Items and parties under another id than the master's: found by what names exactly one of them, and never by likeness."""

from __future__ import annotations

import polars as pl
import pytest

from recon.domain.errors import TermsRefused
from recon.load import read_engagement
from recon.match import match_bucket, with_known_ids
from tests.rooms.test_match_unlinked import bill, order

ITEMS = [{"item_id": "I1", "base_uom": "EA", "gtin": "4006381333931"}, {"item_id": "I2", "base_uom": "EA", "gtin": "96385074"}]
CODES = [{"party_id": "S1", "party_item_id": "X-9", "item_id": "I1"}, {"party_id": "S2", "party_item_id": "X-9", "item_id": "I2"}]
MASTER = [
    {"party_id": "S1", "party_name": "上海钢铁有限公司", "tax_id": "91310000MA1FL0AB1C"},
    {"party_id": "S2", "party_name": "Northern Bearings Co., Ltd.", "tax_id": "DE 123 456 789"},
]


@pytest.fixture(scope="module")
def linked(accepted_of, engagement_of):
    """Tables (and a policy) -> the first bill's party, item, order and link_reason."""

    def run(policy=None, **given):
        engagement = engagement_of(policies=[{"set": {"party_known_by": policy}, "why": "test"}] if policy else [])
        accepted = with_known_ids(accepted_of(given), engagement)
        row = match_bucket(accepted, engagement, {"invoice_line_match"}).tables["invoice_line_match"].collect().to_dicts()[0]
        return row["party_id"], row["item_id"], row["order_number"], row["link_reason"]

    return run


def named(**other):
    return bill(po_number="PO1", **other)


@pytest.mark.parametrize(
    ("said", "found", "why"),
    [
        ({"item_id": "X-9"}, "I1", "X-9 for I1 (item: the party's code)"),
        ({"item_id": None, "party_item_id": "x 9"}, "I1", "x 9 for I1 (item: the party's code)"),  # spelt otherwise
        ({"item_id": "4006381333931"}, "I1", "4006381333931 for I1 (item: GTIN)"),
        ({"item_id": None, "gtin": "04006381333931"}, "I1", "04006381333931 for I1 (item: GTIN)"),  # fourteen digits of the same number
        ({"item_id": None, "gtin": "96385074"}, "I2", "96385074 for I2 (item: GTIN)"),
        ({"item_id": "4006381333930"}, "4006381333930", None),  # its check digit says that it is no number in trade
        ({"item_id": None, "gtin": "14006381333938"}, None, None),  # a carton of them is another item
        ({"item_id": "X-8"}, "X-8", None),  # likeness is no key
        ({"item_id": "X-9", "gtin": "96385074"}, "X-9", None),  # two keys that name two items settle nothing
        ({"item_id": "I2", "party_item_id": "X-9"}, "I2", None),  # an id of the master is never questioned
    ],
)
def test_an_item_is_found_by_the_partys_code_or_the_number_in_trade(linked, said, found, why):
    orders = [order(), order(line="2", item_id="I2")]
    given = {"item": ITEMS, "item_cross_reference": CODES, "purchase_order_line": orders, "supplier_invoice_line": [named(**said)]}
    _, item, number, reason = linked(**given)
    assert (item, reason) == (found, why)
    assert (number == "PO1") is (found in {"I1", "I2"})


def test_a_code_belongs_to_its_party_and_else_to_anybody(linked):
    codes = [{"party_id": "S2", "party_item_id": "X9", "item_id": "I2"}]
    tables = {"item": ITEMS, "purchase_order_line": [order()], "supplier_invoice_line": [named(item_id="X9")]}
    assert linked(item_cross_reference=codes, **tables)[1:] == ("X9", None, None)
    assert linked(item_cross_reference=[*codes, {"party_item_id": "X9", "item_id": "I1"}], **tables)[1] == "I1"
    twice = [{"party_id": "S1", "party_item_id": "X9", "item_id": item} for item in ("I1", "I2")]
    assert linked(item_cross_reference=twice, **tables)[1] == "X9"


def test_receipts_and_orders_are_told_too_and_dat_06_is_content(accepted_of, engagement_of):
    goods = {"receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": "2026-10-05", "po_number": "PO1", "supplier_id": "S1", "uom": "EA"}
    tables = {"item": ITEMS, "item_cross_reference": CODES, "purchase_order_line": [order(item_id="X-9")]}
    tables |= {"goods_receipt_line": [goods | {"item_id": "4006381333931", "quantity": "10"}]}
    accepted = with_known_ids(accepted_of(tables), engagement_of())
    assert set(accepted.respelled.select("table", "column", "number").rows()) == {
        ("purchase_order_line", "item_id", "I1"),
        ("goods_receipt_line", "item_id", "I1"),
    }
    found = match_bucket(accepted, engagement_of(), {"fulfilment_line_match", "unknown_item_line"}).tables
    (row,) = found["fulfilment_line_match"].collect().to_dicts()
    assert (row["order_number"], row["link_reason"]) == ("PO1", "4006381333931 for I1 (item: GTIN)")
    assert found["unknown_item_line"].collect().is_empty()


def header(tax, party="V77", number="INV1"):
    return {
        "invoice_number": number,
        "supplier_id": party,
        "invoice_date": "2026-10-12",
        "amount_gross": "113",
        "currency": "CNY",
        "supplier_tax_id": tax,
    }


@pytest.mark.parametrize(
    ("policy", "party", "tables", "found", "why"),
    [
        ("tax_id", "91310000ma1fl0ab1c", {}, "S1", "91310000ma1fl0ab1c for S1 (party: tax id)"),
        ("tax_id", "V77", {"supplier_invoice": [header("91310000MA1FL0AB1C")]}, "S1", "V77 for S1 (party: tax id)"),
        ("tax_id", "V77", {"supplier_invoice": [header("91310000MA1FL0AB1C"), header("DE123456789", number="INV2")]}, "V77", None),
        ("tax_id", "上海钢铁", {}, "上海钢铁", None),
        ("name", "上海钢铁", {}, "S1", "上海钢铁 for S1 (party: name)"),
        ("name", "上海钢铁有限责任公司", {}, "S1", "上海钢铁有限责任公司 for S1 (party: name)"),
        ("name", "上海钢铁集团", {}, "上海钢铁集团", None),  # a group is another firm
        ("name", "上海钢铁贸易有限公司", {}, "上海钢铁贸易有限公司", None),
        ("name", "上海钢铁", {"supplier_invoice": [header("91310000MA1FL0ZZ9Z", "上海钢铁")]}, "上海钢铁", None),  # its tax id says otherwise
        (None, "91310000MA1FL0AB1C", {}, "91310000MA1FL0AB1C", None),
        (None, "OLD-1", {"party_cross_reference": [{"party_role": "supplier", "other_party_id": "OLD-1", "party_id": "S1"}]}, "S1", "OLD-1 for S1 (party: other id)"),
        (None, "OLD-1", {"party_cross_reference": [{"party_role": "customer", "other_party_id": "OLD-1", "party_id": "S1"}]}, "OLD-1", None),
    ],
)  # fmt: skip
def test_a_party_is_found_by_tax_id_other_id_or_name(linked, policy, party, tables, found, why):
    given = {"supplier": MASTER, "purchase_order_line": [order()], "supplier_invoice_line": [named(supplier_id=party)]} | tables
    assert linked(policy, **given)[::3] == (found, why)
    assert (linked(policy, **given)[2] == "PO1") is (found == "S1")


def test_two_parties_of_one_tax_id_are_no_answer(linked):
    twins = [*MASTER, {"party_id": "S3", "party_name": "Twin", "tax_id": "91310000MA1FL0AB1C"}]
    given = {"supplier": twins, "purchase_order_line": [order()], "supplier_invoice_line": [named(supplier_id="91310000MA1FL0AB1C")]}
    assert linked("tax_id", **given)[0] == "91310000MA1FL0AB1C"


def test_a_bill_that_the_party_has_under_its_own_id_stays_where_it_is(linked):
    """Two papers of one number would become one; that one of them is a double is for DUP controls to say, which need both."""
    bills = [named(supplier_id="91310000MA1FL0AB1C"), named(supplier_id="S1")]
    assert linked("tax_id", supplier=MASTER, purchase_order_line=[order()], supplier_invoice_line=bills)[0] == "91310000MA1FL0AB1C"


def test_a_payer_is_found_by_name_where_the_policy_says_so(accepted_of, engagement_of):
    sold = {"invoice_number": "AR1", "invoice_line_no": "1", "invoice_date": "2026-10-05", "customer_id": "C1", "currency": "CNY"}
    sold |= {"line_amount_net": "50", "line_amount_gross": "50"}
    cash = {"cash_receipt_number": "CR1", "receipt_date": "2026-10-20", "amount": "50", "currency": "CNY", "payer_name": "NORTHERN BEARINGS LIMITED"}
    tables = {"customer": [MASTER[1] | {"party_id": "C1"}], "customer_invoice_line": [sold], "cash_receipt": [cash]}
    for policy, party in (("name", "C1"), ("tax_id", None)):
        engagement = engagement_of(policies=[{"set": {"party_known_by": policy}, "why": "test"}])
        rows = match_bucket(with_known_ids(accepted_of(tables), engagement), engagement, {"settlement_match"}).tables["settlement_match"].collect()
        assert rows.filter(payment_number="CR1")["party_id"].to_list()[0] == party


def test_what_nobody_asks_for_is_not_looked_at(accepted_of, engagement_of):
    accepted = accepted_of(
        {"item": [{"item_id": "I1", "base_uom": "EA"}], "supplier": MASTER, "purchase_order_line": [order(item_id="X-9", supplier_id="上海钢铁")]}
    )
    assert with_known_ids(accepted, engagement_of()) is accepted


def test_the_order_of_rows_decides_nothing(accepted_of, engagement_of):
    orders = [
        order(number, item_id=code, supplier_id=party)
        for number, code, party in (("PO1", "X9", "S1"), ("PO2", "X-9", "上海钢铁"), ("PO3", "X-9", "S2"))
    ]
    engagement = engagement_of(policies=[{"set": {"party_known_by": "name"}, "why": "test"}])
    told = []
    for rows in (orders, orders[::-1]):
        given = {"item": ITEMS, "item_cross_reference": CODES[:: 1 if rows is orders else -1], "supplier": MASTER, "purchase_order_line": rows}
        accepted = with_known_ids(accepted_of(given), engagement)
        told.append(accepted.documents.tables["purchase_order_line"].select("po_number", "supplier_id", "item_id").sort(pl.all()).collect().rows())
    assert told[0] == told[1] == [("PO1", "S1", "I1"), ("PO2", "S1", "I1"), ("PO3", "S2", "I2")]


@pytest.mark.parametrize(
    ("rule", "word"), [("set: {party_known_by: nam}", "name"), ("set: {party_known_by: name}\n    where: {item_id: I1}", "company_code")]
)
def test_a_policy_that_cannot_be_is_refused_before_data_is_read(tmp_path, rule, word):
    terms = "entity: A\nas_of: 2026-10-31\nperiod: {from: 2026-10-01, to: 2026-10-31}\ncurrency: CNY\nextracts: {supplier: none.csv}\n"
    (tmp_path / "engagement.yaml").write_text(f"{terms}policies:\n  - {rule}\n    why: test\n")
    with pytest.raises(TermsRefused) as refused:
        read_engagement(tmp_path / "engagement.yaml")
    assert word in str(refused.value)


@pytest.mark.parametrize(
    ("share", "text", "nearest"),
    [
        ("0.8125", "Bearing 6204-2RS", "I1"),  # three of sixteen signs differ
        ("0.8126", "Bearing 6204-2RS", None),
        ("0.80", "bearing, 6204 ZZ", "I1"),  # the name itself
        ("0.80", "Washer M8", None),
        ("0.80", "Screw M8 x 30", None),  # two items are as much alike
        ("not_checked", "Bearing 6204 ZZ", None),
    ],
)
def test_a_description_that_is_alike_is_a_suggestion_and_nothing_more(accepted_of, engagement_of, share, text, nearest):
    names = {"I1": "Bearing 6204 ZZ", "I2": "Screw M8 x 20", "I3": "Screw M8 x 40"}
    items = [{"item_id": item, "item_name": name, "base_uom": "EA"} for item, name in names.items()]
    accepted = accepted_of({"item": items, "purchase_order_line": [order(item_id="X1", item_description=text)]})
    engagement = engagement_of().model_copy(update={"allowances": {"description_likeness_share": share}})
    (row,) = match_bucket(accepted, engagement, {"unknown_item_line"}).tables["unknown_item_line"].collect().to_dicts()
    assert (row["item_id"], row["nearest_item_id"]) == ("X1", nearest)
    assert (nearest in row["nearest_note"] and nearest in row["nearest_note_zh"]) if nearest else row["nearest_note"] == ""
