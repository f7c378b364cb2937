"""Units that documents convert themselves: stated in two units, or told by the value of the goods."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.match import match_bucket

D = Decimal
ITEM = [{"item_id": "I1", "base_uom": "PCS"}]
BOX = [{"item_id": "I1", "from_uom": "BOX", "to_uom": "PCS", "factor": "12"}]
SHARED = {"item_id": "I1", "supplier_id": "S1", "po_number": "PO1", "po_line_no": "1"}
ORDER = SHARED | {"po_date": "2026-10-01", "quantity": "60", "uom": "PCS", "unit_price_net": "7", "currency": "CNY"}


def came(quantity, uom, base=None, number="GR1", **other):
    row = SHARED | {"receipt_number": number, "receipt_line_no": "1", "receipt_date": "2026-10-05", "quantity": quantity, "uom": uom}
    return row | {"quantity_base": base, **other}


def billed(quantity, uom, net, base=None, number="INV1", **other):
    row = SHARED | {
        "invoice_number": number,
        "invoice_line_no": "1",
        "invoice_date": "2026-10-12",
        "quantity": quantity,
        "uom": uom,
        "currency": "CNY",
    }
    return row | {"line_amount_net": net, "quantity_base": base, "invoice_kind": "invoice", **other}


@pytest.fixture
def told(accepted_of, engagement_of):
    """Goods and bills -> document, stated and master's quantity, difference, its value, basis."""

    def run(goods, bills=(), ways=BOX):
        tables = {
            "item": ITEM,
            "uom_conversion": ways,
            "purchase_order_line": [ORDER],
            "goods_receipt_line": goods,
            "supplier_invoice_line": list(bills),
        }
        accepted = accepted_of({name: rows for name, rows in tables.items() if rows})
        rows = match_bucket(accepted, engagement_of(), {"document_factor"}).tables["document_factor"].collect()
        columns = ("document_number", "quantity", "stated_quantity", "master_quantity", "deviation_quantity", "deviation_amount_base", "factor_basis")
        return [tuple(row) for row in rows.select(columns).rows()]

    return run


@pytest.mark.parametrize(
    ("goods", "found"),
    [
        ([came("5", "BOX", "60")], [("GR1", 5, 60, 60, 0, 0, "stated")]),
        ([came("5", "BOX", "50")], [("GR1", 5, 50, 60, 10, 70, "stated")]),
        ([came("-5", "BOX", "-50", receipt_kind="return")], [("GR1", 5, 50, 60, 10, 70, "stated")]),
        # in the base unit itself, without a word of it, cancelled, or after the day
        ([came("50", "PCS", "50")], []),
        ([came("5", "BOX")], []),
        ([came("5", "BOX", "50", is_cancelled=True)], []),
        ([came("5", "BOX", "50", receipt_date="2026-11-01")], []),
        # a unit that the master does not know
        ([came("5", "PAL", "50")], [("GR1", 5, 50, None, None, None, "stated")]),
    ],
)
def test_a_receipt_in_two_units(told, goods, found):
    assert told(goods) == found


def test_a_bill_in_two_units(told):
    assert told([came("60", "PCS")], [billed("5", "BOX", "400", "50")]) == [("INV1", 5, 50, 60, 10, 70, "stated")]


@pytest.mark.parametrize(
    ("goods", "bills", "found"),
    [
        # six boxes worth sixty pieces: ten in a box
        ([came("60", "PCS")], [billed("6", "BOX", "420")], [("INV1", 6, 60, 72, 12, 84, "goods")]),
        ([came("60", "PCS")], [billed("5", "BOX", "420")], [("INV1", 5, 60, 60, 0, 0, "goods")]),
        # worth a cent more: a price, no factor
        ([came("60", "PCS")], [billed("6", "BOX", "420.01")], []),
        # goods in boxes themselves, a second bill, a bill in the base unit
        ([came("5", "BOX")], [billed("6", "BOX", "420")], []),
        ([came("60", "PCS")], [billed("6", "BOX", "420"), billed("1", "PCS", "7", number="INV2")], []),
        ([came("60", "PCS")], [billed("72", "PCS", "420")], []),
    ],
)
def test_a_bill_worth_the_goods(told, goods, bills, found):
    assert told(goods, bills) == found
