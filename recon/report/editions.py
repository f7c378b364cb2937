"""The pages of a run: an edition per audience and language, each with the timelines of its orders beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.report.audience import AUDIENCES, Audience, edition
from recon.report.orders import Orders, orders_of, pages
from recon.report.page import beside, page, tongue
from recon.report.summary import summary
from recon.report.verdict import verdict
from recon.report.words import LANGUAGES, speak
from recon.report.workbook import Part, workbook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from recon.domain.workpapers import Workpapers
    from recon.report.page import Tongue


@dataclass(frozen=True)
class Edition:
    """One page as a reader gets it. `suffix` tells its files from those of the other editions; the first one has none."""

    audience: str
    language: str
    suffix: str
    orders: Orders | None
    siblings: tuple[tuple[str, str], ...]  # language, file: the same edition in the other languages
    tongue: Tongue

    @property
    def terms(self) -> Audience:
        """What the audience sees."""
        return AUDIENCES[self.audience]

    @property
    def file(self) -> str:
        """The page, beside the others under report/."""
        return f"index{self.suffix}.html"

    @property
    def folder(self) -> str:
        """The folder of the order timelines that the page has no room for."""
        return f"orders{self.suffix}"


def editions(workpapers: Workpapers, layers: pl.DataFrame, audiences: Sequence[str], languages: Sequence[str]) -> Mapping[str, bytes]:
    """Path -> page or workbook of every audience in every language; the first of both is report/index.html and report/report.xlsx."""
    return {**pages_of(workpapers, layers, audiences, languages), **books(workpapers, layers, audiences, languages)}


def books(workpapers: Workpapers, layers: pl.DataFrame, audiences: Sequence[str], languages: Sequence[str]) -> Mapping[str, bytes]:
    """Path -> workbook of every audience in every language: of what the audience sees, with its masks."""
    files: dict[str, bytes] = {}
    for audience in audiences:
        theirs, open_layers = edition(workpapers, layers, AUDIENCES[audience])
        facts, part = summary(theirs, open_layers), Part(verdict(workpapers), AUDIENCES[audience].sections)
        for language in languages:
            suffix = _suffix(audience, language, audiences[0], languages[0])
            files[f"report/report{suffix}.xlsx"] = workbook(theirs, facts, open_layers, speak(language), part)
    return files


def pages_of(workpapers: Workpapers, layers: pl.DataFrame, audiences: Sequence[str], languages: Sequence[str]) -> Mapping[str, bytes]:
    """Path -> page of every audience in every language; the first of both is report/index.html."""
    files: dict[str, bytes] = {}
    tongues = {language: tongue(language, workpapers.engagement.currency) for language in languages}
    for audience in audiences:
        theirs, open_layers = edition(workpapers, layers, AUDIENCES[audience])
        facts, orders = summary(theirs, open_layers), orders_of(theirs)
        suffixes = {language: _suffix(audience, language, audiences[0], languages[0]) for language in languages}
        for language, suffix in suffixes.items():
            siblings = tuple((other, f"index{suffixes[other]}.html") for other in languages if other != language)
            one = Edition(audience, language, suffix, orders, siblings, tongues[language])
            files[f"report/{one.file}"] = page(workpapers, theirs, facts, open_layers, one)
            for number, of_page in pages(orders) if not one.terms.sections or "orders" in one.terms.sections else ():
                files[f"report/{one.folder}/{number:04}.html"] = beside(theirs, of_page, number, one)
    return files


def _suffix(audience: str, language: str, first_audience: str, first_language: str) -> str:
    parts = [audience if audience != first_audience else "", language if language != first_language else ""]
    return "".join(f"_{part}" for part in parts if part)


#: what `recon run --lang` takes: one language, or all of them side by side
CHOICES = {**{language: (language,) for language in LANGUAGES}, "both": tuple(LANGUAGES)}
