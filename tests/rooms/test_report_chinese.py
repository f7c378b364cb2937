"""The Chinese edition is Chinese: no English sentence is left in the page of the planted company, in its tables, or in the workbook's texts."""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from typing import TYPE_CHECKING

import pytest

from recon.conform import kinds
from recon.domain import places
from recon.load import read_engagement, rulebook
from recon.match import links
from recon.report import phrases
from recon.report.editions import editions
from recon.validate import row_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: What stays as it is written elsewhere: code, names of columns and files, figures of a rule, words of the engagement.
AS_WRITTEN = re.compile(r'<(script|style|code)\b.*?</\1>|<(\w+)[^>]* class="(?:mono|asis)[^"]*"[^>]*>.*?</\2>', re.DOTALL)
#: Two English words of small letters, one after the other: a sentence, or a part of one.
SENTENCE = re.compile(r"(?<![\w./-])[a-z]{2,}[ ,;:]+[a-z]{2,}(?![\w./-])")
#: Columns of the embedded tables that hold words, not ids.
WORDS = ("message_zh", "message", "observed", "expected", "variance", "limit", "severity_reason", "link_pass", "closed_by", "rule")


@pytest.fixture(scope="module")
def page(planted) -> str:
    return editions(planted, planted.balances.collect(), ("audit",), ("zh",))["report/index.html"].decode()


def blocks(page: str) -> Iterator[tuple[str, dict]]:
    for name, packed in re.findall(r'<script type="application/json" id="block-([\w-]+)">(.*?)</script>', page, re.DOTALL):
        yield name, json.loads(zlib.decompress(base64.b64decode(json.loads(packed))))


def test_no_english_sentence_is_left_in_the_page(page):
    texts = [html.unescape(text).strip() for text in re.split(r"<[^>]+>", AS_WRITTEN.sub(" ", page))]
    terms = read_engagement(places.sample_data() / "planted" / "engagement.yaml", as_of=None)
    own = {term.why for term in (*terms.parameters, *terms.policies)}  # the company's own words stay as it wrote them
    left = sorted({text for text in texts if SENTENCE.search(text) and not any(text.endswith(why) for why in own)})
    assert not left, "\n".join(left[:20])


def test_no_english_word_is_left_in_the_tables_of_the_page(page):
    left = set()
    for name, found in blocks(page):
        for column in found["columns"]:
            told = column.get("values") or column.get("words") or ()
            if column["name"] in WORDS:
                left |= {f"{name}.{column['name']}: {text}" for text in told if text and SENTENCE.search(text)}
    assert not left, "\n".join(sorted(left)[:20])


def test_every_message_is_chinese(page):
    (found,) = [found for name, found in blocks(page) if name == "exceptions"]
    (column,) = [column for column in found["columns"] if column["name"] == "message_zh"]
    assert found["rows"] > 400
    assert [text for text in column.get("values") or column["words"] if not CHINESE.search(text)] == []


@pytest.mark.parametrize("control", rulebook.read_controls(places.rules() / "controls"), ids=lambda control: control.id)
def test_reasons_and_known_false_positives_are_in_both_languages(control):
    for remark in (
        [limit.why for limit in control.parameters.values()] + control.known_false_positives + list(filter(None, [control.not_testable_because]))
    ):
        assert CHINESE.search(remark.zh), f"{control.id}: say it in Chinese as well, {{en: …, zh: …}}: {remark.en}"


def test_reasons_of_expectations_are_in_both_languages():
    for table in rulebook.read_expectations(places.rules() / "expectations").values():
        for rule in filter(None, (table.control_total, table.volume, *table.dates, *table.coverage, *table.filled)):
            assert CHINESE.search(rule.why.zh), f"{table.table}: {rule.why.en}"


def test_the_sentences_of_rejected_rows_are_those_of_the_rooms():
    told = kinds.RULES | row_rules.SENTENCES
    assert told.keys() == phrases.REJECTIONS.keys()
    assert {rule for rule, text in phrases.REJECTIONS.items() if text not in (kinds.RULES.get(rule), row_rules.SENTENCES.get(rule))} == set()


def test_every_way_to_a_link_has_a_name():
    assert {word for way in links.PASS.categories.to_list() for word in way.split(", ")} <= phrases.PASSES.keys()
