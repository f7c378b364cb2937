"""The page: sections in the order of their file names, one stylesheet, one script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from markupsafe import Markup

from recon.domain import places
from recon.report import vocabulary
from recon.report.column_words import names_in
from recon.report.figures import UNKNOWN, money, number, rounded
from recon.report.orders import blocks
from recon.report.populations import POPULATIONS
from recon.report.verdict import HEADLINES, sentence, verdict
from recon.report.view import view
from recon.report.words import LANGUAGES, NAMES, Words, speak

if TYPE_CHECKING:
    import jinja2
    import polars as pl

    from recon.domain.workpapers import Workpapers
    from recon.report.editions import Edition
    from recon.report.orders import Orders


def _(text: str) -> str:
    return text


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
    "least": _("{column} at least"),
    "columns": _("Columns"),
    "copy": _("Copy"),
    "download": _("Download CSV"),
    "copied": _("{count} rows copied"),
    "timeline": _("Timeline of order {order}"),
    "open_timeline": _("Open the timeline of order {order}"),
    "lines": _("Lines of the order"),
    "days_later": _("{count} days later"),
    "findings": _("Exceptions on this order"),
    "source": _("{file}, row {row}"),
    "lines_count": _("{count} lines"),
    "on_behalf": _("for {who}"),
    "no_events": _("The papers only name this order; it was not among the inputs."),
    "link": _("Link to this row"),
}
#: The section that makes a page of its own, for those who want no more.
_ONE_PAGE: Final = "glance"
_SCRIPTS: Final = ("columns.js", "grid.js", "timeline.js", "page.js")


@dataclass(frozen=True)
class Section:
    """A part of the page: what links call it, its title, its HTML."""

    id: str
    title: str
    css: str
    body: Markup


def page(run: Workpapers, workpapers: Workpapers, facts: dict[str, Any], layers: pl.DataFrame, edition: Edition) -> bytes:
    """An edition as one HTML document.

    `run` are the workpapers of the whole run, whose verdict it is; `workpapers`, `facts` (their summary) and `layers` (open layers in
    memory) are what the edition's readers may see.
    """
    words, environment = edition.tongue
    judged, chosen = verdict(run), edition.terms.sections
    context = (
        view(workpapers, facts, layers, edition, words)
        | _frame(edition, words)
        | {
            "verdict": judged,
            "headline": words(HEADLINES[judged.word]),
            "sentence": lambda reason: sentence(reason, words),
            "shown_sections": chosen or [_identity(name) for name in _section_files(environment) if _identity(name) != _ONE_PAGE],
        }
    )
    parts = {name: _part(environment, f"{name}.html", context) for name in ("head", "foot")}
    text = environment.get_template("page.html").render(**context, **parts, sections=_sections(environment, context))
    return _without_dead_links(text).encode()


def beside(workpapers: Workpapers, orders: Orders, number_of_page: int, edition: Edition) -> bytes:
    """A page of order timelines that the edition's own page has no room for."""
    words, environment = edition.tongue
    pages = edition.orders.pages if edition.orders else 0
    context = {"engagement": workpapers.engagement, "back": edition.file, "number_of_page": number_of_page, "pages": pages} | _frame(edition, words)
    context |= blocks(orders, words, workpapers.engagement.time_zone)
    context["m"] = environment.get_template("macros.html").make_module(context)
    parts = {name: _part(environment, f"{name}.html", context) for name in ("head", "foot")}
    return environment.get_template("orders.html").render(**context, **parts).encode()


def _frame(edition: Edition, words: Words) -> dict[str, Any]:
    """What every page of an edition is framed by: style, script, words, the way to the other languages."""
    style, script = static("report.css"), "\n".join(static(name) for name in _SCRIPTS)
    terms = edition.terms
    return {
        "html_language": LANGUAGES[edition.language],
        "style": Markup(style),  # noqa: S704 - our own file; nothing of a run is in it
        "script": Markup(script),  # noqa: S704
        "style_hash": hash_of(style),
        "script_hash": hash_of(script),
        "script_words": {key: words(text) for key, text in _SCRIPT_WORDS.items()}
        | {"actions": {key: words(text) for key, text in vocabulary.ACTIONS.items()}},
        "edition": {
            "audience": edition.audience,
            "title": terms.title,
            "masks": bool(terms.masks),
            "narrows": edition.audience != "audit",
        },
        "other_languages": [(NAMES[language], file, LANGUAGES[language]) for language, file in edition.siblings],
    }


class Tongue(NamedTuple):
    """A language's words, and the templates that speak them; what a page has compiled the next one finds."""

    words: Words
    environment: jinja2.Environment


def tongue(language: str, currency: str) -> Tongue:
    """The tongue of a language; `currency` is that of rounded sums."""
    words = speak(language)
    return Tongue(words, environment_of(words, currency))


def environment_of(words: Words, currency: str) -> jinja2.Environment:
    """The templates with escaping on, our words and our ways to write figures; `currency` is that of rounded sums."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(places.templates())
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "number": number,
        "money": money,
        "known": _known,
        "named": partial(names_in, words=words),
        "day": words.day,
        "rounded": lambda value: rounded(_amount(value), currency),
    }
    environment.globals |= {
        "_": words,
        "v": vocabulary,
        "populations": POPULATIONS,
        "in_language": words.column,
        "closing": lambda value: closing(value, words),
    }
    return environment


def _part(environment: jinja2.Environment, name: str, context: dict[str, Any]) -> Markup:
    return Markup(environment.get_template(name).render(**context))  # noqa: S704 - autoescaped by its own template


def _section_files(environment: jinja2.Environment) -> list[str]:
    return environment.list_templates(filter_func=lambda name: name.startswith("sections/"))


def _identity(name: str) -> str:
    return name.removeprefix("sections/").removesuffix(".html").partition("_")[2].replace("_", "-")


def _sections(environment: jinja2.Environment, context: dict[str, Any]) -> list[Section]:
    """Every file under sections/ that the edition shows, in order. It sets `title` and may set `css`; its id is its name without the number."""
    macros = environment.get_template("macros.html").make_module(context)
    sections = []
    for name in _section_files(environment):
        if _identity(name) in context["shown_sections"]:
            module: Any = environment.get_template(name).make_module(context | {"m": macros})
            sections.append(Section(_identity(name), module.title, getattr(module, "css", ""), module.__html__()))
    return sections


def _without_dead_links(text: str) -> str:
    """Links into sections that the edition leaves out become plain words. Texts of a run are escaped and hold no tags."""
    targets = set(re.findall(r'\bid="([\w-]+)"', text))
    if "grid-exceptions" in targets:
        targets.add("exception")

    def kept(link: re.Match[str]) -> str:
        return link.group(0) if link.group(1) in targets else link.group(2)

    return re.sub(r'<a href="#([\w-]+)[^"]*"[^>]*>(.*?)</a>', kept, text, flags=re.DOTALL)


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


def static(name: str) -> str:
    """The text of a style or script of ours."""
    return (places.templates() / "static" / name).read_text(encoding="utf-8")


def hash_of(text: str) -> str:
    """What a content security policy calls this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
