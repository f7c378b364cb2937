"""YAML files -> frozen terms. YAML 1.2, no duplicate keys, no anchors; every refusal names file, line and key."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from recon.domain.errors import TermsRefused, did_you_mean
from recon.load.yaml_quick import Doubt, read_quickly

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound="BaseModel")

_SIZE_LIMIT_BYTES = 5_000_000
#: Files that were read in this process, by what they hold: content, path, model and extra fields -> terms.
_KEPT: dict[tuple[Any, ...], Any] = {}
_KEPT_AT_MOST = 2_000


def read_terms(path: Path, model: type[T], **extra: Any) -> T:  # noqa: ANN401 - fields of the model
    """Read one YAML file into `model`; `extra` fields are set beside those of the file.

    Raises TermsRefused with file:line:key when the file is missing, is not YAML, has an unknown or duplicate key, or a value
    of the wrong kind.
    """
    from pydantic import ValidationError

    quick = _quickly(path)
    if quick is not None:
        try:
            return model.model_validate(quick | extra)
        except ValidationError:
            pass  # read again by the reader that knows the lines
    tree = read_yaml(path)
    if not isinstance(tree, dict):
        raise TermsRefused("the file holds no keys", where=str(path), expected="a mapping of keys to values", got=type(tree).__name__)
    try:
        return model.model_validate(_plain(tree) | extra)
    except ValidationError as error:
        raise _teach(path, tree, model, error) from None


def read_unchanged_terms(path: Path, model: type[T], **extra: str) -> T:
    """As `read_terms`, once for each content: a file in which no byte has changed since gives the same frozen terms again.

    For files of the rule book, which a process that performs several runs reads for each of them.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return read_terms(path, model, **extra)  # it says what is wrong
    key = (content, path, model, *sorted(extra.items()))
    kept: T | None = _KEPT.get(key)
    if kept is None:
        kept = read_terms(path, model, **extra)
        if path.read_bytes() == content:  # else it changed while it was read, and nobody knows which of the two was
            if len(_KEPT) >= _KEPT_AT_MOST:
                _KEPT.clear()
            _KEPT[key] = kept
    return kept


def _quickly(path: Path) -> dict[str, Any] | None:
    """The keys of a file that holds nothing out of the ordinary; None where it has to be looked at."""
    try:
        if path.stat().st_size > _SIZE_LIMIT_BYTES:
            return None
        read = read_quickly(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, Doubt):
        return None
    return read if isinstance(read, dict) else None


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """The file as ruamel's round-trip tree (line and column kept)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise TermsRefused("the file does not exist", where=str(path), todo="check the path; relative paths start at the current folder") from None
    except IsADirectoryError:
        raise TermsRefused("this is a folder, not a file", where=str(path)) from None
    if len(raw) > _SIZE_LIMIT_BYTES:
        raise TermsRefused("the file is too large for terms", where=str(path), expected=f"at most {_SIZE_LIMIT_BYTES:,} bytes", got=f"{len(raw):,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TermsRefused("the file is not UTF-8", where=f"{path}: byte {error.start}", todo="save it as UTF-8") from None
    try:
        tree = YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        what = "a key stands twice" if "duplicate key" in str(error.problem) else "this is not YAML"
        raise TermsRefused(what, where=where, got=" ".join(str(error.problem).split()), todo="keep one of them" if "twice" in what else "") from None
    except YAMLError as error:
        raise TermsRefused("this is not YAML", where=str(path), got=str(error).splitlines()[0]) from None
    except ValueError as error:  # the parser takes 2026-02-30 for a date and fails to make one
        raise _no_such_date(path, text, str(error)) from None
    if "&" in text and _has_anchor(tree):
        raise TermsRefused("anchors are not allowed", where=str(path), todo="write the value out where it is used")
    return tree


def _no_such_date(path: Path, text: str, problem: str) -> TermsRefused:
    for number, line in enumerate(text.splitlines(), start=1):
        for word in re.findall(r"\b\d{4}-\d{1,2}-\d{1,2}\b", line):
            try:
                date(*(int(part) for part in word.split("-")))
            except ValueError:
                return TermsRefused("there is no such date", where=f"{path}:{number}", expected="a day of the calendar", got=word)
    return TermsRefused("a value cannot be read", where=str(path), got=problem)


def _has_anchor(node: Any) -> bool:  # noqa: ANN401
    anchor = getattr(node, "anchor", None)
    if anchor is not None and getattr(anchor, "value", None):
        return True
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return any(_has_anchor(child) for child in children)


def _plain(node: Any) -> Any:  # noqa: ANN401
    """The tree as plain Python values; scalars keep their YAML 1.2 type."""
    from ruamel.yaml.scalarfloat import ScalarFloat
    from ruamel.yaml.scalarint import ScalarInt
    from ruamel.yaml.scalarstring import ScalarString

    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind, plain in ((ScalarString, str), (ScalarFloat, float), (ScalarInt, int)):
        if isinstance(node, kind):
            return plain(node)
    return node


def _teach(path: Path, tree: Any, model: type[BaseModel], error: ValidationError) -> TermsRefused:  # noqa: ANN401
    # a misspelt key is also a missing one: the spelling is what the reader needs to hear about
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    location = [part for part in first["loc"] if not (isinstance(part, str) and part.startswith(("function-", "list[", "constrained-")))]
    key = ".".join(str(part) for part in location)
    where = f"{path}:{_line(tree, location)}:{key}"
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        hint = did_you_mean(str(location[-1]), known)
        return TermsRefused(f'unknown key "{location[-1]}"', where=where, expected=", ".join(sorted(known)), todo=hint or "remove it")
    if first["type"] == "missing":
        return TermsRefused(f'the key "{location[-1]}" is missing', where=where, todo="add it")
    got = first.get("input")
    return TermsRefused(first["msg"].removeprefix("Value error, "), where=where, got=f"{got!r} ({type(got).__name__})")


def _line(tree: Any, location: list[Any]) -> int:  # noqa: ANN401
    line = 1
    node = tree
    for part in location:
        try:
            marks: Any = getattr(node, "lc", None)
            line = marks.key(part)[0] + 1 if isinstance(node, dict) else marks.item(part)[0] + 1
            node = node[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line


def _known_keys(model: type[BaseModel], location: list[Any]) -> set[str]:
    """Keys that may stand at the location, following the model's nested types."""
    from typing import get_args

    from pydantic import BaseModel

    current: Any = model
    for part in location:
        if isinstance(part, int) or not (isinstance(current, type) and issubclass(current, BaseModel)):
            continue
        fields = {(f.alias or n): f for n, f in current.model_fields.items()}
        if part not in fields:
            return set()
        kinds = [fields[part].annotation]
        models: list[Any] = []
        while kinds:
            kind = kinds.pop()
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                models.append(kind)
            kinds.extend(get_args(kind))
        current = models[0] if models else None
    if not (isinstance(current, type) and issubclass(current, BaseModel)):
        return set()
    return {f.alias or n for n, f in current.model_fields.items() if not f.exclude}
