"""Who stands above an approver and made what was approved; persons, not logins, and what is not known stays so."""

from __future__ import annotations

import pytest

from recon.match import match_bucket

#: U7 reports to U4, U4 to U1, U1 to nobody; U1B is another login of the first person
USERS = [
    {"user_id": "U7", "person_id": "P7", "manager_id": "U4"},
    {"user_id": "U4", "person_id": "P4", "manager_id": "U1"},
    {"user_id": "U1", "person_id": "P1"},
    {"user_id": "U1B", "person_id": "P1"},
    {"user_id": "U5", "person_id": "P5", "manager_id": "U4"},
    {"user_id": "U9", "person_id": "P9"},
]


@pytest.fixture(scope="module")
def decision(accepted_of, engagement_of):
    def told(approver="U7", users=USERS, document_type="purchase_order", **makers):
        order = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-06-01", "supplier_id": "S1", "item_id": "I1", "quantity": "10", "uom": "EA"}
        order |= {"unit_price_net": "10", "currency": "CNY", "created_by": "U5", "requester_id": "U5"} | makers
        bill = {"invoice_number": "A1", "invoice_line_no": "1", "invoice_date": "2026-06-09", "supplier_id": "S1", "item_id": "I1", "quantity": "10"}
        bill |= {
            "uom": "EA",
            "unit_price_net": "10",
            "line_amount_net": "100",
            "currency": "CNY",
            "po_number": "PO1",
            "po_line_no": "1",
            "created_by": "U5",
        }
        number = {"purchase_order": "PO1", "supplier_invoice": "A1"}[document_type]
        event = {"document_type": document_type, "document_number": number, "action": "approve", "actor_id": approver, "step": "1"}
        event |= {"action_at": "2026-06-02T09:00:00Z"}
        given = {"purchase_order_line": [order], "supplier_invoice_line": [bill], "approval_event": [event], "user": users}
        made = match_bucket(accepted_of(given), engagement_of(), {"approval_decision"}).tables["approval_decision"].collect()
        return made.select("superior_id", "superior_depth", "line_is_known").row(0)

    return told


@pytest.mark.parametrize(
    ("makers", "expected"),
    [
        ({}, (None, None, True)),  # a peer asked
        ({"requester_id": "U4"}, ("U4", 1, True)),
        ({"created_by": "U1"}, ("U1", 2, True)),
        ({"created_by": "U1B"}, ("U1B", 2, True)),  # another login of who stands above
        ({"created_by": "U1", "requester_id": "U4"}, ("U4", 1, True)),  # the nearest
        ({"requester_id": "U7"}, (None, None, True)),  # oneself is no superior
        ({"requester_id": "U9"}, (None, None, True)),
    ],
)
def test_who_asked_or_entered_and_stands_above(decision, makers, expected):
    assert decision(**makers) == expected


def test_a_superior_does_not_report_to_who_asked(decision):
    assert decision("U4", requester_id="U7") == (None, None, True)


def test_a_line_that_nobody_tells_is_not_known(decision):
    assert decision("U9", requester_id="U4") == (None, None, False)  # reports to nobody, and nobody reports to them
    assert decision("U0", requester_id="U4") == (None, None, False)  # not on file
    cut = [{"user_id": "U7", "person_id": "P7", "manager_id": "U4"}, {"user_id": "U3", "person_id": "P3", "manager_id": "U2"}]
    assert decision(users=cut) == (None, None, False)  # the manager is not on file
    assert decision(users=[{"user_id": "U7", "person_id": "P7"}]) == (None, None, False)  # no managers at all


def test_a_line_that_runs_in_a_circle_ends(decision):
    circle = [{"user_id": "U7", "manager_id": "U4"}, {"user_id": "U4", "manager_id": "U7"}]
    assert decision(users=circle, requester_id="U4") == ("U4", 1, False)
    assert decision(users=circle, requester_id="U9") == (None, None, False)


def test_who_asked_for_the_order_is_not_above_its_bill_but_who_entered_the_bill_is(decision):
    assert decision(document_type="supplier_invoice", requester_id="U4") == (None, None, True)
    assert decision("U5", document_type="supplier_invoice") == (None, None, True)
    assert decision("U7", [*USERS[:4], {"user_id": "U5", "person_id": "P4", "manager_id": "U1"}], "supplier_invoice") == ("U5", 1, True)
