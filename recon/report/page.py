"""The page: sections in the order of their file names, one stylesheet, one script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from recon.domain import places
from recon.report import vocabulary
from recon.report.figures import UNKNOWN, money, number, rounded
from recon.report.verdict import sentence, verdict
from recon.report.view import view
from recon.report.words import LANGUAGES, Words, speak

if TYPE_CHECKING:
    import jinja2
    import polars as pl

    from recon.domain.workpapers import Workpapers


def _(text: str) -> str:
    return text


_HEADLINES: Final = {
    "clean": _("Clean"),
    "gaps": _("No exceptions that fail the run, but gaps"),
    "exceptions": _("Exceptions found"),
    "not_reliable": _("The results are not reliable"),
}
#: What the script says.
_SCRIPT_WORDS: Final = {
    "search": _("Search; -word leaves out"),
    "all": _("all"),
    "clear": _("Clear"),
    "group": _("Group by control"),
    "rows": _("{shown} of {all} rows"),
    "close": _("Close"),
    "row": _("One row in full"),
    "action": _("What to do:"),
}


@dataclass(frozen=True)
class Section:
    """A part of the page: what links call it, its title, its HTML."""

    id: str
    title: str
    css: str
    body: Markup


def page(workpapers: Workpapers, facts: dict[str, Any], layers: pl.DataFrame, language: str) -> bytes:
    """The report as one HTML document. `facts` is the run's summary, `layers` its open layers in memory."""
    words = speak(language)
    environment = _environment(words, workpapers.engagement.currency)
    judged = verdict(workpapers)
    context = view(workpapers, facts, layers, words) | {
        "verdict": judged,
        "headline": words(_HEADLINES[judged.word]),
        "sentence": lambda reason: sentence(reason, words),
    }
    style, script = _static("report.css"), _static("report.js")
    text = environment.get_template("page.html").render(
        **context,
        sections=_sections(environment, context),
        html_language=LANGUAGES[language],
        style=Markup(style),  # noqa: S704 - our own file; nothing of a run is in it
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
        script_words={key: words(text) for key, text in _SCRIPT_WORDS.items()},
    )
    return text.encode()


def _environment(words: Words, currency: str) -> jinja2.Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(places.templates())
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"number": number, "money": money, "known": _known, "rounded": lambda value: rounded(_amount(value), currency)}
    environment.globals |= {"_": words, "v": vocabulary, "in_language": words.column, "closing": lambda value: closing(value, words)}
    return environment


def _sections(environment: jinja2.Environment, context: dict[str, Any]) -> list[Section]:
    """Every file under sections/, in order. It sets `title` and may set `css`; its id is its name without the number."""
    macros = environment.get_template("macros.html").make_module(context)
    sections = []
    for name in environment.list_templates(filter_func=lambda name: name.startswith("sections/")):
        module: Any = environment.get_template(name).make_module(context | {"m": macros})
        identity = name.removeprefix("sections/").removesuffix(".html").partition("_")[2].replace("_", "-")
        sections.append(Section(identity, module.title, getattr(module, "css", ""), module.__html__()))
    return sections


def closing(value: str | None, words: Words) -> str:
    """What closed an exception: a reason's sentence, or a document with its type in words."""
    if not value:
        return UNKNOWN
    if value in vocabulary.CLOSINGS:
        return words(vocabulary.CLOSINGS[value])
    kind, _, number_and_line = value.partition(" ")
    return f"{words(vocabulary.DOCUMENTS.get(kind, kind))} {number_and_line}"


def _known(value: Any) -> str:  # noqa: ANN401 - whatever a table holds
    return UNKNOWN if value is None or value == "" else str(value)


def _amount(value: Decimal | str | None) -> Decimal | None:
    """An amount of a table, or of the summary, which writes them as texts."""
    return Decimal(value) if value is not None else None


def _static(name: str) -> str:
    return (places.templates() / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
