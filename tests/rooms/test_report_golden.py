"""The words and figures of the report, approved by a person: a change shows as a diff of tests/golden/.

To approve one: RECON_ACCEPT=1 pytest tests/rooms/test_report_golden.py, then read the diff.
"""

from __future__ import annotations

import html
import os
import re
from pathlib import Path

import pytest

from recon.report import report

GOLDEN = Path(__file__).parents[1] / "golden"


def told(page: bytes) -> str:
    """What a reader without script reads, a line per piece of text."""
    text = re.sub(r"<(style|script)\b.*?</\1>|<!doctype[^>]*>", "", page.decode(), flags=re.DOTALL)
    pieces = (" ".join(html.unescape(piece).split()) for piece in re.split(r"<[^>]+>", text))
    return "\n".join(piece for piece in pieces if piece) + "\n"


def approved(name: str, text: str) -> bool:
    path = GOLDEN / name
    if os.environ.get("RECON_ACCEPT"):
        path.write_text(text, encoding="utf-8")
    return text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_reads_as_approved(make_workpapers, language):
    assert approved(f"report_{language}.txt", told(report(make_workpapers(12), language)["report/index.html"]))


def test_the_summary_reads_as_approved(make_workpapers):
    assert approved("summary.json", report(make_workpapers(12), "en")["results/summary.json"].decode())
