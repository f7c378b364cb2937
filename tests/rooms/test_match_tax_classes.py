"""Tax classes of tax invoices beside those of the items billed, worked out by hand."""

from __future__ import annotations

import pytest

from recon.match import match_company

ITEMS = [{"item_id": i, "item_name": i, "base_uom": "EA", "tax_class": c} for i, c in (("M", "1090101"), ("E", "1070200"), ("N", None))]
DIGITAL = "26312000000000000001"


def paper(tax_class="1099999", **other):
    return {"official_invoice_number": DIGITAL, "tax_class": tax_class, "amount_net": "100", "tax_amount": "13", "status": "normal"} | other


def bill(item="M", line="1", **other):
    row = {"invoice_number": "B1", "invoice_line_no": line, "invoice_date": "2026-10-01", "supplier_id": "S1", "line_amount_net": "100"}
    return row | {"currency": "CNY", "item_id": item, "official_invoice_number": DIGITAL} | other


@pytest.fixture(scope="module")
def classes(accepted_of, engagement_of):
    def told(papers, bills, items=ITEMS):
        given = {"official_invoice": papers, "supplier_invoice_line": bills, "item": items}
        made = match_company(accepted_of(given), engagement_of(), {"tax_class_line"}).tables["tax_class_line"].collect()
        columns = ("document_line_no", "booked_number", "item_id", "common_prefix_count", "is_prefix", "unclassed_item_count")
        return made.select(columns).rows()

    return told


def test_the_nearest_item_of_the_bill(classes):
    assert classes([paper()], [bill(), bill("E", "2")]) == [(None, "B1", "M", 3, False, 0)]
    assert classes([paper("1070200")], [bill(), bill("E", "2")]) == [(None, "B1", "E", 7, True, 0)]
    assert classes([paper("10")], [bill()]) == [(None, "B1", "M", 2, True, 0)]
    assert classes([paper("3040000")], [bill(), bill("N", "2"), bill(None, "3")]) == [(None, "B1", "M", 0, False, 2)]


def test_each_line_of_the_register_is_looked_at(classes):
    both = [paper("1090000", line_no="1"), paper("3040000", line_no="2")]
    assert [row[0] for row in classes(both, [bill()])] == ["1", "2"]
    assert [row[3] for row in classes(both, [bill()])] == [4, 0]
    again = [paper("1090000", checkoff_period="202609"), paper("1090000", checkoff_period="202610")]
    assert len(classes(again, [bill()])) == 1  # claimed twice is one tax invoice


def test_what_has_no_class(classes):
    assert classes([paper(None)], [bill()]) == [(None, "B1", None, None, None, 0)]
    assert classes([paper()], [bill("N")]) == [(None, "B1", None, None, None, 1)]
    bare = [{name: value for name, value in row.items() if name != "tax_class"} for row in ITEMS]
    assert classes([paper()], [bill()], bare) == [(None, "B1", None, None, None, 1)]


def test_whose_tax_invoice_it_is(classes):
    assert classes([paper(status="void")], [bill()]) == []
    assert classes([paper(amount_net="-100")], [bill()]) == []
    assert classes([paper()], [bill(is_cancelled="true")]) == []
    assert classes([paper()], [bill(official_invoice_number="26312000000000000002")]) == []
