"""Two nights of one company: the same books a month later are silent, and whatever was done to the first month in between is found."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from recon import pipeline
from recon.domain.engagement import ControlChoice, ParameterOverride, Period
from recon.load.engagement import read_engagement
from recon.pipeline import publish, run
from recon.sample import sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recon.domain.engagement import Engagement
    from recon.domain.workpapers import Workpapers

COMPARING = ("BAL-06", "POP-03", "POP-06", "POP-08", "SEQ-01", "SEQ-02", "DAT-15")
Rows = list[dict[str, str]]


def month(folder: Path, number: int, day: date | None = None, *more: str) -> Engagement:
    first, after = date(2026, number, 1), date(2026, number + 1, 1)
    last = date.fromordinal(after.toordinal() - 1)
    period = Period.model_validate({"from": first, "to": last})
    told = read_engagement(folder / "engagement.yaml")
    choice = ControlChoice(include=[*COMPARING, *more])
    return told.model_copy(update={"second_opinion": False, "as_of": day or last, "period": period, "controls": choice})


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("books")
    sample(600, 5, folder / "clean", planted=False)
    return folder / "clean"


@pytest.fixture(scope="module")
def september(books: Path) -> Path:
    target = books.parent / "september"
    publish(run(month(books, 9)), target)
    return target


@pytest.fixture
def october(books: Path, september: Path, tmp_path: Path) -> Callable[..., Workpapers]:
    """The run of October with the one of September as its history, over the books as they are left by the changes: table -> what is done to its rows."""

    def performed(
        history: Path | None = september, overrides: list[ParameterOverride] | None = None, **changes: Callable[[Rows], Rows]
    ) -> Workpapers:
        folder = tmp_path / "books"
        shutil.copytree(books, folder)
        (folder / "control_total.csv").unlink()
        terms = (folder / "engagement.yaml").read_text(encoding="utf-8").replace("  control_total: control_total.csv\n", "")
        (folder / "engagement.yaml").write_text(terms, encoding="utf-8")
        for table, change in changes.items():
            path = folder / f"{table}.csv"
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(change(rows))
        engagement = month(folder, 10)
        return run(engagement.model_copy(update={"parameters": [*engagement.parameters, *(overrides or [])]}), history=history)

    return performed


def found(workpapers: Workpapers, *controls: str) -> Counter[tuple[str, ...]]:
    rows = workpapers.outcomes.exceptions.filter(pl.col("control_id").is_in(controls or COMPARING))
    return Counter(rows.select("control_id", "document_type", "document_number").rows())


def statuses(workpapers: Workpapers) -> dict[str, str]:
    rows = workpapers.outcomes.controls.filter(pl.col("control_id").is_in(COMPARING))
    return dict(rows.select("control_id", "status").rows())


def test_the_same_books_a_month_later_are_silent(october: Callable[..., Workpapers]) -> None:
    workpapers = october()
    assert found(workpapers) == Counter()
    assert statuses(workpapers) == dict.fromkeys(COMPARING, "clean") | {"POP-03": "not_performed"}


def test_without_a_history_nothing_is_called_clean(october: Callable[..., Workpapers]) -> None:
    workpapers = october(history=None)
    reasons = workpapers.outcomes.controls.filter(pl.col("control_id").is_in(COMPARING[:4])).select("status", "reason", "reason_zh").unique().rows()
    assert reasons == [("not_performed", "no earlier run was given (--history)", "未提供以往运行结果（--history）")]


def of_closed_month(rows: Rows, day: str) -> dict[str, str]:
    """A row of a month whose books were closed when September was reported."""
    return next(row for row in rows if "2026-03-01" <= row[day] <= "2026-08-31" and row.get("invoice_kind", "invoice") == "invoice")


def test_a_changed_price_and_a_vanished_receipt_are_restated_history(october: Callable[..., Workpapers]) -> None:
    touched: list[str] = []

    def dearer(rows: Rows) -> Rows:
        row = of_closed_month(rows, "posting_date")
        touched.append(row["invoice_number"])
        row["line_amount_net"] = str(Decimal(row["line_amount_net"]) + 1)
        return rows

    def torn_out(rows: Rows) -> Rows:
        gone = of_closed_month(rows, "receipt_date")["receipt_number"]
        touched.append(gone)
        return [row for row in rows if row["receipt_number"] != gone]

    workpapers = october(supplier_invoice_line=dearer, goods_receipt_line=torn_out)
    told = workpapers.outcomes.exceptions.filter(pl.col("control_id") == "POP-06")
    assert sorted(set(told.select("document_number", "variance").rows())) == sorted([(touched[0], "changed"), (touched[1], "gone")])
    assert set(told["severity"].to_list()) == {"high"}


def test_a_change_of_a_month_that_was_open_is_no_restatement_and_every_change_is_where_asked(october: Callable[..., Workpapers]) -> None:
    def moved(rows: Rows) -> Rows:
        row = next(row for row in rows if "2026-09-02" <= row["receipt_date"] <= "2026-09-28")
        row["quantity"] = str(int(row["quantity"]) + 1)
        return rows

    strict = [ParameterOverride(control="POP-06", set={"watched_period_policy": "every_period"}, why="asked")]
    assert found(october(goods_receipt_line=moved, overrides=strict), "POP-06").total() == 1


def test_a_bill_of_september_that_comes_in_october_is_late_and_moves_the_opening(october: Callable[..., Workpapers]) -> None:
    def came_late(rows: Rows) -> Rows:
        row = next(row for row in rows if row["posting_date"] < "2026-09-01" and row["invoice_kind"] == "invoice" and row["currency"] == "CNY")
        late = row | {"invoice_number": "LATE-1", "invoice_line_no": "1", "official_invoice_number": ""}
        return [
            *rows,
            late | {"invoice_date": "2026-09-29", "posting_date": "2026-09-29"},
            late | dict.fromkeys(("invoice_number",), "ON-DAY") | dict.fromkeys(("invoice_date", "posting_date"), "2026-09-30"),
        ]

    told = found(october(supplier_invoice_line=came_late))
    assert [key for key in told if key[0] == "POP-08"] == [("POP-08", "supplier_invoice", "LATE-1")]
    assert any(key[0] == "BAL-06" for key in told)


def test_a_gap_and_a_number_used_again_between_two_nights(october: Callable[..., Workpapers], september: Path) -> None:
    with (september / "results" / "number_series.csv").open(encoding="utf-8", newline="") as file:
        last = next(csv.DictReader(file))["last_number"]
    missing: list[str] = []

    def only_october(rows: Rows) -> Rows:
        """An extract of the month alone: its first number is missing, its last document bears the number of one of September."""
        mine = sorted((row for row in rows if row["cash_receipt_number"] > last), key=lambda row: row["cash_receipt_number"])
        missing.append(mine[0]["cash_receipt_number"])
        bearer = next(row for row in rows if row["cash_receipt_number"] == last)
        mine[-1] |= {"cash_receipt_number": last, "receipt_date": "2026-10-30", "company_code": bearer["company_code"]}
        return mine[1:]

    told = found(october(cash_receipt=only_october), "DAT-15", "SEQ-01")
    assert told == Counter({("SEQ-01", "cash_receipt", last): 1, ("DAT-15", "cash_receipt", missing[0]): 1})


def test_a_short_extract_is_seen_after_four_weeks(books: Path, tmp_path: Path) -> None:
    history = None
    for week, day in enumerate((3, 10, 17, 24, 31)):
        rows = [row for row in (books / "service_request.csv").read_text(encoding="utf-8").splitlines() if row]
        folder = tmp_path / f"books{week}"
        shutil.copytree(books, folder)
        terms = (folder / "engagement.yaml").read_text(encoding="utf-8").replace("  control_total: control_total.csv\n", "")
        (folder / "engagement.yaml").write_text(terms, encoding="utf-8")
        if week == 4:
            (folder / "service_request.csv").write_text("\n".join(rows[:1]) + "\n", encoding="utf-8")
        workpapers = run(month(folder, 10, date(2026, 10, day)), history=history)
        if week < 4:
            history = tmp_path / f"run{week}"
            publish(workpapers, history)
            assert statuses(workpapers)["POP-03"] == "not_performed"
    assert found(workpapers, "POP-03") == Counter({("POP-03", "extract", "service_request"): 1})


def test_two_nights_bucket_by_bucket_are_two_nights_at_once(books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(run(month(books, 9, None, "TIM-*", "MIS-*", "CUT-*")), tmp_path / "september")
    told = []
    for rows in (1_000_000, 500):
        monkeypatch.setattr(pipeline, "ROWS_PER_BUCKET", rows)
        workpapers = run(month(books, 10, None, "TIM-*", "MIS-*", "CUT-*"), history=tmp_path / "september")
        told.append((workpapers.register.changes, workpapers.outcomes.controls, found(workpapers)))
    assert told[0][0].height  # what September found is closed in October
    assert all(one.equals(other) for one, other in zip(told[0][:2], told[1][:2], strict=True))
    assert told[0][2] == told[1][2]
