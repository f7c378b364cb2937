"""From what the engagement says under `extracts` to files: variables, folders, globs. Names stay as the user wrote them.

A name is what the results call a file. It keeps `${VARIABLE}` unexpanded and relative paths relative, so that the same run on
another machine gives the same bytes.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.domain.errors import InputsRefused, TermsRefused, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from recon.domain.engagement import Engagement

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class FileName:
    """One file of an input: where it lies, what the results call it, and the sheet of a workbook if one was named."""

    path: Path
    name: str
    sheet: str | None = None


def expand(text: str, where: str) -> str:
    """`${NAME}` replaced by the environment variable NAME. Raises TermsRefused where it is not set."""

    def value(found: re.Match[str]) -> str:
        variable = found.group(1)
        if not os.environ.get(variable):
            hint = did_you_mean(variable, set(os.environ))
            todo = f"set it before the run, for example: export {variable}=/path/to/the/data. {hint}".rstrip()
            raise TermsRefused(f"the variable {variable} is not set", where=where, got=text, todo=todo)
        return os.environ[variable]

    return _VARIABLE.sub(value, text)


def files_of(engagement: Engagement, name: str) -> list[FileName]:
    """The files of one input, in the order of their names.

    Raises InputsRefused for a file that does not exist or a pattern that fits none, TermsRefused for a file named twice.
    """
    where = f"{engagement.origin}:extracts.{name}"
    found: list[FileName] = []
    for written in engagement.extracts[name]:
        found.extend(_matches(written, engagement.folder, where))
    seen: set[tuple[Path, str | None]] = set()
    for file in found:
        key = (file.path.resolve(), file.sheet)
        if key in seen:
            raise TermsRefused("the same file is named twice", where=where, got=file.name, todo="name it once")
        seen.add(key)
    return sorted(found, key=lambda file: file.name)


def _matches(written: str, folder: Path, where: str) -> list[FileName]:
    pattern, _, sheet = written.partition("#")
    path = folder / expand(pattern, where)
    if path.is_file():
        return [FileName(path, pattern, sheet or None)]
    if not _GLOB.search(pattern):
        raise _absent(path, written, where)
    fixed, tail = _split(pattern)
    start = folder / expand(fixed, where) if fixed else folder
    hits = sorted(hit for hit in start.glob(expand(tail, where)) if hit.is_file())
    if not hits:
        raise InputsRefused(
            "no file fits the pattern", where=where, expected="at least one file", got=written, todo="check the folder and the pattern"
        )
    return [FileName(hit, f"{fixed}{hit.relative_to(start).as_posix()}", sheet or None) for hit in hits]


def _split(pattern: str) -> tuple[str, str]:
    """The folders before the first wildcard, with their last slash, and the rest."""
    first = _GLOB.search(pattern)
    cut = pattern.rfind("/", 0, first.start() if first else len(pattern)) + 1
    return pattern[:cut], pattern[cut:]


def _absent(path: Path, written: str, where: str) -> InputsRefused:
    if path.is_dir():
        return InputsRefused("this is a folder, not a file", where=where, got=written, todo=f'name its files, for example "{written}/*.csv"')
    beside = {p.name for p in path.parent.iterdir()} if path.parent.is_dir() else set()
    hint = did_you_mean(path.name, beside)
    todo = hint or "check the path; relative paths start at the engagement file"
    return InputsRefused("the file does not exist", where=where, got=written, todo=todo)
