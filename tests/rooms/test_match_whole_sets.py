"""Bills that name an order and an amount: the one set of its lines that adds up to it is what was billed; anything less sure runs along all."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.domain.money import MONEY, QUANTITY
from recon.match import match_bucket
from recon.match.whole_sets import apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.domain.workpapers import Matches

Lines = dict[str, tuple[Decimal | None, ...]]
D = Decimal
TABLES = ("purchase_order_line", "goods_receipt_line", "supplier_invoice_line")


@pytest.fixture
def matched(accepted_of: Callable[..., Any], engagement_of: Callable[..., Any]) -> Callable[..., Matches]:
    """One order with lines of so many pieces at these prices, received pieces per line, and bills for the whole order (amounts), matched."""

    def run(prices: list[str], received: list[str], amounts: tuple[str, ...], pieces: str = "10", **policies: str) -> Matches:
        about = {"supplier_id": "S1", "currency": "CNY"}
        lines = [str(place) for place, _ in enumerate(prices, 1)]
        orders = [
            about | {"po_number": "PO1", "po_line_no": line, "po_date": "2026-10-01", "item_id": f"I{line}", "quantity": pieces, "uom": "EA"}
            | {"unit_price_net": price}
            for line, price in zip(lines, prices, strict=True)
        ]  # fmt: skip
        goods = [
            {"receipt_number": "GR1", "receipt_line_no": line, "receipt_date": "2026-10-05", "po_number": "PO1", "po_line_no": line}
            | {"supplier_id": "S1", "item_id": f"I{line}", "quantity": came, "uom": "EA"}
            for line, came in zip(lines, received, strict=True) if came != "0"
        ]  # fmt: skip
        bills = [
            about | {"invoice_number": f"INV{n}", "invoice_line_no": "1", "invoice_date": f"2026-10-{10 + n}", "po_number": "PO1"}
            | {"line_amount_net": amount}
            for n, amount in enumerate(amounts, 1)
        ]  # fmt: skip
        tables = {name: rows for name, rows in zip(TABLES, (orders, goods, bills), strict=True) if rows}
        rules = {"policies": [{"set": policies, "why": "so agreed"}]} if policies else {}
        return match_bucket(accepted_of(tables), engagement_of(**rules), {"unlinked_line"})

    return run


@pytest.fixture
def billed(matched: Callable[..., Matches]) -> Callable[..., Lines]:
    """Of an order with lines of ten pieces: what became of each line."""
    return lambda prices, received, *amounts: told(matched(prices, received, amounts))


@pytest.fixture
def searched(matched: Callable[..., Matches]) -> Callable[..., tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Of an order with lines of one piece, all received: its bills, and what of them is undecided."""

    def run(prices: list[str], *amounts: str, **policies: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        found = matched(prices, ["1"] * len(prices), amounts, "1", **policies).tables
        columns = ("link_pass", "link_certainty", "link_reason", "order_line_set")
        beside = ("document_number", "state", "candidates", "candidate_count", "searched_count", "nearest_number")
        return found["invoice_line_match"].select(columns).collect().to_dicts(), found["unlinked_line"].select(beside).collect().to_dicts()

    return run


def told(matches: Matches) -> Lines:
    columns = ("order_line_no", "invoiced_quantity", "invoiced_amount", "fulfilled_not_invoiced_quantity", "invoiced_not_fulfilled_quantity")
    return {line: tuple(figures) for line, *figures in matches.tables["order_line_match"].select(columns).collect().rows()}


def test_one_set_of_received_lines_is_what_was_billed(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "20", "40"], ["10", "10", "10"], "300")
    assert lines == {"1": (10, 100, 0, 0), "2": (10, 200, 0, 0), "3": (0, 0, 10, 0)}


def test_a_cent_beside_every_set_runs_along_all_lines(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "20", "40"], ["10", "10", "10"], "300.01")
    assert all(0 < (line[0] or 0) < 10 for line in lines.values())
    assert sum(line[1] or 0 for line in lines.values()) == D("300.01")


def test_two_sets_are_a_tie_and_no_line_is_picked(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "10", "40"], ["10", "10", "10"], "100")
    assert len({line[0] for line in lines.values()}) == 1


def test_of_a_line_that_came_in_part_the_goods_that_came_are_billed(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "20", "40"], ["5", "10", "10"], "250")
    assert lines == {"1": (5, 50, 0, 0), "2": (10, 200, 0, 0), "3": (0, 0, 10, 0)}


def test_goods_to_come_are_asked_only_where_no_goods_here_fit(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "20", "40"], ["0", "10", "0"], "100")
    assert lines == {"1": (10, 100, 0, 10), "2": (0, 0, 10, 0), "3": (0, 0, 0, 0)}


def test_bills_follow_one_another_and_no_line_is_billed_twice(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "20", "40"], ["10", "10", "10"], "300", "400")
    assert lines == {"1": (10, 100, 0, 0), "2": (10, 200, 0, 0), "3": (10, 400, 0, 0)}


def test_what_comes_later_of_a_line_is_there_for_the_next_bill(billed: Callable[..., Lines]) -> None:
    lines = billed(["10", "20", "40"], ["5", "10", "10"], "250", "450")
    assert lines["1"][:2] == (10, 100)
    assert lines["3"][:2] == (10, 400)


