"""The second opinion: silent on a sound run, loud on a tampered one, and never passed over when it could not speak."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from recon import pipeline
from recon.domain import places
from recon.domain.money import MONEY, QUANTITY
from recon.load import read_engagement
from recon.validate import checker, opinion_tables, second_opinion
from recon.validate.checker import CheckerFailedError, started
from recon.validate.opinion_inputs import tables_of
from recon.validate.opinion_suite import DERIVED, SUITE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from recon.domain.workpapers import Accepted, Workpapers

pytestmark = pytest.mark.xdist_group("great_expectations")


@pytest.fixture(scope="module")
def performed() -> tuple[Workpapers, Accepted]:
    """The planted company's run as the second opinion is given it."""
    seen: list[tuple[Workpapers, Accepted]] = []

    class _Listener:
        def judge(self, workpapers: Workpapers, accepted: Accepted) -> pl.DataFrame:
            seen.append((workpapers, accepted))
            return workpapers.outcomes.controls.clear()

    @contextmanager
    def listen(*, wanted: bool) -> Iterator[_Listener]:
        assert wanted
        yield _Listener()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(second_opinion, "start", listen)
        pipeline.run(read_engagement(places.sample_data() / "planted" / "engagement.yaml"))
    return seen[0]


def outcomes(workpapers: Workpapers, **changed: Any) -> Workpapers:
    return replace(workpapers, outcomes=replace(workpapers.outcomes, **changed))


def register(workpapers: Workpapers, exceptions: pl.DataFrame) -> Workpapers:
    return replace(workpapers, register=replace(workpapers.register, exceptions=exceptions))


def first(frame: pl.DataFrame, condition: pl.Expr, **cells: pl.Expr) -> pl.DataFrame:
    """The frame with some cells of the first row that meets the condition changed."""
    this = condition & (condition.cum_sum() == 1)
    assert frame.select(this.any()).item()
    return frame.with_columns(pl.when(this).then(value).otherwise(pl.col(name)).alias(name) for name, value in cells.items())


