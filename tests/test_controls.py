"""Every control file is tested by its own examples, and the examples by mutating the rule: a moved limit must turn one of them red."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

import polars as pl
import pytest

from recon.domain import measures, places
from recon.domain.control import Control, Example, PlannedControls
from recon.domain.engagement import Engagement, ParameterOverride, Period
from recon.evaluate import check, texts
from recon.evaluate.exceptions import _severity
from recon.evaluate.judging import EXCEPTION, NOT_TESTABLE, PASSED, clock_of, judge, population_plans
from recon.evaluate.settings import STATES, settle
from recon.evaluate.translate import Reader
from recon.load.yaml_files import read_terms, read_unchanged_terms

SHIPPED = sorted(path.name[:6] for path in (places.rules() / "controls").rglob("*.yaml"))
LAST_DIGIT = Decimal("0.0000000001")


@cache
def controls() -> dict[str, Control]:
    files = sorted((places.rules() / "controls").rglob("*.yaml"))
    read = [read_unchanged_terms(path, Control, origin=str(path.relative_to(places.rules()))) for path in files]
    return {control.id: control for control in read}


def engagement(parameters: dict[str, str], control_id: str) -> Engagement:
    return Engagement(
        entity="TEST",
        as_of=date(2026, 10, 31),
        period=Period(**{"from": date(2026, 10, 1), "to": date(2026, 10, 31)}),
        currency="CNY",
        time_zone="UTC",  # the examples of the rule book are written in it
        extracts={},
        parameters=[ParameterOverride(control=control_id, set=parameters, why="example")] if parameters else [],
    )


def population(table: str, given: dict[str, str | None]) -> pl.DataFrame:
    schema = measures.schema(table)
    unknown = given.keys() - schema.keys()
    assert not unknown, f"{table} has no column {sorted(unknown)}"
    typed = []
    for name, dtype in schema.items():
        value = given.get(name)
        text = pl.lit(value, dtype=pl.String)
        if dtype == pl.Boolean:
            typed.append(pl.lit(None if value is None else value == "true", dtype=pl.Boolean).alias(name))
        elif dtype == pl.Date:
            typed.append(text.str.to_date().alias(name))
        elif isinstance(dtype, pl.Datetime):
            typed.append(text.str.to_datetime(time_zone="UTC", time_unit="us").alias(name))
        else:
            typed.append(text.cast(dtype).alias(name))
    return pl.select(typed)


def outcome(control: Control, example: Example, parameters: dict[str, str] | None = None) -> str:
    terms = engagement({**example.parameters, **(parameters or {})}, control.id)
    table = control.population.table
    settings = settle([control], terms)
    rows = population_plans({table: population(table, example.given).lazy()}, [control], settings, {})[table].collect()
    judged = judge(table, rows, [control], settings, clock_of(terms))
    verdict = judged.verdicts[control.id][0]
    return {EXCEPTION: "exception", NOT_TESTABLE: "not testable"}.get(verdict, "no exception")


@dataclass(frozen=True)
class Case:
    control: Control
    example: Example

    def __str__(self) -> str:
        return f"{self.control.id} {self.example.case}"


CASES = [Case(control, example) for control in controls().values() for example in control.examples]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_example(case: Case) -> None:
    assert outcome(case.control, case.example) == case.example.expect


def test_a_control_is_one_file_named_after_it() -> None:
    assert sorted(controls()) == SHIPPED
    assert len(set(SHIPPED)) == len(SHIPPED) > 0


def test_rule_book_is_in_order() -> None:
    planned = read_terms(places.rules() / "planned.yaml", PlannedControls).controls
    check(list(controls().values()), engagement({}, "PRC-01"), planned)
    assert not {p.id for p in planned} & controls().keys()
    assert len(planned) + len(controls()) >= 255  # the catalogue has 255 ids; none gets lost on its way from planned to shipped


@pytest.mark.parametrize("control_id", SHIPPED)
def test_both_sides_and_the_unknown_are_shown(control_id: str) -> None:
    expected = {example.expect for example in controls()[control_id].examples}
    assert expected == {"exception", "no exception", "not testable"}


@pytest.mark.parametrize("control_id", SHIPPED)
def test_text_is_in_both_languages(control_id: str) -> None:
    control = controls()[control_id]
    for words in (control.title, control.name, control.risk, control.action, control.message):
        assert re.search(r"[\u4e00-\u9fff]", words.zh), words
        assert not re.search(r"[\u4e00-\u9fff]", words.en), words
        assert set(re.findall(r"{(\w+)}", words.zh)) <= set(re.findall(r"{(\w+)}", words.en)), words


@pytest.mark.parametrize("control_id", SHIPPED)
def test_every_place_in_a_sentence_is_filled(control_id: str) -> None:
    message = controls()[control_id].message
    assert set(re.findall(r"{(.*?)}", message.en + message.zh)) == set(texts.places(message))


def mutated(control: Control, change: str) -> Control:
    return control.model_copy(update={"exception_when": change})


def strict_comparisons() -> list[tuple[str, str]]:
    """(control, its condition with one strict comparison made inclusive or the other way round), limits' functions aside."""
    found = []
    for control in controls().values():
        text = control.exception_when
        for match in re.finditer(r"(?<![<>=])(<=|>=|<(?!>)|>)(?!=)", text):
            swap = {"<": "<=", ">": ">=", "<=": "<", ">=": ">"}[match.group()]
            found.append((control.id, text[: match.start()] + swap + text[match.end() :]))
    return found


