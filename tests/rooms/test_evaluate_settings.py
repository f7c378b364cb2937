"""Parameters: the file's value, scoped overrides, and what is refused before any document is read."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from recon.domain import measures, places
from recon.domain.control import Planned
from recon.domain.engagement import POLICIES, Engagement
from recon.domain.errors import TermsRefused
from recon.evaluate import catalogue, check, chosen, explain
from recon.evaluate.judging import clock_of, judge, population_plans
from recon.evaluate.settings import _POLICY_OF, limit_set_by, settle
from recon.load.rulebook import CHECKED, already_checked, read_controls, read_planned

if TYPE_CHECKING:
    from pathlib import Path

    from recon.domain.control import Control

BOOK = {c.id: c for c in read_controls(places.rules() / "controls")}
PLANNED = read_planned(places.rules() / "planned.yaml")


def engagement(**terms: Any) -> Engagement:
    period = {"from": date(2026, 10, 1), "to": date(2026, 10, 31)}
    return Engagement.model_validate({"entity": "T", "as_of": date(2026, 10, 31), "period": period, "currency": "CNY", "extracts": {}, **terms})


def override(control: str, set_: dict[str, str], where: dict[str, str] | None = None) -> dict[str, Any]:
    return {"control": control, "set": set_, "where": where or {}, "why": "test"}


def verdicts(control: Control, rows: list[dict[str, Any]], terms: Engagement) -> list[int]:
    table = control.population.table
    schema = measures.schema(table)
    frame = pl.DataFrame(rows, schema_overrides={k: pl.String for k, v in schema.items() if v.is_decimal() or v.is_integer()})
    frame = frame.select(pl.col(c).cast(schema[c]) for c in frame.columns)
    settings = settle([control], terms)
    population = population_plans({table: frame.lazy()}, [control], settings, {})[table].collect()
    judged = judge(table, population, [control], settings, clock_of(terms))
    # resolving scopes may reorder the rows: compare by document
    return population.with_columns(verdict=judged.verdicts[control.id]).sort("document_number")["verdict"].to_list()


def layer(number: str, **more: str) -> dict[str, Any]:
    return {"document_number": number, "cycle": "procure_to_pay", "kind": "fulfilled_not_invoiced", "quantity": "1", "age_days": "40", **more}


def test_the_most_specific_override_wins_row_by_row() -> None:
    rows = [layer("1", company_code="A", party_id="S1"), layer("2", company_code="A", party_id="S2"), layer("3", company_code="B", party_id="S1")]
    terms = engagement(
        parameters=[
            override("MIS-03", {"invoice_wait_days": "60"}),
            override("MIS-03", {"invoice_wait_days": "35"}, {"company_code": "A"}),
            override("MIS-03", {"invoice_wait_days": "unlimited"}, {"company_code": "A", "supplier_id": "S2"}),
        ]
    )
    check(list(BOOK.values()), terms, PLANNED)
    assert verdicts(BOOK["MIS-03"], rows, terms) == [2, 1, 1]


def limits_set_by(control: Control, rows: list[dict[str, Any]], terms: Engagement) -> list[str | None]:
    table = control.population.table
    frame = pl.DataFrame(rows).lazy()
    settings = settle([control], terms)
    population = population_plans({table: frame}, [control], settings, {})[table].sort("document_number")
    return population.with_columns(by=limit_set_by(control, settings.of(control))).collect()["by"].to_list()


def test_the_override_that_set_a_limit_is_named_row_by_row() -> None:
    """By its own id, else by its place in the file; by parameter, where several are overridden; nobody where the control's file set it."""
    rows = [layer("1", company_code="A", party_id="S1"), layer("2", company_code="A", party_id="S2"), layer("3", company_code="B", party_id="S1")]
    narrow = [
        override("MIS-03", {"invoice_wait_days": "35"}, {"company_code": "A"}),
        override("MIS-03", {"invoice_wait_days": "unlimited"}, {"company_code": "A", "supplier_id": "S2"}) | {"id": "FA-2026-07"},
    ]
    assert limits_set_by(BOOK["MIS-03"], rows, engagement(parameters=narrow)) == [
        "invoice_wait_days: parameters[0]",
        "invoice_wait_days: FA-2026-07",
        None,
    ]
    wide = [override("MIS-03", {"invoice_wait_days": "60"}), *narrow]
    expected = ["invoice_wait_days: parameters[1]", "invoice_wait_days: FA-2026-07", "invoice_wait_days: parameters[0]"]
    assert limits_set_by(BOOK["MIS-03"], rows, engagement(parameters=wide)) == expected
    assert limits_set_by(BOOK["MIS-03"], rows, engagement()) == [None, None, None]


