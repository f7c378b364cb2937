"""Documents of parties that are not in order: which are told, as of which day, and what they are worth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from recon.domain import documents
from recon.domain.workpapers import Accepted, Documents
from recon.match.master_standing import party_documents, unknown_item_lines

DAY = date(2026, 10, 5)


def accepted(**tables):
    frames, supplied = {}, {}
    for name, rows in tables.items():
        frames[name] = pl.DataFrame(rows, schema=documents.schema(name)).lazy()
        supplied[name] = frozenset().union(*(row.keys() for row in rows))
    nothing = pl.DataFrame()
    return Accepted(Documents(frames, supplied, nothing, nothing), {}, {}, nothing, nothing, nothing)


@pytest.fixture
def engagement(make_workpapers):
    return make_workpapers(0).engagement.model_copy(update={"as_of": date(2026, 10, 31)})


def bill(party, net, line="1", **more):
    usual = {
        "company_code": "C",
        "invoice_number": f"I-{party}",
        "invoice_line_no": line,
        "invoice_date": DAY,
        "supplier_id": party,
        "currency": "CNY",
    }
    return usual | {"line_amount_net": net, "item_id": "M1"} | more


def party(party_id, **standing):
    return {"party_id": party_id, "party_name": party_id, "is_active": True, "is_blocked": False} | standing


def told(engagement, **tables):
    rows, looked_at = party_documents(accepted(**tables), engagement)
    return rows.collect().select("party_id", "is_known", "is_active", "is_blocked", "amount_gross_base").rows(), looked_at


def test_unknown_blocked_and_inactive_parties_are_told_and_all_documents_counted(engagement):
    master = [party("A"), party("B", is_blocked=True), party("D", is_active=False)]
    bills = [bill(p, Decimal(10)) for p in "ABCD"] + [bill("B", Decimal(5), "2")]
    assert told(engagement, supplier=master, supplier_invoice_line=bills) == (
        [("B", True, True, True, Decimal(15)), ("C", False, None, None, Decimal(10)), ("D", True, False, False, Decimal(10))],
        4,
    )


def test_a_party_of_which_the_master_says_nothing_is_told_whatever_it_says_of_others(engagement):
    silent, bills = party("E", is_active=None, is_blocked=None), [bill(p, Decimal(10)) for p in "AE"]
    assert told(engagement, supplier=[party("A"), silent], supplier_invoice_line=bills)[0] == [("E", True, None, None, Decimal(10))]
    assert told(engagement, supplier=[party("A"), party("E", is_active=None)], supplier_invoice_line=bills)[0] == []
    of_nobody = [("A", True, None, None, Decimal(10)), ("E", True, None, None, Decimal(10))]
    for said in ({}, {"is_active": None, "is_blocked": None}):  # no such columns, and columns that are empty
        nobody = [{"party_id": p, "party_name": p} | said for p in "AE"]
        assert told(engagement, supplier=nobody, supplier_invoice_line=bills)[0] == of_nobody


def test_a_line_without_an_amount_makes_the_worth_unknown_and_hides_nothing(engagement):
    bills = [bill("B", Decimal(10)), bill("B", None, "2")]
    assert told(engagement, supplier=[party("B", is_blocked=True)], supplier_invoice_line=bills)[0] == [("B", True, True, True, None)]


@pytest.mark.parametrize(("changed", "blocked"), [(date(2026, 10, 5), True), (date(2026, 10, 6), False)])
def test_with_a_log_the_word_of_the_documents_day_counts(engagement, changed, blocked):
    change = {
        "company_code": "C",
        "document_type": "supplier",
        "document_number": "B",
        "field": "is_blocked",
        "old_value": "false",
        "new_value": "true",
    }
    change["changed_at"] = datetime(changed.year, changed.month, changed.day, 9, tzinfo=UTC)
    rows, _ = told(engagement, supplier=[party("B", is_blocked=True)], supplier_invoice_line=[bill("B", Decimal(10))], document_change=[change])
    assert [row[3] for row in rows] == [blocked]


def test_without_a_master_nothing_is_looked_up(engagement):
    assert told(engagement, supplier_invoice_line=[bill("B", Decimal(10))]) == ([], 0)


def test_items_that_the_master_lacks_are_told_and_charges_are_no_items(engagement):
    lines = [bill("A", Decimal(10)), bill("A", Decimal(3), "2", item_id="X"), bill("A", Decimal(2), "3", item_id="F", line_kind="charge")]
    rows, looked_at = unknown_item_lines(accepted(item=[{"item_id": "M1", "base_uom": "PCS"}], supplier_invoice_line=lines), engagement)
    assert rows.collect().select("document_line_no", "item_id", "amount_net_base").rows() == [("2", "X", Decimal(3))]
    assert looked_at == 2


def test_services_are_told_apart_from_goods(engagement):
    lines = [bill("A", Decimal(3), item_id="X"), bill("A", Decimal(4), "2", item_id="Y", line_kind="service")]
    rows, _ = unknown_item_lines(accepted(item=[{"item_id": "M1", "base_uom": "PCS"}], supplier_invoice_line=lines), engagement)
    assert rows.collect().select("item_id", "line_kind").rows() == [("X", "item"), ("Y", "service")]
