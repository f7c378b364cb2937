"""Seals: what says who closed an evidence pack, and chains it to the one before.

A seal is one line of JSON, `{"record": …, "signature": …}`: it lies beside its pack and is appended to `chain.jsonl`. The record
carries the digest of the pack's tag manifest, of its results, and of the line before it. The signature is Ed25519 over the record
as JSON with sorted keys and no spaces; without a key the seal says so, and so does every verifier.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recon.domain.errors import InputsRefused, TermsRefused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CHAIN: Final = "chain.jsonl"
SUFFIX: Final = ".seal.json"
#: Where the passphrase of a key comes from; it is never an argument, which other processes could read.
PASSPHRASE: Final = "RECON_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
#: The same for the key that takes another's place.
NEW_PASSPHRASE: Final = "RECON_NEW_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
_FORMAT: Final = 1


@dataclass(frozen=True)
class Seal:
    """A seal as it stands in its file and in the chain."""

    record: dict[str, Any]
    signature: str | None
    line: bytes

    @property
    def digest(self) -> str:
        """What the next seal calls this one; the head of the chain while it is the newest."""
        return hashlib.sha256(self.line).hexdigest()


def make_keys(place: Path) -> str:
    """Write a new private key to `place` (readable by its owner only) and its public key to `place.pub`; the public key as hex.

    The key is encrypted when RECON_KEY_PASSPHRASE is set. Raises TermsRefused when something stands there.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key, phrase = Ed25519PrivateKey.generate(), os.environ.get(PASSPHRASE)
    lock = serialization.BestAvailableEncryption(phrase.encode()) if phrase else serialization.NoEncryption()
    data = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    public = public_hex(key)
    for path, content, mode in ((place, data, 0o600), (place.with_name(place.name + ".pub"), f"{public}\n".encode(), 0o644)):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except OSError as error:
            todo = "name another file; a key is never written over"
            raise TermsRefused("the key cannot be written", where=str(path), got=error.strerror or "", todo=todo) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return public


def read_key(place: Path, passphrase: str = PASSPHRASE) -> Ed25519PrivateKey:
    """The private key of a file; `passphrase` names the variable that has its. Raises TermsRefused when it is none, or its passphrase is missing or wrong."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    phrase = os.environ.get(passphrase)
    expected = "a private Ed25519 key that `recon keygen` wrote"
    try:
        key = load_pem_private_key(place.read_bytes(), phrase.encode() if phrase else None)
    except OSError as error:
        raise TermsRefused("the key cannot be read", where=str(place), expected=expected, got=error.strerror or "") from None
    except (ValueError, TypeError) as error:
        todo = f"set {passphrase} when, and only when, the key has a passphrase"
        raise TermsRefused("the key cannot be opened", where=str(place), expected=expected, got=str(error), todo=todo) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise TermsRefused("the key is of another kind", where=str(place), expected=expected, got=type(key).__name__, todo="recon keygen")
    return key


def trusted_key(text: str) -> str:
    """A public key as 64 hex digits, given as such or as a file that holds them. Raises TermsRefused."""
    path = Path(text)
    digits = (path.read_text(encoding="utf-8", errors="replace") if path.is_file() else text).strip().lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        todo = "name the .pub file that `recon keygen` wrote, or its digits"
        raise TermsRefused("this is not a public key", where=text, expected="64 hex digits, or a file that holds them", got=digits[:80], todo=todo)
    return digits


def sealed(facts: dict[str, Any], before: Seal | None, key: Ed25519PrivateKey | None) -> Seal:
    """The seal over `facts` (pack, digests, counts, time), chained to the one before."""
    public = public_hex(key) if key else None
    record = {
        "format": _FORMAT,
        **facts,
        "chain_seq": before.record["chain_seq"] + 1 if before else 1,
        "prev_record_sha256": before.digest if before else None,
        "public_key": public,
        "key_id": hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16] if public else None,
    }
    signature = key.sign(canonical(record)).hex() if key else None
    return Seal(record, signature, canonical({"record": record, "signature": signature}))


def canonical(facts: dict[str, Any]) -> bytes:
    """Facts as the bytes that are signed."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse(line: bytes) -> Seal | None:
    """The seal of a line; nothing when it is none."""
    try:
        facts = json.loads(line)
    except ValueError:
        return None
    if not isinstance(facts, dict) or not isinstance(facts.get("record"), dict) or "signature" not in facts:
        return None
    record = facts["record"]
    fits = isinstance(record.get("chain_seq"), int) and isinstance(record.get("pack"), str)
    return Seal(record, facts["signature"], line) if fits else None


def chain(folder: Path) -> list[bytes]:
    """The lines of a folder's chain, oldest first."""
    path = folder / CHAIN
    return [line for line in path.read_bytes().split(b"\n") if line] if path.is_file() else []


def newest(folder: Path) -> Seal | None:
    """The last line of a folder's chain. Raises InputsRefused when it cannot be read."""
    lines = chain(folder)
    seal = parse(lines[-1]) if lines else None
    if lines and seal is None:
        todo = "bring the chain back from a copy; `recon verify` says where it breaks"
        got = lines[-1][:80].decode(errors="replace")
        raise InputsRefused("the chain of seals is damaged", where=str(folder / CHAIN), expected="a seal per line", got=got, todo=todo)
    return seal


def keep(path: Path, content: bytes, mode: str) -> None:
    """Write, and ask the disk to keep it."""
    with path.open(mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def is_signed(public: str | None, signature: Any, message: bytes) -> bool:  # noqa: ANN401 - whatever somebody wrote there
    """Whether the signature over the message, as hex, was made with the public key, as hex."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public or "")).verify(bytes.fromhex(signature or ""), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def signature_state(seal: Seal, trusted: frozenset[str]) -> str:
    """`good`, `unsigned`, `forged`, `other_key` (good, but of a key that nobody named), `key_not_vouched` (no key was named)."""
    public = seal.record.get("public_key")
    if seal.signature is None and public is None:
        return "unsigned"
    if not is_signed(public, seal.signature, canonical(seal.record)):
        return "forged"
    if not trusted:
        return "key_not_vouched"
    return "good" if public in trusted else "other_key"


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as hex."""
    return key.public_key().public_bytes_raw().hex()