@pytest.mark.parametrize(("control_id", "condition"), strict_comparisons())
def test_a_swapped_comparison_turns_an_example_red(control_id: str, condition: str) -> None:
    control = mutated(controls()[control_id], condition)
    red = [example.case for example in control.examples if outcome(control, example) != example.expect]
    assert red, f"no example of {control_id} sees the difference to: {condition}"


#: Limits that can decide no case, with the reason.
INERT = {
    ("DUP-01", "look_back_days"): "the same day is inside every look-back; the parameter is the catalogue's and belongs to DUP-02 too",
    ("CSH-01", "payment_tolerance_amount"): "matching writes off by it; tests/rooms/test_match_tolerances.py stands at the limit",
    ("CSH-01", "payment_tolerance_share"): "matching writes off by it; tests/rooms/test_match_tolerances.py stands at the limit",
    **{
        ("CUT-03", name): "matching counts by it; tests/rooms/test_match_late_credits.py stands at the limit"
        for name in ("credit_search_days", "cluster_days", "baseline_days")
    },
    ("DUP-03", "minimum_number_length_count"): "matching compares by it; tests/rooms/test_match_duplicates.py stands at the limit",
    ("BAL-01", "write_off_age_days"): "lowers the severity and names the advice, decides nothing",
    ("BAL-01", "write_off_value_amount"): "lowers the severity and names the advice, decides nothing",
    ("PRC-17", "free_goods_share"): "raises the severity, decides nothing",
    ("RET-06", "large_advance_amount"): "raises the severity, decides nothing",
    ("MIS-16", "second_candidate_share"): "matching books by it; tests/rooms/test_match_unreferenced.py stands at the limit",
    ("MIS-16", "unreferenced_window_days"): "matching books by it; tests/rooms/test_match_unreferenced.py stands at the limit",
    (
        "CUR-04",
        "usual_convention_document_count",
    ): "matching finds the usual way by it; tests/rooms/test_match_usual_conventions.py stands at the limit",
    ("CUR-04", "usual_convention_share"): "matching finds the usual way by it; tests/rooms/test_match_usual_conventions.py stands at the limit",
    ("DAT-06", "description_likeness_share"): "matching suggests by it; tests/rooms/test_match_known_by.py stands at the limit",
    ("MIS-16", "shown_candidate_count"): "matching names so many; tests/rooms/test_match_parameters.py stands at the limit",
    **{
        ("SUP-01", name): "matching counts by it; tests/rooms/test_match_parameters.py stands at the limit"
        for name in ("early_days", "late_days", "short_share")
    },
    ("MIS-16", "performance_materiality_amount"): "raises the severity, decides nothing",
    ("PAY-10", "interest_rate_share"): "prices the delay, decides nothing",
    ("PAY-11", "capital_cost_share"): "prices the days, decides nothing",
    ("PAY-13", "capital_cost_share"): "prices the days, decides nothing",
    ("POP-03", "volume_window_count"): "the runs in the window are counted by it; tests/rooms/test_evaluate_beside_history.py stands at the limit",
    ("STA-01", "digit_minimum_amount"): "matching counts by it; tests/rooms/test_match_statistics.py stands at the limit",
    **{
        ("STA-04", name): "matching counts by it; tests/rooms/test_match_statistics.py stands at the limit"
        for name in ("round_minimum_amount", "round_base_amount")
    },
    ("PTY-10", "volume_window_days"): "matching adds up by it; tests/rooms/test_match_addresses_and_names.py stands at the limit",
    ("APR-12", "bunching_band_share"): "matching counts by it; tests/rooms/test_match_bunches_and_hours.py stands at the limit",
    **{
        ("STA-13", name): "matching looks for rows of approvals by it; tests/rooms/test_match_statistics.py stands at the limit"
        for name in ("stamp_count", "stamp_window_seconds")
    },
    ("TIM-08", "clock_skew_seconds"): "matching compares by it; tests/rooms/test_match_order_sequence.py stands at the limit",
    ("SLA-01", "escalation_first_hours"): "a level printed beside the wait; what is late is late at any level",
    ("SLA-01", "escalation_second_hours"): "a level printed beside the wait; what is late is late at any level",
}


