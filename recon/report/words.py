"""The languages of the report: English is written in the code and the templates, the others are gettext catalogues read as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from recon.domain import places

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: language -> what an HTML document calls it
LANGUAGES: Final = {"en": "en", "zh": "zh-Hans"}
#: language -> the locale whose forms of dates and numbers it uses, and what the language calls itself
LOCALES: Final = {"en": "en_GB", "zh": "zh_Hans_CN"}
NAMES: Final = {"en": "English", "zh": "简体中文"}


@dataclass(frozen=True)
class Words:
    """One language. Sentences without a translation stay English; a test holds the catalogues complete."""

    language: str
    sentences: Mapping[str, str]

    def __call__(self, sentence: str, /, **values: Any) -> str:  # noqa: ANN401 - whatever fills the gaps
        """Translate the sentence; gaps like `%(count)s` are filled when values are given."""
        text = self.sentences.get(sentence, sentence)
        return text % values if values else text

    def day(self, value: date | str | None) -> str:
        """A date in the form of the language: 31 Oct 2026, 2026年10月31日."""
        return "–" if value is None else _day(str(value), LOCALES[self.language])

    def column(self, name: str) -> str:
        """Name the column of that language where a table carries one per language: `message` -> `message_zh`."""
        return name if self.language == "en" else f"{name}_{self.language}"


@cache
def _day(iso: str, locale: str) -> str:
    from babel.dates import format_date

    return format_date(date.fromisoformat(iso), "medium", locale)


def catalogue(language: str) -> Path:
    """The gettext file of a language."""
    return places.templates().parent / "locales" / f"{language}.po"


def speak(language: str) -> Words:
    """Read the words of a language: `en` or `zh`."""
    if language == "en":
        return Words(language, {})
    from babel.messages.pofile import read_po

    with catalogue(language).open("rb") as file:
        messages = read_po(file, locale=language)
    return Words(language, {str(m.id): str(m.string) for m in messages if m.id and m.string})
