"""Editions: what each audience sees, and that no masked field is left in any of them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from recon.domain import documents, measures
from recon.domain.sensitive import CLASSES, MASK
from recon.domain.workpapers import Traces
from recon.report import report, summary
from recon.report.audience import AUDIENCES, edition, speaks_of


def sections(text):
    import re

    return re.findall(r'<section id="([\w-]+)"', text)


def test_every_audience_has_a_page_of_its_own(make_workpapers):
    pages = report(make_workpapers(40), "both", tuple(AUDIENCES))
    for place, name in enumerate(AUDIENCES):
        for suffix in ("", "_zh"):
            text = pages[f"report/index{'' if place == 0 else '_' + name}{suffix}.html"].decode()
            shown = sections(text)
            assert {"verdict", "figures"} <= set(shown), name
            assert f'class="edition-{name}"' in text
            if AUDIENCES[name].sections:
                assert set(shown) == set(AUDIENCES[name].sections)


#: Sheet -> the section of the page that shows the same rows; a sheet that is not named here is a control's.
SHEETS = {
    "Files": "tie-out", "Tie-out": "tie-out", "Statements": "tie-out", "Controls": "controls", "Suppressed": "suppressions", "Balances": "balances",
    "Roll-forward": "balances", "Expected accruals": "balances", "Open items": "balances", "Not testable": "blind-spots",
    "Rejected rows": "rejected", "Changes": "changes",
}  # fmt: skip


def test_sheets_follow_the_sections_of_the_page(make_workpapers):
    import io

    import openpyxl

    made = make_workpapers(40)
    row = dict.fromkeys(made.register.changes.columns) | {"change": "new", "control_id": "QTY-01", "exception_id": "e"}
    changes = pl.DataFrame([row], schema=made.register.changes.schema)
    untested = pl.DataFrame(
        [dict.fromkeys(made.outcomes.not_testable.columns, None) | {"control_id": "QTY-01"}], schema=made.outcomes.not_testable.schema
    )
    made = replace(made, register=replace(made.register, changes=changes), outcomes=replace(made.outcomes, not_testable=untested))
    pages, seen = report(made, "en", tuple(AUDIENCES)), set()
    for place, name in enumerate(AUDIENCES):
        suffix = "" if place == 0 else f"_{name}"
        shown = set(sections(pages[f"report/index{suffix}.html"].decode()))
        first, *sheets = openpyxl.load_workbook(io.BytesIO(pages[f"report/report{suffix}.xlsx"]), read_only=True).sheetnames
        assert first == "Summary"
        told = {SHEETS.get(sheet, "exceptions") for sheet in sheets}
        assert told <= shown, name
        assert all(section in told for section in shown & {"tie-out", "controls", "exceptions", "balances", "blind-spots"}), name
        seen |= set(sheets)
    assert seen >= set(SHEETS) - {"Statements", "Suppressed"}  # these workpapers have neither


def test_order_pages_lie_beside_pages_that_lead_to_them(make_workpapers, monkeypatch):
    from recon.report import editions

    monkeypatch.setattr(editions, "pages", lambda _orders: [(1, None)])
    monkeypatch.setattr(editions, "beside", lambda *_terms: b"")
    made = make_workpapers(5)
    for name, audience in AUDIENCES.items():
        files = editions.pages_of(made, made.balances.collect(), (name,), ("en",))
        assert ("report/orders/0001.html" in files) == (not audience.sections or "orders" in audience.sections), name


def test_links_into_left_out_sections_are_plain_words(make_workpapers):
    import re

    text = report(make_workpapers(40), "en", ("management",))["report/index.html"].decode()
    targets = {target.split("/")[0] for target in re.findall(r'href="#([\w/-]+)"', text)}
    assert targets <= set(re.findall(r'\bid="([\w-]+)"', text))


@pytest.mark.parametrize("name", [name for name, audience in AUDIENCES.items() if audience.cycles or audience.families])
def test_an_edition_holds_its_own_cycles_and_families_only(make_workpapers, name):
    workpapers, audience = make_workpapers(100), AUDIENCES[name]
    narrowed, layers = edition(workpapers, workpapers.balances.collect(), audience)
    shown = narrowed.register.exceptions
    assert 0 < shown.height < 100
    assert not audience.cycles or set(shown["cycle"]) <= set(audience.cycles)
    assert set(shown["control_id"].str.slice(0, 3)) <= set(audience.families)
    assert set(layers["kind"]) <= set(audience.kinds)
    assert summary(narrowed, layers)["exceptions"]["count"] == shown.height


def test_the_audit_edition_is_everything(make_workpapers):
    workpapers = make_workpapers(10)
    layers = workpapers.balances.collect()
    assert edition(workpapers, layers, AUDIENCES["audit"]) == (workpapers, layers)


def test_messages_that_name_persons_give_way_to_the_name_of_the_control(make_workpapers):
    workpapers = make_workpapers(50)
    telling = workpapers.controls[3].model_copy(
        update={"message": workpapers.controls[3].message.model_copy(update={"en": "{actor_id} approved", "zh": "{actor_id} 审批"})}
    )
    workpapers = replace(workpapers, controls=(*workpapers.controls[:3], telling, *workpapers.controls[4:]))
    narrowed, _ = edition(workpapers, workpapers.balances.collect(), AUDIENCES["finance"])
    told = narrowed.register.exceptions.filter(control_id=telling.id)
    assert set(told["message"]) == {telling.name.en}
    assert set(told["message_zh"]) == {telling.name.zh}
    assert set(told["observed"]) == {MASK}
    others = narrowed.register.exceptions.filter(pl.col("control_id") != telling.id)
    assert others.equals(workpapers.register.exceptions.filter(pl.col("control_id") != telling.id))


def test_events_lose_their_persons_and_secret_values(make_workpapers):
    event = dict.fromkeys(measures.schema("order_event")) | {"event": "changed", "actor_id": "BUY01", "detail": "bank_account: 622 → 777"}
    events = pl.DataFrame([event, event | {"detail": "quantity: 1 → 2"}], schema=measures.schema("order_event"))
    links = pl.DataFrame(schema=dict.fromkeys(("exception_id", "cycle", "company_code", "order_number"), pl.String()))
    workpapers = replace(make_workpapers(5), traces=Traces(events, links))
    narrowed, _ = edition(workpapers, workpapers.balances.collect(), AUDIENCES["purchasing"])
    assert set(narrowed.traces.events["actor_id"]) == {MASK}
    assert narrowed.traces.events["detail"].to_list() == [MASK, "quantity: 1 → 2"]


def test_every_column_of_persons_and_accounts_is_classed():
    """A new column whose meaning speaks of a user, a person's name or a bank account must be put into a class."""
    import re

    classed = set().union(*CLASSES.values())
    told = re.compile(r"\b(user|users|login|who)\b|bank account|account the money|payee|payer", re.IGNORECASE)
    harmless = {"is_active", "active_from", "active_to", "approval_limit", "limit_currency", "roles", "delegation"}
    columns = {column.name: column.meaning for table in documents.TABLES.values() for column in table.columns}
    unclassed = {name: meaning for name, meaning in columns.items() if told.search(meaning) and name not in classed | harmless}
    assert unclassed == {}


def test_a_control_speaks_of_a_column_in_its_texts_only(make_workpapers):
    control = make_workpapers(1).controls[0].model_copy(update={"observed": "created_by"})
    assert speaks_of(control, frozenset({"created_by"}))
    assert not speaks_of(control, frozenset({"posted_by"}))