def severity_of(control_id: str, given: dict[str, str | None], parameters: dict[str, str]) -> str:
    """The severity with which a row of the population is raised."""
    control = controls()[control_id]
    terms, table = engagement(parameters, control_id), control.population.table
    settings = settle([control], terms)
    rows = population_plans({table: population(table, given).lazy()}, [control], settings, {})[table].collect()
    reader = Reader(rows.schema, settings.of(control), clock_of(terms))
    return str(rows.select(_severity(control, reader)).item())


@pytest.mark.parametrize(
    ("control_id", "column", "name", "numbers"),
    [
        ("MIS-15", "overdue_days", "bucket_day_set", ("30", "60", "90")),
        ("PAY-09", "overdue_days", "bucket_day_set", ("30", "60", "90")),
        ("PAY-01", "days_early", "tier_day_set", ("7", "30")),
    ],
)
def test_days_weigh_by_the_steps_that_they_pass(control_id: str, column: str, name: str, numbers: tuple[str, ...]) -> None:
    """Exactly at a step nothing changes, a day beyond it does; another set moves the steps, and none leaves the base."""
    *_, second, last = numbers
    for days, severity in ((int(second), "low"), (int(second) + 1, "medium"), (int(last), "medium"), (int(last) + 1, "high")):
        assert severity_of(control_id, {column: str(days)}, {}) == severity
    moved = ", ".join(str(int(number) + 10) for number in numbers)
    assert severity_of(control_id, {column: str(int(last) + 1)}, {name: moved}) == "medium"
    assert severity_of(control_id, {column: str(int(last) + 11)}, {name: moved}) == "high"
    assert severity_of(control_id, {column: "400"}, {name: "none"}) == "low"


def numeric_parameters() -> list[tuple[str, str]]:
    return [
        (control.id, name)
        for control in controls().values()
        for name, parameter in control.parameters.items()
        if not parameter.choices and not name.endswith(("_set", "_flag")) and (control.id, name) not in INERT
    ]


