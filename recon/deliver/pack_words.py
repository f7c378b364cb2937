"""How the parts of an evidence pack are written: pages from their templates, facts as JSON, rows of our own CSV files."""

from __future__ import annotations

import csv
import html
import io
import json
from string import Template
from typing import TYPE_CHECKING, Any

from recon.domain import places
from recon.domain.errors import TermsRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def page(name: str, **values: str) -> bytes:
    """A page of the pack; values are escaped, except those whose names begin with `rows`, which are rows of cells that are."""
    escaped = {key: value if key.startswith("rows") else html.escape(value) for key, value in values.items()}
    return Template((places.pack_files() / name).read_text(encoding="utf-8")).substitute(escaped).encode()


def cells(*values: object) -> str:
    """A row of a table of such a page."""
    return "<tr>" + "".join(f"<td>{html.escape('' if value is None else str(value))}</td>" for value in values) + "</tr>"


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of ours. Raises TermsRefused when it is not there."""
    try:
        text = path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        raise TermsRefused("this is not a CSV file in UTF-8", where=str(path), todo="name a file that is") from None
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_json(facts: Any) -> bytes:  # noqa: ANN401 - whatever JSON can say
    """Facts as a file of the pack has them."""
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of texts as a file of the pack has them."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([columns, *rows])
    return written.getvalue().encode()


def safe(name: str) -> str:
    """A name that any file system takes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:60]