def test_the_link_says_which_lines_it_took(searched: Callable[..., Any]) -> None:
    (bill,), undecided = searched(["100", "200", "400"], "500")
    assert bill == {
        "link_pass": "order, set of lines",
        "link_certainty": "unique",
        "link_reason": "order lines 1, 3: the one set among 3 that adds up to it",
        "order_line_set": "unique",
    }
    assert not undecided


def test_several_sets_are_ambiguous_and_listed_with_the_first_of_them(searched: Callable[..., Any]) -> None:
    (bill,), undecided = searched(["100", "100", "400"], "500")
    assert (bill["link_pass"], bill["link_certainty"], bill["order_line_set"]) == ("order, value", "ambiguous", "ambiguous(2)")
    assert bill["link_reason"].startswith("2 sets of the order's lines add up to it, one of them lines ")
    (row,) = undecided
    assert (row["state"], row["candidate_count"], row["searched_count"], row["nearest_number"]) == ("ambiguous", 2, 3, None)
    assert row["candidates"] in {"PO1/1; PO1/3", "PO1/2; PO1/3"}


def test_a_tie_is_a_suggestion_where_the_policy_says_so(searched: Callable[..., Any]) -> None:
    (bill,), ((row),) = searched(["100", "100", "400"], "500", ambiguity="suggest")
    assert (bill["link_certainty"], bill["order_line_set"], row["state"]) == ("suggested", "ambiguous(2)", "suggested")


def test_no_set_is_proved_and_not_undecided(searched: Callable[..., Any]) -> None:
    (bill,), undecided = searched(["100", "200", "400"], "500.01")
    assert (bill["link_certainty"], bill["order_line_set"]) == ("certain", "none")
    assert not undecided


@pytest.mark.parametrize(("count", "verdict"), [(24, "unique"), (25, "not_decided(24)")])
def test_a_search_that_was_not_made_says_so(searched: Callable[..., Any], count: int, verdict: str) -> None:
    prices = [str(2**place) for place in range(count)]
    (bill,), undecided = searched(prices, str(2 ** (count - 1) + 1))
    assert bill["order_line_set"] == verdict
    expected = [("not_decided", None, 25)] if count > 24 else []
    assert [(row["state"], row["candidates"], row["searched_count"]) for row in undecided] == expected
    assert "were not searched among 25 lines, more than 24" in (bill["link_reason"] or "") or count == 24


def test_of_an_order_of_many_lines_those_that_can_be_in_a_set_are_searched(searched: Callable[..., Any]) -> None:
    (bill,), undecided = searched(["1000"] * 30 + ["1", "2", "4"], "5")
    assert (bill["order_line_set"], undecided) == ("unique", [])
    assert bill["link_reason"].startswith("order lines 31, 33:")


def test_a_bill_for_all_that_came_takes_it_and_the_next_one_cannot(searched: Callable[..., Any], billed: Callable[..., Lines]) -> None:
    bills, undecided = searched(["100", "200", "400"], "700", "200")
    assert ([bill["order_line_set"] for bill in bills], undecided) == (["all", "none"], [])
    lines = billed(["10", "20", "40"], ["10", "10", "0"], "300", "200")
    assert lines["1"][:2] == (10, 100)
    assert lines["2"][:2] == (10, 200)


def stretches(here: list[int], coming: list[int]) -> pl.DataFrame:
    """Lines of one order, a piece worth one each."""
    kinds = {
        "bundle": pl.UInt32(),
        "unit": pl.UInt32(),
        "here_quantity": QUANTITY,
        "coming_quantity": QUANTITY,
        "here_value": MONEY,
        "coming_value": MONEY,
    }
    units = [10 + place for place in range(len(here))]
    figures = {"here_quantity": here, "coming_quantity": coming, "here_value": here, "coming_value": coming}
    return pl.DataFrame({"bundle": [10] * len(here), "unit": units} | figures, schema=kinds)


@given(
    lines=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=2, max_size=6),
    amounts=st.lists(st.integers(1, 20), min_size=1, max_size=3),
)
def test_a_bill_takes_the_one_set_and_nothing_of_a_line_is_lost_or_doubled(lines: list[tuple[int, int]], amounts: list[int]) -> None:
    here, coming = [list(side) for side in zip(*lines, strict=True)]
    count = len(amounts)
    bills = pl.DataFrame(
        {"row": range(count), "bundle": [10] * count, "turn": range(count), "currency": ["CNY"] * count, "amount": amounts},
        schema={"row": pl.UInt32(), "bundle": pl.UInt32(), "turn": pl.UInt32(), "currency": pl.String(), "amount": MONEY},
    )
    before = stretches(here, coming)
    moved, after, sets = apart(bills, before)
    assert sets["row"].to_list() == list(range(count))
    figures = before.columns[2:]
    assert after.group_by("unit").agg(pl.col(figures).sum()).sort("unit").equals(before.drop("bundle"))
    first = [
        set(chosen)
        for size in range(1, len(here))
        for chosen in combinations([n for n, v in enumerate(here) if v], size)
        if sum(here[n] for n in chosen) == amounts[0]
    ]
    own = moved.row(0, named=True)["bundle"]
    if len(first) == 1 and amounts[0] != sum(here) and len(first[0]) < sum(v > 0 for v in here):
        taken = after.filter(pl.col("bundle") == own, pl.col("here_value") > 0)
        assert {unit - 10 for unit in taken["unit"]} == first[0]
        assert taken["here_value"].sum() == amounts[0]
        assert taken["coming_value"].sum() == 0
    elif len(first) > 1 or amounts[0] == sum(here):
        assert own == 10
