"""Limits that matching works by: an override with a scope acts where matching reads the limit, or it is refused. Every limit, every key."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from recon.domain import allowances, places
from recon.domain.allowances import GRANTED_BY, NOTHING, REACHES, TIMELESS, with_limits
from recon.domain.engagement import Engagement, ParameterOverride, PolicyChoice
from recon.domain.errors import TermsRefused
from recon.domain.scopes import SCOPE_COLUMNS, SCOPE_KEYS
from recon.evaluate import check
from recon.evaluate.rulebook import _check_reach
from recon.evaluate.settings import check_overrides, check_value
from recon.load.engagement import read_engagement
from recon.load.rulebook import read_controls, read_planned
from recon.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.domain.scopes import ScopedRule

BOOK = {c.id: c for c in read_controls(places.rules() / "controls")}
PLANNED = read_planned(places.rules() / "planned.yaml")
TERMS = read_engagement(places.sample_data() / "planted" / "engagement.yaml").model_copy(
    update={"second_opinion": False, "parameters": [], "allowances": allowances.allowances(list(BOOK.values()))}
)
#: a value of each limit that its file does not say
OTHER = dict.fromkeys(GRANTED_BY, "7") | {
    "tolerance_combine_policy": "either",
    "pricing_date_policy": "delivery_date",
    "day_policy": "business",
    "allowed_group_set": "G77",
    "allowed_sequence_set": "created > sent",
    "exposure_policy": "without_open_orders",
    "amount_basis_policy": "gross",
    "fx_policy": "decision",
    "convention_set": "line, half_up",
    "order_rate_policy": "receipt",
}


@pytest.fixture(scope="module")
def read() -> Mapping[str, pl.DataFrame]:
    """Scope columns of the rows for which matching asked each limit, in a run of the planted company."""
    seen: dict[str, list[pl.DataFrame]] = {}
    plain = allowances.resolve

    def spy(frame: pl.LazyFrame, rules: Sequence[ScopedRule], names: Mapping[str, str | None]) -> pl.LazyFrame:
        known = [c for c in (*SCOPE_COLUMNS, "invoice_date") if c in frame.collect_schema().names()]
        for name in names:
            seen.setdefault(name, []).append(frame.select(known).unique().collect())
        return plain(frame, rules, names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allowances, "resolve", spy)
        # these are asked for row by row only where somebody overrides them
        rare = ("pricing_date_policy", "exposure_policy", "amount_basis_policy", "fx_policy", "convention_set", "order_rate_policy")
        booked = PolicyChoice.model_validate({"set": {"unreferenced_bill": "book"}, "why": "its limits are asked for only then"})
        run(TERMS.model_copy(update={"parameters": [overridden(name, {"company_code": "C10"}) for name in rare], "policies": [booked]}))
    return {name: pl.concat(frames, how="diagonal").unique() for name, frames in seen.items()}


def overridden(name: str, where: dict[str, str], **days: str) -> ParameterOverride:
    return ParameterOverride.model_validate({"control": GRANTED_BY[name], "set": {name: OTHER[name]}, "where": where, "why": "test", **days})


def terms(name: str, where: dict[str, str], **days: str) -> Engagement:
    return TERMS.model_copy(update={"parameters": [overridden(name, where, **days)]})


def checked(asked: Engagement) -> None:
    """The parts of `check` that look at overrides; the rest of the rule book is the same every time."""
    check_overrides(list(BOOK.values()), PLANNED, asked)
    _check_reach(list(BOOK.values()), asked)


def test_the_whole_check_refuses_as_its_part_does() -> None:
    with pytest.raises(TermsRefused, match="cannot differ by company_code"):
        check(list(BOOK.values()), terms("round_base_amount", {"company_code": "C10"}), PLANNED)


def test_a_limit_that_matching_alone_works_by_reaches_what_the_population_cannot_tell() -> None:
    """Suppliers have no item group; the lines that SUP-01 counts have one."""
    check(list(BOOK.values()), terms("late_days", {"item_group": "STEEL"}), PLANNED)
    both = {"control": "SUP-01", "set": {"late_days": "7", "otif_target_share": "0.9"}, "where": {"item_group": "STEEL"}, "why": "test"}
    with pytest.raises(TermsRefused, match="judges party_record, which has no item_group"):
        check(list(BOOK.values()), TERMS.model_copy(update={"parameters": [ParameterOverride.model_validate(both)]}), PLANNED)


def test_every_limit_that_matching_reads_says_how_far_overrides_reach() -> None:
    assert REACHES.keys() == GRANTED_BY.keys() == NOTHING.keys()
    for name, other in OTHER.items():
        check_value(BOOK[GRANTED_BY[name]], name, other, "test")
        assert BOOK[GRANTED_BY[name]].parameters[name].value != other


@pytest.mark.parametrize("name", GRANTED_BY)
@pytest.mark.parametrize("key", SCOPE_KEYS)
def test_an_override_with_a_scope_acts_or_is_refused(name: str, key: str, read: Mapping[str, pl.DataFrame]) -> None:
    column, cycle = SCOPE_KEYS[key]
    if column not in REACHES[name] or (cycle and "cycle" not in REACHES[name]):
        with pytest.raises(TermsRefused) as refused:
            checked(terms(name, {key: "procure_to_pay" if key == "cycle" else "X"}))
        assert f"parameters[0].where.{key}" in str(refused.value)
        assert refused.value.todo
        return
    value = "procure_to_pay" if key == "cycle" else "X"
    rows = three(read[name]).with_columns(pl.Series(column, [value, "Y", None]))
    if cycle:
        rows = rows.with_columns(pl.Series("cycle", [cycle, cycle, cycle]))
    asked = terms(name, {key: value})
    checked(asked)
    limited = with_limits(rows.lazy(), asked, name, day="invoice_date" if name not in TIMELESS else None).collect()
    assert set(limited.filter(pl.col(column) == value)[name]) == {OTHER[name]}
    assert set(limited.filter((pl.col(column) != value).fill_null(value=True))[name]) == {TERMS.allowances[name]}


def three(rows: pl.DataFrame) -> pl.DataFrame:
    """Three rows in the columns that matching has where it asks a limit, with the words of nobody."""
    words = {name: pl.lit("other") for name, kind in rows.schema.items() if kind == pl.String}
    return pl.DataFrame({"at": [0, 1, 2]}).with_columns(**words).drop("at")


@pytest.mark.parametrize("name", [name for name in GRANTED_BY if REACHES[name]])
def test_whom_a_limit_is_asked_for_is_known_in_a_run(name: str, read: Mapping[str, pl.DataFrame]) -> None:
    """Not only are the columns there: they say something, but for what the sample company has none of among the rows that are asked about."""
    rows = read[name]
    if rows.is_empty():  # the planted company sends no bill that may be booked; tests/rooms/test_match_unreferenced.py sets both for a party
        assert name in {"second_candidate_share", "unreferenced_window_days"}
        return
    empty = {column for column in REACHES[name] if rows[column].null_count() == rows.height}
    assert empty <= {"group_id", "contract_id"}


@pytest.mark.parametrize("name", GRANTED_BY)
def test_an_override_for_a_time_acts_or_is_refused(name: str, read: Mapping[str, pl.DataFrame]) -> None:
    asked = terms(name, {}, valid_to="2026-03-31")
    if name in TIMELESS:
        with pytest.raises(TermsRefused):
            checked(asked)
        return
    checked(asked)
    days = pl.Series("invoice_date", [date(2026, 3, 31), date(2026, 4, 1), None])
    limited = with_limits(three(read[name]).with_columns(days).lazy(), asked, name, day="invoice_date").collect()
    assert limited.sort("invoice_date", nulls_last=True)[name].to_list() == [OTHER[name], TERMS.allowances[name], TERMS.allowances[name]]


@pytest.mark.parametrize("name", [name for name in GRANTED_BY if not REACHES[name]])
def test_what_holds_for_everybody_is_taken_from_the_engagement(name: str) -> None:
    checked(terms(name, {}))
    assert allowances.for_everybody(terms(name, {}), name) == OTHER[name]
    assert allowances.for_everybody(TERMS, name) == TERMS.allowances[name]


def test_a_frame_that_cannot_tell_a_scope_is_a_defect() -> None:
    frame: Any = pl.LazyFrame({"company_code": ["A"], "party_id": ["P"], "cycle": ["procure_to_pay"]})
    with pytest.raises(ValueError, match="group_id"):
        with_limits(frame, TERMS, "discount_grace_days")
