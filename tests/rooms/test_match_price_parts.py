"""What made a price differ: each part on both sides of its line, and that they always add up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.domain.workpapers import Matches
from recon.match import match_bucket
from recon.match.price_parts import PARTS

D = Decimal
Match = Callable[..., Matches]
NAMES = ("factor", "unit", "retroactive", "discount", "remainder")


def po(**over: Any) -> dict[str, Any]:
    plain = {"po_number": "PO1", "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "S1", "item_id": "I1", "quantity": "100", "uom": "EA"}
    return plain | {"unit_price_net": "10", "currency": "CNY"} | over


def gr(**over: Any) -> dict[str, Any]:
    plain = {"receipt_number": "GR1", "receipt_line_no": "1", "receipt_date": "2026-10-05", "po_number": "PO1", "po_line_no": "1"}
    return plain | {"supplier_id": "S1", "item_id": "I1", "quantity": "100", "uom": "EA"} | over


def inv(price: str, quantity: str = "100", **over: Any) -> dict[str, Any]:
    net = D(price) * D(quantity) - D(over.get("discount_amount", "0"))
    plain = {"invoice_number": "INV1", "invoice_line_no": "1", "invoice_date": "2026-10-12", "supplier_id": "S1", "item_id": "I1", "currency": "CNY"}
    told = {"po_number": "PO1", "po_line_no": "1", "quantity": quantity, "uom": "EA", "unit_price_net": price, "line_amount_net": str(net)}
    return plain | told | over


DOZEN = {"from_uom": "DZ", "to_uom": "EA", "factor": "12", "item_id": "I1"}


def change(old: str, new: str, day: str, field: str = "unit_price_net", line: str = "1") -> dict[str, Any]:
    named = {"document_type": "purchase_order", "document_number": "PO1", "line_no": line, "field": field}
    return named | {"old_value": old, "new_value": new, "changed_by": "U1", "changed_at": f"{day}T10:00:00+08:00"}


@pytest.fixture
def parts_of(accepted_of: Callable[..., Any], engagement_of: Callable[..., Any]) -> Callable[..., dict[str, Decimal]]:
    def run(bill: dict[str, Any], order: dict[str, Any] | None = None, policy: str = "latest", **others: list[Any]) -> dict[str, Decimal]:
        goods = others.pop("goods", [gr()])
        given_ = {"purchase_order_line": [order or po()], "goods_receipt_line": goods, "supplier_invoice_line": [bill]} | others
        rules = [{"set": {"order_version": policy}, "why": "test"}]
        lines = match_bucket(accepted_of(given_), engagement_of(policies=rules), ()).tables["invoice_line_match"].collect()
        row = lines.row(0, named=True)
        assert sum(row[name] for name in PARTS) == row["price_variance"]
        return {name: row[part] for name, part in zip(NAMES, PARTS, strict=True) if row[part]} | {"price": row["price_variance"]}

    return run


def test_no_difference_has_no_parts(parts_of: Any) -> None:
    assert parts_of(inv("10"), uom_conversion=[DOZEN]) == {"price": D(0)}


def test_a_price_per_dozen_on_pieces_is_the_conversion(parts_of: Any) -> None:
    assert parts_of(inv("120"), uom_conversion=[DOZEN]) == {"factor": D(11000), "price": D(11000)}
    assert parts_of(inv("0.83"), uom_conversion=[DOZEN]) == {"factor": D("-916.666667"), "remainder": D("-0.333333"), "price": D(-917)}


def test_without_a_conversion_twelve_times_is_only_dear(parts_of: Any) -> None:
    assert parts_of(inv("120")) == {"remainder": D(11000), "price": D(11000)}


def test_a_twentieth_beside_a_multiple_belongs_to_it_and_a_cent_more_does_not(parts_of: Any) -> None:
    assert parts_of(inv("126"), uom_conversion=[DOZEN]) == {"factor": D(11000), "remainder": D(600), "price": D(11600)}
    assert parts_of(inv("126.01"), uom_conversion=[DOZEN]) == {"remainder": D(11601), "price": D(11601)}


def test_a_conversion_of_less_than_double_is_taken_for_a_price(parts_of: Any) -> None:
    assert parts_of(inv("19.99"), uom_conversion=[DOZEN | {"factor": "1.999"}]) == {"remainder": D(999), "price": D(999)}
    assert parts_of(inv("20"), uom_conversion=[DOZEN | {"factor": "2"}]) == {"factor": D(1000), "price": D(1000)}


def test_a_price_per_hundred_written_per_piece(parts_of: Any) -> None:
    assert parts_of(inv("1000")) == {"unit": D(99000), "price": D(99000)}
    assert parts_of(inv("0.1")) == {"unit": D(-990), "price": D(-990)}
    assert parts_of(inv("50"), po(price_per="5", unit_price_net="50")) == {"unit": D(4000), "price": D(4000)}  # per five and per one


def test_the_items_pack_of_a_hundred_goes_before_a_hundred(parts_of: Any) -> None:
    assert parts_of(inv("1000"), uom_conversion=[DOZEN | {"factor": "100"}]) == {"factor": D(99000), "price": D(99000)}


def test_a_discount_explains_a_lower_price_as_far_as_it_reaches(parts_of: Any) -> None:
    assert parts_of(inv("10", discount_amount="100")) == {"discount": D(-100), "price": D(-100)}
    assert parts_of(inv("9", discount_amount="50")) == {"discount": D(-50), "remainder": D(-100), "price": D(-150)}
    assert parts_of(inv("11", discount_amount="150")) == {"discount": D(-50), "price": D(-50)}  # never more than the difference
    assert parts_of(inv("11", discount_amount="20")) == {"remainder": D(80), "price": D(80)}  # a higher price no discount explains


def test_a_price_of_the_day_the_goods_came(parts_of: Any) -> None:
    risen = {"document_change": [change("9", "10", "2026-10-08")]}
    assert parts_of(inv("9"), **risen) == {"retroactive": D(-100), "price": D(-100)}
    assert parts_of(inv("8.5"), **risen) == {"retroactive": D(-100), "remainder": D(-50), "price": D(-150)}
    assert parts_of(inv("9.7"), **risen) == {"retroactive": D(-30), "price": D(-30)}
    assert parts_of(inv("11"), **risen) == {"remainder": D(100), "price": D(100)}
    assert parts_of(inv("10"), **risen) == {"price": D(0)}


def test_a_change_before_the_goods_came_is_not_retroactive(parts_of: Any) -> None:
    on_the_day = [change("9", "10", "2026-10-05")]
    assert parts_of(inv("9"), document_change=on_the_day) == {"remainder": D(-100), "price": D(-100)}


@pytest.mark.parametrize(
    "log",
    [
        [change("9", "9.5", "2026-10-08")],
        [change("9", "10", "2026-10-08", line="2")],
        [change("8", "8.5", "2026-10-07"), change("9", "10", "2026-10-08")],
    ],
)
def test_a_log_that_does_not_lead_to_the_price_that_stands_tells_nothing(parts_of: Any, log: list[Any]) -> None:
    assert parts_of(inv("9"), document_change=log) == {"remainder": D(-100), "price": D(-100)}


class TestTheVersionByPolicy:
    LOG = {"document_change": [change("9", "9.5", "2026-10-08"), change("9.5", "10", "2026-10-20")]}

    def test_the_latest_the_bills_day_or_the_goods_day(self, parts_of: Any) -> None:
        assert parts_of(inv("9.5"), **self.LOG) == {"retroactive": D(-50), "price": D(-50)}
        assert parts_of(inv("9.5"), policy="at_invoice", **self.LOG) == {"price": D(0)}
        assert parts_of(inv("9"), policy="at_fulfilment", **self.LOG) == {"price": D(0)}

    def test_the_other_day_is_what_is_retroactive(self, parts_of: Any) -> None:
        assert parts_of(inv("9"), policy="at_invoice", **self.LOG) == {"retroactive": D(-50), "price": D(-50)}
        assert parts_of(inv("9.6"), policy="at_fulfilment", **self.LOG) == {"retroactive": D(50), "remainder": D(10), "price": D(60)}

    def test_goods_that_did_not_come_leave_the_price_that_stands(self, parts_of: Any) -> None:
        assert parts_of(inv("10"), policy="at_fulfilment", goods=[], **self.LOG) == {"price": D(0)}

    def test_versions_of_the_order_go_before_the_log(self, accepted_of: Any, engagement_of: Any) -> None:
        versions = [
            po(po_version="1", is_current_version="false", unit_price_net="9", created_at="2026-10-01T09:00:00+08:00"),
            po(po_version="2", is_current_version="true", created_at="2026-10-08T09:00:00+08:00"),
        ]
        given_ = {"purchase_order_line": versions, "goods_receipt_line": [gr()], "supplier_invoice_line": [inv("9")]} | self.LOG
        for policy, price in (("latest", D(10)), ("at_fulfilment", D(9)), ("at_invoice", D(10))):
            rules = [{"set": {"order_version": policy}, "why": "test"}]
            row = match_bucket(accepted_of(given_), engagement_of(policies=rules), ()).tables["invoice_line_match"].collect().row(0, named=True)
            assert (row["order_unit_price"], row["price_variance"]) == (price, (9 - price) * 100)

    def test_a_credit_is_held_to_the_price_of_its_bill(self, accepted_of: Any, engagement_of: Any) -> None:
        credit = inv("9", "-10", invoice_number="CR1", invoice_kind="credit", invoice_date="2026-10-25", origin_invoice_number="INV1")
        given_ = {"purchase_order_line": [po()], "goods_receipt_line": [gr()], "supplier_invoice_line": [inv("9"), credit]} | self.LOG
        rules = [{"set": {"order_version": "at_fulfilment"}, "why": "test"}]
        lines = match_bucket(accepted_of(given_), engagement_of(policies=rules), ()).tables["invoice_line_match"].collect()
        assert lines["price_variance"].to_list() == [D(0), D(0)]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    bills=st.lists(
        st.tuples(st.integers(1, 4_000_000), st.integers(1, 9_000), st.integers(0, 900), st.sampled_from(["1", "10", "100"]), st.booleans()),
        min_size=8, max_size=24,
    ),
    factor=st.integers(1, 40), old=st.integers(1, 3000), rate=st.integers(1, 9_000_000),
)  # fmt: skip
def test_the_parts_add_up_and_never_overshoot(accepted_of: Any, engagement_of: Any, bills: list[Any], factor: int, old: int, rate: int) -> None:
    orders, goods, lines, log = [], [], [], []
    for i, (price, quantity, discount, per, is_retroactive) in enumerate(bills):
        key = {"po_number": f"PO{i}"}
        size, value = str(D(quantity) / 10), D(price) / 10_000
        money = {"currency": "USD", "fx_rate": str(D(rate) / 1_000_000)}
        orders.append(po(**key, **money, quantity=size, price_per=per))
        goods.append(gr(**key, receipt_number=f"GR{i}", quantity=size))
        lines.append(inv(str(value), size, **key, **money, invoice_number=f"INV{i}", discount_amount=str(D(discount) / 100)))
        if is_retroactive:
            log.append(change(str(D(old) / 100), "10", "2026-10-08") | {"document_number": f"PO{i}"})
    given_ = {"purchase_order_line": orders, "goods_receipt_line": goods, "supplier_invoice_line": lines, "document_change": log}
    accepted = accepted_of(given_ | {"uom_conversion": [DOZEN | {"factor": str(factor)}]})
    found = match_bucket(accepted, engagement_of(), ()).tables["invoice_line_match"].collect()
    assert found.height == len(bills)
    for row in found.to_dicts():
        parts = dict(zip(NAMES, (row[name] for name in PARTS), strict=True))
        assert sum(parts.values()) == row["price_variance"]
        assert not (parts["factor"] and parts["unit"])
        left = row["price_variance"] - parts["factor"] - parts["unit"]
        after = left - parts["retroactive"]
        for way, part in ((left, parts["retroactive"]), (after, parts["discount"])):
            assert abs(part) <= abs(way)
            assert part == 0 or (part > 0) == (way > 0)
        if parts["factor"] or parts["unit"]:
            billed = Fraction(row["invoiced_at_order_price"] + row["price_variance"])
            assert abs(Fraction(left)) * 20 <= abs(billed - Fraction(left)) + Fraction(1, 10**5)