@pytest.mark.parametrize(("control_id", "name"), numeric_parameters())
def test_a_moved_limit_turns_an_example_red(control_id: str, name: str) -> None:
    """Each limit, raised and lowered by a little wherever an example uses it, must change the verdict of some example."""
    control = controls()[control_id]
    whole = name.endswith(("_days", "_count"))
    red = []
    for example in control.examples:
        value = example.parameters.get(name, control.parameters[name].value)
        if value in STATES:
            continue
        step = Decimal(1) if whole else LAST_DIGIT
        moved = [limit for limit in (Decimal(value) + step, Decimal(value) - step) if limit >= 0]
        red += [example.case for limit in moved if outcome(control, example, {name: format(limit, "f")}) != example.expect]
    assert red, f"no example of {control_id} stands at the limit {name}"


def test_a_missing_column_teaches() -> None:
    control = controls()["MIS-03"].model_copy(update={"exception_when": "exceeds(age_dais, :invoice_wait_days)"})
    with pytest.raises(Exception, match=r'Did you mean "age_days"') as refused:
        check([control], engagement({}, "MIS-03"), read_terms(places.rules() / "planned.yaml", PlannedControls).controls)
    assert "exception_when" in str(refused.value)


#: Columns whose emptiness is an answer, or that are never empty: a source without them is refused, or matching always fills them.
SAYS_NOTHING_BY_DESIGN = {
    ("CUR-04", "deviating_count"): "always measured",
    ("APR-04", "same_person_duty"): "empty: no duty was found; whether all persons are known stands beside it",
    ("APR-20", "superior_depth"): "empty: nobody above was found who asked for it; whether the line is known stands beside it",
    ("CSH-13", "lowered_after_days"): "empty: the limit was not lowered since; the raise is tested all the same",
    ("APR-06", "delegation_cap_amount"): "empty: lent without a cap",
    ("APR-07", "span_days"): "empty: the limit is never passed; whether the person is known stands beside it",
    ("APR-08", "release_limit_amount"): "empty: no limit of that person is on record, so none was passed",
    ("APR-15", "left_on"): "empty: still there; whether that is known stands beside it",
    ("APR-15", "begins_on"): "empty: nobody said since when; the last day is tested all the same",
    ("CSH-17", "account_changed_days"): "empty: the account was not changed",
    ("CUT-02", "closed_at"): "empty: the period is open; whether it is on file stands beside it",
    ("DAT-05", "is_active"): "empty: the master does not say that the party is inactive",
    ("DAT-05", "is_blocked"): "empty: the master does not say that the party is blocked",
    ("DAT-17", "order_state"): "empty: the order was open",
    ("PAY-13", "master_term_days"): "empty: nothing was agreed to differ from",
    ("PAY-13", "payment_term_days"): "empty: the invoice states no terms of its own",
    ("TAX-09", "excess_quantity"): "empty: the register gives no quantities; the amounts are tested all the same",
    ("TAX-01", "tax_rate"): "empty: the invoice states no rate of its own",
    **{("DUP-03", name): "always measured of a pair" for name in ("same_amount", "same_party")},
    **{("DAT-10", name): "always measured of a reference that resolves" for name in ("document_date", "referenced_date")},
    **{(control_id, "fulfilment_date"): "required of every source" for control_id in ("MIS-05", "MIS-18")},
    ("DAT-01", "value"): "always told of a cell that was set aside",
    ("DAT-03", "gross_tail_amount"): "empty: the header has no gross amount to disagree with",
    ("MIS-01", "document_amount_gross_base"): "the line's own amount stands in for it",
    ("CHG-05", "other_number"): "empty: no other bill of the same charge was found",
    **dict.fromkeys((("CUR-05", "net_convention"), ("TAX-07", "tax_convention")), "empty: no rounding convention reproduces the figure"),
    ("MIS-16", "searched_count"): "empty: nothing was searched for by sums",
    ("PAY-07", "kind"): "always measured",
    **{("QTY-10", name): "empty: the agreement has no such end" for name in ("valid_from", "valid_to")},
    ("PAY-04", "name_similarity"): "empty: the payment names nobody; its account is tested all the same",
    ("PTY-03", "name_similarity"): "empty: no name and city to compare; what else can be compared is",
    ("PTY-15", "name_similarity"): "empty: nothing like that name is on the list",
    ("PTY-02", "address_similarity"): "empty: one side gives no address; what else can be compared is, and match_count says whether anything can",
    ("RET-03", "names_origin"): "always measured",
    **{("RET-05", name): "empty: no invoice was paid off since; the age is tested all the same" for name in ("last_paid_off_date", "posting_date")},
    **{("RET-06", name): "the age of the advance is tested all the same" for name in ("order_is_complete", "has_arrived", "promised_date")},
    ("RET-06", "cycle"): "always given",
    ("SEQ-01", "known_since"): "empty: both documents stand in this run",
    ("STA-13", "burst_gap_seconds"): "empty: never so many approvals in a row within the window; whether stamps say the time stands beside it",
    ("STA-13", "least_wait_seconds"): "empty: when it was asked for is not on record; the rows of approvals are tested all the same",
    ("SLA-01", "max_hours"): "empty: the policy names no hours of its own",
    ("STK-05", "count_distance_days"): "empty: never counted, or it books what the count found",
    ("STK-03", "difference_amount_base"): "the quantity is tested all the same",
    ("STK-05", "person_adjustment_count"): "empty: who adjusted is not known; that somebody approved is tested all the same",
}


