"""Verify an evidence pack, layer by layer: files, manifests, the run's own manifest, seal, chain.

The pack carries `verify.py`, written independently of this module with the standard library only; a test holds the two to the same
findings.
"""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from recon.deliver import inspect_stamps, rotation, sign_off
from recon.deliver.bag import DECLARATION, PAYLOAD_MANIFEST, TAG_FILES, TAG_MANIFEST, home_of, read_manifest, results_digest
from recon.deliver.seal import CHAIN, SUFFIX, chain, parse, signature_state
from recon.domain import redacted
from recon.domain.errors import TermsRefused
from recon.domain.manifest import fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from recon.deliver.seal import Seal

_PROVENANCE: Final = "data/08_run/provenance.json"
_RUN: Final = "data/08_run/manifest.json"
#: check -> what it means
MEANINGS: Final = {
    "added": "is not part of the pack",
    "changed": "is not as it was sealed",
    "chain_broken": "does not follow the seal before it",
    "chain_cut": "a seal that was made is no longer in the chain",
    "forged": "the signature does not fit",
    "key_rotated": "the first key was replaced by the second, which both signed",
    "key_not_vouched": "signed by this key; name the key you trust with --key",
    "manifest_damaged": "cannot be read as a manifest",
    "missing": "is missing",
    "not_a_file": "is a link or something else, not the sealed file",
    "not_as_published": "is not what the run published",
    "not_signed_off": "nobody has signed it off",
    "other_content": "seals another content than this pack has",
    "other_original": "does not point to a full pack that was sealed before it",
    "other_key": "is signed by a key that you did not name",
    "retired_key": "is signed by a key that had been replaced before",
    "rotation_forged": "replaces a key, and not both keys signed it, or it may not",
    "same_person": "who prepared it also reviewed or approved it",
    "signed_off": "signed it off",
    "signed_other": "signs off another content than this pack has",
    "stamp_damaged": "cannot be read as a time stamp",
    "stamp_forged": "the time stamp's signature does not hold",
    "stamp_not_vouched": "stamped by this certificate; name the authority you trust with --tsa",
    "stamp_other": "stamps something else than this pack's seal or what follows it",
    "stamp_other_authority": "is a time stamp of an authority that you did not name",
    "stamp_unchecked": "is a time stamp by a method that is not checked here; `openssl ts -verify` may know it",
    "stamped": "the seal existed at this time, says the time stamp",
    "unsafe_name": "is a name outside the pack, or one that differs from another by case only",
    "unsealed": "there is no seal beside the pack",
    "unstamped": "no time stamp that you trust lies beside the pack",
    "unsigned": "was sealed without a key",
}


@dataclass
class Inspection:
    """What was found wrong, and what the reader should know; pairs of check and place."""

    findings: set[tuple[str, str]] = field(default_factory=set)
    remarks: set[tuple[str, str]] = field(default_factory=set)

    def sentences(self) -> list[str]:
        """One sentence per finding, sorted by place."""
        return [f"{where}: {MEANINGS[check]}" for check, where in sorted(self.findings, key=lambda found: (found[1], found[0]))]

    def remark_sentences(self) -> list[str]:
        """What the reader should know, sorted."""
        return [f"{where}: {MEANINGS[check]}" for check, where in sorted(self.remarks)]


def is_pack(folder: Path) -> bool:
    """Whether the folder is, or was, an evidence pack."""
    return (folder / PAYLOAD_MANIFEST).is_file()


def inspect(folder: Path, trusted: Iterable[str] = (), head: str | None = None, authorities: Collection[bytes] = ()) -> Inspection:
    """Check every layer of a pack.

    `trusted` are public keys as hex, `head` is the newest seal's digest as somebody else kept it, `authorities` are certificates
    of time stamping authorities or of their roots, DER. Raises TermsRefused when the folder is no pack.
    """
    bag = Path(os.path.abspath(folder))  # noqa: PTH100 - a link is to be seen, not followed
    if not is_pack(bag):
        todo = "name a folder that `recon pack` made"
        raise TermsRefused("this is not an evidence pack", where=str(folder), expected=f"a folder with {PAYLOAD_MANIFEST}", todo=todo)
    lines = chain(bag.parent)
    # nobody named: every key is told as not vouched
    seen, keys = Inspection(), rotation.keys_of(lines).trusted(named) if (named := frozenset(trusted)) else frozenset[str]()
    if bag.is_symlink():
        seen.findings.add(("not_a_file", bag.name))
    payload = _files(bag, seen)
    _published(bag, payload, seen)
    seal = _seal(bag, payload, keys, seen)
    _chain(bag, seal, keys, head, seen)
    about = (rotation.checked(lines), sign_off.checked(bag, seal, lines), inspect_stamps.checked(bag, seal, lines, authorities))
    for found, check, where in itertools.chain(*about):
        (seen.findings if found else seen.remarks).add((check, where))
    return seen


