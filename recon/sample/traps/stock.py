"""Stock, forecasts and suppliers exactly at what is let pass."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from recon.domain.cycles import ORDER_TO_CASH, PROCURE_TO_PAY
from recon.sample import approvals
from recon.sample.book import AS_OF, ago, days, stamp
from recon.sample.chain import Chain, Part
from recon.sample.faults.registry import LATER, domestic, goods
from recon.sample.faults.stock import counted, lying, moved, new_item
from recon.sample.masters import GASES
from recon.sample.stock import WAREHOUSE, add_level
from recon.sample.traps.registry import spares

if TYPE_CHECKING:
    from recon.sample.book import Book, Row

_LINES = 10


@spares("STK-01", "STK-02")
def at_the_safety_level_and_at_nothing(book: Book) -> None:
    """Sixty on hand where sixty is the safety level; none at all of something that has no safety level."""
    item_id = new_item(book).item_id
    add_level(book, item_id, Decimal(60), "PCS")
    book.add("item_stock_policy", {"item_id": item_id, "warehouse_id": WAREHOUSE, "safety_stock": Decimal(60), "uom": "PCS"})
    add_level(book, new_item(book).item_id, Decimal(0), "PCS")


@spares("STK-03")
def moved_on_the_first_and_on_the_last_day(book: Book) -> None:
    """Forty a month ago, after five had left that day; ten left on the last day, thirty are there."""
    item_id = new_item(book).item_id
    add_level(book, item_id, Decimal(40), "PCS", ago(31))
    add_level(book, item_id, Decimal(30), "PCS")
    for day, quantity in ((ago(31), -5), (AS_OF, -10)):
        moved(book, item_id, quantity, "issue", "STORE1")["movement_date"] = day


@spares("STK-05")
def four_adjustments_approved(book: Book) -> None:
    """Four adjustments by one storekeeper, each approved by somebody else; one three days after a count, one that books what a count found."""
    keeper, untouched, short = book.number("STORE"), new_item(book, "PACKAGING").item_id, new_item(book, "PACKAGING").item_id
    counted(book, "100", "100", item_id=untouched, count_date=ago(8))
    counted(book, "100", "99", item_id=short, count_date=ago(5))
    others = [new_item(book, "PACKAGING").item_id for _ in range(2)]
    for item_id, quantity in ((untouched, -2), (short, -1), *((item_id, 1) for item_id in others)):
        number = moved(book, item_id, quantity, "adjustment", keeper)["movement_number"]
        event: Row = {"company_code": "C10", "document_type": "inventory_adjustment", "document_number": number, "action": "approve"}
        book.add("approval_event", event | {"actor_id": "CTRL1", "action_at": stamp(ago(5), "15:00:00")})


@spares("STK-08")
def off_by_half_the_demand(book: Book) -> None:
    """A hundred sold in each of three months; forecast were half as many again, half as many, and half as many again."""
    chain = Chain(book, ORDER_TO_CASH, date(2026, 8, 3), domestic(book, ORDER_TO_CASH), promised_date=LATER)
    line = chain.line(new_item(book), 300, Decimal("82.00"))
    approvals.approve_order(chain)
    for month, forecast in ((8, 150), (9, 50), (10, 150)):
        book.add("demand_forecast", {"item_id": line.item.item_id, "period_start": date(2026, month, 1), "quantity": Decimal(forecast)})
        chain.fulfil(date(2026, month, 10), [Part(line, Decimal(100))], incoterm="EXW", goods_issue_posted="true")
        chain.invoice(date(2026, month, 11), [Part(line, Decimal(100))])


def _ten_lines(book: Book, quantity: int, group: str = "") -> Chain:
    """An order of ten lines to a supplier of its own, promised for twenty days later."""
    day = book.day_between(ago(200), ago(90))
    chain = Chain(book, PROCURE_TO_PAY, day, domestic(book, PROCURE_TO_PAY), promised_date=day + days(20))
    for _ in range(_LINES):
        chain.line(new_item(book, "MECHANICAL", group) if group else goods(book, PROCURE_TO_PAY), quantity, Decimal("2.30"))
    approvals.approve_order(chain)
    return chain


@spares("SUP-01", "QTY-04")
def one_line_in_ten_in_full(book: Book) -> None:
    """Ten lines on the day; one in full, nine closed with 98 of 100: a tenth is what is asked of suppliers here."""
    chain = _ten_lines(book, 100)
    came = [Part(line, Decimal(98) if place else line.quantity) for place, line in enumerate(chain.lines)]
    chain.fulfil(chain.day + days(20), came)
    for line in chain.lines[1:]:
        line.row.update({"is_closed": "true", "closed_at": book.moment(chain.day + days(22), 9)})
    chain.invoice(chain.day + days(25), came)


@spares("SUP-02")
def half_sent_back(book: Book) -> None:
    """Ten lines, each sent back once before the second delivery was kept: half of what came."""
    chain = _ten_lines(book, 10)
    chain.undo(chain.fulfil(chain.day + days(3), chain.whole()), chain.day + days(5), "return")
    chain.fulfil(chain.day + days(19), chain.whole())
    chain.invoice(chain.day + days(25), chain.whole())


@spares("SUP-03", "TIM-02")
def two_lines_in_ten_three_days_late(book: Book) -> None:
    """Gas, ten lines: eight on the day, two with the tanker's next round three days later, which is agreed."""
    chain = _ten_lines(book, 10, GASES)
    in_time, late = chain.whole()[:8], chain.whole()[8:]
    chain.fulfil(chain.day + days(20), in_time)
    chain.fulfil(chain.day + days(23), late)
    chain.invoice(chain.day + days(25), chain.whole())


@spares("STK-04")
def as_much_as_leaves_in_a_year(book: Book) -> None:
    """A hundred left in two hundred days, and 182.5 lie there, exactly a year of it; of another one forty left 364 days ago and twenty are there."""
    lying(book, "182.5", 200)
    lying(book, "20", 364, 40)
