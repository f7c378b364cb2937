"""When documents were entered against their own date; who had which duty; calendars and periods."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from recon.domain.errors import InputsRefused
from recon.match import match_bucket
from recon.match.calendars import calendar


def order(**other):
    row = {"po_number": "O1", "po_line_no": "1", "po_date": "2026-10-01", "supplier_id": "P1", "item_id": "I1", "quantity": "10", "uom": "EA"}
    return row | {"unit_price_net": "100", "currency": "CNY", "created_at": "2026-10-01T09:00:00+08:00", "created_by": "U1"} | other


def receipt(day="2026-10-05", number="GR1", **other):
    row = {"receipt_number": number, "receipt_line_no": "1", "receipt_date": day, "po_number": "O1", "po_line_no": "1", "supplier_id": "P1"}
    return row | {"item_id": "I1", "quantity": "5", "uom": "EA", "receipt_kind": "receipt", "created_by": "U2"} | other


@pytest.fixture(scope="module")
def tables(accepted_of, engagement_of):
    return lambda **given: match_bucket(accepted_of(given), engagement_of(time_zone="Asia/Shanghai"), {"document_entry", "duty_pair"}).tables


def entered(tables, **given):
    rows = tables(purchase_order_line=[order()], **given)["document_entry"].collect()
    return rows.filter(pl.col("document_type") == "goods_receipt").to_dicts()


@pytest.mark.parametrize(
    ("created", "days", "least", "most"),
    [
        ("2026-10-09T09:00:00+08:00", 4, 81, 105),
        ("2026-10-06T09:00:00+08:00", 1, 9, 33),
        ("2026-10-03T22:00:00+08:00", -2, -50, -26),
        ("2026-10-07", 2, 24, 72),
        (None, None, None, None),
    ],
)
def test_a_movement_entered_on_another_day_says_how_long_after(tables, created, days, least, most):
    (row,) = entered(tables, goods_receipt_line=[receipt(created_at=created)])
    hours = [None if h is None else round(h) for h in (row["entry_hours"], row["entry_hours_most"])]
    assert (row["entry_days"], *hours, row["document_count"]) == (days, least, most, 1)


def test_documents_entered_on_their_day_are_counted_not_listed(tables):
    lines = [receipt(number=f"GR{i}", quantity="1", created_at="2026-10-05T23:59:00+08:00") for i in range(7)]
    (row,) = entered(tables, goods_receipt_line=lines)
    assert (row["document_number"], row["document_count"], row["entry_days"]) == (None, 7, 0)


def test_working_days_to_entry_need_no_calendar_and_follow_one(tables):
    line = {"invoice_number": "B1", "invoice_line_no": "1", "invoice_date": "2026-10-09", "received_date": "2026-10-09", "supplier_id": "P1"}
    line |= {"line_amount_net": "10", "currency": "CNY", "created_at": "2026-10-14T09:00:00+08:00"}
    made_up = [{"date": "2026-10-10", "is_working_day": "true"}]

    def waited(**given):
        rows = tables(purchase_order_line=[order()], supplier_invoice_line=[line], **given)["document_entry"].collect()
        return rows.filter(pl.col("document_number") == "B1")["entry_working_days"].to_list()

    assert waited() == [3]
    assert waited(calendar=made_up) == [4]


def test_the_end_of_the_period_and_its_closing_are_those_of_the_company(tables):
    periods = [
        {"company_code": None, "period": "P10", "from_date": "2026-10-01", "to_date": "2026-10-31"},
        {"period": "P9", "from_date": "2026-09-20", "to_date": "2026-10-06", "closed_at": "2026-10-08T09:00:00+08:00"},
    ]
    (row,) = entered(tables, fiscal_period=periods, goods_receipt_line=[receipt(created_at="2026-10-08T11:00:00+08:00")])
    assert (row["crosses_period_end"], row["hours_after_close"], row["period_is_on_file"]) == (True, 2, True)


def test_make_up_days_work_and_holidays_do_not(accepted_of, engagement_of):
    days = [("2026-09-30", True), ("2026-10-01", False), ("2026-10-02", False), ("2026-10-08", True), ("2026-10-10", True)]
    rows = [{"date": day, "is_working_day": str(works).lower(), "opens_at": "08:00", "closes_at": "18:00"} for day, works in days]
    accepted = accepted_of({"calendar": rows})
    made = calendar(accepted, engagement_of(time_zone="Asia/Shanghai"))
    moments = pl.DataFrame(
        {"start": ["2026-10-08T09:00:00Z", "2026-10-01T00:00:00Z"], "end": ["2026-10-10T01:30:00Z", "2026-10-02T00:00:00Z"]}
    ).with_columns(pl.all().str.to_datetime(time_zone="UTC", time_unit="us"))
    # 17:00 on the eighth to 09:30 on the tenth: an hour, the whole of the ninth (no hours given), an hour and a half
    assert moments.select(h=made.open_hours(pl.col("start"), pl.col("end")))["h"].to_list() == [Decimal("26.5"), Decimal(0)]


def test_a_time_that_is_none_is_refused(accepted_of, engagement_of):
    rows = [{"date": "2026-10-08", "is_working_day": "true", "opens_at": "9 am"}]
    with pytest.raises(InputsRefused, match="time of the calendar"):
        calendar(accepted_of({"calendar": rows}), engagement_of())


@pytest.mark.parametrize(
    ("users", "receiver", "same", "known"),
    [
        ({"U1": "P1", "U2": "P2"}, "U2", None, None),
        ({"U1": "P1", "U2": "P1"}, "U2", True, True),
        ({"U1": "P1"}, "U2", False, False),
        ({}, "U1", True, False),
        ({"U1": "P1"}, None, False, False),
    ],
)
def test_persons_are_compared_not_logins(tables, users, receiver, same, known):
    people = [{"user_id": login, "person_id": person} for login, person in users.items()]
    rows = tables(purchase_order_line=[order()], goods_receipt_line=[receipt(created_by=receiver)], user=people)["duty_pair"].collect().to_dicts()
    (row,) = [row for row in rows if row["duties"] == "order and receipt"]
    if same is None:
        assert (row["document_number"], row["document_count"], row["is_same_person"]) == (None, 1, False)
    else:
        assert (row["document_number"], row["is_same_person"], row["persons_known"]) == ("GR1", same, known)
