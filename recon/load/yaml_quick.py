"""YAML files that hold nothing out of the ordinary, read by libyaml: a tenth of the time of the reader that can point at lines.

The answer is that of `yaml_files`, or none: whatever could mean two things (another form of a number, a tag, an anchor, a key that stands
twice) and whatever is wrong is left to the reader that knows YAML 1.2 and can teach.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any, Final

#: Plain scalars whose meaning is the same in every version of YAML.
_FLAGS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_POINTED = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: What another reader might take for a number, an instant, a flag, a merge or a value by default.
_DOUBTFUL = re.compile(r"[-+.]?[0-9][-+0-9_.:,xob eEtTzZA-Fa-f]*|[-+]?\.(inf|nan)|true|false|yes|no|on|off|y|n|null|<<|=", re.IGNORECASE)
_MARKS = re.compile(r"(^|[\s\[{,])[&*!]\S", re.MULTILINE)


class Doubt(Exception):
    """The file says something that the careful reader has to look at."""


def read_quickly(text: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """The text as plain values. Raises Doubt where it is not certain to mean what it seems to mean."""
    import yaml

    if _MARKS.search(text):
        raise Doubt
    try:
        return _value(yaml.compose(text, Loader=_loader()))
    except (yaml.YAMLError, ValueError):
        raise Doubt from None


@cache
def _loader() -> Any:  # noqa: ANN401 - a class
    """Libyaml's loader without the guesses of YAML 1.1. Raises Doubt where the package came without libyaml."""
    import yaml

    if not yaml.__with_libyaml__:
        raise Doubt
    return type("Loader", (yaml.CSafeLoader,), {"yaml_implicit_resolvers": {}})


def _value(node: Any) -> Any:  # noqa: ANN401
    if node is None:
        return None
    if node.id == "scalar":
        return node.value if node.style else _plain(node.value)
    if node.id == "sequence":
        return [_value(item) for item in node.value]
    pairs = {_key(key): _value(value) for key, value in node.value}
    if len(pairs) < len(node.value):
        raise Doubt
    return pairs


def _key(node: Any) -> str:  # noqa: ANN401
    if node.id != "scalar" or (not node.style and not isinstance(_plain(node.value), str)):
        raise Doubt
    return str(node.value)


def _plain(word: str) -> Any:  # noqa: ANN401
    if word in _FLAGS:
        return _FLAGS[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _POINTED.fullmatch(word):
        return float(word)
    if _DAY.fullmatch(word):
        return date.fromisoformat(word)
    if _DOUBTFUL.fullmatch(word):
        raise Doubt
    return word
