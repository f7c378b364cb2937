"""Time stamps beside an evidence pack: what they stamp, whether they hold, who vouches for them; and how one is put there."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from recon.deliver.der import DerError
from recon.deliver.seal import SUFFIX as SEAL
from recon.deliver.seal import chain, keep, parse
from recon.deliver.time_stamp import SUFFIX, Unchecked, certificates_of, is_vouched, opened
from recon.domain.errors import InputsRefused, TermsRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from recon.deliver.seal import Seal


def checked(bag: Path, seal: Seal | None, lines: Sequence[bytes], authorities: Collection[bytes]) -> Iterator[tuple[bool, str, str]]:
    """What is found about the time stamps of a pack: (whether it is a finding, check, where). `authorities`: trusted certificates, DER."""
    names = sorted(path.name for path in bag.parent.iterdir() if path.name.startswith(f"{bag.name}.") and path.name.endswith(SUFFIX))
    may_be, vouched = _stampable(seal, lines), False
    for name in names:
        path = bag.parent / name
        if path.is_symlink() or not path.is_file():
            yield True, "not_a_file", name
            continue
        try:
            stamp = opened(path.read_bytes())
        except DerError:
            yield True, "stamp_damaged", name
            continue
        except Unchecked:
            yield bool(authorities), "stamp_unchecked", name
            continue
        if stamp is None:
            yield True, "stamp_forged", name
            continue
        if stamp.digest not in may_be:
            yield True, "stamp_other", name
        elif not authorities:
            yield False, "stamp_not_vouched", stamp.fingerprint
        elif is_vouched(stamp, authorities):
            vouched = True
        else:
            yield True, "stamp_other_authority", name
        yield False, "stamped", f"{name} · {stamp.time:%Y-%m-%dT%H:%M:%SZ}"
    if not names or (authorities and not vouched):
        yield bool(authorities), "unstamped", bag.name


def _stampable(seal: Seal | None, lines: Sequence[bytes]) -> dict[str, int]:
    """Digests of the seal and of the later lines of its chain, which name it: digest -> place in the chain."""
    if seal is None:
        return {}
    start = lines.index(seal.line) if seal.line in lines else len(lines)
    return {seal.digest: start + 1} | {sha256(line).hexdigest(): place for place, line in enumerate(lines[start:], start + 1)}


def digest_to_stamp(bag: Path) -> str:
    """The digest that a request for a time stamp names: of the newest line of the chain, which vouches for all before it.

    Raises InputsRefused when the pack is not in its chain.
    """
    lines = chain(bag.parent)
    _seal_of(bag, lines)
    return sha256(lines[-1]).hexdigest()


def put_beside(bag: Path, token: Path) -> tuple[Path, str]:
    """Keep a token that stamps this pack's seal, or a later line of its chain, beside the pack: the file and the time it tells.

    Raises InputsRefused for any other token, TermsRefused when one of that line lies there.
    """
    lines = chain(bag.parent)
    expected = "a response to `recon time-stamp --request` for this pack"
    try:
        data = token.read_bytes()
        stamp = opened(data)
    except FileNotFoundError:
        raise TermsRefused("there is no such file", where=str(token), expected=expected) from None
    except DerError as error:
        raise InputsRefused("this is not a time stamp token", where=str(token), expected=expected, got=str(error)) from None
    except Unchecked:
        todo = "ask an authority that signs with RSA (PKCS #1) or ECDSA and SHA-256, SHA-384 or SHA-512"
        raise InputsRefused("the token uses a method that is not checked here", where=str(token), todo=todo) from None
    place = None if stamp is None else _stampable(_seal_of(bag, lines), lines).get(stamp.digest)
    if stamp is None or place is None:
        got = "its signature does not hold" if stamp is None else f"a stamp of {stamp.digest}"
        raise InputsRefused("the token does not stamp this pack", where=str(token), expected=expected, got=got, todo="write a request and ask anew")
    kept = bag.parent / f"{bag.name}.{place}{SUFFIX}"
    if kept.exists():
        raise TermsRefused("there is a time stamp of this line of the chain already", where=str(kept), todo="a token is never written over")
    keep(kept, data, "xb")
    return kept, f"{stamp.time:%Y-%m-%dT%H:%M:%SZ}"


def _seal_of(bag: Path, lines: Sequence[bytes]) -> Seal:
    place = bag.with_name(bag.name + SEAL)
    seal = parse(place.read_bytes().rstrip(b"\n")) if place.is_file() else None
    if seal is None or seal.line not in lines:
        raise InputsRefused("this pack is not sealed into its chain", where=str(bag), todo="name a pack that `recon pack` made, where it made it")
    return seal


def authorities_of(paths: Sequence[Path]) -> list[bytes]:
    """The certificates that the reader trusts, from PEM or DER files. Raises TermsRefused."""
    found: list[bytes] = []
    for path in paths:
        try:
            found += certificates_of(path.read_bytes())
        except (OSError, ValueError) as error:
            todo = "name the certificate of the time stamping authority, or of its root"
            raise TermsRefused("this is not a certificate", where=str(path), expected="X.509 as PEM or DER", got=str(error), todo=todo) from None
    return found
