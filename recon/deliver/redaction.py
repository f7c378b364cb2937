"""Redacted packs: the same run for outsiders, persons and bank accounts masked, pointing to the full pack by its digests.

A redacted pack is sealed into the chain of the full one. `data/00_redacted.json` says which pack it was made from, which of its
files are the same, which are masked and which are withheld, so that whoever may see the full pack can check that nothing else differs.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from recon.deliver.bag import PAYLOAD_MANIFEST, read_manifest
from recon.deliver.inspect_pack import inspect
from recon.deliver.seal import SUFFIX, chain, parse
from recon.domain import manifest
from recon.domain.errors import InputsRefused, TermsRefused
from recon.domain.redacted import POINTER
from recon.domain.sensitive import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from recon.deliver.seal import Seal

_RUN: Final = "data/08_run/manifest.json"
_DECISIONS: Final = "data/06_dispositions/dispositions.csv"
_CHANGES: Final = "data/04_rules/change_log.json"
#: Columns of decisions that name persons, or hold words in which anything may be named.
_MASKED: Final = ("reason", "evidence", "decided_by", "reviewed_by")


@dataclass(frozen=True)
class Original:
    """The full pack that a redacted one is made from. `alias` turns an exception's id into the one that the masked edition shows."""

    folder: Path
    seal: Seal
    alias: Callable[[str], str]

    @property
    def payload(self) -> Mapping[str, str]:
        """Path -> sha256 of the full pack's files."""
        return read_manifest(self.folder / PAYLOAD_MANIFEST)[0]


def original(full: Path, run: Path, alias: Callable[[str], str]) -> Original:
    """The full pack, which must be sound, sealed and of this run. Raises InputsRefused, TermsRefused."""
    seen = inspect(full)
    if seen.findings:
        todo = "`recon verify` says what differs; pack the run anew"
        raise InputsRefused("the full pack is not as it was sealed", where=str(full), got="; ".join(seen.sentences()[:3]), todo=todo)
    seal = parse(full.with_name(full.name + SUFFIX).read_bytes().rstrip(b"\n"))
    if seal is None or seal.line not in chain(full.parent):
        raise InputsRefused("the full pack is not in its chain", where=str(full))
    if (full / POINTER).exists() or manifest.fingerprint(full / _RUN) != manifest.fingerprint(run / manifest.NAME):
        todo = "name the pack that was made from this run and is not redacted itself"
        raise TermsRefused("this is not the full pack of this run", where=str(full), todo=todo)
    return Original(full, seal, alias)


def decisions(of: Original) -> bytes:
    """The decisions of the full pack without persons and free words."""
    rows = list(csv.DictReader(io.StringIO((of.folder / _DECISIONS).read_bytes().decode(), newline="")))
    header = (of.folder / _DECISIONS).read_bytes().decode().partition("\n")[0].strip().split(",")
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, header, lineterminator="\n")
    table.writeheader()
    for row in rows:
        masked = {name: MASK if row.get(name) else "" for name in _MASKED if name in row}
        table.writerow(row | masked | {"exception_id": of.alias(row["exception_id"])})
    return written.getvalue().encode()


def changes(of: Original) -> bytes:
    """What changed in the rules before the full pack."""
    return (of.folder / _CHANGES).read_bytes()


def pointer(of: Original, payload: Mapping[str, str], masks: list[str]) -> dict[str, Any]:
    """What a redacted pack says about the full one. `payload`: path -> sha256 of what the redacted one holds so far."""
    full = of.payload
    return {
        "full_pack": of.seal.record["pack"],
        "full_seal_sha256": sha256(of.seal.line).hexdigest(),
        "full_tagmanifest_sha256": of.seal.record["tagmanifest_sha256"],
        "full_results_sha256": of.seal.record["results_sha256"],
        "masks": masks,
        "as_in_full": sorted(path for path, digest in payload.items() if full.get(path) == digest),
        "masked": sorted(path for path, digest in payload.items() if full.get(path, digest) != digest),
        "only_here": sorted(payload.keys() - full.keys()),
        "withheld": sorted(full.keys() - payload.keys()),
    }


def facts(of: Original) -> dict[str, Any]:
    """What the seal of a redacted pack says about the full one."""
    return {"redacts": {"pack": of.seal.record["pack"], "seal_sha256": of.seal.digest}}


def text(told: Mapping[str, Any]) -> bytes:
    """The pointer as its file has it."""
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