def _files(bag: Path, seen: Inspection) -> dict[str, str]:
    """Every file against the manifests, and the manifests against every file."""
    payload, sound = read_manifest(bag / PAYLOAD_MANIFEST)
    tags, tags_sound = read_manifest(bag / TAG_MANIFEST)
    damaged = {PAYLOAD_MANIFEST: not sound, TAG_MANIFEST: not tags_sound or set(tags) != set(TAG_FILES)}
    seen.findings |= {("manifest_damaged", name) for name, bad in damaged.items() if bad}
    declared = bag / "bagit.txt"
    if not declared.is_file() or declared.read_bytes() != DECLARATION:
        seen.findings.add(("changed", "bagit.txt"))
    every = payload | tags
    risky = _unsafe(every) | {path for path in payload if not path.startswith("data/")}
    seen.findings |= {("unsafe_name", path) for path in risky}
    there = _there(bag)
    outside = {path for path in every if _leaves(path)}
    for path in every.keys() - outside:
        if path not in there:
            seen.findings.add(("missing", path))
        elif there[path] and fingerprint(bag / path) != every[path]:
            seen.findings.add(("changed", path))
    seen.findings |= {("not_a_file", path) for path, plain in there.items() if not plain}
    seen.findings |= {("added", path) for path, plain in there.items() if plain and path not in every and path != TAG_MANIFEST}
    size = sum((bag / path).stat().st_size for path in payload.keys() - outside if there.get(path))
    info = bag / "bag-info.txt"
    if f"Payload-Oxum: {size}.{len(payload)}\n" not in (info.read_text(encoding="utf-8", errors="replace") if info.is_file() else ""):
        seen.findings.add(("changed", "bag-info.txt"))
    return payload


def _leaves(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return (
        PurePosixPath(path).is_absolute()
        or ".." in parts
        or any(sign in path for sign in "\\\0")
        or ":" in path.split("/", maxsplit=1)[0]
        or "/".join(parts) != path
    )


def _unsafe(paths: Iterable[str]) -> set[str]:
    by_fold: dict[str, set[str]] = {}
    for path in paths:
        by_fold.setdefault(path.casefold(), set()).add(path)
    colliding = {path for same in by_fold.values() if len(same) > 1 for path in same}
    return colliding | {path for path in paths if _leaves(path)}


def _there(bag: Path) -> dict[str, bool]:
    """Everything below the bag that is no folder -> whether it is a plain file. Links are seen, not followed."""
    found: dict[str, bool] = {}
    folders = [bag]
    while folders:
        for entry in os.scandir(folders.pop()):
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            else:
                found[Path(entry.path).relative_to(bag).as_posix()] = entry.is_file(follow_symlinks=False)
    return found


def _published(bag: Path, payload: dict[str, str], seen: Inspection) -> None:
    """The files of the run are those its own manifest names."""
    try:
        outputs = {entry["path"]: entry["sha256"] for entry in json.loads((bag / _RUN).read_bytes().decode())["outputs"]}
    except (OSError, ValueError, KeyError, TypeError):
        seen.findings.add(("not_as_published", _RUN))
        return
    seen.findings |= {("not_as_published", home_of(path)) for path, digest in outputs.items() if payload.get(home_of(path)) != digest}
    if (bag / _PROVENANCE).is_file() and _subjects(bag / _PROVENANCE) != {home_of(path): digest for path, digest in outputs.items()}:
        seen.findings.add(("not_as_published", _PROVENANCE))


def _subjects(place: Path) -> dict[str, str] | None:
    """What a statement of provenance speaks about: path -> sha256; nothing when it cannot be read."""
    try:
        return {subject["name"]: subject["digest"]["sha256"] for subject in json.loads(place.read_bytes().decode())["subject"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _seal(bag: Path, payload: dict[str, str], keys: frozenset[str], seen: Inspection) -> Seal | None:
    place = bag.with_name(bag.name + SUFFIX)
    if place.is_symlink() or not place.is_file():
        seen.findings.add(("unsealed", place.name))
        return None
    seal = parse(place.read_bytes().rstrip(b"\n"))
    if seal is None:
        seen.findings.add(("forged", place.name))
        return None
    tags = bag / TAG_MANIFEST
    facts = (bag.name, fingerprint(tags) if tags.is_file() else "", results_digest(payload))
    if tuple(seal.record.get(name) for name in ("pack", "tagmanifest_sha256", "results_sha256")) != facts:
        seen.findings.add(("other_content", place.name))
    lines = chain(bag.parent)
    before = lines[: lines.index(seal.line)] if seal.line in lines else lines
    if not redacted.fits(redacted.told(bag), seal.record, [(sha256(line).hexdigest(), one.record) for line in before if (one := parse(line))]):
        seen.findings.add(("other_original", place.name))
    _signature(seal, place.name, keys, seen)
    return seal


def _signature(seal: Seal, where: str, keys: frozenset[str], seen: Inspection) -> None:
    state = signature_state(seal, keys)
    if state == "key_not_vouched":
        seen.remarks.add((state, str(seal.record["public_key"])))
    elif state == "unsigned" and not keys:
        seen.remarks.add((state, where))
    elif state != "good":
        seen.findings.add((state, where))


def _chain(bag: Path, seal: Seal | None, keys: frozenset[str], head: str | None, seen: Inspection) -> None:
    lines = chain(bag.parent)
    before: str | None = None
    for place, line in enumerate(lines, 1):
        link, where = parse(line), f"{CHAIN}:{place}"
        if link is None or (link.record["chain_seq"], link.record.get("prev_record_sha256")) != (place, before):
            seen.findings.add(("chain_broken", where))
        if link is not None:
            _signature(link, where, keys, seen)
        before = sha256(line).hexdigest()
    beside = {path.name: path.read_bytes().rstrip(b"\n") for path in bag.parent.glob(f"*{SUFFIX}") if path.is_file()}
    if seal is not None:
        beside[bag.name + SUFFIX] = seal.line
    seen.findings |= {("chain_cut", name) for name, line in beside.items() if line not in lines}
    if head and head != before:
        seen.findings.add(("chain_cut", CHAIN))
