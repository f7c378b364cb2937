"""The page: self-contained, escaped, whole in both languages, and nothing cut in silence."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

import recon.report
from recon.domain import places
from recon.domain.documents import TABLES
from recon.domain.workpapers import CHANGES
from recon.report import report, summary, table_words, vocabulary
from recon.report.words import catalogue, speak


def page(workpapers, language="en"):
    return report(workpapers, language)["report/index.html"].decode()


def block(text, name):
    packed = re.search(rf'<script type="application/json" id="block-{name}">(.*?)</script>', text, re.DOTALL).group(1)
    return json.loads(zlib.decompress(base64.b64decode(json.loads(packed))))


def column(found, name):
    facts = next(c for c in found["columns"] if c["name"] == name)
    return facts["values"] if "values" in facts else [None if code is None else facts["keys"][code] for code in facts["codes"]]


def test_it_is_one_file_that_asks_for_nothing(workpapers):
    text = page(workpapers)
    outside = re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL)
    assert not re.search(r"https?:|//[a-z]|\bsrc=|@import|url\(|<link\b|<iframe|<object|\bstyle=|\bon[a-z]+=", outside)
    for path in (places.templates() / "static").iterdir():
        assert "http" not in path.read_text(encoding="utf-8"), path


def test_the_policy_admits_its_own_style_and_script_only(workpapers):
    text = page(workpapers)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        inner = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind} &#39;sha256-{digest}&#39;" in policy or f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_hostile_text_stays_text(make_workpapers):
    hostile = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ 7*7 }}",
        "javascript:alert(1)",
        "</script><b>",
        "' onmouseover='x",
        "100 %(count)s %",
        "\u202egnp.exe",
    ]
    workpapers = make_workpapers(len(hostile))
    exceptions = workpapers.register.exceptions.with_columns(
        pl.Series(name, hostile) for name in ("party_name", "document_number", "message", "message_zh", "source_file", "document_type")
    )
    rejected = workpapers.rejected.with_columns(value=pl.lit(hostile[0]), table=pl.lit(hostile[6]), rule=pl.lit(hostile[1]))
    text = page(replace(workpapers, register=replace(workpapers.register, exceptions=exceptions), rejected=rejected))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "{{ 7*7 }}" in text
    assert not re.search(r"<[^>]*onmouseover", text)
    assert not re.search(r'href="javascript', text)
    assert sorted(column(block(text, "exceptions"), "document_number")) == sorted(hostile)


def test_every_exception_is_in_the_page_with_its_source(make_workpapers):
    workpapers = make_workpapers(500)
    found = block(page(workpapers), "exceptions")
    assert found["rows"] == 500
    assert sorted(column(found, "exception_id")) == sorted(workpapers.register.exceptions["exception_id"])
    assert {int(text) for text in column(found, "source_row")} == set(range(2, 502))
    assert column(found, "severity")[0] == "critical"
    assert {group["place"] for group in found["groups"].values()} == set(range(5))


def test_without_script_the_heaviest_rows_stand_there_and_the_rest_is_named(make_workpapers):
    text = page(make_workpapers(500))
    plain = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert len(re.findall(r"<td><a href=\"#exception/\w+\">INV-\d{6}/\d</a></td>", plain)) == 50
    assert plain.count("10 of 100 rows are shown here") == 5
    assert '<a href="../results/exceptions.csv">' in plain


def test_rows_above_the_limit_are_said(make_workpapers, monkeypatch):
    monkeypatch.setattr("recon.report.view._EXCEPTIONS_MOST", 7)
    text = page(make_workpapers(40))
    assert block(text, "exceptions")["rows"] == 7
    assert "7 of 40 rows are shown here" in text


def test_a_clean_run_says_so(make_workpapers):
    text = page(make_workpapers(0, rejected=0))
    for sentence in ("No exception was found.", "No row was rejected.", "No exception, every control performed on every row"):
        assert sentence in text
    assert 'class="verdict green"' in text


def test_blind_spots_changes_and_statements_are_told(make_workpapers):
    workpapers = make_workpapers(4, second_opinion="error")
    untested = pl.DataFrame(
        [{**dict.fromkeys(workpapers.outcomes.not_testable.columns, "x"), "control_id": "PRC-01", "reason": "no rate for <USD>", "amount_base": None}]
    )
    change = dict.fromkeys(CHANGES) | {"change": "closed", "exception_id": "e1", "control_id": "MIS-03", "closed_by": "supplier_invoice INV-9/1"}
    other = change | {"change": "not_retested", "exception_id": "e2", "closed_by": "control_not_performed"}
    changes = pl.DataFrame([change, other], schema=workpapers.register.changes.schema)
    facts = summary(workpapers)
    earlier = facts | {"as_of": "2026-09-30", "exceptions": facts["exceptions"] | {"count": 9}}
    register = replace(workpapers.register, changes=changes, previous_summary=earlier)
    text = page(replace(workpapers, register=register, outcomes=replace(workpapers.outcomes, not_testable=untested)))
    for sentence in (
        "Great Expectations did not start",
        "no rate for &lt;USD&gt;",
        "Supplier invoice INV-9/1",
        "Since the run as of 30 Sept 2026.",
        "9 in the previous run",
    ):
        assert sentence in text
    assert column(block(text, "changes"), "closed_by") == ["Supplier invoice INV-9/1", "the control was not performed this time"]


def test_every_section_has_a_title_and_a_place_in_the_contents(workpapers):
    text = page(workpapers)
    files = sorted((places.templates() / "sections").glob("*.html"))
    ids = re.findall(r'<li><a href="#([\w-]+)">', text)
    assert ids == [name for f in files if (name := f.stem.partition("_")[2].replace("_", "-")) != "glance"]
    assert all(f'<section id="{name}"' in text for name in ids)


def test_links_inside_the_page_lead_somewhere(workpapers):
    text = page(workpapers)
    assert set(re.findall(r'href="#([\w-]+)"', text)) <= set(re.findall(r'\bid="([\w-]+)"', text))


# ── languages ────────────────────────────────────────────────────────────────────────────────────────────────
def sentences():
    """Every sentence of the templates and the code of the report."""
    found = set()
    for path in places.templates().rglob("*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_",), [], {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}):
                found.update(m for m in ([message] if isinstance(message, str) else message or ()) if m)
    for path in Path(recon.report.__file__).parent.glob("*.py"):
        with path.open("rb") as file:
            found.update(message for _, message, _, _ in extract("python", file, {"_": None, "words": None}) if isinstance(message, str))
    return found


def test_every_sentence_is_translated_and_nothing_is_left_over():
    translated = speak("zh").sentences
    assert sentences() == set(translated)
    for english, chinese in translated.items():
        gaps = r"%\(\w+\)s|\{\w+\}"
        assert sorted(re.findall(gaps, english)) == sorted(re.findall(gaps, chinese)), english
        assert re.search(r"[\u4e00-\u9fff]", chinese), english
    assert catalogue("zh").read_text(encoding="utf-8").count("msgid") == len(translated) + 1


def test_no_word_of_the_templates_escapes_the_catalogue():
    for path in places.templates().rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<style>.*?</style>|<[^>]*>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"results/[\w.]+", " ", text)
        assert set(re.findall(r"[A-Za-z]{3,}", text)) <= {"recon", "sha", "results", "nbsp"}, path


@pytest.mark.parametrize(("language", "attribute", "words"), [("en", 'lang="en"', "Exceptions found"), ("zh", 'lang="zh-Hans"', "发现例外")])
def test_a_language_is_whole(workpapers, language, attribute, words):
    text = page(workpapers, language)
    assert attribute in text
    assert words in text
    if language == "zh":
        plain = re.sub(r"<(script|style).*?</\1>|<code>.*?</code>|<[^>]+>", " ", text, flags=re.DOTALL)
        assert not {"Exceptions", "Severity", "Document", "Rows", "Control", "Population"} & set(re.findall(r"[A-Z][a-z]+", plain))
        assert "重复发票：开票 80，到货 50" in text


def test_every_table_of_the_model_has_a_name():
    assert table_words.TABLES.keys() == TABLES.keys()


def test_every_word_that_sets_a_row_aside_has_a_name():
    """The rules of conform and validate, as they are written there."""
    from recon.conform import kinds
    from recon.validate import row_rules

    assert kinds.RULES.keys() <= vocabulary.RULES.keys()
    assert row_rules.SENTENCES.keys() <= vocabulary.RULES.keys()


@pytest.mark.parametrize("label", ["佛山博远精密机械有限公司50049部", "Supplier and customer master data", "短", "x" * 32, "x" * 33])
def test_a_long_label_is_cut_in_its_middle_and_has_room(label):
    from recon.report.charts import _cut

    wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in label)
    cut = _cut(label)
    assert (cut == label) == (wide <= 32)
    assert sum(2 if ord(letter) > 0x2E80 else 1 for letter in cut) <= 32
    assert cut[-3:] == label[-3:]
    assert cut[:4] == label[:4]


@pytest.mark.parametrize("height", [500, 40_000])
def test_a_block_has_as_many_rows_as_fit(height):
    from recon.report.blocks import fitting

    rows = pl.DataFrame({"message": [hashlib.sha256(str(place).encode()).hexdigest() for place in range(height)]})

    def pack(some):
        return base64.b64encode(zlib.compress("".join(some["message"]).encode())).decode()

    whole = len(pack(rows))
    assert fitting(rows, whole, pack)[0].height >= height * 99 // 100
    for most in (whole // 2, whole // 7):
        kept, block = fitting(rows, most, pack)
        assert kept.equals(rows.head(kept.height))
        assert most * 9 // 10 < len(block) <= most
    assert fitting(rows, 1, pack)[0].height == 1  # never none


def test_the_page_says_how_many_exceptions_fit(make_workpapers, monkeypatch):
    from recon.report import view

    monkeypatch.setattr(view, "_EXCEPTIONS_SIZE_MOST", 9_000)
    page = report(make_workpapers(1_000), "en")["report/index.html"].decode()
    shown = int(re.search(r"([\d,]+) of 1,000 rows", page)[1].replace(",", ""))
    assert 10 < shown < 900