def test_two_overrides_of_one_id_are_refused() -> None:
    twice = [override("MIS-03", {"invoice_wait_days": "35"}, {"company_code": code}) | {"id": "A1"} for code in ("A", "B")]
    with pytest.raises(TermsRefused) as refused:
        check(list(BOOK.values()), engagement(parameters=twice), PLANNED)
    assert "parameters[1].id" in str(refused.value)


def test_an_override_of_sales_does_not_reach_purchases() -> None:
    rows = [layer("1", company_code="A", party_id="X")]
    terms = engagement(parameters=[override("MIS-03", {"invoice_wait_days": "60"}, {"customer_id": "X"})])
    assert verdicts(BOOK["MIS-03"], rows, terms) == [2]


def test_a_share_on_the_order_line_goes_before_overrides() -> None:
    row = {"order_number": "1", "document_number": "1"}
    base = {"cycle": "procure_to_pay", "is_live": True, "needs_fulfilment": True, "ordered_quantity": "100", "fulfilled_quantity": "108"}
    del row["document_number"]
    terms = engagement(parameters=[override("QTY-05", {"over_delivery_tolerance_share": "0.05"}, {"company_code": "A"})])
    table = "order_line_match"
    schema = measures.schema(table)
    rows = [{**row, **base, "company_code": "A", "over_receipt_share": share} for share in ("0.10", None)]
    frame = pl.DataFrame(rows, schema_overrides={k: pl.String for k, v in schema.items() if v.is_decimal()})
    frame = frame.select(pl.col(c).cast(schema[c]) for c in frame.columns)
    settings = settle([BOOK["QTY-05"]], terms)
    population = population_plans({table: frame.lazy()}, [BOOK["QTY-05"]], settings, {})[table].collect()
    judged = judge(table, population, [BOOK["QTY-05"]], settings, clock_of(terms))
    found = population.with_columns(verdict=judged.verdicts["QTY-05"]).sort("over_receipt_share", nulls_last=True)
    assert found["verdict"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("rules", "said", "place"),
    [
        ([override("PRC-1", {"x": "1"})], 'Did you mean "PRC-1', "parameters[0].control"),
        ([override("PRC-01", {"price_over_share": "1"})], 'Did you mean "price_over_tolerance_share"', "parameters[0].set.price_over_share"),
        ([override("PRC-01", {"price_over_tolerance_share": "2%"})], '"0.02"', "set.price_over_tolerance_share"),
        ([override("PRC-01", {"price_over_tolerance_share": "-0.1"})], "not negative", "set.price_over_tolerance_share"),
        ([override("PRC-01", {"price_over_tolerance_share": ""})], "blank", "set.price_over_tolerance_share"),
        ([override("PRC-01", {"price_over_tolerance_share": "not_cheked"})], 'Did you mean "not_checked"', "set.price_over_tolerance_share"),
        ([override("PRC-01", {"tolerance_combine_policy": "any"})], "both_up_to_large_line", "set.tolerance_combine_policy"),
        ([override("MIS-03", {"invoice_wait_days": "2.5"})], "whole", "set.invoice_wait_days"),
        ([override("MIS-04", {"late_grace_days": "unlimited"})], "needs a number", "set.late_grace_days"),
        ([override("QTY-08", {"periodic_service_flag": "yes"})], "true or false", "set.periodic_service_flag"),
        ([override("PRC-01", {"large_line_amount": "1"}, {"supplier": "S1"})], 'Did you mean "supplier_id"', "parameters[0].where.supplier"),
        ([override("PRC-01", {"large_line_amount": "1"}, {"supplier_id": "1", "customer_id": "2"})], "both cycles", "parameters[0].where"),
        ([override("TIM-05", {"after_fact_grace_days": "1"}, {"item_id": "I1"})], "has no item_id", "parameters[0].where.item_id"),
        (
            [override("PRC-01", {"large_line_amount": v}, {"company_code": "A"}) for v in ("1", "2")],
            "equal specificity",
            "parameters[1]",
        ),
    ],
)
def test_wrong_overrides_are_refused_with_their_place(rules: list[dict[str, Any]], said: str, place: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        check(list(BOOK.values()), engagement(parameters=rules), PLANNED)
    assert said in str(refused.value)
    assert place in str(refused.value)


def test_parameters_of_planned_controls_are_accepted() -> None:
    check(list(BOOK.values()), engagement(parameters=[override("QTY-13", {"confirmation_tolerance_quantity": "0"})]), PLANNED)


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ([{"set": {"match_levle": "2way"}, "why": "x"}], 'Did you mean "match_level"'),
        ([{"set": {"match_level": "two"}, "why": "x"}], "3way, 2way"),
        ([{"set": {"match_level": "2way"}, "where": {"itemgroup": "A"}, "why": "x"}], 'Did you mean "item_group"'),
        ([{"set": {"match_level": v}, "where": {"item_group": "A"}, "why": "x"} for v in ("2way", "none")], "equal specificity"),
    ],
)
def test_wrong_policies_are_refused(policies: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(TermsRefused, match=said):
        check(list(BOOK.values()), engagement(policies=policies), PLANNED)


def test_choice_of_controls() -> None:
    terms = engagement(controls={"include": ["QTY-*", "PRC-01"], "exclude": ["QTY-1?"]})
    quantities = sorted(i for i in BOOK if i.startswith("QTY-0"))
    assert len(quantities) > 1
    assert [c.id for c in chosen(list(BOOK.values()), terms)] == ["PRC-01", *quantities]
    with pytest.raises(TermsRefused, match="no control has this id"):
        check(list(BOOK.values()), engagement(controls={"include": ["QTX-*"]}), PLANNED)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exception_when": "quantty > 0"}, 'Did you mean "quantity"'),
        ({"exception_when": "exceeds(age_days, :invoice_wait_day)"}, 'Did you mean "invoice_wait_days"'),
        ({"exception_when": "quantity > 0"}, 'no condition uses the parameter "invoice_wait_days"'),
        ({"amount_at_risk": "party_id"}, "is a text"),
        ({"yields_to": ["BAL-99"]}, 'no control "BAL-99"'),
        ({"observed": "age_days / 2"}, "division"),
    ],
)
def test_a_control_that_cannot_be_performed_is_refused(change: dict[str, str], said: str) -> None:
    broken = BOOK["MIS-03"].model_copy(update=change)
    with pytest.raises(TermsRefused, match=said):
        check([*(c for c in BOOK.values() if c.id != broken.id), broken], engagement(), PLANNED)


