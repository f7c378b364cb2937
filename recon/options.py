"""What several commands share: options, arguments, and how facts are told to people and machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Text for people or JSON for machines.")
RUN = click.argument("run", metavar="RUN_DIR", type=click.Path(path_type=Path))


def folder_option(default: str) -> Callable[..., Any]:
    """Where a command writes."""
    return click.option("--out", "folder", type=click.Path(path_type=Path), default=default, show_default=True, help="Folder to write to.")


def path_option(name: str, meaning: str) -> Callable[..., Any]:
    """A file or folder that may be named."""
    return click.option(name, type=click.Path(path_type=Path), help=meaning)


def tell(facts: Any, style: str, text: str) -> None:  # noqa: ANN401 - whatever JSON can say
    """The same facts as text for people or as JSON for machines."""
    click.echo(json.dumps(facts, ensure_ascii=False, indent=1, default=str) if style == "json" else text)
