"""Sign-offs: who prepared, reviewed or approved an evidence pack, as records that are signed and sealed into the chain.

A sign-off is a line of the chain like a seal. It names the pack's seal by its digest and what its signer saw (verdict, number of
exceptions), and is signed by the signer's own key. recon writes down what a person says and never says anything in their place.
"""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from recon.deliver.rotation import keys_of, refuse_retired
from recon.deliver.seal import CHAIN, SUFFIX, Seal, chain, keep, newest, parse, public_hex, sealed
from recon.deliver.target import claim
from recon.domain.errors import InputsRefused, TermsRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from recon.deliver.rotation import Keys

ROLES: Final = ("prepared", "reviewed", "approved")
KIND: Final = "sign_off"
_SUMMARY: Final = "data/05_results/summary.json"


def sign_off(bag: Path, role: str, name: str, conclusion: str, key: Ed25519PrivateKey) -> Seal:
    """Seal a sign-off of the sound pack `bag` into its chain; it lies beside the pack too.

    Raises TermsRefused for a role that the signer may not take, InputsRefused when the pack has no seal.
    """
    name, conclusion = " ".join(name.split()), " ".join(conclusion.split())
    for what, text in (("name", name), ("conclusion", conclusion)):
        if not text or not text.isprintable():
            raise TermsRefused(f"a sign-off needs a {what}", expected="words that can be printed", got=repr(text))
    folder, place = bag.parent, bag.with_name(bag.name + SUFFIX)
    seal = parse(place.read_bytes().rstrip(b"\n")) if place.is_file() else None
    if seal is None:
        raise InputsRefused("this pack has no seal", where=str(place), todo="sign a pack that `recon pack` sealed")
    with claim(folder / "chain"):
        refuse_retired(folder, key)
        _refuse_own_review(folder, seal, role, name, public_hex(key))
        facts = {name: seal.record[name] for name in ("pack", "tagmanifest_sha256", "results_sha256")} | {
            "kind": KIND,
            "seal_sha256": seal.digest,
            "role": role,
            "name": name,
            "conclusion": conclusion,
            "saw": seen_in(bag),
            "signed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        signed = sealed(facts, newest(folder), key)
        keep(folder / f"{bag.name}.sign-off-{signed.record['chain_seq']}{SUFFIX}", signed.line + b"\n", "xb")
        keep(folder / CHAIN, signed.line + b"\n", "ab")
    return signed


def seen_in(bag: Path) -> dict[str, Any] | None:
    """What somebody who reads the pack sees first: its verdict and how many exceptions it lists."""
    try:
        facts = json.loads((bag / _SUMMARY).read_bytes())
        return {"verdict": facts["verdict"], "exceptions": facts["exceptions"]["count"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refuse_own_review(folder: Path, seal: Seal, role: str, name: str, key: str) -> None:
    """A preparer cannot review or approve: neither under the same name nor with the same key."""
    lines = chain(folder)
    earlier = [link for line in lines if (link := parse(line)) and is_about(link, seal.record["pack"])]
    if _clash(seal, [*((link.record, link.record.get("public_key")) for link in earlier), ({"role": role, "name": name}, key)], keys_of(lines)):
        todo = "let another person sign, with a key of their own"
        raise TermsRefused("who prepared a pack cannot review or approve it", got=f"{role} by {name}", todo=todo)


def is_about(link: Seal, pack: str) -> bool:
    """Whether a line of the chain signs off this pack."""
    return link.record.get("kind") == KIND and link.record["pack"] == pack


def _clash(seal: Seal, signed: Iterable[tuple[dict[str, Any], str | None]], keys: Keys) -> bool:
    """Whether a name or key of who prepared (the sealer's key is one) is also one of who reviewed or approved. A key that took another's place is the same one."""
    sides: tuple[set[str], set[str]] = ({f"key {keys.person(str(seal.record.get('public_key')))}"} - {"key None"}, set())
    for record, key in signed:
        sides[record.get("role") != "prepared"].update({f"name {_folded(str(record.get('name')))}", f"key {keys.person(str(key))}"})
    return bool(sides[0] & sides[1])


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def checked(bag: Path, seal: Seal | None, lines: Sequence[bytes]) -> Iterator[tuple[bool, str, str]]:
    """What is found about the sign-offs of a pack among the lines of its chain: (whether it is a finding, check, where)."""
    saw, signed = seen_in(bag), []
    for place, line in enumerate(lines, 1):
        link, where = parse(line), f"{CHAIN}:{place}"
        if link is None or not is_about(link, bag.name):
            continue
        record = link.record
        signed.append((record, record.get("public_key")))
        fits = seal is not None and sha256(seal.line).hexdigest() == record.get("seal_sha256") and record.get("saw") == saw
        if not fits or record.get("role") not in ROLES:
            yield True, "signed_other", where
        if link.signature is None:
            yield True, "unsigned", where
        yield False, "signed_off", printable(" · ".join(str(record.get(name)) for name in ("role", "name", "signed_at", "conclusion")))
    if seal is not None and _clash(seal, signed, keys_of(lines)):
        yield True, "same_person", bag.name
    if not signed:
        yield False, "not_signed_off", bag.name


def printable(text: str) -> str:
    """A text of somebody else as a terminal may show it."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