def test_explain_and_catalogue_say_what_the_file_says() -> None:
    text = explain(BOOK["PRC-01"])
    for part in ("PRC-01", "price_over_tolerance_share = 0.02", "发票单价高于订单单价", "exceeds_limits", "a cent more does not: exception"):
        assert part in text
    rows = catalogue(list(BOOK.values()))
    assert [r["id"] for r in rows] == sorted(BOOK)
    assert all(r["name"] and r["name_zh"] for r in rows)


def test_planned_entries_have_both_names() -> None:
    assert all(isinstance(p, Planned) and p.name.en and p.name.zh for p in PLANNED)


def priced(number: str, day: date, base: str, variance: str) -> dict[str, Any]:
    told = {"is_live": True, "has_order_link": True, "order_line_no": "1", "match_level": "3way", "is_comparable": True, "invoiced_quantity": "1"}
    figures = {"order_unit_price": "1", "cumulative_price_variance": variance, "invoiced_at_order_price": base}
    return {"invoice_number": number, "document_number": number, "invoice_date": day, **told, **figures}


def price_verdicts(rows: list[dict[str, Any]], terms: Engagement) -> list[int]:
    control = BOOK["PRC-01"]
    schema = measures.schema(control.population.table)
    frame = pl.DataFrame(rows).select(pl.col(c).cast(schema[c]) for c in rows[0] if c != "document_number")
    settings = settle([control], terms)
    population = population_plans({control.population.table: frame.lazy()}, [control], settings, {})[control.population.table].collect()
    judged = judge(control.population.table, population, [control], settings, clock_of(terms))
    return population.with_columns(verdict=judged.verdicts[control.id]).sort("invoice_number")["verdict"].to_list()


def test_an_override_holds_on_its_days_only() -> None:
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 15), date(2026, 10, 16)]
    rows = [priced(str(i), day, "1000", "40") for i, day in enumerate(days)]
    loose = override("PRC-01", {"price_over_tolerance_share": "0.05"}) | {"valid_from": date(2026, 10, 1), "valid_to": date(2026, 10, 15)}
    assert price_verdicts(rows, engagement(parameters=[loose])) == [2, 1, 1, 2]


def test_two_values_for_one_day_are_refused_and_for_different_days_are_not() -> None:
    first = override("PRC-01", {"price_over_tolerance_share": "0.05"}) | {"valid_to": date(2026, 6, 30)}
    second = override("PRC-01", {"price_over_tolerance_share": "0.03"})
    check(list(BOOK.values()), engagement(parameters=[first, second | {"valid_from": date(2026, 7, 1)}]), PLANNED)
    with pytest.raises(TermsRefused, match="disagree"):
        check(list(BOOK.values()), engagement(parameters=[first, second | {"valid_from": date(2026, 6, 30)}]), PLANNED)


def test_a_limit_in_bands_follows_the_size_of_its_base() -> None:
    bands = {"price_over_tolerance_amount": "up to 100: 5; up to 1000: 20; above: unlimited", "price_over_tolerance_share": "not_checked"}
    sizes = [("100", "5"), ("100", "5.01"), ("100.01", "5.01"), ("1000", "20"), ("1000", "20.01"), ("1000.01", "900")]
    rows = [priced(str(i), date(2026, 10, 1), base, variance) for i, (base, variance) in enumerate(sizes)]
    assert price_verdicts(rows, engagement(parameters=[override("PRC-01", bands)])) == [1, 2, 1, 1, 2, 1]