def without_first(frame: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    return frame.filter(~(condition & (condition.cum_sum() == 1)))


EVERY = pl.int_range(pl.len()) >= 0  # a condition of rows, not a single value
LINKED = pl.col("order_number").is_not_null() & pl.col("invoice_number").is_not_null() & pl.col("fulfilment_number").is_not_null()
OPEN = pl.col("order_number").is_not_null() & (pl.col("kind") == "fulfilled_not_invoiced")


def invoice_lines(w: Workpapers, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Workpapers:
    return outcomes(w, invoice_lines=change(w.outcomes.invoice_lines.collect()).lazy())


def order_lines(w: Workpapers, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Workpapers:
    return outcomes(w, order_lines=change(w.outcomes.order_lines.collect()).lazy())


def excused(w: Workpapers) -> Workpapers:
    """Every line that a control found an exception on is called exact."""
    return order_lines(w, lambda f: f.with_columns(match_status=pl.col("match_status").replace("exception", "exact")))


def excused_invoices(w: Workpapers) -> Workpapers:
    return invoice_lines(w, lambda f: f.with_columns(match_status=pl.col("match_status").replace("exception", "within_tolerance")))


#: tampering -> the sentence that must fail
TAMPERED: dict[str, tuple[Callable[[Workpapers], Workpapers], str]] = {
    "an invoice line is dropped": (
        lambda w: invoice_lines(w, lambda f: without_first(f, EVERY)), "every accepted invoice line has exactly one row in invoice_lines",
    ),
    "an invoice line stands twice": (
        lambda w: invoice_lines(w, lambda f: pl.concat([f, f.head(1)])), "every accepted invoice line has exactly one row in invoice_lines",
    ),
    "an invoiced amount is changed": (
        lambda w: invoice_lines(w, lambda f: first(f, pl.col("invoiced_amount") > 0, invoiced_amount=pl.lit(Decimal("0.01"), dtype=MONEY))),
        "each invoice line keeps the amount it came with",
    ),
    "a variance is called exact": (
        lambda w: invoice_lines(w, lambda f: first(f, pl.col("match_status") == "exact", price_variance=pl.lit(Decimal("0.01"), dtype=MONEY))),
        "no invoice line is called exact while it carries a variance",
    ),
    "exceptions of invoices are excused": (excused_invoices, "no invoice line is called exact while a control raised an exception on it"),
    "exceptions of orders are excused": (excused, "no order line is called exact while a control raised an exception on it"),
    "an order line is dropped": (
        lambda w: order_lines(w, lambda f: without_first(f, EVERY)), "every accepted order line has exactly one row in order_lines, and no other row stands there",
    ),
    "an order line is invented": (
        lambda w: order_lines(w, lambda f: first(f, EVERY, order_number=pl.lit("PO-NOWHERE"))),
        "every accepted order line has exactly one row in order_lines, and no other row stands there",
    ),
    "an allocation is changed": (
        lambda w: replace(w, allocations=first(w.allocations.collect(), LINKED, quantity=pl.col("quantity") + 1).lazy()),
        "the invoiced quantity of an order line is the sum of its allocations",
    ),
    "an open end is dropped": (
        lambda w: replace(w, allocations=without_first(w.allocations.collect(), pl.col("invoice_number").is_null() & pl.col("order_number").is_not_null()).lazy()),
        "what is fulfilled and not invoiced is what the allocations leave open",
    ),
    "an open bill is forgotten, in the layers too": (
        lambda w: replace(
            order_lines(w, lambda f: f.with_columns(invoiced_not_fulfilled_quantity=pl.lit(Decimal(0), dtype=QUANTITY))),
            balances=w.balances.filter(pl.col("kind") != "invoiced_not_fulfilled"),
        ),
        "what is invoiced and not fulfilled is what the allocations leave open",
    ),
    "an allocation without documents": (
        lambda w: replace(w, allocations=first(w.allocations.collect(), pl.col("invoice_number").is_null(), fulfilment_number=pl.lit(None)).lazy()),
        "no allocation has neither a fulfilment nor an invoice",
    ),
    "an open layer is dropped": (
        lambda w: replace(w, balances=without_first(w.balances.collect(), OPEN).lazy()),
        "the open layers of an order line add up to its fulfilled and not invoiced quantity",
    ),
    "an open amount is changed": (
        lambda w: replace(w, balances=first(w.balances.collect(), OPEN, amount=pl.col("amount") + 1).lazy()),
        "the open layers of an order line add up to its fulfilled and not invoiced amount",
    ),
    "an exception is dropped": (
        lambda w: register(w, without_first(w.register.exceptions, EVERY)), "each control counts as many exceptions as there are rows",
    ),
    "an exception is about nothing": (
        lambda w: register(w, first(w.register.exceptions, EVERY, document_number=pl.lit("NOWHERE"))), "the document of every exception is among the inputs",
    ),
    "an exception of no control": (
        lambda w: register(w, first(w.register.exceptions, EVERY, control_id=pl.lit("XXX-99"))), "no exception belongs to a control that is not listed",
    ),
    "a control is called clean": (
        lambda w: outcomes(w, controls=first(w.outcomes.controls, pl.col("status") == "exceptions", status=pl.lit("clean"))), "a control's status fits its figures",
    ),
    "a row goes missing at a doorway": (
        lambda w: replace(w, tie_out=first(w.tie_out, pl.col("doorway") == "validate", rows_out=pl.col("rows_out") - 1)),
        "at every doorway rows in are rows out and rows set aside",
    ),
    "rows appear between two doorways": (
        lambda w: replace(w, tie_out=first(w.tie_out, pl.col("doorway") == "validate", rows_in=pl.col("rows_in") + 1, rows_out=pl.col("rows_out") + 1)),
        "what one doorway lets out is what the next one takes in",
    ),
    "an amount goes missing at a doorway": (
        lambda w: replace(w, tie_out=first(w.tie_out, pl.col("amount_in") > 0, amount_in=pl.col("amount_in") + 1)),
        "at every doorway amounts in are amounts out and amounts set aside",
    ),
    "rejected rows are not listed": (lambda w: replace(w, rejected=w.rejected.clear()), "every row set aside at validation is listed with a reason"),
}  # fmt: skip


def failing(workpapers: Workpapers, accepted: Accepted, path: Path) -> set[str]:
    """The sentences of SQL that do not hold."""
    tables, doubtful = tables_of(workpapers, accepted)
    assert doubtful == ""
    opinion_tables.write(tables, DERIVED, path)
    return {one.en for one in SUITE if one.query is not None and opinion_tables.examples(path, one.query, 1)}


def test_a_sound_run_passes_and_every_table_has_rows_to_judge(performed, tmp_path):
    assert failing(*performed, tmp_path / "results.sqlite") == set()
    held = {name for name, frame in tables_of(*performed)[0].items() if frame.height}
    assert {one.table for one in SUITE} | {"invoice_inputs", "order_inputs", "documents", "status_controls"} <= held


@pytest.mark.parametrize("tampering", TAMPERED)
def test_tampering_is_caught(performed, tmp_path, tampering):
    workpapers, accepted = performed
    change, sentence = TAMPERED[tampering]
    assert sentence in failing(change(workpapers), accepted, tmp_path / "results.sqlite")


def test_every_question_about_the_results_is_tried_by_a_tampering():
    tried = {sentence for _, sentence in TAMPERED.values()}
    untried = {one.en for one in SUITE if one.query is not None} - tried
    assert untried == {
        "the open layers of an order line add up to its invoiced and not fulfilled quantity",
        "the open layers of an order line add up to its invoiced and not fulfilled amount",
        "validation let out as many rows as were audited",
    }, "these are the mirror of a question that is tried; a new question needs a tampering of its own"


def test_great_expectations_agrees_and_disagrees(performed, tmp_path):
    """One process for both: the sound results, and results tampered with in ways that only its own expectations see."""
    workpapers, accepted = performed
    tampered = invoice_lines(workpapers, lambda f: first(without_first(f, EVERY), EVERY, match_status=pl.lit("fine")))
    tampered = order_lines(tampered, lambda f: first(f, EVERY, match_status=pl.lit(None)))
    tampered = register(tampered, workpapers.register.exceptions.with_columns(exception_id=pl.col("exception_id").first()))
    asked, suites = [], []
    for name, results in {"sound": workpapers, "tampered": tampered}.items():
        database = tmp_path / f"{name}.sqlite"
        opinion_tables.write(tables_of(results, accepted)[0], DERIVED, database)
        suites += second_opinion.suites(SUITE, database)
        asked += [(name, one) for one in second_opinion._by_table(SUITE)]
    with started() as checking:
        answers = checking.ask({"suites": suites})
    assert all(answer["performed"] for answer in answers)
    assert {(name, one.en) for (name, one), answer in zip(asked, answers, strict=True) if not answer["success"]} == {
        ("tampered", "the status of an invoice line is one of the agreed words"),
        ("tampered", "every order line has a status"),
        ("tampered", "no exception id stands twice"),
        ("tampered", "every accepted invoice line has exactly one row in invoice_lines"),
        ("tampered", "each invoice line keeps the amount it came with"),
    }


# ── what becomes of the answers ──────────────────────────────────────────────────────────────────────────
class Answering:
    """A checker that answers what it is told to."""

    def __init__(self, failing: str | None = None, broken: str | None = None) -> None:
        self.failing, self.broken = failing, broken

    def ask(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        if self.broken:
            raise CheckerFailedError(self.broken)
        count = sum(len(suite["expectations"]) for suite in request["suites"])
        asked = second_opinion._by_table(SUITE)[:count]
        return [{"success": one.en != self.failing, "performed": True, "detail": "observed 1"} for one in asked]


def judged(performed: tuple[Workpapers, Accepted], tmp_path: Path, **answers: str) -> dict[str, Any]:
    verdict = second_opinion.Opinion(Answering(**answers), tmp_path).judge(*performed)
    assert verdict.schema == performed[0].outcomes.controls.schema
    return verdict.row(0, named=True)


def test_agreement_is_a_clean_control(performed, tmp_path):
    row = judged(performed, tmp_path)
    assert (row["control_id"], row["status"], row["population"], row["exceptions"], row["reason"]) == ("POP-10", "clean", len(SUITE), 0, "")


def test_disagreement_is_an_exception_that_says_what_is_not_so(performed, tmp_path):
    row = judged(performed, tmp_path, failing="no exception id stands twice")
    assert (row["status"], row["exceptions"]) == ("exceptions", 1)
    assert row["reason"] == "not so: no exception id stands twice: observed 1"
    assert row["reason_zh"].startswith("例外编号不重复")


def test_a_break_is_an_error_and_never_silence(performed, tmp_path):
    row = judged(performed, tmp_path, broken="no such library")
    assert (row["status"], row["exceptions"]) == ("error", 0)
    assert "no such library" in row["reason"]


def test_switched_off_is_not_performed(performed):
    with second_opinion.start(wanted=False) as opinion:
        row = opinion.judge(*performed).row(0, named=True)
    assert (row["status"], row["population"]) == ("not_performed", 0)
    assert "switches" in row["reason"]


def test_a_process_that_dies_is_noticed(monkeypatch):
    monkeypatch.setattr(checker, "_MODULE", "recon.validate.no_such_module")
    with started() as checking, pytest.raises(CheckerFailedError, match="no_such_module"):
        checking.ask({"suites": []})


def test_a_run_that_fails_leaves_no_process_behind():
    with pytest.raises(ZeroDivisionError), started() as checking:
        raise ZeroDivisionError
    assert checking.process.returncode is not None


# ── exact numbers in SQLite ──────────────────────────────────────────────────────────────────────────────
def test_numbers_become_whole_units_of_one_size():
    left = pl.DataFrame({"quantity": ["1.5", None], "other": ["a", "b"]}).with_columns(pl.col("quantity").cast(QUANTITY))
    right = pl.DataFrame({"quantity": ["0.0001"]}).with_columns(pl.col("quantity").cast(QUANTITY))
    written = opinion_tables.in_whole_units({"left": left, "right": right}, ["quantity", "absent"])
    assert written["left"]["quantity"].to_list() == [15000, None]
    assert written["right"]["quantity"].to_list() == [1]


def test_sums_that_do_not_fit_are_not_asked_about(performed, tmp_path):
    huge = pl.DataFrame({"amount": ["5000000000000", "0.000001"]}).with_columns(pl.col("amount").cast(MONEY))
    with pytest.raises(opinion_tables.DoNotFitError, match="amount in balances"):
        opinion_tables.in_whole_units({"balances": huge}, ["amount"])
    workpapers, accepted = performed
    large = first(workpapers.balances.collect(), EVERY, amount=pl.lit(Decimal("5000000000000.000001"), dtype=MONEY))
    row = judged((replace(workpapers, balances=large.lazy()), accepted), tmp_path)
    assert row["not_testable"] == sum(one.needs_numbers for one in SUITE)
    assert "were not asked" in row["reason"]


def test_dates_flags_and_empty_cells_are_written(tmp_path):
    frame = pl.DataFrame({"day": ["2026-10-31", None], "holds": [True, None]}).with_columns(pl.col("day").str.to_date())
    opinion_tables.write({"t": frame}, (), tmp_path / "t.sqlite")
    with sqlite3.connect(tmp_path / "t.sqlite") as database:
        assert database.execute("SELECT * FROM t").fetchall() == [("2026-10-31", 1), (None, None)]
