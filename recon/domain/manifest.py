"""The manifest of a published run: what went in, by which rules, what came out, each with its fingerprint."""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from recon.domain.errors import InputsRefused, TermsRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = "manifest.json"
#: Raised when a reader of an older manifest could no longer understand a newer one.
FORMAT: Final = 1
_SEAL: Final = "sha256_of_the_rest"
_EXPECTED: Final = {"format": int, "versions": dict, "engagement": dict, "inputs": list, "rules": dict, "outputs": list}
_LOCKED: Final = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)")
_CHUNK_BYTES: Final = 1 << 20


def fingerprint(path: Path) -> str:
    """sha256 of a file's bytes, as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@cache
def program_sha256() -> str:
    """One digest for the program that runs: over the path and digest of each of its modules. The same code gives the same digest everywhere."""
    package = Path(__file__).resolve().parent.parent
    modules = [path for path in package.rglob("*.py") if "bundled" not in path.relative_to(package).parts]
    lines = sorted(f"{fingerprint(path)}  {path.relative_to(package).as_posix()}\n" for path in modules)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def locked_versions(lock: Path) -> dict[str, str]:
    """Package -> version of a lock with hashes; nothing where there is no lock."""
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    return {found[1]: found[2] for line in lines if (found := _LOCKED.match(line))}


@cache
def libraries(lock: Path) -> dict[str, str | None]:
    """The locked packages in the versions that are installed here; nothing beside one that is not."""
    from importlib.metadata import PackageNotFoundError, version

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    return {name: installed(name) for name in sorted(locked_versions(lock))}


def fingerprint_of(facts: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """sha256 of facts written as JSON with sorted keys and no spaces."""
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def encode(facts: Mapping[str, Any]) -> bytes:
    """The manifest's bytes; a fingerprint of the facts stands beside them, so that a slip of an editor shows."""
    return (json.dumps({**facts, _SEAL: fingerprint_of(facts)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read(folder: Path, *, editions: bool = False) -> dict[str, Any]:
    """The manifest of a published run. Raises TermsRefused when the folder is none, InputsRefused when it is damaged.

    An edition for one audience is a part of a run, so it is refused too unless `editions` are asked for.
    """
    path = folder / NAME
    try:
        facts = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        todo = "name a folder that `recon run --out` published"
        raise TermsRefused("this is not a published run", where=str(folder), expected=f"a folder with {NAME}", todo=todo) from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise _damaged(path, "text that is not JSON") from None
    if not isinstance(facts, dict) or any(not isinstance(facts.get(key), kind) for key, kind in _EXPECTED.items()):
        raise _damaged(path, "keys are missing or of another kind")
    seal = facts.pop(_SEAL, None)
    if seal != fingerprint_of(facts):
        raise _damaged(path, "its text changed after publication")
    if facts["format"] > FORMAT:
        raise InputsRefused(
            "a newer recon published this run", where=str(path), expected=f"format {FORMAT}", got=str(facts["format"]), todo="update recon"
        )
    if "edition" in facts and not editions:
        got, todo = f"the edition for {facts['edition']['audience']}", "name the folder of the run that the edition was made from"
        raise TermsRefused("this is an edition, not a whole run", where=str(folder), expected="a published run", got=got, todo=todo)
    return facts


def _damaged(path: Path, got: str) -> InputsRefused:
    todo = "take the run from a backup, or run the engagement again"
    return InputsRefused("the manifest is damaged", where=str(path), expected="the manifest as it was published", got=got, todo=todo)


def differences(folder: Path) -> list[str]:
    """What differs from the run as it was published: one sentence per file, sorted; empty when nothing does.

    Raises TermsRefused when the folder is not a published run.
    """
    try:
        facts = read(folder, editions=True)
    except InputsRefused as refused:
        return [f"{NAME}: {refused.what}: {refused.got}"]
    found = set(_files(folder)) - {NAME}
    published = {str(entry["path"]): entry for entry in facts["outputs"]}
    sentences = [f"{name}: is not part of the published run" for name in found - published.keys()]
    for name, entry in published.items():
        sentence = _difference(folder, name, entry, found)
        if sentence:
            sentences.append(f"{name}: {sentence}")
    return sorted(sentences)


def _difference(folder: Path, name: str, entry: Mapping[str, Any], found: set[str]) -> str:
    path = folder / name
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        return "the manifest names a file outside the folder"
    if name not in found:
        return "missing"
    if path.is_symlink():
        return "is a link, not the published file"
    size = path.stat().st_size
    if size != entry["size_bytes"]:
        return f"changed: {entry['size_bytes']:,} bytes were published, {size:,} are there"
    return "" if fingerprint(path) == entry["sha256"] else "changed: same size, other content"


def _files(folder: Path) -> list[str]:
    """Every file and link below the folder, relative, with forward slashes; links to folders are not followed."""
    names = []
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        names += [(Path(place) / name).relative_to(folder).as_posix() for name in [*files, *links]]
    return names