def verdict_of(control: Control, example: Example, blanked: str) -> int:
    terms = engagement(dict(example.parameters), control.id)
    table = control.population.table
    settings = settle([control], terms)
    given = {**example.given, blanked: None}
    rows = population_plans({table: population(table, given).lazy()}, [control], settings, {})[table].collect()
    return int(judge(table, rows, [control], settings, clock_of(terms)).verdicts[control.id][0])


BLANKED = [
    (control.id, example.case, column)
    for control in controls().values()
    for example in control.examples
    if example.expect == "exception"
    for column in texts.judging_columns(control)
    if example.given.get(column) is not None
]


@pytest.mark.parametrize(("control_id", "case", "column"), BLANKED)
def test_an_unknown_value_is_never_a_pass(control_id: str, case: str, column: str) -> None:
    """A row that is an exception does not become a pass because somebody does not tell one of its values."""
    control = controls()[control_id]
    example = next(e for e in control.examples if e.case == case)
    if (control_id, column) in SAYS_NOTHING_BY_DESIGN:
        pytest.skip(SAYS_NOTHING_BY_DESIGN[control_id, column])
    assert verdict_of(control, example, column) != PASSED


def test_every_column_that_judges_is_unknown_in_an_exception() -> None:
    """Of each control each column is either taken away above, or was never given in an example that is an exception all the same."""
    taken = {(control_id, column) for control_id, _, column in BLANKED}
    judging = {(control.id, column) for control in controls().values() for column in texts.judging_columns(control)}
    never_given = {
        (control.id, column)
        for control in controls().values()
        for example in control.examples
        if example.expect == "exception"
        for column in texts.judging_columns(control)
        if example.given.get(column) is None
    }
    assert judging == taken | never_given


def test_no_excuse_is_idle() -> None:
    """Each excuse is for a column that judges and that an exception without it would pass by."""
    needed = set()
    for control_id, case, column in BLANKED:
        if (control_id, column) in SAYS_NOTHING_BY_DESIGN:
            example = next(e for e in controls()[control_id].examples if e.case == case)
            if verdict_of(controls()[control_id], example, column) == PASSED:
                needed.add((control_id, column))
    assert needed == set(SAYS_NOTHING_BY_DESIGN)
    assert set(INERT) <= {(control.id, name) for control in controls().values() for name in control.parameters}
