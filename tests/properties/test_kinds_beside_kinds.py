"""Searches that lay kinds of rows beside kinds give what laying every row beside every row gives, written out plainly."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.domain.money import MONEY
from recon.match import cash_inference, suggest
from recon.match.credit import _oldest_owing
from recon.match.naming import OFFERED, resolve
from recon.match.position import Position

DAYS = [date(2026, 6, day) for day in (1, 2, 3)]
PARTY = {"cycle": "p2p", "company_code": "10", "party_key": "S1", "currency": "CNY"}
ITEMS = ("A", "B", None)
FEW = st.integers(1, 2)


bill_lines = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(ITEMS), st.sampled_from(DAYS), FEW), max_size=6)
order_lines = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(ITEMS), st.sampled_from(DAYS), FEW), max_size=6)


def lost_of(lines) -> pl.DataFrame:
    day_of = {document: day for document, _, day, _ in reversed(lines)}
    rows = [
        PARTY | {"row": n, "document": document, "item_id": item, "invoice_date": day_of[document], "amount": amount, "quantity": Decimal(1), "uom": "EA", "is_whole": True}
        for n, (document, item, _, amount) in enumerate(lines)
    ]  # fmt: skip
    kinds = {
        "row": pl.UInt32,
        "document": pl.UInt32,
        "item_id": pl.String,
        "invoice_date": pl.Date,
        "amount": MONEY,
        "quantity": MONEY,
        "uom": pl.String,
    }
    return pl.DataFrame(rows, schema=dict.fromkeys(PARTY, pl.String) | kinds | {"is_whole": pl.Boolean})


def held_of(lines) -> pl.DataFrame:
    rows = [
        PARTY | {"unit": n, "order_number": f"PO{order}", "of_item": item, "order_date": day, "amount": amount, "of_quantity": Decimal(1), "of_uom": "EA"}
        for n, (order, item, day, amount) in enumerate(lines)
    ]  # fmt: skip
    kinds = {"unit": pl.UInt32, "order_number": pl.String, "of_item": pl.String, "order_date": pl.Date, "amount": MONEY, "of_quantity": MONEY}
    return pl.DataFrame(rows, schema=dict.fromkeys(PARTY, pl.String) | kinds | {"of_uom": pl.String})


def marks(found: pl.DataFrame) -> dict[int, tuple[str, list[int], int]]:
    return {row[0]: row[1:] for row in found.select("row", pl.col("link_certainty").cast(pl.String), "candidates", "candidate_count").rows()}


def told(pairs: set[tuple[int, int]], sure) -> dict[int, tuple[str, list[int], int]]:
    by_row = defaultdict(list)
    for row, unit in sorted(pairs):
        by_row[row].append(unit)
    return {row: ("suggested" if all(sure(row, u) for u in units) else "ambiguous", units, len(units)) for row, units in by_row.items()}


@settings(deadline=None)
@given(bill_lines, order_lines)
def test_lines_of_one_amount(bills, orders):
    pairs = {
        (n, m)
        for n, (document, item, _, amount) in enumerate(bills)
        for m, (_, of_item, ordered, worth) in enumerate(orders)
        if amount == worth and (item == of_item or item is None or of_item is None) and ordered <= next(b[2] for b in bills if b[0] == document)
    }
    rows, units = Counter(row for row, _ in pairs), Counter(unit for _, unit in pairs)
    expected = told(pairs, lambda row, unit: rows[row] == 1 and units[unit] == 1)
    assert marks(suggest._by_amount(lost_of(bills), held_of(orders))) == expected


@settings(deadline=None)
@given(bill_lines, order_lines)
def test_documents_of_one_content(bills, orders):
    def contents(lines):
        documents = defaultdict(list)
        for n, (number, item, day, amount) in enumerate(lines):
            documents[number].append((n, item, amount, day))
        return {number: lines for number, lines in documents.items() if all(item is not None for _, item, _, _ in lines)}

    said, said_of = contents(bills), contents(orders)
    day_of = {document: day for document, _, day, _ in reversed(bills)}
    alike = {
        (bill, order)
        for bill in said
        for order in said_of
        if sorted(x[1:3] for x in said[bill]) == sorted(x[1:3] for x in said_of[order]) and max(x[3] for x in said_of[order]) <= day_of[bill]
    }
    pairs, document_of, order_of = set(), {}, {}
    for bill, order in alike:
        free = sorted(said_of[order])
        for n, item, amount, _ in sorted(said[bill]):
            unit = next(x for x in free if x[1:3] == (item, amount))
            free.remove(unit)
            pairs.add((n, unit[0]))
            document_of[n], order_of[unit[0]] = bill, order
    bills_met, orders_met = Counter(bill for bill, _ in alike), Counter(order for _, order in alike)
    expected = told(pairs, lambda row, unit: bills_met[document_of[row]] == 1 and orders_met[order_of[unit]] == 1)
    assert marks(suggest._by_contents(lost_of(bills), held_of(orders))) == expected


ACCOUNT = {"cycle": "o2c", "company_code": "10", "party_id": "C1", "currency": "CNY"}
invoices = st.lists(st.tuples(st.integers(-2, 3).filter(bool), st.sampled_from(DAYS), st.sampled_from([*DAYS, None]), st.integers(0, 1)), max_size=5)
payments = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(DAYS)), max_size=4)


class OneAccount(Position):
    """A position of which only open invoices and free payments are asked."""

    def __init__(self, due, paid):
        object.__setattr__(self, "due", due)
        object.__setattr__(self, "paid", paid)

    def open(self):
        return self.due

    def free(self):
        return self.paid


def account(due, paid) -> OneAccount:
    rows = [
        ACCOUNT | {"invoice_id": n, "room": room, "gross": room, "discount": discount, "day": day, "due_date": last, "grace_date": last}
        for n, (room, day, last, discount) in enumerate(due)
    ]  # fmt: skip
    said = [ACCOUNT | {"payment_id": n, "number": f"R{n}", "day": day, "counted_day": day, "left": left} for n, (left, day) in enumerate(paid)]
    place = dict.fromkeys(ACCOUNT, pl.String)
    kinds = {"invoice_id": pl.UInt32, "room": MONEY, "gross": MONEY, "discount": MONEY, "day": pl.Date, "due_date": pl.Date, "grace_date": pl.Date}
    given_paid = {"payment_id": pl.UInt32, "number": pl.String, "day": pl.Date, "counted_day": pl.Date, "left": MONEY}
    return OneAccount(pl.DataFrame(rows, schema=place | kinds), pl.DataFrame(said, schema=place | given_paid))


@settings(deadline=None)
@given(invoices, payments)
def test_the_one_invoice_of_an_amount(due, paid):
    fits = defaultdict(list)
    for p, (left, paid_day) in enumerate(paid):
        for n, (room, day, grace, discount) in enumerate(due):
            if day <= paid_day and room == left:
                fits[p].append(n)
            if day <= paid_day and discount and room - discount == left and grace is not None and paid_day <= grace:
                fits[p].append(n)
    expected: dict[int, int] = {}
    for p in sorted((p for p in fits if len(fits[p]) == 1), key=lambda p: (paid[p][1], f"R{p}")):
        expected.setdefault(fits[p][0], p)
    claims = cash_inference._one_invoice(account(due, paid), list(ACCOUNT), "one_invoice")
    assert dict(claims.select("invoice_id", "payment_id").rows()) == expected


@settings(deadline=None)
@given(invoices, payments)
def test_all_that_was_past_due(due, paid):
    def owed(day):
        return [n for n, (room, billed, last, _) in enumerate(due) if billed <= day and (room < 0 or (last is not None and last < day))]

    fit = [p for p, (left, day) in enumerate(paid) if len(owed(day)) > 1 and sum(due[n][0] for n in owed(day)) == left]
    first = min(fit, key=lambda p: (paid[p][1], f"R{p}"), default=None)
    expected = {(first, n) for n in owed(paid[first][1])} if first is not None else set()
    claims = cash_inference._past_due(account(due, paid))
    assert set(claims.select("payment_id", "invoice_id").rows()) == expected


@settings(deadline=None)
@given(invoices, payments, st.sampled_from([1, 3, 10**6]))
def test_how_many_invoices_a_payment_may_pay(due, paid, at_once):
    book = account(due, paid)
    open_ones = book.open().select(*ACCOUNT, "invoice_id", "room", invoice_day="day")
    whole, cash_inference._PAIRS_AT_ONCE = cash_inference._PAIRS_AT_ONCE, at_once
    try:
        counted = cash_inference._fitting(book.free().drop("counted_day"), open_ones)
    finally:
        cash_inference._PAIRS_AT_ONCE = whole
    expected = {p: [room for room, day, _, _ in due if day <= paid_day and room <= left] for p, (left, paid_day) in enumerate(paid)}
    assert {p: (count, total) for p, count, total in counted.select("payment_id", "searched_count", "total").rows()} == {
        p: (len(rooms), Decimal(sum(rooms))) for p, rooms in expected.items() if rooms
    }


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from([*DAYS, None])), max_size=6))
def test_the_invoice_longest_overdue(late):
    days = pl.DataFrame([{"company_code": "10", "party_id": "C1", "day": day} for day in DAYS])
    rows = [
        {"company_code": "10", "party_id": "C1", "due_date": due, "closed": closed, "overdue_invoice_number": f"I{n}"}
        for n, (due, closed) in enumerate(late)
    ]
    kinds = {"company_code": pl.String, "party_id": pl.String, "due_date": pl.Date, "closed": pl.Date, "overdue_invoice_number": pl.String}
    found = {row[0]: row[1] for row in _oldest_owing(days, pl.DataFrame(rows, schema=kinds)).select("day", "overdue_invoice_number").rows()}
    expected = {}
    for day in DAYS:
        owing = [(due, f"I{n}") for n, (due, closed) in enumerate(late) if due < day and (closed is None or closed >= day)]
        if owing:
            expected[day] = min(owing)[1]
    assert found == expected


lines_naming = st.lists(st.tuples(st.sampled_from(ITEMS), FEW, FEW), min_size=1, max_size=4)


@settings(deadline=None)
@given(lines_naming, st.lists(st.tuples(st.sampled_from(ITEMS), FEW, FEW), min_size=1, max_size=4))
def test_of_an_order_too_long_to_try_every_line_price_and_quantity_decide_as_ever(naming, ordered):
    """What price or quantity alone decides is decided alike; what only the whole document could decide is left open, and nothing is decided otherwise."""
    from recon.match import nearby

    def frame(rows, first, line):
        said = [
            {"cycle": "p2p", "company_code": "10", "number": "PO1", "line": line and str(n + 1), "party_key": "S1", "item_id": item, "quantity": quantity, "uom": "EA", "price": price, first: n}
            for n, (item, quantity, price) in enumerate(rows)
        ]  # fmt: skip
        kinds = dict.fromkeys(("cycle", "company_code", "number", "line", "party_key", "item_id", "uom"), pl.String)
        return pl.DataFrame(said, schema=kinds | {"quantity": MONEY, "price": MONEY, first: pl.UInt32})

    lines, targets = frame(naming, "row", line=False), frame(ordered, "target", line=True)
    lines = lines.with_columns(pl.lit(None, dtype=pl.String).alias("line"))
    assert set(OFFERED) <= set(lines.columns)
    documents = pl.DataFrame({"document": ["B1"] * lines.height})
    results = []
    whole = nearby.MOST_EACH
    for most in (0, whole):
        nearby.MOST_EACH = most
        try:
            found = resolve(lines, targets, documents)
        finally:
            nearby.MOST_EACH = whole
        results.append({row: (target, step, certainty) for row, target, step, certainty in found.select("row", "target", "step", "certainty").rows()})
    bounded, full = results
    for row, (target, step, certainty) in bounded.items():
        if target is not None:
            assert full[row][0] == target
            assert step == full[row][1] or full[row][1] in {"item", "only line"}
        else:
            assert certainty == ("none" if full[row][2] == "none" else "ambiguous")
    for row, (target, step, _) in full.items():
        if step in {"item and price", "item and quantity"}:
            assert bounded[row][0] == target


def test_two_hundred_lines_are_laid_beside_each_other_and_one_more_is_not():
    from recon.match.nearby import MOST_EACH, candidates

    kinds = dict.fromkeys(("cycle", "company_code", "number_found", "line", "party_key", "item_id", "uom"), pl.String)
    kinds |= {"quantity": MONEY, "price": MONEY}
    place = {
        "cycle": "p2p",
        "company_code": "10",
        "number_found": "PO1",
        "party_key": "S1",
        "item_id": None,
        "uom": "EA",
        "quantity": 1,
        "line": None,
    }
    lines = pl.DataFrame([place | {"row": 0, "price": 7}], schema=kinds | {"row": pl.UInt32})
    for count, met, whole in ((MOST_EACH, MOST_EACH, {True}), (MOST_EACH + 1, 1, {False})):
        ordered = [place | {"target": n, "line": str(n), "price": n} for n in range(count)]
        pairs = candidates(lines, pl.DataFrame(ordered, schema=kinds | {"target": pl.UInt32}))
        assert (pairs.height, set(pairs["is_whole"])) == (met, whole)


open_ends = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2)), max_size=6, unique_by=lambda end: end[0])


@settings(deadline=None)
@given(open_ends, open_ends)
def test_the_one_line_of_an_equal_open_quantity(goods, bills):
    from recon.match.balances import _equal

    def ends(rows, name):
        said = [
            ACCOUNT | {"item_id": "A", "order_number": f"PO{order}", "order_line_no": "1", "quantity": quantity, name: n}
            for n, (order, quantity) in enumerate(rows)
        ]
        kinds = dict.fromkeys([*ACCOUNT, "item_id", "order_number", "order_line_no"], pl.String)
        return pl.DataFrame(said, schema=kinds | {"quantity": MONEY, name: pl.UInt32})

    pairs = {(g, b) for g, (order, quantity) in enumerate(goods) for b, (of, other) in enumerate(bills) if quantity == other and order != of}
    lines, partners = Counter(g for g, _ in pairs), Counter(b for _, b in pairs)
    found = _equal(ends(goods, "line"), ends(bills, "partner"))
    assert set(found.select("line", "partner").rows()) == {(g, b) for g, b in pairs if lines[g] == 1 and partners[b] == 1}