@pytest.mark.parametrize(
    ("control", "name", "value"),
    [
        ("PRC-01", "price_over_tolerance_amount", "up to 100: 5"),
        ("PRC-01", "price_over_tolerance_amount", "up to 100: 5; up to 50: 3; above: 9"),
        ("PRC-01", "price_over_tolerance_amount", "up to 100: five; above: 9"),
        ("MIS-03", "invoice_wait_days", "up to 100: 5; above: 9"),
        ("PRC-04", "price_ratio_set", "10,ten"),
    ],
)
def test_bands_and_sets_that_cannot_be_read_are_refused(control: str, name: str, value: str) -> None:
    with pytest.raises(TermsRefused):
        check(list(BOOK.values()), engagement(parameters=[override(control, {name: value})]), PLANNED)


def test_a_set_of_ratios_may_differ_by_row() -> None:
    control = BOOK["PRC-04"]
    told = {"is_live": True, "has_order_link": True, "order_line_no": "1", "is_comparable": True, "order_unit_price": "1", "invoice_unit_price": "12"}
    rows = [{"invoice_number": n, "company_code": n, "price_ratio": "12", "cumulative_price_variance": "11", **told} for n in ("A", "B")]
    schema = measures.schema(control.population.table)
    frame = pl.DataFrame(rows).select(pl.col(c).cast(schema[c]) for c in rows[0])
    terms = engagement(parameters=[override("PRC-04", {"price_ratio_set": "12"}, {"company_code": "B"})])
    settings = settle([control], terms)
    population = population_plans({control.population.table: frame.lazy()}, [control], settings, {})[control.population.table].collect()
    judged = judge(control.population.table, population, [control], settings, clock_of(terms))
    assert population.with_columns(verdict=judged.verdicts[control.id]).sort("company_code")["verdict"].to_list() == [1, 2]


def test_what_a_policy_decides_is_told_with_the_policy() -> None:
    with pytest.raises(TermsRefused) as refused:
        check(list(BOOK.values()), engagement(parameters=[override("QTY-01", {"return_policy": "net"})]), PLANNED)
    assert "set returns under policies" in refused.value.todo
    assert all(policy in POLICIES for policy in _POLICY_OF.values())


@pytest.mark.parametrize(
    ("control_id", "name", "stands"),
    [("POP-02", "coverage_grain_policy", "coverage: grain"), ("DAT-16", "control_total_tolerance_count", "control_total: row_count_tolerance")],
)
def test_a_parameter_that_stands_among_the_expectations_says_where(control_id: str, name: str, stands: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        check(list(BOOK.values()), engagement(parameters=[override(control_id, {name: "week"})]), PLANNED)
    assert stands in refused.value.todo


def test_what_matching_works_by_holds_for_a_whole_run() -> None:
    policy = override("PRC-03", {"pricing_date_policy": "delivery_date"})
    check(list(BOOK.values()), engagement(parameters=[policy]), PLANNED)
    with pytest.raises(TermsRefused, match="holds for a whole run"):
        check(list(BOOK.values()), engagement(parameters=[policy | {"valid_to": date(2026, 6, 30)}]), PLANNED)
    tail = override("DAT-03", {"line_tail_amount": "0.02"}) | {"valid_to": date(2026, 6, 30)}
    check(list(BOOK.values()), engagement(parameters=[tail]), PLANNED)


def test_what_passed_is_checked_again_where_its_file_or_its_parameters_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = list(BOOK.values())
    assert already_checked(book) == BOOK.keys()
    terms = engagement(parameters=[override("MIS-03", {"invoice_wait_days": "soon"})])
    with pytest.raises(TermsRefused, match="invoice_wait_days"):
        check(book, terms, PLANNED, BOOK.keys())
    shutil.copytree(places.rules(), tmp_path / "rules")
    changed = tmp_path / "rules" / BOOK["MIS-03"].origin
    changed.write_text(changed.read_text(encoding="utf-8").replace("exception_when:", "exception_when:  nonsense +", 1), encoding="utf-8")
    monkeypatch.setattr(places, "rules", lambda: tmp_path / "rules")
    book = read_controls(tmp_path / "rules" / "controls")
    assert BOOK.keys() - already_checked(book) == {"MIS-03"}
    with pytest.raises(TermsRefused, match="MIS-03"):
        check(book, engagement(), PLANNED, already_checked(book))
    (tmp_path / "rules" / CHECKED).unlink()
    assert already_checked(book) == frozenset()
