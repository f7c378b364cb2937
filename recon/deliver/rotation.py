"""Rotation of sealing keys: a line of the chain in which the old key endorses a new one, and the new one signs that it takes over.

From that line on the old key seals nothing any more. Who trusts either key trusts what the other sealed on its side of the line. That is for
keys that are replaced in good order; whoever steals a key can endorse one of their own, so after a theft the new key is handed out by
another way and the stolen one is no longer named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from recon.deliver.seal import CHAIN, SUFFIX, Seal, canonical, chain, is_signed, keep, newest, parse, public_hex, sealed
from recon.deliver.target import claim
from recon.domain.errors import TermsRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KIND: Final = "key_rotation"
#: What the new key signs: the old one's words, and where in the chain they stand.
_ENDORSED: Final = ("kind", "public_key", "new_public_key", "prev_record_sha256", "reason", "rotated_at")


@dataclass
class Keys:
    """The keys of a chain, read line by line."""

    first: dict[str, str] = field(default_factory=dict)  # key that took over -> the first key of its line of keys
    retired: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    findings: list[tuple[str, int]] = field(default_factory=list)  # check, line of the chain
    rotations: list[Seal] = field(default_factory=list)  # sound ones

    def person(self, key: str | None) -> str | None:
        """The key under which its holder began: a new key makes no new person."""
        return self.first.get(key, key) if key else None

    def trusted(self, named: Iterable[str]) -> frozenset[str]:
        """The keys that were named, with those that stand in one line of keys with them."""
        begun = {self.person(key) for key in named}
        return frozenset({*named, *(key for key in self.used | set(self.first) if self.person(key) in begun)})


def keys_of(lines: Sequence[bytes]) -> Keys:
    """Who took over from whom in a chain, and which lines break the rules of it."""
    keys = Keys()
    for place, line in enumerate(lines, 1):
        link = parse(line)
        if link is None:
            continue
        key = str(link.record.get("public_key") or "")
        if key in keys.retired:
            keys.findings.append(("retired_key", place))
        if link.record.get("kind") == KIND:
            _take_over(keys, link, place)
        keys.used |= {key} - {""}
    return keys


def _take_over(keys: Keys, link: Seal, place: int) -> None:
    record = link.record
    old, new = (str(record.get(name) or "") for name in ("public_key", "new_public_key"))
    words = canonical({name: record.get(name) for name in _ENDORSED})
    sound = (
        new not in keys.used | set(keys.first) | {old}
        and old not in keys.retired
        and is_signed(old, link.signature, canonical(record))
        and is_signed(new, record.get("new_key_signature"), words)
    )
    if not sound:
        keys.findings.append(("rotation_forged", place))
        return
    keys.first[new] = keys.first.get(old, old)
    keys.retired.add(old)
    keys.rotations.append(link)


def checked(lines: Sequence[bytes]) -> Iterator[tuple[bool, str, str]]:
    """What is found about the rotations of a chain: (whether it is a finding, check, where)."""
    keys = keys_of(lines)
    for check, place in keys.findings:
        yield True, check, f"{CHAIN}:{place}"
    for link in keys.rotations:
        words = (link.record.get(name) for name in ("public_key", "new_public_key", "rotated_at", "reason"))
        told = " · ".join(str(word) for word in words)
        yield False, "key_rotated", "".join(sign if sign.isprintable() else "?" for sign in told)


def refuse_retired(folder: Path, key: Ed25519PrivateKey | None) -> None:
    """Raise TermsRefused where another key took the place of this one in the chain of the folder."""
    if key is not None and public_hex(key) in keys_of(chain(folder)).retired:
        todo = "seal with the key that took its place"
        raise TermsRefused("this key was replaced", where=str(folder / CHAIN), expected="the newest key", got=public_hex(key), todo=todo)


def rotate(folder: Path, old: Ed25519PrivateKey, new: Ed25519PrivateKey, reason: str) -> Seal:
    """Let `new` take the place of `old` in the chain of the folder; the line lies beside the packs too. Raises TermsRefused."""
    reason = " ".join(reason.split())
    if not reason or not reason.isprintable():
        raise TermsRefused("a rotation needs a reason", expected="words that can be printed", got=repr(reason))
    with claim(folder / "chain"):
        refuse_retired(folder, old)
        was, now = public_hex(old), public_hex(new)
        known = keys_of(chain(folder))
        if was not in known.used | set(known.first):
            raise TermsRefused(
                "this key sealed nothing here", where=str(folder / CHAIN), got=was, todo="name the key that sealed the packs of this folder"
            )
        if now in known.used | set(known.first):
            raise TermsRefused("the new key was used here already", where=str(folder / CHAIN), got=now, todo="make a fresh one: `recon keygen`")
        before = newest(folder)
        words: dict[str, Any] = {
            "kind": KIND,
            "public_key": was,
            "new_public_key": now,
            "prev_record_sha256": before.digest if before else None,
            "reason": reason,
            "rotated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        facts = (
            {name: words[name] for name in ("kind", "new_public_key", "reason", "rotated_at")}
            | {
                "pack": "",  # of the whole chain
                "new_key_id": sha256(bytes.fromhex(now)).hexdigest()[:16],
                "new_key_signature": new.sign(canonical(words)).hex(),
            }
        )
        made = sealed(facts, before, old)
        keep(folder / f"key-rotation-{made.record['chain_seq']}{SUFFIX}", made.line + b"\n", "xb")
        keep(folder / CHAIN, made.line + b"\n", "ab")
    return made
