"""rules/checked.txt: which files of controls passed every check of this version, so that a run need not check them again.

    python -m benchmarks.checked_rules

A control that is not listed, whose file reads otherwise, or whose parameters an engagement sets, is checked before every run.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from recon.domain import places
from recon.domain.engagement import Engagement, Period
from recon.evaluate import check
from recon.load import rulebook

DAY: Final = date(2026, 1, 31)


def passed() -> str:
    """The page, once all shipped controls have passed under an engagement that sets nothing. Raises TermsRefused for one that does not."""
    book = rulebook.read_controls(places.rules() / "controls")
    terms = {"entity": "none", "as_of": DAY, "period": Period(**{"from": DAY, "to": DAY}), "currency": "CNY", "source": "canonical", "extracts": {}}
    check(book, Engagement.model_validate(terms), rulebook.read_planned(places.rules() / "planned.yaml"))
    return rulebook.as_checked(book)


if __name__ == "__main__":
    Path(places.rules() / rulebook.CHECKED).write_text(passed(), encoding="utf-8")
