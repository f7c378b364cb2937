"""Stock and supply that are not as they should be: too little, less than nothing, wrong forecasts, a supplier always late."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample import approvals
from recon.sample.book import Book, Row, ago, days
from recon.sample.chain import Chain
from recon.sample.faults.registry import domestic, goods, on_row, plants
from recon.sample.masters import item_row, party_row
from recon.sample.settle import settle
from recon.sample.stock import WAREHOUSE, add_level, months

if TYPE_CHECKING:
    from recon.sample.book import Value
    from recon.sample.masters import Item

_PROMISES = 12
_RECEIPTS = 10


def new_item(book: Book, like: str = "FINISHED", group: str = "") -> Item:
    """Something like what is usual in a group, of that group or another one, that nobody has bought, sold or counted yet."""
    item = replace(book.rng.choice(book.masters.items[like]), item_id=book.number("N"), group=group or like)
    book.add("item", item_row(item))
    return item


@plants("STK-01")
def below_safety_level(book: Book) -> None:
    """One piece less than the safety level."""
    item_id = new_item(book).item_id
    add_level(book, item_id, Decimal(59), "PCS")
    book.add("item_stock_policy", {"item_id": item_id, "warehouse_id": WAREHOUSE, "safety_stock": Decimal(60), "uom": "PCS"})
    book.expect("STK-01", ("inventory_level", item_id, WAREHOUSE), ("", ""), "59 on hand, the safety level is 60")


@plants("STK-02")
def less_than_nothing(book: Book) -> None:
    """Five pieces less than nothing; nobody has set a safety level."""
    item_id = new_item(book).item_id
    add_level(book, item_id, Decimal(-5), "PCS")
    book.expect("STK-02", ("inventory_level", item_id, WAREHOUSE), ("", ""), "minus five on hand")


def lying(book: Book, quantity: str, left: int, count: int = 100) -> str:
    """An article of which so much lies there; so many left the store so many days ago. Returns the item."""
    item = new_item(book, group="SLOW")
    add_level(book, item.item_id, Decimal(quantity), "PCS")
    moved: Row = {"company_code": "C10", "movement_number": book.number("MV"), "movement_date": ago(left), "item_id": item.item_id}
    moved |= {"warehouse_id": WAREHOUSE, "quantity": Decimal(-count), "uom": "PCS", "movement_kind": "issue", "created_by": "STK01"}
    book.add("inventory_movement", moved)
    return item.item_id


@plants("STK-04")
def more_than_a_year_lasts(book: Book) -> None:
    """A hundred left in two hundred days, and 183 lie there: half a piece more than a year of it."""
    book.expect("STK-04", ("inventory_level", lying(book, "183", 200), ""), ("", ""), "half a piece more than leaves in a year")


@plants("STK-04")
def nothing_for_a_year_and_a_day(book: Book) -> None:
    """Nothing moved for 366 days."""
    book.expect("STK-04", ("inventory_level", lying(book, "20", 366), ""), ("", ""), "nothing moved for 366 days")


@plants("STK-08")
def forecast_of_what_nobody_bought(book: Book) -> None:
    """A new item, forecast for half a year and never sold."""
    item_id = new_item(book).item_id
    for month in months()[-6:]:
        book.add("demand_forecast", {"item_id": item_id, "period_start": month, "quantity": Decimal(50)})
    book.expect("STK-08", ("demand_forecast", item_id, ""), ("", ""), "300 forecast, none sold")


@plants("SUP-01")
def supplier_always_late(book: Book) -> None:
    """A dozen lines, each a day after its promise."""
    party = replace(domestic(book, PROCURE_TO_PAY), party_id=book.number("SL"))
    book.add("supplier", party_row(party))
    day = book.day_between(ago(200), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, party, promised_date=day + days(20))
    for _ in range(_PROMISES):
        chain.line(goods(book, PROCURE_TO_PAY), 10, Decimal("14.00"))
    approvals.approve_order(chain)
    receipt = chain.fulfil(day + days(21), chain.whole())
    for place, line in enumerate(chain.lines, start=1):
        book.expect("TIM-02", (PROCURE_TO_PAY.fulfilment_type, receipt.number, str(place)), (chain.number, line.number), "a day late")
    document = chain.invoice(day + days(25), chain.whole())
    settle(chain, day + days(50), [document])
    book.expect("SUP-01", ("supplier", party.party_id, ""), ("", ""), "none of twelve lines on time")


@plants("SUP-02")
def supplier_of_scrap(book: Book) -> None:
    """Ten lines, each sent back twice before the third delivery was kept."""
    day = book.day_between(ago(200), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=day + days(20))
    for _ in range(_RECEIPTS):
        chain.line(goods(book, PROCURE_TO_PAY), 10, Decimal("14.00"))
    approvals.approve_order(chain)
    for later in (3, 11):
        chain.undo(chain.fulfil(day + days(later), chain.whole()), day + days(later + 2), "return")
    chain.fulfil(day + days(19), chain.whole())
    chain.invoice(day + days(25), chain.whole())
    book.expect("SUP-02", ("supplier", chain.party.party_id, ""), ("", ""), "200 of 300 sent back")


@plants("SUP-03")
def supplier_four_days_late(book: Book) -> None:
    """Ten lines, each four days after its promise."""
    day = book.day_between(ago(200), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=day + days(20))
    for _ in range(_RECEIPTS):
        chain.line(goods(book, PROCURE_TO_PAY), 10, Decimal("14.00"))
    approvals.approve_order(chain)
    receipt = chain.fulfil(day + days(24), chain.whole())
    for place, line in enumerate(chain.lines, start=1):
        book.expect("TIM-02", (PROCURE_TO_PAY.fulfilment_type, receipt.number, str(place)), (chain.number, line.number), "four days late")
    chain.invoice(day + days(28), chain.whole())
    book.expect("SUP-01", ("supplier", chain.party.party_id, ""), ("", ""), "none of ten lines on time")
    book.expect("SUP-03", ("supplier", chain.party.party_id, ""), ("", ""), "nine in ten lines four days late")


def counted(book: Book, on_file: str, seen: str, **columns: Value) -> str:
    """A count of an item, a new one unless `columns` names it, on the shelf; returns its number."""
    number = book.number("CNT")
    row: Row = {
        "company_code": "C10",
        "count_number": number,
        "count_line_no": "1",
        "count_date": ago(4),
        "item_id": columns.get("item_id") or new_item(book, "PACKAGING").item_id,
        "uom": "PCS",
    }
    row |= {"warehouse_id": WAREHOUSE, "book_quantity": Decimal(on_file), "counted_quantity": Decimal(seen), "counted_by": "STO02"}
    book.add("stock_count_line", row | columns)
    return number


@plants("STK-06")
def three_in_a_hundred_missing(book: Book) -> None:
    """A hundred in the books, 97 on the shelf."""
    book.expect("STK-06", ("stock_count", counted(book, "100", "97"), "1"), ("", ""), "97 counted of 100")


def moved(book: Book, item_id: str, quantity: int, kind: str, maker: str) -> Row:
    """A movement of stock, five days ago."""
    row: Row = {"company_code": "C10", "movement_number": book.number("MV"), "movement_date": ago(5), "item_id": item_id, "warehouse_id": WAREHOUSE}
    return book.add("inventory_movement", row | {"quantity": Decimal(quantity), "uom": "PCS", "movement_kind": kind, "created_by": maker})


@plants("STK-03")
def piece_that_came_from_nowhere(book: Book) -> None:
    """Forty a month ago, ten issued since, thirty-one today."""
    item_id = new_item(book).item_id
    add_level(book, item_id, Decimal(40), "PCS", ago(31))
    add_level(book, item_id, Decimal(31), "PCS")
    moved(book, item_id, -10, "issue", "STORE1")
    book.expect("STK-03", ("inventory_level", item_id, WAREHOUSE), ("", ""), "31 on hand where 30 should be")


@plants("STK-05")
def adjusted_by_nobody_else(book: Book) -> None:
    """Three pieces written off; nobody approved it."""
    row = moved(book, goods(book, ORDER_TO_CASH).item_id, -3, "adjustment", book.number("STORE"))
    book.expect("STK-05", ("inventory_movement", str(row["movement_number"]), ""), ("", ""), "no second person")


@plants("POP-05")
def number_out_of_a_spreadsheet(book: Book) -> None:
    """A bill, for something ordered, whose number went through a spreadsheet."""
    party = domestic(book, PROCURE_TO_PAY)
    day = book.day_between(ago(200), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, party, promised_date=day + days(20))
    chain.line(goods(book, PROCURE_TO_PAY), 10, Decimal("14.00"))
    approvals.approve_order(chain)
    chain.fulfil(day + days(9), chain.whole())
    document = chain.invoice(day + days(12), chain.whole(), invoice_number=f"2.{book.rng.randint(10_000, 99_999)}E+{book.rng.randint(11, 19)}")
    settle(chain, day + days(40), [document])
    book.expect("POP-05", *on_row("supplier_invoice", document.number), "a number in exponent form")
